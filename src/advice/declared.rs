//! What to write in a manifest instead.

use super::entry;
use crate::rules::{Evidence, Finding};

/// What puts a finding about a manifest right, in one line; `None` for any other.
pub fn fix(finding: &Finding) -> Option<String> {
    // Where a host runs something else, its manifest needs no change.
    let (Evidence::Declared(said), None) = (&finding.evidence, &finding.host) else { return None };
    let steps = &entry(finding.rule.id)?.manifest;
    let observed = finding.observed.as_deref().unwrap_or_default();
    let filled = steps.join("; ").replace("{observed}", observed).replace("{paths}", &said.paths.join(", "));
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::found_in_manifest;

    #[test]
    fn a_fix_names_what_the_finding_is_about() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: c, image: nginx, securityContext: {readOnlyRootFilesystem: true}}]\n";
        let findings = found_in_manifest(text);
        let told = findings.iter().filter_map(fix).collect::<Vec<_>>().join("\n");
        assert!(told.contains("sizeLimit at each of /var/cache/nginx, /run"), "{told}");
        assert!(told.contains("docker://nginx"), "{told}");
        assert!(!told.contains('{'), "{told}");
    }
}
