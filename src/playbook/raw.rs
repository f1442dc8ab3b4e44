//! A playbook as it is written: the shape of every table, and where each value stands.
//!
//! Nothing is checked here but the shape. Each entry is read by itself, so that a wrong key in one of
//! them does not hide the mistakes of the others.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, ValueDeserializer};

use super::mistakes::Mistakes;
use crate::diagnostic::suggest;

/// A text and where it stands.
pub(super) type Text = Spanned<String>;

/// A key at the top of a playbook.
type Key<'i> = Spanned<DeString<'i>>;

/// Anything, and where it stands: for values that may be written in several ways.
pub(super) type Any = Spanned<toml::Value>;

/// One file, entry by entry; entries of the wrong shape are left out and told as mistakes.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) name: Option<Text>,
    pub(super) clusters: Vec<Spanned<RawCluster>>,
    pub(super) packages: Vec<Spanned<RawPackage>>,
    pub(super) upgrades: Vec<Spanned<RawUpgrade>>,
    pub(super) services: Vec<Spanned<RawService>>,
    pub(super) files: Vec<Spanned<RawFile>>,
    pub(super) sysctls: Vec<Spanned<RawSysctl>>,
    pub(super) images: Vec<Spanned<RawImage>>,
    pub(super) everything_else: Option<RawEverythingElse>,
    /// In file order.
    pub(super) rules: Vec<(Text, Text)>,
    pub(super) ignores: Vec<Spanned<RawIgnore>>,
    pub(super) waivers: Vec<Spanned<RawWaiver>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCluster {
    pub(super) name: Option<Text>,
    pub(super) hosts: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPackage {
    pub(super) name: Option<Text>,
    pub(super) names: Option<Spanned<BTreeMap<Text, Text>>>,
    pub(super) hosts: Option<Text>,
    pub(super) version: Option<Text>,
    pub(super) baseline: Option<Text>,
    pub(super) severity: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUpgrade {
    pub(super) package: Option<Text>,
    pub(super) to: Option<Text>,
    pub(super) from: Option<Any>,
    pub(super) until: Option<Any>,
    #[serde(default)]
    pub(super) requires: Vec<Spanned<RawRequires>>,
    pub(super) hosts: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequires {
    pub(super) name: Option<Text>,
    pub(super) version: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawService {
    pub(super) name: Option<Text>,
    pub(super) hosts: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) path: Option<Text>,
    pub(super) show: Option<bool>,
    pub(super) bake: Option<bool>,
    #[serde(default)]
    pub(super) normalise: Vec<Text>,
    pub(super) hosts: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSysctl {
    pub(super) key: Option<Text>,
    pub(super) value: Option<Text>,
    pub(super) hosts: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawImage {
    #[serde(rename = "match")]
    pub(super) matched: Option<Text>,
    pub(super) writes: Option<Vec<Text>>,
    #[serde(default)]
    pub(super) ships: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEverythingElse {
    pub(super) compare: Option<bool>,
    #[serde(default)]
    pub(super) ignore: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIgnore {
    pub(super) rule: Option<Text>,
    pub(super) hosts: Option<Text>,
    pub(super) subject: Option<Text>,
    pub(super) reason: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWaiver {
    pub(super) rule: Option<Text>,
    pub(super) hosts: Option<Text>,
    pub(super) subject: Option<Text>,
    pub(super) justification: Option<Text>,
    pub(super) until: Option<Any>,
}

/// Everything that may stand at the top of a playbook.
const TOP: [&str; 12] = [
    "name",
    "cluster",
    "package",
    "upgrade",
    "service",
    "file",
    "sysctl",
    "image",
    "everything-else",
    "rules",
    "ignore",
    "waiver",
];

impl Raw {
    /// Reads the file behind `mistakes`; what has the wrong shape is added to them.
    pub(super) fn read(mistakes: &mut Mistakes<'_>) -> Self {
        let source = mistakes.source;
        let table = match DeTable::parse(source.as_str()) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                mistakes.add_toml(&error);
                return Self::default();
            }
        };
        let mut raw = Self::default();
        for (key, value) in table {
            raw.take(&key, value, mistakes);
        }
        raw
    }

    /// Reads what stands at the top under `key`.
    fn take(&mut self, key: &Key<'_>, value: Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) {
        match key.get_ref().as_ref() {
            "name" => self.name = one(value, mistakes),
            "cluster" => self.clusters = entries(key, value, mistakes),
            "package" => self.packages = entries(key, value, mistakes),
            "upgrade" => self.upgrades = entries(key, value, mistakes),
            "service" => self.services = entries(key, value, mistakes),
            "file" => self.files = entries(key, value, mistakes),
            "sysctl" => self.sysctls = entries(key, value, mistakes),
            "image" => self.images = entries(key, value, mistakes),
            "everything-else" => {
                self.everything_else = single(key, value, mistakes).and_then(|table| one(table, mistakes));
            }
            "rules" => self.rules = levels(key, value, mistakes),
            "ignore" => self.ignores = entries(key, value, mistakes),
            "waiver" => self.waivers = entries(key, value, mistakes),
            unknown => mistakes.add(
                key.span(),
                format!("unknown key `{unknown}`"),
                "a playbook has no such key",
                suggest(unknown, &TOP),
            ),
        }
    }
}

/// One value of a known shape.
fn one<T: DeserializeOwned>(value: Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) -> Option<T> {
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| mistakes.add_toml(&error)).ok()
}

/// Every `[[key]]`, each read by itself.
fn entries<T: DeserializeOwned>(
    key: &Key<'_>,
    value: Spanned<DeValue<'_>>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Spanned<T>> {
    let (name, span) = (key.get_ref(), value.span());
    let DeValue::Array(array) = value.into_inner() else {
        let help = format!("write `[[{name}]]`: a playbook may have many of them");
        mistakes.add(span, format!("`{name}` is a list of tables"), "this is no list", help);
        return Vec::new();
    };
    array.into_iter().filter_map(|entry| Some(Spanned::new(entry.span(), one(entry, mistakes)?))).collect()
}

/// The one `[key]`.
fn single<'i>(
    key: &Key<'_>,
    value: Spanned<DeValue<'i>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Spanned<DeValue<'i>>> {
    if value.get_ref().is_table() {
        return Some(value);
    }
    let name = key.get_ref();
    let help = format!("write `[{name}]`: a playbook has one of them");
    mistakes.add(value.span(), format!("`{name}` is one table"), "this is no table", help);
    None
}

/// `[rules]`: a text for each rule, each read by itself, in file order.
fn levels(key: &Key<'_>, value: Spanned<DeValue<'_>>, mistakes: &mut Mistakes<'_>) -> Vec<(Text, Text)> {
    let Some(DeValue::Table(table)) = single(key, value, mistakes).map(Spanned::into_inner) else {
        return Vec::new();
    };
    let mut levels: Vec<(Text, Text)> = table
        .into_iter()
        .filter_map(|(rule, level)| {
            let rule = Spanned::new(rule.span(), rule.into_inner().into_owned());
            Some((rule, one(level, mistakes)?))
        })
        .collect();
    levels.sort_by_key(|(rule, _)| rule.span().start);
    levels
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{load, wrong};
    use crate::diagnostic::Diagnostic;

    #[test]
    fn an_unknown_key_gets_its_neighbour() {
        wrong("[[pakage]]\nname = \"nginx\"\n", "1:3", &["unknown key `pakage`", "did you mean `package`?"]);
        wrong(
            "[[package]]\nnmae = \"nginx\"\nname = \"nginx\"\n",
            "2:1",
            &["unknown key `nmae`", "did you mean `name`?"],
        );
        wrong(
            "[everything-else]\nignores = []\n",
            "2:1",
            &["unknown key `ignores`", "did you mean `ignore`?"],
        );
        wrong(
            "[[file]]\npath = \"/etc/motd\"\nnormalize = []\n",
            "3:1",
            &["unknown key `normalize`", "did you mean `normalise`?"],
        );
        wrong(
            "[[upgrade]]\npackage = \"a\"\nto = \"1\"\nrequires = [{ nam = \"b\", version = \"1\" }]\n",
            "4:15",
            &["unknown key `nam`", "did you mean `name`?"],
        );
    }

    #[test]
    fn one_table_and_many_are_told_apart() {
        wrong(
            "[package]\nname = \"nginx\"\n",
            "1:1",
            &["`package` is a list of tables", "write `[[package]]`"],
        );
        wrong("[[rules]]\ngap = \"off\"\n", "1:1", &["`rules` is one table", "write `[rules]`"]);
        wrong(
            "[[everything-else]]\n",
            "1:1",
            &["`everything-else` is one table", "write `[everything-else]`"],
        );
        wrong("waiver = true\n", "1:10", &["`waiver` is a list of tables", "write `[[waiver]]`"]);
    }

    #[test]
    fn a_wrong_entry_does_not_hide_the_mistakes_of_the_others() {
        let text = "[[package]]\nnam = \"a\"\n[[package]]\nname = 1\n[[package]]\nname = \"a\"\nseverity = \"bad\"\n\
            [rules]\ngap = 1\nrelease = \"of\"\n";
        let places: Vec<_> =
            load(&[text]).unwrap_err().0.iter().filter_map(Diagnostic::line_column).collect();
        assert_eq!(places, [(2, 1), (4, 8), (7, 12), (9, 7), (10, 11)]);
    }
}
