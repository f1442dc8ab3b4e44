//! Advice that depends on what was found, not on the rule alone: services and files.
//!
//! A template would tell somebody to enable what is masked, or to put back what nobody else has.

use super::commands::{Command, shell_word};
use crate::rules::{Evidence, FileEvidence, Finding};
use crate::snapshot::Manager;

/// What brings a service back.
pub(super) fn service(finding: &Finding, manager: Option<Manager>) -> Vec<Command> {
    let unit = shell_word(finding.subject.as_str());
    let observed = finding.observed.as_deref().unwrap_or_default();
    let say = |text: String| vec![Command::Say(text)];
    if observed == "not found" {
        return say(format!("nothing here is called {unit}: is the name misspelt, or its package missing?"));
    }
    if !matches!(manager, None | Some(Manager::Systemd)) {
        return vec![Command::Task(format!(
            "service -a 'name={} state=started enabled=true'",
            finding.subject
        ))];
    }
    let log = format!(
        "if {unit} does not stay up, its log says why: systemctl status {unit}, journalctl -u {unit}"
    );
    // Nobody asked for it: it may have been meant to run once.
    if finding.expected.is_none() {
        return say(format!(
            "find out why {unit} failed: systemctl status {unit}, journalctl -u {unit}; systemctl reset-failed {unit} where it does not matter"
        ));
    }
    if observed.contains("masked") {
        return say(format!(
            "somebody masked {unit}: find out why before it is unmasked (systemctl unmask {unit}) and started"
        ));
    }
    let enabled = observed.ends_with("enabled") || observed.ends_with("static");
    let start =
        if enabled { format!("systemctl start {unit}") } else { format!("systemctl enable --now {unit}") };
    let mut commands = vec![Command::Run(start)];
    if unit == finding.subject {
        let state = if enabled { "state=started" } else { "state=started enabled=true" };
        commands.push(Command::Task(format!("service -a 'name={unit} {state}'")));
    }
    commands.push(Command::Say(log));
    commands
}

/// What makes a file the cluster's own again.
pub(super) fn file(finding: &Finding) -> Vec<Command> {
    let path = shell_word(finding.subject.as_str());
    let Evidence::File(file) = &finding.evidence else { return Vec::new() };
    if !file.apart {
        return access(&path, &finding.subject, file);
    }
    let expected = finding.expected.as_deref().unwrap_or_default();
    vec![Command::Say(match finding.observed.as_deref() {
        None => {
            format!("put {path} there, from where the others have it: configuration management, or an image")
        }
        Some(_) if expected == "not there" => {
            format!("find out who put {path} there, and move it away if nobody needs it")
        }
        Some(_) if file.size.is_some() && file.expected_size.is_some() => {
            format!(
                "put {path} back from where it is kept: configuration management, an image, or a host that has it"
            )
        }
        Some(observed) => format!("{path} is {observed} here: make it what the others have, {expected}"),
    })]
}

/// The mode and the owner of most hosts.
fn access(path: &str, plain: &str, file: &FileEvidence) -> Vec<Command> {
    let (mode, owner) = (file.mode.as_ref().map(|(_, most)| most), file.owner.as_ref().map(|(_, most)| most));
    let mut commands: Vec<Command> = Vec::new();
    commands.extend(owner.map(|owner| Command::Run(format!("chown {owner} {path}"))));
    commands.extend(mode.map(|mode| Command::Run(format!("chmod {mode} {path}"))));
    if path == plain {
        let owner = owner.and_then(|owner| owner.split_once(':'));
        let owner = owner.map_or(String::new(), |(owner, group)| format!(" owner={owner} group={group}"));
        let mode = mode.map_or(String::new(), |mode| format!(" mode=0{mode}"));
        commands.push(Command::Task(format!("file -a 'path={path}{mode}{owner}'")));
    }
    commands
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::advice::advise;
    use crate::rules::fixture::{beside_three, compared};

    const RUNS: &str =
        "clock\t9000\nprivileged\ndaemon\t7\t1000\tnginx.service\tnginx\tseen\t/usr/sbin/nginx\n";

    fn host(load: &str, state: &str, enabled: &str) -> String {
        let main = if state == "active" { 7 } else { 0 };
        format!(
            "nginx=1-1\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState={load}\n\
             ActiveState={state}\nSubState=running\nUnitFileState={enabled}\nMainPID={main}\n@processes\n{RUNS}"
        )
    }

    fn steps(playbook: &str, same: &str, odd: &str) -> Vec<String> {
        let advised = compared(playbook, &beside_three(same, odd), |comparison, findings| {
            advise(comparison, findings, None, &BTreeSet::new())
        });
        advised.advice.into_iter().flat_map(|advice| advice.steps).collect()
    }

    #[test]
    fn a_service_is_started_enabled_or_looked_into() {
        let well = host("loaded", "active", "enabled");
        let told = |load: &str, state: &str, enabled: &str| {
            steps("[[service]]\nname = \"nginx\"\n", &well, &host(load, state, enabled)).remove(0)
        };
        assert_eq!(told("loaded", "inactive", "disabled"), "systemctl enable --now nginx");
        assert_eq!(told("loaded", "failed", "enabled"), "systemctl start nginx");
        assert_eq!(told("loaded", "inactive", "static"), "systemctl start nginx");
        assert!(told("masked", "inactive", "masked").starts_with("somebody masked nginx"));
        assert!(told("not-found", "inactive", "").starts_with("nothing here is called nginx"));
    }

    #[test]
    fn a_file_is_put_back_moved_away_or_given_its_mode() {
        let hash = |digit: &str| digit.repeat(64);
        let file = |rest: &str| format!("nginx=1-1\n@files\n{rest}1\tdone\n");
        let has = |mode: &str, digit: &str| {
            file(&format!("1\tfile\t{mode}\troot:root\t5\t-\t{}\t/etc/a\n", hash(digit)))
        };
        let told = |same: &str, odd: &str| steps("[[file]]\npath = \"/etc/a\"\n", same, odd);
        assert_eq!(
            told(&has("644", "a"), &has("600", "a")),
            ["chmod 644 /etc/a", "ansible 'web-04' -b -m file -a 'path=/etc/a mode=0644'"]
        );
        assert!(told(&has("644", "a"), &has("644", "b"))[0].starts_with("put /etc/a back"));
        assert!(told(&has("644", "a"), &file(""))[0].starts_with("put /etc/a there"));
        assert!(told(&file(""), &has("644", "a"))[0].starts_with("find out who put /etc/a there"));
        assert!(told(&has("644", "a"), &file("1\tdirectory\t/etc/a\n"))[0].contains("is a directory here"));
    }
}
