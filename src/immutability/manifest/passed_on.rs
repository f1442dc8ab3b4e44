//! What a container says that a helper beside it must say, too, or its pod is refused: PodSecurity and quotas ask it of
//! every container.

use crate::immutability::yaml::{Kind, Node, shown};

/// A value that can be written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A number or a boolean.
    Bare(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Told>),
    /// A map.
    Map(Fields),
}

/// Fields with their values.
pub(super) type Fields = Vec<(&'static str, Told)>;

/// What a helper takes over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOn {
    /// Fields of the container.
    pub own: Fields,
    /// Fields of its securityContext.
    pub context: Fields,
}

/// The amounts of which quotas speak; a helper needs no device.
const AMOUNTS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// A profile of seccomp or AppArmor.
const PROFILE: [&str; 2] = ["type", "localhostProfile"];

/// Reads it of a container with its securityContext.
pub(super) fn read(node: &Node, context: Option<&Node>) -> PassedOn {
    let mut passed = PassedOn { own: scalars(node, &["imagePullPolicy"]), context: Vec::new() };
    if let Some(resources) = node.get("resources") {
        let amounts = ["requests", "limits"].into_iter();
        let amounts = amounts.filter_map(|field| map(field, scalars(resources.get(field)?, &AMOUNTS)));
        passed.own.extend(map("resources", amounts.collect()));
    }
    let Some(context) = context else { return passed };
    passed.context = scalars(context, &["runAsUser", "runAsGroup", "runAsNonRoot"]);
    for field in ["seccompProfile", "appArmorProfile"] {
        passed.context.extend(context.get(field).and_then(|profile| map(field, scalars(profile, &PROFILE))));
    }
    let dropped = context.at(&["capabilities", "drop"]).map(Node::items).unwrap_or_default();
    let dropped: Vec<Told> = dropped.iter().filter_map(|name| scalar(name)).collect();
    if !dropped.is_empty() {
        passed.context.push(("capabilities", Told::Map(vec![("drop", Told::List(dropped))])));
    }
    passed
}

/// A map, if there is anything in it.
fn map(field: &'static str, fields: Fields) -> Option<(&'static str, Told)> {
    (!fields.is_empty()).then_some((field, Told::Map(fields)))
}

fn scalars(map: &Node, fields: &[&'static str]) -> Fields {
    fields.iter().filter_map(|field| Some((*field, scalar(map.get(field)?)?))).collect()
}

fn scalar(node: &Node) -> Option<Told> {
    let Kind::Scalar { text, .. } = node.kind() else { return None };
    Some(match node.boolean() {
        Some(boolean) => Told::Bare(boolean.to_string()),
        None if node.is_typed() => Told::Bare(text.clone()),
        None => Told::Text(shown(text)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::fixture::container;

    #[test]
    fn what_every_container_of_a_pod_must_say_is_known() {
        let text = |text: &str| Told::Text(text.to_owned());
        let lines = "image: a\nimagePullPolicy: Never\nresources: {limits: {cpu: 1, memory: 1Gi, nvidia.com/gpu: 1}, claims: [{name: x}]}\nsecurityContext: {runAsUser: 5, runAsNonRoot: yes, seccompProfile: {type: RuntimeDefault}, capabilities: {add: [X], drop: [ALL]}}";
        let passed = container(lines).passed_on;
        let limits = Told::Map(vec![("cpu", Told::Bare("1".to_owned())), ("memory", text("1Gi"))]);
        assert_eq!(
            passed.own,
            [("imagePullPolicy", text("Never")), ("resources", Told::Map(vec![("limits", limits)]))]
        );
        assert_eq!(
            passed.context,
            [
                ("runAsUser", Told::Bare("5".to_owned())),
                ("runAsNonRoot", Told::Bare("true".to_owned())),
                ("seccompProfile", Told::Map(vec![("type", text("RuntimeDefault"))])),
                ("capabilities", Told::Map(vec![("drop", Told::List(vec![text("ALL")]))])),
            ]
        );
        let none = container(
            "image: a\nresources: {}\nsecurityContext: {capabilities: {drop: []}, seccompProfile: x}",
        );
        assert_eq!(none.passed_on, PassedOn::default());
    }
}
