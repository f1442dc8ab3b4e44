//! Our keys: read once before the run, each passphrase asked for once.
//!
//! Nothing here talks to a host. Secrets live in the library's zeroising types and are never
//! printed; the Debug output of a keyring names files only.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{PrivateKey, PublicKey, decode_secret_key, load_public_key};
use zeroize::Zeroizing;

use crate::inventory::SshRoute;

/// OpenSSH's default files, in our order of preference.
const DEFAULT_FILES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// How often a passphrase is asked for before the key is given up.
const PASSPHRASE_TRIES: usize = 3;

/// How long the agent may take to say which keys it holds.
const AGENT_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// Asks the user for the passphrase of a key file; `None` when there is nobody to ask.
pub type Passphrase<'a> = dyn FnMut(&Path) -> Option<Zeroizing<String>> + 'a;

/// Where a key's signatures come from.
#[derive(Clone)]
pub(super) enum Secret {
    File(Arc<PrivateKey>),
    Agent(PublicKey),
}

/// A key that may be offered, and what messages call it.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) secret: Secret,
}

impl Candidate {
    pub(super) fn is_rsa(&self) -> bool {
        self.public().algorithm().is_rsa()
    }

    fn public(&self) -> &PublicKey {
        match &self.secret {
            Secret::File(key) => key.public_key(),
            Secret::Agent(key) => key,
        }
    }
}

/// Every key of a run.
#[derive(Default)]
pub struct Keyring {
    /// Keys by the file that the inventory or the command line names, or why there is none.
    named: BTreeMap<PathBuf, Result<Candidate, String>>,
    agent: Vec<Candidate>,
    agent_socket: Option<PathBuf>,
    defaults: Vec<Candidate>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("named", &self.named.keys())
            .field("agent", &self.agent.len())
            .field("defaults", &self.defaults.len())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// A keyring of one key that is offered to every host.
    pub fn of(name: &str, key: PrivateKey) -> Self {
        let candidate = Candidate { name: name.to_owned(), secret: Secret::File(Arc::new(key)) };
        Self { defaults: vec![candidate], ..Self::default() }
    }

    /// Reads the keys that the routes name, and OpenSSH's default files below `home`, and asks the
    /// agent at `agent_socket` what it holds. A key that cannot be read is only remembered: the hosts
    /// that need it will say so.
    pub async fn load<'a>(
        routes: impl IntoIterator<Item = &'a SshRoute>,
        home: Option<&Path>,
        agent_socket: Option<PathBuf>,
        ask: &mut Passphrase<'_>,
    ) -> Self {
        let mut keyring = Self { agent_socket, ..Self::default() };
        keyring.agent = keyring.ask_agent().await;
        for path in routes.into_iter().flat_map(named_by) {
            if !keyring.named.contains_key(path) {
                let read = keyring.read_named(path, home, ask);
                keyring.named.insert(path.to_owned(), read);
            }
        }
        if let Some(folder) = home.map(|home| home.join(".ssh")) {
            keyring.read_defaults(&folder, home, ask);
        }
        keyring
    }

    /// The agent's socket, if there is an agent.
    pub(super) fn agent_socket(&self) -> Option<&Path> {
        self.agent_socket.as_deref()
    }

    /// The keys to offer on a route, best first.
    pub(super) fn candidates(&self, route: &SshRoute) -> Vec<&Candidate> {
        let mut candidates: Vec<&Candidate> = match &route.settings.identity_files {
            Some(paths) => {
                paths.iter().filter_map(|path| self.named.get(path)).flatten().chain(&self.agent).collect()
            }
            None => self.agent.iter().chain(&self.defaults).collect(),
        };
        let mut seen = Vec::new();
        candidates.retain(|candidate| {
            let new = !seen.contains(&candidate.public().key_data());
            seen.push(candidate.public().key_data());
            new
        });
        candidates
    }

    /// Why there is no key for a route.
    pub(super) fn why_none(&self, route: &SshRoute) -> String {
        self.why_not_named(route).unwrap_or_else(|| {
            "no identity is set, the agent holds none, and none of OpenSSH's default files can be used"
                .to_owned()
        })
    }

    /// Why the key that a route names cannot be used, if it names one that cannot.
    pub(super) fn why_not_named(&self, route: &SshRoute) -> Option<String> {
        named_by(route).find_map(|path| {
            let why = self.named.get(path)?.as_ref().err()?;
            Some(format!("{}: {why}", path.display()))
        })
    }

    async fn ask_agent(&self) -> Vec<Candidate> {
        let Some(socket) = &self.agent_socket else { return Vec::new() };
        let asking = async {
            let mut agent = AgentClient::connect_uds(socket).await.ok()?;
            agent.request_identities().await.ok()
        };
        // An agent that does not answer must not hold up hosts that need none.
        let identities =
            tokio::time::timeout(AGENT_PATIENCE, asking).await.ok().flatten().unwrap_or_default();
        identities
            .into_iter()
            .filter_map(|identity| match identity {
                AgentIdentity::PublicKey { key, comment } => {
                    Some(Candidate { name: format!("{comment} (agent)"), secret: Secret::Agent(key) })
                }
                AgentIdentity::Certificate { .. } => None,
            })
            .collect()
    }

    /// A key file that was asked for by name. If it is encrypted and the agent holds it, the agent signs.
    fn read_named(
        &self,
        path: &Path,
        home: Option<&Path>,
        ask: &mut Passphrase<'_>,
    ) -> Result<Candidate, String> {
        let name = shown(path, home);
        match read_key(path) {
            Ok(Key::Plain(key)) => Ok(Candidate { name, secret: Secret::File(Arc::new(*key)) }),
            Ok(Key::Encrypted(text, public)) => {
                let public = public.or_else(|| load_public_key(public_path(path)).ok());
                if let Some(held) = public.and_then(|public| self.in_agent(&public)) {
                    return Ok(Candidate { name, secret: held.secret.clone() });
                }
                let key = decrypt(path, &text, ask)?;
                Ok(Candidate { name, secret: Secret::File(Arc::new(key)) })
            }
            // The private half may live in the agent alone.
            Err(why) => load_public_key(public_path(path))
                .ok()
                .and_then(|public| self.in_agent(&public))
                .map(|held| Candidate { name, secret: held.secret.clone() })
                .ok_or(why),
        }
    }

    fn in_agent(&self, public: &PublicKey) -> Option<&Candidate> {
        self.agent.iter().find(|candidate| candidate.public().key_data() == public.key_data())
    }

    /// Default files are taken as they come; a passphrase is asked for only if there is no other key.
    fn read_defaults(&mut self, folder: &Path, home: Option<&Path>, ask: &mut Passphrase<'_>) {
        let mut encrypted = None;
        for path in DEFAULT_FILES.map(|file| folder.join(file)) {
            match read_key(&path) {
                Ok(Key::Plain(key)) => {
                    self.defaults
                        .push(Candidate { name: shown(&path, home), secret: Secret::File(Arc::new(*key)) });
                }
                Ok(Key::Encrypted(text, _)) => encrypted = encrypted.or(Some((path, text))),
                Err(_) => {}
            }
        }
        if self.defaults.is_empty() && self.agent.is_empty() && self.named.is_empty() {
            if let Some((path, text)) = encrypted {
                if let Ok(key) = decrypt(&path, &text, ask) {
                    self.defaults
                        .push(Candidate { name: shown(&path, home), secret: Secret::File(Arc::new(key)) });
                }
            }
        }
    }
}

/// The key files that a route names.
fn named_by(route: &SshRoute) -> impl Iterator<Item = &PathBuf> {
    route.settings.identity_files.iter().flatten()
}

/// A key file as it lies on disk.
enum Key {
    Plain(Box<PrivateKey>),
    Encrypted(Zeroizing<String>, Option<PublicKey>),
}

fn read_key(path: &Path) -> Result<Key, String> {
    let text =
        Zeroizing::new(std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?);
    if let Ok(key) = PrivateKey::from_openssh(text.as_str()) {
        // OpenSSH's format leaves the public half in the clear.
        return Ok(if key.is_encrypted() {
            let public = key.public_key().clone();
            Key::Encrypted(text, Some(public))
        } else {
            Key::Plain(Box::new(key))
        });
    }
    if text.contains("ENCRYPTED") {
        return Ok(Key::Encrypted(text, None));
    }
    decode_secret_key(&text, None)
        .map(|key| Key::Plain(Box::new(key)))
        .map_err(|_| "is no private key that can be used".to_owned())
}

fn decrypt(path: &Path, text: &str, ask: &mut Passphrase<'_>) -> Result<PrivateKey, String> {
    for _ in 0..PASSPHRASE_TRIES {
        let Some(passphrase) = ask(path) else {
            return Err("is encrypted, and there is no terminal to ask for its passphrase".to_owned());
        };
        if let Ok(key) = decode_secret_key(text, Some(&passphrase)) {
            return Ok(key);
        }
    }
    Err("is encrypted, and the passphrase was wrong".to_owned())
}

fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// A path as messages show it, with `~` for the home folder.
fn shown(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::ssh_key::{Algorithm, LineEnding};

    use super::*;

    fn route(identity: &Path) -> SshRoute {
        SshRoute::to("h", &[("identityfile", &identity.display().to_string())])
    }

    fn write_key(path: &Path, passphrase: Option<&str>) {
        let mut rng = russh::keys::key::safe_rng();
        let mut key = PrivateKey::random(&mut rng, Algorithm::Ed25519).unwrap();
        if let Some(passphrase) = passphrase {
            key = key.encrypt(&mut rng, passphrase).unwrap();
        }
        key.write_openssh_file(path, LineEnding::LF).unwrap();
    }

    #[tokio::test]
    async fn a_passphrase_is_asked_for_once_and_three_times_if_it_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_key(&path, Some("right"));
        let mut answers = vec!["right", "wrong"];
        let mut ask = |_: &Path| answers.pop().map(|answer| Zeroizing::new(answer.to_owned()));
        let route = route(&path);
        let keyring = Keyring::load([&route, &route], None, None, &mut ask).await;
        assert_eq!(keyring.candidates(&route).len(), 1);
        assert!(answers.is_empty());
    }

    #[tokio::test]
    async fn without_a_terminal_an_encrypted_key_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write_key(&path, Some("right"));
        let route = route(&path);
        let keyring = Keyring::load([&route], None, None, &mut |_| None).await;
        assert!(keyring.candidates(&route).is_empty());
        assert!(keyring.why_none(&route).contains("no terminal"));
    }

    #[tokio::test]
    async fn default_files_are_found_below_home() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".ssh")).unwrap();
        write_key(&home.path().join(".ssh/id_ed25519"), None);
        let keyring = Keyring::load([], Some(home.path()), None, &mut |_| None).await;
        let candidates = keyring
            .candidates(&SshRoute::to("h", &[]))
            .into_iter()
            .map(|candidate| candidate.name.as_str())
            .collect::<Vec<_>>();
        assert_eq!(candidates, ["~/.ssh/id_ed25519"]);
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "rubbish").unwrap();
        assert!(read_key(&path).is_err());
        assert!(read_key(&folder.path().join("missing")).is_err_and(|why| why.contains("cannot be read")));
    }
}
