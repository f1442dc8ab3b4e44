//! The upgrades: may I, who stops me, what then.

use std::collections::BTreeMap;

use super::grid::{Content, Fit, Grid};
use super::hosts_in_words;
use super::text::{fill, fold_wrapped};
use crate::advice::{Cause, Effect, Has, HostOutlook, Prospect, Share, UNSEEN, UpgradeOutlook};
use crate::readiness::{State, megabytes};
use crate::report::Audit;
use crate::report::style::{Look, Tone};
use crate::snapshot::PackageChange;

/// How many causes, and how many other rows of one kind, a section shows.
const MOST: usize = 12;

/// How many packages of one kind of change are named.
const NAMED: usize = 6;

/// How many lines of names stand before what is said of them; more hosts are only counted.
const MOST_LINES: usize = 4;

/// So few hosts are named, even where they are all of a kind.
const FEW: usize = 3;

/// How far what is told of hosts is set in, past their action.
const INDENT: usize = 12;

/// One section for each upgrade, and what none of them can see.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> Vec<String> {
    let Some(outlook) = audit.outlook else { return Vec::new() };
    let sections = outlook.upgrades.iter().map(|upgrade| section(audit, upgrade, look));
    let unseen = lines("", &format!("Not foreseen: {UNSEEN}."), Tone::Faint, 0, look);
    sections.chain((!outlook.upgrades.is_empty()).then_some(unseen)).collect()
}

fn section(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let cluster = audit.comparison.clusters.get(upgrade.cluster).map_or("", |cluster| cluster.name.as_str());
    let title = look.paint(Tone::Heading, &format!("{cluster}   {} to {}", upgrade.package, upgrade.target));
    let tone = match upgrade.prospect {
        Prospect::NoKnownObstacle => Tone::Good,
        Prospect::Unknown => Tone::Unsure,
        Prospect::FixFirst | Prospect::ReplaceInstead => Tone::Bad,
    };
    let verdict = look.paint(tone, upgrade.prospect.as_str());
    let mut text = format!("{title}   {}   {verdict}\n", hosts_in_words(upgrade.hosts.len()));
    text.push_str(&states(audit, upgrade, look));
    let causes = upgrade.causes.iter().take(MOST).map(|cause| stopped(audit, upgrade, cause, look));
    text.extend(causes);
    text.push_str(&left_out(upgrade.causes.len()));
    text.push_str(&unknown(audit, upgrade, look));
    text.push_str(&warnings(audit, upgrade, look));
    text.push_str(&spreads(audit, upgrade, look));
    let effects = upgrade.effects.iter().take(MOST).map(|effect| changed(audit, effect, upgrade, look));
    text.extend(effects);
    text.push_str(&left_out(upgrade.effects.len()));
    text.push_str(&apart(audit, upgrade, look));
    text
}

/// `ready   21   web-[01-21]`
fn states(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Number, Fit::Rest]);
    for (state, word, tone) in [
        (State::Ready, "ready", Tone::Good),
        (State::Blocked, "blocked", Tone::Bad),
        (State::Unknown, "unknown", Tone::Unsure),
    ] {
        let those = upgrade.hosts.iter().filter(|host| host.state == state);
        let names: Vec<&str> = those.map(|host| audit.comparison.name(host.position)).collect();
        if !names.is_empty() {
            let count = names.len().to_string();
            // All of them need not be named.
            let all = names.len() == upgrade.hosts.len() && names.len() > FEW;
            let who = if all { "every host".into() } else { Content::hosts(names) };
            grid.row([(tone, beside(word)), (tone, count.into()), (Tone::Plain, who)]);
        }
    }
    grid.render()
}

/// A word in the first column, as wide as everywhere in the section.
fn beside(word: &str) -> Content<'static> {
    format!("{word:<width$}", width = INDENT - 5).into()
}

/// Who is stopped by what, and what helps.
fn stopped(audit: &Audit<'_>, upgrade: &UpgradeOutlook, cause: &Cause, look: &Look) -> String {
    let (action, tone) = if cause.condition.lasts() { ("replace", Tone::Bad) } else { ("fix", Tone::Unsure) };
    let told = format!("{}: {}", named(audit, upgrade, &cause.hosts, look), cause.reason);
    let mut text = lines(action, &told, tone, INDENT, look);
    // A command is never broken into lines: it is there to be copied.
    text.extend(cause.steps.iter().map(|step| format!("{:INDENT$}- {step}\n", "")));
    text
}

/// Of whom it could not be told, and why.
fn unknown(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let mut reasons: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for host in upgrade.hosts.iter().filter(|host| host.state == State::Unknown) {
        reasons.entry(host.why.as_deref().unwrap_or_default()).or_default().push(host.position);
    }
    let mut reasons: Vec<(&str, Vec<usize>)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, hosts)| std::cmp::Reverse(hosts.len()));
    let shown = reasons.iter().take(MOST);
    let each = shown.map(|(why, hosts)| {
        lines(
            "unknown",
            &format!("{}: {why}", named(audit, upgrade, hosts, look)),
            Tone::Unsure,
            INDENT,
            look,
        )
    });
    let mut text: String = each.collect();
    text.push_str(&left_out(reasons.len()));
    text
}

/// What stops nothing, and is worth knowing.
fn warnings(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let mut same: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for host in &upgrade.hosts {
        for warning in &host.warnings {
            let said = (warning.message.as_str(), warning.remedy.as_str());
            same.entry(said).or_default().push(host.position);
        }
    }
    let each = same.iter().take(MOST).map(|((message, remedy), hosts)| {
        let told = format!("{}: {message}", named(audit, upgrade, hosts, look));
        format!("{}{:INDENT$}- {remedy}\n", lines("warning", &told, Tone::Faint, INDENT, look), "")
    });
    let mut text: String = each.collect();
    text.push_str(&left_out(same.len()));
    text
}

/// Who has what now, and who would have what.
fn spreads(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let width = if look.width >= 120 { 20 } else { 8 };
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Wrap(35), Fit::Keep, Fit::Number, Fit::Rest]);
    let mut rows = |word: &str, shares: &[Share], tone: fn(&Has) -> Tone| {
        for (nth, share) in shares.iter().enumerate() {
            let names = || share.hosts.iter().map(|host| audit.comparison.name(*host)).collect();
            let tone = tone(&share.has);
            grid.row([
                (Tone::Heading, beside(if nth == 0 { word } else { "" })),
                (tone, share.has.to_string().into()),
                (tone, look.bar(share.hosts.len(), upgrade.hosts.len(), width).into()),
                (Tone::Plain, share.hosts.len().to_string().into()),
                (
                    Tone::Plain,
                    kind(upgrade, &share.hosts).map_or_else(|| Content::hosts(names()), Content::from),
                ),
            ]);
        }
    };
    let tone = |has: &Has| if *has == Has::Unknown { Tone::Unsure } else { Tone::Plain };
    rows("now", &upgrade.now, tone);
    rows("after", &upgrade.after, tone);
    format!("{}{}", grid.render(), lines("", &upgrade.end, Tone::Plain, INDENT, look))
}

/// What would change on hosts beside the package itself, and what it takes.
fn changed(audit: &Audit<'_>, effect: &Effect, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let others = || effect.changes.iter().filter(|change| change.package != upgrade.package);
    let mut parts = Vec::new();
    let mut say = |word: &str, changes: Vec<String>| {
        if !changes.is_empty() {
            let more = match changes.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let named = changes.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
            parts.push(format!("{word} {named}{more}"));
        }
    };
    let told = |change: &PackageChange| match (&change.from, &change.to) {
        (Some(from), Some(to)) => format!("{} {from} to {to}", change.package),
        (None, Some(version)) | (Some(version), None) => format!("{} {version}", change.package),
        (None, None) => change.package.clone(),
    };
    say("installs", others().filter(|change| change.from.is_none()).map(told).collect());
    say("changes", others().filter(|one| one.from.is_some() && one.to.is_some()).map(told).collect());
    say("removes", others().filter(|change| change.to.is_none()).map(told).collect());
    if parts.is_empty() {
        parts.push("changes nothing else".to_owned());
    }
    let rooms = effect.rooms.iter().filter(|room| room.needs > 0);
    let rooms: Vec<String> = rooms
        .map(|room| format!("{} on {} ({} free)", megabytes(room.needs), room.mount, megabytes(room.free)))
        .collect();
    if !rooms.is_empty() {
        parts.push(format!("takes {}", rooms.join(", ")));
    }
    let told = format!("{}: {}", named(audit, upgrade, &effect.hosts, look), parts.join("; "));
    lines("then", &told, Tone::Heading, INDENT, look)
}

/// Where hosts would end up different from one another beside that.
fn apart(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let each = upgrade.apart.iter().take(MOST).map(|apart| {
        let shares = apart
            .shares
            .iter()
            .map(|share| format!("{} on {}", share.has, named(audit, upgrade, &share.hosts, look)));
        let told = format!("{} would differ: {}", apart.package, shares.collect::<Vec<_>>().join(", "));
        lines("apart", &told, Tone::Unsure, INDENT, look)
    });
    let mut text: String = each.collect();
    text.push_str(&left_out(upgrade.apart.len()));
    text
}

/// Hosts by name; where they are all of a kind, by that.
fn named(audit: &Audit<'_>, upgrade: &UpgradeOutlook, hosts: &[usize], look: &Look) -> String {
    if let Some(kind) = kind(upgrade, hosts) {
        return kind.to_owned();
    }
    let names: Vec<&str> = hosts.iter().map(|position| audit.comparison.name(*position)).collect();
    let folded = fold_wrapped(&names, usize::from(look.width).saturating_sub(INDENT + 2));
    if folded.lines().count() > MOST_LINES { hosts_in_words(names.len()) } else { folded }
}

/// What hosts are that need not be named again: all that an upgrade speaks of, or all that stand alike in it.
fn kind(upgrade: &UpgradeOutlook, hosts: &[usize]) -> Option<&'static str> {
    let all = |state: Option<State>| {
        let those = upgrade.hosts.iter().filter(|host| state.is_none_or(|state| host.state == state));
        hosts.len() > FEW && those.map(|host| host.position).eq(hosts.iter().copied())
    };
    [
        (None, "every host"),
        (Some(State::Ready), "all that are ready"),
        (Some(State::Blocked), "all that are blocked"),
        (Some(State::Unknown), "all that are unknown"),
    ]
    .into_iter()
    .find(|(state, _)| all(*state))
    .map(|(_, word)| word)
}

fn left_out(all: usize) -> String {
    match all.saturating_sub(MOST) {
        0 => String::new(),
        more => format!("{:INDENT$}and {more} more; -o json has them all\n", ""),
    }
}

/// A word, and what is said beside it, in as many lines as it takes.
fn lines(word: &str, told: &str, tone: Tone, indent: usize, look: &Look) -> String {
    let width = usize::from(look.width).saturating_sub(indent).max(20);
    let mut lines = fill(told, width).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut text = if indent == 0 {
        format!("{}\n", look.paint(tone, &first))
    } else {
        let word = format!("{word:<room$}", room = indent.saturating_sub(2));
        format!("  {}{first}\n", look.paint(tone, &word))
    };
    text.extend(
        lines.map(|line| {
            format!("{:indent$}{}\n", "", if indent == 0 { look.paint(tone, &line) } else { line })
        }),
    );
    text
}

/// Hosts by how they stand in all upgrades: ready in all that speak of them, blocked in any, unknown in any.
pub(super) fn tally<'o>(upgrades: impl Iterator<Item = &'o UpgradeOutlook>) -> [(State, usize); 3] {
    let mut worst: BTreeMap<usize, State> = BTreeMap::new();
    for HostOutlook { position, state, .. } in upgrades.flat_map(|upgrade| &upgrade.hosts) {
        let known = worst.entry(*position).or_insert(State::Ready);
        *known = (*known).max(*state);
    }
    [State::Ready, State::Blocked, State::Unknown]
        .map(|state| (state, worst.values().filter(|known| **known == state).count()))
}
