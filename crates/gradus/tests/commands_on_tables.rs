//! `describe`, `evaluate`, `show`, `train`: what they print, and what they refuse.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn gradus(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output) -> String {
    // 2 where the arguments themselves are at fault.
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The value of a measure in the CSV of `evaluate`.
fn measure(csv: &str, name: &str) -> f64 {
    let line = csv
        .lines()
        .find(|line| line.starts_with(&format!("{name},")));
    line.unwrap().split(',').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_table_is_described() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("t.csv"),
        "hours,city,none\n1,Lima,\n2,Lima,\n,Basel,\n4,Basel,\n",
    )
    .unwrap();
    let table = text(&gradus(folder.path(), &["describe", "t.csv"]));
    assert!(table.starts_with("4 rows, 3 columns\n"), "{table}");
    assert!(
        table.contains("2 levels: Basel (2), Lima (2)") && !table.contains("NaN ±"),
        "{table}"
    );
    let csv = text(&gradus(
        folder.path(),
        &["describe", "t.csv", "--format", "csv"],
    ));
    assert!(
        csv.contains("hours,number,3,1,2.3333333333333335,"),
        "{csv}"
    );
    let json: serde_json::Value = serde_json::from_str(&text(&gradus(
        folder.path(),
        &["describe", "t.csv", "--format", "json"],
    )))
    .unwrap();
    assert_eq!(json["columns"][0]["missing"], 1);
    // The same from standard input.
    let mut child = Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(["describe", "-", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = fs::read(folder.path().join("t.csv")).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap()), csv);
    assert!(refused(&gradus(folder.path(), &["describe", "nothing.csv"])).contains("nothing.csv"));
}

#[test]
fn grouped_rows_are_evaluated_like_the_rows_they_stand_for() {
    let folder = tempfile::tempdir().unwrap();
    let counts = [(0, 4, 1), (1, 5, 2), (2, 6, 5), (3, 7, 3), (4, 9, 8)];
    let mut grouped = vec!["x,n,k".to_owned()];
    let mut single = vec!["x,k".to_owned()];
    for (x, n, k) in counts {
        grouped.push(format!("{x},{n},{k}"));
        single.extend((0..n).map(|i| format!("{x},{}", i32::from(i < k))));
    }
    let (grouped, single) = (grouped.join("\n"), single.join("\n"));
    fs::write(folder.path().join("grouped.csv"), grouped).unwrap();
    fs::write(folder.path().join("single.csv"), single).unwrap();
    let of = |file: &str, more: &[&str]| {
        let model = format!("{file}.json");
        let fit = [&["fit", file, "--target", "k", "--out", &model], more].concat();
        text(&gradus(folder.path(), &fit));
        text(&gradus(
            folder.path(),
            &["evaluate", &model, file, "--format", "csv"],
        ))
    };
    let (a, b) = (of("grouped.csv", &["--trials", "n"]), of("single.csv", &[]));
    for name in [
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier_score",
        "accuracy",
        "f1",
        "matthews",
    ] {
        let (a, b) = (measure(&a, name), measure(&b, name));
        assert!((a - b).abs() < 1e-9, "{name}: {a} {b}");
    }
}

#[test]
fn models_are_shown_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let data = common::data("nba_rookie_draft.csv");
    let data = data.to_str().unwrap();
    text(&gradus(
        folder.path(),
        &["fit", data, "--target", "draft", "--out", "m.json"],
    ));
    let evaluated = text(&gradus(folder.path(), &["evaluate", "m.json", data]));
    assert!(
        evaluated.starts_with("12 observations\n")
            && evaluated.contains("true class by predicted class"),
        "{evaluated}"
    );
    let csv = text(&gradus(
        folder.path(),
        &["evaluate", "m.json", data, "--format", "csv"],
    ));
    // −ℓ/n of the fit is the log loss.
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("m.json")).unwrap()).unwrap();
    let loss = -json["log_likelihood"].as_f64().unwrap() / 12.0;
    assert!((measure(&csv, "log_loss") - loss).abs() < 1e-12);
    let shown = text(&gradus(folder.path(), &["show", "m.json"]));
    assert!(
        shown.contains("assist") && shown.contains("CAUTION events"),
        "{shown}"
    );
    let before = fs::read(folder.path().join("m.json")).unwrap();
    assert!(
        refused(&gradus(
            folder.path(),
            &["show", "m.json", "--out", "m.json"]
        ))
        .contains("m.json")
    );
    assert_eq!(fs::read(folder.path().join("m.json")).unwrap(), before);
    let coefficients = text(&gradus(
        folder.path(),
        &["fit", data, "--target", "draft", "--format", "csv"],
    ));
    assert!(
        coefficients.starts_with("coefficient,estimate,std_error")
            && coefficients.lines().count() == 5
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&gradus(folder.path(), &["completions", shell])).contains("evaluate"));
    }
    assert!(text(&gradus(folder.path(), &["man"])).contains(".TH gradus"));
}

#[test]
fn a_wald_statistic_far_below_its_likelihood_ratio_is_a_caution() {
    // Hauck and Donner: classes that are all but separated.
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "x,y\n".to_owned();
    for _ in 0..198 {
        csv += "-1,0\n1,1\n";
    }
    csv += "-0.01,1\n0.01,0\n-0.01,0\n0.01,1\n-0.01,1\n0.01,0\n";
    fs::write(folder.path().join("t.csv"), csv).unwrap();
    let table = text(&gradus(folder.path(), &["fit", "t.csv", "--target", "y"]));
    assert!(
        table.contains("CAUTION, wald: the squared Wald statistic of `x`"),
        "{table}"
    );
}

const NETWORK: &str = "layers = [\"linear 16\", \"relu\"]\n[training]\nepochs = 60\nlearning-rate = 0.02\nschedule = \"cosine\"\n";

#[test]
fn a_network_is_trained_and_used_like_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let data = common::data("iris.csv");
    let data = data.to_str().unwrap();
    fs::write(folder.path().join("n.toml"), NETWORK).unwrap();
    let train = [
        "train",
        "n.toml",
        data,
        "--target",
        "species",
        "--out",
        "n.safetensors",
        "--history",
        "h.csv",
    ];
    let table = text(&gradus(folder.path(), &train));
    assert!(
        table.contains("Linear(16 -> 3)") && table.contains("131 parameters"),
        "{table}"
    );
    assert!(
        fs::read_to_string(folder.path().join("h.csv"))
            .unwrap()
            .starts_with("epoch,steps,learning_rate,loss,validation_loss,accuracy\n")
    );
    let first = fs::read(folder.path().join("n.safetensors")).unwrap();
    text(&gradus(folder.path(), &train));
    assert_eq!(
        fs::read(folder.path().join("n.safetensors")).unwrap(),
        first,
        "the same seed gives the same file"
    );
    let csv = text(&gradus(
        folder.path(),
        &["evaluate", "n.safetensors", data, "--format", "csv"],
    ));
    assert!(
        measure(&csv, "accuracy") > 0.94 && measure(&csv, "log_loss") < 0.2,
        "{csv}"
    );
    let predictions = text(&gradus(folder.path(), &["predict", "n.safetensors", data]));
    assert!(predictions.starts_with(
        "probability_setosa,probability_versicolor,probability_virginica,prediction\n"
    ));
    assert_eq!(predictions.lines().count(), 151);
    // A number, in its own units.
    let progress = common::data("diabetes_progression.csv");
    let progress = progress.to_str().unwrap();
    let header = fs::read_to_string(progress).unwrap();
    let target = header
        .lines()
        .next()
        .unwrap()
        .rsplit(',')
        .next()
        .unwrap()
        .to_owned();
    text(&gradus(
        folder.path(),
        &[
            "train",
            "n.toml",
            progress,
            "--target",
            &target,
            "--out",
            "d.safetensors",
            "--quiet",
        ],
    ));
    let csv = text(&gradus(
        folder.path(),
        &["evaluate", "d.safetensors", progress, "--format", "csv"],
    ));
    assert!(measure(&csv, "r2") > 0.4, "{csv}");
}

#[test]
fn specifications_and_files_of_networks_that_cannot_be_used_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = common::data("iris.csv");
    let data = data.to_str().unwrap();
    for (toml, said) in [
        ("layers = [\"linear\"]", "layer 1: \"linear\" has 0 numbers"),
        ("layers = [\"linear 1e12\"]", "a whole number from 1"),
        ("layers = [\"lstm 4\"]", "there is no layer \"lstm\""),
        ("layers = [\"relu 4\"]", "has 1 numbers"),
        ("layers = [\"lstm\"]", "there is no layer \"lstm\""),
        ("layers = [\"dropout 1\"]", "at least 0 and below 1"),
        ("layer = []", "unknown field `layer`"),
        ("layers = [\"relu\"", "n.toml"),
        ("[training]\nepochs = 0", "train for at least one"),
        (
            "[training]\nlearning-rate = -1.0",
            "training.learning-rate is -1",
        ),
        ("[training]\noptimiser = \"lbfgs\"", "there are adam"),
        ("[training]\nschedule = \"step 10\"", "there are constant"),
        ("[training]\nvalidation = 1.5", "a share of the rows"),
    ] {
        fs::write(folder.path().join("n.toml"), toml).unwrap();
        let error = refused(&gradus(
            folder.path(),
            &["train", "n.toml", data, "--target", "species"],
        ));
        assert!(error.contains(said), "{toml}: {error}");
    }
    fs::write(folder.path().join("n.toml"), NETWORK).unwrap();
    let error = refused(&gradus(
        folder.path(),
        &["train", "n.toml", data, "--target", "specie"],
    ));
    assert!(error.contains("species"), "{error}");
    text(&gradus(
        folder.path(),
        &[
            "train",
            "n.toml",
            data,
            "--target",
            "species",
            "--out",
            "n.safetensors",
            "--quiet",
        ],
    ));
    let good = fs::read(folder.path().join("n.safetensors")).unwrap();
    for bytes in [&good[..good.len() / 2], &good[..40]] {
        fs::write(folder.path().join("n.safetensors"), bytes).unwrap();
        let error = refused(&gradus(folder.path(), &["predict", "n.safetensors", data]));
        assert!(
            error.contains("this is not a network that `gradus train --out` wrote"),
            "{error}"
        );
    }
}
