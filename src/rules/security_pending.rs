//! `security-pending`: a source of security updates has a newer version of a named package than is installed.

use jiff::Timestamp;

use super::finding::{Cause, Evidence, Offered};
use super::{About, Check, Finding, Rule, gap};
use crate::drift::{Cluster, Column, Comparison};
use crate::severity::Severity;
use crate::snapshot::{Candidates, Gap, Reason};

pub(super) static RULE: Rule = Rule {
    id: "security-pending",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// From how many days on the lists of packages say little about today.
const STALE: i64 = 7;

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for column in cluster.columns.iter().filter(|column| column.is_named() && !column.foreign) {
            let pending =
                (0..cluster.members.len()).filter_map(|member| pending(comparison, cluster, column, member));
            findings.extend(pending);
        }
    }
    let hosts = comparison.fleet.hosts.iter().enumerate();
    let stale = hosts.filter(|(_, host)| {
        host.candidates().is_some_and(|candidates| age(comparison.now, candidates) >= Some(STALE))
    });
    findings.extend(stale.map(|(position, _)| little_known(comparison, position)));
}

fn pending(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    column: &Column<'_>,
    member: usize,
) -> Option<Finding> {
    let position = *cluster.members.get(member)?;
    let (system, installed) = column.installed(member)?;
    let host = comparison.observation(position)?;
    let candidates = host.candidates()?;
    let name = column.name_under(host.os()?);
    let candidate = candidates.of(name)?;
    let (fixed, source) = candidate.security(system)?;
    if !system.compare(fixed, installed).is_gt() {
        return None;
    }
    let packages = host.packages()?;
    let symbol = comparison.fleet.strings.find(name)?;
    let held = packages.named(symbol).iter().any(|package| package.held).then_some(Cause::Held);
    // The package manager prefers what is older.
    let chosen = candidate.version.as_deref();
    let kept =
        chosen.is_none_or(|chosen| system.compare(chosen, fixed).is_lt()).then_some(Cause::NotCandidate);
    let old = age(comparison.now, candidates).filter(|age| *age >= STALE).map(Cause::ListsOld);
    let causes = [held, kept, old].into_iter().flatten().collect();
    Some(Finding {
        cluster: Some(cluster.name.clone()),
        host: Some((position, comparison.name(position).to_owned())),
        expected: Some(fixed.to_owned()),
        observed: Some(installed.to_owned()),
        evidence: Evidence::Offer(Box::new(Offered { source: Some(source.to_owned()), causes })),
        ..Finding::new(&RULE, column.subject())
    })
}

/// How many whole days ago the lists of packages last changed.
fn age(now: Timestamp, candidates: &Candidates) -> Option<i64> {
    Some(now.duration_since(candidates.changed?).as_secs() / (24 * 60 * 60))
}

/// That nothing is pending means little where the lists are old.
fn little_known(comparison: &Comparison<'_>, position: usize) -> Finding {
    let about = Finding {
        cluster: comparison.clusters_of(position).next().map(str::to_owned),
        host: Some((position, comparison.name(position).to_owned())),
        ..Finding::new(&gap::RULE, "")
    };
    let detail = format!(
        "the lists of packages have not changed for {STALE} days or more: what is on offer by now cannot be told"
    );
    gap::beside(about, &Gap { probe: "candidates".to_owned(), reason: Reason::Stale, detail })
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    let expected = finding.expected.as_deref().unwrap_or_default();
    let Evidence::Offer(offered) = &finding.evidence else { return String::new() };
    let source = offered.source.as_deref().unwrap_or_default();
    let mut told = format!("{observed} is installed, and {source} has {expected}");
    offered.causes.iter().for_each(|cause| told.push_str(&format!("; {cause}")));
    told
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NAMED: &str = "[[package]]\nname = \"nginx\"\n";
    /// A day before the tests' own.
    const FRESH: &str = "1795348800";
    const OLD: &str = "1794000000";

    /// A host with what `apt-cache policy` says of it.
    fn host(installed: &str, letters: &str, candidate: &str, changed: &str) -> String {
        format!(
            "nginx={installed}/{letters}\n@candidates\n= apt\n= lists 2\n= changed {changed}\nnginx:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n     1-1+deb13u2 500\n        500 http://mirror.corp/debian-security trixie-security/main amd64 Packages\n     1-1 500\n        500 http://ftp.at.debian.org/debian trixie/main amd64 Packages\n"
        )
    }

    #[test]
    fn a_security_update_that_is_not_installed_is_told() {
        let done = host("1-1+deb13u2", "ii", "1-1+deb13u2", FRESH);
        assert_eq!(found(NAMED, &beside_three(&done, &done)), [""; 0]);
        let told = found(NAMED, &beside_three(&done, &host("1-1", "ii", "1-1+deb13u2", FRESH)));
        assert_eq!(
            told[0],
            "security-pending/web/web-04/nginx high: 1-1 is installed, and debian-security trixie-security has 1-1+deb13u2"
        );
        assert_eq!(told.len(), 2, "and that it differs: {told:?}");
    }

    #[test]
    fn what_keeps_it_back_is_told() {
        let all = |letters: &str, candidate: &str, changed: &str| {
            let same = host("1-1", letters, candidate, changed);
            found(NAMED, &beside_three(&same, &same))
        };
        assert!(all("hi", "1-1+deb13u2", FRESH)[0].ends_with("; on hold here"));
        assert!(all("ii", "1-1", FRESH)[0].ends_with("; pinned away here, so that no upgrade takes it"));
        let old = all("ii", "1-1+deb13u2", OLD);
        assert!(old[0].ends_with("; the lists of packages last changed 16 days ago"), "{old:?}");
    }

    #[test]
    fn nothing_pending_in_old_lists_means_little() {
        let old = host("1-1+deb13u2", "ii", "1-1+deb13u2", OLD);
        let told = found(NAMED, &beside_three(&old, &old));
        assert_eq!(told.len(), 4);
        assert!(
            told[0].starts_with("gap/web/web-01/candidates info: stale: the lists of packages"),
            "{told:?}"
        );
    }

    #[test]
    fn a_package_that_no_entry_names_is_not_asked_for() {
        let pending = host("1-1", "ii", "1-1+deb13u2", FRESH);
        assert_eq!(found("", &beside_three(&pending, &pending)), [""; 0]);
    }
}
