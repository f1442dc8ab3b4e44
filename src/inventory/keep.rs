//! An inventory as one TOML text, for whoever compares its hosts again later: names, groups, maintenance. How hosts are
//! reached, and their variables, are left out.

use super::Inventory;

impl Inventory {
    /// The text; [`Inventory::from_text`] makes an inventory of it whose hosts stand in the same order, in the same
    /// groups.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Before the groups, so that hosts stand in their own order.
        for host in &self.hosts {
            text.push_str(&format!("[hosts.{}]\n", quoted(&host.name)));
            if let Some(reason) = &host.maintenance {
                text.push_str(&format!("maintenance = {}\n", quoted(reason)));
            }
        }
        for name in self.group_names() {
            let Some(group) = self.groups.get(name) else { continue };
            let hosts = group.hosts.iter().filter_map(|host| self.host(*host));
            let hosts: Vec<String> = hosts.map(|host| quoted(&host.name)).collect();
            let children: Vec<String> = group.children.iter().map(|child| quoted(child)).collect();
            text.push_str(&format!(
                "[groups.{}]\nhosts = [{}]\nchildren = [{}]\n",
                quoted(name),
                hosts.join(", "),
                children.join(", ")
            ));
        }
        text
    }
}

/// A basic string of TOML, which every JSON string is but for what follows a backslash: both have the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
