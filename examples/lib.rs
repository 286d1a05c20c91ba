//! The examples stand beside this file, one task each: `cargo run --release --example student_hours`.
//! `tests/` runs the same code and compares every figure with the tutorials'.
//!
//! The Rust snippets of the workspace's README, CONTRIBUTING and notes are compiled and run as tests of this package.

/// README.md of the workspace.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// CONTRIBUTING.md of the workspace.
#[cfg(doctest)]
#[doc = include_str!("../CONTRIBUTING.md")]
pub struct Contributing;
