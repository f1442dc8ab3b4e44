//! What runs otherwise than it is declared, as findings of the rules that say it; and hosts that could not be asked,
//! which are gaps here: their containers were asked for by name.

use std::collections::BTreeSet;

use crate::inventory::Inventory;
use crate::live::{Difference, Field, Live, Running, Side};
use crate::rules::finding::Evidence;
use crate::rules::{Finding, Location, Rule, Said, Waived};
use crate::rules::{container_changed, gap, host_unreachable, image_drift, privileged, proc_sys_mount};
use crate::rules::{root_writable, waive};
use crate::snapshot::{Fleet, Gap, Reason};

/// What is found of the containers that manifests declare and hosts run. A finding points to the line of the
/// container in its manifest.
pub fn live(live: &Live, fleet: &Fleet, inventory: &Inventory) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for side in &live.sides {
        for running in &side.running {
            findings.extend(of_container(side, running));
        }
    }
    // Manifests may declare one container twice; it is found once.
    let mut seen = BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.key()));
    findings.extend(of_hosts(live));
    for finding in &mut findings {
        let position = finding.host.as_ref().map(|(position, _)| *position);
        let host = position.and_then(|position| fleet.hosts.get(position));
        let host = host.and_then(|seen| inventory.host(seen.host));
        if let Some(reason) = host.and_then(|host| host.maintenance.as_ref()) {
            finding.waived = Some(Waived { justification: waive::maintenance(reason), until: None });
        }
    }
    findings
}

fn of_container(side: &Side, running: &Running) -> Vec<Finding> {
    let container = &running.container;
    let new = |rule: &'static Rule, told: Option<(&'static str, String)>| {
        let (expected, observed) = told?;
        Some(Finding {
            expected: Some(expected.to_owned()),
            observed: Some(observed),
            evidence: Evidence::Container(Box::new(container.clone())),
            ..about(rule, side, running)
        })
    };
    let mut findings: Vec<Finding> =
        running.differences.iter().filter_map(|one| of_difference(one, side, running, &new)).collect();
    if let Some(mut finding) = new(&container_changed::RULE, container_changed::live(container)) {
        container_changed::weigh(&mut finding);
        findings.push(finding);
    }
    findings
}

fn about(rule: &'static Rule, side: &Side, running: &Running) -> Finding {
    Finding {
        host: Some((running.position, running.host.clone())),
        location: Some(Location { file: side.declared.file.clone(), at: side.declared.at }),
        ..Finding::new(rule, running.label.clone())
    }
}

/// The finding that says a difference, if a rule does. What is stricter than it is declared is none.
fn of_difference(
    difference: &Difference,
    side: &Side,
    running: &Running,
    new: &impl Fn(&'static Rule, Option<(&'static str, String)>) -> Option<Finding>,
) -> Option<Finding> {
    let container = &running.container;
    match &difference.field {
        Field::ReadOnlyRoot => new(&root_writable::RULE, root_writable::live(container)),
        Field::Privileged => new(&privileged::RULE, privileged::live(container)),
        Field::Image => Some(Finding {
            expected: Some(difference.declared.clone()),
            observed: Some(difference.observed.clone()),
            ..about(&image_drift::RULE, side, running)
        }),
        Field::Mount(path)
            if difference.field.is_of_kernel() && difference.observed.starts_with("writable") =>
        {
            let said = Said {
                object: side.declared.object.clone(),
                container: Some(side.declared.container.clone()),
                paths: vec![path.clone()],
                note: format!("{path} is {} where it runs, and not as it is declared", difference.observed),
                ..Said::default()
            };
            let mut finding = about(&proc_sys_mount::RULE, side, running);
            finding.subject = format!("{} {path}", running.label);
            finding.expected = Some(difference.declared.clone());
            finding.observed = Some(difference.observed.clone());
            finding.evidence = Evidence::Declared(Box::new(said));
            Some(finding)
        }
        Field::Mount(_) | Field::User | Field::Capability(_) => None,
    }
}

fn of_hosts(live: &Live) -> Vec<Finding> {
    let mut findings = Vec::new();
    for silent in &live.silent {
        let about = |rule| Finding {
            host: Some((silent.position, silent.host.clone())),
            ..Finding::new(rule, "ssh")
        };
        match &silent.fault {
            Some(fault) if silent.unreachable => findings.push(Finding {
                observed: Some(fault.phase.to_string()),
                evidence: Evidence::Fault(Box::new(fault.clone())),
                ..about(&host_unreachable::RULE)
            }),
            Some(fault) => {
                let (probe, detail) = ("probe".to_owned(), fault.full_message());
                findings.push(gap::of(about(&gap::RULE), Gap { probe, reason: Reason::Failed, detail }));
            }
            None => {}
        }
        findings.extend(silent.gaps.iter().map(|gap| gap::of(about(&gap::RULE), gap.clone())));
    }
    findings
}
