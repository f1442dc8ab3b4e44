//! Whether there is space for an upgrade, on the mounts that it writes to.

use std::collections::BTreeMap;

use super::obstacle::{Kind, Obstacle};
use crate::snapshot::{PackageChange, Solve, Upgrades};
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

/// The mounts on which there is too little.
pub(super) fn lacking(upgrades: &Upgrades, solve: &Solve) -> Vec<Obstacle> {
    let changes: Vec<PackageChange> = solve.installs.iter().chain(&solve.removals).cloned().collect();
    let short = rooms(upgrades, &changes).into_iter().filter(|room| room.needs > room.free);
    let obstacle = |room: Room| Obstacle {
        needs: Some(megabytes(room.needs)),
        observed: Some(format!("{} free", megabytes(room.free))),
        ..Obstacle::new(Kind::DiskSpace, room.mount)
    };
    short.map(obstacle).collect()
}

/// In KiB: what is fetched, and what there is more of afterwards.
fn needs(upgrades: &Upgrades, changes: &[PackageChange]) -> [(&'static str, u64); 2] {
    let (mut fetched, mut grown, mut gone) = (0_u64, 0_u64, 0_u64);
    for change in changes {
        let new = upgrades.files.iter().find(|file| {
            file.package == change.package
                && file.arch == change.arch
                && Some(&file.version) == change.to.as_ref()
        });
        fetched = fetched.saturating_add(new.and_then(|file| file.download).unwrap_or(0));
        grown = grown.saturating_add(new.and_then(|file| file.installed).unwrap_or(0));
        let old = upgrades.had.iter().find(|had| had.package == change.package && had.arch == change.arch);
        gone = gone.saturating_add(old.and_then(|had| had.installed).unwrap_or(0));
    }
    [(archives(upgrades.system), fetched.div_ceil(1024)), ("/usr", grown.saturating_sub(gone))]
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
