//! The arguments of `driftless replace` as they are typed.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, ValueEnum};

use super::super::args::{Connection, Selecting, Telling};
use super::super::past::StoreFile;

/// `driftless replace`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 written; 1 nothing was written; 3 written, but something could not be told: REPLACE.md says what."
)]
pub(in crate::cli) struct Replace {
    #[command(flatten)]
    pub(in crate::cli) selecting: Selecting,

    /// Playbook: which versions, and which files of the configuration the image has (`bake = true`)
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(in crate::cli) playbook: Vec<PathBuf>,

    /// The cluster whose servers are replaced
    #[arg(long, value_name = "NAME", env = "DRIFTLESS_CLUSTER")]
    pub(in crate::cli) cluster: String,

    /// What it is written for; may be given several times
    #[arg(long, value_enum, value_name = "WHAT", required = true, env = "DRIFTLESS_TO")]
    pub(in crate::cli) to: Vec<For>,

    /// The folder that the files are written into; it must be empty, or not there
    #[arg(long, value_name = "DIR", env = "DRIFTLESS_OUT")]
    pub(in crate::cli) out: PathBuf,

    /// Which service, where hosts run several
    #[arg(long, value_name = "NAME", env = "DRIFTLESS_SERVICE")]
    pub(in crate::cli) service: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) file: StoreFile,

    /// Replace files that are in the folder already
    #[arg(long, env = "DRIFTLESS_FORCE", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) force: bool,

    #[command(flatten)]
    pub(in crate::cli) connection: Connection,

    #[command(flatten)]
    pub(in crate::cli) telling: Telling,
}

/// What a replacement is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum For {
    /// A Deployment with a read-only root, and what goes with it
    Kubernetes,
    /// A unit of systemd that podman runs
    Quadlet,
    /// A Containerfile for whole servers that boot from it
    Bootc,
    /// A template of Packer with cloud-init, for virtual machines
    Packer,
}
