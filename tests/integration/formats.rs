//! Every format of a report, read by a second tool or held to its published schema; and whatever hosts sent stays text.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, answers};
use crate::harness::{Outcome, Room, project, wait};

/// Reports that are one text, with the files that tests put them into.
const TEXTS: [&str; 8] = [
    "json=r.json",
    "jsonl=r.jsonl",
    "csv=r.csv",
    "markdown=r.md",
    "junit=r.xml",
    "sarif=r.sarif",
    "prometheus=r.prom",
    "hosts=r.hosts",
];

/// The demo's report in every format.
fn demo(what: &str) -> Room {
    let room = Room::new();
    let outputs = TEXTS.iter().flat_map(|output| ["-o", output]);
    let arguments: Vec<&str> =
        ["demo", what, "-q", "-o", "cyclonedx=bills"].into_iter().chain(outputs).collect();
    let run = room.run(&arguments);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    room
}

/// A report of which every text that a host or a file could have sent is hostile, in every format.
fn hostile() -> Room {
    let room = demo("audit");
    let mut report: Value = serde_json::from_slice(&std::fs::read(room.path("r.json")).unwrap()).unwrap();
    poison(&mut report, "");
    room.write("hostile.json", serde_json::to_vec(&report).unwrap());
    let outputs = TEXTS.iter().flat_map(|output| ["-o", output]);
    let arguments: Vec<&str> = ["report", "hostile.json", "-q"].into_iter().chain(outputs).collect();
    let run = room.run(&arguments);
    assert_eq!(run.status, 2, "{}", run.stderr);
    room
}

const POISON: &str = "<script>alert(1)</script>|=1+1\u{202e}\u{1b}[31m\"'\r\n## x\n\n<img src=x> [a](https://a.example) `c` www.a.example &amp;";

/// Words that a version of ours chose stand; everything else is made hostile, the same text in the same way.
fn poison(value: &mut Value, key: &str) {
    match value {
        Value::String(text) => {
            let ours = [
                "schema",
                "command",
                "rule",
                "severity",
                "status",
                "verdict",
                "state",
                "phase",
                "probe",
                "change",
                "distance",
                "action",
                "class",
                "started",
                "finished",
                "since",
                "last_seen",
                "term",
            ];
            let reason =
                key == "reason" && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            if !ours.contains(&key) && !reason {
                *text = format!("=cmd|' /C calc'!A0{text}{POISON}");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key)),
        _ => {}
    }
}

/// What a Python script prints, with the packages of a folder below target.
fn python(tools: &str, room: &Room, script: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(project().join("target").join(tools).join("bin/python3"));
    command.args(["-c", script]).args(arguments).current_dir(room.path("."));
    read(&mut command)
}

fn read(command: &mut Command) -> String {
    let output = command.output().expect("scripts/test installs it");
    let (told, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{complaint}");
    told.trim().to_owned()
}

#[test]
fn csv_is_read_by_another_and_holds_no_formula() {
    let script = "import csv
rows = list(csv.reader(open('r.csv', newline='', encoding='utf-8')))
assert {len(row) for row in rows} == {15}, 'every row has every column'
cells = [cell for row in rows[1:] for cell in row]
assert not [cell for cell in cells if cell.lstrip()[:1] in ('=', '+', '-', '@') and cell]
assert not [cell for cell in cells if any(ord(c) < 32 or ord(c) == 0x202e for c in cell)]
print(len(rows), rows[3][1])";
    for room in [demo("audit"), hostile()] {
        assert_eq!(
            read(Command::new("python3").args(["-c", script]).current_dir(room.path("."))),
            "17 package-broken"
        );
    }
}

#[test]
fn junit_is_read_by_another_and_counts_right() {
    let script = "import xml.etree.ElementTree as xml
root = xml.parse('r.xml').getroot()
cases = root.findall('testsuite/testcase')
for name, found in (('tests', cases), ('failures', [c for c in cases if c.find('failure') is not None]), ('errors', [c for c in cases if c.find('error') is not None])):
    assert int(root.get(name)) == len(found) == sum(int(suite.get(name)) for suite in root), (name, root.attrib, len(found))
assert not root.findall('.//script')
print(root.get('tests'), root.get('failures'), root.get('errors'))";
    for room in [demo("audit"), hostile()] {
        assert_eq!(read(Command::new("python3").args(["-c", script]).current_dir(room.path("."))), "21 6 3");
    }
}

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn json_and_its_lines_are_what_their_schemas_take() {
    let script = "import json, sys, jsonschema
def checker(path):
    schema = json.load(open(path))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)
whole, line = checker(sys.argv[1]), checker(sys.argv[2])
whole.validate(json.load(open('r.json')))
lines = [json.loads(text) for text in open('r.jsonl')]
for one in lines: line.validate(one)
assert list(line.iter_errors({**lines[1], 'status': 'fine'})), 'the schema must be able to refuse'
kinds = [one['type'] for one in lines]
assert (kinds[0], kinds[-1]) == ('run', 'summary')
print(len(lines), *sorted(set(kinds)))";
    let schemas =
        ["report.schema.json", "report-line.schema.json"].map(|name| project().join("examples").join(name));
    let schemas = schemas.each_ref().map(std::path::PathBuf::as_path);
    let told = "48 advice cluster finding host run summary";
    assert_eq!(python("kubernetes", &demo("audit"), script, &schemas), told);
    assert_eq!(python("kubernetes", &hostile(), script, &schemas), told);
    assert!(python("kubernetes", &demo("ready"), script, &schemas).ends_with("upgrade"));
}

#[test]
#[ignore = "needs SARIF's schema: scripts/test"]
fn sarif_is_what_its_published_schema_takes() {
    let script = "import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
checker = jsonschema.validators.validator_for(schema)(schema)
log = json.load(open('r.sarif'))
mistakes = [f'{list(one.absolute_path)}: {one.message}' for one in checker.iter_errors(log)]
assert not mistakes, mistakes[:5]
run = log['runs'][0]
rules = run['tool']['driver']['rules']
for one in run['results']:
    assert rules[one['ruleIndex']]['id'] == one['ruleId'] and len(one['locations']) == 1
    assert '..' not in one['locations'][0]['physicalLocation']['artifactLocation']['uri'].split('/')
print(len(run['results']), len(run['invocations'][0]['toolExecutionNotifications']))";
    let schema = project().join("target/sarif/package/lib/schemas/sarif-2.1.0-rtm.5.json");
    for room in [demo("audit"), demo("ready"), hostile()] {
        let told = python("kubernetes", &room, script, &[&schema]);
        assert!(told == "13 3" || told.ends_with(" 0") || told.ends_with(" 2"), "{told}");
    }
}

#[test]
#[ignore = "needs cmark-gfm: scripts/test"]
fn markdown_has_no_markup_but_its_own() {
    let script = "import sys
from html.parser import HTMLParser
class Page(HTMLParser):
    def __init__(self): super().__init__(); self.tags = set(); self.cells = 0; self.rows = []
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == 'tr': self.cells = 0
        if tag in ('td', 'th'): self.cells += 1
        if tag == 'table': self.rows.append(set())
    def handle_endtag(self, tag):
        if tag == 'tr': self.rows[-1].add(self.cells)
page = Page()
page.feed(sys.stdin.read())
assert page.tags <= {'h1','h2','p','strong','table','thead','tbody','tr','th','td','ul','ol','li'}, page.tags
assert page.rows and all(len(cells) == 1 for cells in page.rows), page.rows
print(len(page.rows))";
    for room in [demo("audit"), demo("ready"), hostile()] {
        let shell =
            "cmark-gfm --unsafe -e table -e autolink -e strikethrough -e tagfilter r.md | python3 -c \"$0\"";
        let tables = read(Command::new("sh").args(["-c", shell, script]).current_dir(room.path(".")));
        assert!(tables.parse::<usize>().unwrap() >= 2, "{tables}");
    }
}

#[test]
#[ignore = "needs promtool: scripts/test"]
fn metrics_pass_promtool_and_any_user_may_read_them() {
    for room in [demo("audit"), demo("ready"), hostile()] {
        let metrics = std::fs::File::open(room.path("r.prom")).unwrap();
        let mut promtool = Command::new(project().join("target/prometheus/usr/bin/promtool"));
        read(promtool.args(["check", "metrics"]).stdin(metrics));
    }
    let room = Room::new();
    let program = env!("CARGO_BIN_EXE_driftless");
    let shell = format!("umask 077; exec {program} demo -q -o prometheus=r.prom -o json=r.json");
    let shell = Command::new("sh").args(["-c", &shell]).current_dir(room.path(".")).output().unwrap();
    assert!(shell.status.success());
    let mode = |name: &str| room.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("r.prom"), mode("r.json")), (0o644, 0o600));
    assert_eq!(
        room.listing().iter().filter(|name| name.starts_with("r.") || name.starts_with('.')).count(),
        2
    );
}

#[test]
#[ignore = "needs cyclonedx-python-lib: scripts/test"]
fn bills_of_materials_are_what_the_published_schema_takes() {
    let script = "import json, glob
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
checker = JsonStrictValidator(SchemaVersion.V1_6)
serials = set()
for name in sorted(glob.glob('bills/*.cdx.json')):
    text = open(name).read()
    assert checker.validate_str(text) is None, (name, checker.validate_str(text))
    bill = json.loads(text)
    serials.add(bill['serialNumber'])
    for one in bill['components'][1:]:
        url = PackageURL.from_string(one['purl'])
        assert (url.type, url.name, url.version) == ('deb', one['name'], one['version']), one
        assert url.to_string() == one['purl'], one
assert checker.validate_str(text.replace('\"library\"', '\"book\"')), 'the schema must be able to refuse'
print(len(serials))";
    assert_eq!(python("cyclonedx", &demo("audit"), script, &[]), "18");
}

#[test]
fn a_bill_of_materials_is_written_for_each_host_that_is_known_and_the_others_are_told() {
    let room = Room::new();
    let run = room.run(&["demo", "-o", "cyclonedx=new/bills"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("driftless demo"), "the table is shown beside files");
    assert!(run.stderr.contains("no bill of materials was written for old-2,web-[15-16]"), "{}", run.stderr);
    let bill = std::fs::read(room.path("new/bills/web-01.cdx.json")).unwrap();
    let bill: Value = serde_json::from_slice(&bill).unwrap();
    assert_eq!(bill["components"][0]["version"], "13");
    let nginx = bill["components"].as_array().unwrap().iter().find(|one| one["name"] == "nginx").unwrap();
    assert_eq!(nginx["purl"], "pkg:deb/debian/nginx@1.26.3-3%2Bdeb13u11?arch=amd64&distro=debian-13");
    let to_stdout = room.run(&["demo", "-o", "cyclonedx"]);
    assert_eq!(to_stdout.status, 1);
    assert!(to_stdout.stderr.contains("cyclonedx=FOLDER"), "{}", to_stdout.stderr);
}

#[test]
fn a_report_that_was_read_from_files_is_told_like_one_that_was_just_made() {
    let room = demo("audit");
    for name in ["csv", "markdown", "junit", "hosts"] {
        let own = room.run(&["report", "r.json", "-o", name]);
        let file = std::fs::read_to_string(room.path(match name {
            "csv" => "r.csv",
            "markdown" => "r.md",
            "junit" => "r.xml",
            _ => "r.hosts",
        }));
        let told = own.stdout.replace("driftless report", "driftless demo");
        // Findings of equal severity stand in another order.
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!((own.status, sorted(&told)), (2, sorted(&file.unwrap())), "{name}");
    }
    let asked = demo("ready");
    let told = asked.run(&["report", "r.json", "-o", "json"]).json();
    assert!(told["summary"].get("in_sync").is_none(), "nobody asked: {}", told["summary"]);
    assert!(!asked.run(&["report", "r.json"]).stdout.contains("in sync"));
    room.write("none.json", "{\"schema\": \"driftless/report/v1\", \"hosts\": [], \"clusters\": []}");
    let none = room.run(&["report", "none.json"]);
    assert!(none.status == 1 && none.stderr.contains("none.json: it has no findings"), "{}", none.stderr);
    let bills = room.run(&["report", "r.json", "-o", "cyclonedx=x"]);
    assert!(bills.status == 1 && bills.stderr.contains("every package"), "{}", bills.stderr);
    let mut odd: Value = serde_json::from_slice(&std::fs::read(room.path("r.json")).unwrap()).unwrap();
    odd["hosts"][0]["status"] = json!("fine");
    room.write("odd.json", odd.to_string());
    let odd = room.run(&["report", "odd.json", "-o", "csv"]);
    assert!(odd.status == 1 && odd.stderr.contains("odd.json: unknown variant `fine`"), "{}", odd.stderr);
}

/// Runs with standard output on a full disk, or with a limit of what a file may take.
fn shell(room: &Room, script: &str) -> Outcome {
    let program = env!("CARGO_BIN_EXE_driftless");
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("DRIFTLESS", program).current_dir(room.path("."));
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    wait(command.spawn().unwrap())
}

#[test]
fn a_report_that_cannot_be_written_loses_nothing() {
    let room = Room::new();
    room.write("r.csv", "the last one\n");
    // A limit of a file's size does what a full disk does, and needs no root.
    let run = shell(&room, "ulimit -f 1; exec $DRIFTLESS demo -q -o csv=r.csv -o hosts=r.hosts");
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("r.csv: the report could not be written"), "{}", run.stderr);
    assert!(run.stdout.contains("driftless demo   21 hosts"), "what did not reach its file is shown");
    assert_eq!(std::fs::read_to_string(room.path("r.csv")).unwrap(), "the last one\n", "the old one stays");
    assert!(std::fs::read_to_string(room.path("r.hosts")).unwrap().contains("web-10"), "others are written");
    assert_eq!(
        room.listing().iter().filter(|name| name.starts_with(".driftless")).count(),
        0,
        "nothing is left"
    );
    // A folder that is not there is told at once, and the audit of the night is made all the same.
    let none = room.run(&["demo", "-q", "-o", "json=none/r.json"]);
    assert!(none.status == 1 && none.stdout.contains("driftless demo   21 hosts"), "{}", none.stderr);
    assert!(
        none.stderr.starts_with("warning: none/r.json") && none.stderr.contains("\nerror: none/r.json"),
        "{}",
        none.stderr
    );
    let kept = shell(
        &room,
        "echo before > log; $DRIFTLESS demo -q -o json=/dev/stdout >> log; $DRIFTLESS demo -q -o csv=/dev/stderr 2>> log; cat log",
    );
    assert!(kept.stdout.starts_with("before\n{") && kept.stdout.contains("severity,rule"), "{}", kept.stdout);
    let full = shell(&room, "exec $DRIFTLESS demo -q -o csv=/dev/full -o json");
    assert_eq!(full.status, 1);
    assert!(
        full.stderr.contains("/dev/full: the report could not be written: No space left"),
        "{}",
        full.stderr
    );
    assert!(full.json()["findings"].as_array().is_some_and(|all| !all.is_empty()));
    let both = shell(&room, "exec $DRIFTLESS demo -q -o hosts=again -o json > /dev/full");
    assert!(both.status == 1 && both.stderr.contains("standard output: No space left"), "{}", both.stderr);
    assert!(room.path("again").exists());
}

#[test]
fn lines_tell_of_each_host_as_soon_as_it_is_done() {
    use std::io::{BufRead as _, BufReader};
    let hosts = (1..=2).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3"])));
    let fleet = Fleet::new(hosts.chain([("web-03".to_owned(), Behaviour::Hangs)]));
    let mut child =
        fleet.command(&["-o", "jsonl", "--timeout", "3", "--connect-timeout", "3"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut next = || lines.next().map(|line| serde_json::from_str::<Value>(&line).unwrap());
    let first = [next().unwrap(), next().unwrap()];
    assert!(child.try_wait().unwrap().is_none(), "one host still keeps us waiting");
    for line in first {
        assert_eq!((&line["type"], &line["status"]), (&json!("answered"), &json!("audited")), "{line}");
    }
    let third = next().unwrap();
    assert_eq!((&third["host"], &third["status"]), (&json!("web-03"), &json!("unreachable")));
    assert!(third["error"]["hint"].is_string());
    assert_eq!(next().unwrap()["type"], "run");
    let rest: Vec<Value> = std::iter::from_fn(next).collect();
    assert_eq!(rest.last().unwrap()["type"], "summary");
    child.wait().unwrap();
    // Into a file, and beside another report, there is the report alone.
    let run = fleet.audit(&["-o", "jsonl=lines", "--timeout", "3", "--connect-timeout", "3"]);
    assert!(run.stdout.starts_with("driftless audit"), "{}", run.stdout);
    assert!(std::fs::read_to_string(fleet.room.path("lines")).unwrap().starts_with("{\"type\":\"run\""));
}
