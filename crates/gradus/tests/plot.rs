//! `gradus plot`: every kind, what does not apply, and where pictures go.

mod common;

use std::fmt::Write;
use std::fs;

use common::{data, gradus, path, text};

/// A model of a file, fitted with more arguments.
#[track_caller]
fn model(folder: &std::path::Path, file: &str, more: &[&str]) -> String {
    let out = folder.join("model.json");
    let data = data(file);
    let mut arguments = vec!["fit", path(&data), "--out", path(&out)];
    arguments.extend(more);
    let output = gradus(&arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    path(&out).to_owned()
}

/// The picture as XML, with its alternative text.
#[track_caller]
fn drawn(arguments: &[&str]) -> String {
    let output = gradus(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    let svg = text(&output.stdout);
    let picture = roxmltree::Document::parse(&svg).unwrap();
    let told = picture
        .descendants()
        .find(|node| node.has_tag_name("desc"))
        .unwrap();
    told.text().unwrap().to_owned()
}

#[test]
fn pictures_of_two_classes_say_what_evaluate_prints() {
    let folder = tempfile::tempdir().unwrap();
    let model = model(
        folder.path(),
        "nba_rookie_draft.csv",
        &["--target", "draft"],
    );
    let file = data("nba_rookie_draft.csv");
    let of = |kind: &str| drawn(&["plot", kind, &model, path(&file)]);
    let measured = common::json(&["evaluate", &model, path(&file), "--format", "json"]);
    let area = measured["measures"][0]["value"].as_f64().unwrap();
    assert!(of("roc").contains(&format!("{area:.3}")), "{}", of("roc"));
    let precision = measured["measures"][1]["value"].as_f64().unwrap();
    assert!(
        of("precision-recall").contains(&format!("{precision:.3}")),
        "{}",
        of("precision-recall")
    );
    assert!(
        of("confusion").contains("of 12 on the diagonal"),
        "{}",
        of("confusion")
    );
    assert!(
        of("calibration").contains("of 12.0 observations")
            || of("calibration").contains("of 12 observations"),
        "{}",
        of("calibration")
    );
    assert!(of("leverage").contains("line "), "{}", of("leverage"));
    let svg = text(&gradus(&["plot", "precision-recall", &model, path(&file)]).stdout);
    assert!(svg.contains("share of draft = 1 ("), "{svg}");
    let forest = drawn(&["plot", "forest", &model]);
    // The table of the fit: 0.679539 (-0.483403 to 1.84248).
    assert!(
        forest.contains("assist: 0.680 (−0.483 to 1.84)"),
        "{forest}"
    );
    assert!(!forest.contains("(intercept)"));
}

/// Three digits, as pictures have them.
fn three(value: f64) -> String {
    let decimals = 2.0 - value.abs().log10().floor();
    format!("{value:.*}", decimals as usize).replace('-', "−")
}

#[test]
fn rows_without_a_weight_are_not_drawn_and_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let rows: Vec<String> = (0..12_u32)
        .map(|k| format!("{},{},1", (k * 7) % 5, k % 4))
        .collect();
    // Line 14 lies far out and weighs nothing.
    fs::write(&file, format!("y,x,w\n{}\n90,100,0\n", rows.join("\n"))).unwrap();
    let out = folder.path().join("model.json");
    let start = ["fit", path(&file), "--target", "y", "--family", "gaussian"];
    let fits = [&["--weights", "w"][..], &["--weights", "w", "--l2", "0.1"]];
    for (more, kinds) in fits
        .iter()
        .zip([&["residuals", "qq", "leverage"][..], &["residuals"]])
    {
        let fit = gradus(&[&start[..], more, &["--out", path(&out)]].concat());
        assert!(fit.status.success(), "{}", text(&fit.stderr));
        for kind in kinds {
            let svg = text(&gradus(&["plot", kind, path(&out), path(&file)]).stdout);
            assert!(
                svg.contains("gaussian model of y, 12 observations of "),
                "{svg}"
            );
            assert!(
                svg.contains("of 12 rows") || svg.contains("of 12 values"),
                "{svg}"
            );
            assert!(!svg.contains("line 14"), "{kind}: {svg}");
        }
    }
}

#[test]
fn residuals_of_numbers_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let of_numbers = model(
        folder.path(),
        "diabetes_progression.csv",
        &["--target", "progression", "--family", "gaussian"],
    );
    let file = data("diabetes_progression.csv");
    // All of the rows that `diagnose` lists; the extreme residuals are among them.
    let diagnosed = ["diagnose", &of_numbers, path(&file), "--rows", "442"];
    let found = common::json(&[&diagnosed[..], &["--format", "json"]].concat());
    let rows: Vec<(u64, f64, f64)> = found["influential"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let number = |name: &str| row[name].as_f64().unwrap();
            (
                row["line"].as_u64().unwrap(),
                number("cook"),
                number("residual"),
            )
        })
        .collect();
    assert!(rows.len() > 10 && rows.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    let by_residual = |a: &&(u64, f64, f64), b: &&(u64, f64, f64)| a.2.total_cmp(&b.2);
    let (least, most) = (
        rows.iter().min_by(by_residual).unwrap(),
        rows.iter().max_by(by_residual).unwrap(),
    );
    let largest = if most.2 > -least.2 { most } else { least };
    let of = |kind: &str| drawn(&["plot", kind, &of_numbers, path(&file)]);
    assert_eq!(
        of("leverage"),
        format!(
            "Standardised residuals against leverage of 442 rows. The largest Cook's distance is {}, of row line {}.",
            three(rows[0].1),
            rows[0].0
        )
    );
    assert_eq!(
        of("residuals"),
        format!(
            "standardised residual against fitted value of 442 rows. The largest is {}, of row line {}.",
            three(largest.2),
            largest.0
        )
    );
    let told = of("qq");
    let ends = format!("from {} to {}.", three(least.2), three(most.2));
    assert!(
        told.starts_with("Normal Q-Q plot of 442 values: ") && told.ends_with(&ends),
        "{told}, {ends}"
    );
    let penalised = model(
        folder.path(),
        "diabetes_progression.csv",
        &[
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--l2",
            "1",
        ],
    );
    assert!(drawn(&["plot", "residuals", &penalised, path(&file)]).contains("442"));
    let refused = gradus(&["plot", "leverage", &penalised, path(&file)]);
    assert!(
        text(&refused.stderr).contains("leverages are for fits of maximum likelihood"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_boundary_is_over_two_columns() {
    let folder = tempfile::tempdir().unwrap();
    let two = model(
        folder.path(),
        "nba_rookie_draft.csv",
        &["--target", "draft", "--features", "rebound,assist"],
    );
    let file = data("nba_rookie_draft.csv");
    let told = drawn(&["plot", "boundary", &two, path(&file)]);
    assert!(
        told.starts_with(
            "Probability of draft = 1 over rebound and assist; draft = 1 is predicted in "
        ),
        "{told}"
    );
    let three = model(
        folder.path(),
        "nba_rookie_draft.csv",
        &["--target", "draft"],
    );
    let refused = gradus(&["plot", "boundary", &three, path(&file)]);
    let error = text(&refused.stderr);
    assert!(
        error
            .contains("the model reads 3 (avg_score, rebound, assist); fit it with --features A,B"),
        "{error}"
    );
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn a_path_as_fit_prints_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = data("diabetes_progression.csv");
    let mut told = Vec::new();
    for format in ["csv", "json"] {
        let path_of = gradus(&[
            "fit",
            path(&file),
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--l1",
            "1",
            "--path",
            "--format",
            format,
        ]);
        let name = folder.path().join(format!("path.{format}"));
        fs::write(&name, &path_of.stdout).unwrap();
        told.push(drawn(&["plot", "path", path(&name)]));
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("bmi"), "{}", told[0]);
    let wrong = gradus(&["plot", "path", path(&file)]);
    assert!(
        text(&wrong.stderr).contains("this is not a path"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn correlations_and_histories_need_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let told = drawn(&["plot", "correlation", path(&data("nba_rookie_draft.csv"))]);
    assert!(told.contains("rebound"), "{told}");
    let history = folder.path().join("history.csv");
    fs::write(&history, "epoch,steps,learning_rate,loss,validation_loss,accuracy\n1,10,0.1,0.7,0.71,0.5\n2,20,0.1,0.4,0.5,0.8\n3,30,0.1,0.3,0.55,0.75\n").unwrap();
    let told = drawn(&["plot", "history", path(&history)]);
    assert!(
        told.contains("validation: from 0.710 to 0.550 over 3 epochs, lowest 0.500 at epoch 2."),
        "{told}"
    );
    assert!(told.contains("accuracy"), "{told}");
    let svg = text(&gradus(&["plot", "history", path(&history)]).stdout);
    assert!(svg.contains("lowest validation loss (epoch 2)"), "{svg}");
    assert!(!svg.contains("counted from 0"));
    fs::write(&history, "epoch,loss\n1,0.5\n,0.4\n").unwrap();
    let wrong = gradus(&["plot", "history", path(&history)]);
    let error = text(&wrong.stderr);
    assert!(
        error.contains("history.csv: row 2 has no number in the column `epoch`"),
        "{error}"
    );
    fs::write(&history, "epoch,loss\n1,x\n").unwrap();
    let wrong = gradus(&["plot", "history", path(&history)]);
    assert!(
        text(&wrong.stderr).contains("line 2, column `loss`: \"x\" is not a number"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn files_themes_and_widths() {
    let folder = tempfile::tempdir().unwrap();
    let file = data("nba_rookie_draft.csv");
    let (svg, png) = (folder.path().join("c.svg"), folder.path().join("c.png"));
    for out in [&svg, &png] {
        let output = gradus(&[
            "plot",
            "correlation",
            path(&file),
            "--out",
            path(out),
            "--theme",
            "dark",
            "--width",
            "500",
        ]);
        assert!(output.status.success() && output.stdout.is_empty());
    }
    let dark = fs::read_to_string(&svg).unwrap();
    assert!(dark.contains("width=\"500\"") && dark.contains("#14181f"));
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let gif = gradus(&[
        "plot",
        "correlation",
        path(&file),
        "--out",
        path(&folder.path().join("c.gif")),
    ]);
    assert!(text(&gif.stderr).contains("choose one of these endings"));
    let missing = folder.path().join("no such folder/c.svg");
    let lost = gradus(&["plot", "correlation", path(&file), "--out", path(&missing)]);
    let reason = fs::write(&missing, "").unwrap_err();
    assert_eq!(
        text(&lost.stderr),
        format!("error: {}: cannot be written: {reason}\n", path(&missing))
    );
    let over = gradus(&["plot", "correlation", path(&svg), "--out", path(&svg)]);
    assert!(text(&over.stderr).contains("the result would replace the data"));
}

#[test]
fn what_does_not_apply_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = data("iris.csv");
    let several = model(
        folder.path(),
        "iris.csv",
        &[
            "--target",
            "species",
            "--family",
            "multinomial",
            "--l2",
            "0.01",
        ],
    );
    for (kind, expected) in [
        (
            "roc",
            "roc is for two classes, and this is a model of the family multinomial; draw its confusion matrix",
        ),
        (
            "residuals",
            "residuals is for one number a row, and this is a model of several classes",
        ),
        ("boundary", "boundary is for two classes"),
    ] {
        let error = text(&gradus(&["plot", kind, &several, path(&file)]).stderr);
        assert!(error.contains(expected), "{error}");
    }
    assert!(
        drawn(&["plot", "confusion", &several, path(&file)]).contains("of 150 on the diagonal")
    );
    let error = text(&gradus(&["plot", "forest", &several]).stderr);
    assert!(
        error.contains("the coefficients have no intervals"),
        "{error}"
    );
    let error = text(&gradus(&["plot", "roc", &several]).stderr);
    assert!(
        error.contains("gradus plot roc MODEL.json FILE.csv"),
        "{error}"
    );
    let error = text(&gradus(&["plot", "qq", &several, "-"]).stderr);
    assert!(error.contains("qq reads the data twice"), "{error}");
    assert_eq!(gradus(&["plot", "pie", &several]).status.code(), Some(2));
}

/// Trials in one row, or each in a row of its own: the same measures and the same curves.
#[test]
fn grouped_rows_are_measured_as_single_ones() {
    let folder = tempfile::tempdir().unwrap();
    let (grouped, single) = (
        folder.path().join("grouped.csv"),
        folder.path().join("single.csv"),
    );
    let (mut rows, mut each) = ("events,a,n\n".to_owned(), "event,a\n".to_owned());
    for k in 0..40_u32 {
        let (events, n, a) = ((k * 7 + k / 9) % 5, 6 + k % 4, f64::from(k % 13) / 3.0);
        writeln!(rows, "{events},{a},{n}").unwrap();
        for i in 0..n {
            writeln!(each, "{},{a}", u32::from(i < events)).unwrap();
        }
    }
    fs::write(&grouped, rows).unwrap();
    fs::write(&single, each).unwrap();
    let out = folder.path().join("model.json");
    let found = [
        (&grouped, &["--target", "events", "--trials", "n"][..]),
        (&single, &["--target", "event"]),
    ]
    .map(|(file, target)| {
        let fit = gradus(&[&["fit", path(file), "--out", path(&out)], target].concat());
        assert!(fit.status.success(), "{}", text(&fit.stderr));
        let measured = common::json(&["evaluate", path(&out), path(file), "--format", "json"]);
        let numbers = measured["measures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["value"].as_f64());
        (
            numbers.collect::<Vec<Option<f64>>>(),
            measured["confusion"]["rows"].clone(),
            drawn(&["plot", "roc", path(&out), path(file)]),
        )
    });
    for (a, b) in found[0].0.iter().zip(&found[1].0) {
        let same = a.zip(*b).map_or(a == b, |(a, b)| (a - b).abs() < 1e-12);
        assert!(same, "{a:?} {b:?}");
    }
    assert_eq!((&found[0].1, &found[0].2), (&found[1].1, &found[1].2));
}
