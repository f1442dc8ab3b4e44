//! apk's database, and its world: what was asked for.
//!
//! One line a package: name, architecture, version. A name that begins with a dot is a bundle of
//! dependencies that somebody gave a name, and no package.

use std::collections::BTreeMap;

use super::listing::{Format, Row, common_arch, fields, hold, is_name, is_version};
use super::{Packages, Strings};
use crate::probe::Section;
use crate::version::System;

pub(super) const FORMAT: Format = Format { system: System::Apk, section: Section::Apk, parse_line };

fn parse_line(line: &str) -> Result<Option<Row<'_>>, ()> {
    let [name, arch, version] = fields(line)?;
    if !is_name(name.trim_start_matches('.')) || !is_name(arch) || !is_version(version) {
        return Err(());
    }
    Ok((!name.starts_with('.')).then(|| Row::installed(name, common_arch(arch), version)))
}

/// Reads `/etc/apk/world`: what it names was installed on purpose, and is held where it names a version
/// that only this one, or an older one, is of.
pub(super) fn mark_world(payload: &[u8], packages: &mut Packages, strings: &Strings) {
    let text = String::from_utf8_lossy(payload);
    let world: BTreeMap<&str, bool> = text.split_whitespace().map(wanted).collect();
    for package in &mut packages.list {
        package.on_purpose = world.contains_key(strings.text(package.name));
    }
    hold(packages, strings, |name| world.get(name).copied().unwrap_or(false));
    packages.purpose_known = true;
}

/// A word of the world: the name, and whether it is pinned: `nginx=1.26.3-r0`, `nginx~1.26`, `nginx<2`. A
/// word that begins with `!` keeps a package away, and `@edge` names where one comes from.
fn wanted(word: &str) -> (&str, bool) {
    let end = word.find(['=', '~', '<', '>', '@']).unwrap_or(word.len());
    let (name, condition) = word.split_at_checked(end).unwrap_or((word, ""));
    let condition = condition.split('@').next().unwrap_or_default();
    (name, condition.starts_with(['=', '~', '<']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::gap::Reason;
    use super::super::listing::fixture::{read, told};
    use super::*;

    const REAL: &str = "nginx\tx86_64\t1.28.0-r3\npcre2\tx86_64\t10.46-r0\ncurl\tx86_64\t8.22.0-r0\n\
        tzdata\tnoarch\t2025b-r0\n.build-deps\tnoarch\t20240101.123456\nlibstdc++\tx86_64\t15.2.0-r2\n";

    #[test]
    fn the_world_tells_purpose_and_pins() {
        let (packages, strings, gaps) = read(&FORMAT, REAL.as_bytes());
        let mut packages = packages.unwrap();
        assert_eq!(gaps, []);
        mark_world(
            b"nginx=1.28.0-r3 curl@edge\ntzdata>=2024\n!pcre2\nlibstdc++~15\n",
            &mut packages,
            &strings,
        );
        assert!(packages.purpose_known);
        assert_eq!(
            told(&packages, &strings),
            [
                "curl=8.22.0-r0 x86_64",
                "libstdc++=15.2.0-r2 x86_64 held",
                "nginx=1.28.0-r3 x86_64 held",
                "pcre2=10.46-r0 x86_64 dependency",
                "tzdata=2025b-r0 all",
            ]
        );
        assert_eq!(packages.native, strings.find("x86_64"));
    }

    #[test]
    fn odd_lines_are_quoted_and_nothing_is_a_gap() {
        for odd in ["nginx\tx86_64", "nginx\tx86_64\t", "n;id\tx86_64\t1-r0", "nginx\tx86_64\t1-r0\tmore"] {
            let (packages, _, gaps) = read(&FORMAT, format!("{odd}\n{REAL}").as_bytes());
            assert!(!packages.unwrap().complete, "{odd}");
            assert_eq!(gaps[0].reason, Reason::Unparsable);
        }
        assert_eq!(read(&FORMAT, b"").2[0].reason, Reason::Empty);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), world in "\\PC{0,60}") {
            let (packages, strings, gaps) = read(&FORMAT, &bytes);
            prop_assert!(packages.is_some() || !gaps.is_empty());
            let mut packages = read(&FORMAT, REAL.as_bytes()).0.unwrap();
            mark_world(world.as_bytes(), &mut packages, &strings);
        }
    }
}
