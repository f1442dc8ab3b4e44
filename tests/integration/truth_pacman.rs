//! What is foretold of a host of pacman, and really done by it. When it is only asked, it knows nothing of conflicts.

use crate::truth_systems::Truth::{Does, Fails, Ready};
use crate::truth_systems::{Broken, Way};

/// Everything is installed at 1.0-1, and on offer at 2.0-1.
const PACKAGES: &str = r"
for name in p-plain p-later p-new p-provides p-lost p-deep p-old p-oldlib p-conflict p-rival p-provided p-brings p-versions p-breaks p-needs-held \
	p-heldlib p-held p-nosource; do
	pacman_package $name 1.0-1 any
done
pacman_package p-there 2.0-1 any
pacman_package p-down 2.0-1 any
pacman_package p-jealous 1.0-1 any 'conflict = p-disliked>1.5'
pacman_package p-disliked 1.0-1 any
pacman_package p-mail 1.0-1 any 'provides = p-transport=1'
pacman_package p-plugin 1.0-1 any 'depend = p-breaks=1.0'
pacman -U --noconfirm /srv/repo/p-*.pkg.tar.zst >/dev/null
rm /srv/repo/p-*
for name in p-plain p-later p-there p-disliked p-breaks p-heldlib p-held; do pacman_package $name 2.0-1 any; done
pacman_package p-down 1.0-1 any
pacman_package p-nosource 1.0-1 any
pacman_package p-oldlib 1.0-1 any
pacman_package p-newlib 1.0-1 any
pacman_package p-server 1.0-1 any 'provides = p-api=2.1'
pacman_package p-middle 1.0-1 any 'depend = p-bottom'
pacman_package p-enemy 1.0-1 any 'conflict = p-rival'
pacman_package p-new 2.0-1 any 'depend = p-newlib>=1'
pacman_package p-provides 2.0-1 any 'depend = p-api>=2'
pacman_package p-lost 2.0-1 any 'depend = p-missing>=3'
pacman_package p-deep 2.0-1 any 'depend = p-middle'
pacman_package p-old 2.0-1 any 'depend = p-oldlib>=2'
pacman_package p-conflict 2.0-1 any 'conflict = p-rival'
pacman_package p-provided 2.0-1 any 'conflict = p-transport'
pacman_package p-versions 2.0-1 any 'conflict = p-transport>1' 'conflict = p-rival>=2'
pacman_package p-brings 2.0-1 any 'depend = p-enemy'
pacman_package p-needs-held 2.0-1 any 'depend = p-heldlib>=2'
sed -i 's/^IgnorePkg.*/IgnorePkg = linux-lts p-held p-heldl*/' /etc/pacman.conf
repo-add -q /srv/repo/lab.db.tar.zst /srv/repo/*.pkg.tar.zst >/dev/null
pacman -Sy >/dev/null
";

const WAYS: [Way; 17] = [
    ("p-plain", "2.0-1", Ready),
    ("p-new", "2.0-1", Ready),
    ("p-provides", "2.0-1", Ready),
    ("p-there", "2.0-1", Ready),
    ("p-versions", "2.0-1", Ready),
    ("p-lost", "2.0-1", Fails("dependency-missing p-missing")),
    ("p-deep", "2.0-1", Fails("dependency-missing p-bottom")),
    ("p-old", "2.0-1", Fails("dependency-too-old p-oldlib")),
    ("p-conflict", "2.0-1", Fails("conflict p-rival")),
    ("p-brings", "2.0-1", Fails("conflict p-rival")),
    ("p-provided", "2.0-1", Fails("conflict p-mail")),
    ("p-disliked", "2.0-1", Fails("conflict p-jealous")),
    ("p-breaks", "2.0-1", Fails("conflict p-plugin")),
    ("p-nosource", "2.0-1", Fails("target-unavailable p-nosource")),
    ("p-down", "1.0-1", Does("would-downgrade p-down", "pacman -Q p-down | grep ' 1.0-1'")),
    // Whoever wants it left alone is not asked by `pacman -Syu`.
    ("p-needs-held", "2.0-1", Does("held p-heldlib", "true")),
    ("p-held", "2.0-1", Does("held p-held", "true")),
];

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_of_pacman_comes_true() {
    let mut host = Broken::of("arch-01", "truth-pacman", "127.77.5.73", PACKAGES);
    host.really = "pacman -S --noconfirm NAME=VERSION </dev/null 2>&1";
    host.there = "pacman -Q NAME | cut -d' ' -f2";
    host.comes_true(&WAYS);
    assert_eq!(host.says("p-plain", "candidate"), ["ready"]);

    host.make("touch /var/lib/pacman/db.lck");
    assert_eq!(host.says("p-later", "2.0"), ["locked /var/lib/pacman/db.lck"]);
    assert_ne!(host.run("pacman -S --noconfirm p-later </dev/null 2>&1").0, 0);

    host.make("rm /var/lib/pacman/db.lck /var/lib/pacman/sync/lab.db");
    let unknown = host.says("p-later", "2.0");
    assert!(unknown[0].contains("database file for 'lab' does not exist"), "{unknown:?}");
}
