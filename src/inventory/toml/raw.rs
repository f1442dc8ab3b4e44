//! The inventory file as it is written: names not expanded, defaults not filled in.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::inventory::says::{Says, resolve};

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) defaults: Settings,
    #[serde(default)]
    pub(super) groups: BTreeMap<Spanned<String>, Group>,
    #[serde(default)]
    pub(super) hosts: BTreeMap<Spanned<String>, Host>,
}

/// `[groups.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) children: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) vars: toml::Table,
}

/// `[hosts."NAME"]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) address: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<i64>>,
    pub(super) user: Option<Spanned<String>>,
    pub(super) identity: Option<Spanned<String>>,
    pub(super) known_hosts: Option<Spanned<String>>,
    pub(super) jump: Option<Spanned<String>>,
    pub(super) connection: Option<Spanned<String>>,
    pub(super) maintenance: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) vars: toml::Table,
}

/// `[defaults]`: what hosts have that say nothing else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) user: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<i64>>,
    pub(super) identity: Option<Spanned<String>>,
    pub(super) known_hosts: Option<Spanned<String>>,
    pub(super) jump: Option<Spanned<String>>,
    pub(super) connection: Option<Spanned<String>>,
    /// How many hosts with the same value of a variable may be asked at a time.
    #[serde(default)]
    pub(super) cap: BTreeMap<String, Spanned<i64>>,
}

impl File {
    /// The groups, as they stand in the file.
    pub(super) fn in_order(&self) -> Vec<(&Spanned<String>, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(name, _)| name.span().start);
        groups
    }
}

impl Host {
    pub(super) fn says(&self, folder: &Path, home: Option<&Path>) -> Says {
        let path =
            |path: &Option<Spanned<String>>| path.as_ref().map(|path| resolve(path.get_ref(), folder, home));
        Says {
            address: text(self.address.as_ref()),
            user: text(self.user.as_ref()),
            port: self.port.as_ref().and_then(port_of),
            identity: path(&self.identity),
            known_hosts: path(&self.known_hosts),
            jump: text(self.jump.as_ref()),
            connection: text(self.connection.as_ref()),
        }
    }
}

impl Settings {
    pub(super) fn says(&self, folder: &Path, home: Option<&Path>) -> Says {
        let path =
            |path: &Option<Spanned<String>>| path.as_ref().map(|path| resolve(path.get_ref(), folder, home));
        Says {
            address: None,
            user: text(self.user.as_ref()),
            port: self.port.as_ref().and_then(port_of),
            identity: path(&self.identity),
            known_hosts: path(&self.known_hosts),
            jump: text(self.jump.as_ref()),
            connection: text(self.connection.as_ref()),
        }
    }
}

fn text(text: Option<&Spanned<String>>) -> Option<String> {
    text.map(|text| text.get_ref().clone())
}

pub(super) fn port_of(port: &Spanned<i64>) -> Option<u16> {
    u16::try_from(*port.get_ref()).ok().filter(|port| *port > 0)
}
