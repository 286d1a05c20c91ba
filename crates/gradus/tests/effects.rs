//! Effects of the columns of a table against R (`train/tests/inference/effects.R`), rows without a cluster, lines of the file, and models
//! that were changed.

mod common;

use std::path::{Path, PathBuf};

use common::{gradus, json, path, text};
use serde_json::Value;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../train/tests/inference")
        .join(name)
}

#[track_caller]
fn close(found: &Value, expected: &Value, what: &str) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    let error = (found - expected).abs() / expected.abs();
    assert!(error < 1e-7, "{what}: {found} instead of {expected}");
}

fn failed<'v>(fit: &'v Value, name: &str) -> Option<&'v str> {
    let all = fit["validity"].as_array().unwrap().iter();
    let mut found = all.filter(|c| c["name"] == name && c["holds"] == false);
    found.find_map(|c| c["detail"].as_str())
}

#[test]
fn effects_go_through_interactions_categories_and_clusters() {
    let r = std::fs::read_to_string(kept("effects.json")).unwrap();
    let r: Value = serde_json::from_str(&r).unwrap();
    let file = kept("data.csv");
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let formula = "yb ~ x1*x2 + g + x1:g + log(tr + 1) + tr + C(w)";
    for (options, errors, key) in [
        (&[][..], "expected", "std_error"),
        (&["--cluster", "cl"][..], "clustered", "clustered"),
    ] {
        let start = ["fit", path(&file), "--formula", formula, "--format", "json"];
        let fit: Vec<&str> = [&start[..], options, &["--out", path(&model)]].concat();
        json(&fit);
        let arguments = ["diagnose", path(&model), path(&file)];
        let found = json(&[&arguments[..], &["--format", "json"]].concat());
        assert_eq!(found["effects_covariance"], errors);
        let effects = found["effects"].as_array().unwrap();
        let of = |column: &str, change: Option<&str>| {
            let mut all = effects.iter();
            let same = |e: &&Value| e["column"] == column && e["change"].as_str() == change;
            all.find(same).unwrap()
        };
        let places = [
            ("x1", None),
            ("x2", None),
            ("g", Some("0 to 1")),
            ("tr", None),
            ("w", Some("2 against 1")),
            ("w", Some("3 against 1")),
            ("w", Some("4 against 1")),
        ];
        for (k, (column, change)) in places.into_iter().enumerate() {
            let effect = of(column, change);
            close(&effect["estimate"], &r["estimate"][k], column);
            close(&effect["std_error"], &r[key][k], column);
        }
        let table = text(&gradus(&arguments).stdout);
        assert!(table.contains(&format!("(errors: {errors})")), "{table}");
    }
}

#[test]
fn rows_without_a_cluster_are_dropped_and_lines_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let [file, model] = ["t.csv", "m.json"].map(|name| folder.path().join(name));
    let row = |i: usize| format!("{},{},s{}", (i * 7) % 5, i % 4, i % 3);
    let rows: Vec<String> = (0..12).map(row).collect();
    // Line 16 lies far out.
    let rows = format!("y,x,school\n5,1,\n,2,a\n{}\n90,100,s1\n", rows.join("\n"));
    std::fs::write(&file, rows).unwrap();
    let start = ["fit", path(&file), "--target", "y", "--family", "gaussian"];
    let more = [
        "--missing",
        "drop",
        "--cluster",
        "school",
        "--format",
        "json",
    ];
    let out = ["--out", path(&model)];
    let fit = json(&[&start[..], &more, &out].concat());
    assert_eq!(
        (&fit["observations"], &fit["clusters"]),
        (&13.into(), &3.into())
    );
    let leverage = failed(&fit, "leverage").unwrap();
    assert!(leverage.contains("(line 16)"), "{leverage}");
    let found = json(&["diagnose", path(&model), path(&file), "--format", "json"]);
    assert_eq!(found["influential"][0]["line"], 16);
    assert!(failed(&found, "leverage").unwrap().contains("(line 16)"));
    let refused = gradus(&[&start[..], &["--cluster", "school", "--features", "x"]].concat());
    assert!(!refused.status.success());
    // Few samples.
    let drawn = json(&[&start[..], &more, &["--bootstrap", "50"]].concat());
    let caution = failed(&drawn, "replicates").unwrap();
    assert!(caution.contains("--bootstrap 200"), "{caution}");
}

#[test]
fn changed_models_and_weights_of_classes_are_cautioned_about() {
    let file = kept("data.csv");
    let folder = tempfile::tempdir().unwrap();
    let [model, changed, bare] = ["m", "c", "b"].map(|name| folder.path().join(name));
    let start = ["fit", path(&file), "--target", "yb", "--features", "x1,g"];
    let fit = json(&[&start[..], &["--format", "json", "--out", path(&model)]].concat());
    let known = std::fs::read_to_string(&model).unwrap();
    for (from, to) in [
        ("\"target\": \"yb\"", "\"target\": \"yc\"".to_owned()),
        (
            &*format!("\"log_likelihood\": {}", fit["log_likelihood"]),
            "\"log_likelihood\": -1.5".to_owned(),
        ),
    ] {
        assert!(known.contains(from), "{from}");
        std::fs::write(&changed, known.replacen(from, &to, 1)).unwrap();
        for arguments in [
            ["diagnose", path(&changed), path(&file)],
            ["compare", path(&changed), path(&model)],
            ["predict", path(&changed), path(&file)],
        ] {
            let output = gradus(&arguments);
            assert!(!output.status.success());
            let error = text(&output.stderr);
            assert!(
                error.contains("were changed after it was written"),
                "{error}"
            );
        }
    }
    // Another layout is the same model; without a checksum it predicts, and no more.
    let mut value: Value = serde_json::from_str(&known).unwrap();
    std::fs::write(&changed, value.to_string()).unwrap();
    assert!(
        gradus(&["predict", path(&changed), path(&file)])
            .status
            .success()
    );
    value.as_object_mut().unwrap().remove("checksum");
    std::fs::write(&bare, value.to_string()).unwrap();
    assert!(
        gradus(&["predict", path(&bare), path(&file)])
            .status
            .success()
    );
    let error = text(&gradus(&["diagnose", path(&bare), path(&file)]).stderr);
    assert!(error.contains("has no checksum"), "{error}");
    let compared = text(&gradus(&["compare", path(&bare), path(&model)]).stdout);
    assert!(compared.contains("has no checksum"), "{compared}");
    let weighted = json(
        &[
            &start[..],
            &["--class-weights", "balanced", "--format", "json"],
        ]
        .concat(),
    );
    let reason = failed(&weighted, "class-weights").unwrap();
    assert!(reason.contains("no standard errors"), "{reason}");
}

#[test]
fn a_fit_that_stopped_early_is_not_diagnosed() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.json");
    let file = kept("data.csv");
    for target in [
        &["--target", "yb", "--features", "x1,g"][..],
        &[
            "--target",
            "w",
            "--features",
            "x1,g",
            "--family",
            "multinomial",
        ],
    ] {
        let start = [
            "fit",
            path(&file),
            "--iterations",
            "1",
            "--out",
            path(&model),
        ];
        assert_eq!(
            gradus(&[&start[..], target].concat()).status.code(),
            Some(3)
        );
        let refused = gradus(&["diagnose", path(&model), path(&file)]);
        let (model, file) = (path(&model), path(&file));
        assert_eq!(
            text(&refused.stderr),
            format!(
                "error: {model}: the fit stopped before its optimum (iteration limit reached), so its coefficients are not those of a fit to {file}; repeat the fit with more iterations (--iterations), and diagnose what it reaches\n"
            )
        );
    }
}
