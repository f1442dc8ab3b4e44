//! Manual pages, man(7): what clap knows of a command, and the sections that it does not know.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::words::{FILES, VARIABLES, described};

/// What a page is called: `driftless-history-prune`.
pub(super) fn title(chosen: &[String]) -> String {
    std::iter::once("driftless").chain(chosen.iter().map(String::as_str)).collect::<Vec<_>>().join("-")
}

/// The page of a command.
pub(super) fn page(chosen: &[String], command: &Command) -> io::Result<Vec<u8>> {
    let title = title(chosen);
    let words = format!("driftless {}", chosen.join(" "));
    let usage = command.clone().bin_name(words.trim()).render_usage().to_string();
    // Variables have a section of their own.
    let command = &command.clone().mut_args(|arg| arg.hide_env(true));
    let man = Man::new(command.clone().name(&title).display_name(&title).bin_name(words.trim()));
    let mut page = Vec::new();
    man.render_name_section(&mut page)?;
    synopsis(usage.trim_start_matches("Usage: ")).to_writer(&mut page)?;
    description(chosen, command).to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|below| below.get_name() != "help") {
        commands(chosen, command).to_writer(&mut page)?;
    }
    exit_status(command).to_writer(&mut page)?;
    environment(command).to_writer(&mut page)?;
    files().to_writer(&mut page)?;
    see_also(chosen, command).to_writer(&mut page)?;
    let heading = format!(
        ".TH {} 1 \"\" \"driftless {}\" \"driftless\"\n",
        title.to_uppercase(),
        env!("CARGO_PKG_VERSION")
    );
    Ok((heading + &tidied(&String::from_utf8_lossy(&page))).into_bytes())
}

/// Without what formatters pass over with a warning: breaks beside space, blanks at the ends of lines.
fn tidied(page: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in page.lines().map(str::trim_end) {
        let line = if line.is_empty() { ".sp" } else { line };
        match (lines.last().copied(), line) {
            (Some(".sp"), ".br") => continue,
            (Some(".br"), ".sp") => drop(lines.pop()),
            _ => {}
        }
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

fn section(name: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [name]);
    roff
}

/// A term and what is said of it.
fn term(roff: &mut Roff, term: &str, said: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(said)]);
}

fn synopsis(usage: &str) -> Roff {
    let mut roff = section("SYNOPSIS");
    for (nth, line) in usage.lines().enumerate() {
        if nth > 0 {
            roff.control("br", []);
        }
        let line = line.trim();
        // The program and its commands are typed as they stand.
        let typed: Vec<&str> = line
            .split(' ')
            .take_while(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
            .collect();
        let typed = typed.join(" ");
        let rest = line.strip_prefix(&typed).unwrap_or_default();
        roff.text([bold(typed.as_str()), italic(rest)]);
    }
    roff
}

fn description(chosen: &[String], command: &Command) -> Roff {
    let mut roff = section("DESCRIPTION");
    if let Some(about) = command.get_about() {
        roff.text([roman(format!("{}.", about.to_string().trim_end_matches('.')))]);
    }
    for paragraph in described(chosen) {
        roff.control("PP", []);
        roff.text([roman(*paragraph)]);
    }
    roff
}

fn commands(chosen: &[String], command: &Command) -> Roff {
    let mut roff = section("COMMANDS");
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let name = format!("{}-{}(1)", title(chosen), below.get_name());
        term(&mut roff, &name, &below.get_about().map(ToString::to_string).unwrap_or_default());
    }
    roff
}

/// `Exit status: 0 …; 1 …`, as the help says it.
fn exit_status(command: &Command) -> Roff {
    let mut roff = section("EXIT STATUS");
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let said = help.strip_prefix("Exit status: ").unwrap_or("0 success; 1 it could not run.");
    for part in said.trim_end_matches('.').split("; ") {
        match part.split_once(' ').filter(|(status, _)| status.parse::<u8>().is_ok()) {
            Some((status, means)) => term(&mut roff, status, means),
            None => drop(roff.text([roman(part)])),
        }
    }
    roff
}

fn environment(command: &Command) -> Roff {
    let mut roff = section("ENVIRONMENT");
    for arg in command.get_arguments() {
        if let (Some(variable), Some(long)) = (arg.get_env().and_then(|name| name.to_str()), arg.get_long()) {
            let switch = !arg.get_action().takes_values();
            let off = if switch { "; 0, no or nothing leaves it off" } else { "" };
            let one = if matches!(arg.get_action(), clap::ArgAction::Append) { ", one value" } else { "" };
            term(&mut roff, variable, &format!("as --{long}{one}{off}"));
        }
    }
    for (variable, said) in VARIABLES {
        term(&mut roff, variable, said);
    }
    roff
}

fn files() -> Roff {
    let mut roff = section("FILES");
    for (path, said) in FILES {
        term(&mut roff, path, said);
    }
    roff
}

fn see_also(chosen: &[String], command: &Command) -> Roff {
    let mut roff = section("SEE ALSO");
    let above = chosen.split_last().map(|(_, above)| format!("{}(1)", title(above)));
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below = below.map(|below| format!("{}-{}(1)", title(chosen), below.get_name()));
    let others = ["ssh(1)", "ssh_config(5)"].map(str::to_owned);
    let names: Vec<String> = above.into_iter().chain(below).chain(others).collect();
    roff.text([roman(names.join(", "))]);
    roff
}
