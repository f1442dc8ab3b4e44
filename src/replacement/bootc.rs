//! The image of a whole server that boots from it, bootc(8): nothing of /usr changes on it, and a new image replaces it
//! as a whole.

use std::fmt::Write as _;

use super::image;
use super::machine;
use super::plan::Replacement;
use super::words::quoted;

/// The files of the image: their paths below the folder, and what is in them.
pub(super) fn files(plan: &Replacement, unit: &str) -> Vec<(String, String)> {
    let mut text = format!(
        "# {} of {} as a whole server, made after {} by driftless. Build it beside this file:\n#\n#     podman build -f Containerfile.bootc -t {} .\n#\n",
        plan.service,
        plan.cluster,
        plan.model,
        image::tag(plan).replace("localhost/", "localhost/bootc-")
    );
    match base(&plan.os.id, &plan.os.version) {
        Some(base) => {
            let _ = writeln!(text, "ARG BASE={base}");
        }
        None => {
            let _ = writeln!(
                text,
                "# No published image of {} boots: make one, and name it: --build-arg BASE=REGISTRY/IMAGE\nARG BASE",
                plan.os.label()
            );
        }
    }
    text.push_str("FROM ${BASE}\n");
    text.push_str(&image::users(plan));
    text.push_str(&image::packages(plan));
    text.push_str(&image::baked(plan));
    text.push_str(
        "\n# The service writes where the evidence says, and nowhere else; /var is made at the first boot.\n",
    );
    let _ = writeln!(text, "COPY [\"machine/50-immutable.conf\", {}]", quoted(&machine::drop_in_path(unit)));
    let _ = writeln!(text, "COPY machine/tmpfiles.conf /usr/lib/tmpfiles.d/{}.conf", plan.name);
    let lines = machine::settle(plan, unit);
    let _ = writeln!(
        text,
        "\n# It starts at boot, and nothing upgrades it in place.\nRUN {}",
        lines.join(" \\\n && ")
    );
    text.push_str("\n# Where bootc is in the image, it looks over what was made.\nRUN ! command -v bootc >/dev/null || bootc container lint\n");
    vec![
        ("Containerfile.bootc".to_owned(), text),
        ("machine/50-immutable.conf".to_owned(), machine::drop_in(plan)),
        ("machine/tmpfiles.conf".to_owned(), machine::tmpfiles(plan)),
    ]
}

/// The published image of a release that boots.
fn base(id: &str, version: &str) -> Option<String> {
    let major = version.split('.').next().unwrap_or_default();
    match id {
        "fedora" => Some(format!("quay.io/fedora/fedora-bootc:{major}")),
        "centos" => Some(format!("quay.io/centos-bootc/centos-bootc:stream{major}")),
        "rhel" => Some(format!("registry.redhat.io/rhel{major}/rhel-bootc:latest")),
        "almalinux" => Some(format!("quay.io/almalinuxorg/almalinux-bootc:{major}")),
        _ => None,
    }
}
