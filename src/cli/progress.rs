//! How far a run is, on stderr, for people: hosts done, failed, and the slowest that is still running.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use driftless::collect::Event;
use driftless::inventory::{HostId, Inventory};
use driftless::report::Answered;
use driftless::report::ascii::{is_utf8_locale, spelt};
use driftless::report::json::v1::Error;
use driftless::report::write;
use driftless::snapshot::Observation;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use terminal_size::terminal_size_of;

use super::args::Telling;
use super::ask::say;
use super::plan::Plan;

/// Shows the progress of one round.
pub(super) struct Progress<'a> {
    inventory: &'a Inventory,
    bar: ProgressBar,
    running: BTreeMap<HostId, Instant>,
    failed: usize,
    verbose: bool,
    streams: bool,
}

impl<'a> Progress<'a> {
    /// A bar is drawn on terminals only, and `-v` tells of every host.
    pub(super) fn new(plan: &'a Plan, telling: &Telling) -> Self {
        let wanted = !telling.no_progress && !telling.quiet;
        let target = if wanted && io::stderr().is_terminal() {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(plan.hosts.len() as u64), target);
        // A line that breaks cannot be drawn over.
        let wide = terminal_size_of(io::stderr()).is_none_or(|(width, _)| width.0 >= 60);
        let template = if wide { "{bar:24} {pos}/{len} hosts  {elapsed}  {msg}" } else { "{pos}/{len}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(if is_utf8_locale() { style } else { style.progress_chars("##-") });
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self {
            inventory: &plan.inventory,
            bar,
            running: BTreeMap::new(),
            failed: 0,
            verbose: telling.verbose > 0,
            streams: plan.streams,
        }
    }

    pub(super) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Started(host) => {
                self.running.insert(host, Instant::now());
            }
            Event::Finished(seen) => {
                let took =
                    self.running.remove(&seen.host).map_or(Duration::ZERO, |started| started.elapsed());
                self.failed += usize::from(seen.fault.is_some());
                if self.streams {
                    let line = self.answered(seen, took);
                    // A reader that is gone is met again by the report.
                    self.bar.suspend(|| drop(write::to_stdout(&line)));
                }
                if self.verbose {
                    let gaps = seen.snapshot.as_ref().map_or(0, |snapshot| snapshot.gaps.len());
                    let how = match (&seen.fault, gaps) {
                        (Some(fault), _) => format!("{}: {}", fault.phase, fault.full_message()),
                        (None, 0) => "ok".to_owned(),
                        (None, gaps) => format!("in part: {gaps} of its facts could not be collected"),
                    };
                    let line = format!("{}  {:.2} s  {how}", self.name(seen.host), took.as_secs_f64());
                    self.bar.suspend(|| say(&line));
                }
                self.bar.inc(1);
            }
        }
        if !self.bar.is_hidden() {
            let message = self.message();
            self.bar.set_message(if is_utf8_locale() { message } else { spelt(&message) });
        }
    }

    /// `{"type":"answered",…}`
    fn answered(&self, seen: &Observation, took: Duration) -> String {
        let line = Answered {
            host: self.name(seen.host),
            status: seen.status(),
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            error: seen.fault.as_ref().map(Error::of),
        };
        line.line() + "\n"
    }

    fn message(&self) -> String {
        let mut parts = Vec::new();
        if self.failed > 0 {
            parts.push(format!("{} failed", self.failed));
        }
        if let Some((host, _)) = self.running.iter().min_by_key(|(_, started)| **started) {
            parts.push(format!("slowest: {}", self.name(*host)));
        }
        parts.join("  ")
    }

    fn name(&self, host: HostId) -> &'a str {
        self.inventory.host(host).map_or("", |host| host.name.as_str())
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
