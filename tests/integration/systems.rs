//! Package systems beside dpkg: simulated hosts of each, alone and in one cluster.

use std::sync::Arc;

use driftless::simulate::{Behaviour, Recording};

use crate::fleet::{Fleet, answers};
use crate::harness::{field, keys};

const ROCKY: &str =
    "ID=rocky\nVERSION_ID=\"9.5\"\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"Rocky Linux 9.5\"\n";
const ALPINE: &str = "ID=alpine\nVERSION_ID=3.23.6\nPRETTY_NAME=\"Alpine Linux v3.23\"\n";
const ARCH: &str = "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n";

/// A host of that os-release whose package system printed these sections.
fn with_sections(os_release: &str, sections: &[(&str, &str)]) -> Behaviour {
    let facts = Recording::default()
        .with("os-release", os_release.as_bytes())
        .with("kernel", b"Linux 6.12.48 x86_64\n")
        .with("boot", b"btime 1790000000\n");
    let recording = sections.iter().fold(facts, |host, (name, text)| host.with(name, text.as_bytes()));
    Behaviour::Answers(Arc::new(recording))
}

fn rocky(rpm: &str) -> Behaviour {
    with_sections(ROCKY, &[("rpm", rpm), ("rpm-locks", "")])
}

fn alpine(apk: &str) -> Behaviour {
    with_sections(ALPINE, &[("apk", apk), ("apk-world", "nginx\n")])
}

fn arch(pacman: &str) -> Behaviour {
    with_sections(ARCH, &[("pacman", pacman), ("pacman-ignored", "")])
}

fn fleet(hosts: Vec<(&str, Behaviour)>) -> Fleet {
    Fleet::new(hosts.into_iter().map(|(name, behaviour)| (name.to_owned(), behaviour)))
}

/// Four Debian hosts, and one of each other system.
fn mixed(rpm: &str, apk: &str, pacman: &str) -> Fleet {
    let debian = || answers(&["nginx-light=1.26.3-3+deb13u1"]);
    fleet(vec![
        ("deb-01", debian()),
        ("deb-02", debian()),
        ("deb-03", debian()),
        ("deb-04", debian()),
        ("rpm-01", rocky(rpm)),
        ("apk-01", alpine(apk)),
        ("pac-01", arch(pacman)),
    ])
}

const NAMES: &str = "[[package]]\nnames = { debian = \"nginx-light\", rhel = \"nginx\", alpine = \"nginx\", arch = \"nginx\" }\n";

const NO_RELEASE: &str = "[rules]\nrelease = \"off\"\n";

#[test]
fn equal_upstream_is_no_drift_whatever_the_system_and_the_name() {
    let fleet = mixed(
        "nginx\t2\t1.26.3\t1.el9\tx86_64\t(none)\n",
        "nginx\tx86_64\t1.26.3-r4\n",
        "nginx\tx86_64\t1.26.3-1\t0\n",
    );
    fleet.room.write("play.toml", format!("{NAMES}version = \">=1.26, <1.27\"\n{NO_RELEASE}"));
    let run = fleet.audit(&["-p", "play.toml", "-o", "json"]);
    let report = run.json();
    assert_eq!(keys(&report), [""; 0], "{report:#}");
    assert_eq!(run.status, 0);
    for host in ["deb-01", "rpm-01", "apk-01", "pac-01"] {
        assert_eq!(field(&report, "hosts", host, "status"), "audited", "{host}");
    }
}

#[test]
fn another_upstream_version_is_drift_with_its_distance() {
    let fleet = mixed(
        "nginx\t1\t1.20.1\t20.el9\tx86_64\t(none)\n",
        "nginx\tx86_64\t1.26.2-r4\n",
        "nginx\tx86_64\t1.28.0-1\t0\n",
    );
    fleet.room.write("play.toml", format!("{NAMES}{NO_RELEASE}"));
    let report = fleet.audit(&["-p", "play.toml", "-o", "json"]).json();
    let findings = report["findings"].as_array().unwrap();
    let told: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {} {}", finding["key"], finding["observed"], finding["distance"]))
        .collect();
    assert_eq!(
        told,
        [
            "\"package-version/web/rpm-01/nginx-light\" \"1:1.20.1-20.el9\" \"minor\"",
            "\"package-version/web/apk-01/nginx-light\" \"1.26.2-r4\" \"patch\"",
            "\"ahead/web/pac-01/nginx-light\" \"1.28.0-1\" \"minor\"",
        ]
    );
}

#[test]
fn of_several_kernels_the_newest_speaks_for_the_host() {
    let kernel = |releases: &[&str]| {
        let lines: Vec<String> = releases
            .iter()
            .map(|release| format!("kernel-core\t(none)\t5.14.0\t{release}\tx86_64\t(none)\n"))
            .collect();
        rocky(&lines.concat())
    };
    let fleet = fleet(vec![
        ("a", kernel(&["70.el9", "503.el9", "427.el9"])),
        ("b", kernel(&["503.el9"])),
        ("c", kernel(&["503.el9", "70.el9"])),
        ("d", kernel(&["427.el9", "70.el9"])),
    ]);
    fleet.room.write("play.toml", "[[package]]\nname = \"kernel-core\"\n");
    let report = fleet.audit(&["-p", "play.toml", "-o", "json"]).json();
    assert_eq!(keys(&report), ["package-version/web/d/kernel-core"]);
    assert_eq!(report["findings"][0]["observed"], "5.14.0-427.el9");
    // Nor does what is kept beside it make a difference where everything is compared, kernels apart.
    let plain = |lines: &[&str]| rocky(&lines.concat());
    let (old, new) = ("webd\t(none)\t1.0\t1\tnoarch\t(none)\n", "webd\t(none)\t1.0\t2\tnoarch\t(none)\n");
    let fleet = self::fleet(vec![("a", plain(&[old, new])), ("b", plain(&[new])), ("c", plain(&[new, old]))]);
    fleet.room.write("all.toml", "[everything-else]\ncompare = true\n");
    let all = fleet.audit(&["-p", "all.toml", "-o", "json"]).json();
    assert_eq!(all["clusters"][0]["packages"], serde_json::json!([]));
}

#[test]
fn a_lock_on_several_kernels_is_one_finding() {
    let kernels = "kernel-core\t(none)\t5.14.0\t70.el9\tx86_64\t(none)\nkernel-core\t(none)\t5.14.0\t503.el9\tx86_64\t(none)\n";
    let locked = with_sections(ROCKY, &[("rpm", kernels), ("rpm-locks", "kernel-core\n")]);
    let fleet = fleet(vec![("a", rocky(kernels)), ("b", locked)]);
    let report = fleet.audit(&["-o", "json"]).json();
    assert_eq!(keys(&report), ["package-held/web/b/kernel-core"]);
}

#[test]
fn without_a_name_for_the_system_it_is_a_gap() {
    let fleet = fleet(vec![("pac-01", arch("nginx\tx86_64\t1.28.0-1\t0\n"))]);
    fleet.room.write("play.toml", "[[package]]\nnames = { debian = \"nginx-light\", rhel = \"nginx\" }\n");
    let run = fleet.audit(&["-p", "play.toml", "-o", "json"]);
    assert_eq!(keys(&run.json()), ["gap/web/pac-01/package:nginx-light"]);
    assert_eq!(run.status, 3);
}

#[test]
fn a_hostile_line_is_quoted_and_in_no_command() {
    let odd = "evil\t(none)\t1.0\t1;reboot\tx86_64\t(none)\n";
    let good = "nginx\t(none)\t1.26.3\t1.el9\tx86_64\t(none)\n";
    let fleet = fleet(vec![("a", rocky(good)), ("b", rocky(&format!("{odd}{good}")))]);
    let report = fleet.audit(&["-o", "json"]).json();
    assert_eq!(keys(&report), ["gap/web/b/rpm"]);
    let gap = &field(&report, "hosts", "b", "gaps")[0];
    assert!(gap["detail"].as_str().unwrap().contains("`evil (none) 1.0 1;reboot x86_64 (none)`"), "{gap}");
    assert!(!report["advice"].to_string().contains("reboot"));
}

/// The steps of every piece of advice.
fn steps(report: &serde_json::Value) -> Vec<&str> {
    let advice = report["advice"].as_array().unwrap().iter();
    advice
        .flat_map(|advice| advice["steps"].as_array().unwrap())
        .filter_map(serde_json::Value::as_str)
        .collect()
}

#[test]
fn advice_speaks_the_hosts_own_system() {
    let rpm = |release: &str| format!("nginx\t2\t1.26.3\t{release}\tx86_64\t(none)\n");
    let locked = with_sections(ROCKY, &[("rpm", &rpm("1.el9")), ("rpm-locks", "nginx-2:1.26.3-1.el9.*\n")]);
    let three = |host: &dyn Fn() -> Behaviour| [("a", host()), ("b", host()), ("c", host())];
    let apk = |version: &str| format!("nginx\tx86_64\t{version}\n");
    let pacman = |version: &str| format!("nginx\tx86_64\t{version}\t0\n");
    for (same, odd, commands) in [
        (
            three(&|| rocky(&rpm("2.el9"))),
            locked,
            &["dnf versionlock delete nginx", "dnf install nginx-2:1.26.3-2.el9"][..],
        ),
        (
            three(&|| alpine(&apk("1.28.0-r3"))),
            alpine(&apk("1.28.0-r2")),
            &["apk add nginx=1.28.0-r3", "apk add nginx"],
        ),
        (three(&|| arch(&pacman("1.28.0-2"))), arch(&pacman("1.28.0-1")), &["pacman -S nginx"]),
    ] {
        let fleet = fleet(same.into_iter().chain([("d", odd)]).collect());
        let report = fleet.audit(&["-o", "json"]).json();
        assert_eq!(field(&report, "hosts", "d", "verdict"), "repair", "{report:#}");
        assert_eq!(steps(&report)[..commands.len()], *commands);
        assert!(!steps(&report).concat().contains("apt"), "{:?}", steps(&report));
    }
}

#[test]
fn a_package_is_installed_by_the_name_that_it_has_there() {
    let fleet = mixed(
        "bash\t(none)\t5.1.8\t9.el9\tx86_64\t(none)\n",
        "nginx\tx86_64\t1.26.3-r4\n",
        "nginx\tx86_64\t1.26.3-1\t0\n",
    );
    fleet.room.write("play.toml", format!("{NAMES}{NO_RELEASE}"));
    let report = fleet.audit(&["-p", "play.toml", "-o", "json"]).json();
    assert_eq!(keys(&report), ["package-missing/web/rpm-01/nginx-light"]);
    assert_eq!(steps(&report), ["dnf install nginx", "ansible 'rpm-01' -b -m dnf -a 'name=nginx'"]);
}
