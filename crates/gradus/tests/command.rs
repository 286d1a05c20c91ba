//! The binary as a user runs it: results, faults, exit codes, and files that are whole or not there.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data")
        .join(name)
}

fn gradus(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gradus"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_main_command_prints_its_table() {
    let output = gradus(&[
        "fit",
        path(&data("nba_rookie_draft.csv")),
        "--target",
        "draft",
    ]);
    assert!(output.status.success());
    let table = text(&output.stdout);
    let expected = "\
Logistic regression: probability that draft = 1, 12 observations

coefficient     estimate   std. error        z         p        2.5 %       97.5 %
(intercept)     -3.68118      4.49944   -0.818    0.4133     -12.4999      5.13757
avg_score      -0.112828     0.214878   -0.525    0.5995    -0.533980     0.308324
rebound         0.395684     0.502709    0.787    0.4312    -0.589607      1.38097
assist          0.679539     0.593349    1.145    0.2521    -0.483403      1.84248

log-likelihood -5.942766   deviance 11.885533   null deviance 16.635532
AIC 19.8855   BIC 21.8252
certificate: converged after ";
    assert!(table.starts_with(expected), "{table}");
    assert!(output.stderr.is_empty());
}

#[test]
fn json_has_schema_1() {
    let output = gradus(&[
        "fit",
        path(&data("nba_rookie_draft.csv")),
        "--target",
        "4",
        "--format",
        "json",
    ]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (field, expected) in [
        ("schema", "1"),
        ("family", "\"binomial\""),
        ("link", "\"logit\""),
        ("target", "\"draft\""),
        ("observations", "12"),
    ] {
        assert_eq!(json[field].to_string(), expected);
    }
    for field in ["log_likelihood", "deviance", "null_deviance", "aic", "bic"] {
        assert!(json[field].is_f64(), "{field}");
    }
    let names: Vec<&str> = json["coefficients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["(intercept)", "avg_score", "rebound", "assist"]);
    for field in [
        "estimate",
        "std_error",
        "statistic",
        "p_value",
        "conf_low",
        "conf_high",
    ] {
        assert!(json["coefficients"][3][field].is_f64(), "{field}");
    }
    assert_eq!(json["certificate"]["status"], "converged");
    assert!(json["certificate"]["iterations"].as_u64().unwrap() < 20);
    assert!(json["certificate"]["gradient_max"].as_f64().unwrap() < 1e-10);
}

#[test]
fn a_model_is_saved_and_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = data("nba_rookie_draft.csv");
    let fitted = gradus(&[
        "fit",
        path(&file),
        "--target",
        "draft",
        "--features",
        "assist,rebound",
        "--l2",
        "0.1",
        "--out",
        path(&model),
    ]);
    assert!(fitted.status.success(), "{}", text(&fitted.stderr));
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&model).unwrap()).unwrap();
    let number = |k: usize| json["coefficients"][k]["estimate"].as_f64().unwrap();
    assert_eq!(json["coefficients"][1]["name"], "assist");
    assert!(json["coefficients"][1]["std_error"].is_null() && json["aic"].is_null());

    // Columns in another order, with others between them.
    let new = folder.path().join("new.csv");
    std::fs::write(&new, "rebound,name,assist\n3,a,6\n9,b,9\n").unwrap();
    let printed = gradus(&["predict", path(&model), path(&new)]);
    let lines: Vec<String> = text(&printed.stdout).lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "probability,prediction");
    for (line, (rebound, assist)) in lines[1..].iter().zip([(3.0, 6.0), (9.0, 9.0)]) {
        let (p, class) = line.split_once(',').unwrap();
        let eta: f64 = number(0) + number(1) * assist + number(2) * rebound;
        let expected = 1.0 / (1.0 + (-eta).exp());
        assert!((p.parse::<f64>().unwrap() - expected).abs() < 1e-15);
        assert_eq!(class, if expected >= 0.5 { "1" } else { "0" });
    }
    let out = folder.path().join("out.csv");
    assert!(
        gradus(&["predict", path(&model), path(&new), "--out", path(&out)])
            .status
            .success()
    );
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        text(&printed.stdout)
    );

    let missing = folder.path().join("missing.csv");
    std::fs::write(&missing, "rebound,name\n3,a\n").unwrap();
    let output = gradus(&["predict", path(&model), path(&missing), "--out", path(&out)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(
        "missing.csv, line 1: there is no column `assist`; the columns are rebound, name"
    ));
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        text(&printed.stdout),
        "the old file is whole"
    );
}

#[test]
fn an_excluded_column_is_neither_read_nor_a_feature() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.csv");
    let rows = "1,a,0\n2,7,1\n3,b,0\n4,8,1\n5,9,0\n6,9,1\n";
    std::fs::write(&file, format!("x,notes,y\n{rows}")).unwrap();
    let fit = |excluded: &str| {
        let arguments = ["fit", path(&file), "--target", "y", "--format", "json"];
        gradus(&[&arguments[..], &["--exclude", excluded]].concat())
    };
    for excluded in ["notes", "2", "notes,y"] {
        let output = fit(excluded);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["coefficients"].as_array().unwrap().len(), 2);
        assert_eq!(json["coefficients"][1]["name"], "x");
    }
    let output = fit("notes,note");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no column `note`; did you mean `notes`?"));
}

#[test]
fn labels_headers_and_intercepts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.csv");
    std::fs::write(&file, "1,yes\n2,no\n3,yes\n4,no\n5,no\n6,yes\n7,no\n").unwrap();
    let model = folder.path().join("m.json");
    let output = gradus(&[
        "fit",
        path(&file),
        "--no-header",
        "--no-intercept",
        "--target",
        "2",
        "--format",
        "json",
        "--out",
        path(&model),
    ]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["labels"][1], "yes");
    assert_eq!(json["coefficients"].as_array().unwrap().len(), 1);
    assert_eq!(json["coefficients"][0]["name"], "x1");
    let predicted = gradus(&["predict", path(&model), path(&file), "--no-header"]);
    assert!(
        text(&predicted.stdout)
            .lines()
            .skip(1)
            .all(|line| line.ends_with(",no")),
        "{}",
        text(&predicted.stdout)
    );
}

#[test]
fn every_fault_is_a_sentence_with_a_place_and_writes_nothing() {
    let cases = [
        (
            "a,y\n1,0\n2,1\n3,0\n4,1\nx,1\n",
            "y",
            "bad.csv, line 6, column `a`: \"x\" is not a number",
        ),
        (
            "a,y\n1,0\n,1\n",
            "y",
            "bad.csv, line 3, column `a`: the value is missing",
        ),
        (
            "a,y\n1,0\n2\n",
            "y",
            "bad.csv, line 3: 1 cells where the first line has 2",
        ),
        ("", "y", "bad.csv, line 1: there are no rows of data"),
        (
            "a,y\n1,0\n2,1\n3,2\n",
            "y",
            "bad.csv, line 4, column `y`: \"2\" is a third value",
        ),
        (
            "a,y\n1,0\n2,1\n",
            "z",
            "bad.csv, line 1: there is no column `z`; the columns are a, y",
        ),
        (
            "a,b,y\n1,5,0\n2,5,1\n3,5,0\n4,5,1\n",
            "y",
            "bad.csv, lines 2 to 5: column `b` is 5 in every row",
        ),
        (
            "a,b,y\n1,2,0\n2,4,1\n3,6,0\n4,8,1\n",
            "y",
            "bad.csv, lines 2 to 5: column `b` is determined by others (it is 2.0000·`a`",
        ),
        (
            "a,y\n1,0\n2,0\n3,1\n4,1\n",
            "y",
            "bad.csv, lines 2 to 5: no finite estimate exists: `a` tells the two classes apart without error",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (file, model) = (
        folder.path().join("bad.csv"),
        folder.path().join("model.json"),
    );
    for (content, target, expected) in cases {
        std::fs::write(&file, content).unwrap();
        let output = gradus(&[
            "fit",
            path(&file),
            "--target",
            target,
            "--out",
            path(&model),
        ]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{content:?}");
        assert!(
            message.starts_with("error: ") && message.contains(expected),
            "{message}"
        );
        assert!(output.stdout.is_empty() && !model.exists());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }
    for (name, target) in [
        ("student_hours.csv", "passed"),
        ("exam_scores.csv", "passed"),
    ] {
        let output = gradus(&["fit", path(&data(name)), "--target", target]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains("no finite estimate exists") && output.stdout.is_empty()
        );
        assert!(
            gradus(&["fit", path(&data(name)), "--target", target, "--l2", "0.01"])
                .status
                .success()
        );
    }
    let output = gradus(&["fit", "no-such.csv", "--target", "y"]);
    assert!(text(&output.stderr).contains("no-such.csv: cannot be read"));
    let unwritable = folder.path().join("no/such/folder/model.json");
    let output = gradus(&[
        "fit",
        path(&data("nba_rookie_draft.csv")),
        "--target",
        "draft",
        "--out",
        path(&unwritable),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot be written") && output.stdout.is_empty());
    assert_eq!(gradus(&["fit", "x.csv"]).status.code(), Some(2));
    assert_eq!(
        gradus(&[
            "fit",
            path(&data("nba_rookie_draft.csv")),
            "--target",
            "draft",
            "--l2",
            "-1"
        ])
        .status
        .code(),
        Some(1)
    );
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = data("nba_rookie_draft.csv");
    assert!(
        gradus(&[
            "fit",
            path(&file),
            "--target",
            "draft",
            "--out",
            path(&model)
        ])
        .status
        .success()
    );
    let whole = std::fs::read_to_string(&model).unwrap();
    let cases = [
        (whole[..whole.len() / 2].to_owned(), "this is not a model"),
        (
            whole.replace("\"schema\": 1", "\"schema\": 2"),
            "it has schema 2, and this version reads schema 1",
        ),
        (
            whole.replace("\"logit\"", "\"logistic\""),
            "there is no link `logistic`",
        ),
        (
            whole.replace("\"binomial\"", "\"weibull\""),
            "it is a weibull model, which this version does not know",
        ),
        (
            whole.replace("\"estimate\"", "\"estimated\""),
            "missing field `estimate`",
        ),
        ("[]".to_owned(), "this is not a model"),
        (
            whole.replace("\"assist\"", "\"rebound\""),
            "it has the coefficient `rebound` twice",
        ),
        (
            whole.replace("    \"0\"", "    \"1\""),
            "two of its labels are \"1\"",
        ),
    ];
    for (content, expected) in cases {
        std::fs::write(&model, content).unwrap();
        let output = gradus(&["predict", path(&model), path(&file)]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(expected),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn results_go_where_they_are_sent() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.csv");
    std::fs::copy(data("nba_rookie_draft.csv"), &file).unwrap();
    let before = std::fs::read_to_string(&file).unwrap();
    let fit = |out: &Path| gradus(&["fit", path(&file), "--target", "draft", "--out", path(out)]);
    // Not over the data, by whatever name.
    let link = folder.path().join("link.csv");
    symlink(&file, &link).unwrap();
    for out in [&file, &link] {
        let output = fit(out);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("the result would replace the data"));
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    // Through a link, with the old permissions; a device stays a device.
    let (real, alias) = (
        folder.path().join("real.json"),
        folder.path().join("alias.json"),
    );
    std::fs::write(&real, "old").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, &alias).unwrap();
    assert!(fit(&alias).status.success());
    assert!(std::fs::read_to_string(&real).unwrap().starts_with('{'));
    assert_eq!(
        std::fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(std::fs::symlink_metadata(&alias).unwrap().is_symlink());
    assert!(fit(Path::new("/dev/null")).status.success());
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    if Path::new("/dev/full").exists() {
        assert_eq!(fit(Path::new("/dev/full")).status.code(), Some(1));
    }
}

#[test]
fn formulas_categories_and_missing_values_go_from_fit_to_predict() {
    let folder = tempfile::tempdir().unwrap();
    let (file, model, new) = (
        folder.path().join("train.csv"),
        folder.path().join("model.json"),
        folder.path().join("new.csv"),
    );
    let rows = [
        "1.0,guard,1",
        "2.0,center,0",
        "2.5,guard,1",
        ",guard,0",
        "3.0,center,1",
        "0.5,center,0",
        "1.5,guard,0",
        "2.2,guard,1",
        "3.1,center,0",
        "1.1,center,1",
    ];
    std::fs::write(
        &file,
        format!("score,position,draft\n{}\n", rows.join("\n")),
    )
    .unwrap();
    let fit = |more: &[&str]| {
        let mut arguments = vec![
            "fit",
            path(&file),
            "--formula",
            "draft ~ score + C(position)",
            "--out",
            path(&model),
        ];
        arguments.extend_from_slice(more);
        gradus(&arguments)
    };
    let refused = fit(&[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr)
            .contains("line 5, column `score`: the value is missing (1 in this column)")
    );
    let fitted = fit(&["--missing", "drop"]);
    assert!(fitted.status.success(), "{}", text(&fitted.stderr));
    assert!(
        text(&fitted.stdout).contains("C(position)[T.guard]")
            && text(&fitted.stdout).contains("9 observations")
    );
    // A row that is dropped keeps its line.
    std::fs::write(&new, "position,score\ncenter,1\nguard,\nguard,2\n").unwrap();
    let predicted = text(&gradus(&["predict", path(&model), path(&new)]).stdout);
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!((lines.len(), lines[2]), (4, ","), "{predicted}");
    let fitted = fit(&["--missing", "mean"]);
    assert!(text(&fitted.stdout).contains("10 observations"));
    let predicted = text(&gradus(&["predict", path(&model), path(&new)]).stdout);
    assert!(predicted.lines().all(|line| line.len() > 3), "{predicted}");
    std::fs::write(&new, "position,score\nforward,1\n").unwrap();
    let unknown = gradus(&["predict", path(&model), path(&new)]);
    assert!(text(&unknown.stderr).contains(
        "line 2, column `position`: \"forward\" did not occur when the model was fitted"
    ));
    let wrong = gradus(&["fit", path(&file), "--formula", "draft ~ scor"]);
    assert!(
        text(&wrong.stderr).contains("has no column `scor`; did you mean `score`?"),
        "{}",
        text(&wrong.stderr)
    );
    let both = gradus(&[
        "fit",
        path(&file),
        "--formula",
        "draft ~ score",
        "--features",
        "score",
    ]);
    assert_eq!(both.status.code(), Some(1));
}
