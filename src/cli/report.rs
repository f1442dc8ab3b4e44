//! Reports delivered, and the exit status that they lead to.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use driftless::advice::Outlook;
use driftless::diagnostic::Source;
use driftless::hostlist::fold;
use driftless::readiness::State;
use driftless::report::ascii::is_utf8_locale;
use driftless::report::json::v1::Report;
use driftless::report::past::ClusterRow;
use driftless::report::write::{self, Form, Heard, Output};
use driftless::report::{Audit, Format, Look, Shape, Told, cyclonedx};
use driftless::rules::{Accepted, Finding};
use driftless::snapshot::HostStatus;

use super::args::{Colour, Reporting};
use super::ask::{say, warn};
use super::failure::Failure;
use super::notify::Hook;

/// An audit, with what is told of it beside itself.
pub(super) struct Telling<'a> {
    pub(super) audit: &'a Audit<'a>,
    /// How clusters drifted until now.
    pub(super) trend: &'a [ClusterRow],
    /// Whether nothing is shown; files are written all the same, so that they are never older than the run.
    pub(super) silent: bool,
    /// Who else is told.
    pub(super) hook: Option<&'a Hook>,
}

/// Writes every report of an audit that was asked for. What cannot be written keeps nothing else from being written.
pub(super) fn deliver(telling: &Telling<'_>, wanted: &Reporting) -> Result<Heard, Undelivered> {
    let Telling { audit, trend, silent, hook } = *telling;
    let files: Vec<Output> = wanted.output.iter().filter(|output| output.path.is_some()).cloned().collect();
    let outputs = if silent { &files } else { &wanted.output };
    let mut failed = Undelivered::default();
    for output in outputs.iter().filter(|output| output.format.is_folder()) {
        if let Some(folder) = &output.path {
            bills(audit, folder, wanted.telling.quiet).unwrap_or_else(|failure| failed.push(failure));
        }
    }
    // Whatever is told in text is told of one report, which is made once, if it is needed.
    let report = OnceCell::new();
    let told = || Told { report: report.get_or_init(|| Report::of(audit)), trend, fail_on: wanted.fail_on.0 };
    let to = To { outputs, quiet: wanted.telling.quiet, silent, colour: wanted.color };
    let sent = send(&to, failed, Format::Table, |format, look, out| match format {
        Format::Table => out.write_all(audit.table(look).as_bytes()),
        Format::Text(shape) => told().write(shape, out),
        // It was written before.
        Format::CycloneDx => Ok(()),
    });
    // Last: somebody far away may take their time.
    match hook.map(|hook| hook.tell(told().report)) {
        None | Some(Ok(())) => sent,
        Some(Err(failure)) => {
            let mut failed = sent.err().unwrap_or_default();
            failed.push(failure);
            Err(failed)
        }
    }
}

/// Writes a bill of materials for each host whose packages are known.
fn bills(audit: &Audit<'_>, folder: &Path, quiet: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut unknown = Vec::new();
    for bill in cyclonedx::bills(audit) {
        match bill {
            Ok(bill) => {
                let path = folder.join(&bill.file);
                write::to_file(&path, &bill.text).map_err(|error| Failure::file(&path, &error))?;
            }
            Err(host) => unknown.push(host),
        }
    }
    if !unknown.is_empty() {
        let names = fold(&unknown);
        warn(
            quiet,
            &format!("no bill of materials was written for {names}: what is installed there is not known"),
        );
    }
    Ok(())
}

/// Reports that could not be delivered: each of them, and why.
#[derive(Debug, Default)]
pub(super) struct Undelivered(Vec<Failure>);

impl Undelivered {
    fn push(&mut self, failure: Failure) {
        self.0.push(failure);
    }

    /// Tells all of it; gives the exit status: not all that was asked for was done.
    pub(super) fn told(&self) -> u8 {
        self.0.iter().for_each(|failure| say(&failure.to_string()));
        1
    }
}

/// Whether lines of JSON go to standard output, where they are read while the run lasts.
pub(super) fn streams(wanted: &Reporting) -> bool {
    let mut shown = wanted.output.iter().filter(|output| output.path.is_none());
    // Any other report beside them begins where they do.
    matches!((shown.next(), shown.next()), (Some(one), None) if one.format == Format::Text(Shape::JsonLines))
}

/// Where reports go.
pub(super) struct To<'o, F> {
    pub(super) outputs: &'o [Output<F>],
    pub(super) quiet: bool,
    /// Whether nothing is shown at all.
    pub(super) silent: bool,
    pub(super) colour: Colour,
}

/// Writes every report that was asked for; files first, so that they are there when the table is read. A file that cannot
/// be written is told of once everything else was, and nothing is lost by it.
pub(super) fn send<F: Form>(
    to: &To<'_, F>,
    mut failed: Undelivered,
    table: F,
    render: impl Fn(F, &Look, &mut dyn io::Write) -> io::Result<()>,
) -> Result<Heard, Undelivered> {
    let to_stdout = to.outputs.iter().any(|output| output.path.is_none());
    for output in to.outputs.iter().filter(|output| !output.format.is_folder()) {
        if let Some(path) = &output.path {
            let mode = output.format.mode();
            write::into_file(path, mode, |out| render(output.format, &Look::default(), out))
                .unwrap_or_else(|error| failed.push(Failure::file(path, &error)));
        }
    }
    // What did not reach its file is seen at least.
    let lost = !failed.0.is_empty();
    let table = (!to.silent && (to.outputs.is_empty() || !to_stdout && (!to.quiet || lost))).then_some(table);
    let shown = to.outputs.iter().filter(|output| output.path.is_none()).map(|output| output.format);
    let mut heard = Heard::Whole;
    for format in shown.chain(table) {
        match write::into_stdout(|out| render(format, &look(to.colour), out)) {
            Ok(Heard::Whole) => {}
            Ok(Heard::ReaderLeft) => {
                heard = Heard::ReaderLeft;
                break;
            }
            Err(error) => {
                failed.push(Failure::stdout(&error));
                break;
            }
        }
    }
    if failed.0.is_empty() { Ok(heard) } else { Err(failed) }
}

/// What standard output can show.
pub(super) fn look(colour: Colour) -> Look {
    let terminal = io::stdout().is_terminal();
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal_size::terminal_size().map(|(width, _)| width.0).filter(|_| terminal).or(asked);
    // A terminal that does not know how wide it is says 0.
    let width = width.filter(|width| *width > 0);
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Look {
        width: width.unwrap_or(Look::default().width).clamp(20, 400),
        colour: match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !no_colour && std::env::var("TERM").is_ok_and(|term| term != "dumb"),
        },
        unicode: terminal && is_utf8_locale(),
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
