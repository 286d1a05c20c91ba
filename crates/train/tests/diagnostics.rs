//! Diagnostics, effects, predictions and bootstraps of fits, against R; and what is refused.

#[path = "common/inference.rs"]
mod shared;

use linalg::Mat;
use models::glm::{Distribution, GeneralisedLinearModel};
use shared::*;
use train::{Covariance, Fit, Observations, Residual};

#[test]
fn effects_and_predictions() {
    let rows = Mat::from_fn(3, 3, |i, j| {
        [[0.5, -0.3, 1.0], [-1.2, 0.8, 0.0], [2.0, 1.5, 1.0]][i][j]
    });
    let off = [0.1, 0.0, -0.2];
    each(|name, expected, analysis| {
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        if !expected["ame"].is_null() {
            for effect in analysis.marginal_effects(&Covariance::Expected).unwrap() {
                let what = format!("{name} effect of {}", effect.name);
                close(
                    effect.estimate,
                    &expected["ame"]["estimate"][&effect.name],
                    bound,
                    &what,
                );
                let error = &expected["ame"]["std_error"][&effect.name];
                close(effect.inference.std_error, error, bound, &what);
                assert_eq!(effect.discrete, effect.name == "g");
            }
        }
        let offset = (!expected["offset"].is_null()).then_some(&off[..]);
        let estimated = analysis.fit().dispersion().estimated;
        let predicted = analysis.predict(rows.as_ref(), offset, 0.95, &Covariance::Expected);
        for (k, row) in predicted.unwrap().iter().enumerate() {
            let expected = &expected["predict"];
            let what = format!("{name} row {k}");
            close(row.linear, &expected["eta"][k], bound, &what);
            close(row.linear_std_error, &expected["eta_se"][k], bound, &what);
            close(row.mean, &expected["mean"][k], bound, &what);
            close(row.std_error, &expected["mean_se"][k], bound, &what);
            let ends = &expected[if estimated { "mean_ci_t" } else { "mean_ci_z" }];
            if name != "gamma_inverse" {
                close(row.interval.low, &ends["lower"][k], bound, &what);
                close(row.interval.high, &ends["upper"][k], bound, &what);
            }
        }
    });
}

#[test]
fn residuals_and_influence_are_those_of_r() {
    each(|name, expected, analysis| {
        let d = &expected["diagnostics"];
        if d.is_null() {
            return;
        }
        let check = |found: &[f64], field: &str| {
            for (i, value) in found.iter().enumerate() {
                close(
                    *value,
                    &d[field][i],
                    1e-8,
                    &format!("{name} {field} of row {i}"),
                );
            }
        };
        check(&analysis.residuals(Residual::Response), "response");
        check(&analysis.residuals(Residual::Pearson), "pearson");
        check(&analysis.residuals(Residual::Deviance), "deviance");
        check(&analysis.residuals(Residual::Working), "working");
        check(
            &analysis.residuals(Residual::StandardisedDeviance),
            "standardised_deviance",
        );
        check(
            &analysis.residuals(Residual::StandardisedPearson),
            "standardised_pearson",
        );
        check(&analysis.leverages(), "hat");
        let influence = analysis.influence();
        let cook: Vec<f64> = influence.iter().map(|row| row.cook).collect();
        check(&cook, "cooks_distance");
        let (beta, scaled) = (analysis.dfbeta(), analysis.dfbetas());
        let field = if name == "gaussian" {
            "dfbetas_r"
        } else {
            "dfbetas_onestep"
        };
        for i in 0..10 {
            for j in 0..4 {
                let what = format!("{name} dfbeta {i} {j}");
                close(beta[i][j], &d["dfbeta_onestep_first10"][i][j], 1e-8, &what);
                if name == "gaussian" || !analysis.fit().dispersion().estimated {
                    close(
                        scaled[i][j],
                        &d[format!("{field}_first10")][i][j],
                        1e-8,
                        &what,
                    );
                }
            }
        }
        let worst = analysis.influential(3);
        let largest = cook.iter().fold(0.0_f64, |m, c| m.max(*c));
        assert_eq!(worst.first().map(|row| row.cook), Some(largest));
    });
}

#[test]
fn checks_of_the_whole_model() {
    each(|name, expected, analysis| {
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        let what = |test: &str| format!("{name} {test}");
        let collinearity = &expected["collinearity"];
        if !collinearity.is_null() {
            for (column, value) in analysis.variance_inflation() {
                close(value, &collinearity["vif"][&column], bound, &what("vif"));
            }
            let indices = analysis.condition_indices().unwrap();
            for (k, index) in indices.iter().enumerate() {
                close(
                    *index,
                    &collinearity["belsley"]["condition_indices"][k],
                    bound,
                    &what("indices"),
                );
            }
        }
        let hosmer = &expected["hosmer_lemeshow"]["quantile_groups"];
        if !hosmer.is_null() && name != "binomial_trials" && !name.contains("weights") {
            let found = analysis.hosmer_lemeshow(10).unwrap();
            close_test(found.test, hosmer, bound, &what("hosmer"));
            let ns: Vec<f64> = found.groups.iter().map(|group| group.0).collect();
            let theirs: Vec<f64> = serde_json::from_value(hosmer["n"].clone()).unwrap();
            assert_eq!(ns, theirs);
        }
        if name == "logit" {
            let shifted: Vec<f64> =
                serde_json::from_value(expected["calibration"]["shifted_probabilities"].clone())
                    .unwrap();
            let logits: Vec<f64> = shifted.iter().map(|p| (p / (1.0 - p)).ln()).collect();
            let found = analysis.calibration(Some(&logits)).unwrap();
            let theirs = &expected["calibration"]["shifted"];
            close(
                found.intercept.estimate,
                &theirs["intercept"],
                bound,
                "calibration",
            );
            close(found.slope.estimate, &theirs["slope"], bound, "calibration");
            let own = analysis.calibration(None).unwrap();
            assert!(own.intercept.estimate.abs() < 1e-9 && (own.slope.estimate - 1.0).abs() < 1e-9);
        }
        let link = analysis.link_test().unwrap().inference.unwrap();
        if name != "negative_binomial" && expected["offset"].is_null() && !name.contains("weights")
        {
            close(
                link.statistic,
                &expected["link_test"]["eta2_stat"],
                1e-7,
                &what("link"),
            );
        }
        let over = analysis.overdispersion();
        if !name.contains("weights") {
            close(
                over.ratio,
                &expected["overdispersion"]["pearson_chi2_over_df"],
                bound,
                &what("ratio"),
            );
        }
        if name == "poisson" {
            close(
                over.dean.unwrap(),
                &expected["overdispersion"]["score_nb2"]["stat"],
                bound,
                "dean",
            );
        }
        let found = analysis.pseudo_r2();
        for (value, field) in found
            .iter()
            .zip(["mcfadden", "cox_snell", "nagelkerke", "tjur"])
        {
            let theirs = &expected["pseudo_r2"][field];
            if let (Some(value), false, false) =
                (value, theirs.is_null(), name == "negative_binomial")
            {
                close(*value, theirs, bound, &what(field));
            }
        }
    });
}

#[test]
fn what_has_no_meaning_is_refused() {
    let (model, data) = case("logit");
    let observations = Observations::from(&data);
    let penalised = model.clone().penalised(models::glm::Penalty::ridge(0.1));
    let fit = penalised.fit(&data).unwrap();
    let error = fit.analyse(&penalised, &observations).unwrap_err();
    assert!(
        error.to_string().starts_with("a penalty is in force"),
        "{error}"
    );
    let fit = model.fit(&data).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let one = vec![0; data.target.len()];
    for error in [
        analysis
            .covariance(&Covariance::Clustered(&one))
            .unwrap_err(),
        analysis
            .covariance(&Covariance::Clustered(&[0, 1]))
            .unwrap_err(),
        analysis
            .wald(&["x1", "x1"], &Covariance::Expected)
            .unwrap_err(),
        analysis
            .wald(&["nothing"], &Covariance::Expected)
            .unwrap_err(),
        analysis.profile("x1", 1.5).unwrap_err(),
        analysis.score(&["x1", "x1"]).unwrap_err(),
        analysis.penalised_likelihood_ratio("x1").unwrap_err(),
        analysis.calibration(Some(&[0.5])).unwrap_err(),
        analysis
            .predict(
                Mat::<f64>::zeros(1, 2).as_ref(),
                None,
                0.95,
                &Covariance::Expected,
            )
            .unwrap_err(),
    ] {
        assert!(error.to_string().len() > 20, "{error}");
    }
    // One row determines a coefficient alone: robust covariances that divide by 1 − h do not exist, and say so.
    let mut lone = data.clone();
    for i in 0..lone.target.len() {
        lone.features[(i, 2)] = f64::from(u8::from(i == 5));
    }
    lone.target = column("yn");
    let model = GeneralisedLinearModel::new(Distribution::Gaussian);
    let observations = Observations::from(&lone);
    let fit = model.fit(&lone).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let clusters: Vec<usize> = (0..lone.target.len()).map(|i| i / 3).collect();
    for kind in [
        Covariance::Hc0,
        Covariance::Hc3,
        Covariance::Clustered(&clusters),
    ] {
        assert_eq!(
            analysis.undetermined(&kind),
            [false, false, false, true],
            "{kind:?}"
        );
        let coefficients = analysis.coefficients(&kind).unwrap();
        assert!(coefficients[3].inference.is_none() && coefficients[1].inference.is_some());
        if matches!(kind, Covariance::Clustered(_)) {
            continue;
        }
        // The others are as without that row.
        let mut rest = lone.clone();
        rest.weights = Some(
            (0..rest.target.len())
                .map(|i| f64::from(u8::from(i != 5)))
                .collect(),
        );
        rest.features = Mat::from_fn(rest.target.len(), 2, |i, j| lone.features[(i, j)]);
        rest.feature_names.truncate(2);
        let observations = Observations::from(&rest);
        let part = model.fit(&rest).unwrap();
        let expected = part
            .analyse(&model, &observations)
            .unwrap()
            .coefficients(&kind)
            .unwrap();
        let [found, expected] =
            [&coefficients[1], &expected[1]].map(|c| c.inference.unwrap().std_error);
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{kind:?}: {found} {expected}"
        );
    }
    let failed: Vec<_> = train::validity(&fit, &model, &observations)
        .into_iter()
        .filter(|condition| !condition.holds)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].name, "leverage");
    assert!(failed[0].detail.contains("row 6"));
}

#[test]
fn bootstraps_depend_on_the_seed_alone() {
    let (model, data) = case("poisson");
    let observations = Observations::from(&data);
    let fit = model.fit(&data).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let draw = |threads: usize, seed: u64| {
        linalg::parallel::with_threads(threads, || analysis.bootstrap(400, seed, None).unwrap())
            .unwrap()
    };
    let (one, two, other) = (draw(1, 5), draw(2, 5), draw(2, 6));
    assert_eq!(one.estimates(), two.estimates());
    assert_ne!(one.estimates(), other.estimates());
    assert_eq!((one.failed(), one.names().len()), (0, 4));
    // The bootstrap and the sandwich estimate the same.
    let (found, expected) = (
        one.covariance(),
        analysis.covariance(&Covariance::Hc0).unwrap(),
    );
    for j in 0..4 {
        let ratio = (found[(j, j)] / expected[(j, j)]).sqrt();
        assert!((0.85..1.25).contains(&ratio), "{ratio}");
        let interval = one.intervals(0.95)[j];
        let error = expected[(j, j)].sqrt();
        let estimate = fit.coefficients()[j].estimate;
        assert!((interval.low - (estimate - 1.96 * error)).abs() < error);
        assert!((interval.high - (estimate + 1.96 * error)).abs() < error);
    }
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    let clustered = analysis
        .bootstrap(400, 5, Some(&clusters))
        .unwrap()
        .covariance();
    let expected = analysis
        .covariance(&Covariance::Clustered(&clusters))
        .unwrap();
    let ratio = (clustered[(1, 1)] / expected[(1, 1)]).sqrt();
    assert!((0.7..1.5).contains(&ratio), "{ratio}");
}

#[test]
fn quantile_residuals_lie_between_the_bounds_of_r() {
    for name in ["poisson", "logit", "gamma_log", "gaussian"] {
        let (model, data) = case(name);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(&model, &observations).unwrap();
        let [low, middle, high] =
            [0.0, 0.5, 1.0].map(|u| analysis.quantile_residuals(|_| u).unwrap());
        for i in 0..low.len() {
            assert!(low[i] <= middle[i] && middle[i] <= high[i], "{name} {i}");
        }
        // A model that holds has residuals with mean 0 and variance 1; these are overdispersed at most by its own fault.
        let mean = middle.iter().sum::<f64>() / middle.len() as f64;
        assert!(mean.abs() < 0.3, "{name}: {mean}");
        if name == "poisson" {
            let bounds = &reference()["models"]["poisson"]["quantile_residual_bounds"];
            let cdf = |z: f64| 0.5 * linalg::Scalar::erfc(-z / std::f64::consts::SQRT_2);
            for i in 0..10 {
                close(cdf(low[i]), &bounds["lower"][i], 1e-9, "lower bound");
                close(cdf(high[i]), &bounds["upper"][i], 1e-9, "upper bound");
            }
        }
    }
}
