//! What waits for a boot of the host, and for how long: what the rules about that share.

use jiff::{SignedDuration, Timestamp};

use super::finding::Evidence;
use super::{Finding, Rule};
use crate::drift::{Cluster, Comparison};
use crate::severity::Severity;

/// How long a host may wait for its boot before that is worse.
const PATIENCE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A finding about a host that waits since a time, as far as that is known.
pub(super) fn finding(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    position: usize,
    (rule, subject): (&'static Rule, &str),
    (since, packages): (Option<Timestamp>, Vec<String>),
) -> Finding {
    let overdue = since.is_some_and(|since| comparison.now.duration_since(since) > PATIENCE);
    Finding {
        severity: if overdue { Severity::Medium } else { rule.severity },
        cluster: Some(cluster.name.clone()),
        host: Some((position, comparison.name(position).to_owned())),
        evidence: Evidence::Pending { since, packages },
        ..Finding::new(rule, subject)
    }
}

/// ` for more than 14 days`, where that is why it is worse.
pub(super) fn overdue(finding: &Finding) -> &'static str {
    if finding.severity > finding.rule.severity { ", for more than 14 days now" } else { "" }
}
