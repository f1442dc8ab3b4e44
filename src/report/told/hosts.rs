//! The hosts that need something, one name a line: what `ansible -l @FILE` and shell loops read.

use std::collections::BTreeSet;
use std::io;

use crate::report::json::v1::Report;
use crate::snapshot::printable;

/// Hosts that have drifted, or, where upgrades alone were asked about, those that are blocked; in inventory order,
/// each once, and nothing else, not even a heading.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let blocked: BTreeSet<&str> = report
        .upgrades
        .iter()
        .flatten()
        .flat_map(|upgrade| &upgrade.blocked)
        .map(|blocked| blocked.host.as_str())
        .collect();
    for host in &report.hosts {
        let named = match host.verdict {
            Some(verdict) => verdict.is_drift(),
            None => blocked.contains(host.name.as_str()),
        };
        if named {
            writeln!(out, "{}", printable(&host.name))?;
        }
    }
    Ok(())
}
