//! Which version an upgrade leads to, as a playbook or a command line says it.

use std::fmt;

use super::{Requirement, System, Upstream};

/// What an upgrade leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    text: String,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    /// Whatever the package manager would take.
    Candidate,
    /// That very version, its epoch given or left out.
    Exact,
    /// The upstream version begins so.
    Prefix,
    /// A requirement on the upstream version, as the versions from the first to before the second.
    Range(Requirement, [u64; 3], Option<[u64; 3]>),
}

impl Target {
    /// Reads a target: `candidate`; a requirement, where it begins with an operator; an exact version, where it
    /// has a revision; otherwise the beginning of one.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment in lower case.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let how = if text == "candidate" {
            How::Candidate
        } else if text.starts_with(['<', '>', '=', '^', '~', '*']) {
            let requirement = Requirement::parse(text)?;
            let (from, below) = requirement
                .bounds()
                .ok_or("hosts cannot be asked for pre-releases, or for what no version meets")?;
            How::Range(requirement, from, below)
        } else if !is_version(text) {
            return Err("expected a version, a requirement such as `>=1.26`, or `candidate`".to_owned());
        } else if text.contains('-') || text.contains(':') {
            How::Exact
        } else {
            How::Prefix
        };
        Ok(Self { text: text.to_owned(), how })
    }

    /// The words by which a host is asked for it: `exact 1.26.3-3+deb13u1`, `prefix 1.26`,
    /// `range 1.26.0 1.27.0` or `candidate`.
    pub fn request(&self) -> String {
        let three = |[major, minor, patch]: [u64; 3]| format!("{major}.{minor}.{patch}");
        match &self.how {
            How::Candidate => "candidate".to_owned(),
            How::Exact => format!("exact {}", self.text),
            How::Prefix => format!("prefix {}", self.text),
            How::Range(_, from, below) => {
                format!("range {} {}", three(*from), below.map_or_else(|| "-".to_owned(), three))
            }
        }
    }

    /// Whether it is whatever the package manager would take.
    pub fn is_candidate(&self) -> bool {
        self.how == How::Candidate
    }

    /// Whether a full version of a system is what it leads to.
    pub fn accepts(&self, system: System, version: &str) -> bool {
        match &self.how {
            How::Candidate => true,
            How::Exact => {
                let without_epoch = version.split_once(':').map(|(_, rest)| rest);
                version == self.text || without_epoch == Some(self.text.as_str())
            }
            How::Prefix => begins(super::upstream::plain(system, version), &self.text),
            How::Range(requirement, ..) => {
                Upstream::parse(system, version).is_some_and(|upstream| requirement.met_by(&upstream))
            }
        }
    }
}

/// `1.26` begins 1.26, 1.26.3, 1.26p1 and 1.26+dfsg; neither 1.260 nor the pre-release 1.26~rc1.
fn begins(upstream: &str, with: &str) -> bool {
    match upstream.strip_prefix(with) {
        Some("") => true,
        Some(rest) => {
            let mut letters = rest.chars();
            match letters.next() {
                Some('.') => letters.next().is_some_and(|next| next.is_ascii_digit()),
                Some(next) => !next.is_ascii_digit() && next != '~',
                None => true,
            }
        }
        None => false,
    }
}

/// Whether a text is in the alphabet of versions: it stands in a request to hosts, and in commands. One without a
/// number is a word that somebody hoped for: `latest`.
fn is_version(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".+~:^_-".contains(&byte);
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && text.bytes().all(fits) && text.bytes().any(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn accepts(target: &str, version: &str) -> bool {
        Target::parse(target).unwrap().accepts(System::Debian, version)
    }

    #[test]
    fn a_bare_version_is_the_beginning_of_others() {
        for version in ["1.26-1", "1.26.3-3+deb13u1", "2:1.26.3-1", "1.26+dfsg-1", "1.26p1-2"] {
            assert!(accepts("1.26", version), "{version}");
        }
        for version in ["1.28-1", "1.260-1", "1.2-1", "1.26~rc1-1", "1.26.x-1"] {
            assert!(!accepts("1.26", version), "{version}");
        }
        assert!(accepts("2.35", "1:2.36.1+really2.35-4"));
    }

    #[test]
    fn a_version_with_a_revision_is_that_version() {
        assert!(accepts("1.26.3-3+deb13u1", "1.26.3-3+deb13u1"));
        assert!(accepts("9.2p1-2", "1:9.2p1-2") && accepts("1:9.2p1-2", "1:9.2p1-2"));
        assert!(!accepts("1.26.3-3", "1.26.3-3+deb13u1") && !accepts("2:9.2p1-2", "1:9.2p1-2"));
    }

    #[test]
    fn a_requirement_is_asked_for_as_two_versions() {
        let request = |text: &str| Target::parse(text).map(|target| target.request());
        assert_eq!(request(">=1.26, <1.27").unwrap(), "range 1.26.0 1.27.0");
        assert_eq!(request(">1.26.2").unwrap(), "range 1.26.3 -");
        assert_eq!(request("candidate").unwrap(), "candidate");
        assert_eq!(request("1.26").unwrap(), "prefix 1.26");
        assert_eq!(request("1.26-1").unwrap(), "exact 1.26-1");
        assert!(accepts("^1.26", "1.27.0-1") && !accepts("~1.26", "1.27.0-1"));
        for wrong in ["the newest", "latest", "", "-y", ">=1.26.0-rc.1", ">2, <1", "1.26;id"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }
}
