//! From what is written to what is meant: every value of a playbook is checked once, here.
//!
//! A check that finds a mistake records it and goes on, so that the user reads all of them at once.
//! What it returns then does not matter: nothing of a playbook with a mistake is used.

mod cluster;
mod configuration;
mod date;
mod exceptions;
mod fields;
mod image;
mod package;
mod service;
mod upgrade;

use std::ops::Range;

use self::fields::Check;
use super::Playbook;
use super::mistakes::Mistakes;
use super::raw::{Raw, RawEverythingElse};

/// Checks one file and adds what it says to `whole`, which holds the files before it.
pub(super) fn validate(raw: Raw, known_rules: &[&str], mistakes: &mut Mistakes<'_>, whole: &mut Playbook) {
    let mut check = Check::new(mistakes, known_rules);
    if let Some(name) = raw.name {
        let name = check.filled(
            "name",
            name,
            "a name tells playbooks apart in reports; leave the line out if it has none",
        );
        whole.name = whole.name.take().or(name.map(toml::Spanned::into_inner));
    }
    check.clusters(raw.clusters, whole);
    whole.packages.extend(raw.packages.into_iter().filter_map(|entry| check.package(entry)));
    if let Some(rest) = raw.everything_else {
        check.everything_else(rest, whole);
    }
    check.rules(raw.rules, whole);
    whole.ignores.extend(raw.ignores.into_iter().filter_map(|entry| check.ignore(entry)));
    whole.waivers.extend(raw.waivers.into_iter().filter_map(|entry| check.waiver(entry)));
    whole.services.extend(raw.services.into_iter().filter_map(|entry| check.service(entry)));
    whole.files.extend(raw.files.into_iter().filter_map(|entry| check.file(entry)));
    whole.sysctls.extend(raw.sysctls.into_iter().filter_map(|entry| check.sysctl(entry)));
    whole.upgrades.extend(raw.upgrades.into_iter().filter_map(|entry| check.upgrade(entry)));
    whole.images.extend(raw.images.into_iter().filter_map(|entry| check.image(entry)));
}

impl Check<'_, '_> {
    /// `[everything-else]`; what this file leaves open stays as an earlier one has it.
    fn everything_else(&mut self, raw: RawEverythingElse, whole: &mut Playbook) {
        let rest = whole.everything_else.get_or_insert_default();
        rest.compare = raw.compare.unwrap_or(rest.compare);
        rest.ignore.extend(raw.ignore.into_iter().filter_map(|glob| self.glob(&glob)));
    }
}

/// One entry of a table: what messages call it, and where it stands.
struct Entry {
    kind: &'static str,
    span: Range<usize>,
}
