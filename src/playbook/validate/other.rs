//! Tables of the format that `audit` does not act on. What the user asks for there is checked and kept
//! as unaudited, so that it becomes a gap and never reads as "in sync". `[[image]]` speaks of
//! manifests, not of hosts, and leaves no gap.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::Unaudited;
use crate::playbook::raw::{RawFile, RawImage, RawRequires, RawService, RawSysctl, RawUpgrade, Text};

/// How to name a service.
const SERVICE: &str = "write the unit's name, such as `nginx`";
/// How to name a file.
const PATH: &str = "write an absolute path, such as `/etc/nginx/nginx.conf`";
/// How to name a kernel parameter.
const KEY: &str = "write the parameter's name, such as `vm.swappiness`";
/// How to write a kernel parameter's value.
const VALUE: &str = "write the value as sysctl prints it, between quotes: `value = \"60\"`";
/// How to say what an upgrade leads to.
const TO: &str = "write a version (`1.26`, `1.26.3-3+deb13u1`), a requirement (`>=1.26`) or `candidate`";
/// How to name a package.
const PACKAGE: &str = "write the package's name, as its package manager has it: `nginx`";
/// How to say which image.
const MATCH: &str = "write the image's name or a glob of it, such as `registry.corp/web*`";
/// How to say where a container writes.
const WRITES: &str = "list the paths that it writes: `writes = [\"/var/cache/nginx\", \"/run\"]`";

impl Check<'_, '_> {
    /// One `[[service]]`.
    pub(super) fn service(&mut self, raw: Spanned<RawService>) -> Option<Unaudited> {
        let entry = Entry { kind: "[[service]]", span: raw.span() };
        let raw = raw.into_inner();
        let name = self.required(&entry, "name", raw.name, SERVICE);
        let name = name.and_then(|name| self.visible("name", name, SERVICE));
        self.unaudited(&entry, "service", name, raw.hosts)
    }

    /// One `[[file]]`.
    pub(super) fn file(&mut self, raw: Spanned<RawFile>) -> Option<Unaudited> {
        let entry = Entry { kind: "[[file]]", span: raw.span() };
        let raw = raw.into_inner();
        let path = self.required(&entry, "path", raw.path, PATH).and_then(|path| self.absolute("path", path));
        raw.normalise.iter().for_each(|pattern| self.line_pattern(pattern));
        self.unaudited(&entry, "file", path, raw.hosts)
    }

    /// One `[[sysctl]]`.
    pub(super) fn sysctl(&mut self, raw: Spanned<RawSysctl>) -> Option<Unaudited> {
        let entry = Entry { kind: "[[sysctl]]", span: raw.span() };
        let raw = raw.into_inner();
        let key = self.required(&entry, "key", raw.key, KEY).and_then(|key| self.visible("key", key, KEY));
        self.required(&entry, "value", raw.value, VALUE);
        self.unaudited(&entry, "sysctl", key, raw.hosts)
    }

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

    fn absolute(&mut self, key: &str, path: Text) -> Option<Text> {
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
            "[[service]]\nname = \"nginx\"\nhosts = \"web\"\n\
             [[file]]\npath = \"/etc/motd\"\nshow = true\nbake = false\nnormalise = [\"^x\"]\n\
             [[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"60\"\n\
             [[upgrade]]\npackage = \"nginx\"\nto = \">=1.26\"\nfrom = 2026-11-20\nuntil = 2026-11-30\n\
             requires = [{ name = \"openssl\", version = \">=3.0\" }]\n\
             [[image]]\nmatch = \"registry.corp/web*\"\nwrites = [\"/run\"]\n",
        );
        let kept: Vec<_> = playbook
            .unaudited
            .iter()
            .map(|one| (one.kind, one.subject.as_str(), one.hosts.is_some(), one.place.line))
            .collect();
        let expected = [
            ("service", "nginx", true, 1),
            ("file", "/etc/motd", false, 4),
            ("sysctl", "vm.swappiness", false, 9),
            ("upgrade", "nginx", false, 12),
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn what_must_stand_there_is_told() {
        wrong("[[service]]\n", "1:1", &["`[[service]]` without `name`", "the unit's name"]);
        wrong("[[file]]\n", "1:1", &["`[[file]]` without `path`", "absolute path"]);
        wrong("[[sysctl]]\nvalue = \"60\"\n", "1:1", &["`[[sysctl]]` without `key`", "vm.swappiness"]);
        wrong(
            "[[sysctl]]\nkey = \"vm.swappiness\"\n",
            "1:1",
            &["`[[sysctl]]` without `value`", "value = \"60\""],
        );
        wrong("[[upgrade]]\nto = \"1.26\"\n", "1:1", &["`[[upgrade]]` without `package`", "`nginx`"]);
        wrong("[[upgrade]]\npackage = \"nginx\"\n", "1:1", &["`[[upgrade]]` without `to`", "`candidate`"]);
        wrong("[[image]]\nwrites = []\n", "1:1", &["`[[image]]` without `match`", "registry.corp/web*"]);
        wrong("[[image]]\nmatch = \"web\"\n", "1:1", &["`[[image]]` without `writes`", "/var/cache/nginx"]);
    }

    #[test]
    fn values_are_checked_as_they_will_be_used() {
        wrong("[[file]]\npath = \"etc/motd\"\n", "2:8", &["`etc/motd` is no absolute path", "/etc/nginx"]);
        wrong("[[image]]\nmatch = \"web\"\nwrites = [\"run\"]\n", "3:11", &["`run` is no absolute path"]);
        wrong(
            "[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = 60\n",
            "3:9",
            &["expected a string", "between quotes"],
        );
        wrong("[[service]]\nname = \"a\\nb\"\n", "2:8", &["control character in `name`", "the unit's name"]);
        let upgrade = |line: &str| format!("[[upgrade]]\npackage = \"nginx\"\n{line}\n");
        wrong(&upgrade("to = \">=new\""), "3:6", &["bad version requirement", "`>=1.24, <1.27`"]);
        wrong(&upgrade("to = \"the newest\""), "3:6", &["bad `to`", "`candidate`"]);
        let requires = upgrade("to = \"1.26\"\nrequires = [{ name = \"openssl\" }]");
        wrong(&requires, "4:13", &["`requires` without `version`", "\">=3.0\""]);
        wrong("[[upgrade]]\npackage = \"nginx*\"\nto = \"1\"\n", "2:17", &["`nginx*` is no package name"]);
    }
}
