//! From files to an inventory: ranges expanded, groups linked, every default filled in.
//!
//! Either the whole of all files is right or nothing of them is used; what is wrong is collected, so
//! that one run shows all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::route::{of_hops, route};
use super::{Group, Host, HostId, Inventory, Overrides, raw};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::hostlist::expand;

/// How many mentions of hosts all files may have together.
const MOST_HOSTS: usize = 500_000;

/// A host's settings as one file gives them, and where.
struct Declared<'f> {
    host: &'f raw::Host,
    file: &'f File,
    span: Range<usize>,
}

/// One file, read.
pub(super) struct File {
    pub(super) source: Source,
    folder: PathBuf,
    pub(super) raw: raw::File,
}

impl Inventory {
    /// Reads and merges inventory files, in the order given: groups unite, and a host that two places give
    /// different settings is a mistake.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn load(paths: &[PathBuf], overrides: &Overrides) -> Result<Self, Diagnostics> {
        let (mut files, mut wrong) = (Vec::new(), Vec::new());
        for path in paths {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            match read(path).and_then(|source| File::parse(source, folder)) {
                Ok(file) => files.push(file),
                Err(diagnostic) => wrong.push(diagnostic),
            }
        }
        if wrong.is_empty() { Builder::new(&files, overrides).build() } else { Err(Diagnostics(wrong)) }
    }

    /// The inventory of one text; `name` is what messages call it, and paths are relative to the current
    /// folder.
    ///
    /// # Errors
    /// Every mistake that was found.
    pub fn from_text(name: &str, text: &str, overrides: &Overrides) -> Result<Self, Diagnostics> {
        let file = File::parse(Source::text(name, text), PathBuf::new())?;
        Builder::new(&[file], overrides).build()
    }
}

fn read(path: &Path) -> Result<Source, Diagnostic> {
    if path.is_dir() {
        let source = Source::text(&path.to_string_lossy(), "");
        return Err(source
            .whole("this is a folder")
            .help("this version reads inventories in TOML, one file for each -i"));
    }
    Source::read(path)
}

impl File {
    fn parse(source: Source, folder: PathBuf) -> Result<Self, Diagnostic> {
        if let Some(mistake) = not_a_table(&source) {
            return Err(mistake);
        }
        match toml::from_str(source.as_str()) {
            Ok(raw) => Ok(Self { source, folder, raw }),
            // Only what is no TOML at all can be another format.
            Err(error) if source.as_str().parse::<toml::Table>().is_ok() => {
                Err(schema_error(&source, &error))
            }
            Err(error) => Err(match looks_like(source.path(), source.as_str()) {
                Some(other) => source.toml_error(&error).help(format!(
                    "this looks like an Ansible inventory in {other}; this version reads TOML only"
                )),
                None => source.toml_error(&error),
            }),
        }
    }
}

/// A group or a host that is written as something else than a table; a list would be taken for its keys.
fn not_a_table(source: &Source) -> Option<Diagnostic> {
    let file = DeTable::parse(source.as_str()).ok()?;
    for section in ["groups", "hosts"] {
        let Some(DeValue::Table(entries)) = file.get_ref().get(section).map(Spanned::get_ref) else {
            continue;
        };
        if let Some((name, value)) = entries.iter().find(|(_, value)| !value.get_ref().is_table()) {
            let name = name.get_ref();
            let title = format!("`{}` in [{section}] is a table", name.escape_debug());
            let help = format!("write [{section}.\"{}\"], and its keys below it", name.escape_debug());
            return Some(source.error(value.span(), title, "this is no table").help(help));
        }
    }
    None
}

/// A TOML file of the wrong shape; a host's name without quotes is the commonest reason.
fn schema_error(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let at = error.span().map_or(0, |span| span.start);
    let before = source.as_str().get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let bare = line.trim_start().strip_prefix("[hosts.").filter(|name| !name.starts_with(['"', '\'']));
    let diagnostic = source.toml_error(error);
    match bare {
        Some(_) => diagnostic.help("a name with dots is written in quotes: [hosts.\"web-03.example.net\"]"),
        None => diagnostic,
    }
}

/// Whether a file that is no TOML is one of Ansible's.
fn looks_like(path: &str, text: &str) -> Option<&'static str> {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default();
    match extension {
        "yml" | "yaml" => Some("YAML"),
        "ini" => Some("INI"),
        "toml" => None,
        _ if first == "---" || first.ends_with(':') => Some("YAML"),
        _ if first.starts_with('[') || !first.contains('=') || first.contains("ansible_") => Some("INI"),
        _ => None,
    }
}

pub(super) struct Builder<'f> {
    pub(super) files: &'f [File],
    overrides: &'f Overrides,
    pub(super) wrong: Vec<Diagnostic>,
    pub(super) inventory: Inventory,
    declared: BTreeMap<String, Declared<'f>>,
    /// Every mention of a host, in order, and the file that it stands in.
    order: Vec<(String, &'f File)>,
    /// Host names by group, in order.
    of_group: BTreeMap<String, Vec<String>>,
}

impl<'f> Builder<'f> {
    fn new(files: &'f [File], overrides: &'f Overrides) -> Self {
        Self {
            files,
            overrides,
            wrong: Vec::new(),
            inventory: Inventory::default(),
            declared: BTreeMap::new(),
            order: Vec::new(),
            of_group: BTreeMap::new(),
        }
    }

    fn build(mut self) -> Result<Inventory, Diagnostics> {
        for file in self.files {
            self.groups(file);
            self.hosts(file);
        }
        self.check_children();
        self.check_cycles();
        if self.order.is_empty() && self.wrong.is_empty() {
            if let Some(file) = self.files.first() {
                self.wrong.push(
                    file.source
                        .whole("there is no host in it")
                        .help("name hosts under [groups.NAME] or [hosts.\"NAME\"]"),
                );
            }
        }
        if !self.wrong.is_empty() {
            return Err(Diagnostics(self.wrong));
        }
        self.link();
        if self.wrong.is_empty() { Ok(self.inventory) } else { Err(Diagnostics(self.wrong)) }
    }

    /// The names that a text stands for; a mistake gives none.
    fn names(&mut self, file: &File, text: &Spanned<String>) -> Vec<String> {
        let inside = text.span().start + 1;
        match expand(text.get_ref()) {
            Ok(names) if self.order.len() + names.len() > MOST_HOSTS => {
                let title = format!("the inventory names more than {MOST_HOSTS} hosts");
                self.wrong.push(file.source.error(text.span(), title, "").help("is a range too wide?"));
                Vec::new()
            }
            Ok(names) if names.iter().all(|name| is_host_name(name)) => names,
            Ok(_) => {
                let help = "a host name has letters, digits, `.`, `-`, `_` and, in addresses, `:`";
                self.wrong.push(
                    file.source
                        .error(
                            text.span(),
                            format!("`{}` is no host name", text.get_ref().escape_debug()),
                            "",
                        )
                        .help(help),
                );
                Vec::new()
            }
            Err(error) => {
                let plain = text.span().len() == text.get_ref().len() + 2;
                let span =
                    if plain { inside + error.span.start..inside + error.span.end } else { text.span() };
                self.wrong.push(file.source.error(span, error.message, "").help(error.help));
                Vec::new()
            }
        }
    }

    fn groups(&mut self, file: &'f File) {
        let mut groups: Vec<_> = file.raw.groups.iter().collect();
        groups.sort_by_key(|(name, _)| name.span().start);
        for (name, raw) in groups {
            if !is_group_name(name.get_ref()) {
                let help =
                    "a group name has letters, digits, `_`, `-` and `.`; `all` and `ungrouped` are implied";
                self.wrong.push(
                    file.source
                        .error(
                            name.span(),
                            format!("`{}` cannot be a group's name", name.get_ref().escape_debug()),
                            "",
                        )
                        .help(help),
                );
                continue;
            }
            for text in &raw.hosts {
                for host in self.names(file, text) {
                    self.order.push((host.clone(), file));
                    let hosts = self.of_group.entry(name.get_ref().clone()).or_default();
                    hosts.push(host);
                }
            }
            let group: &mut Group = self.inventory.groups.entry(name.get_ref().clone()).or_default();
            group.children.extend(raw.children.iter().map(|child| child.get_ref().clone()));
            group.vars.extend(raw.vars.clone());
        }
    }

    fn hosts(&mut self, file: &'f File) {
        let mut hosts: Vec<_> = file.raw.hosts.iter().collect();
        hosts.sort_by_key(|(name, _)| name.span().start);
        for (text, raw) in hosts {
            self.check_settings(file, raw);
            for name in self.names(file, text) {
                self.order.push((name.clone(), file));
                let declared = Declared { host: raw, file, span: text.span() };
                if let Some(first) = self.declared.get(&name) {
                    if !same_settings(first.host, raw) {
                        let place = first.file.source.line_column(first.span.start).0;
                        let label =
                            format!("`{name}` has other settings in {}:{place}", first.file.source.path());
                        self.wrong.push(
                            file.source
                                .error(
                                    text.span(),
                                    format!("the host `{name}` is defined twice with different settings"),
                                    label,
                                )
                                .help("keep one of them, or take the host out of the range"),
                        );
                    }
                    continue;
                }
                self.declared.insert(name, declared);
            }
        }
        self.check_defaults(file);
    }

    /// Makes the hosts, and links them with their groups.
    fn link(&mut self) {
        let order = std::mem::take(&mut self.order);
        for (name, file) in order {
            if self.inventory.find(&name).is_none() {
                let host = self.host(name, file);
                self.inventory.add(host);
            }
        }
        for (group, names) in std::mem::take(&mut self.of_group) {
            let mut seen = BTreeSet::new();
            let ids: Vec<HostId> = names
                .iter()
                .filter_map(|name| self.inventory.find(name))
                .filter(|id| seen.insert(*id))
                .collect();
            if let Some(group) = self.inventory.groups.get_mut(&group) {
                group.hosts = ids;
            }
        }
        let ancestors = self.ancestors();
        let groups: Vec<(String, Vec<HostId>, bool)> = self
            .inventory
            .groups
            .iter()
            .map(|(name, group)| (name.clone(), group.hosts.clone(), group.children.is_empty()))
            .collect();
        for (name, hosts, leaf) in groups {
            for id in hosts {
                let Some(host) = self.inventory.hosts.get_mut(id.0 as usize) else { continue };
                host.groups.insert(name.clone());
                host.groups.extend(ancestors.get(&name).into_iter().flatten().cloned());
                if leaf {
                    host.leaf_groups.insert(name.clone());
                }
            }
        }
        // A host that only groups with children name is told apart by those.
        for host in self.inventory.hosts.iter_mut().filter(|host| host.leaf_groups.is_empty()) {
            host.leaf_groups = host.groups.clone();
        }
    }

    /// For every group the groups that it is a child of, at whatever distance.
    fn ancestors(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut ancestors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for top in self.inventory.groups.keys() {
            let mut waiting = vec![top];
            let mut seen = BTreeSet::new();
            while let Some(group) = waiting.pop() {
                for child in self.inventory.groups.get(group).into_iter().flat_map(|group| &group.children) {
                    if seen.insert(child) {
                        ancestors.entry(child.clone()).or_default().insert(top.clone());
                        waiting.push(child);
                    }
                }
            }
        }
        ancestors
    }

    fn host(&self, name: String, named_in: &File) -> Host {
        let declared = self.declared.get(&name);
        let raw = declared.map(|declared| declared.host);
        // A host's defaults are those of the file that describes it, or else of the first that names it.
        let file = declared.map_or(named_in, |declared| declared.file);
        let route = route(&name, raw, (&file.raw.defaults, &file.folder), self.overrides);
        let of_hops = of_hops(&file.raw.defaults, &file.folder, self.overrides);
        Host {
            name,
            groups: BTreeSet::new(),
            leaf_groups: BTreeSet::new(),
            route,
            maintenance: raw.and_then(|raw| raw.maintenance.clone()),
            vars: raw.map(|raw| raw.vars.clone()).unwrap_or_default(),
            of_hops: of_hops.into(),
        }
    }
}

fn same_settings(one: &raw::Host, other: &raw::Host) -> bool {
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().clone());
    let all = |host: &raw::Host| {
        (
            [text(&host.address), text(&host.user), text(&host.jump), text(&host.connection)],
            host.port.as_ref().map(|port| *port.get_ref()),
            [host.identity.clone(), host.known_hosts.clone(), host.maintenance.clone()],
            host.vars.clone(),
        )
    };
    all(one) == all(other)
}

/// A name that works in patterns, in file names and on command lines.
pub(super) fn is_host_name(name: &str) -> bool {
    let plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | ':' | '[' | ']' | '%')
    };
    !name.is_empty() && name.len() <= 255 && !name.starts_with(['-', '.']) && name.chars().all(plain)
}

fn is_group_name(name: &str) -> bool {
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    !["all", "ungrouped"].contains(&name)
        && !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name.chars().all(plain)
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
