//! Fits that are killed go on from their checkpoint.

mod common;

use std::fs;
use std::process::Command;

use common::blocks::{result, table};
use common::{gradus, path, text};
use serde_json::Value;

#[test]
fn a_fit_that_is_killed_goes_on_from_its_checkpoint_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let file = table(folder.path(), "t.csv", 0..15_000, false);
    let checkpoint = folder.path().join("fit.journal");
    let all = ["fit", path(&file), "--target", "y", "--cv", "3"];
    let all = [&all[..], &["--l2", "1", "--format", "json"]].concat();
    let whole = gradus(&all);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let whole: Value = serde_json::from_slice(&whole.stdout).unwrap();
    let all = [&all[..], &["--checkpoint", path(&checkpoint)]].concat();
    for bytes in [1, 20_000, 100_000] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gradus"))
            .args(&all)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while fs::metadata(&checkpoint).map_or(0, |data| data.len()) < bytes {
            assert!(child.try_wait().unwrap().is_none(), "ended before {bytes}");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(checkpoint.exists());
    }
    // Of another fit it is refused, and stays.
    let other = gradus(&[&all[..], &["--seed", "2"]].concat());
    assert_eq!(other.status.code(), Some(1));
    assert!(
        text(&other.stderr).contains("fit.journal: it is the journal of another fit"),
        "{}",
        text(&other.stderr)
    );
    let out = gradus(&[&all[..], &["--threads", "1"]].concat());
    let said = text(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("the fit goes on after"), "{said}");
    let again: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(result(&again), result(&whole));
    assert_eq!(again["l2"], whole["l2"]);
    assert!(!checkpoint.exists());
    // What cannot be delivered is not forgotten.
    let nowhere = folder.path().join("no/model.json");
    let out = gradus(&[&all[..], &["--out", path(&nowhere)]].concat());
    assert!(!out.status.success() && checkpoint.exists());
    let out = gradus(&all);
    assert!(text(&out.stderr).contains("the fit goes on after"));
    assert!(out.status.success() && !checkpoint.exists());
    // The data and the model are not to be lost by a slip.
    let model = folder.path().join("model.json");
    let twice = ["--out", path(&model), "--checkpoint", path(&model)];
    let out = gradus(&[&["fit", path(&file), "--target", "y"], &twice[..]].concat());
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    let out = gradus(&[
        "fit",
        path(&file),
        "--target",
        "y",
        "--checkpoint",
        path(&file),
    ]);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert!(fs::metadata(&file).unwrap().len() > 100_000);
}
