//! Nonlinear least squares against R's `nls` and refits, and what is refused. The script is estimate/nonlinear.R.

use serde_json::Value;
use train::{Covariance, EstimateError, FitError, NonlinearFit, NonlinearLeastSquares, Status};

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|v| v.as_f64().expect("a number")).collect()
}

fn reference() -> Value {
    serde_json::from_str(include_str!("estimate/nonlinear.json")).expect("JSON")
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= tolerance * expected.abs(),
        "{what}: {found} is not {expected}"
    );
}

macro_rules! michaelis_menten {
    ($x:expr, $y:expr) => {
        NonlinearLeastSquares::new(&[(1, 1), (1, 1)], $y, |p| {
            let x = p.constant($x);
            p[0] * x / (p[1] + x)
        })
        .named(["V", "K"])
    };
}

fn compare(fit: &NonlinearFit, r: &Value) {
    let number = |key: &str| r[key].as_f64().expect("a number");
    let compare = |found: Vec<f64>, key: &str, tolerance: f64| {
        for (found, expected) in found.into_iter().zip(numbers(&r[key])) {
            close(found, expected, tolerance, key);
        }
    };
    let coefficients = fit.coefficients().expect("residuals");
    let inference = |j: usize| coefficients[j].inference.as_ref().expect("inference");
    compare(fit.estimates().to_vec(), "estimate", 1e-8);
    compare(
        (0..2).map(|j| inference(j).std_error).collect(),
        "std_error",
        1e-7,
    );
    compare((0..2).map(|j| inference(j).statistic).collect(), "t", 1e-7);
    compare((0..2).map(|j| inference(j).p_value).collect(), "p", 1e-6);
    for (kind, key) in [
        (Covariance::Hc0, "hc0"),
        (Covariance::Hc1, "hc1"),
        (Covariance::Hc2, "hc2"),
        (Covariance::Hc3, "hc3"),
    ] {
        let found = fit.coefficients_of(&kind).expect("residuals");
        let errors = found
            .iter()
            .map(|c| c.inference.as_ref().expect("inference").std_error);
        compare(errors.collect(), key, 1e-7);
    }
    close(fit.residual_sd(), number("sd"), 1e-12, "sd");
    close(fit.residual_sum_of_squares(), number("rss"), 1e-12, "rss");
    close(fit.r_squared(), number("r2"), 1e-12, "R squared");
    assert!(fit.relative_offset() < 1e-12, "{}", fit.relative_offset());
    let new = [0.3, 2.0];
    let predictions = fit
        .predict(0.95, |p| {
            let x = p.constant(&new);
            p[0] * x / (p[1] + x)
        })
        .expect("a level");
    compare(
        predictions.iter().map(|p| p.value).collect(),
        "predicted",
        1e-8,
    );
    compare(
        predictions.iter().map(|p| p.std_error).collect(),
        "predicted_se",
        1e-7,
    );
    let p = predictions[0];
    let t = (p.confidence[1] - p.value) / p.std_error;
    close(t, 2.228_138_851_964_939, 1e-10, "t");
    let reach = t * p.std_error.hypot(fit.residual_sd());
    close(p.prediction[0], p.value - reach, 1e-12, "prediction");
}

#[test]
fn puromycin_is_that_of_r() {
    let r = reference();
    let (x, y, w) = (numbers(&r["x"]), numbers(&r["y"]), numbers(&r["w"]));
    for weighted in [false, true] {
        let mut curve = michaelis_menten!(&x, &y);
        if weighted {
            curve = curve.weighted(&w);
        }
        let r = &r[if weighted { "weighted" } else { "plain" }];
        let fit = curve.fit(&[200.0, 0.05]).expect("regular");
        compare(&fit, r);
        for j in 0..2 {
            let i = curve.profile(&fit, j, 0.95).expect("a profile");
            for (end, found) in [i.low, i.high].into_iter().enumerate() {
                let value = |key: &str| r[key][j][end].as_f64().expect("a number");
                close(found, value("profile"), 1e-9, "profile");
                // R interpolates.
                close(found, value("confint"), 1e-3, "confint");
            }
        }
    }
}

#[test]
fn weights_are_repetitions_and_zero_is_absence() {
    let r = reference();
    let (mut x, mut y) = (numbers(&r["x"]), numbers(&r["y"]));
    let plain = michaelis_menten!(&x, &y)
        .fit(&[200.0, 0.05])
        .expect("regular");
    x.push(0.5);
    y.push(1e6);
    let mut weights = vec![1.0; 13];
    weights[12] = 0.0;
    let fit = michaelis_menten!(&x, &y)
        .weighted(&weights)
        .fit(&[200.0, 0.05])
        .expect("regular");
    assert_eq!(fit.observations(), 12);
    for (a, b) in fit.estimates().iter().zip(plain.estimates()) {
        close(*a, *b, 1e-12, "estimate");
    }
    close(fit.residual_sd(), plain.residual_sd(), 1e-13, "sd");
    // An observation of weight 0 may even be impossible.
    x[12] = f64::NAN;
    let fit = michaelis_menten!(&x, &y)
        .weighted(&weights)
        .fit(&[200.0, 0.05])
        .expect("regular");
    close(fit.residual_sd(), plain.residual_sd(), 1e-13, "sd");
    // Twice the weight is the observation twice, apart from the degrees of freedom.
    let (x, y) = (&x[..12], &y[..12]);
    let twice = michaelis_menten!(x, y)
        .weighted(&[2.0; 12])
        .fit(&[200.0, 0.05])
        .expect("regular");
    let covariance = |fit: &NonlinearFit| fit.covariance()[(0, 1)];
    close(covariance(&twice), covariance(&plain), 1e-12, "covariance");
}

#[test]
fn a_line_is_linear_regression() {
    // A curve that is linear in its parameters needs one step, and the intervals by profile are those by Student's t.
    let x = [1.0, 2.0, 3.0, 4.0, 5.0];
    let y = [1.1, 1.9, 3.2, 3.9, 5.1];
    let mut line = NonlinearLeastSquares::new(&[(2, 1)], &y, |p| {
        p.constant(&x) * p[0].rows(1..2) + p[0].rows(0..1)
    });
    let fit = line.fit(&[0.0, 0.0]).expect("regular");
    close(fit.estimates()[1], 1.0, 1e-14, "slope");
    close(fit.estimates()[0], 0.04, 1e-12, "intercept");
    let c = &fit.coefficients().expect("residuals")[1];
    let c = c.inference.as_ref().expect("inference");
    let profile = line.profile(&fit, 1, 0.95).expect("a profile");
    close(profile.low, c.conf_low, 1e-11, "low");
    close(profile.high, c.conf_high, 1e-11, "high");
}

#[test]
fn large_residuals_are_polished_too() {
    // The curvature of the residuals matters: Gauss–Newton alone contracts slowly, or not at all.
    let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let y = [3.0, -2.0, 9.0, -7.0, 15.0, 8.0];
    let mut curve = NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &y, |p| {
        (p.constant(&x) * p[1]).exp() * p[0]
    });
    let fit = curve.fit(&[1.0, 0.1]).expect("regular");
    assert_eq!(fit.certificate().status, Status::Converged);
    assert!(fit.relative_offset() < 1e-12, "{}", fit.relative_offset());
}

#[test]
fn ends_of_profiles_that_do_not_exist_are_infinite() {
    // Few points that a saturated curve explains as well: the rate has no upper bound.
    let x = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0];
    let y = [109.0, 149.0, 149.0, 191.0, 213.0, 224.0];
    let mut curve = NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &y, |p| {
        p[0] * (1.0 - (-(p[1] * p.constant(&x))).exp())
    })
    .named(["b1", "b2"]);
    let fit = curve.fit(&[100.0, 0.75]).expect("regular");
    close(fit.estimates()[0], 213.809_408_89, 1e-10, "b1");
    let i = curve.profile(&fit, 1, 0.9999).expect("a profile");
    assert_eq!(i.high, f64::INFINITY);
    let i = curve.profile(&fit, 1, 0.95).expect("a profile");
    assert!(i.low > 0.0 && i.low < 0.5472 && i.high.is_finite());
}

#[test]
fn failures_say_what_to_do() {
    let (x, y) = ([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0]);
    let error = |result: Result<NonlinearFit, FitError>| match result {
        Err(FitError::Estimate(error)) => error,
        other => panic!("{other:?}"),
    };
    let few = NonlinearLeastSquares::new(&[(4, 1)], &y, |p| p.constant(&x) * p[0]).fit(&[1.0; 4]);
    let (observations, parameters) = (4, 4);
    assert_eq!(
        error(few),
        EstimateError::TooFewObservations {
            observations,
            parameters
        }
    );
    let none = NonlinearLeastSquares::new(&[], &y, |p| p.constant(&x)).fit(&[]);
    assert_eq!(error(none), EstimateError::NoParameters);
    let sum = NonlinearLeastSquares::new(&[(1, 1)], &y, |p| (p.constant(&x) * p[0]).sum());
    let sum = { sum }.fit(&[1.0]);
    assert!(matches!(
        error(sum),
        EstimateError::ResultShape { rows: 1, .. }
    ));
    let nan = NonlinearLeastSquares::new(&[(1, 1)], &y, |p| (p.constant(&x) - 2.5 * p[0]).ln())
        .fit(&[1.0]);
    assert!(
        error(nan)
            .to_string()
            .contains("fitted value of observation 1")
    );
    let product =
        NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &y, |p| p.constant(&x) * p[0] * p[1])
            .named(["a", "b"])
            .fit(&[1.0, 2.0]);
    assert_eq!(
        error(product),
        EstimateError::Singular {
            what: "the Jacobian",
            parameters: vec!["a".into(), "b".into()]
        }
    );
    let infinite = [1.0, f64::NAN, 2.0, 5.0];
    let given = NonlinearLeastSquares::new(&[(1, 1)], &infinite, |p| p.constant(&x) * p[0]);
    let given = { given }.fit(&[1.0]);
    assert!(matches!(
        error(given),
        EstimateError::Given { observation: 2, .. }
    ));
    let weights = NonlinearLeastSquares::new(&[(1, 1)], &y, |p| p.constant(&x) * p[0])
        .weighted(&[1.0, -1.0, 1.0, 1.0])
        .fit(&[1.0]);
    assert!(matches!(
        error(weights),
        EstimateError::Given { observation: 2, .. }
    ));
    // A perfect fit says nothing about errors: never a standard error of 0 without notice.
    let exact = NonlinearLeastSquares::new(&[(1, 1)], &x, |p| p.constant(&x) * p[0])
        .fit(&[3.0])
        .expect("a fit");
    assert_eq!(exact.estimates(), [1.0]);
    assert_eq!(exact.coefficients(), Err(EstimateError::NoResiduals.into()));
    // A parameter that runs to infinity: nothing can be said.
    let flat = [2.0, 2.0, 2.1, 1.9];
    let away = NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &flat, |p| {
        p[0] * (1.0 - (-(p[1] * p.constant(&x) * 40.0)).exp())
    })
    .fit(&[1.0, 1.0]);
    let parameters = vec!["p2".into()];
    assert_eq!(error(away), EstimateError::Unbounded { parameters });
}

#[test]
fn a_fit_prints_its_table() {
    let (time, y) = ([1.0, 2.0, 4.0, 8.0], [2.3, 3.7, 5.2, 6.0]);
    let mut curve = NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &y, |p| {
        p[0] * (1.0 - (-(p[1] * p.constant(&time))).exp())
    })
    .named(["ceiling", "rate"]);
    let fit = curve.fit(&[5.0, 0.3]).unwrap();
    let text = fit.to_string();
    let line = text
        .lines()
        .find(|line| line.starts_with("ceiling"))
        .unwrap();
    let estimate: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!((estimate - fit.estimates()[0]).abs() < 1e-4, "{text}");
    assert!(
        text.contains("on 2 degrees of freedom") && text.contains("converged"),
        "{text}"
    );
}
