//! The hosts of an inventory, as `driftless hosts` lists them.

use std::fmt::Write as _;

use super::{Format, Look, json, table};
use crate::inventory::{Host, HostId, Inventory};

/// Hosts of an inventory, in the order in which they are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Where they stand.
    pub inventory: &'a Inventory,
    /// Which of its hosts.
    pub hosts: &'a [HostId],
}

impl<'a> Listing<'a> {
    /// The list in a format, as text that ends with a line break.
    pub fn render(&self, format: Format, look: &Look) -> String {
        match format {
            Format::Table => table::listing(self, look),
            Format::Json => json::listing(self),
            Format::Hosts => self.names(),
        }
    }

    /// The hosts themselves.
    pub(super) fn each(&self) -> impl Iterator<Item = &'a Host> {
        self.hosts.iter().filter_map(|id| self.inventory.host(*id))
    }

    /// One name a line.
    fn names(&self) -> String {
        self.each().fold(String::new(), |mut text, host| {
            // Writing into a text does not fail.
            let _ = writeln!(text, "{}", host.name);
            text
        })
    }
}
