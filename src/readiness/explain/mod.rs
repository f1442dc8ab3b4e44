//! Why apt refused: the smallest set of causes, found in what the host told of the packages in question.
//!
//! The host's own solver stays the judge. Where a way is found though it refused, or where that is too hard to tell,
//! nothing is said here, and the solver's own words stand.

mod causes;
mod relation;
mod search;
#[cfg(test)]
mod tests;
mod universe;
mod words;

use super::obstacle::Obstacle;
use crate::snapshot::Record;

/// The obstacles to a transaction that would bring packages to versions. `installed` are all packages that are on the
/// host, each with its version: the records tell more of some. `native` is the host's own architecture.
pub(super) fn explain<'a>(
    records: &'a [Record],
    wanted: &[(&str, &str)],
    installed: impl Iterator<Item = (&'a str, &'a str)>,
    native: &'a str,
) -> Vec<Obstacle> {
    let Some(universe) = universe::Universe::of(records, wanted, installed, native) else {
        return Vec::new();
    };
    let broken = words::broken(&universe);
    if !broken.is_empty() {
        return broken;
    }
    causes::causes(&universe).map(|causes| words::obstacles(&universe, &causes)).unwrap_or_default()
}
