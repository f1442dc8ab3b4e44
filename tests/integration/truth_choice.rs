//! Which version a host would choose for a target: what its shell takes for one, driftless takes for one too.

use std::io::Write as _;
use std::process::{Command, Stdio};

use driftless::probe::published;
use driftless::version::{System, Target};

const TARGETS: [&str; 14] = [
    "candidate",
    "1.26",
    "1.2",
    "1",
    "1.26.3-3+deb13u1",
    "1:1.26.3-3",
    "1.26+dfsg",
    ">=1.26, <1.27",
    "^1.26",
    "~1.26.3",
    ">=2",
    "<1.26",
    "=1.26.3",
    "*",
];

/// Versions as Debian writes them, and some that nobody would.
fn versions() -> Vec<String> {
    let upstreams = [
        "1.26.3",
        "1.26",
        "1.260",
        "1.2.6",
        "1",
        "1.26.3.1",
        "1.26p1",
        "1.26~rc1",
        "1.26.",
        "1.26.x",
        "1.26a",
        "2.0",
        "2.36.1+really1.26.3",
        "1.27+really1.26+really1.2",
        "20250101",
        "v1.26",
        "1.26.99999999999999999999",
        "0.9.9",
        "1.25.9",
        "1.27",
        "1.26.3+git20250101",
    ];
    let marks = [
        "",
        "+dfsg",
        "+dfsg1",
        "~dfsg.2",
        ".dfsg",
        "+ds",
        "+dfsg+x",
        "+repack",
        "~deb12u1",
        "~bpo12+1",
        "+deb12u1",
        "+ubuntu1.2",
        "+b2",
        "~",
        "+dfsg~rc1",
    ];
    let ends = ["", "-1", "-3+deb13u1", "-1~bpo12+1", "-0ubuntu1"];
    let mut versions = Vec::new();
    for upstream in upstreams {
        for mark in marks {
            for end in ends {
                versions.push(format!("{upstream}{mark}{end}"));
            }
        }
        versions.push(format!("1:{upstream}-3"));
    }
    versions
}

/// What the script's own function chooses of each package, where each version is the only one of a package.
fn chosen(target: &Target, versions: &[String]) -> Vec<String> {
    let mut asked = String::new();
    let mut policy = String::new();
    for (nth, version) in versions.iter().enumerate() {
        asked.push_str(&format!("p{nth} {}\n", target.request()));
        policy.push_str(&format!(
            "p{nth}:\n  Installed: (none)\n  Candidate: {version}\n  Version table:\n     {version} 500\n        500 file:/srv x/main amd64 Packages\n"
        ));
    }
    let script = published().replace("\nprobe \"$@\"\n", "\napt_choose\n");
    let mut shell = Command::new("/bin/sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(format!("{asked}=\n{policy}").as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("target\t"));
    lines.map(|line| line.rsplit('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn a_host_takes_for_the_target_what_driftless_takes_for_it() {
    let versions = versions();
    for text in TARGETS {
        let target = Target::parse(text).unwrap();
        let chosen = chosen(&target, &versions);
        assert_eq!(chosen.len(), versions.len());
        for (version, chosen) in versions.iter().zip(&chosen) {
            let accepted = target.accepts(System::Debian, version);
            assert_eq!(chosen == version, accepted, "{text} of {version}");
        }
    }
}
