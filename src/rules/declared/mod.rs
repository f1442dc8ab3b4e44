//! What manifests declare, as findings: what the checks of manifests see, and how a finding is made of it.
//!
//! A finding of a container points to the container's own line; where the field that is to blame stands is evidence.

mod annotation;
#[cfg(test)]
pub(in crate::rules) mod fixture;
mod judge;
mod live;

use std::sync::Arc;

use super::{Evidence, Finding, Location, Rule};
use crate::immutability::{At, Container, Kubernetes, Object, Pod};

pub use judge::{judge, mistake, settle, unread};
pub use live::live;

/// One pod of one object of one file.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// The file, as it was named.
    pub file: &'a Arc<str>,
    /// The object.
    pub object: &'a Object,
    /// Its pod, or the template of it.
    pub pod: &'a Pod,
    /// The version whose rules hold.
    pub kubernetes: Kubernetes,
}

/// What a finding about a manifest is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The object: `Kind/namespace/name`.
    pub object: String,
    /// Its container.
    pub container: Option<String>,
    /// Where the field stands that is to blame, if there is one.
    pub field: Option<At>,
    /// Paths inside the container that it is about.
    pub paths: Vec<String>,
    /// What a rule knows beyond that, in words.
    pub note: String,
}

/// A finding about one container that is still to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    declared: Declared<'a>,
    rule: &'static Rule,
    container: &'a Container,
}

impl<'a> Declared<'a> {
    /// Looks at every container, and adds what is found.
    pub(super) fn each(
        &self,
        rule: &'static Rule,
        findings: &mut Vec<Finding>,
        look: impl Fn(&'a Container, Draft<'a>) -> Option<Finding>,
    ) {
        let containers = self.pod.containers.iter();
        findings.extend(
            containers.filter_map(|container| look(container, Draft { declared: *self, rule, container })),
        );
    }

    /// The same where a container may have several findings.
    pub(super) fn each_of<I: IntoIterator<Item = Finding>>(
        &self,
        rule: &'static Rule,
        findings: &mut Vec<Finding>,
        look: impl Fn(&'a Container, Draft<'a>) -> I,
    ) {
        for container in &self.pod.containers {
            findings.extend(look(container, Draft { declared: *self, rule, container }));
        }
    }

    /// The pod in a finding's subject, and how a container is called in it.
    pub(super) fn subject(&self, container: Option<&str>, detail: &str) -> String {
        let mut subject = self.object.to_string();
        let words = [self.pod.inside.as_deref(), container, Some(detail)];
        for word in words.into_iter().flatten().filter(|word| !word.is_empty()) {
            subject.push(' ');
            subject.push_str(word);
        }
        subject
    }

    /// A finding about the pod, or about a part of it that is no container.
    pub(super) fn of_pod(&self, rule: &'static Rule, detail: &str, at: At) -> Finding {
        let said = Said { object: self.object.to_string(), ..Said::default() };
        Finding {
            location: Some(self.place(at)),
            evidence: Evidence::Declared(Box::new(said)),
            ..Finding::new(rule, self.subject(None, detail))
        }
    }

    /// A place in the file.
    pub(super) fn place(&self, at: At) -> Location {
        Location { file: Arc::clone(self.file), at }
    }
}

impl Draft<'_> {
    /// The finding; `detail` tells several of one container apart.
    pub(super) fn finding(&self, detail: &str) -> Finding {
        let Self { declared, rule, container } = self;
        let name = container.name.as_str();
        let said =
            Said { object: declared.object.to_string(), container: Some(name.to_owned()), ..Said::default() };
        Finding {
            location: Some(declared.place(container.at)),
            evidence: Evidence::Declared(Box::new(said)),
            ..Finding::new(rule, declared.subject(Some(name), detail))
        }
    }

    /// The pod that the container is in.
    pub(super) fn pod(&self) -> &Pod {
        self.declared.pod
    }
}

impl Finding {
    /// What should be there, and what is.
    pub(super) fn expecting(self, expected: &str, observed: &str) -> Self {
        Self { expected: Some(expected.to_owned()), observed: Some(observed.to_owned()), ..self }
    }

    /// Which field is to blame.
    pub(super) fn at_field(self, at: At) -> Self {
        self.saying(|said| said.field = Some(at))
    }

    /// Which paths it is about.
    pub(super) fn about(self, paths: Vec<String>) -> Self {
        self.saying(|said| said.paths = paths)
    }

    /// What is known beyond that.
    pub(super) fn noting(self, note: impl Into<String>) -> Self {
        self.saying(|said| said.note = note.into())
    }

    fn saying(mut self, say: impl FnOnce(&mut Said)) -> Self {
        if let Evidence::Declared(said) = &mut self.evidence {
            say(said);
        }
        self
    }

    /// What a rule noted of a manifest.
    pub(super) fn note(&self) -> &str {
        match &self.evidence {
            Evidence::Declared(said) => &said.note,
            _ => "",
        }
    }
}
