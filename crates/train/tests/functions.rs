//! Functions of the coefficients and quantile residuals against R. The scripts are inference/delta.R and inference/quantile.R.

#[path = "common/inference.rs"]
mod shared;

use datasets::Dataset;
use linalg::Mat;
use models::glm::{Distribution, GeneralisedLinearModel, Link};
use serde_json::Value;
use shared::*;
use train::{Covariance, Fit, FitError, Observations, Reference};

#[test]
fn functions_of_coefficients_are_those_of_car() {
    let r: Value = serde_json::from_str(&file("delta.json")).unwrap();
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    for name in ["gaussian", "logit", "poisson"] {
        let (model, data) = case(name);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(&model, &observations).unwrap();
        for (kind, key) in [
            (Covariance::Expected, "vcov"),
            (Covariance::Hc0, "hc0"),
            (Covariance::Clustered(&clusters), "cluster"),
        ] {
            let r = &r[name][key];
            let all = analysis
                .delta(&kind, |b| {
                    let size = (b[1].square() + b[2].square()).sqrt();
                    let parts = [-b[0] / b[1], b[1] / b[2], b[3].exp() * b[1], size];
                    b[0].tape().concatenate_rows(&parts)
                })
                .unwrap();
            for k in 0..4 {
                close(all.values[k], &r["estimate"][k], 1e-9, name);
                close(all.std_error(k), &r["std_error"][k], 1e-9, key);
            }
            let two = analysis.delta(&kind, |b| {
                b[0].tape().concatenate_rows(&[-b[0] / b[1], b[1] / b[2]])
            });
            let two = two.unwrap();
            close_matrix(two.covariance.as_ref(), &r["joint"], 1e-9, key);
            let test = two.wald(&[0.5, 1.0]).unwrap();
            let (statistic, n) = match test.reference {
                Reference::F(2.0, rest) => (2.0 * test.statistic, rest),
                Reference::ChiSquare(2.0) => (test.statistic, f64::INFINITY),
                other => panic!("{other:?}"),
            };
            close(statistic, &r["wald"], 1e-8, "Wald");
            let expected = match (name, key) {
                ("gaussian", "cluster") => 14.0,
                ("gaussian", _) => 119.0,
                _ => f64::INFINITY,
            };
            assert_eq!(n, expected);
            let [low, high] = two.interval(0, 0.95).unwrap().unwrap();
            let inference = two.inference(0).unwrap();
            assert!((low - inference.conf_low).abs() < 1e-12 * low.abs());
            assert!((high - inference.conf_high).abs() < 1e-12 * high.abs());
            assert!(two.interval(0, 1.0).is_err());
        }
        let error = analysis.delta(&Covariance::Expected, |b| (-(b[1].square())).ln());
        assert!(error.is_err_and(|error| error.to_string().contains("the value NaN")));
    }
}

#[test]
fn a_function_of_a_coefficient_without_a_robust_error_has_none() {
    // The last row alone has a 1 in its column.
    let x = Mat::from_fn(12, 2, |i, j| match j {
        0 => (i as f64 * 1.3).sin(),
        _ => f64::from(u8::from(i == 11)),
    });
    let y: Vec<f64> = (0..12).map(|i| (f64::from(i) * 0.7).cos()).collect();
    let data = Dataset::new(x, ["a", "alone"], y, "y");
    let model = GeneralisedLinearModel::new(Distribution::Gaussian);
    let fit = model.fit(&data).unwrap();
    let observations = Observations::from(&data);
    let analysis = fit.analyse(&model, &observations).unwrap();
    let of = |k: usize| {
        analysis
            .delta(&Covariance::Hc1, move |b| b[k] * 2.0)
            .unwrap()
    };
    assert!(of(2).std_error(0).is_nan() && of(2).inference(0).is_none());
    let expected = 2.0 * analysis.covariance(&Covariance::Hc1).unwrap()[(1, 1)].sqrt();
    assert!((of(1).std_error(0) / expected - 1.0).abs() < 1e-14);
}

/// Specification and data of a model of quantile.R.
fn quantile_case(name: &str) -> (GeneralisedLinearModel, Dataset) {
    match name {
        "negative_binomial" => {
            let model = GeneralisedLinearModel::new(Distribution::NegativeBinomial { theta: 2.0 });
            (model, case("poisson").1)
        }
        "inverse_gaussian" => {
            let model = GeneralisedLinearModel::new(Distribution::InverseGaussian);
            (model.link(Link::Log), case("gamma_log").1)
        }
        _ => case(name),
    }
}

#[test]
fn quantile_residuals_are_those_of_statmod() {
    let r: Value = serde_json::from_str(&file("quantile.json")).unwrap();
    let u = |i: usize| r["u"][i].as_f64().unwrap();
    for name in [
        "gaussian",
        "gamma_log",
        "inverse_gaussian",
        "poisson",
        "negative_binomial",
        "logit",
        "binomial_trials",
    ] {
        let (model, data) = quantile_case(name);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(&model, &observations).unwrap();
        let found = analysis.quantile_residuals(u).unwrap();
        for (i, found) in found.iter().enumerate() {
            // statmod's own function has fewer digits; src/tails.rs is tested against 60.
            let bound = if name == "inverse_gaussian" {
                1e-7
            } else {
                1e-8
            };
            close(*found, &r[name][i], bound, name);
        }
    }
}

fn fit_is_of_counts(model: &GeneralisedLinearModel) -> bool {
    model.family().distribution == Distribution::Poisson
}

#[test]
fn quantile_residuals_far_out_are_finite() {
    // A line of slope 1 with one point 1e4 standard deviations off, as the other residuals have it.
    let x = Mat::from_fn(100, 1, |i, _| i as f64);
    let mut y: Vec<f64> = (0..100).map(|i| 5.0 + (f64::from(i) * 1.9).sin()).collect();
    let analyse = |model: &GeneralisedLinearModel, y: &[f64]| {
        let data = Dataset::new(x.clone(), ["x"], y.to_vec(), "y");
        let fit = model.fit(&data)?;
        let observations = Observations::from(&data);
        let analysis = fit.analyse(model, &observations)?;
        let dispersion = fit.dispersion().value;
        let mean = fit.model().predict(x.as_ref(), None);
        let found = analysis.quantile_residuals(|_| 0.5)?;
        Ok::<_, FitError>((found, mean.unwrap(), dispersion))
    };
    y[50] = 900.0;
    let gaussian = GeneralisedLinearModel::new(Distribution::Gaussian);
    let (found, mean, phi) = analyse(&gaussian, &y).unwrap();
    assert!(found[50] > 9.0);
    for i in 0..100 {
        let expected = (y[i] - mean[i]) / phi.sqrt();
        assert!((found[i] - expected).abs() <= 1e-12 * expected.abs().max(1.0));
    }
    let counts: Vec<f64> = y.iter().map(|y| y.round()).collect();
    let of = GeneralisedLinearModel::new;
    for model in [
        of(Distribution::Poisson),
        of(Distribution::Gamma).link(Link::Log),
        of(Distribution::InverseGaussian).link(Link::Log),
        of(Distribution::NegativeBinomial { theta: 3.0 }),
        of(Distribution::Tweedie { power: 1.5 }),
    ] {
        let (found, ..) = analyse(&model, &counts).unwrap();
        assert!(found.iter().all(|z| z.is_finite()), "{model:?}");
        // An estimated dispersion is large for this point, too.
        let far = if fit_is_of_counts(&model) { 5.0 } else { 2.0 };
        assert!(found[50] > far, "{model:?}: {}", found[50]);
    }
    let error = analyse(&of(Distribution::Poisson).quasi(), &counts).unwrap_err();
    assert!(error.to_string().contains("quasi-likelihood"));
    let parts: Vec<f64> = counts.iter().map(|y| y + 0.5).collect();
    let error = analyse(&of(Distribution::Poisson), &parts).unwrap_err();
    assert!(error.to_string().contains("row 1 "), "{error}");
}
