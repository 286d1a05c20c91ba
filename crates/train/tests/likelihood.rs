//! Likelihoods written as closures against the models of this crate, R, and finite differences.

use autodiff::loss::binary_cross_entropy_with_logits;
use datasets::Dataset;
use linalg::{Mat, mat};
use models::LogisticRegression;
use models::glm::{Distribution, GeneralisedLinearModel};
use serde_json::Value;
use train::{
    Coefficient, EstimateError, Fit, FitError, Likelihood, LikelihoodCovariance, LikelihoodFit,
    Range, Status,
};

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|v| v.as_f64().expect("a number")).collect()
}

/// What R computed; the script is estimate/reference.R.
fn reference() -> Value {
    serde_json::from_str(include_str!("estimate/reference.json")).expect("JSON")
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= tolerance * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

fn std_error(c: &Coefficient) -> f64 {
    c.inference.as_ref().expect("inference").std_error
}

struct Data {
    x: Mat<f64>,
    x1: Vec<f64>,
    binary: Vec<f64>,
    counts: Vec<f64>,
    time: Vec<f64>,
    event: Vec<f64>,
}

fn data() -> Data {
    let r = reference();
    let x1 = numbers(&r["x1"]);
    let x2 = numbers(&r["x2"]);
    Data {
        x: Mat::from_fn(x1.len(), 2, |i, j| if j == 0 { x1[i] } else { x2[i] }),
        binary: numbers(&r["yb"]),
        counts: numbers(&r["yp"]),
        time: numbers(&r["time"]),
        event: numbers(&r["event"]),
        x1,
    }
}

/// ln y!, entry by entry.
fn log_factorials(y: &[f64]) -> Vec<f64> {
    let one = |y: &f64| (1..=*y as usize).map(|k| (k as f64).ln()).sum();
    y.iter().map(one).collect()
}

macro_rules! logistic {
    ($d:expr) => {
        Likelihood::new(&[(1, 1), (2, 1)], |p| {
            let z = p.constant(&$d.x).matmul(p[1]) + p[0];
            binary_cross_entropy_with_logits(z, p.constant(&$d.binary))
        })
    };
}

macro_rules! poisson {
    ($d:expr, $log:expr) => {
        Likelihood::new(&[(1, 1), (2, 1)], |p| {
            let eta = p.constant(&$d.x).matmul(p[1]) + p[0];
            eta.exp() - p.constant(&$d.counts) * eta + p.constant(&$log)
        })
    };
}

/// Weibull regression of survival times: ln t = b₀ + b₁ x + σ w, with w of the extreme-value distribution and σ = e^θ.
macro_rules! weibull {
    ($d:expr) => {
        Likelihood::new(&[(2, 1), (1, 1)], |p| {
            let ln_t = p.constant(&$d.time).ln();
            let line = p.constant(&$d.x1) * p[0].rows(1..2) + p[0].rows(0..1);
            let z = (ln_t - line) / Range::Positive.natural(p[1]);
            z.exp() - p.constant(&$d.event) * (z - p[1] - ln_t)
        })
        .named(["(intercept)", "x1", "ln scale"])
    };
}

fn same(fit: &LikelihoodFit, coefficients: &[Coefficient], log_likelihood: f64) {
    let found = fit
        .coefficients(LikelihoodCovariance::Information)
        .expect("regular");
    assert_eq!(found.len(), coefficients.len());
    for (found, expected) in found.iter().zip(coefficients) {
        close(found.estimate, expected.estimate, 1e-9, "estimate");
        close(std_error(found), std_error(expected), 1e-9, "error");
    }
    close(fit.log_likelihood(), log_likelihood, 1e-9, "likelihood");
    assert_eq!(fit.certificate().status, Status::Converged);
}

#[test]
fn logistic_and_poisson_regression_as_closures() {
    let d = data();
    let fit = logistic!(d).fit(&[0.0; 3]).expect("regular");
    let set = Dataset::new(d.x.clone(), ["x1", "x2"], d.binary.clone(), "y");
    let expected = LogisticRegression::new().fit(&set).expect("regular");
    same(&fit, expected.coefficients(), expected.log_likelihood());

    let log = log_factorials(&d.counts);
    let fit = poisson!(d, log).fit(&[0.0; 3]).expect("regular");
    let set = Dataset::new(d.x.clone(), ["x1", "x2"], d.counts.clone(), "y");
    let expected = GeneralisedLinearModel::new(Distribution::Poisson)
        .fit(&set)
        .expect("regular");
    let likelihood = expected.log_likelihood().expect("a likelihood");
    same(&fit, expected.coefficients(), likelihood);
    close(fit.aic(), expected.aic().expect("AIC"), 1e-9, "AIC");
    close(fit.bic(), expected.bic().expect("BIC"), 1e-9, "BIC");
}

#[test]
fn profiles_are_those_of_r() {
    let (d, r) = (data(), reference());
    let log = log_factorials(&d.counts);
    let check = |key: &str, found: [f64; 2], j: usize| {
        for (end, found) in found.into_iter().enumerate() {
            // MASS interpolates between many points; the other numbers are roots of refits.
            let expected = r[key][j][end].as_f64().expect("a number");
            close(found, expected, 1e-9, key);
            let mass = key.replace('_', "_mass_");
            close(
                found,
                r[&mass][j][end].as_f64().expect("a number"),
                1e-6,
                &mass,
            );
        }
    };
    for level in [0.95, 0.99] {
        let mut model = logistic!(d);
        let fit = model.fit(&[0.0; 3]).expect("regular");
        for j in 0..3 {
            let i = model.profile(&fit, j, level).expect("a profile");
            check(&format!("binomial_{level}"), [i.low, i.high], j);
        }
        let mut model = poisson!(d, log);
        let fit = model.fit(&[0.0; 3]).expect("regular");
        for j in 0..3 {
            let i = model.profile(&fit, j, level).expect("a profile");
            check(&format!("poisson_{level}"), [i.low, i.high], j);
        }
    }
}

#[test]
fn weibull_survival_is_that_of_r() {
    let (d, r) = (data(), reference());
    let mut model = weibull!(d);
    let fit = model.fit(&[0.0; 3]).expect("regular");
    let expected = &r["weibull"];
    let groups: Vec<usize> = (0..60).map(|i| i / 5).collect();
    for (kind, key) in [
        (LikelihoodCovariance::Information, "std_error"),
        (LikelihoodCovariance::Sandwich, "robust_std_error"),
        (
            LikelihoodCovariance::Clustered(&groups),
            "cluster_std_error",
        ),
    ] {
        let found = fit.coefficients(kind).expect("regular");
        let (estimates, errors) = (numbers(&expected["estimate"]), numbers(&expected[key]));
        for (j, found) in found.iter().enumerate() {
            close(found.estimate, estimates[j], 1e-9, "estimate");
            close(std_error(found), errors[j], 1e-9, key);
        }
    }
    let likelihood = expected["log_likelihood"].as_f64().expect("a number");
    close(fit.log_likelihood(), likelihood, 1e-12, "likelihood");

    // The scale on its natural scale, by both ways, and its median survival time by the delta method against finite differences.
    let natural = fit
        .natural(LikelihoodCovariance::Information, 2, Range::Positive)
        .expect("regular");
    let delta = fit
        .delta(LikelihoodCovariance::Information, |p| p[1].exp())
        .expect("smooth");
    close(natural.estimate, delta.values[0], 1e-15, "scale");
    close(natural.std_error, delta.std_error(0), 1e-14, "its error");
    assert!(natural.conf_low > 0.0);
    let median = |p: &[f64]| (p[0] + p[1] + p[2].exp() * 2.0_f64.ln().ln()).exp();
    let found = fit
        .delta(LikelihoodCovariance::Information, |p| {
            (p[0].sum() + p[1].exp() * 2.0_f64.ln().ln()).exp()
        })
        .expect("smooth");
    let b = fit.estimates().to_vec();
    close(found.values[0], median(&b), 1e-14, "median");
    let slope = |j: usize| {
        let moved = |h: f64| {
            let mut p = b.clone();
            p[j] += h;
            median(&p)
        };
        (moved(1e-5) - moved(-1e-5)) / 2e-5
    };
    let v = fit
        .covariance(LikelihoodCovariance::Information)
        .expect("regular");
    let variance: f64 = (0..3)
        .map(|i| (0..3).map(|j| slope(i) * v[(i, j)] * slope(j)).sum::<f64>())
        .sum();
    close(found.std_error(0), variance.sqrt(), 1e-8, "its error");
}

#[test]
fn scores_are_those_of_differences_and_give_the_covariances() {
    let d = data();
    let mut model = weibull!(d);
    let fit = model.fit(&[0.1, 0.2, -0.1]).expect("regular");
    let b = fit.estimates();
    let term = |i: usize, p: &[f64]| {
        let z = (d.time[i].ln() - p[0] - p[1] * d.x1[i]) / p[2].exp();
        d.event[i] * (z - p[2] - d.time[i].ln()) - z.exp()
    };
    let (scores, n) = (fit.scores(), d.time.len());
    for j in 0..3 {
        for i in 0..n {
            let moved = |h: f64| {
                let mut p = b.to_vec();
                p[j] += h;
                term(i, &p)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            close(scores[(i, j)], slope, 1e-8, "score");
        }
        let sum: f64 = (0..n).map(|i| scores[(i, j)]).sum();
        assert!(sum.abs() < 1e-9, "{sum}");
    }
    let outer = scores.transpose() * scores;
    let v = fit
        .covariance(LikelihoodCovariance::Scores)
        .expect("regular");
    let unit = &outer * &v;
    let h = fit
        .covariance(LikelihoodCovariance::Information)
        .expect("regular");
    let sandwich = &h * &outer * &h;
    let found = fit
        .covariance(LikelihoodCovariance::Sandwich)
        .expect("regular");
    // Groups of one observation each.
    let groups: Vec<usize> = (0..n).collect();
    let clustered = fit
        .covariance(LikelihoodCovariance::Clustered(&groups))
        .expect("regular");
    for i in 0..3 {
        for j in 0..3 {
            close(unit[(i, j)], f64::from(u8::from(i == j)), 1e-11, "inverse");
            close(found[(i, j)], sandwich[(i, j)], 1e-13, "sandwich");
            let factor = n as f64 / (n as f64 - 1.0);
            close(
                clustered[(i, j)],
                factor * sandwich[(i, j)],
                1e-13,
                "clustered",
            );
        }
    }
}

#[test]
fn tests_of_hypotheses() {
    let d = data();
    let full = weibull!(d).fit(&[0.0; 3]).expect("regular");
    let restricted = Likelihood::new(&[(1, 1), (1, 1)], |p| {
        let ln_t = p.constant(&d.time).ln();
        let z = (ln_t - p[0]) / p[1].exp();
        z.exp() - p.constant(&d.event) * (z - p[1] - ln_t)
    })
    .fit(&[0.0; 2])
    .expect("regular");
    let ratio = full.likelihood_ratio(&restricted).expect("nested");
    let expected = 2.0 * (full.log_likelihood() - restricted.log_likelihood());
    close(ratio.statistic, expected, 1e-14, "ratio");
    assert!(ratio.reference == train::Reference::ChiSquare(1.0) && ratio.p_value < 1e-3);
    assert!(matches!(
        restricted.likelihood_ratio(&full),
        Err(FitError::Estimate(EstimateError::NotNested { .. }))
    ));
    // One restriction: the square of z, with the same p-value.
    let c = &full
        .coefficients(LikelihoodCovariance::Information)
        .expect("regular")[1];
    let c = c.inference.as_ref().expect("inference");
    let row = mat![[0.0, 1.0, 0.0]];
    let kind = LikelihoodCovariance::Information;
    let wald = full.wald(kind, row.as_ref(), &[0.0]).expect("a hypothesis");
    close(wald.statistic, c.statistic.powi(2), 1e-12, "Wald");
    close(wald.p_value / c.p_value, 1.0, 1e-11, "its p-value");
    let twice = mat![[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]];
    assert_eq!(
        full.wald(kind, twice.as_ref(), &[0.0, 0.0]),
        Err(EstimateError::Redundant { row: 2 }.into())
    );
}

#[test]
fn starts_far_from_convexity_reach_the_optimum() {
    // The t distribution with location, scale and 4 degrees of freedom is not concave far from the data.
    let y = [1.2, 0.4, -0.3, 2.2, 0.9, 8.0, 1.1, 0.2, -1.4, 0.7];
    let mut model = Likelihood::new(&[(1, 1), (1, 1)], |p| {
        let z = (p.constant(&y) - p[0]) / p[1].exp();
        (z.square() / 4.0).ln_1p() * 2.5 + p[1]
    });
    let near = model.fit(&[0.7, 0.0]).expect("regular");
    for start in [[30.0, -1.0], [-8.0, -2.0], [0.0, 4.0]] {
        let fit = model.fit(&start).expect("regular");
        for (a, b) in fit.estimates().iter().zip(near.estimates()) {
            close(*a, *b, 1e-10, "estimate");
        }
    }
}

#[test]
fn parameters_at_the_limit_of_their_digits_converge() {
    // A mean of a million and a standard deviation of 0.007: the mean has 1e-8 standard deviations as its last digit.
    let x: Vec<f64> = (0..50)
        .map(|i| 1e6 + (f64::from(i) * 1.3).sin() * 1e-2)
        .collect();
    let mut normal = Likelihood::new(&[(1, 1), (1, 1)], |p| {
        let z = (p.constant(&x) - p[0]) / p[1];
        z.square() * 0.5 + p[1].ln()
    });
    let mean = 1e6 + x.iter().map(|x| x - 1e6).sum::<f64>() / 50.0;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 50.0;
    for start in [[1e6, 1.0], [1e6 + 0.3, 1e-3], [0.0, 1e6]] {
        let fit = normal.fit(&start).expect("regular");
        close(fit.estimates()[0], mean, 1e-15, "mean");
        close(fit.estimates()[1], variance.sqrt(), 1e-12, "deviation");
    }
}

#[test]
fn ends_of_profiles_that_do_not_exist_are_infinite() {
    // No event among 5 trials of one kind: the probability has no lower bound on the logit scale above minus infinity, once the other
    // kind gives it an estimate; here 1 event in 3 with heavy tails in the other direction.
    let y = [0.0, 0.0, 1.0];
    let mut cauchit = Likelihood::new(&[(1, 1)], |p| {
        let q = Range::Probability.natural(p[0]);
        let y = p.constant(&y);
        -(y * (q * 0.5 + 0.2).ln() + (1.0 - y) * (0.8 - q * 0.5).ln())
    });
    let fit = cauchit.fit(&[-1.0]).expect("regular");
    let interval = cauchit.profile(&fit, 0, 0.95).expect("a profile");
    assert_eq!(
        (interval.low, interval.high),
        (f64::NEG_INFINITY, f64::INFINITY)
    );
    // A standard deviation on its own scale: the profile ends before 0, and lies above it.
    let x = [0.3, -1.0, 1.4];
    let mut normal = Likelihood::new(&[(1, 1), (1, 1)], |p| {
        ((p.constant(&x) - p[0]) / p[1]).square() * 0.5 + p[1].ln()
    });
    let fit = normal.fit(&[0.0, 1.0]).expect("regular");
    let i = normal.profile(&fit, 1, 0.99).expect("a profile");
    // n ln(σ²/σ̂²) + n (σ̂²/σ² − 1) reaches the quantile.
    let least = fit.estimates()[1].powi(2);
    for end in [i.low, i.high] {
        let ratio = end * end / least;
        let fall = 3.0 * ratio.ln() + 3.0 * (1.0 / ratio - 1.0);
        close(fall, 2.575_829_303_548_901_f64.powi(2), 1e-9, "fall");
    }
    assert!(i.low > 0.0);
}

#[test]
fn failures_say_what_to_do() {
    let y = [1.0, 2.0, 4.0];
    let message = |error: FitError| error.to_string();
    // A variance that starts below 0.
    let error = Likelihood::new(&[(1, 1), (1, 1)], |p| {
        (p.constant(&y) - p[0]).square() / p[1] + p[1].ln()
    })
    .fit(&[0.0, -1.0])
    .expect_err("no logarithm");
    assert!(message(error).contains("observation 1 is NaN"));
    // A sum instead of a column is one observation of shape 1x1 and allowed; a row is not.
    let error = Likelihood::new(&[(1, 1)], |p| (p.constant(&y) - p[0]).square().transpose())
        .fit(&[0.0])
        .expect_err("a row");
    assert!(message(error).contains("returned 1x3"));
    // Two parameters of which only the sum matters.
    let error = Likelihood::new(&[(1, 1), (1, 1), (1, 1)], |p| {
        (p.constant(&y) - p[0] - p[2]).square() + p[1].square()
    })
    .named(["a", "b", "c"])
    .fit(&[0.0; 3])
    .expect_err("not identified");
    assert!(message(error).contains("`a` and `c`"));
    // A parameter that the closure does not use.
    let error = Likelihood::new(&[(1, 1), (1, 1)], |p| (p.constant(&y) - p[0]).square())
        .fit(&[0.0; 2])
        .expect_err("not used");
    assert_eq!(
        error,
        EstimateError::Singular {
            what: "the Hessian",
            parameters: vec!["p2".into()]
        }
        .into()
    );
    // A start on the ridge between two maxima.
    let error = Likelihood::new(&[(1, 1)], |p| {
        (p[0].square() - 1.0).square() + p.constant(&y) * 0.0
    })
    .fit(&[0.0])
    .expect_err("a saddle");
    assert!(matches!(
        error,
        FitError::Estimate(EstimateError::Saddle { .. })
    ));
    // Classes that are told apart without error.
    let (x, class) = ([-2.0, -1.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0]);
    let error = Likelihood::new(&[(1, 1)], |p| {
        binary_cross_entropy_with_logits(p.constant(&x) * p[0], p.constant(&class))
    })
    .fit(&[0.0])
    .expect_err("separated");
    assert!(
        matches!(
            error,
            FitError::Estimate(
                EstimateError::Unbounded { .. } | EstimateError::NotConverged { .. }
            )
        ),
        "{error}"
    );
    let mut model = Likelihood::new(&[(1, 1)], |p| (p.constant(&y) - p[0]).square());
    assert_eq!(
        model.fit(&[]).expect_err("no start"),
        FitError::Start {
            found: 0,
            expected: 1
        }
    );
    let fit = model.fit(&[0.0]).expect("regular");
    assert!(model.profile(&fit, 1, 0.95).is_err() && model.profile(&fit, 0, 1.0).is_err());
    assert!(
        fit.covariance(LikelihoodCovariance::Clustered(&[1, 1, 1]))
            .is_err()
    );
    assert!(
        fit.covariance(LikelihoodCovariance::Clustered(&[1, 2]))
            .is_err()
    );
    let error = fit.delta(LikelihoodCovariance::Information, |p| (p[0] - 100.0).ln());
    assert!(error.is_err_and(|error| error.to_string().contains("value NaN")));
}
