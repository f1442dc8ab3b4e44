//! The lines in which the probe tells of containers, the same for every runtime.
//!
//! `listed COUNT`, then a container as one JSON object a line, the digests of their images, and what changed in
//! some of them. The JSON is the tool's own, of fields that the probe picks; whatever does not fit is a gap that
//! quotes it, and the rest is kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::changes::Change;
use super::replaces::Labels;
use super::{Changes, Container, Mount, Pod, Runtime};
use crate::snapshot::Strings;
use crate::snapshot::gap::{Gap, Reason, quote};
use crate::snapshot::listing::{is_name, lines};

/// How many containers a runtime may list; the probe asks for no more.
const MOST_CONTAINERS: usize = 200;

/// How long a line may be: a container with hundreds of mounts.
const LONGEST_LINE: usize = 256 * 1024;

/// How many mounts, capabilities and digests of one container are kept.
const MOST_PARTS: usize = 100;

/// How long a name, an image or a path may be.
const LONGEST_WORD: usize = 4096;

/// How a runtime tells what differs: the first line's rest, or a line each behind it.
pub(super) struct Format {
    pub(super) runtime: Runtime,
    /// Changes in one JSON text; `None` is none that can be read.
    pub(super) all: fn(&str) -> Option<Vec<Change>>,
    /// A change that has a line of its own.
    pub(super) one: fn(&str) -> Option<Change>,
    /// Whether the runtime has an answer to what changed.
    pub(super) tells_changes: bool,
}

/// A container as the tool tells it.
#[derive(Deserialize)]
struct Told {
    id: String,
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    image_id: String,
    #[serde(default)]
    user: String,
    read_only: Option<bool>,
    privileged: Option<bool>,
    added: Option<Vec<String>>,
    mounts: Option<Vec<ToldMount>>,
    tmpfs: Option<BTreeMap<String, String>>,
    #[serde(default)]
    infra: bool,
    namespace: Option<String>,
    pod: Option<String>,
    labels: Option<Labels>,
    /// What it executes; told where it has such labels.
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ToldMount {
    #[serde(default)]
    source: String,
    destination: String,
    #[serde(rename = "RW")]
    rw: bool,
}

/// An image's digests, by the id that containers call it by.
#[derive(Deserialize)]
struct ToldImage {
    of: String,
    digests: Option<Vec<String>>,
}

/// What the lines came to.
#[derive(Default)]
struct Read<'a> {
    listed: usize,
    described: usize,
    others: bool,
    list: Vec<Container>,
    /// What changed, by the container's id: how many paths, and the first of them.
    changes: BTreeMap<String, (usize, Vec<Change>)>,
    /// Whose changes the next lines tell.
    of: Option<String>,
    images: BTreeMap<String, Vec<String>>,
    lines: usize,
    /// Containers whose labels begin to say what they replace, and make no sense.
    mislabelled: Vec<String>,
    odd: usize,
    first_odd: Option<&'a [u8]>,
}

/// Every container that a section tells of; what it does not tell is a gap.
pub(super) fn read(
    format: &Format,
    payload: &[u8],
    strings: &mut Strings,
    gaps: &mut Vec<Gap>,
) -> Vec<Container> {
    let mut read = Read::default();
    for line in lines(payload).filter(|line| !line.is_empty()) {
        read.lines += 1;
        let text = std::str::from_utf8(line).ok().filter(|_| line.len() <= LONGEST_LINE);
        if text.and_then(|text| read.take(format, strings, text)).is_none() {
            read.odd += 1;
            read.first_odd.get_or_insert(line);
        }
    }
    read.gaps(format, gaps);
    read.finish(format, gaps)
}

impl Read<'_> {
    /// Takes one line; `None` if it makes no sense.
    fn take(&mut self, format: &Format, strings: &mut Strings, line: &str) -> Option<()> {
        if let Some(count) = line.strip_prefix("listed ") {
            self.listed = count.parse().ok()?;
        } else if line == "others" {
            self.others = true;
        } else if line.starts_with("{\"of\":") {
            let image: ToldImage = serde_json::from_str(line).ok()?;
            let digests = image.digests.unwrap_or_default().into_iter().filter(|digest| is_reference(digest));
            self.images.insert(hexadecimal(&image.of)?, digests.take(MOST_PARTS).collect());
        } else if line.starts_with('{') {
            self.described += 1;
            let told: Told = serde_json::from_str(line).ok()?;
            // What a pod's own container is made of is no affair of its user's.
            if !told.infra {
                (self.list.len() < MOST_CONTAINERS).then_some(())?;
                let odd = told.labels.is_some();
                let container = container(format, strings, told)?;
                if odd && container.replaces.is_none() {
                    self.mislabelled.push(container.name.clone());
                }
                self.list.push(container);
            }
        } else if let Some(changes) = line.strip_prefix("changes ") {
            let mut words = changes.splitn(3, ' ');
            let (id, count) = (words.next()?, words.next()?.parse().ok()?);
            let first = words.next().map_or(Some(Vec::new()), format.all)?;
            (self.changes.len() < MOST_CONTAINERS).then_some(())?;
            self.changes.insert(short(id)?, (count, first));
            self.of = Some(short(id)?);
        } else {
            let (_, changes) = self.changes.get_mut(self.of.as_ref()?)?;
            changes.push((format.one)(line)?);
        }
        Some(())
    }

    fn gaps(&self, format: &Format, gaps: &mut Vec<Gap>) {
        let mut gap = |reason, detail: String| {
            gaps.push(Gap { probe: format.runtime.as_str().to_owned(), reason, detail });
        };
        if let Some(first) = self.first_odd {
            let (odd, all) = (self.odd, self.lines);
            gap(Reason::Unparsable, format!("{odd} of {all} lines make no sense: `{}`", quote(first)));
        }
        if !self.mislabelled.is_empty() {
            let names = self.mislabelled.join(", ");
            gap(
                Reason::Unparsable,
                format!("the labels that say what these containers replace make no sense: {names}"),
            );
        }
        if self.described < self.listed {
            gap(Reason::Truncated, "containers that were listed were not described".to_owned());
        }
        if self.others {
            let detail =
                "more containers run here, of other users or daemons, that are not shown to this one";
            gap(Reason::NeedsPrivilege, detail.to_owned());
        }
    }

    /// The containers, with what changed in them and what their images are called.
    fn finish(mut self, format: &Format, gaps: &mut Vec<Gap>) -> Vec<Container> {
        let mut silent = [false; 2];
        for container in &mut self.list {
            if let Some(digests) = container.image_id.as_ref().and_then(|id| self.images.get(id)) {
                container.digests.clone_from(digests);
            }
            if let Some((count, changes)) = self.changes.remove(&container.id) {
                let mounted: Vec<&str> =
                    container.mounts.iter().map(|mount| mount.destination.as_str()).collect();
                container.changed = Some(Changes::of(changes, count, &mounted));
            }
            silent[0] |= container.privileged.is_none() || container.read_only_root.is_none();
            silent[1] |= container.read_only_root == Some(false) && container.changed.is_none();
        }
        let details = [
            "whether containers are privileged, or their root is read-only, is not told of all",
            "what changed in containers is not told of all",
        ];
        let silent = [silent[0], silent[1] && format.tells_changes];
        let told = details.into_iter().zip(silent).filter(|(_, silent)| *silent);
        gaps.extend(told.map(|(detail, _)| Gap {
            probe: format.runtime.as_str().to_owned(),
            reason: Reason::Truncated,
            detail: detail.to_owned(),
        }));
        self.list
    }
}

/// One container, if all that ends up in names, keys and commands is of their alphabets.
fn container(format: &Format, strings: &mut Strings, told: Told) -> Option<Container> {
    let name = told.name.trim_start_matches('/').to_owned();
    let sound = |name: &String| is_name(name) && name.len() <= 255;
    let pod = match (told.namespace, told.pod) {
        (Some(namespace), Some(name)) => {
            (sound(&namespace) && sound(&name)).then_some(())?;
            Some(Pod { namespace, name })
        }
        _ => None,
    };
    let is_image = told.image.is_empty() || is_reference(&told.image);
    let is_user = told.user.len() <= 255 && told.user.bytes().all(is_plain);
    (sound(&name) && is_image && is_user).then_some(())?;
    let tmpfs = told.tmpfs.unwrap_or_default().into_keys().map(|destination| Mount {
        source: String::new(),
        destination,
        writable: true,
    });
    let mounts = told.mounts.unwrap_or_default().into_iter().map(|mount| Mount {
        source: mount.source,
        destination: mount.destination,
        writable: mount.rw,
    });
    let fits = |mount: &Mount| mount.source.len().max(mount.destination.len()) <= LONGEST_WORD;
    let added = told.added.unwrap_or_default().into_iter().filter(|name| sound(name));
    let digests = Some(told.image_id.clone()).filter(|image| image.contains('@') && is_reference(image));
    Some(Container {
        runtime: format.runtime,
        id: short(&told.id)?,
        name,
        pod,
        image: told.image,
        image_id: hexadecimal(&told.image_id),
        digests: digests.into_iter().collect(),
        user: told.user,
        read_only_root: told.read_only,
        privileged: told.privileged,
        added: added.take(MOST_PARTS).collect(),
        mounts: mounts.chain(tmpfs).filter(fits).take(MOST_PARTS).collect(),
        changed: None,
        replaces: told.labels.and_then(|labels| labels.read(&told.path, strings)),
    })
}

/// The first twelve digits of an id, as every tool takes them.
fn short(id: &str) -> Option<String> {
    let hex = id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && !id.is_empty()).then(|| id.get(..12).unwrap_or(id).to_owned())
}

/// The digits of `sha256:DIGEST`, `NAME@sha256:DIGEST` or `DIGEST`.
fn hexadecimal(digest: &str) -> Option<String> {
    let digits = digest.rsplit(':').next()?;
    let hex = digits.len() <= 128 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hex && !digits.is_empty()).then(|| digits.to_owned())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':' | b'@' | b'+' | b'$')
}

/// Whether a word can be the name of an image, with its tag or digest.
fn is_reference(word: &str) -> bool {
    word.len() <= LONGEST_WORD
        && word.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && word.bytes().all(|byte| is_plain(byte) && byte != b'$')
}

#[cfg(test)]
pub(super) mod fixture {
    use super::*;

    /// What a section comes to: the containers, and the gaps as lines.
    pub(in super::super) fn told(
        format: &Format,
        payload: impl AsRef<[u8]>,
    ) -> (Vec<Container>, Vec<String>) {
        let mut gaps = Vec::new();
        let list = read(format, payload.as_ref(), &mut Strings::default(), &mut gaps);
        let told = gaps.iter().map(|gap| format!("{} {}: {}", gap.probe, gap.reason, gap.detail)).collect();
        (list, told)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{cri, docker, podman};
    use super::fixture::told;

    const ONE: &str = r#"{"id":"aa","name":"/web","image":"nginx:1","image_id":"sha256:bb","user":"","read_only":true,"privileged":false}"#;

    #[test]
    fn an_odd_line_is_a_gap_and_the_rest_is_kept() {
        let payload = format!("listed 1\n{{\"id\":\"\u{1b}[2J\nmore\n{ONE}\n");
        let (list, gaps) = told(&docker::FORMAT, payload);
        assert_eq!(list.len(), 1);
        assert_eq!(gaps, ["docker unparsable: 2 of 4 lines make no sense: `{\"id\":\"\\u{1b}[2J`"]);
    }

    #[test]
    fn names_that_a_shell_could_read_are_no_names() {
        for odd in [r#""/web""#, r#""nginx:1""#, r#""user":"""#] {
            let hostile = ONE.replace(
                odd,
                &odd.replace('"', "")
                    .replace("user:", "\"user\":\"$(id)\"")
                    .replace("/web", "\"$(id)\"")
                    .replace("nginx:1", "\"$(id)\""),
            );
            assert_ne!(hostile, ONE);
            let (list, gaps) = told(&docker::FORMAT, format!("listed 1\n{hostile}\n"));
            assert!(list.is_empty() && gaps[0].contains("unparsable"), "{hostile}: {gaps:?}");
        }
    }

    #[test]
    fn a_container_that_was_listed_and_not_described_is_a_gap() {
        let (list, gaps) = told(&docker::FORMAT, format!("listed 2\n{ONE}\n"));
        assert_eq!(list.len(), 1);
        assert_eq!(gaps, ["docker truncated: containers that were listed were not described"]);
    }

    #[test]
    fn what_was_not_told_of_a_writable_container_is_a_gap() {
        let writable = ONE.replace("\"read_only\":true", "\"read_only\":false");
        let (_, gaps) = told(&docker::FORMAT, format!("listed 1\n{writable}\n"));
        assert_eq!(gaps, ["docker truncated: what changed in containers is not told of all"]);
        let (_, gaps) = told(&docker::FORMAT, format!("listed 1\n{writable}\nchanges aa 0\n"));
        assert!(gaps.is_empty(), "{gaps:?}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            for format in [&docker::FORMAT, &podman::FORMAT, &cri::FORMAT] {
                told(format, &bytes);
            }
        }

        #[test]
        fn lines_that_look_like_an_answer_do_not(lines in proptest::collection::vec(prop_oneof![
            Just(ONE.to_owned()),
            Just(ONE.replace("true", "false")),
            "listed [0-9]{1,22}",
            "changes [0-9a-f]{0,3} [0-9]{1,22}( .{0,20})?",
            r#"changes aa [0-9] \{"added":\["/.{0,6}"(,"/a")?\]\}?"#,
            "[ACD] /.{0,20}",
            r#"\{"of":"[0-9a-f:]{0,6}","digests":\[("a@sha256:00")?\]\}"#,
            r#"\{"id":"[a-g]{0,3}","name":".{0,6}"\}"#,
        ], 0..12)) {
            for format in [&docker::FORMAT, &podman::FORMAT, &cri::FORMAT] {
                let (list, _) = told(format, lines.join("\n"));
                prop_assert!(list.len() <= lines.len());
            }
        }
    }
}
