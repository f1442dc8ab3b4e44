//! Where the daemons of a host write, and what tells so.
//!
//! It is evidence, kept as the host told it: what a process has open, what its unit says, which paths stand in its
//! executable and its configuration. What follows from it is the replacement's part.

mod read;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(super) use read::evidence;

/// A daemon that listens, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Its process id.
    pub process: u32,
    /// The systemd unit that it belongs to, where the kernel knows.
    pub unit: Option<String>,
    /// What the kernel calls it.
    pub name: String,
    /// Its executable, links followed.
    pub executable: String,
    /// When it was started.
    pub started: Timestamp,
    /// The words of its command, or the title that it gave itself.
    pub command: Vec<String>,
    /// The users of its processes, its main one's first.
    pub users: Vec<User>,
    /// Further groups of its main process: numbers, and names where the host has them.
    pub groups: Vec<(u32, Option<String>)>,
    /// What its main process may do, a bit for each of capabilities(7).
    pub capabilities: u64,
    /// The folder that it stands in.
    pub folder: String,
    /// The ports that it listens on.
    pub listens: Vec<Listening>,
    /// The package of its executable.
    pub package: Option<String>,
    /// The packages that it uses: each with a file of it that is mapped.
    pub uses: Vec<(String, String)>,
    /// What its unit says, in the order in which it counts.
    pub directives: Vec<Directive>,
    /// Paths, and what speaks of each, in the order in which it was told.
    pub traces: Vec<(String, Trace)>,
    /// Those of these paths that were looked at; one that is not there is `None`.
    pub paths: BTreeMap<String, Option<Place>>,
    /// Variables that its configuration uses; `None` where the value was withheld.
    pub variables: Vec<(String, Option<String>)>,
    /// The files that its configuration is made of.
    pub configuration: Vec<(String, Config)>,
    /// Those of these files that packages brought along, each with its package.
    pub shipped_configuration: Vec<(String, String)>,
    /// What its configuration and its command name and what is there, beside files of the configuration of a package.
    pub parts: Vec<Part>,
    /// Who names paths that were not looked at, for a blank or a letter that is no ASCII, and each such path.
    pub odd: Vec<(String, String)>,
    /// Kinds of evidence of which there is more than was told.
    pub cut: Vec<String>,
}

/// A file or a folder that a service is told to use, and who brought it along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its path.
    pub path: String,
    /// Who names it.
    pub named_by: NamedBy,
    /// The package that has it, or whose install script speaks of it.
    pub brought: Brought,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Who names a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedBy {
    /// It is read as configuration.
    Configuration,
    /// Its command.
    Command,
    /// Its unit.
    Unit,
    /// A line of the configuration: `ssl_certificate in /etc/nginx/tls.conf:2`.
    Line(String),
}

/// Who brought a part along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Nobody who is known: no package.
    Nobody,
    /// A package has it.
    Package(String),
    /// An install script of a package speaks of it.
    Script(String),
}

/// A user of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// Its name, where the host has one.
    pub name: Option<String>,
    /// The name of its group.
    pub group: Option<String>,
}

/// A port that is listened on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listening {
    /// UDP, not TCP.
    pub udp: bool,
    /// Its number.
    pub port: u16,
    /// Where from it can be reached.
    pub scope: Scope,
    /// The user that made the socket.
    pub uid: u32,
}

/// Where from a socket can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// From everywhere.
    Any,
    /// By one address of the host.
    One,
    /// From the host itself.
    Loopback,
}

/// A line of a unit, systemd.exec(5) and systemd.service(5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The unit's file, or a drop-in's.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What speaks of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    /// A process has it open for writing.
    Open(Writing),
    /// It is the socket of a process.
    Socket,
    /// It stands in the command.
    Word,
    /// A line of tmpfiles.d.
    TmpFiles {
        /// Its file.
        file: String,
        /// Its type: `d`, `f`, `L` and so on, tmpfiles.d(5).
        kind: String,
    },
    /// It stands in a file of the configuration.
    Named {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The first word of that line.
        directive: String,
    },
    /// It is the value of a variable that the configuration uses.
    Variable(String),
    /// It stands in the executable; the option that the executable was built with, where it has one.
    Compiled(Option<String>),
    /// So many of its files changed since the process was started, and belong to its user.
    Changed(u32),
    /// A package brought it along.
    Shipped(String),
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// At its end, as logs are.
    Append,
    /// Anywhere.
    Anywhere,
    /// It has no name any more: a temporary file.
    Deleted,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What kind of file it is, links followed.
    pub kind: PlaceKind,
    /// Its permissions, as chmod(1) has them.
    pub mode: u32,
    /// Its owner.
    pub owner: User,
    /// When it was changed.
    pub changed: Timestamp,
}

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A socket.
    Socket,
    /// A pipe or a device.
    Special,
}

/// What became of a file of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Config {
    /// It was read.
    Read,
    /// The host's list does not let it be read.
    Refused,
    /// It could not be read.
    Unreadable,
}

impl Serving {
    /// What people call it: its unit without its ending, or the name of its process.
    pub fn called(&self) -> &str {
        let unit = self.unit.as_deref().and_then(|unit| unit.strip_suffix(".service"));
        unit.unwrap_or(&self.name)
    }

    /// The last value of a unit's directive, and the file that it stands in.
    pub fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().rev().find(|directive| directive.name == name)
    }

    /// Whether its main process runs as root.
    pub fn is_root(&self) -> bool {
        self.users.first().is_none_or(|user| user.uid == 0)
    }

    /// What is known of a path.
    pub fn place(&self, path: &str) -> Option<&Place> {
        self.paths.get(path)?.as_ref()
    }
}
