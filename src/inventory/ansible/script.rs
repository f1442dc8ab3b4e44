//! Executable inventories: a program that answers `--list`, and `--host NAME` where it must.
//!
//! It is run with nothing on its standard input, for a limited time, and may say a limited amount. A program
//! that fails is a mistake of the inventory as a broken file is.

use std::collections::HashSet;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{add_host, cyclic};
use crate::diagnostic::{Diagnostic, Source};
use crate::inventory::SECRET;
use crate::inventory::draft::{Draft, UNGROUPED, Vars};

/// What a script may say.
const MOST_OUTPUT: usize = 64 << 20;

/// How much of what it says on stderr is shown.
const MOST_COMPLAINT: usize = 400;

/// How often it is looked whether the script has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A program that is an inventory.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Script {
    pub(in crate::inventory) path: PathBuf,
    /// How long each run may take.
    pub(in crate::inventory) limit: Duration,
}

/// What a program printed, when it ended well.
struct Printed {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    status: ExitStatus,
}

/// What went wrong, and what to do about it.
type Trouble = (String, String);

/// A JSON object with its keys in the order in which they stand.
struct Ordered(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of groups")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries: Vec<(String, Value)> = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl Script {
    /// Runs it, and puts what it says into the draft.
    pub(in crate::inventory) fn read(&self, draft: &mut Draft) -> Result<(), Diagnostic> {
        let source = self.ask(&["--list"])?;
        let Ordered(groups) = serde_json::from_str(source.as_str()).map_err(|why| rubbish(&source, &why))?;
        let mut reader = Reader { source: &source, draft, hosts: Vec::new(), seen: HashSet::new() };
        let mut hostvars = None;
        for (name, data) in &groups {
            if name == "_meta" {
                let vars = data.get("hostvars").unwrap_or(&Value::Null);
                hostvars = Some(reader.object("_meta.hostvars", vars)?);
            } else {
                reader.group(name, data)?;
            }
        }
        let hosts = std::mem::take(&mut reader.hosts);
        for (place, name) in hosts {
            let vars = match &hostvars {
                Some(vars) => match vars.get(&name) {
                    Some(vars) => reader.object(&format!("_meta.hostvars of `{name}`"), vars)?.clone(),
                    None => continue,
                },
                None => self.vars_of(&name)?,
            };
            for (name, value) in vars {
                reader.draft.set_host_var(place, name, value);
            }
        }
        Ok(())
    }

    /// What it says of one host when asked for it; nothing at all is no variables.
    fn vars_of(&self, name: &str) -> Result<Vars, Diagnostic> {
        let source = self.ask(&["--host", name])?;
        if source.as_str().trim().is_empty() {
            return Ok(Vars::new());
        }
        serde_json::from_str(source.as_str()).map_err(|why| rubbish(&source, &why))
    }

    fn ask(&self, arguments: &[&str]) -> Result<Source, Diagnostic> {
        let called = format!("{} {}", self.path.display(), arguments.join(" "));
        let told = Source::text(&called, "");
        let printed = self.run(arguments).map_err(|why| told.whole(why.0).help(why.1))?;
        if !printed.status.success() {
            let help = match complaint(&printed.stderr) {
                said if said.is_empty() => "run it by hand to see why".to_owned(),
                said => format!("it said: {said}"),
            };
            return Err(told.whole(format!("the inventory script failed: {}", printed.status)).help(help));
        }
        match String::from_utf8(printed.stdout) {
            // Control characters would reach the terminal with the line that is shown.
            Ok(text) => Ok(Source::text(
                &called,
                &text.replace(|c: char| c.is_control() && !"\n\r\t".contains(c), " "),
            )),
            Err(_) => {
                Err(told.whole("the inventory script printed something that is not UTF-8").help(EXPECTED))
            }
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<Printed, Trouble> {
        // A bare name would be searched for in PATH.
        let program =
            if self.path.is_absolute() { self.path.clone() } else { Path::new(".").join(&self.path) };
        let mut command = Command::new(program);
        command.env_remove(SECRET);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let help =
                "does the program of its first line, `#!`, exist? A file of hosts must not be executable";
            (format!("the inventory script cannot be run: {error}"), help.to_owned())
        })?;
        let deadline = Instant::now() + self.limit;
        let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let ended = self.outcome(&mut child, &stdout, &stderr, deadline);
        if ended.is_err() {
            // It may have ended meanwhile; there is nothing to be done about it then.
            let _ = child.kill();
            let _ = child.wait();
        }
        ended
    }

    fn outcome(
        &self,
        child: &mut Child,
        stdout: &Receiver<Vec<u8>>,
        stderr: &Receiver<Vec<u8>>,
        deadline: Instant,
    ) -> Result<Printed, Trouble> {
        let (stdout, stderr) = (self.receive(stdout, deadline)?, self.receive(stderr, deadline)?);
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(Printed { stdout, stderr, status }),
                Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
                Ok(None) => return Err(self.late()),
                Err(error) => {
                    return Err((format!("the inventory script was lost: {error}"), "try again".to_owned()));
                }
            }
        }
    }

    /// What a pipe carried until it was closed.
    fn receive(&self, pipe: &Receiver<Vec<u8>>, deadline: Instant) -> Result<Vec<u8>, Trouble> {
        match pipe.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(bytes) if bytes.len() > MOST_OUTPUT => {
                let help = "is it an inventory script?".to_owned();
                Err(("the inventory script printed more than 64 MiB".to_owned(), help))
            }
            Ok(bytes) => Ok(bytes),
            Err(RecvTimeoutError::Timeout) => Err(self.late()),
            Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
        }
    }

    fn late(&self) -> Trouble {
        let help = "run it by hand to see what it waits for; --inventory-timeout gives it more time";
        let limit = self.limit.as_secs_f64();
        (format!("the inventory script did not end within {limit} s"), help.to_owned())
    }
}

/// Reads a pipe in a thread of its own, which is left behind should it never end.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error counts.
            let _ = pipe.take(MOST_OUTPUT as u64 + 1).read_to_end(&mut bytes);
        }
        // Nobody listens any more once the time is over.
        let _ = sender.send(bytes);
    });
    receiver
}

/// The end of what a script said on stderr, on one line.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.trim().escape_debug().to_string())
        .filter(|line| !line.is_empty())
        .collect();
    let said = lines.join(" / ");
    let skipped = said.chars().count().saturating_sub(MOST_COMPLAINT);
    said.chars().skip(skipped).collect()
}

const EXPECTED: &str = "a script answers --list with a JSON object: {\"web\": {\"hosts\": [\"web-01\"]}, \"_meta\": {\"hostvars\": {}}}";

fn rubbish(source: &Source, why: &serde_json::Error) -> Diagnostic {
    let text = source.as_str();
    let line_start: usize = text.split_inclusive('\n').take(why.line().saturating_sub(1)).map(str::len).sum();
    let at = (line_start + why.column().saturating_sub(1)).min(text.trim_end().len());
    let what = why.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    source.error(at..at + 1, format!("the inventory script printed no JSON: {what}"), "").help(EXPECTED)
}

struct Reader<'s> {
    source: &'s Source,
    draft: &'s mut Draft,
    /// Hosts in the order in which they were named, each once.
    hosts: Vec<(usize, String)>,
    seen: HashSet<usize>,
}

impl Reader<'_> {
    fn group(&mut self, name: &str, data: &Value) -> Result<(), Diagnostic> {
        let group = self.draft.group(name);
        let known = |data: &Map<String, Value>| {
            ["hosts", "vars", "children"].iter().any(|key| data.contains_key(*key))
        };
        match data {
            // An old form: the hosts alone.
            Value::Array(_) => self.hosts(name, group, data),
            // A still older one: a host of the same name, and its variables.
            Value::Object(vars) if !known(vars) => {
                self.hosts(name, group, &Value::from(vec![name]))?;
                self.vars(group, vars)
            }
            Value::Object(sections) => {
                if let Some(hosts) = sections.get("hosts") {
                    self.hosts(name, group, hosts)?;
                }
                if let Some(vars) = sections.get("vars") {
                    let vars = self.object(&format!("{name}.vars"), vars)?;
                    self.vars(group, vars)?;
                }
                for child in self.texts(&format!("{name}.children"), sections.get("children"))? {
                    let child = self.draft.group(child);
                    self.draft.add_child(group, child).map_err(|_| cyclic(self.source, 0..0))?;
                }
                Ok(())
            }
            _ => Err(self.wrong(name, "an object or a list")),
        }
    }

    fn hosts(&mut self, name: &str, group: usize, hosts: &Value) -> Result<(), Diagnostic> {
        for host in self.texts(&format!("{name}.hosts"), Some(hosts))? {
            let group = if name == "ungrouped" { UNGROUPED } else { group };
            let place = add_host(self.source, self.draft, (group, None), host, &(0..0))?;
            if self.seen.insert(place) {
                self.hosts.push((place, host.to_owned()));
            }
        }
        Ok(())
    }

    fn vars(&mut self, group: usize, vars: &Vars) -> Result<(), Diagnostic> {
        for (name, value) in vars {
            let set = self.draft.set_group_var(group, name.clone(), value.clone());
            set.map_err(|why| self.source.whole(why).help("a group's priority is a whole number"))?;
        }
        Ok(())
    }

    fn object<'v>(&self, what: &str, value: &'v Value) -> Result<&'v Map<String, Value>, Diagnostic> {
        value.as_object().ok_or_else(|| self.wrong(what, "an object"))
    }

    fn texts<'v>(&self, what: &str, value: Option<&'v Value>) -> Result<Vec<&'v str>, Diagnostic> {
        let Some(value) = value else { return Ok(Vec::new()) };
        let texts =
            value.as_array().and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        texts.ok_or_else(|| self.wrong(what, "a list of texts"))
    }

    fn wrong(&self, what: &str, expected: &str) -> Diagnostic {
        let title = format!("`{}` is not {expected}", what.escape_debug());
        self.source.whole(title).help(EXPECTED)
    }
}
