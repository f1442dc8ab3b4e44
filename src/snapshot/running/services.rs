//! Services as their manager tells of them: systemd's properties, or a line of words where there is another.

use std::collections::BTreeMap;

use super::{Daemon, is_unit};

/// The most services that failed, and the most blocks of properties, that a host may tell of.
const MOST: usize = 500;

/// What manages services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manager {
    /// systemd(1).
    Systemd,
    /// OpenRC, openrc-run(8).
    OpenRc,
    /// sysvinit, init(8): its links say what starts, and nothing says what runs.
    SysV,
    /// None that is known: a container's first process, or another one.
    #[default]
    None,
}

/// Services of one host.
#[derive(Debug)]
pub struct Services {
    /// What manages them.
    pub manager: Manager,
    /// The units of services that failed, in the order of the alphabet.
    pub failed: Vec<String>,
    /// Those that the playbook names, as far as they could be told of.
    pub named: Vec<Service>,
}

/// One service that the playbook names.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name as the playbook has it.
    pub name: String,
    /// Its unit, by systemd's own name where the playbook's is an alias.
    pub unit: String,
    /// Whether it runs.
    pub state: ServiceState,
    /// Whether it starts by itself.
    pub enabled: Enabled,
    /// Its main process; `None` if it has none, or if none could be found.
    pub main: Option<Daemon>,
}

impl Service {
    /// What reports call it.
    pub fn subject(&self) -> &str {
        self.name.strip_suffix(".service").unwrap_or(&self.name)
    }
}

/// Whether a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// It runs.
    Running,
    /// It has done what it was to do, and counts as active.
    Done,
    /// It is on its way.
    Starting,
    /// It starts when it is asked for: by a socket, a timer or a path.
    OnDemand,
    /// It failed, and is tried again and again.
    Restarting,
    /// It failed.
    Failed,
    /// It does not run.
    Stopped,
    /// There is no such service.
    NotFound,
    /// Its unit file makes no sense to systemd.
    Invalid,
    /// Nothing manages services here that is known, and no process has its name: it has another name, or does
    /// not run.
    Unseen,
}

impl ServiceState {
    /// Whether that is as it should be.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Running | Self::Done | Self::Starting | Self::OnDemand)
    }

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Starting => "starting",
            Self::OnDemand => "started on demand",
            Self::Restarting => "failing again and again",
            Self::Failed => "failed",
            Self::Stopped => "not running",
            Self::NotFound => "not found",
            Self::Invalid => "invalid",
            Self::Unseen => "no process of that name",
        }
    }
}

/// Whether a service starts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabled {
    /// At boot.
    Yes,
    /// It is not for an administrator to say: something else starts it.
    Static,
    /// Until the next boot only.
    Runtime,
    /// It does not.
    No,
    /// It may not be started at all.
    Masked,
    /// Nobody could tell.
    Unknown,
}

impl Enabled {
    /// Whether that is as it should be, as far as it is known.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Yes | Self::Static | Self::Unknown)
    }

    /// The word that reports use, systemctl(1)'s where it has one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "enabled",
            Self::Static => "static",
            Self::Runtime => "enabled until the next boot",
            Self::No => "disabled",
            Self::Masked => "masked",
            Self::Unknown => "unknown",
        }
    }

    /// `UnitFileState` of systemctl(1); it is empty where there is no unit file.
    fn of_systemd(word: &str) -> Option<Self> {
        Some(match word {
            "enabled" | "alias" => Self::Yes,
            "static" | "indirect" | "generated" => Self::Static,
            "enabled-runtime" | "linked-runtime" | "transient" => Self::Runtime,
            "disabled" | "linked" | "bad" | "" => Self::No,
            "masked" | "masked-runtime" => Self::Masked,
            _ => return None,
        })
    }
}

/// A service by its manager, before it is known which processes it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its unit, where it has one.
    pub(super) unit: String,
    /// `None` where only its processes can tell.
    pub(super) state: Option<ServiceState>,
    pub(super) enabled: Enabled,
    pub(super) main: Option<u32>,
}

/// The section, as its lines come.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) manager: Manager,
    pub(super) failed: Vec<String>,
    blocks: Vec<BTreeMap<&'static str, String>>,
    told: BTreeMap<String, Told>,
    open: bool,
}

/// The properties that are asked for.
const PROPERTIES: [&str; 8] =
    ["Id", "Names", "LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "TriggeredBy"];

impl Listed {
    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        if line.is_empty() {
            self.open = false;
            return Some(());
        }
        if let Some(manager) = line.strip_prefix("manager ") {
            self.manager = match manager {
                "systemd" => Manager::Systemd,
                "openrc" => Manager::OpenRc,
                "sysvinit" => Manager::SysV,
                "none" => Manager::None,
                _ => return None,
            };
            return Some(());
        }
        if self.manager != Manager::Systemd {
            return self.service(line);
        }
        match line.split_once('=') {
            Some((name, value)) if !name.contains(' ') => self.property(name, value),
            _ => self.failure(line),
        }
    }

    /// `nginx.service loaded failed failed`, and what the unit says of itself.
    fn failure(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_whitespace();
        let (name, _, active) = (words.next()?, words.next()?, words.next()?);
        let fits = is_unit(name) && active == "failed" && self.failed.len() < MOST;
        fits.then(|| self.failed.push(name.to_owned()))
    }

    fn property(&mut self, name: &str, value: &str) -> Option<()> {
        let name = PROPERTIES.into_iter().find(|known| *known == name)?;
        if self.blocks.len() >= MOST {
            return None;
        }
        if !self.open {
            self.blocks.push(BTreeMap::new());
            self.open = true;
        }
        let plain = name != "Id" || is_unit(value);
        plain.then(|| self.blocks.last_mut()?.insert(name, value.to_owned())).map(|_| ())
    }

    /// `service nginx started enabled`
    fn service(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["service", name, state, enabled] = words.as_slice() else { return None };
        let state = match *state {
            "started" => Some(ServiceState::Running),
            "stopped" => Some(ServiceState::Stopped),
            "not-found" => Some(ServiceState::NotFound),
            "unknown" => None,
            _ => return None,
        };
        let enabled = match *enabled {
            "enabled" => Enabled::Yes,
            "disabled" => Enabled::No,
            _ => return None,
        };
        (is_unit(name) && self.told.len() < MOST)
            .then(|| {
                self.told.insert((*name).to_owned(), Told { unit: unit_of(name), state, enabled, main: None })
            })
            .map(|_| ())
    }

    /// What was told of a service by the playbook's name for it.
    pub(super) fn of(&self, name: &str) -> Option<Told> {
        if self.manager != Manager::Systemd {
            return self.told.get(name.strip_suffix(".service").unwrap_or(name)).cloned();
        }
        let unit = unit_of(name);
        let block = self.blocks.iter().find(|block| {
            let names = block.get("Names").into_iter().chain(block.get("Id"));
            names.into_iter().any(|names| names.split(' ').any(|known| known == unit))
        })?;
        self.of_block(block)
    }

    fn of_block(&self, block: &BTreeMap<&'static str, String>) -> Option<Told> {
        let say = |name: &str| block.get(name).map_or("", String::as_str);
        let state = match (say("LoadState"), say("ActiveState"), say("SubState")) {
            ("not-found", "inactive" | "failed", _) => ServiceState::NotFound,
            ("error" | "bad-setting", "inactive" | "failed", _) => ServiceState::Invalid,
            (_, "active", "exited") => ServiceState::Done,
            (_, "active" | "reloading" | "refreshing", _) => ServiceState::Running,
            (_, "activating", sub) if sub.starts_with("auto-restart") => ServiceState::Restarting,
            (_, "activating", _) => ServiceState::Starting,
            (_, "failed", _) => ServiceState::Failed,
            (_, "inactive", _) if self.is_triggered(say("TriggeredBy")) => ServiceState::OnDemand,
            (_, "inactive" | "deactivating" | "maintenance", _) => ServiceState::Stopped,
            _ => return None,
        };
        let enabled = match Enabled::of_systemd(say("UnitFileState"))? {
            // Whoever starts it on demand is enabled in its place: ssh.socket for ssh.service.
            Enabled::No if self.is_triggered(say("TriggeredBy")) => Enabled::Static,
            enabled => enabled,
        };
        let main = say("MainPID").parse().ok().filter(|process| *process > 0);
        Some(Told { unit: say("Id").to_owned(), state: Some(state), enabled, main })
    }

    /// Whether one of the units that start a service on demand is there to do it.
    fn is_triggered(&self, triggers: &str) -> bool {
        let say = |block: &BTreeMap<&'static str, String>, name: &str, value: &str| {
            block.get(name).is_some_and(|said| said == value)
        };
        triggers.split(' ').filter(|trigger| !trigger.is_empty()).any(|trigger| {
            self.blocks.iter().any(|block| say(block, "Id", trigger) && say(block, "ActiveState", "active"))
        })
    }
}

/// What systemctl makes of a name: a service, unless it ends as another unit does; systemd.unit(5).
pub(super) fn unit_of(name: &str) -> String {
    const KINDS: [&str; 11] = [
        "service",
        "socket",
        "device",
        "mount",
        "automount",
        "swap",
        "target",
        "path",
        "timer",
        "slice",
        "scope",
    ];
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    if KINDS.contains(&kind) { name.to_owned() } else { format!("{name}.service") }
}
