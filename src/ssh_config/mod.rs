//! OpenSSH's client configuration, ssh_config(5): what it says of one destination.
//!
//! It reads the files once, before any host is asked. As for `ssh` itself, the first value that is found
//! wins: what the caller gives comes first, then the user's file, then the system's. A directive that
//! would change how a host is reached and that is not honoured here is kept in
//! [`Settings::unhonoured`], never passed over. Nothing here connects, or runs a command.

mod algorithms;
mod condition;
mod fill;
mod include;
mod keywords;
mod line;
mod me;
mod names;
mod parse;
mod pattern;
mod resolve;
mod settings;
mod tokens;
mod value;

#[cfg(test)]
mod generate;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use algorithms::{apply, apply_among};
pub use me::{Environment, Me};
pub use names::{hosts_of, is_config, is_users_own};
pub use settings::{
    AddressFamily, AgentChoice, Algorithms, Directive, HostKeyChecking, JumpHost, Proxy, Settings,
};

use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use parse::{Item, Owner, Reader};
use resolve::Search;

/// The system's configuration.
const SYSTEM: &str = "/etc/ssh/ssh_config";

/// Which files there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Files {
    /// `~/.ssh/config` and `/etc/ssh/ssh_config`, where they exist.
    Usual,
    /// This file, which must exist, and nothing else.
    Only(PathBuf),
    /// None.
    Nothing,
}

/// The configuration of one run: who asks, and every file that was read.
#[derive(Debug, Clone, Default)]
pub struct Config {
    me: Me,
    files: Arc<[Vec<Item>]>,
}

impl Config {
    /// A configuration without a file: OpenSSH's defaults.
    pub fn without_files(me: Me) -> Self {
        Self { me, files: Arc::default() }
    }

    /// Reads the files and those that they include.
    ///
    /// # Errors
    /// Every mistake in them: as for ssh, a configuration that is wrong anywhere is not used at all.
    pub fn load(files: &Files, me: Me) -> Result<Self, Diagnostics> {
        let mut reader = Reader::new(&me);
        let mut read = Vec::new();
        match files {
            Files::Nothing => {}
            Files::Only(path) => {
                let items = opened(path)?.map(|(source, _)| reader.read(&source, Owner::User, 0));
                read.extend(items);
            }
            Files::Usual => {
                let user = me.home.as_ref().map(|home| home.join(".ssh").join("config"));
                let user = user.map(|path| (path, Owner::User));
                for (path, owner) in user.into_iter().chain([(PathBuf::from(SYSTEM), Owner::System)]) {
                    read.extend(usual(&mut reader, &path, owner, me.uid)?);
                }
            }
        }
        match reader.mistakes.is_empty() {
            true => Ok(Self { files: read.into(), me }),
            false => Err(Diagnostics(reader.mistakes)),
        }
    }

    /// Who asks.
    pub fn me(&self) -> &Me {
        &self.me
    }

    /// What holds for `destination`, the name that `ssh` would be given; `given` comes before every file.
    pub fn resolve(&self, destination: &str, given: &[Directive]) -> Settings {
        let search = self.search(destination, given);
        let host = search.host();
        fill::settings(&self.me, destination, &host, search.found)
    }

    fn search<'c>(&'c self, destination: &'c str, given: &'c [Directive]) -> Search<'c> {
        let mut search = Search::new(&self.me, destination);
        search.given(given);
        search.files(&self.files);
        search
    }
}

/// One of the usual files. Like ssh, it passes over one that is missing or not readable for this user, and
/// refuses one of the user's that others may write.
fn usual(
    reader: &mut Reader<'_>,
    path: &Path,
    owner: Owner,
    uid: u32,
) -> Result<Option<Vec<Item>>, Diagnostic> {
    let Ok(Some((source, metadata))) = include::read(path) else { return Ok(None) };
    if owner == Owner::User && !include::is_private(&metadata, uid) {
        let whole = source.whole("it belongs to another user, or others may write it");
        return Err(whole.help("ssh refuses it as well: chown it, and chmod go-w"));
    }
    Ok(Some(reader.read(&source, owner, 0)))
}

/// A file that must exist.
fn opened(path: &Path) -> Result<Option<(Source, std::fs::Metadata)>, Diagnostic> {
    include::read(path).map_err(|error| {
        let whole = Source::text(&path.to_string_lossy(), "").whole(format!("cannot read the file: {error}"));
        whole.help("-F names ssh's configuration; `-F none` reads none")
    })
}
