//! The upgrades: may I, who stops me, what then.

use super::grid::{Content, Fit, Grid};
use crate::advice::UpgradeOutlook;
use crate::readiness::State;
use crate::report::Audit;
use crate::report::style::{Look, Tone};

/// One section for each upgrade.
pub(super) fn render(audit: &Audit<'_>, look: &Look) -> Vec<String> {
    let upgrades = audit.outlook.iter().flat_map(|outlook| &outlook.upgrades);
    upgrades.map(|upgrade| section(audit, upgrade, look)).collect()
}

fn section(audit: &Audit<'_>, upgrade: &UpgradeOutlook, look: &Look) -> String {
    let cluster = audit.comparison.clusters.get(upgrade.cluster).map_or("", |cluster| cluster.name.as_str());
    let title = look.paint(Tone::Heading, &format!("{cluster}   {} to {}", upgrade.package, upgrade.target));
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
            grid.row([(tone, word.into()), (tone, count.into()), (Tone::Plain, Content::hosts(names))]);
        }
    }
    format!("{title}\n{}", grid.render())
}
