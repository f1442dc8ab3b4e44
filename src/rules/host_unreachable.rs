//! `host-unreachable`: nothing could be collected from the host.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::HostStatus;

pub(super) static RULE: Rule = Rule {
    id: "host-unreachable",
    severity: Severity::High,
    about: About::Audit,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for (position, observation) in comparison.fleet.hosts.iter().enumerate() {
        let Some(fault) = &observation.fault else { continue };
        if observation.status() == HostStatus::Unreachable {
            findings.push(Finding {
                cluster: comparison.clusters_of(position).next().map(str::to_owned),
                host: Some((position, comparison.name(position).to_owned())),
                observed: Some(fault.phase.to_string()),
                evidence: Evidence::Fault(Box::new(fault.clone())),
                ..Finding::new(&RULE, "ssh")
            });
        }
    }
}

fn message(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Fault(fault) => format!("{}: {}", fault.phase, fault.full_message()),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn a_host_that_is_down_is_told_with_its_phase() {
        let told = found("", &beside_three("nginx=1-1", "down"));
        assert_eq!(told, ["host-unreachable/web/web-04/ssh high: connect: it is down"]);
    }
}
