//! Host certificates, ssh-keygen(1) under CERTIFICATES: an authority that known_hosts names vouches for a
//! host's key. One that does not hold makes the key an ordinary one, as it does for OpenSSH.

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey};

use super::{Faith, Shown, Trust, names_of, revoked};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, quote};
use crate::ssh::validity::holds_now;
use crate::ssh_config::apply;

impl Trust {
    /// Judges the certificate that a host presents.
    pub(in crate::ssh) fn judge_certificate(
        &self,
        route: &SshRoute,
        certificate: &Certificate,
    ) -> Result<Faith, Fault> {
        let key = PublicKey::new(certificate.public_key().clone(), "");
        let authority = PublicKey::new(certificate.signature_key().clone(), "");
        let (shown, by) = (Shown::of(&key), Shown::of(&authority));
        let mut vouched = false;
        for file in self.files_of(route) {
            for name in names_of(route) {
                let revokes = |key: &Shown| file.known.revokes(&name, &key.blob);
                if let Some(line) = revokes(&shown).or_else(|| revokes(&by)) {
                    return Err(revoked(file, line, &shown));
                }
                vouched |= file.known.authorities(&name).any(|known| known == by.blob);
            }
        }
        if !vouched {
            return self.judge(route, &key);
        }
        let held = signed_well(certificate, route.settings.algorithms.ca_signature.as_deref())
            .and_then(|()| holds(certificate, &authority, principal(route)));
        match held {
            Ok(()) => Ok(Faith::Whole),
            Err(why) => self.judge(route, &key).map_err(|fault| {
                let detail = format!("its certificate does not hold: {why}");
                Fault { detail: Some(detail), ..fault }.hint(
                    "let the authority sign the host's key anew (ssh-keygen -s CA -h), or add its plain key to known_hosts",
                )
            }),
        }
    }
}

/// The name that a certificate must be for: the alias, or the name or address that was asked for.
fn principal(route: &SshRoute) -> &str {
    route.settings.host_key_alias.as_deref().unwrap_or(&route.settings.host_name)
}

/// Whether the authority's signature is of a kind that is believed: CASignatureAlgorithms, by default all
/// but SHA-1.
fn signed_well(certificate: &Certificate, list: Option<&str>) -> Result<(), String> {
    let algorithm = certificate.signature().algorithm();
    let name = algorithm.as_str();
    let believed = match list {
        Some(list) => apply(list, &[name]).iter().any(|allowed| allowed == name),
        None => !matches!(algorithm, Algorithm::Rsa { hash: None }),
    };
    if believed { Ok(()) } else { Err(format!("its authority signs with {name}")) }
}

/// Whether a certificate that a known authority signed is good for a host, now.
fn holds(certificate: &Certificate, authority: &PublicKey, host: &str) -> Result<(), String> {
    if certificate.cert_type() != CertType::Host {
        return Err("it is a user's certificate".to_owned());
    }
    holds_now(certificate).map_err(|why| format!("it {why}"))?;
    let is_for = |principal: &String| principal.eq_ignore_ascii_case(host);
    let principals = certificate.valid_principals();
    if !principals.is_empty() && !principals.iter().any(is_for) {
        let names = quote(principals.join(", ").as_bytes());
        return Err(format!("it is for {names}, not for {host}"));
    }
    // None is defined for hosts, and what is not understood must not be passed over.
    if !certificate.critical_options().is_empty() {
        return Err("it has critical options, which no host's has".to_owned());
    }
    let fingerprint = authority.fingerprint(HashAlg::Sha256);
    certificate.validate([&fingerprint]).map_err(|_| "its signature is wrong".to_owned())
}

#[cfg(test)]
mod tests {
    use russh::keys::PrivateKey;
    use russh::keys::key::safe_rng;
    use russh::keys::ssh_key::certificate::Builder;

    use super::*;

    fn new_key() -> PrivateKey {
        PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()
    }

    struct Made {
        kind: CertType,
        valid: std::ops::Range<u64>,
        principal: &'static str,
    }

    const GOOD: Made = Made { kind: CertType::Host, valid: 0..u64::MAX >> 1, principal: "web-01" };

    fn judged(known: &str, made: &Made) -> Result<Faith, Fault> {
        let (host, authority) = (new_key(), new_key());
        let key = host.public_key().key_data().clone();
        let mut builder =
            Builder::new_with_random_nonce(&mut safe_rng(), key, made.valid.start, made.valid.end).unwrap();
        builder.cert_type(made.kind).unwrap();
        builder.valid_principal(made.principal).unwrap();
        let certificate = builder.sign(&authority).unwrap();
        let by = authority.public_key().to_openssh().unwrap();
        let own = host.public_key().to_openssh().unwrap();
        let known = known.replace("CA", &by).replace("KEY", &own);
        Trust::of(&known).judge_certificate(&SshRoute::to("web-01", &[]), &certificate)
    }

    #[test]
    fn an_authority_vouches_for_the_hosts_that_its_line_and_the_certificate_name() {
        assert!(judged("@cert-authority web-* CA", &GOOD).is_ok());
        assert!(judged("@cert-authority db-* CA", &GOOD).is_err());
        assert!(judged("@cert-authority * CA", &Made { principal: "web-*", ..GOOD }).is_err(), "no pattern");
        let fault = judged("@cert-authority * CA", &Made { principal: "db-01", ..GOOD }).unwrap_err();
        assert!(fault.full_message().contains("it is for db-01, not for web-01"), "{fault:?}");
    }

    #[test]
    fn what_does_not_hold_falls_back_to_the_plain_key() {
        let expired = Made { valid: 0..1_000_000_000, ..GOOD };
        let fault = judged("@cert-authority * CA", &expired).unwrap_err();
        assert!(fault.full_message().contains("it expired on 2001-09-09"), "{fault:?}");
        assert!(judged("@cert-authority * CA\nweb-01 KEY", &expired).is_ok());
        let user = Made { kind: CertType::User, ..GOOD };
        assert!(judged("@cert-authority * CA", &user).is_err());
    }

    #[test]
    fn signatures_that_are_not_listed_are_not_believed() {
        let host = new_key();
        let mut builder =
            Builder::new_with_random_nonce(&mut safe_rng(), host.public_key().key_data().clone(), 0, 9)
                .unwrap();
        builder.cert_type(CertType::Host).unwrap();
        builder.all_principals_valid().unwrap();
        let certificate = builder.sign(&new_key()).unwrap();
        assert!(
            signed_well(&certificate, None).is_ok() && signed_well(&certificate, Some("ssh-ed25519")).is_ok()
        );
        assert!(
            signed_well(&certificate, Some("rsa-sha2-512")).is_err_and(|why| why.contains("ssh-ed25519"))
        );
    }

    #[test]
    fn a_revoked_authority_vouches_for_nobody() {
        let fault = judged("@cert-authority * CA\n@revoked * CA", &GOOD).unwrap_err();
        assert!(fault.message.contains("@revoked"), "{fault:?}");
        assert!(judged("@cert-authority * CA\n@revoked * KEY", &GOOD).is_err());
    }
}
