//! Reports delivered, and the exit status that they lead to.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use driftless::advice::Outlook;
use driftless::diagnostic::Source;
use driftless::readiness::State;
use driftless::report::write::{self, Heard, Output};
use driftless::report::{Audit, Format, Look};
use driftless::rules::{Accepted, Finding};
use driftless::snapshot::HostStatus;

use super::args::{Colour, Reporting};
use super::failure::Failure;

/// Writes every report of an audit that was asked for.
///
/// With `silent` nothing is shown; files are written all the same, so that they are never older than the run.
pub(super) fn deliver(audit: &Audit<'_>, wanted: &Reporting, silent: bool) -> Result<Heard, Failure> {
    let files: Vec<Output> = wanted.output.iter().filter(|output| output.path.is_some()).cloned().collect();
    let outputs = if silent { &files } else { &wanted.output };
    let to = To { outputs, quiet: wanted.telling.quiet, silent, colour: wanted.color };
    send(&to, Format::Table, |format, look, out| out.write_all(audit.render(format, look).as_bytes()))
}

/// Where reports go.
pub(super) struct To<'o, F> {
    pub(super) outputs: &'o [Output<F>],
    pub(super) quiet: bool,
    /// Whether nothing is shown at all.
    pub(super) silent: bool,
    pub(super) colour: Colour,
}

/// Writes every report that was asked for; files first, so that they are there when the table is read.
pub(super) fn send<F: Copy>(
    to: &To<'_, F>,
    table: F,
    render: impl Fn(F, &Look, &mut dyn io::Write) -> io::Result<()>,
) -> Result<Heard, Failure> {
    let to_stdout = to.outputs.iter().any(|output| output.path.is_none());
    let table = (!to.silent && (to.outputs.is_empty() || !to_stdout && !to.quiet)).then_some(table);
    for output in to.outputs {
        if let Some(path) = &output.path {
            write::into_file(path, |out| render(output.format, &Look::default(), out))
                .map_err(|error| Failure::file(path, &error))?;
        }
    }
    let shown = to.outputs.iter().filter(|output| output.path.is_none()).map(|output| output.format);
    for format in shown.chain(table) {
        let heard = write::into_stdout(|out| render(format, &look(to.colour), out));
        if heard.map_err(|error| Failure::stdout(&error))? == Heard::ReaderLeft {
            return Ok(Heard::ReaderLeft);
        }
    }
    Ok(Heard::Whole)
}

/// What standard output can show.
pub(super) fn look(colour: Colour) -> Look {
    let terminal = io::stdout().is_terminal();
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal_size::terminal_size().map(|(width, _)| width.0).filter(|_| terminal).or(asked);
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let utf8 = utf8.is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"));
    Look {
        width: width.unwrap_or(Look::default().width).clamp(60, 400),
        colour: match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_colour && std::env::var("TERM").is_ok_and(|term| term != "dumb"),
        },
        unicode: terminal && utf8,
    }
}

/// 0 nothing at or above the threshold; 1 no host was reached; 2 findings; 3 something could not be audited.
pub(super) fn status(audit: &Audit<'_>, wanted: &Reporting) -> u8 {
    let hosts = &audit.comparison.fleet.hosts;
    let open = audit.findings.iter().any(Finding::leaves_open);
    if let (false, Some(outlook)) = (audit.drift, audit.outlook) {
        return of_upgrades(
            audit,
            outlook,
            open && hosts.iter().all(|host| host.status() == HostStatus::Unreachable),
        );
    }
    if open && hosts.iter().all(|host| host.status() == HostStatus::Unreachable) {
        1
    } else if wanted
        .fail_on
        .0
        .is_some_and(|threshold| audit.findings.iter().any(|finding| finding.fails(threshold)))
    {
        2
    } else if open {
        3
    } else {
        0
    }
}

/// 0 no obstacle is known anywhere; 1 no host was reached; 2 a host is blocked; 3 none is, and some are unknown.
/// Hosts under maintenance are reported, and fail no run.
fn of_upgrades(audit: &Audit<'_>, outlook: &Outlook, none_reached: bool) -> u8 {
    let counts =
        |position: usize| audit.comparison.host(position).is_none_or(|host| host.maintenance.is_none());
    let any = |state| {
        let mut hosts = outlook.upgrades.iter().flat_map(|upgrade| &upgrade.hosts);
        hosts.any(|host| host.state == state && counts(host.position))
    };
    match () {
        () if none_reached => 1,
        () if any(State::Blocked) => 2,
        () if any(State::Unknown) => 3,
        () => 0,
    }
}

/// What `--accept` takes from an earlier report: the keys of the findings that counted then.
pub(super) fn accepted(path: &Path) -> Result<Accepted, Failure> {
    #[derive(serde::Deserialize)]
    struct Report {
        schema: String,
        findings: Vec<Known>,
    }
    #[derive(serde::Deserialize)]
    struct Known {
        key: String,
        waived: Option<serde::de::IgnoredAny>,
    }
    let source = Source::read(path)?;
    let name = path.display().to_string();
    let report: Report = serde_json::from_str(source.as_str()).map_err(|error| {
        Failure::new(format!("{name}:{}:{}: it is no JSON report: {error}", error.line(), error.column()))
            .hint("--accept takes what `driftless audit -o json=FILE` wrote")
    })?;
    if report.schema != "driftless/report/v1" {
        return Err(Failure::new(format!(
            "{name}: its schema is `{}`, not driftless/report/v1",
            report.schema.escape_debug()
        )));
    }
    let keys: BTreeSet<String> =
        report.findings.into_iter().filter(|known| known.waived.is_none()).map(|known| known.key).collect();
    Ok(Accepted { name, keys })
}
