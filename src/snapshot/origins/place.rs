//! What a source is, whichever mirror serves it: `docs/sources.md` has the heuristics.
//!
//! No name of a user, no password and no token of an address comes out of here.

use super::super::gap::quote;

/// The archives of distributions that are mirrored everywhere, by the last word of their path.
const ARCHIVES: [&str; 5] = ["debian", "debian-security", "ubuntu", "ubuntu-ports", "raspbian"];

/// The components of these archives: <https://www.debian.org/doc/debian-policy/ch-archive.html>,
/// <https://help.ubuntu.com/community/Repositories>.
const COMPONENTS: [&str; 8] =
    ["main", "contrib", "non-free", "non-free-firmware", "restricted", "universe", "multiverse", "rpi"];

/// Words of paths under which mirrors keep the archives of others.
const MIRROR_WORDS: [&str; 20] = [
    "apt",
    "cache",
    "data",
    "distributions",
    "distros",
    "ftp",
    "html",
    "linux",
    "media",
    "mirror",
    "mirrors",
    "mnt",
    "os",
    "proxy",
    "pub",
    "public",
    "repos",
    "repository",
    "srv",
    "var",
];

/// How long a word of a path is at least that is taken for a secret: some hosts sell access by the address.
const SECRET: usize = 16;

/// An address of a repository, without what is nobody's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address<'a> {
    scheme: &'a str,
    host: String,
    path: Vec<&'a str>,
}

impl<'a> Address<'a> {
    /// Reads a URI as apt and the others write it; `None` where it is none.
    pub(super) fn parse(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once(':').unwrap_or(("file", uri));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
        if scheme.is_empty()
            || !scheme.bytes().all(plain)
            || !rest.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?,
            None => ("", rest),
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
        let numeric = port.bytes().all(|byte| byte.is_ascii_digit());
        let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_$[]:".contains(&byte));
        if !numeric || !named {
            return None;
        }
        let path = path.split('/').filter(|word| !word.is_empty()).collect();
        Some(Self { scheme, host: host.to_ascii_lowercase(), path }.behind_proxy())
    }

    /// apt-cacher and its like are asked for `http://proxy:3142/ftp.at.debian.org/debian`, and for what is not to be
    /// in the clear for `http://proxy:3142/HTTPS///ftp.at.debian.org/debian`.
    fn behind_proxy(mut self) -> Self {
        loop {
            match self.path.as_slice() {
                ["HTTPS", host, ..] if is_host(host) => {}
                [host, _, ..] if is_host(host) => self.host = host.to_ascii_lowercase(),
                _ => return self,
            }
            self.path.remove(0);
        }
    }

    /// The archive's name where it is one that is mirrored everywhere. `fits` says whether what is taken from
    /// it is what such an archive has, which has to be so where the host is nobody's known mirror.
    pub(super) fn archive(&self, fits: bool) -> Option<&'static str> {
        let debian = self.host == "debian.org" || self.host.ends_with(".debian.org");
        let ubuntu = self.host.ends_with(".ubuntu.com");
        // Frozen, and sold apart.
        if ["snapshot.debian.org", "esm.ubuntu.com"].contains(&self.host.as_str()) {
            return None;
        }
        if self.host == "security.debian.org" {
            return Some("debian-security");
        }
        if ubuntu && self.path.last().is_some_and(|last| *last == "mirrors.txt") {
            return Some("ubuntu");
        }
        // A large hoster's way to lay out its mirror.
        match self.path.as_slice() {
            ["debian", "packages"] if fits => return Some("debian"),
            ["debian", "security"] if fits => return Some("debian-security"),
            _ => {}
        }
        let (last, before) = self.path.split_last()?;
        // A list of mirrors is called after what they mirror.
        let last =
            if self.scheme.starts_with("mirror") { last.strip_suffix(".list").unwrap_or(last) } else { last };
        let known = ARCHIVES.into_iter().find(|archive| *archive == last)?;
        let listed = self.scheme.starts_with("mirror+file");
        let mirrored =
            || fits && before.iter().all(|word| MIRROR_WORDS.contains(&word.to_ascii_lowercase().as_str()));
        (debian || ubuntu || listed || mirrored()).then_some(known)
    }

    /// Host and path, for what no mirror is known of.
    pub(super) fn place(&self) -> String {
        let path = self.path.iter().map(|word| if is_secret(word) { "***" } else { word });
        let host = if self.host.is_empty() { format!("{}:", self.scheme) } else { self.host.clone() };
        let words: Vec<&str> = std::iter::once(host.as_str()).chain(path).collect();
        quote(words.join("/").as_bytes())
    }

    /// The words of the path.
    pub(super) fn path(&self) -> &[&'a str] {
        &self.path
    }
}

/// Whether what is taken from an archive is what a distribution's own has: the host's release, under the names
/// of its suites, and known components.
pub(super) fn fits(codename: &str, suite: &str, component: &str) -> bool {
    let rest = suite.strip_prefix(codename).filter(|_| !codename.is_empty());
    let own = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '/']));
    own && COMPONENTS.contains(&component)
}

/// `ftp.at.debian.org`, but not `8.x` and not `mirrors`.
fn is_host(word: &str) -> bool {
    let last = word.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
}

/// A text with `***` in place of what looks like a secret in the paths of addresses.
pub(in crate::snapshot) fn without_tokens(text: &str) -> String {
    let path = |word: &str| {
        let bare = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        if is_secret(bare) { "***".to_owned() } else { word.to_owned() }
    };
    let masked = |word: &str| {
        if word.contains(":/") {
            word.split('/').map(path).collect::<Vec<_>>().join("/")
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(masked).collect::<Vec<_>>().join(" ")
}

/// A long word of mixed letters and digits is no name that somebody chose.
fn is_secret(word: &str) -> bool {
    word.len() >= SECRET
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a source of trixie's `main` is.
    fn told(uri: &str, suite: &str, component: &str) -> String {
        let Some(address) = Address::parse(uri) else { return "none".to_owned() };
        address.archive(fits("trixie", suite, component)).map_or_else(|| address.place(), str::to_owned)
    }

    #[test]
    fn mirrors_of_one_archive_are_one() {
        for uri in [
            "http://ftp.at.debian.org/debian",
            "https://ftp.at.debian.org/debian/",
            "http://ftp.de.debian.org/debian/",
            "http://cdn.debian.org/debian",
            "http://apt-cacher:3142/ftp.at.debian.org/debian",
            "http://proxy.corp:3142/HTTPS///ftp.debian.org/debian",
            "http://user:pass@mirror.corp:8080/debian",
            "https://mirrors.edge.kernel.org/pub/linux/debian",
            "mirror+file:/etc/apt/mirrors/debian.list",
            "file:///srv/mirror/debian",
            "tor+http://ftp.at.debian.org/debian",
            "http://mirror.hoster.example/debian/packages",
        ] {
            assert_eq!(told(uri, "trixie", "main"), "debian", "{uri}");
        }
        assert_eq!(told("http://security.debian.org/", "trixie-security", "main"), "debian-security");
        assert_eq!(
            told("mirror+file:/etc/apt/mirrors/debian-security.list", "trixie-security", "main"),
            "debian-security"
        );
        for uri in [
            "http://archive.ubuntu.com/ubuntu",
            "http://de.archive.ubuntu.com/ubuntu/",
            "http://security.ubuntu.com/ubuntu",
            "mirror://mirrors.ubuntu.com/mirrors.txt",
        ] {
            assert_eq!(told(uri, "noble", "universe"), "ubuntu", "{uri}");
        }
    }

    #[test]
    fn what_is_not_the_distributions_own_is_told_by_host_and_path() {
        for (uri, suite, component, is) in [
            (
                "https://download.docker.com/linux/debian",
                "trixie",
                "stable",
                "download.docker.com/linux/debian",
            ),
            ("https://nginx.org/packages/debian", "trixie", "nginx", "nginx.org/packages/debian"),
            ("http://packages.ros.org/ros/debian", "trixie", "main", "packages.ros.org/ros/debian"),
            ("https://repos.influxdata.com/debian", "stable", "main", "repos.influxdata.com/debian"),
            (
                "https://snapshot.debian.org/archive/debian/20250520T000000Z",
                "trixie",
                "main",
                "snapshot.debian.org/archive/debian/20250520T000000Z",
            ),
            (
                "https://ppa.launchpadcontent.net/ondrej/php/ubuntu",
                "noble",
                "main",
                "ppa.launchpadcontent.net/ondrej/php/ubuntu",
            ),
            (
                "http://proxy:3142/download.docker.com/linux/debian",
                "trixie",
                "stable",
                "download.docker.com/linux/debian",
            ),
            ("file:///srv/repo", "./", "", "file:/srv/repo"),
            ("cdrom:[Debian]/", "trixie", "main", "cdrom:/[Debian]"),
        ] {
            assert_eq!(told(uri, suite, component), is);
        }
    }

    #[test]
    fn no_secret_of_an_address_is_told() {
        for uri in [
            "https://user:s3cret@repo.corp/apt",
            "https://repo.corp/s3cretS3cretS3cret1/apt",
            "https://repo.corp/apt?token=s3cret",
            "https://user:s3/cret@repo.corp/apt",
            "https://s3cret@repo.corp:99/apt",
        ] {
            assert!(!told(uri, "trixie", "main").contains("s3"), "{uri}: {}", told(uri, "trixie", "main"));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(uri in "[a-z:/@.? \\PC]{0,60}", suite in "\\PC{0,10}", component in "\\PC{0,10}") {
            prop_assert!(!told(&uri, &suite, &component).chars().any(char::is_control));
        }
    }
}
