//! Inference through the command line, against the numbers of R that `train` keeps.

mod common;

use std::path::{Path, PathBuf};

use common::{gradus, json, path, text};
use serde_json::Value;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../train/tests/inference")
        .join(name)
}

fn reference() -> Value {
    serde_json::from_str(&std::fs::read_to_string(kept("inference.json")).unwrap()).unwrap()
}

#[track_caller]
fn close(found: &Value, expected: &Value, what: &str) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    let error = (found - expected).abs() / expected.abs().max(0.01);
    assert!(error < 1e-7, "{what}: {found} instead of {expected}");
}

const NAMES: [&str; 4] = ["(Intercept)", "x1", "x2", "g"];

fn logit<'a>(file: &'a str, more: &[&'a str]) -> Value {
    let mut arguments = vec![
        "fit",
        file,
        "--target",
        "yb",
        "--features",
        "x1,x2,g",
        "--format",
        "json",
    ];
    arguments.extend(more);
    json(&arguments)
}

#[test]
fn robust_clustered_and_profiled_fits_are_those_of_r() {
    let (file, reference) = (kept("data.csv"), reference());
    let expected = &reference["models"]["logit"];
    let file = path(&file);
    let plain = logit(file, &[]);
    assert!(plain["covariance"].is_null() && plain["intervals"].is_null());
    close(
        &plain["pseudo_r2"]["tjur"],
        &expected["pseudo_r2"]["tjur"],
        "Tjur",
    );
    close(
        &plain["pseudo_r2"]["mcfadden"],
        &expected["pseudo_r2"]["mcfadden"],
        "McFadden",
    );
    for (kind, field) in [
        ("hc0", "hc0"),
        ("hc1", "hc1"),
        ("hc2", "hc2"),
        ("hc3", "hc3"),
        ("cl", "cluster_hc0"),
    ] {
        let option = if kind == "cl" {
            "--cluster"
        } else {
            "--robust"
        };
        let fit = logit(file, &[option, kind]);
        assert_eq!(
            fit["covariance"],
            if kind == "cl" { "clustered" } else { kind }
        );
        for j in 0..4 {
            let error = fit["coefficients"][j]["std_error"].as_f64().unwrap();
            close(&Value::from(error * error), &expected[field][j][j], field);
            assert_eq!(
                fit["coefficients"][j]["estimate"],
                plain["coefficients"][j]["estimate"]
            );
        }
    }
    let clustered = logit(file, &["--cluster", "cl"]);
    assert_eq!(clustered["clusters"], 15);
    let failed: Vec<&Value> = clustered["validity"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|condition| condition["holds"] == false)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["name"], "clusters");
    let profiled = logit(file, &["--profile"]);
    assert_eq!(profiled["intervals"], "profile");
    for (j, name) in NAMES.iter().enumerate() {
        let own = &profiled["coefficients"][j];
        close(&own["conf_low"], &expected["profile_ci"][name][0], name);
        close(&own["conf_high"], &expected["profile_ci"][name][1], name);
        assert_eq!(own["std_error"], plain["coefficients"][j]["std_error"]);
    }
    let drawn = logit(file, &["--bootstrap", "200", "--seed", "3"]);
    assert_eq!(
        (&drawn["covariance"], &drawn["intervals"]),
        (&"bootstrap".into(), &"percentile".into())
    );
    assert_eq!(
        drawn["coefficients"],
        logit(
            file,
            &["--bootstrap", "200", "--seed", "3", "--threads", "1"]
        )["coefficients"]
    );
    assert_ne!(
        drawn["coefficients"],
        logit(file, &["--bootstrap", "200", "--seed", "4"])["coefficients"]
    );
    // Models of several classes have the same robust errors where there are two.
    for family in ["multinomial", "ordinal"] {
        let several = json(&[
            "fit",
            file,
            "--target",
            "yb",
            "--features",
            "x1,x2,g",
            "--family",
            family,
            "--robust",
            "hc0",
            "--format",
            "json",
        ]);
        let found = several["coefficients"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["name"] == "x1")
            .unwrap();
        let error = found["std_error"].as_f64().unwrap();
        close(&Value::from(error * error), &expected["hc0"][1][1], family);
        assert_eq!(several["covariance"], "hc0");
    }
    // A column of clusters is no feature, unless it is named as one.
    let all = json(&[
        "fit",
        file,
        "--target",
        "yb",
        "--exclude",
        "yc,yp,yn,ys",
        "--cluster",
        "cl",
        "--format",
        "json",
    ]);
    let names = all["coefficients"].as_array().unwrap().iter();
    assert!(names.clone().all(|c| c["name"] != "cl") && names.len() == 7);
}

#[test]
fn firth_fits_have_penalised_profiles_and_tests() {
    let (file, reference) = (kept("data2.csv"), reference());
    let expected = &reference["firth"]["data2"];
    let fit = json(&[
        "fit",
        path(&file),
        "--target",
        "y",
        "--firth",
        "--profile",
        "--format",
        "json",
    ]);
    for (j, name) in ["(Intercept)", "z1", "z2"].iter().enumerate() {
        let own = &fit["coefficients"][j];
        close(&own["estimate"], &expected["coefficients"][name], name);
        close(&own["conf_low"], &expected["profile_ci"][name][0], name);
        close(&own["conf_high"], &expected["profile_ci"][name][1], name);
        close(
            &own["p_value"],
            &expected["lr_keep_column_in_penalty"]["p"][name],
            name,
        );
    }
}

#[test]
fn models_are_diagnosed_and_compared() {
    let (file, reference) = (kept("data.csv"), reference());
    let expected = &reference["models"]["logit"];
    let file = path(&file);
    let folder = tempfile::tempdir().unwrap();
    let [large, small, ridge, other] =
        ["large", "small", "ridge", "other"].map(|name| folder.path().join(name));
    logit(file, &["--out", path(&large)]);
    logit(file, &["--l2", "0.1", "--out", path(&ridge)]);
    json(&[
        "fit",
        file,
        "--target",
        "yb",
        "--features",
        "x1",
        "--format",
        "json",
        "--out",
        path(&small),
    ]);
    json(&[
        "fit",
        file,
        "--target",
        "yc",
        "--family",
        "poisson",
        "--features",
        "x1",
        "--format",
        "json",
        "--out",
        path(&other),
    ]);
    let found = json(&["diagnose", path(&large), file, "--format", "json"]);
    for (j, name) in NAMES[1..].iter().enumerate() {
        let own = &found["columns"][j];
        close(
            &own["marginal_effect"],
            &expected["ame"]["estimate"][name],
            name,
        );
        close(&own["std_error"], &expected["ame"]["std_error"][name], name);
        close(
            &own["variance_inflation"],
            &expected["collinearity"]["vif"][name],
            name,
        );
        let term = &found["analysis_of_deviance"][j + 1]["test"];
        close(
            &term["statistic"],
            &expected["sequential"]["chisq_stat"][j],
            name,
        );
    }
    close(
        &found["hosmer_lemeshow"]["statistic"],
        &expected["hosmer_lemeshow"]["quantile_groups"]["stat"],
        "Hosmer",
    );
    close(
        &found["link_test"]["p_value"],
        &expected["link_test"]["eta2_p"],
        "link test",
    );
    let cook: Vec<f64> =
        serde_json::from_value(expected["diagnostics"]["cooks_distance"].clone()).unwrap();
    let worst = (0..cook.len())
        .max_by(|a, b| cook[*a].total_cmp(&cook[*b]))
        .unwrap();
    assert_eq!(found["influential"][0]["line"], worst + 2);
    close(
        &found["influential"][0]["cook"],
        &cook[worst].into(),
        "Cook",
    );
    assert!(
        text(&gradus(&["diagnose", path(&large), file]).stdout).contains("holds   convergence")
    );

    let compared = json(&["compare", path(&small), path(&large), "--format", "json"]);
    let test = &compared["likelihood_ratio"];
    close(
        &test["statistic"],
        &expected["drop_x2_g"]["lr"]["stat"],
        "ratio",
    );
    close(&test["p_value"], &expected["drop_x2_g"]["lr"]["p"], "ratio");
    assert_eq!(test["larger"], path(&large));
    for wrong in [&ridge, &other] {
        let compared = json(&["compare", path(&small), path(wrong), "--format", "json"]);
        assert!(compared["likelihood_ratio"].is_null() && compared["reason"].is_string());
    }
    let changed = folder.path().join("changed.csv");
    let content = std::fs::read_to_string(file).unwrap();
    std::fs::write(&changed, content.replace("-0.3248,", "3.5,")).unwrap();
    for (model, data, expected) in [
        (&large, path(&changed), "this is not the data that"),
        (&ridge, file, "a penalty is in force"),
    ] {
        let output = gradus(&["diagnose", path(model), data]);
        assert_eq!(output.status.code(), Some(1));
        let message = text(&output.stderr);
        assert!(
            message.contains(expected) && output.stdout.is_empty(),
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_robust_says_so() {
    let file = kept("data.csv");
    let file = path(&file);
    for (arguments, expected) in [
        (
            &["--l2", "1", "--robust", "hc1"][..],
            "a penalty is in force",
        ),
        (&["--l2", "1", "--profile"], "a penalty is in force"),
        (&["--cluster", "nothing"], "there is no column `nothing`"),
        (
            &["--path", "--robust", "hc1"],
            "one fit of maximum likelihood",
        ),
    ] {
        let mut all = vec!["fit", file, "--target", "yb", "--features", "x1,x2,g"];
        all.extend(arguments);
        let output = gradus(&all);
        let message = text(&output.stderr);
        assert!(
            message.contains(expected)
                && output.status.code() == Some(if arguments[0] == "--path" { 2 } else { 1 }),
            "{message}"
        );
    }
    let both = gradus(&[
        "fit",
        file,
        "--target",
        "yb",
        "--robust",
        "hc1",
        "--profile",
    ]);
    assert_eq!(both.status.code(), Some(2));
}
