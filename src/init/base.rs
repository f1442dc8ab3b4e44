//! The base system: packages that every server has, whatever it is for.
//!
//! An installer marks them as installed on purpose, so that nothing tells them from what a person asked
//! for. A first playbook need not name them; an audit without one compares them all the same.

use std::sync::LazyLock;

use crate::playbook::Glob;

/// The list itself, with its source.
const LIST: &str = include_str!("base-system.txt");

/// Whether a package is one of the base system of Debian or Ubuntu.
pub(super) fn is_base(package: &str) -> bool {
    static GLOBS: LazyLock<Vec<Glob>> =
        LazyLock::new(|| lines().filter_map(|line| Glob::parse(line).ok()).collect());
    GLOBS.iter().any(|glob| glob.matches(package))
}

fn lines() -> impl Iterator<Item = &'static str> {
    LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_glob() {
        for line in lines() {
            assert!(Glob::parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn what_a_server_is_for_is_no_base() {
        for name in ["apt", "libc6", "libssl3t64", "gcc-14-base", "libperl5.40", "systemd", "zlib1g"] {
            assert!(is_base(name), "{name}");
        }
        let purposes =
            ["nginx", "openssh-server", "postgresql-17", "libpq5", "docker.io", "php8.4-fpm", "redis"];
        for name in purposes {
            assert!(!is_base(name), "{name}");
        }
    }
}
