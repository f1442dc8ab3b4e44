//! Checksums. SQLite checks no page, so every row carries a checksum of all its fields and of its key, and whoever
//! has children carries their number and the sum of their checksums: a row that is changed, lost or out of date shows.
//!
//! They are against damage, not against somebody who may write the file: the first 47 bits of a SHA-256, which SQLite
//! keeps in six bytes. One damaged row in 10^14 would pass.

use ring::digest::{Context, SHA256, digest};

/// A checksum in the making. Every field is framed, so that no two lists of fields read the same.
pub(super) struct Check(Context);

impl Check {
    /// Rows of different tables never have the same checksum.
    pub(super) fn of(table: &str) -> Self {
        Self(Context::new(&SHA256)).text(table)
    }

    #[must_use]
    pub(super) fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    #[must_use]
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    #[must_use]
    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn done(self) -> i64 {
        first_bits(self.0.finish().as_ref(), 47)
    }
}

/// SHA-256.
pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The number under which bytes with this hash are looked up. Bytes that have the same one are compared, so that
/// nobody gains from making some.
pub(super) fn key(hash: &[u8; 32]) -> i64 {
    first_bits(hash, 64)
}

fn first_bits(hash: &[u8], bits: u32) -> i64 {
    let first = hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    (first >> (64 - bits)).cast_signed()
}
