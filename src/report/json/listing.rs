//! The inventory in the shape of `ansible-inventory --list`, as Ansible's documentation of inventory scripts
//! has it: what `driftless hosts --format json` prints can be Ansible's inventory again.

use std::collections::HashSet;

use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value, json};

use crate::inventory::HostId;
use crate::report::Listing;

/// The JSON, ending with a line break. Groups without hosts and children, and hosts without variables, are
/// left out.
pub(in crate::report) fn render(listing: &Listing<'_>) -> String {
    let vars = listing.each().map(|host| (host.name.clone(), own_vars(&host.vars)));
    let vars: Map<String, Value> =
        vars.filter(|(_, vars)| !vars.is_empty()).map(|(name, vars)| (name, vars.into())).collect();
    let mut whole = Map::new();
    // The profile says how Ansible, since its core 2.19, reads values that are not to be trusted.
    whole.insert("_meta".to_owned(), json!({ "hostvars": vars, "profile": "inventory_legacy" }));
    whole.insert("all".to_owned(), json!({ "children": listing.inventory.tops() }));
    let wanted: HashSet<HostId> = listing.hosts.iter().copied().collect();
    let names = |hosts: &[HostId]| -> Vec<&str> {
        let hosts = hosts.iter().filter(|id| wanted.contains(id));
        hosts.filter_map(|id| listing.inventory.host(*id)).map(|host| host.name.as_str()).collect()
    };
    let groups = listing.inventory.groups.iter();
    let groups = groups.map(|(name, group)| (name.as_str(), names(&group.hosts), group.children.as_slice()));
    let ungrouped = ("ungrouped", names(listing.inventory.ungrouped()), [].as_slice());
    for (name, hosts, children) in groups.chain([ungrouped]) {
        let hosts = (!hosts.is_empty()).then(|| ("hosts".to_owned(), hosts.into()));
        let children = (!children.is_empty()).then(|| ("children".to_owned(), children.into()));
        let entry: Map<String, Value> = hosts.into_iter().chain(children).collect();
        if !entry.is_empty() {
            whole.insert(name.to_owned(), entry.into());
        }
    }
    pretty(&whole)
}

/// Variables that Ansible sets itself, whatever an inventory says, and therefore leaves out.
const MAGIC: [&str; 22] = [
    "ansible_config_file",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_hosts",
    "ansible_playbook_python",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_names",
];

fn own_vars(vars: &Map<String, Value>) -> Map<String, Value> {
    let own = vars.iter().filter(|(name, _)| !MAGIC.contains(&name.as_str()));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Set in by four blanks, as Ansible does.
fn pretty(whole: &Map<String, Value>) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(b"    "));
    // Writing into memory does not fail, and every key is a text.
    let _ = whole.serialize(&mut serializer);
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    text.push('\n');
    text
}
