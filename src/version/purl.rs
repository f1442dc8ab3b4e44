//! Package URLs: how other tools name a package in one version, of one distribution's release.
//!
//! Source: the purl specification and its types `deb`, `rpm`, `apk` and `alpm`.

use super::System;

/// A package as a package URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purl {
    /// Its system, which orders its versions.
    pub system: System,
    /// The distribution, as os-release(5) has `ID`; empty where it is not told.
    pub distribution: String,
    /// The release, as os-release(5) has `VERSION_ID`; empty where it is not told.
    pub release: String,
    /// The package's name.
    pub name: String,
    /// Its full version, with its epoch; `None` where any will do.
    pub version: Option<String>,
    /// Its architecture, where it is told.
    pub arch: Option<String>,
}

/// The longest that is read.
const LONGEST: usize = 2048;

impl System {
    /// The type of a package URL.
    const fn purl_type(self) -> &'static str {
        match self {
            Self::Debian => "deb",
            Self::Rpm => "rpm",
            Self::Apk => "apk",
            Self::Pacman => "alpm",
        }
    }
}

impl Purl {
    /// Reads one; `None` if it is none of these types, or not well-formed.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:").filter(|_| text.len() <= LONGEST)?;
        // A subpath says nothing about packages.
        let rest = rest.split('#').next()?;
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (kind, path) = path.split_once('/')?;
        let system = [System::Debian, System::Rpm, System::Apk, System::Pacman]
            .into_iter()
            .find(|system| system.purl_type() == kind)?;
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) => (path, Some(decoded(version)?)),
            None => (path, None),
        };
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut purl = Self {
            system,
            distribution: decoded(namespace)?,
            release: String::new(),
            name: decoded(name).filter(|name| !name.is_empty())?,
            version: version.filter(|version| !version.is_empty()),
            arch: None,
        };
        for (key, value) in qualifiers.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value)?;
            match key {
                "arch" => purl.arch = Some(value),
                "distro" => {
                    let own = value.strip_prefix(&purl.distribution).and_then(|rest| rest.strip_prefix('-'));
                    purl.release = own.unwrap_or(&value).to_owned();
                }
                // rpm keeps its epoch out of the version.
                "epoch" => purl.version = purl.version.map(|version| format!("{value}:{version}")),
                _ => {}
            }
        }
        Some(purl)
    }
}

impl std::fmt::Display for Purl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pkg:{}/", self.system.purl_type())?;
        if !self.distribution.is_empty() {
            write!(f, "{}/", encoded(&self.distribution))?;
        }
        f.write_str(&encoded(&self.name))?;
        let mut qualifiers = Vec::new();
        if let Some(arch) = &self.arch {
            qualifiers.push(format!("arch={}", encoded(arch)));
        }
        if !self.release.is_empty() {
            qualifiers.push(format!("distro={}-{}", encoded(&self.distribution), encoded(&self.release)));
        }
        if let Some(version) = &self.version {
            let epoch = version.split_once(':').filter(|_| self.system == System::Rpm);
            write!(f, "@{}", encoded(epoch.map_or(version, |(_, version)| version)))?;
            if let Some((epoch, _)) = epoch {
                qualifiers.push(format!("epoch={}", encoded(epoch)));
            }
        }
        // In the order of their keys, as the specification wants them.
        qualifiers.sort();
        if qualifiers.is_empty() { Ok(()) } else { write!(f, "?{}", qualifiers.join("&")) }
    }
}

fn encoded(text: &str) -> String {
    // The specification leaves colons as they are.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(plain).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_specifications_own_examples_are_read() {
        let purl = Purl::parse("pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie").unwrap();
        assert_eq!(
            (purl.system, purl.name.as_str(), purl.release.as_str()),
            (System::Debian, "curl", "jessie")
        );
        assert_eq!((purl.version.as_deref(), purl.arch.as_deref()), (Some("7.50.3-1"), Some("i386")));
        let purl = Purl::parse("pkg:rpm/centerim@4.22.10-1.el6?arch=i686&epoch=1&distro=fedora-25").unwrap();
        assert_eq!((purl.version.as_deref(), purl.distribution.as_str()), (Some("1:4.22.10-1.el6"), ""));
        let purl = Purl::parse("pkg:alpm/arch/containers-common@1%3A0.47.4-4?arch=x86_64").unwrap();
        assert_eq!(purl.version.as_deref(), Some("1:0.47.4-4"));
        for other in
            ["pkg:npm/a@1", "deb/debian/a@1", "pkg:deb/debian/", "pkg:deb/debian/a@%2", "pkg:deb", ""]
        {
            assert_eq!(Purl::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_written_form_is_the_canonical_one() {
        let purl = Purl {
            system: System::Rpm,
            distribution: "rocky".to_owned(),
            release: "9.4".to_owned(),
            name: "libstdc++".to_owned(),
            version: Some("1:11.4.1-3.el9".to_owned()),
            arch: Some("x86_64".to_owned()),
        };
        assert_eq!(
            purl.to_string(),
            "pkg:rpm/rocky/libstdc%2B%2B@11.4.1-3.el9?arch=x86_64&distro=rocky-9.4&epoch=1"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            name in "[a-z0-9][a-z0-9+.-]{0,8}", version in "([0-9]:)?[0-9][0-9a-z.+~-]{0,9}", release in "[0-9.]{1,4}", nth in 0..4_usize,
        ) {
            let system = [System::Debian, System::Rpm, System::Apk, System::Pacman][nth];
            let purl = Purl { system, distribution: "debian".to_owned(), release, name, version: Some(version), arch: None };
            prop_assert_eq!(Purl::parse(&purl.to_string()), Some(purl));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(pkg:(deb|rpm)/)?[a%0-9/@?=&#é]{0,30}") {
            Purl::parse(&text);
        }
    }
}
