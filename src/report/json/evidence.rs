//! What only some rules know, as the JSON object of a finding's `evidence`.

use serde_json::{Map, Value, json};

use crate::rules::Evidence;
use crate::snapshot::{Daemon, Stale};

/// The evidence of one finding.
pub(super) fn evidence(evidence: &Evidence) -> Map<String, Value> {
    let value = match evidence {
        Evidence::None => json!({}),
        Evidence::Spread(spread) => {
            let counts: Vec<_> =
                spread.iter().map(|(value, hosts)| json!({ "value": value, "hosts": hosts })).collect();
            json!({ "spread": counts })
        }
        Evidence::OtherRelease(release) => json!({ "release": release }),
        Evidence::State(state) => json!({ "state": state }),
        Evidence::Requirement(requirement) | Evidence::Unfit(requirement) => {
            json!({ "requirement": requirement })
        }
        Evidence::Fault(fault) => {
            json!({ "phase": fault.phase.as_str(), "detail": fault.detail, "hint": fault.hint })
        }
        Evidence::Gap(gap) | Evidence::Beside(gap) => {
            json!({ "reason": gap.reason.as_str(), "detail": gap.detail })
        }
        Evidence::Stale(daemons) => {
            let told = daemons.iter().map(|(service, daemon)| stale(service, daemon));
            json!({ "processes": told.collect::<Vec<_>>() })
        }
        Evidence::Pending { since, packages } => json!({ "since": since, "packages": packages }),
        Evidence::Waiver(justification, until) => {
            json!({ "justification": justification, "until": until.to_string() })
        }
    };
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// A process, what it executes, and how that is known to be something else than what is installed.
fn stale(service: &str, daemon: &Daemon) -> Value {
    let (how, library, since) = match &daemon.stale {
        Some(Stale::Deleted) => ("executable-gone", None, None),
        Some(Stale::Library(library)) => ("library-gone", Some(library), None),
        Some(Stale::Replaced(since)) => ("executable-replaced", None, Some(since)),
        Some(Stale::Changed(since)) => ("executable-changed", None, Some(since)),
        None => ("unknown", None, None),
    };
    json!({
        "service": service,
        "process": daemon.process,
        "executable": daemon.executable,
        "started": daemon.started,
        "how": how,
        "library": library,
        "changed": since,
    })
}
