//! The inventory file as it is written: names not expanded, defaults not filled in.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

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
    pub(super) identity: Option<String>,
    pub(super) known_hosts: Option<String>,
    pub(super) jump: Option<Spanned<String>>,
    pub(super) connection: Option<Spanned<String>>,
    pub(super) maintenance: Option<String>,
    #[serde(default)]
    pub(super) vars: toml::Table,
}

/// `[defaults]`: what hosts have that say nothing else.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) user: Option<Spanned<String>>,
    pub(super) port: Option<Spanned<i64>>,
    pub(super) identity: Option<String>,
    pub(super) known_hosts: Option<String>,
    pub(super) jump: Option<Spanned<String>>,
    pub(super) connection: Option<Spanned<String>>,
}
