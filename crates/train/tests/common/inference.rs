//! What the tests of inference share: the data and the numbers of `tests/inference`, and comparisons with them.
#![allow(dead_code, reason = "each file of tests uses a part of these")]

use std::path::Path;

use datasets::Dataset;
use linalg::{Mat, MatRef};
use models::glm::{Distribution, GeneralisedLinearModel, Link};
use serde_json::Value;
use train::{Analysis, Fit, Observations, Reference, Test};

pub fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/inference")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

pub fn table(name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = file(name);
    let mut lines = text.lines();
    let header = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    let row = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    (header, lines.map(row).collect())
}

pub fn column(name: &str) -> Vec<f64> {
    let (header, rows) = table("data.csv");
    let j = header.iter().position(|own| own == name).unwrap();
    rows.iter().map(|row| row[j]).collect()
}

pub fn data(target: &str) -> Dataset {
    let columns = [column("x1"), column("x2"), column("g")];
    let x = Mat::from_fn(columns[0].len(), 3, |i, j| columns[j][i]);
    Dataset::new(x, ["x1", "x2", "g"], column(target), target)
}

/// Specification and data of a case.
pub fn case(name: &str) -> (GeneralisedLinearModel, Dataset) {
    let base = name.trim_end_matches("_frequency_weights");
    let of = GeneralisedLinearModel::new;
    let (model, target) = match base {
        "gaussian" => (of(Distribution::Gaussian), "yn"),
        "logit" => (of(Distribution::Binomial), "yb"),
        "probit" => (of(Distribution::Binomial).link(Link::Probit), "yb"),
        "cloglog" => (of(Distribution::Binomial).link(Link::Cloglog), "yb"),
        "poisson" => (of(Distribution::Poisson), "yc"),
        "gamma_log" => (of(Distribution::Gamma).link(Link::Log), "yp"),
        "gamma_inverse" => (of(Distribution::Gamma).link(Link::Inverse), "yp"),
        "binomial_trials" => (of(Distribution::Binomial), "ys"),
        "quasipoisson" => (of(Distribution::Poisson).quasi(), "yc"),
        "negative_binomial" => (GeneralisedLinearModel::negative_binomial(), "yc"),
        other => panic!("{other}"),
    };
    let mut data = data(target);
    if target == "yc" {
        data.offset = Some(column("off"));
    }
    if target == "ys" {
        data.trials = Some(column("tr"));
    }
    if base != name {
        data.weights = Some(column("w"));
    }
    (model, data)
}

pub const CASES: [&str; 15] = [
    "gaussian",
    "logit",
    "probit",
    "cloglog",
    "poisson",
    "gamma_log",
    "gamma_inverse",
    "binomial_trials",
    "quasipoisson",
    "negative_binomial",
    "gaussian_frequency_weights",
    "logit_frequency_weights",
    "probit_frequency_weights",
    "poisson_frequency_weights",
    "gamma_log_frequency_weights",
];

pub fn reference() -> Value {
    serde_json::from_str(&file("inference.json")).unwrap()
}

#[track_caller]
pub fn close(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {expected}"));
    let error = (found - expected).abs() / expected.abs().max(1e-2);
    assert!(error <= tolerance, "{what}: {found} instead of {expected}");
}

#[track_caller]
pub fn close_matrix(found: MatRef<'_, f64>, expected: &Value, tolerance: f64, what: &str) {
    let size = |i: usize| expected[i][i].as_f64().unwrap().sqrt();
    for i in 0..found.nrows() {
        for j in 0..found.ncols() {
            let value = expected[i][j].as_f64().unwrap();
            let error = (found[(i, j)] - value).abs() / size(i) / size(j);
            assert!(
                error <= tolerance,
                "{what} {i} {j}: {} instead of {value}",
                found[(i, j)]
            );
        }
    }
}

pub fn each(f: impl Fn(&str, &Value, &Analysis<'_>)) {
    let reference = reference();
    for name in CASES {
        let (model, data) = case(name);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(&model, &observations).unwrap();
        f(name, &reference["models"][name], &analysis);
    }
}

#[track_caller]
pub fn close_test(found: Test, expected: &Value, tolerance: f64, what: &str) {
    let (statistic, p) = (&expected["stat"], &expected["p"]);
    close(found.statistic, statistic, tolerance, what);
    let p = p.as_f64().unwrap();
    assert!(
        (found.p_value / p - 1.0).abs() < 100.0 * tolerance,
        "{what}: p {} instead of {p}",
        found.p_value
    );
    match found.reference {
        Reference::ChiSquare(freedom) => close(freedom, &expected["df"], 0.0, what),
        Reference::F(a, b) => {
            close(a, &expected["df1"], 0.0, what);
            close(b, &expected["df2"], 0.0, what);
        }
    }
}
