//! Which files are read: those that are named, and in folders all that are named like manifests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use driftless::diagnostic::{Diagnostic, LARGEST_FILE, Source};

/// Why a file is not read.
const TOO_LARGE: &str = "it is larger than 64 MiB";

/// Why what a link leads to is not.
const ELSEWHERE: &str =
    "it is a link to a folder elsewhere, and such are not followed: name that folder, too";

/// What standard input is called.
const STDIN: &str = "stdin";

/// One thing to be read.
#[derive(Debug)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// What cannot be looked into, and why.
    Closed(PathBuf, String),
}

/// Everything below the paths, in the order of the paths, and by name within each; each once, however it is named.
pub(super) fn find(paths: &[PathBuf]) -> Vec<Input> {
    let real: Vec<PathBuf> = paths.iter().map(|path| real(path)).collect();
    let mut walk = Walk { roots: &real, found: Vec::new(), seen: BTreeSet::new() };
    for (path, real) in paths.iter().zip(&real) {
        if path.as_os_str() == "-" {
            walk.add(path.clone(), Input::Stdin);
        } else if path.is_dir() {
            walk.folder(path, real);
        } else {
            walk.add(real.clone(), Input::File(path.clone()));
        }
    }
    walk.found
}

/// Where a path really is, if it is anywhere.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// A walk through folders.
struct Walk<'r> {
    /// Where the paths that were asked for really are.
    roots: &'r [PathBuf],
    found: Vec<Input>,
    seen: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    fn add(&mut self, real: PathBuf, input: Input) {
        if self.seen.insert(real) {
            self.found.push(input);
        }
    }

    /// A folder and all below it. Links to folders are not followed: they may lead anywhere, and back.
    fn folder(&mut self, folder: &Path, real: &Path) {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut names: Vec<_> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.file_name()).collect(),
            Err(error) => {
                return self.add(real.to_owned(), Input::Closed(folder.to_owned(), error.to_string()));
            }
        };
        names.sort();
        for name in names {
            let (path, real) = (folder.join(&name), real.join(&name));
            let closed = |why: &str| Input::Closed(path.clone(), why.to_owned());
            let input = match std::fs::metadata(&path) {
                Ok(what) if what.is_dir() && !path.is_symlink() => {
                    if name != ".git" {
                        self.folder(&path, &real);
                    }
                    continue;
                }
                // What is asked for anyway is found there.
                Ok(what) if what.is_dir() && self.is_asked_for(&path) => continue,
                Ok(what) if what.is_dir() => closed(ELSEWHERE),
                _ if !is_named_like_a_manifest(&path) => continue,
                Ok(what) if what.is_file() => {
                    let real = if path.is_symlink() { self::real(&path) } else { real };
                    self.add(real, Input::File(path));
                    continue;
                }
                Ok(_) => closed("it is no file"),
                Err(error) if path.is_symlink() => {
                    closed(&format!("it is a link that leads nowhere ({error})"))
                }
                Err(error) => closed(&error.to_string()),
            };
            self.add(real, input);
        }
    }

    /// Whether a link leads into a folder that is walked through.
    fn is_asked_for(&self, link: &Path) -> bool {
        let target = real(link);
        self.roots.iter().any(|root| target.starts_with(root))
    }
}

fn is_named_like_a_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| known.eq_ignore_ascii_case(extension))
}

impl Input {
    /// What reports call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stdin => STDIN.to_owned(),
            Self::File(path) | Self::Closed(path, _) => driftless::diagnostic::plain(&path.to_string_lossy()),
        }
    }

    /// Its text.
    pub(super) fn read(&self) -> Result<Source, Diagnostic> {
        let read = match self {
            Self::Closed(_, why) => Err(why.clone()),
            Self::Stdin => take(io::stdin().lock()),
            Self::File(path) => File::open(path)
                .and_then(take_file)
                .map_err(|error| error.to_string())
                .and_then(|bytes| bytes),
        };
        let name = self.name();
        let refuse = |title: String, help: &str| Err(Source::text(&name, "").whole(title).help(help));
        match read {
            Err(why) => {
                refuse(format!("it cannot be read: {why}"), "is the path right, and may this user read it?")
            }
            // What a person sees of such a file helps nobody.
            Ok(bytes) if bytes.contains(&0) => {
                refuse("it is no text".to_owned(), "is it the file that was meant?")
            }
            Ok(bytes) => Source::from_bytes(&name, bytes),
        }
    }
}

fn take_file(file: File) -> io::Result<Result<Vec<u8>, String>> {
    let metadata = file.metadata()?;
    Ok(match () {
        () if metadata.is_dir() => Err("it is a folder".to_owned()),
        () if metadata.len() > LARGEST_FILE => Err(TOO_LARGE.to_owned()),
        () => take(file),
    })
}

/// All bytes, unless there are more than anybody writes.
fn take(from: impl io::Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match from.take(LARGEST_FILE + 1).read_to_end(&mut bytes) {
        Err(error) => Err(error.to_string()),
        Ok(_) if bytes.len() as u64 > LARGEST_FILE => Err(TOO_LARGE.to_owned()),
        Ok(_) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, without the way to the folder.
    fn found(folder: &Path, paths: &[PathBuf]) -> Vec<String> {
        let before = format!("{}/", folder.display());
        let told = |input: &Input| match input {
            Input::Closed(_, why) => format!("{}: {why}", input.name()),
            Input::File(_) | Input::Stdin => input.name(),
        };
        find(paths).iter().map(|input| told(input).replace(&before, "")).collect()
    }

    fn link(to: &str, at: PathBuf) {
        std::os::unix::fs::symlink(to, at).unwrap();
    }

    #[test]
    fn folders_are_walked_by_name_and_links_to_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("b/c")).unwrap();
        std::fs::create_dir_all(path(".git")).unwrap();
        for name in ["b/c/x.YML", "b/a.yaml", "a.json", "notes.txt", ".git/x.yaml"] {
            std::fs::write(path(name), "").unwrap();
        }
        link("..", path("b/loop"));
        assert_eq!(
            found(folder.path(), &[folder.path().to_owned(), path("a.json")]),
            ["a.json", "b/a.yaml", "b/c/x.YML"]
        );
    }

    #[test]
    fn what_is_asked_for_twice_is_read_once_and_so_is_what_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("a/b")).unwrap();
        std::fs::write(path("a/b/x.yaml"), "").unwrap();
        link("b/x.yaml", path("a/y.yaml"));
        link("a", path("same"));
        let paths = [path("a"), path("a/b/../"), path("same"), path("a/./b/x.yaml"), "-".into(), "-".into()];
        assert_eq!(found(folder.path(), &paths), ["a/b/x.yaml", "stdin"]);
        link("nowhere", path("z.yaml"));
        let links = [path("a/y.yaml"), path("a/b/x.yaml"), path("z.yaml"), path("z.yaml")];
        assert_eq!(found(folder.path(), &links), ["a/y.yaml", "z.yaml"]);
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("in/deep")).unwrap();
        std::fs::create_dir_all(path("out")).unwrap();
        link("nowhere", path("in/a.yaml"));
        link("b.yaml", path("in/b.yaml"));
        link("nowhere", path("in/notes"));
        link("../out", path("in/out"));
        link("deep", path("in/same"));
        std::fs::write(path("in/e\u{1b}[2J\n.yaml"), "").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("in/s.yaml")).unwrap();
        let told = found(folder.path(), &[path("in")]);
        assert_eq!(told.len(), 5, "{told:?}");
        for (told, begins) in told.iter().zip([
            "in/a.yaml: it is a link that leads nowhere (",
            "in/b.yaml: it is a link that leads nowhere (",
            "in/e\\u{1b}[2J\\n.yaml",
            "in/out: it is a link to a folder elsewhere",
            "in/s.yaml: it is no file",
        ]) {
            assert!(told.starts_with(begins), "{told}");
        }
    }
}
