//! The arguments of the commands that look back.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, Subcommand};
use driftless::report::past::Form;
use jiff::SignedDuration;

use crate::cli::args::{Colour, Reporting, Storing};
use crate::cli::memory::age;

/// `driftless history`
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct History {
    /// A host, whose life is told; without one, runs and clusters are
    #[arg(value_name = "HOST")]
    pub(crate) host: Option<String>,

    #[command(flatten)]
    pub(crate) showing: Showing,

    #[command(subcommand)]
    pub(crate) prune: Option<Forget>,
}

/// What is done to the history.
#[derive(Debug, Subcommand)]
pub(crate) enum Forget {
    /// Forget runs that are older than an age
    Prune {
        /// How old: 90d, 12w, 36h
        #[arg(long, value_name = "AGE", value_parser = age, env = "DRIFTLESS_KEEP")]
        keep: SignedDuration,

        #[command(flatten)]
        file: StoreFile,

        /// Do not tell what was forgotten
        #[arg(short, long, env = "DRIFTLESS_QUIET", value_parser = FalseyValueParser::new())]
        quiet: bool,
    },
}

/// `driftless compare`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 no difference; 1 could not run; 2 they differ; 3 no difference, but not all could \
be compared."
)]
pub(crate) struct Compare {
    /// A host as it was seen last, HOST@RUN as a run saw it, or a run: its id, the beginning of one, `latest`, `latest~1`
    #[arg(value_name = "A")]
    pub(crate) one: String,

    /// The other one
    #[arg(value_name = "B")]
    pub(crate) other: String,

    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `driftless report`
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit status: that of the audit.")]
pub(crate) struct Again {
    /// A stored run: its id, the beginning of one, `latest`, `latest~1`; or JSON reports of several machines, which are
    /// merged [default: latest]
    #[arg(value_name = "RUN|REPORT.json")]
    pub(crate) what: Vec<String>,

    #[command(flatten)]
    pub(crate) file: StoreFile,

    /// Findings that this earlier JSON report has do not count
    #[arg(long, value_name = "REPORT.json", env = "DRIFTLESS_ACCEPT")]
    pub(crate) accept: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) output: Reporting,
}

/// Which store is read.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "History")]
pub(crate) struct StoreFile {
    /// File that runs are kept in [default: driftless/store.sqlite in the user's state folder]
    #[arg(long, value_name = "PATH", env = "DRIFTLESS_STORE")]
    store: Option<PathBuf>,
}

impl StoreFile {
    /// The same, as whoever keeps runs names it.
    pub(crate) fn storing(&self) -> Storing {
        Storing { store: self.store.clone(), keep: None }
    }
}

/// What is shown, and how.
#[derive(Debug, ClapArgs)]
pub(crate) struct Showing {
    #[command(flatten)]
    pub(crate) file: StoreFile,

    /// `table` or `json`
    #[arg(short = 'o', long = "output", value_name = "FORMAT", default_value = "table", value_parser = table_or_json, env = "DRIFTLESS_OUTPUT")]
    pub(crate) form: Form,

    /// Colour on terminals, always or never; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Colour::Auto, env = "DRIFTLESS_COLOR")]
    pub(crate) color: Colour,
}

/// The two forms of what is no audit.
pub(crate) fn table_or_json(text: &str) -> Result<Form, String> {
    match text {
        "table" => Ok(Form::Table),
        "json" => Ok(Form::Json),
        _ => Err(format!("`{}` is neither `table` nor `json`", text.escape_debug())),
    }
}
