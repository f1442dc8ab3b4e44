//! os-release(5): which distribution a host runs, and which release of it.

use std::borrow::Cow;

use super::gap::is_hidden;

/// The operating system as os-release names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Os {
    /// `ID`: `debian`
    pub id: String,
    /// `ID_LIKE`, nearest first.
    pub like: Vec<String>,
    /// `VERSION_ID`: `13`; empty for a rolling or unreleased system.
    pub version: String,
    /// `VERSION_CODENAME`: `trixie`; empty where there is none.
    pub codename: String,
    /// `PRETTY_NAME`, or what can be made of the others.
    pub name: String,
}

impl Os {
    /// Reads an os-release file; `None` if it names no system. Values that hold control characters are
    /// not believed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut os = Self {
            id: String::new(),
            like: Vec::new(),
            version: String::new(),
            codename: String::new(),
            name: String::new(),
        };
        for line in text.lines() {
            let Some((key, value)) = line.trim().split_once('=') else { continue };
            let value = unquote(value);
            // os-release(5): identifiers have lower-case letters, digits, dots, dashes and underscores.
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b' ');
            let believable = match key {
                "PRETTY_NAME" => !value.chars().any(is_hidden),
                _ => value.bytes().all(plain),
            };
            if !believable || value.len() > 256 {
                continue;
            }
            match key {
                "ID" => os.id = value.into_owned(),
                "ID_LIKE" => os.like = value.split_ascii_whitespace().map(str::to_owned).collect(),
                "VERSION_ID" => os.version = value.into_owned(),
                "VERSION_CODENAME" => os.codename = value.into_owned(),
                "PRETTY_NAME" => os.name = value.into_owned(),
                _ => {}
            }
        }
        if os.id.is_empty() {
            return None;
        }
        if os.name.is_empty() {
            os.name = os.label();
        }
        Some(os)
    }

    /// The release by the name that people use: the codename, or else the number.
    pub fn release(&self) -> &str {
        if self.codename.is_empty() { &self.version } else { &self.codename }
    }

    /// Whether both run the same release of the same distribution.
    pub fn same_release(&self, other: &Self) -> bool {
        // Some builds leave out the one or the other.
        let same = |mine: &str, theirs: &str| !mine.is_empty() && mine == theirs;
        self.id == other.id
            && (same(&self.codename, &other.codename)
                || same(&self.version, &other.version)
                || self.codename.is_empty() && self.version == other.version && other.codename.is_empty())
    }

    /// `trixie`, or `rocky 9` where there is no codename.
    pub fn label(&self) -> String {
        if self.codename.is_empty() {
            format!("{} {}", self.id, self.version).trim_end().to_owned()
        } else {
            self.codename.clone()
        }
    }

    /// Which of two releases of one distribution is the newer, by their numbers; `None` where the
    /// numbers do not tell.
    pub fn newer_than(&self, other: &Self) -> Option<bool> {
        let numbers = |os: &Self| {
            os.version.split('.').map(|part| part.parse::<u64>().ok()).collect::<Option<Vec<_>>>()
        };
        if self.id != other.id {
            return None;
        }
        Some(numbers(self)? > numbers(other)?)
    }
}

/// Takes off shell quoting, as os-release(5) allows it.
fn unquote(value: &str) -> Cow<'_, str> {
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIXIE: &str = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\nID=debian\n";

    #[test]
    fn a_real_file_is_read() {
        let os = Os::parse(TRIXIE).unwrap();
        assert_eq!((os.id.as_str(), os.version.as_str(), os.release()), ("debian", "13", "trixie"));
        assert_eq!(os.name, "Debian GNU/Linux 13 (trixie)");
    }

    #[test]
    fn quoting_of_the_shell_is_undone() {
        let os = Os::parse(
            "ID='rocky'\nVERSION_ID=\"9.4\"\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"a \\\"b\\\"\"\n",
        )
        .unwrap();
        assert_eq!(os.like, ["rhel", "centos", "fedora"]);
        assert_eq!(os.name, "a \"b\"");
        assert_eq!(os.label(), "rocky 9.4");
    }

    #[test]
    fn without_an_id_it_is_no_os_release() {
        assert_eq!(Os::parse("NAME=x\n"), None);
        assert_eq!(Os::parse("ID=de\u{1b}bian\n"), None);
    }

    #[test]
    fn releases_are_ordered_by_number_within_one_distribution() {
        let at = |id: &str, version: &str| Os::parse(&format!("ID={id}\nVERSION_ID={version}\n")).unwrap();
        assert_eq!(at("debian", "13").newer_than(&at("debian", "9")), Some(true));
        assert_eq!(at("ubuntu", "22.04").newer_than(&at("ubuntu", "24.04")), Some(false));
        assert_eq!(at("debian", "13").newer_than(&at("ubuntu", "9")), None);
        assert_eq!(at("debian", "").newer_than(&at("debian", "9")), None);
    }
}
