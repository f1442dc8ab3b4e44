//! The version that the probe's shell chooses is the one that the library would choose: `version::Target` is the judge.

use std::io::Write as _;
use std::process::{Command, Stdio};

use driftless::probe::published;
use driftless::version::{System, Target};
use proptest::prelude::Strategy;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// A package of one request: what is asked for, what it is offered as, and what the package manager would take.
struct Case {
    target: Target,
    versions: Vec<String>,
    candidate: String,
}

/// How the systems' names on the wire, and what versions of them look like.
fn systems() -> [(System, &'static str, &'static str); 4] {
    let debian = "([1-3]:)?[0-3]([.][0-2]{1,2}){0,3}(~rc[12]|p[12]|[a-c]|[+]really1[.][0-3]|[+]git[12])?([+.~]dfsg[12]?|[+]ds[.]1|[+]repack)?(~deb12u1|[+]b2)?(-[1-3](~bpo1|[+]deb1u1)?)?";
    [
        (System::Debian, "apt", debian),
        (
            System::Rpm,
            "dnf",
            "([1-3]:)?[0-3]([.][0-2]{1,2}){0,3}(~rc[12]|p[12]|[a-c]|\\^git[12])?-[1-3][.]el9(_[1-3])?",
        ),
        (
            System::Apk,
            "apk",
            "[0-3]([.][0-2]{1,2}){0,3}[a-c]?(_(alpha|rc|p|git)[12]?){0,2}(~[a-c0-2]{2})?-r[0-3]",
        ),
        (
            System::Pacman,
            "pacman",
            "([1-3]:)?[0-3]([.][0-2]{1,2}){0,3}(rc[12]|[.]beta1|p[12]|[.]arch1|[+]2[+]ga)?-[1-3]",
        ),
    ]
}

/// What a text that is asked for may be: a whole version, the same without its epoch, its beginning, or a requirement.
fn target(system: System, version: &str, nth: usize) -> Target {
    let upstream = system.upstream(version).replace(['~', '^', '+'], ".");
    let number =
        |place: usize| upstream.split('.').nth(place).and_then(|text| text.parse::<u64>().ok()).unwrap_or(1);
    let text = match nth % 7 {
        0 => version.to_owned(),
        1 => version.rsplit(':').next().unwrap_or_default().to_owned(),
        2 => upstream.clone(),
        3 => upstream.chars().take(1 + nth % 5).collect::<String>().trim_end_matches('.').to_owned(),
        4 => format!(">={}.{}, <{}", number(0), number(1), number(0) + 1),
        5 => format!("~{}.{}", number(0), number(1)),
        _ => format!(">{}.{}.{}", number(0), number(1), number(2)),
    };
    Target::parse(&text).unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
}

fn cases(system: System, pattern: &str) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let random = proptest::string::string_regex(pattern).unwrap();
    let mut version = || random.new_tree(&mut runner).unwrap().current();
    let case = |nth: usize| {
        let mut versions: Vec<String> = (0..8).map(|_| version()).collect();
        versions.sort_by(|one, other| system.compare(other, one));
        let candidate = versions[nth % 3].clone();
        Case { target: target(system, &versions[nth % 8].clone(), nth), versions, candidate }
    };
    (0..280).map(case).collect()
}

/// What the script chooses: for each case a version, or `-`.
fn chosen(shell: &[&str], awk: &str, wire: &str, cases: &[Case]) -> Vec<String> {
    let script = published();
    let script = script.strip_suffix("probe \"$@\"\n").unwrap();
    let mut requests = String::new();
    let mut offers = String::new();
    for (nth, case) in cases.iter().enumerate() {
        requests.push_str(&format!("upgrade n{nth} {}\n", case.target.request()));
        for version in &case.versions {
            offers.push_str(&format!("offer\tn{nth}\t{version}\tlab\n"));
        }
        offers.push_str(&format!("candidate\tn{nth}\t{}\n", case.candidate));
    }
    let run = format!("{script}\n{awk}\nWANTED='\n{requests}'\ntargets {wire}\n");
    // It is longer than an argument may be.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    std::fs::write(&file, run).unwrap();
    let mut child = Command::new(shell[0])
        .args(&shell[1..])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(offers.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let targets = lines.lines().filter_map(|line| line.strip_prefix("target\t"));
    targets.map(|target| target.split('\t').nth(3).unwrap().to_owned()).collect()
}

/// The library's choice: the candidate where it will do, else the newest that will.
fn expected(system: System, case: &Case) -> String {
    let offered = std::iter::once(&case.candidate).chain(&case.versions);
    offered
        .filter(|version| case.target.accepts(system, version))
        .map(String::as_str)
        .next()
        .unwrap_or("-")
        .to_owned()
}

#[track_caller]
fn agrees(shell: &[&str], awk: &str) {
    for (system, wire, pattern) in systems() {
        let cases = cases(system, pattern);
        let told = chosen(shell, awk, wire, &cases);
        assert_eq!(told.len(), cases.len(), "{wire}");
        let mut found = 0;
        for (case, told) in cases.iter().zip(told) {
            assert_eq!(
                told,
                expected(system, case),
                "{wire}: {} of {:?}, candidate {}",
                case.target,
                case.versions,
                case.candidate
            );
            found += usize::from(told != "-");
        }
        assert!(found > 100 && found < 270, "{wire}: {found} of {} say little", cases.len());
    }
}

#[test]
fn the_shell_chooses_the_version_that_the_library_would() {
    agrees(&["/bin/sh"], "");
}

#[test]
#[ignore = "needs dash and busybox: scripts/test"]
fn so_do_the_shells_and_the_awk_of_busybox() {
    agrees(&["busybox", "sh"], "awk() { busybox awk \"$@\"; }");
    agrees(&["dash"], "awk() { busybox awk \"$@\"; }");
}

#[test]
fn what_the_shell_cannot_count_it_does_not_choose() {
    let version = "12345678901234567.1-1".to_owned();
    let target = Target::parse(">=1").unwrap();
    assert!(target.accepts(System::Debian, &version));
    let case = Case { target, versions: vec![version], candidate: "0.1-1".to_owned() };
    assert_eq!(chosen(&["/bin/sh"], "", "apt", &[case]), ["-"]);
}
