//! What an export refuses, how rows without a prediction come out, and what does not change from version to version.

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use common::{gradus, path, text};
use serde_json::Value;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/export")
        .join(name)
}

/// Exports a model that cannot be exported, and returns the sentence.
#[track_caller]
fn refused(model: &Path, format: &str) -> String {
    let out = model.with_extension("out");
    let output = gradus(&[
        "export",
        path(model),
        "--format",
        format,
        "--out",
        path(&out),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(!out.exists(), "nothing is written");
    text(&output.stderr)
}

#[test]
fn a_file_that_is_not_whole_or_was_changed_is_refused_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = common::data("nba_rookie_draft.csv");
    let fit = gradus(&[
        "fit",
        path(&file),
        "--target",
        "draft",
        "--out",
        path(&model),
    ]);
    assert!(fit.status.success());
    let whole = std::fs::read_to_string(&model).unwrap();
    let estimate =
        serde_json::from_str::<Value>(&whole).unwrap()["coefficients"][1]["estimate"].to_string();
    let cases = [
        (whole[..whole.len() / 2].to_owned(), "EOF"),
        (
            whole.replacen(&estimate, "0.5", 1),
            "its numbers or names were changed after it was written",
        ),
        (
            whole.replacen("\"schema\": 1", "\"schema\": 2", 1),
            "it has schema 2, and this version reads schema 1",
        ),
        (
            "hours,passed\n1,0\n".to_owned(),
            "this is not a model that `gradus fit --out` wrote",
        ),
    ];
    for (content, sentence) in cases {
        std::fs::write(&model, content).unwrap();
        for format in ["sql", "onnx", "pmml"] {
            let error = refused(&model, format);
            assert!(
                error.contains(sentence) && error.contains("model.json"),
                "{error}"
            );
        }
        for command in [
            &["show", path(&model)][..],
            &["predict", path(&model), path(&file)],
            &["diagnose", path(&model), path(&file)],
        ] {
            let output = gradus(command);
            assert_eq!(output.status.code(), Some(1), "{command:?}");
            assert!(
                text(&output.stderr).contains(sentence),
                "{}",
                text(&output.stderr)
            );
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = common::data("nba_rookie_draft.csv");
    let fit = |arguments: &[&str]| {
        let fit = gradus(&[&["fit", path(&file), "--out", path(&model)], arguments].concat());
        assert!(fit.status.success(), "{}", text(&fit.stderr));
    };
    fit(&[
        "--target",
        "draft",
        "--link",
        "probit",
        "--features",
        "assist",
    ]);
    assert!(refused(&model, "sql").contains("SQL has no function for the link probit"));
    assert!(refused(&model, "onnx").contains("single precision only"));
    assert!(
        refused(&model, "rust")
            .contains("the standard library of Rust has no function for the link probit")
    );
    let pmml = gradus(&["export", path(&model), "--format", "pmml"]);
    assert!(text(&pmml.stdout).contains("normalizationMethod=\"probit\""));
    let pmml = gradus(&[
        "export",
        path(&model),
        "--format",
        "pmml",
        "--threshold",
        "0.3",
    ]);
    assert!(text(&pmml.stderr).contains("PMML predicts the most probable class"));
    fit(&["--formula", "draft ~ 1"]);
    assert!(refused(&model, "onnx").contains("the model has no features"));
    let onnx = gradus(&["export", path(&kept("model.json")), "--format", "onnx"]);
    assert!(text(&onnx.stderr).contains("ONNX is not text"));
    let over = gradus(&[
        "export",
        path(&model),
        "--format",
        "sql",
        "--out",
        path(&model),
    ]);
    assert_eq!(over.status.code(), Some(2));
}

#[test]
fn names_and_thresholds_are_written_as_the_language_wants_them() {
    let export = |arguments: &[&str]| {
        let output = gradus(&[&["export", path(&kept("model.json"))], arguments].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let sql = export(&[
        "--format",
        "sql",
        "--table",
        "my \"table\"",
        "--threshold",
        "0.25",
    ]);
    assert!(
        sql.contains("FROM \"my \"\"table\"\"\"")
            && sql.contains(">= 2.5000000000000000e-1 THEN 'it''s'"),
        "{sql}"
    );
    let rust = export(&["--format", "rust", "--threshold", "0.25"]);
    assert!(rust.contains("probability >= 0.25_f64"), "{rust}");
    let pmml = export(&["--format", "pmml"]);
    let tree = roxmltree::Document::parse(&pmml).unwrap();
    let all = |name: &str| {
        tree.descendants()
            .filter(|n| n.has_tag_name(("http://www.dmg.org/PMML-4_4", name)))
            .collect::<Vec<_>>()
    };
    let fields: Vec<_> = all("DataField")
        .iter()
        .map(|n| n.attribute("name").unwrap().to_owned())
        .collect();
    assert_eq!(fields, ["log dose", "city", "cured"]);
    assert_eq!(all("PMML")[0].attribute("version"), Some("4.4"));
    let levels: Vec<_> = all("DataField")[1]
        .children()
        .filter_map(|n| n.attribute("value"))
        .collect();
    assert_eq!(levels, ["Basel", "L'Aquila", "S<P> & \"R\""]);
    let model = all("RegressionModel")[0];
    assert_eq!(model.attribute("normalizationMethod"), Some("logit"));
    assert_eq!(
        all("RegressionTable")[0].attribute("targetCategory"),
        Some("it's")
    );
    let known: Vec<_> = all("DerivedField")
        .iter()
        .filter_map(|n| n.attribute("name"))
        .collect();
    for predictor in all("NumericPredictor") {
        assert!(known.contains(&predictor.attribute("name").unwrap()));
    }
    for field in &all("MiningField")[..2] {
        assert_eq!(
            field.attribute("invalidValueTreatment"),
            Some("returnInvalid")
        );
    }
}

/// Files that were checked against interpreters when they were kept. `GRADUS_KEEP=1` keeps new ones.
#[test]
fn exports_of_a_kept_model_are_the_kept_files() {
    for (format, name) in [
        ("sql", "model.sql"),
        ("rust", "model.rs.txt"),
        ("pmml", "model.pmml"),
        ("onnx", "model.onnx"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let output = gradus(&[
            "export",
            path(&kept("model.json")),
            "--format",
            format,
            "--out",
            path(&out),
        ]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let bytes = std::fs::read(&out).unwrap();
        if std::env::var_os("GRADUS_KEEP").is_some() {
            std::fs::write(kept(name), &bytes).unwrap();
        }
        assert!(
            bytes == std::fs::read(kept(name)).unwrap(),
            "{format}: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn a_model_file_says_where_it_comes_from_and_how_its_estimates_vary() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.json");
    let file = common::data("nba_rookie_draft.csv");
    for kind in [&[][..], &["--robust", "hc1"]] {
        let fit = gradus(
            &[
                &[
                    "fit",
                    path(&file),
                    "--target",
                    "draft",
                    "--out",
                    path(&model),
                ],
                kind,
            ]
            .concat(),
        );
        assert!(fit.status.success());
        let json: Value = serde_json::from_str(&std::fs::read_to_string(&model).unwrap()).unwrap();
        let own = &json["provenance"];
        assert_eq!(own["gradus"], env!("CARGO_PKG_VERSION"));
        assert_eq!(own["file"], "nba_rookie_draft.csv");
        let words = [
            "fit",
            "nba_rookie_draft.csv",
            "--target",
            "draft",
            "--out",
            "model.json",
        ];
        let words: Vec<&str> = words.iter().chain(kind).copied().collect();
        assert_eq!(own["arguments"], serde_json::json!(words));
        for k in 0..4 {
            let variance = json["covariance_matrix"][k][k].as_f64().unwrap();
            let error = json["coefficients"][k]["std_error"].as_f64().unwrap();
            assert!(
                (variance.sqrt() / error - 1.0).abs() < 1e-12,
                "{variance} {error}"
            );
            assert_eq!(json["covariance_matrix"][k].as_array().unwrap().len(), 4);
        }
    }
    // A penalised fit has no standard errors.
    let fit = gradus(&[
        "fit",
        path(&file),
        "--target",
        "draft",
        "--l2",
        "0.1",
        "--out",
        path(&model),
    ]);
    assert!(fit.status.success());
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&model).unwrap()).unwrap();
    assert!(json.get("covariance_matrix").is_none());
}

/// Columns of the table that a model does not read take no part in its query, and those that it reads are named in full: `SQLite` would
/// read an unknown name as a text, and that as 0.
#[test]
fn a_query_names_its_table_with_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = (folder.path().join("d.csv"), folder.path().join("m.json"));
    // Two columns with the names of the query's own intermediate results.
    let mut csv = "gradus_x0_0,gradus_eta0_1,y\n".to_owned();
    for i in 0..40 {
        let _ = writeln!(
            csv,
            "{},{},{}",
            i % 7,
            (i * i) % 5,
            usize::from((i % 7) + (i * 3) % 4 > 4)
        );
    }
    std::fs::write(&data, csv).unwrap();
    let fit = gradus(&["fit", path(&data), "--target", "y", "--out", path(&model)]);
    assert!(fit.status.success(), "{}", text(&fit.stderr));
    let query = text(
        &gradus(&[
            "export",
            path(&model),
            "--format",
            "sql",
            "--table",
            "t",
            "--keep",
            "id",
        ])
        .stdout,
    );
    assert!(
        query.contains("CAST(\"t\".\"gradus_x0_0\" AS DOUBLE PRECISION)"),
        "{query}"
    );
    assert!(
        query.contains("\"t\".\"id\" AS gradus_c0_0") && query.contains("  gradus_c0_0 AS \"id\""),
        "{query}"
    );
    assert!(!query.contains("\"t\".*"), "{query}");
}

#[test]
fn a_column_called_like_a_result_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = (folder.path().join("d.csv"), folder.path().join("m.json"));
    let mut csv = "Probability,kind,y\n".to_owned();
    for i in 0..40 {
        let _ = writeln!(
            csv,
            "{},{},{}",
            i % 7,
            ["a", "b"][i % 2],
            usize::from((i % 7) + (i * 3) % 4 > 4)
        );
    }
    std::fs::write(&data, csv).unwrap();
    let fit = gradus(&["fit", path(&data), "--target", "y", "--out", path(&model)]);
    assert!(fit.status.success(), "{}", text(&fit.stderr));
    for format in ["sql", "onnx", "pmml"] {
        let refused = gradus(&[
            "export",
            path(&model),
            "--format",
            format,
            "--out",
            path(&folder.path().join("x")),
        ]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            text(&refused.stderr).contains("the column `Probability` is called like a result"),
            "{}",
            text(&refused.stderr)
        );
    }
}
