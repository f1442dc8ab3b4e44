//! The inventory for people: a host a line, its groups, where it is reached, and what is to be known of it.

use super::grid::{Fit, Grid};
use super::hosts_in_words;
use crate::inventory::{Host, Route, SshRoute, Via};
use crate::report::Listing;
use crate::report::style::{Look, Tone};

/// The list, ending with a line break.
pub(in crate::report) fn render(listing: &Listing<'_>, look: &Look) -> String {
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Wrap(30), Fit::Keep, Fit::Rest]);
    let title = |text: &str| (Tone::Heading, text.into());
    grid.row([title("host"), title("groups"), title("reached as"), title("")]);
    for host in listing.each() {
        let (tone, reached) = reached(host);
        let groups = host.groups.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        grid.row([
            (Tone::Plain, host.name.as_str().into()),
            (Tone::Faint, groups.into()),
            (tone, reached.into()),
            (if tone == Tone::Bad { tone } else { Tone::Faint }, notes(host).into()),
        ]);
    }
    format!("{}\n{}", look.paint(Tone::Heading, &hosts_in_words(listing.hosts.len())), grid.render())
}

fn reached(host: &Host) -> (Tone, String) {
    match &host.route {
        Route::Local => (Tone::Plain, "this machine".to_owned()),
        Route::Ssh(route) => (Tone::Plain, route.end()),
        Route::Refused(_) => (Tone::Bad, "not reached".to_owned()),
    }
}

fn notes(host: &Host) -> String {
    let mut notes = Vec::new();
    match &host.route {
        Route::Ssh(route) => notes.extend(via(route)),
        Route::Refused(why) => notes.push(format!("{}; {}", why.message, why.hint)),
        Route::Local => {}
    }
    notes.extend(host.maintenance.as_ref().map(|why| format!("maintenance: {}", why.escape_debug())));
    notes.join("\n")
}

/// The way to a host, its jump hosts in the order in which they are passed.
fn via(route: &SshRoute) -> Option<String> {
    let mut hops = Vec::new();
    let mut at = route;
    let command = loop {
        match &at.via {
            Via::Direct => break None,
            Via::Command(command) => break Some(format!("`{}`", command.escape_debug())),
            Via::Jump(hop) => {
                hops.push(hop.end());
                at = hop;
            }
        }
    };
    hops.extend(command);
    hops.reverse();
    (!hops.is_empty()).then(|| format!("via {}", hops.join(", ")))
}
