//! Which files are read: those that are named, and in folders all that are named like manifests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use driftless::diagnostic::{Diagnostic, LARGEST_FILE, Source};

/// Why a file is not read.
const TOO_LARGE: &str = "it is larger than 64 MiB";

/// What standard input is called.
const STDIN: &str = "stdin";

/// One thing to be read.
#[derive(Debug)]
pub(super) enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// A folder that cannot be looked into, and why.
    Closed(PathBuf, String),
}

/// Everything below the paths, in the order of the paths, and by name within each; each once.
pub(super) fn find(paths: &[PathBuf]) -> Vec<Input> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(Input::Stdin);
        } else if path.is_dir() {
            walk(path, &mut found);
        } else {
            found.push(Input::File(path.clone()));
        }
    }
    found.retain(|input| match input {
        Input::Stdin => seen.insert(PathBuf::from("-")),
        Input::File(path) | Input::Closed(path, _) => seen.insert(path.clone()),
    });
    found
}

/// A folder and all below it. Links to folders are not followed: they may lead anywhere, and back.
fn walk(folder: &Path, found: &mut Vec<Input>) {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> = match entries {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => return found.push(Input::Closed(folder.to_owned(), error.to_string())),
    };
    paths.sort();
    for path in paths {
        let is_link = path.is_symlink();
        if path.is_dir() {
            if !is_link && path.file_name().is_some_and(|name| name != ".git") {
                walk(&path, found);
            }
        } else if path.is_file() && is_named_like_a_manifest(&path) {
            found.push(Input::File(path));
        }
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

    #[test]
    fn folders_are_walked_by_name_and_links_to_folders_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("b/c")).unwrap();
        std::fs::create_dir_all(path(".git")).unwrap();
        for name in ["b/c/x.YML", "b/a.yaml", "a.json", "notes.txt", ".git/x.yaml"] {
            std::fs::write(path(name), "").unwrap();
        }
        std::os::unix::fs::symlink("..", path("b/loop")).unwrap();
        let found: Vec<String> = find(&[folder.path().to_owned(), path("a.json")])
            .iter()
            .map(|input| input.name().replace(&format!("{}/", folder.path().display()), ""))
            .collect();
        assert_eq!(found, ["a.json", "b/a.yaml", "b/c/x.YML"]);
    }
}
