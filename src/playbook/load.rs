//! Reading playbooks and merging them into one.
//!
//! It reads the files and leaves every judgement of them to `validate`. Either the whole of all files
//! is right or nothing of them is used.

use std::path::PathBuf;

use super::Playbook;
use super::mistakes::Mistakes;
use super::raw::Raw;
use super::validate::validate;
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

impl Playbook {
    /// Reads, validates and merges playbooks, in the order given: the first name counts, a later level
    /// of a rule and a later `compare` replace an earlier one, everything else adds up.
    ///
    /// `known_rules` are the ids that `[rules]`, `[[ignore]]` and `[[waiver]]` may name.
    ///
    /// # Errors
    /// Every mistake of every file, in order. A file that is no TOML shows the first mistake alone.
    pub fn load(paths: &[PathBuf], known_rules: &[&str]) -> Result<Self, Diagnostics> {
        Self::load_with_sources(paths, known_rules).map(|(playbook, _)| playbook)
    }

    /// The same, and the files as they were read, for whoever keeps them beside what came of them.
    ///
    /// # Errors
    /// As [`Playbook::load`].
    pub fn load_with_sources(
        paths: &[PathBuf],
        known_rules: &[&str],
    ) -> Result<(Self, Vec<Source>), Diagnostics> {
        let read: Vec<_> = paths.iter().map(|path| Source::read(path)).collect();
        let sources = read.iter().filter_map(|source| source.as_ref().ok().cloned()).collect();
        Ok((merge(read, known_rules)?, sources))
    }

    /// The same for files that were read.
    ///
    /// # Errors
    /// Every mistake of every file, in order.
    pub fn from_sources(sources: &[Source], known_rules: &[&str]) -> Result<Self, Diagnostics> {
        merge(sources.iter().cloned().map(Ok), known_rules)
    }

    /// The same for a text that is already there.
    pub fn from_text(name: &str, text: &str, known_rules: &[&str]) -> Result<Self, Diagnostics> {
        merge([Ok(Source::text(name, text))], known_rules)
    }
}

/// Validates and merges files as they are read.
pub(super) fn merge(
    sources: impl IntoIterator<Item = Result<Source, Diagnostic>>,
    known_rules: &[&str],
) -> Result<Playbook, Diagnostics> {
    let mut whole = Playbook::default();
    let mut wrong = Vec::new();
    for source in sources {
        let source = match source {
            Ok(source) => source,
            Err(unreadable) => {
                wrong.push(unreadable);
                continue;
            }
        };
        let mut mistakes = Mistakes::new(&source);
        let raw = Raw::read(&mut mistakes);
        validate(raw, known_rules, &mut mistakes, &mut whole);
        wrong.extend(mistakes.into_diagnostics());
    }
    if wrong.is_empty() { Ok(whole) } else { Err(Diagnostics(wrong)) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::super::fixture::{RULES, load, right};
    use super::*;

    #[test]
    fn no_playbook_says_nothing() {
        let playbook = Playbook::load(&[], &RULES).unwrap();
        assert!(
            playbook.name.is_none() && playbook.everything_else.is_none() && playbook.packages.is_empty()
        );
        assert!(right("").everything_else.is_none());
    }

    #[test]
    fn the_example_teaches_what_is_audited() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/example.toml");
        let rules = ["package-version", "package-missing", "package-extra", "release", "ahead"];
        let playbook = Playbook::load(&[path], &rules).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert!(playbook.name.is_some() && playbook.everything_else.is_some());
        for (table, entries) in [
            ("cluster", playbook.clusters.len()),
            ("upgrade", playbook.upgrades.len()),
            ("package", playbook.packages.len()),
            ("file", playbook.files.len()),
            ("sysctl", playbook.sysctls.len()),
            ("service", playbook.services.len()),
            ("image", playbook.images.len()),
            ("rules", playbook.rules.len()),
            ("ignore", playbook.ignores.len()),
            ("waiver", playbook.waivers.len()),
        ] {
            assert!(entries > 0, "the example has no {table}");
        }
    }

    #[test]
    fn files_merge_in_order() {
        let playbook = load(&[
            "[everything-else]\ncompare = true\nignore = [\"a-*\"]\n[[package]]\nname = \"nginx\"\n",
            "name = \"second\"\n[everything-else]\nignore = [\"b-*\"]\n[[package]]\nname = \"openssl\"\n",
            "name = \"third\"\n",
        ])
        .unwrap();
        assert_eq!(playbook.name.as_deref(), Some("second"), "the first name counts");
        let rest = playbook.everything_else.unwrap();
        assert!(rest.compare, "a file that does not speak of it leaves it");
        assert!(rest.ignores("a-1") && rest.ignores("b-1"));
        let places: Vec<_> = playbook.packages.iter().map(|one| one.place.to_string()).collect();
        assert_eq!(places, ["a.toml:4", "b.toml:4"]);
        let off =
            load(&["[everything-else]\ncompare = true\n", "[everything-else]\ncompare = false\n"]).unwrap();
        assert!(!off.everything_else.unwrap().compare, "a later file that does speak of it wins");
    }

    #[test]
    fn the_mistakes_of_all_files_come_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let paths = [
            folder.path().join("gone.toml"),
            write("latin1.toml", b"name = \"caf\xe9\"\n"),
            write("empty-name.toml", b"name = \"\"\n"),
            write("right.toml", b"name = \"web\"\n"),
        ];
        let shown = Playbook::load(&paths, &RULES).unwrap_err().to_string();
        for words in ["gone.toml: cannot read", "latin1.toml:1:12", "empty-name.toml:1:8", "empty `name`"] {
            assert!(shown.contains(words), "{words} is missing:\n{shown}");
        }
        assert!(!shown.contains("right.toml"), "{shown}");
    }

    #[test]
    fn a_large_file_takes_no_more_than_its_share() {
        let entry = "[[package]]\nname = \"nginx\"\nseverity = \"hihg\"\n";
        let begun = std::time::Instant::now();
        let mistakes = load(&[&entry.repeat(20_000)]).unwrap_err();
        assert!(mistakes.to_string().contains("19950 more mistakes"));
        let cluster = |nth| format!("[[cluster]]\nname = \"c{nth}\"\nhosts = \"h\"\n");
        let clusters = (0..20_000).map(cluster).collect::<Vec<_>>().concat();
        assert_eq!(right(&clusters).clusters.len(), 20_000);
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }

    /// Lines that mean something, so that chance gets past the TOML reader.
    fn line() -> impl Strategy<Value = String> {
        let key = "name|names|hosts|version|baseline|severity|rule|subject|reason|until|ignore|compare|to|normalise";
        let value = prop_oneof![
            r#""[a-z*?\[\]:!&~ .0-9<>=]{0,12}""#,
            r#""\\PC{0,8}""#,
            "'[^'\n]{0,8}'",
            "[0-9]{1,4}(-[01][0-9]-[0-3][0-9])?",
            r"\[\]|\{\}|true|1979-05-27T07:32:00Z",
        ];
        let table = r"\[\[(cluster|package|ignore|waiver|service|file|sysctl|upgrade|image)\]\]|\[(everything-else|rules)\]";
        prop_oneof![table, (key, value).prop_map(|(key, value)| format!("{key} = {value}"))]
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in r"[\s\PC]{0,80}") {
            if let Err(wrong) = load(&[&text]) {
                prop_assert!(!wrong.to_string().is_empty());
            }
        }

        #[test]
        fn arbitrary_entries_never_panic(lines in proptest::collection::vec(line(), 0..8)) {
            if let Err(wrong) = load(&[&lines.join("\n")]) {
                prop_assert!(!wrong.0.is_empty() && !wrong.to_string().is_empty());
            }
        }
    }
}
