//! What the service is told to use and the image will not have: no package brings it, and nothing bakes it.

use super::paths::Needs;
use super::plan::Baked;
use super::secrets::is_secret;
use crate::immutability::is_within;
use crate::snapshot::{Brought, NamedBy, Part, Serving};

/// Folders that the image of every release has, be they a package's or not.
const EVERYWHERE: [&str; 12] =
    ["/", "/bin", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/srv", "/usr", "/var"];

/// A file or a folder of the host that the image lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Its path.
    pub path: String,
    /// Who names it.
    pub named_by: String,
    /// Whether it is what is run, and not what that reads.
    pub is_program: bool,
    /// Whether it may hold a key or a password, which no image may have.
    pub is_secret: bool,
}

/// What the image lacks of what the service is told to use.
pub(super) fn lacking(service: &Serving, needs: &Needs, baked: &[Baked]) -> Vec<Lacking> {
    let written = |path: &str| {
        let all = needs.paths.iter().chain(&needs.logs).chain(&needs.configuration);
        is_within(path, "/var/log") || all.clone().any(|need| is_within(path, &need.path))
    };
    let parts = service.parts.iter().filter(|part| part.brought == Brought::Nobody);
    // Every image has these; an address of a site may look like one.
    let has = |part: &Part| part.is_folder && EVERYWHERE.contains(&part.path.as_str());
    let parts: Vec<&Part> = parts.filter(|part| !written(&part.path) && !has(part)).collect();
    let mut found: Vec<Lacking> = Vec::new();
    for part in &parts {
        let inner = |path: &str| path != part.path && is_within(path, &part.path);
        // Of a folder whose files are told, or baked, these are what counts.
        let told = part.is_folder && parts.iter().any(|other| inner(&other.path));
        let is_baked = baked.iter().any(|baked| {
            baked.path == part.path
                || part.is_folder && is_within(&baked.path, &part.path)
                || is_within(&part.path, &baked.path)
        });
        if !told && !is_baked {
            found.push(Lacking {
                path: part.path.clone(),
                named_by: match &part.named_by {
                    NamedBy::Configuration => "it is read as configuration".to_owned(),
                    NamedBy::Command => "its command names it".to_owned(),
                    NamedBy::Unit => "its unit takes variables from it".to_owned(),
                    NamedBy::Line(line) => line.clone(),
                },
                is_program: is_program(service, part),
                is_secret: holds_secret(part),
            });
        }
    }
    found
}

/// Whether a part is a script or another program that its command runs: a file that is named there, lies where programs
/// do, and is not called configuration.
pub(super) fn is_program(service: &Serving, part: &Part) -> bool {
    let started = service.directive("ExecStart").map_or("", |start| start.value.as_str());
    let in_command = service.command.iter().skip(1).any(|word| *word == part.path)
        || started.split_whitespace().any(|word| word == part.path)
        || part.named_by == NamedBy::Command;
    let name = part.path.rsplit('/').next().unwrap_or_default();
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let configures = [
        "conf",
        "cnf",
        "cfg",
        "ini",
        "yaml",
        "yml",
        "json",
        "toml",
        "xml",
        "env",
        "properties",
        "pem",
        "key",
    ];
    in_command && !part.is_folder && !configures.contains(&kind) && !is_within(&part.path, "/etc")
}

/// Whether a file may hold what no image may have, by its name or by who names it.
fn holds_secret(part: &Part) -> bool {
    let name = part.path.rsplit('/').next().unwrap_or_default();
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    let directive = match &part.named_by {
        NamedBy::Line(line) => line.split(' ').next().unwrap_or_default(),
        _ => "",
    };
    let directive = directive.to_ascii_lowercase();
    ["key", "pem", "p12", "pfx", "jks", "keytab", "htpasswd", "htdigest"].contains(&kind)
        || ["/private/", "/certs/"].iter().any(|part_of| part.path.contains(part_of)) && !part.is_folder
        || ["key", "keyfile", "key_file", "user_file", "userfile"].iter().any(|end| directive.ends_with(end))
        || is_secret(name)
        || name.contains("privkey")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::bookworm;

    fn part(path: &str, named_by: NamedBy, brought: Brought) -> Part {
        Part { path: path.to_owned(), named_by, brought, is_folder: !path.contains('.') }
    }

    fn line(text: &str) -> NamedBy {
        NamedBy::Line(text.to_owned())
    }

    #[test]
    fn what_no_package_brings_and_nothing_bakes_is_lacking() {
        let mut service = bookworm().into_iter().find(|service| service.name == "nginx").unwrap();
        let needs = super::super::needs(&service, &[]);
        service.parts = vec![
            part("/etc/x/fullchain.pem", line("ssl_certificate in /etc/x.conf:1"), Brought::Nobody),
            part("/etc/nginx/.htpasswd", line("auth_basic_user_file in /etc/x.conf:2"), Brought::Nobody),
            part("/etc/nginx/conf.d/a.conf", NamedBy::Configuration, Brought::Nobody),
            part("/etc/nginx/conf.d/b.conf", NamedBy::Configuration, Brought::Nobody),
            part("/etc/nginx/b.conf", NamedBy::Configuration, Brought::Package("x".to_owned())),
            part("/etc/nginx/c.conf", NamedBy::Configuration, Brought::Script("x".to_owned())),
            part("/var/lib/nginx/body/x.y", line("a in /etc/x.conf:3"), Brought::Nobody),
            part("/etc/certs", line("crt in /etc/x.conf:3"), Brought::Nobody),
            part("/etc/certs/a.pem", line("crt in /etc/x.conf:3"), Brought::Nobody),
            part("/srv/www", line("root in /etc/x.conf:3"), Brought::Nobody),
            part("/opt", line("location in /etc/x.conf:4"), Brought::Nobody),
        ];
        let baked = Baked {
            path: "/etc/nginx/conf.d/b.conf".to_owned(),
            content: String::new(),
            mode: 0o644,
            owner: "root:root".to_owned(),
            secrets: vec![],
        };
        let told = lacking(&service, &needs, &[baked]);
        let told: Vec<(&str, bool)> = told.iter().map(|one| (one.path.as_str(), one.is_secret)).collect();
        assert_eq!(
            told,
            [
                ("/etc/x/fullchain.pem", true),
                ("/etc/nginx/.htpasswd", true),
                ("/etc/nginx/conf.d/a.conf", false),
                ("/etc/certs/a.pem", true),
                ("/srv/www", false),
            ]
        );
    }

    #[test]
    fn a_script_is_a_program_and_its_configuration_is_none() {
        let mut service = bookworm().into_iter().find(|service| service.name == "nginx").unwrap();
        service.command = ["/usr/bin/perl", "/opt/app/bin/appd.pl", "--config", "/opt/app/app.conf"]
            .map(str::to_owned)
            .to_vec();
        let script = part("/opt/app/bin/appd.pl", NamedBy::Configuration, Brought::Nobody);
        assert!(is_program(&service, &script));
        assert!(!is_program(&service, &part("/opt/app/app.conf", NamedBy::Command, Brought::Nobody)));
        assert!(!is_program(&service, &part("/etc/nginx/a.conf", NamedBy::Configuration, Brought::Nobody)));
    }
}
