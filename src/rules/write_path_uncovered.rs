//! `write-path-uncovered`: the root is read-only, and the image must write where no volume is: it fails.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::Coverage;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "write-path-uncovered",
    severity: Severity::High,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| match &container.coverage {
        Coverage::Uncovered { paths, hidden, .. } => {
            let expected = format!("writable volumes at {}", paths.join(", "));
            let finding = draft.finding("").expecting(&expected, "none").about(paths.clone());
            Some(finding.noting(hidden.as_str()))
        }
        _ => None,
    });
}

fn message(finding: &Finding) -> String {
    let paths = match &finding.evidence {
        super::Evidence::Declared(said) => said.paths.join(", "),
        _ => String::new(),
    };
    let hidden = match finding.note() {
        "" => String::new(),
        hidden => format!(": {hidden}"),
    };
    format!("it would fail: its root is read-only, and nothing writable covers {paths}{hidden}")
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, of_container};

    #[test]
    fn what_the_image_writes_must_be_covered_once_the_root_is_read_only() {
        let told = of_container(
            "write-path-uncovered",
            &container("image: nginx:1.27\nsecurityContext: {readOnlyRootFilesystem: true}"),
        );
        assert_eq!(
            told,
            [
                "write-path-uncovered///Pod/-/web c high: it would fail: its root is read-only, and nothing writable covers /var/cache/nginx, /run"
            ]
        );
        assert!(of_container("write-path-uncovered", &container("image: nginx")).is_empty());
        let hides = container(
            "image: nginx\nsecurityContext: {readOnlyRootFilesystem: true}\nvolumeMounts: [{name: v, mountPath: /var}, {name: v, mountPath: /run}]",
        )
        .replace("spec:\n", "spec:\n  volumes: [{name: v, emptyDir: {}}]\n");
        let told = of_container("write-path-uncovered", &hides);
        assert!(
            told[0].ends_with("covers /var/cache/nginx: the emptyDir v at /var hides /var/cache/nginx"),
            "{told:?}"
        );
        let none = container("image: memcached\nsecurityContext: {readOnlyRootFilesystem: true}");
        assert!(of_container("write-path-uncovered", &none).is_empty());
    }
}
