//! `[[image]]`: where the containers of an image write. It speaks of manifests, not of hosts.

use toml::Spanned;

use super::Entry;
use super::fields::Check;
use crate::playbook::ImageEntry;
use crate::playbook::raw::{RawImage, Text};

/// How to name a file.
const PATH: &str = "write an absolute path, such as `/etc/nginx/nginx.conf`";
/// How to say which image.
const MATCH: &str = "write the image's name or a glob of it, such as `registry.corp/web*`";
/// How to say where a container writes.
const WRITES: &str = "list the paths that it writes: `writes = [\"/var/cache/nginx\", \"/run\"]`";

/// How to say where an image has files already.
const SHIPS: &str = "list those of `writes` in which the image has files that the container needs";

impl Check<'_, '_> {
    /// One `[[image]]`.
    pub(super) fn image(&mut self, raw: Spanned<RawImage>) -> Option<ImageEntry> {
        let entry = Entry { kind: "[[image]]", span: raw.span() };
        let raw = raw.into_inner();
        let matched = self.required(&entry, "match", raw.matched, MATCH).and_then(|glob| self.glob(&glob));
        if raw.writes.is_none() {
            self.missing(&entry, "writes", WRITES);
        }
        let paths = raw.writes?.into_iter().filter_map(|path| self.absolute("writes", path));
        let writes: Vec<String> = paths.map(Spanned::into_inner).collect();
        let ships: Vec<Text> =
            raw.ships.into_iter().filter_map(|path| self.absolute("ships", path)).collect();
        for path in ships.iter().filter(|path| !writes.contains(path.get_ref())) {
            let title = format!("`{}` is not among `writes`", path.get_ref());
            self.mistakes.add(path.span(), title, "no volume would hide what the image ships there", SHIPS);
        }
        let ships = ships.into_iter().map(Spanned::into_inner).collect();
        Some(ImageEntry { matched: matched?, writes, ships, place: self.place(&entry) })
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
}

#[cfg(test)]
mod tests {
    use crate::playbook::fixture::{right, wrong};

    #[test]
    fn an_image_is_read_whole() {
        let playbook =
            right("[[image]]\nmatch = \"registry.corp/web*\"\nwrites = [\"/var/cache/nginx\", \"/run\"]\n");
        let [read] = playbook.images.as_slice() else { panic!("{playbook:?}") };
        assert!(read.matched.matches("registry.corp/web:1") && read.writes == ["/var/cache/nginx", "/run"]);
        assert_eq!(read.place.to_string(), "a.toml:1");
    }

    #[test]
    fn what_must_stand_there_is_told() {
        wrong("[[image]]\nwrites = []\n", "1:1", &["`[[image]]` without `match`", "registry.corp/web*"]);
        wrong("[[image]]\nmatch = \"web\"\n", "1:1", &["`[[image]]` without `writes`", "/var/cache/nginx"]);
        wrong("[[image]]\nmatch = \"web\"\nwrites = [\"run\"]\n", "3:11", &["`run` is no absolute path"]);
        let ships = "[[image]]\nmatch = \"web\"\nwrites = [\"/run\"]\nships = [\"/srv\"]\n";
        wrong(ships, "4:10", &["`/srv` is not among `writes`"]);
    }
}
