//! `volume-executable`: what is written to a volume can be run: Kubernetes mounts none of them noexec.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "volume-executable",
    severity: Severity::Info,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| {
        // Where the root itself is writable, a volume makes it no worse.
        if !container.has_read_only_root() || declared.pod.windows {
            return None;
        }
        let writable = container.mounts.iter().filter(|mount| mount.is_writable(declared.pod));
        let paths: Vec<String> = writable.map(|mount| mount.path.clone()).collect();
        (!paths.is_empty()).then(|| draft.finding("").about(paths))
    });
}

fn message(finding: &Finding) -> String {
    let paths = match &finding.evidence {
        super::Evidence::Declared(said) => said.paths.join(", "),
        _ => String::new(),
    };
    format!("what is written to {paths} can be run: Kubernetes mounts no volume noexec")
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{manifest, of_container};

    #[test]
    fn writable_volumes_under_a_read_only_root_are_told() {
        let text = |read_only: bool| {
            let lines = format!(
                "securityContext: {{readOnlyRootFilesystem: {read_only}}}\nvolumeMounts: [{{name: a, mountPath: /a}}, {{name: b, mountPath: /b}}]"
            );
            manifest(&lines, "volumes: [{name: a, emptyDir: {}}, {name: b, configMap: {name: x}}]")
        };
        let told = of_container("volume-executable", &text(true));
        assert_eq!(
            told,
            [
                "volume-executable///Pod/-/web c info: what is written to /a can be run: Kubernetes mounts no volume noexec"
            ]
        );
        assert!(of_container("volume-executable", &text(false)).is_empty());
    }
}
