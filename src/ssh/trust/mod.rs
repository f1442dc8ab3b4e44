//! Which host keys are trusted: known_hosts files, authorities, and the policy for hosts that nobody knows.

mod certificate;
mod known_hosts;
mod learn;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use russh::keys::{HashAlg, PublicKey};

use super::offer::{Known, is_too_short, key_type};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase};
use crate::ssh_config::HostKeyChecking;
use known_hosts::{Judgement, KnownHosts, lookup_name};
use learn::Learnt;

/// What becomes of a host whose key is not known. A changed key is refused under the first two, a
/// revoked one under all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is not audited.
    Strict,
    /// Its key is trusted and remembered.
    AcceptNew,
    /// Whatever key it presents is taken: anyone in between can pretend to be the host.
    Insecure,
}

/// How far a host is believed that is let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ssh) enum Faith {
    /// As far as anybody.
    Whole,
    /// Its key has changed and nobody checks it: as for `ssh`, no password is shown to it.
    NoPassword,
}

/// One file, and what it held when the run began.
#[derive(Debug)]
struct File {
    path: PathBuf,
    known: KnownHosts,
}

/// The host keys of a run.
#[derive(Debug)]
pub struct Trust {
    /// `None` is what ssh's configuration says of each host, or else strict.
    policy: Option<Policy>,
    files: BTreeMap<PathBuf, File>,
    /// Where this is set, it alone says what is known.
    only: Option<File>,
    learnt: Learnt,
    /// How many hosts were refused because nothing is known of them.
    unknown: AtomicUsize,
    warnings: Vec<String>,
}

/// A public key as known_hosts writes it.
struct Shown {
    key_type: String,
    blob: String,
    fingerprint: String,
}

impl Shown {
    fn of(key: &PublicKey) -> Self {
        let line = key.to_openssh().unwrap_or_default();
        let mut fields = line.split(' ').map(str::to_owned);
        let (key_type, blob) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        Self { key_type, blob, fingerprint: key.fingerprint(HashAlg::Sha256).to_string() }
    }
}

impl Trust {
    /// Reads the known_hosts files of the routes. A file that does not exist is empty, as it is for OpenSSH.
    pub fn load<'a>(policy: Option<Policy>, routes: impl IntoIterator<Item = &'a SshRoute>) -> Self {
        let mut trust = Self::new(policy);
        for path in routes.into_iter().flat_map(paths_of) {
            if !trust.files.contains_key(path) {
                let file = trust.read(path.clone());
                trust.files.insert(path.clone(), file);
            }
        }
        trust
    }

    /// Trusts what `text`, in the format of known_hosts, says, and nothing else.
    pub fn of(text: &str) -> Self {
        let file = File { path: PathBuf::new(), known: KnownHosts::parse(text) };
        Self { only: Some(file), ..Self::new(None) }
    }

    fn new(policy: Option<Policy>) -> Self {
        Self {
            policy,
            files: BTreeMap::new(),
            only: None,
            learnt: Learnt::default(),
            unknown: AtomicUsize::new(0),
            warnings: Vec::new(),
        }
    }

    fn read(&mut self, path: PathBuf) -> File {
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    self.warnings.push(format!("{}: cannot be read: {error}", path.display()));
                }
                String::new()
            }
        };
        let known = KnownHosts::parse(&text);
        if let Some(first) = known.malformed().first() {
            let count = known.malformed().len();
            self.warnings.push(format!("{}:{first}: {count} malformed line(s) ignored", path.display()));
        }
        File { path, known }
    }

    /// What the user should know of the files.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// How many hosts came to be trusted during this run.
    pub fn learnt(&self) -> usize {
        self.learnt.count()
    }

    /// Why keys that came to be trusted could not be remembered, if they could not.
    pub fn unsaved(&self) -> Option<String> {
        self.learnt.unsaved()
    }

    /// How many hosts were refused during this run because nothing is known of them.
    pub fn unknown(&self) -> usize {
        self.unknown.load(Ordering::Relaxed)
    }

    /// What holds for a route's host key.
    pub fn policy(&self, route: &SshRoute) -> Policy {
        self.policy.unwrap_or(match route.settings.strict_host_key_checking {
            Some(HostKeyChecking::AcceptNew) => Policy::AcceptNew,
            Some(HostKeyChecking::No) => Policy::Insecure,
            Some(HostKeyChecking::Yes | HostKeyChecking::Ask) | None => Policy::Strict,
        })
    }

    /// What is known of a route's host before it shows its key.
    pub(super) fn known_keys(&self, route: &SshRoute) -> Known {
        let names = names_of(route);
        let each = || self.files_of(route).flat_map(|file| names.iter().map(move |name| (file, name)));
        let types = each().flat_map(|(file, name)| file.known.key_types(name).collect::<Vec<_>>());
        let by_authority = each().any(|(file, name)| file.known.authorities(name).next().is_some());
        Known { types: types.filter_map(key_type).collect(), by_authority }
    }

    /// Judges the key that a host presents.
    pub(super) fn judge(&self, route: &SshRoute, key: &PublicKey) -> Result<Faith, Fault> {
        let [name, portless] = names_of(route);
        let shown = Shown::of(key);
        if is_too_short(key.key_data(), &route.settings) {
            return Err(short(&shown));
        }
        let (mut known, mut changed) = (false, None);
        for file in self.files_of(route) {
            match file.known.judge(&name, &shown.blob) {
                Judgement::Revoked { line } => return Err(revoked(file, line, &shown)),
                Judgement::Known => known = true,
                Judgement::Changed { line } => changed = changed.or(Some((file, line))),
                // As OpenSSH does: a key that is known for the name on any port will do.
                Judgement::Unknown => match file.known.judge(&portless, &shown.blob) {
                    Judgement::Revoked { line } => return Err(revoked(file, line, &shown)),
                    Judgement::Known => known = true,
                    Judgement::Changed { .. } | Judgement::Unknown => {}
                },
            }
        }
        match (known, changed, self.policy(route)) {
            (true, ..) | (false, None, Policy::Insecure) => Ok(Faith::Whole),
            (false, Some(_), Policy::Insecure) => Ok(Faith::NoPassword),
            (false, Some((file, line)), _) => Err(change(file, line, &shown)),
            (false, None, Policy::Strict) => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                Err(unknown(&name, &shown))
            }
            (false, None, Policy::AcceptNew) => {
                self.learnt.learn(route, &name, &shown).map(|()| Faith::Whole)
            }
        }
    }

    fn files_of<'a>(&'a self, route: &'a SshRoute) -> impl Iterator<Item = &'a File> {
        let named = paths_of(route).filter(|_| self.only.is_none()).filter_map(|path| self.files.get(path));
        self.only.iter().chain(named)
    }
}

/// The known_hosts files of a route, the user's first.
fn paths_of(route: &SshRoute) -> impl Iterator<Item = &PathBuf> {
    route.settings.user_known_hosts_files.iter().chain(&route.settings.global_known_hosts_files)
}

/// The names under which a route's host may be known: with its port, and as OpenSSH does, without.
fn names_of(route: &SshRoute) -> [String; 2] {
    let settings = &route.settings;
    match &settings.host_key_alias {
        // An alias stands for itself, whatever the port.
        Some(alias) => [lookup_name(alias, 22), lookup_name(alias, 22)],
        None => [lookup_name(&settings.host_name, settings.port), lookup_name(&settings.host_name, 22)],
    }
}

fn unknown(name: &str, key: &Shown) -> Fault {
    Fault::new(Phase::HostKey, "its host key is not in known_hosts")
        .detail(format!("{name} presented {} {}", key.key_type, key.fingerprint))
        .hint("add the keys with ssh-keyscan and check their fingerprints, or trust what each host shows the first time with --host-key accept-new")
}

fn short(key: &Shown) -> Fault {
    Fault::new(Phase::HostKey, "its host key is an RSA key that is too short to be believed")
        .detail(format!("{} {}", key.key_type, key.fingerprint))
        .hint("give the host an Ed25519 key, or look at RequiredRSASize in ssh's configuration")
}

fn change(file: &File, line: usize, key: &Shown) -> Fault {
    let Shown { key_type, fingerprint, .. } = key;
    Fault::new(Phase::HostKey, "its host key has changed: the host was reinstalled, or someone is in between")
        .detail(format!("{}:{line} has another key than {key_type} {fingerprint}", file.path.display()))
        .hint("compare the fingerprint with the host's console; if it is right, `ssh-keygen -R` removes the old key")
}

fn revoked(file: &File, line: usize, key: &Shown) -> Fault {
    Fault::new(Phase::HostKey, "its host key is marked @revoked")
        .detail(format!("{}:{line} revokes {}", file.path.display(), key.fingerprint))
        .hint("the host must get a new host key before anyone logs in to it again")
}

#[cfg(test)]
mod tests;
