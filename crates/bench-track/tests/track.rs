//! The program over messages that were kept: runs are stored, compared and drawn, and a slowed kernel fails.

use std::path::Path;
use std::process::{Command, Output};

/// Messages of one bench program, with its reference, as cargo-criterion prints them.
fn messages(exp: f64, sum: f64, speed: f64) -> String {
    let line = |id: &str, median: f64| {
        format!(
            r#"{{"reason":"benchmark-complete","id":"{id}","report_directory":"r","iteration_count":[1],"measured_values":[1.0],"unit":"ns","throughput":[],"typical":null,"median":{{"estimate":{median},"lower_bound":{},"upper_bound":{},"unit":"ns"}},"change":null}}"#,
            0.99 * median,
            1.01 * median
        )
    };
    [
        line("linalg-kernels_f64/exp/4096", exp * speed),
        line("linalg-kernels_f64/read/4096", sum * speed),
        "a line that a bench program printed".to_owned(),
        line("reference/polynomial", 10_000.0 * speed),
        r#"{"reason":"group-complete","group_name":"reference","benchmarks":["reference/polynomial"],"report_directory":"r"}"#.to_owned(),
    ]
    .join("\n")
}

fn record(folder: &Path, text: &str) -> Output {
    let file = folder.join("messages.json");
    std::fs::write(&file, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_bench-track"))
        .arg("--history")
        .arg(folder.join("history"))
        .arg("record")
        .arg(&file)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn runs_are_stored_compared_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let first = record(folder.path(), &messages(5000.0, 400.0, 1.0));
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    assert!(said(&first).contains("3 benchmarks of"));
    assert!(said(&first).contains("there is no earlier run"));
    // Twice as slow a machine: times double, ratios stay.
    let second = record(folder.path(), &messages(5100.0, 396.0, 2.0));
    assert_eq!(second.status.code(), Some(0), "{second:?}");
    assert!(said(&second).ends_with("0 slower, 0 faster, 2 the same\n"));
    // One kernel by half slower.
    let third = record(folder.path(), &messages(7600.0, 398.0, 1.0));
    assert_eq!(third.status.code(), Some(1));
    assert!(said(&third).contains("SLOWER   1.490 times  linalg-kernels_f64/exp/4096"));
    let history: Vec<_> = std::fs::read_dir(folder.path().join("history"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let lines = history
        .iter()
        .find(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let text = std::fs::read_to_string(lines.unwrap()).unwrap();
    assert_eq!(text.lines().count(), 3);
    let folder_of_pictures = history.iter().find(|path| path.is_dir()).unwrap();
    let picture = folder_of_pictures.join("linalg-kernels_f64.svg");
    let svg = std::fs::read_to_string(picture).unwrap();
    assert!(svg.contains("time / time of the reference") && svg.contains("exp/4096"));
}

#[test]
fn what_is_wrong_with_a_run_is_said_and_nothing_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let without = messages(1.0, 1.0, 1.0).replace("reference/polynomial", "something/else");
    let output = record(folder.path(), &without);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("the reference `reference/polynomial` was not measured"),
        "{error}"
    );
    assert!(!folder.path().join("history").exists());
}
