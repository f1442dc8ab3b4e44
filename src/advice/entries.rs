//! Advice as data: one file a rule, its name the rule's id.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/advice/entries");

/// A file that does not parse is missing here, which the tests below do not let pass.
static ENTRIES: LazyLock<BTreeMap<&'static str, Entry>> = LazyLock::new(|| {
    let files =
        FILES.files().filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)));
    files.filter_map(|(id, text)| Some((id, toml::from_str(text).ok()?))).collect()
});

/// What a rule means and what its findings ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What a finding says.
    pub means: String,
    /// Why it matters.
    pub why: String,
    /// What it asks for.
    pub action: Action,
    /// The host's own commands that put it right, in order; `{subject}`, `{expected}` and `{observed}` are
    /// the finding's.
    #[serde(default)]
    pub run: Vec<String>,
    /// The same for Ansible: modules and their arguments, `service -a 'name={subject} state=restarted'`.
    #[serde(default)]
    pub ansible: Vec<String>,
    /// What a person has to do before anything else.
    #[serde(default)]
    pub first: Vec<String>,
    /// What a person has to do, or to know.
    #[serde(default)]
    pub say: Vec<String>,
    /// What to write in a manifest; `{paths}` and `{observed}` are the finding's.
    #[serde(default)]
    pub manifest: Vec<String>,
    /// What to do where that depends on the host: what `driftless explain` says, and no advice.
    #[serde(default)]
    pub instead: Vec<String>,
    /// What raises or lowers the severity.
    #[serde(default)]
    pub varies: Vec<String>,
}

/// What a finding asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing to be done on the host.
    #[default]
    None,
    /// Commands put it right.
    Repair,
    /// Commands would leave the cause in place.
    Replace,
    /// A person must decide first.
    Investigate,
}

/// The entry of a rule.
pub fn entry(rule: &str) -> Option<&'static Entry> {
    ENTRIES.get(rule)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_and_entries_match_one_to_one() {
        let rules: BTreeSet<&str> = crate::rules::ALL.iter().map(|rule| rule.id).collect();
        let files: BTreeSet<&str> =
            FILES.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
        assert_eq!(files, rules);
        assert_eq!(ENTRIES.keys().copied().collect::<BTreeSet<_>>(), rules, "an entry does not parse");
    }

    #[test]
    fn what_manifests_declare_has_its_fix_in_words_of_manifests() {
        use crate::rules::Check;
        for rule in crate::rules::ALL {
            let declared = matches!(rule.check, Check::Manifest(_) | Check::Container { .. });
            assert_eq!(entry(rule.id).unwrap().manifest.is_empty(), !declared, "{}", rule.id);
        }
    }
}
