//! `driftless immutable --live`: what manifests declare beside what hosts run, with hosts that are simulated.

use std::sync::Arc;

use driftless::simulate::{Behaviour, Recording};
use serde_json::{Value, json};

use crate::fleet::{Fleet, host_with};
use crate::harness::{Outcome, keys, wait};

/// A Deployment of Kubernetes, a pod that podman plays, and one that nobody runs.
const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.corp/web@sha256:ab
          securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}
---
apiVersion: v1
kind: Pod
metadata: {name: db}
spec:
  containers:
    - name: pg
      image: registry.corp/pg:16
      securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}
---
apiVersion: v1
kind: Pod
metadata: {name: gone}
spec:
  containers:
    - name: c
      image: registry.corp/gone:1
      securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false}
";

fn of(sections: &[(&str, String)]) -> Behaviour {
    let recording = host_with(&["nginx=1-1"]);
    Behaviour::Answers(Arc::new(
        sections.iter().fold(recording, |all: Recording, (name, text)| all.with(name, text.as_bytes())),
    ))
}

/// What crictl says of a pod of the Deployment.
fn web(read_only: bool) -> (&'static str, String) {
    let told = json!({
        "id": "aa", "name": "app", "namespace": "shop", "pod": "web-7d4b9c6f5-x2x7p", "user": "101", "read_only": read_only,
        "image": "registry.corp/web:1", "image_id": "registry.corp/web@sha256:ab", "privileged": false,
    });
    ("cri", format!("listed 1\n{told}\n"))
}

/// What podman says of the pod that it plays, and of a container that no manifest has.
fn db(changes: &str) -> (&'static str, String) {
    let told = |id: &str, name: &str, image: &str, read_only: bool| {
        json!({
            "id": id, "name": name, "image": image, "image_id": "cd", "user": "", "read_only": read_only,
            "privileged": !read_only,
        })
    };
    let (pg, stray) =
        (told("aa", "db-pg", "registry.corp/pg:16", false), told("bb", "stray", "nginx:1", true));
    ("podman", format!("listed 2\n{pg}\n{stray}\nchanges aa {changes}\n"))
}

#[track_caller]
fn live(fleet: &Fleet, arguments: &[&str]) -> Outcome {
    fleet.room.write("all.yaml", MANIFESTS);
    let playbook = "[rules]\nmutable-image = \"off\"\ncoverage-unknown = \"off\"\n";
    fleet.room.write("playbook.toml", playbook);
    let always = ["immutable", "all.yaml", "--live", "-i", "inventory.toml", "-p", "playbook.toml"];
    wait(fleet.room.command(&[&always[..], arguments].concat()).spawn().unwrap())
}

fn state(report: &Value, object: usize) -> &str {
    report["objects"][object]["live"]["state"].as_str().unwrap()
}

#[test]
fn what_runs_is_told_beside_what_is_declared() {
    let fleet = Fleet::new([
        ("web-01".to_owned(), of(&[web(true)])),
        ("web-02".to_owned(), of(&[web(false)])),
        ("db-01".to_owned(), of(&[db(r#"1 {"added":["/etc/x"]}"#)])),
    ]);
    let run = live(&fleet, &["-o", "json"]);
    let report = run.json();
    assert_eq!([0, 1, 2].map(|nth| state(&report, nth)), ["differs", "differs", "not-running"]);
    let hosts = report["objects"][0]["live"]["hosts"].as_array().unwrap();
    let told = hosts.iter().map(|host| format!("{} {} {}", host["host"], host["state"], host["changed"]));
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["\"web-01\" \"as-declared\" false", "\"web-02\" \"differs\" null",]
    );
    assert_eq!(report["live"]["undeclared"][0]["container"], "stray");
    let on_hosts: Vec<&str> =
        keys(&report).into_iter().filter(|key| key.contains("//web-") || key.contains("//db-")).collect();
    assert_eq!(
        on_hosts,
        [
            "privileged//db-01/db-pg",
            "container-changed//db-01/db-pg",
            "root-writable//web-02/shop/web-7d4b9c6f5-x2x7p/app",
            "root-writable//db-01/db-pg",
        ]
    );
    let line = &report["findings"][0]["location"];
    assert_eq!((&line["file"], &line["line"]), (&json!("all.yaml"), &json!(17)));
    assert_eq!(run.status, 2);

    let table = live(&fleet, &[]).stdout;
    for told in [
        "Live\n  3 hosts asked",
        "differs         Deployment/shop/web app",
        "readOnlyRootFilesystem: declared true, runs false",
        "not running     Pod/-/gone c",
        "not declared    db-01: stray (nginx:1)",
    ] {
        assert!(table.contains(told), "{told}\n{table}");
    }
}

#[test]
fn silence_is_never_taken_for_an_answer() {
    let broken =
        host_with(&["nginx=1-1"]).failing("podman", 126, "podman shows each user the own ones alone");
    let fleet = Fleet::new([
        ("web-01".to_owned(), of(&[web(true)])),
        ("db-01".to_owned(), Behaviour::Answers(Arc::new(broken))),
    ]);
    let run = live(&fleet, &["-o", "json"]);
    let report = run.json();
    assert_eq!([0, 1, 2].map(|nth| state(&report, nth)), ["as-declared", "unknown", "unknown"]);
    assert_eq!(report["live"]["not_told"], json!(["db-01"]));
    assert!(keys(&report).contains(&"gap//db-01/podman"), "{:?}", keys(&report));
    assert_eq!(run.status, 3, "{run:?}");
}

#[test]
fn an_inventory_without_live_is_a_slip() {
    let fleet = Fleet::of_equals(1);
    fleet.room.write("all.yaml", MANIFESTS);
    let run = fleet.room.run(&["immutable", "all.yaml", "-i", "inventory.toml"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("without --live none is asked"), "{run:?}");
}
