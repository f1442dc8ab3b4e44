//! OpenSSH's known_hosts file, as sshd(8) describes it under SSH_KNOWN_HOSTS FILE FORMAT.
//!
//! A reader of our own: it must see `@revoked`, hashed names, ports, patterns and negation, accept
//! an old key beside a new one, and not let one malformed line fail a host. It decides nothing about
//! hosts that it does not know; that is [`Trust`](super::Trust)'s part.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::hmac;

/// What the file says of a key that a host presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    /// A line has this very key for the host.
    Known,
    /// No line has a key for the host.
    Unknown,
    /// Lines have other keys for the host, of this type or another; one-based number of the first.
    Changed {
        /// One-based line number.
        line: usize,
    },
    /// A `@revoked` line names the key; one-based number.
    Revoked {
        /// One-based line number.
        line: usize,
    },
}

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    None,
    CertAuthority,
    Revoked,
}

/// How a line names its hosts.
#[derive(Debug)]
enum Names {
    /// In plain text, perhaps with wildcards and negation.
    Patterns(Vec<String>),
    /// `|1|salt|hash`: HMAC-SHA1 of the name, keyed with the salt.
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

#[derive(Debug)]
struct Line {
    number: usize,
    marker: Marker,
    names: Names,
    key_type: String,
    key: String,
}

/// A file's lines, indexed by the names that need no pattern matching.
#[derive(Debug, Default)]
pub(super) struct KnownHosts {
    lines: Vec<Line>,
    plain: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
    malformed: Vec<usize>,
}

impl KnownHosts {
    /// Reads a file's text. Lines that make no sense are left out, and counted in
    /// [`KnownHosts::malformed`].
    pub(super) fn parse(text: &str) -> Self {
        let mut known = Self::default();
        for (number, text) in text.lines().enumerate().map(|(nth, line)| (nth + 1, line.trim())) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match Line::parse(number, text) {
                Some(line) => known.add(line),
                None => known.malformed.push(number),
            }
        }
        known
    }

    /// One-based numbers of the lines that make no sense.
    pub(super) fn malformed(&self) -> &[usize] {
        &self.malformed
    }

    fn add(&mut self, line: Line) {
        let at = self.lines.len();
        match &line.names {
            Names::Patterns(patterns)
                if !patterns.iter().any(|pattern| pattern.contains(['*', '?', '!'])) =>
            {
                for pattern in patterns {
                    self.plain.entry(pattern.to_ascii_lowercase()).or_default().push(at);
                }
            }
            _ => self.others.push(at),
        }
        self.lines.push(line);
    }

    /// Judges a key that `name` presents; see [`lookup_name`] for the name. `key` is the third field that a
    /// line for it would have. As for OpenSSH, a host that is known by a key of another type has changed:
    /// otherwise whoever stands in between would only need to present another type.
    pub(super) fn judge(&self, name: &str, key: &str) -> Judgement {
        let mut judgement = Judgement::Unknown;
        for line in self.of(name) {
            match line.marker {
                Marker::Revoked if line.key == key => return Judgement::Revoked { line: line.number },
                Marker::None if line.key == key => judgement = Judgement::Known,
                Marker::None if judgement == Judgement::Unknown => {
                    judgement = Judgement::Changed { line: line.number };
                }
                _ => {}
            }
        }
        judgement
    }

    /// Whether a `@revoked` line names a key for a host; its one-based number.
    pub(super) fn revokes(&self, name: &str, key: &str) -> Option<usize> {
        let mut lines = self.of(name).into_iter();
        lines.find(|line| line.marker == Marker::Revoked && line.key == key).map(|line| line.number)
    }

    /// The keys of the authorities that vouch for a host, as a line has them.
    pub(super) fn authorities<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let lines = self.of(name).into_iter().filter(|line| line.marker == Marker::CertAuthority);
        lines.map(|line| line.key.as_str())
    }

    /// The types of the keys that are known for `name`, in the order of the lines.
    pub(super) fn key_types<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.of(name)
            .into_iter()
            .filter(|line| line.marker == Marker::None)
            .map(|line| line.key_type.as_str())
    }

    /// The lines that speak of a host.
    fn of(&self, name: &str) -> Vec<&Line> {
        let name = name.to_ascii_lowercase();
        let mut at: Vec<usize> = self.plain.get(&name).into_iter().flatten().copied().collect();
        at.extend(
            self.others.iter().filter(|at| self.lines.get(**at).is_some_and(|line| line.names.cover(&name))),
        );
        at.sort_unstable();
        at.into_iter().filter_map(|at| self.lines.get(at)).collect()
    }
}

/// A name as HashKnownHosts has it; `salt` is of twenty random bytes.
pub(super) fn hashed(name: &str, salt: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
    format!("|1|{}|{}", BASE64.encode(salt), BASE64.encode(hmac::sign(&key, name.as_bytes())))
}

/// The name under which a host stands in known_hosts: `host`, or `[host]:port` for other ports than 22.
pub(super) fn lookup_name(address: &str, port: u16) -> String {
    let address = address.to_ascii_lowercase();
    if port == 22 { address } else { format!("[{address}]:{port}") }
}

impl Line {
    fn parse(number: usize, text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace();
        let mut first = fields.next()?;
        let marker = match first {
            "@cert-authority" => Marker::CertAuthority,
            "@revoked" => Marker::Revoked,
            other if other.starts_with('@') => return None,
            _ => Marker::None,
        };
        if marker != Marker::None {
            first = fields.next()?;
        }
        let (key_type, key) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        // The key repeats its type in the bytes: four of length, then the name, RFC 4253 6.6.
        let blob = BASE64.decode(&key).ok()?;
        let named = blob.get(4..4 + key_type.len())?;
        (named == key_type.as_bytes()).then_some(())?;
        Some(Self { number, marker, names: Names::parse(first)?, key_type, key })
    }
}

impl Names {
    fn parse(field: &str) -> Option<Self> {
        let Some(hashed) = field.strip_prefix('|') else {
            return Some(Self::Patterns(
                field.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            ));
        };
        let mut parts = hashed.split('|');
        let (Some("1"), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        Some(Self::Hashed { salt: BASE64.decode(salt).ok()?, hash: BASE64.decode(hash).ok()? })
    }

    /// Whether a line speaks of a host; `name` is in lower case.
    fn cover(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                hmac::verify(&key, name.as_bytes(), hash).is_ok()
            }
            Self::Patterns(patterns) => {
                let mut covered = false;
                for pattern in patterns {
                    match pattern.strip_prefix('!') {
                        Some(not) if wildcard(not.to_ascii_lowercase().as_bytes(), name.as_bytes()) => {
                            return false;
                        }
                        Some(_) => {}
                        None => covered |= wildcard(pattern.to_ascii_lowercase().as_bytes(), name.as_bytes()),
                    }
                }
                covered
            }
        }
    }
}

/// `*` is any text and `?` any byte; `[` stands for itself. Linear in time but for the last `*`.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == name.get(read) => {
                at += 1;
                read += 1;
            }
            _ => match star {
                Some((after, from)) => {
                    star = Some((after, from + 1));
                    at = after + 1;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIEpI7WrAt3DLJ3Zkx+lBoOPF3vSBDvhkh8K2n4m5cXyZ";
    const ED2: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const T: &str = "ssh-ed25519";

    fn judge(file: &str, name: &str) -> Judgement {
        KnownHosts::parse(file).judge(name, ED)
    }

    #[test]
    fn a_plain_name_is_known_whatever_its_case() {
        assert_eq!(judge(&format!("Web-01,192.0.2.1 {T} {ED} comment\n"), "web-01"), Judgement::Known);
        assert_eq!(judge(&format!("web-01 {T} {ED}\n"), "web-02"), Judgement::Unknown);
    }

    #[test]
    fn an_old_key_beside_a_new_one_does_no_harm() {
        let file = format!("web-01 {T} {ED2}\nweb-01\t{T}\t{ED}\n");
        assert_eq!(judge(&file, "web-01"), Judgement::Known);
        assert_eq!(judge(&format!("# c\nweb-01 {T} {ED2}\n"), "web-01"), Judgement::Changed { line: 2 });
    }

    #[test]
    fn a_host_that_is_known_by_a_key_of_another_type_has_changed() {
        let ecdsa = BASE64.encode([&[0, 0, 0, 19][..], b"ecdsa-sha2-nistp256xx"].concat());
        let file = format!("web-01 ecdsa-sha2-nistp256 {ecdsa}\n");
        assert_eq!(judge(&file, "web-01"), Judgement::Changed { line: 1 });
        assert_eq!(judge(&format!("{file}web-01 {T} {ED}\n"), "web-01"), Judgement::Known);
        assert_eq!(KnownHosts::parse(&file).key_types("web-01").collect::<Vec<_>>(), ["ecdsa-sha2-nistp256"]);
    }

    #[test]
    fn a_revoked_key_is_refused_even_where_another_line_knows_it() {
        let file = format!("web-01 {T} {ED}\n@revoked * {T} {ED}\n");
        assert_eq!(judge(&file, "web-01"), Judgement::Revoked { line: 2 });
    }

    #[test]
    fn a_certificate_authority_is_no_host_key() {
        assert_eq!(judge(&format!("@cert-authority *.net {T} {ED}\n"), "a.net"), Judgement::Unknown);
    }

    #[test]
    fn patterns_and_negation() {
        let file = format!("*.example.net,!bad.example.net,[*.example.org]:2222 {T} {ED}\n");
        assert_eq!(judge(&file, "web.example.net"), Judgement::Known);
        assert_eq!(judge(&file, "bad.example.net"), Judgement::Unknown);
        assert_eq!(judge(&file, &lookup_name("web.example.org", 2222)), Judgement::Known);
        assert_eq!(judge(&file, "web.example.org"), Judgement::Unknown);
    }

    #[test]
    fn ports_other_than_22_are_part_of_the_name() {
        assert_eq!(lookup_name("Web-01", 22), "web-01");
        assert_eq!(lookup_name("2001:DB8::1", 2222), "[2001:db8::1]:2222");
    }

    #[test]
    fn a_malformed_line_harms_no_other() {
        let known = KnownHosts::parse(&format!(
            "web-01 {T}\n@what web-01 {T} {ED}\nweb-01 {T} !!!\n|1|x {T} {ED}\nweb-01 {T} {ED}\n"
        ));
        assert_eq!(known.malformed(), [1, 2, 3, 4]);
        assert_eq!(known.judge("web-01", ED), Judgement::Known);
    }

    #[test]
    fn a_hashed_name_is_found_again() {
        let file = format!("{} {T} {ED}\n", hashed("[web-01]:2222", &[7; 20]));
        assert_eq!(judge(&file, "[web-01]:2222"), Judgement::Known);
        assert_eq!(judge(&file, "web-01"), Judgement::Unknown);
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        let pattern = "*a".repeat(200);
        assert!(!wildcard(pattern.as_bytes(), "a".repeat(199).as_bytes()));
        assert!(wildcard(pattern.as_bytes(), "ba".repeat(200).as_bytes()));
    }

    #[test]
    #[ignore = "needs ssh-keygen: scripts/test"]
    fn hashed_names_of_ssh_keygen_are_found_as_it_finds_them() {
        use std::process::Command;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known_hosts");
        std::fs::write(&path, format!("web-01 {T} {ED}\n[web-02]:2222 {T} {ED}\n2001:db8::1 {T} {ED}\n"))
            .unwrap();
        let hashed = Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&path).output().unwrap();
        assert!(hashed.status.success());
        let known = KnownHosts::parse(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(known.malformed(), [] as [usize; 0]);
        for name in ["web-01", "[web-02]:2222", "2001:db8::1", "web-02", "web-03", "[web-01]:2222"] {
            let found = Command::new("ssh-keygen").args(["-F", name, "-f"]).arg(&path).output().unwrap();
            let expected = if found.status.success() { Judgement::Known } else { Judgement::Unknown };
            assert_eq!(known.judge(name, ED), expected, "{name}");
        }
    }
}
