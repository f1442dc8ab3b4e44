//! Which process holds a lock on a file, so that the user knows whom to wait for.
//!
//! Read from `/proc/locks` (proc_locks(5)), and never by opening the file: to close it would drop the locks that this
//! process has on it itself, fcntl_locking(2).

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// SQLite locks bytes from here on, [pending byte and after](https://sqlite.org/fileformat2.html#the_lock_byte_page).
const FIRST: u64 = 0x4000_0000;

/// A process that holds a lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    process: u32,
    name: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.process)?;
        match &self.name {
            Some(name) => write!(f, " ({})", name.escape_debug()),
            None => Ok(()),
        }
    }
}

/// Who keeps others from writing a file; none if the system does not tell.
pub(super) fn of(path: &Path) -> Option<Holder> {
    let inode = std::fs::metadata(path).ok()?.ino();
    let process = among(&std::fs::read_to_string("/proc/locks").ok()?, inode)?;
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok();
    Some(Holder { process, name: name.map(|name| name.trim_end().to_owned()) })
}

/// A line is `1: POSIX  ADVISORY  WRITE 4711 fe:00:1234 1073741825 1073741825`; one that waits has `->` after its number.
fn among(locks: &str, inode: u64) -> Option<u32> {
    let held = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX" | "OFDLCK", _, kind, process, place, first, _] = words.as_slice() else {
            return None;
        };
        let ours = place.rsplit(':').next()?.parse() == Ok(inode) && first.parse::<u64>().ok()? >= FIRST;
        let process = process.parse().ok().filter(|_| ours)?;
        Some((*kind == "WRITE", process))
    };
    // Whoever writes is in the way of everybody; whoever reads only of who wants to finish writing.
    let held: Vec<(bool, u32)> = locks.lines().filter_map(held).collect();
    held.iter().find(|(writes, _)| *writes).or(held.first()).map(|(_, process)| *process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_writes_is_found_among_all_locks() {
        let locks = "1: POSIX  ADVISORY  READ 11 fe:00:1234 1073741826 1073742335\n\
                     1: -> POSIX  ADVISORY  WRITE 12 fe:00:1234 1073741825 1073741825\n\
                     2: POSIX  ADVISORY  WRITE 13 fe:00:1234 1073741825 1073741825\n\
                     3: POSIX  ADVISORY  WRITE 14 fe:00:99 1073741825 1073741825\n\
                     4: FLOCK  ADVISORY  WRITE 15 fe:00:1234 0 EOF\n\
                     5: POSIX  ADVISORY  WRITE 16 fe:00:1234 0 EOF\n";
        assert_eq!(among(locks, 1234), Some(13));
        assert_eq!(among(locks, 99), Some(14));
        assert_eq!(among(locks, 5), None);
        assert_eq!(among(&locks.lines().take(2).collect::<Vec<_>>().join("\n"), 1234), Some(11));
    }
}
