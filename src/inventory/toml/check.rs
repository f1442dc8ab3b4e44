//! Mistakes in an inventory that the shape of its tables does not show: ports, words, children, cycles.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::raw::{self, port_of};
use super::{Builder, File};
use crate::diagnostic::nearest;
use crate::inventory::draft::{Draft, UNGROUPED};

/// A number of hosts, at least one.
pub(super) fn cap_of(most: &Spanned<i64>) -> Option<usize> {
    usize::try_from(*most.get_ref()).ok().filter(|most| *most > 0)
}

impl Builder<'_> {
    pub(super) fn check_settings(&mut self, file: &File, raw: &raw::Host) {
        self.check_connection(file, raw.connection.as_ref());
        self.check_port(file, raw.port.as_ref());
        for (what, text) in [("address", &raw.address), ("user", &raw.user), ("jump", &raw.jump)] {
            self.check_word(file, what, text.as_ref());
        }
        for (what, text) in [
            ("identity", &raw.identity),
            ("known_hosts", &raw.known_hosts),
            ("maintenance", &raw.maintenance),
        ] {
            self.check_filled(file, what, text.as_ref());
        }
    }

    pub(super) fn check_defaults(&mut self, file: &File) {
        let defaults = &file.raw.defaults;
        self.check_port(file, defaults.port.as_ref());
        self.check_connection(file, defaults.connection.as_ref());
        for (what, text) in [("user", &defaults.user), ("jump", &defaults.jump)] {
            self.check_word(file, what, text.as_ref());
        }
        for (what, text) in [("identity", &defaults.identity), ("known_hosts", &defaults.known_hosts)] {
            self.check_filled(file, what, text.as_ref());
        }
        for (label, most) in defaults.cap.iter().filter(|(_, most)| cap_of(most).is_none()) {
            self.wrong.push(
                file.source
                    .error(most.span(), format!("{} is no cap for `{label}`", most.get_ref()), "")
                    .help("write how many hosts of one value may be asked at a time: cap = { rack = 4 }"),
            );
        }
    }

    fn check_filled(&mut self, file: &File, what: &str, text: Option<&Spanned<String>>) {
        if let Some(text) = text.filter(|text| text.get_ref().trim().is_empty()) {
            self.wrong.push(
                file.source
                    .error(text.span(), format!("empty `{what}`"), "")
                    .help("say something, or leave the line out"),
            );
        }
    }

    fn check_word(&mut self, file: &File, what: &str, text: Option<&Spanned<String>>) {
        let Some(text) = text else { return };
        let odd = |character: char| character.is_whitespace() || character.is_control();
        if text.get_ref().is_empty() || text.get_ref().starts_with('-') || text.get_ref().contains(odd) {
            self.wrong.push(
                file.source
                    .error(text.span(), format!("`{}` cannot be {what}", text.get_ref().escape_debug()), "")
                    .help("it must not be empty, begin with `-`, or hold blanks"),
            );
        }
    }

    fn check_port(&mut self, file: &File, port: Option<&Spanned<i64>>) {
        if let Some(port) = port.filter(|port| port_of(port).is_none()) {
            self.wrong.push(
                file.source
                    .error(port.span(), format!("{} is no port", port.get_ref()), "")
                    .help("a port is a number from 1 to 65535"),
            );
        }
    }

    fn check_connection(&mut self, file: &File, connection: Option<&Spanned<String>>) {
        let Some(connection) = connection else { return };
        if !["ssh", "local"].contains(&connection.get_ref().as_str()) {
            self.wrong.push(
                file.source
                    .error(
                        connection.span(),
                        format!("`{}` is no connection", connection.get_ref().escape_debug()),
                        "",
                    )
                    .help("`ssh`, or `local` for this machine itself"),
            );
        }
    }

    /// A child must be a group of one of the files.
    pub(super) fn check_children(&mut self, draft: &Draft) {
        for file in &self.files {
            for child in file.raw.groups.values().flat_map(|group| &group.children) {
                if draft.find_group(child.get_ref()).is_none_or(|place| place <= UNGROUPED) {
                    let known = draft.groups.iter().skip(2).map(|group| group.name.as_str());
                    let help = match nearest(child.get_ref(), known) {
                        Some(near) => {
                            format!("did you mean `{near}`? Children are groups; hosts stand under `hosts`")
                        }
                        None => "children are groups; hosts stand under `hosts`".to_owned(),
                    };
                    self.wrong.push(
                        file.source
                            .error(child.span(), format!("there is no group `{}`", child.get_ref()), "")
                            .help(help),
                    );
                }
            }
        }
    }

    /// A group must not be its own descendant.
    pub(super) fn check_cycles(&mut self) {
        let mut reported: BTreeSet<String> = BTreeSet::new();
        for start in self.children.keys() {
            if reported.contains(start) {
                continue;
            }
            let Some(cycle) = self.cycle_from(start) else { continue };
            let first_child = cycle.get(1).unwrap_or(start);
            let place = self.files.iter().find_map(|file| {
                let group = file.raw.groups.iter().find(|(name, _)| name.get_ref() == start)?.1;
                Some((file, group.children.iter().find(|child| child.get_ref() == first_child)?.span()))
            });
            if let Some((file, span)) = place {
                self.wrong.push(super::cycle(&file.source, span, &cycle.join(" -> ")));
            }
            reported.extend(cycle);
        }
    }

    /// The way from a group back to itself, if there is one: breadth first, each group once.
    fn cycle_from(&self, start: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut waiting = std::collections::VecDeque::from([self.children.get_key_value(start)?.0.as_str()]);
        while let Some(group) = waiting.pop_front() {
            for child in self.children.get(group).into_iter().flatten() {
                if child == start {
                    let mut way = vec![start.to_owned()];
                    let mut at = group;
                    while at != start {
                        way.insert(1, at.to_owned());
                        at = came_from.get(at)?;
                    }
                    way.push(start.to_owned());
                    return Some(way);
                }
                if !came_from.contains_key(child.as_str()) {
                    came_from.insert(child, group);
                    waiting.push_back(child);
                }
            }
        }
        None
    }
}
