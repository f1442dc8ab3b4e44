//! What is foretold of a host of dnf, and really done by it.

use crate::truth_systems::Truth::{Does, Fails, Ready};
use crate::truth_systems::{Broken, Way};

/// Everything is installed at 1.0-1.el9, and on offer at 2.0-1.el9.
const PACKAGES: &str = r"
for name in r-plain r-new r-provides r-there r-lost r-deep r-old r-oldlib r-conflict r-rival r-breaks r-locked r-needs-locked r-lockedlib \
	r-excluded r-obsoletes r-victim r-down r-nosource; do
	rpm_package $name none 1.0 1.el9 noarch
done
rpm_package r-plugin none 1.0 1.el9 noarch 'Requires: r-breaks = 1.0'
rpm --install --nodeps /srv/repo/noarch/r-*.rpm 2>/dev/null
for name in r-plain r-there r-breaks r-locked r-lockedlib r-excluded r-down; do rpm_package $name none 2.0 1.el9 noarch; done
rpm_package r-newlib none 1.0 1.el9 noarch
rpm_package r-server none 1.0 1.el9 noarch 'Provides: r-api = 2.1'
rpm_package r-middle none 1.0 1.el9 noarch 'Requires: r-bottom'
rpm_package r-new none 2.0 1.el9 noarch 'Requires: r-newlib >= 1'
rpm_package r-provides none 2.0 1.el9 noarch 'Requires: r-api >= 2'
rpm_package r-lost none 2.0 1.el9 noarch 'Requires: r-missing >= 3'
rpm_package r-deep none 2.0 1.el9 noarch 'Requires: r-middle'
rpm_package r-old none 2.0 1.el9 noarch 'Requires: r-oldlib >= 2'
rpm_package r-conflict none 2.0 1.el9 noarch 'Conflicts: r-rival'
rpm_package r-needs-locked none 2.0 1.el9 noarch 'Requires: r-lockedlib >= 2'
rpm_package r-obsoletes none 2.0 1.el9 noarch 'Obsoletes: r-victim'
rpm --upgrade --nodeps /srv/repo/noarch/r-there-2.0* /srv/repo/noarch/r-down-2.0* 2>/dev/null
printf 'r-locked-0:1.0-1.el9.*\nr-lockedlib-0:1.0-1.el9.*\n' >>/etc/dnf/plugins/versionlock.list
echo 'exclude=r-excluded-2*' >>/etc/dnf/dnf.conf
createrepo_c --quiet /srv/repo
dnf -q makecache
";

const WAYS: [Way; 16] = [
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
];

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_of_dnf_comes_true() {
    let mut host = Broken::of("rpm-01", "truth-rpm", "127.77.5.71", PACKAGES);
    host.really = "dnf install -y NAME-VERSION </dev/null 2>&1";
    host.there = "rpm -q --qf '%{EVR}\n' NAME | head -n 1";
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
