//! Passwords: by themselves, and as the answer to a keyboard-interactive question.
//!
//! A host that asks something else than for a password gets no answer: whoever could give it is not asked
//! once for each of a thousand hosts.

use russh::MethodSet;
use russh::client::{AuthResult, KeyboardInteractiveAuthResponse, Prompt};
use zeroize::Zeroizing;

use super::{Login, Outcome};
use crate::snapshot::{Fault, Phase, quote};

/// How many questions a host may ask, RFC 4256 lets it ask for ever.
const MOST_ROUNDS: usize = 8;

impl Login<'_> {
    /// RFC 4252 8.
    pub(super) async fn password(&mut self) -> Result<Outcome, Fault> {
        let Some(password) = self.secret().map(|password| Zeroizing::new(password.to_owned())) else {
            return Ok(Outcome::Refused(MethodSet::empty()));
        };
        let user = self.route.settings.user.as_str();
        self.tried.attempts += 1;
        let answered = self.handle.authenticate_password(user, password.as_str()).await;
        match answered.map_err(|_| self.lost())? {
            AuthResult::Success => Ok(Outcome::Accepted),
            AuthResult::Failure { partial_success: true, remaining_methods } => {
                self.tried.accepted = Some("the password".to_owned());
                Ok(Outcome::Partial(remaining_methods))
            }
            AuthResult::Failure { remaining_methods, .. } => self.password_refused(remaining_methods),
        }
    }

    /// RFC 4256.
    pub(super) async fn keyboard_interactive(&mut self) -> Result<Outcome, Fault> {
        let Some(password) = self.secret().map(|password| Zeroizing::new(password.to_owned())) else {
            return Ok(Outcome::Refused(MethodSet::empty()));
        };
        let user = self.route.settings.user.clone();
        self.tried.attempts += 1;
        let mut asked = self.handle.authenticate_keyboard_interactive_start(user, None).await;
        let mut given = false;
        for _ in 0..MOST_ROUNDS {
            match asked.map_err(|_| self.lost())? {
                KeyboardInteractiveAuthResponse::Success => return Ok(Outcome::Accepted),
                KeyboardInteractiveAuthResponse::Failure { partial_success: true, remaining_methods } => {
                    self.tried.accepted = Some("the password".to_owned());
                    return Ok(Outcome::Partial(remaining_methods));
                }
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                    return self.password_refused(remaining_methods);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    let answers = answers(&prompts, &password, &mut given)?;
                    asked = self.handle.authenticate_keyboard_interactive_respond(answers).await;
                }
            }
        }
        Err(unanswerable("it asks on and on"))
    }

    fn password_refused(&mut self, left: MethodSet) -> Result<Outcome, Fault> {
        self.still_connected(&left)?;
        self.tried.password = true;
        Ok(Outcome::Refused(left))
    }
}

/// The password for the one question that is not echoed; nothing for a mere notice.
fn answers(prompts: &[Prompt], password: &str, given: &mut bool) -> Result<Vec<String>, Fault> {
    match prompts {
        [] => Ok(Vec::new()),
        [one] if !one.echo && !*given => {
            *given = true;
            Ok(vec![password.to_owned()])
        }
        [first, ..] => Err(unanswerable(&quote(first.prompt.as_bytes()))),
    }
}

fn unanswerable(question: &str) -> Fault {
    Fault::new(Phase::Authenticate, "the host asks a question that only a person can answer")
        .detail(question)
        .hint("let the audit user in by key, or exempt it from the second factor in a Match block")
}
