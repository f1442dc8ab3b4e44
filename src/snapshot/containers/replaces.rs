//! What a container stands in for, by the labels that `driftless replace` gives its image.
//!
//! A label is what the image's maker says of it. Whether the container can still be what was said, its root being
//! read-only, is a fact of its own.

use serde::Deserialize;

use crate::snapshot::gap::quote;
use crate::snapshot::listing::{is_name, is_version};
use crate::snapshot::{Strings, Symbol};
use crate::version::{Purl, System};

/// What every label begins with.
pub const LABELS: &str = "io.driftless.";

/// How many packages and files of one image are kept.
const MOST: usize = 200;

/// How long one name may be.
const LONGEST: usize = 255;

/// The service of a cluster that a container has taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The cluster, as the playbook or the inventory calls it.
    pub cluster: String,
    /// The service, as its hosts called it.
    pub service: String,
    /// The path of its program.
    pub program: String,
    /// Whether the container executes what its image is made for, and not another thing.
    pub runs: bool,
    /// The packages that the image was made of.
    pub packages: Vec<Replaced>,
    /// Files of the configuration that the image has.
    pub files: Vec<String>,
}

/// A package of such an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its name.
    pub name: Symbol,
    /// Its version; `None` if the image was made with any of several.
    pub version: Option<Symbol>,
    /// The system that orders its versions.
    pub system: System,
    /// The release that it is of: `ID` and `VERSION_ID`.
    pub release: (String, String),
}

/// The labels, without what each begins with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Labels {
    cluster: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    program: String,
    #[serde(default)]
    command: String,
    #[serde(default)]
    packages: String,
    #[serde(default)]
    files: String,
}

impl Labels {
    /// What they say, if they say anything that makes sense.
    pub(super) fn read(self, path: &str, strings: &mut Strings) -> Option<Replaces> {
        let named =
            |text: &String| !text.is_empty() && text.len() <= LONGEST && quote(text.as_bytes()) == *text;
        let plain = [&self.cluster, &self.service, &self.program].into_iter().all(named);
        let packages: Option<Vec<Replaced>> =
            self.packages.split_whitespace().take(MOST).map(|text| package(text, strings)).collect();
        let packages = packages.filter(|packages| plain && !packages.is_empty())?;
        // One name in two versions is no statement.
        let twice = |one: &Replaced| packages.iter().any(|other| other.name == one.name && other != one);
        if packages.iter().any(twice) {
            return None;
        }
        let files = self.files.split_whitespace().take(MOST).map(str::to_owned).collect();
        Some(Replaces {
            runs: !path.is_empty() && path == self.command,
            cluster: self.cluster,
            service: self.service,
            program: self.program,
            packages,
            files,
        })
    }
}

fn package(text: &str, strings: &mut Strings) -> Option<Replaced> {
    let purl = Purl::parse(text)?;
    let version = match purl.version.as_deref() {
        Some(version) if is_version(version) => Some(strings.intern(version)),
        None => None,
        Some(_) => return None,
    };
    is_name(&purl.name).then(|| Replaced {
        name: strings.intern(&purl.name),
        version,
        system: purl.system,
        release: (purl.distribution, purl.release),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(packages: &str, cluster: &str) -> Option<Replaces> {
        let labels = Labels {
            cluster: cluster.to_owned(),
            service: "nginx".to_owned(),
            program: "/usr/sbin/nginx".to_owned(),
            command: "nginx".to_owned(),
            packages: packages.to_owned(),
            files: "/etc/nginx/nginx.conf".to_owned(),
        };
        labels.read("nginx", &mut Strings::default())
    }

    #[test]
    fn labels_that_make_sense_are_read_and_others_say_nothing() {
        let told =
            read("pkg:deb/debian/nginx@1.26-1?distro=debian-13 pkg:deb/debian/openssl", "web").unwrap();
        assert_eq!(told.packages.len(), 2);
        assert_eq!(told.packages[1].version, None, "any will do: it could not be told");
        assert_eq!(told.packages[0].release, ("debian".to_owned(), "13".to_owned()));
        for (packages, cluster) in [
            ("", "web"),
            ("nginx=1.26", "web"),
            ("pkg:deb/debian/nginx@1 pkg:deb/debian/nginx@2", "web"),
            ("pkg:deb/debian/nginx@$(id)", "web"),
            ("pkg:deb/debian/a@1 pkg:deb/debian/%1b@1", "web"),
            ("pkg:deb/debian/nginx@1", ""),
            ("pkg:deb/debian/nginx@1", "\u{1b}[2J"),
        ] {
            assert_eq!(read(packages, cluster), None, "{packages} {cluster}");
        }
    }
}
