//! What the tests of the program share: running it, its data, and what it wrote.
#![allow(dead_code, reason = "each file of tests uses a part of these")]

pub mod blocks;
pub mod html;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A file of the workspace's `data` folder.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data")
        .join(name)
}

/// The program run with these arguments to its end.
pub fn gradus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// What a command that must succeed printed, as JSON.
#[track_caller]
pub fn json(arguments: &[&str]) -> Value {
    let output = gradus(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
