//! pacman's database, and what pacman.conf lets it pass by.
//!
//! One line a package: name, architecture, version, and 1 if it came as a dependency.

use std::collections::BTreeSet;

use super::listing::{Format, Row, common_arch, fields, hold, is_name, is_version};
use super::{Packages, Strings};
use crate::probe::Section;
use crate::version::System;

pub(super) const FORMAT: Format = Format { system: System::Pacman, section: Section::Pacman, parse_line };

fn parse_line(line: &str) -> Result<Option<Row<'_>>, ()> {
    let [name, arch, version, reason] = fields(line)?;
    if !is_package_name(name) || !is_name(arch) || !is_version(version) || !matches!(reason, "0" | "1") {
        return Err(());
    }
    Ok(Some(Row { on_purpose: reason == "0", ..Row::installed(name, common_arch(arch), version) }))
}

/// pacman allows `@` and a leading underscore too, PKGBUILD(5).
fn is_package_name(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_');
    begins
        && name.split(['@', '_']).filter(|part| !part.is_empty()).all(|part| {
            part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        })
}

/// Reads the values of `IgnorePkg`: names, and beginnings of names with a star.
pub(super) fn mark_ignored(payload: &[u8], packages: &mut Packages, strings: &Strings) {
    let text = String::from_utf8_lossy(payload);
    let (beginnings, names): (Vec<&str>, Vec<&str>) =
        text.split_whitespace().partition(|word| word.ends_with('*'));
    let names: BTreeSet<&str> = names.into_iter().collect();
    let begins =
        |name: &str| beginnings.iter().any(|beginning| name.starts_with(beginning.trim_end_matches('*')));
    hold(packages, strings, |name| names.contains(name) || begins(name));
    packages.purpose_known = true;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::gap::Reason;
    use super::super::listing::fixture::{read, told};
    use super::*;

    const REAL: &str = "nginx\tx86_64\t1.28.0-1\t0\npcre2\tx86_64\t10.46-1\t1\nlinux-lts\tx86_64\t6.12.48-1\t0\n\
        ca-certificates\tany\t20240618-1\t1\ngit\tx86_64\t2:2.51.0-1\t0\n";

    #[test]
    fn reasons_epochs_and_what_is_passed_by() {
        let (packages, strings, gaps) = read(&FORMAT, REAL.as_bytes());
        let mut packages = packages.unwrap();
        assert_eq!(gaps, []);
        mark_ignored(b" linux* git\n", &mut packages, &strings);
        assert!(packages.purpose_known);
        assert_eq!(
            told(&packages, &strings),
            [
                "ca-certificates=20240618-1 all dependency",
                "git=2:2.51.0-1 x86_64 held",
                "linux-lts=6.12.48-1 x86_64 held",
                "nginx=1.28.0-1 x86_64",
                "pcre2=10.46-1 x86_64 dependency",
            ]
        );
    }

    #[test]
    fn odd_lines_are_quoted_and_nothing_is_a_gap() {
        for odd in
            ["nginx\tx86_64\t1-1\t7", "\t\t\t0", "/var/lib/pacman/local/nginx-1-1/desc", "$x\tany\t1-1\t0"]
        {
            let (packages, _, gaps) = read(&FORMAT, format!("{odd}\n{REAL}").as_bytes());
            assert!(!packages.unwrap().complete, "{odd}");
            assert_eq!(gaps[0].reason, Reason::Unparsable);
        }
        assert_eq!(read(&FORMAT, b"").2[0].reason, Reason::Empty);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), ignored in "\\PC{0,60}") {
            let (packages, strings, gaps) = read(&FORMAT, &bytes);
            prop_assert!(packages.is_some() || !gaps.is_empty());
            let mut packages = read(&FORMAT, REAL.as_bytes()).0.unwrap();
            mark_ignored(ignored.as_bytes(), &mut packages, &strings);
        }
    }
}
