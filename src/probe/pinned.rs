//! The probe pinned on a host: an audit key that can do nothing but audit.
//!
//! It writes the texts that a person reviews and carries to the host, and carries nothing there itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Section, published};

/// Where the probe is pinned; the script has the same path.
const PINNED: &str = "/usr/local/libexec/driftless/probe";

/// Where the host's list of allowed files is; the script has the same path.
const ALLOWED: &str = "/etc/driftless/allow";

/// What is to be pinned.
#[derive(Debug, Clone)]
pub struct Pinning<'a> {
    /// The account that the audit logs in to.
    pub user: &'a str,
    /// The public half of the audit key, one line of an OpenSSH `.pub` file.
    pub key: Option<&'a str>,
    /// Paths and globs of the files that may be read, and whether their content may be shown; `None` leaves the
    /// list of the host as it is, if it has one.
    pub allowed: Option<BTreeMap<&'a str, bool>>,
    /// Patterns of lines that may be left out of hashes, as the probe is sent them.
    pub normalise: BTreeSet<&'a str>,
}

impl Pinning<'_> {
    /// The line of `authorized_keys`, sshd(8): whoever holds the key is given the probe, whatever is asked for,
    /// and neither a terminal nor a forwarding. Without a key it is the line's beginning.
    pub fn authorized_key(&self) -> String {
        format!("restrict,command=\"{PINNED}\" {}", self.key.unwrap_or_default())
    }

    /// A script for root on the host: the probe, the list of allowed files, the audit key.
    pub fn installer(&self) -> String {
        let (folder, config) = ("/usr/local/libexec/driftless", "/etc/driftless");
        let mut text = format!(
            "#!/bin/sh\n\
             # Pins the read-only probe of driftless {} on a host. To be reviewed, and run by root there.\n\
             # It writes the files that it names and no other; whoever removes them takes the probe away.\n\
             set -eu\n\
             umask 022\n\
             mkdir -p {folder} {config}\n\n\
             # The probe. Nobody but root can change it.\n\
             cat >{PINNED} <<'END_OF_PROBE'\n{}END_OF_PROBE\n\
             chmod 755 {PINNED}\n\n\
             # The files that it may read, one path or glob a line; it refuses every other. Of those after `show` the\n\
             # content may leave the host, of the others a hash alone; lines that match what stands after `normalise`\n\
             # may be left out. What stands in {ALLOWED}.local is yours: no such script touches it.\n",
            env!("CARGO_PKG_VERSION"),
            published()
        );
        text.push_str(&self.list());
        text.push_str(&self.let_in());
        text
    }

    fn list(&self) -> String {
        let Some(allowed) = &self.allowed else {
            return format!("[ -e {ALLOWED} ] || : >{ALLOWED}\nchmod 644 {ALLOWED}\n\n");
        };
        let mut text = format!("cat >{ALLOWED} <<'END_OF_LIST'\n");
        for (path, show) in allowed {
            let _ = writeln!(text, "{}{path}", if *show { "show " } else { "" });
        }
        for pattern in &self.normalise {
            let _ = writeln!(text, "normalise {pattern}");
        }
        let _ = writeln!(text, "END_OF_LIST\nchmod 644 {ALLOWED}\n");
        text
    }

    /// Puts the key into `authorized_keys`, unless it stands there in another way: of two lines sshd takes the
    /// first.
    fn let_in(&self) -> String {
        let (user, line) = (self.user, self.authorized_key());
        let Some(key) = self.key else {
            return format!(
                "# The audit key: this, followed by its public half, is the line in ~{user}/.ssh/authorized_keys\n\
                 #     {line}\n"
            );
        };
        let blob = key.split_whitespace().nth(1).unwrap_or(key);
        format!(
            "# The audit key, which is good for the probe alone.\n\
             line='{line}'\n\
             home=~{user}\n\
             [ -d \"$home\" ] || {{ echo \"there is no user {user}: useradd --create-home --shell /bin/sh {user}\" >&2; exit 1; }}\n\
             keys=$home/.ssh/authorized_keys\n\
             for file in \"$home/.ssh\" \"$keys\"; do\n\
             \t[ ! -h \"$file\" ] || {{ echo \"$file is a link: nothing is written through it\" >&2; exit 1; }}\n\
             done\n\
             if grep -qsF '{blob}' \"$keys\" && ! grep -qxF \"$line\" \"$keys\"; then\n\
             \techo \"$keys has this key in another line: remove that first\" >&2\n\
             \texit 1\n\
             fi\n\
             # Made by root, it is root's alone to change; sshd reads it as the user.\n\
             mkdir -p \"$home/.ssh\"\n\
             if ! grep -qsxF \"$line\" \"$keys\"; then\n\
             \t[ -z \"$(tail -c 1 \"$keys\" 2>/dev/null)\" ] || echo >>\"$keys\"\n\
             \tprintf '%s\\n' \"$line\" >>\"$keys\"\n\
             fi\n"
        )
    }
}

/// The rule of sudoers(5) for `--sudo`: the pinned probe, section by section, and no wildcard.
pub fn sudoers(user: &str) -> String {
    let commands: Vec<String> =
        Section::BY_ROOT.iter().map(|section| format!("{PINNED} {}", section.name())).collect();
    format!(
        "# For driftless --sudo: what the pinned probe reads as root. Checked by visudo -cf FILE, it belongs into\n\
         # /etc/sudoers.d/driftless, mode 0440. Files stay under the list {ALLOWED}.\n\
         Cmnd_Alias DRIFTLESS = {}\n\
         Defaults!DRIFTLESS !requiretty\n\
         {user} ALL=(root) NOPASSWD: DRIFTLESS\n",
        commands.join(", \\\n    ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::SCRIPT;
    use super::*;

    #[test]
    fn script_and_texts_name_the_same_places_and_sections() {
        assert!(
            SCRIPT.contains(&format!("PINNED={PINNED}\n"))
                && SCRIPT.contains(&format!("ALLOWED={ALLOWED}\n"))
        );
        let line = SCRIPT.split_once("by_root() {\n\tcase $1 in\n\t\t").unwrap().1.split_once(')').unwrap().0;
        assert_eq!(line.split(" | ").collect::<Vec<_>>(), Section::BY_ROOT.map(Section::name));
    }

    #[test]
    fn the_rule_has_no_wildcard() {
        let rule = sudoers("audit");
        let rules = rule.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        assert!(!rules.contains(['*', '?', '[']) && rules.ends_with("audit ALL=(root) NOPASSWD: DRIFTLESS"));
    }

    #[test]
    fn the_line_gives_the_key_the_probe_and_nothing_else() {
        let key = "ssh-ed25519 AAAAC3 audit@ops";
        let pinning = Pinning {
            user: "audit",
            key: Some(key),
            allowed: Some(BTreeMap::from([("/etc/motd", true)])),
            normalise: BTreeSet::from(["^#"]),
        };
        assert_eq!(
            pinning.authorized_key(),
            "restrict,command=\"/usr/local/libexec/driftless/probe\" ssh-ed25519 AAAAC3 audit@ops"
        );
        assert!(pinning.installer().contains("\nshow /etc/motd\nnormalise ^#\nEND_OF_LIST\n"));
    }
}
