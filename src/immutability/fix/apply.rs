//! A plan written into the text of its pod.

use std::rc::Rc;

use super::edit::{ANCHOR, Editor, New, Refusal, SHARED, TYPE, is_within};
use super::plan::{ContainerFix, Copy, PodFix};
use crate::immutability::manifest::{Pod, Role, Told};
use crate::immutability::yaml::{Node, Pair};

/// Writes a plan, unless the text has a form in which that cannot be done for certain.
pub(super) fn apply(
    editor: &mut Editor<'_>,
    template: &Node,
    pod: &Pod,
    plan: &PodFix,
) -> Result<(), Refusal> {
    if plan.containers.is_empty() {
        return Ok(());
    }
    let shared = Refusal { at: template.span.start, why: SHARED };
    let (_, spec) = template.entry("spec").filter(|(_, spec)| is_within(template, spec)).ok_or(shared)?;
    for change in &plan.containers {
        container(editor, node(spec, pod, change)?, change)?;
    }
    let volumes = plan.volumes.iter().map(|volume| {
        let limit = New::Map(vec![("sizeLimit", New::Scalar(volume.limit.to_owned()))]);
        New::Map(vec![("name", New::Scalar(volume.name.clone())), ("emptyDir", limit)])
    });
    let mut added = Vec::new();
    // Before those that are there: one of them may need what is copied.
    let copies: Vec<New> = plan.copies.iter().map(copy).collect();
    match pair(spec, "initContainers") {
        Some((key, list)) if list.is_list() && is_within(spec, list) => editor.prepend(key, list, &copies)?,
        _ => extend(editor, spec, "initContainers", copies, &mut added)?,
    }
    extend(editor, spec, "volumes", volumes.collect(), &mut added)?;
    editor.add(spec, "", &added)
}

/// An init container that copies.
fn copy(copy: &Copy) -> New {
    let text = |text: &str| New::Scalar(text.to_owned());
    let fixed = ["readOnlyRootFilesystem", "allowPrivilegeEscalation"].into_iter().zip(["true", "false"]);
    let context = fixed.map(|(field, value)| (field, New::Bare(value.to_owned())));
    let context = context.chain(fields(&copy.passed_on.context)).collect();
    let mut all = vec![
        ("name", text(&copy.name)),
        ("image", text(&copy.image)),
        ("command", New::List(copy.command.iter().map(|word| text(word)).collect())),
    ];
    all.extend(fields(&copy.passed_on.own));
    all.extend([
        ("securityContext", New::Map(context)),
        (
            "volumeMounts",
            New::List(vec![New::Map(vec![("name", text(&copy.volume)), ("mountPath", text(&copy.path))])]),
        ),
    ]);
    New::Map(all)
}

fn fields(fields: &[(&'static str, Told)]) -> impl Iterator<Item = (&'static str, New)> {
    fields.iter().map(|(field, told)| (*field, New::from(told)))
}

impl From<&Told> for New {
    fn from(told: &Told) -> Self {
        match told {
            Told::Bare(text) => Self::Bare(text.clone()),
            Told::Text(text) => Self::Scalar(text.clone()),
            Told::List(items) => Self::List(items.iter().map(Self::from).collect()),
            Told::Map(own) => Self::Map(fields(own).collect()),
        }
    }
}

/// The text of a container: the lists of a pod hold them in the order in which they were read.
fn node<'n>(spec: &'n Node, pod: &Pod, change: &ContainerFix) -> Result<&'n Node, Refusal> {
    let key = match change.role {
        Role::Init => "initContainers",
        Role::Main => "containers",
        Role::Ephemeral => "ephemeralContainers",
    };
    let before = pod.containers.iter().take(change.nth).filter(|other| other.role == change.role).count();
    let list = spec.get(key).filter(|list| is_within(spec, list));
    let list = list.ok_or(Refusal { at: spec.span.start, why: SHARED })?;
    let node = list.items().iter().filter(|item| item.is_map()).nth(before);
    let node = node.filter(|node| is_within(list, node));
    node.map(AsRef::as_ref).ok_or(Refusal { at: list.span.start, why: SHARED })
}

fn container(editor: &mut Editor<'_>, node: &Node, change: &ContainerFix) -> Result<(), Refusal> {
    let mut added = Vec::new();
    let new = |fields: &[(&'static str, bool)]| -> Vec<(&'static str, New)> {
        fields.iter().map(|(field, value)| (*field, New::Bare(value.to_string()))).collect()
    };
    match pair(node, "securityContext") {
        _ if change.context.is_empty() => {}
        None => added.push(("securityContext", New::Map(new(&change.context)))),
        Some(entry) if entry.1.is_null() => {
            editor.fill(node, entry, "securityContext", &New::Map(new(&change.context)))?;
        }
        Some((_, context)) => {
            if context.is_alias() || !is_within(node, context) {
                return Err(Refusal { at: node.span.start, why: SHARED });
            }
            if Node::is_shared(context) {
                return Err(Refusal { at: node.span.start, why: ANCHOR });
            }
            let (known, unknown): (Vec<_>, Vec<_>) =
                change.context.iter().copied().partition(|(field, _)| pair(context, field).is_some());
            for (field, value) in known {
                if let Some(entry) = pair(context, field) {
                    editor.replace(context, entry, field, &value.to_string())?;
                }
            }
            editor.add(context, "", &new(&unknown))?;
        }
    }
    let mounts = change.mounts.iter().map(|mount| {
        let (name, path) = (mount.volume.clone(), mount.path.clone());
        New::Map(vec![("name", New::Scalar(name)), ("mountPath", New::Scalar(path))])
    });
    extend(editor, node, "volumeMounts", mounts.collect(), &mut added)?;
    editor.add(node, "image", &added)
}

/// Adds items to the list of a map; where it has none, the list joins the entries that are to be added.
fn extend(
    editor: &mut Editor<'_>,
    map: &Node,
    key: &'static str,
    items: Vec<New>,
    added: &mut Vec<(&'static str, New)>,
) -> Result<(), Refusal> {
    match pair(map, key) {
        _ if items.is_empty() => Ok(()),
        None => {
            added.push((key, New::List(items)));
            Ok(())
        }
        Some(entry) if entry.1.is_null() => editor.fill(map, entry, key, &New::List(items)),
        Some((_, list)) if !is_within(map, list) => Err(Refusal { at: map.span.start, why: SHARED }),
        Some((key, list)) if Node::is_shared(list) => Err(Refusal { at: key.span.start, why: ANCHOR }),
        Some((_, list)) if list.is_list() => editor.append(list, &items),
        Some((key, _)) => Err(Refusal { at: key.span.start, why: TYPE }),
    }
}

/// An entry of a map, also one that says nothing.
fn pair<'n>(map: &'n Node, name: &str) -> Option<&'n (Rc<Node>, Rc<Node>)> {
    let is = |(key, _): &&Pair| key.text() == Some(name);
    map.pairs().iter().find(is)
}
