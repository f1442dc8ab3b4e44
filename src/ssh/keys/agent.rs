//! What ssh-agents hold: keys and certificates whose private half never leaves them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use russh::keys::PublicKey;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use tokio::time::timeout;

use super::{Candidate, Secret};
use crate::snapshot::quote;

/// How long an agent may take to say which keys it holds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everything that the agent behind a socket offers, certificates first; why it offers nothing, if it
/// cannot be asked.
pub(super) async fn ask(socket: &Path) -> Result<Vec<Candidate>, String> {
    let asking = async {
        let mut agent = AgentClient::connect_uds(socket).await?;
        agent.request_identities().await
    };
    // An agent that does not answer must not hold up hosts that need none.
    let asked = timeout(PATIENCE, asking).await;
    let identities = match asked {
        Ok(Ok(identities)) => identities,
        Ok(Err(error)) => {
            return Err(format!("the SSH agent at {} cannot be asked: {error}", socket.display()));
        }
        Err(_) => return Err(format!("the SSH agent at {} does not answer", socket.display())),
    };
    let mut candidates: Vec<Candidate> =
        identities.into_iter().map(|identity| candidate(identity, socket)).collect();
    candidates.sort_by_key(|candidate| candidate.certificate.is_none());
    Ok(candidates)
}

fn candidate(identity: AgentIdentity, socket: &Path) -> Candidate {
    let named = |comment: &str, kind: &str| match quote(comment.as_bytes()).as_str() {
        "" => format!("a {kind} of the agent"),
        comment => format!("{comment} ({kind} of the agent)"),
    };
    let socket: PathBuf = socket.to_owned();
    match identity {
        AgentIdentity::PublicKey { key, comment } => {
            Candidate { name: named(&comment, "key"), secret: Secret::Agent(socket, key), certificate: None }
        }
        AgentIdentity::Certificate { certificate, comment } => {
            let key = PublicKey::new(certificate.public_key().clone(), comment.clone());
            Candidate {
                name: named(&comment, "certificate"),
                secret: Secret::Agent(socket, key),
                certificate: Some(certificate),
            }
        }
    }
}
