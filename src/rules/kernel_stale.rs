//! `kernel-stale`: a newer kernel is installed than the one that runs.
//!
//! Only kernels of one flavour are compared: nobody who runs a cloud kernel waits for the one beside it.

use jiff::Timestamp;

use super::{About, Check, Finding, Rule, pending};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::Snapshot;
use crate::version::System;

pub(super) static RULE: Rule = Rule {
    id: "kernel-stale",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// Marks of a distribution's release, which change from one kernel to the next of the same flavour, and `rc`.
const MARKS: [&str; 8] = ["deb", "bpo", "el", "fc", "amzn", "arch", "rc", "ubuntu"];

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for position in cluster.members.iter().copied() {
            let snapshot = comparison.observation(position).and_then(|host| host.snapshot.as_ref());
            let Some((snapshot, newer)) = snapshot.and_then(|snapshot| Some((snapshot, newer(snapshot)?)))
            else {
                continue;
            };
            let waits = (Some(newer.since), Vec::new());
            findings.push(Finding {
                expected: Some(newer.newest.to_owned()),
                observed: snapshot.kernel.as_ref().map(|kernel| kernel.release.clone()),
                ..pending::finding(comparison, cluster, position, (&RULE, "kernel"), waits)
            });
        }
    }
}

/// Kernels that are newer than the one that runs.
pub(super) struct Newer<'a> {
    newest: &'a str,
    /// When the first of them was installed.
    since: Timestamp,
}

/// What a host would run after a boot, if it is newer than what it runs.
pub(super) fn newer(snapshot: &Snapshot) -> Option<Newer<'_>> {
    let running = snapshot.kernel.as_ref()?.release.as_str();
    let kernels = snapshot.running.kernels.as_ref().filter(|kernels| !kernels.foreign)?;
    let own = flavour(running);
    let newer = kernels
        .list
        .iter()
        .filter(|kernel| is_newer(&kernel.release, running) && flavour(&kernel.release) == own);
    newer.fold(None, |found: Option<Newer<'_>>, kernel| {
        let (newest, since) = found.map_or((kernel.release.as_str(), kernel.installed), |known| {
            let newest =
                if is_newer(&kernel.release, known.newest) { kernel.release.as_str() } else { known.newest };
            (newest, known.since.min(kernel.installed))
        });
        Some(Newer { newest, since })
    })
}

/// By rpm's order, in which a number comes after a word: 70.5.1 after 70.el9, as all of them number kernels.
fn is_newer(one: &str, other: &str) -> bool {
    // Hyphens would part a version from its release.
    let flat = |release: &str| release.replace('-', ".");
    System::Rpm.compare(&flat(one), &flat(other)).is_gt()
}

/// The words of a release that are no part of its number: `cloud` and `amd` of `6.12.48+deb13-cloud-amd64`.
fn flavour(release: &str) -> Vec<String> {
    let words = release.split(|character: char| !character.is_ascii_alphanumeric());
    let mut words: Vec<String> = words.filter_map(flavour_word).collect();
    words.sort();
    words.dedup();
    words
}

/// A word without the numbers at its ends; `64k` is the size of pages, and says something all the same.
fn flavour_word(word: &str) -> Option<String> {
    let is_digit = |character: char| character.is_ascii_digit();
    let page = word.strip_suffix('k').is_some_and(|size| !size.is_empty() && size.chars().all(is_digit));
    if page {
        return Some(word.to_owned());
    }
    if word.starts_with(is_digit) {
        return None;
    }
    // `el9uek` is Oracle's own kernel for `el9`.
    let unmarked = MARKS.iter().find_map(|mark| {
        let rest = word.strip_prefix(mark)?;
        (rest.is_empty() || rest.starts_with(is_digit)).then(|| rest.trim_start_matches(is_digit))
    });
    let plain = unmarked.unwrap_or(word).trim_end_matches(is_digit);
    (!plain.is_empty()).then(|| plain.to_owned())
}

fn message(finding: &Finding) -> String {
    let say = |text: &Option<String>| text.clone().unwrap_or_default();
    let (running, newest) = (say(&finding.observed), say(&finding.expected));
    format!("runs {running} where {newest} is installed{}", pending::overdue(finding))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::found;
    use super::*;

    #[test]
    fn flavours_are_what_is_left_of_a_release_without_its_numbers() {
        for (one, other, same) in [
            ("6.1.0-18-amd64", "6.12.48+deb13-amd64", true),
            ("6.12.48+deb13-amd64", "6.12.48+deb13-cloud-amd64", false),
            ("6.1.0-18-amd64", "6.1.0-18-rt-amd64", false),
            ("6.1.0-0.deb11.11-amd64", "6.11.10+bpo-amd64", true),
            ("5.15.0-91-generic", "5.15.0-92-generic", true),
            ("5.15.0-91-generic", "5.15.0-92-lowlatency", false),
            ("5.14.0-70.el9.x86_64", "5.14.0-503.11.1.el9_5.x86_64", true),
            ("5.14.0-503.11.1.el9_5.x86_64", "5.14.0-503.11.1.el9_5.x86_64+debug", false),
            ("5.14.0-503.el9.aarch64", "5.14.0-503.el9.aarch64+64k", false),
            ("5.15.0-200.131.27.el9uek.x86_64", "5.14.0-503.el9.x86_64", false),
            ("6.6.7-arch1-1", "6.6.10-arch1-2", true),
            ("6.6.7-arch1-1", "6.6.10-1-lts", false),
            ("6.12.48-0-lts", "6.12.48-0-virt", false),
        ] {
            assert_eq!(flavour(one) == flavour(other), same, "{one} {other}");
        }
    }

    #[test]
    fn releases_have_the_order_in_which_they_came() {
        for (older, newer) in [
            ("6.1.0-18-amd64", "6.12.48+deb13-amd64"),
            ("6.12.48+deb13-amd64", "6.12.48+deb13.1-amd64"),
            ("6.12.9-amd64", "6.12.48+deb13-amd64"),
            ("6.1.0-0.deb11.11-amd64", "6.1.0-9-amd64"),
            ("5.14.0-70.el9.x86_64", "5.14.0-70.5.1.el9_0.x86_64"),
            ("5.14.0-427.13.1.el9_4.x86_64", "5.14.0-503.11.1.el9_5.x86_64"),
            ("6.6.9-arch1-1", "6.6.10-arch1-1"),
        ] {
            assert!(is_newer(newer, older) && !is_newer(older, newer), "{older} {newer}");
        }
    }

    /// A host that runs the fixture's 6.12.48, with other kernels installed at some time.
    #[track_caller]
    fn told(kernels: &str) -> Vec<String> {
        found("", &[("web-01", &format!("nginx=1-1\n@kernels\n{kernels}\n"))])
    }

    #[test]
    fn a_newer_kernel_of_the_same_flavour_waits_for_a_boot() {
        // 2026-11-20, and 2026-11-01.
        assert_eq!(
            told("file\t1795132800\t/boot/vmlinuz-6.12.50\nfile\t1795132900\t/boot/vmlinuz-6.12.51"),
            ["kernel-stale/web/web-01/kernel low: runs 6.12.48 where 6.12.51 is installed"]
        );
        assert_eq!(
            told("file\t1793491200\t/boot/vmlinuz-6.12.50\nfile\t1795132900\t/boot/vmlinuz-6.12.51"),
            [
                "kernel-stale/web/web-01/kernel medium: runs 6.12.48 where 6.12.51 is installed, for more than 14 days now"
            ]
        );
    }

    #[test]
    fn older_kernels_other_flavours_and_containers_say_nothing() {
        assert!(told("file\t1795132800\t/boot/vmlinuz-6.12.47").is_empty());
        assert!(told("file\t1795132800\t/boot/vmlinuz-6.12.51-rt").is_empty());
        assert!(told("container\nfile\t1795132800\t/boot/vmlinuz-6.12.51").is_empty());
        assert!(told("").is_empty());
    }

    #[test]
    fn the_playbooks_level_is_for_the_overdue_too() {
        let host = "nginx=1-1\n@kernels\nfile\t1793491200\t/boot/vmlinuz-6.12.50\n";
        let told = found("[rules]\nkernel-stale = \"high\"\n", &[("web-01", host)]);
        assert!(told[0].starts_with("kernel-stale/web/web-01/kernel high: "), "{told:?}");
    }
}
