//! `package-version`: another version than the cluster's, or hosts that differ with none right.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Column, Comparison, Expected, Judgement, Value};
use crate::severity::Severity;
use crate::version::System;

pub(super) static RULE: Rule = Rule {
    id: "package-version",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, judgement| match judgement {
        Judgement::Different { ahead: false, .. } => findings.push(at.finding(&RULE, judgement)),
        // Where only presence differs, `package-missing` and `package-extra` say so.
        Judgement::Undecided if at.versions > 1 && at.observed().is_some() => {
            findings.push(at.finding(&RULE, judgement));
        }
        _ => {}
    });
}

/// One cell of one column, for the rules that judge packages.
pub(super) struct At<'c, 'a> {
    comparison: &'c Comparison<'a>,
    cluster: &'c Cluster<'a>,
    pub(super) column: &'c Column<'a>,
    member: usize,
    position: usize,
    /// How many distinct versions are installed in the cluster.
    pub(super) versions: usize,
}

/// Calls `see` for every cell of every column of every cluster.
pub(super) fn for_each_cell<'a>(comparison: &Comparison<'a>, mut see: impl FnMut(&At<'_, 'a>, Judgement)) {
    for cluster in &comparison.clusters {
        for column in &cluster.columns {
            let versions = distinct_versions(column, cluster.members.len());
            for (member, position) in cluster.members.iter().copied().enumerate() {
                let at = At { comparison, cluster, column, member, position, versions };
                see(&at, cluster.judge(column, member));
            }
        }
    }
}

fn distinct_versions(column: &Column<'_>, members: usize) -> usize {
    let mut versions: Vec<&str> = (0..members)
        .filter_map(|member| match column.value(member) {
            Some(Value::Installed(version)) => Some(version),
            _ => None,
        })
        .collect();
    versions.sort_unstable();
    versions.dedup();
    versions.len()
}

impl At<'_, '_> {
    /// What the host has; `None` where the entry does not speak of it.
    pub(super) fn value(&self) -> Option<Value<'_>> {
        self.column.value(self.member)
    }

    /// What the host has installed, and the system that orders it.
    pub(super) fn installed(&self) -> Option<(System, &str)> {
        self.column.installed(self.member)
    }

    /// What the host has; `None` if it has not.
    pub(super) fn observed(&self) -> Option<String> {
        match self.column.value(self.member) {
            Some(Value::Installed(version)) => Some(version.to_owned()),
            _ => None,
        }
    }

    fn expected(&self) -> Option<String> {
        let expected = self.cluster.expected_of(self.column, self.member);
        if let Expected::Version { version, .. } = expected { Some(version.to_owned()) } else { None }
    }

    /// A finding about this cell, with what is expected and what was seen.
    pub(super) fn finding(&self, rule: &'static Rule, judgement: Judgement) -> Finding {
        let distance = if let Judgement::Different { distance, .. } = judgement { distance } else { None };
        let evidence = if judgement == Judgement::Undecided {
            Evidence::Spread(self.column.spread())
        } else {
            self.other_release().map_or(Evidence::None, Evidence::OtherRelease)
        };
        let severity = self.column.entry.and_then(|entry| entry.severity).unwrap_or(rule.severity);
        Finding {
            severity,
            cluster: Some(self.cluster.name.clone()),
            host: Some((self.position, self.comparison.name(self.position).to_owned())),
            expected: self.expected(),
            observed: self.observed(),
            distance,
            evidence,
            ..Finding::new(rule, self.column.subject())
        }
    }

    fn other_release(&self) -> Option<String> {
        let own = self.cluster.releases.of_member(self.member)?;
        (self.cluster.releases.majority()? != own)
            .then(|| self.cluster.releases.os(self.member).map(crate::snapshot::Os::label))?
    }
}

/// `no majority: 2× 1.0, 1× not installed`
pub(super) fn no_majority(evidence: &Evidence) -> String {
    let Evidence::Spread(spread) = evidence else { return String::new() };
    let most = spread
        .iter()
        .take(5)
        .map(|(value, count)| format!("{count}× {value}"))
        .collect::<Vec<_>>()
        .join(", ");
    let rest = spread.len().saturating_sub(5);
    if rest > 0 { format!("no majority: {most} and {rest} more") } else { format!("no majority: {most}") }
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or("not installed");
    match (&finding.expected, &finding.evidence) {
        (Some(expected), Evidence::OtherRelease(release)) => {
            format!("{observed} where the cluster has {expected}: another release, {release}")
        }
        (Some(expected), _) => format!("{observed} where the cluster has {expected}"),
        (None, evidence) => format!("{observed}; {}", no_majority(evidence)),
    }
}
