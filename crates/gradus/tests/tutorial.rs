//! `gradus tutorial`: the tutorials as their examples print them, and their pictures.

mod common;

use std::fmt::Write;

use common::{gradus, path, text};

#[test]
fn without_a_name_all_are_listed() {
    let output = gradus(&["tutorial"]);
    assert!(output.status.success());
    let expected = "\
student-hours          logistic regression written in three ways
linear-regression      gradient descent on a line
gradient-accumulation  gradients that accumulate
manual-seed            PyTorch's and NumPy's random numbers
nba-rookie             a gradient by hand beside the tape's
diabetes FILE          the scaled diabetes data from PyTorch's own start; its file is not included
two-layer-net          a hidden layer
pictures               all pictures: sigmoids, convex and other costs, surfaces, graphs
";
    assert_eq!(text(&output.stdout), expected);
}

/// Figures that the published tutorials print.
#[test]
fn each_prints_the_figures_of_its_tutorial() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "student-hours",
            &[
                "exp(1) = 2.7183, sigmoid(1) = 0.7311",
                "epoch    0  cost 0.693147",
                "epoch 1000  cost 0.019852",
                "W = 3.2530 1.5179, b = -14.4819",
                "H >= 0.5: [false, false, false, true, true, true]",
            ],
        ),
        (
            "linear-regression",
            &["update 2000  W 1.997  b 0.006  cost 0.000005"],
        ),
        (
            "gradient-accumulation",
            &["the gradient of 2w is 40 accumulated, 2 afresh"],
        ),
        (
            "manual-seed",
            &[
                "torch.manual_seed(3): 0.0043 0.1056",
                "torch.manual_seed(5): 0.8303 0.1261",
            ],
        ),
        (
            "nba-rookie",
            &[
                "gradient at the start, by tape",
                "No.  avg_score  rebound  assist  draft",
            ],
        ),
        ("two-layer-net", &["update   0  summed squared error"]),
    ];
    for (name, figures) in cases {
        let output = gradus(&["tutorial", name]);
        let told = text(&output.stdout);
        assert!(output.status.success(), "{name}");
        for figure in figures {
            assert!(told.contains(figure), "{name}: {figure}\n{told}");
        }
    }
}

#[test]
fn pictures_are_written_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new");
    let told = text(&gradus(&["tutorial", "linear-regression"]).stdout);
    assert!(
        told.ends_with("\npictures, written by --out FOLDER: cost, surface\n"),
        "{told}"
    );
    let output = gradus(&["tutorial", "linear-regression", "--out", path(&out)]);
    assert!(output.status.success());
    for name in ["cost", "surface"] {
        for ending in [".svg", ".png", "_dark.svg"] {
            let bytes = std::fs::read(out.join(format!("{name}{ending}"))).unwrap();
            assert!(bytes.len() > 2000, "{name}{ending}");
        }
    }
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 6);
    let output = gradus(&["tutorial", "manual-seed", "--out", path(&out)]);
    assert!(text(&output.stdout).ends_with("\nmanual-seed has no pictures\n"));
}

#[test]
fn what_is_missing_is_said() {
    for (arguments, expected) in [
        (
            vec!["tutorial", "nba"],
            "error: there is no tutorial \"nba\"; there are student-hours, linear-regression",
        ),
        (
            vec!["tutorial", "diabetes"],
            "error: the data of diabetes are not included: gradus tutorial diabetes FILE.csv",
        ),
        (
            vec!["tutorial", "diabetes", "no-such-file.csv"],
            "error: no-such-file.csv: cannot be read",
        ),
        (
            vec!["tutorial", "nba-rookie", "x.csv"],
            "error: nba-rookie needs no file, and x.csv is given",
        ),
    ] {
        let output = gradus(&arguments);
        let error = text(&output.stderr);
        assert!(error.starts_with(expected), "{error}");
        let code = if arguments.len() == 2 { 2 } else { 1 };
        assert_eq!(output.status.code(), Some(code), "{error}");
    }
}

#[test]
fn the_diabetes_tutorial_takes_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.csv");
    let mut rows = String::new();
    for k in 0..20_u32 {
        let (a, b) = (f64::from(k % 7) / 7.0, -0.1 * f64::from(k % 3));
        writeln!(rows, "{a},{b},{}", k % 2).unwrap();
    }
    std::fs::write(&file, rows).unwrap();
    let output = gradus(&["tutorial", "diabetes", path(&file)]);
    let told = text(&output.stdout);
    assert!(
        told.starts_with("20 x 2; first row 0.0000 -0.0000, label 0\n"),
        "{told}"
    );
    assert!(told.contains("epoch    0  cost 0.693147"), "{told}");
}
