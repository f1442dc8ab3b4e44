//! Hosts of which a part is hidden from whoever asks, or that are in a state that no solver sees: none of them is ready.

use crate::truth_hosts::{Clone, verdict};

/// A state of the host, how it is undone, and what is said of `u-plain`.
type State = (&'static str, &'static str, &'static str);

#[track_caller]
fn says(clone: &Clone, user: &str, states: &[State]) {
    let mut wrong = Vec::new();
    for (made, undone, expected) in states {
        clone.make(made);
        let told = verdict(&clone.ready(user, &["--target=u-plain=candidate"]).json(), "u-plain");
        clone.make(undone);
        if told != [*expected] {
            wrong.push(format!("{made}: {told:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const AUDITOR: &str = "useradd --create-home --shell /bin/sh auditor; mkdir -m 700 /home/auditor/.ssh
    cp /root/.ssh/authorized_keys /home/auditor/.ssh; chown -R auditor /home/auditor/.ssh";

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_an_apt_cannot_show_is_not_ready() {
    let clone = Clone::of("web-01", "unseen-apt", "127.77.5.80", &[]);
    clone.make(&format!("two u-plain; publish; install u-plain=1-1\n{AUDITOR}\nmkdir -m 700 /root/secret; touch /root/secret/pins"));
    let states: [State; 6] = [
        (":", ":", "ready"),
        ("touch /var/lib/dpkg/updates/0001", "rm /var/lib/dpkg/updates/0001", "broken-state dpkg"),
        (
            "ln -s /root/secret/pins /etc/apt/preferences.d/pins",
            "rm /etc/apt/preferences.d/pins",
            "unknown: needs-privilege: /etc/apt/preferences.d/pins",
        ),
        ("ln -s /nowhere /etc/apt/preferences.d/pins", "rm /etc/apt/preferences.d/pins", "ready"),
        (
            "echo 'APT::Solver \"aspcud\";' >/etc/apt/apt.conf.d/99solver",
            "rm /etc/apt/apt.conf.d/99solver",
            "unknown: failed: Can't call external solver 'aspcud' as it is not in a configured directory!",
        ),
        ("mv /usr/bin/df /root", "mv /root/df /usr/bin", "unknown: failed: df does not tell what is free"),
    ];
    says(&clone, "auditor", &states);
    // The journal really stops apt.
    clone.make("touch /var/lib/dpkg/updates/0001");
    let done = clone.upgrade("u-plain", "2-1");
    assert!(done.status != 0 && done.said.contains("dpkg was interrupted"), "{}", done.said);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_a_pacman_cannot_show_is_not_ready_and_root_leaves_its_keys_alone() {
    let clone = Clone::of("arch-01", "unseen-pacman", "127.77.5.81", &[]);
    clone.make(
        "set -e; . /lab/packages; cd /srv/repo; pacman_package u-plain 1.0-1 any; pacman -U --noconfirm u-plain-1.0-1* >/dev/null
         pacman_package u-plain 2.0-1 any; repo-add -q lab.db.tar.zst u-plain-2.0-1-any.pkg.tar.zst; pacman -Sy >/dev/null",
    );
    let db = "/var/lib/pacman/sync/lab.db";
    let states: [State; 4] = [
        (":", ":", "ready"),
        (
            "chmod 600 /var/lib/pacman/sync/lab.db",
            "chmod 644 /var/lib/pacman/sync/lab.db",
            "unknown: needs-privilege: pacman: could not open file /var/lib/pacman/sync/lab.db: Permission denied",
        ),
        (
            "sed -i 's/^SigLevel.*/SigLevel = DatabaseRequired/' /etc/pacman.conf",
            "sed -i 's/^SigLevel.*/SigLevel = Never/' /etc/pacman.conf",
            "unknown: failed: pacman: lab: missing required signature",
        ),
        (
            "cp /etc/os-release /root; echo ID=arch >/etc/os-release; printf '#!/usr/bin/python3\\n' >/usr/bin/dnf; chmod 755 /usr/bin/dnf",
            "rm /usr/bin/dnf; cp /root/os-release /etc/os-release",
            "ready",
        ),
    ];
    says(&clone, "audit", &states);
    let everything = || {
        clone.make(
            "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /var/log \\) -prune -o -print0 |
             xargs -0 stat -c '%n %F %s %Y %Z %a %u' | sort",
        )
    };
    clone.make(&format!(
        "set -e; mkdir -p -m 755 /etc/pacman.d/gnupg; sign='gpg --homedir /etc/pacman.d/gnupg --batch --quiet --pinentry-mode loopback'
         $sign --passphrase= --quick-gen-key lab default default never 2>/dev/null; $sign --passphrase= --detach-sign -o {db}.sig {db} 2>/dev/null
         gpgconf --homedir /etc/pacman.d/gnupg --kill all; chmod 644 {db}.sig /etc/pacman.d/gnupg/pubring.kbx /etc/pacman.d/gnupg/trustdb.gpg
         sed -i 's/^SigLevel.*/SigLevel = Optional DatabaseRequired TrustAll/' /etc/pacman.conf"
    ));
    let before = everything();
    clone.make("sleep 1");
    // Whether nobody may verify the list or not: it is asked without a trace.
    clone.ready("root", &["--target=u-plain=candidate"]);
    assert_eq!(before, everything());
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_an_apk_and_a_dnf_may_not_read_is_not_ready() {
    let clone = Clone::of("alpine-01", "unseen-apk", "127.77.5.82", &[]);
    clone.make("set -e; . /lab/packages; apk_package u-plain 1.0-r0; apk_publish; apk add --quiet u-plain; apk_package u-plain 2.0-r0; apk_publish; mkdir -p /etc/apk/repositories.d");
    let states: [State; 3] = [
        (":", ":", "ready"),
        (
            "chmod 600 /etc/apk/repositories",
            "chmod 644 /etc/apk/repositories",
            "unknown: needs-privilege: /etc/apk/repositories",
        ),
        (
            "echo /srv/other >/etc/apk/repositories.d/other.list; chmod 600 /etc/apk/repositories.d/other.list",
            "rm /etc/apk/repositories.d/other.list",
            "unknown: needs-privilege: /etc/apk/repositories.d/other.list",
        ),
    ];
    says(&clone, "audit", &states);

    let clone = Clone::of("rpm-01", "unseen-dnf", "127.77.5.83", &[]);
    clone.make("set -e; . /lab/packages; rpm_package u-plain none 1.0 1.el9 noarch; rpm -U --nodeps /srv/repo/noarch/u-plain-1.0* 2>/dev/null; rpm_package u-plain none 2.0 1.el9 noarch; createrepo_c --quiet /srv/repo; dnf -q makecache; mkdir -p /etc/distro.repos.d; mkdir -m 700 /root/secret; touch /root/secret/a.repo");
    let root = " not readable for an ordinary user, and dnf is never asked as root";
    let unknown = |path: &str| format!("unknown: needs-privilege: {path}:{root}");
    for user in ["audit", "root"] {
        for (made, undone, expected) in [
            (":", ":", "ready".to_owned()),
            (
                "touch /etc/distro.repos.d/a.repo; chmod 600 /etc/distro.repos.d/a.repo",
                "rm /etc/distro.repos.d/a.repo",
                unknown("/etc/distro.repos.d/a.repo"),
            ),
            ("chmod 700 /etc/yum.repos.d", "chmod 755 /etc/yum.repos.d", unknown("/etc/yum.repos.d")),
            (
                "ln -s /root/secret/a.repo /etc/yum.repos.d/a.repo",
                "rm /etc/yum.repos.d/a.repo",
                unknown("/etc/yum.repos.d/a.repo"),
            ),
        ] {
            clone.make(made);
            let told = verdict(&clone.ready(user, &["--target=u-plain=candidate"]).json(), "u-plain");
            clone.make(undone);
            assert_eq!(told, [expected], "{user}: {made}");
        }
    }
}
