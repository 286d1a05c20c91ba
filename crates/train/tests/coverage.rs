//! Intervals of 95 % cover the truth in about 95 % of samples, within what chance allows.

use datasets::Dataset;
use datasets::random::{ChaCha, Stream};
use linalg::{Mat, parallel};
use models::glm::{Distribution, Family, GeneralisedLinearModel, Link};
use train::{Covariance, Fit, Observations};

const SAMPLES: usize = 1000;
const TRUTH: [f64; 3] = [0.4, 0.6, -0.5];

/// A sample: an intercept and two columns, the second 0 or 1; clusters of four rows.
fn sample(number: usize, rows: usize, draw: impl Fn(&mut ChaCha, f64, f64) -> f64) -> Dataset {
    let mut stream = ChaCha::stream(20, number as u64);
    let x = Mat::from_fn(rows, 2, |i, j| {
        if j == 0 {
            ((i * 7919 % rows) as f64 / rows as f64 - 0.5) * 3.0
        } else {
            f64::from(u8::from(i % 3 == 0))
        }
    });
    let target = (0..rows)
        .map(|i| {
            let eta = TRUTH[0] + TRUTH[1] * x[(i, 0)] + TRUTH[2] * x[(i, 1)];
            draw(&mut stream, eta, x[(i, 0)])
        })
        .collect();
    Dataset::new(x, ["x", "g"], target, "y")
}

/// How many of the samples have an interval that covers the coefficient of the first column.
fn covered(
    model: &GeneralisedLinearModel,
    rows: usize,
    draw: impl Fn(&mut ChaCha, f64, f64) -> f64 + Sync,
    interval: impl Fn(&train::Analysis<'_>) -> (f64, f64) + Sync,
) -> usize {
    let one = |number: usize| {
        let data = sample(number, rows, &draw);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(model, &observations).unwrap();
        let (low, high) = interval(&analysis);
        usize::from(low <= TRUTH[1] && TRUTH[1] <= high)
    };
    parallel::map_reduce(SAMPLES, &one, &|a, b| a + b).unwrap()
}

/// Within three standard deviations of a binomial count, and what the approximation of the method itself is allowed.
#[track_caller]
fn about_right(count: usize, bias: f64, what: &str) {
    let (share, deviation) = (
        count as f64 / SAMPLES as f64,
        (0.95 * 0.05 / SAMPLES as f64).sqrt(),
    );
    assert!(
        (share - 0.95).abs() <= 3.0 * deviation + bias,
        "{what}: {share}"
    );
}

fn wald(kind: &'static Covariance<'static>) -> impl Fn(&train::Analysis<'_>) -> (f64, f64) + Sync {
    move |analysis| {
        let coefficients = analysis.coefficients(kind).unwrap();
        let inference = coefficients[1].inference.unwrap();
        (inference.conf_low, inference.conf_high)
    }
}

fn profile(analysis: &train::Analysis<'_>) -> (f64, f64) {
    let interval = analysis.profile("x", 0.95).unwrap();
    (interval.low, interval.high)
}

fn normal(stream: &mut ChaCha) -> f64 {
    let mut one = [0.0];
    stream.fill_normal_f64(&mut one);
    one[0]
}

fn class(stream: &mut ChaCha, eta: f64, _: f64) -> f64 {
    f64::from(u8::from(stream.uniform_f64() < Link::Logit.mean(eta).value))
}

fn count(stream: &mut ChaCha, mean: f64) -> f64 {
    // By the waiting times between events.
    let (mut events, mut time) = (0.0, 0.0);
    loop {
        time -= (1.0 - stream.uniform_f64()).ln();
        if time > mean {
            return events;
        }
        events += 1.0;
    }
}

#[test]
fn models_that_hold_cover() {
    let logit = GeneralisedLinearModel::new(Distribution::Binomial);
    about_right(
        covered(&logit, 120, class, wald(&Covariance::Expected)),
        0.0,
        "logit, Wald",
    );
    about_right(covered(&logit, 60, class, profile), 0.005, "logit, profile");
    let poisson = GeneralisedLinearModel::new(Distribution::Poisson);
    let counts = |stream: &mut ChaCha, eta: f64, _: f64| count(stream, eta.exp());
    about_right(
        covered(&poisson, 60, counts, wald(&Covariance::Expected)),
        0.0,
        "Poisson, Wald",
    );
    about_right(
        covered(&poisson, 40, counts, profile),
        0.005,
        "Poisson, profile",
    );
    // With few rows only t covers.
    let gaussian = GeneralisedLinearModel::new(Distribution::Gaussian);
    let errors = |stream: &mut ChaCha, eta: f64, _: f64| eta + 2.0 * normal(stream);
    about_right(
        covered(&gaussian, 9, errors, wald(&Covariance::Expected)),
        0.0,
        "normal, t",
    );
}

#[test]
fn robust_intervals_cover_where_the_variance_is_another() {
    let gaussian = GeneralisedLinearModel::new(Distribution::Gaussian);
    let uneven = |stream: &mut ChaCha, eta: f64, x: f64| eta + (0.2 + x * x) * normal(stream);
    let plain = covered(&gaussian, 150, uneven, wald(&Covariance::Expected));
    assert!(
        (plain as f64) < 0.9 * SAMPLES as f64,
        "the plain interval covers {plain}"
    );
    about_right(
        covered(&gaussian, 150, uneven, wald(&Covariance::Hc3)),
        0.01,
        "HC3",
    );
    let poisson = GeneralisedLinearModel::new(Distribution::Poisson);
    let extra = |stream: &mut ChaCha, eta: f64, _: f64| {
        let frailty = (0.8 * normal(stream) - 0.32).exp();
        count(stream, frailty * eta.exp())
    };
    let plain = covered(&poisson, 200, extra, wald(&Covariance::Expected));
    assert!(
        (plain as f64) < 0.9 * SAMPLES as f64,
        "the plain interval covers {plain}"
    );
    about_right(
        covered(&poisson, 200, extra, wald(&Covariance::Hc1)),
        0.02,
        "HC1",
    );
    let quasi = GeneralisedLinearModel::new(Distribution::Poisson).quasi();
    about_right(
        covered(&quasi, 200, extra, wald(&Covariance::Expected)),
        0.025,
        "quasi",
    );
    assert_eq!(poisson.family().name(), "poisson");
}
