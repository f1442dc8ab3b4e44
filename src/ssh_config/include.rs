//! Files: which ones an `Include` names, and whether what they say may be believed.
//!
//! It reads folders and files, and knows nothing of what they say.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::Source;

/// No configuration that people write is larger.
const LARGEST_FILE: u64 = 16 << 20;

/// Reads a file; `None` for a folder. What is not UTF-8 is replaced: it may stand in a comment.
pub(super) fn read(path: &Path) -> io::Result<Option<(Source, Metadata)>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Ok(Some((Source::text(&path.to_string_lossy(), &String::from_utf8_lossy(&bytes)), metadata)))
}

/// Whether nobody but root and this user can write the file. A group counts as this user's own where it has
/// the user's number.
pub(super) fn is_private(metadata: &Metadata, uid: u32) -> bool {
    let (owner, mode) = (metadata.uid(), metadata.mode());
    let by_group = mode & 0o020 != 0 && metadata.gid() != owner;
    (owner == 0 || owner == uid) && mode & 0o002 == 0 && !by_group
}

/// The paths that a pattern of glob(7) stands for, in order; the pattern's own where it has no wildcard.
pub(super) fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy();
        found = match name.contains(['*', '?', '[']) {
            false => found.into_iter().map(|folder| folder.join(component)).collect(),
            true => found.iter().flat_map(|folder| entries(folder, &name)).collect(),
        };
    }
    found.retain(|path| path.symlink_metadata().is_ok());
    found
}

/// What a folder has under names that match; a leading dot must be written.
fn entries(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern: Vec<char> = pattern.chars().collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    names.retain(|name| {
        let name: Vec<char> = name.to_string_lossy().chars().collect();
        (name.first() != Some(&'.') || pattern.first() == Some(&'.')) && fits(&name, &pattern)
    });
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn fits(name: &[char], pattern: &[char]) -> bool {
    match (name.split_first(), pattern.split_first()) {
        (None, None) => true,
        (_, Some(('*', rest))) => {
            (0..=name.len()).any(|skipped| fits(name.get(skipped..).unwrap_or_default(), rest))
        }
        (Some((_, name)), Some(('?', rest))) => fits(name, rest),
        (Some((first, name)), Some(('[', rest))) => match set(*first, rest) {
            Some((holds, rest)) => holds && fits(name, rest),
            // A bracket that is not closed stands for itself.
            None => *first == '[' && fits(name, rest),
        },
        (Some((first, name)), Some((wanted, rest))) => first == wanted && fits(name, rest),
        _ => false,
    }
}

/// Whether a set, its opening bracket taken off, has the character; and what follows the set.
fn set(character: char, pattern: &[char]) -> Option<(bool, &[char])> {
    let (negated, members) = match pattern.split_first() {
        Some(('!' | '^', members)) => (true, members),
        _ => (false, pattern),
    };
    // A closing bracket that comes first is a member.
    let end = 1 + members.iter().skip(1).position(|member| *member == ']')?;
    let (members, rest) = members.split_at_checked(end)?;
    let (mut holds, mut left) = (false, members);
    while let Some((first, more)) = left.split_first() {
        let (last, more) = match more {
            ['-', last, more @ ..] => (last, more),
            _ => (first, more),
        };
        holds |= (*first..=*last).contains(&character);
        left = more;
    }
    Some((holds != negated, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_as_for_glob() {
        let fits = |name: &str, pattern: &str| {
            fits(&name.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
        };
        for (name, pattern, expected) in [
            ("a.conf", "*.conf", true),
            ("a.conf~", "*.conf", false),
            ("10-a", "[0-9][0-9]-?", true),
            ("x0-a", "[!0-9]0-*", true),
            ("00-a", "[!0-9]0-*", false),
            ("]", "[]a]", true),
            ("[a", "[a", true),
            ("a", "[a", false),
        ] {
            assert_eq!(fits(name, pattern), expected, "{name} {pattern}");
        }
    }

    #[test]
    fn wildcards_stand_for_what_there_is_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.conf", "a.conf", ".hidden.conf", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let found = glob(&folder.path().join(pattern));
            found.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("*.conf"), ["a.conf", "b.conf"]);
        assert_eq!(names(".*.conf"), [".hidden.conf"]);
        assert_eq!(names("c.txt"), ["c.txt"]);
        assert!(names("missing").is_empty());
    }
}
