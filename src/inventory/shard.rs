//! A part of an inventory for one of several machines: which one asks a host depends on its name alone.
//!
//! Rendezvous hashing (Thaler and Ravishankar, 1998): of all shards the one with the highest hash of host and shard has
//! the host. Where a shard is added, hosts move to it and to no other; where one goes, its hosts alone move.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// The most parts that an inventory is split into.
const MOST: u32 = 10_000;

/// One part of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    number: u32,
    /// Of how many.
    of: u32,
}

impl Shard {
    /// Whether it has a host.
    pub fn has(&self, host: &str) -> bool {
        let weight = |shard: u32| {
            let mut text = host.as_bytes().to_vec();
            text.push(0);
            text.extend_from_slice(&shard.to_be_bytes());
            let hash: Vec<u8> = digest(&SHA256, &text).as_ref().to_vec();
            (hash, shard)
        };
        (1..=self.of).max_by_key(|shard| weight(*shard)) == Some(self.number)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no part: write I/N, such as 1/3, 2/3 and 3/3", text.escape_debug());
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let (number, of) = (number.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        match of {
            1..=MOST if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(host: &str, of: u32) -> u32 {
        let mut owners = (1..=of).filter(|number| Shard { number: *number, of }.has(host));
        let owner = owners.next().unwrap();
        assert_eq!(owners.next(), None, "{host} is of two parts");
        owner
    }

    #[test]
    fn every_host_is_of_one_part_and_moves_to_the_new_one_alone() {
        let hosts: Vec<String> = (0..500).map(|nth| format!("web-{nth}.example.net")).collect();
        let mut counts = [0; 5];
        for host in &hosts {
            let (four, five) = (owner(host, 4), owner(host, 5));
            assert!(five == four || five == 5, "{host} moved from {four} to {five}");
            counts[five as usize - 1] += 1;
        }
        assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
    }

    #[test]
    fn which_part_a_host_is_of_never_changes() {
        let parts: Vec<u32> = ["web-01", "web-02", "db-01", "a"].iter().map(|host| owner(host, 3)).collect();
        assert_eq!(parts, [owner("web-01", 3), owner("web-02", 3), owner("db-01", 3), owner("a", 3)]);
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for wrong in ["", "1", "0/3", "4/3", "1/0", "1/99999", "-1/3", "1/3/5", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
