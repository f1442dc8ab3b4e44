//! What others watch us with: rules of Prometheus, a dashboard of Grafana, jobs of build servers. Each is read by the tool
//! that it is for, and speaks of nothing that we do not write.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Room, project};

fn promtool(arguments: &[&str]) -> String {
    let mut command = Command::new(project().join("target/prometheus/usr/bin/promtool"));
    let output = command.args(arguments).output().expect("scripts/test unpacks promtool");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

/// Every metric that we write, with its labels.
fn metrics() -> BTreeSet<String> {
    let room = Room::new();
    let mut known = BTreeSet::new();
    for what in ["audit", "ready"] {
        let run = room.run(&["demo", what, "-o", "prometheus"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        let names = run.stdout.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        known.extend(names.filter_map(|line| line.split(' ').next()).map(str::to_owned));
    }
    // Those tell of an earlier run, which a demo has not got.
    known.extend(["driftless_new_findings", "driftless_resolved_findings"].map(str::to_owned));
    known
}

/// The metrics that a text speaks of.
fn spoken_of(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("driftless_")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs promtool: scripts/test"]
fn the_rules_fire_when_they_should() {
    let folder = project().join("examples/prometheus");
    let rules = folder.join("driftless.rules.yml");
    promtool(&["check", "rules", &rules.display().to_string()]);
    promtool(&["test", "rules", &folder.join("driftless.test.yml").display().to_string()]);
    let unknown: Vec<String> =
        spoken_of(&read_to_string(rules).unwrap()).difference(&metrics()).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new(), "alerts on what nobody writes never fire");
}

#[test]
#[ignore = "needs promtool: scripts/test"]
fn the_dashboard_asks_for_what_there_is() {
    let text = read_to_string(project().join("examples/grafana/driftless.json")).unwrap();
    let board: Value = serde_json::from_str(&text).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let expressions: Vec<&str> = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap())
        .collect();
    assert!(expressions.len() >= panels.len());
    let rules: String = expressions
        .iter()
        .enumerate()
        .map(|(nth, expression)| {
            let expression = expression.replace("$instance", ".*").replace("$cluster", ".*");
            assert!(!expression.contains('$'), "a variable that is not known: {expression}");
            format!("  - record: panel:{nth}\n    expr: {}\n", serde_json::to_string(&expression).unwrap())
        })
        .collect();
    let room = Room::new();
    room.write("rules.yml", format!("groups:\n- name: panels\n  rules:\n{rules}"));
    promtool(&["check", "rules", &room.path("rules.yml").display().to_string()]);
    let unknown: Vec<String> = spoken_of(&text).difference(&metrics()).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new());
    let ids: BTreeSet<u64> = panels.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    assert_eq!(ids.len(), panels.len(), "Grafana drops panels of the same id");
    let mut taken = BTreeSet::new();
    for panel in panels {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(x < 24 && taken.insert((x, y)), "{} overlaps", panel["title"]);
            }
        }
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{}", panel["title"]);
    }
}

#[test]
#[ignore = "needs check-jsonschema: scripts/test"]
fn jobs_of_build_servers_are_what_these_take() {
    let check = project().join("target/check-jsonschema/bin/check-jsonschema");
    for (schema, file) in
        [("vendor.github-workflows", "github-actions.yml"), ("vendor.gitlab-ci", "gitlab-ci.yml")]
    {
        let path = project().join("examples/ci").join(file);
        let output = Command::new(&check).args(["--builtin-schema", schema]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stdout));
        let text = read_to_string(&path).unwrap();
        let commands: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("driftless ")).map(|(_, rest)| rest).collect();
        let run = commands.iter().filter(|command| command.starts_with("immutable manifests"));
        for command in run {
            // The very words of the job, on manifests that there are.
            let room = Room::new();
            let manifest = project().join("examples/manifests/4-nginx-privileged.yaml");
            std::fs::create_dir(room.path("manifests")).unwrap();
            std::fs::copy(manifest, room.path("manifests/pod.yaml")).unwrap();
            let run = room.run(&command.split(' ').collect::<Vec<_>>());
            assert_eq!(run.status, 2, "{}", run.stderr);
            assert!(room.path("driftless.xml").exists());
        }
        assert!(commands.iter().any(|command| command.starts_with("audit ")), "{file}");
    }
}
