//! How a host is reached: what the inventory and the command line say, and ssh's own configuration behind it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::{Overrides, raw};
use crate::ssh_config::{Config, Directive, Settings};

/// How a host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// This machine itself: the probe is run without SSH (`connection = "local"`).
    Local,
    /// Over SSH.
    Ssh(Box<SshRoute>),
    /// Not at all, by what the inventory says of it.
    Refused(Refusal),
}

/// Why a host cannot be reached as it is described; others can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, as a fragment in lower case.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The end of an SSH connection and the way to it, every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshRoute {
    /// What `ssh` would be given: the name that its configuration is searched for.
    pub destination: String,
    /// What comes before ssh's own configuration; of each keyword the first counts.
    pub given: Vec<Directive>,
    /// What holds.
    pub settings: Settings,
    /// What stands between this machine and the host.
    pub via: Via,
}

/// What stands between this machine and a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Via {
    /// Nothing.
    #[default]
    Direct,
    /// A host that forwards the connection, which may itself be reached via another.
    Jump(Arc<SshRoute>),
    /// A program that carries the connection, for `/bin/sh -c`.
    Command(String),
}

impl SshRoute {
    /// The route to a destination. What stands between is not linked yet: [`super::jump`] does that once
    /// every host is known.
    pub(super) fn new(destination: &str, given: Vec<Directive>, config: &Config) -> Self {
        let settings = config.resolve(destination, &given);
        Self { destination: destination.to_owned(), given, settings, via: Via::Direct }
    }

    /// The route to a destination of which nothing but `given` is said: for tests, whatever this machine's
    /// configuration.
    #[cfg(test)]
    pub(crate) fn to(destination: &str, given: &[(&str, &str)]) -> Self {
        let given = given.iter().map(|(keyword, value)| Directive::new(keyword, *value, "test")).collect();
        Self::new(destination, given, &Config::default())
    }

    /// The same destination with something else said first.
    pub(super) fn with(&self, first: Vec<Directive>, config: &Config) -> Self {
        let given = first.into_iter().chain(self.given.iter().cloned()).collect();
        Self::new(&self.destination, given, config)
    }

    /// Who is reached where: `audit@192.0.2.1:22`.
    pub fn end(&self) -> String {
        format!("{}@{}:{}", self.settings.user, self.settings.host_name, self.settings.port)
    }
}

/// The host's own setting, or the command line's, or the file's default, or ssh's own configuration's.
pub(super) fn route(
    name: &str,
    raw: Option<&raw::Host>,
    (defaults, folder): (&raw::Settings, &Path),
    overrides: &Overrides,
) -> Route {
    let own = raw.map(Says::of_host).unwrap_or_default();
    let default = Says::of_defaults(defaults);
    if own.connection.or(default.connection).is_some_and(|connection| connection == "local") {
        return Route::Local;
    }
    let destination = raw.and_then(|raw| raw.address.as_ref()).map_or(name, |address| address.get_ref());
    let mut given = own.directives(folder, overrides);
    given.extend(of_command_line(overrides));
    given.extend(default.directives(folder, overrides));
    Route::Ssh(Box::new(SshRoute::new(unbracketed(destination), given, &overrides.ssh)))
}

/// What a file's `[defaults]` say of jump hosts that are not in the inventory: all but where they listen
/// and how they are reached.
pub(super) fn of_hops(defaults: &raw::Settings, folder: &Path, overrides: &Overrides) -> Vec<Directive> {
    let says = Says { port: None, jump: None, ..Says::of_defaults(defaults) };
    says.directives(folder, overrides)
}

/// What the command line says of every host.
pub(super) fn of_command_line(overrides: &Overrides) -> Vec<Directive> {
    let user = overrides.user.as_ref().map(|user| Directive::new("user", user, "--user"));
    let port = overrides.port.map(|port| Directive::new("port", port.to_string(), "--port"));
    let jump = overrides.jump.as_ref().map(|jump| Directive::new("proxyjump", jump, "--jump"));
    user.into_iter().chain(port).chain(of_identity(overrides)).chain(jump).collect()
}

/// The key that the command line names.
pub(super) fn of_identity(overrides: &Overrides) -> Option<Directive> {
    overrides.identity.as_ref().map(|path| Directive::new("identityfile", as_written(path), "--identity"))
}

/// What one table says.
#[derive(Default)]
struct Says<'r> {
    user: Option<&'r str>,
    port: Option<u16>,
    identity: Option<&'r str>,
    known_hosts: Option<&'r str>,
    jump: Option<&'r str>,
    connection: Option<&'r str>,
}

impl<'r> Says<'r> {
    fn of_host(raw: &'r raw::Host) -> Self {
        Self {
            user: text(raw.user.as_ref()),
            port: raw.port.as_ref().and_then(port_of),
            identity: raw.identity.as_deref(),
            known_hosts: raw.known_hosts.as_deref(),
            jump: text(raw.jump.as_ref()),
            connection: text(raw.connection.as_ref()),
        }
    }

    fn of_defaults(raw: &'r raw::Settings) -> Self {
        Self {
            user: text(raw.user.as_ref()),
            port: raw.port.as_ref().and_then(port_of),
            identity: raw.identity.as_deref(),
            known_hosts: raw.known_hosts.as_deref(),
            jump: text(raw.jump.as_ref()),
            connection: text(raw.connection.as_ref()),
        }
    }

    fn directives(&self, folder: &Path, overrides: &Overrides) -> Vec<Directive> {
        let path = |path: &str| as_written(&resolve(path, folder, overrides.ssh.me().home.as_deref()));
        let says = [
            ("user", self.user.map(str::to_owned)),
            ("port", self.port.map(|port| port.to_string())),
            ("identityfile", self.identity.map(path)),
            ("userknownhostsfile", self.known_hosts.map(path)),
            ("proxyjump", self.jump.map(str::to_owned)),
        ];
        let said = says.into_iter().filter_map(|(keyword, value)| Some((keyword, value?)));
        said.map(|(keyword, value)| Directive::new(keyword, value, "the inventory")).collect()
    }
}

fn text(text: Option<&Spanned<String>>) -> Option<&str> {
    text.map(|text| text.get_ref().as_str())
}

/// A path as ssh's configuration would have it: a percent sign stands for itself.
fn as_written(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%%")
}

/// `[2001:db8::1]` is 2001:db8::1.
pub(super) fn unbracketed(address: &str) -> &str {
    address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address)
}

pub(super) fn port_of(port: &Spanned<i64>) -> Option<u16> {
    u16::try_from(*port.get_ref()).ok().filter(|port| *port > 0)
}

/// `~/` is the home folder; other relative paths are relative to the inventory file's folder.
fn resolve(path: &str, folder: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}
