//! Configuration that goes into the image: the files that the playbook marks, with secrets taken out.

use super::choice::Model;
use super::plan::Baked;
use super::secrets;
use crate::drift::Comparison;
use crate::immutability::is_within;
use crate::snapshot::{Directive, File, Is, Serving, Trace};

/// The files that the playbook marks as `bake`, as a host has them; and those that the service reads and the playbook
/// does not mark. What is marked and could not be had is a warning.
pub(super) fn files(
    comparison: &Comparison<'_>,
    model: &Model<'_>,
    warnings: &mut Vec<String>,
) -> (Vec<Baked>, Vec<String>) {
    let (position, service) = (model.position, model.service);
    let mut baked: Vec<Baked> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
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
                    if !is_read(name, service) {
                        others.push(name);
                        continue;
                    }
                    match bake(comparison, name, &file, (baked.len(), is_bare(name, service))) {
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
    if !others.is_empty() {
        warnings.push(format!(
            "{} is marked `bake` and not in the image: nothing says that {} reads it; name the file's `hosts` in the playbook",
            others.join(", "),
            service.called()
        ));
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

/// Whether a service reads a file, by the evidence: it is named somewhere, or lies in a folder of its configuration.
fn is_read(path: &str, service: &Serving) -> bool {
    let named =
        service.parts.iter().map(|part| &part.path).chain(service.traces.iter().map(|(told, _)| told));
    let mut named = named.chain(service.directives.iter().map(|directive| &directive.file));
    let values = |directive: &Directive| {
        directive.value.split([' ', '=']).any(|word| word.trim_start_matches('-') == path)
    };
    let folder = |file: &str| {
        let mut parts = file.splitn(4, '/');
        let (first, second) = (parts.nth(1)?, parts.next()?);
        parts.next().map(|_| format!("/{first}/{second}"))
    };
    let is_unit = is_within(path, "/etc/systemd/system");
    // Of one that showed nothing of its configuration nothing is known.
    service.configuration.is_empty() && !is_unit
        || named.any(|told| told == path)
        || service.directives.iter().any(values)
        || service
            .configuration
            .iter()
            .any(|(file, _)| file == path || folder(file).is_some_and(|folder| is_within(path, &folder)))
}

/// Whether a path, which a host may have chosen, leads where it says and means nothing but itself.
fn is_harmless(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._@+:=,~-".contains(&byte);
    path.starts_with('/')
        && path.bytes().all(plain)
        && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
}

/// One file for the image.
fn bake(
    comparison: &Comparison<'_>,
    name: &str,
    file: &File,
    (nth, is_bare): (usize, bool),
) -> Result<Baked, String> {
    let strings = &comparison.fleet.strings;
    if !is_harmless(name) {
        return Err("its name has what a build or a shell would take for more than a name".to_owned());
    }
    if !matches!(file.is, Is::Content(_)) {
        return Err("it is no regular file".to_owned());
    }
    let content = file.content.map(|content| strings.text(content));
    let content = content.filter(|content| !content.is_empty() || file.size == 0).ok_or(
        "its content was not fetched: is it larger than 256 KiB, a link that leads out of its folder of /etc, or without `show` in the host's list of allowed files?",
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
    let (content, secrets) = secrets::without_secrets(content, nth, is_bare);
    Ok(Baked { path: name.to_owned(), content, mode: mode.unwrap_or(0o644), owner, secrets })
}

/// Whether a file holds nothing but secrets: by its name, or by the directive that names it.
fn is_bare(path: &str, service: &Serving) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let lists = ["htpasswd", "htdigest", "pgpass", "netrc", "userlist"];
    let known = kind == "key" || lists.iter().any(|list| name.contains(list));
    let structured = matches!(
        kind,
        "conf"
            | "cnf"
            | "cfg"
            | "ini"
            | "yaml"
            | "yml"
            | "json"
            | "toml"
            | "xml"
            | "properties"
            | "env"
            | "php"
            | "acl"
    );
    let named = service.traces.iter().any(|(named, trace)| match trace {
        Trace::Named { directive, .. } if named == path => {
            let directive = directive.to_ascii_lowercase().replace(['_', '-'], "");
            ["passwordfile", "passfile", "userfile", "digestfile", "keyfile"]
                .iter()
                .any(|end| directive.ends_with(end))
        }
        _ => false,
    });
    known || named || !structured && secrets::is_secret(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::bookworm;

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
    fn what_another_service_reads_stays_out() {
        let service = bookworm().into_iter().find(|service| service.name == "nginx").unwrap();
        for path in ["/etc/nginx/nginx.conf", "/etc/nginx/snippets/mine.conf", "/etc/nginx/ssl/x.pem"] {
            assert!(is_read(path, &service), "{path}");
        }
        for path in ["/etc/redis/redis.conf", "/etc/passwd"] {
            assert!(!is_read(path, &service), "{path}");
        }
    }

    #[test]
    fn a_list_of_secrets_is_known_by_its_name_or_by_what_names_it() {
        let service = bookworm().into_iter().find(|service| service.name == "nginx").unwrap();
        for path in [
            "/etc/nginx/.htpasswd",
            "/etc/nginx/passwords",
            "/etc/x/server.key",
            "/var/lib/x/.pgpass",
            "/etc/x/token",
        ] {
            assert!(is_bare(path, &service), "{path}");
        }
        for path in
            ["/etc/nginx/nginx.conf", "/etc/x/passwords.conf", "/etc/x/monkeys", "/etc/redis/redis.conf"]
        {
            assert!(!is_bare(path, &service), "{path}");
        }
    }
}
