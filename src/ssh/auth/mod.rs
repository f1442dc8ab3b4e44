//! Proving who we are: by key, and by password where one is at hand, in the order that the user prefers.
//!
//! A host may ask for several proofs, one after the other. Nothing here asks the user: keys and passwords
//! were settled before the first host was reached.

mod password;
mod publickey;
mod refusal;

use std::collections::BTreeSet;

use russh::client::Handle;
use russh::{MethodKind, MethodSet};

use super::faults;
use super::handler::{Guard, Reason};
use super::keys::Keyring;
use super::trust::Faith;
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
    /// Keys that were refused, by name.
    keys: Vec<String>,
    /// Whether a password was refused.
    password: bool,
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
    faith: Faith,
}

impl Login<'_> {
    /// A login that has tried nothing yet.
    pub(super) fn new<'a>(
        handle: &'a mut Handle<Guard>,
        route: &'a SshRoute,
        keyring: &'a Keyring,
        reason: &'a Reason,
    ) -> Login<'a> {
        Login { handle, route, keyring, reason, tried: Tried::default(), faith: Faith::Whole }
    }

    /// How far the host is believed.
    pub(super) fn believing(self, faith: Faith) -> Self {
        Self { faith, ..self }
    }

    /// The password for the host, if there is one and it may be shown to it.
    pub(super) fn secret(&self) -> Option<&str> {
        self.keyring.password(self.route).filter(|_| self.faith == Faith::Whole)
    }

    /// Tries every method that the settings and the host allow.
    pub(super) async fn run(mut self) -> Result<(), Fault> {
        let mut waiting = methods(&self.route.settings);
        let has_password = self.secret().is_some();
        if !has_password {
            waiting.retain(|method| *method == MethodKind::PublicKey);
        }
        let usable = waiting.clone();
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
                // What was refused as the first proof may be taken as the second.
                Outcome::Partial(left) => {
                    waiting = usable.iter().copied().filter(|other| *other != method).collect();
                    left
                }
                Outcome::Refused(left) => left,
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
