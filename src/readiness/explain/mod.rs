//! Why apt refused: the smallest set of causes, found in what the host told of the packages in question.
//!
//! The host's own solver stays the judge. Where a way is found though it refused, or where that is too hard to tell,
//! nothing is said here, and the solver's own words stand. How hard that may be is bounded for each host and for all
//! of them: what they say may be made to keep us busy.

mod causes;
mod effort;
mod relation;
mod said;
mod search;
#[cfg(test)]
mod tests;
mod universe;
mod words;

pub(super) use effort::{Effort, Efforts};

use super::obstacle::Obstacle;
use crate::snapshot::Record;

/// The obstacles to a transaction that would bring packages to versions. `installed` are all packages that are on the
/// host, each with its version: the records tell more of some. `native` is the host's own architecture.
pub(super) fn explain<'a: 'e, 'e>(
    records: &'a [Record],
    wanted: &[(&str, &str)],
    installed: impl Iterator<Item = (&'a str, &'a str)>,
    native: &'a str,
    effort: &'e Effort,
) -> Vec<Obstacle> {
    let installed = installed.map(|(package, version)| -> (&'e str, &'e str) { (package, version) });
    let explained = || {
        let universe = universe::Universe::of(records, wanted, installed, native, effort)?;
        let broken = words::broken(&universe)?;
        if !broken.is_empty() {
            return Some(broken);
        }
        words::obstacles(&universe, &causes::causes(&universe)?)
    };
    explained().unwrap_or_default()
}
