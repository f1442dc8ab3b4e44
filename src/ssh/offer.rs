//! What is offered to a host in the key exchange: algorithms, keepalives, and how long silence may last.

use std::borrow::Cow;
use std::str::FromStr as _;

use russh::keys::Algorithm;
use russh::keys::ssh_key::public::KeyData;
use russh::{Preferred, cipher, client, compression, kex, mac};

use super::REAPED_AFTER;
use crate::snapshot::{Fault, Phase, quote};
use crate::ssh_config::{Settings, apply_among};

/// What is known of a host before it shows its key.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The types of the keys that are known for it.
    pub(super) types: Vec<Algorithm>,
    /// Whether an authority vouches for it: then it may present a certificate.
    pub(super) by_authority: bool,
}

/// The configuration of one connection. Keys that are known for the host come first, so that it presents
/// one of them; nothing is compressed, so that nothing it sends can grow.
///
/// # Errors
/// The settings leave an algorithm out that cannot be done without.
pub(super) fn config(settings: &Settings, known: &Known) -> Result<client::Config, Fault> {
    let lists = &settings.algorithms;
    let default = Preferred::default();
    // What russh calls by these names is no exchange and no cipher at all.
    let real = |name: &&str| !["none", "clear"].contains(name);
    let all_kex: Vec<&str> = kex::ALL_KEX_ALGORITHMS.iter().map(AsRef::as_ref).filter(real).collect();
    let all_ciphers: Vec<&str> = cipher::ALL_CIPHERS.iter().map(AsRef::as_ref).filter(real).collect();
    let all_macs: Vec<&str> = mac::ALL_MAC_ALGORITHMS.iter().map(AsRef::as_ref).filter(real).collect();
    let mut exchanges = chosen("KexAlgorithms", lists.kex.as_deref(), &default.kex, &all_kex)?;
    // Names that are no exchange say what the client can do beside it: they are not the user's to choose.
    let signs = default.kex.iter().filter(|name| !all_kex.contains(&name.as_ref()));
    exchanges.to_mut().extend(signs.filter(|_| lists.kex.is_some()));
    let mut preferred = Preferred {
        kex: exchanges,
        cipher: chosen("Ciphers", lists.ciphers.as_deref(), &default.cipher, &all_ciphers)?,
        mac: chosen("MACs", lists.macs.as_deref(), &default.mac, &all_macs)?,
        compression: vec![compression::NONE].into(),
        ..default
    };
    set_host_keys(&mut preferred, lists.host_key.as_deref(), known)?;
    let alive = settings.server_alive_interval;
    Ok(client::Config {
        preferred,
        inactivity_timeout: Some(REAPED_AFTER),
        keepalive_interval: (!alive.is_zero()).then_some(alive),
        keepalive_max: usize::try_from(settings.server_alive_count_max).unwrap_or(usize::MAX),
        ..client::Config::default()
    })
}

/// The algorithms of a list that can be done here; what cannot is left out, as long as one is left.
fn chosen<N>(
    keyword: &str,
    list: Option<&str>,
    defaults: &[N],
    all: &[&str],
) -> Result<Cow<'static, [N]>, Fault>
where
    N: Clone + AsRef<str> + for<'n> TryFrom<&'n str> + 'static,
{
    let Some(list) = list else { return Ok(defaults.to_vec().into()) };
    let usual: Vec<&str> = defaults.iter().map(AsRef::as_ref).filter(|name| all.contains(name)).collect();
    let wanted = apply_among(list, &usual, all);
    let possible = wanted.iter().filter(|name| all.contains(&name.as_str()));
    let names: Vec<N> = possible.filter_map(|name| N::try_from(name.as_str()).ok()).collect();
    if names.is_empty() { Err(none_of(keyword, list)) } else { Ok(names.into()) }
}

fn none_of(keyword: &str, list: &str) -> Fault {
    Fault::new(Phase::Connect, format!("none of its {keyword} can be done here"))
        .detail(quote(list.as_bytes()))
        .hint("--transport openssh has all of ssh's algorithms")
}

/// The host keys that may be presented: without SHA-1 signatures, which are no proof any more, unless the
/// user asks for them.
fn set_host_keys(preferred: &mut Preferred, list: Option<&str>, known: &Known) -> Result<(), Fault> {
    let all: Vec<Algorithm> = preferred.key.to_vec();
    let usual: Vec<Algorithm> =
        all.iter().filter(|key| !matches!(key, Algorithm::Rsa { hash: None })).cloned().collect();
    let (mut keys, mut certificates) = (usual.clone(), usual.clone());
    if let Some(list) = list {
        let (usual, possible) = (names_of(&usual), names_of(&all));
        let wanted = apply_among(list, &texts(&usual), &texts(&possible));
        let of = |name: &dyn Fn(&Algorithm) -> String| -> Vec<Algorithm> {
            let find = |wanted: &String| all.iter().find(|key| name(key) == *wanted).cloned();
            wanted.iter().filter_map(find).collect()
        };
        keys = of(&|key| key.as_str().to_owned());
        certificates = of(&Algorithm::to_certificate_type);
        if keys.is_empty() && (certificates.is_empty() || !known.by_authority) {
            return Err(none_of("HostKeyAlgorithms", list));
        }
    } else if !known.types.is_empty() {
        let is_known = |algorithm: &Algorithm| known.types.iter().any(|known| same_family(known, algorithm));
        // A stable sort: within each half the library's own order stays.
        keys.sort_by_key(|algorithm| !is_known(algorithm));
    }
    if known.by_authority {
        preferred.host_key_certificates = certificates.into();
    }
    preferred.key = keys.into();
    Ok(())
}

/// The names under which keys are offered: with a certificate first, then by themselves.
fn names_of(keys: &[Algorithm]) -> Vec<String> {
    let certificates = keys.iter().map(Algorithm::to_certificate_type);
    certificates.chain(keys.iter().map(|key| key.as_str().to_owned())).collect()
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// A type of key by its name in known_hosts.
pub(super) fn key_type(name: &str) -> Option<Algorithm> {
    Algorithm::from_str(name).ok()
}

/// Whether a key is of RSA and shorter than the settings demand, RequiredRSASize.
pub(super) fn is_too_short(key: &KeyData, settings: &Settings) -> bool {
    matches!(key, KeyData::Rsa(key) if key.key_size() < settings.required_rsa_size)
}

/// RSA keys have one kind of key and three signature algorithms.
fn same_family(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || (matches!(one, Algorithm::Rsa { .. }) && matches!(other, Algorithm::Rsa { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::SshRoute;

    /// Names of the exchanges, ciphers and host keys that are offered.
    fn offered(given: &[(&str, &str)], known: &Known) -> Result<[String; 3], Fault> {
        let config = config(&SshRoute::to("h", given).settings, known)?;
        let names = |names: Vec<&str>| names.join(",");
        Ok([
            names(config.preferred.kex.iter().map(AsRef::as_ref).collect()),
            names(config.preferred.cipher.iter().map(AsRef::as_ref).collect()),
            names(config.preferred.key.iter().map(Algorithm::as_str).collect()),
        ])
    }

    #[test]
    fn lists_of_the_settings_are_honoured_in_their_order() {
        let given = [
            ("kexalgorithms", "sntrup761x25519-sha512,curve25519-sha256"),
            ("ciphers", "-chacha20*,aes*-gcm*"),
            ("hostkeyalgorithms", "rsa-sha2-256,ssh-ed25519"),
        ];
        let [kex, ciphers, keys] = offered(&given, &Known::default()).unwrap();
        assert!(kex.starts_with("curve25519-sha256,ext-info-c") && kex.contains("kex-strict"), "{kex}");
        assert_eq!(ciphers, "aes256-ctr,aes192-ctr,aes128-ctr");
        assert_eq!(keys, "rsa-sha2-256,ssh-ed25519");
    }

    #[test]
    fn nothing_weak_is_offered_unasked_and_nothing_void_ever() {
        let [_, _, keys] = offered(&[], &Known::default()).unwrap();
        assert!(!keys.split(',').any(|key| key == "ssh-rsa"), "{keys}");
        let [_, _, keys] = offered(&[("hostkeyalgorithms", "+ssh-rsa")], &Known::default()).unwrap();
        assert!(keys.ends_with(",ssh-rsa"), "{keys}");
        for given in [("ciphers", "none"), ("kexalgorithms", "none"), ("ciphers", "umbrella")] {
            let fault = offered(&[given], &Known::default()).unwrap_err();
            assert!(fault.hint.contains("--transport openssh"), "{given:?}");
        }
    }

    #[test]
    fn keys_that_are_known_come_first_and_certificates_only_where_an_authority_is() {
        let types = vec![Algorithm::Rsa { hash: None }];
        let [_, _, keys] = offered(&[], &Known { types, by_authority: false }).unwrap();
        assert!(keys.starts_with("rsa-sha2-"), "{keys}");
        let settings = SshRoute::to("h", &[]).settings;
        let offers = |by_authority| {
            let config = config(&settings, &Known { types: Vec::new(), by_authority }).unwrap();
            config.preferred.host_key_certificates.len()
        };
        assert_eq!(offers(false), 0);
        assert!(offers(true) > 0);
    }
}
