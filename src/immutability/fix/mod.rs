//! Manifests put right: a read-only root with volumes where the image writes, no privilege, no escalation.
//!
//! Only what must change is written into the text; comments, order and everything else stay byte for byte, and what
//! is right already is left alone, so that fixing twice changes nothing. No path is invented: where nobody knows what
//! an image writes, or where data must outlive the pod, that is said, and the root stays as it is.

mod apply;
mod check;
mod compare;
mod edit;
mod patch;
mod plan;
mod text;

use std::ops::Range;

pub use patch::patch;
pub use plan::{ContainerFix, Copy, NewMount, NewVolume, PodFix};

use super::lines::Lines;
use super::manifest::{At, Reader, objects};
use super::writes::Images;
use super::{Object, coverage, yaml};
use check::Expected;
use edit::{Editor, Refusal};

/// Something that was not put right, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The object and its container.
    pub subject: String,
    /// The container's own line, or that of what is in the way.
    pub at: At,
    /// What is missing, and where to get it.
    pub told: String,
}

/// A text put right.
#[derive(Debug)]
pub struct Fixed {
    /// The whole text; the same one if there was nothing to do.
    pub text: String,
    /// How many containers were changed.
    pub containers: usize,
    /// What was not put right.
    pub left: Vec<Left>,
}

/// Puts every manifest of a text right; documents that cannot be read stay as they are.
pub fn fix(text: &str, images: &Images) -> Fixed {
    let lines = Lines::of(text);
    let mut fixed = Fixed { text: String::with_capacity(text.len()), containers: 0, left: Vec::new() };
    let mut done = 0;
    for range in yaml::documents(text) {
        fixed.text.push_str(text.get(done..range.start).unwrap_or_default());
        done = range.end;
        let own = text.get(range.clone()).unwrap_or_default();
        let Some(document) = document(text, range, images, &lines) else {
            fixed.text.push_str(own);
            continue;
        };
        fixed.left.extend(document.left);
        match document.edited {
            Some((edited, containers)) => {
                fixed.text.push_str(&edited);
                fixed.containers += containers;
            }
            None => fixed.text.push_str(own),
        }
    }
    fixed.text.push_str(text.get(done..).unwrap_or_default());
    fixed.left.sort_by_key(|left| left.at);
    fixed
}

/// What became of one document.
struct Document {
    /// The text, and how many containers were changed in it; `None` if there was nothing to change.
    edited: Option<(String, usize)>,
    left: Vec<Left>,
}

/// Said of a whole document.
const UNSURE: &str = "the change would reach more than it should: an anchor (`&`) is used elsewhere, too, or the form is unusual: write it out";

/// The other way, where the text itself cannot be edited.
const OR_PATCH: &str = "; or take --fix=patch, which leaves the text alone";

/// `None` if it cannot be read.
fn document(text: &str, range: Range<usize>, images: &Images, lines: &Lines<'_>) -> Option<Document> {
    let root = yaml::parse(text, range.clone()).ok()??;
    let mut reader = Reader::new(lines);
    let mut editor = Editor::new(text, range);
    let (mut left, mut changed, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    objects(&root, &mut reader, &mut |mut object, templates| {
        for (mut pod, template) in std::mem::take(&mut object.pods).into_iter().zip(templates) {
            coverage::cover(&mut pod, images);
            let (plan, own) = plan::plan(&object, &pod, images);
            left.extend(own);
            let mark = editor.mark();
            match apply::apply(&mut editor, template, &pod, &plan) {
                Ok(()) => {
                    let edited = !plan.containers.is_empty();
                    expected.push(Expected { pod: check::carried_out(&pod, &plan), edited });
                    changed.extend(plan.containers);
                }
                Err(Refusal { at, why }) => {
                    editor.take_back(mark);
                    expected.push(Expected { pod, edited: false });
                    let at = lines.at(at);
                    left.extend(plan.containers.into_iter().map(|change| refused(change, at, why)));
                }
            }
        }
    });
    if changed.is_empty() {
        return Some(Document { edited: None, left });
    }
    let edited = editor.finish().map_err(|refusal| (Some(lines.at(refusal.at)), refusal.why));
    let edited = edited.and_then(|(edited, planned)| {
        let holds = check::holds((&root, &planned), &edited, images, &expected, reader.wrong.len());
        if holds { Ok(edited) } else { Err((None, UNSURE)) }
    });
    let edited = match edited {
        Ok(edited) => Some((edited, changed.len())),
        Err((at, why)) => {
            left.extend(changed.into_iter().map(|change| {
                let at = at.unwrap_or(change.line);
                refused(change, at, why)
            }));
            None
        }
    };
    Some(Document { edited, left })
}

fn refused(change: ContainerFix, at: At, why: &str) -> Left {
    Left { subject: change.subject, at, told: format!("{why}{OR_PATCH}") }
}

/// The plans of an object, pod by pod, for what is written as a patch.
pub fn plans(object: &Object, images: &Images) -> (Vec<PodFix>, Vec<Left>) {
    let mut all = (Vec::new(), Vec::new());
    for pod in &object.pods {
        let (plan, left) = plan::plan(object, pod, images);
        all.0.push(plan);
        all.1.extend(left);
    }
    all
}

/// An object as it is with its plans carried out, one for each of its pods.
pub fn carried_out(mut object: Object, plans: &[PodFix], images: &Images) -> Object {
    for (pod, plan) in object.pods.iter_mut().zip(plans) {
        *pod = check::carried_out(pod, plan);
        coverage::cover(pod, images);
    }
    object
}

#[cfg(test)]
mod tests;
