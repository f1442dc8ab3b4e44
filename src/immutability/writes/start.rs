//! Whether a container starts at all as the user that it is, with the capabilities that it is left.

use super::known::Image;
use super::run::Run;
use crate::immutability::manifest::Container;

/// What keeps any container from starting.
pub(super) fn refused(container: &Container) -> Option<String> {
    let rights = &container.rights;
    (rights.non_root && rights.user.as_deref() == Some("0"))
        .then(|| "it would not start: runAsNonRoot is true, and runAsUser is root's 0".to_owned())
}

impl Image {
    /// What keeps a container of this image from starting.
    pub(super) fn does_not_start(&self, container: &Container) -> Option<String> {
        let rights = &container.rights;
        let user = rights.user.as_deref().unwrap_or(self.user.as_str());
        let is_root = matches!(user, "0" | "root");
        if rights.non_root && !user.bytes().all(|byte| byte.is_ascii_digit()) {
            let whose = if is_root { "" } else { ", whose number Kubernetes does not know" };
            return Some(format!(
                "it would not start: runAsNonRoot is true, and the image's user is {user}{whose}: set runAsUser"
            ));
        }
        if !is_root || rights.dropped.is_empty() {
            return None;
        }
        let run = Run::of(container, &self.entrypoint, &self.takes).ok()?;
        let own = run.program.as_ref().is_none_or(|program| self.runs(program));
        if !own || self.only_entered && !run.entered {
            return None;
        }
        let has = |list: &[String], name: &str| list.iter().any(|one| one == name || one == "ALL");
        let added: Vec<String> = container.added.iter().map(|(name, _)| name.clone()).collect();
        let gone = |name: &&String| has(&rights.dropped, name) && !has(&added, name);
        let gone: Vec<&str> = self.needs_as_root.iter().filter(gone).map(String::as_str).collect();
        (!gone.is_empty()).then(|| {
            let gone = gone.join(", ");
            // Privilege may give it all of them, and a fix takes that.
            let without = if container.is_privileged() { "without privileged " } else { "" };
            format!(
                "{without}it would not start: as root it gives its rights away, and needs {gone} for that, which capabilities.drop takes: set runAsUser to the image's own user, or add {gone}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::immutability::Coverage;
    use crate::immutability::fixture::{manifest, pod};

    #[test]
    fn who_cannot_give_its_rights_away_does_not_start() {
        for (lines, spec, told) in [
            (
                "image: redis\nsecurityContext: {capabilities: {drop: [ALL]}}",
                "",
                Some("needs CHOWN, SETGID, SETUID"),
            ),
            ("image: nginx\nsecurityContext: {capabilities: {drop: [all]}}", "", Some("needs CHOWN")),
            (
                "image: nginx\nsecurityContext: {capabilities: {drop: [ALL], add: [CHOWN, SETGID, CAP_SETUID]}}",
                "",
                None,
            ),
            ("image: nginx\nsecurityContext: {capabilities: {drop: [CAP_SETUID]}}", "", Some("needs SETUID")),
            ("image: nginx\nsecurityContext: {capabilities: {drop: [NET_RAW]}}", "", None),
            ("image: nginx\nsecurityContext: {runAsUser: 101, capabilities: {drop: [ALL]}}", "", None),
            (
                "image: nginx\nsecurityContext: {capabilities: {drop: [ALL]}}",
                "securityContext: {runAsUser: 101}",
                None,
            ),
            (
                "image: redis\ncommand: [redis-server]\nsecurityContext: {capabilities: {drop: [ALL]}}",
                "",
                None,
            ),
            ("image: memcached\nsecurityContext: {capabilities: {drop: [ALL]}}", "", None),
            ("image: node\nsecurityContext: {capabilities: {drop: [ALL]}}", "", None),
            (
                "image: nginx\nsecurityContext: {privileged: true, capabilities: {drop: [ALL]}}",
                "",
                Some("without privileged it would not start"),
            ),
            ("image: nginx\nsecurityContext: {runAsNonRoot: true}", "", Some("image's user is root")),
            ("image: nginx", "securityContext: {runAsNonRoot: true}", Some("image's user is root")),
            (
                "image: nginx\nsecurityContext: {runAsNonRoot: false}",
                "securityContext: {runAsNonRoot: true}",
                None,
            ),
            ("image: nginx\nsecurityContext: {runAsNonRoot: true, runAsUser: 101}", "", None),
            ("image: nginxinc/nginx-unprivileged\nsecurityContext: {runAsNonRoot: true}", "", None),
            ("image: memcached\nsecurityContext: {runAsNonRoot: true}", "", Some("user is memcache")),
            (
                "image: corp/app\nsecurityContext: {runAsNonRoot: true, runAsUser: 0}",
                "",
                Some("runAsUser is root's 0"),
            ),
        ] {
            let pod = pod(&manifest(lines, spec));
            let Coverage::Writable(coverage) = &pod.containers[0].coverage else { panic!("{lines}") };
            match (coverage, told) {
                (Ok(_), None) => {}
                (Err(why), Some(told)) => assert!(why.contains(told), "{lines}: {why}"),
                _ => panic!("{lines} {spec}: {coverage:?}"),
            }
        }
    }
}
