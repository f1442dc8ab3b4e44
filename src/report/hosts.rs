//! The hosts that need something, one name a line: what `ansible -l @FILE` and shell loops read.

use std::collections::BTreeSet;

use super::Audit;
use crate::readiness::State;

/// Hosts that have drifted, or, where upgrades alone were asked about, those that are blocked; in inventory order,
/// each once, and nothing else, not even a heading.
pub(super) fn render(audit: &Audit<'_>) -> String {
    let named: BTreeSet<usize> = if audit.drift {
        let hosts = audit.advised.hosts.iter().enumerate();
        hosts.filter(|(_, host)| host.verdict.is_drift()).map(|(position, _)| position).collect()
    } else {
        let hosts =
            audit.outlook.iter().flat_map(|outlook| outlook.upgrades.iter().flat_map(|one| &one.hosts));
        hosts.filter(|host| host.state == State::Blocked).map(|host| host.position).collect()
    };
    named.into_iter().map(|position| format!("{}\n", audit.comparison.name(position))).collect()
}
