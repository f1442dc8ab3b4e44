//! The inventory for people: a host a line, its groups, where it is reached, and by which way.

use std::collections::BTreeMap;

use super::grid::{Content, Fit, Grid};
use super::hosts_in_words;
use crate::inventory::{Host, Route, SshRoute, Via};
use crate::report::Listing;
use crate::report::style::{Look, Tone};

/// From so many columns on, the way to a host stands beside it, and not below.
const WIDE: u16 = 120;

/// The list, and below it the hosts that are not reached, with the reasons.
pub(in crate::report) fn render(listing: &Listing<'_>, look: &Look) -> String {
    let mut grid = Grid::new(look, &[Fit::Keep, Fit::Wrap(30), Fit::Rest]);
    let title = |text: &str| (Tone::Heading, text.into());
    grid.row([title("host"), title("groups"), title("reached as")]);
    for host in listing.each() {
        let (tone, reached) = reached(host, if look.width < WIDE { "\n" } else { "   " });
        let groups = host.groups.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        grid.row([
            (Tone::Plain, host.name.as_str().into()),
            (Tone::Faint, groups.into()),
            (tone, reached.into()),
        ]);
    }
    let heading = look.paint(Tone::Heading, &hosts_in_words(listing.hosts.len()));
    format!("{heading}\n{}{}", grid.render(), refused(listing, look))
}

/// Where a host is reached, the way there, and why it is under maintenance.
fn reached(host: &Host, between: &str) -> (Tone, String) {
    let (tone, mut parts) = match &host.route {
        Route::Local => (Tone::Plain, vec!["this machine".to_owned()]),
        Route::Ssh(route) if route.unhonoured().is_some() => {
            (Tone::Unsure, vec!["by --transport openssh alone".to_owned()])
        }
        Route::Ssh(route) => (Tone::Plain, [route.end()].into_iter().chain(via(route)).collect()),
        Route::Refused(_) => (Tone::Bad, vec!["not reached".to_owned()]),
    };
    parts.extend(host.maintenance.as_ref().map(|why| format!("maintenance: {}", why.escape_debug())));
    (tone, parts.join(between))
}

/// Hosts that are not reached, folded by reason; nothing if there is none.
fn refused(listing: &Listing<'_>, look: &Look) -> String {
    let mut reasons: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for host in listing.each() {
        let why = match &host.route {
            Route::Refused(why) => Some(why.clone()),
            Route::Ssh(route) => route.unhonoured().map(|(why, _)| why),
            Route::Local => None,
        };
        if let Some(why) = why {
            reasons.entry((why.message, why.hint)).or_default().push(&host.name);
        }
    }
    let mut grid = Grid::new(look, &[Fit::Hosts(30), Fit::Rest]);
    for ((message, hint), names) in reasons {
        grid.row([(Tone::Plain, Content::hosts(names)), (Tone::Plain, format!("{message}\n{hint}").into())]);
    }
    if grid.is_empty() {
        return String::new();
    }
    format!("\n{}\n{}", look.paint(Tone::Heading, "Not reached"), grid.render())
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
