//! The examples stand beside this file, one task each: `cargo run --release --example student_hours`.
//! `tests/` runs the same code and compares every figure with the tutorials'.
//!
//! The same files are modules of this library, so that `gradus tutorial NAME` tells them, too.
//!
//! The Rust snippets of the workspace's README and CONTRIBUTING are compiled and run as tests of this package.

/// README.md of the workspace.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// CONTRIBUTING.md of the workspace.
#[cfg(doctest)]
#[doc = include_str!("../CONTRIBUTING.md")]
pub struct Contributing;

pub mod diabetes;
pub mod gradient_accumulation;
pub mod linear_regression;
pub mod manual_seed;
pub mod nba_rookie;
pub mod pictures;
pub mod student_hours;
mod tutorial;
pub mod two_layer_net;

pub use tutorial::{TUTORIALS, Tutorial};
