//! What only some rules know, as the JSON object of a finding's `evidence`.

use serde_json::{Map, Value, json};

use crate::rules::Evidence;

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
        Evidence::Offer(offered) => {
            let causes: Vec<String> = offered.causes.iter().map(ToString::to_string).collect();
            json!({ "source": offered.source, "causes": causes })
        }
        Evidence::Waiver(justification, until) => {
            json!({ "justification": justification, "until": until.to_string() })
        }
    };
    if let Value::Object(map) = value { map } else { Map::new() }
}
