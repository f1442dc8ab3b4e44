//! Authentication by public key: the named key, the agent's, OpenSSH's default files.

use std::time::Duration;

use russh::MethodKind;
use russh::client::{AuthResult, Handle};
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKey};

use tokio::time::timeout;

use super::faults;
use super::handler::{Guard, Reason};
use super::identity::{Candidate, Keyring, Secret};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase, quote};

/// sshd closes the connection with the sixth refusal (MaxAuthTries).
const MOST_ATTEMPTS: usize = 6;

/// How long a server may take to say which RSA signatures it knows; OpenSSH says it with its first packet.
const RSA_PATIENCE: Duration = Duration::from_millis(300);

/// What came of offering one key.
enum Offer {
    Accepted,
    Refused { publickey_useful: bool, connected: bool },
}

/// Offers the keys that fit the route, best first, until one is accepted.
pub(super) async fn authenticate(
    handle: &mut Handle<Guard>,
    route: &SshRoute,
    keyring: &Keyring,
    reason: &Reason,
) -> Result<(), Fault> {
    let candidates = keyring.candidates(route);
    let mut tried: Vec<&str> = Vec::new();
    for candidate in candidates.iter().take(MOST_ATTEMPTS) {
        match offer(handle, &route.settings.user, candidate, keyring).await? {
            Offer::Accepted => return Ok(()),
            Offer::Refused { connected: false, .. } => {
                return Err(faults::lost(Phase::Authenticate, reason.get().map(String::as_str)));
            }
            Offer::Refused { publickey_useful, .. } => {
                tried.push(&candidate.name);
                if !publickey_useful {
                    return Err(no_publickey(route));
                }
            }
        }
    }
    Err(refused(route, &tried, candidates.len().saturating_sub(tried.len()), keyring))
}

async fn offer(
    handle: &mut Handle<Guard>,
    user: &str,
    candidate: &Candidate,
    keyring: &Keyring,
) -> Result<Offer, Fault> {
    let hashes = if candidate.is_rsa() { rsa_hashes(handle).await } else { vec![None] };
    let mut last = Offer::Refused { publickey_useful: true, connected: true };
    for hash in hashes {
        let result = match &candidate.secret {
            Secret::File(key) => handle
                .authenticate_publickey(user, PrivateKeyWithHashAlg::new(key.clone(), hash))
                .await
                .map_err(|_| faults::lost(Phase::Authenticate, None))?,
            Secret::Agent(key) => by_agent(handle, user, key, hash, keyring).await?,
        };
        last = match result {
            AuthResult::Success => return Ok(Offer::Accepted),
            AuthResult::Failure { partial_success: true, .. } => {
                return Err(Fault::new(
                    Phase::Authenticate,
                    "the host accepted the key, and asks for more than a key",
                )
                .hint(
                    "let the audit user in by key alone: AuthenticationMethods publickey in a Match block",
                ));
            }
            AuthResult::Failure { remaining_methods, .. } => Offer::Refused {
                publickey_useful: remaining_methods.contains(&MethodKind::PublicKey),
                // A connection lost during authentication reads as a refusal that leaves no method.
                connected: !remaining_methods.is_empty() && !handle.is_closed(),
            },
        };
    }
    Ok(last)
}

/// The signatures to try with an RSA key: the one that the server asks for, since every refusal counts;
/// both where it does not say.
async fn rsa_hashes(handle: &Handle<Guard>) -> Vec<Option<HashAlg>> {
    match timeout(RSA_PATIENCE, handle.best_supported_rsa_hash()).await {
        Ok(Ok(Some(Some(hash)))) => vec![Some(hash)],
        _ => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
    }
}

async fn by_agent(
    handle: &mut Handle<Guard>,
    user: &str,
    key: &PublicKey,
    hash: Option<HashAlg>,
    keyring: &Keyring,
) -> Result<AuthResult, Fault> {
    let gone = |what: &dyn std::fmt::Display| {
        Fault::new(Phase::Authenticate, "the SSH agent did not sign")
            .detail(quote(what.to_string().as_bytes()))
            .hint("is the agent still running and unlocked? `ssh-add -l` tells")
    };
    let Some(socket) = keyring.agent_socket() else { return Err(gone(&"no agent")) };
    let mut agent = AgentClient::connect_uds(socket).await.map_err(|error| gone(&error))?;
    handle
        .authenticate_publickey_with(user, key.clone(), hash, &mut agent)
        .await
        .map_err(|error| gone(&error))
}

fn no_publickey(route: &SshRoute) -> Fault {
    Fault::new(
        Phase::Authenticate,
        format!("the host does not accept public keys for {}", route.settings.user),
    )
    .hint("driftless authenticates by key; allow PubkeyAuthentication for the audit user")
}

fn refused(route: &SshRoute, tried: &[&str], left: usize, keyring: &Keyring) -> Fault {
    if tried.is_empty() {
        let why = keyring.why_none(route);
        return Fault::new(Phase::Authenticate, format!("there is no key to offer: {why}"))
            .hint("name a key with `identity` or --identity, or load one with ssh-add");
    }
    let (keys, is_it) = if tried.len() == 1 { ("key", "is it") } else { ("keys", "is one of them") };
    let mut message =
        format!("the server refused the {keys} {} for {}", tried.join(", "), route.settings.user);
    if left > 0 {
        message.push_str(&format!("; {left} more were not tried, since sshd hangs up after {MOST_ATTEMPTS}"));
    }
    if let Some(why) = keyring.why_not_named(route) {
        message.push_str(&format!("; the key that is set was not among them: {why}"));
    }
    Fault::new(Phase::Authenticate, message)
        .hint(format!("{is_it} in {}'s authorized_keys on the host?", route.settings.user))
}
