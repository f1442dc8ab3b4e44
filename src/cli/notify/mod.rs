//! Notices of a run: to whom, on what occasion, and what becomes of them. The address is a secret, and stands in no
//! message: whoever has it may post.

mod post;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, ValueEnum};
use driftless::inventory::SECRET;
use driftless::report::json::v1::Report;
use driftless::report::notice::{Notice, Occasion};
use zeroize::Zeroizing;

use super::args::seconds;
use super::ask::warn;
use super::failure::Failure;

/// Who is told of a run.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Notice")]
pub(super) struct Notifying {
    /// Post numbers and the keys of new findings to this address, as JSON with a `text` for chats; `@FILE` reads the
    /// address from a file's first line, and headers from the others
    // The value is a secret: neither help nor a mistake shows it.
    #[arg(long, value_name = "URL|@FILE", env = SECRET, hide_env_values = true)]
    pub(super) webhook: Option<Secret>,

    /// Post the new findings themselves, too
    #[arg(long, env = "DRIFTLESS_WEBHOOK_DETAILS", value_parser = FalseyValueParser::new())]
    pub(super) webhook_details: bool,

    /// Seconds that posting may take, with everything that is tried again
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, env = "DRIFTLESS_WEBHOOK_TIMEOUT")]
    pub(super) webhook_timeout: f64,

    /// Post if a finding is new or back since the last audit, or if there is any; what `ready` finds is not kept, and always
    /// new
    #[arg(long, value_enum, value_name = "OCCASION", default_value_t = On::New, env = "DRIFTLESS_NOTIFY_ON")]
    pub(super) notify_on: On,
}

/// When somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum On {
    /// A finding is new or back
    New,
    /// There is a finding
    Any,
}

/// What may be written nowhere.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<String>);

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where notices go.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    address: post::Address,
    details: bool,
    within: Duration,
    on: Occasion,
}

impl Notifying {
    /// Whom to tell, if anybody, before any host is asked.
    pub(super) fn hook(&self, quiet: bool) -> Result<Option<Hook>, Failure> {
        let Some(Secret(text)) = &self.webhook else {
            if self.webhook_details {
                warn(quiet, "--webhook-details: there is no --webhook that they could be posted to");
            }
            return Ok(None);
        };
        let address = match text.strip_prefix('@') {
            Some(path) => post::Address::read(Path::new(path), quiet)?,
            None => post::Address::of(text, "--webhook", &[])?,
        };
        if address.is_in_the_clear() {
            warn(
                quiet,
                &format!(
                    "{address}: the notice goes unencrypted, whoever is on the way reads it: https:// hides it"
                ),
            );
        }
        Ok(Some(Hook {
            address,
            details: self.webhook_details,
            within: Duration::from_secs_f64(self.webhook_timeout),
            on: match self.notify_on {
                On::New => Occasion::New,
                On::Any => Occasion::Any,
            },
        }))
    }
}

impl Hook {
    /// Whether it is told of what is new alone.
    pub(super) fn waits_for_news(&self) -> bool {
        self.on == Occasion::New
    }

    /// Tells of a run, if this is the occasion.
    pub(super) fn tell(&self, report: &Report) -> Result<(), Failure> {
        let Some(notice) = Notice::of(report, self.on, self.details) else { return Ok(()) };
        self.address.post(&notice.body(), self.within).map_err(|why| {
            Failure::new(format!("{}: the notice was not delivered: {why}", self.address))
                .hint("the report itself is whole")
        })
    }
}
