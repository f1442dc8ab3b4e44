//! `[[file]]` and `[[sysctl]]`: configuration that shall be the same across a cluster.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::raw::{RawFile, RawSysctl, Text};
use crate::playbook::{FileEntry, SysctlEntry};

/// How to name a file.
const PATH: &str = "write an absolute path, such as `/etc/nginx/nginx.conf`";
/// How to name a kernel parameter.
const KEY: &str = "write the parameter's name, such as `vm.swappiness`";
/// How to write a kernel parameter's value.
const VALUE: &str = "write the value as sysctl prints it, between quotes: `value = \"60\"`";

/// What is wrong with a path: title, label and help. Hosts take a path as it stands, and a list of allowed files
/// has one way to write it.
fn odd_path(path: &str) -> Option<(String, &'static str, &'static str)> {
    let shown = path.escape_debug();
    let mut parts = path.split('/').skip(1).peekable();
    if path.split('/').skip(1).any(|part| ["", ".", ".."].contains(&part)) {
        let title = format!("`{shown}` takes a detour");
        return Some((
            title,
            "a part of it is empty, `.` or `..`",
            "write the path without it, and without a `/` at its end",
        ));
    }
    if parts.peek().is_some_and(|first| first.contains(['*', '?', '['])) {
        let title = format!("`{shown}` looks into every folder there is");
        return Some((title, "a glob in its first part", "name the first folder: `/etc/*.conf`"));
    }
    if path.contains(['{', '}']) {
        let title = format!("`{shown}` has braces");
        return Some((title, "a glob has `*`, `?` and `[…]` alone", "write an entry for each path"));
    }
    let unclosed =
        |part: &str| part.rfind('[').is_some_and(|at| !part.get(at..).unwrap_or_default().contains(']'));
    if path.split('/').any(unclosed) {
        return Some((
            format!("`{shown}` has `[` without `]`"),
            "no glob",
            "close it, as in `/etc/app/[a-c].conf`",
        ));
    }
    None
}

impl Check<'_, '_> {
    /// One `[[file]]`.
    pub(super) fn file(&mut self, raw: Spanned<RawFile>) -> Option<FileEntry> {
        let entry = Entry { kind: "[[file]]", span: raw.span() };
        let raw = raw.into_inner();
        let path = self.required(&entry, "path", raw.path, PATH).and_then(|path| self.absolute("path", path));
        let path = path.and_then(|path| self.askable("path", path, PATH));
        let path = path.and_then(|path| self.plain_file(path));
        let normalise = raw.normalise.iter().filter_map(|pattern| self.line_pattern(pattern)).collect();
        let hosts = self.hosts(raw.hosts);
        Some(FileEntry {
            path: path?.into_inner(),
            show: raw.show.unwrap_or(false),
            bake: raw.bake.unwrap_or(false),
            normalise,
            hosts,
            place: self.place(&entry),
        })
    }

    /// A path behind which files are: reading what the kernel shows there may wait for ever, or change something.
    fn plain_file(&mut self, path: Text) -> Option<Text> {
        if let Some((title, label, help)) = odd_path(path.get_ref()) {
            self.mistakes.add(path.span(), title, label, help);
            return None;
        }
        let kernels = ["/proc/", "/sys/", "/dev/"].into_iter();
        let mut kernels = kernels.filter(|folder| format!("{}/", path.get_ref()).starts_with(folder));
        let Some(folder) = kernels.next() else { return Some(path) };
        let help = "kernel parameters belong into a `[[sysctl]]`: `key = \"vm.swappiness\"`";
        let title = format!("`{}` is no file that somebody wrote", path.get_ref());
        self.mistakes.add(path.span(), title, format!("the kernel's own, under {folder}"), help);
        None
    }

    /// A parameter's name: one, and nothing beside it.
    fn parameter(&mut self, key: Text) -> Option<Text> {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@+".contains(letter);
        let odd = key.get_ref().char_indices().find(|(_, letter)| !fits(*letter));
        let span = match odd {
            Some((at, odd)) => self.within(&key, at..at + odd.len_utf8()),
            None if key.get_ref().split(['.', '/']).any(str::is_empty) => key.span(),
            None => return Some(key),
        };
        let title = format!("`{}` is no kernel parameter", key.get_ref());
        let help =
            "write one name as sysctl prints it, such as `vm.swappiness`; what it shall be is its `value`";
        self.mistakes.add(span, title, "no name has this", help);
        None
    }

    /// One `[[sysctl]]`.
    pub(super) fn sysctl(&mut self, raw: Spanned<RawSysctl>) -> Option<SysctlEntry> {
        let entry = Entry { kind: "[[sysctl]]", span: raw.span() };
        let raw = raw.into_inner();
        let key = self.required(&entry, "key", raw.key, KEY).and_then(|key| self.askable("key", key, KEY));
        let key = key.and_then(|key| self.parameter(key));
        let value = raw.value.map(|value| self.filled("value", value, VALUE));
        let hosts = self.hosts(raw.hosts);
        Some(SysctlEntry {
            key: key?.into_inner(),
            value: value.flatten().map(Spanned::into_inner),
            hosts,
            place: self.place(&entry),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn files_and_parameters_are_read_whole() {
        let playbook = right(
            "[[file]]\npath = \"/etc/motd\"\nshow = true\nbake = true\nnormalise = [\"^x\"]\n\
             [[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"60\"\n[[sysctl]]\nkey = \"vm.dirty_ratio\"\n",
        );
        let [file] = playbook.files.as_slice() else { panic!("{playbook:?}") };
        assert_eq!((file.path.as_str(), file.show, file.place.line), ("/etc/motd", true, 1));
        assert!(file.bake);
        assert_eq!(
            file.normalise.iter().map(crate::playbook::LinePattern::posix).collect::<Vec<_>>(),
            ["^x"]
        );
        let values: Vec<_> =
            playbook.sysctls.iter().map(|one| (one.key.as_str(), one.value.as_deref())).collect();
        assert_eq!(values, [("vm.swappiness", Some("60")), ("vm.dirty_ratio", None)]);
    }

    #[test]
    fn what_must_stand_there_is_told() {
        wrong("[[file]]\n", "1:1", &["`[[file]]` without `path`", "absolute path"]);
        wrong("[[sysctl]]\nvalue = \"60\"\n", "1:1", &["`[[sysctl]]` without `key`", "vm.swappiness"]);
    }

    #[test]
    fn what_is_the_kernels_is_no_file_and_a_parameter_is_one_name() {
        for (path, words) in [
            ("/etc/../proc/version", "takes a detour"),
            ("//proc/version", "takes a detour"),
            ("/etc/app/", "takes a detour"),
            ("/", "takes a detour"),
            ("/pro?/version", "looks into every folder"),
            ("/etc/{a,b}", "has braces"),
            ("/etc/[a", "`[` without `]`"),
        ] {
            wrong(&format!("[[file]]\npath = \"{path}\"\n"), "2:8", &[words]);
        }
        wrong("[[file]]\npath = \"/proc\"\n", "2:8", &["is no file that somebody wrote"]);
        wrong("[[file]]\npath = \"/proc/kmsg\"\n", "2:8", &["is no file that somebody wrote", "[[sysctl]]"]);
        for (key, place) in
            [("net.*.x", "2:12"), ("vm.x = 1", "2:12"), ("vm..x", "2:7"), ("/proc/sys/vm", "2:7")]
        {
            wrong(
                &format!("[[sysctl]]\nkey = \"{key}\"\n"),
                place,
                &["is no kernel parameter", "vm.swappiness"],
            );
        }
    }

    #[test]
    fn values_are_checked_as_they_will_be_used() {
        wrong("[[file]]\npath = \"etc/motd\"\n", "2:8", &["`etc/motd` is no absolute path", "/etc/nginx"]);
        wrong("[[file]]\npath = \"/etc/caf\u{e9}\"\n", "2:17", &["in `path`", "absolute path"]);
        wrong(
            "[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = 60\n",
            "3:9",
            &["expected a string", "between quotes"],
        );
        wrong("[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"\"\n", "3:9", &["empty `value`"]);
    }
}
