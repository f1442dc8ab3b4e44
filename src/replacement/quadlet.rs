//! The quadlet: a container that systemd runs through podman, podman-systemd.unit(5).

use super::class::Class;
use super::image::tag;
use super::paths::Need;
use super::plan::Replacement;

/// How much may be kept in memory; how much it takes was not measured.
const MEMORY: &str = "64m";

/// The unit and its volumes: names of files, and what is in them.
pub(super) fn units(plan: &Replacement) -> Vec<(String, String)> {
    let mut files = vec![(format!("{}.container", plan.name), container(plan))];
    for need in plan.needs.paths.iter().filter(|need| !is_roots(need)) {
        let text = match (&need.owner, need.class) {
            (Some((user, mode)), Class::Ephemeral | Class::Log) => format!(
                "# {}: it may go with the container; in memory without a limit, which podman has for no volume\n[Volume]\nType=tmpfs\nDevice=tmpfs\nOptions=mode={mode:04o},uid={},gid={}\n",
                need.path, user.uid, user.gid
            ),
            _ => format!("# {}: it must last\n[Volume]\n", need.path),
        };
        files.push((format!("{}.volume", volume(plan, need)), text));
    }
    files
}

/// Whether it has volumes of their own.
pub(super) fn has_volumes(plan: &Replacement) -> bool {
    plan.needs.paths.iter().any(|need| !is_roots(need))
}

/// The name of a path's volume.
fn volume(plan: &Replacement, need: &Need) -> String {
    format!("{}-{}", plan.name, need.volume)
}

/// Whether a path may go with the container and is root's: what `Tmpfs=` makes always is.
fn is_roots(need: &Need) -> bool {
    need.class != Class::Persistent && need.owner.as_ref().is_none_or(|(user, _)| user.uid == 0)
}

fn container(plan: &Replacement) -> String {
    let mut text = format!(
        "# {} of {}, made after {} by driftless. Put it into /etc/containers/systemd, and then:\n#\n#     systemctl daemon-reload && systemctl start {}\n\n[Unit]\nDescription={} of {}\nWants=network-online.target\nAfter=network-online.target\n\n[Container]\nImage={}\nReadOnly=true\nNoNewPrivileges=true\nDropCapability=all\n",
        plan.service,
        plan.cluster,
        plan.model,
        plan.name,
        escaped(&plan.service),
        escaped(&plan.cluster),
        tag(plan)
    );
    for (capability, reason) in &plan.run.capabilities {
        text.push_str(&format!("# {reason}\nAddCapability=CAP_{capability}\n"));
    }
    if let Some(user) = &plan.run.user {
        text.push_str(&format!("# {}\nUser={}\nGroup={}\n", plan.run.user_reason, user.uid, user.gid));
        for (gid, name) in &plan.groups {
            text.push_str(&format!("# its process is in {name}\nPodmanArgs=--group-add={gid}\n"));
        }
    }
    for need in &plan.needs.paths {
        for reason in &need.reasons {
            text.push_str(&format!("# {reason}\n"));
        }
        if is_roots(need) {
            let mode = need.owner.as_ref().map_or(0o755, |(_, mode)| *mode);
            text.push_str(&format!("Tmpfs={}:rw,size={MEMORY},mode={mode:04o}\n", escaped(&need.path)));
        } else {
            text.push_str(&format!("Volume={}.volume:{}\n", volume(plan, need), escaped(&need.path)));
        }
    }
    for listening in &plan.ports {
        let udp = if listening.udp { "/udp" } else { "" };
        text.push_str(&format!("PublishPort={port}:{port}{udp}\n", port = listening.port));
    }
    if !plan.run.secrets.is_empty() {
        text.push_str("# Their values were not taken from the host: podman secret create NAME FILE\n");
        for name in &plan.run.secrets {
            text.push_str(&format!("Secret={name},type=env\n"));
        }
    }
    text.push_str("\n[Service]\nRestart=always\n\n[Install]\nWantedBy=multi-user.target\n");
    text
}

/// A path as systemd reads it: a percent sign begins a specifier.
fn escaped(path: &str) -> String {
    path.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_escaped() {
        assert_eq!(escaped("/var/lib/a%b"), "/var/lib/a%%b");
    }
}
