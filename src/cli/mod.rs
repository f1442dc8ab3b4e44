//! From arguments to an exit status. It reads the environment and the clock, and passes them on as values.

mod args;
mod ask;
mod audit;
mod demo;
mod failure;
mod init;
mod me;
mod plan;
mod progress;
mod report;
mod round;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use driftless::report::write;
use failure::Failure;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // clap knows where its text belongs; a reader that is gone is no concern of ours.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    match run(args) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            ask::say(&failure.to_string());
            ExitCode::from(1)
        }
    }
}

fn run(args: Args) -> Result<u8, Failure> {
    match args.command {
        Command::Audit(args) => audit::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Probe => {
            write::to_stdout(&driftless::probe::published()).map_err(|error| Failure::stdout(&error))?;
            Ok(0)
        }
    }
}
