//! Configuration that goes into the image: the files that the playbook marks, with secrets taken out.

use std::sync::LazyLock;

use regex::Regex;

use super::plan::Baked;
use crate::drift::Comparison;
use crate::snapshot::{File, Is, Serving};

/// A line that gives a secret a value: a word that says so, and what follows it.
static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)^(?P<head>[\s\-]*[\w.\-"']*(?:passw(?:or)?d|passphrase|requirepass|masterauth|secret|token|api[_-]?key|private[_-]?key|credential)[\w.\-"']*\s*[=:\s]\s*)(?P<value>\S.*?)(?P<tail>\s*[;,]?\s*)$"#,
    )
    .ok()
});

/// A password in an address: `scheme://user:password@host`.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?P<head>[a-z][a-z0-9+.\-]*://[^\s:/@]*:)(?P<value>[^\s@/]+)(?P<tail>@)").ok()
});

/// The files that the playbook marks as `bake`, as a host has them; and those that the service reads and the playbook
/// does not mark. What is marked and could not be had is a warning.
pub(super) fn files(
    comparison: &Comparison<'_>,
    position: usize,
    service: &Serving,
    warnings: &mut Vec<String>,
) -> (Vec<Baked>, Vec<String>) {
    let mut baked: Vec<Baked> = Vec::new();
    let observation = comparison.observation(position);
    let marked = observation
        .into_iter()
        .flat_map(|host| comparison.bound.files(comparison.playbook, host.host).filter(|entry| entry.bake));
    for entry in marked {
        match fetched(comparison, position, &entry.path) {
            Ok(files) => {
                for (name, file) in files {
                    if baked.iter().any(|known| known.path == name) {
                        continue;
                    }
                    match bake(comparison, name, &file, baked.len()) {
                        Ok(file) => baked.push(file),
                        Err(why) => {
                            warnings.push(format!("{name} is marked `bake` and not in the image: {why}"));
                        }
                    }
                }
            }
            Err(why) => warnings.push(format!("{} is marked `bake` and not in the image: {why}", entry.path)),
        }
    }
    let unbaked = service.configuration.iter().map(|(path, _)| path.clone());
    let unbaked = unbaked.filter(|path| !baked.iter().any(|known| known.path == *path)).collect();
    (baked, unbaked)
}

/// What an entry led to on a host.
fn fetched<'c>(
    comparison: &Comparison<'c>,
    position: usize,
    entry: &str,
) -> Result<Vec<(&'c str, File)>, String> {
    let host = comparison.name(position);
    let snapshot = comparison.observation(position).and_then(|observation| observation.snapshot.as_ref());
    let files = snapshot.and_then(|snapshot| snapshot.configuration.files.as_ref());
    let files = files.ok_or_else(|| format!("the files of {host} were not told"))?;
    let strings = &comparison.fleet.strings;
    let found = strings.find(entry).into_iter().flat_map(|symbol| {
        files.paths(symbol).filter_map(move |path| Some((strings.text(path), files.get(symbol, path)?)))
    });
    let found: Vec<(&str, File)> = found.collect();
    if found.is_empty() { Err(format!("{host} has none, or it could not be read there")) } else { Ok(found) }
}

/// Whether a path, which a host may have chosen, leads where it says and means nothing but itself.
fn is_harmless(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._@+:=,~-".contains(&byte);
    path.starts_with('/')
        && path.bytes().all(plain)
        && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
}

/// One file for the image.
fn bake(comparison: &Comparison<'_>, name: &str, file: &File, nth: usize) -> Result<Baked, String> {
    let strings = &comparison.fleet.strings;
    if !is_harmless(name) {
        return Err("its name has what a build or a shell would take for more than a name".to_owned());
    }
    if !matches!(file.is, Is::Content(_)) {
        return Err("it is no regular file".to_owned());
    }
    let content = file.content.map(|content| strings.text(content)).ok_or(
        "its content was not fetched: is it larger than 256 KiB, reached by a link, or without `show` in the host's list of allowed files?",
    )?;
    // The last line may have no end, which a listing of lines does not tell.
    let size = usize::try_from(file.size).unwrap_or(usize::MAX);
    let content = match content.len().checked_sub(size) {
        Some(0) => content,
        Some(1) => content.strip_suffix('\n').unwrap_or(content),
        _ => return Err("it did not come byte for byte: is it text in UTF-8?".to_owned()),
    };
    let mode = file.mode.and_then(|mode| u32::from_str_radix(strings.text(mode), 8).ok());
    let owner = file.owner.map_or_else(|| "root:root".to_owned(), |owner| strings.text(owner).to_owned());
    let (content, secrets) = without_secrets(content, nth);
    Ok(Baked { path: name.to_owned(), content, mode: mode.unwrap_or(0o644), owner, secrets })
}

/// A text whose secrets are names, and these names with the lines that they stand in, from 1.
pub(super) fn without_secrets(text: &str, file: usize) -> (String, Vec<(String, usize)>) {
    let mut secrets = Vec::new();
    let mut clean = String::with_capacity(text.len());
    let mut within_key = false;
    for (nth, line) in text.split_inclusive('\n').enumerate() {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        let mut name = || {
            let name = format!("DRIFTLESS_SECRET_{}_{}", file + 1, secrets.len() + 1);
            secrets.push((name.clone(), nth + 1));
            name
        };
        if within_key {
            within_key = !body.contains("-----END");
            continue;
        }
        if body.contains("-----BEGIN") && body.contains("PRIVATE KEY") {
            within_key = !body.contains("-----END");
            clean.push_str(&name());
            clean.push_str(end);
            continue;
        }
        let comment = body.trim_start().starts_with(['#', ';']);
        let found = [&SECRET, &ADDRESS].into_iter().find_map(|pattern| pattern.as_ref()?.captures(body));
        match found.filter(|_| !comment) {
            Some(parts) => {
                let part = |name: &str| parts.name(name).map_or("", |part| part.as_str());
                let whole = parts.get(0).map_or(0..0, |whole| whole.range());
                clean.push_str(body.get(..whole.start).unwrap_or_default());
                clean.push_str(part("head"));
                clean.push_str(&name());
                clean.push_str(part("tail"));
                clean.push_str(body.get(whole.end..).unwrap_or_default());
            }
            // What is commented out is no setting, and may be a secret of yesterday.
            None if comment
                && [&SECRET, &ADDRESS].into_iter().any(|pattern| {
                    let bare = body.trim_start().trim_start_matches(['#', ';']);
                    pattern.as_ref().is_some_and(|pattern| pattern.is_match(bare))
                }) =>
            {
                clean.push_str("# left out: it may be a secret");
            }
            None => clean.push_str(body),
        }
        clean.push_str(end);
    }
    (clean, secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_become_names() {
        for (line, clean) in [
            ("requirepass hunter2", "requirepass DRIFTLESS_SECRET_1_1"),
            ("password = 'a b';", "password = DRIFTLESS_SECRET_1_1;"),
            ("  db_password: x", "  db_password: DRIFTLESS_SECRET_1_1"),
            ("upstream = postgres://app:pw@db/x", "upstream = postgres://app:DRIFTLESS_SECRET_1_1@db/x"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nafter",
                "DRIFTLESS_SECRET_1_1\nafter",
            ),
            ("# requirepass foobared", "# left out: it may be a secret"),
        ] {
            let (told, secrets) = without_secrets(line, 0);
            assert_eq!(told, clean);
            assert_eq!(secrets.len(), usize::from(!line.starts_with('#')), "{line}");
        }
    }

    #[test]
    fn a_path_of_a_host_leads_nowhere_else() {
        assert!(is_harmless("/etc/nginx/conf.d/my-site_1.conf"));
        for path in [
            "/etc/../root/x",
            "etc/x",
            "/etc//x",
            "/etc/x$HOME",
            "/etc/a b",
            "/etc/x\ny",
            "/etc/x\"",
            "/etc/./x",
        ] {
            assert!(!is_harmless(path), "{path}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_byte_for_byte() {
        let text =
            "worker_processes auto;\nssl_certificate_key /etc/ssl/private/x.key;\r\n\n\taccess_log off;";
        assert_eq!(without_secrets(text, 0), (text.to_owned(), vec![]));
    }
}
