//! Hosts named on the command line: `web-01`, `admin@web-02:2222`, `[2001:db8::1]:22`, ranges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Map;

use super::is_host_name;
use super::route::{Route, SshRoute, of_command_line, unbracketed};
use super::{Host, HostId, Inventory, Overrides};
use crate::hostlist::expand;
use crate::ssh_config::Directive;

/// An argument that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{argument}` names no host: {why}")]
pub struct AdhocError {
    /// The argument.
    pub argument: String,
    /// What is wrong with it.
    pub why: String,
}

/// `user@host:port`, taken apart.
struct Parts<'a> {
    user: Option<&'a str>,
    name: &'a str,
    port: Option<u16>,
}

impl Inventory {
    /// The hosts that arguments name, each once. One that the inventory has keeps its settings, but for
    /// the user and the port that the argument gives; another is added, in no group.
    pub fn add_adhoc(
        &mut self,
        arguments: &[String],
        overrides: &Overrides,
    ) -> Result<Vec<HostId>, AdhocError> {
        let mut ids = Vec::new();
        let mut ends: BTreeMap<HostId, (Option<&str>, Option<u16>)> = BTreeMap::new();
        for argument in arguments {
            let error = |why: String| AdhocError { argument: argument.clone(), why };
            let parts = Parts::of(argument).map_err(&error)?;
            for name in expand(parts.name).map_err(|wrong| error(wrong.message))? {
                if !is_host_name(&name) {
                    return Err(error("a host is [USER@]NAME[:PORT]".to_owned()));
                }
                let id = self.adhoc(unbracketed(&name), &parts, overrides);
                let end = (parts.user, parts.port);
                if ends.insert(id, end).is_some_and(|before| before != end) {
                    let why = "it was named before with another user or port; one run asks a host once";
                    return Err(error(why.to_owned()));
                }
                ids.push(id);
            }
        }
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        Ok(ids)
    }

    fn adhoc(&mut self, name: &str, parts: &Parts<'_>, overrides: &Overrides) -> HostId {
        let id = self.find(name).unwrap_or_else(|| self.add_ungrouped(new_host(name, overrides)));
        if let Some(Host { route: Route::Ssh(route), .. }) = self.hosts.get_mut(id.0 as usize) {
            let user = parts.user.map(|user| Directive::new("user", user, "the argument"));
            let port = parts.port.map(|port| Directive::new("port", port.to_string(), "the argument"));
            let said: Vec<Directive> = user.into_iter().chain(port).collect();
            if !said.is_empty() {
                **route = route.with(said, &overrides.ssh);
            }
        }
        id
    }
}

fn new_host(name: &str, overrides: &Overrides) -> Host {
    let route = SshRoute::new(name, name, of_command_line(overrides), &overrides.ssh);
    Host {
        name: name.to_owned(),
        groups: BTreeSet::new(),
        leaf_groups: BTreeSet::new(),
        route: Route::Ssh(Box::new(route)),
        maintenance: None,
        vars: Map::new(),
        of_hops: Arc::default(),
    }
}

impl<'a> Parts<'a> {
    fn of(argument: &'a str) -> Result<Self, String> {
        let (user, rest) = match argument.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, argument),
        };
        if user.is_some_and(|user| {
            user.is_empty() || user.starts_with('-') || user.contains(char::is_whitespace)
        }) {
            return Err("the user before `@` makes no sense".to_owned());
        }
        if argument.contains("://") {
            return Err("it is no address of the web: [USER@]NAME[:PORT]".to_owned());
        }
        let (name, port) = split_port(rest);
        let is_address = name.starts_with('[')
            || name
                .split_once('%')
                .map_or(name, |(address, _)| address)
                .parse::<std::net::Ipv6Addr>()
                .is_ok();
        if name.contains(':') && !name.contains('[') && !is_address {
            return Err(
                "it has more colons than [USER@]NAME[:PORT]; an IPv6 address with a port stands in brackets"
                    .to_owned(),
            );
        }
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return Err("a port is a number from 1 to 65535".to_owned()),
        };
        Ok(Self { user, name, port })
    }
}

/// The port follows the last colon, unless that is one of a bare IPv6 address or stands in a range.
fn split_port(text: &str) -> (&str, Option<&str>) {
    // A bare IPv6 address, perhaps with a zone: fe80::1%eth0.
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        return (text, None);
    }
    match text.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh_config::{Config, Me};

    fn overrides() -> Overrides {
        let me = Me { login: "me".into(), ..Me::default() };
        Overrides { ssh: Arc::new(Config::without_files(me)), ..Overrides::default() }
    }

    fn route(inventory: &Inventory, id: HostId) -> (String, u16, String) {
        match &inventory.host(id).unwrap().route {
            Route::Ssh(route) => {
                let settings = &route.settings;
                (settings.host_name.clone(), settings.port, settings.user.clone())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn user_and_port_are_taken_from_the_argument() {
        let mut inventory = Inventory::default();
        let arguments =
            ["web-01", "admin@web-02:2222", "[2001:db8::1]:2200", "2001:db8::2", "n[1:2]"].map(str::to_owned);
        let ids = inventory.add_adhoc(&arguments, &overrides()).unwrap();
        let routes: Vec<_> = ids.iter().map(|id| route(&inventory, *id)).collect();
        let expected = [
            ("web-01", 22, "me"),
            ("web-02", 2222, "admin"),
            ("2001:db8::1", 2200, "me"),
            ("2001:db8::2", 22, "me"),
            ("n1", 22, "me"),
            ("n2", 22, "me"),
        ];
        assert_eq!(routes, expected.map(|(address, port, user)| (address.to_owned(), port, user.to_owned())));
    }

    #[test]
    fn a_host_of_the_inventory_keeps_its_settings() {
        let text = "[hosts.web-01]\naddress = \"192.0.2.1\"\nport = 2222\nuser = \"audit\"\n";
        let mut inventory = Inventory::from_text("i.toml", text, &overrides()).unwrap();
        let ids = inventory.add_adhoc(&["web-01".to_owned(), "web-01".to_owned()], &overrides()).unwrap();
        assert_eq!(ids.len(), 1);
        assert_eq!(route(&inventory, ids[0]), ("192.0.2.1".to_owned(), 2222, "audit".to_owned()));
        let ids = inventory.add_adhoc(&["root@web-01".to_owned()], &overrides()).unwrap();
        assert_eq!(route(&inventory, ids[0]), ("192.0.2.1".to_owned(), 2222, "root".to_owned()));
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for argument in [
            "",
            "-oProxyCommand=x",
            "a b",
            "@web",
            "web:0",
            "web:99999",
            "web/1",
            "web-[5:1]",
            "we\u{1b}b",
            "h:22:33",
            "ssh://root@h",
        ] {
            assert!(
                Inventory::default().add_adhoc(&[argument.to_owned()], &overrides()).is_err(),
                "{argument}"
            );
        }
    }
}
