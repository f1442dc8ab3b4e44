//! What a packager or a shell takes from the command line itself: manual pages and completions. Nothing is asked of any
//! host, and no file of settings is read.

mod manual;
mod words;

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Command, CommandFactory as _, ValueHint};
use clap_complete::Shell;
use driftless::diagnostic::{nearest, plain};
use driftless::report::write;
use driftless::rules;
use driftless::severity::Severity;

use super::args::Args;
use super::failure::Failure;
use super::settings::Typed;

/// `driftless completions`
#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit status: 0 they were printed; 1 there is no such shell.")]
pub(super) struct Completions {
    /// The shell that reads them
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// `driftless man`
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 it was written; 1 there is no such command, or it could not be written."
)]
pub(super) struct Manual {
    /// The command whose page is printed, such as `audit` or `history prune` [default: driftless itself]
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,

    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", env = "DRIFTLESS_OUT")]
    pub(super) out: Option<PathBuf>,
}

/// Prints what a shell needs to complete commands, flags and their values.
pub(super) fn completions(args: &Completions) -> Result<u8, Failure> {
    let mut text = Vec::new();
    let mut command = completable();
    clap_complete::generate(args.shell, &mut command, "driftless", &mut text);
    if args.shell == Shell::Fish {
        text.extend(positionals(&command).into_bytes());
    }
    print(&text)
}

/// Prints one manual page, or writes all of them.
pub(super) fn manual(args: &Manual, typed: &Typed) -> Result<u8, Failure> {
    if typed.has("out") && !args.command.is_empty() {
        return Err(Failure::new("--out writes the pages of all commands, and one is named")
            .hint("leave one of the two out"));
    }
    let mut all = Args::command();
    all.build();
    // A variable is there for other commands, too: a command that is named is printed.
    if let (Some(folder), []) = (&args.out, args.command.as_slice()) {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        for (chosen, command) in every(&all) {
            let path = folder.join(format!("{}.1", manual::title(&chosen)));
            let page = manual::page(&chosen, command).map_err(|error| failed(&path, &error))?;
            write::into_file(&path, None, |out| out.write_all(&page))
                .map_err(|error| failed(&path, &error))?;
        }
        return Ok(0);
    }
    let command = args.command.iter().try_fold(&all, |at, name| {
        at.find_subcommand(name).ok_or_else(|| {
            let failure = Failure::new(format!("there is no command `{}`", plain(name)));
            match nearest(name, at.get_subcommands().map(Command::get_name)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`driftless --help` lists them"),
            }
        })
    })?;
    print(&manual::page(&args.command, command).map_err(|error| Failure::stdout(&error))?)
}

/// What clap leaves out for fish: values of what is no flag.
fn positionals(command: &Command) -> String {
    let mut text = String::new();
    for below in command.get_subcommands() {
        let values = below.get_positionals().flat_map(clap::Arg::get_possible_values);
        let values: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        if !values.is_empty() {
            let (name, values) = (below.get_name(), values.join(" "));
            let known = format!("__fish_driftless_using_subcommand {name}");
            text.push_str(&format!("complete -c driftless -n \"{known}\" -f -a \"{values}\"\n"));
        }
    }
    text
}

/// Every command with what is typed for it, the program itself first.
fn every(command: &Command) -> Vec<(Vec<String>, &Command)> {
    let mut all = vec![(Vec::new(), command)];
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        all.extend(every(below).into_iter().map(|(mut chosen, command)| {
            chosen.insert(0, below.get_name().to_owned());
            (chosen, command)
        }));
    }
    all
}

/// The command with what can be completed beside it: names of rules, severities, hosts.
fn completable() -> Command {
    let severities = Severity::ALL.map(Severity::as_str).into_iter().chain(["never"]);
    let names: Vec<String> =
        Args::command().get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = Args::command().mut_subcommand("explain", |explain| {
        explain.mut_arg("rule", |rule| rule.value_parser(PossibleValuesParser::new(rules::known_ids())))
    });
    names.into_iter().fold(command, |command, name| {
        let severities = severities.clone();
        command.mut_subcommand(name, |below| {
            below.mut_args(|arg| match arg.get_id().as_str() {
                "fail_on" => arg.value_parser(PossibleValuesParser::new(severities.clone())),
                "hosts" | "host" | "jump" => arg.value_hint(ValueHint::Hostname),
                "user" => arg.value_hint(ValueHint::Username),
                "out" => arg.value_hint(ValueHint::DirPath),
                _ => arg,
            })
        })
    })
}

fn print(text: &[u8]) -> Result<u8, Failure> {
    write::into_stdout(|out| out.write_all(text)).map_err(|error| Failure::stdout(&error))?;
    Ok(0)
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: the manual page could not be written: {error}", path.display()))
        .hint("may this user write there?")
}
