//! `gap`: something that was asked for could not be collected. A gap is never "in sync".

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::{Comparison, Expected, Value};
use crate::playbook::Baseline;
use crate::severity::Severity;
use crate::snapshot::{Gap, Os, Reason};

pub(super) static RULE: Rule = Rule {
    id: "gap",
    severity: Severity::Medium,
    about: About::Audit,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for (position, observation) in comparison.fleet.hosts.iter().enumerate() {
        let Some(snapshot) = &observation.snapshot else { continue };
        let mut gaps = snapshot.gaps.clone();
        if let Some(fault) = &observation.fault {
            gaps.push(Gap {
                probe: "probe".to_owned(),
                reason: Reason::Failed,
                detail: fault.full_message(),
            });
        }
        gaps.extend(without_name(comparison, position));
        let cluster = comparison.clusters_of(position).next().map(str::to_owned);
        let about = || {
            let host = Some((position, comparison.name(position).to_owned()));
            Finding { cluster: cluster.clone(), host, ..Finding::new(&RULE, "") }
        };
        findings.extend(gaps.into_iter().map(|gap| of(about(), gap)));
        findings.extend(snapshot.beside.iter().map(|gap| beside(about(), gap)));
    }
    without_baseline(comparison, findings);
}

/// A gap as a finding about the same host and cluster as another.
pub(super) fn of(finding: Finding, gap: Gap) -> Finding {
    Finding {
        severity: RULE.severity,
        severity_is_entrys: false,
        subject: gap.probe.clone(),
        expected: None,
        observed: Some(gap.reason.to_string()),
        distance: None,
        evidence: Evidence::Gap(Box::new(gap)),
        ..finding
    }
}

/// A gap in what nobody asked for by name: worth knowing, and no more.
pub(super) fn beside(finding: Finding, gap: &Gap) -> Finding {
    let evidence = Evidence::Beside(Box::new(gap.clone()));
    Finding { severity: Severity::Info, severity_is_entrys: true, evidence, ..of(finding, gap.clone()) }
}

/// Packages that an entry names by system, with no name for this host's.
fn without_name(comparison: &Comparison<'_>, position: usize) -> Vec<Gap> {
    let Some(observation) = comparison.observation(position) else { return Vec::new() };
    let os = observation.os();
    let like: Vec<&str> = os.iter().flat_map(|os| os.like.iter().map(String::as_str)).collect();
    let entries = comparison.playbook.packages.iter().enumerate();
    entries
        .filter(|(at, entry)| {
            comparison.bound.package(*at, observation.host)
                && observation.packages().is_some()
                && entry.names.on(os.map_or("", |os| os.id.as_str()), &like).is_none()
        })
        .map(|(_, entry)| Gap {
            probe: format!("package:{}", entry.names.first()),
            reason: Reason::NotSupported,
            detail: format!(
                "{}: no name for {}",
                entry.place,
                os.map_or_else(|| "an unknown system".to_owned(), Os::label)
            ),
        })
        .collect()
}

/// Hosts whose package is measured by a baseline host that was not audited.
fn without_baseline(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for column in &cluster.columns {
            for (member, position) in cluster.members.iter().copied().enumerate() {
                let known = !matches!(column.value(member), None | Some(Value::Unknown));
                if known && column.expected_of(member) == Expected::NoBaseline {
                    let host = Some((position, comparison.name(position).to_owned()));
                    let finding =
                        Finding { cluster: Some(cluster.name.clone()), host, ..Finding::new(&RULE, "") };
                    let detail = match column.entry(member).map(|entry| &entry.baseline) {
                        Some(Baseline::Run(run)) => format!(
                            "run {run} has no answer of these hosts, so there is nothing to compare with"
                        ),
                        _ => "the baseline host was not audited, so there is nothing to compare with"
                            .to_owned(),
                    };
                    let gap = Gap {
                        probe: format!("baseline:{}", column.subject()),
                        reason: Reason::NoBaseline,
                        detail,
                    };
                    findings.push(of(finding, gap));
                }
            }
        }
    }
}

fn message(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Gap(gap) | Evidence::Beside(gap) => format!("{}: {}", gap.reason, gap.detail),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn what_was_not_collected_is_a_gap_and_no_drift() {
        let told = found("", &beside_three("nginx=1-1", "no-dpkg"));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("gap/web/web-04/dpkg medium: not-installed"), "{told:?}");
    }
}
