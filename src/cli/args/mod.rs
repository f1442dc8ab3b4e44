//! The arguments as they are typed.

mod connection;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use driftless::inventory::Shard;
use driftless::report::write::{Form as _, Output};
use driftless::report::{Format, ListingFormat};
use driftless::severity::Severity;
use driftless::version::Target;
use jiff::SignedDuration;

pub(super) use connection::{Connection, HostKey, Login, Transport, seconds};

use super::explain::Explain;
use super::immutable::Immutable;
use super::notify::Notifying;
use super::pages::{Completions, Manual};
use super::past::{Again, Compare, History, StoreFile};
use super::replace::Replace;
use super::settings::Typed;

/// Shows which servers of a cluster have drifted apart, by how much, why, and what to do: over SSH,
/// read-only, without an agent.
#[derive(Debug, Parser)]
#[command(name = "driftless", version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,

    /// Settings: this file, or `none` [default: driftless.toml here, or else in the user's configuration folder]
    #[arg(long, global = true, value_name = "PATH", env = "DRIFTLESS_CONFIG")]
    pub(super) config: Option<PathBuf>,

    #[arg(skip)]
    pub(super) typed: Typed,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Collect, compare and report: the main job
    Audit(Box<Audit>),
    /// Only gather what hosts answer, into the store
    Collect(Box<Collect>),
    /// Would the playbook's upgrades succeed, host by host, and what would the cluster look like after
    Ready(Box<Ready>),
    /// Audit Kubernetes manifests (files, folders, `-`): which containers are immutable, and what voids it
    Immutable(Box<Immutable>),
    /// Write the immutable replacement of a cluster's servers: image, manifests, roll-out plan
    Replace(Box<Replace>),
    /// Stored runs: how clusters drifted over time, or the life of one host
    History(Box<History>),
    /// In what two hosts, two runs, or one host at two times differ
    Compare(Box<Compare>),
    /// Render a stored run again, in any format
    Report(Box<Again>),
    /// List the hosts of an inventory, and how each is reached
    Hosts(Box<Hosts>),
    /// What a rule means, why it matters, and what to do instead
    Explain(Explain),
    /// Audit an embedded fleet: real SSH to simulated hosts inside this process; no set-up, no root
    Demo(Box<Demo>),
    /// Write a first playbook from what the fleet looks like today
    Init(Box<Init>),
    /// Print the read-only script that runs on hosts, for review or as a forced command
    Probe(Probe),
    /// Print what a shell completes commands, flags and values with
    Completions(Completions),
    /// Print a manual page, or write all of them
    Man(Manual),
}

/// `driftless audit`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 nothing at or above --fail-on; 1 could not run, or no host was reached; \
2 findings; 3 no such findings, but something could not be audited."
)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line are independent of each other")]
pub(super) struct Audit {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    /// Playbook: what clusters should look like; may be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(super) playbook: Vec<PathBuf>,

    /// Ask each host's own solver, too, whether the playbook's upgrades would succeed
    #[arg(long, env = "DRIFTLESS_READY", value_parser = FalseyValueParser::new())]
    pub(super) ready: bool,

    #[command(flatten)]
    pub(super) connection: Connection,

    #[command(flatten)]
    pub(super) storing: Storing,

    /// Finish the last audit, which was stopped: hosts that it has are not asked again
    #[arg(long, env = "DRIFTLESS_RESUME", conflicts_with = "offline", value_parser = FalseyValueParser::new())]
    pub(super) resume: bool,

    /// Audit what the store holds, each host as it was seen last; nobody is asked
    #[arg(long, env = "DRIFTLESS_OFFLINE", value_parser = FalseyValueParser::new())]
    pub(super) offline: bool,

    /// Print nothing where nothing changed since the last audit; the exit status stays
    #[arg(long, env = "DRIFTLESS_ONLY_CHANGES", conflicts_with = "offline", value_parser = FalseyValueParser::new())]
    pub(super) only_changes: bool,

    /// Findings that this earlier JSON report has do not count
    #[arg(long, value_name = "REPORT.json", env = "DRIFTLESS_ACCEPT")]
    pub(super) accept: Option<PathBuf>,

    #[command(flatten)]
    pub(super) output: Reporting,

    #[command(flatten)]
    pub(super) notifying: Notifying,
}

/// `driftless collect`
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit status: 0 every host is kept; 1 could not run, or no host was reached; \
3 something could not be collected.")]
pub(super) struct Collect {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    /// Playbook whose packages, services, files and parameters are asked for; may be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(super) playbook: Vec<PathBuf>,

    /// Ask each host's own solver, too, whether the playbook's upgrades would succeed
    #[arg(long, env = "DRIFTLESS_READY", value_parser = FalseyValueParser::new())]
    pub(super) ready: bool,

    #[command(flatten)]
    pub(super) connection: Connection,

    #[command(flatten)]
    pub(super) storing: Storing,

    /// Finish the last collecting, which was stopped: hosts that it has are not asked again
    #[arg(long, env = "DRIFTLESS_RESUME", value_parser = FalseyValueParser::new())]
    pub(super) resume: bool,

    #[command(flatten)]
    pub(super) telling: Telling,
}

/// Where runs are kept, and for how long.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "History")]
pub(super) struct Storing {
    /// File that runs are kept in; `none` keeps nothing [default: driftless/store.sqlite in the user's state folder]
    #[arg(long, value_name = "PATH", env = "DRIFTLESS_STORE")]
    pub(super) store: Option<PathBuf>,

    /// Forget runs that are older, once this one is done: 90d, 12w, 36h
    #[arg(long, value_name = "AGE", value_parser = super::memory::age, env = "DRIFTLESS_KEEP")]
    pub(super) keep: Option<SignedDuration>,
}

/// `driftless ready`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 no known obstacle anywhere; 1 could not run, or no host was reached; \
2 a host is blocked; 3 none is blocked, but some are unknown."
)]
pub(super) struct Ready {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    /// Playbook whose [[upgrade]] entries are asked about; may be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(super) playbook: Vec<PathBuf>,

    /// What a package shall come to, in place of the playbook's word: a version (`1.26`, `1.26.3-3+deb13u1`), a
    /// requirement (`>=1.26`) or `candidate`; may be given several times
    #[arg(long, value_name = "PKG=VERSION", value_parser = target, env = "DRIFTLESS_TARGET")]
    pub(super) target: Vec<(String, Target)>,

    #[command(flatten)]
    pub(super) connection: Connection,

    #[command(flatten)]
    pub(super) file: StoreFile,

    /// Obstacles that this earlier JSON report has do not count
    #[arg(long, value_name = "REPORT.json", env = "DRIFTLESS_ACCEPT")]
    pub(super) accept: Option<PathBuf>,

    #[command(flatten)]
    pub(super) output: Reporting,

    #[command(flatten)]
    pub(super) notifying: Notifying,
}

/// `driftless hosts`
#[derive(Debug, ClapArgs)]
pub(super) struct Hosts {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    #[command(flatten)]
    pub(super) login: Login,

    /// `table`, `json` (as `ansible-inventory --list` has it) or `hosts` (one name a line)
    #[arg(long, value_name = "FORMAT", default_value = "table", env = "DRIFTLESS_FORMAT")]
    pub(super) format: ListingFormat,

    /// Colour on terminals, always or never; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, env = "DRIFTLESS_COLOR")]
    pub(super) color: Colour,

    /// No warnings
    #[arg(short, long, env = "DRIFTLESS_QUIET", value_parser = FalseyValueParser::new())]
    pub(super) quiet: bool,
}

/// Which hosts.
#[derive(Debug, ClapArgs)]
pub(super) struct Selecting {
    /// Hosts, `[USER@]NAME[:PORT]`; those that the inventory has keep its settings
    #[arg(value_name = "HOST")]
    pub(super) hosts: Vec<String>,

    #[command(flatten)]
    pub(super) from: Choosing,
}

/// Where hosts come from, and which of them are meant.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Choosing {
    /// Inventory: a file in TOML, or Ansible's own in INI or YAML, a script, a folder, or a list `a,b,`; may
    /// be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_INVENTORY")]
    pub(super) inventory: Vec<PathBuf>,

    /// Ansible's host pattern: `web:&prod:!web-03`, globs, `~regex`, ranges, `@FILE`
    #[arg(short, long, value_name = "PATTERN", env = "DRIFTLESS_LIMIT")]
    pub(super) limit: Option<String>,

    /// Of N machines that share the work this is number I: the hosts of that part alone, the same ones every time
    #[arg(long, value_name = "I/N", env = "DRIFTLESS_SHARD")]
    pub(super) shard: Option<Shard>,

    /// Seconds that a run of an inventory script may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds, env = "DRIFTLESS_INVENTORY_TIMEOUT")]
    pub(super) inventory_timeout: f64,
}

/// `driftless init`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 when the playbook was written; 1 when it could not be, or no host was reached."
)]
pub(super) struct Init {
    #[command(flatten)]
    pub(super) selecting: Selecting,

    /// Write the playbook into this file, which must not be there yet [default: standard output]
    #[arg(long, value_name = "PATH", env = "DRIFTLESS_OUT")]
    pub(super) out: Option<PathBuf>,

    /// Replace the file of --out if it is there
    #[arg(long, env = "DRIFTLESS_FORCE", value_parser = FalseyValueParser::new())]
    pub(super) force: bool,

    #[command(flatten)]
    pub(super) connection: Connection,

    #[command(flatten)]
    pub(super) telling: Telling,
}

/// `driftless demo`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 when it ran as it should, whatever it found; 1 when it could not run."
)]
pub(super) struct Demo {
    /// What is shown [default: audit]
    #[arg(value_enum, value_name = "WHAT")]
    pub(super) what: Option<DemoOf>,

    /// With `replace`: the folder that the files are written into [default: driftless-demo]
    #[arg(long, value_name = "DIR", env = "DRIFTLESS_OUT")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) output: Reporting,
}

/// What a demo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DemoOf {
    /// How hosts compare
    Audit,
    /// Whether an upgrade of theirs would succeed
    Ready,
    /// What replaces them
    Replace,
}

/// `driftless probe`
#[derive(Debug, ClapArgs)]
pub(super) struct Probe {
    /// Print what pins the probe on a host, for root to run there: the script, the line of authorized_keys, and
    /// the list of files that it may read
    #[arg(long, conflicts_with = "sudoers", env = "DRIFTLESS_INSTALL", value_parser = FalseyValueParser::new())]
    pub(super) install: bool,

    /// Print the rule of sudoers that --sudo needs
    #[arg(long, env = "DRIFTLESS_SUDOERS", value_parser = FalseyValueParser::new())]
    pub(super) sudoers: bool,

    /// Playbook whose files the probe may read; may be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(super) playbook: Vec<PathBuf>,

    /// Public half of the audit key
    #[arg(long, value_name = "FILE.pub", env = "DRIFTLESS_PUBLIC_KEY")]
    pub(super) public_key: Option<PathBuf>,

    /// The account on the hosts that the audit logs in to
    #[arg(short, long, value_name = "NAME", default_value = "audit", value_parser = account, env = "DRIFTLESS_USER")]
    pub(super) user: String,
}

/// What is reported, where, and what the exit status says.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Report")]
pub(super) struct Reporting {
    // The formats are told from their own list.
    #[arg(short, long, value_name = "FORMAT[=PATH]", help = formats(), env = "DRIFTLESS_OUTPUT")]
    pub(super) output: Vec<Output>,

    /// The least severity that leads to exit status 2: info, low, medium, high, critical, or never
    #[arg(long, value_name = "SEVERITY", default_value = "medium", env = "DRIFTLESS_FAIL_ON")]
    pub(super) fail_on: FailOn,

    /// Colour on terminals, always or never; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, env = "DRIFTLESS_COLOR")]
    pub(super) color: Colour,

    #[command(flatten)]
    pub(super) telling: Telling,
}

/// What `-o` takes.
fn formats() -> String {
    let named = |folder| Format::ALL.into_iter().filter(move |format| format.is_folder() == folder);
    let texts: Vec<String> = named(false).map(|format| format!("`{format}`")).collect();
    let folders: Vec<String> = named(true).map(|format| format!("`{format}=FOLDER`")).collect();
    format!(
        "{}, with `=PATH` into a file; {}; may be given several times",
        texts.join(", "),
        folders.join(", ")
    )
}

/// What is told on stderr while a run lasts.
#[derive(Debug, ClapArgs)]
pub(super) struct Telling {
    /// No progress on the terminal
    #[arg(long, env = "DRIFTLESS_NO_PROGRESS", value_parser = FalseyValueParser::new())]
    pub(super) no_progress: bool,

    /// No progress, no warnings but that of host keys that are not checked, and no table where -o names only files
    #[arg(short, long, env = "DRIFTLESS_QUIET", value_parser = FalseyValueParser::new())]
    pub(super) quiet: bool,

    /// Tell on stderr how each host fared
    #[arg(short, long, action = clap::ArgAction::Count, env = "DRIFTLESS_VERBOSE")]
    pub(super) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

/// `--fail-on`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailOn(pub(super) Option<Severity>);

impl std::str::FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Self(None)),
            _ => text
                .parse()
                .map(|severity| Self(Some(severity)))
                .map_err(|error: String| format!("{error}, or never")),
        }
    }
}

/// The name of an account, as useradd(8) lets it be; it stands in scripts.
fn account(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    // To sudo `ALL` is everybody.
    if text != "ALL"
        && text.bytes().all(fits)
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
    {
        return Ok(text.to_owned());
    }
    Err("expected the name of an account, such as audit".to_owned())
}

/// `--target`: a package, and what it shall come to.
fn target(text: &str) -> Result<(String, Target), String> {
    let (package, to) = text.split_once('=').ok_or("expected PACKAGE=VERSION, such as nginx=1.26")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._@".contains(&byte);
    let begins = |first: char| first.is_ascii_alphanumeric() || first == '_';
    if !package.starts_with(begins) || !package.bytes().all(fits) {
        let name = package.escape_debug();
        return Err(match package.split_once(':') {
            Some((own, _)) if !own.is_empty() => format!("`{name}`: leave the architecture out: {own}={to}"),
            _ => format!("`{name}` is no package name: expected one such as nginx"),
        });
    }
    Ok((package.to_owned(), Target::parse(to)?))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }
}
