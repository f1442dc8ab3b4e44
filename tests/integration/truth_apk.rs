//! What is foretold of a host of apk, and really done by it.

use crate::truth_systems::Truth::{Does, Fails, Ready};
use crate::truth_systems::{Broken, Way};

/// Everything is installed at 1.0-r0, and on offer at 2.0-r0; what is installed is asked for by name, and one thing by
/// its version.
const PACKAGES: &str = r"
for name in a-plain a-later a-new a-provides a-lost a-deep a-old a-oldlib a-conflict a-rival a-breaks a-needs-pinned a-pinned a-down a-nosource; do
	apk_package $name 1.0-r0
done
apk_package a-orphan 1.0-r0
apk_package a-drops 1.0-r0 depends:a-orphan
apk_package a-plugin 1.0-r0 depends:a-breaks=1.0-r0
apk_package a-there 2.0-r0
apk_publish
apk add --quiet a-plain a-later a-new a-provides a-lost a-deep a-old a-oldlib a-conflict a-rival a-breaks a-needs-pinned a-pinned=1.0-r0 \
	a-nosource a-drops a-plugin a-there
for name in a-plain a-later a-breaks a-pinned a-down a-drops; do apk_package $name 2.0-r0; done
apk_package a-newlib 1.0-r0
apk_package a-server 1.0-r0 provides:a-api=2.1
apk_package a-middle 1.0-r0 depends:a-bottom
apk_package a-new 2.0-r0 'depends:a-newlib>=1'
apk_package a-provides 2.0-r0 'depends:a-api>=2'
apk_package a-lost 2.0-r0 'depends:a-missing>=3'
apk_package a-deep 2.0-r0 depends:a-middle
apk_package a-old 2.0-r0 'depends:a-oldlib>=2'
apk_package a-conflict 2.0-r0 'depends:!a-rival'
apk_package a-needs-pinned 2.0-r0 'depends:a-pinned>=2'
apk_publish
apk add --quiet a-down=2.0-r0
sed -i 's/^a-down.*/a-down/' /etc/apk/world
";

const WAYS: [Way; 14] = [
    ("a-plain", "2.0-r0", Ready),
    ("a-new", "2.0-r0", Ready),
    ("a-provides", "2.0-r0", Ready),
    ("a-there", "2.0-r0", Ready),
    ("a-lost", "2.0-r0", Fails("dependency-missing a-missing")),
    ("a-deep", "2.0-r0", Fails("dependency-missing a-bottom")),
    ("a-old", "2.0-r0", Fails("dependency-too-old a-oldlib")),
    ("a-conflict", "2.0-r0", Fails("conflict a-rival")),
    ("a-breaks", "2.0-r0", Fails("conflict a-plugin")),
    ("a-needs-pinned", "2.0-r0", Fails("held a-pinned")),
    ("a-nosource", "2.0-r0", Fails("target-unavailable a-nosource")),
    ("a-down", "1.0-r0", Does("would-downgrade a-down", "apk info -e -q a-down=1.0-r0")),
    ("a-drops", "2.0-r0", Does("would-remove a-orphan", "! apk info -e -q a-orphan")),
    // Whoever pinned it is not asked by `apk upgrade`.
    ("a-pinned", "2.0-r0", Does("held a-pinned", "true")),
];

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_of_apk_comes_true() {
    let mut host = Broken::of("alpine-01", "truth-apk", "127.77.5.72", PACKAGES);
    host.really = "apk add NAME=VERSION </dev/null 2>&1";
    host.there = "apk list --installed NAME 2>/dev/null | sed -n 's/^NAME-\\([^ ]*\\) .*/\\1/p'";
    assert!(!host.run("apk upgrade --simulate").1.contains("a-pinned"), "apk leaves alone what is pinned");
    host.comes_true(&WAYS);
    assert_eq!(host.says("a-plain", "candidate"), ["ready"]);

    host.make("flock /lib/apk/db/lock sleep 60 >/dev/null 2>&1 & sleep 1");
    assert_eq!(host.says("a-later", "2.0"), ["locked /lib/apk/db/lock"]);
    assert_ne!(host.run("apk add a-later=2.0-r0 </dev/null 2>&1").0, 0);

    host.make("rm /srv/repo/x86_64/APKINDEX.tar.gz");
    let unknown = host.says("a-later", "2.0");
    assert!(unknown[0].contains("/srv/repo/x86_64/APKINDEX.tar.gz"), "{unknown:?}");
}
