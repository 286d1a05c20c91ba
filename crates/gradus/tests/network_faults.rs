//! Networks: files that were changed, results that would meet, interrupted trainings, and what is shown and drawn of them.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{data, gradus, path, text};

/// Trains a small network in a folder, and gives the files of its layers and its weights.
fn trained(folder: &Path, target: &str, table: &Path) -> [PathBuf; 2] {
    let [specification, model] =
        ["network.toml", "network.safetensors"].map(|name| folder.join(name));
    std::fs::write(
        &specification,
        "layers = [\"linear 4\", \"relu\"]\n[training]\nepochs = 3\nlearning-rate = 0.01\n",
    )
    .unwrap();
    let output = gradus(&[
        "train",
        path(&specification),
        path(table),
        "--target",
        target,
        "--out",
        path(&model),
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    [specification, model]
}

#[test]
fn a_file_of_which_a_byte_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let iris = data("iris.csv");
    let [_, model] = trained(folder.path(), "species", &iris);
    let whole = std::fs::read(&model).unwrap();
    let expected = gradus(&["predict", path(&model), path(&iris)]).stdout;
    assert_eq!(text(&expected).lines().count(), 151);
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&model, &bytes).unwrap();
        let output = gradus(&["predict", path(&model), path(&iris)]);
        assert_eq!(
            output.status.code(),
            Some(1),
            "byte {at}: {:?}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
    for length in (0..whole.len()).step_by(whole.len() / 20) {
        std::fs::write(&model, &whole[..length]).unwrap();
        let output = gradus(&["predict", path(&model), path(&iris)]);
        assert_eq!(output.status.code(), Some(1), "{length} bytes");
        assert!(text(&output.stderr).contains("network.safetensors"));
    }
    std::fs::write(&model, &whole).unwrap();
    assert_eq!(
        gradus(&["predict", path(&model), path(&iris)]).stdout,
        expected
    );
}

/// A small file that asks for a network of gigabytes is refused before anything is allocated.
#[test]
fn a_file_that_asks_for_too_much_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let iris = data("iris.csv");
    let [specification, model] = trained(folder.path(), "species", &iris);
    for (layers, sentence) in [
        ("[\"linear 900000000\"]", "e9 weights, and 1e9 are the most"),
        ("[\"linear 1e12\"]", "a whole number from 1 to 1e9"),
        (
            "[\"linear 30000\", \"linear 30000\", \"linear 30000\"]",
            "1e9 are the most",
        ),
        ("[\"linaer 3\"]", "did you mean `linear`?"),
    ] {
        std::fs::write(&specification, format!("layers = {layers}\n")).unwrap();
        let output = gradus(&[
            "train",
            path(&specification),
            path(&iris),
            "--target",
            "species",
        ]);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(
            said.contains(sentence) && said.contains("network.toml"),
            "{said}"
        );
    }
    // The same from a file of weights, whose notes are a part of its header of a length that it says itself.
    let bytes = std::fs::read(&model).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = text(&bytes[8..8 + length]).replace("linear 4", "linear 900000000");
    let mut hostile = (header.len() as u64).to_le_bytes().to_vec();
    hostile.extend(header.as_bytes());
    hostile.extend(&bytes[8 + length..]);
    std::fs::write(&model, hostile).unwrap();
    let output = gradus(&["predict", path(&model), path(&iris)]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}

#[test]
fn results_that_would_meet_in_one_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let iris = data("iris.csv");
    let [specification, model] = trained(folder.path(), "species", &iris);
    let before = std::fs::read(&model).unwrap();
    let roundabout = folder.path().join(".").join("network.safetensors");
    for (first, second) in [("--out", "--history"), ("--history", "--checkpoint")] {
        let output = gradus(&[
            "train",
            path(&specification),
            path(&iris),
            "--target",
            "species",
            first,
            path(&model),
            second,
            path(&roundabout),
        ]);
        assert_eq!(output.status.code(), Some(2));
        let expected = format!("error: {first} and {second} are one file; give each its own\n");
        assert_eq!(text(&output.stderr), expected);
    }
    let over = gradus(&[
        "train",
        path(&specification),
        path(&iris),
        "--target",
        "species",
        "--out",
        path(&specification),
    ]);
    assert_eq!(over.status.code(), Some(2));
    assert_eq!(std::fs::read(&model).unwrap(), before);
}

#[test]
fn a_network_is_shown_drawn_and_measured_like_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let cells = data("breast_cancer.csv");
    let [_, model] = trained(folder.path(), "diagnosis", &cells);
    let shown = text(&gradus(&["show", path(&model)]).stdout);
    assert!(
        shown.starts_with("network for diagnosis\nclasses: benign, malignant\n"),
        "{shown}"
    );
    // 30 columns to 4 units, and these to one.
    assert!(shown.contains("124") && shown.contains("129"), "{shown}");
    let account = common::json(&["show", path(&model), "--format", "json"]);
    assert_eq!(account["parameters"], 129);
    for kind in ["roc", "precision-recall", "calibration", "confusion"] {
        let output = gradus(&["plot", kind, path(&model), path(&cells)]);
        assert!(output.status.success(), "{kind}: {}", text(&output.stderr));
        assert!(
            text(&output.stdout).contains("network for diagnosis, 569 observations"),
            "{kind}"
        );
    }
    let forest = gradus(&["plot", "boundary", path(&model), path(&cells)]);
    assert!(text(&forest.stderr).contains("is a network, and boundary is for models"));
}

/// Ctrl-C at ten moments of a training that writes a checkpoint after every epoch: nothing but whole files is left.
#[cfg(unix)]
#[test]
fn an_interrupted_training_leaves_no_temporary_files() {
    let folder = tempfile::tempdir().unwrap();
    let digits = data("digits.csv");
    let specification = folder.path().join("network.toml");
    std::fs::write(
        &specification,
        "layers = [\"linear 16\"]\n[training]\nepochs = 100000\nearly-stopping = 0\n",
    )
    .unwrap();
    let results = folder.path().join("results");
    std::fs::create_dir(&results).unwrap();
    for moment in 1..=10 {
        let mut training = Command::new(env!("CARGO_BIN_EXE_gradus"))
            .args([
                "train",
                path(&specification),
                path(&digits),
                "--target",
                "digit",
            ])
            .args(["--checkpoint", path(&results.join("state.ck"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(100 + 37 * moment));
        let killed = Command::new("kill")
            .args(["-INT", &training.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(training.wait().unwrap().code(), Some(130));
        for file in std::fs::read_dir(&results).unwrap() {
            assert_eq!(file.unwrap().file_name(), "state.ck");
        }
    }
}
