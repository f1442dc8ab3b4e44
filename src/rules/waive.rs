//! Runs every rule, and decides which findings count: levels, ignores, waivers, maintenance and
//! what an earlier report had already.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{ALL, Asked, Check, Finding, Waived, WaiverUse, blocking};
use crate::drift::Comparison;
use crate::playbook::{Playbook, Waiver};

/// Findings that an earlier report had, by key.
#[derive(Debug, Clone, Default)]
pub struct Accepted {
    /// What messages call the report.
    pub name: String,
    /// The keys.
    pub keys: BTreeSet<String>,
}

/// Every finding, in the order that reports show: worst first, then by cluster, host and subject.
pub fn findings(
    comparison: &Comparison<'_>,
    asked: Asked<'_>,
    today: Date,
    accepted: &Accepted,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in ALL.iter().filter(|rule| asked.has(rule.id)) {
        if let Check::Comparison(check) | Check::Container { live: check, .. } = rule.check {
            check(comparison, &mut findings);
        }
    }
    findings
        .extend(asked.readiness.into_iter().flat_map(|readiness| blocking::findings(comparison, readiness)));
    apply_levels(comparison.playbook, &mut findings);
    let matched = apply_waivers(comparison, today, &mut findings);
    let speaks = |waiver: &Waiver| asked.has(&waiver.rule);
    findings.extend(about_waivers(comparison.playbook, speaks, &matched, today));
    accept(accepted, &mut findings);
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    findings
}

/// What an earlier report knows does not count.
pub(super) fn accept(accepted: &Accepted, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.counts()) {
        if accepted.keys.contains(&finding.key()) {
            finding.waived =
                Some(Waived { justification: format!("known in {}", accepted.name), until: None });
        }
    }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    (
        std::cmp::Reverse(finding.severity),
        finding.cluster.as_deref(),
        finding.rule.id,
        finding.subject.as_str(),
        finding.host.as_ref().map(|(position, _)| *position),
    )
}

/// `[rules]`: severities that the playbook changes; an entry's own severity is nearer and stays.
pub(super) fn apply_levels(playbook: &Playbook, findings: &mut Vec<Finding>) {
    for level in &playbook.rules {
        match level.severity {
            None => findings.retain(|finding| finding.rule.id != level.rule),
            Some(severity) => {
                let ours = findings.iter_mut().filter(|finding| finding.rule.id == level.rule);
                // What no entry names stays info, whatever the rule says of what is named.
                let movable = |finding: &&mut Finding| {
                    !finding.severity_is_entrys && finding.severity >= finding.rule.severity
                };
                ours.filter(movable).for_each(|finding| finding.severity = severity);
            }
        }
    }
}

/// Marks what does not count, and tells for each waiver how many findings it speaks of.
fn apply_waivers(comparison: &Comparison<'_>, today: Date, findings: &mut [Finding]) -> Vec<usize> {
    let playbook = comparison.playbook;
    let mut matched = vec![0; playbook.waivers.len()];
    for finding in findings {
        let host = finding
            .host
            .as_ref()
            .and_then(|(position, _)| comparison.observation(*position))
            .map(|seen| seen.host);
        for (at, waiver) in playbook.waivers.iter().enumerate() {
            let speaks = waiver.rule == finding.rule.id
                && waiver.subject.as_ref().is_none_or(|glob| glob.matches(&finding.subject))
                && host.map_or(waiver.hosts.is_none(), |host| comparison.bound.waiver(at, host));
            if speaks {
                if let Some(count) = matched.get_mut(at) {
                    *count += 1;
                }
                if waiver.until >= today && finding.waived.is_none() {
                    finding.waived = Some(Waived {
                        justification: waiver.justification.clone(),
                        until: Some(waiver.until),
                    });
                }
            }
        }
        for (at, ignore) in playbook.ignores.iter().enumerate() {
            let speaks = ignore.rule == finding.rule.id
                && ignore.subject.as_ref().is_none_or(|glob| glob.matches(&finding.subject))
                && host.map_or(ignore.hosts.is_none(), |host| comparison.bound.ignore(at, host));
            if speaks && finding.waived.is_none() {
                finding.waived = Some(Waived { justification: ignore.reason.clone(), until: None });
            }
        }
        let reason =
            host.and_then(|host| comparison.inventory.host(host)).and_then(|host| host.maintenance.as_ref());
        if let (Some(reason), None) = (reason, &finding.waived) {
            finding.waived = Some(Waived { justification: maintenance(reason), until: None });
        }
    }
    matched
}

/// Whether a waiver that holds says the same as one that has expired.
fn renews(other: &Waiver, expired: &Waiver, today: Date) -> bool {
    let text = |waiver: &Waiver| {
        (waiver.hosts.as_ref().map(ToString::to_string), waiver.subject.as_ref().map(ToString::to_string))
    };
    other.until >= today && other.rule == expired.rule && text(other) == text(expired)
}

/// What is to be said of the waivers that speak of a run, by how many findings each matched.
pub(super) fn about_waivers(
    playbook: &Playbook,
    speaks: impl Fn(&Waiver) -> bool,
    matched: &[usize],
    today: Date,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let waivers = playbook.waivers.iter().zip(matched.iter().copied());
    for (waiver, matched) in waivers.filter(|(waiver, _)| speaks(waiver)) {
        // One that was renewed beside the old one hides what it hid: nothing is revived.
        if waiver.until < today && playbook.waivers.iter().any(|other| renews(other, waiver, today)) {
            continue;
        }
        let usage = WaiverUse { waiver, matched, today };
        for rule in ALL {
            if let Check::Waiver(check) = rule.check {
                // Two waivers of the same words are one finding.
                let finding = check(&usage);
                findings.extend(
                    finding.filter(|new| !findings.iter().any(|known: &Finding| known.key() == new.key())),
                );
            }
        }
    }
    apply_levels(playbook, &mut findings);
    findings
}

/// Why nothing counts that is found on a host under maintenance.
pub(super) fn maintenance(reason: &str) -> String {
    format!("maintenance: {reason}")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::found;

    const NGINX: &str = "[[package]]\nname = \"nginx\"\n";
    const HOSTS: [(&str, &str); 4] =
        [("web-01", "nginx=1-2"), ("web-02", "nginx=1-2"), ("web-03", "nginx=1-2"), ("web-04", "nginx=1-1")];

    fn severities(playbook: &str) -> Vec<String> {
        found(playbook, &HOSTS)
            .iter()
            .filter_map(|line| line.split([' ', ':']).nth(1).map(str::to_owned))
            .collect()
    }

    #[test]
    fn an_entrys_severity_is_nearer_than_a_rules() {
        assert_eq!(severities(NGINX), ["medium"]);
        assert_eq!(severities(&format!("{NGINX}severity = \"low\"\n")), ["low"]);
        let high = "[rules]\npackage-version = \"high\"\n";
        assert_eq!(severities(&format!("{NGINX}{high}")), ["high"]);
        assert_eq!(severities(&format!("{NGINX}severity = \"medium\"\n{high}")), ["medium"]);
        assert!(severities(&format!("{NGINX}[rules]\npackage-version = \"off\"\n")).is_empty());
    }

    #[test]
    fn ignores_speak_of_their_hosts_and_subjects_alone() {
        let ignored = |narrowed: &str| {
            let entry = format!("{NGINX}[[ignore]]\nrule = \"package-version\"\nreason = \"x\"\n{narrowed}");
            found(&entry, &HOSTS)[0].starts_with('(')
        };
        assert!(ignored("") && ignored("hosts = \"web-04\"\n") && ignored("subject = \"nginx\"\n"));
        assert!(!ignored("hosts = \"web-01\"\n") && !ignored("subject = \"apache*\"\n"));
    }
}
