//! Inference beside curves and likelihoods of one's own, against R. The script is estimate/curves.R.

use linalg::{Mat, mat};
use serde_json::Value;
use train::{
    Condition, Covariance, EstimateError, FitError, Likelihood, NonlinearFit,
    NonlinearLeastSquares, Range, Reference, Test,
};

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list").iter();
    list.map(|v| v.as_f64().expect("a number")).collect()
}

fn reference() -> Value {
    serde_json::from_str(include_str!("estimate/curves.json")).expect("JSON")
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(
        error <= tolerance * expected.abs(),
        "{what}: {found} is not {expected}"
    );
}

#[track_caller]
fn all_close(found: &[f64], expected: &Value, tolerance: f64, what: &str) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= tolerance * (expected.abs() + 1e-3 * size),
            "{what}: {found} is not {expected}"
        );
    }
}

struct Data {
    x: Vec<f64>,
    y: Vec<f64>,
    s: Vec<f64>,
    w: Vec<f64>,
    cluster: Vec<usize>,
}

fn data() -> Data {
    let r = reference();
    Data {
        x: numbers(&r["x"]),
        y: numbers(&r["y"]),
        s: numbers(&r["s"]),
        w: numbers(&r["w"]),
        cluster: numbers(&r["cluster"]).iter().map(|c| *c as usize).collect(),
    }
}

/// The curves with a K for each state and with one for both.
fn fits(d: &Data, weighted: bool) -> [NonlinearFit; 2] {
    let one = vec![1.0; d.y.len()];
    let weights = if weighted { &d.w } else { &one };
    let full = NonlinearLeastSquares::new(&[(1, 1); 4], &d.y, |p| {
        let (x, s) = (p.constant(&d.x), p.constant(&d.s));
        (p[0] + p[1] * s) * x / (p[2] + p[3] * s + x)
    })
    .named(["V", "dV", "K", "dK"])
    .weighted(weights)
    .fit(&[210.0, -50.0, 0.06, 0.0])
    .expect("regular");
    let part = NonlinearLeastSquares::new(&[(1, 1); 3], &d.y, |p| {
        let (x, s) = (p.constant(&d.x), p.constant(&d.s));
        (p[0] + p[1] * s) * x / (p[2] + x)
    })
    .weighted(weights)
    .fit(&[210.0, -50.0, 0.06])
    .expect("regular");
    [full, part]
}

fn errors(covariance: &Mat<f64>) -> Vec<f64> {
    (0..covariance.nrows())
        .map(|j| covariance[(j, j)].sqrt())
        .collect()
}

#[track_caller]
fn close_test(test: Test, statistic: &Value, p: &Value, reference: Reference, what: &str) {
    close(test.statistic, statistic.as_f64().unwrap(), 1e-8, what);
    close(test.p_value, p.as_f64().unwrap(), 1e-7, what);
    assert_eq!(test.reference, reference, "{what}");
}

#[test]
fn covariances_tests_and_predictions_of_curves_are_those_of_r() {
    let (d, r) = (data(), reference());
    for (name, weighted) in [("plain", false), ("weighted", true)] {
        let ([fit, part], r) = (fits(&d, weighted), &r[name]);
        let clustered = Covariance::Clustered(&d.cluster);
        all_close(fit.estimates(), &r["estimate"], 1e-9, "estimates");
        let of = |kind: &Covariance<'_>| errors(&fit.covariance_of(kind).expect("regular"));
        all_close(&of(&Covariance::Expected), &r["std_error"], 1e-9, "model");
        all_close(&of(&Covariance::Observed), &r["observed"], 1e-9, "observed");
        let kinds = [
            Covariance::Hc0,
            Covariance::Hc1,
            Covariance::Hc2,
            Covariance::Hc3,
        ];
        for (kind, expected) in kinds.iter().zip(r["hc"].as_array().unwrap()) {
            all_close(&of(kind), expected, 1e-9, "HC");
        }
        let covariance = fit.covariance_of(&clustered).expect("regular");
        for i in 0..4 {
            let row: Vec<f64> = (0..4).map(|j| covariance[(i, j)]).collect();
            all_close(&row, &r["clustered"][i], 1e-8, "clustered");
        }
        all_close(&fit.leverages(), &r["leverages"], 1e-9, "leverages");
        let standardised = fit.standardised_residuals();
        all_close(&standardised, &r["standardised"], 1e-8, "residuals");
        all_close(&fit.cooks_distances(), &r["cook"], 1e-7, "Cook");
        for (found, key) in [
            (fit.log_likelihood(), "loglik"),
            (fit.aic(), "aic"),
            (fit.bic(), "bic"),
        ] {
            close(found, r[key].as_f64().unwrap(), 1e-10, key);
        }
        let f = fit.f_test(&part).expect("nested");
        close_test(f, &r["f"], &r["f_p"], Reference::F(1.0, 19.0), "F");
        let ratio = fit.likelihood_ratio(&part).expect("nested");
        close_test(ratio, &r["lr"], &r["lr_p"], Reference::ChiSquare(1.0), "LR");
        let hypothesis = mat![[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
        let wald = |kind| {
            fit.wald(kind, hypothesis.as_ref(), &[0.0; 2])
                .expect("rank 2")
        };
        let plain = wald(&Covariance::Expected);
        close_test(
            plain,
            &r["wald"],
            &r["wald_p"],
            Reference::F(2.0, 19.0),
            "Wald",
        );
        close_test(
            wald(&clustered),
            &r["wald_clustered"],
            &r["wald_clustered_p"],
            Reference::F(2.0, 5.0),
            "clustered Wald",
        );
        let koenker = fit.variance_test().expect("a slope");
        let one = Reference::ChiSquare(1.0);
        close_test(koenker, &r["koenker"], &r["koenker_p"], one, "Koenker");
        let half = fit.delta(|p| p[0] / p[2]).expect("smooth");
        let grouped = fit.delta_of(&clustered, |p| p[0] / p[2]).expect("smooth");
        let found = [half.values[0], half.std_error(0), grouped.std_error(0)];
        all_close(&found, &r["ratio"], 1e-8, "ratio");
        let (new, state) = ([0.3, 2.0], [0.0, 1.0]);
        let predicted = |kind: &Covariance<'_>| {
            fit.predict_of(0.9, kind, |p| {
                let (x, s) = (p.constant(&new), p.constant(&state));
                (p[0] + p[1] * s) * x / (p[2] + p[3] * s + x)
            })
            .expect("smooth")
        };
        let points = predicted(&Covariance::Expected);
        for (k, point) in points.iter().enumerate() {
            close(point.value, numbers(&r["predicted"])[k], 1e-9, "value");
            close(
                point.std_error,
                numbers(&r["predicted_se"])[k],
                1e-9,
                "error",
            );
            all_close(&point.confidence, &r["confidence90"][k], 1e-9, "confidence");
            all_close(&point.prediction, &r["prediction90"][k], 1e-9, "prediction");
        }
        for (k, point) in predicted(&clustered).iter().enumerate() {
            let expected = numbers(&r["predicted_clustered_se"])[k];
            close(point.std_error, expected, 1e-8, "clustered error");
        }
        let coefficients = fit.coefficients_of(&clustered).expect("regular");
        let inference = coefficients[0].inference.expect("an error");
        let t = train::Inference::student(fit.estimates()[0], covariance[(0, 0)].sqrt(), 5.0);
        assert_eq!(inference, t);
    }
}

#[test]
fn comparisons_of_curves_that_are_not_nested_are_refused() {
    let d = data();
    let [full, part] = fits(&d, false);
    let [_, other] = fits(&d, true);
    for (a, b, part_of) in [
        (&part, &full, "do not restrict"),
        (&full, &other, "weights"),
    ] {
        let error = a.f_test(b).expect_err("not nested");
        assert!(error.to_string().contains(part_of), "{error}");
    }
    let shifted: Vec<f64> = d.y.iter().map(|y| y + 1.0).collect();
    let constant =
        NonlinearLeastSquares::new(&[(1, 1)], &shifted, |p| p[0] + 0.0 * p.constant(&d.x))
            .fit(&[1.0])
            .expect("regular");
    let error = full.likelihood_ratio(&constant).expect_err("others");
    assert!(error.to_string().contains("responses"), "{error}");
    let short = full.covariance_of(&Covariance::Clustered(&[1, 2]));
    assert!(matches!(
        short,
        Err(FitError::Estimate(EstimateError::Lengths { .. }))
    ));
}

#[test]
fn score_tests_are_those_of_r() {
    let kept: Value = serde_json::from_str(include_str!("estimate/reference.json")).expect("JSON");
    let [x1, x2, counts, time, event] =
        ["x1", "x2", "yp", "time", "event"].map(|key| numbers(&kept[key]));
    let r = &reference()["score"];
    let mut poisson = Likelihood::new(&[(1, 1); 3], |p| {
        let eta = p[0] + p[1] * p.constant(&x1) + p[2] * p.constant(&x2);
        eta.exp() - p.constant(&counts) * eta
    });
    let test = poisson
        .score_test(&[(1, 0.0), (2, 0.0)], &[0.0; 3])
        .expect("regular");
    close_test(
        test,
        &r["poisson"],
        &r["poisson_p"],
        Reference::ChiSquare(2.0),
        "Poisson",
    );
    let mut weibull = Likelihood::new(&[(1, 1); 3], |p| {
        let log = p.constant(&time).ln();
        let z = (log - p[0] - p[1] * p.constant(&x1)) / p[2].exp();
        z.exp() - p.constant(&event) * (z - p[2] - log)
    });
    let test = weibull.score_test(&[(2, 0.0)], &[0.0; 3]).expect("regular");
    close(
        test.statistic,
        r["weibull"].as_f64().unwrap(),
        1e-9,
        "Weibull",
    );
    assert!(
        weibull
            .score_test(&[(2, 0.0), (2, 1.0)], &[0.0; 3])
            .is_err()
    );
    assert!(weibull.score_test(&[], &[0.0; 3]).is_err());
}

fn failed(conditions: Vec<Condition>) -> Vec<&'static str> {
    let conditions = conditions.into_iter().filter(|c| !c.holds);
    conditions.map(|c| c.name).collect()
}

#[test]
fn conditions_of_curves_name_what_fails() {
    let d = data();
    let [full, _] = fits(&d, false);
    assert!(failed(full.validity()).is_empty(), "{:?}", full.validity());
    assert!(!full.to_string().contains("CAUTION"));
    // The last of few points lies far out, and determines the slope alone.
    let (x, y) = (
        [0.0, 0.1, 0.2, 0.3, 0.4, 50.0],
        [1.0, 1.3, 0.9, 1.1, 1.2, 30.0],
    );
    let line = NonlinearLeastSquares::new(&[(1, 1); 2], &y, |p| p[0] + p[1] * p.constant(&x))
        .named(["a", "b"])
        .fit(&[1.0, 1.0])
        .expect("regular");
    assert_eq!(failed(line.validity()), ["observations", "leverage"]);
    let text = line.to_string();
    assert!(
        text.contains("CAUTION, leverage: 1 observations (number 6)"),
        "{text}"
    );
    // Two exponentials of nearly one rate: the data hardly tell their amplitudes apart.
    let x: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.1).collect();
    let y: Vec<f64> = x
        .iter()
        .map(|x| (-x).exp() + 0.01 * (50.0 * x).sin())
        .collect();
    let sum = NonlinearLeastSquares::new(&[(1, 1); 2], &y, |p| {
        let x = p.constant(&x);
        p[0] * (-x).exp() + p[1] * (-(x * 1.0001)).exp()
    })
    .named(["a", "b"])
    .fit(&[1.0, 0.0])
    .expect("regular");
    let conditions = sum.validity();
    assert_eq!(failed(conditions.clone()), ["information"]);
    let detail = &conditions
        .iter()
        .find(|c| c.name == "information")
        .unwrap()
        .detail;
    assert!(detail.contains("`a` and `b`"), "{detail}");
    // An amplitude that must be positive and is nearly 0.
    // By least squares it is 0.27 standard errors.
    let noise: Vec<f64> = (0..40)
        .map(|i| if i % 2 == 0 { 0.9 } else { 1.1 })
        .collect();
    let mut step = NonlinearLeastSquares::new(&[(1, 1); 2], &noise, |p| {
        p[0] + Range::Positive.natural(p[1]) * p.constant(&x)
    })
    .ranged([Range::Real, Range::Positive]);
    let fit = step.fit(&[1.0, -3.0]).expect("regular");
    assert!(failed(fit.validity()).contains(&"border"));
    // Errors that grow with the curve.
    let grown: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, x)| x.exp() * (1.0 + 0.1 * (i as f64 * 2.1).sin()))
        .collect();
    let fit = NonlinearLeastSquares::new(&[(1, 1); 2], &grown, |p| {
        p[0] * (p[1] * p.constant(&x)).exp()
    })
    .fit(&[1.0, 1.0])
    .expect("regular");
    assert_eq!(failed(fit.validity()), ["variance"]);
}

#[test]
fn conditions_of_likelihoods_name_what_fails() {
    let wave = |i: i32, by: f64| (f64::from(i) * by).sin();
    let y: Vec<f64> = (0..60)
        .map(|i| wave(i, 1.7) + wave(i, 2.3) + wave(i, 3.1) + wave(i, 0.9) + 0.3)
        .collect();
    let normal = |y: Vec<f64>| {
        Likelihood::new(&[(1, 1); 2], |p| {
            let z = (p.constant(&y) - p[0]) / Range::Positive.natural(p[1]);
            z.square() * 0.5 + p[1]
        })
        .named(["mean", "ln sd"])
        .ranged([Range::Real, Range::Positive])
        .fit(&[0.0, 0.0])
        .expect("regular")
        .validity()
    };
    let sound = normal(y.clone());
    let names: Vec<&str> = sound.iter().map(|c| c.name).collect();
    let all = [
        "convergence",
        "information",
        "border",
        "observations",
        "leverage",
        "distribution",
    ];
    assert_eq!(names, all);
    assert!(failed(sound.clone()).is_empty(), "{sound:?}");
    // An outlier is the only one that tells of the standard deviation, and the distribution is no longer normal.
    let mut outlier = y;
    outlier[7] = 40.0;
    assert_eq!(failed(normal(outlier)), ["leverage", "distribution"]);
    // A probability that is nearly 1, of few observations.
    let few = [1.0, 1.0, 1.0, 1.0, 0.98];
    let fit = Likelihood::new(&[(1, 1)], |p| {
        let q = Range::Probability.natural(p[0]);
        let y = p.constant(&few);
        -(y * q.ln() + (1.0 - y) * (1.0 - q).ln())
    })
    .ranged([Range::Probability])
    .fit(&[0.0])
    .expect("regular");
    let names = failed(fit.validity());
    assert!(
        names.contains(&"border") && names.contains(&"observations"),
        "{names:?}"
    );
    assert!(fit.to_string().contains("CAUTION, border"));
}
