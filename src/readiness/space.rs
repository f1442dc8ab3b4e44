//! Whether there is space for an upgrade, on the mounts that it writes to.

use std::collections::BTreeMap;

use super::obstacle::{Kind, Obstacle};
use crate::snapshot::{PackageChange, Upgrades};
use crate::version::System;

/// What a transaction needs of one mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The mount.
    pub mount: String,
    /// What is needed, in KiB.
    pub needs: u64,
    /// What is free, in KiB.
    pub free: u64,
}

/// What a transaction needs of each mount that it is known to write to, by mount.
pub fn rooms(upgrades: &Upgrades, changes: &[PackageChange]) -> Vec<Room> {
    let mut needed: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (folder, kib) in needs(upgrades, changes) {
        if let Some(space) = upgrades.space.iter().find(|space| space.path == folder) {
            let mount = needed.entry(space.mount.as_str()).or_insert((0, space.free));
            mount.0 = mount.0.saturating_add(kib);
        }
    }
    let room = |(mount, (needs, free)): (&str, (u64, u64))| Room { mount: mount.to_owned(), needs, free };
    needed.into_iter().map(room).collect()
}

/// The mounts on which there is too little for these changes.
pub(super) fn lacking(upgrades: &Upgrades, changes: &[PackageChange]) -> Vec<Obstacle> {
    let short = rooms(upgrades, changes).into_iter().filter(|room| room.needs > room.free);
    let obstacle = |room: Room| Obstacle {
        needs: Some(megabytes(room.needs)),
        observed: Some(format!("{} free", megabytes(room.free))),
        ..Obstacle::new(Kind::DiskSpace, room.mount)
    };
    short.map(obstacle).collect()
}

/// What a package database takes while it is written anew, in KiB: dpkg has its list of packages twice for a moment.
const DATABASE: u64 = 512;

/// In KiB, by folder: what is fetched, what the files take, and the package database.
///
/// dpkg, rpm and apk write all new files of a package beside the old ones before they replace these. What was there
/// and is replaced is needed twice, for one package at a time: of the largest, as much as it has before and after.
/// What is new in it is part of the growth already. pacman replaces file by file.
fn needs(upgrades: &Upgrades, changes: &[PackageChange]) -> Vec<(&'static str, u64)> {
    let (mut fetched, mut grown, mut gone, mut twice) = (0_u64, 0_u64, 0_u64, 0_u64);
    for change in changes {
        let new = upgrades.files.iter().find(|file| {
            file.package == change.package
                && file.arch == change.arch
                && Some(&file.version) == change.to.as_ref()
        });
        fetched = fetched.saturating_add(new.and_then(|file| file.download).unwrap_or(0));
        let after = new.and_then(|file| file.installed).unwrap_or(0);
        grown = grown.saturating_add(after);
        let old = upgrades.had.iter().find(|had| had.package == change.package && had.arch == change.arch);
        let before = old.and_then(|had| had.installed).unwrap_or(0);
        gone = gone.saturating_add(before);
        twice = twice.max(before.min(after));
    }
    let beside = if upgrades.system == System::Pacman { 0 } else { twice };
    let mut needs = vec![
        (archives(upgrades.system), fetched.div_ceil(1024)),
        ("/usr", grown.saturating_sub(gone).saturating_add(beside)),
    ];
    let told = |folder: &&str| upgrades.space.iter().any(|space| space.path == **folder);
    if let Some(database) = databases(upgrades.system).into_iter().find(told).filter(|_| !changes.is_empty())
    {
        needs.push((database, DATABASE));
    }
    needs
}

/// Where the package database lies; then what holds it, for hosts that do not tell of it by itself.
fn databases(system: System) -> [&'static str; 2] {
    match system {
        System::Debian => ["/var/lib/dpkg", "/var"],
        System::Rpm => ["/var/lib/rpm", "/var"],
        System::Apk => ["/lib/apk/db", "/"],
        System::Pacman => ["/var/lib/pacman", "/var"],
    }
}

/// Where packages are fetched to.
fn archives(system: System) -> &'static str {
    match system {
        System::Debian => "/var/cache/apt/archives",
        System::Rpm => "/var/cache/dnf",
        System::Apk => "/var/cache/apk",
        System::Pacman => "/var/cache/pacman/pkg",
    }
}

/// `12 MiB`, as people read it; never less than there is need for.
pub fn megabytes(kib: u64) -> String {
    match kib {
        0..1024 => format!("{kib} KiB"),
        1024..10_240 => format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024),
        10_240..10_485_760 => format!("{} MiB", kib.div_ceil(1024)),
        _ => format!("{} GiB", kib.div_ceil(1_048_576)),
    }
}
