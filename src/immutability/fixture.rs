//! Manifests for tests: the shortest text that says what matters.

use super::{Container, Images, Object, Pod, Read, read};
use crate::diagnostic::Source;

/// What a text has, and what is wrong with it.
pub(crate) fn objects(text: &str) -> (Vec<Object>, Read) {
    let mut objects = Vec::new();
    let read = read(&Source::text("a.yaml", text), &Images::default(), |object| objects.push(object));
    (objects, read)
}

/// The only pod of a text that has no mistake.
#[track_caller]
pub(crate) fn pod(text: &str) -> Pod {
    let (mut objects, read) = objects(text);
    assert!(read.mistakes.is_empty(), "{:?}", read.mistakes);
    assert_eq!((objects.len(), objects[0].pods.len()), (1, 1), "{objects:?}");
    objects.remove(0).pods.remove(0)
}

/// An image that nobody knows, named by its digest; what is said of no image is a patch.
const IMAGE: &str = "image: corp/app@sha256:0123456789abcdef0123456789abcdef";

/// A Pod `web` with a container `c` of which `lines` are said, and what `spec` says beside.
pub(crate) fn manifest(lines: &str, spec: &str) -> String {
    let lines = if lines.contains("image: ") { lines.to_owned() } else { format!("{lines}\n{IMAGE}") };
    let set = |text: &str, blanks: &str| -> String {
        text.lines().map(|line| format!("{blanks}{line}\n")).collect()
    };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n{}  containers:\n  - name: c\n{}",
        set(spec, "  "),
        set(lines.trim_start(), "    ")
    )
}

/// A container of which `lines` are said.
#[track_caller]
pub(crate) fn container(lines: &str) -> Container {
    pod(&manifest(lines, "")).containers.remove(0)
}
