//! What secrets look like, and what stands around them.

use std::sync::LazyLock;

use regex::Regex;

/// A pattern that is read once.
pub(super) type Lazy = LazyLock<Option<Regex>>;

macro_rules! regex {
    ($text:expr) => {
        LazyLock::new(|| Regex::new($text).ok())
    };
}

/// A pattern; none where it cannot be read, which tests would see.
pub(super) fn pattern(lazy: &'static Lazy) -> Option<&'static Regex> {
    lazy.as_ref()
}

/// A block of armour: what it is, what is in it, and its end, or that of the file.
pub(super) static ARMOUR: Lazy =
    regex!(r"(?s)-{4,5} ?BEGIN ([^\n\-]*)-{4,5}(.*?)(?:-{4,5} ?END [^\n\-]*-{4,5}|\z)");

/// A hash of a password.
pub(super) static HASH: Lazy = regex!(
    r#"(?i)(\$(?:apr1|[15-7]|2[abxy]?|g?y|argon2\w*|scrypt|pbkdf2[\w\-]*|sha1|md5|[phs])\$[^\s"',;:]{4,}|\{(?:s?sha\d*|s?md5|[\w\-]*crypt|pbkdf2[\w\-]*|argon2\w*|cleartext|plain)[\w.\-]*\}[^\s"',;]+|scram-sha-\d+\$[^\s"',;]+|\bmd5[0-9a-f]{32}\b)"#
);

/// What looks like a secret, or stands where one does; the first group that matched is the secret.
pub(super) static MARKED: [Lazy; 12] = [
    // A password in an address, `scheme://user:password@host`, and without a scheme.
    regex!(r#"(?i)[a-z][a-z0-9+.\-]*://[^\s:/@]*:([^\s/"'<>]+)@"#),
    regex!(r#"(?m)(?:^|[\s"'=,])[\w.\-]+:([^\s:/@"'<>]+)@[\w\[(]"#),
    // `stats auth admin:secret`
    regex!(r#"(?i)\bauth\s+["']?[^\s:"']+:([^\s"']+)"#),
    regex!(r"(?i)\b(?:bearer|basic|negotiate)[ \t]+([\w+/=.~\-]{3,})"),
    // Tokens whose issuers mark them.
    regex!(
        r"\b((?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|[sr]k_(?:live|test)_|sk-|SG\.|hvs\.|npm_|dop_v1_|whsec_)[\w.\-/+=]{8,}|eyJ[\w\-]{8,}\.[\w.\-]*)"
    ),
    regex!(r#"hooks\.slack\.com/services/([^\s"']+)"#),
    // `https://host/?key=secret&sig=secret`
    regex!(
        r#"(?i)[?&](?:amp;)?[\w.\-]*(?:key|sig|signature|hmac|token|auth|secret|passw\w*|pwd|code|jwt|sas|session\w*|sid)=([^&\s"'<>#;$][^&\s"'<>#;]*)"#
    ),
    // `Cookie "session=secret"`
    regex!(r#"(?i)\bcookie["']?[\s:]+["'][^"'\s=;$()]{1,64}=([^"'\s$][^"'\n]*)"#),
    regex!(r#"(?i)\bcookie["']?[\s:]+[^"'\s=;$()]{1,64}=([^"'\s;$][^"'\s;]*)"#),
    // `rename-command CONFIG secret`
    regex!(r#"(?im)^[ \t]*rename-command[ \t]+\S+[ \t]+["']?([^\s"']+)"#),
    // `mysql -psecret1`
    regex!(r#"[\s"']-p([A-Za-z!#$%&*+?@^_~][^\s"'/=]*\d[^\s"'/=]*)(?:[\s"']|$)"#),
    // `curl -u name:secret`
    regex!(r#"(?:^|[\s"'=])(?:-u|--user|--proxy-user)[ \t=]*["']?[^\s:"'/]+:([^\s"'@/][^\s"']*)"#),
];

/// What a request is given on its way by a header of a name: the name, and its value in quotes or without.
pub(super) static GIVEN: Lazy = regex!(
    r#"(?i)\b(?:(?:proxy|grpc|fastcgi|uwsgi|scgi)_set_header|requestheader\s+(?:set|append|add|setifempty|merge)|http-request\s+(?:set|add)-header)\s+["']?([\w\-]+)["']?\s+(?:"([^"\n]+)"|'([^'\n]+)'|([^"'\s;]+))"#
);

/// What a header of a request is compared with.
pub(super) static COMPARED: Lazy = regex!(
    r"(?i)\bhdr(?:_\w+)?\(([\w\-]+)[^)\n]*\)[ \t]+(?:-m[ \t]+\w+[ \t]+|-[a-z][ \t]+|--[ \t]+)*([^\s{}|][^\n{}|]*)"
);

/// A table of what a header, an argument or a cookie is turned into.
pub(super) static TABLE: Lazy =
    regex!(r"(?m)^[^#\n]*\bmap\s+\$(http|arg|cookie)_(\w+)\s+\$\w+\s*\{([^}]*)\}");

/// A word that may be random.
pub(super) static LONG: Lazy = regex!(r"[A-Za-z0-9+/_\-]{31,}={0,2}");

/// An element of XML that begins, and what is written between elements.
pub(super) static ELEMENT: Lazy = regex!(r"<([A-Za-z][\w:.\-]*)(?:\s[^<>]*)?>");
pub(super) static BETWEEN: Lazy = regex!(r"(?s)<!\[CDATA\[(.*?)\]\]>|>([^<>]+)<");

/// A word of a configuration.
pub(super) static WORD: Lazy = regex!(r"[A-Za-z0-9_.\-]+");

/// What stands between a word and its value.
pub(super) static BETWIXT: Lazy = regex!(r#"^[\\"'\]})]*(?:\s*(?:=>|:=|[=!~^*]+=?|:|,|\(|/?>)\s*|\s+)"#);

/// An attribute that holds the value, behind one that holds the name.
pub(super) static VALUE: Lazy =
    regex!(r#"^[\\"']*[\s,;]*[\\"']*(?i:value|val|content|default)[\\"']*\s*[=:]\s*"#);

/// What ends a value that no quotes hold, where others follow on its line.
pub(super) static NEXT: Lazy = regex!(r#"\s+[\w.\-]+=|,\s*"|,\s+[\w.\-]+\s*[:=]"#);

/// A rule of redis for a user: the passwords that it adds and removes, and hashes of them.
pub(super) static RULE: Lazy = regex!(r"\s[><#!](\S+)");

/// A name with a sign of assignment, at the start of a line.
pub(super) static NAMED: Lazy = regex!(r#"^[\s\-]*["']?[\w.\-/]+["']?\s*(?::\s+|=\s*)"#);
