//! Whether a certificate holds at this moment, and if not, why.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use russh::keys::Certificate;

/// Checks both ends of a certificate's time.
///
/// # Errors
/// `expired on MOMENT` or `is not valid before MOMENT`.
pub(super) fn holds_now(certificate: &Certificate) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now >= certificate.valid_before() {
        return Err(format!("expired on {}", moment(certificate.valid_before())));
    }
    if now < certificate.valid_after() {
        return Err(format!("is not valid before {}", moment(certificate.valid_after())));
    }
    Ok(())
}

fn moment(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok());
    moment.map_or_else(|| "a day beyond all calendars".to_owned(), |moment| moment.to_string())
}
