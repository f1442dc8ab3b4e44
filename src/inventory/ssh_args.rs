//! Options of the `ssh` program, ssh(1), as the settings that they stand for.
//!
//! Options that say nothing of how a host is reached are passed over; one that does and has no setting is
//! an error, and so is one that nobody knows.

use super::words::{Comments, split};
use crate::ssh_config::Directive;

/// Flags that change neither where the connection goes nor who logs in.
const HARMLESS: &str = "AaCfgKkMNnqTtvXxYy";

/// Options with a value, of which the same is true: forwardings, logs, escapes, the control socket.
const HARMLESS_WITH_VALUE: &str = "DELReS";

/// Options with a value that are settings.
const SETTINGS: &[(char, &str)] = &[
    ('B', "bindinterface"),
    ('I', "pkcs11provider"),
    ('J', "proxyjump"),
    ('b', "bindaddress"),
    ('c', "ciphers"),
    ('i', "identityfile"),
    ('l', "user"),
    ('m', "macs"),
    ('p', "port"),
];

/// Keywords whose value is the whole rest, for a shell.
const COMMANDS: &[&str] = &["proxycommand", "localcommand", "remotecommand", "knownhostscommand"];

/// The settings that a text of options stands for; `place` is what messages call it.
///
/// # Errors
/// What cannot be honoured, as a fragment in lower case.
pub(super) fn directives(text: &str, place: &str) -> Result<Vec<Directive>, String> {
    let words = split(text, Comments::Keep).map_err(|_| "a quote that is not closed".to_owned())?;
    let mut words = words.into_iter().map(|word| word.text);
    let mut directives = Vec::new();
    while let Some(word) = words.next() {
        let flags = word.strip_prefix('-').filter(|flags| !flags.is_empty());
        let mut flags = flags.ok_or_else(|| format!("`{word}`, which is no option"))?.chars();
        while let Some(flag) = flags.next() {
            if HARMLESS.contains(flag) {
                continue;
            }
            match flag {
                '4' => directives.push(Directive::new("addressfamily", "inet", place)),
                '6' => directives.push(Directive::new("addressfamily", "inet6", place)),
                _ => {
                    let attached = flags.as_str().to_owned();
                    let value = if attached.is_empty() { words.next() } else { Some(attached) };
                    directives.extend(with_value(flag, value, place)?);
                    break;
                }
            }
        }
    }
    Ok(directives)
}

fn with_value(flag: char, value: Option<String>, place: &str) -> Result<Option<Directive>, String> {
    let setting = SETTINGS.iter().find(|(known, _)| *known == flag);
    if setting.is_none() && flag != 'o' && !HARMLESS_WITH_VALUE.contains(flag) {
        return Err(format!("the option -{flag}"));
    }
    let value = value.ok_or_else(|| format!("the option -{flag} without its value"))?;
    match setting {
        Some((_, keyword)) => Ok(Some(Directive::new(keyword, value, place))),
        None if flag == 'o' => option(&value, place).map(Some),
        None => Ok(None),
    }
}

/// `Keyword=value` or `Keyword value`.
fn option(text: &str, place: &str) -> Result<Directive, String> {
    let text = text.trim();
    let end =
        text.find(|character: char| character == '=' || character.is_whitespace()).unwrap_or(text.len());
    let (keyword, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim();
    let keyword = keyword.to_ascii_lowercase();
    if keyword.is_empty() || rest.is_empty() {
        return Err(format!("the option -o `{text}`, which sets nothing"));
    }
    let arguments = if COMMANDS.contains(&keyword.as_str()) {
        vec![rest.to_owned()]
    } else {
        let words =
            split(rest, Comments::Keep).map_err(|_| format!("a quote that is not closed in -o `{text}`"))?;
        words.into_iter().map(|word| word.text).collect()
    };
    Ok(Directive { keyword, arguments, place: place.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Result<Vec<String>, String> {
        let directives = directives(text, "test")?;
        let shown = directives.into_iter().map(|one| format!("{} {}", one.keyword, one.arguments.join("|")));
        Ok(shown.collect())
    }

    #[test]
    fn options_are_settings() {
        for (text, expected) in [
            ("-o ProxyJump=bastion", vec!["proxyjump bastion"]),
            ("-oProxyJump=bastion -C", vec!["proxyjump bastion"]),
            ("-o 'ProxyCommand ssh -W %h:%p \"b c\"'", vec!["proxycommand ssh -W %h:%p \"b c\""]),
            ("-o ProxyCommand=\"ssh -W %h:%p -q b\"", vec!["proxycommand ssh -W %h:%p -q b"]),
            ("-o 'UserKnownHostsFile a \"b c\"'", vec!["userknownhostsfile a|b c"]),
            (
                "-J a,b -i ~/k -p 22 -l me -46",
                vec![
                    "proxyjump a,b",
                    "identityfile ~/k",
                    "port 22",
                    "user me",
                    "addressfamily inet",
                    "addressfamily inet6",
                ],
            ),
            ("-vvvqtt -L 1:b:2 -Snone -p2222", vec!["port 2222"]),
            (
                "-b 192.0.2.1 -c aes256-ctr -m hmac-sha2-256",
                vec!["bindaddress 192.0.2.1", "ciphers aes256-ctr", "macs hmac-sha2-256"],
            ),
            ("", vec![]),
        ] {
            assert_eq!(said(text), Ok(expected.into_iter().map(str::to_owned).collect()), "{text}");
        }
    }

    #[test]
    fn what_is_not_honoured_is_named() {
        for (text, named) in [
            ("-F other", "-F"),
            ("-Z", "-Z"),
            ("-W a:1", "-W"),
            ("-o", "-o"),
            ("-o ProxyJump", "ProxyJump"),
            ("host", "`host`"),
            ("-o 'x", "quote"),
        ] {
            assert!(said(text).unwrap_err().contains(named), "{text}");
        }
    }
}
