//! What only some rules know, as the JSON object of a finding's `evidence`.

use serde_json::{Map, Value, json};

use crate::rules::Evidence;
use crate::snapshot::{Container, Daemon, Stale, quote};

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
        Evidence::Stream(stream) => json!({ "module": stream }),
        Evidence::State(state) => json!({ "state": state }),
        Evidence::Requirement(requirement) | Evidence::Unfit(requirement) => {
            json!({ "requirement": requirement })
        }
        Evidence::File(file) => {
            let apart = |apart: &Option<(String, String)>| {
                apart
                    .as_ref()
                    .map(|(observed, expected)| json!({ "observed": observed, "expected": expected }))
            };
            json!({
                "size": file.size, "expected_size": file.expected_size, "mode": apart(&file.mode),
                "owner": apart(&file.owner), "link": file.link, "diff": file.diff,
            })
        }
        Evidence::Package(package) => json!({ "package": package }),
        Evidence::Parameter { configured_by, suspects } => {
            json!({ "configured_by": configured_by, "privileged_containers": suspects })
        }
        Evidence::Fault(fault) => {
            json!({ "phase": fault.phase.as_str(), "detail": fault.detail, "hint": fault.hint })
        }
        Evidence::Gap(gap) | Evidence::Beside(gap) => {
            json!({ "reason": gap.reason.as_str(), "detail": gap.detail })
        }
        Evidence::Container(container) => container_in_words(container),
        Evidence::Declared(said) => {
            let field = said.field.map(|at| json!({ "line": at.line, "column": at.column }));
            json!({ "object": said.object, "container": said.container, "field": field, "paths": said.paths })
        }
        Evidence::Offer(offered) => {
            let causes: Vec<String> = offered.causes.iter().map(ToString::to_string).collect();
            json!({ "source": offered.source, "causes": causes })
        }
        Evidence::Stale(daemons) => {
            let told = daemons.iter().map(|(service, daemon)| stale(service, daemon));
            json!({ "processes": told.collect::<Vec<_>>() })
        }
        Evidence::Pending { since, packages } => json!({ "since": since, "packages": packages }),
        Evidence::Obstacle(obstacle, package) => json!({
            "package": package, "needs": obstacle.needs, "candidate": obstacle.candidate,
            "by": obstacle.by, "said": obstacle.said,
        }),
        Evidence::Waiver(justification, until) => {
            json!({ "justification": justification, "until": until.to_string() })
        }
    };
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// Which container, and what is known of it; paths are quoted, since a host chose them.
fn container_in_words(container: &Container) -> Value {
    let quoted = |path: &str| quote(path.as_bytes());
    let mounts = container.mounts.iter().map(|mount| {
        json!({ "source": quoted(&mount.source), "destination": quoted(&mount.destination), "writable": mount.writable })
    });
    let changed = container.changed.as_ref().map(|changes| {
        let paths =
            changes.paths.iter().map(|change| format!("{} {}", change.kind.letter(), quoted(&change.path)));
        json!({ "count": changes.count, "paths": paths.collect::<Vec<_>>() })
    });
    json!({
        "runtime": container.runtime.as_str(),
        "id": container.id,
        "image": container.image,
        "image_id": container.image_id,
        "digests": container.digests,
        "user": container.user,
        "read_only_root": container.read_only_root,
        "privileged": container.privileged,
        "added_capabilities": container.added,
        "mounts": mounts.collect::<Vec<_>>(),
        "changed": changed,
    })
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
