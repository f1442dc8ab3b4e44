//! Arguments resolved: every file read, every default filled in, every host chosen.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use driftless::collect::{Pace, Requests};
use driftless::diagnostic::{Source, nearest};
use driftless::drift::{Bound, clusters_of};
use driftless::inventory::pattern::Pattern;
use driftless::inventory::{HostId, Inventory, Overrides, Route, SshRoute, Via};
use driftless::playbook::Playbook;
use driftless::probe::{FileKey, Wanted};
use driftless::report::write::{Form, Output};
use driftless::rules::{self, Accepted};
use driftless::ssh::{Limits, Policy};
use driftless::ssh_config::Directive;

use super::args::{Audit, Connection, HostKey, Login, Ready, Selecting, Telling};
use super::ask::{say, warn};
use super::failure::Failure;
use super::me::{home, is_another_config, ssh_config};
use super::notify::Hook;
use super::replace::Replace;
use super::report;

/// What hosts are asked beyond what every host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// What the playbook names.
    Playbook,
    /// That, and whether its upgrades would succeed.
    PlaybookAndUpgrades,
    /// Whether its upgrades would succeed, and nothing else that it names.
    Upgrades,
    /// What the playbook names, and where their services write.
    PlaybookAndEvidence,
}

/// Everything that an audit needs before it begins.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) inventory: Inventory,
    pub(super) playbook: Playbook,
    /// The files of the playbook.
    pub(super) sources: Vec<Source>,
    pub(super) bound: Bound,
    pub(super) hosts: Vec<HostId>,
    pub(super) limits: Limits,
    pub(super) pace: Pace,
    /// `None` is what ssh's configuration says.
    pub(super) policy: Option<Policy>,
    /// What hosts are asked beyond what every host is.
    pub(super) asks: Asks,
    /// Whether pinned probes are to read as root, by sudo.
    pub(super) sudo: bool,
    pub(super) home: Option<PathBuf>,
    /// In place of ssh's usual configuration.
    pub(super) config_file: Option<PathBuf>,
    pub(super) agent_socket: Option<PathBuf>,
    pub(super) accepted: Accepted,
    /// What files are hashed with; `None` where the playbook names none.
    pub(super) file_key: Option<FileKey>,
    /// Hosts that are asked where their services write, since the last audit advised to replace them.
    pub(super) to_look_into: BTreeSet<HostId>,
    /// Whether each host is told of on standard output as soon as it is done.
    pub(super) streams: bool,
    /// Who is told of what was found.
    pub(super) hook: Option<Hook>,
}

impl Plan {
    /// What an audit needs.
    pub(super) fn of(args: &Audit) -> Result<Self, Failure> {
        let plan = Self::to_ask(&args.selecting, &args.connection, &args.playbook, &args.output.telling)?;
        let upgraded = |host: &HostId| plan.bound.upgrades(&plan.playbook, *host).next().is_some();
        if args.ready && !plan.hosts.iter().any(upgraded) {
            warn(
                args.output.telling.quiet,
                "--ready: no playbook has an [[upgrade]] of these hosts: none is asked about",
            );
        }
        let accepted = args.accept.as_deref().map(report::accepted).transpose()?.unwrap_or_default();
        check_outputs(&args.output.output)?;
        let asks = if args.ready { Asks::PlaybookAndUpgrades } else { Asks::Playbook };
        // Whoever wants silence where nothing changed cannot have it and hear of hosts before that is known.
        let streams = !args.only_changes && report::streams(&args.output);
        let hook = args.notifying.hook(args.output.telling.quiet)?;
        Ok(Self { asks, accepted, streams, hook, ..plan })
    }

    /// What asking about upgrades needs.
    pub(super) fn to_upgrade(args: &Ready) -> Result<Self, Failure> {
        let mut plan = Self::to_ask(&args.selecting, &args.connection, &args.playbook, &args.output.telling)?;
        super::ready::retarget(&mut plan.playbook, &args.target, &plan.inventory, &plan.hosts)?;
        let bound = bind(&plan.inventory, &plan.playbook)?;
        let accepted = args.accept.as_deref().map(report::accepted).transpose()?.unwrap_or_default();
        check_outputs(&args.output.output)?;
        let streams = report::streams(&args.output);
        let hook = args.notifying.hook(args.output.telling.quiet)?;
        Ok(Self { accepted, bound, asks: Asks::Upgrades, streams, hook, ..plan })
    }

    /// What writing the replacement of a cluster needs: its hosts alone are asked.
    pub(super) fn to_replace(args: &Replace) -> Result<Self, Failure> {
        let mut plan = Self::to_ask(&args.selecting, &args.connection, &args.playbook, &args.telling)?;
        plan.playbook.bake();
        let clusters = |host: HostId| clusters_of(&plan.inventory, &plan.playbook, &plan.bound, host);
        let mut names: Vec<String> = plan.hosts.iter().flat_map(|host| clusters(*host)).collect();
        let hosts: Vec<HostId> =
            plan.hosts.iter().copied().filter(|host| clusters(*host).contains(&args.cluster)).collect();
        if hosts.is_empty() {
            names.sort();
            names.dedup();
            return Err(Failure::new(format!("--cluster: there is no cluster `{}`", args.cluster))
                .hint(format!("the clusters of these hosts are: {}", names.join(", "))));
        }
        Ok(Self { hosts, asks: Asks::PlaybookAndEvidence, ..plan })
    }

    /// What asking hosts needs, and comparing them by playbooks.
    pub(super) fn to_ask(
        selecting: &Selecting,
        connection: &Connection,
        playbooks: &[PathBuf],
        telling: &Telling,
    ) -> Result<Self, Failure> {
        let Selected { inventory, hosts } = Selected::of(selecting, &connection.login, telling.quiet)?;
        let (playbook, sources) = Playbook::load_with_sources(playbooks, &rules::known_ids())?;
        let bound = bind(&inventory, &playbook)?;
        for (label, _) in &connection.cap {
            let has = |id: &HostId| inventory.host(*id).is_some_and(|host| host.label(label).is_some());
            if !hosts.iter().any(has) {
                warn(
                    telling.quiet,
                    &format!("--cap: no host has the variable `{label}`: nothing is capped by it"),
                );
            }
        }
        for (place, term) in &bound.unmatched {
            warn(telling.quiet, &format!("{place}: `{term}` matches no host and no group"));
        }
        let wants_files = hosts.iter().any(|host| bound.files(&playbook, *host).next().is_some());
        let file_key = wants_files.then(super::file_key::read).transpose()?;
        Ok(Self {
            pace: pace(connection, &inventory),
            asks: Asks::Playbook,
            sudo: connection.sudo,
            inventory,
            playbook,
            sources,
            bound,
            hosts,
            limits: limits(connection),
            policy: connection.host_key.map(policy),
            home: home(),
            config_file: config_file(&connection.login, selecting),
            streams: false,
            hook: None,
            agent_socket: std::env::var_os("SSH_AUTH_SOCK")
                .filter(|socket| !socket.is_empty())
                .map(PathBuf::from),
            accepted: Accepted::default(),
            file_key,
            to_look_into: BTreeSet::new(),
        })
    }

    /// What comparing needs where nobody is asked.
    pub(super) fn of_nobody(inventory: Inventory, playbook: Playbook, bound: Bound) -> Self {
        Self {
            hosts: inventory.ids().collect(),
            inventory,
            playbook,
            bound,
            sources: Vec::new(),
            limits: Limits::default(),
            pace: Pace::default(),
            policy: None,
            asks: Asks::Playbook,
            sudo: false,
            home: None,
            config_file: None,
            agent_socket: None,
            accepted: Accepted::default(),
            file_key: None,
            to_look_into: BTreeSet::new(),
            streams: false,
            hook: None,
        }
    }

    /// What tells this question from another one: the playbooks, and whether upgrades are asked about.
    pub(super) fn question(&self) -> String {
        let mut text = format!("{:?}\n", self.asks);
        for source in &self.sources {
            text.push_str(source.as_str());
            text.push('\n');
        }
        let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is wanted of a host and was not then; of packages every host tells, whichever are named.
    pub(super) fn unasked(requests: &Requests, host: HostId, then: Option<&Wanted>) -> Vec<String> {
        let now = requests.of(host).wanted().without(&["evidence", "sudo", "package"]).to_string();
        let then = then.map(ToString::to_string).unwrap_or_default();
        now.lines().filter(|line| !then.lines().any(|known| known == *line)).map(str::to_owned).collect()
    }

    /// The same for some of its hosts.
    pub(super) fn of_hosts(&self, hosts: Vec<HostId>) -> Self {
        Self { hosts, ..self.clone() }
    }

    /// What each host is asked, in a round that is framed by `nonce`.
    pub(super) fn requests(&self, nonce: [u8; 16]) -> Requests {
        let wanted = |host: &HostId| {
            let mut wanted = match self.asks {
                Asks::Upgrades => Wanted::default(),
                _ => self.bound.wanted(&self.playbook, *host),
            };
            if self.to_look_into.contains(host) {
                wanted.add("evidence", "beside");
            }
            match self.asks {
                Asks::Playbook => {}
                Asks::Upgrades | Asks::PlaybookAndUpgrades => {
                    self.bound.want_upgrades(&self.playbook, *host, &mut wanted);
                }
                Asks::PlaybookAndEvidence => wanted.add("evidence", "any"),
            }
            if self.sudo {
                wanted.add("sudo", "yes");
            }
            (*host, self.file_key.as_ref().map_or(wanted.clone(), |key| wanted.keyed(key)))
        };
        Requests::new(nonce, self.hosts.iter().map(wanted))
    }

    /// The SSH routes of the hosts that were chosen, and of the jump hosts on the way to them.
    pub(super) fn routes(&self) -> Vec<&SshRoute> {
        let mut routes = Vec::new();
        for host in self.hosts.iter().filter_map(|id| self.inventory.host(*id)) {
            let mut next = match &host.route {
                Route::Ssh(route) => Some(route.as_ref()),
                Route::Local | Route::Refused(_) => None,
            };
            while let Some(route) = next {
                routes.push(route);
                next = if let Via::Jump(hop) = &route.via { Some(hop.as_ref()) } else { None };
            }
        }
        routes
    }
}

/// The hosts of a run, and how each is reached.
pub(super) struct Selected {
    pub(super) inventory: Inventory,
    pub(super) hosts: Vec<HostId>,
}

impl Selected {
    /// Reads the inventories, and chooses hosts.
    pub(super) fn of(args: &Selecting, login: &Login, quiet: bool) -> Result<Self, Failure> {
        if args.from.inventory.is_empty() && args.hosts.is_empty() {
            return Err(Failure::new("no host is named")
                .hint("name an inventory with -i, or hosts: web-01 admin@web-02:2222"));
        }
        let overrides = overrides(login, args)?;
        check_jump(login, &overrides)?;
        let mut inventory = Inventory::load(&args.from.inventory, &overrides)?;
        for warning in &inventory.warnings {
            warn(quiet, warning);
        }
        let hosts = choose(&mut inventory, args, &overrides, quiet)?;
        inventory.link_jumps(&hosts, &overrides);
        Ok(Self { inventory, hosts })
    }
}

/// Resolves the playbook's patterns: what is wrong there is said before any host is asked.
pub(super) fn bind(inventory: &Inventory, playbook: &Playbook) -> Result<Bound, Failure> {
    Ok(Bound::of(inventory, playbook)?)
}

/// The configuration of ssh that stands in place of the usual one: that of `-F`, or one that is given for an
/// inventory, since it says how its hosts are reached, too.
fn config_file(login: &Login, selecting: &Selecting) -> Option<PathBuf> {
    let inventory = || selecting.from.inventory.iter().find(|path| is_another_config(path)).cloned();
    login.ssh_config.clone().or_else(inventory)
}

fn overrides(login: &Login, selecting: &Selecting) -> Result<Overrides, Failure> {
    let file = config_file(login, selecting);
    Ok(Overrides {
        user: login.user.clone(),
        port: login.port,
        identity: login.identity.clone(),
        jump: login.jump.clone(),
        ssh: Arc::new(ssh_config(file.as_deref(), home())?),
        script_limit: Some(Duration::from_secs_f64(selecting.from.inventory_timeout)),
    })
}

/// A jump host that is none is a slip of this command line, not a trouble of each host.
fn check_jump(login: &Login, overrides: &Overrides) -> Result<(), Failure> {
    let Some(jump) = &login.jump else { return Ok(()) };
    let given = [Directive::new("proxyjump", jump, "--jump")];
    match overrides.ssh.resolve("host", &given).unhonoured.iter().any(|refused| refused.place == "--jump") {
        false => Ok(()),
        true => Err(Failure::new(format!("--jump {jump} names no jump host"))
            .hint("write [USER@]HOST[:PORT], and further ones after commas")),
    }
}

/// Whether every report can be written, before any host is asked. What cannot be is told at once, and again at the end:
/// the audit of a night is not lost for a folder.
pub(super) fn check_outputs<F: Form>(outputs: &[Output<F>]) -> Result<(), Failure> {
    for (nth, output) in outputs.iter().enumerate() {
        let same = |other: &&Output<F>| other.path.is_some() && other.path == output.path;
        if let Some(path) = outputs.iter().take(nth).find(same).and_then(|other| other.path.as_ref()) {
            return Err(Failure::new(format!("two reports would be written to {}", path.display()))
                .hint("give each -o a file of its own"));
        }
        if let Err((path, error)) = output.check() {
            say(&Failure::file(&path, &error).as_warning());
        }
    }
    Ok(())
}

fn policy(choice: HostKey) -> Policy {
    match choice {
        HostKey::Strict => Policy::Strict,
        HostKey::AcceptNew => Policy::AcceptNew,
        HostKey::Insecure => Policy::Insecure,
    }
}

fn limits(connection: &Connection) -> Limits {
    let host = Duration::from_secs_f64(connection.timeout);
    Limits {
        connect: connection.connect_timeout.map(|limit| Duration::from_secs_f64(limit).min(host)),
        host,
        ..Limits::default()
    }
}

/// The caps of the inventory, and those of the command line in their place.
fn pace(connection: &Connection, inventory: &Inventory) -> Pace {
    let own = inventory.caps.iter().map(|(label, most)| (label.clone(), *most));
    Pace {
        forks: usize::from(connection.forks),
        caps: own.chain(connection.cap.iter().cloned()).collect(),
        behind_one_jump: usize::from(connection.per_jump),
        rate: connection.rate,
    }
}

/// The hosts of the arguments, or else all of the inventory's, cut down by `--limit`.
fn choose(
    inventory: &mut Inventory,
    selecting: &Selecting,
    overrides: &Overrides,
    quiet: bool,
) -> Result<Vec<HostId>, Failure> {
    let mut hosts: Vec<HostId> = if selecting.hosts.is_empty() {
        inventory.ids().collect()
    } else {
        refuse_groups(inventory, &selecting.hosts)?;
        inventory.add_adhoc(&selecting.hosts, overrides).map_err(|error| Failure::new(error.to_string()))?
    };
    if let Some(limit) = &selecting.from.limit {
        let selection = Pattern::parse_limit(limit)?.select(inventory);
        for term in &selection.unmatched {
            let names = inventory.groups.keys().chain(inventory.hosts.iter().map(|host| &host.name));
            let near = nearest(term, names.map(String::as_str));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            warn(quiet, &format!("--limit: `{term}` matches no host and no group{near}"));
        }
        if let Some(term) = selection.beyond.first() {
            return Err(Failure::new(format!("--limit: `{term}` counts beyond the hosts of its group"))
                .hint("the first host is [0], the last one [-1]"));
        }
        hosts.retain(|host| selection.hosts.contains(host));
        if hosts.is_empty() {
            return Err(Failure::new(format!("--limit {limit} leaves no host"))
                .hint("is a name misspelt, or does one part exclude what another selects?"));
        }
    }
    if let Some(shard) = &selecting.from.shard {
        hosts.retain(|host| inventory.host(*host).is_some_and(|host| shard.has(&host.name)));
        if hosts.is_empty() {
            return Err(Failure::new(format!("--shard {shard} leaves no host"))
                .hint("there are fewer hosts than parts, or chance gave this part none: split into fewer"));
        }
    }
    let mut seen = BTreeSet::new();
    hosts.retain(|host| seen.insert(*host));
    Ok(hosts)
}

/// A group is not a host: to ask it for its name's address would only puzzle.
fn refuse_groups(inventory: &Inventory, arguments: &[String]) -> Result<(), Failure> {
    let group = |name: &&String| {
        inventory.find(name).is_none()
            && (inventory.groups.contains_key(*name) || ["all", "ungrouped"].contains(&name.as_str()))
    };
    match arguments.iter().find(group) {
        Some(name) => Err(Failure::new(format!("`{name}` is a group, and hosts are expected here"))
            .hint(format!("-l {name} audits its hosts"))),
        None => Ok(()),
    }
}
