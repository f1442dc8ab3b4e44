//! The hosts of an inventory, as `driftless hosts` lists them.

use std::fmt::Write as _;
use std::str::FromStr;

use super::{Look, json, narrow, table};
use crate::inventory::{Host, HostId, Inventory};

/// Hosts of an inventory, in the order in which they are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Where they stand.
    pub inventory: &'a Inventory,
    /// Which of its hosts.
    pub hosts: &'a [HostId],
}

/// In which form hosts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingFormat {
    /// For people.
    Table,
    /// As `ansible-inventory --list` has it.
    Json,
    /// One name a line.
    Hosts,
}

impl FromStr for ListingFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "hosts" => Ok(Self::Hosts),
            _ => Err(format!(
                "`{}` is no format of a list of hosts: {}",
                text.escape_debug(),
                crate::diagnostic::suggest(text, &["table", "json", "hosts"])
            )),
        }
    }
}

impl<'a> Listing<'a> {
    /// The list in a format, as text that ends with a line break.
    pub fn render(&self, format: ListingFormat, look: &Look) -> String {
        match format {
            ListingFormat::Table => narrow::fitted(look, |look| table::listing(self, look)),
            ListingFormat::Json => json::listing(self),
            ListingFormat::Hosts => self.names(),
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
