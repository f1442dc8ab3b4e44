//! How hosts are reached, as it is typed.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, ValueEnum};

/// How hosts are reached.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Connection")]
pub(in crate::cli) struct Connection {
    /// Hosts that are asked at the same time
    #[arg(short, long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..), env = "DRIFTLESS_FORKS")]
    pub(in crate::cli) forks: u16,

    /// Seconds until a host must have shown its key [default: ssh's ConnectTimeout, or else 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, env = "DRIFTLESS_CONNECT_TIMEOUT")]
    pub(in crate::cli) connect_timeout: Option<f64>,

    /// Seconds that a host may take in all
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds, env = "DRIFTLESS_TIMEOUT")]
    pub(in crate::cli) timeout: f64,

    #[command(flatten)]
    pub(in crate::cli) login: Login,

    /// What becomes of hosts whose key is not known [default: ssh's StrictHostKeyChecking, or else strict]
    #[arg(long, value_enum, env = "DRIFTLESS_HOST_KEY")]
    pub(in crate::cli) host_key: Option<HostKey>,

    /// Ask for the password of the hosts, once: on the terminal, or through SSH_ASKPASS
    #[arg(short = 'k', long, env = "DRIFTLESS_ASK_PASS", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) ask_pass: bool,

    /// Read the password of the hosts from this file descriptor
    #[arg(long, value_name = "N", conflicts_with = "ask_pass", env = "DRIFTLESS_PASSWORD_FD")]
    pub(in crate::cli) password_fd: Option<u32>,

    /// Let the probe that is pinned on the hosts read as root, by `sudo -n`; `driftless probe --sudoers` has
    /// the rule
    #[arg(long, env = "DRIFTLESS_SUDO", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) sudo: bool,

    /// Connect by this program itself, or through the system's `ssh`
    #[arg(long, value_enum, default_value_t = Transport::Native, env = "DRIFTLESS_TRANSPORT")]
    pub(in crate::cli) transport: Transport,

    /// At most N hosts at a time that have the same value of a variable: rack=4
    #[arg(long, value_name = "VARIABLE=N", value_parser = cap, env = "DRIFTLESS_CAP")]
    pub(in crate::cli) cap: Vec<(String, usize)>,

    /// Hosts behind one jump host that are asked at the same time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..), env = "DRIFTLESS_PER_JUMP")]
    pub(in crate::cli) per_jump: u16,

    /// New connections a second, at most
    #[arg(long, value_name = "N", value_parser = rate, env = "DRIFTLESS_RATE")]
    pub(in crate::cli) rate: Option<f64>,
}

/// Who logs in where, unless the inventory says it.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Connection")]
pub(in crate::cli) struct Login {
    /// Login name, where the inventory does not say one for the host
    #[arg(short, long, env = "DRIFTLESS_USER")]
    pub(in crate::cli) user: Option<String>,

    /// TCP port, where the inventory does not say one for the host
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..), env = "DRIFTLESS_PORT")]
    pub(in crate::cli) port: Option<u16>,

    /// Private key file, where the inventory does not say one for the host
    #[arg(long, value_name = "PATH", env = "DRIFTLESS_IDENTITY")]
    pub(in crate::cli) identity: Option<PathBuf>,

    /// Jump hosts, `[USER@]HOST[:PORT]` and further ones after commas, where the inventory does not say one
    #[arg(short = 'J', long, value_name = "HOST", env = "DRIFTLESS_JUMP")]
    pub(in crate::cli) jump: Option<String>,

    /// OpenSSH's client configuration; `none` reads none [default: ~/.ssh/config and /etc/ssh/ssh_config]
    #[arg(short = 'F', long, value_name = "PATH", env = "DRIFTLESS_SSH_CONFIG")]
    pub(in crate::cli) ssh_config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HostKey {
    /// They are not audited
    Strict,
    /// Their key is trusted, and added to known_hosts
    AcceptNew,
    /// Any key is taken: anyone in between can pretend to be the host
    Insecure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Transport {
    /// russh, inside this program
    Native,
    /// The system's `ssh`, one process a host: for GSSAPI, hardware keys, session managers, Match exec
    Openssh,
}

/// A time limit: more than nothing, and less than a day.
pub(in crate::cli) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(seconds),
        _ => Err("expected a number of seconds above 0, at most 86400".to_owned()),
    }
}

/// `--cap`: a variable of hosts, and how many of them at a time.
fn cap(text: &str) -> Result<(String, usize), String> {
    let parsed = text.split_once('=').and_then(|(name, most)| Some((name, most.parse::<usize>().ok()?)));
    match parsed {
        Some((name, most)) if !name.is_empty() && most > 0 => Ok((name.to_owned(), most)),
        _ => Err("expected a variable of the hosts and a number above 0, such as rack=4".to_owned()),
    }
}

/// `--rate`: more than nothing, and less than anybody could notice.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.001..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected a number of connections a second, from 0.001 to 100000".to_owned()),
    }
}
