//! Logistic regression against published and recomputed fits, against the tape, and where no estimate exists.

mod common;

use std::path::{Path, PathBuf};

use autodiff::Tape;
use common::reference;
use datasets::{CsvOptions, Dataset, Preparation, exam_scores, nba_rookie_draft, student_hours};
use linalg::Mat;
use models::{LogisticRegression, loss};
use proptest::prelude::*;
use serde_json::Value;
use train::{Fit, FitError, LogisticFit, Separation, Status};

fn json(path: PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn assert_relative(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs(),
        "{what}: {found} is not {expected}"
    );
}

/// Fits the design file of a case, whose columns include the intercept, with an intercept of our own.
fn fit_design(folder: &Path, design: &str) -> LogisticFit {
    let frame = CsvOptions::new().read(folder.join(design)).unwrap();
    let names = frame
        .names()
        .iter()
        .filter(|name| !["y", "(Intercept)"].contains(&name.as_str()));
    let data = Preparation::new("y")
        .features(names.cloned())
        .binary(&frame)
        .unwrap();
    LogisticRegression::new().fit(&data).unwrap()
}

#[test]
fn published_fits_to_all_digits_of_their_recomputation() {
    let Some(folder) = reference() else { return };
    for (case, key) in [
        ("glm-spector", "logit"),
        ("glm-lbw-logit-stata", "logit"),
        ("glm-birthwt-logit", "full"),
        ("glm-birthwt-logit", "step"),
    ] {
        let folder = folder.join(case);
        let expected = &json(folder.join("expected.json"))[key]["recomputed_17_digits"];
        let fit = fit_design(&folder, &format!("design-{key}.csv"));
        let names: Vec<&str> = expected["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        assert_eq!(names.len(), fit.coefficients().len());
        for (k, name) in names.iter().enumerate() {
            let name = if *name == "(Intercept)" {
                "(intercept)"
            } else {
                name
            };
            let c = fit.coefficients().iter().find(|c| c.name == name).unwrap();
            assert_relative(c.estimate, number(&expected["coef"][k]), 1e-10, name);
            let error = c.inference.unwrap().std_error;
            assert_relative(
                error,
                number(&expected["se_expected_information"][k]),
                1e-10,
                name,
            );
        }
        assert_relative(
            fit.log_likelihood(),
            number(&expected["log_likelihood"]),
            1e-13,
            case,
        );
        assert_relative(fit.deviance(), number(&expected["deviance"]), 1e-13, case);
        assert_relative(
            fit.null_deviance(),
            number(&expected["null_deviance"]),
            1e-13,
            case,
        );
        assert_relative(fit.aic().unwrap(), number(&expected["aic"]), 1e-13, case);
        assert_eq!(fit.certificate().status, Status::Converged);
        assert!(
            fit.certificate().gradient_max < 1e-11,
            "{:?}",
            fit.certificate()
        );
        assert!(fit.certificate().backward_error < 1e-14);
    }
}

#[test]
fn separated_data_have_no_finite_estimate() {
    for (data, columns) in [
        (student_hours(), vec!["lectures", "labs"]),
        (exam_scores(), vec!["score"]),
    ] {
        let error = LogisticRegression::new().fit(&data).unwrap_err();
        let expected = columns.into_iter().map(str::to_owned).collect();
        assert_eq!(
            error,
            FitError::Separated {
                kind: Separation::Complete,
                columns: expected
            }
        );
        assert!(
            error.to_string().contains("no finite estimate exists")
                && error.to_string().contains("--l2")
        );
        let fit = LogisticRegression::new().l2(0.1).fit(&data).unwrap();
        assert_eq!(fit.certificate().status, Status::Converged);
        assert!(fit.coefficients().iter().all(|c| c.inference.is_none()) && fit.aic().is_none());
    }
}

fn dataset(rows: &[Vec<f64>], y: &[f64]) -> Dataset {
    let columns = rows[0].len();
    let features = Mat::from_fn(rows.len(), columns, |i, j| rows[i][j]);
    let names = (1..=columns).map(|j| format!("x{j}"));
    Dataset::new(features, names, y.to_vec(), "y")
}

#[test]
fn separation_verdicts_of_the_toys() {
    let Some(folder) = reference() else { return };
    for case in json(folder.join("separation-toys/expected.json"))["cases"]
        .as_array()
        .unwrap()
    {
        let name = case["name"].as_str().unwrap();
        let floats = |v: &Value| {
            v.as_array()
                .unwrap()
                .iter()
                .map(number)
                .collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = case["X"].as_array().unwrap().iter().map(floats).collect();
        let data = dataset(&rows, &floats(&case["y"]));
        let mut specification = LogisticRegression::new();
        if !case["intercept"].as_bool().unwrap() {
            specification = specification.without_intercept();
        }
        let result = specification.fit(&data);
        if case["rank_deficient"] == true {
            assert!(
                matches!(
                    result,
                    Err(FitError::Collinear { .. } | FitError::ConstantColumn { .. })
                ),
                "{name}: {result:?}"
            );
        } else if case["separated"] == true {
            assert!(
                matches!(result, Err(FitError::Separated { .. })),
                "{name}: {result:?}"
            );
        } else {
            assert_eq!(
                result.unwrap().certificate().status,
                Status::Converged,
                "{name}"
            );
        }
    }
}

#[test]
fn quasi_complete_separation_names_its_column() {
    let Some(folder) = reference() else { return };
    let folder = folder.join("separation-endometrial");
    let file = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "csv"));
    let frame = CsvOptions::new().read(file.unwrap()).unwrap();
    let data = Preparation::new("HG")
        .features(["NV", "PI", "EH"])
        .binary(&frame)
        .unwrap();
    let error = LogisticRegression::new().fit(&data).unwrap_err();
    assert_eq!(
        error,
        FitError::Separated {
            kind: Separation::QuasiComplete,
            columns: vec!["NV".to_owned()]
        }
    );
}

#[test]
fn the_tape_agrees_that_the_gradient_vanishes() {
    for l2 in [0.0, 0.05] {
        let data = nba_rookie_draft();
        let fit = LogisticRegression::new().l2(l2).fit(&data).unwrap();
        let (w0, b0) = (
            fit.model().coefficients().to_vec(),
            [fit.model().intercept()],
        );
        let tape = Tape::new();
        let (x, y) = (tape.constant(&data.features), tape.constant(&data.target));
        let (w, b) = (tape.variable(&w0), tape.variable(&b0));
        let cost = loss::binary_cross_entropy_with_logits(x.matmul(w) + b, y).mean()
            + w.square().sum() * (0.5 * l2);
        let gradients = cost.backward();
        assert!(gradients.max_abs() < 5e-12, "{:?}", gradients[w]);
        assert!((gradients.max_abs() - fit.certificate().gradient_max).abs() < 1e-14);
        if l2 == 0.0 {
            // The covariance is the inverse of n times the exact Hessian.
            let hessian = cost.hessian(&[b, w]) * 12.0;
            let product = &hessian * fit.covariance().unwrap();
            for i in 0..4 {
                for j in 0..4 {
                    assert!((product[(i, j)] - f64::from(u8::from(i == j))).abs() < 1e-9);
                }
            }
        }
    }
}

#[test]
fn bad_columns_are_named() {
    let mut data = nba_rookie_draft();
    for i in 0..12 {
        data.features[(i, 1)] = 7.0;
    }
    let error = LogisticRegression::new().fit(&data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `rebound` is 7 in every row, which the intercept already says; leave it out"
    );

    let mut data = nba_rookie_draft();
    for i in 0..12 {
        data.features[(i, 2)] = 100.0 - 2.0 * data.features[(i, 0)] + 0.5 * data.features[(i, 1)];
    }
    let error = LogisticRegression::new().fit(&data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `assist` is determined by others (it is -2.0000·`avg_score` + 0.5000·`rebound` up to a constant, \
         to within a millionth of its spread), so their effects cannot be told apart; leave one of them out"
    );
    // A penalty makes the estimate unique again.
    assert!(LogisticRegression::new().l2(1.0).fit(&data).is_ok());

    let mut data = nba_rookie_draft();
    data.features[(4, 1)] = f64::NAN;
    let error = LogisticRegression::new().fit(&data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 5, column `rebound`: NaN is not a finite number"
    );

    let mut data = nba_rookie_draft();
    data.target[2] = 2.0;
    let error = LogisticRegression::new().fit(&data).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 3: the target `draft` is 2; a binary target is 0 or 1"
    );

    for l2 in [-1.0, f64::NAN, f64::INFINITY] {
        let error = LogisticRegression::new()
            .l2(l2)
            .fit(&nba_rookie_draft())
            .unwrap_err();
        assert!(matches!(error, FitError::Setting { .. }));
    }
    let mut data = nba_rookie_draft();
    data.target.fill(1.0);
    assert!(matches!(
        LogisticRegression::new().fit(&data),
        Err(FitError::OneClass { .. })
    ));
}

#[test]
fn more_columns_than_rows_is_an_error_not_a_number() {
    let rows: Vec<Vec<f64>> = (0..4)
        .map(|i| {
            (0..6)
                .map(|j| f64::from((i * 7 + j * j * 3 + i * j * j) % 13))
                .collect()
        })
        .collect();
    let result = LogisticRegression::new().fit(&dataset(&rows, &[0.0, 1.0, 0.0, 1.0]));
    assert!(
        matches!(
            result,
            Err(FitError::TooFewRows {
                rows: 4,
                coefficients: 7
            })
        ),
        "{result:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn units_offsets_and_the_order_of_rows_do_not_matter(
        x in prop::collection::vec((-2.0..2.0_f64, -2.0..2.0_f64, any::<bool>()), 30..60),
        scale in 1e-6..1e6_f64, offset in -1e3..1e3_f64, l2 in prop_oneof![Just(0.0), 1e-3..1.0_f64],
    ) {
        let y: Vec<f64> = x.iter().map(|r| f64::from(u8::from(r.2))).collect();
        let rows: Vec<Vec<f64>> = x.iter().map(|r| vec![r.0, r.1]).collect();
        let base = LogisticRegression::new().fit(&dataset(&rows, &y));
        let Ok(base) = base else { return Ok(()) };
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-8 * (1.0 + b.abs());

        let scaled: Vec<Vec<f64>> = rows.iter().map(|r| vec![scale * (r[0] + offset), r[1]]).collect();
        let fit = LogisticRegression::new().fit(&dataset(&scaled, &y)).unwrap();
        prop_assert!(close(fit.model().coefficients()[0] * scale, base.model().coefficients()[0]));
        prop_assert!(close(fit.model().coefficients()[1], base.model().coefficients()[1]));
        let (a, b) = (fit.coefficients()[1].inference.unwrap(), base.coefficients()[1].inference.unwrap());
        prop_assert!(close(a.std_error * scale, b.std_error) && close(a.p_value, b.p_value));

        let reversed: Vec<Vec<f64>> = rows.iter().rev().cloned().collect();
        let y_reversed: Vec<f64> = y.iter().rev().copied().collect();
        let penalised = LogisticRegression::new().l2(l2);
        let (a, b) = (penalised.fit(&dataset(&rows, &y)).unwrap(), penalised.fit(&dataset(&reversed, &y_reversed)).unwrap());
        for (a, b) in a.coefficients().iter().zip(b.coefficients()) {
            prop_assert!(close(a.estimate, b.estimate));
        }
    }
}

/// Overlapping classes with one extreme row: the estimate is finite, whatever the size of the extreme.
#[test]
fn an_extreme_row_is_not_taken_for_separation() {
    let noise = |k: usize| ((k as f64 * 12.9898).sin() * 43758.5453).rem_euclid(1.0);
    let mut rows: Vec<Vec<f64>> = (0..200).map(|k| vec![noise(k), noise(k + 500)]).collect();
    let mut y: Vec<f64> = (0..200)
        .map(|k| f64::from(u8::from(noise(k + 1000) < 0.3 + 0.4 * rows[k][0])))
        .collect();
    let base = LogisticRegression::new().fit(&dataset(&rows, &y)).unwrap();
    for size in [1e3, 1e5, 1e6, 1e7, 1e9, 1e12] {
        rows.push(vec![size, 0.5]);
        y.push(1.0);
        let fit = LogisticRegression::new()
            .fit(&dataset(&rows, &y))
            .unwrap_or_else(|e| panic!("{size:e}: {e}"));
        rows.pop();
        y.pop();
        // The row is fitted with probability one and changes nothing but the effect of `x2`'s intercept share: nothing.
        for (a, b) in fit.coefficients().iter().zip(base.coefficients()) {
            assert!(
                (a.estimate - b.estimate).abs() < 1e-6 * b.estimate.abs().max(1.0),
                "{size:e} {a:?} {b:?}"
            );
            let (a, b) = (
                a.inference.unwrap().std_error,
                b.inference.unwrap().std_error,
            );
            assert!((a - b).abs() < 1e-6 * b, "{size:e}: {a} {b}");
        }
    }
}

/// A finite estimate may be large: two rows on the wrong side by a hair.
#[test]
fn nearly_separated_is_not_separated() {
    for hair in [1e-2, 1e-4, 1e-6] {
        let mut x: Vec<f64> = (1..=10)
            .flat_map(|k| [-f64::from(k), f64::from(k)])
            .collect();
        let mut y: Vec<f64> = x.iter().map(|x| f64::from(u8::from(*x > 0.0))).collect();
        x.extend([hair, -hair]);
        y.extend([0.0, 1.0]);
        let rows: Vec<Vec<f64>> = x.iter().map(|x| vec![*x]).collect();
        let fit = LogisticRegression::new()
            .fit(&dataset(&rows, &y))
            .unwrap_or_else(|e| panic!("{hair:e}: {e}"));
        let slope = fit.model().coefficients()[0];
        // The likelihood equation, Σ x (y − p) = 0, in one unknown.
        let residual: f64 = x
            .iter()
            .zip(&y)
            .map(|(x, y)| x * (y - linalg::Scalar::sigmoid(slope * x)))
            .sum();
        assert!(
            residual.abs() < 1e-9 && slope > 3.0,
            "{hair:e}: {slope} {residual}"
        );
    }
}

/// Standard errors of nearly collinear columns, against the 2x2 problem in the columns' mean and difference, which is well
/// conditioned and has the same likelihood.
#[test]
fn nearly_collinear_columns_keep_their_standard_errors() {
    let noise = |k: usize| ((k as f64 * 78.233).sin() * 43758.5453).rem_euclid(1.0) - 0.5;
    for gap in [1e-3_f64, 1e-5] {
        let u: Vec<[f64; 2]> = (0..200).map(|k| [noise(k), noise(k + 700)]).collect();
        // Powers of two, so that the columns are exact.
        let gap = 2.0_f64.powi(gap.log2() as i32);
        let u: Vec<[f64; 2]> = u
            .iter()
            .map(|v| v.map(|v| (v * 4096.0).round() / 4096.0))
            .collect();
        let near: Vec<Vec<f64>> = u.iter().map(|v| vec![v[0], v[0] + gap * v[1]]).collect();
        let apart: Vec<Vec<f64>> = u.iter().map(|v| vec![v[0], v[1]]).collect();
        let y: Vec<f64> = (0..200)
            .map(|k| f64::from(u8::from(noise(k + 1400) < 0.6 * u[k][0])))
            .collect();
        let (near, apart) = (
            LogisticRegression::new().fit(&dataset(&near, &y)).unwrap(),
            LogisticRegression::new().fit(&dataset(&apart, &y)).unwrap(),
        );
        // η = a + b x + c (x + gap·v) = a + (b + c) x + (c·gap) v.
        let error =
            |fit: &LogisticFit, j: usize| fit.coefficients()[j].inference.unwrap().std_error;
        assert_relative(
            near.coefficients()[2].estimate * gap,
            apart.coefficients()[2].estimate,
            1e-6,
            "estimate",
        );
        assert_relative(
            error(&near, 2) * gap,
            error(&apart, 2),
            1e-6,
            "standard error",
        );
        assert_relative(
            error(&near, 0),
            error(&apart, 0),
            1e-6,
            "standard error of the intercept",
        );
    }
}

/// Rows on the border whose columns carry nothing but rounding errors of the direction.
#[test]
fn quasi_complete_separation_without_an_intercept() {
    let rows = [
        [1000.0, 10.0, 10.0],
        [1000.0, 0.0, 0.0],
        [1000.0, 10.0, 10.0],
        [0.0, 10.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 10.0, 0.0],
        [1000.0, 10.0, 10.0],
    ];
    let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.to_vec()).collect();
    let data = dataset(&rows, &[1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let error = LogisticRegression::new()
        .without_intercept()
        .fit(&data)
        .unwrap_err();
    let columns = vec!["x1".to_owned(), "x3".to_owned()];
    assert_eq!(
        error,
        FitError::Separated {
            kind: Separation::QuasiComplete,
            columns
        }
    );
}
