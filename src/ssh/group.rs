//! A program and whatever it starts, ended together: a shell's children outlive it otherwise.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// The processes of a program that leads a group of its own; they are ended when this is dropped.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Lets a program lead a group, before it is started.
    pub(super) fn prepare(command: &mut Command) {
        command.process_group(0).kill_on_drop(true);
    }

    /// The group of a program that was started so.
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Where nobody is left there is nobody to end.
            let _ = kill_process_group(leader, Signal::TERM);
        }
    }
}
