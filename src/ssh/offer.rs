//! What is offered to a host in the key exchange: algorithms, keepalives, and how long silence may last.

use std::str::FromStr as _;

use russh::client;
use russh::keys::Algorithm;
use russh::{Preferred, compression};

use super::REAPED_AFTER;
use crate::ssh_config::Settings;

/// What is known of a host before it shows its key.
pub(super) struct Known {
    /// The types of the keys that are known for it.
    pub(super) types: Vec<Algorithm>,
    /// Whether an authority vouches for it: then it may present a certificate.
    pub(super) by_authority: bool,
}

/// The configuration of one connection. Keys that are known for the host come first, so that it presents
/// one of them; nothing is compressed, so that nothing it sends can grow.
pub(super) fn config(settings: &Settings, known: &Known) -> client::Config {
    let mut preferred = Preferred { compression: vec![compression::NONE].into(), ..Preferred::default() };
    // SHA-1 signatures are no proof any more.
    let mut keys: Vec<Algorithm> =
        preferred.key.iter().filter(|key| !matches!(key, Algorithm::Rsa { hash: None })).cloned().collect();
    if !known.types.is_empty() {
        let is_known = |algorithm: &Algorithm| known.types.iter().any(|known| same_family(known, algorithm));
        // A stable sort: within each half the library's own order stays.
        keys.sort_by_key(|algorithm| !is_known(algorithm));
    }
    if known.by_authority {
        preferred.host_key_certificates = keys.clone().into();
    }
    preferred.key = keys.into();
    let alive = settings.server_alive_interval;
    client::Config {
        preferred,
        inactivity_timeout: Some(REAPED_AFTER),
        keepalive_interval: (!alive.is_zero()).then_some(alive),
        keepalive_max: usize::try_from(settings.server_alive_count_max).unwrap_or(usize::MAX),
        ..client::Config::default()
    }
}

/// A type of key by its name in known_hosts.
pub(super) fn key_type(name: &str) -> Option<Algorithm> {
    Algorithm::from_str(name).ok()
}

/// RSA keys have one kind of key and three signature algorithms.
fn same_family(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || (matches!(one, Algorithm::Rsa { .. }) && matches!(other, Algorithm::Rsa { .. }))
}
