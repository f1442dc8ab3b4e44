//! What one table of a TOML inventory says of how a host is reached.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::draft::Vars;
use crate::ssh_config::Directive;

/// The settings that are said; paths are resolved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) address: Option<String>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) identity: Option<PathBuf>,
    pub(super) known_hosts: Option<PathBuf>,
    pub(super) jump: Option<String>,
    pub(super) connection: Option<String>,
}

impl Says {
    pub(super) fn directives(&self) -> Vec<Directive> {
        let says = [
            ("user", self.user.clone()),
            ("port", self.port.map(|port| port.to_string())),
            ("identityfile", self.identity.as_deref().map(as_written)),
            ("userknownhostsfile", self.known_hosts.as_deref().map(as_written)),
            ("proxyjump", self.jump.clone()),
        ];
        let said = says.into_iter().filter_map(|(keyword, value)| Some((keyword, value?)));
        said.map(|(keyword, value)| Directive::new(keyword, value, "the inventory")).collect()
    }

    /// What holds of jump hosts that are not in the inventory: all but where they listen and how they are
    /// reached.
    pub(super) fn of_hops(&self) -> Vec<Directive> {
        Self { port: None, jump: None, ..self.clone() }.directives()
    }

    /// The same in Ansible's variables.
    pub(super) fn as_vars(&self) -> Vars {
        let args = [
            // The inner quotes are ssh's, which takes a blank for the end of a file's name.
            self.known_hosts.as_ref().map(|path| format!("-o 'UserKnownHostsFile=\"{}\"'", as_written(path))),
            self.jump.as_ref().map(|jump| format!("-J {jump}")),
        ];
        let args: Vec<String> = args.into_iter().flatten().collect();
        let vars = [
            ("ansible_host", self.address.clone().map(Value::from)),
            ("ansible_port", self.port.map(Value::from)),
            ("ansible_user", self.user.clone().map(Value::from)),
            (
                "ansible_ssh_private_key_file",
                self.identity.as_ref().map(|path| path.to_string_lossy().into()),
            ),
            ("ansible_connection", self.connection.clone().map(Value::from)),
            ("ansible_ssh_common_args", (!args.is_empty()).then(|| Value::from(args.join(" ")))),
        ];
        vars.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// A path as ssh's configuration would have it: a percent sign stands for itself.
pub(super) fn as_written(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}

/// `~/` is the home folder; other relative paths are relative to `folder`.
pub(super) fn resolve(path: &str, folder: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}
