//! `driftless immutable --fix`: manifests put right, on standard output, in their files, or as patches.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use driftless::diagnostic::Source;
use driftless::immutability::{self, Left};
use driftless::playbook::Playbook;
use driftless::report::write::{self, Heard};
use driftless::rules::{self, Accepted, Finding};

use super::args::{Form, Immutable};
use super::crew::Task;
use super::files::Input;
use crate::cli::ask::{say, warn};
use crate::cli::failure::Failure;

/// The mark with which some editors begin files; it is no part of the text, and stays.
const MARK: &str = "\u{feff}";

/// What has become of all files so far.
#[derive(Default)]
struct Outcome {
    /// What goes to standard output.
    text: String,
    objects: usize,
    unread: usize,
    findings: Vec<Finding>,
}

/// Puts manifests right; the exit status speaks of what is left.
pub(super) fn run(
    args: &Immutable,
    form: Form,
    inputs: &[Input],
    task: &Task,
    playbook: &Playbook,
    accepted: &Accepted,
) -> Result<u8, Failure> {
    if args.in_place && form == Form::Patch {
        return Err(Failure::new("--in-place: a patch does not take the place of its manifest"));
    }
    if args.in_place && inputs.iter().any(|input| matches!(input, Input::Stdin)) {
        return Err(Failure::new("--in-place: standard input is no file").hint("leave --in-place out"));
    }
    let mut outcome = Outcome::default();
    for input in inputs {
        match input.read() {
            Ok(source) => one(args, form, input, &source, task, &mut outcome)?,
            Err(diagnostic) => {
                outcome.unread += 1;
                warn(args.telling.quiet, &diagnostic.to_string());
            }
        }
    }
    if outcome.objects == 0 {
        let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
        return Err(Failure::new(format!(
            "there is no Kubernetes object to put right in {}",
            paths.join(" ")
        )));
    }
    if write::to_stdout(&outcome.text).map_err(|error| Failure::stdout(&error))? == Heard::ReaderLeft {
        return Ok(0);
    }
    let findings = rules::settle(outcome.findings, playbook, task.today, accepted);
    let fails =
        args.fail_on.0.is_some_and(|threshold| findings.iter().any(|finding| finding.fails(threshold)));
    Ok(match () {
        () if fails => 2,
        () if outcome.unread > 0 || findings.iter().any(Finding::leaves_open) => 3,
        () => 0,
    })
}

fn one(
    args: &Immutable,
    form: Form,
    input: &Input,
    source: &Source,
    task: &Task,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let file: Arc<str> = input.name().into();
    let fixed = immutability::fix(source.as_str(), &task.images);
    let mut patches = Vec::new();
    let before = immutability::read(source, &task.images, |object| {
        if form == Form::Patch {
            let (plans, _) = immutability::plans(&object, &task.images);
            match immutability::patch(&object, &plans) {
                Some(patch) => patches.push(patch),
                None if plans.iter().any(|plan| !plan.containers.is_empty()) => {
                    warn(
                        args.telling.quiet,
                        &format!("{file}: {object}: lists of this kind are not merged by a patch: use --fix"),
                    );
                }
                None => {}
            }
        }
    });
    outcome.objects += before.objects;
    for mistake in &before.mistakes {
        warn(args.telling.quiet, &mistake.shown);
    }
    for left in &fixed.left {
        tell(args, &file, left);
    }
    match (form, input) {
        (Form::Patch, _) => patches.iter().for_each(|patch| add(&mut outcome.text, patch)),
        (Form::Manifest, Input::File(path)) if args.in_place => in_place(args, path, source, &fixed)?,
        (Form::Manifest, _) if before.objects > 0 || !before.mistakes.is_empty() => {
            add(&mut outcome.text, &fixed.text);
        }
        (Form::Manifest, _) => {}
    }
    // What a patch does is what the fix does: both are judged by the text put right.
    let after = Source::text(&file, &fixed.text);
    let read = immutability::read(&after, &task.images, |object| {
        outcome.findings.extend(rules::judge(&object, &file, task.kubernetes, task.today));
    });
    outcome.findings.extend(read.mistakes.iter().map(|mistake| rules::mistake(&file, mistake)));
    Ok(())
}

fn tell(args: &Immutable, file: &str, left: &Left) {
    let Left { subject, at, told } = left;
    warn(args.telling.quiet, &format!("{file}:{}:{}: {subject}: {told}", at.line, at.column));
}

/// One more document, set apart from those before it.
fn add(whole: &mut String, text: &str) {
    if !whole.is_empty() {
        if !whole.ends_with('\n') {
            whole.push('\n');
        }
        if !text.starts_with("---") {
            whole.push_str("---\n");
        }
    }
    whole.push_str(text);
}

fn in_place(
    args: &Immutable,
    path: &Path,
    source: &Source,
    fixed: &immutability::Fixed,
) -> Result<(), Failure> {
    if fixed.text == source.as_str() {
        return Ok(());
    }
    let mut begin = [0; MARK.len()];
    let marked =
        File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == MARK.as_bytes();
    let text = if marked { format!("{MARK}{}", fixed.text) } else { fixed.text.clone() };
    write::to_file(path, &text).map_err(|error| {
        Failure::new(format!("{}: it could not be written: {error}", path.display()))
            .hint("may this user write there? Files before it in the order of the paths were put right")
    })?;
    if !args.telling.quiet {
        let containers = if fixed.containers == 1 {
            "1 container".to_owned()
        } else {
            format!("{} containers", fixed.containers)
        };
        say(&format!("{}: {containers} put right", path.display()));
    }
    Ok(())
}
