//! Tables of the format that `audit` does not act on. What the user asks for there is checked and kept
//! as unaudited, so that it becomes a gap and never reads as "in sync". `[[image]]` speaks of
//! manifests, not of hosts, and leaves no gap.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::Unaudited;
use crate::playbook::raw::{RawImage, RawRequires, RawUpgrade, Text};

/// How to name a file.
const PATH: &str = "write an absolute path, such as `/etc/nginx/nginx.conf`";
/// How to say what an upgrade leads to.
const TO: &str = "write a version (`1.26`, `1.26.3-3+deb13u1`), a requirement (`>=1.26`) or `candidate`";
/// How to name a package.
const PACKAGE: &str = "write the package's name, as its package manager has it: `nginx`";
/// How to say which image.
const MATCH: &str = "write the image's name or a glob of it, such as `registry.corp/web*`";
/// How to say where a container writes.
const WRITES: &str = "list the paths that it writes: `writes = [\"/var/cache/nginx\", \"/run\"]`";

impl Check<'_, '_> {
    /// One `[[upgrade]]`.
    pub(super) fn upgrade(&mut self, raw: Spanned<RawUpgrade>) -> Option<Unaudited> {
        let entry = Entry { kind: "[[upgrade]]", span: raw.span() };
        let raw = raw.into_inner();
        let package = self.required(&entry, "package", raw.package, PACKAGE);
        let subject = package.clone().and_then(|name| self.package_name("package", name)).and(package);
        if let Some(to) = self.required(&entry, "to", raw.to, TO) {
            self.target(&to);
        }
        self.dates(raw.from.as_ref(), raw.until.as_ref());
        raw.requires.into_iter().for_each(|one| self.requires(one));
        self.unaudited(&entry, "upgrade", subject, raw.hosts)
    }

    /// One `[[image]]`.
    pub(super) fn image(&mut self, raw: Spanned<RawImage>) {
        let entry = Entry { kind: "[[image]]", span: raw.span() };
        let raw = raw.into_inner();
        if let Some(glob) = self.required(&entry, "match", raw.matched, MATCH) {
            self.glob(&glob);
        }
        match raw.writes {
            Some(paths) => paths.into_iter().for_each(|path| {
                self.absolute("writes", path);
            }),
            None => self.missing(&entry, "writes", WRITES),
        }
    }

    fn unaudited(
        &mut self,
        entry: &Entry,
        kind: &'static str,
        subject: Option<Text>,
        hosts: Option<Text>,
    ) -> Option<Unaudited> {
        let hosts = self.hosts(hosts);
        Some(Unaudited { kind, subject: subject?.into_inner(), hosts, place: self.place(entry) })
    }

    pub(super) fn absolute(&mut self, key: &str, path: Text) -> Option<Text> {
        let path = self.visible(key, path, PATH)?;
        if path.get_ref().starts_with('/') {
            return Some(path);
        }
        let title = format!("`{}` is no absolute path", path.get_ref());
        self.mistakes.add(path.span(), title, "it does not begin with `/`", PATH);
        None
    }

    /// What an upgrade leads to: a requirement where it begins with an operator, otherwise one word.
    fn target(&mut self, to: &Text) {
        let text = to.get_ref();
        if text.starts_with(['<', '>', '=', '^', '~']) {
            self.requirement(to);
        } else if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            self.mistakes.add(to.span(), "bad `to`", "a version has no blanks", TO);
        }
    }

    fn requires(&mut self, raw: Spanned<RawRequires>) {
        let entry = Entry { kind: "requires", span: raw.span() };
        let raw = raw.into_inner();
        if let Some(name) = self.required(&entry, "name", raw.name, PACKAGE) {
            self.package_name("name", name);
        }
        let help = "write a semver requirement, such as `version = \">=3.0\"`";
        if let Some(version) = self.required(&entry, "version", raw.version, help) {
            self.requirement(&version);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn what_is_not_audited_is_never_silently_nothing() {
        let playbook = right(
            "[[upgrade]]\npackage = \"nginx\"\nto = \">=1.26\"\nfrom = 2026-11-20\nuntil = 2026-11-30\n\
             requires = [{ name = \"openssl\", version = \">=3.0\" }]\n\
             [[image]]\nmatch = \"registry.corp/web*\"\nwrites = [\"/run\"]\n",
        );
        let kept: Vec<_> = playbook
            .unaudited
            .iter()
            .map(|one| (one.kind, one.subject.as_str(), one.hosts.is_some(), one.place.line))
            .collect();
        assert_eq!(kept, [("upgrade", "nginx", false, 1)]);
    }

    #[test]
    fn what_must_stand_there_is_told() {
        wrong("[[upgrade]]\nto = \"1.26\"\n", "1:1", &["`[[upgrade]]` without `package`", "`nginx`"]);
        wrong("[[upgrade]]\npackage = \"nginx\"\n", "1:1", &["`[[upgrade]]` without `to`", "`candidate`"]);
        wrong("[[image]]\nwrites = []\n", "1:1", &["`[[image]]` without `match`", "registry.corp/web*"]);
        wrong("[[image]]\nmatch = \"web\"\n", "1:1", &["`[[image]]` without `writes`", "/var/cache/nginx"]);
    }

    #[test]
    fn values_are_checked_as_they_will_be_used() {
        wrong("[[image]]\nmatch = \"web\"\nwrites = [\"run\"]\n", "3:11", &["`run` is no absolute path"]);
        let upgrade = |line: &str| format!("[[upgrade]]\npackage = \"nginx\"\n{line}\n");
        wrong(&upgrade("to = \">=new\""), "3:6", &["bad version requirement", "`>=1.24, <1.27`"]);
        wrong(&upgrade("to = \"the newest\""), "3:6", &["bad `to`", "`candidate`"]);
        let requires = upgrade("to = \"1.26\"\nrequires = [{ name = \"openssl\" }]");
        wrong(&requires, "4:13", &["`requires` without `version`", "\">=3.0\""]);
        wrong("[[upgrade]]\npackage = \"nginx*\"\nto = \"1\"\n", "2:17", &["`nginx*` is no package name"]);
    }
}
