//! What earlier runs saw and found: answers kept as they came and read back as they were read, and what became of
//! each finding since.
//!
//! An answer is kept section by section, so that hosts and runs that say the same share it, and so that whatever
//! reads answers today reads those of a year ago. Nothing here opens a store, asks a host, or prints.

mod answer;
mod context;
mod facts;
mod outcome;
mod recall;
mod story;

pub use answer::{Piece, fault_of, fault_text, pieces};
pub use context::{Context, Unusable};
pub use facts::{About, Difference, Differences, Facts};
pub use outcome::{Found, Outcome, Stood};
pub use recall::{Aspect, Recalled, Shared, answered, recall};
pub use story::{Change, Past, Resolved, Story};
