//! Containers that have taken over the service of a cluster, and the hosts that it was taken over from.
//!
//! `driftless replace` labels the images that it writes. A container of such an image that cannot be changed stands
//! in for its service: where it runs, its packages are what the cluster has, and not those of the host below it. A
//! host on which the service neither runs nor comes back by itself is a member no more: it was replaced.

use super::cluster::Grouped;
use super::{Bound, Cluster, Releases};
use crate::playbook::Playbook;
use crate::snapshot::{
    Container, Enabled, Fleet, Observation, Os, Replaced, Replaces, ServiceState, Strings, Symbol,
};

/// A container that has taken over the service of a cluster.
#[derive(Debug, Clone)]
pub struct StandIn<'a> {
    /// Where its host stands in the fleet.
    pub position: usize,
    /// The container.
    pub container: &'a Container,
    /// What it says that it replaces.
    pub replaces: &'a Replaces,
    /// Why it does not count; `None` if it does.
    pub refused: Option<String>,
}

impl StandIn<'_> {
    /// The package of that name in it.
    fn package(&self, name: Symbol) -> Option<&Replaced> {
        self.replaces.packages.iter().find(|package| package.name == name)
    }
}

impl<'a> Cluster<'a> {
    /// The containers that count for a member, by its place in the fleet.
    pub fn standing(&self, position: usize) -> impl Iterator<Item = &StandIn<'a>> {
        self.stand_ins.iter().filter(move |one| one.position == position && one.refused.is_none())
    }

    /// What stands for a package on a host of the cluster in place of what is installed there.
    pub(super) fn stands_for(&self, position: usize, name: Symbol) -> Option<&Replaced> {
        self.standing(position).find_map(|one| one.package(name))
    }

    /// Whether what a finding about a host says of a package is said of the container that stands in there.
    pub fn is_contained(&self, position: usize, subject: &str, strings: &Strings) -> bool {
        let name = strings.find(subject);
        name.is_some_and(|name| self.stands_for(position, name).is_some())
    }

    /// The slot of the release that a container's package is of.
    pub(super) fn slot_of(&self, package: &Replaced) -> usize {
        let (id, version) = (&package.release.0, &package.release.1);
        let releases = &self.releases;
        let same = |os: &&Os| os.id == *id && os.version == *version;
        releases.distinct.iter().position(same).unwrap_or(releases.distinct.len())
    }
}

/// Finds them, and takes the hosts that were replaced out of their clusters.
pub(super) fn settle<'a>(
    clusters: Vec<Grouped>,
    playbook: &Playbook,
    bound: &Bound,
    fleet: &'a Fleet,
) -> Vec<Cluster<'a>> {
    let told = fleet.hosts.iter().enumerate().flat_map(|(position, seen)| {
        let list = seen.containers().map_or(&[][..], |containers| &containers.list);
        list.iter()
            .filter_map(move |container| Some((position, seen, container, container.replaces.as_ref()?)))
    });
    let told: Vec<(usize, &'a Observation, &'a Container, &'a Replaces)> = told.collect();
    clusters
        .into_iter()
        .map(|Grouped { name, members }| {
            let own = told.iter().filter(|(_, _, _, replaces)| replaces.cluster == name);
            let mut stand_ins: Vec<StandIn<'a>> = own
                .map(|(position, seen, container, replaces)| StandIn {
                    position: *position,
                    container,
                    replaces,
                    refused: container
                        .mutable()
                        .or_else(|| refused(replaces, members.contains(position)).map(str::to_owned))
                        .or_else(|| beside_the_old(seen, fleet, replaces).map(str::to_owned)),
                })
                .collect();
            contradictions(&mut stand_ins);
            let gone = |position: usize| {
                let seen = fleet.hosts.get(position)?;
                let counts = |one: &&StandIn<'a>| one.refused.is_none();
                // One that runs such a container is the new server, or was replaced in its place.
                let new = stand_ins.iter().filter(counts).any(|one| one.position == position);
                let by = stand_ins.iter().filter(counts).find(|one| {
                    is_the_service(playbook, bound, fleet, seen, one.replaces)
                        && is_over(seen, fleet, one.replaces)
                })?;
                (!new).then_some((position, by.clone()))
            };
            let replaced: Vec<(usize, StandIn<'a>)> = members.iter().filter_map(|at| gone(*at)).collect();
            let stays = |at: &usize| !replaced.iter().any(|(gone, _)| gone == at);
            let members: Vec<usize> = members.into_iter().filter(stays).collect();
            // Below a container any release will do.
            let stands =
                |at: &usize| stand_ins.iter().any(|one| one.position == *at && one.refused.is_none());
            let release = |at: &usize| fleet.hosts.get(*at).filter(|_| !stands(at)).and_then(Observation::os);
            let releases = Releases::from_members(members.iter().map(release));
            Cluster { name, members, releases, columns: Vec::new(), stand_ins, replaced }
        })
        .filter(|cluster| !cluster.members.is_empty() || !cluster.replaced.is_empty())
        .collect()
}

/// Whether a daemon of the service runs on a host beside containers; `None` where not all could be seen.
fn runs(seen: &Observation, fleet: &Fleet, replaces: &Replaces) -> Option<bool> {
    let daemons = seen.snapshot.as_ref()?.running.daemons.as_ref()?;
    let program = replaces.program.rsplit('/').next().unwrap_or_default();
    let known =
        |name: &str| fleet.strings.find(name).is_some_and(|name| daemons.binary_search(&name).is_ok());
    // The kernel keeps no more of a name.
    let short = program.get(..15).unwrap_or(program);
    Some([program, short, &replaces.service].into_iter().any(known))
}

/// What is wrong with a container as the new server of a cluster, whatever its host is.
fn refused(replaces: &Replaces, is_member: bool) -> Option<&'static str> {
    if !is_member {
        return Some("its host is not in the cluster");
    }
    if !replaces.runs {
        return Some("it runs something else than its image was made for");
    }
    let any = replaces.packages.iter().any(|package| package.version.is_none());
    any.then_some("its labels do not tell in which versions its packages are")
}

/// Containers on one host that have one package in two versions: nobody can say which of them serves.
fn contradictions(stand_ins: &mut [StandIn<'_>]) {
    let differ = |one: &StandIn<'_>, other: &StandIn<'_>| {
        let mine = one.replaces.packages.iter();
        let mut pairs = mine.filter_map(|mine| Some((mine, other.package(mine.name)?)));
        one.position == other.position && pairs.any(|(mine, its)| mine.version != its.version)
    };
    let counts: Vec<StandIn<'_>> = stand_ins.iter().filter(|one| one.refused.is_none()).cloned().collect();
    for one in stand_ins.iter_mut().filter(|one| one.refused.is_none()) {
        if counts.iter().any(|known| differ(one, known)) {
            one.refused =
                Some("another container on its host has the same package in another version".to_owned());
        }
    }
}

/// Whether a container is all that a playbook wants of a host: it names the container's own package, or its service,
/// and no package that the container does not have. A server of something else was not replaced by it.
fn is_the_service(
    playbook: &Playbook,
    bound: &Bound,
    fleet: &Fleet,
    seen: &Observation,
    replaces: &Replaces,
) -> bool {
    let has = |name: &str| {
        fleet
            .strings
            .find(name)
            .is_some_and(|name| replaces.packages.iter().any(|package| package.name == name))
    };
    let entries = playbook.packages.iter().enumerate().filter(|(at, _)| bound.package(*at, seen.host));
    let named: Vec<bool> = entries.map(|(_, entry)| entry.names.all().any(has)).collect();
    let service = bound
        .services(playbook, seen.host)
        .any(|entry| entry.name.strip_suffix(".service").unwrap_or(&entry.name) == replaces.service);
    named.iter().all(|named| *named) && (!named.is_empty() || service)
}

fn beside_the_old(seen: &Observation, fleet: &Fleet, replaces: &Replaces) -> Option<&'static str> {
    match runs(seen, fleet, replaces) {
        Some(false) => None,
        Some(true) => Some("the service runs on its host beside it"),
        None => Some("whether the service runs on its host beside it could not be told"),
    }
}

/// Whether a service is over on a host, for good: it does not run, and somebody saw to it that it does not come back.
/// One that is merely down is no server that was replaced.
fn is_over(seen: &Observation, fleet: &Fleet, replaces: &Replaces) -> bool {
    if runs(seen, fleet, replaces) != Some(false) {
        return false;
    }
    let packages = seen.packages().filter(|packages| packages.complete);
    let installed = |package: &Replaced| packages.is_none_or(|known| !known.named(package.name).is_empty());
    // The service's own package is the first.
    if replaces.packages.first().is_some_and(|own| !installed(own)) {
        return true;
    }
    let services = seen.snapshot.as_ref().and_then(|snapshot| snapshot.running.services.as_ref());
    let named = services
        .and_then(|services| services.named.iter().find(|service| service.subject() == replaces.service));
    named.is_some_and(|service| {
        let down = matches!(service.state, ServiceState::Stopped | ServiceState::NotFound);
        down && matches!(service.enabled, Enabled::No | Enabled::Masked)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::advice::{Verdict, advise};
    use crate::rules::fixture::{Spec, compared};

    const PLAYBOOK: &str = "[[package]]\nname = \"nginx\"\n[[service]]\nname = \"nginx\"\n";

    /// What an old server runs, whose nginx serves or is over in some way.
    fn old(packages: &str, state: &str, enabled: &str) -> String {
        let (main, daemon) = match state {
            "active" => (7, "daemon\t7\t1000\tnginx.service\tnginx\tseen\t/usr/sbin/nginx\n"),
            _ => (0, ""),
        };
        format!(
            "{packages}\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=loaded\n\
             ActiveState={state}\nSubState=running\nUnitFileState={enabled}\nMainPID={main}\n@processes\nclock\t9000\n\
             privileged\n{daemon}"
        )
    }

    /// A new server: its podman runs a container that says that it replaces nginx.
    fn new(release: &str, cluster: &str, package: &str, read_only: bool, daemon: &str) -> String {
        format!(
            "{release} podman=4-1\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=not-found\n\
             ActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\n@processes\nclock\t9000\nprivileged\n{daemon}\
             @podman\nlisted 1\n{{\"id\":\"aa\",\"name\":\"web-nginx\",\"image\":\"localhost/web-nginx:2-1\",\"image_id\":\"bb\",\
             \"user\":\"\",\"read_only\":{read_only},\"privileged\":false,\"path\":\"/usr/sbin/nginx\",\"labels\":{{\"cluster\":\"{cluster}\",\"service\":\"nginx\",\
             \"program\":\"/usr/sbin/nginx\",\"command\":\"/usr/sbin/nginx\",\"packages\":\"pkg:deb/debian/{package}?distro=debian-13\"}}}}\nchanges aa 0"
        )
    }

    /// The verdict of each host, and the keys of what counts and is more than worth knowing.
    #[track_caller]
    fn told(hosts: &[Spec<'_>]) -> (Vec<Verdict>, Vec<String>) {
        compared(PLAYBOOK, hosts, |comparison, findings| {
            let advised = advise(comparison, findings, None, &BTreeSet::new());
            let count =
                findings.iter().filter(|one| one.counts() && one.severity > crate::severity::Severity::Info);
            let keys = count.map(crate::rules::Finding::key).collect();
            (advised.hosts.iter().map(|host| host.verdict).collect(), keys)
        })
    }

    #[test]
    fn the_new_server_is_in_sync_the_old_one_replaced_and_the_drift_gone() {
        let (serves, behind) = (old("nginx=2-1", "active", "enabled"), old("nginx=1-1", "active", "enabled"));
        let before =
            [("a", serves.as_str()), ("b", serves.as_str()), ("c", serves.as_str()), ("d", behind.as_str())];
        let (verdicts, keys) = told(&before);
        assert_eq!((verdicts[3], keys), (Verdict::Repair, vec!["package-version/web/d/nginx".to_owned()]));
        // The host below the container runs another release, which is no affair of the cluster's.
        let fresh = new("bookworm", "web", "nginx@2-1", true, "");
        for over in [old("nginx=1-1", "inactive", "disabled"), old("bash=5-1", "inactive", "")] {
            let after = [before[0], before[1], before[2], ("d", over.as_str()), ("e", fresh.as_str())];
            let (verdicts, keys) = told(&after);
            assert_eq!(keys, [""; 0], "{over}");
            assert_eq!(verdicts[3..], [Verdict::Replaced, Verdict::InSync], "{over}");
        }
    }

    #[test]
    fn a_server_of_something_else_was_not_replaced() {
        // The container has redis; the cluster is one of nginx, and one host lacks it.
        let redis = new("trixie", "web", "redis@7-1", true, "")
            .replace("\"service\":\"nginx\"", "\"service\":\"redis\"");
        let redis = redis.replace("/usr/sbin/nginx", "/usr/bin/redis-server");
        let (serves, gone) = (old("nginx=2-1", "active", "enabled"), old("bash=5-1", "inactive", ""));
        let hosts = [("a", serves.as_str()), ("b", serves.as_str()), ("c", &redis), ("d", gone.as_str())];
        let (verdicts, keys) = told(&hosts);
        assert!(!verdicts.contains(&Verdict::Replaced), "{verdicts:?}");
        assert!(keys.contains(&"package-missing/web/d/nginx".to_owned()), "{keys:?}");
    }

    #[test]
    fn what_hides_the_image_or_runs_something_else_does_not_count() {
        let serves = old("nginx=2-1", "active", "enabled");
        let fresh = new("trixie", "web", "nginx@2-1", true, "");
        let mount = |to: &str, writable: bool| {
            let mounts = format!(
                "\"mounts\":[{{\"Source\":\"v\",\"Destination\":\"{to}\",\"RW\":{writable}}}],\"path\""
            );
            fresh.replacen("\"path\"", &mounts, 1)
        };
        let two = fresh.replace("listed 1", "listed 2").replace(
            "\nchanges aa 0",
            &format!("\n{}\nchanges aa 0", line(&fresh).replace("\"aa\"", "\"ab\"").replace("@2-1", "@1-1")),
        );
        for (host, counts) in [
            (mount("/var/cache/nginx", true), true),
            (mount("/etc/ssl/private", false), true),
            (mount("/usr", true), false),
            (mount("/usr/sbin", false), false),
            (mount("/etc/nginx", true), false),
            (mount("/", true), false),
            (fresh.replace("\"path\":\"/usr/sbin/nginx\"", "\"path\":\"sleep\""), false),
            (two, false),
        ] {
            let hosts = [("a", serves.as_str()), ("b", serves.as_str()), ("c", &host)];
            let (verdicts, _) = told(&hosts);
            assert_eq!(verdicts[2] == Verdict::InSync, counts, "{host}");
        }
    }

    /// The line of a host's container.
    fn line(host: &str) -> &str {
        host.lines().find(|line| line.starts_with('{')).unwrap()
    }

    #[test]
    fn one_that_is_merely_down_was_not_replaced() {
        let (serves, fresh) =
            (old("nginx=2-1", "active", "enabled"), new("trixie", "web", "nginx@2-1", true, ""));
        for (state, enabled) in [("failed", "enabled"), ("inactive", "enabled"), ("failed", "disabled")] {
            let down = old("nginx=1-1", state, enabled);
            let hosts =
                [("a", serves.as_str()), ("b", serves.as_str()), ("c", fresh.as_str()), ("d", down.as_str())];
            let (verdicts, keys) = told(&hosts);
            assert_eq!(verdicts[2..], [Verdict::InSync, Verdict::Repair], "{state} {enabled}");
            assert!(keys.iter().any(|key| key == "service-state/web/d/nginx"), "{keys:?}");
        }
    }

    #[test]
    fn a_container_that_can_be_changed_or_is_another_clusters_takes_nothing_over() {
        let serves = old("nginx=2-1", "active", "enabled");
        let gone = old("bash=5-1", "inactive", "");
        let daemon = "daemon\t7\t1000\tnginx.service\tnginx\tseen\t/usr/sbin/nginx\n";
        for fresh in [
            new("trixie", "web", "nginx@2-1", false, ""),
            new("trixie", "db", "nginx@2-1", true, ""),
            new("trixie", "web", "nginx@2-1", true, daemon),
            new("trixie", "web", "nginx@2-1", true, "").replace("@processes", "@processes 126"),
        ] {
            let hosts = [("a", serves.as_str()), ("b", serves.as_str()), ("c", &fresh), ("d", gone.as_str())];
            let (verdicts, keys) = told(&hosts);
            assert_ne!(verdicts[2], Verdict::InSync, "{fresh}");
            assert_ne!(verdicts[3], Verdict::Replaced, "{fresh}");
            assert!(!keys.is_empty());
        }
    }

    #[test]
    fn an_image_of_another_version_is_drift_and_one_of_any_version_counts_for_nothing() {
        let serves = old("nginx=2-1", "active", "enabled");
        let cases = [
            ("nginx@1-1", "package-version", Verdict::Replace),
            ("nginx", "package-missing", Verdict::Repair),
        ];
        for (package, rule, verdict) in cases {
            let fresh = new("trixie", "web", package, true, "");
            let hosts =
                [("a", serves.as_str()), ("b", serves.as_str()), ("c", serves.as_str()), ("d", &fresh)];
            let (verdicts, keys) = told(&hosts);
            assert_eq!((keys, verdicts[3]), (vec![format!("{rule}/web/d/nginx")], verdict));
        }
    }
}
