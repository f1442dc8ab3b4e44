//! What package managers print of a package that they are asked about: `apt-cache policy`, `pacman -Si`,
//! `apk policy`. Only versions of the alphabet that versions have come out of here.

use super::apt;
use super::offers::{Candidate, Heads, Offer, Origin};
use super::place::Address;
use crate::snapshot::gap::quote;
use crate::snapshot::listing::{is_name, is_version};
use crate::version::System;

/// How many packages, versions of one, and origins of one are believed.
const MOST: usize = 1000;
const MOST_OFFERS: usize = 100;
const MOST_ORIGINS: usize = 50;

/// `apt-cache policy`, under apt's C locale:
///
/// ```text
/// nginx:
///   Installed: 1.26.3-3
///   Candidate: 1.26.3-3+deb13u1
///   Version table:
///      1.26.3-3+deb13u1 500 (phased 20%)
///         500 http://ftp.at.debian.org/debian-security trixie-security/main amd64 Packages
///  *** 1.26.3-3 100
///         100 /var/lib/dpkg/status
/// ```
pub(super) fn apt(
    lines: &[&str],
    heads: &Heads<'_>,
    codename: &str,
    odd: &mut Vec<String>,
) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    for line in lines {
        let read = match (depth(line), list.last_mut()) {
            (0, _) => name(line).map(|name| list.push(candidate(name))),
            (2, Some(last)) => field(line.trim(), last),
            (5, Some(last)) => version(line.get(5..).unwrap_or_default(), last),
            (8, Some(last)) => origin(line.trim(), heads, codename, last),
            _ => None,
        };
        if read.is_none() || list.len() > MOST {
            odd.push(quote(line.as_bytes()));
        }
        list.truncate(MOST);
    }
    list
}

/// How far a line is set in; the mark of what is installed counts as blanks.
fn depth(line: &str) -> usize {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'*';
    line.bytes().take_while(blank).count()
}

fn candidate(name: &str) -> Candidate {
    Candidate { name: name.to_owned(), ..Candidate::default() }
}

/// A package's name before a colon; a foreign architecture's is `libc6:i386`.
fn name(line: &str) -> Option<&str> {
    let name = line.strip_suffix(':')?;
    name.split(':').all(is_name).then_some(name)
}

fn field(line: &str, last: &mut Candidate) -> Option<()> {
    let (key, value) = line.split_once(':')?;
    match (key, value.trim()) {
        ("Candidate", "(none)") | ("Installed" | "Version table" | "Package pin", _) => Some(()),
        ("Candidate", version) if is_version(version) => {
            last.version = Some(version.to_owned());
            Some(())
        }
        _ => None,
    }
}

fn version(line: &str, last: &mut Candidate) -> Option<()> {
    let mut words = line.split_whitespace();
    let version = words.next().filter(|version| is_version(version))?;
    let priority = words.next()?.parse().ok()?;
    let phased = match words.next() {
        Some("(phased") => Some(words.next()?.strip_suffix("%)")?.parse().ok()?),
        _ => None,
    };
    (last.offers.len() < MOST_OFFERS).then(|| {
        last.offers.push(Offer { version: version.to_owned(), priority, phased, origins: Vec::new() });
    })
}

/// `500 URI SUITE/COMPONENT ARCHITECTURE Packages`, or what the host itself has.
fn origin(line: &str, heads: &Heads<'_>, codename: &str, last: &mut Candidate) -> Option<()> {
    let offer = last.offers.last_mut()?;
    let mut words = line.split_whitespace();
    words.next()?.parse::<i32>().ok()?;
    let (uri, rest) = (words.next()?, words.next());
    // dpkg's own file, and what no repository has behind it.
    let Some(distribution) = rest else { return Some(()) };
    let address = Address::parse(uri)?;
    let flat = (distribution, "");
    let (suite, component) =
        distribution.rsplit_once('/').filter(|(suite, _)| !suite.is_empty()).unwrap_or(flat);
    let (suite, component) = if distribution.ends_with('/') { flat } else { (suite, component) };
    let source = apt::name(&address, suite, component, codename);
    let security =
        source.ends_with("-security") || heads.security.iter().any(|file| is_list(file, uri, suite));
    let origin = Origin { source, security };
    // Each architecture and component has a line of its own.
    if !offer.origins.contains(&origin) && offer.origins.len() < MOST_ORIGINS {
        offer.origins.push(origin);
    }
    Some(())
}

/// Whether a file is the list of a repository: apt calls it after the address.
fn is_list(file: &str, uri: &str, suite: &str) -> bool {
    let address = uri.split_once(':').map_or(uri, |(_, rest)| rest.strip_prefix("//").unwrap_or(rest));
    let called = format!("{}_dists_{}_", address.trim_end_matches('/'), suite).replace('/', "_");
    file.rsplit('/')
        .next()
        .is_some_and(|name| name.strip_suffix("InRelease").or(name.strip_suffix("Release")) == Some(&called))
}

/// `pacman -Si`: fields, of which each package begins with its repository; the first one that has a package is
/// where it is taken from.
pub(super) fn pacman(lines: &[&str], odd: &mut Vec<String>) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    let (mut repository, mut package) = ("", "");
    for line in lines {
        match line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("Repository", value)) if is_name(value) => repository = value,
            Some(("Name", value)) if is_name(value) => package = value,
            Some(("Version", value)) if is_version(value) && list.len() < MOST => {
                if !list.iter().any(|known| known.name == package) {
                    let origins = vec![Origin { source: repository.to_owned(), security: false }];
                    let offer = Offer { version: value.to_owned(), origins, ..Offer::default() };
                    let version = Some(value.to_owned());
                    list.push(Candidate { name: package.to_owned(), version, offers: vec![offer] });
                }
            }
            _ => odd.push(quote(line.as_bytes())),
        }
    }
    list
}

/// `apk policy`: `nginx policy:`, versions set in by two, where each is from by four. A tagged repository is
/// taken from only where that is asked for.
pub(super) fn apk(lines: &[&str], odd: &mut Vec<String>) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    for line in lines {
        let text = line.trim();
        let read = match (depth(line), list.last_mut()) {
            (0, _) => text
                .strip_suffix(" policy:")
                .filter(|name| is_name(name))
                .map(|name| list.push(candidate(name))),
            (2, Some(last)) => text.strip_suffix(':').filter(|version| is_version(version)).map(|version| {
                last.offers.push(Offer { version: version.to_owned(), ..Offer::default() });
            }),
            (4, Some(last)) => last.offers.last_mut().map(|offer| {
                let own = text.starts_with('@') || text.ends_with("lib/apk/db/installed");
                let source = Address::parse(text).filter(|_| !own);
                let origin = source.map(|address| Origin { source: address.place(), security: false });
                offer.origins.extend(origin.filter(|_| offer.origins.len() < MOST_ORIGINS));
            }),
            _ => None,
        };
        if read.is_none() || list.len() > MOST {
            odd.push(quote(line.as_bytes()));
        }
        list.truncate(MOST);
    }
    for package in &mut list {
        package.offers.truncate(MOST_OFFERS);
        let offered =
            package.offers.iter().filter(|offer| !offer.origins.is_empty()).map(|offer| &offer.version);
        // A search and no sort: what a hostile host sends need not have an order.
        let newest =
            offered.reduce(|best, next| if System::Apk.compare(next, best).is_gt() { next } else { best });
        package.version = newest.cloned();
    }
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Candidates;
    use super::super::offers::read;
    use super::*;
    use crate::snapshot::gap::Reason;

    #[track_caller]
    fn told(payload: &str) -> Candidates {
        let (candidates, gap) = read(payload.as_bytes(), "bookworm");
        assert_eq!(gap, None);
        candidates.unwrap()
    }

    fn origins(candidates: &Candidates, name: &str, version: &str) -> Vec<String> {
        let offer = candidates.of(name).unwrap().offer(version).unwrap();
        let told = |origin: &Origin| {
            format!("{}{}", origin.source, if origin.security { " (security)" } else { "" })
        };
        offer.origins.iter().map(told).collect()
    }

    /// apt 2.6.1 of bookworm.
    const BOOKWORM: &str = "= apt\n= lists 6\n= changed 1795567516\n= changed 1795000000\nopenssh-server:\n  Installed: 1:9.2p1-2+deb12u7\n  Candidate: 1:9.2p1-2+deb12u10\n  Version table:\n     1:9.2p1-2+deb12u10 500\n        500 http://ftp.at.debian.org/debian bookworm/main amd64 Packages\n     1:9.2p1-2+deb12u9 500\n        500 http://ftp.at.debian.org/debian-security bookworm-security/main amd64 Packages\n *** 1:9.2p1-2+deb12u7 500\n        500 http://ftp.at.debian.org/debian bookworm-updates/main amd64 Packages\n        100 /var/lib/dpkg/status\nhelper:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n     2 -1\n        500 file:/srv/flat ./ Packages\n";

    #[test]
    fn every_version_is_read_with_where_it_is_from() {
        let read = told(BOOKWORM);
        assert_eq!(read.changed.map(jiff::Timestamp::as_second), Some(1_795_567_516));
        assert_eq!(read.of("openssh-server").unwrap().version.as_deref(), Some("1:9.2p1-2+deb12u10"));
        assert_eq!(origins(&read, "openssh-server", "1:9.2p1-2+deb12u10"), ["debian bookworm"]);
        assert_eq!(
            origins(&read, "openssh-server", "1:9.2p1-2+deb12u9"),
            ["debian-security bookworm-security (security)"]
        );
        assert_eq!(origins(&read, "openssh-server", "1:9.2p1-2+deb12u7"), ["debian bookworm-updates"]);
        assert_eq!(read.of("helper").unwrap().version, None);
        assert_eq!(origins(&read, "helper", "2"), ["file:/srv/flat ."]);
    }

    #[test]
    fn a_list_of_security_updates_is_known_under_any_suite() {
        let read = told(
            "= apt\n= lists 1\n= security /var/lib/apt/lists/_srv_fixes_dists_fixes_Release\n= security /var/lib/apt/lists/mirror.corp_fixes_dists_own_InRelease\nwebd:\n  Installed: (none)\n  Candidate: 2\n  Version table:\n     2 500\n        500 file:/srv/fixes fixes/main amd64 Packages\n     1 500\n        500 http://mirror.corp/fixes/ own/main amd64 Packages\n        500 http://mirror.corp/other own/main amd64 Packages\n",
        );
        assert_eq!(origins(&read, "webd", "2"), ["file:/srv/fixes fixes (security)"]);
        assert_eq!(
            origins(&read, "webd", "1"),
            ["mirror.corp/fixes own (security)", "mirror.corp/other own"]
        );
    }

    #[test]
    fn phased_updates_are_told_apart() {
        // As Ubuntu's documentation and its users show it: jammy's apt, and later ones that pin it to 1.
        for priority in ["500", "1"] {
            let read = told(&format!(
                "= apt\n= lists 1\napt:\n  Installed: 2.4.6\n  Candidate: 2.4.7\n  Version table:\n     2.4.7 {priority} (phased 20%)\n        500 http://archive.ubuntu.com/ubuntu jammy-updates/main amd64 Packages\n *** 2.4.6 100\n        100 /var/lib/dpkg/status\n"
            ));
            let apt = read.of("apt").unwrap();
            assert_eq!(apt.offers.iter().map(|offer| offer.phased).collect::<Vec<_>>(), [Some(20), None]);
            assert_eq!(apt.settled(System::Debian), None, "no list has the installed one any more");
        }
    }

    #[test]
    fn pacman_takes_from_the_first_repository() {
        let read = told(
            "= pacman\n= lists 2\nRepository      : core\nName            : git\nVersion         : 2:2.51.0-1\nRepository      : lab\nName            : git\nVersion         : 3-1\n",
        );
        assert_eq!(read.of("git").unwrap().version.as_deref(), Some("2:2.51.0-1"));
        assert_eq!(origins(&read, "git", "2:2.51.0-1"), ["core"]);
    }

    #[test]
    fn apk_takes_the_newest_that_no_tag_keeps_back() {
        let read = told(
            "= apk\n= lists 0\nnginx policy:\n  1.28.0-r3:\n    lib/apk/db/installed\n    http://user:pw@dl-cdn.alpinelinux.org/alpine/v3.22/main\n  1.29.0-r0:\n    @edge https://dl-cdn.alpinelinux.org/alpine/edge/main\n",
        );
        assert_eq!(read.of("nginx").unwrap().version.as_deref(), Some("1.28.0-r3"));
        assert_eq!(origins(&read, "nginx", "1.28.0-r3"), ["dl-cdn.alpinelinux.org/alpine/v3.22/main"]);
    }

    #[test]
    fn what_cannot_be_told_is_a_gap() {
        let gap = |payload: &str| read(payload.as_bytes(), "").1.map(|(reason, _)| reason);
        assert_eq!(gap("= apt\n= lists 0\nbash:\n  Installed: 5\n  Candidate: 5\n"), Some(Reason::Empty));
        assert_eq!(gap("= apk\n= lists 1\n= missing\n"), Some(Reason::Empty));
        assert_eq!(gap("= rpm\n"), Some(Reason::NotSupported));
        assert_eq!(gap(""), Some(Reason::Unparsable));
        assert_eq!(gap("= apt\n= lists 1\nbash:\n  Candidate: $(id)\n"), Some(Reason::Unparsable));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes, "trixie");
        }

        #[test]
        fn no_soup_of_lines_makes_it_panic(
            system in prop_oneof![Just("= apt"), Just("= pacman"), Just("= apk"), Just("= rpm")],
            soup in proptest::collection::vec(
                prop_oneof![
                    Just("= lists 3"), Just("= changed 99999999999999999"), Just("nginx:"), Just("  Candidate: 1"), Just("     1 500 (phased 20%)"),
                    Just(" *** 1 500 (phased"), Just("        500 http://x y/z a"), Just("        500 x"), Just("        500 : /"),
                    Just("Repository : x"), Just("Version : 1"), Just("nginx policy:"), Just("  1:"), Just("    @x y"), Just("    http://x"),
                ], 0..30)) {
            read(format!("{system}\n{}", soup.join("\n")).as_bytes(), "");
        }
    }
}
