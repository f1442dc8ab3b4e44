//! From arguments to an exit status. It reads the environment and the clock, and passes them on as values.

mod args;
mod ask;
mod audit;
mod collect;
mod demo;
mod explain;
mod failure;
mod file_key;
mod hosts;
mod immutable;
mod init;
mod me;
mod memory;
mod notify;
mod pages;
mod past;
mod plan;
mod probe;
mod progress;
mod ready;
#[cfg(test)]
mod reference;
mod replace;
mod report;
mod round;
mod settings;

use std::process::ExitCode;

use args::{Args, Command};
use failure::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    raise_descriptors();
    hear_of_large_files();
    let typed: Vec<_> = std::env::args_os().collect();
    let done = settings::arguments(&typed).and_then(|args| match args {
        Ok(args) => run(args),
        Err(error) => {
            // clap knows where its text belongs; a reader that is gone is no concern of ours.
            let _ = error.print();
            Ok(u8::from(error.use_stderr()))
        }
    });
    match done {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            ask::say(&failure.to_string());
            ExitCode::from(1)
        }
    }
}

/// A limit of what a file may take (`ulimit -f`) ends a program by default; with a handler, writing fails, and that is told
/// like a full disk. The handler outlives the runtime that it takes to set it.
fn hear_of_large_files() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())));
}

/// Every host takes a descriptor or two; the soft limit of old is for programs that use select(2).
fn raise_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, hosts that find none left say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn run(args: Args) -> Result<u8, Failure> {
    let typed = args.typed;
    match args.command {
        Command::Audit(args) => audit::run(&args),
        Command::Collect(args) => collect::run(&args),
        Command::History(args) => past::history(&args),
        Command::Compare(args) => past::compare(&args),
        Command::Report(args) => past::report(&args),
        Command::Ready(args) => ready::run(&args),
        Command::Immutable(args) => immutable::run(&args, &typed),
        Command::Replace(args) => replace::run(&args),
        Command::Hosts(args) => hosts::run(&args),
        Command::Demo(args) => demo::run(&args, &typed),
        Command::Init(args) => init::run(&args, &typed),
        Command::Probe(args) => probe::run(&args, &typed),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::manual(&args, &typed),
    }
}
