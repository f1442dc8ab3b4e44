//! What replaces the servers of a cluster: which of their services, after which host's model, with which packages in
//! which versions, and in which order.

use super::choice::{Model, choose, model, serving};
use super::image::Base;
use super::lacking::{Lacking, lacking};
use super::order::roll_out;
use super::paths::{Needs, needs};
use super::pins::pins;
use super::run::{Run, is_local};
use super::words::label;
use crate::advice::{Advised, Verdict};
use crate::drift::{Cluster, Comparison};
use crate::immutability::{is_within, normalise};
use crate::snapshot::{Listening, Os, PlaceKind, Scope, Serving, Trace, User};

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub title: String,
    /// What to do about it.
    pub help: String,
}

impl Refusal {
    pub(super) fn new(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self { title: title.into(), help: help.into() }
    }
}

/// A package of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Its name.
    pub package: String,
    /// Its version, or the pattern of one.
    pub version: String,
    /// Why it is needed, and why in this version.
    pub reason: String,
}

/// A file of the configuration that goes into the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baked {
    /// Where it lies.
    pub path: String,
    /// What is in it, with secrets replaced by names.
    pub content: String,
    /// Its permissions, as chmod(1) has them.
    pub mode: u32,
    /// Its owner and group on the host, `root:redis`.
    pub owner: String,
    /// The names that stand for secrets in it, with the lines that they were in.
    pub secrets: Vec<(String, usize)>,
}

/// One step of the roll-out: hosts that are replaced together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Their names.
    pub hosts: Vec<String>,
    /// Why now.
    pub reason: String,
}

/// The replacement of one service of one cluster.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The cluster.
    pub cluster: String,
    /// The service, as its hosts call it.
    pub service: String,
    /// The path of its program.
    pub program: String,
    /// A name that Kubernetes and podman take, of cluster and service.
    pub name: String,
    /// The host whose evidence it is made of.
    pub model: String,
    /// The release of that host.
    pub os: Os,
    /// What the image is made from.
    pub base: Base,
    /// The packages of the image.
    pub pins: Vec<Pin>,
    /// The version of the service's own package: the tag of the image.
    pub version: String,
    /// Where it writes.
    pub needs: Needs,
    /// How it runs.
    pub run: Run,
    /// The systemd unit that runs it on the hosts, where one is known.
    pub unit: Option<String>,
    /// Users of the host that the image must know by the same numbers.
    pub users: Vec<User>,
    /// Further groups of the user that starts it, which the image must know by the same numbers.
    pub groups: Vec<(u32, String)>,
    /// The ports that it serves.
    pub ports: Vec<Listening>,
    /// Whether nobody but the host itself reaches them.
    pub local: bool,
    /// Hosts that are not as they shall be: their names, what each needs, and why.
    pub drifted: Vec<(String, Verdict, Vec<String>)>,
    /// What it reads and nothing brings into the image: paths, and who says so.
    pub reads: Vec<(String, String)>,
    /// Files of its configuration that the image has.
    pub baked: Vec<Baked>,
    /// Files of its configuration that the playbook does not mark: the image has what its packages bring.
    pub unbaked: Vec<String>,
    /// What it is told to use and the image will not have.
    pub lacking: Vec<Lacking>,
    /// Its unit's file, where it is of no package.
    pub own_unit: Option<String>,
    /// Files of its unit that are of no package and not baked: whole servers need them.
    pub unit_files: Vec<String>,
    /// How many hosts it replaces.
    pub replicas: usize,
    /// In which order.
    pub steps: Vec<Step>,
    /// What a person must decide first: what could not be told, or contradicts itself.
    pub warnings: Vec<String>,
    /// What a person should know: what was left out, and is mostly not needed.
    pub notes: Vec<String>,
}

impl Replacement {
    /// Whether it keeps data that must outlive it.
    pub fn keeps_data(&self) -> bool {
        self.needs.paths.iter().any(|need| need.class == super::Class::Persistent)
    }

    /// What stands in the way of each target, or may: what standard error says beside warnings, and leads to exit
    /// status 3.
    pub fn open(&self, targets: &[super::Target]) -> Vec<String> {
        let mut open: Vec<String> = super::doubts::short(&self.lacking).into_iter().collect();
        for (behind, name) in &self.run.hidden {
            open.push(format!(
                "a secret of its command was not copied: {name} stands for the value of {behind}; the image is not built until you have settled it, see REPLACE.md"
            ));
        }
        if !self.run.secrets.is_empty() {
            let names = self.run.secrets.join(", ");
            open.push(format!("values of its environment were not copied: give {names} as secrets"));
        }
        if targets.iter().any(|target| target.is_machine()) && !self.unit_files.is_empty() {
            open.push(format!(
                "a whole server lacks {}, which no package brings: mark them with `bake = true`",
                self.unit_files.join(", ")
            ));
        }
        open
    }
}

/// Makes the plan.
///
/// # Errors
/// Why there is none: no such cluster, no evidence, no service, or several of which none was chosen.
pub fn plan(
    comparison: &Comparison<'_>,
    advised: &Advised,
    cluster: &str,
    service: Option<&str>,
) -> Result<Replacement, Refusal> {
    let found = comparison.clusters.iter().find(|known| known.name == cluster);
    let found = found.ok_or_else(|| {
        let names: Vec<&str> = comparison.clusters.iter().map(|known| known.name.as_str()).collect();
        Refusal::new(
            format!("there is no cluster `{cluster}`"),
            format!("the clusters are: {}", names.join(", ")),
        )
    })?;
    let called = choose(comparison, found, service)?;
    let model = model(comparison, advised, found, &called)?;
    let observation = comparison.observation(model.position);
    let os = observation.and_then(|host| host.os()).cloned().ok_or_else(|| {
        Refusal::new(
            format!("which release {} runs is not known", comparison.name(model.position)),
            "an image needs one: see what its os-release says",
        )
    })?;
    let others: Vec<&Serving> = model.all.iter().filter(|other| other.called() != called).collect();
    let needs = needs(model.service, &others);
    let mut run = Run::of(model.service);
    let mut warnings = Vec::new();
    let (pins, mut version, system) = pins(comparison, found, &model, &mut warnings)?;
    let base = Base::of(&os, system)?;
    let (baked, mut unbaked) = super::baked::files(comparison, &model, &mut warnings);
    let lacking = lacking(model.service, &needs, &baked);
    unbaked.retain(|path| !lacking.iter().any(|one| one.path == *path));
    super::doubts::of_programs(&model, &lacking, &mut run, &mut version, &mut warnings);
    super::doubts::of_evidence(model.service, &needs, &mut warnings);
    warn_of_others(comparison, found, &model, &called, &needs, &mut warnings);
    warn_of_model(comparison, &model, &called, &mut warnings);
    let notes = notes(model.service);
    let mut ports: Vec<Listening> = model.service.listens.clone();
    // Of one port the widest reach counts; what only the host itself reaches is nobody else's to serve.
    ports.sort_by_key(|listening| (listening.udp, listening.port, listening.scope));
    ports.dedup_by_key(|listening| (listening.udp, listening.port));
    if !is_local(model.service) {
        ports.retain(|listening| listening.scope != Scope::Loopback);
    }
    let (replicas, steps) = roll_out(comparison, advised, found, &called, &needs);
    let users = users(model.service, &needs);
    let reads = reads(model.service, &needs, &lacking);
    let main = run.user.as_ref().map(|user| user.gid);
    let further =
        model.service.groups.iter().filter(|(gid, _)| *gid != 0 && main.is_some_and(|main| main != *gid));
    let groups = further.filter_map(|(gid, name)| Some((*gid, name.clone()?))).collect();
    Ok(Replacement {
        cluster: cluster.to_owned(),
        name: if cluster == called { label(cluster) } else { label(&format!("{cluster}-{called}")) },
        model: comparison.name(model.position).to_owned(),
        local: is_local(model.service),
        program: model.service.executable.clone(),
        service: called,
        os,
        base,
        pins,
        version,
        needs,
        unit: unit(model.service),
        run,
        users,
        groups,
        ports,
        drifted: drifted(comparison, advised, found),
        reads,
        own_unit: own_unit(model.service),
        unit_files: unit_files(model.service, &baked),
        baked,
        unbaked,
        lacking,
        replicas,
        steps,
        warnings,
        notes,
    })
}

/// What of its unit was left out.
fn notes(service: &Serving) -> Vec<String> {
    let mut notes = Vec::new();
    let sets = service.directives.iter().filter(|directive| directive.name.starts_with("Environment"));
    let mut sets: Vec<&str> = sets.map(|directive| directive.value.as_str()).collect();
    sets.dedup();
    if !sets.is_empty() {
        notes.push(format!(
            "its unit gives it an environment ({}), whose values were not taken from the host: give it what it needs of them",
            sets.join(", ")
        ));
    }
    if let Some(own) = own_unit(service) {
        notes.push(format!("its unit {own} is of no package: a whole server needs a copy of it"));
    }
    let drop_in = service
        .directives
        .iter()
        .find(|one| one.file.starts_with("/etc/systemd/system/") && one.file.contains(".d/"));
    if let Some(one) = drop_in {
        notes.push(format!("{} changes its unit: a whole server needs a copy of it", one.file));
    }
    notes
}

fn warn_of_model(comparison: &Comparison<'_>, model: &Model<'_>, called: &str, warnings: &mut Vec<String>) {
    if !model.in_sync {
        warnings.push(format!(
            "no host that runs {called} is in sync: this is made after {}, which is not either",
            comparison.name(model.position)
        ));
    }
}

/// Hosts whose evidence says something else.
fn warn_of_others(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    model: &Model<'_>,
    called: &str,
    needs_of_model: &Needs,
    warnings: &mut Vec<String>,
) {
    let own: Vec<&str> = needs_of_model.paths.iter().map(|need| need.path.as_str()).collect();
    // A host that runs the replacement already is none of the old ones.
    let old = cluster.members.iter().filter(|position| cluster.standing(**position).next().is_none());
    for position in old.filter(|position| **position != model.position) {
        let name = comparison.name(*position);
        let Some(all) = serving(comparison, *position) else {
            warnings.push(format!("{name} did not tell where it writes: whether it agrees is not known"));
            continue;
        };
        let Some(service) = all.iter().find(|service| service.called() == called) else {
            warnings.push(format!("{name} does not run {called}"));
            continue;
        };
        let others: Vec<&Serving> = all.iter().filter(|other| other.called() != called).collect();
        let theirs = needs(service, &others);
        let more: Vec<&str> =
            theirs.paths.iter().map(|need| need.path.as_str()).filter(|path| !own.contains(path)).collect();
        if !more.is_empty() {
            warnings.push(format!(
                "{name} contradicts {}: it writes {} too; see which of them is right",
                comparison.name(model.position),
                more.join(", ")
            ));
        }
    }
}

/// Users that the image must know under the host's numbers: those that run the service, and owners of what it writes.
fn users(service: &Serving, needs: &Needs) -> Vec<User> {
    let owners = needs.paths.iter().filter_map(|need| need.owner.as_ref().map(|(owner, _)| owner));
    let mut users: Vec<User> = Vec::new();
    for user in service.users.iter().chain(owners) {
        let known = users.iter().any(|known| known.uid == user.uid);
        if user.uid != 0 && user.name.is_some() && !known {
            users.push(user.clone());
        }
    }
    users
}

/// The file of its unit, where that lies in the folder of whoever runs the host.
fn own_unit(service: &Serving) -> Option<String> {
    let mut files = service.directives.iter().map(|directive| &directive.file);
    files.find(|file| file.starts_with("/etc/systemd/system/") && !file.contains(".d/")).cloned()
}

/// Files of its unit in the folder of whoever runs the host, that no entry bakes.
fn unit_files(service: &Serving, baked: &[Baked]) -> Vec<String> {
    let mut files: Vec<String> = service.directives.iter().map(|directive| directive.file.clone()).collect();
    files.dedup();
    files.retain(|file| {
        file.starts_with("/etc/systemd/system/") && !baked.iter().any(|baked| baked.path == *file)
    });
    files
}

/// The unit that the kernel knows, or the one whose lines were told.
fn unit(service: &Serving) -> Option<String> {
    let told = || {
        let file = service.directives.first()?.file.rsplit('/').next()?;
        // A drop-in is none, and a template without an instance starts nothing.
        (file.ends_with(".service") && !file.ends_with("@.service")).then(|| file.to_owned())
    };
    service.unit.clone().or_else(told)
}

/// The hosts of a cluster that are not in sync.
fn drifted(
    comparison: &Comparison<'_>,
    advised: &Advised,
    cluster: &Cluster<'_>,
) -> Vec<(String, Verdict, Vec<String>)> {
    let told = |position: &usize| {
        let advice = advised.hosts.get(*position)?;
        let name = comparison.name(*position).to_owned();
        (advice.verdict != Verdict::InSync).then(|| (name, advice.verdict, advice.reasons.clone()))
    };
    cluster.members.iter().filter_map(told).collect()
}

/// Places that its configuration names, that are there, and that it does not write: its content.
fn reads(service: &Serving, needs: &Needs, lacking: &[Lacking]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (path, trace) in &service.traces {
        let Trace::Named { file, line, directive } = trace else { continue };
        let path = normalise(path);
        let written = needs.paths.iter().chain(&needs.logs).any(|need| is_within(&path, &need.path));
        let brought = ["/etc", "/usr", "/bin", "/lib", "/dev", "/proc", "/sys"]
            .iter()
            .any(|base| is_within(&path, base));
        let there = service
            .place(&path)
            .is_some_and(|place| matches!(place.kind, PlaceKind::Folder | PlaceKind::File));
        let shipped = service
            .traces
            .iter()
            .any(|(other, trace)| matches!(trace, Trace::Shipped(_)) && normalise(other) == path);
        let told = lacking.iter().any(|one| one.path == path);
        if there
            && !written
            && !brought
            && !shipped
            && !told
            && !found.iter().any(|(known, _)| *known == path)
        {
            found.push((path, format!("{directive} in {file}:{line}")));
        }
    }
    found
}
