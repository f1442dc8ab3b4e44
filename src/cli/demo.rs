//! `driftless demo`: the main job on an embedded fleet; as `demo ready`, the forecast of an upgrade; as `demo replace`,
//! what replaces its servers. Only the machines are simulated; from the inventory on it is the same pipe, over real SSH.

use std::io;
use std::path::Path;

use driftless::diagnostic::Source;
use driftless::inventory::{Inventory, Overrides};
use driftless::playbook::Playbook;
use driftless::replacement::Target;
use driftless::rules;
use driftless::simulate::{Recording, Recordings, Simulation, read_fleet};
use driftless::ssh::{Client, Keyring, Transport, Trust};
use include_dir::{Dir, include_dir};

use super::args::{Demo, DemoOf};
use super::audit::{self, Job};
use super::failure::Failure;
use super::plan::{Asks, Plan, bind, check_outputs};
use super::replace::{self, Folder};
use super::round::runtime;
use super::settings::Typed;

/// The fleet's description and the recordings, as they were when the program was built.
static FLEET: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/fleet");

/// Runs the demo. It succeeds when it ran as it should, whatever it found.
pub(super) fn run(args: &Demo, typed: &Typed) -> Result<u8, Failure> {
    let show = Show::of(args.what);
    // Before anything is started.
    let act = match (show.then, &args.out) {
        (Then::Write, _) if typed.has("output") => {
            return Err(Failure::new(
                "`driftless demo replace` writes the files of a replacement, and no report",
            )
            .hint("--out FOLDER says where to; -o is for `driftless demo` and `driftless demo ready`"));
        }
        (Then::Write, out) => {
            let out = out.as_deref().unwrap_or(Path::new(OUT));
            let instead = "the demo replaces no files: remove that folder, or name another with --out FOLDER";
            Act::Write(Folder::check_or(out, false, instead)?)
        }
        // Variables and files are there for other commands, too.
        (Then::Report(job), _) if !typed.has("out") => {
            check_outputs(&args.output.output)?;
            Act::Report(job)
        }
        (Then::Report(_), _) => {
            return Err(Failure::new("--out is for `driftless demo replace`: the others write no files"));
        }
    };
    let hosts = read_fleet(&source(show.fleet)?, &recordings())?;
    let runtime = runtime()?;
    let simulation = runtime.block_on(Simulation::start(hosts)).map_err(|error| no_loopback(&error))?;
    let plan = plan(&simulation, &show)?;
    let keyring = Keyring::of("of the demo", simulation.key().clone());
    let client = Client::new(keyring, Trust::of(&simulation.known_hosts()), plan.limits.clone());
    let transport = Transport::Native(Box::new(client));
    let mut status = 0;
    match act {
        Act::Report(job) => {
            let judged = audit::conduct("demo", &plan, job, transport, &args.output, &runtime)?;
            status = u8::from(!judged.delivered);
        }
        Act::Write(out) => {
            let targets = vec![Target::Kubernetes, Target::Quadlet];
            let job = replace::Job { cluster: "web", service: None, targets, out };
            replace::conduct(&plan, &job, transport, &args.output.telling, &runtime)?;
        }
    }
    runtime.shutdown_background();
    Ok(status)
}

/// What is shown.
struct Show {
    fleet: &'static str,
    playbook: &'static str,
    then: Then,
}

/// What becomes of what was seen.
#[derive(Clone, Copy)]
enum Then {
    /// A report.
    Report(Job),
    /// Files that replace the servers.
    Write,
}

/// The same, with where files go.
enum Act {
    Report(Job),
    Write(Folder),
}

/// Where files go unless somebody says so.
const OUT: &str = "driftless-demo";

impl Show {
    fn of(what: Option<DemoOf>) -> Self {
        match what {
            None | Some(DemoOf::Audit) => Self {
                fleet: "fleet.toml",
                playbook: "playbook.toml",
                then: Then::Report(Job { drift: true, readiness: false }),
            },
            Some(DemoOf::Ready) => {
                Self { fleet: "ready.toml", playbook: "upgrade.toml", then: Then::Report(Job::READY) }
            }
            Some(DemoOf::Replace) => {
                Self { fleet: "replace.toml", playbook: "replacement.toml", then: Then::Write }
            }
        }
    }
}

fn plan(simulation: &Simulation, show: &Show) -> Result<Plan, Failure> {
    let playbook = source(show.playbook)?;
    let inventory =
        Inventory::from_text("the demo's inventory", &simulation.inventory(), &Overrides::default())?;
    let mut playbook = Playbook::from_text(playbook.path(), playbook.as_str(), &rules::known_ids())?;
    if matches!(show.then, Then::Write) {
        playbook.bake();
    }
    let bound = bind(&inventory, &playbook)?;
    let asks = match show.then {
        Then::Write => Asks::PlaybookAndEvidence,
        Then::Report(job) if job.readiness => Asks::Upgrades,
        Then::Report(_) => Asks::Playbook,
    };
    Ok(Plan { asks, ..Plan::of_nobody(inventory, playbook, bound) })
}

fn source(name: &str) -> Result<Source, Failure> {
    let text = FLEET.get_file(name).and_then(|file| file.contents_utf8());
    let shown = format!("examples/fleet/{name}");
    text.map(|text| Source::text(&shown, text))
        .ok_or_else(|| Failure::new(format!("{shown} was not built in, or is not UTF-8")))
}

/// One recording for each folder, with a section for each of its files.
fn recordings() -> Recordings {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folders = FLEET.get_dir("recordings").into_iter().flat_map(Dir::dirs);
    let recordings = folders.map(|folder| {
        let sections = folder.files();
        let recording = sections.fold(Recording::default(), |recording, file| {
            recording.with(&name(file.path()), file.contents())
        });
        (name(folder.path()), recording)
    });
    recordings.collect()
}

fn no_loopback(error: &io::Error) -> Failure {
    Failure::new(format!("the simulated servers could not start: {error}"))
        .hint("the demo listens on free ports of 127.0.0.1; may this user do that, and are there enough?")
}
