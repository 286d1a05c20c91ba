//! Generalised linear models against published and recomputed fits, weights against repetitions, and what is refused.

mod common;

use common::reference;
use datasets::{CsvOptions, Dataset, Preparation};
use linalg::{Mat, mat};
use models::glm::{Distribution, GeneralisedLinearModel, Link};
use serde_json::Value;
use train::{Fit, FitError, GlmFit, Status};

fn number(value: &Value) -> f64 {
    let text = || value.as_str().and_then(|text| text.parse().ok());
    value.as_f64().or_else(text).expect("a number")
}

fn assert_relative(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs() + 1e-15,
        "{what}: {found} is not {expected}"
    );
}

#[test]
fn published_fits_to_all_digits_of_their_recomputation() {
    let Some(folder) = reference() else { return };
    for (case, key, distribution, link) in [
        (
            "glm-dobson-poisson",
            "main",
            Distribution::Poisson,
            Link::Log,
        ),
        (
            "glm-scotland-gamma",
            "gamma",
            Distribution::Gamma,
            Link::Inverse,
        ),
        (
            "glm-spector",
            "probit",
            Distribution::Binomial,
            Link::Probit,
        ),
        ("glm-spector", "logit", Distribution::Binomial, Link::Logit),
    ] {
        let folder = folder.join(case);
        let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let expected = &json[key]["recomputed_17_digits"];
        let frame = CsvOptions::new()
            .read(folder.join(format!("design-{key}.csv")))
            .unwrap();
        let data = Preparation::new("y")
            .exclude(["(Intercept)"])
            .numeric(&frame)
            .unwrap();
        let fit = GeneralisedLinearModel::new(distribution)
            .link(link)
            .fit(&data)
            .unwrap();
        assert_eq!(fit.certificate().status, Status::Converged);
        for (k, name) in expected["names"].as_array().unwrap().iter().enumerate() {
            let name = name.as_str().unwrap().replace("(Intercept)", "(intercept)");
            let found = fit.coefficients().iter().find(|c| c.name == name).unwrap();
            let what = format!("{case} {name}");
            assert_relative(found.estimate, number(&expected["coef"][k]), 1e-9, &what);
            let error = found.inference.unwrap().std_error;
            assert_relative(
                error,
                number(&expected["se_expected_information"][k]),
                1e-9,
                &what,
            );
        }
        assert_relative(fit.deviance(), number(&expected["deviance"]), 1e-12, case);
        assert_relative(
            fit.null_deviance(),
            number(&expected["null_deviance"]),
            1e-12,
            case,
        );
        assert_relative(fit.pearson(), number(&expected["pearson_chi2"]), 1e-9, case);
        assert_eq!(fit.residual_freedom(), number(&expected["df_residual"]));
        if let Some(likelihood) = expected.get("log_likelihood") {
            assert_relative(
                fit.log_likelihood().unwrap(),
                number(likelihood),
                1e-12,
                case,
            );
            assert_relative(fit.aic().unwrap(), number(&expected["aic"]), 1e-12, case);
        }
        if let Some(dispersion) = expected.get("dispersion_pearson") {
            assert_relative(fit.dispersion().value, number(dispersion), 1e-9, case);
        }
    }
}

fn problem(rows: usize) -> Dataset {
    let x = Mat::from_fn(rows, 2, |i, j| ((i * (3 + 2 * j) + j) as f64 * 0.618).sin());
    let y = (0..rows).map(|i| ((i * 7) % 5) as f64).collect();
    Dataset::new(x, ["a", "b"], y, "y")
}

fn fit(distribution: Distribution, link: Link, data: &Dataset) -> GlmFit {
    let fit = GeneralisedLinearModel::new(distribution)
        .link(link)
        .fit(data);
    fit.unwrap_or_else(|e| panic!("{distribution:?} {link}: {e}"))
}

#[test]
fn a_weight_is_a_number_of_repetitions() {
    for (distribution, link) in [
        (Distribution::Gaussian, Link::Identity),
        (Distribution::Binomial, Link::Logit),
        (Distribution::Binomial, Link::Probit),
        (Distribution::Binomial, Link::Cloglog),
        (Distribution::Binomial, Link::Cauchit),
        (Distribution::Poisson, Link::Log),
        (Distribution::Poisson, Link::Sqrt),
        (Distribution::Gamma, Link::Log),
        (Distribution::Gamma, Link::Inverse),
        (Distribution::InverseGaussian, Link::Log),
        (Distribution::NegativeBinomial { theta: 1.5 }, Link::Log),
        (Distribution::Tweedie { power: 1.4 }, Link::Log),
    ] {
        let mut data = problem(40);
        for y in &mut data.target {
            *y = match distribution {
                Distribution::Binomial => f64::from(u8::from(*y > 1.5)),
                Distribution::Gamma | Distribution::InverseGaussian => *y + 0.5,
                _ => *y,
            };
        }
        let repetitions: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let rows: Vec<usize> = (0..40).flat_map(|i| vec![i; repetitions[i]]).collect();
        let repeated = fit(distribution, link, &data.select(&rows));
        data.weights = Some(repetitions.iter().map(|n| *n as f64).collect());
        let weighted = fit(distribution, link, &data);
        let what = format!("{distribution:?} {link}");
        for (a, b) in weighted.coefficients().iter().zip(repeated.coefficients()) {
            assert!(
                (a.estimate - b.estimate).abs() < 1e-10 * (1.0 + b.estimate.abs()),
                "{what}: {a:?} {b:?}"
            );
            let (a, b) = (a.inference.unwrap(), b.inference.unwrap());
            assert_relative(a.std_error, b.std_error, 1e-9, &what);
            assert!((a.p_value - b.p_value).abs() < 1e-9, "{what}");
        }
        assert_relative(weighted.deviance(), repeated.deviance(), 1e-10, &what);
        assert_relative(
            weighted.null_deviance(),
            repeated.null_deviance(),
            1e-10,
            &what,
        );
        if let (Some(a), Some(b)) = (weighted.bic(), repeated.bic()) {
            assert_relative(a, b, 1e-10, &what);
        }
        assert!(
            weighted.certificate().gradient_max < 1e-9,
            "{what}: {}",
            weighted.certificate().gradient_max
        );
    }
}

#[test]
fn successes_of_trials_are_as_many_single_trials() {
    let mut data = problem(12);
    data.trials = Some((0..12).map(|i| f64::from(5 + i % 3)).collect());
    let grouped = fit(Distribution::Binomial, Link::Logit, &data);
    let (mut rows, mut single) = (Vec::new(), Vec::new());
    for i in 0..12 {
        for trial in 0..5 + i as u32 % 3 {
            rows.push(i);
            single.push(f64::from(u8::from(f64::from(trial) < data.target[i])));
        }
    }
    let mut each = data.select(&rows);
    each.target = single;
    each.trials = None;
    let each = fit(Distribution::Binomial, Link::Logit, &each);
    for (a, b) in grouped.coefficients().iter().zip(each.coefficients()) {
        assert!((a.estimate - b.estimate).abs() < 1e-11);
        assert_relative(
            a.inference.unwrap().std_error,
            b.inference.unwrap().std_error,
            1e-10,
            "errors",
        );
    }
    assert_eq!(grouped.residual_freedom(), 9.0);
}

#[test]
fn offsets_move_the_intercept() {
    let mut data = problem(30);
    let plain = fit(Distribution::Poisson, Link::Log, &data);
    data.offset = Some(vec![0.7; 30]);
    let moved = fit(Distribution::Poisson, Link::Log, &data);
    let difference = plain.coefficients()[0].estimate - moved.coefficients()[0].estimate;
    assert!((difference - 0.7).abs() < 1e-10);
    assert_relative(moved.deviance(), plain.deviance(), 1e-12, "deviance");
    assert_relative(
        moved.null_deviance(),
        plain.null_deviance(),
        1e-12,
        "null deviance",
    );
}

#[test]
fn least_squares_is_least_squares() {
    // y = 1 + 2 x + residuals (1, −2, 1): the estimates are those of the line, σ² = 6 / 1.
    let data = Dataset::new(mat![[-1.0], [0.0], [1.0]], ["x"], vec![0.0, -1.0, 4.0], "y");
    let line = fit(Distribution::Gaussian, Link::Identity, &data);
    assert!((line.coefficients()[0].estimate - 1.0).abs() < 1e-13);
    assert!((line.coefficients()[1].estimate - 2.0).abs() < 1e-13);
    assert!((line.dispersion().value - 6.0).abs() < 1e-12);
    let error = line.coefficients()[1].inference.unwrap();
    assert_relative(error.std_error, 3.0_f64.sqrt(), 1e-13, "standard error");
    // t with one degree of freedom is Cauchy's: p = 1 − 2 atan(t) / π.
    let p = 1.0 - 2.0 * error.statistic.atan() / std::f64::consts::PI;
    assert_relative(error.p_value, p, 1e-12, "p");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let model = GeneralisedLinearModel::new(Distribution::Poisson);
    let mut data = problem(10);
    data.target[3] = -1.0;
    assert_eq!(
        model.fit(&data).unwrap_err().to_string(),
        "row 4: the target `y` is -1, which a poisson distribution cannot give"
    );
    let mut data = problem(10);
    data.trials = Some(vec![9.0; 10]);
    assert_eq!(
        model.fit(&data).unwrap_err(),
        FitError::Unused { what: "trials" }
    );
    let mut data = problem(10);
    data.weights = Some(vec![-1.0; 10]);
    assert!(matches!(
        model.fit(&data),
        Err(FitError::Negative { row: 1, .. })
    ));
    data.weights = Some(vec![0.0; 10]);
    assert!(matches!(
        model.fit(&data),
        Err(FitError::TooFewRows { rows: 0, .. })
    ));
    // Counts that are all 0 where b is 1 have no finite estimate.
    let x = Mat::from_fn(8, 1, |i, _| f64::from(u8::from(i >= 4)));
    let data = Dataset::new(x, ["b"], vec![2.0, 1.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0], "y");
    let error = model.fit(&data).unwrap_err();
    assert!(
        error.to_string().starts_with(
            "no finite estimate exists: `b` marks rows in all of which the target is 0"
        ),
        "{error}"
    );
}
