//! Authentication by public key: the named key, the agent's, OpenSSH's default files.

use russh::MethodKind;
use russh::client::{AuthResult, Handle};
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKey};

use super::faults;
use super::handler::{Guard, Reason};
use super::identity::{Candidate, Keyring, Secret};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase, quote};

/// sshd closes the connection after six refusals (MaxAuthTries); one is left in hand.
const MOST_ATTEMPTS: usize = 5;

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
        match offer(handle, &route.user, candidate, keyring).await? {
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
    Err(refused(route, &tried, keyring))
}

async fn offer(
    handle: &mut Handle<Guard>,
    user: &str,
    candidate: &Candidate,
    keyring: &Keyring,
) -> Result<Offer, Fault> {
    // Old servers know only the second; new ones accept the first.
    let hashes: &[Option<HashAlg>] = match candidate.is_rsa() {
        true => &[Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
        false => &[None],
    };
    let mut last = Offer::Refused { publickey_useful: true, connected: true };
    for hash in hashes {
        let result = match &candidate.secret {
            Secret::File(key) => handle
                .authenticate_publickey(user, PrivateKeyWithHashAlg::new(key.clone(), *hash))
                .await
                .map_err(|_| faults::lost(Phase::Authenticate, None))?,
            Secret::Agent(key) => by_agent(handle, user, key, *hash, keyring).await?,
        };
        last = match result {
            AuthResult::Success => return Ok(Offer::Accepted),
            AuthResult::Failure { remaining_methods, .. } => Offer::Refused {
                publickey_useful: remaining_methods.contains(&MethodKind::PublicKey),
                // A connection lost during authentication reads as a refusal that leaves no method.
                connected: !remaining_methods.is_empty() && !handle.is_closed(),
            },
        };
    }
    Ok(last)
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
    Fault::new(Phase::Authenticate, format!("the host does not accept public keys for {}", route.user))
        .hint("driftless authenticates by key; allow PubkeyAuthentication for the audit user")
}

fn refused(route: &SshRoute, tried: &[&str], keyring: &Keyring) -> Fault {
    if tried.is_empty() {
        let why = keyring.why_none(route);
        return Fault::new(Phase::Authenticate, format!("there is no key to offer: {why}"))
            .hint("name a key with `identity` or --identity, or load one with ssh-add");
    }
    let (keys, its) = if tried.len() == 1 { ("key", "key") } else { ("keys", "keys") };
    let fault = Fault::new(
        Phase::Authenticate,
        format!("the server refused the {keys} {} for {}", tried.join(", "), route.user),
    );
    fault.hint(format!("is the audit {its} in {}'s authorized_keys on the host?", route.user))
}
