//! Files read and judged, as many at a time as there are processors; of each only what the report needs is kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use driftless::diagnostic::Diagnostic;
use driftless::immutability::{self, Images, Kubernetes, Mistake};
use driftless::live::Declared;
use driftless::report::Judged;
use driftless::rules::{Finding, judge, mistake, unread};
use jiff::civil::Date;

use super::files::Input;

/// What all files are judged by.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) images: Images,
    pub(super) kubernetes: Kubernetes,
    pub(super) today: Date,
    /// Whether what is declared is kept, to be put beside what runs.
    pub(super) live: bool,
}

/// What became of one file.
#[derive(Debug, Default)]
pub(super) struct Audited {
    /// Whether it could be read at all.
    pub(super) read: bool,
    /// How many Kubernetes objects it has.
    pub(super) objects: usize,
    pub(super) containers: Vec<Judged>,
    /// What is declared of each of them, where that is kept.
    pub(super) declared: Vec<Declared>,
    pub(super) findings: Vec<Finding>,
    /// Mistakes, as they are shown.
    pub(super) mistakes: Vec<String>,
}

/// Audits files; the answers come in their order.
pub(super) fn audit(inputs: &[Input], task: &Task) -> Vec<Audited> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(inputs.len());
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(inputs.len())));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(input) = inputs.get(nth) else { break };
                    own.push((nth, one(input, task)));
                }
                // A worker that died has told why, and took nothing of the others' with it.
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut own);
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, audited)| audited).collect()
}

fn one(input: &Input, task: &Task) -> Audited {
    let file: Arc<str> = input.name().into();
    let source = match input.read() {
        Ok(source) => source,
        Err(diagnostic) => return refused(&file, &diagnostic),
    };
    let mut audited = Audited { read: true, ..Audited::default() };
    let read = immutability::read(&source, &task.images, |object| {
        audited.containers.extend(Judged::of(&object, &file));
        if task.live {
            audited.declared.extend(Declared::of(&object, &file));
        }
        audited.findings.extend(judge(&object, &file, task.kubernetes, task.today));
    });
    audited.objects = read.objects;
    for wrong in read.mistakes {
        audited.findings.push(mistake(&file, &wrong));
        audited.mistakes.push(wrong.shown);
    }
    // Ten thousand files have ten thousand lists: what they have room for and do not need would be most of it.
    audited.containers.shrink_to_fit();
    audited.findings.shrink_to_fit();
    audited
}

/// A file that could not be read, or is no text.
fn refused(file: &Arc<str>, diagnostic: &Diagnostic) -> Audited {
    let finding = match diagnostic.line_column() {
        None => unread(file, diagnostic.title()),
        Some((line, column)) => {
            let at = immutability::At { line, column };
            let (title, shown) = (diagnostic.title().to_owned(), String::new());
            mistake(
                file,
                &Mistake { subject: "encoding".to_owned(), at, title, help: "save it as UTF-8", shown },
            )
        }
    };
    Audited { findings: vec![finding], mistakes: vec![diagnostic.to_string()], ..Audited::default() }
}
