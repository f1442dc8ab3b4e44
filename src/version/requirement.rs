//! A requirement of the playbook on an upstream version.

use std::fmt;

use super::Upstream;

/// A semver requirement: `>=1.24, <1.27`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    requirement: semver::VersionReq,
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// What is wrong with it, and what is expected, as a fragment in lower case.
    pub fn parse(text: &str) -> Result<Self, String> {
        match semver::VersionReq::parse(text) {
            Ok(requirement) => Ok(Self { text: text.trim().to_owned(), requirement }),
            Err(error) => Err(format!(
                "{error}; expected a requirement on the upstream version, such as \">=1.24, <1.27\""
            )),
        }
    }

    /// Whether an upstream version meets it. Pre-releases meet only requirements that name one.
    pub fn met_by(&self, version: &Upstream) -> bool {
        self.requirement.matches(version.semver())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::System;

    fn met(requirement: &str, version: &str) -> bool {
        Requirement::parse(requirement).unwrap().met_by(&Upstream::parse(System::Debian, version).unwrap())
    }

    #[test]
    fn requirements_speak_of_the_upstream_version() {
        assert!(met(">=1.24, <1.27", "1.26.3-3+deb13u1"));
        assert!(!met(">=1.24, <1.27", "1.22.1-9+deb12u2"));
        assert!(met(">=9.2", "1:9.2p1-2+deb12u7"));
        assert!(!met(">=3.0.0", "3.0.0~rc1-1"));
    }

    #[test]
    fn what_is_no_requirement_says_what_one_looks_like() {
        assert!(Requirement::parse(">=1.x.y").unwrap_err().contains(">=1.24, <1.27"));
    }
}
