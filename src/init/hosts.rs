//! From hosts to a pattern: how a playbook names exactly these, and no others.
//!
//! Whatever is thought of is read and resolved as the playbook's reader would do it, and taken only if it
//! means the same hosts: so names that look like ranges, globs or groups do no harm.

use std::collections::BTreeSet;

use crate::hostlist::fold;
use crate::inventory::pattern::Pattern;
use crate::inventory::{Host, HostId, Inventory};

/// How many groups a pattern excludes at most; beyond that, names are easier to read.
const MOST_EXCLUDED: usize = 2;

/// An Ansible pattern that means exactly these hosts: a group, groups intersected, or names. `None` where
/// no pattern does, since a group has a host's name.
pub(super) fn pattern(inventory: &Inventory, hosts: &BTreeSet<HostId>) -> Option<String> {
    let by_groups = || by_groups(inventory, hosts);
    by_groups().into_iter().chain(named(inventory, hosts)).find(|text| means(inventory, text, hosts))
}

/// A pattern of names alone.
pub(super) fn names(inventory: &Inventory, hosts: &BTreeSet<HostId>) -> Option<String> {
    named(inventory, hosts).into_iter().find(|text| means(inventory, text, hosts))
}

fn means(inventory: &Inventory, text: &str, hosts: &BTreeSet<HostId>) -> bool {
    let selection = Pattern::parse(text).map(|pattern| pattern.select(inventory));
    selection.is_ok_and(|selection| selection.unmatched.is_empty() && selection.hosts == *hosts)
}

/// Folded into ranges, and one by one, for names that ranges would garble.
fn named(inventory: &Inventory, hosts: &BTreeSet<HostId>) -> [String; 2] {
    let names: Vec<&str> =
        hosts.iter().filter_map(|id| inventory.host(*id)).map(|host| host.name.as_str()).collect();
    [fold(&names), names.join(",")]
}

/// Patterns that may mean them, the simplest first.
fn by_groups(inventory: &Inventory, hosts: &BTreeSet<HostId>) -> Vec<String> {
    let Some(first) = hosts.first().and_then(|id| inventory.host(*id)) else { return Vec::new() };
    if inventory.groups.is_empty() {
        return Vec::new();
    }
    if first.leaf_groups.is_empty() {
        return vec!["ungrouped".to_owned()];
    }
    let all = first.leaf_groups.iter().map(String::as_str).collect::<Vec<_>>().join(":&");
    let mut patterns: Vec<String> = first.leaf_groups.iter().chain(&first.groups).cloned().collect();
    patterns.push(all.clone());
    patterns.extend(excluding(inventory, first, &all));
    patterns
}

/// The intersection without the other leaf groups that reach into it: `web:!canary`.
fn excluding(inventory: &Inventory, first: &Host, all: &str) -> Option<String> {
    let own = &first.leaf_groups;
    let inside = inventory.hosts.iter().filter(|host| host.leaf_groups.is_superset(own));
    let others: BTreeSet<&String> = inside.flat_map(|host| host.leaf_groups.difference(own)).collect();
    let without: String = others.iter().map(|other| format!(":!{other}")).collect();
    (!others.is_empty() && others.len() <= MOST_EXCLUDED).then(|| format!("{all}{without}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::Overrides;

    fn of(inventory: &str, hosts: &[&str]) -> Option<String> {
        let inventory = Inventory::from_text("inventory", inventory, &Overrides::default()).unwrap();
        pattern(&inventory, &hosts.iter().map(|name| inventory.find(name).unwrap()).collect())
    }

    const GROUPS: &str = "
[groups]
web = { hosts = ['a1', 'a2', 'b1', 'c1'] }
prod = { hosts = ['a1', 'a2', 'd1'] }
canary = { hosts = ['b1'] }
site = { children = ['web', 'prod'] }
[hosts]
lone = {}
single = {}
";

    #[test]
    fn groups_name_hosts_where_they_can() {
        assert_eq!(of(GROUPS, &["a1", "a2", "b1", "c1"]).as_deref(), Some("web"));
        assert_eq!(of(GROUPS, &["a1", "a2"]).as_deref(), Some("prod:&web"));
        assert_eq!(of(GROUPS, &["b1"]).as_deref(), Some("canary"));
        assert_eq!(of(GROUPS, &["a1", "a2", "b1", "c1", "d1"]).as_deref(), Some("site"));
        assert_eq!(of(GROUPS, &["c1"]).as_deref(), Some("web:!canary:!prod"));
        assert_eq!(of(GROUPS, &["lone", "single"]).as_deref(), Some("ungrouped"));
        assert_eq!(of(GROUPS, &["a1", "c1"]).as_deref(), Some("a1,c1"));
    }

    #[test]
    fn hosts_without_any_group_are_named() {
        let flat = "[hosts]\n'n-01' = {}\n'n-02' = {}\n'2001:db8::1' = {}\n";
        assert_eq!(of(flat, &["n-01", "n-02"]).as_deref(), Some("n-[01-02]"));
        assert_eq!(of(flat, &["2001:db8::1"]).as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn a_host_that_has_the_name_of_a_group_is_told_from_it() {
        let inventory = "[groups]\nweb = { hosts = ['web', 'other', 'third'] }\n";
        assert_eq!(of(inventory, &["web", "third"]).as_deref(), Some("third,web"));
    }

    proptest! {
        #[test]
        fn whatever_is_written_means_these_hosts_alone(group in "[a-c:&!~*?,@ \\[\\]\"'0-9]{1,6}", other in "[a-c]") {
            let (name, second) = (toml::Value::from(group.as_str()), toml::Value::from(format!("{other}x")));
            let text = format!("[groups.{second}]\nhosts = ['h1', 'h2']\n[groups.{name}]\nhosts = ['h2', 'h3']\n");
            // Not every text is a name that an inventory takes.
            if let Ok(inventory) = Inventory::from_text("inventory", &text, &Overrides::default()) {
                for host in inventory.ids() {
                    let hosts = BTreeSet::from([host]);
                    let text = pattern(&inventory, &hosts).unwrap();
                    prop_assert_eq!(Pattern::parse(&text).unwrap().select(&inventory).hosts, hosts);
                }
            }
        }
    }
}
