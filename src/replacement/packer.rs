//! The image of a virtual machine: a template of Packer, and the user data of cloud-init that its instances start with.

use std::fmt::Write as _;

use serde_json::json;

use super::class::Class;
use super::image;
use super::machine;
use super::plan::Replacement;
use super::words::{hcl, shell};
use crate::version::System;

/// The files: their paths below the folder, and what is in them.
pub(super) fn files(plan: &Replacement, unit: &str) -> Vec<(String, String)> {
    vec![
        (format!("{}.pkr.hcl", plan.name), template(plan, unit)),
        ("plugins.pkr.hcl".to_owned(), PLUGINS.to_owned()),
        ("user-data".to_owned(), user_data(plan)),
        ("build/user-data".to_owned(), BUILD.to_owned()),
        ("build/meta-data".to_owned(), format!("instance-id: {}\n", plan.name)),
        ("machine/50-immutable.conf".to_owned(), machine::drop_in(plan)),
        ("machine/tmpfiles.conf".to_owned(), machine::tmpfiles(plan)),
        ("machine/install".to_owned(), install(plan, unit)),
    ]
}

/// What Packer must fetch first: `packer init .`
const PLUGINS: &str = "packer {\n  required_plugins {\n    qemu = {\n      source  = \"github.com/hashicorp/qemu\"\n      version = \">= 1.1.0\"\n    }\n  }\n}\n";

/// How the machine lets Packer in while it is built, by a key that is made for that; nothing of it stays.
const BUILD: &str = "#cloud-config\ndisable_root: false\nssh_pwauth: false\n";

/// What is typed once, before the image is built.
pub(super) const STEPS: &str = "packer init .\nssh-keygen -q -t ed25519 -N '' -f build/key\nprintf 'ssh_authorized_keys: [\"%s\"]\\n' \"$(cat build/key.pub)\" >>build/user-data\npacker build -var source_image=FILE -var source_checksum=sha256:SUM .\n";

fn template(plan: &Replacement, unit: &str) -> String {
    let mut text = format!(
        "# {} of {} as a virtual machine, made after {} by driftless.\n#\n{}\n",
        plan.service,
        plan.cluster,
        plan.model,
        STEPS.lines().map(|line| format!("#     {line}\n")).collect::<String>()
    );
    let _ = write!(
        text,
        "variable \"source_image\" {{\n  type        = string\n  description = {}\n}}\n\nvariable \"source_checksum\" {{\n  type        = string\n  description = \"the checksum that its publisher gives, sha256:...\"\n}}\n\n",
        hcl(&format!("the published cloud image of {}: a qcow2 file, or its address", plan.os.label()))
    );
    let _ = write!(
        text,
        "source \"qemu\" {name} {{\n  iso_url          = var.source_image\n  iso_checksum     = var.source_checksum\n  disk_image       = true\n  format           = \"qcow2\"\n  accelerator      = \"kvm\"\n  headless         = true\n  memory           = 2048\n  ssh_username     = \"root\"\n  ssh_private_key_file = \"build/key\"\n  ssh_timeout      = \"10m\"\n  cd_files         = [\"build/user-data\", \"build/meta-data\"]\n  cd_label         = \"cidata\"\n  output_directory = {out}\n  vm_name          = {file}\n  shutdown_command = \"systemctl poweroff\"\n}}\n\n",
        name = hcl(&plan.name),
        out = hcl(&format!("{}-image", plan.name)),
        file = hcl(&format!("{}.qcow2", plan.name)),
    );
    let _ = write!(text, "build {{\n  sources = [{}]\n\n", hcl(&format!("source.qemu.{}", plan.name)));
    let copy = |text: &mut String, from: &str, to: &str| {
        let _ = write!(
            text,
            "  provisioner \"file\" {{\n    source      = {}\n    destination = {}\n  }}\n\n",
            hcl(from),
            hcl(to)
        );
    };
    copy(&mut text, "machine/install", "/tmp/install");
    copy(&mut text, "machine/50-immutable.conf", "/tmp/50-immutable.conf");
    copy(&mut text, "machine/tmpfiles.conf", "/tmp/tmpfiles.conf");
    for (nth, baked) in plan.baked.iter().enumerate() {
        copy(&mut text, &format!("{}{}", image::FILES, baked.path), &format!("/tmp/baked-{nth}"));
    }
    let _ = write!(
        text,
        "  # {unit}: the packages in their versions, its configuration, and where it may write.\n  provisioner \"shell\" {{\n    inline = [\"sh -eu /tmp/install\"]\n  }}\n}}\n"
    );
    text
}

/// The script that makes the machine what it is; it runs once, while the image is built.
fn install(plan: &Replacement, unit: &str) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Makes the image of {} of {}. It runs while the image is built, and never again.\nset -eu\n",
        plan.service, plan.cluster
    );
    let pins: Vec<String> = image::pinned(plan);
    for pin in &plan.pins {
        let _ = writeln!(text, "# {} {}: {}", pin.package, pin.version, pin.reason);
    }
    if let Some(line) = image::command_stand_ins(plan) {
        let _ = writeln!(
            text,
            "# Let its unit read that from a file or a variable, and take this line out.\n{line}"
        );
    }
    for line in image::accounts(plan) {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(match plan.base.system {
        System::Rpm => "dnf install -y --setopt=install_weak_deps=False --allowerasing",
        System::Apk => "apk add --no-cache",
        System::Debian | System::Pacman => {
            "export DEBIAN_FRONTEND=noninteractive\napt-get update\napt-get install -y --no-install-recommends --allow-downgrades"
        }
    });
    for pin in &pins {
        let _ = write!(text, " \\\n    {pin}");
    }
    text.push('\n');
    for (nth, baked) in plan.baked.iter().enumerate() {
        // Of an owner that the machine lacks it becomes root's.
        let owner = image::owner(plan, &baked.owner);
        let (user, group) = owner.split_once(':').unwrap_or(("0", "0"));
        let _ = writeln!(
            text,
            "install -D -o {} -g {} -m {:04o} /tmp/baked-{nth} {}",
            shell(user),
            shell(group),
            baked.mode & 0o777,
            shell(&baked.path)
        );
    }
    let named = plan.baked.iter().filter(|baked| !baked.secrets.is_empty());
    let named: Vec<String> = named.map(|baked| shell(&baked.path)).collect();
    if !named.is_empty() {
        let _ = writeln!(
            text,
            "# Names still stand for secrets: REPLACE.md says where.\nif grep -Hn DRIFTLESS_SECRET_ {}; then exit 1; fi",
            named.join(" ")
        );
    }
    let _ =
        writeln!(text, "install -D -m 0644 /tmp/50-immutable.conf {}", shell(&machine::drop_in_path(unit)));
    let _ = writeln!(
        text,
        "install -D -m 0644 /tmp/tmpfiles.conf {}",
        shell(&format!("/etc/tmpfiles.d/{}.conf", plan.name))
    );
    for line in machine::settle(plan, unit) {
        let _ = writeln!(text, "{line}");
    }
    text.push_str("# What is this machine's own is made by each that starts from it.\nrm -f /tmp/baked-* /tmp/install /tmp/50-immutable.conf /tmp/tmpfiles.conf /root/.ssh/authorized_keys\ncloud-init clean --logs --machine-id 2>/dev/null || cloud-init clean --logs\nrm -f /etc/ssh/ssh_host_*\n");
    text
}

/// What each machine is told when it starts for the first time. JSON is YAML, so that no path can be taken for more
/// than it is.
fn user_data(plan: &Replacement) -> String {
    let persistent = plan.needs.paths.iter().filter(|need| need.class == Class::Persistent).enumerate();
    let label = |nth: usize| {
        // A label of ext4 has 16 characters at most.
        let number = if nth == 0 { String::new() } else { (nth + 1).to_string() };
        format!("data{number}")
    };
    let mounts: Vec<_> = persistent
        .map(|(nth, need)| {
            json!([format!("LABEL={}", label(nth)), need.path, "auto", "defaults,nofail", "0", "2"])
        })
        .collect();
    let mut data = json!({ "package_update": false, "package_upgrade": false, "ssh_pwauth": false });
    if let (Some(data), false) = (data.as_object_mut(), mounts.is_empty()) {
        data.insert("mounts".to_owned(), json!(mounts));
    }
    let mut text = format!(
        "#cloud-config\n# What a machine of {} starts with. Nothing is installed or upgraded on it: a new image replaces it.\n",
        plan.name
    );
    if !mounts.is_empty() {
        text.push_str("# Its data lie on disks of their own, which outlive it: give each file system the label below, once.\n");
    }
    // Pretty JSON of what was just made cannot fail.
    let _ = writeln!(text, "{}", serde_json::to_string_pretty(&data).unwrap_or_default());
    text
}
