//! What is foretold of a host of dnf, and really done by it.

use crate::truth_systems::Truth::{Does, Fails, Ready};
use crate::truth_systems::{Broken, Way};

/// Everything is installed at 1.0-1.el9, and on offer at 2.0-1.el9.
const PACKAGES: &str = r"
rpm_packages 1.el9 <<OLD
r-plain 1.0
r-new 1.0
r-provides 1.0
r-there 1.0
r-lost 1.0
r-deep 1.0
r-old 1.0
r-oldlib 1.0
r-conflict 1.0
r-rival 1.0
r-breaks 1.0
r-plugin 1.0 Requires: r-breaks = 1.0
r-locked 1.0
r-needs-locked 1.0
r-lockedlib 1.0
r-excluded 1.0
r-obsoletes 1.0
r-victim 1.0
r-down 1.0
r-nosource 1.0
OLD
rpm --install --nodeps /srv/repo/noarch/r-*.rpm 2>/dev/null
rpm_packages 1.el9 <<NEW
r-plain 2.0
r-there 2.0
r-breaks 2.0
r-locked 2.0
r-lockedlib 2.0
r-excluded 2.0
r-down 2.0
r-newlib 1.0
r-server 1.0 Provides: r-api = 2.1
r-middle 1.0 Requires: r-bottom
r-new 2.0 Requires: r-newlib >= 1
r-provides 2.0 Requires: r-api >= 2
r-lost 2.0 Requires: r-missing >= 3
r-deep 2.0 Requires: r-middle
r-old 2.0 Requires: r-oldlib >= 2
r-conflict 2.0 Conflicts: r-rival
r-needs-locked 2.0 Requires: r-lockedlib >= 2
r-obsoletes 2.0 Obsoletes: r-victim
NEW
rpm --upgrade --nodeps /srv/repo/noarch/r-there-2.0* /srv/repo/noarch/r-down-2.0* 2>/dev/null
rpm_package kernel-core none 5.14.0 600.el9 x86_64
printf 'r-locked-0:1.0-1.el9.*\nr-lockedlib-0:1.0-1.el9.*\n' >>/etc/dnf/plugins/versionlock.list
echo 'exclude=r-excluded-2*' >>/etc/dnf/dnf.conf
createrepo_c --quiet /srv/repo
dnf -q makecache
";

const WAYS: [Way; 17] = [
    ("r-plain", "2.0-1.el9", Ready),
    ("r-new", "2.0-1.el9", Ready),
    ("r-provides", "2.0-1.el9", Ready),
    ("r-there", "2.0-1.el9", Ready),
    ("r-lost", "2.0-1.el9", Fails("dependency-missing r-missing")),
    ("r-deep", "2.0-1.el9", Fails("dependency-missing r-bottom")),
    ("r-old", "2.0-1.el9", Fails("dependency-too-old r-oldlib")),
    ("r-conflict", "2.0-1.el9", Fails("conflict r-rival")),
    ("r-breaks", "2.0-1.el9", Fails("conflict r-plugin")),
    ("r-locked", "2.0-1.el9", Fails("held r-locked")),
    ("r-needs-locked", "2.0-1.el9", Fails("held r-lockedlib")),
    ("r-excluded", "2.0-1.el9", Fails("held r-excluded")),
    ("r-nosource", "2.0-1.el9", Fails("target-unavailable r-nosource")),
    ("r-down", "1.0-1.el9", Does("would-downgrade r-down", "rpm -q r-down-1.0-1.el9")),
    ("r-obsoletes", "2.0-1.el9", Does("would-remove r-victim", "! rpm -q r-victim")),
    ("glibc", "2.34-125.el9_5.1", Ready),
    // The oldest of three makes room: nobody calls that a removal.
    ("kernel-core", "5.14.0-600.el9", Ready),
];

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_of_dnf_comes_true() {
    let mut host = Broken::of("rpm-01", "truth-rpm", "127.77.5.71", PACKAGES);
    host.really = "dnf install -y NAME-VERSION </dev/null 2>&1";
    host.there = "rpm -q --qf '%{EVR}\n' NAME-VERSION | head -n 1";
    host.comes_true(&WAYS);
    assert_eq!(host.says("r-plain", "candidate"), ["ready"]);

    host.make("sleep 60 >/dev/null 2>&1 & echo $! >/var/cache/dnf/metadata_lock.pid");
    assert_eq!(host.says("r-plain", "2.0"), ["ready"], "nothing is to be done");
    host.make("rpm --upgrade --oldpackage --nodeps /srv/repo/noarch/r-plain-1.0* 2>/dev/null");
    assert_eq!(host.says("r-plain", "2.0"), ["locked /var/cache/dnf/metadata_lock.pid"]);
    assert_ne!(host.run("timeout 3 dnf install -y r-plain-2.0 </dev/null 2>&1").0, 0);

    host.make("rm -r /var/cache/dnf/*");
    let unknown = host.says("r-plain", "2.0");
    assert!(unknown[0].contains("no metadata lies here of the repository lab"), "{unknown:?}");
}
