//! `[[cluster]]`: a name of its own and the hosts that are compared with each other.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::raw::{RawCluster, Text};
use crate::playbook::{ClusterEntry, Place, Playbook};

/// How to name a cluster.
const NAME: &str = "give it a name of its own, such as `web`: reports and `--cluster` use it";
/// How to say which hosts.
const HOSTS: &str =
    "say which hosts are compared with each other, as Ansible's pattern: `hosts = \"web:&prod\"`";

impl Check<'_, '_> {
    /// Every `[[cluster]]` of one file.
    pub(super) fn clusters(&mut self, raw: Vec<Spanned<RawCluster>>, whole: &mut Playbook) {
        let mut names = Names {
            before: whole.clusters.iter().map(|one| (one.name.clone(), one.place.clone())).collect(),
            here: BTreeMap::new(),
        };
        whole.clusters.extend(raw.into_iter().filter_map(|entry| self.cluster(entry, &mut names)));
    }

    fn cluster(&mut self, raw: Spanned<RawCluster>, names: &mut Names) -> Option<ClusterEntry> {
        let entry = Entry { kind: "[[cluster]]", span: raw.span() };
        let raw = raw.into_inner();
        let name =
            self.required(&entry, "name", raw.name, NAME).and_then(|name| self.cluster_name(name, names));
        if raw.hosts.is_none() {
            self.missing(&entry, "hosts", HOSTS);
        }
        let hosts = self.hosts(raw.hosts);
        Some(ClusterEntry { name: name?, hosts: hosts?, place: self.place(&entry) })
    }

    fn cluster_name(&mut self, name: Text, names: &mut Names) -> Option<String> {
        let name = self.visible("name", name, NAME)?;
        let (text, span) = (name.get_ref(), name.span());
        if text.contains(['*', '?', '[', ']']) {
            let title = format!("`{text}` is no cluster name");
            self.mistakes.add(span, title, "a name, not a pattern", "which hosts it has is said by `hosts`");
            return None;
        }
        let title = format!("two clusters are called `{text}`");
        if let Some(first) = names.here.get(text) {
            let first = Some((first.clone(), "the first one"));
            self.mistakes.add_with(
                span,
                title,
                "the second one",
                "rename one of them, or merge their `hosts`",
                first,
            );
            return None;
        }
        if let Some(first) = names.before.get(text) {
            let label = format!("the first one is at {first}");
            self.mistakes.add(span, title, label, "rename one of them, or give one playbook alone");
            return None;
        }
        names.here.insert(text.clone(), span);
        Some(name.into_inner())
    }
}

/// The clusters' names so far.
struct Names {
    /// Of the files before this one.
    before: BTreeMap<String, Place>,
    /// Of this file.
    here: BTreeMap<String, Range<usize>>,
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{load, right, wrong};

    #[test]
    fn a_cluster_has_a_name_hosts_and_a_place() {
        let playbook = right("\n[[cluster]]\nname = \"web tier\"\nhosts = \"web:&prod\"\n");
        let [cluster] = playbook.clusters.as_slice() else { panic!("{playbook:?}") };
        assert_eq!((cluster.name.as_str(), cluster.place.to_string().as_str()), ("web tier", "a.toml:2"));
    }

    #[test]
    fn a_cluster_without_name_or_hosts_is_told() {
        wrong("[[cluster]]\nhosts = \"web\"\n", "1:1", &["`[[cluster]]` without `name`", "`--cluster`"]);
        wrong(
            "[[cluster]]\nname = \"web\"\n",
            "1:1",
            &["`[[cluster]]` without `hosts`", "hosts = \"web:&prod\""],
        );
    }

    #[test]
    fn a_name_that_is_none_is_told() {
        let cluster = |name: &str| format!("[[cluster]]\nhosts = \"web\"\nname = {name}\n");
        wrong(&cluster("\" \""), "3:8", &["empty `name`", "such as `web`"]);
        wrong(&cluster("\"*\""), "3:8", &["`*` is no cluster name", "said by `hosts`"]);
        wrong(&cluster("\"web-[1:3]\""), "3:8", &["`web-[1:3]` is no cluster name"]);
        wrong(&cluster(r#""we\u001bb""#), "3:8", &["control character in `name`", "such as `web`"]);
    }

    #[test]
    fn two_clusters_of_one_name_show_both_places() {
        let one = "[[cluster]]\nname = \"web\"\nhosts = \"web\"\n";
        let words = ["two clusters are called `web`", "the first one", "the second one", "rename one"];
        wrong(&one.repeat(2), "5:8", &words);
        let shown = load(&[one, one]).unwrap_err().to_string();
        assert!(
            shown.contains("--> b.toml:2:8") && shown.contains("the first one is at a.toml:1"),
            "{shown}"
        );
    }
}
