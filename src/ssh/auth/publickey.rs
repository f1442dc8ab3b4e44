//! Keys and certificates, from files and from agents, offered one after the other.

use std::time::Duration;

use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode as _;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};
use tokio::time::timeout;

use super::{Login, MAX_AUTH_TRIES, MOST_ATTEMPTS, Outcome};
use crate::snapshot::{Fault, Phase, quote};
use crate::ssh::handler::Guard;
use crate::ssh::keys::{Candidate, Secret};
use crate::ssh_config::apply;

/// How long an agent may take to sign: somebody may have to touch a key, or to confirm.
const AGENT_PATIENCE: Duration = Duration::from_secs(15);

/// How long a server may take to say which RSA signatures it knows; OpenSSH says it with its first packet.
const RSA_PATIENCE: Duration = Duration::from_millis(300);

impl Login<'_> {
    /// Offers the keys that fit the route, best first, until one is accepted; as many attempts are kept for
    /// other methods.
    pub(super) async fn publickey(&mut self, kept: usize) -> Result<Outcome, Fault> {
        let candidates = self.keyring.candidates(self.route);
        let mut left = MethodSet::from([MethodKind::PublicKey].as_slice());
        for (nth, candidate) in candidates.iter().enumerate() {
            self.tried.left = candidates.len() - nth;
            if self.tried.attempts >= MOST_ATTEMPTS
                || kept > 0 && self.tried.attempts + kept >= MAX_AUTH_TRIES
            {
                break;
            }
            let list = self.route.settings.algorithms.pubkey_accepted.as_deref();
            let any =
                |list: &str| RSA_HASHES.iter().chain(&[None]).any(|hash| allows(list, candidate, *hash));
            if !list.is_none_or(any) {
                continue;
            }
            match self.offer(candidate).await? {
                Outcome::Refused(methods) => {
                    self.still_connected(&methods)?;
                    self.tried.left -= 1;
                    let useless = !methods.contains(&MethodKind::PublicKey);
                    left = methods;
                    if useless {
                        break;
                    }
                    self.tried.keys.push(candidate.name.clone());
                }
                outcome => {
                    self.keyring.let_in(&self.route.settings.user, candidate);
                    self.tried.accepted = Some(format!("the key {}", candidate.name));
                    return Ok(outcome);
                }
            }
        }
        // With nothing to offer nobody has asked the host yet what it takes.
        if candidates.is_empty() { self.ask_for_methods().await } else { Ok(Outcome::Refused(left)) }
    }

    /// The methods that the host takes, RFC 4252 5.2.
    async fn ask_for_methods(&mut self) -> Result<Outcome, Fault> {
        let asked = self.handle.authenticate_none(self.route.settings.user.as_str()).await;
        let outcome = outcome(asked.map_err(|_| self.lost())?);
        if let Outcome::Refused(methods) = &outcome {
            self.still_connected(methods)?;
        }
        Ok(outcome)
    }

    async fn offer(&mut self, candidate: &Candidate) -> Result<Outcome, Fault> {
        let list = self.route.settings.algorithms.pubkey_accepted.as_deref();
        let hashes = match (candidate.is_rsa(), list) {
            (false, _) => vec![None],
            (true, None) => rsa_hashes(self.handle).await,
            // The user's choice may not be the server's favourite.
            (true, Some(list)) => {
                RSA_HASHES.into_iter().filter(|hash| allows(list, candidate, *hash)).collect()
            }
        };
        let mut last = Outcome::Refused(MethodSet::from([MethodKind::PublicKey].as_slice()));
        for hash in hashes {
            self.tried.attempts += 1;
            let user = self.route.settings.user.clone();
            let result = match (&candidate.secret, &candidate.certificate) {
                (Secret::Agent(..), _) => self.by_agent(candidate, hash).await?,
                (Secret::File(key), None) => {
                    let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                    self.handle.authenticate_publickey(user, key).await.map_err(|_| self.lost())?
                }
                (Secret::File(key), Some(certificate)) => {
                    let mut signer = FileSigner(key);
                    let signed = self
                        .handle
                        .authenticate_certificate_with(user, certificate.clone(), hash, &mut signer)
                        .await;
                    signed.map_err(|_| self.lost())?
                }
            };
            last = outcome(result);
            if !matches!(last, Outcome::Refused(_)) {
                return Ok(last);
            }
        }
        Ok(last)
    }

    /// An agent that does not sign costs its key, not the host: `ssh` goes on to the next one too.
    async fn by_agent(&mut self, candidate: &Candidate, hash: Option<HashAlg>) -> Result<AuthResult, Fault> {
        let signed = timeout(AGENT_PATIENCE, self.signed_by_agent(candidate, hash)).await;
        let why = match signed {
            Ok(Ok(result)) => return Ok(result),
            Ok(Err(why)) => why,
            // The library still waits for the signature: nothing else can be tried on this connection.
            Err(_) => {
                return Err(Fault::new(Phase::Authenticate, "the SSH agent did not sign")
                    .detail(format!("no answer about {} within {AGENT_PATIENCE:?}", candidate.name))
                    .hint("does it wait for a confirmation or a touch? `ssh-add -T KEY.pub` tells"));
            }
        };
        if self.handle.is_closed() {
            return Err(self.lost());
        }
        self.tried.unsigned = Some(format!("{}: {}", candidate.name, quote(why.as_bytes())));
        Ok(AuthResult::Failure {
            remaining_methods: MethodSet::from([MethodKind::PublicKey].as_slice()),
            partial_success: false,
        })
    }

    async fn signed_by_agent(
        &mut self,
        candidate: &Candidate,
        hash: Option<HashAlg>,
    ) -> Result<AuthResult, String> {
        let Secret::Agent(socket, key) = &candidate.secret else {
            return Err("no agent holds it".to_owned());
        };
        let mut agent = Agent::connect_uds(socket).await.map_err(|error| error.to_string())?;
        let user = self.route.settings.user.as_str();
        match &candidate.certificate {
            None => self.handle.authenticate_publickey_with(user, key.clone(), hash, &mut agent).await,
            // An agent knows the certificates that were added to it; for others it signs with the bare key.
            Some(certificate) if holds(&mut agent, certificate).await => {
                self.handle.authenticate_certificate_with(user, certificate.clone(), hash, &mut agent).await
            }
            Some(certificate) => {
                let mut bare = BareKey { agent, key: key.clone() };
                self.handle.authenticate_certificate_with(user, certificate.clone(), hash, &mut bare).await
            }
        }
        .map_err(|error| error.to_string())
    }
}

/// Whether PubkeyAcceptedAlgorithms lets a signature be offered; `+` and `^` take nothing away.
fn is_accepted(list: &str, name: &str) -> bool {
    apply(list, &[name]).iter().any(|allowed| allowed == name)
}

fn outcome(result: AuthResult) -> Outcome {
    match result {
        AuthResult::Success => Outcome::Accepted,
        AuthResult::Failure { partial_success: true, remaining_methods } => {
            Outcome::Partial(remaining_methods)
        }
        AuthResult::Failure { remaining_methods, .. } => Outcome::Refused(remaining_methods),
    }
}

/// The signatures to try with an RSA key: the one that the server asks for, since every refusal counts;
/// both where it does not say.
async fn rsa_hashes(handle: &Handle<Guard>) -> Vec<Option<HashAlg>> {
    match timeout(RSA_PATIENCE, handle.best_supported_rsa_hash()).await {
        Ok(Ok(Some(Some(hash)))) => vec![Some(hash)],
        _ => RSA_HASHES.to_vec(),
    }
}

/// Signatures of RSA keys that are offered, best first.
const RSA_HASHES: [Option<HashAlg>; 2] = [Some(HashAlg::Sha512), Some(HashAlg::Sha256)];

fn allows(list: &str, candidate: &Candidate, hash: Option<HashAlg>) -> bool {
    candidate.is_rsa() == hash.is_some() && is_accepted(list, &candidate.signature_name(hash))
}

type Agent = AgentClient<tokio::net::UnixStream>;

async fn holds(agent: &mut Agent, certificate: &Certificate) -> bool {
    let held = agent.request_identities().await.unwrap_or_default();
    held.iter().any(|identity| {
        matches!(identity, AgentIdentity::Certificate { certificate: held, .. } if held == certificate)
    })
}

/// An agent that signs for a certificate with the key that it is about.
struct BareKey {
    agent: Agent,
    key: russh::keys::PublicKey,
}

impl russh::Signer for BareKey {
    type Error = russh::AgentAuthError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, Self::Error> {
        let key = AgentIdentity::PublicKey { key: self.key.clone(), comment: String::new() };
        Ok(self.agent.sign_request(&key, hash, data).await?)
    }
}

/// A key file that signs for its certificate; RSA with SHA-2, which the library itself does not do.
struct FileSigner<'k>(&'k PrivateKey);

/// The key did not sign, or the connection is gone; either way this proof is none.
#[derive(Debug)]
struct Unsigned;

impl From<russh::SendError> for Unsigned {
    fn from(_: russh::SendError) -> Self {
        Self
    }
}

impl russh::Signer for FileSigner<'_> {
    type Error = Unsigned;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, Unsigned> {
        let signature = match self.0.key_data() {
            KeypairData::Rsa(pair) => (pair, hash).try_sign(&data),
            pair => pair.try_sign(&data),
        };
        let signature = signature.map_err(|_| Unsigned)?;
        // RFC 4252 7: the signature follows what it signs, as a string.
        signature.encode_prefixed(&mut data).map_err(|_| Unsigned)?;
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_which_signatures_are_offered() {
        for (list, accepted) in [
            ("ssh-ed25519,rsa-sha2-*", true),
            ("rsa-sha2-512", false),
            ("-ssh-ed25519*", false),
            ("-ecdsa-*", true),
            ("+ssh-rsa", true),
            ("^rsa-sha2-512", true),
        ] {
            assert_eq!(is_accepted(list, "ssh-ed25519"), accepted, "{list}");
        }
    }
}
