//! `image-drift`: containers of one name run other images on some hosts of a cluster than on most.
//!
//! Images are told apart by their digests: a tag may be moved. Hosts of different machines are not compared,
//! since one image has a digest for each.

use std::collections::{BTreeMap, BTreeSet};

use super::apart::{apart, message};
use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Comparison, Consensus};
use crate::severity::Severity;
use crate::snapshot::{Container, Runtime};

/// How many digits of a digest reports show, as the tools do.
const SHOWN: usize = 12;

pub(super) static RULE: Rule = Rule {
    id: "image-drift",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// What must be equal for two containers to be compared: who runs them, what they are called, on which machine.
type Role<'a> = (Runtime, String, &'a str);

/// The digests that one host runs in a role: several where it has several pods of it.
type Digests = BTreeSet<String>;

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        let mut names = BTreeMap::new();
        for ((_, subject, _), hosts) in roles(comparison, cluster, &mut names) {
            let consensus = Consensus::of(hosts);
            findings.extend(apart(comparison, cluster, (&RULE, &subject), &consensus, |digests| {
                label(digests, &names)
            }));
        }
    }
}

/// Who runs what in each role, and what the digests are called.
fn roles<'a>(
    comparison: &Comparison<'a>,
    cluster: &Cluster<'_>,
    names: &mut BTreeMap<String, &'a str>,
) -> BTreeMap<Role<'a>, BTreeMap<usize, Digests>> {
    let mut roles: BTreeMap<Role<'a>, BTreeMap<usize, Digests>> = BTreeMap::new();
    for position in cluster.members.iter().copied() {
        let Some(seen) = comparison.observation(position) else { continue };
        let kernel = seen.snapshot.as_ref().and_then(|snapshot| snapshot.kernel.as_ref());
        let machine = kernel.map_or("", |kernel| kernel.machine.as_str());
        let list = seen.containers().map_or(&[][..], |containers| &containers.list);
        for (container, digest) in list.iter().filter_map(|one| Some((one, one.image_id.clone()?))) {
            names.entry(digest.clone()).or_insert_with(|| name(container));
            let role = (container.runtime, container.role(), machine);
            roles.entry(role).or_default().entry(position).or_default().insert(digest);
        }
    }
    roles
}

/// What an image is called without the digest that is told beside it.
fn name(container: &Container) -> &str {
    container.image.split('@').next().unwrap_or_default()
}

/// `registry.corp/web:1.26 (0123456789ab)`
fn label(digests: &Digests, names: &BTreeMap<String, &str>) -> String {
    let each = digests.iter().map(|digest| {
        let short = digest.get(..SHOWN).unwrap_or(digest);
        let name = names.get(digest).copied().unwrap_or_default();
        format!("{name} ({short})").trim_start().to_owned()
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::container::fixture::podman;
    use super::super::fixture::{beside_three, found};

    #[test]
    fn another_image_under_one_name_is_found_whatever_it_is_called() {
        let (same, odd) = (podman("web", "ab", true, false), podman("web", "cd", true, false));
        let told = found("", &beside_three(&same, &odd));
        assert_eq!(
            told,
            [
                "image-drift/web/web-04/web medium: registry.corp/web:cd (cd) where registry.corp/web:ab (ab) is expected"
            ]
        );
        let renamed = same.replace("registry.corp/web:ab", "web:latest");
        assert!(found("", &beside_three(&same, &renamed)).is_empty(), "a tag is no image");
        assert!(found("", &beside_three(&same, "nginx=1-1")).is_empty());
    }

    #[test]
    fn pods_are_compared_by_what_they_are_made_of_and_not_by_their_names() {
        let pod = |end: &str, digest: &str| {
            format!(
                "nginx=1-1\n@cri\nlisted 1\n{{\"id\":\"aa\",\"name\":\"web\",\"namespace\":\"shop\",\"pod\":\"web-{end}\",\
                 \"image\":\"corp/web:1\",\"image_id\":\"corp/web@sha256:{digest}\",\"user\":\"1\",\"read_only\":true,\"privileged\":false}}"
            )
        };
        let hosts = [pod("x1", "ab"), pod("x2", "ab"), pod("x3", "ab"), pod("x4", "cd")];
        let hosts: Vec<(&str, &str)> =
            ["a", "b", "c", "d"].into_iter().zip(hosts.iter().map(String::as_str)).collect();
        let told = found("", &hosts);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("image-drift/web/d/shop/web@corp/web medium: corp/web:1 (cd)"),
            "{told:?}"
        );
    }
}
