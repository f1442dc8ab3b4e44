//! Keeps what hosts answer while a round lasts, in a thread of its own: no host waits for the disk, and what is kept
//! is durable before the next host's answer is.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use driftless::collect::Heard;
use driftless::history::{Piece, fault_text, pieces};
use driftless::inventory::Inventory;
use driftless::store::{self, Part, Seen};
use jiff::Timestamp;

use super::Memory;
use crate::cli::failure::Failure;

/// So many answers may wait for the disk; then the round waits, too.
const WAITING: usize = 256;

/// A host's answer on its way to the store.
struct Answer {
    host: String,
    at: Timestamp,
    took: Duration,
    fault: Option<String>,
    pieces: Vec<Piece>,
}

/// What keeps a run.
pub(crate) struct Keeper {
    sender: SyncSender<Answer>,
    thread: JoinHandle<(Memory, Result<(), store::Error>)>,
}

impl Keeper {
    /// Begins to keep a run that the store knows.
    pub(crate) fn start(memory: Memory, run: &str) -> Result<Self, Failure> {
        let (sender, receiver) = sync_channel(WAITING);
        let run = run.to_owned();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || keep(memory, &run, &receiver))
            .map_err(|error| Failure::new(format!("this machine lets no more threads run: {error}")))?;
        Ok(Self { sender, thread })
    }

    /// Keeps what a host answered.
    pub(crate) fn keep(&self, heard: &Heard<'_>, inventory: &Inventory) {
        let Some(host) = inventory.host(heard.host) else { return };
        let answer = Answer {
            host: host.name.clone(),
            at: heard.at,
            took: heard.took,
            fault: heard.fault.map(fault_text),
            pieces: pieces(heard.stdout, heard.stderr, heard.request),
        };
        // Where the thread has ended, what ended it is told at the end.
        let _ = self.sender.send(answer);
    }

    /// Waits until everything is kept; what went wrong is told beside the store.
    pub(crate) fn finish(self) -> Result<(Memory, Result<(), store::Error>), Failure> {
        drop(self.sender);
        self.thread.join().map_err(|_| Failure::new("the thread that keeps answers ended early"))
    }
}

/// Keeps answers as they come, those that wait in one go. After an error nothing more is kept, and nothing waits.
fn keep(mut memory: Memory, run: &str, answers: &Receiver<Answer>) -> (Memory, Result<(), store::Error>) {
    let mut result = Ok(());
    while let Ok(first) = answers.recv() {
        let batch: Vec<Answer> = std::iter::once(first).chain(answers.try_iter().take(WAITING)).collect();
        if result.is_ok() {
            result = record(&mut memory, run, &batch);
        }
    }
    (memory, result)
}

fn record(memory: &mut Memory, run: &str, batch: &[Answer]) -> Result<(), store::Error> {
    let parts: Vec<Vec<Part<'_>>> = batch
        .iter()
        .map(|answer| {
            let each = answer.pieces.iter();
            each.map(|piece| Part { name: &piece.name, status: piece.status, bytes: &piece.bytes }).collect()
        })
        .collect();
    let seen: Vec<Seen<'_>> = batch
        .iter()
        .zip(&parts)
        .map(|(answer, parts)| Seen {
            host: &answer.host,
            at: answer.at,
            took: answer.took,
            fault: answer.fault.as_ref().map(String::as_bytes),
            parts,
        })
        .collect();
    memory.store.record(run, &seen)
}
