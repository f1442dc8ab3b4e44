//! `package-version`: another version than the cluster's, or hosts that differ with none right.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Column, Comparison, Expected, Judgement, Value};
use crate::playbook::PackageEntry;
use crate::severity::Severity;
use crate::version::{System, Upstream};

pub(super) static RULE: Rule = Rule {
    id: "package-version",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, judgement| match judgement {
        Judgement::Different { ahead: false, .. } => findings.push(at.finding(&RULE, judgement)),
        // Where only presence differs, `package-missing` and `package-extra` say so.
        Judgement::Undecided if at.versions > 1 && at.observed().is_some() => {
            findings.push(at.finding(&RULE, judgement));
        }
        _ => {}
    });
}

/// One cell of one column, for the rules that judge packages.
pub(super) struct At<'c, 'a> {
    comparison: &'c Comparison<'a>,
    cluster: &'c Cluster<'a>,
    pub(super) column: &'c Column<'a>,
    member: usize,
    position: usize,
    /// How many distinct versions are installed in the cluster.
    pub(super) versions: usize,
}

/// Calls `see` for every cell of every column of every cluster that a rule could speak of.
pub(super) fn for_each_cell<'a>(comparison: &Comparison<'a>, mut see: impl FnMut(&At<'_, 'a>, Judgement)) {
    for cluster in &comparison.clusters {
        // Of packages that no entry names nothing is asked where all is as expected.
        for column in cluster.columns.iter().filter(|column| column.is_named() || column.is_apart()) {
            let versions = column.versions();
            for (member, position) in cluster.members.iter().copied().enumerate() {
                let at = At { comparison, cluster, column, member, position, versions };
                see(&at, column.judge(member));
            }
        }
    }
}

impl At<'_, '_> {
    /// The playbook's entry that speaks of the host.
    pub(super) fn entry(&self) -> Option<&PackageEntry> {
        self.column.entry(self.member)
    }

    /// What the host has; `None` where the entry does not speak of it.
    pub(super) fn value(&self) -> Option<Value<'_>> {
        self.column.value(self.member)
    }

    /// What the host has installed, and the system that orders it.
    pub(super) fn installed(&self) -> Option<(System, &str)> {
        self.column.installed(self.member)
    }

    /// What the host has; `None` if it has not.
    pub(super) fn observed(&self) -> Option<String> {
        match self.column.value(self.member) {
            Some(Value::Installed(version)) => Some(version.to_owned()),
            _ => None,
        }
    }

    fn expected(&self) -> Option<String> {
        let expected = self.column.expected_of(self.member);
        if let Expected::Version { version, .. } = expected { Some(version.to_owned()) } else { None }
    }

    /// A finding about this cell, with what is expected and what was seen.
    pub(super) fn finding(&self, rule: &'static Rule, judgement: Judgement) -> Finding {
        let distance = if let Judgement::Different { distance, .. } = judgement { distance } else { None };
        let evidence = match (judgement, self.unfit(), self.other_release()) {
            (Judgement::Undecided, ..) => Evidence::Spread(self.column.spread()),
            (_, Some(requirement), _) => Evidence::Unfit(requirement),
            (_, None, Some(release)) => Evidence::OtherRelease(release),
            (_, None, None) => self.stream().map_or(Evidence::None, Evidence::Stream),
        };
        let own = self.entry().and_then(|entry| entry.severity);
        Finding {
            severity: own.unwrap_or(rule.severity),
            severity_is_entrys: own.is_some(),
            cluster: Some(self.cluster.name.clone()),
            host: Some((self.position, self.comparison.name(self.position).to_owned())),
            expected: self.expected(),
            observed: self.observed(),
            distance,
            evidence,
            ..Finding::new(rule, self.column.subject())
        }
    }

    /// The host's release, where what is expected comes from another one.
    fn other_release(&self) -> Option<String> {
        let elsewhere =
            matches!(self.column.expected_of(self.member), Expected::Version { exact: false, .. });
        let release = || self.cluster.releases.os(self.member).map(crate::snapshot::Os::label);
        elsewhere.then(|| release().unwrap_or_else(|| "unknown".to_owned()))
    }

    /// The module stream that the host has the package of, the first half of its label.
    fn stream(&self) -> Option<String> {
        let strings = &self.comparison.fleet.strings;
        let packages = self.comparison.observation(self.position)?.packages()?;
        let (_, version) = self.installed()?;
        let mut named = packages.named(strings.find(self.column.name)?).iter();
        let package = named.find(|package| strings.text(package.version) == version)?;
        let mut parts = strings.text(package.module?).split(':');
        Some(format!("{}:{}", parts.next()?, parts.next()?))
    }

    /// The playbook's requirement, where what is expected does not meet it.
    fn unfit(&self) -> Option<String> {
        let requirement = self.entry()?.version.as_ref()?;
        let Expected::Version { version, system, .. } = self.column.expected_of(self.member) else {
            return None;
        };
        let met = Upstream::parse(system, version).is_none_or(|upstream| requirement.met_by(&upstream));
        (!met).then(|| requirement.to_string())
    }
}

/// `no majority: 2× 1.0, 1× not installed`
pub(crate) fn no_majority(evidence: &Evidence) -> String {
    let Evidence::Spread(spread) = evidence else { return String::new() };
    let most = spread
        .iter()
        .take(5)
        .map(|(value, count)| format!("{count}× {value}"))
        .collect::<Vec<_>>()
        .join(", ");
    let rest = spread.len().saturating_sub(5);
    if rest > 0 { format!("no majority: {most} and {rest} more") } else { format!("no majority: {most}") }
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or("not installed");
    match (&finding.expected, &finding.evidence) {
        (Some(expected), Evidence::OtherRelease(release)) => {
            format!("{observed} where {expected} is expected: another release, {release}")
        }
        (Some(expected), Evidence::Stream(stream)) => {
            format!("{observed} where {expected} is expected: its module stream is {stream}")
        }
        (Some(expected), _) => format!("{observed} where {expected} is expected"),
        (None, evidence) => format!("{observed}; {}", no_majority(evidence)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NGINX: &str = "[[package]]\nname = \"nginx\"\n";

    #[test]
    fn another_version_than_most_is_drift() {
        assert_eq!(
            found(NGINX, &beside_three("nginx=1.2-2", "nginx=1.2-1")),
            ["package-version/web/web-04/nginx medium: 1.2-1 where 1.2-2 is expected"]
        );
        assert!(found(NGINX, &beside_three("nginx=1.2-2", "nginx=1.2-2")).is_empty());
    }

    #[test]
    fn a_module_stream_is_named_where_a_package_is_of_one() {
        let host = |version: &str, stream: &str| {
            let line = format!("nginx\t2\t{version}\t1.el9\tx86_64\tnginx:{stream}:9040:a1b2\n");
            format!("no-dpkg\n@os-release\nID=rocky\nVERSION_ID=9\n\n@rpm\n{line}\n@rpm-locks\n\n")
        };
        let (same, odd) = (host("1.26.3", "1.26"), host("1.24.0", "1.24"));
        assert_eq!(
            found(NGINX, &beside_three(&same, &odd)),
            [
                "package-version/web/web-04/nginx medium: 2:1.24.0-1.el9 where 2:1.26.3-1.el9 is expected: its module stream is nginx:1.24"
            ]
        );
    }

    #[test]
    fn across_releases_the_revision_does_not_count() {
        let equal = found(NGINX, &beside_three("nginx=1.2-2", "bookworm nginx=1.2-1~deb12u1"));
        assert_eq!(equal, ["release/web/web-04/os-release medium: bookworm in a trixie cluster"]);
        let other = found(NGINX, &beside_three("nginx=1.2-2", "bookworm nginx=1.1-9"));
        assert_eq!(
            other[0],
            "package-version/web/web-04/nginx medium: 1.1-9 where 1.2-2 is expected: another release, bookworm"
        );
    }

    #[test]
    fn without_a_majority_nobody_is_right() {
        let hosts = [("a", "nginx=1-1"), ("b", "nginx=1-2"), ("c", "nginx=1-3"), ("d", "down")];
        let told = found(NGINX, &hosts);
        assert_eq!(told.iter().filter(|line| line.starts_with("package-version/")).count(), 3);
        assert!(
            told.iter().any(|line| line.contains("1-1; no majority: 1× 1-3, 1× 1-2, 1× 1-1, 1× unknown")),
            "{told:?}"
        );
    }

    #[test]
    fn a_foreign_architecture_is_a_package_of_its_own() {
        let told = found(NGINX, &beside_three("nginx=1-1 nginx:i386=1-1", "nginx=1-1 nginx:i386=1-0"));
        assert_eq!(told, ["package-version/web/web-04/nginx:i386 medium: 1-0 where 1-1 is expected"]);
    }

    #[test]
    fn without_a_playbook_what_was_installed_on_purpose_is_compared() {
        let told = found("", &beside_three("nginx=1-2 libssl3=3-2*", "nginx=1-1 libssl3=3-1*"));
        assert_eq!(told, ["package-version/web/web-04/nginx medium: 1-1 where 1-2 is expected"]);
    }

    #[test]
    fn entries_for_one_package_share_the_comparison() {
        let playbook = "[[package]]\nname = \"nginx\"\nversion = \">=1.25\"\n[[package]]\nname = \"nginx\"\nhosts = \"web-04\"\nseverity = \"critical\"\n";
        let told = found(playbook, &beside_three("nginx=1.26-1", "nginx=1.22-1"));
        assert_eq!(told, ["package-version/web/web-04/nginx critical: 1.22-1 where 1.26-1 is expected"]);
    }

    #[test]
    fn a_baseline_speaks_of_the_hosts_own_architecture() {
        let pinned = format!("{NGINX}baseline = \"pinned:2-1\"\n");
        let told = found(&pinned, &beside_three("nginx=2-1", "nginx=2-1 nginx:i386=2-1"));
        assert!(told.iter().all(|line| line.starts_with("package-extra/web/web-04/nginx:i386 ")), "{told:?}");
    }

    #[test]
    fn a_half_installed_package_without_a_version_has_no_vote() {
        let told = found(NGINX, &beside_three("nginx=/iHR", "nginx=1-1"));
        assert!(told.iter().all(|line| line.starts_with("package-broken/")), "{told:?}");
    }
}
