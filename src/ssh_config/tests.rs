//! Odd configurations.
