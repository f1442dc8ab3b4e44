//! The upgrades of the payload: whether each would succeed, and what would follow.

use serde::Serialize;

use super::words::Words;
use crate::report::json::{upgrades as full, v1};

/// One package of one cluster.
#[derive(Serialize)]
pub(super) struct Upgrade {
    cluster: u32,
    package: u32,
    target: u32,
    verdict: crate::advice::Prospect,
    why: Vec<u32>,
    ready: u32,
    /// Host, and why.
    unknown: Vec<(u32, u32)>,
    /// Host, and what stands in the way.
    blocked: Vec<(u32, Vec<Obstacle>)>,
    /// Hosts, rule, words.
    causes: Vec<(u32, u32, u32)>,
    /// Hosts, what to do, steps.
    fixes: Vec<(u32, u32, Vec<u32>)>,
    /// Host, rule, words, what to do.
    warnings: Vec<(u32, u32, u32, u32)>,
    now: Vec<Share>,
    after: Vec<Share>,
    forecast: u32,
    changes: Vec<Changes>,
    /// Package, and who would have what.
    apart: Vec<(u32, Vec<Share>)>,
}

/// Rule, subject, what is needed, observed and offered, words, remedy.
type Obstacle = (u32, u32, u32, u32, u32, u32, u32);

/// Version, state, hosts.
type Share = (u32, v1::State, u32);

#[derive(Serialize)]
struct Changes {
    hosts: u32,
    /// Package, architecture, from, to.
    packages: Vec<(u32, u32, u32, u32)>,
    /// Mount, KiB needed, KiB free.
    space: Vec<(u32, u64, u64)>,
}

pub(super) fn upgrade<'r>(words: &mut Words<'r>, one: &'r full::Upgrade) -> Upgrade {
    let of = |words: &mut Words<'r>, all: &'r [full::VersionSpread]| -> Vec<Share> {
        all.iter()
            .map(|share| (words.maybe(share.version.as_ref()), share.state, words.set(&share.hosts)))
            .collect()
    };
    Upgrade {
        cluster: words.text(&one.cluster),
        package: words.text(&one.package),
        target: words.text(&one.target),
        verdict: one.verdict,
        why: words.texts(&one.why),
        ready: words.set(&one.ready),
        unknown: one.unknown.iter().map(|host| (words.host(&host.host), words.text(&host.reason))).collect(),
        blocked: one
            .blocked
            .iter()
            .map(|host| {
                let inhibitors = host.inhibitors.iter().map(|one| obstacle(words, one)).collect();
                (words.host(&host.host), inhibitors)
            })
            .collect(),
        causes: one
            .causes
            .iter()
            .map(|cause| (words.set(&cause.hosts), words.text(&*cause.rule), words.text(&cause.message)))
            .collect(),
        fixes: one
            .fixes
            .iter()
            .map(|fix| (words.set(&fix.hosts), words.text(&*fix.action), words.texts(&fix.steps)))
            .collect(),
        warnings: one
            .warnings
            .iter()
            .map(|warning| {
                (
                    words.host(&warning.host),
                    words.text(&*warning.rule),
                    words.text(&warning.message),
                    words.text(&warning.remedy),
                )
            })
            .collect(),
        now: of(words, &one.spread_now),
        after: of(words, &one.spread_after),
        forecast: words.text(&one.forecast),
        changes: one.changes.iter().map(|all| changes(words, all)).collect(),
        apart: one.apart.iter().map(|one| (words.text(&one.package), of(words, &one.spread))).collect(),
    }
}

fn obstacle<'r>(words: &mut Words<'r>, one: &'r full::Obstacle) -> Obstacle {
    (
        words.text(&*one.rule),
        words.text(&one.subject),
        words.maybe(one.needs.as_ref()),
        words.maybe(one.observed.as_ref()),
        words.maybe(one.candidate.as_ref()),
        words.text(&one.message),
        words.text(&one.remedy),
    )
}

fn changes<'r>(words: &mut Words<'r>, all: &'r full::Changes) -> Changes {
    let packages = all.packages.iter().map(|one| {
        (
            words.text(&one.package),
            words.text(&one.arch),
            words.maybe(one.from.as_ref()),
            words.maybe(one.to.as_ref()),
        )
    });
    Changes {
        packages: packages.collect(),
        hosts: words.set(&all.hosts),
        space: all.space.iter().map(|room| (words.text(&room.mount), room.needs, room.free)).collect(),
    }
}
