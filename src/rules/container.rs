//! What rules about the containers that run on a host share.

use super::finding::Evidence;
use super::{Finding, Rule};
use crate::drift::Comparison;
use crate::snapshot::Container;

/// One finding for each container of any host that a rule picks, with what is expected and what was seen.
pub(super) fn each(
    comparison: &Comparison<'_>,
    rule: &'static Rule,
    findings: &mut Vec<Finding>,
    pick: impl Fn(&Container) -> Option<(&'static str, String)>,
) {
    for (position, seen) in comparison.fleet.hosts.iter().enumerate() {
        let Some(containers) = seen.containers() else { continue };
        for container in &containers.list {
            let Some((expected, observed)) = pick(container) else { continue };
            findings.push(Finding {
                cluster: comparison.clusters_of(position).next().map(str::to_owned),
                host: Some((position, comparison.name(position).to_owned())),
                expected: Some(expected.to_owned()),
                observed: Some(observed),
                evidence: Evidence::Container(Box::new(container.clone())),
                ..Finding::new(rule, containers.subject(container))
            });
        }
    }
}

/// Sections of the probe for the tests of these rules.
#[cfg(test)]
pub(super) mod fixture {
    /// A host whose podman runs one container of an image: `writable`, `privileged` as they are said.
    pub(in super::super) fn podman(name: &str, image_id: &str, read_only: bool, privileged: bool) -> String {
        format!(
            "nginx=1-1\n@podman\nlisted 1\n{{\"id\":\"aa\",\"name\":\"{name}\",\"image\":\"registry.corp/web:{image_id}\",\
             \"image_id\":\"{image_id}\",\"user\":\"\",\"read_only\":{read_only},\"privileged\":{privileged}}}\nchanges aa 0"
        )
    }
}
