//! Which host keys are trusted: known_hosts files and the policy for hosts that they do not name.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File as Handle, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use russh::keys::ssh_key::Algorithm;
use russh::keys::{HashAlg, PublicKey};

use super::known_hosts::{Judgement, KnownHosts, lookup_name};
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase, quote};

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

/// One file, and what it held when the run began.
#[derive(Debug)]
struct File {
    path: PathBuf,
    known: KnownHosts,
}

/// The host keys of a run.
#[derive(Debug)]
pub struct Trust {
    policy: Policy,
    files: BTreeMap<PathBuf, File>,
    /// Where this is set, it alone says what is known.
    only: Option<File>,
    /// Keys that came to be trusted during this run: name and key as known_hosts writes them.
    learnt: Mutex<BTreeMap<(String, String), String>>,
    /// How many hosts were refused because nothing is known of them.
    unknown: AtomicUsize,
    warnings: Vec<String>,
}

impl Trust {
    /// Reads the known_hosts files of the routes. A file that does not exist is empty, as it is for OpenSSH.
    pub fn load<'a>(policy: Policy, routes: impl IntoIterator<Item = &'a SshRoute>) -> Self {
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
        Self { only: Some(file), ..Self::new(Policy::Strict) }
    }

    fn new(policy: Policy) -> Self {
        Self {
            policy,
            files: BTreeMap::new(),
            only: None,
            learnt: Mutex::default(),
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
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How many hosts were refused during this run because nothing is known of them.
    pub fn unknown(&self) -> usize {
        self.unknown.load(Ordering::Relaxed)
    }

    /// The kinds of key that are known for a route's host.
    pub(super) fn known_algorithms(&self, route: &SshRoute) -> Vec<Algorithm> {
        let names = names_of(route);
        self.files_of(route)
            .flat_map(|file| names.iter().flat_map(|name| file.known.key_types(name).collect::<Vec<_>>()))
            .filter_map(|key_type| Algorithm::from_str(key_type).ok())
            .collect()
    }

    /// Judges the key that a host presents.
    pub(super) fn judge(&self, route: &SshRoute, key: &PublicKey) -> Result<(), Fault> {
        let [name, portless] = names_of(route);
        let line = key.to_openssh().unwrap_or_default();
        let mut fields = line.split(' ');
        let (key_type, blob) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let (mut known, mut changed) = (false, None);
        for file in self.files_of(route) {
            match file.known.judge(&name, blob) {
                Judgement::Revoked { line } => return Err(revoked(file, line, &fingerprint)),
                Judgement::Known => known = true,
                Judgement::Changed { line } => changed = changed.or(Some((file, line))),
                // As OpenSSH does: a key that is known for the name on any port will do.
                Judgement::Unknown => match file.known.judge(&portless, blob) {
                    Judgement::Revoked { line } => return Err(revoked(file, line, &fingerprint)),
                    Judgement::Known => known = true,
                    Judgement::Changed { .. } | Judgement::Unknown => {}
                },
            }
        }
        match (known, changed, self.policy) {
            (true, ..) | (_, _, Policy::Insecure) => Ok(()),
            (false, Some((file, line)), _) => Err(change(file, line, key_type, &fingerprint)),
            (false, None, Policy::Strict) => {
                self.unknown.fetch_add(1, Ordering::Relaxed);
                Err(unknown(&name, key_type, &fingerprint))
            }
            (false, None, Policy::AcceptNew) => self.learn(route, name, key_type, blob, &fingerprint),
        }
    }

    fn files_of<'a>(&'a self, route: &'a SshRoute) -> impl Iterator<Item = &'a File> {
        let named = paths_of(route).filter(|_| self.only.is_none()).filter_map(|path| self.files.get(path));
        self.only.iter().chain(named)
    }

    /// Remembers a key in the first of the route's files. Two connections to one host must see the same.
    fn learn(
        &self,
        route: &SshRoute,
        name: String,
        key_type: &str,
        blob: &str,
        fingerprint: &str,
    ) -> Result<(), Fault> {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = learnt.get(&(name.clone(), key_type.to_owned())) {
            let same = before == blob;
            return if same {
                Ok(())
            } else {
                Err(Fault::new(Phase::HostKey, "the host presented two keys in one run").detail(fingerprint))
            };
        }
        let Some(file) = self.files_of(route).next() else {
            return Err(Fault::new(
                Phase::HostKey,
                "there is no known_hosts file to remember the host key in",
            )
            .hint("set `known_hosts` in the inventory, or HOME"));
        };
        append(&file.path, &format!("{name} {key_type} {blob}\n")).map_err(|error| {
            Fault::new(Phase::HostKey, format!("the host key could not be added to {}", file.path.display()))
                .detail(quote(error.to_string().as_bytes()))
                .hint("is the file writable for this user?")
        })?;
        learnt.insert((name, key_type.to_owned()), blob.to_owned());
        Ok(())
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

/// Adds a whole line with one write, private to the user if the file is new; starts a line of its own
/// where the last one was left open.
fn append(path: &Path, line: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = if ends_open(&mut file)? { format!("\n{line}") } else { line.to_owned() };
    file.write_all(text.as_bytes())
}

/// Whether the last line of a file has no end.
fn ends_open(file: &mut Handle) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last != [b'\n'])
}

fn unknown(name: &str, key_type: &str, fingerprint: &str) -> Fault {
    Fault::new(Phase::HostKey, "its host key is not in known_hosts")
        .detail(format!("{name} presented {key_type} {fingerprint}"))
        .hint("add the keys with ssh-keyscan and check their fingerprints, or trust what each host shows the first time with --host-key accept-new")
}

fn change(file: &File, line: usize, key_type: &str, fingerprint: &str) -> Fault {
    Fault::new(Phase::HostKey, "its host key has changed: the host was reinstalled, or someone is in between")
        .detail(format!("{}:{line} has another key than {key_type} {fingerprint}", file.path.display()))
        .hint("compare the fingerprint with the host's console; if it is right, `ssh-keygen -R` removes the old key")
}

fn revoked(file: &File, line: usize, fingerprint: &str) -> Fault {
    Fault::new(Phase::HostKey, "its host key is marked @revoked")
        .detail(format!("{}:{line} revokes {fingerprint}", file.path.display()))
        .hint("the host must get a new host key before anyone logs in to it again")
}

#[cfg(test)]
mod tests {
    use russh::keys::PrivateKey;

    use super::*;

    fn key() -> PublicKey {
        PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519)
            .unwrap()
            .public_key()
            .clone()
    }

    fn load(policy: Policy, path: &Path) -> (Trust, SshRoute) {
        let file = path.display().to_string();
        let given = [("port", "2222"), ("userknownhostsfile", &file), ("globalknownhostsfile", "none")];
        let route = SshRoute::to("web-01", &given);
        (Trust::load(policy, [&route]), route)
    }

    #[test]
    fn strict_refuses_what_it_does_not_know_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let (trust, route) = load(Policy::Strict, &folder.path().join("known_hosts"));
        let fault = trust.judge(&route, &key()).unwrap_err();
        assert_eq!(fault.phase, Phase::HostKey);
        assert!(fault.hint.contains("--host-key accept-new"), "{}", fault.hint);
    }

    #[test]
    fn accept_new_remembers_a_key_once_and_refuses_another_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/known_hosts");
        let (trust, way) = load(Policy::AcceptNew, &path);
        let first = key();
        trust.judge(&way, &first).unwrap();
        trust.judge(&way, &first).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert!(trust.judge(&way, &key()).is_err());
        let (again, way) = load(Policy::AcceptNew, &path);
        again.judge(&way, &first).unwrap();
        let fault = again.judge(&way, &key()).unwrap_err();
        assert!(fault.message.contains("changed"), "{fault}");
    }

    #[test]
    fn a_line_left_open_is_not_spoilt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known_hosts");
        std::fs::write(&path, "# no newline").unwrap();
        let (trust, way) = load(Policy::AcceptNew, &path);
        trust.judge(&way, &key()).unwrap();
        assert!(
            std::fs::read_to_string(&path).unwrap().starts_with("# no newline\n[web-01]:2222 ssh-ed25519 ")
        );
    }

    #[test]
    fn a_revoked_key_is_refused_even_when_nothing_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known_hosts");
        let key = key();
        std::fs::write(&path, format!("@revoked * {}\n", key.to_openssh().unwrap())).unwrap();
        for policy in [Policy::Strict, Policy::AcceptNew, Policy::Insecure] {
            let (trust, way) = load(policy, &path);
            assert!(trust.judge(&way, &key).unwrap_err().message.contains("@revoked"));
        }
    }

    #[test]
    fn insecure_takes_any_other_key() {
        let folder = tempfile::tempdir().unwrap();
        let (trust, route) = load(Policy::Insecure, &folder.path().join("known_hosts"));
        trust.judge(&route, &key()).unwrap();
        assert!(!folder.path().join("known_hosts").exists());
    }
}
