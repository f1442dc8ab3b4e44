//! What differs between a container's writable layer and its image.
//!
//! Runtimes list what they did themselves, too: places for mounts, and folders that changed only since
//! something in them did. Neither is a change of anybody's.

/// How many changes of one container are kept; the rest is counted.
const MOST_KEPT: usize = 50;

/// How long a path may be, as `PATH_MAX` of Linux has it.
const LONGEST_PATH: usize = 4096;

/// What runtimes put into containers themselves, mounted or not.
const RUNTIMES_OWN: [&str; 13] = [
    "/.dockerenv",
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run/.containerenv",
    "/run/secrets",
    "/sbin/docker-init",
    "/sys",
    "/usr/sbin/docker-init",
    "/var/run/secrets",
];

/// Folders for what comes and goes: changes there are told last.
const PASSING: [&str; 6] = ["/run", "/tmp", "/var/cache", "/var/log", "/var/run", "/var/tmp"];

/// How a container's writable layer differs from its image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many paths differ.
    pub count: usize,
    /// The first of them: those outside folders for what comes and goes, then by path.
    pub paths: Vec<Change>,
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The path in the container. It may hold anything: it is quoted where it is shown.
    pub path: String,
    /// What happened to it.
    pub kind: Kind,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The image does not have it.
    Added,
    /// It is another than the image's, or its owner, mode or time is.
    Changed,
    /// The image has it.
    Deleted,
}

impl Kind {
    /// Docker's and podman's letter for it.
    pub const fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Changed => 'C',
            Self::Deleted => 'D',
        }
    }
}

impl Change {
    /// One path, if it can be one.
    pub(super) fn new(kind: Kind, path: &str) -> Option<Self> {
        (path.starts_with('/') && path.len() <= LONGEST_PATH).then(|| Self { path: path.to_owned(), kind })
    }
}

impl Changes {
    /// What is left of a list, of `total` that there are, once what mounts and runtimes bring about is taken out.
    pub(super) fn of(listed: Vec<Change>, total: usize, mounted: &[&str]) -> Self {
        let (before, total) = (listed.len(), total.max(listed.len()));
        let mut paths = listed;
        // A folder stands right before what is in it.
        paths.sort_by(|one, other| {
            one.path.split('/').cmp(other.path.split('/')).then(one.kind.cmp(&other.kind))
        });
        paths.dedup();
        let nexts: Vec<String> = paths.iter().skip(1).map(|next| next.path.clone()).collect();
        let mut nexts = nexts.iter();
        paths.retain(|change| {
            let by_content =
                nexts.next().is_some_and(|next| *next != change.path && holds(&change.path, next));
            let mut places = mounted.iter().copied().chain(RUNTIMES_OWN);
            // podman keeps quiet about what it puts into `/etc`, and not about the folder.
            let by_runtime =
                change.kind != Kind::Deleted && RUNTIMES_OWN.iter().any(|place| holds(&change.path, place));
            !by_content && !by_runtime && !places.any(|place| holds(place, &change.path))
        });
        let count = total - (before - paths.len());
        paths.sort_by_key(|change| PASSING.iter().any(|place| holds(place, &change.path)));
        paths.truncate(MOST_KEPT);
        Self { count, paths }
    }
}

/// Whether a path is a folder, or what is in it.
fn holds(folder: &str, path: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(listed: &[(Kind, &str)], total: usize, mounted: &[&str]) -> (usize, Vec<String>) {
        let listed = listed.iter().filter_map(|(kind, path)| Change::new(*kind, path)).collect();
        let changes = Changes::of(listed, total, mounted);
        let told = changes.paths.iter().map(|change| format!("{} {}", change.kind.letter(), change.path));
        (changes.count, told.collect())
    }

    #[test]
    fn places_for_mounts_and_folders_of_changes_are_nobodys_change() {
        use Kind::{Added, Changed, Deleted};
        let listed = [
            (Added, "/srv"),
            (Added, "/srv/data"),
            (Changed, "/etc"),
            (Added, "/etc/x"),
            (Added, "/dev/init"),
        ];
        assert_eq!(of(&listed, 5, &["/srv/data"]), (1, vec!["A /etc/x".to_owned()]));
        assert_eq!(of(&[(Changed, "/etc")], 1, &[]).0, 0, "a container that was only started");
        assert_eq!(of(&[(Deleted, "/etc")], 1, &[]).0, 1);
        assert_eq!(of(&[(Added, "/dev/x"), (Changed, "/device")], 2, &[]).0, 1, "a beginning is no folder");
        let listed = [(Changed, "/srv"), (Added, "/srv-1"), (Added, "/srv/x")];
        assert_eq!(of(&listed, 3, &[]), (2, vec!["A /srv/x".to_owned(), "A /srv-1".to_owned()]));
    }

    #[test]
    fn what_comes_and_goes_is_told_last() {
        let listed = [(Kind::Added, "/run/nginx.pid"), (Kind::Changed, "/usr/sbin/nginx")];
        assert_eq!(of(&listed, 2, &[]).1, ["C /usr/sbin/nginx", "A /run/nginx.pid"]);
    }

    #[test]
    fn what_is_not_listed_counts() {
        assert_eq!(of(&[(Kind::Added, "/x"), (Kind::Added, "/data")], 700, &["/data"]).0, 699);
    }

    proptest! {
        #[test]
        fn no_list_is_counted_wrong(paths in proptest::collection::vec("(/[a-c]){0,4}", 0..40), total in 0usize..60) {
            let listed: Vec<Change> =
                paths.iter().filter_map(|path| Change::new(Kind::Added, path)).collect();
            let most = total.max(listed.len());
            let changes = Changes::of(listed, total, &["/a/b"]);
            prop_assert!(changes.count <= most && changes.paths.len() <= changes.count);
        }
    }
}
