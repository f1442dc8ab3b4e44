//! One POST, tried again while that makes sense and there is time.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use driftless::diagnostic::{Source, plain};
use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};
use zeroize::Zeroizing;

use crate::cli::ask::warn;
use crate::cli::failure::Failure;

/// One attempt takes no longer, so that there is time for another.
const ATTEMPT: Duration = Duration::from_secs(10);

/// How long to wait before each further attempt.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// Where a notice goes, and what is sent along. It is shown without its path, which is as good as a password.
#[derive(Clone)]
pub(super) struct Address {
    uri: Uri,
    headers: Vec<(HeaderName, Zeroizing<String>)>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.uri.host().unwrap_or_default();
        write!(f, "webhook {}://{}/...", self.uri.scheme_str().unwrap_or_default(), plain(host))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Address {
    /// The address in the first line of a file, and headers in the others; blank lines and those with # are passed by.
    pub(super) fn read(path: &Path, quiet: bool) -> Result<Self, Failure> {
        let source = Source::read(path)?;
        let name = path.display().to_string();
        if path.metadata().is_ok_and(|metadata| metadata.mode() & 0o006 != 0) {
            warn(
                quiet,
                &format!("{name}: others may read it, and whoever has the address may post: chmod o-rw"),
            );
        }
        let lines = source.as_str().lines().map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(address) = lines.next() else {
            return Err(Failure::new(format!("{name}: it has no address")).hint(SHAPE));
        };
        let headers: Vec<&str> = lines.collect();
        Self::of(address, &name, &headers)
    }

    /// An address as it is typed. No message repeats any of it.
    pub(super) fn of(text: &str, place: &str, headers: &[&str]) -> Result<Self, Failure> {
        let uri: Uri = text
            .parse()
            .map_err(|error| Failure::new(format!("{place}: it is no address: {error}")).hint(SHAPE))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(Failure::new(format!("{place}: it is no address of the web")).hint(SHAPE));
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(Failure::new(format!("{place}: a password in an address is not sent"))
                .hint("--webhook @FILE, with a line `Authorization: Basic …` after the address"));
        }
        let port = uri.authority().and_then(|authority| authority.as_str().rsplit_once(':'));
        if port
            .is_some_and(|(_, port)| !port.ends_with(']') && port.parse().map_or(true, |port: u16| port == 0))
        {
            return Err(Failure::new(format!("{place}: its port is none")).hint("1 to 65535"));
        }
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            HeaderValue::from_str(value.trim()).ok()?;
            Some((name.trim().parse().ok()?, Zeroizing::new(value.trim().to_owned())))
        };
        let mut known = Vec::new();
        for (nth, line) in headers.iter().enumerate() {
            known.push(header(line).ok_or_else(|| {
                Failure::new(format!("{place}: line {} after the address is no header", nth + 1))
                    .hint("a header is `Name: value`")
            })?);
        }
        Ok(Self { uri, headers: known })
    }

    /// Whether what is posted can be read on its way.
    pub(super) fn is_in_the_clear(&self) -> bool {
        let host = self.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let stays =
            host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        self.uri.scheme_str() == Some("http") && !stays
    }

    /// Posts JSON; says why it could not be.
    pub(super) fn post(&self, body: &str, within: Duration) -> Result<(), String> {
        let deadline = Instant::now() + within;
        let mut attempts = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            attempts += 1;
            let again = match self.attempt(body, left.min(ATTEMPT)) {
                Ok(()) => return Ok(()),
                Err(Refusal { why, again: None }) => return Err(why),
                Err(Refusal { why, again: Some(asked) }) => (why, asked),
            };
            let (why, asked) = again;
            let pause = PAUSES.get(attempts - 1).copied().map(|pause| pause.max(asked));
            match pause.filter(|pause| Instant::now() + *pause < deadline) {
                Some(pause) => std::thread::sleep(pause),
                None if attempts == 1 => return Err(why),
                None => return Err(format!("{why} ({attempts} attempts)")),
            }
        }
    }

    fn attempt(&self, body: &str, within: Duration) -> Result<(), Refusal> {
        // Whoever installed one before us is welcome: ours is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(within))
            // An address that moved is put right by whoever configured it: what is secret goes to nobody else.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("driftless/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into();
        let mut request = agent.post(&self.uri).header("Content-Type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value.as_str());
        }
        let answer = request.send(body).map_err(|error| Refusal::of(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let again = (status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429))
            .then(|| Duration::from_secs(asked.unwrap_or(0)));
        let meaning = match status.as_u16() {
            300..=399 => ": it has moved, and a notice goes nowhere but where it was told to",
            401 | 403 => ": is what it wants to know us by still right?",
            404 | 410 => ": is the hook still there?",
            413 => ": the notice is too long for it",
            _ => "",
        };
        Err(Refusal { why: format!("it answered {}{meaning}", status.as_u16()), again })
    }
}

/// What an address looks like.
const SHAPE: &str = "https://host/path, or @FILE with the address in its first line";

/// Why an attempt failed, and whether another may succeed: at the earliest after so long.
struct Refusal {
    why: String,
    again: Option<Duration>,
}

impl Refusal {
    /// In words of our own: others would show the address.
    fn of(error: &Error) -> Self {
        let again = Some(Duration::ZERO);
        let tls = |error: &dyn fmt::Display| Self {
            why: format!("its certificate or its TLS is not accepted: {error}"),
            again: None,
        };
        match error {
            Error::Timeout(_) => Self { why: "it did not answer in time".to_owned(), again },
            Error::HostNotFound => Self { why: "its name is not known here".to_owned(), again },
            Error::ConnectionFailed => Self { why: "no connection could be made".to_owned(), again },
            Error::Rustls(error) => tls(error),
            // So does a handshake that fails come.
            Error::Io(error)
                if error
                    .get_ref()
                    .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) =>
            {
                tls(error)
            }
            Error::Io(error) => Self { why: format!("the connection failed: {}", error.kind()), again },
            Error::InvalidProxyUrl => {
                Self { why: "HTTPS_PROXY or its like is no address of a proxy".to_owned(), again: None }
            }
            Error::ConnectProxyFailed(_) => {
                Self { why: "the proxy let no connection through".to_owned(), again }
            }
            _ => Self { why: "the connection broke off, or it speaks no HTTP".to_owned(), again },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_shows_what_is_secret() {
        let address = Address::of("https://hooks.example.net/T0/secret", "--webhook", &[]).unwrap();
        assert_eq!(format!("{address} {address:?}").matches("secret").count(), 0);
        assert_eq!(address.to_string(), "webhook https://hooks.example.net/...");
        for wrong in [
            "secret",
            "ftp://secret/x",
            "https://u:secret@host/",
            "https://",
            "https://a b/secret",
            "https://secret:99999/",
            "",
        ] {
            let told = Address::of(wrong, "--webhook", &[]).unwrap_err().to_string();
            assert!(!told.contains("secret"), "{told}");
        }
        let told = Address::of("https://host/", "file", &["Authorization secret"]).unwrap_err().to_string();
        assert!(told.contains("line 1 after the address") && !told.contains("secret"), "{told}");
    }

    #[test]
    fn only_what_leaves_this_machine_is_in_the_clear() {
        let clear = |text: &str| Address::of(text, "", &[]).unwrap().is_in_the_clear();
        assert!(clear("http://hooks.example.net/") && clear("http://10.0.0.1/"));
        assert!(
            !clear("https://hooks.example.net/") && !clear("http://127.0.0.1:8/") && !clear("http://[::1]/")
        );
    }
}
