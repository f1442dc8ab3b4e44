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
    let vars = listing.each().filter(|host| !host.vars.is_empty());
    let vars: Map<String, Value> = vars.map(|host| (host.name.clone(), host.vars.clone().into())).collect();
    let mut whole = Map::new();
    whole.insert("_meta".to_owned(), json!({ "hostvars": vars }));
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
