//! Our keys: read once before the run, each passphrase asked for once.
//!
//! Nothing here talks to a host. Secrets live in zeroising types and are never printed; the Debug output
//! of a keyring names files only.

mod agent;
mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Algorithm, Certificate, HashAlg, PrivateKey, PublicKey, load_public_key};
use zeroize::Zeroizing;

use super::offer::is_too_short;
use crate::inventory::SshRoute;
use crate::ssh_config::AgentChoice;

use file::Key;

/// OpenSSH's default files, in our order of preference.
const DEFAULT_FILES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Asks the user for the passphrase of a key file; `None` when there is nobody to ask.
pub type Passphrase<'a> = dyn FnMut(&Path, Attempt) -> Option<Zeroizing<String>> + 'a;

/// Whether a passphrase is asked for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It is.
    First,
    /// What was given before was wrong.
    Again,
}

/// Where a key's signatures come from.
#[derive(Clone)]
pub(super) enum Secret {
    File(Arc<PrivateKey>),
    /// The agent behind a socket.
    Agent(PathBuf, PublicKey),
}

/// A key that may be offered, and what messages call it.
#[derive(Clone)]
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) secret: Secret,
    /// Offered in place of the bare key.
    pub(super) certificate: Option<Certificate>,
}

impl Candidate {
    pub(super) fn is_rsa(&self) -> bool {
        self.public().algorithm().is_rsa()
    }

    /// The name of its signatures: `rsa-sha2-512`, `ssh-ed25519-cert-v01@openssh.com`.
    pub(super) fn signature_name(&self, hash: Option<HashAlg>) -> String {
        let algorithm = match self.public().algorithm() {
            Algorithm::Rsa { .. } => Algorithm::Rsa { hash },
            other => other,
        };
        match self.certificate {
            Some(_) => algorithm.to_certificate_type(),
            None => algorithm.as_str().to_owned(),
        }
    }

    fn of_file(path: &Path, home: Option<&Path>, key: PrivateKey) -> Self {
        Self { name: file::shown(path, home), secret: Secret::File(Arc::new(key)), certificate: None }
    }

    fn public(&self) -> &PublicKey {
        match &self.secret {
            Secret::File(key) => key.public_key(),
            Secret::Agent(_, key) => key,
        }
    }

    /// What tells it from others: the key, and whether it comes with a certificate.
    fn identity(&self) -> (&russh::keys::ssh_key::public::KeyData, Option<u64>) {
        (self.public().key_data(), self.certificate.as_ref().map(Certificate::serial))
    }
}

/// Every key of a run.
#[derive(Default)]
pub struct Keyring {
    /// Keys by the file that a route names, or why there is none.
    named: BTreeMap<PathBuf, Result<Candidate, String>>,
    /// Certificates by file: those that a route names, and those that lie beside a key.
    certificates: BTreeMap<PathBuf, Result<Certificate, String>>,
    /// What each agent holds, by its socket, or why it holds nothing.
    agents: BTreeMap<PathBuf, Result<Vec<Candidate>, String>>,
    /// The socket of the agent that the environment names.
    environment: Option<PathBuf>,
    /// OpenSSH's default files.
    defaults: Vec<Candidate>,
    /// The public halves of OpenSSH's default files, as far as they lie beside them.
    default_publics: Vec<PublicKey>,
    /// Default files that are encrypted and were left out, and why.
    locked: Vec<String>,
    /// The key that let us in last, by login name: a fleet mostly takes one and the same.
    favourites: Mutex<BTreeMap<String, PublicKey>>,
    /// What is answered where a host asks for a password, unless the inventory has another.
    password: Option<Zeroizing<String>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("named", &self.named.keys())
            .field("agents", &self.agents.keys())
            .field("defaults", &self.defaults.len())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// A keyring of one key that is offered to every host.
    pub fn of(name: &str, key: PrivateKey) -> Self {
        let secret = Secret::File(Arc::new(key));
        let candidate = Candidate { name: name.to_owned(), secret, certificate: None };
        Self { defaults: vec![candidate], ..Self::default() }
    }

    /// Reads the keys and certificates that the routes name, and OpenSSH's default files below `home`, and
    /// asks the agents what they hold; `agent_socket` is the one that the environment names. What cannot
    /// be read is only remembered: the hosts that need it will say so.
    pub async fn load<'a>(
        routes: impl IntoIterator<Item = &'a SshRoute>,
        home: Option<&Path>,
        agent_socket: Option<PathBuf>,
        ask: &mut Passphrase<'_>,
    ) -> Self {
        let mut keyring = Self { environment: agent_socket, ..Self::default() };
        let routes: Vec<&SshRoute> = routes.into_iter().collect();
        for route in &routes {
            keyring.ask_agent(route).await;
        }
        for route in &routes {
            for path in named_by(route) {
                if !keyring.named.contains_key(path) {
                    let read = keyring.read_named(path, home, ask);
                    keyring.named.insert(path.clone(), read);
                    keyring.read_certificate(file::beside(path, "-cert.pub"), false);
                }
            }
            for path in &route.settings.certificate_files {
                keyring.read_certificate(path.clone(), true);
            }
        }
        // Nobody is asked for the passphrase of a key that no host needs.
        let needed = routes.iter().any(|route| route.settings.identity_files.is_none());
        if let Some(folder) = home.map(|home| home.join(".ssh")).filter(|_| needed) {
            keyring.read_defaults(&folder, home, ask);
        }
        keyring
    }

    /// Answers `password` where a host asks for one and the inventory has no other.
    #[must_use]
    pub fn with_password(self, password: Option<Zeroizing<String>>) -> Self {
        Self { password, ..self }
    }

    /// The password for a route, if there is one.
    pub(super) fn password<'a>(&'a self, route: &'a SshRoute) -> Option<&'a str> {
        let own = route.password.as_ref().map(crate::inventory::Password::reveal);
        own.or(self.password.as_ref().map(|password| password.as_str()))
    }

    /// Remembers the key that let us in, so that the next host is offered it first.
    pub(super) fn let_in(&self, user: &str, candidate: &Candidate) {
        let mut favourites = self.favourites.lock().unwrap_or_else(PoisonError::into_inner);
        if favourites.get(user).is_none_or(|known| known.key_data() != candidate.public().key_data()) {
            favourites.insert(user.to_owned(), candidate.public().clone());
        }
    }

    /// The keys to offer on a route, best first: those that are set for it, then the agent's, then
    /// OpenSSH's default files; each with its certificate before it stands by itself.
    pub(super) fn candidates(&self, route: &SshRoute) -> Vec<Candidate> {
        let mut keys: Vec<&Candidate> = match &route.settings.identity_files {
            Some(paths) => paths.iter().filter_map(|path| self.named.get(path)?.as_ref().ok()).collect(),
            None => Vec::new(),
        };
        let set = keys.len();
        let only = route.settings.identities_only;
        keys.extend(self.agent_of(route).filter(|candidate| !only || self.is_default(candidate, route)));
        if route.settings.identity_files.is_none() {
            keys.extend(&self.defaults);
        }
        let favourites = self.favourites.lock().unwrap_or_else(PoisonError::into_inner);
        let favourite = favourites.get(&route.settings.user);
        if let (Some(favourite), Some(others)) = (favourite, keys.get_mut(set..)) {
            others.sort_by_key(|candidate| candidate.public().key_data() != favourite.key_data());
        }
        let mut candidates = self.certified(route, &keys);
        candidates.extend(keys.into_iter().cloned());
        candidates.retain(|candidate| !is_too_short(candidate.public().key_data(), &route.settings));
        let mut seen = Vec::new();
        candidates.retain(|candidate| {
            let (key, serial) = candidate.identity();
            let identity = (key.clone(), serial);
            let new = !seen.contains(&identity);
            seen.push(identity);
            new
        });
        candidates
    }

    /// Whether a key of the agent is one of OpenSSH's default files, for a route that names no other.
    fn is_default(&self, candidate: &Candidate, route: &SshRoute) -> bool {
        let same = |public: &PublicKey| public.key_data() == candidate.public().key_data();
        route.settings.identity_files.is_none() && self.default_publics.iter().any(same)
    }

    /// The certificates of a route, each with the key that it is about.
    fn certified(&self, route: &SshRoute, keys: &[&Candidate]) -> Vec<Candidate> {
        let beside = named_by(route).map(|path| file::beside(path, "-cert.pub"));
        let paths = route.settings.certificate_files.iter().cloned().chain(beside);
        let certificates: Vec<&Certificate> =
            paths.filter_map(|path| self.certificates.get(&path)?.as_ref().ok()).collect();
        let mut certified = Vec::new();
        for certificate in certificates {
            let owner =
                keys.iter().chain(&self.defaults.iter().collect::<Vec<_>>()).copied().find(|candidate| {
                    candidate.certificate.is_none()
                        && candidate.public().key_data() == certificate.public_key()
                });
            if let Some(owner) = owner {
                let name = format!("{} with its certificate", owner.name);
                certified.push(Candidate { name, certificate: Some(certificate.clone()), ..owner.clone() });
            }
        }
        certified
    }

    /// Why there is no key for a route.
    pub(super) fn why_none(&self, route: &SshRoute) -> String {
        let locked = || self.why_not_default(route).map(str::to_owned);
        self.why_not_named(route).or_else(|| self.why_no_agent(route)).or_else(locked).unwrap_or_else(|| {
            "no identity is set, the agent holds none, and none of OpenSSH's default files can be used"
                .to_owned()
        })
    }

    /// Why a key or certificate that a route names cannot be used, if it names one that cannot.
    pub(super) fn why_not_named(&self, route: &SshRoute) -> Option<String> {
        let key = |path: &PathBuf| Some((path.clone(), self.named.get(path)?.as_ref().err()?));
        let certificate = |path: PathBuf| Some((path.clone(), self.certificates.get(&path)?.as_ref().err()?));
        let beside = named_by(route).map(|path| file::beside(path, "-cert.pub"));
        let mut certificates =
            route.settings.certificate_files.iter().cloned().chain(beside).filter_map(certificate);
        let (path, why) = named_by(route).find_map(key).or_else(|| certificates.next())?;
        Some(format!("{}: {why}", path.display()))
    }

    /// Why the agent of a route cannot be asked, if it cannot.
    pub(super) fn why_no_agent(&self, route: &SshRoute) -> Option<String> {
        self.agents.get(self.socket_of(route)?)?.as_ref().err().cloned()
    }

    /// The socket of a route's agent.
    fn socket_of<'a>(&'a self, route: &'a SshRoute) -> Option<&'a PathBuf> {
        match &route.settings.identity_agent {
            AgentChoice::Environment => self.environment.as_ref(),
            AgentChoice::None => None,
            AgentChoice::Socket(path) => Some(path),
        }
    }

    fn agent_of<'a>(&'a self, route: &'a SshRoute) -> impl Iterator<Item = &'a Candidate> {
        self.socket_of(route).and_then(|socket| self.agents.get(socket)?.as_ref().ok()).into_iter().flatten()
    }

    async fn ask_agent(&mut self, route: &SshRoute) {
        let Some(socket) = self.socket_of(route).cloned() else { return };
        if let std::collections::btree_map::Entry::Vacant(unasked) = self.agents.entry(socket) {
            let held = agent::ask(unasked.key()).await;
            unasked.insert(held);
        }
    }

    /// A key that any agent holds.
    fn in_agents(&self, public: &PublicKey) -> Option<&Candidate> {
        let mut held = self.agents.values().flatten().flatten();
        held.find(|candidate| {
            candidate.certificate.is_none() && candidate.public().key_data() == public.key_data()
        })
    }

    /// A key file that was asked for by name. If it is encrypted and the agent holds it, the agent signs.
    fn read_named(
        &self,
        path: &Path,
        home: Option<&Path>,
        ask: &mut Passphrase<'_>,
    ) -> Result<Candidate, String> {
        let by_agent = |public: &PublicKey| {
            let held = self.in_agents(public)?;
            Some(Candidate { name: file::shown(path, home), ..held.clone() })
        };
        let public_file = || load_public_key(file::beside(path, ".pub")).ok();
        match file::read(path) {
            Ok(Key::Plain(key)) => Ok(Candidate::of_file(path, home, *key)),
            Ok(Key::Encrypted(text, public)) => match public.or_else(public_file).as_ref().and_then(by_agent)
            {
                Some(held) => Ok(held),
                None => file::decrypt(path, &text, ask).map(|key| Candidate::of_file(path, home, key)),
            },
            // The private half may live in the agent alone, and the file may be the public half itself.
            Err(why) => {
                public_file().or_else(|| load_public_key(path).ok()).as_ref().and_then(by_agent).ok_or(why)
            }
        }
    }

    /// A certificate; one that nobody names and that is not there is none.
    fn read_certificate(&mut self, path: PathBuf, is_named: bool) {
        if (is_named || path.exists()) && !self.certificates.contains_key(&path) {
            let read = file::certificate(&path);
            self.certificates.insert(path, read);
        }
    }

    /// Default files are taken as they come; a passphrase is asked for only if there is no other key.
    fn read_defaults(&mut self, folder: &Path, home: Option<&Path>, ask: &mut Passphrase<'_>) {
        let mut encrypted = Vec::new();
        for path in DEFAULT_FILES.map(|name| folder.join(name)) {
            self.default_publics.extend(load_public_key(file::beside(&path, ".pub")).ok());
            match file::read(&path) {
                Ok(Key::Plain(key)) => self.defaults.push(Candidate::of_file(&path, home, *key)),
                Ok(Key::Encrypted(text, _)) => encrypted.push((path, text)),
                Err(_) => {}
            }
        }
        let held = self.agents.values().flatten().any(|held| !held.is_empty());
        for (path, text) in encrypted {
            let alone = self.defaults.is_empty() && !held;
            match alone.then(|| file::decrypt(&path, &text, ask)) {
                Some(Ok(key)) => self.defaults.push(Candidate::of_file(&path, home, key)),
                Some(Err(why)) => self.locked.push(format!("{} {why}", file::shown(&path, home))),
                None => self.locked.push(format!(
                    "{} is encrypted and was left out: load it with ssh-add, or name it with --identity",
                    file::shown(&path, home)
                )),
            }
        }
    }

    /// A default file that was left out, if the route could have used it.
    pub(super) fn why_not_default(&self, route: &SshRoute) -> Option<&str> {
        self.locked.first().map(String::as_str).filter(|_| route.settings.identity_files.is_none())
    }
}

/// The key files that a route names.
fn named_by(route: &SshRoute) -> impl Iterator<Item = &PathBuf> {
    route.settings.identity_files.iter().flatten()
}

#[cfg(test)]
mod tests;
