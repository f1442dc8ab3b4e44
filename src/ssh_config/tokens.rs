//! Expands `%h` and its like, `~` and `${NAME}`: ssh_config(5), TOKENS and ENVIRONMENT VARIABLES.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::Me;

/// What most paths may have.
pub(super) const PATH: &str = "CdhijkLlnpru";
/// What a `ProxyCommand` and a `ProxyJump` may have.
pub(super) const PROXY: &str = "hnpr";
/// What a `User` may have: what a user does not depend on itself. OpenSSH 9.2 takes users as they are.
pub(super) const USER: &str = "dhijkLlnpu";

/// What tokens stand for.
#[derive(Debug)]
pub(super) struct Tokens<'m> {
    pub(super) me: &'m Me,
    /// `%n`
    pub(super) original: String,
    /// `%h`
    pub(super) host: String,
    /// `%p`
    pub(super) port: u16,
    /// `%r`
    pub(super) user: String,
    /// `HostKeyAlias`, for `%k`.
    pub(super) alias: Option<String>,
    /// `%j`
    pub(super) jump: String,
}

impl Tokens<'_> {
    /// Expands the tokens of `allowed`. The error says what is wrong.
    pub(super) fn expand(&self, text: &str, allowed: &str) -> Result<String, String> {
        percent(text, |letter| allowed.contains(letter).then(|| self.of(letter)).flatten())
    }

    /// Expands a path: `~`, tokens, and variables.
    pub(super) fn path(&self, text: &str) -> Result<String, String> {
        let text = self.me.tilde(text)?;
        self.with_variables(&text, PATH)
    }

    /// Expands tokens, and variables, neither in the other's values.
    pub(super) fn with_variables(&self, text: &str, allowed: &str) -> Result<String, String> {
        let mut expanded = String::new();
        for piece in pieces(text)? {
            match piece {
                Piece::Plain(plain) => expanded.push_str(&self.expand(plain, allowed)?),
                Piece::Variable(name) => expanded.push_str(self.me.variable(name)?),
            }
        }
        Ok(expanded)
    }

    fn of(&self, letter: char) -> Option<String> {
        let me = self.me;
        Some(match letter {
            'C' => self.hash(),
            'd' => me.home.as_ref()?.to_string_lossy().into_owned(),
            'h' => self.host.clone(),
            'i' => me.uid.to_string(),
            'j' => self.jump.clone(),
            'k' => self.alias.clone().unwrap_or_else(|| self.original.clone()),
            'L' => me.host.split('.').next().unwrap_or_default().to_owned(),
            'l' => me.host.clone(),
            'n' => self.original.clone(),
            'p' => self.port.to_string(),
            'r' => self.user.clone(),
            'u' => me.login.clone(),
            _ => return None,
        })
    }

    /// `%C`: older versions leave out the jump hosts, which makes a difference only where there are some.
    fn hash(&self) -> String {
        let of = format!("{}{}{}{}{}", self.me.host, self.host, self.port, self.user, self.jump);
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, of.as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Expands the only token of a `HostName`.
pub(super) fn host_name(text: &str, destination: &str) -> Result<String, String> {
    percent(text, |letter| (letter == 'h').then(|| destination.to_owned()))
}

/// A host name as ssh goes on with it: in lower case, unless it can only be an address.
pub(super) fn lowered(host: &str) -> String {
    if host.contains([':', '%']) { host.to_owned() } else { host.to_lowercase() }
}

fn percent(text: &str, value: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let (mut expanded, mut characters) = (String::new(), text.chars());
    while let Some(character) = characters.next() {
        match (character, character == '%') {
            (_, false) => expanded.push(character),
            (_, true) => match characters.next() {
                Some('%') => expanded.push('%'),
                Some(letter) => match value(letter) {
                    Some(value) => expanded.push_str(&value),
                    None => return Err(format!("%{letter} means nothing here")),
                },
                None => return Err("it ends with %".to_owned()),
            },
        }
    }
    Ok(expanded)
}

enum Piece<'t> {
    Plain(&'t str),
    Variable(&'t str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let (mut pieces, mut left) = (Vec::new(), text);
    while let Some((plain, variable)) = left.split_once("${") {
        let (name, rest) = variable.split_once('}').ok_or("${ has no closing bracket")?;
        pieces.extend([Piece::Plain(plain), Piece::Variable(name)]);
        left = rest;
    }
    pieces.push(Piece::Plain(left));
    Ok(pieces)
}

/// Whether a variable can have that name.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Expands variables alone.
pub(super) fn variables(text: &str, me: &Me) -> Result<String, String> {
    let expand = |piece| match piece {
        Piece::Plain(plain) => Ok(plain),
        Piece::Variable(name) => me.variable(name),
    };
    pieces(text)?.into_iter().map(expand).collect()
}

impl Me {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Result<&str, String> {
        self.environment.get(name).ok_or_else(|| format!("the variable {name} is not set"))
    }

    /// `~` and `~/…` below the home folder. Other users' home folders would have to be looked up.
    pub(super) fn tilde(&self, text: &str) -> Result<String, String> {
        let Some(rest) = text.strip_prefix('~') else { return Ok(text.to_owned()) };
        let (user, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !user.is_empty() && user != self.login {
            return Err(format!("~{user} is another user's home folder"));
        }
        let home = self.home.as_ref().ok_or("~ needs HOME")?.to_string_lossy().into_owned();
        Ok(format!("{}/{path}", home.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Me {
        Me {
            login: "me".into(),
            home: Some("/home/me".into()),
            uid: 1000,
            host: "desk.example.net".into(),
            environment: [("KEYS".to_owned(), "/k%h".to_owned())].into_iter().collect(),
        }
    }

    fn tokens(me: &Me) -> Tokens<'_> {
        Tokens {
            me,
            original: "web".into(),
            host: "web.example.net".into(),
            port: 2222,
            user: "audit".into(),
            alias: None,
            jump: String::new(),
        }
    }

    #[test]
    fn every_token_has_its_value() {
        let me = me();
        let expanded = tokens(&me).path("%%|%d|%h|%i|%j|%k|%L|%l|%n|%p|%r|%u").unwrap();
        assert_eq!(expanded, "%|/home/me|web.example.net|1000||web|desk|desk.example.net|web|2222|audit|me");
        let with_alias = Tokens { alias: Some("alias".into()), ..tokens(&me) };
        assert_eq!(with_alias.path("%k").unwrap(), "alias");
    }

    #[test]
    fn the_hash_is_that_of_the_manual() {
        // printf desk.example.netweb.example.net2222audit | sha1sum
        assert_eq!(tokens(&me()).path("%C").unwrap(), "81df228c63235b3dc350fd1c7eee1008b13dc360");
    }

    #[test]
    fn home_and_variables() {
        let me = me();
        let tokens = tokens(&me);
        assert_eq!(tokens.path("~/.ssh/%r").unwrap(), "/home/me/.ssh/audit");
        assert_eq!(tokens.path("~me/x").unwrap(), "/home/me/x");
        // A variable's value is taken as it is.
        assert_eq!(tokens.path("${KEYS}/%h").unwrap(), "/k%h/web.example.net");
        for wrong in ["~other/x", "${NOPE}", "${KEYS", "%q", "%"] {
            assert!(tokens.path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_keyword_has_only_its_own_tokens() {
        let me = me();
        assert!(tokens(&me).expand("%d", PROXY).is_err());
        assert!(tokens(&me).expand("%r", USER).is_err());
        assert_eq!(host_name("%h.example.net%%", "web").unwrap(), "web.example.net%");
        assert!(host_name("%p", "web").is_err());
    }
}
