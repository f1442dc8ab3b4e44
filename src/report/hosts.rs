//! The drifted hosts, one name a line: what `ansible -l @FILE` and shell loops read.

use super::Audit;
use crate::advice::Verdict;

/// Hosts that need something done or decided, in inventory order; nothing else, not even a heading.
pub(super) fn render(audit: &Audit<'_>) -> String {
    let hosts = audit.advised.hosts.iter().enumerate();
    let drifted = hosts.filter(|(_, host)| !matches!(host.verdict, Verdict::InSync | Verdict::Unknown));
    drifted.map(|(position, _)| format!("{}\n", audit.comparison.name(position))).collect()
}
