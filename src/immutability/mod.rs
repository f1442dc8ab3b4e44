//! Immutability of what Kubernetes manifests declare: whether a container can be changed while it runs, and whether
//! it runs at all when it cannot.
//!
//! It reads text and gives objects, never a file: whoever holds the files passes each in and keeps what it needs, so
//! that ten thousand manifests take no more memory than one. A document that cannot be read is a mistake with its
//! place, and the others are read all the same.

mod coverage;
mod fix;
#[cfg(test)]
pub(crate) mod fixture;
mod lines;
mod manifest;
mod own_files;
mod path;
mod sysctl;
mod verdict;
mod writes;
mod yaml;

pub use coverage::Coverage;
pub use fix::{ContainerFix, Copy, Fixed, Left, NewMount, NewVolume, PodFix, carried_out, fix, patch, plans};
pub use manifest::{
    Annotation, At, Container, Misplaced, Mount, Object, PassedOn, Pod, Rights, Role, Told, Volume,
    VolumeKind,
};
pub use path::{is_within, normalise};
pub use sysctl::Kubernetes;
pub use verdict::{MOUNTING, Verdict, power, proc_or_sys, proc_sys, untold_mounts};
pub use writes::{Images, Name};

use crate::diagnostic::{Diagnostic, Source};
use lines::Lines;
use manifest::Reader;
use yaml::{TEMPLATE, Wrong};

/// So many mistakes of one file are told; who made more puts those right first.
const MOST_MISTAKES: usize = 50;

/// What was wrong with a part of a file, which was therefore not audited.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// What could not be read: a document of the file, or a field of an object.
    pub subject: String,
    /// Where.
    pub at: At,
    /// What is wrong.
    pub title: String,
    /// What to do about it.
    pub help: &'static str,
    /// All of that as the user reads it, with the line itself.
    pub shown: String,
}

/// What became of one file.
#[derive(Debug, Default)]
pub struct Read {
    /// How many Kubernetes objects it has, with those that have no pods.
    pub objects: usize,
    /// What of it could not be read, in the file's order.
    pub mistakes: Vec<Mistake>,
}

/// Reads the objects of a text, each given to `take` as soon as it is read; those without pods are only counted.
pub fn read(source: &Source, images: &Images, mut take: impl FnMut(Object)) -> Read {
    let text = source.as_str();
    let lines = Lines::of(text);
    let mut read = Read::default();
    let mut mistakes = Mistakes::default();
    for (nth, range) in yaml::documents(text).into_iter().enumerate() {
        let document = format!("document {}", nth + 1);
        let root = match yaml::parse(text, range) {
            Ok(root) => root,
            Err(wrong) => {
                mistakes.add(document, wrong);
                continue;
            }
        };
        let Some(root) = root else { continue };
        let mut reader = Reader::new(&lines);
        read.objects += manifest::objects(&root, &mut reader, &mut |mut object, _| {
            object.pods.iter_mut().for_each(|pod| coverage::cover(pod, images));
            if !object.pods.is_empty() {
                take(object);
            }
        });
        for (subject, wrong) in reader.wrong {
            mistakes.add(subject, wrong);
        }
    }
    let told = mistakes.told.into_iter().map(|(subject, wrong)| mistake(source, &lines, subject, wrong));
    read.mistakes = told.collect();
    read
}

/// The mistakes of one file.
#[derive(Debug, Default)]
struct Mistakes {
    told: Vec<(String, Wrong)>,
    /// Which of them is the first template, and how many there are.
    templates: Option<(usize, usize)>,
}

impl Mistakes {
    /// One template says of a file that it was not rendered: its others are counted.
    fn add(&mut self, subject: String, wrong: Wrong) {
        match (&mut self.templates, wrong.title == TEMPLATE) {
            (Some((first, known)), true) => {
                *known += 1;
                if let Some((_, wrong)) = self.told.get_mut(*first) {
                    let times = if *known == 1 { "once".to_owned() } else { format!("{known} times") };
                    wrong.title = format!("{TEMPLATE}, here and {times} more below");
                }
            }
            _ if self.told.len() == MOST_MISTAKES => {}
            (none, is_template) => {
                if is_template {
                    *none = Some((self.told.len(), 0));
                }
                self.told.push((subject, wrong));
            }
        }
    }
}

fn mistake(source: &Source, lines: &Lines<'_>, subject: String, wrong: Wrong) -> Mistake {
    let at = lines.at(wrong.span.start);
    let diagnostic: Diagnostic = source.error(wrong.span, wrong.title.clone(), "").help(wrong.help);
    Mistake { subject, at, title: wrong.title, help: wrong.help, shown: diagnostic.to_string() }
}

#[cfg(test)]
mod tests;
