//! `[[package]]`: what is expected of a package, under one name or under one for each system.

use std::ops::Range;

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::diagnostic::nearest;
use crate::playbook::raw::{RawPackage, Text};
use crate::playbook::{Baseline, Names, PackageEntry};

/// How to write a baseline.
const BASELINE: &str = "write `majority`, `newest`, `host:NAME`, `run:ID` or `pinned:VERSION`";
/// How to name a package.
const NAMES: &str = "write `name = \"nginx\"`, or `names = { debian = \"nginx-light\", rhel = \"nginx\" }`";

impl Check<'_, '_> {
    /// One `[[package]]`.
    pub(super) fn package(&mut self, raw: Spanned<RawPackage>) -> Option<PackageEntry> {
        let entry = Entry { kind: "[[package]]", span: raw.span() };
        let mut raw = raw.into_inner();
        let names = self.names(&entry, &mut raw);
        let hosts = self.hosts(raw.hosts);
        let version = raw.version.and_then(|text| self.requirement(&text));
        let baseline_place = raw.baseline.as_ref().map_or(entry.span.clone(), Text::span);
        let baseline = raw.baseline.map_or(Some(Baseline::default()), |text| self.baseline(&text));
        let severity = raw.severity.and_then(|text| self.severity(&text));
        Some(PackageEntry {
            names: names?,
            hosts,
            version,
            baseline: baseline?,
            baseline_place: self.place_of(baseline_place),
            severity,
            place: self.place(&entry),
        })
    }

    fn names(&mut self, entry: &Entry, raw: &mut RawPackage) -> Option<Names> {
        match (raw.name.take(), raw.names.take()) {
            (Some(name), None) => self.package_name("name", name).map(Names::Same),
            (None, Some(names)) => {
                let span = names.span();
                self.names_by_system(names.into_inner().into_iter().collect(), span)
            }
            (Some(name), Some(names)) => {
                let first = Some((name.span(), "one name for every system"));
                let label = "and one for each system";
                self.mistakes.add_with(
                    names.span(),
                    "both `name` and `names`",
                    label,
                    "keep one of the two",
                    first,
                );
                None
            }
            (None, None) => {
                self.missing(entry, "name", NAMES);
                None
            }
        }
    }

    fn names_by_system(&mut self, mut names: Vec<(Text, Text)>, span: Range<usize>) -> Option<Names> {
        if names.is_empty() {
            self.mistakes.add(span, "empty `names`", "this names no system", NAMES);
            return None;
        }
        names.sort_by_key(|(system, _)| system.span().start);
        let checked: Vec<_> = names
            .into_iter()
            .filter_map(|(system, name)| {
                let system = self.system(system);
                let name = self.package_name("names", name);
                Some((system?, name?))
            })
            .collect();
        Some(Names::BySystem(checked))
    }

    /// `ID` of os-release(5): lower-case letters, digits and `._-`. Another word would match no host,
    /// without a word.
    fn system(&mut self, system: Text) -> Option<String> {
        let text = system.get_ref();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if !text.is_empty() && text.bytes().all(fits) {
            return Some(system.into_inner());
        }
        let lower = text.to_ascii_lowercase();
        let help = match !lower.is_empty() && lower.bytes().all(fits) {
            true => format!("os-release writes it in lower case: `{lower}`"),
            false => "write `ID` or one of `ID_LIKE` of the host's os-release: `debian`, `ubuntu`, `rhel`, …"
                .to_owned(),
        };
        let title = format!("`{}` is no system", text.escape_debug());
        self.mistakes.add(system.span(), title, "no os-release has this id", help);
        None
    }

    fn baseline(&mut self, text: &Text) -> Option<Baseline> {
        let (word, of) = match text.get_ref().split_once(':') {
            Some((word, of)) => (word, Some(of)),
            None => (text.get_ref().as_str(), None),
        };
        match (word, of) {
            ("majority", None) => Some(Baseline::Majority),
            ("newest", None) => Some(Baseline::Newest),
            ("host", Some(name)) => self.of(text, name, "host", "`host:web-01`").map(Baseline::Host),
            ("pinned", Some(version)) if version.contains(|odd: char| !is_version_character(odd)) => {
                let label = "a version has letters, digits and `.+-~:`";
                let title = format!("`{}` is no version", version.escape_debug());
                self.mistakes.add(text.span(), title, label, "for example `pinned:1.26.3-3+deb13u1`");
                None
            }
            ("pinned", Some(version)) => {
                self.of(text, version, "version", "`pinned:1.26.3-3+deb13u1`").map(Baseline::Pinned)
            }
            ("run", Some(run)) => {
                self.of(text, run, "run", "`run:1f3a5c` or `run:latest`").map(Baseline::Run)
            }
            _ => {
                self.unknown_baseline(text, word, of);
                None
            }
        }
    }

    /// What stands after the colon of a baseline: one word.
    fn of(&mut self, text: &Text, value: &str, what: &str, example: &str) -> Option<String> {
        if !value.is_empty() && !value.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        {
            return Some(value.to_owned());
        }
        let label = match value.is_empty() {
            true => format!("a {what} is missing after the colon"),
            false => format!("a {what} has no blanks"),
        };
        self.mistakes.add(text.span(), "bad baseline", label, format!("write it as in {example}"));
        None
    }

    fn unknown_baseline(&mut self, text: &Text, word: &str, of: Option<&str>) {
        let near = nearest(word, ["majority", "newest", "host", "run", "pinned"]);
        let help = match (near, of) {
            (None, _) => BASELINE.to_owned(),
            (Some("host" | "run" | "pinned"), None) => {
                format!("the colon and what follows are missing: {BASELINE}")
            }
            (Some(near @ ("host" | "pinned")), Some(of)) => {
                format!("did you mean `{near}:{}`? Otherwise {BASELINE}", of.escape_debug())
            }
            (Some(near), _) => format!("did you mean `{near}`? Otherwise {BASELINE}"),
        };
        let title = format!("unknown baseline `{}`", text.get_ref().escape_debug());
        self.mistakes.add(text.span(), title, "this is no baseline", help);
    }
}

/// Debian Policy 5.6.12; the version will stand in commands. Blanks have a message of their own.
fn is_version_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '+' | '-' | '~' | ':' | '_' | ' ')
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};
    use crate::playbook::{Baseline, Names};
    use crate::severity::Severity;

    #[test]
    fn an_entry_is_read_whole() {
        let playbook = right(
            "[[package]]\nnames = { ubuntu = \"nginx-full\", debian = \"nginx-light\" }\nhosts = \"web\"\n\
             version = \">=1.24, <1.27\"\nbaseline = \"host:web-01\"\nseverity = \"high\"\n",
        );
        let [package] = playbook.packages.as_slice() else { panic!("{playbook:?}") };
        let named = |system: &str, name: &str| (system.to_owned(), name.to_owned());
        let names = vec![named("ubuntu", "nginx-full"), named("debian", "nginx-light")];
        assert_eq!(package.names, Names::BySystem(names), "in file order");
        assert!(package.hosts.is_some() && package.version.is_some());
        assert_eq!(package.baseline, Baseline::Host("web-01".into()));
        assert_eq!(package.severity, Some(Severity::High));
        assert_eq!(package.place.to_string(), "a.toml:1");
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let playbook = right("[[package]]\nname = \"libstdc++6\"\n");
        let [package] = playbook.packages.as_slice() else { panic!("{playbook:?}") };
        assert_eq!(package.baseline, Baseline::Majority);
        assert!(package.hosts.is_none() && package.version.is_none() && package.severity.is_none());
    }

    #[test]
    fn an_entry_names_its_package_once() {
        let both = "[[package]]\nname = \"nginx\"\nnames = { rhel = \"nginx\" }\n";
        wrong(both, "3:9", &["both `name` and `names`", "one name for every system", "keep one of the two"]);
        wrong("[[package]]\nhosts = \"web\"\n", "1:1", &["`[[package]]` without `name`", "name = \"nginx\""]);
        wrong("[[package]]\nnames = {}\n", "2:9", &["empty `names`", "debian = \"nginx-light\""]);
    }

    #[test]
    fn a_name_that_would_match_nothing_is_told() {
        let package = |name: &str| format!("[[package]]\nname = \"{name}\"\n");
        wrong(&package(""), "2:8", &["empty `name`", "`nginx`"]);
        wrong(&package("php*"), "2:12", &["`php*` is no package name", "globs belong to `ignore`"]);
        wrong(&package("libc6:amd64"), "2:14", &["leave the architecture out"]);
        wrong(&package("nginx >=1.24"), "2:14", &["version = \">=1.24, <1.27\""]);
        wrong(&package("nginx/main"), "2:14", &["letters, digits and `+-._@`"]);
        wrong("[[package]]\nnames = { debian = \"\" }\n", "2:20", &["empty `names`"]);
    }

    #[test]
    fn a_system_that_would_match_nothing_is_told() {
        let names = |system: &str| format!("[[package]]\nnames = {{ {system} = \"nginx\" }}\n");
        wrong(&names("Debian"), "2:11", &["`Debian` is no system", "lower case: `debian`"]);
        wrong(&names("\"debian 12\""), "2:11", &["`debian 12` is no system", "`ID_LIKE`"]);
        wrong(&names("\"\""), "2:11", &["`` is no system", "`ID_LIKE`"]);
    }

    #[test]
    fn a_bad_requirement_says_what_one_looks_like() {
        let package = "[[package]]\nname = \"nginx\"\nversion = \"at least 1.24\"\n";
        wrong(package, "3:11", &["bad version requirement", "`>=1.24, <1.27`"]);
    }

    #[test]
    fn every_baseline_is_understood() {
        let baseline = |text: &str| {
            right(&format!("[[package]]\nname = \"nginx\"\nbaseline = \"{text}\"\n")).packages[0]
                .baseline
                .clone()
        };
        assert_eq!(baseline("majority"), Baseline::Majority);
        assert_eq!(baseline("newest"), Baseline::Newest);
        assert_eq!(baseline("run:latest~1"), Baseline::Run("latest~1".into()));
        assert_eq!(baseline("host:web-01"), Baseline::Host("web-01".into()));
        assert_eq!(
            baseline("pinned:1:2.36-1"),
            Baseline::Pinned("1:2.36-1".into()),
            "an epoch keeps its colon"
        );
    }

    #[test]
    fn a_bad_baseline_is_told_with_the_good_ones() {
        let cases = [
            ("majorty", "did you mean `majority`?"),
            ("newest:1", "did you mean `newest`?"),
            ("pined:1.26", "did you mean `pinned:1.26`?"),
            ("pinned", "the colon and what follows are missing"),
            ("pinned:", "a version is missing after the colon"),
            ("pinned:1.26 or so", "a version has no blanks"),
            ("host:", "a host is missing after the colon"),
            ("run", "the colon and what follows are missing"),
            ("run:", "a run is missing after the colon"),
            ("", "write `majority`, `newest`, `host:NAME`, `run:ID` or `pinned:VERSION`"),
        ];
        for (text, word) in cases {
            wrong(
                &format!("[[package]]\nname = \"nginx\"\nbaseline = \"{text}\"\n"),
                "3:12",
                &[word, "baseline"],
            );
        }
    }
}
