//! Tables and settings that nobody means: the program answers in time, with a sentence or with numbers, and never dies.

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{path, text};

/// The program with a limit of time and of memory (4 GB of addresses, where the shell can set it).
fn limited(arguments: &[&str]) -> Output {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -v 4000000 2> /dev/null; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let errors = text(&output.stderr);
    let code = output.status.code();
    assert!(
        matches!(code, Some(0..=3)),
        "{arguments:?} ends with {code:?}: {errors}"
    );
    assert!(code == Some(0) || !errors.is_empty(), "{arguments:?}");
    output
}

/// Writes a table.
fn table(folder: &Path, rows: usize, header: &str, row: impl Fn(usize) -> String) -> String {
    let file = folder.join("table.csv");
    let mut lines = format!("{header}\n");
    for i in 0..rows {
        let _ = writeln!(lines, "{}", row(i));
    }
    std::fs::write(&file, lines).unwrap();
    path(&file).to_owned()
}

#[test]
fn targets_that_do_not_vary_or_are_made_of_the_columns() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| path(&folder.path().join(name)).to_owned();
    let (report, model) = (file("report.html"), file("model.json"));
    for family in [
        "gaussian",
        "gamma",
        "inverse-gaussian",
        "tweedie",
        "poisson",
        "huber",
        "quantile",
    ] {
        for target in [
            |_| 2.0,
            |x: f64| 1.0 + x,
            |x: f64| (0.1 * x).exp(),
            |x: f64| 1e155 * (1.0 + x),
        ] {
            let csv = table(folder.path(), 40, "x,y", |i| {
                let x = (i * 7 % 11) as f64;
                format!("{x},{}", target(x))
            });
            let fit = limited(&[
                "fit", &csv, "--target", "y", "--family", family, "--report", &report, "--out",
                &model,
            ]);
            // What was written belongs to its own file.
            if fit.status.success() && !["huber", "quantile"].contains(&family) {
                let again = limited(&["diagnose", &model, &csv]);
                let errors = text(&again.stderr);
                assert!(!errors.contains("was changed"), "{family}: {errors}");
            }
        }
    }
}

#[test]
fn terms_of_many_columns() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=30).map(|j| format!("c{j}")).collect();
    let header = format!("y,{}", names.join(","));
    let csv = table(folder.path(), 40, &header, |i| {
        let levels = (0..30).map(|j| if (i >> (j % 5)) % 2 == 0 { "a" } else { "b" });
        format!("{},{}", i % 7, levels.collect::<Vec<_>>().join(","))
    });
    let output = limited(&[
        "fit",
        &csv,
        "--family",
        "gaussian",
        "--formula",
        &format!("y ~ {}", names.join(":")),
    ]);
    assert!(!output.status.success());
    let csv = table(folder.path(), 4000, "y,a,b,c", |i| {
        format!(
            "{},l{},m{},n{}",
            i % 7,
            i % 2000,
            i * 7 % 2000,
            i * 11 % 2000
        )
    });
    let output = limited(&[
        "fit",
        &csv,
        "--family",
        "gaussian",
        "--formula",
        "y ~ a:b:c",
    ]);
    assert!(!output.status.success());
}

#[test]
fn batches_of_one_row_and_normalisation() {
    let folder = tempfile::tempdir().unwrap();
    let csv = table(folder.path(), 33, "x,y", |i| format!("{},{}", i % 5, i % 3));
    let specification = folder.path().join("network.toml");
    for size in [1, 2, 5, 25, 26, 33] {
        let toml = format!(
            "layers = [\"linear 4\", \"batch-norm\", \"relu\"]\n[training]\nepochs = 3\nbatch-size = {size}\n"
        );
        std::fs::write(&specification, toml).unwrap();
        let output = limited(&["train", path(&specification), &csv, "--target", "y"]);
        assert_eq!(
            output.status.success(),
            size > 1,
            "{size}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn weights_in_the_billions_and_extreme_columns() {
    let folder = tempfile::tempdir().unwrap();
    let csv = table(folder.path(), 40, "x,y,w", |i| {
        format!("{},{},1e15", i % 5, (i * 7 % 11) % 4)
    });
    let output = limited(&[
        "fit",
        &csv,
        "--target",
        "y",
        "--family",
        "quasipoisson",
        "--weights",
        "w",
        "--format",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for c in document["coefficients"].as_array().unwrap() {
        let end = |name: &str| c[name].as_f64().unwrap();
        assert!(
            end("conf_low") <= end("estimate") && end("estimate") <= end("conf_high"),
            "{c}"
        );
    }
    let csv = table(folder.path(), 40, "x,y", |i| {
        format!("{},{}", [1.7e308, -1.7e308, 3e-320, 0.0][i % 4], i % 2)
    });
    let described = limited(&["describe", &csv, "--format", "json"]);
    let described = text(&described.stdout);
    assert!(
        !described.contains("inf") && !described.contains("NaN"),
        "{described}"
    );
    limited(&["fit", &csv, "--target", "y"]);
}
