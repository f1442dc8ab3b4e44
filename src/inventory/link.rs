//! From a draft to an inventory: groups linked, variables merged, every host given its route.
//!
//! Variables are merged as Ansible documents it: the inventory's groups by depth, priority and name, then
//! `group_vars`, then the host's own, then `host_vars`; what comes later replaces what came before, whole.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::ansible::vars::Folder;
use super::connect::Described;
use super::draft::{self, ALL, Draft, UNGROUPED, Vars};
use super::says::Says;
use super::{Group, Host, HostId, Inventory, Overrides};
use crate::diagnostic::Diagnostic;

/// Links a draft. `beside` are the folders of the inventories, in order, and `here` the current folder, which
/// counts after them.
pub(super) fn link(
    mut draft: Draft,
    mut beside: Vec<Folder>,
    mut here: Option<Folder>,
    overrides: &Overrides,
) -> Result<Inventory, Diagnostic> {
    settle(&mut draft);
    let lines = Lineage::of(&draft);
    let mut merger = Merger {
        draft: &draft,
        lines: &lines,
        beside: &mut beside,
        here: here.as_mut(),
        warnings: Vec::new(),
        of_groups: HashMap::new(),
    };
    // Ends at the first mistake: the same file would be told once for each host.
    let vars: Vec<Vars> =
        (0..draft.hosts.len()).map(|place| merger.vars_of(place)).collect::<Result<_, _>>()?;
    let mut warnings = std::mem::take(&mut merger.warnings);
    warnings.splice(0..0, std::mem::take(&mut draft.warnings));
    let mut inventory = assemble(&draft, &lines, vars, overrides);
    inventory.warnings = warnings;
    inventory.caps = std::mem::take(&mut draft.caps);
    Ok(inventory)
}

/// Makes `ungrouped` and the children of `all` what Ansible makes of them.
fn settle(draft: &mut Draft) {
    let mut grouped = HashSet::new();
    let mut children = HashSet::new();
    for (place, group) in draft.groups.iter().enumerate() {
        children.extend(group.children.iter().copied());
        if place > UNGROUPED {
            grouped.extend(group.hosts.iter().copied());
        }
    }
    let hosts = draft.hosts.len();
    let tops: Vec<usize> =
        (UNGROUPED..draft.groups.len()).filter(|place| !children.contains(place)).collect();
    if let Some(ungrouped) = draft.groups.get_mut(UNGROUPED) {
        ungrouped.hosts.retain(|host| !grouped.contains(host));
        let there: HashSet<usize> = ungrouped.hosts.iter().copied().collect();
        ungrouped.hosts.extend((0..hosts).filter(|host| !grouped.contains(host) && !there.contains(host)));
    }
    if let Some(all) = draft.groups.get_mut(ALL) {
        let named = std::mem::take(&mut all.children);
        let (first, others) = tops.split_first().unwrap_or((&UNGROUPED, &[]));
        all.children.push(*first);
        all.children.extend(named.into_iter().filter(|child| child != first));
        all.children.extend(others);
    }
}

/// How groups descend from `all`.
struct Lineage {
    /// The longest way from `all` to each group.
    depths: Vec<usize>,
    /// Every group above each, without `all`.
    ancestors: Vec<BTreeSet<usize>>,
    /// The groups that name each host themselves, without `all`.
    own: Vec<Vec<usize>>,
}

impl Lineage {
    fn of(draft: &Draft) -> Self {
        let count = draft.groups.len();
        let mut parents = vec![0_usize; count];
        for child in draft.groups.iter().flat_map(|group| &group.children) {
            parents.get_mut(*child).into_iter().for_each(|count| *count += 1);
        }
        let (mut depths, mut ancestors) = (vec![0; count], vec![BTreeSet::new(); count]);
        let mut waiting: VecDeque<usize> =
            (0..count).filter(|place| parents.get(*place) == Some(&0)).collect();
        while let Some(place) = waiting.pop_front() {
            let depth = depths.get(place).copied().unwrap_or_default() + 1;
            let mut above: BTreeSet<usize> = ancestors.get(place).cloned().unwrap_or_default();
            above.extend((place != ALL).then_some(place));
            for child in draft.groups.get(place).into_iter().flat_map(|group| &group.children) {
                depths.get_mut(*child).into_iter().for_each(|known: &mut usize| *known = depth.max(*known));
                ancestors.get_mut(*child).into_iter().for_each(|known| known.extend(&above));
                if let Some(count) = parents.get_mut(*child) {
                    *count = count.saturating_sub(1);
                    waiting.extend((*count == 0).then_some(*child));
                }
            }
        }
        let mut own = vec![Vec::new(); draft.hosts.len()];
        for (place, group) in draft.groups.iter().enumerate().skip(UNGROUPED) {
            for host in &group.hosts {
                own.get_mut(*host).into_iter().for_each(|own: &mut Vec<usize>| own.push(place));
            }
        }
        Self { depths, ancestors, own }
    }

    /// Every group that a host is in, without `all`.
    fn groups_of(&self, host: usize) -> BTreeSet<usize> {
        let own = self.own.get(host).into_iter().flatten();
        own.flat_map(|group| self.ancestors.get(*group).into_iter().flatten().chain([group]))
            .copied()
            .collect()
    }
}

struct Merger<'m> {
    draft: &'m Draft,
    lines: &'m Lineage,
    beside: &'m mut Vec<Folder>,
    here: Option<&'m mut Folder>,
    warnings: Vec<String>,
    /// What a set of groups gives its hosts.
    of_groups: HashMap<Vec<usize>, Rc<Vars>>,
}

impl Merger<'_> {
    fn vars_of(&mut self, place: usize) -> Result<Vars, Diagnostic> {
        let Some(host) = self.draft.hosts.get(place) else { return Ok(Vars::new()) };
        let own: Vec<usize> = self.lines.own.get(place).cloned().unwrap_or_default();
        let known = self.of_groups.get(&own).map(Rc::clone);
        let of_groups = known.map_or_else(|| self.of_groups(place).map(Rc::new), Ok)?;
        self.of_groups.insert(own, Rc::clone(&of_groups));
        let mut vars = of_groups.as_ref().clone();
        if let Some(defaults) = &host.defaults {
            for (name, value) in defaults.as_vars() {
                vars.entry(name).or_insert(value);
            }
        }
        merge(&mut vars, &host.vars);
        let folders = self.beside.iter_mut().chain(self.here.as_deref_mut());
        for folder in folders {
            merge(&mut vars, folder.of_host(&host.name, &mut self.warnings)?.as_ref());
        }
        vars.extend(host.own.as_ref().map(Says::as_vars).into_iter().flatten());
        Ok(vars)
    }

    fn of_groups(&mut self, host: usize) -> Result<Vars, Diagnostic> {
        let mut groups: Vec<(usize, &draft::Group)> = self
            .lines
            .groups_of(host)
            .into_iter()
            .filter_map(|place| {
                Some((
                    self.lines.depths.get(place).copied().unwrap_or_default(),
                    self.draft.groups.get(place)?,
                ))
            })
            .collect();
        groups.sort_by_key(|(depth, group)| (*depth, group.priority, group.name.as_str()));
        let mut vars = Vars::new();
        let all = self.draft.groups.get(ALL).into_iter();
        for group in all.chain(groups.iter().map(|(_, group)| *group)) {
            merge(&mut vars, &group.vars);
        }
        let names: Vec<&str> = groups.iter().map(|(_, group)| group.name.as_str()).collect();
        for names in [&["all"][..], &names] {
            for folder in self.beside.iter_mut().chain(self.here.as_deref_mut()) {
                for name in names {
                    merge(&mut vars, folder.of_group(name, &mut self.warnings)?.as_ref());
                }
            }
        }
        Ok(vars)
    }
}

fn merge(vars: &mut Vars, more: &Vars) {
    vars.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
}

fn assemble(draft: &Draft, lines: &Lineage, vars: Vec<Vars>, overrides: &Overrides) -> Inventory {
    let mut inventory = Inventory::default();
    let order = if draft.ordered_by_groups { by_groups(draft) } else { (0..draft.hosts.len()).collect() };
    let mut vars: Vec<Option<Vars>> = vars.into_iter().map(Some).collect();
    let mut ids = HashMap::new();
    for place in order {
        let Some(host) = draft.hosts.get(place) else { continue };
        let vars = vars.get_mut(place).and_then(Option::take).unwrap_or_default();
        ids.insert(place, inventory.add(made(draft, lines, place, host, vars, overrides)));
    }
    inventory.mentioned = (0..draft.hosts.len()).filter_map(|place| ids.get(&place).copied()).collect();
    let hosts = |group: &draft::Group| -> Vec<HostId> {
        group.hosts.iter().filter_map(|host| ids.get(host).copied()).collect()
    };
    let children = |group: &draft::Group| -> Vec<String> {
        let children = group.children.iter().filter_map(|child| draft.groups.get(*child));
        children.map(|child| child.name.clone()).collect()
    };
    for (place, group) in draft.groups.iter().enumerate() {
        inventory.group_order.push(group.name.clone());
        match place {
            ALL => inventory.tops = children(group),
            UNGROUPED => inventory.ungrouped = hosts(group),
            _ => {
                let made = Group { hosts: hosts(group), children: children(group), vars: group.vars.clone() };
                inventory.groups.insert(group.name.clone(), made);
            }
        }
    }
    inventory
}

fn made(
    draft: &Draft,
    lines: &Lineage,
    place: usize,
    host: &draft::Host,
    vars: Vars,
    overrides: &Overrides,
) -> Host {
    let name = |place: &usize| draft.groups.get(*place).map(|group| group.name.clone());
    let groups: BTreeSet<String> =
        lines.groups_of(place).iter().filter(|place| **place > UNGROUPED).filter_map(name).collect();
    let own = lines.own.get(place).into_iter().flatten().filter(|place| **place > UNGROUPED);
    let leaf = |place: &&usize| draft.groups.get(**place).is_some_and(|group| group.children.is_empty());
    let leaves: BTreeSet<String> = own.filter(leaf).filter_map(name).collect();
    let defaults = host.defaults.as_deref();
    let said = Described { name: &host.name, own: host.own.as_ref(), defaults, vars: &vars };
    let route = said.route(overrides);
    Host {
        name: host.name.clone(),
        // A host that only groups with children name is told apart by those.
        leaf_groups: if leaves.is_empty() { groups.clone() } else { leaves },
        groups,
        route,
        maintenance: host.maintenance.clone(),
        vars,
        of_hops: defaults.map(Says::of_hops).unwrap_or_default().into(),
    }
}

/// Hosts in the order of `all`: its own, then those of its children, then those of theirs.
fn by_groups(draft: &Draft) -> Vec<usize> {
    let (mut order, mut seen, mut visited) = (Vec::new(), HashSet::new(), HashSet::from([ALL]));
    let mut waiting = VecDeque::from([ALL]);
    while let Some(group) = waiting.pop_front().and_then(|place| draft.groups.get(place)) {
        order.extend(group.hosts.iter().copied().filter(|host| seen.insert(*host)));
        waiting.extend(group.children.iter().copied().filter(|child| visited.insert(*child)));
    }
    order
}
