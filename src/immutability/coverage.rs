//! Whether what a container writes lies on volumes that it can write to.

use super::images::{Images, Writes};
use super::manifest::{Container, Pod};
use super::path::is_within;

/// What is known of the paths that a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// There is no such thing as a read-only root.
    NotAsked,
    /// Its root is writable. Once it is not, these paths need a volume; `None` if nobody knows.
    Writable(Option<Vec<String>>),
    /// Every path that it must write lies on a writable volume.
    Covered,
    /// These do not: it would fail.
    Uncovered(Vec<String>),
    /// Nobody knows which they are; and why.
    Unknown(String),
}

/// Places that are writable in every container: they are no part of its root.
const OTHERS: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Fills in the coverage of a pod's containers.
pub(super) fn cover(pod: &mut Pod, images: &Images) {
    let found: Vec<Coverage> = pod.containers.iter().map(|container| of(pod, container, images)).collect();
    for (container, coverage) in pod.containers.iter_mut().zip(found) {
        container.coverage = coverage;
    }
}

fn of(pod: &Pod, container: &Container, images: &Images) -> Coverage {
    if pod.windows {
        return Coverage::NotAsked;
    }
    let uncovered = match images.writes(container) {
        Writes::Unknown(why) => Err(why),
        Writes::Known(mut paths) => {
            paths.retain(|path| !is_covered(pod, container, path));
            Ok(paths)
        }
    };
    match uncovered {
        uncovered if !container.has_read_only_root() => Coverage::Writable(uncovered.ok()),
        Err(why) => Coverage::Unknown(why),
        Ok(paths) if paths.is_empty() => Coverage::Covered,
        Ok(paths) => Coverage::Uncovered(paths),
    }
}

/// The nearest volume at a path or above it decides, and none is the root itself.
fn is_covered(pod: &Pod, container: &Container, path: &str) -> bool {
    if OTHERS.iter().any(|folder| is_within(path, folder)) {
        return true;
    }
    let over = container.mounts.iter().filter(|mount| mount.path != "/" && is_within(path, &mount.path));
    over.max_by_key(|mount| mount.path.len()).is_some_and(|mount| mount.is_writable(pod))
}
