//! Which paths the containers of an image write: what is known of public images, and what the playbook says of one's
//! own.
//!
//! An image is known by the name of its repository, whatever the registry; but not where the name is that of somebody
//! whose images of that name are built otherwise. What is not known is said to be unknown, and never guessed.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use super::manifest::Container;
use super::path::normalise;
use super::yaml::shown;
use crate::playbook::ImageEntry;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/immutability/images");

/// A file that does not parse is missing here, which the tests below do not let pass.
static KNOWN: LazyLock<Vec<Image>> =
    LazyLock::new(|| FILES.files().filter_map(|file| toml::from_str(file.contents_utf8()?).ok()).collect());

/// Publishers whose images have the names of the official ones and write elsewhere.
const OTHERS: [&str; 13] = [
    "bitnami",
    "bitnamilegacy",
    "bitnamisecure",
    "chainguard",
    "rapidfort",
    "linuxserver",
    "ubi8",
    "ubi9",
    "rhel8",
    "rhel9",
    "rhscl",
    "sclorg",
    "webdevops",
];

/// What is known of an image.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    /// The last parts of its repositories' names.
    names: Vec<String>,
    /// Only tags that have this in them.
    tag: Option<String>,
    /// Programs of which this is true; empty is whatever runs in it.
    #[serde(default)]
    programs: Vec<String>,
    /// Where it writes.
    path: Vec<Written>,
}

/// A path that an image writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    path: String,
    kind: Lasts,
    #[cfg_attr(not(test), allow(dead_code, reason = "it is for those who read the file"))]
    why: String,
    /// How much it may take, as an emptyDir's sizeLimit.
    limit: Option<String>,
    /// Only in versions from this major one on.
    from: Option<u32>,
    /// Only in versions before this major one.
    before: Option<u32>,
    /// The variable that puts it elsewhere.
    env: Option<String>,
}

/// How long what is written must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lasts {
    /// It must outlive the pod: a claim.
    Persistent,
    /// It may go with the pod: an emptyDir.
    Ephemeral,
}

/// What a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writes {
    /// These paths, normalised.
    Known(Vec<String>),
    /// Nobody knows; and why.
    Unknown(String),
}

/// All that is known of images.
#[derive(Debug, Clone, Default)]
pub struct Images {
    own: Vec<ImageEntry>,
}

impl Images {
    /// What is known of public images, and what a playbook says.
    pub fn of(playbook: &[ImageEntry]) -> Self {
        Self { own: playbook.to_vec() }
    }

    /// Where a container writes.
    pub fn writes(&self, container: &Container) -> Writes {
        let Some(image) = &container.image else {
            return Writes::Unknown("it names no image, and which paths it writes is not known".to_owned());
        };
        // A copy writes where it says, whatever its image.
        if container.program.as_deref().map(base) == Some("cp") {
            let to = container.words.last().filter(|path| path.starts_with('/'));
            return match to {
                Some(path) => Writes::Known(vec![normalise(path)]),
                None => Writes::Unknown("where its `cp` writes cannot be told".to_owned()),
            };
        }
        let name = Name::of(image);
        if let Some(entry) = self.own(image, &name) {
            return Writes::Known(entry.writes.iter().map(|path| normalise(path)).collect());
        }
        let Some(known) = KNOWN.iter().find(|known| known.is(&name)) else {
            return Writes::Unknown(format!(
                "which paths {} writes is not known: name them in a playbook's [[image]]",
                name.without_tag
            ));
        };
        let program = container.program.as_deref().map(base);
        if let Some(program) = program.filter(|program| !known.runs(program)) {
            return Writes::Unknown(format!(
                "it runs `{}` in place of the image's own program, and which paths that writes is not known: name them in a playbook's [[image]]",
                shown(program)
            ));
        }
        Writes::Known(known.paths(&name, container).collect())
    }

    /// Whether an image ships files at a path, which a volume would hide.
    pub fn ships(&self, image: &str, path: &str) -> bool {
        let entry = self.own(image, &Name::of(image));
        entry.is_some_and(|entry| entry.ships.iter().any(|shipped| normalise(shipped) == path))
    }

    /// How long what an image writes at a path must last; `None` if nobody says.
    pub fn lasts(&self, image: &str, path: &str) -> Option<Lasts> {
        self.written(image, path).map(|written| written.kind)
    }

    /// How much what a public image writes at a path may take.
    pub fn limit(&self, image: &str, path: &str) -> Option<&'static str> {
        self.written(image, path)?.limit.as_deref()
    }

    fn written(&self, image: &str, path: &str) -> Option<&'static Written> {
        let name = Name::of(image);
        if self.own(image, &name).is_some() {
            return None;
        }
        let known = KNOWN.iter().find(|known| known.is(&name))?;
        known.path.iter().find(|written| normalise(&written.path) == path)
    }

    /// What the playbook says of an image: of several entries the last one counts, as it does for packages.
    fn own(&self, image: &str, name: &Name<'_>) -> Option<&ImageEntry> {
        let speaks =
            |entry: &&ImageEntry| entry.matched.matches(image) || entry.matched.matches(name.without_tag);
        self.own.iter().rev().find(speaks)
    }
}

impl Image {
    fn is(&self, name: &Name<'_>) -> bool {
        self.names.iter().any(|own| own == name.last)
            && !OTHERS.contains(&name.publisher)
            && self
                .tag
                .as_ref()
                .is_none_or(|part| name.tag.contains(part.as_str()) || name.last.ends_with(part.as_str()))
    }

    fn runs(&self, program: &str) -> bool {
        self.programs.is_empty() || self.programs.iter().any(|own| own == program)
    }

    fn paths(&self, name: &Name<'_>, container: &Container) -> impl Iterator<Item = String> {
        let major = name.major();
        let holds = move |written: &&Written| {
            // A tag without a number is the newest version.
            written.from.is_none_or(|from| major.is_none_or(|major| major >= from))
                && written.before.is_none_or(|before| major.is_some_and(|major| major < before))
        };
        self.path.iter().filter(holds).map(|written| {
            let set =
                |name: &String| container.env.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            let elsewhere = written.env.as_ref().and_then(set).filter(|value| value.starts_with('/'));
            normalise(elsewhere.unwrap_or(&written.path))
        })
    }
}

/// The name of a program without its folder.
fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// An image's name, taken apart: `docker.io/library/nginx:1.26@sha256:…`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'i> {
    /// Without tag and digest.
    pub without_tag: &'i str,
    /// The last part of its repository.
    last: &'i str,
    /// The part before that, if it is none of the registry.
    publisher: &'i str,
    /// The tag; empty is `latest`.
    pub tag: &'i str,
    /// Whether it has a digest: it is always the same image.
    pub pinned: bool,
}

impl<'i> Name<'i> {
    /// Takes a name apart; what it cannot make sense of is part of the repository.
    pub fn of(image: &'i str) -> Self {
        let (tagged, digest) =
            image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
        let (without_tag, tag) = match tagged.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (tagged, ""),
        };
        let mut parts = without_tag.rsplit('/');
        let last = parts.next().unwrap_or_default();
        let publisher = parts.next().unwrap_or_default();
        Self { without_tag, last, publisher, tag, pinned: digest.is_some_and(is_digest) }
    }

    /// The number that a tag begins with.
    fn major(&self) -> Option<u32> {
        let digits: String = self.tag.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }
}

/// `sha256:` and 64 hexadecimal digits, or another algorithm's.
fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hash)| {
        !algorithm.is_empty() && hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::fixture::container;
    use crate::playbook::Playbook;

    fn writes(image: &str) -> Option<Vec<String>> {
        match Images::default().writes(&container(&format!("image: {image}"))) {
            Writes::Known(paths) => Some(paths),
            Writes::Unknown(_) => None,
        }
    }

    #[test]
    fn every_file_is_read_and_says_where_and_why() {
        assert_eq!(KNOWN.len(), FILES.files().count());
        for image in KNOWN.iter() {
            assert!(!image.names.is_empty(), "{image:?}");
            for written in &image.path {
                assert_eq!(written.path, normalise(&written.path));
                assert!(written.why.len() > 5, "{written:?}");
            }
        }
    }

    #[test]
    fn an_image_is_known_by_its_repositorys_name() {
        let nginx = Some(vec!["/var/cache/nginx".to_owned(), "/run".to_owned()]);
        for image in [
            "nginx",
            "nginx:1.27-alpine",
            "docker.io/library/nginx:1.26",
            "registry.corp:5000/mirror/nginx",
            "nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(writes(image), nginx, "{image}");
        }
        for image in ["bitnami/nginx", "nginx-ingress", "registry.corp/nginx/web", "php:8-cli", "mynginx"] {
            assert_eq!(writes(image), None, "{image}");
        }
        assert_eq!(writes("nginxinc/nginx-unprivileged:1"), Some(vec!["/tmp".to_owned()]));
        assert_eq!(writes("php:8.3-fpm-alpine"), Some(vec!["/tmp".to_owned()]));
        assert_eq!(writes("haproxy:3.0"), Some(vec![]));
        for image in [
            "httpd",
            "redis",
            "mariadb",
            "mysql",
            "memcached",
            "rabbitmq:4-management",
            "node:22",
            "python:3",
        ] {
            assert!(writes(image).is_some(), "{image}");
        }
    }

    #[test]
    fn postgres_moved_its_data_and_a_variable_moves_it_again() {
        assert_eq!(writes("postgres:17").unwrap()[0], "/var/lib/postgresql/data");
        assert_eq!(writes("postgres:18.1-alpine").unwrap()[0], "/var/lib/postgresql");
        assert_eq!(writes("postgres").unwrap()[0], "/var/lib/postgresql", "latest");
        let moved = container("image: postgres:16\nenv: [{name: PGDATA, value: /data/pg}]");
        let Writes::Known(paths) = Images::default().writes(&moved) else { panic!() };
        assert_eq!(paths, ["/data/pg", "/run/postgresql", "/tmp"]);
    }

    #[test]
    fn another_program_is_another_matter() {
        let run = |command: &str| {
            Images::default().writes(&container(&format!("image: nginx\ncommand: [{command}]")))
        };
        assert!(matches!(run("/usr/sbin/nginx, -g, daemon off;"), Writes::Known(_)));
        let Writes::Unknown(why) = run("sh, -c, cp") else { panic!() };
        assert!(why.contains("`sh`"), "{why}");
        let args =
            |args: &str| Images::default().writes(&container(&format!("image: postgres:16\nargs: [{args}]")));
        assert!(
            matches!(args("-c, fsync=on"), Writes::Known(_))
                && matches!(args("postgres, -c, x"), Writes::Known(_))
        );
        assert!(matches!(args("bash, -c, x"), Writes::Unknown(_)));
    }

    #[test]
    fn a_copy_writes_where_it_says() {
        let copy = |words: &str| {
            Images::default().writes(&container(&format!("image: corp/app\ncommand: [{words}]")))
        };
        assert_eq!(copy("/bin/cp, -a, /srv/., /copy/srv/"), Writes::Known(vec!["/copy/srv".to_owned()]));
        assert!(matches!(copy("cp, -a, x, y"), Writes::Unknown(_)));
    }

    #[test]
    fn the_playbook_knows_better() {
        let text = "[[image]]\nmatch = \"registry.corp/web*\"\nwrites = [\"/var/run/\"]\n[[image]]\nmatch = \"nginx\"\nwrites = []\n";
        let playbook = Playbook::from_text("p", text, &[]).unwrap();
        let images = Images::of(&playbook.images);
        let writes = |image: &str| images.writes(&container(&format!("image: {image}\ncommand: [sh]")));
        assert_eq!(writes("registry.corp/web:1"), Writes::Known(vec!["/run".to_owned()]));
        assert_eq!(writes("nginx:1.27"), Writes::Known(vec![]));
        assert!(matches!(writes("registry.corp/app"), Writes::Unknown(_)));
    }
}
