//! The arguments of `driftless immutable`, as they are typed.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, ValueEnum};
use driftless::immutability::Kubernetes;
use driftless::report::ManifestFormat;
use driftless::report::write::Output;

use crate::cli::args::{Choosing, Colour, Connection, FailOn, Telling};

/// `driftless immutable`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 nothing at or above --fail-on; 1 could not run, or nothing could be read; \
2 findings; 3 no such findings, but a part of a file could not be read, or a \
host not be asked."
)]
pub(in crate::cli) struct Immutable {
    /// Manifests: files, folders with all that is in them, or `-` for standard input
    #[arg(value_name = "PATH", required = true)]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Playbook whose [[image]], [rules], [[waiver]] and [[ignore]] entries hold; may be given several times
    #[arg(short, long, value_name = "PATH", env = "DRIFTLESS_PLAYBOOK")]
    pub(in crate::cli) playbook: Vec<PathBuf>,

    /// Write the manifests put right to standard output, or what changes as a patch for kustomize; what only you can
    /// know is told on stderr, and the exit status speaks of what is left
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "manifest", conflicts_with = "output", env = "DRIFTLESS_FIX")]
    pub(in crate::cli) fix: Option<Form>,

    /// Put the files themselves right
    #[arg(long, env = "DRIFTLESS_IN_PLACE", value_parser = FalseyValueParser::new())]
    pub(in crate::cli) in_place: bool,

    /// The version whose rules hold, as in `1.32`
    #[arg(long, value_name = "VERSION", default_value_t = Kubernetes::NEWEST, env = "DRIFTLESS_KUBERNETES_VERSION")]
    pub(in crate::cli) kubernetes_version: Kubernetes,

    /// Findings that this earlier JSON report has do not count
    #[arg(long, value_name = "REPORT.json", env = "DRIFTLESS_ACCEPT")]
    pub(in crate::cli) accept: Option<PathBuf>,

    /// `table`, `json`, `sarif` or `junit`, with `=PATH` into a file; may be given several times
    #[arg(short, long, value_name = "FORMAT[=PATH]", env = "DRIFTLESS_OUTPUT", help_heading = "Report")]
    pub(in crate::cli) output: Vec<Output<ManifestFormat>>,

    /// The least severity that leads to exit status 2: info, low, medium, high, critical, or never
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "medium",
        env = "DRIFTLESS_FAIL_ON",
        help_heading = "Report"
    )]
    pub(in crate::cli) fail_on: FailOn,

    /// Colour on terminals, always or never; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, env = "DRIFTLESS_COLOR", help_heading = "Report")]
    pub(in crate::cli) color: Colour,

    #[command(flatten)]
    pub(in crate::cli) telling: Telling,

    /// Ask the hosts of the inventory, too, what runs there, and put it beside what the manifests declare
    #[arg(long, conflicts_with = "fix", env = "DRIFTLESS_LIVE", value_parser = FalseyValueParser::new(), help_heading = "Live")]
    pub(in crate::cli) live: bool,

    #[command(flatten, next_help_heading = "Live")]
    pub(in crate::cli) from: Choosing,

    #[command(flatten)]
    pub(in crate::cli) connection: Connection,
}

/// `--fix`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Form {
    /// The whole of each manifest
    Manifest,
    /// Strategic merge patches
    Patch,
}
