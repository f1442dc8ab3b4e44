//! rpm's database as `rpm -qa` prints it, and the version locks of dnf and yum.
//!
//! One line a package: name, epoch, version, release, architecture, modularity label. Several versions
//! of one name are several packages, as kernels are; `gpg-pubkey` is none. rpm does not say what was
//! installed on purpose, and dnf cannot be asked without a trace.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::listing::{Format, Row, common_arch, fields, hold, is_name};
use super::{Packages, Strings};
use crate::probe::Section;
use crate::version::System;

pub(super) const FORMAT: Format = Format { system: System::Rpm, section: Section::Rpm, parse_line };

fn parse_line(line: &str) -> Result<Option<Row<'_>>, ()> {
    let [name, epoch, version, release, arch, label] = fields(line)?;
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let is_part = |part: &str| {
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'_' | b'~' | b'^');
        !part.is_empty() && part.bytes().all(plain)
    };
    if !is_name(name) || !is_name(arch) || !is_part(version) || !is_part(release) {
        return Err(());
    }
    let version = match epoch {
        "(none)" | "0" => format!("{version}-{release}"),
        _ if epoch.bytes().all(|byte| byte.is_ascii_digit()) && !epoch.is_empty() => {
            format!("{epoch}:{version}-{release}")
        }
        _ => return Err(()),
    };
    let row = Row::installed(name, common_arch(arch), Cow::Owned(version));
    Ok(Some(Row { module: module(label)?, ..row }))
}

/// `nginx:1.24:9040020240101:a1b2c3d4` is the module nginx in its stream 1.24.
fn module(label: &str) -> Result<Option<&str>, ()> {
    if matches!(label, "(none)" | "") {
        return Ok(None);
    }
    let is_label = label.split(':').all(is_name);
    if is_label { Ok(Some(label)) } else { Err(()) }
}

/// Reads the lists of version locks and marks the packages that they speak of.
pub(super) fn mark_locked(payload: &[u8], packages: &mut Packages, strings: &Strings) {
    let text = String::from_utf8_lossy(payload);
    let locked: BTreeSet<&str> = text.lines().flat_map(locked_names).collect();
    hold(packages, strings, |name| locked.contains(name));
}

/// What a lock may be about: `nginx-1:1.20.1-20.el9.*` of dnf, `1:nginx-1.20.1-20.el7.*` of yum, a bare
/// name, or `name = "nginx"` of dnf 5. A line that begins with `!` shuts a version out and holds nothing.
fn locked_names(line: &str) -> Vec<&str> {
    let line = line.trim();
    if let Some(quoted) = line.strip_prefix("name").and_then(|rest| rest.trim_start().strip_prefix('=')) {
        return vec![quoted.trim().trim_matches(['"', '\''])];
    }
    let epoch = |epoch: &str| epoch.bytes().all(|byte| byte.is_ascii_digit());
    let lock = line.split_once(':').filter(|(before, _)| epoch(before)).map_or(line, |(_, lock)| lock);
    let begins_with_digit = |part: &str| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    let mut parts = lock.rsplitn(3, '-');
    let named = match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(version), Some(name)) if begins_with_digit(version) => Some(name),
        _ => None,
    };
    [Some(lock), named].into_iter().flatten().filter(|name| is_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::gap::Reason;
    use super::super::listing::fixture::{read, told};
    use super::*;

    const REAL: &str = "nginx\t2\t1.26.3\t1.el9\tx86_64\tnginx:1.26:9040020240101:a1b2c3d4\n\
        kernel-core\t(none)\t5.14.0\t70.el9\tx86_64\t(none)\n\
        kernel-core\t(none)\t5.14.0\t503.11.1.el9_5\tx86_64\t(none)\n\
        kernel-core\t(none)\t5.14.0\t427.el9\tx86_64\t(none)\n\
        tzdata\t0\t2025b\t1.el9\tnoarch\t(none)\n\
        glibc\t(none)\t2.34\t125.el9\tx86_64\t(none)\n\
        glibc\t(none)\t2.34\t125.el9\ti686\t(none)\n\
        gpg-pubkey\t(none)\t8483c65d\t5ccc5b19\t(none)\t(none)\n";

    #[test]
    fn epochs_several_versions_twins_and_keys() {
        let (packages, strings, gaps) = read(&FORMAT, REAL.as_bytes());
        let packages = packages.unwrap();
        assert_eq!(gaps, []);
        let listed = told(&packages, &strings);
        assert_eq!(listed.iter().filter(|line| line.starts_with("glibc=2.34-125.el9 ")).count(), 2);
        assert_eq!(listed[2], "kernel-core=5.14.0-503.11.1.el9_5 x86_64", "the newest is first: {listed:?}");
        assert_eq!(listed[5..], ["nginx=2:1.26.3-1.el9 x86_64", "tzdata=2025b-1.el9 all"]);
        assert_eq!(packages.native, strings.find("x86_64"));
        let nginx = packages.named(strings.find("nginx").unwrap())[0];
        assert_eq!(
            nginx.module.map(|module| strings.text(module)),
            Some("nginx:1.26:9040020240101:a1b2c3d4")
        );
        assert!(!packages.purpose_known);
    }

    #[test]
    fn odd_lines_are_quoted_and_keys_alone_are_no_packages() {
        for odd in [
            "nginx\t(none)\t1.0\t1\tx86_64",
            "ng$(id)inx\t(none)\t1.0\t1\tx86_64\t(none)",
            "nginx\tx\t1.0\t1\tx86_64\t(none)",
            "nginx\t(none)\t1;0\t1\tx86_64\t(none)",
            "-nginx\t(none)\t1.0\t1\tx86_64\t(none)",
        ] {
            let (packages, _, gaps) = read(&FORMAT, format!("{odd}\n{REAL}").as_bytes());
            assert!(!packages.unwrap().complete, "{odd}");
            assert!(gaps[0].detail.starts_with("1 of 9 lines are no package: `"), "{gaps:?}");
        }
        let (packages, _, gaps) = read(&FORMAT, b"gpg-pubkey\t(none)\ta\tb\t(none)\t(none)\n");
        assert!(packages.is_none());
        assert_eq!(gaps[0].reason, Reason::Empty);
    }

    #[test]
    fn locks_of_dnf_and_yum_hold() {
        for (locks, held) in [
            ("# a comment\nnginx-2:1.26.3-1.el9.*\n", true),
            ("2:nginx-1.26.3-1.el9.*\n", true),
            ("nginx\n", true),
            ("version = \"1.0\"\n[[packages]]\nname = \"nginx\"\n", true),
            ("!nginx-2:1.26.3-1.el9.*\n", false),
            ("nginx-mod-http-perl-2:1.26.3-1.el9.*\n", false),
            ("", false),
        ] {
            let (packages, strings, _) = read(&FORMAT, REAL.as_bytes());
            let mut packages = packages.unwrap();
            mark_locked(locks.as_bytes(), &mut packages, &strings);
            let names = told(&packages, &strings);
            let marked: Vec<&String> = names.iter().filter(|line| line.ends_with(" held")).collect();
            assert_eq!(marked.len(), usize::from(held), "{locks}: {names:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), locks in "\\PC{0,60}") {
            let (packages, strings, gaps) = read(&FORMAT, &bytes);
            prop_assert!(packages.is_some() || !gaps.is_empty());
            let mut packages = read(&FORMAT, REAL.as_bytes()).0.unwrap();
            mark_locked(locks.as_bytes(), &mut packages, &strings);
        }

        #[test]
        fn whatever_is_read_can_be_pasted(line in "(nginx|[a-z$;-]{1,5})\t(\\(none\\)|[0-9$]{1,2})\t[0-9.~^;`]{1,5}\t[0-9.&]{1,3}\tnoarch\t\\(none\\)") {
            if let (Some(packages), strings, _) = read(&FORMAT, line.as_bytes()) {
                let version = strings.text(packages.list[0].version);
                prop_assert!(!version.contains([';', '`', '&', '$', ' ']), "{}", version);
            }
        }
    }
}
