//! `gradus fit --report`: one file without a network, whatever the family and whatever the names.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::html::{all_text, check, parsed, report, table, titles};
use common::{data, gradus, path, text};

#[test]
fn two_classes() {
    let folder = tempfile::tempdir().unwrap();
    let html = report(
        folder.path(),
        &data("nba_rookie_draft.csv"),
        &["--target", "draft"],
    );
    check(&html);
    // The figures of R's glm.
    let expected = [
        "coefficient | estimate | std. error | statistic | p | 2.5 % | 97.5 %",
        "(intercept) | −3.68118 | 4.49944 | −0.81814 | 0.4133 | −12.4999 | 5.13757",
        "avg_score | −0.112828 | 0.214878 | −0.525081 | 0.5995 | −0.53398 | 0.308324",
        "rebound | 0.395684 | 0.502709 | 0.787103 | 0.4312 | −0.589607 | 1.38097",
        "assist | 0.679539 | 0.593349 | 1.14526 | 0.2521 | −0.483403 | 1.84248",
    ];
    assert_eq!(table(&html, "Estimates with standard errors"), expected);
    assert_eq!(
        titles(&html),
        [
            "Coefficients",
            "ROC curve",
            "Precision and recall",
            "Calibration",
            "Confusion matrix",
            "Residuals against leverage"
        ]
    );
    let rows = table(&html, "Rows with a Cook");
    assert_eq!((rows.len(), &rows[1][..5]), (4, "11 | "));
    assert_eq!(table(&html, "Average effects").len(), 4);
    for said in [
        "the probability that draft is 1 is explained by avg_score, rebound and assist, from 12 observations",
        "Caution, events:",
        "Holds, convergence:",
        "in-sample",
        "The fit has converged: after",
    ] {
        assert!(all_text(parsed(&html).root()).contains(said), "{said}");
    }
}

#[test]
fn the_command_repeats_the_report_and_the_digest_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my players'.csv");
    fs::copy(data("nba_rookie_draft.csv"), &file).unwrap();
    let html = report(
        folder.path(),
        &file,
        &["--formula", "draft ~ assist + log(rebound)"],
    );
    check(&html);
    let document = parsed(&html);
    let code: Vec<String> = document
        .descendants()
        .filter(|n| n.has_tag_name("pre"))
        .map(all_text)
        .collect();
    let [formula, command, digest] = &code[..] else {
        panic!("{code:?}");
    };
    assert_eq!(formula, "draft ~ assist + log(rebound)");
    // By `sha256sum data/nba_rookie_draft.csv`.
    assert_eq!(
        digest,
        "065ff723f2a89f4666e1721adb5d018b0035a97061ef32747c249bb2c183f650"
    );
    let first = fs::read(folder.path().join("report.html")).unwrap();
    fs::remove_file(folder.path().join("report.html")).unwrap();
    let words = command.strip_prefix("gradus ").unwrap();
    if cfg!(unix) {
        let again = Command::new("sh")
            .args([
                "-c",
                &format!("\"$0\" {words}"),
                env!("CARGO_BIN_EXE_gradus"),
            ])
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", text(&again.stderr));
        assert!(fs::read(folder.path().join("report.html")).unwrap() == first);
    }
}

#[test]
fn numbers_counts_and_shares_have_residuals() {
    let folder = tempfile::tempdir().unwrap();
    let residuals = [
        "Residuals against fitted values",
        "Normal quantiles",
        "Residuals against leverage",
    ];
    let html = report(
        folder.path(),
        &data("diabetes_progression.csv"),
        &["--target", "progression", "--family", "gaussian"],
    );
    check(&html);
    assert_eq!(titles(&html)[1..], residuals);
    assert!(html.contains("ROC curve, calibration and confusion matrix are for classes"));
    let file = folder.path().join("counts.csv");
    let row = |k: u32| {
        format!(
            "{},{},{},{},{},c{}\n",
            k % 3 + 17 * u32::from(k.is_multiple_of(9)),
            (k * 7 + k / 9) % 5,
            k % 11,
            f64::from(k % 13) / 3.0,
            6 + k % 4,
            k % 35
        )
    };
    let rows: String = (0..140).map(row).collect();
    fs::write(&file, format!("wild,events,a,b,n,who\n{rows}")).unwrap();
    for family in ["poisson", "quasipoisson", "negative-binomial"] {
        let html = report(
            folder.path(),
            &file,
            &[
                "--target",
                if family == "negative-binomial" {
                    "wild"
                } else {
                    "events"
                },
                "--family",
                family,
                "--features",
                "a,b",
            ],
        );
        check(&html);
        assert_eq!(titles(&html)[1..], residuals, "{family}");
        assert_eq!(
            html.contains("Quantile residuals are normal"),
            family != "quasipoisson"
        );
    }
    let html = report(
        folder.path(),
        &file,
        &["--target", "events", "--trials", "n", "--features", "a,b"],
    );
    check(&html);
    let all = [
        "Coefficients",
        "ROC curve",
        "Precision and recall",
        "Calibration",
        "Confusion matrix",
    ];
    assert_eq!(titles(&html), [&all[..], &residuals[..]].concat());
    let html = report(
        folder.path(),
        &file,
        &[
            "--target",
            "events",
            "--family",
            "poisson",
            "--features",
            "a,b",
            "--cluster",
            "who",
        ],
    );
    check(&html);
    assert!(html.contains("allow for dependence within 35 clusters of who"));
}

#[test]
fn what_a_fit_does_not_have_is_left_out_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (scores, players, iris) = (
        data("diabetes_progression.csv"),
        data("nba_rookie_draft.csv"),
        data("iris.csv"),
    );
    let of = |file: &Path, arguments: &[&str]| {
        let html = report(folder.path(), file, arguments);
        check(&html);
        (all_text(parsed(&html).root()), titles(&html))
    };
    let (said, pictures) = of(
        &scores,
        &[
            "--target",
            "progression",
            "--family",
            "gaussian",
            "--l1",
            "2",
        ],
    );
    assert!(said.contains("A penalty shrinks the coefficients: 2·‖β‖₁"));
    assert!(said.contains("A picture is left out: the coefficients have no intervals"));
    assert!(said.contains("Leverages and influential rows are left out: "));
    assert_eq!(
        pictures,
        ["Residuals against fitted values", "Normal quantiles"]
    );
    for family in ["huber", "quantile"] {
        let (said, pictures) = of(&scores, &["--target", "progression", "--family", family]);
        assert!(
            said.contains("robust and quantile regression have no likelihood"),
            "{family}"
        );
        assert!(pictures.contains(&"Residuals against fitted values".to_owned()));
    }
    let (said, pictures) = of(&players, &["--target", "draft", "--firth", "--profile"]);
    assert!(
        said.contains("Firth's penalty takes") && said.contains("Intervals come from the profile")
    );
    assert!(pictures.contains(&"Residuals against leverage".to_owned()));
    let (said, pictures) = of(
        &iris,
        &[
            "--target",
            "species",
            "--family",
            "multinomial",
            "--firth",
            "--features",
            "sepal_length,sepal_width",
        ],
    );
    assert!(said.contains("Average effects on the probability of each class"));
    assert_eq!(pictures, ["Coefficients", "Confusion matrix"]);
    let file = folder.path().join("grades.csv");
    let mut rows = String::new();
    for k in 0..90_u32 {
        let grade = ["low", "medium", "high"][((k * k + k / 3) % 3) as usize];
        writeln!(rows, "{grade},{}", k % 17).unwrap();
    }
    fs::write(&file, format!("grade,x\n{rows}")).unwrap();
    let (said, pictures) = of(&file, &["--target", "grade", "--family", "ordinal"]);
    assert!(
        said.contains("low|medium")
            && said.contains("A positive coefficient makes higher classes more probable")
    );
    assert_eq!(pictures, ["Coefficients", "Confusion matrix"]);
    let (said, _) = of(&file, &["--formula", "x ~ 1", "--family", "poisson"]);
    assert!(said.contains("the model has an intercept alone"), "{said}");
}

/// More coefficients than a table has rows, and more levels than the report has effects.
#[test]
fn what_the_forest_plot_has_is_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.csv");
    let levels = 510_u32;
    let mut rows = "y,g\n".to_owned();
    for k in 0..3 * levels {
        let level = k % levels;
        // The last levels are those farthest from 0.
        let own = if level < 490 { 0 } else { level };
        writeln!(rows, "{},l{level:03}", own + k * k % 7).unwrap();
    }
    fs::write(&file, rows).unwrap();
    let html = report(
        folder.path(),
        &file,
        &["--target", "y", "--family", "gaussian"],
    );
    check(&html);
    let document = parsed(&html);
    let of = |what: &dyn Fn(&roxmltree::Node<'_, '_>) -> bool| {
        document.descendants().filter(|n| what(n)).count()
    };
    let rows = of(&|n| n.attribute("data-row").is_some());
    let intervals = of(&|n| n.attribute("class") == Some("interval"));
    assert_eq!((rows, intervals), (60, 120));
    let shown = table(&html, "Estimates");
    // The header, the intercept with the first 499 slopes, and the last of the levels.
    assert!(shown.len() > 501 && shown.len() <= 511, "{}", shown.len());
    assert!(
        shown[shown.len() - 1].starts_with("g[T.l509] | "),
        "{:?}",
        shown.last()
    );
    assert!(html.contains("coefficients are shown, and those in the picture; gradus fit"));
    assert!(
        html.contains(
            "They are left out, because there are 509 of columns and levels of categories"
        )
    );
}

#[test]
fn a_fit_that_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.html");
    let file = data("nba_rookie_draft.csv");
    let output = gradus(&[
        "fit",
        path(&file),
        "--target",
        "draft",
        "--iterations",
        "1",
        "--report",
        path(&out),
    ]);
    assert_eq!(output.status.code(), Some(3));
    let html = fs::read_to_string(out).unwrap();
    check(&html);
    assert!(html.contains("The fit stopped before its optimum"));
}

#[test]
fn hostile_names_are_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.csv");
    let mut rows = "\"</script><script>alert(1)</script>\",\"\"\"><img src=x onerror=alert(2)>\",\"o'k & <b>\"\n".to_owned();
    for k in 0..60_u32 {
        let label = ["<u>yes</u>", "</svg>&no"][usize::from(k * k % 7 < 3)];
        let level = ["'<a>", "&amp;", "b\u{202e}"][(k % 3) as usize];
        writeln!(rows, "{label},{},{level}", (k * 13) % 17).unwrap();
    }
    fs::write(&file, rows).unwrap();
    let html = report(folder.path(), &file, &["--target", "1"]);
    check(&html);
    let document = parsed(&html);
    let of = |name: &str| {
        document
            .descendants()
            .filter(|n| n.has_tag_name(name))
            .count()
    };
    assert_eq!(
        (of("script"), of("img"), of("u"), of("b"), of("a")),
        (1, 0, 0, 0, 8)
    );
    let shown = table(&html, "Estimates");
    assert!(
        shown
            .iter()
            .any(|row| row.starts_with("\"><img src=x onerror=alert(2)> | ")),
        "{shown:?}"
    );
}

#[test]
fn a_hundred_thousand_rows_make_a_small_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.csv");
    let mut rows = "events,ill,a,b\n".to_owned();
    let mut state = 1_u32;
    for _ in 0..100_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (
            f64::from(state >> 16) / 65536.0,
            f64::from(state & 0xffff) / 65536.0,
        );
        let events = ((state >> 9) % 7) * u32::from(x > 0.4);
        let ill = u32::from((state >> 3) % 5 > 2);
        writeln!(rows, "{events},{ill},{x},{y}").unwrap();
    }
    fs::write(&file, rows).unwrap();
    for arguments in [
        ["--target", "events", "--family", "poisson"],
        ["--target", "ill", "--family", "binomial"],
    ] {
        let html = report(folder.path(), &file, &arguments);
        check(&html);
        assert!(html.len() < 2_000_000, "{}", html.len());
    }
}

#[test]
fn files_are_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("players.csv");
    fs::copy(data("nba_rookie_draft.csv"), &copy).unwrap();
    let over = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--report",
        path(&copy),
    ]);
    assert!(text(&over.stderr).contains("the result would replace the data"));
    let one = folder.path().join("x");
    let both = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--report",
        path(&one),
        "--out",
        path(&one),
    ]);
    assert!(text(&both.stderr).contains("--out and --report are one file"));
    let path_of = gradus(&[
        "fit",
        path(&copy),
        "--target",
        "draft",
        "--path",
        "--report",
        path(&one),
    ]);
    assert_eq!(path_of.status.code(), Some(2));
    assert!(!one.exists());
}
