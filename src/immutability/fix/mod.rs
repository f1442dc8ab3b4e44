//! Manifests put right: a read-only root with volumes where the image writes, no privilege, no escalation.
//!
//! Only what must change is written into the text; comments, order and everything else stay byte for byte, and what
//! is right already is left alone, so that fixing twice changes nothing. No path is invented: where nobody knows what
//! an image writes, or where data must outlive the pod, that is said, and the root stays as it is.

mod apply;
mod edit;
mod patch;
mod plan;

use std::ops::Range;

pub use patch::patch;
pub use plan::{ContainerFix, Copy, NewMount, NewVolume, PodFix};

use super::lines::Lines;
use super::manifest::{At, Reader, objects};
use super::writes::Images;
use super::{Object, coverage, yaml};
use edit::Editor;

/// Something that was not put right, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The object and its container.
    pub subject: String,
    /// The container's own line.
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
        if let Some(edited) = document.edited.filter(|edited| is_right(edited, images, document.wrong)) {
            fixed.containers += document.containers;
            fixed.text.push_str(&edited);
        } else {
            fixed.text.push_str(own);
            fixed.left.extend(document.planned);
        }
    }
    fixed.text.push_str(text.get(done..).unwrap_or_default());
    fixed
}

/// What became of one document.
struct Document {
    /// `None` if its form cannot be edited.
    edited: Option<String>,
    containers: usize,
    /// How much of it cannot be read.
    wrong: usize,
    left: Vec<Left>,
    /// What is left where the edit cannot be made.
    planned: Vec<Left>,
}

/// `None` if it cannot be read, or if there is nothing to do.
fn document(text: &str, range: Range<usize>, images: &Images, lines: &Lines<'_>) -> Option<Document> {
    let root = yaml::parse(text, range.clone()).ok()??;
    let mut reader = Reader::new(lines);
    let mut editor = Editor::new(text, range);
    let mut whole = Document { edited: None, containers: 0, wrong: 0, left: Vec::new(), planned: Vec::new() };
    let mut editable = true;
    objects(&root, &mut reader, &mut |mut object, templates| {
        object.pods.iter_mut().for_each(|pod| coverage::cover(pod, images));
        for (pod, template) in object.pods.iter().zip(templates) {
            let (plan, left) = plan::plan(&object, pod, images);
            whole.left.extend(left);
            for change in &plan.containers {
                let told = "it is written with aliases, or in a form that cannot be edited: write it out, or use --fix=patch";
                whole.planned.push(Left {
                    subject: change.subject.clone(),
                    at: change.line,
                    told: told.to_owned(),
                });
            }
            whole.containers += plan.containers.len();
            editable &= apply::apply(&mut editor, template, pod, &plan).is_some();
        }
    });
    whole.wrong = reader.wrong.len();
    whole.edited = editable.then(|| editor.finish()).flatten();
    if whole.containers == 0 {
        // Nothing to edit is no form that cannot be edited.
        whole.edited = None;
        whole.planned.clear();
    }
    Some(whole)
}

/// Whether an edited document can be read as far as it could before, and needs no more edits: an edit that went wrong is never written.
fn is_right(edited: &str, images: &Images, wrong: usize) -> bool {
    let lines = Lines::of(edited);
    let Ok(Some(root)) = yaml::parse(edited, 0..edited.len()) else { return false };
    let mut reader = Reader::new(&lines);
    let mut right = true;
    objects(&root, &mut reader, &mut |mut object, _| {
        object.pods.iter_mut().for_each(|pod| coverage::cover(pod, images));
        right &= object.pods.iter().all(|pod| plan::plan(&object, pod, images).0.containers.is_empty());
    });
    right && reader.wrong.len() <= wrong
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

#[cfg(test)]
mod tests;
