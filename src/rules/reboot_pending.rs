//! `reboot-pending`: packages have asked for a boot of the host.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule, kernel_stale, pending};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::Reboot;

pub(super) static RULE: Rule = Rule {
    id: "reboot-pending",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// How many packages a message names.
const NAMED: usize = 3;

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for position in cluster.members.iter().copied() {
            let snapshot = comparison.observation(position).and_then(|host| host.snapshot.as_ref());
            let Some((snapshot, reboot)) = snapshot.and_then(|known| Some((known, known.boot_asked_for()?)))
            else {
                continue;
            };
            // A kernel alone is told as that.
            if is_about_kernels(reboot) && kernel_stale::newer(snapshot).is_some() {
                continue;
            }
            let waits = (reboot.since, reboot.packages.clone());
            findings.push(pending::finding(comparison, cluster, position, (&RULE, "reboot"), waits));
        }
    }
}

/// Whether nothing but kernels asks for it.
pub(super) fn is_about_kernels(reboot: &Reboot) -> bool {
    let kernel = |name: &String| name.starts_with("linux-image") || name.starts_with("linux-base");
    reboot.packages.iter().all(kernel)
}

fn message(finding: &Finding) -> String {
    let Evidence::Pending { packages, .. } = &finding.evidence else { return String::new() };
    let mut named = packages.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if packages.len() > NAMED {
        named.push_str(&format!(" and {} more", packages.len() - NAMED));
    }
    let by = if named.is_empty() { String::new() } else { format!(" by {named}") };
    format!("a boot was asked for{by}{}", pending::overdue(finding))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::found;

    #[track_caller]
    fn told(sections: &str) -> Vec<String> {
        found("", &[("web-01", &format!("nginx=1-1\n{sections}"))])
    }

    /// 2026-11-20.
    const ASKED: &str = "@reboot\npending\nfile\t1795132800:0\t/run/reboot-required\n";
    const KERNEL: &str = "@kernels\nfile\t1795132800\t/boot/vmlinuz-6.12.50\n";

    #[test]
    fn a_boot_that_was_asked_for_is_told_and_worse_after_14_days() {
        let libraries = "package\tlibc6\npackage\tdbus\n";
        assert_eq!(
            told(&format!("{ASKED}{libraries}")),
            ["reboot-pending/web/web-01/reboot low: a boot was asked for by dbus, libc6"]
        );
        assert_eq!(
            told("@reboot\npending\nfile\t1793491200:0\t/run/reboot-required\n"),
            ["reboot-pending/web/web-01/reboot medium: a boot was asked for, for more than 14 days now"]
        );
        assert!(told("@reboot\n").is_empty());
    }

    #[test]
    fn a_file_that_is_older_than_the_last_boot_asks_for_nothing() {
        assert!(told("@reboot\npending\nfile\t1780000000:0\t/run/reboot-required\n").is_empty());
    }

    #[test]
    fn a_kernel_alone_is_told_once() {
        let rules = |packages: &str| {
            let told = told(&format!("{ASKED}{packages}{KERNEL}"));
            told.iter().map(|line| line.split('/').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(rules("package\tlinux-image-6.12.50\npackage\tlinux-base\n"), ["kernel-stale"]);
        assert_eq!(
            rules("package\tlinux-image-6.12.50\npackage\tlibc6\n"),
            ["kernel-stale", "reboot-pending"]
        );
        let alone = told(&format!("{ASKED}package\tlinux-image-6.12.50\n"));
        assert_eq!(alone.len(), 1, "no newer kernel is there to tell of it");
    }
}
