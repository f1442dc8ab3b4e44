//! `coverage-unknown`: the root is read-only, and nobody knows whether the image can do without writing to it, or what
//! else it can write to.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::{Coverage, untold_mounts};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "coverage-unknown",
    severity: Severity::Info,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| {
        if !container.has_read_only_root() || draft.pod().windows {
            return None;
        }
        let mut untold = match &container.coverage {
            Coverage::Unknown(why) | Coverage::Partly { why, .. } => vec![why.clone()],
            _ => Vec::new(),
        };
        untold.extend(untold_mounts(draft.pod(), container));
        (!untold.is_empty()).then(|| draft.finding("").noting(untold.join("; ")))
    });
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, found, manifest, of_container};

    #[test]
    fn a_path_of_the_node_that_may_have_others_below_it_is_told_once() {
        let lines = "image: memcached\nsecurityContext: {readOnlyRootFilesystem: true}\nvolumeMounts: [{name: h, mountPath: /h, readOnly: true}]";
        let told = |path: &str| {
            let volumes = format!("volumes: [{{name: h, hostPath: {{path: {path}}}}}]");
            of_container("coverage-unknown", &manifest(lines, &volumes))
        };
        assert!(told("/srv/data")[0].contains("below the node's /srv/data is not known"));
        assert!(told("/etc/ssl/certs").is_empty() && told("/proc").is_empty());
    }

    #[test]
    fn an_image_that_is_not_known_is_never_passed() {
        let text = container("image: corp/app:1\nsecurityContext: {readOnlyRootFilesystem: true}");
        let of = |playbook: &str| {
            found(playbook, &text).into_iter().filter(|line| line.starts_with("coverage")).collect::<Vec<_>>()
        };
        assert_eq!(
            of(""),
            [
                "coverage-unknown///Pod/-/web c info: which paths corp/app writes is not known: name them in a playbook's [[image]]"
            ]
        );
        assert!(of("[[image]]\nmatch = \"corp/*\"\nwrites = []\n").is_empty());
    }
}
