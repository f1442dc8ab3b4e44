//! The Containerfile: a release as it is published, the packages of the service in their versions, its configuration.

use super::plan::{Refusal, Replacement};
use super::secrets::STAND_IN;
use super::words::{literal, quoted, shell};
use crate::snapshot::{LABELS, Os};
use crate::version::{Purl, System};

/// What an image is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The image of the release.
    pub image: String,
    /// The system that installs packages in it.
    pub system: System,
}

impl Base {
    /// The published image of a release.
    ///
    /// # Errors
    /// No version of a package can be asked for in it, or nobody publishes one.
    pub fn of(os: &Os, system: System) -> Result<Self, Refusal> {
        let (id, version) = (os.id.as_str(), os.version.as_str());
        let major = version.split('.').next().unwrap_or_default();
        let minor: String = version.split('.').take(2).collect::<Vec<_>>().join(".");
        let image = match (id, system) {
            ("debian", System::Debian) if !os.codename.is_empty() => {
                format!("docker.io/library/debian:{}-slim", os.codename)
            }
            ("debian", System::Debian) => format!("docker.io/library/debian:{major}-slim"),
            ("ubuntu", System::Debian) => format!("docker.io/library/ubuntu:{version}"),
            ("rocky", System::Rpm) => format!("docker.io/rockylinux/rockylinux:{major}"),
            ("almalinux", System::Rpm) => format!("docker.io/library/almalinux:{major}"),
            ("fedora", System::Rpm) => format!("registry.fedoraproject.org/fedora:{major}"),
            ("rhel", System::Rpm) => format!("registry.access.redhat.com/ubi{major}/ubi"),
            ("centos", System::Rpm) => format!("quay.io/centos/centos:stream{major}"),
            ("alpine", System::Apk) => format!("docker.io/library/alpine:{minor}"),
            (_, System::Pacman) => {
                return Err(Refusal::new(
                    "a repository of pacman knows only its newest version",
                    "an image cannot be pinned there: build it from an archive of packages by hand",
                ));
            }
            _ => {
                return Err(Refusal::new(
                    format!("no published image is known of {}", os.label()),
                    "build an image of that release by hand",
                ));
            }
        };
        Ok(Self { image, system })
    }
}

/// The folder of baked files, beside the Containerfile.
pub(super) const FILES: &str = "files";

/// Writes the Containerfile.
pub(super) fn containerfile(plan: &Replacement) -> String {
    let mut text = format!(
        "# {} of {}, made after {} by driftless. Build it beside this file:\n#\n#     podman build -t {} .\n#\n\
         # Pin the base to a digest before it goes anywhere: podman image inspect --format '{{{{.Digest}}}}' BASE\n\
         ARG BASE={}\nFROM ${{BASE}}\n",
        plan.service,
        plan.cluster,
        plan.model,
        tag(plan),
        plan.base.image
    );
    text.push_str(&users(plan));
    text.push_str(&packages(plan));
    text.push_str(&folders(plan));
    text.push_str(&logs(plan));
    text.push_str(&baked(plan));
    if !plan.run.variables.is_empty() {
        text.push_str("\n# Variables that the configuration uses, as the process has them.\n");
        for (name, value) in &plan.run.variables {
            text.push_str(&format!("ENV {name}={}\n", literal(value)));
        }
    }
    text.push_str(&labels(plan));
    if let Some(user) = &plan.run.user {
        text.push_str(&format!("\n# {}\nUSER {}:{}\n", plan.run.user_reason, user.uid, user.gid));
    } else {
        text.push_str(&format!("\n# It begins as root: {}.\n", plan.run.user_reason));
    }
    for reason in &plan.run.reasons {
        text.push_str(&format!("# {reason}\n"));
    }
    if let Some(why) = &plan.run.unproven {
        text.push_str(&format!("# NOT PROVEN: {why}\n"));
    }
    if let Some((folder, reason)) = &plan.run.folder {
        text.push_str(&format!("# {reason}\nWORKDIR {}\n", literal(folder)));
    }
    text.push_str(&format!("STOPSIGNAL {}\n", stop_signal(plan)));
    let command: Vec<String> = plan.run.command.iter().map(|word| quoted(word)).collect();
    text.push_str(&format!("CMD [{}]\n", command.join(", ")));
    text
}

/// By what an audit knows a container of this image as the cluster's new server.
fn labels(plan: &Replacement) -> String {
    let packages: Vec<String> = plan
        .pins
        .iter()
        .map(|pin| {
            // A pattern may come to any version: an audit then says that it cannot tell.
            let version = Some(pin.version.clone()).filter(|version| !version.contains('*'));
            let (distribution, release) = (plan.os.id.clone(), plan.os.version.clone());
            let (name, system) = (pin.package.clone(), plan.base.system);
            Purl { system, distribution, release, name, version, arch: None }.to_string()
        })
        .collect();
    // One with a blank in it would be two.
    let paths = plan.baked.iter().map(|baked| baked.path.as_str());
    let files: Vec<&str> = paths.filter(|path| !path.contains(char::is_whitespace)).collect();
    let labels = [
        ("cluster", plan.cluster.clone()),
        ("service", plan.service.clone()),
        ("program", plan.program.clone()),
        ("command", plan.run.command.first().cloned().unwrap_or_default()),
        ("packages", packages.join(" ")),
        ("files", files.join(" ")),
    ];
    let labels = labels.iter().filter(|(_, value)| !value.is_empty());
    let lines: Vec<String> =
        labels.map(|(name, value)| format!("{LABELS}{name}={}", literal(value))).collect();
    format!(
        "\n# By these an audit knows a container of this image as the new server of {}.\nLABEL {}\n",
        plan.cluster,
        lines.join(" \\\n      ")
    )
}

/// Copies the files of the configuration to where they lie on the hosts.
pub(super) fn baked(plan: &Replacement) -> String {
    let mut text = String::new();
    if !plan.baked.is_empty() {
        text.push_str("\n# Configuration that the playbook marks with `bake = true`.\n");
        for baked in &plan.baked {
            let path = quoted(&baked.path);
            let from = quoted(&format!("{FILES}{}", baked.path));
            let (mode, owner) = (baked.mode & 0o777, owner(plan, &baked.owner));
            text.push_str(&format!("COPY --chown={owner} --chmod={mode:04o} [{from}, {path}]\n"));
        }
    }
    text.push_str(&stand_ins(plan));
    if let Some(line) = command_stand_ins(plan) {
        text.push_str(&format!(
            "\n# Let it read that from a file or a variable, and take this line out.\nRUN {line}\n"
        ));
    }
    text
}

/// The line of a shell that ends a build while a name stands for a secret in the command.
pub(super) fn command_stand_ins(plan: &Replacement) -> Option<String> {
    let names: Vec<String> =
        plan.run.hidden.iter().map(|(behind, name)| format!("{name} for {behind}")).collect();
    (!names.is_empty()).then(|| {
        let told = format!(
            "no image: in the command of {} names stand for secrets that were not copied, {}: see REPLACE.md",
            plan.service,
            names.join(", ")
        );
        format!("echo {} >&2; exit 1", shell(&told))
    })
}

/// Ends the build while a name stands where a secret belongs: the service would take the name for the secret, and
/// everybody knows it.
fn stand_ins(plan: &Replacement) -> String {
    let with = plan.baked.iter().filter(|baked| !baked.secrets.is_empty());
    let paths: Vec<String> = with.map(|baked| shell(&baked.path)).collect();
    if paths.is_empty() {
        return String::new();
    }
    format!(
        "\n# A secret stood where {STAND_IN} is now. The service would take that name for the secret.\n\
         RUN grep -Hn {STAND_IN} \\\n      {} ; \\\n    [ $? -eq 1 ] || {{ \\\n      \
         echo 'no image: {STAND_IN}... stands for a secret in the files above.' >&2; \\\n      \
         echo 'Edit them below files/ to read it from a file or a variable that a secret brings, or take their COPY and this RUN out and mount them from a secret: see REPLACE.md.' >&2; \\\n      \
         exit 1; }}\n",
        paths.join(" \\\n      ")
    )
}

/// The name of the image.
pub(super) fn tag(plan: &Replacement) -> String {
    let version: String = plan
        .version
        .chars()
        .map(
            |character| {
                if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '-' }
            },
        )
        .collect();
    let version = version.trim_matches(['-', '.']).to_owned();
    format!("localhost/{}:{}", plan.name, if version.is_empty() { "latest".to_owned() } else { version })
}

/// Users by the numbers that they have on the hosts, before a package gives them others.
pub(super) fn users(plan: &Replacement) -> String {
    let lines = accounts(plan);
    if lines.is_empty() {
        return String::new();
    }
    let text: String = lines.iter().map(|line| format!("RUN {line}\n")).collect();
    format!("\n# The same numbers as on the hosts, so that volumes and data fit.\n{text}")
}

/// The lines of a shell that make these users and their groups.
pub(super) fn accounts(plan: &Replacement) -> Vec<String> {
    let mut lines = Vec::new();
    for (gid, name) in &plan.groups {
        lines.push(match plan.base.system {
            System::Apk => format!("addgroup -S -g {gid} {name} 2>/dev/null || true"),
            _ => format!("getent group {name} >/dev/null || groupadd --system --gid {gid} {name}"),
        });
    }
    for user in &plan.users {
        let Some(name) = &user.name else { continue };
        let group = user.group.as_ref().unwrap_or(name);
        let (uid, gid) = (user.uid, user.gid);
        lines.push(match plan.base.system {
            System::Apk => format!(
                "addgroup -S -g {gid} {group} 2>/dev/null || true; adduser -S -D -H -u {uid} -G {group} {name} 2>/dev/null || true"
            ),
            _ => format!(
                "getent group {group} >/dev/null || groupadd --system --gid {gid} {group}; \\\n    \
                 getent passwd {name} >/dev/null || useradd --system --uid {uid} --gid {gid} --no-create-home --shell /usr/sbin/nologin {name}"
            ),
        });
    }
    lines
}

pub(super) fn packages(plan: &Replacement) -> String {
    let mut text = "\n# What the service really uses, and no more:\n".to_owned();
    for pin in &plan.pins {
        text.push_str(&format!("#   {} {}: {}\n", pin.package, pin.version, pin.reason));
    }
    let pinned = pinned(plan);
    match plan.base.system {
        System::Rpm => {
            text.push_str("RUN dnf install -y --setopt=install_weak_deps=False --allowerasing \\\n");
            text.push_str(&listed(&pinned));
            text.push_str(" && dnf clean all\n");
        }
        System::Apk => {
            text.push_str("RUN apk add --no-cache \\\n");
            text.push_str(&listed(&pinned));
            text.truncate(text.trim_end_matches([' ', '\\', '\n']).len());
            text.push('\n');
        }
        System::Debian | System::Pacman => {
            text.push_str(
                "# No service starts while the image is built. A base that is newer than the hosts goes back to their versions.\n\
                 RUN printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d \\\n \
                 && apt-get update \\\n \
                 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --allow-downgrades \\\n",
            );
            text.push_str(&listed(&pinned));
            text.push_str(" && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d\n");
        }
    }
    text
}

/// The packages with their versions, as the system that installs them takes both.
pub(super) fn pinned(plan: &Replacement) -> Vec<String> {
    let pin = |package: &str, version: &str| match plan.base.system {
        System::Rpm => format!("{package}-{}", without_epoch(version)),
        System::Debian | System::Apk | System::Pacman => format!("{package}={version}"),
    };
    plan.pins.iter().map(|known| shell(&pin(&known.package, &known.version))).collect()
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("      {word} \\\n")).collect()
}

fn without_epoch(version: &str) -> &str {
    version
        .split_once(':')
        .filter(|(epoch, _)| epoch.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(version, |(_, rest)| rest)
}

/// Folders that a volume is mounted on, with the owner and the mode that they have on the host: what makes volumes
/// may take these from there, and a service that finds its folder missing makes none.
fn folders(plan: &Replacement) -> String {
    let mut text = String::new();
    for need in &plan.needs.paths {
        if text.is_empty() {
            text.push_str("\n# Where volumes go, as these folders are on the hosts.\n");
        }
        let path = shell(&need.path);
        text.push_str(&match &need.owner {
            Some((owner, mode)) => {
                format!("RUN install -d -o {} -g {} -m {mode:04o} {path}\n", owner.uid, owner.gid)
            }
            None => format!("RUN mkdir -p {path}\n"),
        });
    }
    text
}

/// Files that are only appended to are links to standard output.
fn logs(plan: &Replacement) -> String {
    let mut text = String::new();
    for need in &plan.needs.logs {
        if text.is_empty() {
            text.push_str(
                "\n# Logs go to standard output, and to standard error where their name says so.\n",
            );
        }
        let to = if need.path.contains("err") { "/dev/stderr" } else { "/dev/stdout" };
        let folder = super::paths::parent(&need.path);
        let reason = need.reasons.first().map_or("", String::as_str);
        text.push_str(&format!(
            "# {reason}\nRUN mkdir -p {} && ln -sf {to} {}\n",
            shell(&folder),
            shell(&need.path)
        ));
    }
    text
}

/// Owner and group of a file in the image: those of the host that the image has, by their numbers.
pub(super) fn owner(plan: &Replacement, owner: &str) -> String {
    let (user, group) = owner.split_once(':').unwrap_or((owner, "root"));
    let uid =
        plan.users.iter().find(|known| known.name.as_deref() == Some(user)).map_or(0, |known| known.uid);
    let of_user =
        plan.users.iter().find(|known| known.group.as_deref() == Some(group)).map(|known| known.gid);
    let further = || plan.groups.iter().find(|(_, name)| name == group).map(|(gid, _)| *gid);
    format!("{uid}:{}", of_user.or_else(further).unwrap_or(0))
}

/// What ends it in good order: its unit's word, or the one of everybody.
fn stop_signal(plan: &Replacement) -> &str {
    plan.run.stop_signal.as_deref().unwrap_or("SIGTERM")
}
