//! The manifest: a Deployment with a read-only root, a volume on each path that is written, and what goes with it.

use super::class::Class;
use super::image::tag;
use super::paths::Need;
use super::plan::Replacement;
use super::words::{label, quoted};

/// How much a container may keep where what it writes may go with it.
const EPHEMERAL: &str = "64Mi";

/// Writes the manifest, each object a document.
pub(super) fn manifest(plan: &Replacement) -> String {
    let mut documents = vec![deployment(plan)];
    if !plan.ports.is_empty() {
        documents.push(service(plan));
    }
    if !plan.keeps_data() {
        documents.push(budget(plan));
    }
    documents.extend(persistent(plan).map(|(nth, need)| claim(plan, nth, need)));
    documents.join("---\n")
}

/// The paths that must last, numbered as their claims are.
fn persistent(plan: &Replacement) -> impl Iterator<Item = (usize, &Need)> {
    plan.needs.paths.iter().filter(|need| need.class == Class::Persistent).enumerate()
}

fn claim_name(plan: &Replacement, nth: usize) -> String {
    if nth == 0 { format!("{}-data", plan.name) } else { format!("{}-data-{}", plan.name, nth + 1) }
}

fn header(plan: &Replacement, version: &str, kind: &str, name: &str) -> String {
    format!(
        "apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n  labels:\n    app.kubernetes.io/name: {}\n",
        plan.name
    )
}

fn deployment(plan: &Replacement) -> String {
    let mut text = format!(
        "# {} of {}, made after {} by driftless. See REPLACE.md beside it.\n",
        plan.service, plan.cluster, plan.model
    );
    text.push_str(&header(plan, "apps/v1", "Deployment", &plan.name));
    // podman fails to remove an init container that runs once; it reads this here or in the template.
    let annotation = |indent: &str| match filled(plan).next().is_some() {
        true => format!(
            "{indent}annotations:\n{indent}  io.podman.annotations.init.container.type: always # for podman kube play alone\n"
        ),
        false => String::new(),
    };
    text.push_str(&annotation("  "));
    text.push_str("spec:\n");
    if plan.keeps_data() {
        text.push_str(
            "  # It keeps data: two of them must not write to one volume.\n  replicas: 1\n  strategy:\n    type: Recreate\n",
        );
    } else {
        text.push_str(&format!(
            "  # As many as hosts of {} run it.\n  replicas: {}\n",
            plan.cluster,
            plan.replicas.max(1)
        ));
    }
    let name = &plan.name;
    let annotations = annotation("      ");
    text.push_str(&format!(
        "  selector:\n    matchLabels:\n      app.kubernetes.io/name: {name}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: {name}\n{annotations}    spec:\n      automountServiceAccountToken: false\n"
    ));
    text.push_str(&pod_context(plan));
    text.push_str(&copies(plan));
    text.push_str("      containers:\n");
    text.push_str(&container(plan));
    text.push_str(&volumes(plan));
    text
}

fn pod_context(plan: &Replacement) -> String {
    let mut text =
        "      securityContext:\n        seccompProfile:\n          type: RuntimeDefault\n".to_owned();
    if let Some(user) = &plan.run.user {
        text.push_str(&format!(
            "        # {}\n        runAsNonRoot: true\n        runAsUser: {}\n        runAsGroup: {}\n        fsGroup: {}\n        fsGroupChangePolicy: OnRootMismatch\n",
            plan.run.user_reason, user.uid, user.gid, user.gid
        ));
        if !plan.groups.is_empty() {
            let groups: Vec<String> = plan.groups.iter().map(|(gid, _)| gid.to_string()).collect();
            let names: Vec<&str> = plan.groups.iter().map(|(_, name)| name.as_str()).collect();
            text.push_str(&format!(
                "        # its process is in {}\n        supplementalGroups: [{}]\n",
                names.join(", "),
                groups.join(", ")
            ));
        }
    }
    text
}

/// What a container may do: as little as the evidence lets it; `added` is what root needs, each with its reason.
fn security(plan: &Replacement, added: &[(&str, String)]) -> String {
    let mut text = "          securityContext:\n            readOnlyRootFilesystem: true\n            allowPrivilegeEscalation: false\n            capabilities:\n              drop: [ALL]\n".to_owned();
    if plan.run.user.is_none() && !added.is_empty() {
        text.push_str(&format!(
            "              # It begins as root: {}.\n              add:\n",
            plan.run.user_reason
        ));
        for (capability, reason) in added {
            text.push_str(&format!("                - {capability} # {reason}\n"));
        }
    }
    text
}

/// The volumes that are to begin with what the image has at their paths: those that must last, and those that would hide
/// what packages brought along.
fn filled(plan: &Replacement) -> impl Iterator<Item = &Need> {
    plan.needs.paths.iter().filter(|need| need.class == Class::Persistent || need.holds_files)
}

/// An init container for each volume that is filled.
fn copies(plan: &Replacement) -> String {
    let keeps = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
        .map(|name| (name, "owners and times stay as they are".to_owned()));
    let mut text = String::new();
    for need in filled(plan) {
        let name = &need.volume;
        // Who is not root may not keep times and owners, and need not: the files are its own.
        let copy = if plan.run.user.is_some() { "cp -RPf" } else { "cp -a" };
        let script = format!("[ -n \"$(ls -A /copy | grep -vx lost+found)\" ] || {copy} \"$1\"/. /copy/");
        text.push_str(&format!(
            "        # An empty volume begins with what the image has there; one that holds data is left as it is.\n        - name: fill-{name}\n          image: {}\n          command: [/bin/sh, -c, {}, fill, {}]\n",
            tag(plan),
            quoted(&script),
            quoted(&need.path)
        ));
        text.push_str(&security(plan, &keeps));
        text.push_str(&format!(
            "          volumeMounts:\n            - name: {name}\n              mountPath: /copy\n"
        ));
    }
    if text.is_empty() { text } else { format!("      initContainers:\n{text}") }
}

fn container(plan: &Replacement) -> String {
    let mut text = format!("        - name: {}\n          image: {}\n", label(&plan.service), tag(plan));
    if !plan.run.secrets.is_empty() {
        text.push_str("          # Their values were not taken from the host: make a Secret of this name that has them.\n          env:\n");
        for name in &plan.run.secrets {
            text.push_str(&format!(
                "            - name: {name}\n              valueFrom:\n                secretKeyRef: {{name: {}-secrets, key: {name}}}\n",
                plan.name
            ));
        }
    }
    text.push_str(&security(plan, &plan.run.capabilities));
    if !plan.ports.is_empty() {
        text.push_str("          ports:\n");
        for listening in &plan.ports {
            let protocol = if listening.udp { "UDP" } else { "TCP" };
            text.push_str(&format!(
                "            - containerPort: {} # it listens there on {}\n              protocol: {protocol}\n",
                listening.port, plan.model
            ));
        }
    }
    text.push_str(&probes(plan));
    if !plan.needs.paths.is_empty() {
        text.push_str("          volumeMounts:\n");
        for need in &plan.needs.paths {
            for reason in &need.reasons {
                text.push_str(&format!("            # {reason}\n"));
            }
            text.push_str(&format!(
                "            - name: {}\n              mountPath: {}\n",
                &need.volume,
                quoted(&need.path)
            ));
        }
    }
    text
}

fn probes(plan: &Replacement) -> String {
    let Some(port) = plan.ports.iter().find(|listening| !listening.udp) else {
        return "          # It listens on no TCP port: a probe of its own is for you to write.\n".to_owned();
    };
    if plan.local {
        return "          # It listens on the loopback address alone, where no probe of the kubelet reaches it.\n".to_owned();
    }
    let check = format!("            tcpSocket: {{port: {}}}\n", port.port);
    format!(
        "          startupProbe:\n{check}            periodSeconds: 2\n            failureThreshold: 60\n          readinessProbe:\n{check}            periodSeconds: 5\n          livenessProbe:\n{check}            periodSeconds: 10\n            failureThreshold: 6\n"
    )
}

fn volumes(plan: &Replacement) -> String {
    if plan.needs.paths.is_empty() {
        return String::new();
    }
    let mut text = "      volumes:\n".to_owned();
    let mut nth = 0;
    for need in &plan.needs.paths {
        let name = &need.volume;
        if need.class == Class::Persistent {
            text.push_str(&format!(
                "        - name: {name} # {}: it must last\n          persistentVolumeClaim:\n            claimName: {}\n",
                need.path,
                claim_name(plan, nth)
            ));
            nth += 1;
        } else {
            text.push_str(&format!(
                "        - name: {name} # {}: it may go with the pod\n          emptyDir:\n            sizeLimit: {EPHEMERAL} # how much it takes was not measured\n",
                need.path
            ));
        }
    }
    text
}

fn service(plan: &Replacement) -> String {
    let mut text = header(plan, "v1", "Service", &plan.name);
    text.push_str(&format!("spec:\n  selector:\n    app.kubernetes.io/name: {}\n  ports:\n", plan.name));
    for listening in &plan.ports {
        let protocol = if listening.udp { "UDP" } else { "TCP" };
        let name = format!("{}-{}", protocol.to_ascii_lowercase(), listening.port);
        text.push_str(&format!(
            "    - name: {name}\n      port: {}\n      targetPort: {}\n      protocol: {protocol}\n",
            listening.port, listening.port
        ));
    }
    text
}

fn budget(plan: &Replacement) -> String {
    let mut text = "# Never more than one of them goes at once of its own accord.\n".to_owned();
    text.push_str(&header(plan, "policy/v1", "PodDisruptionBudget", &plan.name));
    text.push_str(&format!(
        "spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: {}\n",
        plan.name
    ));
    text
}

fn claim(plan: &Replacement, nth: usize, need: &Need) -> String {
    let mut text = format!("# {}\n", need.path);
    text.push_str(&header(plan, "v1", "PersistentVolumeClaim", &claim_name(plan, nth)));
    text.push_str(
        "spec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 10Gi # how much it holds was not measured\n",
    );
    text
}
