//! Arguments from the command line, the environment and `driftless.toml`, in this order of precedence: flag, variable,
//! the file's table of the command, the file's top level, the built-in default.
//!
//! What the file says becomes the default of the chosen command's flags before they are parsed: so flags and variables
//! win, and each value is read by the flag's own parser.

mod file;
mod path;
mod trust;
mod value;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::args::Args;
use super::ask;
use super::failure::Failure;
use file::{Setting, Settings};

/// Commands that no file has a say in: a shell runs them when it starts, wherever it is.
pub(super) const WITHOUT: [&str; 3] = ["completions", "man", "help"];

/// The flags that were typed, and stand neither in the environment nor in a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed(BTreeSet<String>);

impl Typed {
    /// Whether a flag, by the name of its field, was typed.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.0.contains(flag)
    }
}

/// The arguments with all that holds for them; or what clap has to say: help, or what is wrong with them.
pub(super) fn arguments(typed: &[OsString]) -> Result<Result<Args, clap::Error>, Failure> {
    let strictly = |command: Command| command.try_get_matches_from(typed);
    // A file may say what is required. What cannot even be read without it is told as it is.
    let Ok(loosely) = file::lenient(program()).try_get_matches_from(typed) else {
        return Ok(strictly(program()).and_then(|matches| Args::from_arg_matches(&matches)));
    };
    let chosen = chosen(&loosely);
    let named = deepest(&loosely).get_one::<PathBuf>("config");
    let settings = match chosen.first() {
        Some(command) if !WITHOUT.contains(&command.as_str()) => Settings::load(named.map(PathBuf::as_path))?,
        _ => None,
    };
    let mut own = match &settings {
        Some(settings) => settings.of(&chosen)?,
        None => Vec::new(),
    };
    loop {
        let command = with_defaults(program(), &chosen, &own);
        let matches = match strictly(command.clone()) {
            Ok(matches) => matches,
            Err(error) => return Ok(Err(error)),
        };
        let (outdone, clash) = conflicts(&command, &chosen, deepest(&matches), &own);
        if let (Some((one, other)), Some(settings)) = (clash, &settings) {
            return Err(settings.clash(one, other).into());
        }
        if outdone.is_empty() {
            let last = deepest(&matches);
            if let Some(settings) = &settings {
                tell(settings, last, &own);
            }
            let mut args = match Args::from_arg_matches(&matches) {
                Ok(args) => args,
                Err(error) => return Ok(Err(error)),
            };
            let typed = last.ids().filter(|id| source(last, id.as_str()) == Some(ValueSource::CommandLine));
            args.typed = Typed(typed.map(|id| id.as_str().to_owned()).collect());
            return Ok(Ok(args));
        }
        own.retain(|setting| !outdone.contains(&setting.id));
    }
}

/// All commands. A variable that is empty is one that is not set, as it is to ssh and to git.
fn program() -> Command {
    fn set(command: Command) -> Command {
        let is_empty =
            |arg: &clap::Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        let empty: Vec<_> =
            command.get_arguments().filter(|arg| is_empty(arg)).map(|arg| arg.get_id().clone()).collect();
        let command = empty
            .into_iter()
            .fold(command, |command, id| command.mut_arg(id, |arg| arg.env(Resettable::Reset)));
        command.mut_subcommands(set)
    }
    set(Args::command())
}

/// The command that was chosen, and below it, if there is one, its own.
fn chosen(matches: &ArgMatches) -> Vec<String> {
    let mut chosen = Vec::new();
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        chosen.push(name.to_owned());
        at = below;
    }
    chosen
}

fn deepest(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, below)) => deepest(below),
        None => matches,
    }
}

fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    // Groups have names, too, and no source.
    matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id))
}

/// The command with what the file says as the defaults of the chosen one's flags.
fn with_defaults(command: Command, chosen: &[String], own: &[Setting]) -> Command {
    match chosen.split_first() {
        Some((first, rest)) => command.mut_subcommand(first, |below| with_defaults(below, rest, own)),
        None => own.iter().fold(command, |command, setting| {
            command.mut_arg(&setting.id, |arg| {
                let hidden = arg.is_hide_env_values_set();
                arg.required(false).default_values(setting.values.clone()).hide_default_value(hidden)
            })
        }),
    }
}

/// Which settings give way to what was typed or is in the environment, or to one that is nearer; and two of the same
/// place that cannot both hold.
fn conflicts<'s>(
    command: &Command,
    chosen: &[String],
    matches: &ArgMatches,
    own: &'s [Setting],
) -> (BTreeSet<String>, Option<(&'s Setting, &'s Setting)>) {
    let mut command = command.clone();
    command.build();
    let command = chosen.iter().fold(&command, |at, name| at.find_subcommand(name).unwrap_or(at));
    let against = |one: &str, other: &str| {
        let arg = |id: &str| command.get_arguments().find(|arg| arg.get_id() == id);
        let has = |from: &str, to: &str| {
            arg(from).is_some_and(|arg| {
                command.get_arg_conflicts_with(arg).iter().any(|other| other.get_id() == to)
            })
        };
        has(one, other) || has(other, one)
    };
    let explicit: Vec<String> = matches
        .ids()
        .map(|id| id.as_str().to_owned())
        .filter(|id| !matches!(source(matches, id), None | Some(ValueSource::DefaultValue)))
        .collect();
    let in_force = || own.iter().filter(|setting| !explicit.contains(&setting.id) && setting.is_on());
    let mut outdone: BTreeSet<String> = BTreeSet::new();
    for setting in in_force() {
        if explicit.iter().any(|id| against(id, &setting.id)) {
            outdone.insert(setting.id.clone());
        }
    }
    let left: Vec<&Setting> = in_force().filter(|one| !outdone.contains(&one.id)).collect();
    for one in &left {
        for other in left.iter().filter(|other| other.id > one.id && against(&one.id, &other.id)) {
            match (one.near, other.near) {
                (true, false) => drop(outdone.insert(other.id.clone())),
                (false, true) => drop(outdone.insert(one.id.clone())),
                _ => return (outdone, Some((one, other))),
            }
        }
    }
    (outdone, None)
}

/// With -v: what is in force, and from which file.
fn tell(settings: &Settings, matches: &ArgMatches, own: &[Setting]) {
    if !matches.try_get_one::<u8>("verbose").is_ok_and(|verbose| verbose.is_some_and(|count| *count > 0)) {
        return;
    }
    let in_force =
        own.iter().filter(|setting| source(matches, &setting.id) == Some(ValueSource::DefaultValue));
    let told: Vec<String> = in_force.map(Setting::shown).collect();
    let told = if told.is_empty() { "none for this command".to_owned() } else { told.join(", ") };
    ask::say(&format!("settings from {}: {told}", settings.path()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &Command, visit: &mut dyn FnMut(&Command, &clap::Arg)) {
        for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
            visit(command, arg);
        }
        command.get_subcommands().for_each(|below| each(below, visit));
    }

    #[test]
    fn every_flag_has_its_variable() {
        let mut seen = 0;
        each(&Args::command(), &mut |command, arg| {
            let long = arg.get_long().unwrap();
            let variable = format!("DRIFTLESS_{}", long.replace('-', "_").to_uppercase());
            let has = arg.get_env().and_then(|name| name.to_str());
            assert_eq!(has, Some(variable.as_str()), "{} --{long}", command.get_name());
            seen += 1;
        });
        assert!(seen > 100);
    }
}
