//! `mutable-image`: an image is named by what can be given to another one: a tag, or nothing.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::Name;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "mutable-image",
    severity: Severity::Low,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| {
        let image = container.image.as_deref().filter(|image| !Name::of(image).pinned)?;
        Some(draft.finding("").expecting("a digest", image))
    });
}

fn message(finding: &Finding) -> String {
    let image = finding.observed.as_deref().unwrap_or_default();
    match Name::of(image).tag {
        "" | "latest" => {
            format!("{image} is whatever image is the latest when it is pulled: name its digest")
        }
        _ => format!("{image} can become another image, since tags can be moved: name its digest"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, of_container};

    #[test]
    fn only_a_digest_is_always_the_same() {
        let told = |image: &str| of_container("mutable-image", &container(&format!("image: {image}")));
        assert!(
            told("nginx:1.27")[0]
                .starts_with("mutable-image///Pod/-/web c low: nginx:1.27 can become another image")
        );
        assert!(told("registry.corp:5000/web")[0].contains("the latest when"));
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert!(told(&format!("nginx:1.27@{digest}")).is_empty());
        assert_eq!(told("nginx@sha256:abc").len(), 1);
    }
}
