//! In what two sides differ: hosts, runs, or one host at two times.

use super::{Compared, change, minute};
use crate::report::style::{Look, Tone};
use crate::report::table::grid::{Content, Fit, Grid};

/// How many differences are shown.
const MOST_ROWS: usize = 80;

/// The list.
pub(super) fn render(compared: &Compared, look: &Look) -> String {
    let side = |nth: usize| {
        let name = compared.sides.get(nth).map_or("", String::as_str);
        match compared.seen.get(nth).copied().flatten() {
            Some(at) => format!("{name} ({} UTC)", minute(at)),
            None => name.to_owned(),
        }
    };
    let heading = format!("{} -> {}", side(0), side(1));
    let hosts = compared.hosts.map_or(String::new(), |hosts| match hosts {
        1 => "   1 host compared".to_owned(),
        hosts => format!("   {hosts} hosts compared"),
    });
    let mut text = format!("{}{hosts}\n", look.paint(Tone::Heading, &heading));
    let fits: &[Fit] = match compared.hosts {
        Some(_) => &[Fit::Keep, Fit::Wrap(35), Fit::Hosts(35), Fit::Rest],
        None => &[Fit::Keep, Fit::Wrap(35), Fit::Keep, Fit::Rest],
    };
    let mut grid = Grid::new(look, fits);
    for (difference, hosts) in compared.differences.iter().take(MOST_ROWS) {
        let third = match (compared.hosts, difference.distance) {
            (Some(_), _) => Content::hosts(hosts.iter().map(String::as_str).collect()),
            (None, Some(distance)) => distance.as_str().into(),
            (None, None) => "".into(),
        };
        grid.row([
            (Tone::Faint, difference.about.as_str().into()),
            (Tone::Plain, difference.subject.as_str().into()),
            (Tone::Plain, third),
            (Tone::Plain, change(difference).into()),
        ]);
    }
    text.push_str(&grid.render());
    let more = compared.differences.len().saturating_sub(MOST_ROWS);
    if more > 0 {
        text.push_str(&format!("  and {more} more; -o json has them all\n"));
    }
    if compared.hosts == Some(0) {
        text.push_str("  no host answered both: nothing could be compared\n");
    } else if compared.is_same() {
        text.push_str("  no difference in what could be told of both\n");
    }
    let mut notes = Grid::new(look, &[Fit::Keep, Fit::Hosts(50), Fit::Rest]);
    for (nth, alone) in compared.alone.iter().enumerate().filter(|(_, alone)| !alone.is_empty()) {
        let told = format!("only {} saw it", compared.sides.get(nth).map_or("", String::as_str));
        notes.row([
            (Tone::Unsure, "not compared".into()),
            (Tone::Plain, Content::hosts(alone.iter().map(String::as_str).collect())),
            (Tone::Plain, told.into()),
        ]);
    }
    for (about, hosts) in &compared.untold {
        notes.row([
            (Tone::Unsure, "not compared".into()),
            (Tone::Plain, Content::hosts(hosts.iter().map(String::as_str).collect())),
            (Tone::Plain, format!("{}: not told by both sides", about.as_str()).into()),
        ]);
    }
    if !notes.is_empty() {
        text.push_str(&format!("\n{}", notes.render()));
    }
    text
}
