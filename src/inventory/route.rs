//! How a host is reached: what the inventory and the command line say, and ssh's own configuration behind it.

use std::sync::Arc;

use super::says::as_written;
use super::{Overrides, Password};
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
    /// The name that reports use.
    pub name: String,
    /// What `ssh` would be given: the name that its configuration is searched for.
    pub destination: String,
    /// What comes before ssh's own configuration; of each keyword the first counts.
    pub given: Vec<Directive>,
    /// What holds.
    pub settings: Settings,
    /// What stands between this machine and the host.
    pub via: Via,
    /// The password that the inventory has for the login.
    pub password: Option<Password>,
    /// Why the password that the inventory has cannot be used: it is encrypted, or a template. Only a host
    /// that lets us in by nothing else needs it.
    pub no_password: Option<String>,
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
    pub(super) fn new(name: &str, destination: &str, given: Vec<Directive>, config: &Config) -> Self {
        let settings = config.resolve(destination, &given);
        let (name, destination) = (name.to_owned(), destination.to_owned());
        Self { name, destination, given, settings, via: Via::Direct, password: None, no_password: None }
    }

    /// The route to a destination of which nothing but `given` is said: for tests, whatever this machine's
    /// configuration.
    #[cfg(test)]
    pub(crate) fn to(destination: &str, given: &[(&str, &str)]) -> Self {
        let given = given.iter().map(|(keyword, value)| Directive::new(keyword, *value, "test")).collect();
        Self::new(destination, destination, given, &Config::default())
    }

    /// The same destination with something else said first.
    pub(super) fn with(&self, first: Vec<Directive>, config: &Config) -> Self {
        let given = first.into_iter().chain(self.given.iter().cloned()).collect();
        Self {
            password: self.password.clone(),
            no_password: self.no_password.clone(),
            ..Self::new(&self.name, &self.destination, given, config)
        }
    }

    /// The first directive of ssh's configuration that would change how the host is reached, and that is not
    /// honoured here: what is wrong, and where it stands.
    pub fn unhonoured(&self) -> Option<(Refusal, &str)> {
        let directive = self.settings.unhonoured.first()?;
        let said = format!("{} {}", directive.keyword, directive.arguments.join(" "));
        let message =
            format!("ssh's configuration says `{}`, which is not honoured here", said.trim().escape_debug());
        Some((
            Refusal { message, hint: "--transport openssh reaches it as `ssh` does".to_owned() },
            &directive.place,
        ))
    }

    /// Who is reached where: `audit@192.0.2.1:22`.
    pub fn end(&self) -> String {
        format!("{}@{}:{}", self.settings.user, self.settings.host_name, self.settings.port)
    }
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

/// `[2001:db8::1]` is 2001:db8::1.
pub(super) fn unbracketed(address: &str) -> &str {
    address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address)
}
