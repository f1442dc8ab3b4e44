//! `[[upgrade]]`: which package shall come to which version, when, and what must be there for it.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::raw::{RawRequires, RawUpgrade, Text};
use crate::playbook::{Require, UpgradeEntry};
use crate::version::Target;

/// How to say what an upgrade leads to.
const TO: &str = "write a version (`1.26`, `1.26.3-3+deb13u1`), a requirement (`>=1.26`) or `candidate`";
/// How to name a package.
const PACKAGE: &str = "write the package's name, as its package manager has it: `nginx`";

impl Check<'_, '_> {
    /// One `[[upgrade]]`.
    pub(super) fn upgrade(&mut self, raw: Spanned<RawUpgrade>) -> Option<UpgradeEntry> {
        let entry = Entry { kind: "[[upgrade]]", span: raw.span() };
        let raw = raw.into_inner();
        let package = self.required(&entry, "package", raw.package, PACKAGE);
        let package = package.and_then(|name| self.package_name("package", name));
        let to = self.required(&entry, "to", raw.to, TO).and_then(|to| self.target(&to));
        let (from, until) = self.dates(raw.from.as_ref(), raw.until.as_ref());
        let requires = raw.requires.into_iter().filter_map(|one| self.requires(one)).collect();
        let hosts = self.hosts(raw.hosts);
        Some(UpgradeEntry {
            package: package?,
            to: to?,
            from,
            until,
            requires,
            hosts,
            place: self.place(&entry),
        })
    }

    /// What an upgrade leads to.
    fn target(&mut self, to: &Text) -> Option<Target> {
        match Target::parse(to.get_ref()) {
            Ok(target) => Some(target),
            Err(reason) => {
                self.mistakes.add(to.span(), "bad `to`", reason, TO);
                None
            }
        }
    }

    fn requires(&mut self, raw: Spanned<RawRequires>) -> Option<Require> {
        let entry = Entry { kind: "requires", span: raw.span() };
        let raw = raw.into_inner();
        let name = self.required(&entry, "name", raw.name, PACKAGE);
        let package = name.and_then(|name| self.package_name("name", name));
        let help = "write a semver requirement, such as `version = \">=3.0\"`";
        let version = self.required(&entry, "version", raw.version, help);
        let version = version.and_then(|version| self.requirement(&version));
        Some(Require { package: package?, version: version? })
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn an_upgrade_is_kept_as_it_is_meant() {
        let playbook = right(
            "[[upgrade]]\npackage = \"nginx\"\nto = \">=1.26\"\nfrom = 2026-11-20\nuntil = 2026-11-30\n\
             requires = [{ name = \"openssl\", version = \">=3.0\" }]\n",
        );
        let upgrade = &playbook.upgrades[0];
        assert_eq!((upgrade.package.as_str(), upgrade.to.to_string().as_str()), ("nginx", ">=1.26"));
        assert_eq!(upgrade.requires[0].package, "openssl");
        let on = |day: &str| upgrade.under_way(day.parse().unwrap());
        assert!(on("2026-11-20") && on("2026-11-30") && !on("2026-11-19") && !on("2026-12-01"));
        let plan = &right("[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n").upgrades[0];
        assert!(!plan.under_way("2026-11-20".parse().unwrap()), "a plan is no roll-out");
    }

    #[test]
    fn what_must_stand_there_is_told() {
        wrong("[[upgrade]]\nto = \"1.26\"\n", "1:1", &["`[[upgrade]]` without `package`", "`nginx`"]);
        wrong("[[upgrade]]\npackage = \"nginx\"\n", "1:1", &["`[[upgrade]]` without `to`", "`candidate`"]);
    }

    #[test]
    fn values_are_checked_as_they_will_be_used() {
        let upgrade = |line: &str| format!("[[upgrade]]\npackage = \"nginx\"\n{line}\n");
        wrong(&upgrade("to = \">=new\""), "3:6", &["bad `to`", "`candidate`"]);
        wrong(&upgrade("to = \"the newest\""), "3:6", &["bad `to`", "`candidate`"]);
        wrong(&upgrade("to = \">=1.26.0-rc.1\""), "3:6", &["bad `to`", "pre-releases"]);
        let requires = upgrade("to = \"1.26\"\nrequires = [{ name = \"openssl\" }]");
        wrong(&requires, "4:13", &["`requires` without `version`", "\">=3.0\""]);
        wrong("[[upgrade]]\npackage = \"nginx*\"\nto = \"1\"\n", "2:17", &["`nginx*` is no package name"]);
    }
}
