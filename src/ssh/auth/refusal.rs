//! Why nothing let us in, and what to do about it, in words.

use russh::{MethodKind, MethodSet};

use super::Login;
use crate::snapshot::{Fault, Phase};
use crate::ssh::trust::Faith;

impl Login<'_> {
    /// What came of all attempts; `allowed` is what the host takes, if it said so.
    pub(super) fn refused(&self, allowed: Option<&MethodSet>) -> Fault {
        let takes = |method| allowed.is_some_and(|allowed| allowed.contains(&method));
        let takes_password = takes(MethodKind::Password) || takes(MethodKind::KeyboardInteractive);
        let wants_password = takes_password && self.keyring.password(self.route).is_none();
        if let Some(accepted) = &self.tried.accepted {
            let message = format!("the host accepted {accepted}, and asks for more than that");
            return Fault::new(Phase::Authenticate, message).hint(if wants_password {
                "it asks for a password too: -k gives one"
            } else {
                "let the audit user in by what driftless has: AuthenticationMethods in a Match block"
            });
        }
        if self.tried.keys.is_empty() && !self.tried.password {
            return self.nothing_to_offer(allowed, wants_password);
        }
        let user = &self.route.settings.user;
        let message = format!("the server refused {} for {user}{}", self.proofs(), self.left_out());
        let mut hint = match (self.tried.keys.len(), self.tried.password) {
            (0, _) => format!("is it right, and may {user} log in by password there?"),
            (1, false) => format!("is it in {user}'s authorized_keys on the host?"),
            _ => format!("is one of the keys in {user}'s authorized_keys on the host?"),
        };
        if self.keyring.why_not_named(self.route).is_some_and(|why| why.contains("-cert.pub: expired")) {
            "let the authority sign the key anew (ssh-keygen -s), and try again".clone_into(&mut hint);
        } else if wants_password {
            hint.push_str(" It also takes a password: -k gives one");
        }
        Fault::new(Phase::Authenticate, message).hint(hint)
    }

    /// `the keys a, b and the password`
    fn proofs(&self) -> String {
        let keys = match self.tried.keys.as_slice() {
            [] => return "the password".to_owned(),
            [one] => format!("the key {one}"),
            many => format!("the keys {}", many.join(", ")),
        };
        if self.tried.password { format!("{keys} and the password") } else { keys }
    }

    /// What might have let us in and was not offered.
    fn left_out(&self) -> String {
        let mut parts = Vec::new();
        if self.tried.left > 0 {
            let left = self.tried.left;
            parts.push(format!(
                "{left} more could not be tried, since it allows so many attempts (MaxAuthTries)"
            ));
        }
        if let Some(why) = self.keyring.why_not_named(self.route) {
            parts.push(format!("what is set was not among them: {why}"));
        }
        parts.extend(self.keyring.why_not_default(self.route).map(str::to_owned));
        parts.extend(self.route.no_password.clone());
        if self.faith == Faith::NoPassword && self.keyring.password(self.route).is_some() {
            parts.push("no password is shown to a host whose key has changed".to_owned());
        }
        if let Some(why) = &self.tried.unsigned {
            parts.push(format!("the SSH agent did not sign with {why}"));
        }
        parts.iter().map(|part| format!("; {part}")).collect()
    }

    fn nothing_to_offer(&self, allowed: Option<&MethodSet>, wants_password: bool) -> Fault {
        let user = &self.route.settings.user;
        if allowed.is_some_and(|allowed| !allowed.contains(&MethodKind::PublicKey)) {
            let message = format!("the host does not accept public keys for {user}");
            return Fault::new(Phase::Authenticate, message).hint(match wants_password {
                true => "it takes a password: -k gives one; or allow PubkeyAuthentication for the audit user",
                false if self.route.settings.gssapi_authentication => {
                    "allow PubkeyAuthentication for the audit user; with GSSAPI: --transport openssh"
                }
                false => "allow PubkeyAuthentication for the audit user",
            });
        }
        let why = self.keyring.why_none(self.route);
        let sealed = self.route.no_password.iter().map(|why| format!("; {why}"));
        let why = format!("{why}{}", sealed.collect::<String>());
        let fault = Fault::new(Phase::Authenticate, format!("there is no key to offer: {why}"));
        fault.hint(if wants_password {
            "name a key with `identity` or --identity, or load one with ssh-add; the host also takes a password: -k gives one"
        } else {
            "name a key with `identity` or --identity, or load one with ssh-add"
        })
    }
}
