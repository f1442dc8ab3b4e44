//! Keeps what a host prints, and no more than that: noise before the first frame is dropped as it comes,
//! and what all hosts of a run keep together is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What every host may have kept, whatever the others do; the largest answers are far smaller.
const FREE: usize = 1 << 20;

/// What all hosts together may have kept beyond that.
const SHARED: u64 = 192 << 20;

/// How much noise is kept, to be quoted where nothing else came.
const NOISE_KEPT: usize = 4 << 10;

/// Memory that the answers of a run share.
#[derive(Debug, Clone)]
pub struct Budget(Arc<AtomicU64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(SHARED)))
    }
}

impl Budget {
    fn take(&self, bytes: u64) -> bool {
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// No room is left for what a host sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// One host's standard output on its way in.
#[derive(Debug)]
pub(super) struct Intake {
    /// The line break and the word with which every frame's line begins.
    marker: Vec<u8>,
    kept: Vec<u8>,
    /// Where in `kept` the first marker is; before that all is noise.
    found: bool,
    /// The beginning of the noise.
    noise: Vec<u8>,
    charged: u64,
    budget: Budget,
}

impl Intake {
    pub(super) fn new(nonce: &str, budget: Budget) -> Self {
        let marker = format!("\n@{nonce} ").into_bytes();
        Self { marker, kept: Vec::new(), found: false, noise: Vec::new(), charged: 0, budget }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.kept.extend_from_slice(bytes);
        if !self.found {
            self.drop_noise();
        }
        let beyond = self.kept.len().saturating_sub(FREE) as u64;
        if beyond > self.charged {
            // Charged in steps: not for every packet.
            let more = (beyond - self.charged).max(FREE as u64);
            if !self.budget.take(more) {
                return Err(Full);
            }
            self.charged += more;
        }
        Ok(())
    }

    fn drop_noise(&mut self) {
        let noise = match memchr::memmem::find(&self.kept, &self.marker) {
            Some(at) => {
                self.found = true;
                at
            }
            // A marker may be on its way.
            None => self.kept.len().saturating_sub(self.marker.len()),
        };
        let room = NOISE_KEPT.saturating_sub(self.noise.len()).min(noise);
        self.noise.extend(self.kept.drain(..noise).take(room));
    }

    /// Whether the probe has said that it is done: nothing that counts can follow.
    pub(super) fn is_done(&self) -> bool {
        let before = self.kept.strip_suffix(b"done\n").filter(|_| self.found);
        before.is_some_and(|before| before.ends_with(&self.marker))
    }

    /// What was kept: the frames, or the beginning of what came in their place.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut kept = std::mem::take(&mut self.kept);
        if !self.found {
            self.noise.append(&mut kept);
            return std::mem::take(&mut self.noise);
        }
        kept
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.budget.give_back(self.charged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_dropped_however_it_is_cut_and_frames_stay_to_the_byte() {
        let frames = b"\n@ab begin dpkg\nnginx\n\n@ab end dpkg 0\n\n@ab done\n";
        let whole = [&vec![b'x'; 100_000][..], frames].concat();
        for size in [1, 3, 7, 1000] {
            let mut intake = Intake::new("ab", Budget::default());
            for piece in whole.chunks(size) {
                assert!(!intake.is_done());
                intake.push(piece).unwrap();
                assert!(intake.kept.len() < 2000);
            }
            assert!(intake.is_done());
            assert_eq!(intake.finish(), frames);
        }
    }

    #[test]
    fn without_frames_the_beginning_of_the_noise_is_kept() {
        let mut intake = Intake::new("ab", Budget::default());
        intake.push(b"This account is not available.\n").unwrap();
        assert_eq!(intake.finish(), b"This account is not available.\n");
    }

    #[test]
    fn what_all_hosts_keep_is_bounded_and_given_back() {
        let budget = Budget(Arc::new(AtomicU64::new(3 << 20)));
        let filled = |budget: &Budget| {
            let mut intake = Intake::new("ab", budget.clone());
            intake.push(b"\n@ab begin dpkg\n").unwrap();
            let pushed = (0..3).all(|_| intake.push(&vec![b'x'; 1 << 20]).is_ok());
            (intake, pushed)
        };
        let (first, fits) = filled(&budget);
        assert!(fits);
        assert!(!filled(&budget).1, "there is no room for a second one");
        drop(first);
        assert!(filled(&budget).1);
    }
}
