//! Runs the program in an environment of its own: no variable but those given, a home folder that is empty.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than any run may take: a program that hangs fails its test instead of blocking it.
const HANGS: Duration = Duration::from_secs(60);

/// What a run left.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
    /// The most memory that it held, in bytes.
    pub(crate) peak: u64,
}

impl Outcome {
    /// The report, for a run with `-o json`.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self:?}"))
    }
}

/// A folder to run the program in.
pub(crate) struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A file that only its owner may read: a key.
    pub(crate) fn write_private(&self, name: &str, text: impl AsRef<[u8]>) {
        self.write(name, text);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    /// The program in this folder, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftless"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.folder.path()).env("USER", "tester").env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        wait(self.command(arguments).spawn().unwrap())
    }

    /// The names of everything that lies in the folder.
    pub(crate) fn listing(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Waits for a program that was started with pipes; one that hangs is killed, and the test fails.
#[track_caller]
pub(crate) fn wait(mut child: Child) -> Outcome {
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let started = Instant::now();
    let mut peak = 0;
    let status: ExitStatus = loop {
        peak = peak.max(memory(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > HANGS {
            child.kill().unwrap();
            panic!("it hangs: {}", stderr.join().unwrap());
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Outcome { stdout, stderr, status: status.code().unwrap_or(-1), peak }
}

fn drain(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("a report is UTF-8")
    })
}

/// `VmHWM` of proc_pid_status(5), in bytes; 0 once the process is gone.
fn memory(process: u32) -> u64 {
    let mut text = String::new();
    let file = std::fs::File::open(format!("/proc/{process}/status"));
    if file.and_then(|mut file| file.read_to_string(&mut text)).is_err() {
        return 0;
    }
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A field of one entry of a list, by its name: `field(report, "hosts", "web-01", "verdict")`.
#[track_caller]
pub(crate) fn field<'a>(report: &'a Value, list: &str, name: &str, field: &str) -> &'a Value {
    let entries = report[list].as_array().unwrap_or_else(|| panic!("no {list} in {report:#}"));
    let entry = entries.iter().find(|entry| entry["name"] == name);
    &entry.unwrap_or_else(|| panic!("no {name} in {list}: {report:#}"))[field]
}

/// The keys of the findings, in order.
pub(crate) fn keys(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().into_iter().flatten();
    findings.filter_map(|finding| finding["key"].as_str()).collect()
}

/// The parameter of this machine that a privileged container changes in tests.
pub(crate) const SWAPPINESS: &str = "/proc/sys/vm/swappiness";

/// Its value, put back at the end of a test that changes it or that counts on it; one test at a time does.
pub(crate) struct Swappiness {
    before: String,
    _alone: MutexGuard<'static, ()>,
}

impl Swappiness {
    pub(crate) fn kept() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self { before: std::fs::read_to_string(SWAPPINESS).unwrap(), _alone: alone }
    }

    pub(crate) fn value(&self) -> &str {
        self.before.trim()
    }
}

impl Drop for Swappiness {
    fn drop(&mut self) {
        // Who cannot write it has not changed it.
        let _ = std::fs::write(SWAPPINESS, &self.before);
    }
}
