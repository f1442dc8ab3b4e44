//! Whether there is space for an upgrade, on the mounts that it writes to.

use std::collections::BTreeMap;

use super::obstacle::{Kind, Obstacle};
use crate::snapshot::{Solve, Upgrades};
use crate::version::System;

/// The mounts on which there is too little.
pub(super) fn lacking(upgrades: &Upgrades, solve: &Solve) -> Vec<Obstacle> {
    let mut needed: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (folder, kib) in needs(upgrades, solve) {
        if let Some(space) = upgrades.space.iter().find(|space| space.path == folder) {
            let mount = needed.entry(space.mount.as_str()).or_insert((0, space.free));
            mount.0 = mount.0.saturating_add(kib);
        }
    }
    let short = needed.into_iter().filter(|(_, (needs, free))| needs > free);
    let obstacle = |(mount, (needs, free)): (&str, (u64, u64))| Obstacle {
        needs: Some(megabytes(needs)),
        observed: Some(format!("{} free", megabytes(free))),
        ..Obstacle::new(Kind::DiskSpace, mount)
    };
    short.map(obstacle).collect()
}

/// In KiB: what is fetched, and what there is more of afterwards.
fn needs(upgrades: &Upgrades, solve: &Solve) -> [(&'static str, u64); 2] {
    let (mut fetched, mut grown, mut gone) = (0_u64, 0_u64, 0_u64);
    for change in &solve.installs {
        let new = upgrades.files.iter().find(|file| {
            file.package == change.package
                && file.arch == change.arch
                && Some(&file.version) == change.to.as_ref()
        });
        fetched = fetched.saturating_add(new.and_then(|file| file.download).unwrap_or(0));
        grown = grown.saturating_add(new.and_then(|file| file.installed).unwrap_or(0));
    }
    for change in solve.installs.iter().chain(&solve.removals) {
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

/// `12 MB`, as people read it; never less than there is need for.
fn megabytes(kib: u64) -> String {
    match kib {
        0..1024 => format!("{kib} KiB"),
        1024..10_240 => format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024),
        _ => format!("{} MiB", kib.div_ceil(1024)),
    }
}
