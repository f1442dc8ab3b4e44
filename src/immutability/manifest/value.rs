//! Values of a manifest by type: what has another is told, and leaves its container unclear.

use std::ops::Range;

use super::At;
use crate::immutability::lines::Lines;
use crate::immutability::yaml::{Node, Wrong, is_template};

/// What readers of one document share.
pub(in crate::immutability) struct Reader<'a> {
    lines: &'a Lines<'a>,
    /// What is wrong, with what it is about.
    pub(in crate::immutability) wrong: Vec<(String, Wrong)>,
    /// Whether something was, since this was last asked.
    unclear: bool,
    /// What is being read, for messages.
    pub(super) subject: String,
}

impl<'a> Reader<'a> {
    pub(in crate::immutability) fn new(lines: &'a Lines<'a>) -> Self {
        Self { lines, wrong: Vec::new(), unclear: false, subject: String::new() }
    }

    pub(super) fn at(&self, span: &Range<usize>) -> At {
        self.lines.at(span.start)
    }

    /// Speaks of a part of what is being read, until the subject that it gives is put back.
    pub(super) fn inside(&mut self, part: &str) -> String {
        let whole = format!("{} {part}", self.subject);
        std::mem::replace(&mut self.subject, whole)
    }

    /// A mistake in what is being read, which leaves it unclear.
    pub(super) fn wrong(&mut self, field: &str, wrong: Wrong) {
        self.unclear = true;
        self.note(field, wrong);
    }

    /// A mistake that changes nothing of what is known.
    pub(super) fn note(&mut self, field: &str, wrong: Wrong) {
        self.wrong.push((format!("{} {field}", self.subject), wrong));
    }

    /// A value that can be read and is none that Kubernetes takes: a mistake at the value's place.
    pub(super) fn refuse(&mut self, map: Option<&Node>, field: &str, title: String, help: &'static str) {
        if let Some((_, value)) = map.and_then(|map| map.entry(field)) {
            self.wrong(field, Wrong::new(value.span.clone(), title, help));
        }
    }

    /// Whether a mistake was found since it was last taken.
    pub(super) fn is_unclear(&self) -> bool {
        self.unclear
    }

    /// The same, and forgets it.
    pub(super) fn take_unclear(&mut self) -> bool {
        std::mem::take(&mut self.unclear)
    }

    /// A boolean of a map, with the place of its key.
    pub(super) fn boolean(&mut self, map: Option<&Node>, field: &str) -> Option<(bool, At)> {
        let (key, value) = map?.entry(field)?;
        if let Some(boolean) = value.boolean() {
            return Some((boolean, self.at(&key.span)));
        }
        let wrong = value.text().and_then(|text| is_template(text, value.span.start)).unwrap_or_else(|| {
            let help = "write true or false, without quotes: Kubernetes refuses anything else";
            Wrong::new(value.span.clone(), format!("`{field}` is no boolean"), help)
        });
        self.wrong(field, wrong);
        None
    }

    /// A text of a map, with the place of its key.
    pub(super) fn text(&mut self, map: Option<&Node>, field: &str) -> Option<(String, At)> {
        let (_, value) = map?.entry(field)?;
        if value.text().is_some() && value.is_typed() {
            let help = "put it in quotes: Kubernetes refuses a number or a boolean here";
            self.wrong(field, Wrong::new(value.span.clone(), format!("`{field}` is no text"), help));
            return None;
        }
        self.word(map, field)
    }

    /// A text of a map, or a number, with the place of its key.
    pub(super) fn word(&mut self, map: Option<&Node>, field: &str) -> Option<(String, At)> {
        let (key, value) = map?.entry(field)?;
        let Some(text) = value.text() else {
            let help = "Kubernetes refuses anything but a text here";
            self.wrong(field, Wrong::new(value.span.clone(), format!("`{field}` is no text"), help));
            return None;
        };
        let Some(wrong) = is_template(text, value.span.start) else {
            return Some((text.to_owned(), self.at(&key.span)));
        };
        self.wrong(field, wrong);
        None
    }

    /// A map of a map.
    pub(super) fn map<'n>(&mut self, map: Option<&'n Node>, field: &str) -> Option<&'n Node> {
        let value = map?.get(field)?;
        if value.is_map() {
            return Some(value);
        }
        let help = "write keys with values below it";
        self.wrong(field, Wrong::new(value.span.clone(), format!("`{field}` is no mapping"), help));
        None
    }

    /// The items of a list of a map.
    pub(super) fn list<'n>(&mut self, map: Option<&'n Node>, field: &str) -> &'n [std::rc::Rc<Node>] {
        let Some(value) = map.and_then(|map| map.get(field)) else { return &[] };
        if !value.is_list() {
            let help = "write its items with `- ` before each";
            self.wrong(field, Wrong::new(value.span.clone(), format!("`{field}` is no list"), help));
        }
        value.items()
    }
}
