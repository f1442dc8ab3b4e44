//! Takes secrets out of a command: what stands behind an option that sounds like one, or where tools take passwords.

use super::secrets::{STAND_IN, is_secret};

/// Options behind which a name and a password stand, `-u root:secret`.
const PAIRS: [&str; 6] = ["-u", "-U", "--user", "--proxy-user", "--userpwd", "--auth"];

/// What begins words with one dash and a `p` that are options: the rest of `-p` may be a password otherwise.
const OPTIONS: [&str; 22] = [
    "port", "pid", "path", "plugin", "profile", "prefix", "propert", "proxy", "preload", "print", "proc",
    "parallel", "peer", "public", "policy", "pool", "persist", "package", "platform", "proto", "project",
    "ping",
];

/// A command with names in place of secrets, and for each name what it stands behind. `accounts` are users and groups of
/// the service, which are none.
pub(super) fn without_secrets(
    command: Vec<String>,
    accounts: &[&str],
) -> (Vec<String>, Vec<(String, String)>) {
    let sounds = |option: &str| option.starts_with('-') && is_secret(option.trim_start_matches('-'));
    let mut hidden: Vec<(String, String)> = Vec::new();
    let mut hide = |behind: &str| {
        let name = format!("{STAND_IN}{}", hidden.len() + 1);
        hidden.push((behind.to_owned(), name.clone()));
        name
    };
    let mut before = String::new();
    let mut clean = Vec::with_capacity(command.len());
    for word in command {
        let told = if word.contains(STAND_IN) {
            marked(&word, &before, &mut hide)
        } else if let Some((option, value)) = word.split_once('=').filter(|(option, _)| sounds(option)) {
            if value.starts_with('/') { word.clone() } else { format!("{option}={}", hide(option)) }
        } else if sounds(&before) && !before.contains('=') && !word.starts_with(['-', '/']) {
            hide(&before)
        } else if let Some((begin, _)) = pair(&before, &word, accounts) {
            let behind = if begin.starts_with('-') { "-u" } else { before.as_str() };
            format!("{begin}:{}", hide(behind))
        } else if word.strip_prefix("-p").is_some_and(is_password) {
            format!("-p{}", hide("-p"))
        } else if before == "-p" && is_password(&word) {
            hide("-p")
        } else {
            word.clone()
        };
        before = word;
        clean.push(told);
    }
    (clean, hidden)
}

/// A word in which the probe has left marks.
fn marked(word: &str, before: &str, hide: &mut impl FnMut(&str) -> String) -> String {
    let mut parts = word.split(STAND_IN);
    let mut told = parts.next().unwrap_or_default().to_owned();
    let option = word.split_once('=').map(|(option, _)| option).filter(|option| option.starts_with('-'));
    let behind = option.or(Some(before).filter(|before| before.starts_with('-')));
    let begin = told.clone();
    for part in parts {
        told.push_str(&hide(behind.unwrap_or(&begin)));
        told.push_str(part);
    }
    told
}

/// Name and password behind an option that takes both: `-u name:password`, `-uname:password`, `--user=name:password`.
fn pair<'w>(before: &str, word: &'w str, accounts: &[&str]) -> Option<(&'w str, &'w str)> {
    let (begin, password) = word.split_once(':')?;
    let name = if PAIRS.contains(&before) {
        begin
    } else {
        let known = PAIRS.iter().find_map(|option| begin.strip_prefix(option))?;
        known.trim_start_matches('=')
    };
    let plain = !password.is_empty() && !password.starts_with("//") && !name.contains('/');
    (plain && !accounts.contains(&password)).then_some((begin, password))
}

/// Whether what stands behind `-p` may be a password: it is no number, no path, and no option that goes on.
fn is_password(value: &str) -> bool {
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || b":.,-".contains(&byte));
    !(value.is_empty()
        || number
        || value.contains('/')
        || value.starts_with(['-', '='])
        || OPTIONS.iter().any(|option| format!("p{value}").starts_with(option)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_command_become_names() {
        let hide = |line: &str| {
            without_secrets(line.split(' ').map(str::to_owned).collect(), &["www-data"]).0.join(" ")
        };
        assert_eq!(hide("d --requirepass hunter2 --port 1"), "d --requirepass DRIFTLESS_SECRET_1 --port 1");
        assert_eq!(
            hide("d --db-password=x --token y"),
            "d --db-password=DRIFTLESS_SECRET_1 --token DRIFTLESS_SECRET_2"
        );
        for option in "requirepass masterauth db-password db_pass token auth-token api-key apikey api_key credentials secret-id passphrase".split(' ') {
            assert_eq!(hide(&format!("d --{option} x")), format!("d --{option} DRIFTLESS_SECRET_1"));
        }
        assert_eq!(hide("d --password-file /etc/x --passive --x"), "d --password-file /etc/x --passive --x");
        for (line, told) in [
            ("d -phunter2", "d -pDRIFTLESS_SECRET_1"),
            ("d -p hunter2", "d -p DRIFTLESS_SECRET_1"),
            ("d -u root:hunter2", "d -u root:DRIFTLESS_SECRET_1"),
            ("d -uroot:hunter2", "d -uroot:DRIFTLESS_SECRET_1"),
            ("d --user=root:hunter2", "d --user=root:DRIFTLESS_SECRET_1"),
            ("d --dsn mysql://DRIFTLESS_SECRET_@db/x", "d --dsn mysql://DRIFTLESS_SECRET_1@db/x"),
            (
                "d https://h/?DRIFTLESS_SECRET_ --token x",
                "d https://h/?DRIFTLESS_SECRET_1 --token DRIFTLESS_SECRET_2",
            ),
        ] {
            assert_eq!(hide(line), told);
        }
        for line in [
            "d -p 11211 -P /run/x.pid",
            "d -p/run/x.pid -p8080",
            "d -port 80 -pidfile x",
            "d -u www-data:www-data",
            "d -u memcache -l 127.0.0.1:80",
            "d -p 127.0.0.1:80:80",
        ] {
            assert_eq!(hide(line), line);
        }
    }
}
