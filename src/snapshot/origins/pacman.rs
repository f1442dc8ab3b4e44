//! pacman's repositories: pacman.conf(5), with the files that it includes.

use super::apt::matches;
use super::place::Address;
use super::{File, Odd, Sources};

/// Arch's own, which every mirror has.
const KNOWN: [&str; 8] = [
    "core",
    "core-testing",
    "extra",
    "extra-testing",
    "community",
    "multilib",
    "multilib-testing",
    "testing",
];

/// How deep files may include each other, how many inclusions are followed, and how many lines all may have
/// together.
const DEEPEST: usize = 8;
const MOST_INCLUDED: usize = 200;
const MOST_LINES: usize = 20_000;

/// A section on its way.
struct Repository<'a> {
    name: &'a str,
    levels: Vec<&'a str>,
    servers: Vec<&'a str>,
}

/// Adds the repositories of pacman.conf.
pub(super) fn read(files: &[File<'_>], sources: &mut Sources, odd: &mut Odd) {
    let mut lines = Vec::new();
    include("/etc/pacman.conf", files, (DEEPEST, &mut 0), &mut lines);
    let mut repositories: Vec<Repository<'_>> = Vec::new();
    for line in lines {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            repositories.push(Repository { name, levels: Vec::new(), servers: Vec::new() });
        } else if let (Some(repository), Some((key, value))) = (repositories.last_mut(), line.split_once('='))
        {
            match key.trim() {
                "SigLevel" => repository.levels.extend(value.split_whitespace()),
                "Server" => repository.servers.push(value.trim()),
                _ => {}
            }
        } else {
            odd.line("/etc/pacman.conf", line);
        }
    }
    let options = |repository: &&Repository<'_>| repository.name == "options";
    let everywhere: Vec<&str> =
        repositories.iter().filter(options).flat_map(|options| options.levels.clone()).collect();
    for repository in repositories.iter().filter(|repository| repository.name != "options") {
        let unchecked = unchecked(everywhere.iter().chain(&repository.levels).copied());
        if KNOWN.contains(&repository.name) {
            sources.add(repository.name, None, unchecked);
            continue;
        }
        // Several servers are mirrors of each other.
        match repository.servers.iter().min().map(|server| Address::parse(server)) {
            Some(Some(address)) => {
                sources.add(&format!("{} {}", repository.name, address.place()), None, unchecked);
            }
            Some(None) => odd.line("/etc/pacman.conf", repository.name),
            None => sources.add(repository.name, None, unchecked),
        }
    }
}

/// The lines of a file, with those of files that it includes in their place. Counts what was included.
fn include<'a>(
    path: &str,
    files: &[File<'a>],
    (depth, included): (usize, &mut usize),
    lines: &mut Vec<&'a str>,
) {
    *included += 1;
    let Some(deeper) = depth.checked_sub(1).filter(|_| *included <= MOST_INCLUDED) else { return };
    for file in files.iter().filter(|file| matches(path, file.path)) {
        for line in file.lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
            if lines.len() >= MOST_LINES || *included > MOST_INCLUDED {
                return;
            }
            match line.split_once('=') {
                Some((key, other)) if key.trim() == "Include" => {
                    include(other.trim(), files, (deeper, &mut *included), lines);
                }
                _ => lines.push(line),
            }
        }
    }
}

/// The setting by which packages are not checked; the last word on each matter holds.
fn unchecked<'a>(levels: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let (mut check, mut trust) = (None, None);
    for level in levels {
        match level.strip_prefix("Package").unwrap_or(level) {
            "Never" => check = Some("SigLevel=Never"),
            "Optional" => check = Some("SigLevel=Optional"),
            "Required" => check = None,
            "TrustAll" => trust = Some("SigLevel=TrustAll"),
            "TrustedOnly" => trust = None,
            _ => {}
        }
    }
    check.or(trust)
}

#[cfg(test)]
mod tests {
    use super::super::read;

    fn told(payload: &str) -> Vec<String> {
        let (sources, gaps) = read(payload.as_bytes(), "");
        assert_eq!(gaps, []);
        sources.list.iter().map(|(name, source)| format!("{name}: {source}")).collect()
    }

    #[test]
    fn repositories_are_read_with_what_they_include() {
        let conf = "= /etc/pacman.conf\n[options]\nSigLevel    = Required DatabaseOptional\n[core]\nInclude = /etc/pacman.d/mirrorlist\n\
            [lab]\nSigLevel = Optional TrustAll\nServer = file:///srv/$repo\n[aur]\nInclude = /etc/pacman.d/aur-*\n\
            = /etc/pacman.d/mirrorlist\nServer = https://user@geo.mirror.pkgbuild.com/$repo/os/$arch\nServer = https://b.org/$repo\n\
            = /etc/pacman.d/aur-list\nServer = https://aur.example.org/$arch\nSigLevel = Never\n";
        assert_eq!(
            told(conf),
            [
                "aur aur.example.org/$arch: configured, SigLevel=Never",
                "core: configured",
                "lab file:/srv/$repo: configured, SigLevel=Optional"
            ]
        );
    }

    #[test]
    fn files_that_include_each_other_end() {
        assert_eq!(told("= /etc/pacman.conf\n[core]\nInclude = /etc/pacman.conf\n"), ["core: configured"]);
        let many = "Include = /etc/pacman.*\n".repeat(100);
        assert_eq!(told(&format!("= /etc/pacman.conf\n[core]\n{many}")), ["core: configured"]);
    }
}
