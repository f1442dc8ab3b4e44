//! Whether a file may be replaced where it stands: nothing is written that was not named, and no name is parted from the
//! others of its file.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Why a file that is below the named `paths` is left as it is; `None` if it may be written.
pub(super) fn refusal(path: &Path, paths: &[PathBuf]) -> Option<String> {
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) => return Some(format!("it cannot be found any more: {error}")),
    };
    // A link that is named itself is followed, as an editor does.
    let is_named = paths.iter().any(|named| named == path);
    let is_below = |named: &PathBuf| named.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    if !is_named && !paths.iter().any(is_below) {
        return Some(format!(
            "it is a link to {}, outside of what was named: name that, too",
            driftless::diagnostic::plain(&real.to_string_lossy())
        ));
    }
    match real.metadata() {
        Err(error) => Some(error.to_string()),
        Ok(metadata) if !metadata.is_file() => Some("it is no file that could be replaced".to_owned()),
        Ok(metadata) => unwritable(&real, &metadata),
    }
}

fn unwritable(path: &Path, metadata: &Metadata) -> Option<String> {
    if metadata.nlink() > 1 {
        return Some(format!(
            "the file has {} names (hard links), and a new one in its place would part them: write --fix to standard output, and put that into it",
            metadata.nlink()
        ));
    }
    // Root may write to it all the same: whoever took the right away meant it.
    if metadata.mode() & 0o222 == 0 {
        return Some(format!("it is read-only (mode {:04o}): chmod u+w first", metadata.mode() & 0o7777));
    }
    let opened = File::options().write(true).open(path);
    opened.err().map(|error| format!("this user may not write to it: {error}"))
}

/// Where a path leads, if that is another.
pub(super) fn target(path: &Path) -> Option<PathBuf> {
    path.is_symlink().then(|| path.canonicalize().ok()).flatten()
}
