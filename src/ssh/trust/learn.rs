//! Keys that come to be trusted during a run, and are remembered in the user's known_hosts file.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ring::rand::SecureRandom as _;

use super::Shown;
use super::known_hosts::hashed;
use crate::inventory::SshRoute;
use crate::snapshot::{Fault, Phase};

/// What was learnt.
#[derive(Debug, Default)]
pub(super) struct Learnt(Mutex<Lessons>);

#[derive(Debug, Default)]
struct Lessons {
    /// Keys by name and type, as known_hosts writes them.
    keys: BTreeMap<(String, String), String>,
    /// Why they could not be written down.
    unsaved: Option<String>,
}

impl Learnt {
    /// How many keys came to be trusted.
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys.len()
    }

    /// Why they could not be remembered, if they could not.
    pub(super) fn unsaved(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).unsaved.clone()
    }

    /// Remembers a key in the first of the user's files. Two connections to one host must see the same. A
    /// file that cannot be written costs the memory, not the host: `ssh` goes on too.
    pub(super) fn learn(&self, route: &SshRoute, name: &str, key: &Shown) -> Result<(), Fault> {
        let mut lessons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = (name.to_owned(), key.key_type.clone());
        if let Some(before) = lessons.keys.get(&entry) {
            let twice = Fault::new(Phase::HostKey, "the host presented two keys in one run");
            return if *before == key.blob { Ok(()) } else { Err(twice.detail(key.fingerprint.as_str())) };
        }
        let written = match route.settings.user_known_hosts_files.first() {
            Some(path) => {
                let name = if route.settings.hash_known_hosts { hide(name) } else { name.to_owned() };
                append(path, &format!("{name} {} {}\n", key.key_type, key.blob))
                    .map_err(|error| format!("{}: {error}", path.display()))
            }
            None => {
                Err("there is no known_hosts file of this user: set HOME, or `known_hosts` in the inventory"
                    .to_owned())
            }
        };
        if let Err(why) = written {
            lessons.unsaved.get_or_insert(why);
        }
        lessons.keys.insert(entry, key.blob.clone());
        Ok(())
    }
}

/// A name hashed with a new salt; in the clear if the system gives no random numbers.
fn hide(name: &str) -> String {
    let mut salt = [0; 20];
    match ring::rand::SystemRandom::new().fill(&mut salt) {
        Ok(()) => hashed(name, &salt),
        Err(_) => name.to_owned(),
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
fn ends_open(file: &mut File) -> std::io::Result<bool> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    Ok(last != [b'\n'])
}
