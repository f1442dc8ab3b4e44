//! What a person must decide because evidence is missing, was not looked at, or speaks of what no container has.

use super::choice::Model;
use super::lacking::{Lacking, is_program};
use super::paths::Needs;
use super::run::Run;
use crate::snapshot::{Brought, Config, Serving, Trace};

/// So many paths are told in one line.
const MOST_PATHS: usize = 5;

/// What becomes of a program that is of no package, or that another one interprets.
pub(super) fn of_programs(
    model: &Model<'_>,
    lacking: &[Lacking],
    run: &mut Run,
    version: &mut String,
    warnings: &mut Vec<String>,
) {
    let service = model.service;
    let programs: Vec<&str> =
        lacking.iter().filter(|one| one.is_program).map(|one| one.path.as_str()).collect();
    if !programs.is_empty() {
        let programs = programs.join(", ");
        let why = format!(
            "the image lacks {programs}, which is run and of no package: make a package of it, or mark it with `bake = true`"
        );
        run.unproven = Some(run.unproven.take().map_or(why.clone(), |other| format!("{other}; {why}")));
    }
    let own = service.parts.iter().any(|part| part.brought == Brought::Nobody && is_program(service, part));
    if own {
        // The version of its interpreter is none of it.
        "unpackaged".clone_into(version);
        let interpreter = service.executable.rsplit('/').next().unwrap_or_default();
        warnings.push(format!(
            "{interpreter} runs it: what it loads beside its own file is not seen, and packages of that are for you to add"
        ));
    }
}

/// What of the evidence was not told, not looked at, or cannot be had in a container.
pub(super) fn of_evidence(service: &Serving, needs: &Needs, warnings: &mut Vec<String>) {
    let mut cut: Vec<&str> = service.cut.iter().map(String::as_str).collect();
    cut.sort_unstable();
    cut.dedup();
    warnings.extend(cut.into_iter().map(|kind| missing(kind, service.process)));
    for (who, path) in &service.odd {
        warnings.push(format!(
            "{who}: `{path}` has a blank, a quote or a letter that is no ASCII, and was not looked at: whether it is written, or read, is for you to say; a name without these would do"
        ));
    }
    for (path, config) in &service.configuration {
        if *config != Config::Read {
            warnings.push(format!("{path} was not read, so that paths that it names are not known"));
        }
    }
    for (path, why) in &needs.left {
        warnings.push(format!("it writes to {path} itself ({why}), where no volume can be: move that path"));
    }
    let syslog = service.traces.iter().find_map(|(path, trace)| match trace {
        Trace::Named { file, line, directive }
            if path == "/dev/log" || path.starts_with("/run/systemd/journal/") =>
        {
            Some(format!("{directive} {path} in {file}:{line}"))
        }
        _ => None,
    });
    if let Some(line) = syslog {
        warnings.push(format!(
            "it logs to the host's syslog ({line}), and a container has none: its logs are lost unless it logs to standard output, or the socket is mounted"
        ));
    }
    stands(service, needs, warnings);
}

/// The folder that its unit lets it begin in, where nothing says what is written below it.
fn stands(service: &Serving, needs: &Needs, warnings: &mut Vec<String>) {
    let Some(unit) = service.directive("WorkingDirectory") else { return };
    let folder = unit.value.trim_start_matches('-');
    let covered = needs.paths.iter().any(|need| crate::immutability::is_within(folder, &need.path));
    if !covered && folder != "/" {
        warnings.push(format!(
            "it begins in {folder} (WorkingDirectory in {}): what it writes to relative paths, there or below, is known only where it was open or changed",
            unit.file
        ));
    }
}

/// What to do about a kind of evidence that is not whole.
fn missing(kind: &str, process: u32) -> String {
    let (what, how) = match kind {
        "changed" => (
            "folders in which its files changed",
            format!("look with `find /var /srv /opt /home -xdev -user USER -newer /proc/{process}`"),
        ),
        "open" => ("files that it has open for writing", format!("look with `ls -l /proc/{process}/fd`")),
        "named" | "config" => (
            "its configuration and the paths that this names",
            "look for paths in what it includes last".to_owned(),
        ),
        "part" => ("files that its configuration names", "compare them with those of the image".to_owned()),
        "compiled" => ("paths in its executable", "look in its manual where it writes".to_owned()),
        "shipped" => ("files of its packages", "look where its packages have folders of its user".to_owned()),
        "word" => ("the words of its command", format!("look with `tr '\\0' ' ' </proc/{process}/cmdline`")),
        "unit" => ("its unit", "look with `systemctl cat`".to_owned()),
        "tmpfiles" => ("lines of tmpfiles.d", "look in /usr/lib/tmpfiles.d and /etc/tmpfiles.d".to_owned()),
        other => (other, "look on the host for what is missing below".to_owned()),
    };
    format!("not all was told of {what}, for there is much of it, or some could not be read: {how}")
}

/// What the image lacks, in one line for a person who has not read REPLACE.md yet.
pub(super) fn short(lacking: &[Lacking]) -> Option<String> {
    // A program is told by itself.
    let paths: Vec<&str> =
        lacking.iter().filter(|one| !one.is_program).map(|one| one.path.as_str()).collect();
    let shown = paths.iter().take(MOST_PATHS).copied().collect::<Vec<_>>().join(", ");
    let more = paths.len().saturating_sub(MOST_PATHS);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!paths.is_empty()).then(|| {
        format!("the image lacks {shown}{more}, which no package brings: bake or mount them, see REPLACE.md")
    })
}
