//! Which line of which file configures a kernel parameter, as sysctl.d(5) and sysctl(8) have it.
//!
//! Files are read in the order of their names, whatever their folders; of one name the folder that comes first
//! wins. A later line wins over an earlier one, a line that names a parameter over one that leads to it by a
//! glob. Pure: files in, parameters out.

use std::collections::{BTreeMap, BTreeSet};

/// A folder's files that came with the system, and that no administrator wrote.
const VENDOR: [&str; 2] = ["/usr/lib/", "/lib/"];

/// The file that comes last where systemd does not apply them.
const LAST: &str = "/etc/sysctl.conf";

/// What a line assigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assigned<'a> {
    pub(super) value: &'a str,
    pub(super) file: &'a str,
}

impl Assigned<'_> {
    /// Whether the file came with the system.
    pub(super) fn is_vendors(&self) -> bool {
        VENDOR.iter().any(|folder| self.file.starts_with(folder))
    }
}

/// The files of a host, in the order of their folders, and their lines.
#[derive(Debug, Default)]
pub(super) struct Configured<'a> {
    /// Whether systemd applies them: it reads /etc/sysctl.conf only where a link leads to it.
    pub(super) systemd: bool,
    pub(super) files: Vec<&'a str>,
    /// File and line.
    pub(super) lines: Vec<(&'a str, &'a str)>,
}

impl<'a> Configured<'a> {
    /// What configures each parameter, by its path below /proc/sys; those that only globs lead to are looked
    /// for among `present`.
    pub(super) fn resolve(&self, present: &[&str]) -> BTreeMap<String, Assigned<'a>> {
        let mut named: BTreeMap<String, Option<Assigned<'a>>> = BTreeMap::new();
        let mut globs: Vec<(String, Assigned<'a>)> = Vec::new();
        for file in self.in_order() {
            for (_, line) in self.lines.iter().filter(|(of, _)| *of == file) {
                let Some((key, value)) = assignment(line) else { continue };
                let assigned = value.map(|value| Assigned { value, file });
                match assigned {
                    Some(assigned) if key.contains(['*', '?']) => {
                        globs.retain(|(glob, _)| *glob != key);
                        globs.push((key, assigned));
                    }
                    _ => drop(named.insert(key, assigned)),
                }
            }
        }
        let mut resolved: BTreeMap<String, Assigned<'a>> =
            named.iter().filter_map(|(key, assigned)| Some((key.clone(), (*assigned)?))).collect();
        for path in present.iter().filter(|path| !named.contains_key(**path)) {
            if let Some((_, assigned)) = globs.iter().rev().find(|(glob, _)| matches(glob, path)) {
                resolved.insert((*path).to_owned(), *assigned);
            }
        }
        resolved
    }

    /// The files that count, in the order in which they are applied.
    fn in_order(&self) -> Vec<&'a str> {
        let mut names = BTreeMap::new();
        for file in self.files.iter().filter(|file| **file != LAST) {
            // An empty one masks those of its name just as well.
            names.entry(file.rsplit('/').next().unwrap_or(file)).or_insert(*file);
        }
        let last = self.files.iter().filter(|file| **file == LAST && !self.systemd);
        names.into_values().chain(last.copied()).collect()
    }
}

/// A line's parameter as a path below /proc/sys, and its value; without a value, globs leave it alone.
fn assignment(line: &str) -> Option<(String, Option<&str>)> {
    let line = line.trim();
    let (lenient, rest) = match line.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, line),
    };
    match rest.split_once('=') {
        Some((key, value)) => Some((path_of(key.trim()), Some(value.trim()))),
        None if lenient => Some((path_of(rest), None)),
        None => None,
    }
}

/// Where a parameter lies below /proc/sys. Where a dot comes first, dots part and slashes stand for dots;
/// otherwise it is a path already.
pub(super) fn path_of(key: &str) -> String {
    match key.find(['.', '/']).and_then(|at| key.as_bytes().get(at)) {
        Some(b'.') => swapped(key),
        _ => key.to_owned(),
    }
}

/// Dots for slashes and slashes for dots.
pub(super) fn swapped(key: &str) -> String {
    key.chars()
        .map(|letter| match letter {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect()
}

/// Whether a glob leads to a path; neither `*` nor `?` stands for a slash.
fn matches(glob: &str, path: &str) -> bool {
    let (mut globs, mut parts) = (glob.split('/'), path.split('/'));
    loop {
        match (globs.next(), parts.next()) {
            (None, None) => return true,
            (Some(glob), Some(part)) if part_matches(glob.as_bytes(), part.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// One part of a path, every `*` tried once from left to right.
fn part_matches(glob: &[u8], part: &[u8]) -> bool {
    // What of the glob has led to here: the set of places in it, byte by byte.
    let step = |places: BTreeSet<usize>, byte: u8| -> BTreeSet<usize> {
        let next = places.into_iter().filter_map(|at| match glob.get(at) {
            Some(b'*') => Some(at),
            Some(b'?') => Some(at + 1),
            Some(own) if *own == byte => Some(at + 1),
            _ => None,
        });
        past_stars(glob, next.collect())
    };
    part.iter().fold(past_stars(glob, [0].into()), |places, byte| step(places, *byte)).contains(&glob.len())
}

/// A `*` may stand for nothing.
fn past_stars(glob: &[u8], mut places: BTreeSet<usize>) -> BTreeSet<usize> {
    for at in 0..glob.len() {
        if places.contains(&at) && glob.get(at) == Some(&b'*') {
            places.insert(at + 1);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Files with their text, as `KEY=VALUE (FILE)`.
    fn resolved(systemd: bool, files: &[(&str, &str)], present: &[&str]) -> Vec<String> {
        let configured = Configured {
            systemd,
            files: files.iter().map(|(file, _)| *file).collect(),
            lines: files.iter().flat_map(|(file, text)| text.lines().map(|line| (*file, line))).collect(),
        };
        let resolved = configured.resolve(present);
        resolved
            .iter()
            .map(|(key, assigned)| format!("{key}={} ({})", assigned.value, assigned.file))
            .collect()
    }

    #[test]
    fn names_order_files_and_folders_mask_them() {
        let files = [
            ("/etc/sysctl.d/50-a.conf", "vm.swappiness = 10\n"),
            ("/run/sysctl.d/60-b.conf", ""),
            ("/usr/lib/sysctl.d/50-a.conf", "vm.swappiness=20\nvm.dirty_ratio=1"),
            ("/usr/lib/sysctl.d/60-b.conf", "vm.swappiness=30"),
            ("/usr/lib/sysctl.d/40-c.conf", "vm.swappiness=40\nvm.overcommit_memory=2"),
        ];
        assert_eq!(
            resolved(true, &files, &[]),
            [
                "vm/overcommit_memory=2 (/usr/lib/sysctl.d/40-c.conf)",
                "vm/swappiness=10 (/etc/sysctl.d/50-a.conf)"
            ]
        );
    }

    #[test]
    fn the_last_file_is_read_where_systemd_is_not() {
        let files = [("/etc/sysctl.d/99-z.conf", "vm.swappiness=1"), ("/etc/sysctl.conf", "vm.swappiness=2")];
        assert_eq!(resolved(true, &files, &[]), ["vm/swappiness=1 (/etc/sysctl.d/99-z.conf)"]);
        assert_eq!(resolved(false, &files, &[]), ["vm/swappiness=2 (/etc/sysctl.conf)"]);
    }

    #[test]
    fn a_name_wins_over_a_glob_wherever_it_stands_and_an_exclusion_over_both() {
        let present =
            ["net/ipv4/conf/eth0/rp_filter", "net/ipv4/conf/hub0/rp_filter", "net/ipv4/conf/lo/rp_filter"];
        let text =
            "net.ipv4.conf.lo.rp_filter = 1\nnet.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.hub0.rp_filter\n";
        let files = [("/etc/sysctl.d/a.conf", text)];
        assert_eq!(
            resolved(true, &files, &present),
            [
                "net/ipv4/conf/eth0/rp_filter=2 (/etc/sysctl.d/a.conf)",
                "net/ipv4/conf/lo/rp_filter=1 (/etc/sysctl.d/a.conf)"
            ]
        );
    }

    #[test]
    fn the_first_separator_decides_and_errors_may_be_ignored() {
        for (key, path) in [
            ("net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"),
            ("net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0.100/rp_filter"),
            ("- kernel.sysrq ", "kernel/sysrq"),
        ] {
            assert_eq!(
                resolved(true, &[("/etc/a", &format!("{key}=1"))], &[]),
                [format!("{path}=1 (/etc/a)")]
            );
        }
        assert_eq!(resolved(true, &[("/etc/a", "vm.swappiness")], &["vm/swappiness"]), [""; 0]);
    }

    #[test]
    fn globs_stay_within_a_part() {
        assert!(matches("net/*/conf/e?h*/x", "net/ipv4/conf/eth0/x"));
        assert!(!matches("net/*/x", "net/ipv4/conf/x") && !matches("vm/*", "vm") && !matches("a?", "a"));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic_or_slow(text in "[-a*?./= \n]{0,200}", path in "[a./]{0,200}") {
            resolved(false, &[("/etc/a", &text), ("/etc/sysctl.conf", &text)], &[&path]);
        }
    }
}
