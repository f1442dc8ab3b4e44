//! The packages of the image, each in the version that the cluster shall have.

use super::choice::Model;
use super::plan::{Pin, Refusal};
use crate::drift::{Cluster, Comparison, Expected};
use crate::playbook::UpgradeEntry;
use crate::snapshot::{Brought, NamedBy};
use crate::version::System;

/// The packages that the service really uses, each in the version that the cluster shall have.
pub(super) fn pins(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    model: &Model<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Vec<Pin>, String, System), Refusal> {
    let host = comparison.name(model.position);
    let packages = comparison.observation(model.position).and_then(|host| host.packages());
    let Some(packages) = packages else {
        return Err(Refusal::new(
            format!("the packages of {host} are not known"),
            "an image is pinned to them: see what `driftless audit` says of it",
        ));
    };
    let own = model.service.package.clone().ok_or_else(|| {
        Refusal::new(
            format!("no package has {}, which {host} runs", model.service.executable),
            "an image is made of packages: make one of it, or copy the program into an image by hand",
        )
    })?;
    let mut wanted: Vec<(String, String)> =
        vec![(own.clone(), format!("{} is its program", model.service.executable))];
    let mut want = |package: &str, reason: String| {
        if !wanted.iter().any(|(known, _)| known == package) {
            wanted.push((package.to_owned(), reason));
        }
    };
    for (path, package) in &model.service.shipped_configuration {
        want(package, format!("its configuration has {path}"));
    }
    for part in model.service.parts.iter().filter(|part| !part.is_folder && part.named_by != NamedBy::Unit) {
        if let Brought::Package(package) = &part.brought {
            want(package, format!("its configuration or its command names {}", part.path));
        }
    }
    for (package, file) in &model.service.uses {
        want(package, format!("it has {file} mapped"));
    }
    let strings = &comparison.fleet.strings;
    let mut pins = Vec::new();
    for (package, reason) in wanted {
        let installed = strings.find(&package).and_then(|name| packages.named(name).first());
        let Some(installed) = installed else {
            warnings.push(format!("{package} is not among the packages of {host}: it is left out"));
            continue;
        };
        let here = strings.text(installed.version);
        let (version, because) = target(comparison, cluster, model, &package, here);
        pins.push(Pin { package, version, reason: format!("{reason}; {because}") });
    }
    let version = pins.iter().find(|pin| pin.package == own).map(|pin| pin.version.clone());
    let version = version.ok_or_else(|| {
        Refusal::new(
            format!("the version of {own} on {host} is not known"),
            "see what `driftless audit` says of it",
        )
    })?;
    Ok((pins, version, packages.system))
}

/// The version that a package shall have, and who says so: an upgrade of the playbook, the cluster, or the model.
fn target(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    model: &Model<'_>,
    package: &str,
    here: &str,
) -> (String, String) {
    let host = comparison.observation(model.position).map(|observation| observation.host);
    let mut upgrades = host.into_iter().flat_map(|host| comparison.bound.upgrades(comparison.playbook, host));
    if let Some(upgrade) = upgrades.find(|upgrade: &&UpgradeEntry| upgrade.package == package) {
        let words = upgrade.to.request();
        let because = format!("the playbook upgrades it to {}", upgrade.to);
        match words.split_once(' ') {
            Some(("exact", version)) => return (version.to_owned(), because),
            Some(("prefix", version)) => return (format!("{version}*"), because),
            _ => {}
        }
    }
    let column = cluster.columns.iter().find(|column| column.name == package && !column.foreign);
    match column.map(|column| column.expected_of(model.member)) {
        Some(Expected::Version { version, exact: true, .. }) => {
            (version.to_owned(), format!("the version of {}", cluster.name))
        }
        _ => (here.to_owned(), format!("the version of {}", comparison.name(model.position))),
    }
}
