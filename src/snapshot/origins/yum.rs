//! The repositories of dnf, yum and zypper: dnf.conf(5), one section a repository.

use std::collections::BTreeMap;

use super::place::Address;
use super::{File, Odd, Sources};

/// Repositories of distributions, which are the same wherever they are mirrored.
const KNOWN: [&str; 22] = [
    "amazonlinux",
    "appstream",
    "base",
    "baseos",
    "centosplus",
    "crb",
    "epel",
    "epel-next",
    "extras",
    "extras-common",
    "fedora",
    "fedora-cisco-openh264",
    "ha",
    "highavailability",
    "nfv",
    "plus",
    "powertools",
    "resilientstorage",
    "rt",
    "updates",
    "updates-modular",
    "fedora-modular",
];

/// A section: what it is called, and its fields.
type Section = (String, BTreeMap<String, String>);

/// Adds the enabled repositories of all files.
pub(super) fn read(files: &[File<'_>], sources: &mut Sources, odd: &mut Odd) {
    let main = files.iter().filter(|file| file.path == "/etc/dnf/dnf.conf" || file.path == "/etc/yum.conf");
    let main: Vec<Section> = main.flat_map(|file| sections(file, odd)).collect();
    let everywhere =
        main.iter().find(|(name, _)| name == "main").and_then(|(_, fields)| fields.get("gpgcheck"));
    let everywhere = everywhere.is_some_and(|value| is_on(value));
    for file in
        files.iter().filter(|file| file.name().rsplit_once('.').is_some_and(|(_, ending)| ending == "repo"))
    {
        // zypper checks unless it is told not to, dnf the other way round.
        let checks = everywhere || file.path.starts_with("/etc/zypp/");
        for (id, fields) in sections(file, odd) {
            let on = |name: &str| fields.get(name).map(|value| is_on(value));
            if id == "main" || on("enabled") == Some(false) {
                continue;
            }
            let checked = on("gpgcheck").unwrap_or(checks);
            match name(&id, &fields) {
                Some(name) => sources.add(&name, None, (!checked).then_some("gpgcheck=0")),
                None => odd.line(file.path, &id),
            }
        }
    }
}

/// What a repository is: its id, and where it is unless every mirror has it.
fn name(id: &str, fields: &BTreeMap<String, String>) -> Option<String> {
    if KNOWN.contains(&id.to_ascii_lowercase().as_str()) || id.starts_with("rhel-") || id.starts_with("rhui-")
    {
        return Some(id.to_ascii_lowercase());
    }
    let at = ["mirrorlist", "metalink", "baseurl"].into_iter().find_map(|field| fields.get(field));
    let Some(at) = at else { return Some(id.to_owned()) };
    // Several addresses are mirrors of each other.
    let first = at.split([' ', ',']).filter(|uri| !uri.is_empty()).min()?;
    Some(format!("{id} {}", Address::parse(first)?.place()))
}

fn is_on(value: &str) -> bool {
    ["1", "yes", "true", "on"].contains(&value.trim().to_ascii_lowercase().as_str())
}

fn sections(file: &File<'_>, odd: &mut Odd) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut last = String::new();
    for line in file.lines.iter().filter(|line| !line.trim().is_empty()) {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((name.trim().to_owned(), BTreeMap::new()));
            last.clear();
            continue;
        }
        let fields = sections.last_mut().map(|(_, fields)| fields);
        match (fields, line.split_once('='), line.starts_with([' ', '\t'])) {
            (Some(fields), _, true) if fields.contains_key(&last) => {
                fields.entry(last.clone()).and_modify(|value| {
                    value.push(' ');
                    value.push_str(line.trim());
                });
            }
            (Some(fields), Some((name, value)), _) => {
                last = name.trim().to_ascii_lowercase();
                fields.insert(last.clone(), value.trim().to_owned());
            }
            _ => odd.line(file.path, line),
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::super::read;

    /// As Rocky 9 has them, after the probe took off what is not its business.
    const ROCKY: &str = "= /etc/dnf/dnf.conf\n[main]\ngpgcheck=1\n= /etc/yum.repos.d/rocky.repo\n\
        [baseos]\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist\ngpgcheck=1\nenabled=1\n\n\
        [baseos-debuginfo]\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist\nenabled=0\n\
        = /etc/yum.repos.d/docker-ce.repo\n[docker-ce-stable]\nbaseurl=https://download.docker.com/linux/centos/$releasever/$basearch/stable\nenabled=1\ngpgcheck=1\n";

    fn told(payload: &str) -> Vec<String> {
        let (sources, gaps) = read(payload.as_bytes(), "");
        assert_eq!(gaps, []);
        sources.list.iter().map(|(name, source)| format!("{name}: {source}")).collect()
    }

    #[test]
    fn enabled_repositories_are_told_by_their_ids() {
        assert_eq!(
            told(ROCKY),
            [
                "baseos: configured",
                "docker-ce-stable download.docker.com/linux/centos/$releasever/$basearch/stable: configured"
            ]
        );
    }

    #[test]
    fn a_mirror_of_the_distributions_own_is_no_difference() {
        let own = "= /etc/dnf/dnf.conf\n[main]\ngpgcheck=1\n= /etc/yum.repos.d/a.repo\n[BaseOS]\nbaseurl=http://mirror.corp/rocky\n http://other.corp/rocky\n";
        assert_eq!(told(own), ["baseos: configured"]);
    }

    #[test]
    fn unsigned_packages_are_told_wherever_that_is_set() {
        let unchecked = ["lab file:/srv/repo: configured, gpgcheck=0"];
        let repository = "= /etc/yum.repos.d/lab.repo\n[lab]\nbaseurl=file:///srv/repo\n";
        assert_eq!(told(repository), unchecked, "dnf's own default");
        let global = "= /etc/dnf/dnf.conf\n[main]\ngpgcheck=True\n";
        assert_eq!(told(&format!("{global}{repository}gpgcheck=0\n")), unchecked);
        assert_eq!(told(&format!("{global}{repository}")), ["lab file:/srv/repo: configured"]);
        let zypper = "= /etc/zypp/repos.d/lab.repo\n[lab]\nbaseurl=file:///srv/repo\n";
        assert_eq!(told(zypper), ["lab file:/srv/repo: configured"]);
    }
}
