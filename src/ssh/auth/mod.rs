//! Proving who we are: by key, and by password where one is at hand, in the order that the user prefers.
//!
//! A host may ask for several proofs, one after the other. Nothing here asks the user: keys and passwords
//! were settled before the first host was reached.

mod password;
mod publickey;

use std::collections::BTreeSet;

use russh::client::Handle;
use russh::{MethodKind, MethodSet};

use super::faults;
use super::handler::{Guard, Reason};
use super::keys::Keyring;
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase};
use crate::ssh_config::Settings;

/// sshd closes the connection with the sixth refusal, if its MaxAuthTries is not another.
const MAX_AUTH_TRIES: usize = 6;

/// How many proofs are offered, whatever the host lets us try.
const MOST_ATTEMPTS: usize = 32;

/// OpenSSH's own order of what is tried here.
const METHODS: [MethodKind; 3] =
    [MethodKind::PublicKey, MethodKind::KeyboardInteractive, MethodKind::Password];

/// What came of trying one method.
pub(super) enum Outcome {
    Accepted,
    /// This proof counts, and the host asks for another by one of these methods.
    Partial(MethodSet),
    /// No proof of this method was taken; these are left.
    Refused(MethodSet),
}

/// What was tried, for the message.
#[derive(Default)]
pub(super) struct Tried {
    /// Keys by name, and passwords by what they are.
    proofs: Vec<String>,
    /// Attempts that the host counts.
    attempts: usize,
    /// Keys that were not tried any more.
    left: usize,
    /// A key of an agent that did not sign, and why.
    unsigned: Option<String>,
    /// A proof that was accepted, before the host asked for more.
    accepted: Option<String>,
}

/// One connection on its way to being authenticated.
pub(super) struct Login<'a> {
    pub(super) handle: &'a mut Handle<Guard>,
    pub(super) route: &'a SshRoute,
    pub(super) keyring: &'a Keyring,
    pub(super) reason: &'a Reason,
    pub(super) tried: Tried,
}

impl Login<'_> {
    /// A login that has tried nothing yet.
    pub(super) fn new<'a>(
        handle: &'a mut Handle<Guard>,
        route: &'a SshRoute,
        keyring: &'a Keyring,
        reason: &'a Reason,
    ) -> Login<'a> {
        Login { handle, route, keyring, reason, tried: Tried::default() }
    }

    /// Tries every method that the settings and the host allow.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        let mut waiting = methods(&self.route.settings);
        let has_password = self.keyring.password(self.route).is_some();
        if !has_password {
            waiting.retain(|method| *method == MethodKind::PublicKey);
        }
        let mut allowed: Option<MethodSet> = None;
        let may = |allowed: &Option<MethodSet>, method: &MethodKind| {
            allowed.as_ref().is_none_or(|allowed| allowed.contains(method))
        };
        while let Some(at) = waiting.iter().position(|method| may(&allowed, method)) {
            let method = waiting.remove(at);
            let outcome = match method {
                MethodKind::PublicKey => self.publickey(waiting.len()).await?,
                MethodKind::KeyboardInteractive => self.keyboard_interactive().await?,
                _ => self.password().await?,
            };
            allowed = Some(match outcome {
                Outcome::Accepted => return Ok(()),
                Outcome::Partial(left) | Outcome::Refused(left) => left,
            });
        }
        Err(self.refused(allowed.as_ref()))
    }

    /// A refusal that leaves no method is how a lost connection reads; after some attempts it is how sshd
    /// says that these were enough.
    fn still_connected(&self, left: &MethodSet) -> Result<(), Fault> {
        match left.is_empty() || self.handle.is_closed() {
            false => Ok(()),
            true if self.tried.attempts > 1 => Err(self.refused(None)),
            true => Err(self.lost()),
        }
    }

    fn lost(&self) -> Fault {
        faults::lost(Phase::Authenticate, self.reason.get().map(String::as_str))
    }

    /// Why nothing let us in, and what to do about it.
    fn refused(&self, allowed: Option<&MethodSet>) -> Fault {
        let user = &self.route.settings.user;
        let takes = |method| allowed.is_some_and(|allowed| allowed.contains(&method));
        let takes_password = takes(MethodKind::Password) || takes(MethodKind::KeyboardInteractive);
        if let Some(accepted) = &self.tried.accepted {
            return Fault::new(
                Phase::Authenticate,
                format!("the host accepted {accepted}, and asks for more than that"),
            )
            .hint(match self.keyring.password(self.route) {
                None if takes_password => "it asks for a password too: -k gives one".to_owned(),
                _ => "let the audit user in by what driftless has: AuthenticationMethods in a Match block"
                    .to_owned(),
            });
        }
        if self.tried.proofs.is_empty() {
            return self.nothing_to_offer(allowed, takes_password);
        }
        let (proofs, is_it) = match self.tried.proofs.as_slice() {
            [_] => ("", "is it"),
            _ => ("s", "is one of them"),
        };
        let kind = if self.tried.proofs.iter().any(|proof| proof.starts_with("the password")) {
            "proof"
        } else {
            "key"
        };
        let mut message =
            format!("the server refused the {kind}{proofs} {} for {user}", self.tried.proofs.join(", "));
        if self.tried.left > 0 {
            let left = self.tried.left;
            message.push_str(&format!(
                "; {left} more could not be tried, since it allows so many attempts (MaxAuthTries)"
            ));
        }
        if let Some(why) = self.keyring.why_not_named(self.route) {
            message.push_str(&format!("; what is set was not among them: {why}"));
        }
        if let Some(why) = self.keyring.why_not_default(self.route) {
            message.push_str(&format!("; {why}"));
        }
        if let Some(why) = &self.tried.unsigned {
            message.push_str(&format!("; the SSH agent did not sign with {why}"));
        }
        let mut hint = format!("{is_it} in {user}'s authorized_keys on the host?");
        if takes_password && self.keyring.password(self.route).is_none() {
            hint.push_str(" It also takes a password: -k gives one");
        }
        Fault::new(Phase::Authenticate, message).hint(hint)
    }

    fn nothing_to_offer(&self, allowed: Option<&MethodSet>, takes_password: bool) -> Fault {
        let user = &self.route.settings.user;
        if allowed.is_some_and(|allowed| !allowed.contains(&MethodKind::PublicKey)) {
            let fault =
                Fault::new(Phase::Authenticate, format!("the host does not accept public keys for {user}"));
            return fault.hint(if takes_password {
                "it takes a password: -k gives one; or allow PubkeyAuthentication for the audit user"
            } else {
                "allow PubkeyAuthentication for the audit user; for GSSAPI: --transport openssh"
            });
        }
        let why = self.keyring.why_none(self.route);
        Fault::new(Phase::Authenticate, format!("there is no key to offer: {why}")).hint(
            "name a key with `identity` or --identity, load one with ssh-add, or give a password with -k",
        )
    }
}

/// The methods of the settings, in the user's order.
fn methods(settings: &Settings) -> Vec<MethodKind> {
    let on = |method: &MethodKind| match method {
        MethodKind::PublicKey => settings.pubkey_authentication,
        MethodKind::KeyboardInteractive => settings.kbd_interactive_authentication,
        _ => settings.password_authentication,
    };
    let Some(preferred) = &settings.preferred_authentications else {
        return METHODS.into_iter().filter(on).collect();
    };
    let mut seen = BTreeSet::new();
    let named = |name: &String| {
        let method = match name.as_str() {
            "publickey" => MethodKind::PublicKey,
            "keyboard-interactive" => MethodKind::KeyboardInteractive,
            "password" => MethodKind::Password,
            _ => return None,
        };
        (on(&method) && seen.insert(name.clone())).then_some(method)
    };
    preferred.iter().filter_map(named).collect()
}
