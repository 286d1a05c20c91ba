//! A disk on which nothing can be written, and programs killed while they write: the old file is whole, no other file is left, and
//! a sentence names the file.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{data, gradus, path, text};

const OLD: &str = "what was here before";

/// The program under a limit on the size of files, in blocks of the shell: writing beyond it fails, as on a full disk, or kills the
/// program by a signal.
fn limited(arguments: &[&str], blocks: usize, killed: bool) -> Output {
    let trap = if killed { "" } else { "trap '' XFSZ; " };
    Command::new("sh")
        .arg("-c")
        .arg(format!("{trap}ulimit -f {blocks}; exec \"$0\" \"$@\""))
        .arg(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .output()
        .unwrap()
}

struct Case {
    arguments: Vec<String>,
    result: PathBuf,
}

/// Every command that writes a file, each with a file of its own.
fn cases(folder: &Path) -> Vec<Case> {
    let [players, cells] = ["nba_rookie_draft.csv", "breast_cancer.csv"].map(data);
    let (model, network) = (
        folder.join("model.json"),
        folder.join("network.safetensors"),
    );
    let specification = folder.join("network.toml");
    std::fs::write(
        &specification,
        "layers = [\"linear 3\"]\n[training]\nepochs = 2\n",
    )
    .unwrap();
    let made = gradus(&[
        "fit",
        path(&players),
        "--target",
        "draft",
        "--out",
        path(&model),
    ]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made = gradus(&[
        "train",
        path(&specification),
        path(&cells),
        "--target",
        "diagnosis",
        "--out",
        path(&network),
    ]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let (model, network) = (path(&model), path(&network));
    let (players, cells, specification) = (path(&players), path(&cells), path(&specification));
    let fit = ["fit", players, "--target", "draft"];
    let train = ["train", specification, cells, "--target", "diagnosis"];
    let lists: Vec<(Vec<&str>, &str, &str)> = vec![
        (fit.to_vec(), "--out", "m.json"),
        (fit.to_vec(), "--report", "r.html"),
        (vec!["predict", model, players], "--out", "p.csv"),
        (vec!["evaluate", model, players], "--out", "e.txt"),
        (vec!["show", model], "--out", "s.txt"),
        (vec!["describe", players], "--out", "d.txt"),
        (vec!["plot", "roc", model, players], "--out", "roc.svg"),
        (vec!["plot", "roc", model, players], "--out", "roc.png"),
        (vec!["export", model, "--format", "sql"], "--out", "x.sql"),
        (vec!["export", model, "--format", "onnx"], "--out", "x.onnx"),
        (
            vec!["export", network, "--format", "onnx"],
            "--out",
            "n.onnx",
        ),
        (train.to_vec(), "--out", "n.safetensors"),
        (train.to_vec(), "--history", "h.csv"),
    ];
    let results = folder.join("results");
    std::fs::create_dir(&results).unwrap();
    lists
        .into_iter()
        .map(|(mut arguments, option, name)| {
            let result = results.join(name);
            let own = path(&result).to_owned();
            arguments.extend([option, &own]);
            let arguments = arguments.into_iter().map(str::to_owned).collect();
            Case { arguments, result }
        })
        .collect()
}

#[test]
fn a_full_disk_leaves_the_old_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    for Case { arguments, result } in cases(folder.path()) {
        std::fs::write(&result, OLD).unwrap();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = limited(&arguments, 0, false);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains(path(&result)) && said.contains("cannot be written"),
            "{said}"
        );
        assert_eq!(
            std::fs::read_to_string(&result).unwrap(),
            OLD,
            "{arguments:?}"
        );
        let left = std::fs::read_dir(result.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "{arguments:?}");
        // With room it is written.
        let output = gradus(&arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert_ne!(std::fs::read(&result).unwrap(), OLD.as_bytes());
        std::fs::remove_file(&result).unwrap();
    }
}

/// The signal comes in the middle of a write: after the first block of a file that needs more.
#[test]
fn a_program_that_dies_while_it_writes_leaves_the_old_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    for Case { arguments, result } in cases(folder.path()) {
        std::fs::write(&result, OLD).unwrap();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = limited(&arguments, 0, true);
        assert_eq!(output.status.code(), None, "{arguments:?}");
        assert_eq!(
            std::fs::read_to_string(&result).unwrap(),
            OLD,
            "{arguments:?}"
        );
        std::fs::remove_file(&result).unwrap();
    }
}
