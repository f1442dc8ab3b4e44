//! `driftless immutable --fix`: manifests put right, on standard output, in their files, or as patches.

use std::path::Path;
use std::sync::Arc;

use driftless::diagnostic::{MARK, Source};
use driftless::immutability::{self, Left, Read};
use driftless::playbook::Playbook;
use driftless::report::write::{self, Heard};
use driftless::rules::{self, Accepted, Finding};

use super::args::{Form, Immutable};
use super::crew::Task;
use super::files::Input;
use super::place;
use crate::cli::ask::{say, warn};
use crate::cli::failure::Failure;

/// What has become of all files so far.
#[derive(Default)]
struct Outcome {
    /// What goes to standard output.
    text: String,
    objects: usize,
    /// How many files could not be read, or not be written.
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
    let read = match form {
        Form::Patch => patch(args, &file, source, task, outcome),
        Form::Manifest => manifest(args, &file, input, source, task, outcome)?,
    };
    outcome.objects += read.objects;
    for mistake in &read.mistakes {
        warn(args.telling.quiet, &mistake.shown);
    }
    outcome.findings.extend(read.mistakes.iter().map(|mistake| rules::mistake(&file, mistake)));
    Ok(())
}

/// The whole of a file, put right, and judged as it is written.
fn manifest(
    args: &Immutable,
    file: &Arc<str>,
    input: &Input,
    source: &Source,
    task: &Task,
    outcome: &mut Outcome,
) -> Result<Read, Failure> {
    let fixed = immutability::fix(source.as_str(), &task.images);
    for left in &fixed.left {
        tell(args, file, left);
    }
    let changed = fixed.text != source.as_str();
    let refused = match input {
        Input::File(path) if args.in_place && changed => place::refusal(path, &args.paths),
        _ => None,
    };
    let after = Source::text(file, if refused.is_some() { source.as_str() } else { &fixed.text });
    let read = immutability::read(&after, &task.images, |object| {
        outcome.findings.extend(rules::judge(&object, file, task.kubernetes, task.today));
    });
    match input {
        Input::File(_) if refused.is_some() => {
            outcome.unread += 1;
            let why = refused.unwrap_or_default();
            warn(args.telling.quiet, &format!("{file}: it was left as it is: {why}"));
        }
        Input::File(path) if args.in_place && changed => in_place(args, path, source, &fixed)?,
        Input::File(_) if args.in_place => {}
        _ if read.objects > 0 || !read.mistakes.is_empty() => {
            if source.is_marked() && outcome.text.is_empty() {
                outcome.text.push(MARK);
            }
            add(&mut outcome.text, &fixed.text);
        }
        _ => {}
    }
    Ok(read)
}

/// What changes in the objects of a file, and how they will be judged.
fn patch(args: &Immutable, file: &Arc<str>, source: &Source, task: &Task, outcome: &mut Outcome) -> Read {
    immutability::read(source, &task.images, |object| {
        let (plans, left) = immutability::plans(&object, &task.images);
        for left in &left {
            tell(args, file, left);
        }
        let object = match immutability::patch(&object, &plans) {
            Ok(None) => object,
            Ok(Some(patch)) => {
                add(&mut outcome.text, &patch);
                immutability::carried_out(object, &plans, &task.images)
            }
            Err(why) => {
                let at = object
                    .pods
                    .first()
                    .map_or(String::new(), |pod| format!(":{}:{}", pod.at.line, pod.at.column));
                warn(args.telling.quiet, &format!("{file}{at}: {object}: {why}"));
                object
            }
        };
        outcome.findings.extend(rules::judge(&object, file, task.kubernetes, task.today));
    })
}

fn tell(args: &Immutable, file: &str, left: &Left) {
    let Left { subject, at, told } = left;
    warn(args.telling.quiet, &format!("{file}:{}:{}: {subject}: {told}", at.line, at.column));
}

/// One more document, set apart from those before it.
fn add(whole: &mut String, text: &str) {
    if !whole.trim_start_matches(MARK).is_empty() {
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
    let mark = if source.is_marked() { MARK.to_string() } else { String::new() };
    let text = format!("{mark}{}", fixed.text);
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
        let target = place::target(path).map_or(String::new(), |target| format!(" -> {}", target.display()));
        let name = driftless::diagnostic::plain(&format!("{}{target}", path.display()));
        say(&format!("{name}: {containers} put right"));
    }
    Ok(())
}
