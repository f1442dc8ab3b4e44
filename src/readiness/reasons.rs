//! Why nothing is known of an upgrade on a host, in words that say what to do about it.

use crate::snapshot::{Gap, Observation, Reason, Snapshot};
use crate::version::System;

/// Why a host was not reached.
pub(super) fn not_reached(seen: &Observation) -> String {
    let fault = seen.fault.as_ref();
    fault.map_or("it was not reached".to_owned(), |fault| format!("{}: {}", fault.phase, fault.message))
}

/// Why a section is not there.
pub(super) fn not_told(snapshot: &Snapshot, section: &str) -> String {
    let Some(gap) = snapshot.gaps.iter().find(|gap| gap.probe == section) else {
        return "its solver was not asked".to_owned();
    };
    let manager =
        snapshot.packages.as_ref().map_or("its package manager", |packages| manager(packages.system));
    let told = said(gap);
    match gap.reason {
        Reason::TimedOut => format!("{told}: {manager} was not done in time; --timeout gives it more"),
        Reason::Truncated => format!(
            "{told}: {manager} was not done when the time was up, or the connection broke; --timeout gives it more"
        ),
        Reason::Unparsable => {
            format!("{told}: its answer makes no sense: perhaps a wrapper around {manager} prints something")
        }
        _ => told,
    }
}

/// Why a solver could not be asked, by the host's own account.
pub(super) fn cannot(system: System, reason: Reason, detail: &str) -> String {
    let told = format!("{reason}: {detail}");
    match reason {
        // apt's own words for it; the others name the command themselves.
        Reason::Failed if detail == "no list of packages lies on this host" => {
            format!("{told}: apt-get update")
        }
        Reason::TimedOut => format!("{told}: {} is too slow here, or the host is busy", manager(system)),
        _ => told,
    }
}

fn said(gap: &Gap) -> String {
    format!("{}: {}", gap.reason, gap.detail)
}

fn manager(system: System) -> &'static str {
    match system {
        System::Debian => "apt-get",
        System::Rpm => "dnf",
        System::Apk => "apk",
        System::Pacman => "pacman",
    }
}
