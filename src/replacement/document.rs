//! REPLACE.md: why, from which evidence, in which order, how to verify and how to go back; and the entry of a playbook
//! that tells `driftless immutable` where the image writes.

use std::fmt::Write as _;

use super::Target;
use super::image::tag;
use super::lacking::Lacking;
use super::paths::Need;
use super::plan::Replacement;
use super::words::quoted;
use crate::hostlist::fold;

/// Writes REPLACE.md.
pub(super) fn document(plan: &Replacement, targets: &[Target]) -> String {
    let mut text = format!(
        "# {} of {}: the replacement\n\nMade after {} ({}) by driftless {}. A server that is replaced is not upgraded: it is built anew, with\nnothing on it that can change.\n",
        code(&plan.service),
        code(&plan.cluster),
        code(&plan.model),
        plan.os.label(),
        env!("CARGO_PKG_VERSION")
    );
    why(plan, &mut text);
    data(plan, &mut text);
    warnings(plan, targets, &mut text);
    writes(plan, targets, &mut text);
    runs(plan, &mut text);
    holds(plan, &mut text);
    build(plan, targets, &mut text);
    order(plan, &mut text);
    verify(plan, targets, &mut text);
    back(plan, &mut text);
    text
}

/// A text as code of Markdown; what a host sent has no backtick that ends it.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn why(plan: &Replacement, text: &mut String) {
    text.push_str("\n## Why\n\n");
    if plan.drifted.is_empty() {
        let _ = writeln!(
            text,
            "All hosts of {} are in sync today. They can be changed, and so they will not stay so; this cannot be.",
            code(&plan.cluster)
        );
        return;
    }
    text.push_str("These hosts are not as their cluster shall be:\n\n");
    for (host, verdict, reasons) in &plan.drifted {
        let _ = writeln!(text, "- {}: {verdict}: {}", code(host), reasons.join("; "));
    }
}

fn data(plan: &Replacement, text: &mut String) {
    if !plan.keeps_data() {
        return;
    }
    text.push_str("\n## First: the data\n\nIt keeps data, and an image has none. Decide before anything else how they come to the new server:\n\n");
    text.push_str("1. restore a backup into the volume, with the service stopped; or\n2. let the new server join as a replica, wait until it has caught up, and hand over to it; or\n3. copy the folders below from the old server while its service is stopped.\n\n");
    for need in plan.needs.paths.iter().filter(|need| need.class == super::Class::Persistent) {
        let _ = writeln!(text, "- {}", code(&need.path));
    }
    text.push_str("\nAn empty volume begins with what the packages made in the image: an empty service, good for a trial and for nothing else.\nWhere the servers vote, replace one at a time and wait until it has joined before the next.\n");
}

/// What to do about a part that the image lacks.
fn lacks(one: &Lacking) -> String {
    let what = match (one.is_program, one.is_secret) {
        (true, _) => {
            "It is run: nothing starts without it. Make a package of it, or mark it with `bake = true`"
        }
        (_, true) => "It may hold a key or passwords: mount it from a secret, read-only, and never bake it",
        _ => "Mark it with `bake = true` if it is a file of the configuration, or mount it read-only",
    };
    format!("The image lacks {} ({}): no package brings it. {what}.", code(&one.path), one.named_by)
}

fn warnings(plan: &Replacement, targets: &[Target], text: &mut String) {
    let mut all: Vec<String> = Vec::new();
    if let Some(why) = &plan.run.unproven {
        all.push(format!("NOT PROVEN: {why}."));
    }
    if plan.local {
        all.push(format!(
            "On {} it listens on the loopback address alone: from outside its container nobody reaches it. Let its configuration listen on all addresses, and mark the file with `bake = true`.",
            code(&plan.model)
        ));
    }
    if plan.ports.is_empty() {
        all.push("It was not seen to listen on a port: there is no Service and no probe.".to_owned());
    }
    for (option, name) in &plan.run.hidden {
        all.push(format!(
            "The value of {} in its command was not taken from the host: {} stands for it, and the image is not built while it does. Let the service read that from a file or its environment, take it out of the command, and the line that ends the build with it.",
            code(option),
            code(name)
        ));
    }
    for one in &plan.lacking {
        all.push(lacks(one));
    }
    if targets.iter().any(|target| target.is_machine()) && !plan.unit_files.is_empty() {
        let files: Vec<String> = plan.unit_files.iter().map(|file| code(file)).collect();
        all.push(format!("A whole server lacks {}: mark them with `bake = true`.", files.join(", ")));
    }
    for name in &plan.run.secrets {
        all.push(format!("The value of {} was not taken from the host: give it as a secret.", code(name)));
    }
    for baked in plan.baked.iter().filter(|baked| !baked.secrets.is_empty()) {
        for (name, line) in &baked.secrets {
            all.push(format!(
                "A secret may have stood in {}, line {line}: {} stands for it, and the image is not built while it does. Let the service read that from a file or its environment that a secret brings; or take the file out of the Containerfile, and mount it from a secret.",
                code(&baked.path),
                code(name)
            ));
        }
    }
    all.extend(plan.warnings.iter().chain(&plan.notes).map(|warning| format!("{warning}.")));
    if all.is_empty() {
        return;
    }
    text.push_str("\n## What to look at\n\n");
    for one in all {
        let _ = writeln!(text, "- {one}");
    }
}

fn rows(needs: &[Need], text: &mut String) {
    for need in needs {
        let owner = need.owner.as_ref().map_or_else(
            || "-".to_owned(),
            |(user, mode)| {
                format!("{} {mode:04o}", user.name.clone().unwrap_or_else(|| user.uid.to_string()))
            },
        );
        let reasons: Vec<String> =
            need.reasons.iter().map(|reason| reason.replace('|', "\\|").replace('<', "&lt;")).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {owner} | {} |",
            code(&need.path),
            need.class.as_str(),
            reasons.join("<br>")
        );
    }
}

fn writes(plan: &Replacement, targets: &[Target], text: &mut String) {
    text.push_str("\n## Where it writes\n\nAll else is read-only.\n\n| path | what it is | owner | evidence |\n|---|---|---|---|\n");
    rows(&plan.needs.paths, text);
    rows(&plan.needs.logs, text);
    rows(&plan.needs.configuration, text);
    if targets.iter().any(|target| target.is_container()) && !plan.needs.paths.is_empty() {
        text.push_str("\nHow much is written was not measured: a pod is ended once it writes more than `sizeLimit`, 64 MiB, to what may go with it, and a\nservice that caches or buffers may need more. Set `sizeLimit`, `size=` and `storage` to what `du` says on the old servers.\n");
    }
    if targets.contains(&Target::Kubernetes) && plan.keeps_data() && plan.replicas > 1 {
        let _ = writeln!(
            text,
            "\n{} hosts run it, and the Deployment has one replica: two must not write to one volume, and how they share data among\nthemselves is not known. Deploy it once for each under a name of its own, or write a StatefulSet for what it replicates.",
            plan.replicas
        );
    }
    if !plan.needs.logs.is_empty() {
        text.push_str("\nLogs are links to standard output and standard error. Configuration that it may write on the host is read-only in the image.\n");
    }
}

fn runs(plan: &Replacement, text: &mut String) {
    let command: Vec<String> = plan.run.command.iter().map(|word| super::words::shell(word)).collect();
    let _ = write!(text, "\n## How it runs\n\n    {}\n\n", command.join(" "));
    for reason in &plan.run.reasons {
        let _ = writeln!(text, "- {reason}");
    }
    let who = plan.run.user.as_ref().map_or_else(
        || "root, with the capabilities below and no others".to_owned(),
        |user| {
            format!(
                "{} ({}:{}), with no capability",
                user.name.as_deref().unwrap_or("a user"),
                user.uid,
                user.gid
            )
        },
    );
    let _ = writeln!(text, "- as {who}: {}", plan.run.user_reason);
    for (capability, reason) in &plan.run.capabilities {
        let _ = writeln!(text, "- {capability}: {reason}");
    }
}

fn holds(plan: &Replacement, text: &mut String) {
    text.push_str("\n## What the image holds\n\nThe packages that the service uses, each in its version, and what they depend on:\n\n");
    for pin in &plan.pins {
        let _ = writeln!(text, "- {} {}: {}", code(&pin.package), code(&pin.version), pin.reason);
    }
    let _ = writeln!(text, "\nLeft out: every other package of {}.", code(&plan.model));
    if !plan.reads.is_empty() {
        text.push_str("\nNot in it, though the configuration names it: content that you copy into the image, or mount read-only.\n\n");
        for (path, reason) in &plan.reads {
            let _ = writeln!(text, "- {}: {reason}", code(path));
        }
    }
    if !plan.baked.is_empty() {
        text.push_str("\nConfiguration in it:\n\n");
        for baked in &plan.baked {
            let _ = writeln!(text, "- {}", code(&baked.path));
        }
    }
    if !plan.unbaked.is_empty() {
        text.push_str("\nConfiguration that the service reads, and that the playbook does not mark: the image has what its packages bring.\n\n");
        for path in &plan.unbaked {
            let _ = writeln!(text, "- {}", code(path));
        }
        text.push_str("\nMark what you changed, and write the replacement again:\n\n");
        let path = plan.unbaked.first().map_or("/etc/…", String::as_str);
        let _ = writeln!(text, "    [[file]]\n    path = {}\n    bake = true", quoted(path));
    }
}

fn build(plan: &Replacement, targets: &[Target], text: &mut String) {
    text.push_str("\n## Build and start\n\n");
    if targets.iter().any(|target| target.is_container()) {
        let _ = writeln!(text, "    podman build -t {} .", tag(plan));
    }
    for target in targets {
        match target {
            Target::Kubernetes => {
                text.push_str("    kubectl apply -f kubernetes.yaml     # once the image is where the cluster finds it\n");
            }
            Target::Quadlet => {
                let volumes = if super::quadlet::has_volumes(plan) { " *.volume" } else { "" };
                let _ = writeln!(
                    text,
                    "    cp *.container{volumes} /etc/containers/systemd/ && systemctl daemon-reload"
                );
                let _ = writeln!(text, "    systemctl start {}", plan.name);
            }
            Target::Bootc => {
                let tag = tag(plan).replace("localhost/", "localhost/bootc-");
                let _ = writeln!(text, "    podman build -f Containerfile.bootc -t {tag} .");
                text.push_str("    bootc switch REGISTRY/IMAGE && systemctl reboot     # on a server that boots from images\n");
            }
            Target::Packer => super::packer::STEPS.lines().for_each(|line| {
                let _ = writeln!(text, "    {line}");
            }),
        }
    }
    if targets.iter().any(|target| !target.is_container()) {
        text.push_str("\nA server that boots from it, or a machine that starts from it, is never upgraded: the next image replaces it. The unit may write\nwhere the table above says, and nowhere else (`machine/50-immutable.conf`).\n");
    }
}

fn order(plan: &Replacement, text: &mut String) {
    text.push_str("\n## In which order\n\n");
    if plan.keeps_data() {
        text.push_str("One at a time: never two of those that hold data, or that vote.\n\n");
    }
    for (nth, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {}: {}", nth + 1, code(&fold(&step.hosts)), step.reason);
    }
    text.push_str("\nFor each: start the replacement, verify it as below, take the old server out of the load balancer, wait until its\nconnections are gone, stop its service for good (");
    match &plan.unit {
        Some(unit) => text.push_str(&code(&format!("systemctl disable --now {unit}"))),
        None => text.push_str("so that no boot starts it again"),
    }
    text.push_str(
        "), and keep the machine until the last step has held for as long\nas you need to trust it.\n",
    );
}

fn verify(plan: &Replacement, targets: &[Target], text: &mut String) {
    text.push_str("\n## How to verify\n\n");
    if targets.contains(&Target::Kubernetes) {
        let _ = writeln!(text, "    driftless immutable -p immutable.toml kubernetes.yaml");
        let _ = writeln!(
            text,
            "    kubectl exec deploy/{} -- touch /etc/x        # must fail: Read-only file system",
            plan.name
        );
    }
    if targets.contains(&Target::Quadlet) {
        let _ = writeln!(
            text,
            "    podman exec systemd-{} touch /etc/x            # must fail: Read-only file system",
            plan.name
        );
    }
    if let Some(port) = plan.ports.iter().find(|listening| !listening.udp) {
        let _ = writeln!(text, "    nc -z NEW-HOST {}                              # it answers", port.port);
    }
    text.push_str("    driftless audit -i INVENTORY -p PLAYBOOK       # with root: the new host immutable, the old one replaced\n");
    if targets.iter().any(|target| target.is_container()) {
        let _ = write!(
            text,
            "\nThe image says by its labels what it replaces. Put the host that runs the container into {}: where it does, its packages\nare those of the image. An old server counts as replaced once its service is over for good: its package is removed, or a\n`[[service]]` of the playbook names it and finds it stopped and disabled.\n",
            code(&plan.cluster)
        );
    }
}

fn back(plan: &Replacement, text: &mut String) {
    text.push_str("\n## How to go back\n\nThe old servers were not changed. Start their service again, put them back behind the load balancer, and remove the\nreplacement.");
    if plan.keeps_data() {
        text.push_str(" Data that were written meanwhile are in its volume: they must come back first, the same way as they went.");
    }
    text.push('\n');
}

/// What `driftless immutable` must know of the image.
pub(super) fn playbook(plan: &Replacement) -> String {
    let image = tag(plan);
    let repository = image.rsplit_once(':').map_or(image.as_str(), |(name, _)| name);
    let mut text = format!(
        "# What `driftless immutable -p immutable.toml kubernetes.yaml` must know of the image.\nname = {}\n\n[[image]]\nmatch = {}\nwrites = [\n",
        quoted(&format!("{} of {}", plan.service, plan.cluster)),
        quoted(&format!("{repository}*"))
    );
    for need in &plan.needs.paths {
        let _ = writeln!(text, "    {},", quoted(&need.path));
    }
    text.push_str("]\n");
    text
}
