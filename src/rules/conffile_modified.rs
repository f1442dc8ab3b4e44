//! `conffile-modified`: a configuration file of a package was edited or deleted, and not alike on the hosts of
//! the cluster. An edit that most of them share is how the cluster is meant to be.

use std::collections::BTreeSet;

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Comparison, Consensus};
use crate::severity::Severity;
use crate::snapshot::{Conffile, Fate, Symbol};

pub(super) static RULE: Rule = Rule {
    id: "conffile-modified",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        let every = cluster.members.iter().flat_map(|at| conffiles(comparison, *at));
        // What is as it was shipped wherever it is needs no look.
        let paths: BTreeSet<Symbol> =
            every.filter(|conffile| conffile.fate != Fate::Shipped).map(|conffile| conffile.path).collect();
        for path in paths {
            of_path(comparison, cluster, path, findings);
        }
    }
}

fn conffiles<'a>(comparison: &Comparison<'a>, position: usize) -> &'a [Conffile] {
    let snapshot = comparison.observation(position).and_then(|seen| seen.snapshot.as_ref());
    snapshot.and_then(|snapshot| snapshot.configuration.conffiles.as_deref()).unwrap_or_default()
}

fn of_path(comparison: &Comparison<'_>, cluster: &Cluster<'_>, path: Symbol, findings: &mut Vec<Finding>) {
    let of = |position: usize| {
        let own = conffiles(comparison, position);
        own.binary_search_by_key(&path, |conffile| conffile.path).ok().and_then(|at| own.get(at))
    };
    let hosts = || cluster.members.iter().filter_map(|at| Some((*at, of(*at)?)));
    let consensus = Consensus::of(hosts().map(|(at, conffile)| (at, conffile.fate)));
    let majority = consensus.majority().copied();
    // One host alone has nobody who shares its edit.
    if consensus.is_unanimous() && hosts().count() > 1 {
        return;
    }
    let strings = &comparison.fleet.strings;
    for (position, conffile) in hosts() {
        let agrees = majority == Some(conffile.fate) || majority.is_none() && conffile.fate == Fate::Shipped;
        let told_as_file = || {
            let snapshot = comparison.observation(position)?.snapshot.as_ref()?;
            Some(snapshot.configuration.files.as_ref()?.knows(path))
        };
        if agrees || told_as_file() == Some(true) {
            continue;
        }
        findings.push(Finding {
            cluster: Some(cluster.name.clone()),
            host: Some((position, comparison.name(position).to_owned())),
            expected: majority.map(|fate| word(fate).to_owned()),
            observed: Some(word(conffile.fate).to_owned()),
            evidence: Evidence::Package(strings.text(conffile.package).to_owned()),
            ..Finding::new(&RULE, strings.text(path))
        });
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Shipped => "as shipped",
        Fate::Edited(_) => "edited",
        Fate::Deleted => "deleted",
    }
}

fn message(finding: &Finding) -> String {
    let package = if let Evidence::Package(package) = &finding.evidence { package.as_str() } else { "" };
    let observed = finding.observed.as_deref().unwrap_or_default();
    match finding.expected.as_deref() {
        Some("edited") if observed == "edited" => {
            format!("edited in another way than on most hosts ({package})")
        }
        Some(expected) => format!("{observed} here, {expected} on most hosts ({package})"),
        None => format!("{observed} since {package} was installed, and most hosts do not share it"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NGINX: &str = "[[package]]\nname = \"nginx\"\n";

    fn host(fate: &str, hash: u8) -> String {
        format!("nginx=1-1\n@conffiles\n{fate}\tnginx\t{hash:064}\t/etc/nginx/nginx.conf\n")
    }

    #[test]
    fn what_most_hosts_do_not_share_is_told() {
        let key = "conffile-modified/web/web-04//etc/nginx/nginx.conf low:";
        for (most, odd, words) in [
            (host("shipped", 0), host("edited", 1), "edited here, as shipped on most hosts (nginx)"),
            (host("edited", 1), host("edited", 2), "edited in another way than on most hosts (nginx)"),
            (host("edited", 1), host("shipped", 0), "as shipped here, edited on most hosts (nginx)"),
            (host("shipped", 0), host("deleted", 0), "deleted here, as shipped on most hosts (nginx)"),
        ] {
            assert_eq!(found(NGINX, &beside_three(&most, &odd)), [format!("{key} {words}")]);
        }
    }

    #[test]
    fn an_edit_that_all_share_is_the_clusters_own() {
        assert!(found(NGINX, &beside_three(&host("edited", 1), &host("edited", 1))).is_empty());
        let (edited, shipped) = (host("edited", 1), host("shipped", 0));
        assert_eq!(found(NGINX, &[("a", &edited), ("b", &edited)]), [""; 0]);
        let told = found(NGINX, &[("a", &edited), ("b", &shipped)]);
        assert_eq!(told.len(), 1, "of two none is right, and only one was edited: {told:?}");
        assert_eq!(found(NGINX, &[("a", &edited)]).len(), 1);
    }

    #[test]
    fn what_a_file_entry_tells_is_not_told_twice() {
        let playbook = format!("{NGINX}[[file]]\npath = \"/etc/nginx/nginx.conf\"\n");
        let hosts = [1, 2].map(|hash: u8| {
            format!(
                "{}@files\n1\tfile\t644\troot:root\t1\t-\t{hash:064}\t/etc/nginx/nginx.conf\n1\tdone\n",
                host("edited", hash)
            )
        });
        let told = found(&playbook, &beside_three(&hosts[0], &hosts[1]));
        assert!(told.len() == 1 && told[0].starts_with("file-content/"), "{told:?}");
    }
}
