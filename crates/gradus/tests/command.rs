//! The binary as a user runs it: results, exit codes, and files that are whole or not there.

mod common;

use std::path::Path;

use common::{data, gradus, path, text};
use serde_json::Value;

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
        assert_eq!(output.status.code(), Some(2));
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
    assert_eq!(both.status.code(), Some(2));
}

/// Against R: `predict(glm(...), se.fit = TRUE)` through the link, and `predict(lm(...), interval = "confidence")`.
#[test]
fn intervals_of_predictions_are_those_of_r() {
    type Case<'a> = (&'a str, &'a [&'a str], [[f64; 3]; 3]);
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let cases: [Case<'_>; 2] = [
        (
            "nba_rookie_draft.csv",
            &["--target", "draft"],
            [
                [0.557043428417, 0.1153192270063, 0.923851477750],
                [0.300051774750, 0.0456637499703, 0.793410769628],
                [0.625281491524, 0.1729849033821, 0.930128979891],
            ],
        ),
        (
            "diabetes_progression.csv",
            &["--target", "progression", "--family", "gaussian"],
            [
                [206.1166772451, 191.9786112241, 220.2547432662],
                [68.0710329731, 52.1613752056, 83.9806907406],
                [176.8827903511, 160.5499127296, 193.2156679726],
            ],
        ),
    ];
    for (name, arguments, expected) in cases {
        let file = data(name);
        let fit = gradus(&[&["fit", path(&file), "--out", path(&model)], arguments].concat());
        assert!(fit.status.success(), "{}", text(&fit.stderr));
        let predicted = gradus(&["predict", path(&model), path(&file), "--intervals"]);
        let said = text(&predicted.stdout);
        assert!(
            said.lines()
                .next()
                .unwrap()
                .ends_with(",conf_low,conf_high"),
            "{said}"
        );
        for (line, expected) in said.lines().skip(1).zip(expected) {
            let fields: Vec<&str> = line.split(',').collect();
            let ends = [
                fields[0],
                fields[fields.len() - 2],
                fields[fields.len() - 1],
            ];
            for (found, expected) in ends.iter().zip(expected) {
                let found: f64 = found.parse().unwrap();
                assert!(
                    (found - expected).abs() <= 1e-10 * expected,
                    "{found} {expected}"
                );
            }
        }
    }
    let penalised = gradus(&[
        "fit",
        path(&data("nba_rookie_draft.csv")),
        "--target",
        "draft",
        "--l2",
        "1",
        "--out",
        path(&model),
    ]);
    assert!(penalised.status.success());
    let refused = gradus(&[
        "predict",
        path(&model),
        path(&data("nba_rookie_draft.csv")),
        "--intervals",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no covariance of its estimates"));
}
