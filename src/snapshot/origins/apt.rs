//! apt's sources and pins: sources.list(5), apt_preferences(5).

use std::collections::BTreeMap;

use super::place::{Address, fits};
use super::{File, Odd, Sources};
use crate::snapshot::gap::quote;

/// How many sources one stanza may stand for, and how often one package may be pinned.
const MOST_OF_STANZA: usize = 200;
const MOST_PINS: usize = 50;

/// Whether apt reads a file of that name: letters, digits, `_`, `-` and `.`, and its ending.
pub(super) fn reads(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| last == ending)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// `deb [option=value …] URI suite component…`
pub(super) fn one_line(file: &File<'_>, codename: &str, sources: &mut Sources, odd: &mut Odd) {
    for line in &file.lines {
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() || text.starts_with("deb-src") {
            continue;
        }
        if entry(text, codename, sources).is_none() {
            odd.line(file.path, line);
        }
    }
}

fn entry(text: &str, codename: &str, sources: &mut Sources) -> Option<()> {
    let rest = text.strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    let components: Vec<&str> = words.collect();
    let mut options = options.split_whitespace().filter_map(|option| option.split_once('='));
    let unchecked = options.find_map(|(name, value)| unchecked(name, value));
    add(&Address::parse(uri)?, suite, &components, codename, unchecked, sources);
    Some(())
}

/// The option by which signatures are not checked.
fn unchecked(option: &str, value: &str) -> Option<&'static str> {
    let on = ["yes", "true", "with", "on", "enable", "1"].contains(&value.to_ascii_lowercase().as_str());
    match option.to_ascii_lowercase().as_str() {
        "trusted" if on => Some("trusted=yes"),
        "allow-insecure" if on => Some("allow-insecure=yes"),
        _ => None,
    }
}

fn add(
    address: &Address<'_>,
    suite: &str,
    components: &[&str],
    codename: &str,
    unchecked: Option<&'static str>,
    sources: &mut Sources,
) {
    // A flat repository has a path in place of a suite, and no component.
    if components.is_empty() {
        sources.add(&name(address, suite, "", codename), None, unchecked);
    }
    for component in components {
        sources.add(&name(address, suite, component, codename), Some(component), unchecked);
    }
}

/// What a source is: `debian trixie`, `download.docker.com/linux/debian trixie`.
pub(super) fn name(address: &Address<'_>, suite: &str, component: &str, codename: &str) -> String {
    let archive = address.archive(fits(codename, suite, component));
    let place = archive.map_or_else(|| address.place(), str::to_owned);
    let suite = suite.trim_end_matches('/');
    // Before bullseye, security updates had a path of their own.
    let suite =
        suite.strip_suffix("/updates").map_or_else(|| suite.to_owned(), |suite| format!("{suite}-security"));
    format!("{place} {}", quote(suite.as_bytes()))
}

/// Stanzas of fields: deb822(5).
pub(super) fn deb822(file: &File<'_>, codename: &str, sources: &mut Sources, odd: &mut Odd) {
    for stanza in stanzas(file, odd) {
        let words = |name: &str| {
            stanza.get(name).into_iter().flat_map(|value| value.split_whitespace()).collect::<Vec<_>>()
        };
        let off = |value: &str| {
            ["no", "false", "without", "off", "disable", "0"].contains(&value.to_ascii_lowercase().as_str())
        };
        let enabled = !stanza.get("enabled").is_some_and(|value| off(value.trim()));
        if !enabled || !words("types").contains(&"deb") {
            continue;
        }
        let unchecked = ["trusted", "allow-insecure"]
            .into_iter()
            .find_map(|option| unchecked(option, stanza.get(option)?.trim()));
        let (uris, suites, components) = (words("uris"), words("suites"), words("components"));
        if uris.len().saturating_mul(suites.len()).saturating_mul(components.len().max(1)) > MOST_OF_STANZA {
            odd.line(file.path, "a stanza of more sources than anybody has");
            continue;
        }
        for uri in uris {
            let Some(address) = Address::parse(uri) else {
                odd.line(file.path, uri);
                continue;
            };
            for suite in &suites {
                add(&address, suite, &components, codename, unchecked, sources);
            }
        }
    }
}

/// `Package: …`, `Pin: …`, `Pin-Priority: …`
pub(super) fn preferences(file: &File<'_>, sources: &mut Sources, odd: &mut Odd) {
    for stanza in stanzas(file, odd) {
        let field =
            |name: &str| stanza.get(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "));
        let (Some(package), Some(pin), Some(priority)) =
            (field("package"), field("pin"), field("pin-priority"))
        else {
            odd.line(file.path, "a pin without its fields");
            continue;
        };
        let pin = quote(format!("{pin} at {priority}").as_bytes());
        let count = sources.pins.len();
        let known = sources.pins.entry(quote(package.as_bytes())).or_default();
        if count >= super::MOST_SOURCES || known.matches("; ").count() >= MOST_PINS {
            sources.complete = false;
            return;
        }
        // The order of files does not matter where nothing is pinned twice.
        let mut all: Vec<&str> =
            known.split("; ").filter(|known| !known.is_empty()).chain([pin.as_str()]).collect();
        all.sort_unstable();
        all.dedup();
        *known = all.join("; ");
    }
}

/// The stanzas of a file: fields by their lower-case names, with the lines that continue them.
fn stanzas(file: &File<'_>, odd: &mut Odd) -> Vec<BTreeMap<String, String>> {
    let mut stanzas = vec![BTreeMap::new()];
    let mut last: Option<String> = None;
    for line in &file.lines {
        let Some(stanza) = stanzas.last_mut() else { continue };
        if line.trim().is_empty() {
            last = None;
            if !stanza.is_empty() {
                stanzas.push(BTreeMap::new());
            }
        } else if let (true, Some(name)) = (line.starts_with([' ', '\t']), &last) {
            stanza.entry(name.clone()).and_modify(|value: &mut String| {
                value.push(' ');
                value.push_str(line.trim());
            });
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            stanza.insert(name.clone(), value.trim().to_owned());
            last = Some(name);
        } else {
            odd.line(file.path, line);
        }
    }
    stanzas.retain(|stanza| !stanza.is_empty());
    stanzas
}

/// Whether a word of a pin's `Package` speaks of a package: `*`, a name, or a name with `*` and `?` in it.
pub(super) fn matches(pattern: &str, package: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), package.as_bytes());
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                retry = Some((rest, name));
                pattern = rest;
            }
            (Some((one, rest)), Some((other, after))) if one == other || *one == b'?' => {
                (pattern, name) = (rest, after);
            }
            (None, None) => return true,
            _ => {
                // The star takes one more.
                let Some((rest, from)) = retry else { return false };
                let Some((_, after)) = from.split_first() else { return false };
                retry = Some((rest, after));
                (pattern, name) = (rest, after);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Sources, read};
    use super::*;

    fn told(sources: &Sources) -> Vec<String> {
        let list = sources.list.iter().map(|(name, source)| format!("{name}: {source}"));
        list.chain(sources.pins.iter().map(|(of, pin)| format!("pin {of}: {pin}"))).collect()
    }

    #[track_caller]
    fn sources(payload: &str) -> Vec<String> {
        let (sources, gaps) = read(payload.as_bytes(), "trixie");
        assert_eq!(gaps, []);
        told(&sources)
    }

    const OWN: [&str; 3] =
        ["debian trixie: main", "debian trixie-updates: main", "debian-security trixie-security: main"];

    #[test]
    fn neither_the_form_of_the_file_nor_the_mirror_makes_a_difference() {
        let lines = "= /etc/apt/sources.list\ndeb http://ftp.at.debian.org/debian trixie main\n\
            deb-src http://ftp.at.debian.org/debian trixie main\ndeb http://ftp.at.debian.org/debian trixie-updates main # why\n\
            deb http://security.debian.org/debian-security trixie-security main\n";
        assert_eq!(sources(lines), OWN);
        let stanzas = "= /etc/apt/sources.list\n= /etc/apt/sources.list.d/debian.sources\n\
            Types: deb deb-src\nURIs: http://mirror.corp/debian\nSuites:\n trixie-updates\n trixie\nComponents: main\n\n\
            Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian-security.list\nSuites: trixie-security\nComponents: main\n\n\
            Types: deb\nEnabled: no\nURIs: https://example.org/apt\nSuites: x\nComponents: y\n\n\
            Types: deb-src\nURIs: https://example.org/apt\nSuites: x\nComponents: y\n";
        assert_eq!(sources(stanzas), OWN);
    }

    #[test]
    fn a_source_that_is_not_checked_is_told_as_such() {
        assert_eq!(
            sources(
                "= /etc/apt/sources.list.d/x.list\n\
                 deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://download.docker.com/linux/debian trixie stable\n\
                 deb [ trusted=yes ] http://10.0.0.1/apt ./\n\
                 = /etc/apt/sources.list.d/y.sources\nTypes: deb\nURIs: https://y.org/a https://y.org/b\nSuites: any\nComponents: p q\nTrusted: yes\n"
            ),
            [
                "10.0.0.1/apt .: configured, trusted=yes",
                "download.docker.com/linux/debian trixie: stable",
                "y.org/a any: p q, trusted=yes",
                "y.org/b any: p q, trusted=yes"
            ]
        );
    }

    #[test]
    fn files_that_apt_passes_by_are_passed_by() {
        let backup = "= /etc/apt/sources.list.d/x y.list\ndeb http://x.org/apt any main\n\
            = /etc/apt/preferences.d/old.bak\nPackage: *\nPin: release a=x\nPin-Priority: 1\n";
        assert_eq!(sources(backup), [""; 0]);
    }

    #[test]
    fn pins_are_read_whatever_file_they_stand_in() {
        let pins = "= /etc/apt/preferences.d/one\nPackage: nginx*  libnginx-mod-*\nPin: version 1.26.*\nPin-Priority: 990\n\n\
            Package: *\nPin: release l=Debian-Security\nPin-Priority: 400\n= /etc/apt/preferences.d/two.pref\n\
            Package: *\nPin: release a=backports\nPin-Priority: 100\n";
        let (read, gaps) = read(pins.as_bytes(), "trixie");
        assert_eq!(gaps, []);
        assert_eq!(
            told(&read),
            [
                "pin *: release a=backports at 100; release l=Debian-Security at 400",
                "pin nginx* libnginx-mod-*: version 1.26.* at 990"
            ]
        );
        assert_eq!(read.pins_of("nginx-light").count(), 2);
        assert_eq!(read.pins_of("curl").count(), 1);
    }

    #[test]
    fn what_is_no_source_is_a_gap_that_tells_no_secret() {
        let (sources, gaps) = read(
            b"= /etc/apt/sources.list\ndeb https://user:s3/cret@host/apt any main\nrubbish\x1b[2J here\n",
            "trixie",
        );
        assert!(!sources.complete && sources.list.is_empty());
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].detail, "2 lines are no source: `/etc/apt/sources.list: deb … any main`");
        let (sources, gaps) =
            read(b"! /etc/apt/sources.list.d/secret.list\n= /etc/apt/sources.list\n", "trixie");
        assert!(!sources.complete);
        assert_eq!(gaps[0].detail, "not readable for this user: /etc/apt/sources.list.d/secret.list");
    }

    #[test]
    fn stars_match_as_a_shell_would() {
        assert!(
            matches("*", "nginx") && matches("ngin?", "nginx") && matches("lib*-mod-*x", "libnginx-mod-x")
        );
        assert!(
            !matches("nginx", "nginx-light")
                && !matches("", "a")
                && matches("a*b*c", "aXbXbc")
                && !matches("a*b", "ac")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes, "trixie");
        }

        #[test]
        fn no_soup_of_lines_makes_it_panic(soup in proptest::collection::vec(
            prop_oneof![
                Just("= /etc/apt/sources.list"), Just("= /etc/apt/sources.list.d/a.sources"), Just("= /etc/apt/preferences"),
                Just("= /etc/yum.repos.d/a.repo"), Just("= /etc/pacman.conf"), Just("= /etc/apk/repositories"),
                Just("deb [a=b] http://x/y z"), Just("deb [ http://"), Just("Types: deb"), Just(" continued"), Just("URIs: :"),
                Just("Suites: /"), Just("[x]"), Just("["), Just("baseurl=x"), Just("Include = /etc/pacman.conf"), Just("Pin: a"),
                Just("Package:"), Just(""), Just("@t http://a"), Just("@"),
            ], 0..30)) {
            read(soup.join("\n").as_bytes(), "");
        }
    }
}
