//! What Kubernetes refuses of fields that decide nothing here by themselves, or only beside each other (its
//! `pkg/apis/core/validation`): no such pod runs, and so nothing is known of it.

use super::{Pod, Reader};
use crate::immutability::yaml::{Node, Wrong, shown};

/// The longest name of a container.
const LONGEST_NAME: usize = 63;

/// Fields of a container that others beside this module need not know: its name, its image, its words, its ports.
pub(super) fn container(node: &Node, own: bool, reader: &mut Reader<'_>) {
    if let Some((_, name)) = node.entry("name").filter(|_| own) {
        let text = name.text().unwrap_or_default();
        if !name.is_typed() && !text.contains("{{") && !is_label(text) {
            let help = "write small letters, digits and dashes, at most 63 and none of the dashes at an end";
            reader.refuse(Some(node), "name", format!("`{}` is no name of a container", shown(text)), help);
        }
    }
    if let Some(image) = node.text_of("image").filter(|image| !is_image(image)) {
        let help = "write a name, and a tag or a digest behind it: nginx:1.27";
        reader.refuse(Some(node), "image", format!("`{}` is no image", shown(image)), help);
    }
    let help = "put it in quotes: Kubernetes refuses a number or a boolean here";
    for item in node.get("env").map(|list| list.items()).unwrap_or_default() {
        if let Some(value) = item.get("value").filter(|value| value.is_typed()) {
            reader.wrong("env", Wrong::new(value.span.clone(), "this value is no text", help));
        }
    }
    for list in ["command", "args"] {
        let words = node.get(list).map(|list| list.items()).unwrap_or_default();
        for word in words.iter().filter(|word| word.is_typed() || word.text().is_none()) {
            reader.wrong(list, Wrong::new(word.span.clone(), "this word is no text", help));
        }
    }
    for port in node.get("ports").map(|list| list.items()).unwrap_or_default() {
        for field in ["containerPort", "hostPort"] {
            let Some(value) = port.get(field).filter(|value| !value.is_null()) else { continue };
            let number = value.text().filter(|_| value.is_typed()).and_then(|text| text.parse::<u16>().ok());
            if number.is_none() {
                let help = "write a number without quotes, from 1 to 65535";
                reader.wrong("ports", Wrong::new(value.span.clone(), format!("{field} is no port"), help));
            }
        }
    }
}

/// How a mount is shared, and how far its `readOnly` goes.
pub(super) fn mount(node: &Node, privileged: bool, read_only: bool, reader: &mut Reader<'_>) {
    let propagation = node.text_of("mountPropagation");
    match propagation {
        None | Some("" | "None" | "HostToContainer") => {}
        Some("Bidirectional") if privileged => {}
        Some("Bidirectional") => {
            let title = "Kubernetes refuses Bidirectional in a container that is not privileged".to_owned();
            let help = "HostToContainer is enough to see what the node mounts";
            reader.refuse(Some(node), "mountPropagation", title, help);
        }
        Some(other) => {
            let title = format!("mountPropagation `{}` is none", shown(other));
            let help = "write None, HostToContainer or Bidirectional, in these capitals";
            reader.refuse(Some(node), "mountPropagation", title, help);
        }
    }
    let shared = propagation.is_some_and(|propagation| !matches!(propagation, "" | "None"));
    match node.text_of("recursiveReadOnly") {
        None | Some("" | "Disabled") => {}
        Some("Enabled" | "IfPossible") if read_only && !shared => {}
        Some(told @ ("Enabled" | "IfPossible")) => {
            let title = format!("Kubernetes refuses recursiveReadOnly: {told} here");
            let help = "it goes with readOnly: true, and with no mountPropagation but None";
            reader.refuse(Some(node), "recursiveReadOnly", title, help);
        }
        Some(other) => {
            let title = format!("recursiveReadOnly `{}` is none", shown(other));
            let help = "write Enabled, IfPossible or Disabled, in these capitals";
            reader.refuse(Some(node), "recursiveReadOnly", title, help);
        }
    }
}

/// What an emptyDir is made of.
pub(super) fn medium(volume: &Node, reader: &mut Reader<'_>) {
    if let Some(medium) = volume.text_of("medium")
        && !matches!(medium, "" | "Memory" | "HugePages")
        && !medium.starts_with("HugePages-")
    {
        let title = format!("medium `{}` is none", shown(medium));
        let help = "write Memory, in this capital, or leave it out for the node's disk";
        reader.refuse(Some(volume), "medium", title, help);
    }
}

/// The namespaces of a pod beside its users and its kernel parameters.
pub(super) fn pod(spec: &Node, pod: &Pod, reader: &mut Reader<'_>) {
    if let Some((namespace, _)) = pod.host_namespaces.first().filter(|_| !pod.host_users) {
        let title = format!("Kubernetes refuses hostUsers: false beside {namespace}");
        let help = "a pod with users of its own has namespaces of its own: take one of the two out";
        reader.refuse(Some(spec), "hostUsers", title, help);
    }
    let shares = |namespace: &str| pod.host_namespaces.iter().any(|(name, _)| *name == namespace);
    let list = spec.at(&["securityContext", "sysctls"]).map(Node::items).unwrap_or_default();
    for (item, (name, _)) in list.iter().zip(&pod.sysctls) {
        if let Some(value) = item.get("value").filter(|value| value.is_typed() || value.text().is_none()) {
            let help = "put it in quotes: Kubernetes refuses a number here";
            reader.wrong("sysctls", Wrong::new(value.span.clone(), "this value is no text", help));
        }
        let ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|start| name.starts_with(start))
            || name == "kernel.sem";
        let beside = match () {
            () if shares("hostNetwork") && name.starts_with("net.") => "hostNetwork",
            () if shares("hostIPC") && ipc => "hostIPC",
            () => continue,
        };
        let title = format!("Kubernetes refuses the sysctl {name} beside {beside}");
        let help = "in the node's own namespace it is the node's: set it there";
        reader.wrong("sysctls", Wrong::new(item.span.clone(), title, help));
    }
}

/// RFC 1123.
fn is_label(name: &str) -> bool {
    let ends = |end: Option<char>| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit());
    name.len() <= LONGEST_NAME
        && ends(name.chars().next())
        && ends(name.chars().next_back())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether a kubelet would try to get it; what a template puts in is told elsewhere.
fn is_image(image: &str) -> bool {
    let ends = image.ends_with([':', '@', '/']) || image.starts_with([':', '@', '/']);
    image.contains("{{") || !image.is_empty() && !ends && !image.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use crate::immutability::Verdict;
    use crate::immutability::fixture::{manifest, objects};

    /// What is told, and the verdict on an image that writes nothing.
    fn told(lines: &str, spec: &str) -> (Vec<String>, Option<bool>) {
        let lines = format!("image: memcached\nsecurityContext:\n  readOnlyRootFilesystem: true\n{lines}");
        let (found, read) = objects(&manifest(&lines, spec));
        let pod = &found[0].pods[0];
        let told = read.mistakes.iter().map(|one| one.title.clone()).collect();
        (told, Verdict::of(pod, &pod.containers[0]).immutable)
    }

    const VOLUMES: &str = "volumes: [{name: v, hostPath: {path: /etc/ssl}}]";

    #[test]
    fn what_kubernetes_refuses_is_unknown() {
        let sysctl = |name: &str, value: &str| {
            format!("securityContext: {{sysctls: [{{name: {name}, value: {value}}}]}}")
        };
        for (lines, spec, title) in [
            ("env: [{name: A, value: 5}]", String::new(), "this value is no text"),
            ("env: [{name: A, value: true}]", String::new(), "this value is no text"),
            ("args: [-m, 64]", String::new(), "this word is no text"),
            ("ports: [{containerPort: \"80\"}]", String::new(), "containerPort is no port"),
            ("ports: [{containerPort: 80000}]", String::new(), "containerPort is no port"),
            ("", sysctl("net.core.somaxconn", "1"), "this value is no text"),
            (
                "",
                format!("hostNetwork: true\n{}", sysctl("net.core.somaxconn", "\"1\"")),
                "beside hostNetwork",
            ),
            ("", format!("hostIPC: true\n{}", sysctl("kernel.shmmax", "\"1\"")), "beside hostIPC"),
            ("", "hostUsers: false\nhostPID: true".to_owned(), "hostUsers: false beside hostPID"),
            ("", "volumes: [{name: v, emptyDir: {medium: memory}}]".to_owned(), "medium `memory` is none"),
        ] {
            let (mistakes, immutable) = told(lines, &spec);
            assert!(mistakes.len() == 1 && mistakes[0].contains(title), "{lines} {spec}: {mistakes:?}");
            assert_eq!(immutable, None, "{lines} {spec}");
        }
        for (mount, title) in [
            ("readOnly: true, mountPropagation: Bidirectional", "refuses Bidirectional"),
            ("readOnly: true, mountPropagation: bidirectional", "mountPropagation `bidirectional` is none"),
            ("readOnly: false, recursiveReadOnly: IfPossible", "refuses recursiveReadOnly: IfPossible here"),
            (
                "readOnly: true, recursiveReadOnly: Enabled, mountPropagation: HostToContainer",
                "refuses recursiveReadOnly: Enabled",
            ),
            ("readOnly: true, recursiveReadOnly: enabled", "recursiveReadOnly `enabled` is none"),
        ] {
            let (mistakes, immutable) =
                told(&format!("volumeMounts: [{{name: v, mountPath: /v, {mount}}}]"), VOLUMES);
            assert!(mistakes.len() == 1 && mistakes[0].contains(title), "{mount}: {mistakes:?}");
            assert_ne!(immutable, Some(true), "{mount}");
        }
        for (good, bad) in [("name: c\n", "name: C_1\n"), ("image: memcached\n", "image: \"nginx:\"\n")] {
            let text = manifest("image: memcached\n", "").replace(good, bad);
            let (_, read) = objects(&text);
            assert_eq!(read.mistakes.len(), 1, "{text}");
        }
        let (_, read) = objects(&manifest("image: memcached", "").replace("apiVersion: v1\n", ""));
        assert_eq!(read.mistakes.len(), 1);
    }

    #[test]
    fn what_kubernetes_takes_is_not_told() {
        for (lines, spec) in [
            (
                "env: [{name: A, value: \"5\"}, {name: B, value: on1}, {name: C}]\nargs: [-m, \"64\"]\nports: [{containerPort: 80, hostPort: 0}]",
                "volumes: [{name: v, emptyDir: {medium: Memory}}, {name: w, emptyDir: {medium: HugePages-2Mi}}]",
            ),
            (
                "volumeMounts: [{name: v, mountPath: /v, readOnly: true, recursiveReadOnly: Enabled, mountPropagation: None}]",
                VOLUMES,
            ),
            (
                "volumeMounts: [{name: v, mountPath: /v, readOnly: true, mountPropagation: HostToContainer}]",
                VOLUMES,
            ),
            ("", "hostUsers: false"),
            ("", "hostIPC: true\nsecurityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: \"1\"}]}"),
        ] {
            assert_eq!(told(lines, spec), (Vec::new(), Some(true)), "{lines} {spec}");
        }
    }
}
