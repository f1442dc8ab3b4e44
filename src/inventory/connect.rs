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

/// Adds what comes after. To ssh, keys add up; here one that is set for the host stands in place of those that
/// are set for all.
fn add(given: &mut Vec<Directive>, more: Vec<Directive>) {
    let is_key = |directive: &Directive| directive.keyword == "identityfile";
    let has_key = given.iter().any(is_key);
    given.extend(more.into_iter().filter(|directive| !(has_key && is_key(directive))));
}

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
            other => return Err(Self::not_ssh(other)),
        }
        let destination = self.destination()?;
        // ssh takes a login name before the address, where none is said elsewhere.
        let (user, address) = match destination.rsplit_once('@') {
            Some((user, address)) => (Some(Directive::new("user", user, "the inventory")), address),
            None => (None, destination.as_str()),
        };
        let mut given = self.own.map(Says::directives).unwrap_or_default();
        add(&mut given, self.directives()?);
        given.extend(user);
        add(&mut given, of_command_line(overrides));
        add(&mut given, self.defaults.map(Says::directives).unwrap_or_default());
        let mut route = SshRoute::new(self.name, unbracketed(address), given, &overrides.ssh);
        match self.last(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"]) {
            Ok(password) => route.password = password.map(|(_, password)| Password::new(password)),
            Err(why) => route.no_password = Some(why.message),
        }
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

    fn not_ssh(connection: &str) -> Refusal {
        Refusal {
            message: format!("its connection is `{}`, which is not SSH", connection.escape_debug()),
            hint: "leave such hosts out with --limit".to_owned(),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn route_of(vars: &Value, overrides: &Overrides) -> Route {
        let vars = vars.as_object().unwrap();
        Described { name: "h.example.net", own: None, defaults: None, vars }.route(overrides)
    }

    /// The destination, and what is said of it, in order.
    fn said(vars: &Value, overrides: &Overrides) -> String {
        match route_of(vars, overrides) {
            Route::Local => "local".to_owned(),
            Route::Refused(why) => format!("refused: {}", why.message),
            Route::Ssh(route) => {
                let given =
                    route.given.iter().map(|one| format!("{}={}", one.keyword, one.arguments.join("|")));
                [route.destination.clone()].into_iter().chain(given).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn variables_are_put_in_the_order_of_ansibles_command_line() {
        let vars = json!({
            "ansible_host": "a", "ansible_ssh_host": "b", "ansible_port": 1, "ansible_ssh_port": "2",
            "ansible_user": "u", "ansible_ssh_user": "v", "ansible_private_key_file": "k1",
            "ansible_ssh_private_key_file": "k2", "ansible_ssh_args": "-o C=3", "ansible_ssh_common_args": "-o A=1",
            "ansible_ssh_extra_args": "-J bastion", "ansible_host_key_checking": false,
        });
        let overrides = Overrides { user: Some("cli".to_owned()), ..Overrides::default() };
        let expected =
            "b c=3 stricthostkeychecking=no port=2 identityfile=k2 user=v a=1 proxyjump=bastion user=cli";
        assert_eq!(said(&vars, &overrides), expected);
    }

    #[test]
    fn every_connection_is_ssh_local_or_refused() {
        for (vars, expected) in [
            (json!({}), "h.example.net"),
            (json!({"ansible_connection": "smart"}), "h.example.net"),
            (json!({"ansible_connection": "paramiko"}), "h.example.net"),
            (json!({"ansible_connection": "local"}), "local"),
            (json!({"ansible_connection": "winrm"}), "refused: its connection is `winrm`, which is not SSH"),
            (json!({"ansible_host": null, "ansible_user": ""}), "h.example.net"),
            (json!({"ansible_host": "u@192.0.2.1"}), "192.0.2.1 user=u"),
            (json!({"ansible_host": "[2001:db8::1]", "ansible_port": "22.0"}), "2001:db8::1 port=22"),
            (
                json!({"ansible_host": "-oProxyCommand=x"}),
                "refused: its ansible_host `-oProxyCommand=x` is no address",
            ),
            (
                json!({"ansible_port": 70000}),
                "refused: its variable `ansible_port` is `70000`, which is no port",
            ),
            (json!({"ansible_user": ["a"]}), "refused: its variable `ansible_user` is a list or a mapping"),
            (
                json!({"ansible_ssh_common_args": "-F x"}),
                "refused: its variable `ansible_ssh_common_args` has the option -F",
            ),
            (json!({"ansible_ssh_host_key_checking": "true"}), "h.example.net"),
        ] {
            assert_eq!(said(&vars, &Overrides::default()), expected, "{vars}");
        }
    }

    #[test]
    fn a_password_is_kept_and_not_shown() {
        let route = route_of(&json!({"ansible_ssh_pass": "hunter2"}), &Overrides::default());
        assert!(!format!("{route:?}").contains("hunter2"));
        let Route::Ssh(route) = route else { panic!("{route:?}") };
        assert_eq!(route.password.as_ref().map(Password::reveal), Some("hunter2"));
        let again = route.with(Vec::new(), &Overrides::default().ssh);
        assert_eq!(again.password, route.password);
    }
}
