//! `driftless.toml`: found, believed or refused, and read. Every mistake in it is told before anything runs.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::{Arg, Command, CommandFactory as _};
use driftless::diagnostic::{Diagnostic, LARGEST_FILE, Source, nearest, suggest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::{Refused, judge, texts};
use super::{WITHOUT, trust};
use crate::cli::args::Args;
use crate::cli::me::{home, uid};

const NAME: &str = "driftless.toml";

/// A file that was read, and found to be in order.
#[derive(Debug)]
pub(super) struct Settings {
    source: Source,
    folder: PathBuf,
    /// All commands, lenient, to try values on.
    commands: Command,
}

/// One setting that holds for the chosen command.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The flag, as clap knows it.
    pub(super) id: String,
    key: String,
    pub(super) values: Vec<String>,
    /// Whether it stands in the command's own table.
    pub(super) near: bool,
    secret: bool,
    line: usize,
    span: std::ops::Range<usize>,
}

impl Setting {
    /// Whether it asks for anything: a switch that is off does not.
    pub(super) fn is_on(&self) -> bool {
        self.values != ["false"] && self.values != ["0"]
    }

    /// As -v tells it.
    pub(super) fn shown(&self) -> String {
        let values = if self.secret { "(not shown)".to_owned() } else { self.values.join(" ") };
        format!("{} = {values} (line {})", self.key, self.line)
    }
}

impl Settings {
    /// The file that was named; or that of this folder; or that of the user.
    pub(super) fn load(named: Option<&Path>) -> Result<Option<Self>, Diagnostic> {
        let candidates = match named {
            Some(none) if none == Path::new("none") => return Ok(None),
            Some(path) => vec![path.to_owned()],
            None => [Some(PathBuf::from(NAME)), users_own()].into_iter().flatten().collect(),
        };
        for path in candidates {
            // To open a pipe is to wait for whoever made it; one that was named is meant.
            if named.is_none() && path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
                return Err(of(&path, "").whole("the settings cannot be read: it is no ordinary file"));
            }
            match File::open(&path) {
                Ok(file) => return Self::read(&path, file).map(Some),
                // A link that leads nowhere is no file that nobody wrote.
                Err(error) if named.is_none() && is_absent(&error) && path.symlink_metadata().is_err() => {}
                Err(error) => {
                    return Err(of(&path, "").whole(format!("the settings cannot be read: {error}")).help(
                        "name another file by --config or DRIFTLESS_CONFIG, or take none: --config none",
                    ));
                }
            }
        }
        Ok(None)
    }

    fn read(path: &Path, file: File) -> Result<Self, Diagnostic> {
        let failed = |error: io::Error| of(path, "").whole(format!("the settings cannot be read: {error}"));
        let opened = file.metadata().map_err(failed)?;
        if opened.is_dir() {
            return Err(of(path, "").whole("the settings cannot be read: it is a folder"));
        }
        if let Some((why, help)) = trust::doubt(path, &opened, uid()) {
            return Err(of(path, "").whole(format!("the settings are not used: {why}")).help(help));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        let lossy = of(path, &String::from_utf8_lossy(&bytes));
        let commands = lenient(Args::command());
        let source = Source::from_bytes(&path.to_string_lossy(), bytes).map_err(|error| {
            let line = error.line_column().map_or(0, |(line, _)| line);
            hushed(&lossy, &commands, line, error.title()).unwrap_or(error)
        })?;
        Self::checked(source, path.parent().unwrap_or(Path::new("")), commands)
    }

    /// A text in which every key is a flag, and every value one that it takes.
    fn checked(source: Source, folder: &Path, commands: Command) -> Result<Self, Diagnostic> {
        let settings = Self { source, folder: folder.to_owned(), commands };
        settings.check()?;
        Ok(settings)
    }

    pub(super) fn path(&self) -> &str {
        self.source.path()
    }

    /// What holds for a command: its own table before the top level.
    pub(super) fn of(&self, chosen: &[String]) -> Result<Vec<Setting>, Diagnostic> {
        let table = self.table()?;
        let mut commands = self.commands.clone();
        let Some(command) = below(&mut commands, chosen) else { return Ok(Vec::new()) };
        let near =
            chosen.iter().try_fold(table.get_ref(), |at, name| at.get(name.as_str())?.get_ref().as_table());
        let mut own = Vec::new();
        for arg in flags(&command.clone()) {
            let Some(long) = arg.get_long() else { continue };
            let nearest = near.and_then(|near| near.get_key_value(long)).map(|found| (found, true));
            let far = table.get_ref().get_key_value(long).map(|found| (found, false));
            let plain =
                |((_, value), _): &((&Spanned<_>, &Spanned<DeValue<'_>>), bool)| !value.get_ref().is_table();
            for ((key, value), near) in nearest.into_iter().chain(far).filter(plain).take(1) {
                let Ok(values) = texts(&arg, value, &self.folder) else { continue };
                // What another command takes is not meant for this one.
                if judge(command, &arg, &values).is_ok() {
                    own.push(Setting {
                        id: arg.get_id().to_string(),
                        key: long.to_owned(),
                        values,
                        near,
                        secret: arg.is_hide_env_values_set(),
                        line: self.source.line_column(key.span().start).0,
                        span: key.span(),
                    });
                }
            }
        }
        Ok(own)
    }

    /// Two settings that cannot both hold.
    pub(super) fn clash(&self, one: &Setting, other: &Setting) -> Diagnostic {
        let title = format!("`{}` and `{}` cannot be set together", one.key, other.key);
        let shown = match one.secret || other.secret {
            true => self.source.whole(format!("lines {} and {}: {title}", one.line, other.line)),
            false => self.source.error(one.span.clone(), title, "this").also(other.span.clone(), "and this"),
        };
        shown.help("remove one of them, or put it into the table of the command that it is for")
    }

    fn table(&self) -> Result<Spanned<DeTable<'_>>, Diagnostic> {
        DeTable::parse(self.source.as_str()).map_err(|error| {
            let line = self.source.line_column(error.span().map_or(0, |span| span.start)).0;
            let title = error.message().lines().next().unwrap_or_default();
            hushed(&self.source, &self.commands, line, title)
                .unwrap_or_else(|| self.source.toml_error(&error))
        })
    }

    /// A mistake about a key. The line of one that may be meant for a secret is not shown.
    fn wrong(&self, key: &Spanned<impl AsRef<str>>, title: &str) -> Diagnostic {
        let line = self.source.line_column(key.span().start).0;
        let secrets = secrets(&self.commands);
        match nearest(key.get_ref().as_ref(), secrets.iter().map(String::as_str)) {
            Some(_) => self.source.whole(format!("line {line}: {title}")),
            None => self.source.error(key.span(), title, ""),
        }
    }

    /// Every key is a flag, every value one that it takes.
    fn check(&self) -> Result<(), Diagnostic> {
        let table = self.table()?;
        let commands = &self.commands;
        for (key, value) in table.get_ref() {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(own) => {
                    let command = self.command(commands, key)?;
                    self.check_own(&command, own)?;
                }
                _ => self.check_shared(commands, key, name, value)?,
            }
        }
        Ok(())
    }

    fn command(&self, commands: &Command, key: &Spanned<impl AsRef<str>>) -> Result<Command, Diagnostic> {
        let name = key.get_ref().as_ref();
        let found = commands.find_subcommand(name).filter(|command| !WITHOUT.contains(&command.get_name()));
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = commands.get_subcommands().map(Command::get_name).collect();
            let known: Vec<&str> = known.into_iter().filter(|name| !WITHOUT.contains(name)).collect();
            let title = format!("there is no command `{name}` that has settings");
            self.source.error(key.span(), title, "").help(suggest(name, &known))
        })
    }

    /// The table of one command.
    fn check_own(&self, command: &Command, table: &DeTable<'_>) -> Result<(), Diagnostic> {
        let mut parser = command.clone();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let DeValue::Table(own) = value.get_ref() {
                self.check_own(&self.command(command, key)?, own)?;
                continue;
            }
            let Some(arg) = flags(command).into_iter().find(|arg| arg.get_long() == Some(name)) else {
                let longs: Vec<String> = longs(command);
                let known: Vec<&str> = longs.iter().map(String::as_str).collect();
                let title = format!("unknown key `{name}`: `{}` has no such flag", command.get_name());
                return Err(self.wrong(key, &title).help(suggest(name, &known)));
            };
            self.taken(&mut parser, &arg, value).map_err(|refused| self.refuse(&arg, refused))?;
        }
        Ok(())
    }

    /// A key at the top: for every command that has it, and takes the value.
    fn check_shared(
        &self,
        commands: &Command,
        key: &Spanned<impl AsRef<str>>,
        name: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(), Diagnostic> {
        let mut first = None;
        for command in every(commands) {
            let Some(arg) = flags(command).into_iter().find(|arg| arg.get_long() == Some(name)) else {
                continue;
            };
            match self.taken(&mut command.clone(), &arg, value) {
                Ok(()) => return Ok(()),
                Err(refused) => drop(first.get_or_insert((arg, refused))),
            }
        }
        if let Some((arg, refused)) = first {
            return Err(self.refuse(&arg, refused));
        }
        let mut known: Vec<String> = every(commands).into_iter().flat_map(longs).collect();
        known.sort();
        known.dedup();
        let help = match nearest(name, known.iter().map(String::as_str)) {
            _ if commands.find_subcommand(name).is_some() => {
                format!("settings of the command stand below [{name}]")
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => "a key is the long name of a flag: `driftless audit --help` has them".to_owned(),
        };
        Err(self.wrong(key, &format!("unknown key `{name}`")).help(help))
    }

    fn taken(&self, parser: &mut Command, arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<(), Refused> {
        let values = texts(arg, value, &self.folder)?;
        judge(parser, arg, &values).map_err(|why| Refused { span: value.span(), why })
    }

    fn refuse(&self, arg: &Arg, refused: Refused) -> Diagnostic {
        let long = arg.get_long().unwrap_or_default();
        let line = self.source.line_column(refused.span.start).0;
        let help = format!("it is read as the flag is: --{long}");
        if arg.is_hide_env_values_set() {
            return self.source.whole(format!("line {line}: `{long}` does not take that value")).help(help);
        }
        self.source.error(refused.span, format!("`{long}` does not take that value"), refused.why).help(help)
    }
}

/// The command with nothing required and no variable read: whatever is missing may stand in a file.
pub(super) fn lenient(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        let own = arg.get_id() == "config";
        let arg = if own { arg } else { arg.env(Resettable::Reset) };
        arg.required(false)
    });
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, lenient))
}

fn below<'c>(command: &'c mut Command, chosen: &[String]) -> Option<&'c mut Command> {
    match chosen.split_first() {
        Some((first, rest)) => below(command.find_subcommand_mut(first)?, rest),
        None => Some(command),
    }
}

/// Every command that has settings, and those below.
fn every(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|below| !WITHOUT.contains(&below.get_name()));
    below.flat_map(|below| std::iter::once(below).chain(every(below))).collect()
}

/// The flags that can be set: those with a long name, but the one that names the file.
fn flags(command: &Command) -> Vec<Arg> {
    let can = |arg: &&Arg| !matches!(arg.get_id().as_str(), "config" | "help" | "version");
    command.get_arguments().filter(|arg| arg.get_long().is_some()).filter(can).cloned().collect()
}

fn longs(command: &Command) -> Vec<String> {
    flags(command).iter().filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

/// Keys whose values are never shown.
fn secrets(commands: &Command) -> Vec<String> {
    let hidden = every(commands).into_iter().flat_map(flags).filter(Arg::is_hide_env_values_set);
    hidden.filter_map(|arg| arg.get_long().map(str::to_owned)).collect()
}

/// The mistake without its line, if that may hold a secret.
fn hushed(source: &Source, commands: &Command, line: usize, title: &str) -> Option<Diagnostic> {
    let text = source.as_str().lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let key = text.split('=').next().unwrap_or_default().trim();
    let secrets = secrets(commands);
    let may = secrets.iter().any(|secret| text.contains(secret.as_str()))
        || nearest(key, secrets.iter().map(String::as_str)).is_some();
    may.then(|| source.whole(format!("line {line}: {title}")))
}

fn users_own() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = set.or_else(|| Some(home()?.join(".config")))?;
    Some(folder.join("driftless").join(NAME))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn of(path: &Path, text: &str) -> Source {
    Source::text(&path.to_string_lossy(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command line that has a secret.
    fn commands() -> Command {
        let secret = Arg::new("webhook").long("webhook").hide_env_values(true).value_parser(|text: &str| {
            if text.starts_with("https://") {
                Ok(text.to_owned())
            } else {
                Err(format!("`{text}` is no URL"))
            }
        });
        let quiet = Arg::new("quiet").long("quiet").action(clap::ArgAction::SetTrue);
        lenient(Command::new("driftless").subcommand(Command::new("audit").arg(secret).arg(quiet)))
    }

    fn read(text: &str) -> Result<Vec<Setting>, String> {
        let source = Source::text("driftless.toml", text);
        let settings = Settings::checked(source, Path::new(""), commands());
        settings.and_then(|settings| settings.of(&["audit".to_owned()])).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_is_never_shown_right_or_wrong() {
        let own = read("webhook = \"https://example.net/s3cret\"\n").unwrap();
        assert_eq!(own[0].values, ["https://example.net/s3cret"]);
        assert_eq!(own[0].shown(), "webhook = (not shown) (line 1)");
        for text in [
            "webhook = \"s3cret\"",
            "webhook = [\"s3cret\"]",
            "webhook = \"s3cret",
            "webhok = \"s3cret\"",
            "webhok = s3cret",
            "[audit]\nwebhoo = \"s3cret\"",
            "webhook = \"a\"\nwebhook = \"s3cret\"",
        ] {
            let error = read(text).unwrap_err();
            assert!(!error.contains("s3cret") && error.contains("line "), "{text}: {error}");
        }
        // Others are shown, as they are what helps.
        assert!(read("quite = true").unwrap_err().contains("quite = true"));
    }
}
