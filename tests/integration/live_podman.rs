//! `driftless immutable --live` with podman for real: it plays a manifest, and what runs is put beside what the
//! manifest says then.

use serde_json::Value;

use crate::containers::{Tool, podman};
use crate::harness::{Room, keys, wait};

/// Two containers as they should be, one that is open and one that may do all.
const POD: &str = r#"apiVersion: v1
kind: Pod
metadata: {name: driftless-live}
spec:
  restartPolicy: Never
  containers:
  - name: fixed
    image: tiny:1
    imagePullPolicy: Never
    command: [sleep, "600"]
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, runAsUser: 1000}
    volumeMounts: [{name: driftless-live-data, mountPath: /data}, {name: shared, mountPath: /shared, readOnly: true}]
  - name: open
    image: localhost/tiny:1
    imagePullPolicy: Never
    command: [sleep, "600"]
    securityContext: {readOnlyRootFilesystem: false, capabilities: {add: [SYS_TIME]}}
  - name: mighty
    image: tiny:1
    imagePullPolicy: Never
    command: [sleep, "600"]
    securityContext: {readOnlyRootFilesystem: true, privileged: true}
  volumes:
  - {name: driftless-live-data, emptyDir: {}}
  - {name: shared, hostPath: {path: SHARED, type: Directory}}
"#;

/// A pod being played, until it is dropped.
struct Played<'t> {
    podman: &'t Tool,
    file: String,
}

impl<'t> Played<'t> {
    fn start(podman: &'t Tool, room: &Room, manifest: &str) -> Self {
        room.write("played.yaml", manifest);
        let played = Self { podman, file: room.path("played.yaml").display().to_string() };
        podman.run(&["kube", "play", "--network=none", &played.file]);
        played
    }
}

impl Drop for Played<'_> {
    fn drop(&mut self) {
        let pods = ["pod", "rm", "-f", "-t", "0", "--ignore", "driftless-live"];
        let _ = self.podman.command(&["kube", "play", "--down", &self.file]).output();
        let _ = self.podman.command(&pods).output();
    }
}

/// What the program says of a manifest and this machine.
fn live(podman: &Tool, room: &Room, manifest: &str) -> Value {
    room.write("declared.yaml", manifest);
    room.write("inventory.toml", "[hosts.here]\nconnection = \"local\"\n");
    let mut command =
        room.command(&["immutable", "declared.yaml", "--live", "-i", "inventory.toml", "-q", "-o", "json"]);
    wait(command.envs(&podman.environment).spawn().unwrap()).json()
}

/// `container state field: declared observed, …`, one for each container.
fn sides(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let objects = report["objects"].as_array().unwrap().iter();
    objects
        .map(|object| {
            let hosts = object["live"]["hosts"].as_array().unwrap().iter();
            let differences = hosts.flat_map(|host| host["differences"].as_array().unwrap()).map(|one| {
                format!(" {}: {} {}", text(&one["field"]), text(&one["declared"]), text(&one["observed"]))
            });
            let (container, state) = (text(&object["container"]), text(&object["live"]["state"]));
            format!("{container} {state}{}", differences.collect::<Vec<_>>().join(","))
        })
        .collect()
}

/// The keys of findings about what runs.
fn on_host(report: &Value) -> Vec<&str> {
    keys(report).into_iter().filter(|key| key.contains("//here/")).collect()
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn what_podman_plays_is_as_declared_until_the_manifest_or_a_file_changes() {
    let room = Room::new();
    let podman = podman(&room);
    room.write("shared", "");
    std::fs::remove_file(room.path("shared")).unwrap();
    std::fs::create_dir(room.path("shared")).unwrap();
    let manifest = POD.replace("SHARED", &room.path("shared").display().to_string());
    let _played = Played::start(&podman, &room, &manifest);

    let report = live(&podman, &room, &manifest);
    assert_eq!(sides(&report), ["fixed as-declared", "open as-declared", "mighty as-declared"]);
    assert_eq!(on_host(&report), [""; 0]);
    assert_eq!(report["live"]["undeclared"], serde_json::json!([]), "podman's own pause container is none");

    podman.run(&["exec", "driftless-live-open", "touch", "/etc/x"]);
    let report = live(&podman, &room, &manifest);
    assert_eq!(sides(&report), ["fixed as-declared", "open changed", "mighty as-declared"]);
    assert_eq!(on_host(&report), ["container-changed//here/driftless-live-open"]);
    let finding =
        report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "container-changed");
    let line = &finding.unwrap()["location"]["line"];
    assert_eq!((line.as_u64(), &finding.unwrap()["location"]["file"]), (Some(13), &"declared.yaml".into()));

    // What the manifest says now, and what was started before that.
    let changed = manifest
        .replace("image: tiny:1\n    imagePullPolicy: Never\n    command: [sleep, \"600\"]\n    securityContext: {readOnlyRootFilesystem: true, allow", "image: tiny:2\n    securityContext: {readOnlyRootFilesystem: true, allow")
        .replace("runAsUser: 1000", "runAsUser: 1001")
        .replace("mountPath: /shared, readOnly: true", "mountPath: /shared")
        .replace("readOnlyRootFilesystem: false, capabilities: {add: [SYS_TIME]}", "readOnlyRootFilesystem: true")
        .replace("privileged: true", "privileged: false")
        .replace("- name: mighty", "- name: gone\n    image: tiny:1\n  - name: mighty");
    let report = live(&podman, &room, &changed);
    assert_eq!(
        sides(&report),
        [
            "fixed differs image: tiny:2 localhost/tiny:1, user: 1001 1000, mount /shared: writable read-only",
            "open differs readOnlyRootFilesystem: true false, capability SYS_TIME: not added added",
            "gone not-running",
            "mighty differs privileged: false true",
        ]
    );
    assert_eq!(
        on_host(&report),
        [
            "privileged//here/driftless-live-mighty",
            "container-changed//here/driftless-live-open",
            "image-drift//here/driftless-live-fixed",
            "root-writable//here/driftless-live-open",
        ]
    );
}

#[test]
#[ignore = "needs podman: scripts/test"]
fn the_memory_that_podman_mounts_under_a_read_only_root_is_no_difference() {
    let room = Room::new();
    let mut podman = podman(&room);
    podman.start("web-app", &["--read-only"]);
    podman.start("web-more", &["--read-only", "--tmpfs", "/scratch"]);
    podman.start("web-without", &["--read-only", "--read-only-tmpfs=false"]);
    let tmpfs = podman.run(&["container", "inspect", "--format", "{{json .HostConfig.Tmpfs}}", "web-app"]);
    assert!(
        ["/run", "/tmp", "/var/tmp"].iter().all(|path| tmpfs.contains(&format!("\"{path}\""))),
        "{tmpfs}"
    );
    let containers: String = ["app", "more", "without"]
        .map(|name| {
            format!(
                "  - {{name: {name}, image: 'tiny:1', securityContext: {{readOnlyRootFilesystem: true}}}}\n"
            )
        })
        .concat();
    let manifest =
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n{containers}");
    let report = live(&podman, &room, &manifest);
    assert_eq!(
        sides(&report),
        [
            "app as-declared",
            "more differs mount /scratch: not mounted writable, from a tmpfs",
            "without as-declared",
        ]
    );
}
