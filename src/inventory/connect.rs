//! From a host's settings and variables to its route: the names are those of Ansible's ssh plugin.
//!
//! What the inventory says of the host comes first, then the command line, then an inventory's defaults. A
//! variable that is needed and is not known, since it is encrypted or a template, refuses this host alone.

use super::ansible::template::{Scope, Unknown};
use super::draft::Vars;
use super::route::{Refusal, Route, SshRoute, of_command_line, unbracketed};
use super::says::Says;
use super::{Overrides, Password, ssh_args};
use crate::ssh_config::Directive;

/// Connections that are SSH.
const SSH: &[&str] = &[
    "ssh",
    "smart",
    "paramiko",
    "paramiko_ssh",
    "ansible.builtin.ssh",
    "ansible.builtin.paramiko_ssh",
    "ansible.legacy.ssh",
];

/// What is known of one host.
pub(super) struct Described<'d> {
    pub(super) name: &'d str,
    pub(super) own: Option<&'d Says>,
    pub(super) defaults: Option<&'d Says>,
    pub(super) vars: &'d Vars,
}

impl Described<'_> {
    /// How the host is reached.
    pub(super) fn route(&self, overrides: &Overrides) -> Route {
        self.try_route(overrides).unwrap_or_else(Route::Refused)
    }

    fn try_route(&self, overrides: &Overrides) -> Result<Route, Refusal> {
        let own = self.own.and_then(|own| own.connection.clone());
        let default = || self.defaults.and_then(|defaults| defaults.connection.clone());
        let connection = match own {
            Some(own) => own,
            None => self.var("ansible_connection")?.or_else(default).unwrap_or_else(|| "ssh".to_owned()),
        };
        match connection.as_str() {
            "local" | "ansible.builtin.local" => return Ok(Route::Local),
            ssh if SSH.contains(&ssh) => {}
            other => return Err(self.not_ssh(other)),
        }
        let destination = self.destination()?;
        // ssh takes a login name before the address, where none is said elsewhere.
        let (user, address) = match destination.rsplit_once('@') {
            Some((user, address)) => (Some(Directive::new("user", user, "the inventory")), address),
            None => (None, destination.as_str()),
        };
        let mut given = self.own.map(Says::directives).unwrap_or_default();
        given.extend(self.directives()?);
        given.extend(user);
        given.extend(of_command_line(overrides));
        given.extend(self.defaults.map(Says::directives).unwrap_or_default());
        let mut route = SshRoute::new(self.name, unbracketed(address), given, &overrides.ssh);
        let password = self.last(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?;
        route.password = password.map(|(_, password)| Password::new(password));
        Ok(Route::Ssh(Box::new(route)))
    }

    fn destination(&self) -> Result<String, Refusal> {
        let address = self.own.and_then(|own| own.address.clone());
        let (variable, destination) = match address {
            Some(address) => ("address", address),
            None => self
                .last(&["ansible_host", "ansible_ssh_host"])?
                .unwrap_or_else(|| ("name", self.name.to_owned())),
        };
        let odd = |character: char| character.is_whitespace() || character.is_control();
        if destination.is_empty() || destination.starts_with('-') || destination.contains(odd) {
            return Err(Refusal {
                message: format!("its {variable} `{}` is no address", destination.escape_debug()),
                hint: "an address must not be empty, begin with `-`, or hold blanks".to_owned(),
            });
        }
        Ok(destination)
    }

    /// In the order in which Ansible puts them on ssh's command line: the first counts.
    fn directives(&self) -> Result<Vec<Directive>, Refusal> {
        let mut given = self.arguments("ansible_ssh_args")?;
        if let Some((variable, check)) =
            self.last(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])?
        {
            let no = ["false", "no", "off", "0", "n", "f"].contains(&check.to_ascii_lowercase().as_str());
            given.extend(no.then(|| Directive::new("stricthostkeychecking", "no", variable)));
        }
        if let Some((variable, port)) = self.last(&["ansible_port", "ansible_ssh_port"])? {
            given.push(Directive::new("port", number(variable, &port)?, variable));
        }
        let files = ["ansible_private_key_file", "ansible_ssh_private_key_file"];
        for (keyword, names) in [("identityfile", files), ("user", ["ansible_user", "ansible_ssh_user"])] {
            let said = self.last(&names)?.filter(|(_, value)| !value.is_empty());
            given.extend(said.map(|(variable, value)| Directive::new(keyword, value, variable)));
        }
        given.extend(self.arguments("ansible_ssh_common_args")?);
        given.extend(self.arguments("ansible_ssh_extra_args")?);
        Ok(given)
    }

    fn arguments(&self, variable: &str) -> Result<Vec<Directive>, Refusal> {
        let text = self.var(variable)?.unwrap_or_default();
        ssh_args::directives(&text, variable).map_err(|why| Refusal {
            message: format!("its variable `{variable}` has {why}"),
            hint: "`ssh` itself honours it: --transport openssh".to_owned(),
        })
    }

    /// The last of several names that is set, with its value: that one counts.
    fn last(&self, names: &[&'static str]) -> Result<Option<(&'static str, String)>, Refusal> {
        for name in names.iter().rev() {
            if let Some(value) = self.var(name)? {
                return Ok(Some((name, value)));
            }
        }
        Ok(None)
    }

    fn var(&self, name: &str) -> Result<Option<String>, Refusal> {
        let scope = Scope { host: self.name, vars: self.vars };
        scope.text(name).map_err(|unknown| refusal(name, unknown))
    }

    fn not_ssh(&self, connection: &str) -> Refusal {
        Refusal {
            message: format!("its connection is `{}`, which is not SSH", connection.escape_debug()),
            hint: format!("leave it out: --limit 'all:!{}'", self.name),
        }
    }
}

fn number(variable: &str, port: &str) -> Result<String, Refusal> {
    // Ansible takes `22.0`, too.
    let whole = port.trim().split_once('.').map_or(port.trim(), |(whole, zeros)| {
        if zeros.chars().all(|zero| zero == '0') { whole } else { port }
    });
    match whole.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port.to_string()),
        _ => Err(Refusal {
            message: format!("its variable `{variable}` is `{}`, which is no port", port.escape_debug()),
            hint: "a port is a number from 1 to 65535".to_owned(),
        }),
    }
}

/// Why a variable that is needed is not known.
fn refusal(variable: &str, unknown: Unknown) -> Refusal {
    let needs = |other: &str| match other == variable {
        true => format!("its variable `{variable}`"),
        false => format!("its variable `{variable}` needs `{other}`, which"),
    };
    let (message, hint) = match unknown {
        Unknown::Vault(name) => (
            format!("{} is encrypted by ansible-vault", needs(&name)),
            "vault values are not decrypted here: a further -i with this variable in clear reaches the host",
        ),
        Unknown::Unset(name) => (
            format!("{} is not set", needs(&name)),
            "is it in an encrypted file, or set by a playbook? A further -i can set it",
        ),
        Unknown::Template(name) => (
            format!("{} is a template", needs(&name)),
            "templates are not evaluated here, but for plain references to other variables: {{ name }}",
        ),
        Unknown::NoText(name) => {
            (format!("{} is a list or a mapping", needs(&name)), "a text or a number is needed here")
        }
    };
    Refusal { message, hint: hint.to_owned() }
}
