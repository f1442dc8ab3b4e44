//! Ansible itself as the judge: whatever inventory it reads, `driftless hosts` says the same.
//!
//! `scripts/test` installs ansible-core into `target/ansible`; a machine without it fails here, loudly.
//! `DRIFTLESS_TEST_CASES` sets how many inventories are made, `DRIFTLESS_TEST_SEED` the first one's seed.

mod generate;
mod words;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Outcome, Room, project};
use generate::Case;

/// What a command says: status, stdout, stderr.
type Answer = (i64, String, String);

/// Ansible's commands, loaded once.
struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    _home: Room,
}

impl Oracle {
    fn start(hashes: usize) -> Self {
        let python = project().join("target/ansible/bin/python3");
        assert!(python.exists(), "{} is missing: scripts/test installs it", python.display());
        let home = Room::new();
        home.write("ansible.cfg", "");
        let mut child = Command::new(python)
            .arg(project().join("tests/integration/ansible/oracle.py"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path(""))
            .env("LC_ALL", "C.UTF-8")
            .env("PYTHONHASHSEED", (hashes + 1).to_string())
            .env("ANSIBLE_CONFIG", home.path("ansible.cfg"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, questions, answers, _home: home }
    }

    fn ask(&mut self, folder: &Path, arguments: &[&str]) -> Answer {
        let question = json!({ "cwd": folder.to_str().unwrap(), "argv": arguments });
        writeln!(self.questions, "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (answer["status"].as_i64().unwrap(), text("stdout"), text("stderr"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn room_of(case: &Case) -> Room {
    let room = Room::new();
    for file in &case.files {
        std::fs::create_dir_all(room.path(&file.path).parent().unwrap()).unwrap();
        room.write(&file.path, &file.text);
        let mode = if file.program { 0o755 } else { 0o644 };
        std::fs::set_permissions(room.path(&file.path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    room
}

fn shown(case: &Case) -> String {
    let files = case.files.iter().map(|file| format!("=== {}\n{}", file.path, file.text));
    format!("{}\n-i {}", files.collect::<Vec<_>>().join("\n"), case.sources.join(" -i "))
}

/// Where two values differ, a line each.
fn differences(path: &str, ours: &Value, theirs: &Value, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                differences(&format!("{path}.{key}"), &ours[key.as_str()], &theirs[key.as_str()], found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: ours {ours}, Ansible's {theirs}")),
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// What came of one question.
#[derive(PartialEq, Eq)]
enum Verdict {
    Same,
    BothRefuse,
    Other(String),
}

fn compare_lists(run: &Outcome, (status, stdout, stderr): &Answer) -> Verdict {
    // Ansible goes on without a file that it cannot read; we do not.
    if *status != 0 || stderr.contains("Unable to parse") || stderr.contains("No inventory was parsed") {
        return match run.status {
            1 => Verdict::BothRefuse,
            _ => Verdict::Other(format!("only Ansible refuses it: {stderr}")),
        };
    }
    let theirs: Value = serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
    if run.status != 0 {
        let empty = theirs["_meta"]["hostvars"] == json!({}) && !stdout.contains("\"hosts\"");
        let only = format!("only we refuse it: {}", run.stderr);
        return if empty { Verdict::BothRefuse } else { Verdict::Other(only) };
    }
    let mut found = Vec::new();
    differences("", &run.json(), &theirs, &mut found);
    if found.is_empty() { Verdict::Same } else { Verdict::Other(found.join("\n")) }
}

fn names(stdout: &str) -> Vec<&str> {
    stdout.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn compare_names(run: &Outcome, (status, stdout, stderr): &Answer) -> Verdict {
    let (ours, theirs): (Vec<&str>, _) = (run.stdout.lines().collect(), names(stdout));
    match (run.status, *status) {
        (1, 1) => Verdict::BothRefuse,
        (0, 0) if ours == theirs => Verdict::Same,
        // No host at all is an error here, always.
        (1, 0) if theirs.is_empty() => Verdict::BothRefuse,
        _ => Verdict::Other(format!("ours {ours:?} {}\nAnsible's {theirs:?} {stderr}", run.stderr)),
    }
}

/// The same, where Ansible's own order is one of many: hosts of groups below groups come in the order of
/// Python's hashes, another one in each process.
fn compare_with_all(run: &Outcome, answers: &[Answer]) -> Verdict {
    let mut verdicts: Vec<Verdict> = answers.iter().map(|answer| compare_names(run, answer)).collect();
    if verdicts.contains(&Verdict::Same) {
        return Verdict::Same;
    }
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let ours = sorted(run.stdout.lines().map(str::to_owned).collect());
    let all: BTreeSet<Vec<&str>> = answers.iter().map(|(_, stdout, _)| names(stdout)).collect();
    let any = all.iter().any(|names| sorted(names.iter().map(|name| (*name).to_owned()).collect()) == ours);
    if run.status == 0 && all.len() > 1 && any { Verdict::Same } else { verdicts.remove(0) }
}

/// Judges one case after the other.
struct Judge {
    /// The first has one seed for Python's hashes, the others, started when they are needed, others.
    oracles: Vec<Oracle>,
    same: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Judge {
    fn ask(&mut self, room: &Room, arguments: &[&str], sources: &[&str]) -> Answer {
        self.oracles[0].ask(&room.path(""), &[arguments, sources].concat())
    }

    fn count(&mut self, what: &str, case: &Case, verdict: Verdict) {
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::BothRefuse => self.refused += 1,
            Verdict::Other(why) => self.wrong.push(format!("{what}:\n{why}\n{}", shown(case))),
        }
    }

    fn list(&mut self, case: &Case, room: &Room, sources: &[&str], limit: &[&str]) -> bool {
        let run = room.run(&[&["hosts", "--format", "json", "-q"], limit, sources].concat());
        let answer = self.ask(room, &[&["ansible-inventory", "--list"], limit].concat(), sources);
        self.count(
            &format!("seed {}, --list {}", case.seed, limit.join(" ")),
            case,
            compare_lists(&run, &answer),
        );
        run.status == 0
    }

    fn names(&mut self, case: &Case, room: &Room, sources: &[&str], limit: &[&str]) {
        let run = room.run(&[&["hosts", "--format", "hosts", "-q"], limit, sources].concat());
        let arguments = [&["ansible", "all", "--list-hosts"], limit].concat();
        let mut answers = vec![self.ask(room, &arguments, sources)];
        if matches!(compare_with_all(&run, &answers), Verdict::Other(_)) {
            while self.oracles.len() < 8 {
                self.oracles.push(Oracle::start(self.oracles.len()));
            }
            let more = self.oracles.iter_mut().skip(1);
            answers.extend(more.map(|oracle| oracle.ask(&room.path(""), &[&arguments, sources].concat())));
        }
        let verdict = compare_with_all(&run, &answers);
        self.count(&format!("seed {}, {}", case.seed, limit.join(" ")), case, verdict);
    }

    fn case(&mut self, seed: u64) {
        let case = Case::of(seed);
        let room = room_of(&case);
        let sources: Vec<&str> = case.sources.iter().flat_map(|source| ["-i", source]).collect();
        if self.list(&case, &room, &sources, &[]) {
            self.names(&case, &room, &sources, &[]);
            for pattern in &case.patterns {
                self.names(&case, &room, &sources, &["-l", pattern]);
            }
            self.list(&case, &room, &sources, &["-l", &case.patterns[0]]);
        }
    }
}

#[test]
#[ignore = "needs ansible-core: scripts/test"]
fn inventories_at_random_are_read_as_ansible_reads_them() {
    let (cases, seed) = (number("DRIFTLESS_TEST_CASES", 50), number("DRIFTLESS_TEST_SEED", 1));
    let mut judge = Judge { oracles: vec![Oracle::start(0)], same: 0, refused: 0, wrong: Vec::new() };
    (seed..seed + cases).for_each(|seed| judge.case(seed));
    let Judge { same, refused, wrong, .. } = judge;
    let told = format!("{same} the same, {refused} refused by both, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{told}\n{}", wrong.join("\n\n"));
    assert!(same > refused, "{told}: it shows too little");
}
