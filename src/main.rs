//! The command line of `driftless`.
//!
//! It is declared here alone, so that the library cannot see it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
