//! The documents of `docs/reference/`, made from the command line and the rules themselves; a test holds them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};
use driftless::report::explain;

use super::args::Args;
use super::settings::WITHOUT;

#[test]
fn the_reference_is_what_the_program_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference");
    let mut stale = Vec::new();
    for (name, text) in
        [("commands.md", commands()), ("environment.md", environment()), ("rules.md", explain::reference())]
    {
        if std::fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default() != text {
            let fresh = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/reference");
            std::fs::create_dir_all(&fresh).unwrap();
            std::fs::write(fresh.join(name), text).unwrap();
            stale.push(fresh.join(name));
        }
    }
    assert!(stale.is_empty(), "docs/reference is not what the program says; the right ones are {stale:?}");
}

/// Every command below another, with what is typed for it.
fn every(command: &Command, above: &str) -> Vec<(String, Command)> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    below
        .flat_map(|below| {
            let typed = format!("{above} {}", below.get_name());
            let deeper = every(below, &typed);
            std::iter::once((typed, below.clone())).chain(deeper)
        })
        .collect()
}

fn built() -> Command {
    let mut command = Args::command();
    command.build();
    command
}

/// The flags of a command that have a long name of their own.
fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| arg.get_long().is_some_and(|long| !["help", "version"].contains(&long)))
}

/// In one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn commands() -> String {
    let mut text = "# Commands\n\nMade from the program itself; `driftless COMMAND --help` and `driftless man COMMAND` say the \
        same. Flags have a variable and a key of `driftless.toml` of the same name: see `docs/reference/environment.md`.\n\n\
        | command | |\n|---|---|\n"
        .to_owned();
    let all = every(&built(), "driftless");
    for (typed, command) in &all {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(text, "| [`{typed}`](#{}) | {} |", typed.replace(' ', "-"), cell(&about)).unwrap();
    }
    for (typed, command) in &all {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let usage = command.clone().bin_name(typed).render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").lines().map(|line| format!("    {}\n", line.trim()));
        write!(text, "\n## {typed}\n\n{about}.\n\n{}", usage.collect::<String>()).unwrap();
        let mut tables: BTreeMap<&str, Vec<&Arg>> = BTreeMap::new();
        for arg in command.get_arguments().filter(|arg| arg.is_positional()).chain(flags(command)) {
            tables.entry(arg.get_help_heading().unwrap_or_default()).or_default().push(arg);
        }
        for (heading, args) in tables {
            let heading = if heading.is_empty() { String::new() } else { format!("\n*{heading}*\n") };
            write!(text, "{heading}\n| | means | default |\n|---|---|---|\n").unwrap();
            for arg in args {
                row(&mut text, arg);
            }
        }
        if let Some(after) = command.get_after_help() {
            write!(text, "\n{after}\n").unwrap();
        }
    }
    text
}

fn row(text: &mut String, arg: &Arg) {
    let names = arg.get_value_names().unwrap_or_default();
    let name = names.first().map(|name| format!(" {name}")).unwrap_or_default();
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    let typed = match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("{short}`--{long}{name}`"),
        Some(long) => format!("{short}`--{long}`"),
        None => format!("`{}`", name.trim()),
    };
    let means = arg.get_help().map(ToString::to_string).unwrap_or_default();
    // What a command works out for itself stands in its help.
    let (mut means, told) = match means.rsplit_once(" [default: ") {
        Some((means, told)) => (means.to_owned(), told.trim_end_matches(']').to_owned()),
        None => (means, String::new()),
    };
    let values: Vec<String> = match arg.get_action().takes_values() {
        true => arg
            .get_possible_values()
            .iter()
            .map(|value| match value.get_help() {
                Some(help) => format!("`{}` ({help})", value.get_name()),
                None => format!("`{}`", value.get_name()),
            })
            .collect(),
        false => Vec::new(),
    };
    if !values.is_empty() {
        write!(means, ": {}", values.join("; ")).unwrap();
    }
    let defaults = arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy()));
    let default = match arg.get_action().takes_values() {
        true => defaults.collect::<Vec<_>>().join(" ") + &told,
        false => String::new(),
    };
    writeln!(text, "| {} | {} | {} |", cell(&typed), cell(&means), cell(&default)).unwrap();
}

fn environment() -> String {
    let mut text = "# Environment and settings\n\nMade from the program itself. Every flag has a variable, and a key of \
        `driftless.toml`; `docs/settings.md` says how they go together. A variable holds one value, a key may hold a list \
        where the flag may be given several times.\n\n| flag | variable | key | in `driftless.toml` | commands |\n|---|---|---|---|---|\n"
        .to_owned();
    let mut all: BTreeMap<String, (String, String, Vec<String>)> = BTreeMap::new();
    for (typed, command) in every(&built(), "driftless") {
        for arg in flags(&command) {
            let long = arg.get_long().unwrap();
            let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let kind = match arg.get_action() {
                clap::ArgAction::SetTrue => "true or false",
                clap::ArgAction::Count => "a number",
                clap::ArgAction::Append => "a list, or one value",
                _ => "one value",
            };
            let entry = all.entry(long.to_owned()).or_insert((variable, kind.to_owned(), Vec::new()));
            entry.2.push(typed.trim_start_matches("driftless ").to_owned());
        }
    }
    for (long, (variable, kind, commands)) in all {
        let everywhere = long == "config";
        let settable = !everywhere && commands.iter().any(|command| !WITHOUT.contains(&command.as_str()));
        let key = if settable { format!("`{long}`") } else { String::new() };
        let kind = if settable { kind } else { String::new() };
        let commands = if everywhere { "all".to_owned() } else { commands.join(", ") };
        writeln!(text, "| `--{long}` | `{variable}` | {key} | {kind} | {commands} |").unwrap();
    }
    text
}
