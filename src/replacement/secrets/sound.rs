//! Words that sound like a secret, and values that are none although they stand behind such a word.

/// What a word of a configuration says about the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    /// The value is a secret.
    Secret,
    /// The value is one where it is assigned with a sign: the word alone stands for other things too.
    Assigned,
    /// It is about a secret, and its value is a file, a size, a kind.
    About,
}

/// Parts of a word that say so wherever they stand in it, written without hyphens and the like.
const WITHIN: &[&str] = &[
    "passw",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "accesskey",
    "accountkey",
    "requirepass",
    "masterauth",
    "authpass",
    "authorization",
    "erlangcookie",
    "rocommunity",
    "rwcommunity",
    "signingkey",
    "presharedkey",
    "masteruser",
    "dbconn",
    "connstr",
    "connectionstring",
    "securelinkmd",
];

/// Parts between hyphens, underscores, dots and humps that say so.
const PARTS: &[&str] =
    &["pass", "pw", "pwd", "pat", "psk", "pin", "otp", "cred", "creds", "salt", "key", "keys"];

/// Ends of such parts that say so, `dbpass`, `bindpw`, `sslkey`.
const ENDS: &[&str] = &["pass", "pw", "pwd", "psk", "key"];

/// Words that end so and mean something else.
const OTHERS: &[&str] = &["bypass", "compass", "monkey", "hotkey", "turkey"];

/// Directives that only sound so: where a proxy passes requests to, what a server tells of itself, keys of caches.
const HARMLESS: &[&str] = &[
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
    "js_pass",
    "proxypass",
    "proxypassmatch",
    "proxypassreverse",
    "proxypassreversecookiedomain",
    "proxypassreversecookiepath",
    "proxypassinherit",
    "passenv",
    "server_tokens",
    "servertokens",
    "keys_zone",
    "proxy_cache_key",
    "fastcgi_cache_key",
    "uwsgi_cache_key",
    "scgi_cache_key",
    "proxy_pass_header",
    "fastcgi_pass_header",
    "uwsgi_pass_header",
    "scgi_pass_header",
    "grpc_pass_header",
    "proxy_pass_headers",
    "key_buffer",
];

/// Last parts of words that are about a secret, and whose value is none.
const ABOUT: &[&str] = &[
    "file",
    "path",
    "dir",
    "directory",
    "algo",
    "algorithm",
    "encryption",
    "type",
    "size",
    "length",
    "len",
    "min",
    "max",
    "policy",
    "timeout",
    "ttl",
    "lifetime",
    "expiry",
    "expires",
    "age",
    "rounds",
    "cost",
    "bits",
    "count",
    "limit",
    "interval",
    "enabled",
    "dialog",
    "method",
    "mode",
    "authentication",
    "identifier",
    "usage",
    "priority",
];

/// What a word sounds like.
pub(super) fn sound(word: &str) -> Option<Sound> {
    let lower = word.to_ascii_lowercase();
    if HARMLESS.contains(&lower.trim_matches(['.', '-'])) {
        return None;
    }
    let parts = parts(word);
    let joined: String = parts.concat();
    let says = |part: &str| {
        PARTS.contains(&part) || ENDS.iter().any(|end| part.ends_with(end)) && !OTHERS.contains(&part)
    };
    // A hump may stand within a word: `keyFile`, `keyfile`.
    let file = joined.ends_with("file") && (joined.contains("key") || joined.contains("pass"));
    let secret = WITHIN.iter().any(|within| joined.contains(within)) || parts.iter().any(|part| says(part));
    let last = parts.last().map_or("", String::as_str);
    if file || secret && ABOUT.contains(&last) {
        Some(Sound::About)
    } else if secret {
        // The word `key` alone is one of grammar too.
        Some(if matches!(joined.as_str(), "key" | "keys" | "pass" | "pin" | "salt" | "pat") {
            Sound::Assigned
        } else {
            Sound::Secret
        })
    } else {
        (last == "auth").then_some(Sound::Assigned)
    }
}

/// The parts of a word in lower case: `SSLPassPhrase_x` is `ssl`, `pass`, `phrase`, `x`.
fn parts(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut before = ' ';
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        let next_is_small = characters.peek().is_some_and(char::is_ascii_lowercase);
        let hump = character.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && next_is_small);
        let apart = !character.is_ascii_alphanumeric();
        if (hump || apart) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if !apart {
            part.push(character.to_ascii_lowercase());
        }
        before = character;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    // `DB_PASSWORD2`
    parts.iter().map(|part| part.trim_end_matches(|last: char| last.is_ascii_digit()).to_owned()).collect()
}

/// Folders that a path begins with. A secret may begin with a slash too.
const ROOTS: &[&str] = &[
    "etc",
    "var",
    "run",
    "usr",
    "opt",
    "srv",
    "home",
    "root",
    "tmp",
    "dev",
    "proc",
    "sys",
    "mnt",
    "lib",
    "bin",
    "sbin",
    "media",
    "data",
    "app",
    "certs",
    "secrets",
    "keys",
    "ssl",
    "vault",
    "credentials",
    "config",
    "conf",
];

/// Whether a value is none that could be secret: a path, a switch, a variable of the environment.
pub(super) fn is_open(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let switch = [
        "", "on", "off", "yes", "no", "true", "false", "none", "null", "builtin", "enabled", "disabled",
        "required", "optional", "nil", "~",
    ];
    if switch.contains(&lower.as_str()) || is_path(value) {
        return true;
    }
    let variable = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    variable.is_some_and(|name| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// Whether a value is the path of a file.
pub(super) fn is_path(value: &str) -> bool {
    let value =
        ["file://", "file:", "exec:"].iter().find_map(|scheme| value.strip_prefix(scheme)).unwrap_or(value);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._@+:,~%-".contains(&byte);
    let mut parts = value.strip_prefix('/').unwrap_or_default().split('/');
    value.bytes().all(plain)
        && (["./", "../", "~/"].iter().any(|begin| value.starts_with(begin))
            || parts.next().is_some_and(|root| ROOTS.contains(&root)) && parts.next().is_some())
}

/// Whether a long word is one that nobody made up: the classes of its characters are mixed as those of keys are.
pub(super) fn is_random(word: &str) -> bool {
    let word = word.trim_end_matches('=');
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    let (small, capital, digits) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    let slashes = word.bytes().filter(|byte| *byte == b'/').count();
    if word.len() < 31 || is_path(word) || slashes * 10 > word.len() {
        return false;
    }
    let hex = word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && digits > 0
        && small + capital > 0;
    let one = !word.contains(['-', '_', '/']) && digits >= 4 && small + capital > 0;
    hex || one || small > 2 && capital > 2 && digits > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_sound() {
        for word in [
            "password",
            "DB_PASSWORD",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "GITHUB_PAT",
            "PGPASS",
            "CREDS",
            "STRIPE_KEY",
            "bind-pw",
            "access_key",
            "ssl_key",
            "X-Api-Key",
            "requirepass",
            "masterauth",
            "rootpw",
            "insecure-password",
            "spring.datasource.password",
            "adminPassword",
            "password_hash",
            "DB_PASS2",
            "Authorization",
            "tls-key-file-pass",
        ] {
            assert_eq!(sound(word), Some(Sound::Secret), "{word}");
        }
        for word in [
            "password-hash-algo",
            "x-password-file",
            "SSLPassPhraseDialog",
            "ssl_key_file",
            "SSLCertificateKeyFile",
            "keyfile",
            "token_ttl",
            "password_encryption",
        ] {
            assert_eq!(sound(word), Some(Sound::About), "{word}");
        }
        for word in [
            "proxy_pass",
            "ServerTokens",
            "keepalive",
            "KeepAlive",
            "notify-keyspace-events",
            "passive",
            "bypass",
            "worker_processes",
            "keys_zone",
            "path",
            "ProxyPassReverse",
        ] {
            assert_eq!(sound(word), None, "{word}");
        }
    }

    #[test]
    fn keys_are_random_and_names_are_not() {
        for word in [
            "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
            "0123456789abcdef0123456789abcdef",
            "k3J9/aB4dEfGhIjKlMnOpQrStUvWxYz012345678ABC=",
        ] {
            assert!(is_random(word), "{word}");
        }
        for word in [
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "/etc/ssl/private/Very-Long-Name-of-2026.pem",
            "client-output-buffer-limit-of-replicas",
            "var/lib/postgresql/15/main/Base/x/y",
        ] {
            assert!(!is_random(word), "{word}");
        }
    }
}
