//! `driftless immutable` as a user runs it: manifests in, verdicts, findings and exit status out.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Outcome, Room, keys, project, wait};

/// One of the manifests that the documentation talks about.
fn example(name: &str) -> String {
    project().join("examples/manifests").join(name).display().to_string()
}

pub(super) fn audit(room: &Room, arguments: &[&str]) -> Outcome {
    room.run(&[&["immutable"], arguments].concat())
}

/// A manifest in a room of its own, audited as JSON.
#[track_caller]
fn report(text: &str, arguments: &[&str]) -> (Value, i32) {
    let room = Room::new();
    room.write("a.yaml", text);
    let run = audit(&room, &[&["a.yaml", "-q", "-o", "json"], arguments].concat());
    (run.json(), run.status)
}

/// The keys of those findings that are at least so severe.
fn severe<'r>(report: &'r Value, severities: &[&str]) -> Vec<&'r str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let severe = findings.filter(|one| severities.contains(&one["severity"].as_str().unwrap()));
    severe.map(|one| one["key"].as_str().unwrap()).collect()
}

pub(super) const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: c\n      image: nginx:1.27\n";

#[test]
fn nginx_is_writable_then_fails_then_is_immutable_then_void() {
    let room = Room::new();
    let told = |name: &str| {
        let run = audit(&room, &[&example(name), "-o", "json"]);
        let report = run.json();
        let object = &report["objects"][0];
        let high = severe(&report, &["high"]).join(" ");
        (object["immutable"].clone(), object["voided_by"].to_string(), high, run.status)
    };
    let (immutable, why, high, status) = told("1-nginx.yaml");
    assert_eq!((immutable, high.as_str(), status), (Value::Bool(false), "", 2));
    assert!(why.contains("its root file system is writable: readOnlyRootFilesystem is not set"), "{why}");

    let (immutable, why, high, status) = told("2-nginx-read-only.yaml");
    assert_eq!((immutable, status), (Value::Bool(false), 2));
    assert_eq!(high, "write-path-uncovered///Pod/-/nginx-read-only nginx");
    assert!(why.contains("it would not run: nothing writable covers /var/cache/nginx, /run"), "{why}");

    let (immutable, why, high, status) = told("3-nginx-immutable.yaml");
    assert_eq!((immutable, why.as_str(), high.as_str(), status), (Value::Bool(true), "[]", "", 0));

    let (immutable, why, high, status) = told("4-nginx-privileged.yaml");
    assert_eq!((immutable, status), (Value::Bool(false), 2));
    assert_eq!(high, "privileged///Pod/-/nginx-privileged nginx");
    assert!(
        why.contains(
            "the read-only root is void: privileged makes /proc/sys writable, and vm.* is the node's"
        ),
        "{why}"
    );
}

#[test]
fn a_finding_names_the_containers_own_line_and_the_fix() {
    let two = format!("{POD}    - image: redis\n      name: second\n");
    let (report, _) = report(&two, &[]);
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|one| one["key"] == "root-writable///Pod/-/web second").unwrap();
    assert_eq!(finding["location"], serde_json::json!({ "file": "a.yaml", "line": 9, "column": 7 }));
    assert!(
        finding["evidence"]["fix"].as_str().unwrap().contains("readOnlyRootFilesystem: true"),
        "{finding}"
    );
    assert!(finding["host"].is_null() && report.get("hosts").is_none() && report.get("clusters").is_none());
    assert!(
        report["summary"].get("hosts").is_none()
            && report["summary"]["findings"]["medium"].as_u64() > Some(0)
    );
}

#[test]
fn keys_stay_where_lines_move() {
    let (before, _) = report(POD, &[]);
    let (after, _) = report(&format!("# a comment\n---\n{POD}"), &[]);
    assert_eq!(keys(&before), keys(&after));
    assert_ne!(before["findings"][0]["location"], after["findings"][0]["location"]);
}

#[test]
fn standard_input_and_folders_are_read() {
    let room = Room::new();
    std::fs::create_dir_all(room.path("charts/deep")).unwrap();
    room.write("charts/deep/a.yml", POD);
    room.write(
        "charts/b.json",
        "{\"apiVersion\": \"v1\",\t\"kind\": \"Service\", \"metadata\": {\"name\": \"s\"}}",
    );
    room.write("charts/notes.txt", "no: [manifest");
    let run = audit(&room, &["charts", "-o", "json"]);
    let found = run.json();
    assert_eq!(found["objects"][0]["file"], "charts/deep/a.yml");
    assert_eq!((found["summary"]["files"].as_u64(), run.status), (Some(2), 2));

    let mut child = room.command(&["immutable", "-", "-o", "json"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(POD.as_bytes()).unwrap();
    let run = wait(child);
    assert_eq!((run.json()["objects"][0]["file"].as_str(), run.status), (Some("stdin"), 2));
}

#[test]
fn nothing_to_audit_is_no_success() {
    let room = Room::new();
    room.write("values.yaml", "image: nginx\n");
    room.write("broken.yaml", "a: [\n");
    room.write("service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n");
    for (path, words) in [
        ("-", "no Kubernetes object in -"),
        ("values.yaml", "no Kubernetes object in values.yaml"),
        ("missing.yaml", "nothing of missing.yaml could be read"),
        ("broken.yaml", "nothing of broken.yaml could be read"),
    ] {
        let run = audit(&room, &[path]);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{path}");
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(audit(&room, &["broken.yaml"]).stderr.contains("broken.yaml:"), "with its place");
    assert_eq!(audit(&room, &["service.yaml"]).status, 0, "an object without containers");
    assert_eq!(audit(&room, &[]).status, 1, "clap's own 2 would read as findings");
}

#[test]
fn what_is_broken_is_told_with_its_place_and_the_rest_is_audited() {
    let room = Room::new();
    let good = POD.replace("name: web", "name: good");
    std::fs::create_dir(room.path("all")).unwrap();
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, nth| {
        let items = vec![format!("*a{}", nth - 1); 9].join(", ");
        format!("{text}a{nth}: &a{nth} [{items}]\n")
    });
    for (name, text) in [
        ("broken.yaml", format!("kind: [\n---\n{good}").into_bytes()),
        ("bomb.yaml", bomb.into_bytes()),
        ("twice.yaml", b"apiVersion: v1\nkind: Pod\nkind: Pod\n".to_vec()),
        ("tabs.yaml", b"kind: Pod\nspec:\n\tcontainers: []\n".to_vec()),
        ("template.yaml", b"kind: Pod\nmetadata:\n  name: {{ .Values.name }}\n".to_vec()),
        ("binary.yaml", b"\x7fELF\x00\x00".to_vec()),
        ("latin.yaml", b"kind: Pod\nname: caf\xe9\n".to_vec()),
        ("deep.yaml", format!("a: {}{}\n", "[".repeat(5000), "]".repeat(5000)).into_bytes()),
        ("typed.yaml", POD.replace("name: web", "name: typed").into_bytes()),
    ] {
        room.write(&format!("all/{name}"), text);
    }
    let huge = std::fs::File::create(room.path("all/huge.yaml")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let run = audit(&room, &["all", "gone.yaml", "-o", "json", "--fail-on", "never"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    let report = run.json();
    let names: Vec<&str> =
        report["objects"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["good", "typed"]);
    let gaps: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "gap").collect();
    let gap = |file: &str| {
        let found = gaps.iter().find(|one| one["subject"].as_str().unwrap().starts_with(file));
        let found = found.unwrap_or_else(|| panic!("{file} {gaps:#?}"));
        (found["location"]["line"].as_u64(), found["message"].as_str().unwrap().to_owned())
    };
    for (file, line, words) in [
        ("all/broken.yaml document 1", Some(1), "this is no YAML"),
        ("all/bomb.yaml", None, "unfolds to, more than is read"),
        ("all/twice.yaml", Some(3), "`kind` stands twice"),
        ("all/tabs.yaml", Some(3), "not with tabs"),
        ("all/template.yaml", Some(3), "this is a template, not a manifest"),
        ("all/binary.yaml", None, "it is no text"),
        ("all/latin.yaml", Some(2), "not UTF-8"),
        ("all/deep.yaml", Some(1), ""),
        ("all/huge.yaml", None, "larger than 64 MiB"),
        ("gone.yaml", None, "it cannot be read"),
    ] {
        let (at, message) = gap(file);
        assert!(message.contains(words), "{file}: {message}");
        assert!(line.is_none() || at == line, "{file}: {at:?} {message}");
    }
    assert!(run.stderr.contains("all/tabs.yaml:3:"), "{}", run.stderr);
    assert!(run.peak < 400 << 20, "it held {} MiB", run.peak >> 20);
}

#[test]
fn waivers_of_manifest_and_playbook_hide_and_expire() {
    let annotated = |value: &str| {
        POD.replace(
            "  name: web\n",
            &format!("  name: web\n  annotations:\n    driftless.dev/waive.root-writable: {value}\n"),
        )
    };
    let (told, _) = report(&annotated("\"until=2999-12-31 a build pod\""), &[]);
    let finding =
        told["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "root-writable").unwrap();
    assert_eq!(finding["waived"]["justification"], "a build pod");
    let (told, status) = report(&annotated("until=2020-01-01 a build pod"), &[]);
    assert!(keys(&told).contains(&"waiver-expired///root-writable Pod/-/web") && status == 2, "{told:#}");
    let (told, status) = report(&annotated("a build pod"), &["--fail-on", "never"]);
    let gap = told["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "gap").unwrap();
    assert_eq!((gap["location"]["line"].as_u64(), status), (Some(6), 3), "{gap}");

    let room = Room::new();
    room.write("a.yaml", POD);
    room.write("p.toml", "[[waiver]]\nrule = \"root-writable\"\nsubject = \"Pod/*/web *\"\njustification = \"moving\"\nuntil = 2999-12-31\n[[ignore]]\nrule = \"privilege-escalation\"\nreason = \"set by a webhook\"\n");
    let run = audit(&room, &["a.yaml", "-p", "p.toml"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout.contains("moving until 2999-12-31") && run.stdout.contains("set by a webhook"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("not immutable"), "what is waived is not undone: {}", run.stdout);
}

#[test]
fn an_earlier_report_is_accepted_and_the_version_counts() {
    let room = Room::new();
    let sysctl = POD
        .replace("spec:\n", "spec:\n  securityContext: {sysctls: [{name: net.ipv4.tcp_rmem, value: x}]}\n");
    room.write("a.yaml", &sysctl);
    audit(&room, &["a.yaml", "-o", "json=known.json"]);
    let run = audit(&room, &["a.yaml", "--accept", "known.json"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let old =
        audit(&room, &["a.yaml", "--accept", "known.json", "--kubernetes-version", "1.31", "-o", "json"]);
    assert_eq!(old.status, 2);
    assert!(keys(&old.json()).contains(&"unsafe-sysctl///Pod/-/web net.ipv4.tcp_rmem"));
    let wrong = audit(&room, &["a.yaml", "--kubernetes-version", "latest"]);
    assert!(wrong.status == 1 && wrong.stderr.contains("no version of Kubernetes"), "{}", wrong.stderr);
    let newer = audit(&room, &["a.yaml", "--kubernetes-version", "1.99"]);
    assert!(newer.stderr.contains("is judged as"), "{}", newer.stderr);
}

/// What a reader that is not ours makes of a file.
fn python(room: &Room, script: &str) -> String {
    let output = Command::new("python3").args(["-c", script]).current_dir(room.path(".")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn sarif_and_junit_are_read_by_others() {
    let room = Room::new();
    room.write("a b.yaml", format!("{POD}---\nkind: [\n"));
    let run = audit(&room, &["a b.yaml", "-q", "-o", "sarif=out.sarif", "-o", "junit=out.xml"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let sarif = "import json; log = json.load(open('out.sarif')); run = log['runs'][0]; rules = run['tool']['driver']['rules']
assert log['version'] == '2.1.0' and len({r['id'] for r in rules}) == len(rules)
for one in run['results']:
    assert rules[one['ruleIndex']]['id'] == one['ruleId'] and one['level'] in ('error', 'warning', 'note')
    assert one['message']['text'] and one['partialFingerprints']
root = [r for r in run['results'] if r['ruleId'] == 'root-writable'][0]
place = root['locations'][0]['physicalLocation']
print(place['artifactLocation']['uri'], place['region']['startLine'], place['region']['startColumn'], len(run['invocations'][0]['toolExecutionNotifications']))";
    assert_eq!(python(&room, sarif), "a%20b.yaml 7 7 1");
    let junit = "import xml.etree.ElementTree as e; root = e.parse('out.xml').getroot()
suite = root.find('testsuite'); cases = {c.get('name'): c for c in suite.findall('testcase')}
print(suite.get('name'), sorted(f.get('type') for f in cases['c'].findall('failure')), root.get('errors'), cases['c'].get('line'), cases['c'].find('system-out').text.split(':')[0])";
    assert_eq!(python(&room, junit), "a b.yaml ['privilege-escalation', 'root-writable'] 1 7 not immutable");
    let wrong = audit(&room, &["a b.yaml", "-o", "hosts"]);
    assert!(
        wrong.status == 1 && wrong.stderr.contains("no format of a report on manifests"),
        "{}",
        wrong.stderr
    );
}

/// What Kubernetes' own schema says of manifests, each valid or not.
fn valid(room: &Room, texts: &[String]) -> Vec<bool> {
    for (nth, text) in texts.iter().enumerate() {
        room.write(&format!("{nth}.yaml"), text);
    }
    let script = "import sys, yaml, kubernetes_validate as k
for nth in range(int(sys.argv[1])):
    try:
        k.validate(yaml.safe_load(open(f'{nth}.yaml')), k.latest_version(), strict=True); print(True)
    except Exception as e:
        print(False)";
    let python = project().join("target/kubernetes/bin/python3");
    let output = Command::new(python)
        .args(["-c", script, &texts.len().to_string()])
        .current_dir(room.path("."))
        .output()
        .expect("scripts/test installs kubernetes-validate");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "True").collect()
}

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn kubernetes_agrees_on_what_is_misplaced_and_takes_the_examples() {
    let examples = std::fs::read_dir(project().join("examples/manifests")).unwrap();
    let examples: Vec<String> =
        examples.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(valid(&Room::new(), &examples), vec![true; examples.len()]);
    let written = |form: &str| audit(&Room::new(), &[&example("1-nginx.yaml"), form]).stdout;
    let fixes = [written("--fix"), written("--fix=patch")];
    assert!(fixes.iter().all(|text| text.contains("emptyDir")), "{fixes:?}");
    assert_eq!(valid(&Room::new(), &fixes), [true, true]);
    let container = |more: &str| format!("{POD}{more}");
    let pod = |more: &str| POD.replace("spec:\n", &format!("spec:\n{more}"));
    let context = |field: &str| container(&format!("      securityContext:\n        {field}\n"));
    let texts = [
        context("readOnlyRootFilesystem: true"),
        context("readOnlyRootFileSystem: true"),
        context("capabilities: {add: [SYS_ADMIN], drop: [ALL]}"),
        context("procMount: Unmasked"),
        context("fsGroup: 1"),
        context("sysctls: []"),
        context("hostPID: true"),
        context("readOnlyRootFs: true"),
        container("      SecurityContext: {privileged: false}\n"),
        container("      VolumeMounts: []\n"),
        pod("  securitycontext: {runAsUser: 1}\n"),
        pod("  securityContext: {runAsUsr: 1, seLinuxChangePolicy: Recursive}\n"),
        context("runAsUser: 1"),
        container("      privileged: true\n"),
        container("      readOnlyRootFilesystem: true\n"),
        container("      hostNetwork: true\n"),
        pod("  securityContext: {privileged: true}\n"),
        pod("  securityContext: {readOnlyRootFilesystem: true}\n"),
        pod("  securityContext: {capabilities: {drop: [ALL]}}\n"),
        pod("  securityContext: {fsGroup: 1, supplementalGroups: [1], runAsNonRoot: true}\n"),
        pod("  securityContext: {sysctls: [{name: a, value: b}]}\n"),
        pod("  securityContext: {hostIPC: true}\n"),
        pod("  hostPID: true\n  hostUsers: false\n"),
        pod("  privileged: true\n"),
        pod("  volumes: [{name: a, hostPath: {path: /a, readOnly: true}}]\n"),
        pod("  volumes: [{name: a, emptyDir: {readOnly: true}}]\n"),
        pod("  volumes: [{name: a, nfs: {server: a, path: /b, readOnly: true}}]\n"),
    ];
    let room = Room::new();
    let answers = valid(&room, &texts);
    for (nth, valid) in answers.into_iter().enumerate() {
        let report = audit(&room, &[&format!("{nth}.yaml"), "-o", "json"]).json();
        let misplaced = keys(&report).iter().any(|key| key.starts_with("misplaced-field"));
        assert_eq!(misplaced, !valid, "{}", texts[nth]);
    }
}

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn what_kubernetes_own_schema_refuses_is_told() {
    let container = |more: &str| format!("{POD}      {more}\n");
    let pod = |more: &str| POD.replace("spec:\n", &format!("spec:\n  {more}\n"));
    let texts = [
        container("volumeMounts: [{name: v}]"),
        container("volumeMounts: [{mountPath: /v}]"),
        container("volumeMounts: [v]"),
        container("volumeMounts: [{name: 1, mountPath: /v}]"),
        container("securityContext: {capabilities: {add: [{name: a}]}}"),
        container("securityContext: {capabilities: {drop: [1]}}"),
        container("securityContext: {privileged: 1}"),
        POD.replace("name: c", "name: 1"),
        POD.replace("name: c\n      image", "image"),
        pod("volumes: [{name: v, emptydir: {}}]"),
        pod("volumes: [{name: v, emptyDir: true}]"),
        pod("volumes: [{emptyDir: {}}]"),
        pod("volumes: [{name: v, hostPath: {}}]"),
        pod("hostUsers: 'no'"),
        pod("initContainers: {}"),
        POD.replace("kind: Pod", "kind: pod"),
        POD.to_owned(),
        container("securityContext: {procMount: Default, capabilities: {add: [KILL], drop: [ALL]}}"),
        pod(
            "volumes: [{name: v, emptyDir: {sizeLimit: 1Gi}}, {name: w, emptyDir: {sizeLimit: 1000}}, {name: x}]",
        ),
        pod("os: {name: linux}"),
    ];
    let room = Room::new();
    let answers = valid(&room, &texts);
    assert_eq!(answers.iter().filter(|valid| **valid).count(), 4, "{answers:?}");
    for (nth, valid) in answers.into_iter().enumerate() {
        let run = audit(&room, &[&format!("{nth}.yaml"), "-o", "json", "--fail-on", "never"]);
        let said = if valid { 0 } else { 3 };
        assert_eq!(run.status, said, "{} {}", texts[nth], run.stderr);
    }
}

#[test]
fn the_table_says_what_voids_it_where_and_what_to_do() {
    let run = audit(&Room::new(), &[&example("4-nginx-privileged.yaml"), &example("1-nginx.yaml")]);
    for words in [
        "driftless immutable   2 containers in 2 files",
        "4-nginx-privileged.yaml:8:7",
        "the read-only root is void: privileged makes /proc/sys writable",
        "fix: set readOnlyRootFilesystem: true",
        "0 immutable, 2 not   findings: 1 high",
    ] {
        assert!(run.stdout.contains(words), "{words} is missing:\n{}", run.stdout);
    }
    assert!(run.stderr.is_empty() && !run.stdout.contains('\u{1b}'), "{}", run.stderr);
    let room = Room::new();
    let folder = project().join("examples/manifests");
    let mut command = room.command(&["immutable", "."]);
    let narrow = wait(command.current_dir(folder).env("COLUMNS", "80").spawn().unwrap()).stdout;
    let wide: Vec<&str> = narrow.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty() && narrow.lines().count() > 40, "{wide:#?}");
}

#[test]
fn thousands_of_manifests_take_little_and_are_told_in_few_lines() {
    let room = Room::new();
    std::fs::create_dir(room.path("many")).unwrap();
    let text = std::fs::read_to_string(example("3-nginx-immutable.yaml")).unwrap();
    for nth in 0..3_000 {
        let own = text.replace("nginx-immutable", &format!("nginx-{nth}"));
        let own = if nth % 100 == 0 {
            own.replace("readOnlyRootFilesystem: true", "privileged: true")
        } else {
            own
        };
        room.write(&format!("many/{nth}.yaml"), own);
    }
    let run = audit(&room, &["many"]);
    assert!(run.stdout.contains("2970 immutable, 30 not"), "{}", run.stdout);
    assert!(run.stdout.lines().count() < 250, "{}", run.stdout);
    assert!(run.peak < 64 << 20, "it held {} MiB", run.peak >> 20);
}

#[test]
fn a_fix_goes_to_standard_output_or_into_the_file_and_is_done_once() {
    let room = Room::new();
    room.write("a.yaml", POD);
    let run = audit(&room, &["a.yaml", "--fix"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "nothing at or above medium is left");
    room.write("b.yaml", &run.stdout);
    let report = audit(&room, &["b.yaml", "-o", "json"]).json();
    assert_eq!(report["objects"][0]["immutable"], true, "{}", run.stdout);
    assert_eq!(std::fs::read_to_string(room.path("a.yaml")).unwrap(), POD, "the file itself stays");

    room.write("a.yaml", format!("\u{feff}{POD}"));
    let run = audit(&room, &["a.yaml", "--fix", "--in-place"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "a.yaml: 1 container put right\n")
    );
    let text = std::fs::read_to_string(room.path("a.yaml")).unwrap();
    assert!(
        text.starts_with("\u{feff}apiVersion") && text.contains("readOnlyRootFilesystem: true"),
        "{text}"
    );
    let run = audit(&room, &["a.yaml", "--fix", "--in-place"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "and a second time changes nothing");
    assert_eq!(std::fs::read_to_string(room.path("a.yaml")).unwrap(), text);
    assert_eq!(audit(&room, &["-", "--fix", "--in-place"]).status, 1);
}

#[test]
fn a_fix_keeps_the_mark_and_the_line_ends_of_a_file_on_standard_output_too() {
    let room = Room::new();
    room.write("right.yaml", audit(&Room::new(), &[&example("3-nginx-immutable.yaml"), "--fix"]).stdout);
    let right = std::fs::read_to_string(room.path("right.yaml")).unwrap().replace('\n', "\r\n");
    for text in [format!("\u{feff}{right}"), right, format!("\u{feff}---\n{POD}")] {
        room.write("a.yaml", &text);
        let run = audit(&room, &["a.yaml", "--fix"]);
        let begin = text.split_inclusive('\n').take(8).collect::<String>();
        assert!(run.stdout.starts_with(&begin), "{:?}", run.stdout);
        assert!(text.len() < 500 || run.stdout == text, "{:?}", run.stdout);
    }
}

#[test]
fn a_fix_says_what_it_cannot_know() {
    let room = Room::new();
    room.write("a.yaml", POD.replace("nginx:1.27", "corp/app"));
    room.write("b.yaml", "kind: [\n");
    let run = audit(&room, &["a.yaml", "b.yaml", "--fix"]);
    assert_eq!(run.status, 2, "its root is still writable");
    for words in [
        "a.yaml:7:7: Pod/-/web c: its root stays writable: which paths corp/app writes is not known",
        "docker diff",
        "b.yaml:1:7",
    ] {
        assert!(run.stderr.contains(words), "{words} is missing: {}", run.stderr);
    }
    assert!(
        run.stdout.contains("allowPrivilegeEscalation: false") && run.stdout.ends_with("---\nkind: [\n"),
        "{}",
        run.stdout
    );
    let patch = audit(&room, &["a.yaml", "--fix=patch"]);
    assert!(
        patch.stdout.starts_with("apiVersion: v1\nkind: Pod\n") && !patch.stdout.contains("image"),
        "{}",
        patch.stdout
    );
    assert_eq!(audit(&room, &["a.yaml", "--fix", "-o", "json"]).status, 1);
}
