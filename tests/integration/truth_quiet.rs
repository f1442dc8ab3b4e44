//! That asking an apt leaves no trace, runs nothing of the host's own, and tells an ordinary user the same as root.

use serde_json::Value;

use crate::truth_hosts::{Clone, verdict};

/// Every kind of hook that apt has; a simulation really runs some of them.
const HOOKS: &str = r#"
for hook in APT::Update::Pre-Invoke APT::Update::Post-Invoke APT::Install::Pre-Invoke APT::Install::Post-Invoke \
	APT::Install::Post-Invoke-Success DPkg::Pre-Invoke DPkg::Post-Invoke DPkg::Pre-Install-Pkgs \
	AptCli::Hooks::Install AptCli::Hooks::Install::named AptCli::Hooks::Upgrade AptCli::Hooks::Search; do
	case $hook in *named) list= ;; *) list=:: ;; esac
	echo "$hook$list \"touch /opt/ran-$(echo $hook | tr -d :) || true\";"
done >/etc/apt/apt.conf.d/99hooks
chmod 777 /opt
"#;

/// Files that were written, or whose names, owners or modes were changed, since the marker. What sshd writes down
/// of a login is its own.
const CHANGED: &str = "find / -xdev ( -newer /run/marker -o -cnewer /run/marker ) ! -path '/run*' ! -path '/dev*' \
                       ! -path '/proc*' ! -path '/var/log*'";

const TARGETS: [&str; 4] =
    ["--target=q-plain=2", "--target=q-lost=2", "--target=q-removes=2", "--target=q-edited=2"];

/// What is said of each target, without what only one of the users can have seen.
fn told(report: &Value) -> Vec<Vec<String>> {
    ["q-plain", "q-lost", "q-removes", "q-edited"].map(|package| verdict(report, package)).into()
}

#[track_caller]
fn asks_quietly(like: &str, name: &'static str, address: &'static str) {
    let clone = Clone::of(like, name, address, &[]);
    clone.make(
        "two q-plain; two q-lost 'Depends: q-missing'; two q-removes 'Conflicts: q-victim'; one q-victim 1-1
         for v in 1 2; do put /etc/q-edited.conf $v; one q-edited $v-1; done; publish
         install q-plain=1-1 q-lost=1-1 q-removes=1-1 q-victim q-edited=1-1; echo mine >/etc/q-edited.conf
         useradd --create-home --shell /bin/sh auditor
         mkdir -m 700 /home/auditor/.ssh
         cp /root/.ssh/authorized_keys /home/auditor/.ssh; chown -R auditor /home/auditor/.ssh",
    );
    let changed = format!("{} | sort", CHANGED.replace('(', "\\(").replace(')', "\\)"));
    let marked = |prepare: &str| clone.make(&format!("{prepare}\ntouch /run/marker; sleep 1"));
    // With caches, without them, and where nobody but root may read what pins say.
    let mut answers = Vec::new();
    for prepare in [
        HOOKS,
        "rm -f /var/cache/apt/*.bin",
        "echo 'Package: other' >/etc/apt/preferences.d/secret; chmod 600 /etc/apt/preferences.d/secret",
    ] {
        marked(prepare);
        answers.push(told(&clone.ready("root", &TARGETS).json()));
        assert_eq!(clone.make(&changed), "", "{prepare}");
    }
    // An ordinary user is not told less: it is not told at all.
    let report = clone.ready("auditor", &TARGETS).json();
    for package in ["q-plain", "q-removes"] {
        assert_eq!(verdict(&report, package), ["unknown: needs-privilege: /etc/apt/preferences.d/secret"]);
    }
    marked("rm /etc/apt/preferences.d/secret");
    answers.push(told(&clone.ready("auditor", &TARGETS).json()));
    assert_eq!(clone.make(&changed), "");
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    assert_eq!(answers[0][0], ["ready"]);
    // That a trace would be seen.
    marked("");
    clone.run("apt-get -s install q-plain=2-1");
    let traces = clone.make(&changed);
    assert!(traces.contains("/opt/ran-AptCliHooksInstall") && traces.contains("/var/cache/apt"), "{traces}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_apt_of_trixie_is_asked_quietly() {
    asks_quietly("web-01", "quiet-trixie", "127.77.5.17");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_apt_of_bookworm_is_asked_quietly() {
    asks_quietly("db-01", "quiet-bookworm", "127.77.5.18");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_apt_of_bullseye_is_asked_quietly() {
    asks_quietly("web-11", "quiet-bullseye", "127.77.5.19");
}
