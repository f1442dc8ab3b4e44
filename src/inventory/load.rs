//! Which files are inventories, and in which format: what is named is read, merged and linked.
//!
//! Either the whole of all files is right or nothing of them is used; what is wrong is collected, so
//! that one run shows as much of it as can be told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ansible::vars::Folder;
use super::ansible::{self, Script};
use super::draft::{Draft, UNGROUPED};
use super::link::link;
use super::{Inventory, Overrides, toml};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::ssh_config;

/// How long an inventory script may take, where nobody says.
const SCRIPT_LIMIT: Duration = Duration::from_secs(30);

/// Folders within folders, at most.
const DEEPEST: usize = 20;

/// What Ansible passes over in a folder of inventories.
const PASSED_OVER: &[&str] =
    &["~", ".orig", ".bak", ".cfg", ".retry", ".pyc", ".pyo", ".swp", ".rpm", ".md", ".txt", ".rst"];

/// Folders beside inventories that are none.
const NO_INVENTORY: &[&str] = &["group_vars", "host_vars", "vars_plugins"];

/// One inventory, its format known.
enum Read {
    Toml(Box<toml::File>),
    Ansible {
        source: Source,
        extension: String,
    },
    Script(Script),
    /// ssh's own configuration: the hosts that it names.
    SshConfig {
        source: Source,
        names: Vec<String>,
    },
    /// `-i web-01,web-02`
    List(String),
}

impl Inventory {
    /// Reads and merges inventories, in the order given: files in TOML and in Ansible's formats, scripts,
    /// folders of them, and lists with a comma. Groups unite; what comes later wins, but for the settings of
    /// our own format: a host to which two files give different ones is a mistake.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn load(paths: &[PathBuf], overrides: &Overrides) -> Result<Self, Diagnostics> {
        let mut reader = Reader { overrides, read: Vec::new(), beside: Vec::new(), wrong: Vec::new() };
        for path in paths {
            reader.argument(path);
        }
        if !reader.wrong.is_empty() {
            return Err(Diagnostics(reader.wrong));
        }
        let here = (!paths.is_empty()).then(|| Folder::new(Path::new("")));
        build(&reader.read, reader.beside, here, overrides)
    }

    /// The inventory of one text in TOML; `name` is what messages call it, and paths are relative to the
    /// current folder.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn from_text(name: &str, text: &str, overrides: &Overrides) -> Result<Self, Diagnostics> {
        let home = overrides.ssh.me().home.as_deref();
        let file = toml::File::parse(Source::text(name, text), Path::new(""), home)?;
        build(&[Read::Toml(Box::new(file))], Vec::new(), None, overrides)
    }
}

struct Reader<'o> {
    overrides: &'o Overrides,
    read: Vec<Read>,
    beside: Vec<Folder>,
    wrong: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// What one `-i` names.
    fn argument(&mut self, path: &Path) {
        let text = path.to_string_lossy();
        if text.contains(',') && !path.exists() {
            self.read.push(Read::List(text.into_owned()));
        } else if path.is_dir() {
            self.beside.push(Folder::new(path));
            self.folder(path, &mut Vec::new());
        } else {
            self.beside.push(Folder::new(path.parent().unwrap_or(Path::new(""))));
            self.file(path);
        }
    }

    /// Every file of a folder and of those below it; `within` are the folders that led here, so that a link
    /// back to one of them is no way round and round.
    fn folder(&mut self, path: &Path, within: &mut Vec<PathBuf>) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if within.len() >= DEEPEST || within.contains(&real) {
            return;
        }
        within.push(real);
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                let source = Source::text(&path.to_string_lossy(), "");
                let mistake = source.whole(format!("cannot read the folder: {error}"));
                self.wrong.push(mistake.help("is the folder readable for this user?"));
                within.pop();
                return;
            }
        };
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names {
            let shown = name.to_string_lossy();
            let passed = shown.starts_with('.') || PASSED_OVER.iter().any(|end| shown.ends_with(end));
            if passed || NO_INVENTORY.contains(&shown.as_ref()) {
                continue;
            }
            let path = path.join(&name);
            if path.is_dir() {
                self.folder(&path, within);
            } else {
                self.file(&path);
            }
        }
        within.pop();
    }

    fn file(&mut self, path: &Path) {
        if is_script(path) {
            let limit = self.overrides.script_limit.unwrap_or(SCRIPT_LIMIT);
            self.read.push(Read::Script(Script { path: path.to_owned(), limit }));
            return;
        }
        match Source::read(path).and_then(|source| self.text(source, path)) {
            Ok(read) => self.read.push(read),
            Err(mistake) => self.wrong.push(mistake),
        }
    }

    fn text(&self, source: Source, path: &Path) -> Result<Read, Diagnostic> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        let extension = extension.unwrap_or_default();
        let yaml = ["yml", "yaml", "json"].contains(&extension.as_str());
        if extension == "toml" || (!yaml && toml::is_ours(source.as_str())) {
            let home = self.overrides.ssh.me().home.as_deref();
            let folder = path.parent().unwrap_or(Path::new(""));
            return toml::File::parse(source, folder, home).map(Box::new).map(Read::Toml);
        }
        if !yaml && ssh_config::is_config(source.as_str()) {
            let names = ssh_config::hosts_of(&source, self.overrides.ssh.me());
            // The configuration in use was read before, and its mistakes were all told then.
            let first = names.map_err(|Diagnostics(wrong)| wrong.into_iter().next());
            return match first {
                Ok(names) => Ok(Read::SshConfig { source, names }),
                Err(wrong) => Err(wrong.unwrap_or_else(|| source.whole("it is no configuration of ssh"))),
            };
        }
        if source.as_str().starts_with("#!") {
            let mistake = source.whole("this is a script, and it is not executable");
            return Err(mistake.help(format!("chmod +x {}", path.display())));
        }
        if source.as_str().starts_with("$ANSIBLE_VAULT;") {
            let mistake = source.whole("this inventory is encrypted by ansible-vault");
            return Err(mistake.help("it is not decrypted here; ansible-vault view writes it in clear"));
        }
        Ok(Read::Ansible { source, extension })
    }
}

/// Whether a file is a program: executable, and beginning as scripts or programs do. A text that is merely
/// marked executable, as on file systems that mark all files, is read as one.
fn is_script(path: &Path) -> bool {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;
    let executable =
        path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    let mut head = [0; 4];
    let opened = executable.then(|| std::fs::File::open(path)).and_then(Result::ok);
    let read = opened.and_then(|mut file| file.read(&mut head).ok()).unwrap_or_default();
    let head = head.get(..read).unwrap_or_default();
    head.starts_with(b"#!") || head.starts_with(b"\x7fELF")
}

fn build(
    read: &[Read],
    beside: Vec<Folder>,
    here: Option<Folder>,
    overrides: &Overrides,
) -> Result<Inventory, Diagnostics> {
    let mut draft = Draft::new();
    let mut toml = toml::Builder::new(overrides.ssh.me().home.as_deref());
    for one in read {
        draft.ordered_by_groups |= !matches!(one, Read::Toml(_));
        match one {
            Read::Toml(file) => toml.read(file, &mut draft),
            Read::Ansible { source, extension } => {
                ansible::read(source, extension, &mut draft, &mut toml.wrong);
            }
            Read::Script(script) => toml.wrong.extend(script.read(&mut draft).err()),
            Read::SshConfig { names, .. } => {
                for name in names {
                    draft.add_host(UNGROUPED, name);
                }
            }
            Read::List(text) => toml.wrong.extend(ansible::list(text, &mut draft).err()),
        }
    }
    toml.finish(&mut draft);
    let mut wrong = toml.wrong;
    if let Some(first) = read.first().filter(|_| draft.hosts.is_empty() && wrong.is_empty()) {
        wrong.push(no_host(first));
    }
    if !wrong.is_empty() {
        return Err(Diagnostics(wrong));
    }
    clashes(&mut draft);
    Ok(link(draft, beside, here, overrides)?)
}

fn no_host(read: &Read) -> Diagnostic {
    let (source, help) = match read {
        Read::Toml(file) => (file.source().clone(), "name hosts under [groups.NAME] or [hosts.\"NAME\"]"),
        Read::Ansible { source, .. } => {
            (source.clone(), "name a host a line, in INI, or under `hosts`, in YAML")
        }
        Read::Script(script) => {
            let path = script.path.to_string_lossy();
            (Source::text(&path, ""), "what does it print when it is run with --list?")
        }
        Read::SshConfig { source, .. } => (source.clone(), "hosts are those of Host lines without wildcards"),
        Read::List(text) => (Source::text(text, ""), "name hosts between the commas"),
    };
    source.whole("there is no host in it").help(help)
}

/// A name that is both: Ansible warns, and takes it for either.
fn clashes(draft: &mut Draft) {
    let both = draft.groups.iter().filter(|group| draft.find_host(&group.name).is_some());
    let both: Vec<String> = both
        .map(|group| format!("`{}` is a group and a host: a pattern means the host by it, and the group behind `&` and `!`", group.name))
        .collect();
    draft.warnings.extend(both);
}

#[cfg(test)]
mod tests {
    use super::super::Route;
    use super::*;
    fn load(files: &[(&str, &str)]) -> Inventory {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
        for (path, (_, text)) in paths.iter().zip(files) {
            std::fs::write(path, text).unwrap();
        }
        Inventory::load(&paths, &Overrides::default()).unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn user_of(inventory: &Inventory, host: &str) -> String {
        let host = inventory.find(host).and_then(|id| inventory.host(id)).unwrap();
        match &host.route {
            Route::Ssh(route) => route.settings.user.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_those_of_the_file_that_names_the_host() {
        let one = "[defaults]\nuser = \"one\"\n[groups.web]\nhosts = [\"a\", \"b\"]\n";
        let two =
            "[defaults]\nuser = \"two\"\n[groups.web]\nhosts = [\"b\", \"c\"]\n[hosts.d]\nuser = \"own\"\n";
        let inventory = load(&[("one.toml", one), ("two.toml", two)]);
        let users: Vec<String> = ["a", "b", "c", "d"].iter().map(|host| user_of(&inventory, host)).collect();
        assert_eq!(users, ["one", "one", "two", "own"]);
        let [warning] = inventory.warnings.as_slice() else { panic!("{:?}", inventory.warnings) };
        assert!(warning.contains("have different [defaults], and both name `b`: those of "), "{warning}");
        assert_eq!(inventory.members("web").map(|hosts| hosts.len()), Some(3));
    }

    #[test]
    fn groups_of_groups_are_linked_and_leaves_told_apart() {
        let text = "[groups.web]\nhosts = [\"a\"]\n[groups.db]\nhosts = [\"b\"]\n[groups.prod]\nchildren = [\"web\", \"db\"]\n[groups.world]\nchildren = [\"prod\"]\n";
        let inventory = load(&[("hosts.toml", text)]);
        let host = inventory.host(inventory.find("a").unwrap()).unwrap();
        assert_eq!(host.groups.iter().collect::<Vec<_>>(), ["prod", "web", "world"]);
        assert_eq!(host.leaf_groups.iter().collect::<Vec<_>>(), ["web"]);
    }

    #[test]
    fn ten_thousand_hosts_are_no_matter() {
        let hosts: String =
            (0..10_000).map(|nth| format!("[hosts.h{nth:05}]\nport = {}\n", nth + 1)).collect();
        let inventory =
            load(&[("hosts.toml", &format!("[groups.all-of-them]\nhosts = [\"h[00000:09999]\"]\n{hosts}"))]);
        assert_eq!(inventory.hosts.len(), 10_000);
    }
}
