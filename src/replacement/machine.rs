//! What a whole machine has of a replacement, be it an image that boots or one of a virtual machine: the service may
//! write where the evidence says, and nowhere else.

use std::fmt::Write as _;

use super::paths::parent;
use super::plan::Replacement;
use super::words::shell;
use crate::version::System;

/// The drop-in that takes from the service's unit what it does not need, systemd.exec(5).
pub(super) fn drop_in(plan: &Replacement) -> String {
    let mut text = format!(
        "# {} of {} writes here and nowhere else, by the evidence of {}.\n[Service]\nProtectSystem=strict\n",
        plan.service, plan.cluster, plan.model
    );
    for need in &plan.needs.paths {
        for reason in &need.reasons {
            let _ = writeln!(text, "# {reason}");
        }
        let _ = writeln!(text, "ReadWritePaths=-{}", escaped(&need.path));
    }
    let mut folders: Vec<String> = plan.needs.logs.iter().map(|need| parent(&need.path)).collect();
    folders.sort();
    folders.dedup();
    for folder in folders {
        let _ = writeln!(
            text,
            "# its logs, which a machine keeps in files\nReadWritePaths=-{}",
            escaped(&folder)
        );
    }
    text.push_str("NoNewPrivileges=true\nProtectHome=true\nPrivateTmp=true\n");
    text
}

/// The folders that it writes, as tmpfiles.d(5) makes them at each boot where they are not there.
pub(super) fn tmpfiles(plan: &Replacement) -> String {
    let mut text = format!("# Where {} writes, as on {}.\n", plan.service, plan.model);
    for need in &plan.needs.paths {
        let Some((owner, mode)) = &need.owner else { continue };
        let _ = writeln!(
            text,
            "d {} {mode:04o} {} {} -",
            need.path,
            owner.name.clone().unwrap_or_else(|| owner.uid.to_string()),
            owner.group.clone().unwrap_or_else(|| owner.gid.to_string())
        );
    }
    text
}

/// Commands that keep the packages of the image as they are, and start the service at boot; a line of a shell each.
pub(super) fn settle(plan: &Replacement, unit: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let masked: &[&str] = match plan.base.system {
        System::Debian => &["apt-daily.timer", "apt-daily-upgrade.timer"],
        System::Rpm => &["dnf-automatic.timer", "dnf-makecache.timer"],
        System::Apk | System::Pacman => &[],
    };
    lines.push("mkdir -p /etc/systemd/system/multi-user.target.wants".to_owned());
    // Nothing upgrades it in place.
    for timer in masked {
        lines.push(format!("ln -sf /dev/null /etc/systemd/system/{timer}"));
    }
    let wanted = shell(&format!("/etc/systemd/system/multi-user.target.wants/{unit}"));
    let template = unit.split_once('@').map(|(name, _)| format!("{name}@.service"));
    let file = template.as_deref().unwrap_or(unit);
    // A unit that whoever runs the host has written lies where it does there.
    let own = plan.own_unit.as_deref().filter(|own| own.ends_with(&format!("/{file}")));
    let target = own.map_or_else(|| shell(&format!("/usr/lib/systemd/system/{file}")), shell);
    lines.push(format!("ln -sf {target} {wanted}"));
    lines
}

/// The path of the unit's drop-in.
pub(super) fn drop_in_path(unit: &str) -> String {
    format!("/etc/systemd/system/{unit}.d/50-immutable.conf")
}

/// A path as systemd reads it: a percent sign begins a specifier.
fn escaped(path: &str) -> String {
    path.replace('%', "%%")
}
