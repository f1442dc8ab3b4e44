//! The clusters: for each package who has what.

use std::collections::BTreeMap;

use super::grid::{Content, Fit, Grid};
use super::{hosts_in_words, tone};
use crate::advice::Verdict;
use crate::drift::{Cluster, Column, Expected, Judgement, Value};
use crate::playbook::Baseline;
use crate::report::Audit;
use crate::report::style::{Look, Tone};

/// How many packages that no entry names one cluster shows.
const MOST_UNNAMED: usize = 12;

/// One section for each cluster.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> Vec<String> {
    let clusters = audit.comparison.clusters.iter().zip(&audit.advised.clusters);
    clusters.map(|(cluster, verdict)| section(audit, cluster, *verdict, look)).collect()
}

fn section(audit: &Audit<'_>, cluster: &Cluster<'_>, verdict: Verdict, look: &Look) -> String {
    let named = cluster.columns.iter().filter(|column| column.is_named());
    let unnamed: Vec<&Column<'_>> =
        cluster.columns.iter().filter(|column| !column.is_named() && column.is_apart()).collect();
    let shown: Vec<&Column<'_>> = named.chain(unnamed.iter().copied().take(MOST_UNNAMED)).collect();
    let mut grid = Grid::new(look, &[Fit::Wrap(22), Fit::Wrap(35), Fit::Keep, Fit::Number, Fit::Rest]);
    for column in &shown {
        rows(audit, cluster, column, look, &mut grid);
    }
    let mut text = heading(cluster, verdict, &shown, look);
    let nothing = grid.is_empty();
    text.push_str(&grid.render());
    let more = unnamed.len().saturating_sub(MOST_UNNAMED);
    if more > 0 {
        text.push_str(&format!("  and {more} more packages differ; -o json has them all\n"));
    }
    text.push_str(&replacement(audit, cluster, look));
    if nothing && !cluster.members.is_empty() {
        text.push_str(&format!("  {}\n", nothing_apart(audit, cluster)));
    }
    text
}

/// `web   24 hosts, expected by majority   replace`
fn heading(cluster: &Cluster<'_>, verdict: Verdict, shown: &[&Column<'_>], look: &Look) -> String {
    let mut ways: Vec<&str> = shown
        .iter()
        .map(|column| match column.entries().next().map(|entry| &entry.baseline) {
            None | Some(Baseline::Majority) => "by majority",
            Some(Baseline::Newest) => "the newest",
            Some(Baseline::Host(_)) => "by a host",
            Some(Baseline::Run(_)) => "by an earlier run",
            Some(Baseline::Pinned(_)) => "as pinned",
        })
        .collect();
    ways.sort_unstable();
    ways.dedup();
    let expected = if ways.is_empty() { String::new() } else { format!(", expected {}", ways.join(", ")) };
    let name = look.paint(Tone::Heading, &cluster.name);
    let verdict = look.paint(tone(verdict), verdict.as_str());
    format!("{name}   {}{expected}   {verdict}\n", hosts_in_words(cluster.members.len()))
}

/// Who has taken over, who was replaced, and which containers would have taken over if they could not be changed.
fn replacement(audit: &Audit<'_>, cluster: &Cluster<'_>, look: &Look) -> String {
    let mut by: BTreeMap<(&str, String, &Option<String>), Vec<&str>> = BTreeMap::new();
    for one in &cluster.stand_ins {
        let key = (one.replaces.service.as_str(), one.container.role(), &one.refused);
        by.entry(key).or_default().push(audit.comparison.name(one.position));
    }
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Hosts(35), Fit::Rest]);
    for ((service, container, refused), hosts) in by {
        let (word, tone, told) = match refused {
            None => (
                "immutable",
                Tone::Good,
                format!("{service} in the container {container}, its root read-only"),
            ),
            Some(why) => ("container", Tone::Bad, format!("{container} does not count as {service}: {why}")),
        };
        grid.row([(tone, word.into()), (Tone::Plain, Content::hosts(hosts)), (Tone::Plain, told.into())]);
    }
    let gone: Vec<&str> = cluster.replaced.iter().map(|(at, _)| audit.comparison.name(*at)).collect();
    if !gone.is_empty() {
        let told = "a container has taken over: take them out of the inventory";
        grid.row([
            (Tone::Good, "replaced".into()),
            (Tone::Plain, Content::hosts(gone)),
            (Tone::Plain, told.into()),
        ]);
    }
    grid.render()
}

fn nothing_apart(audit: &Audit<'_>, cluster: &Cluster<'_>) -> String {
    let answered = cluster
        .members
        .iter()
        .filter(|at| audit.comparison.observation(**at).is_some_and(|seen| seen.packages().is_some()));
    match (answered.count(), cluster.columns.len()) {
        (0, _) => "no host's packages could be collected".to_owned(),
        (1, _) => "one host alone: there is nothing to compare it with".to_owned(),
        (_, 0) => {
            "no package was compared: name some in the playbook, or set compare = true in [everything-else]"
                .to_owned()
        }
        (_, columns) => format!("no difference in {columns} packages compared"),
    }
}

/// One row for each value that hosts have, the expected one first.
fn rows<'a>(audit: &Audit<'a>, cluster: &Cluster<'_>, column: &Column<'_>, look: &Look, grid: &mut Grid<'a>) {
    let mut by_value: BTreeMap<Value<'_>, Vec<usize>> = BTreeMap::new();
    for member in 0..cluster.members.len() {
        if let Some(value) = column.value(member) {
            by_value.entry(value).or_default().push(member);
        }
    }
    let covered: usize = by_value.values().map(Vec::len).sum();
    let as_expected = |value: &Value<'_>| match (column.expected_overall(&cluster.releases), value) {
        (Expected::Version { version, .. }, Value::Installed(has)) => version == *has,
        (Expected::Absent, Value::Absent) => true,
        _ => false,
    };
    let mut values: Vec<(Value<'_>, Vec<usize>)> = by_value.into_iter().collect();
    values.sort_by_key(|(value, members)| {
        (*value == Value::Unknown, !as_expected(value), std::cmp::Reverse(members.len()))
    });
    let width = if look.width >= 120 { 20 } else { 8 };
    for (nth, (value, members)) in values.iter().enumerate() {
        let tone = value_tone(column, *value, members);
        let names: Vec<&str> = members
            .iter()
            .filter_map(|member| cluster.members.get(*member))
            .map(|at| audit.comparison.name(*at))
            .collect();
        grid.row([
            (Tone::Heading, if nth == 0 { column.subject() } else { String::new() }.into()),
            (tone, value.to_string().into()),
            (tone, look.bar(members.len(), covered, width).into()),
            (Tone::Plain, members.len().to_string().into()),
            (Tone::Plain, Content::Hosts(names, note(cluster, column, members, look))),
        ]);
    }
}

fn value_tone(column: &Column<'_>, value: Value<'_>, members: &[usize]) -> Tone {
    if value == Value::Unknown {
        return Tone::Unsure;
    }
    let judged = members.iter().map(|member| column.judge(*member));
    let tones = judged.map(|judgement| match judgement {
        Judgement::Same | Judgement::UnderWay | Judgement::NotCovered => 0,
        Judgement::Undecided
        | Judgement::Unknown
        | Judgement::Extra
        | Judgement::Different { ahead: true, .. } => 1,
        Judgement::Missing | Judgement::Different { .. } => 2,
    });
    match tones.max() {
        Some(0) | None => Tone::Good,
        Some(1) => Tone::Unsure,
        Some(_) => Tone::Bad,
    }
}

/// What explains a row at a glance.
fn note(cluster: &Cluster<'_>, column: &Column<'_>, members: &[usize], look: &Look) -> String {
    let mut notes = Vec::new();
    let ahead = |member: &usize| matches!(column.judge(*member), Judgement::Different { ahead: true, .. });
    let apart =
        |member: &usize| matches!(column.judge(*member), Judgement::Different { .. } | Judgement::Missing);
    if members.iter().all(ahead) {
        notes.push("ahead".to_owned());
    }
    let own = cluster.releases.majority();
    let foreign = |member: &usize| {
        own.is_some() && cluster.releases.of_member(*member).is_some_and(|place| Some(place) != own)
    };
    if members.iter().all(|member| foreign(member) && apart(member)) {
        let mut releases: Vec<String> = members
            .iter()
            .filter_map(|member| cluster.releases.os(*member))
            .map(crate::snapshot::Os::label)
            .collect();
        releases.sort();
        releases.dedup();
        let lead = if look.width < 100 { "" } else { "another release: " };
        notes.push(format!("{lead}{}", releases.join(", ")));
    }
    notes.join(", ")
}
