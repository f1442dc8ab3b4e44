//! In which order the hosts of a cluster are replaced.

use super::choice::serving;
use super::paths::Needs;
use super::plan::Step;
use crate::advice::{Advised, Verdict};
use crate::drift::{Cluster, Comparison};

/// So many hosts of a cluster are replaced at once, as a part of it, where none of them holds data.
const AT_ONCE: usize = 4;

/// The order in which hosts are replaced: the most drifted first; where there are data, one at a time.
pub(super) fn roll_out(
    comparison: &Comparison<'_>,
    advised: &Advised,
    cluster: &Cluster<'_>,
    called: &str,
    needs: &Needs,
) -> (usize, Vec<Step>) {
    // A host that runs the replacement already is the new server.
    let runs = |position: &usize| {
        cluster.standing(*position).next().is_none()
            && serving(comparison, *position)
                .is_none_or(|all| all.iter().any(|service| service.called() == called))
    };
    let score = |position: usize| advised.hosts.get(position).map_or(0.0, |advice| advice.snowflake.score);
    let known = |position: usize| {
        advised.hosts.get(position).is_some_and(|advice| advice.verdict != Verdict::Unknown)
    };
    let mut order: Vec<usize> = cluster.members.iter().copied().filter(runs).collect();
    order.sort_by(|one, other| score(*other).total_cmp(&score(*one)));
    let keeps = needs.paths.iter().any(|need| need.class == super::Class::Persistent);
    let at_once = if keeps { 1 } else { (order.len() / AT_ONCE).max(1) };
    let mut steps = Vec::new();
    // The first one alone: it shows whether the others may follow.
    let mut rest = order.as_slice();
    let mut size = 1;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        let worst = now.first().map_or(0.0, |position| score(*position));
        let reason = match (steps.is_empty(), worst > 0.0) {
            (true, true) => {
                format!("the most drifted ({worst:.2}), and alone: it shows whether the others may follow")
            }
            (true, false) => "alone: it shows whether the others may follow".to_owned(),
            (false, true) => format!("drifted by {worst:.2}"),
            (false, false) if now.iter().all(|position| known(*position)) => "in sync".to_owned(),
            (false, false) => "whether it is in sync is not known".to_owned(),
        };
        steps.push(Step {
            hosts: now.iter().map(|position| comparison.name(*position).to_owned()).collect(),
            reason,
        });
        rest = later;
        size = at_once;
    }
    (order.len(), steps)
}
