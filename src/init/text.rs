//! Writes a survey as a playbook: entries, and comments that teach what they mean to whoever never saw one.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::package::{Package, Standing};
use super::page::{Page, set};
use super::survey::{ClusterToday, Example, Survey};
use crate::hostlist::fold;

/// How many names a comment lists; what is beyond them is counted.
const LISTED: usize = 10;

/// How many days the example of a waiver holds.
const WAIVED_FOR: i64 = 30;

/// The whole file.
pub(super) fn write(survey: &Survey, today: Date) -> String {
    let mut writer = Writer { page: Page::default(), survey, taught: false };
    writer.opening();
    for (nth, cluster) in survey.clusters.iter().enumerate() {
        writer.cluster(nth, cluster);
    }
    writer.everything_else();
    writer.exceptions(today);
    writer.page.into_text()
}

struct Writer<'a> {
    page: Page,
    survey: &'a Survey,
    /// Whether the keys of a package were explained.
    taught: bool,
}

impl Writer<'_> {
    fn opening(&mut self) {
        let clusters = &self.survey.clusters;
        let hosts: usize = clusters.iter().map(|cluster| cluster.about.hosts).sum();
        let told: usize = clusters.iter().map(|cluster| cluster.about.told).sum();
        let page = &mut self.page;
        page.comment(&format!(
            "A first playbook, drafted by `driftless init`: what most of the hosts have today ({told} of {hosts} \
told their packages), right or wrong. Read it, correct it, keep it beside your inventory, and audit with it:"
        ));
        page.line("#");
        page.line("#     driftless audit -i INVENTORY -p THIS-FILE");
        page.line("#");
        page.comment(
            "Lines with `# ` explain. A `#` right before a key or an entry switches it off: take the `#` away to \
switch it on. `hosts` is an Ansible pattern everywhere: groups, hosts, ranges such as web-[01-20], `:&` and, \
`:!` not. A mistake is shown with its line, and nothing runs.",
        );
        page.gap();
        page.line(&set("name", "first playbook"));
    }

    fn cluster(&mut self, nth: usize, cluster: &ClusterToday) {
        self.page.gap();
        let title = format!("# ---- {} ", cluster.name);
        self.page.line(&format!("{title:-<80}"));
        self.page.gap();
        if nth == 0 {
            self.page.comment(
                "A [[cluster]] is a set of hosts that should be alike: they are compared with each other. Without any, \
hosts of the same groups are.",
            );
            self.page.gap();
        }
        self.about(cluster);
        let Some(hosts) = &cluster.hosts else {
            self.page.comment(
                "No pattern means these hosts and no others, because a host has the name of a group. Rename one of the two: \
as it stands, an audit with this playbook compares none of their packages.",
            );
            return;
        };
        self.page.line("[[cluster]]");
        self.page.line(&set("name", &cluster.name));
        self.page.line(&set("hosts", hosts));
        for package in &cluster.packages {
            self.package(package, hosts);
        }
        self.left_out(cluster);
    }

    /// Its hosts, and what is odd about them.
    fn about(&mut self, cluster: &ClusterToday) {
        let about = &cluster.about;
        let release = about.release.as_ref().map_or(String::new(), |release| format!(", {release}"));
        let told = match about.told {
            told if told == about.hosts => String::new(),
            told => format!("; {told} of them told their packages"),
        };
        self.page.comment(&format!("{}{release}{told}.", counted(about.hosts, "host")));
        for (what, hosts) in &about.odd {
            self.page.comment(&format!("{} {what}.", self.hosts(hosts)));
        }
        if !about.purpose_known && about.told > 0 {
            self.page
                .comment("No host told which packages were installed on purpose: some may be dependencies.");
        }
    }

    fn package(&mut self, package: &Package, hosts: &str) {
        self.page.gap();
        if !self.taught {
            self.page.comment(
                "A [[package]] says what is expected of one package. `version` is a semver requirement on the upstream \
version, without epoch and revision: here the series of what most hosts have. `baseline` says what is right \
within it; the default, \"majority\", is what more than half of the hosts have, of at least three.",
            );
            self.page.gap();
            self.taught = true;
        }
        match &package.standing {
            Standing::Most { .. } => self.others(package),
            Standing::Undecided { spread, .. } => self.spread(spread),
        }
        self.page.line("[[package]]");
        self.page.line(&set("name", &package.name));
        self.page.line(&set("hosts", hosts));
        match &package.standing {
            Standing::Most { version, hosts, series } => {
                let today = format!("{version} on {hosts} of {}", counted(package.answers, "host"));
                match series {
                    Ok(series) => self.page.remarked(&set("version", &series.to_string()), &today),
                    Err(why) => self.page.remarked("#version = \">=1.0\"", &format!("{today}; {why}")),
                }
            }
            Standing::Undecided { version, host, .. } => self.choices(version, *host),
        }
    }

    /// The hosts that are not like most.
    fn others(&mut self, package: &Package) {
        if package.others.is_empty() {
            return;
        }
        let each = package.others.iter().map(|(what, hosts)| format!("{} {what}", self.hosts(hosts)));
        let text = format!("Others: {}.", each.collect::<Vec<_>>().join("; "));
        self.page.comment(&text);
    }

    fn spread(&mut self, spread: &[(String, usize)]) {
        let few = spread.iter().take(LISTED / 2).map(|(value, count)| format!("{value} on {count}"));
        let few = few.collect::<Vec<_>>().join(", ");
        let more = match spread.len().saturating_sub(LISTED / 2) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        self.page.comment(&format!(
            "To decide: no version has a majority ({few}{more}). As it stands, every host is reported. Which one is \
right? Switch on one baseline, or write a `version`."
        ));
    }

    fn choices(&mut self, version: &str, host: usize) {
        let off = |baseline: &str| format!("#{}", set("baseline", baseline));
        let of_host = off(&format!("host:{}", self.name(host)));
        self.page.remarked(&off("newest"), "the newest that any of the hosts has");
        self.page.remarked(&of_host, "whatever that host has");
        self.page.remarked(&off(&format!("pinned:{version}")), "this version and no other");
    }

    fn left_out(&mut self, cluster: &ClusterToday) {
        let mut parts = Vec::new();
        if cluster.plain > 0 {
            let many = counted(cluster.plain, "package");
            parts.push(format!("{many} of the base system or of every cluster, in which no host drifts"));
        }
        let (beyond, differing) = cluster.beyond;
        if beyond > 0 {
            let many = counted(beyond, "further package");
            let differing =
                if differing > 0 { format!(" (hosts differ in {differing})") } else { String::new() };
            parts.push(format!("{many}{differing}, for want of room, which [everything-else] can compare"));
        }
        if !cluster.extra.is_empty() {
            let more = match cluster.extra.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let names: Vec<&str> = cluster.extra.iter().map(String::as_str).take(LISTED).collect();
            parts.push(format!("what most hosts do not have ({}{more})", names.join(", ")));
        }
        if !parts.is_empty() {
            self.page.gap();
            self.page.comment(&format!("Not named for {}: {}.", cluster.name, parts.join("; ")));
        } else if cluster.packages.is_empty() {
            self.page.gap();
            self.page.comment(&format!("Nothing is known of the packages of {}.", cluster.name));
        }
    }

    fn everything_else(&mut self) {
        self.page.gap();
        self.page.line(&format!("{:-<80}", "# ---- for all clusters "));
        self.page.gap();
        self.page.comment(
            "The packages that no entry names. With `compare = true` they are compared as well, each release of a \
cluster by itself; with false only what is named above is reported.",
        );
        self.page.line("[everything-else]");
        self.page.line("compare = false");
        self.page.remarked("#ignore = [\"local-*\", \"*-dbgsym\"]", "globs of names to leave out");
    }

    fn exceptions(&mut self, today: Date) {
        let (first, second) = self.examples();
        self.page.gap();
        self.page.comment(
            "A [[waiver]] lets findings pass until a day, inclusive and in UTC; afterwards they are back. Whoever \
reads it later must understand why.",
        );
        self.page.line("#[[waiver]]");
        self.example(&first);
        self.page.remarked(&format!("#{}", set("justification", "canary for the next version")), "mandatory");
        let until = today.saturating_add(WAIVED_FOR.days());
        self.page.remarked(&format!("#until = {until}"), "mandatory");
        self.page.gap();
        self.page.comment("An [[ignore]] lets them pass for good.");
        self.page.line("#[[ignore]]");
        self.example(&second);
        self.page.remarked(&format!("#{}", set("reason", "kept as it is until it is replaced")), "mandatory");
    }

    fn example(&mut self, example: &Example) {
        let off = |key, value: &str| format!("#{}", set(key, value));
        self.page.remarked(&off("rule", example.rule), "as the report names it");
        self.page.remarked(&off("hosts", &example.hosts), "default: every host");
        if let Some(subject) = &example.subject {
            self.page.remarked(&off("subject", subject), "a glob; default: every subject");
        }
    }

    /// What drifts today, or else what could: the first for a waiver, the second to be ignored.
    fn examples(&self) -> (Example, Example) {
        let clusters = &self.survey.clusters;
        let hosts = clusters.iter().find_map(|cluster| cluster.hosts.clone());
        let package = clusters.iter().flat_map(|cluster| &cluster.packages).next();
        let could = Example {
            rule: "package-version",
            hosts: hosts.unwrap_or_else(|| "all".to_owned()),
            subject: Some(package.map_or_else(|| "nginx".to_owned(), |package| package.name.clone())),
        };
        let drift = self.survey.drift.clone().unwrap_or(could);
        (drift.clone(), self.survey.release.clone().unwrap_or(drift))
    }

    fn name(&self, position: usize) -> &str {
        self.survey.names.get(position).map_or("", String::as_str)
    }

    /// Names of hosts, folded; of many that do not fold, the first and their number.
    fn hosts(&self, positions: &[usize]) -> String {
        let names: Vec<&str> = positions.iter().map(|position| self.name(*position)).collect();
        let folded = fold(&names);
        match names.first() {
            Some(first) if folded.len() > 60 => format!("{} (as {first})", counted(names.len(), "host")),
            _ => folded,
        }
    }
}

/// `1 host`, `2 hosts`
fn counted(many: usize, what: &str) -> String {
    if many == 1 { format!("1 {what}") } else { format!("{many} {what}s") }
}
