//! Fits at the edge of what can be fitted.

use datasets::Dataset;
use linalg::{Mat, mat};
use models::glm::{Distribution, GeneralisedLinearModel, Link, OrderedRegression, Penalty};
use train::{Fit, FitError, FitOptions, PathOptions, Solver, Status, path};

fn line(y: impl Fn(usize) -> f64, rows: usize) -> Dataset {
    let target = (0..rows).map(y).collect();
    Dataset::new(Mat::from_fn(rows, 1, |i, _| i as f64), ["x"], target, "y")
}

#[test]
fn a_perfect_line_is_fitted() {
    let data = line(|i| 0.3 * i as f64 + 1.7, 20);
    let fit = GeneralisedLinearModel::new(Distribution::Gaussian)
        .fit(&data)
        .unwrap();
    assert_eq!(fit.certificate().status, Status::Converged);
    assert!((fit.coefficients()[1].estimate - 0.3).abs() < 1e-14);
}

#[test]
fn separation_is_named_beside_rows_without_weight_and_in_grouped_data() {
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    let mut data = line(|i| f64::from(u8::from(i > 5)), 12);
    data.target[11] = 0.0;
    data.weights = Some((0..12).map(|i| f64::from(u8::from(i != 11))).collect());
    assert!(matches!(model.fit(&data), Err(FitError::Separated { .. })));
    // Successes of ten trials in two groups, all in one of them.
    let mut data = Dataset::new(mat![[0.0], [0.0], [1.0]], ["g"], vec![4.0, 7.0, 10.0], "s");
    data.trials = Some(vec![10.0; 3]);
    assert!(matches!(model.fit(&data), Err(FitError::Separated { .. })));
    // A bound keeps the estimate finite.
    let data = line(|i| f64::from(u8::from(i > 5)), 12);
    let bounded = model
        .penalised(Penalty::none().bounds("x", -1.0, 1.0))
        .fit(&data)
        .unwrap();
    assert!((bounded.coefficients()[1].estimate - 1.0).abs() < 1e-12);
    let three = line(|i| (i / 4) as f64, 12);
    assert!(OrderedRegression::new().fit(&three).is_err());
}

#[test]
fn statistics_keep_their_digits_where_means_round_to_one() {
    let data = line(|i| f64::from(u8::from(i % 7 != 3 || i > 60)), 200);
    let model = GeneralisedLinearModel::new(Distribution::Binomial)
        .link(Link::Cloglog)
        .quasi();
    let fit = model.fit(&data).unwrap();
    assert!(fit.dispersion().value.is_finite() && fit.dispersion().value > 0.0);
}

#[test]
fn targets_without_a_mean_are_named() {
    let data = line(|_| 0.0, 10);
    for model in [
        GeneralisedLinearModel::new(Distribution::Poisson),
        GeneralisedLinearModel::negative_binomial(),
    ] {
        assert!(matches!(model.fit(&data), Err(FitError::AllZero { .. })));
    }
}

#[test]
fn the_gaps_of_a_path_are_bounds() {
    // Weights and a mean far from 0: the intercept has to be at its minimum for a gap to be one.
    let noise = |k: usize| ((k as f64 * 12.9898).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5;
    let x = Mat::from_fn(60, 40, |i, j| noise(40 * i + j));
    let y = (0..60)
        .map(|i| 1000.0 + 3.0 * x[(i, 0)] + noise(5000 + i))
        .collect();
    let mut data = Dataset::new(x, (0..40).map(|j| format!("x{j}")), y, "y");
    data.weights = Some((0..60).map(|i| f64::from(1 + i % 3)).collect());
    let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
    let options = PathOptions::default();
    let points = path(&model, &(&data).into(), &options).unwrap();
    for point in points.iter().step_by(20) {
        let exact = model
            .clone()
            .penalised(Penalty::lasso(point.strength))
            .fit(&data)
            .unwrap();
        let objective = |beta: &[f64]| {
            let total: f64 = data.weights.iter().flatten().sum();
            let loss: f64 = (0..60)
                .map(|i| {
                    let eta = beta[0]
                        + (0..40)
                            .map(|j| beta[j + 1] * data.features[(i, j)])
                            .sum::<f64>();
                    0.5 * data.weights.as_ref().unwrap()[i] * (data.target[i] - eta).powi(2)
                })
                .sum();
            loss / total + point.strength * beta[1..].iter().map(|b| b.abs()).sum::<f64>()
        };
        let best: Vec<f64> = exact.coefficients().iter().map(|c| c.estimate).collect();
        let above = objective(&point.coefficients) - objective(&best);
        assert!(
            above <= point.duality_gap.unwrap() + 1e-9,
            "{above} {point:?}"
        );
    }
    // With an offset a path ends, too.
    data.offset = Some((0..60).map(|i| 0.1 * noise(900 + i)).collect());
    data.target
        .iter_mut()
        .for_each(|y| *y = (*y - 995.0).max(0.0).floor());
    let model = GeneralisedLinearModel::new(Distribution::Poisson).penalised(Penalty::lasso(1.0));
    let points = path(&model, &(&data).into(), &options).unwrap();
    assert!(points[0].deviance_explained.abs() < 1e-6);
}

/// A target, and a group of rows in which there never was an event (or always a success).
fn without_events(y: impl Fn(usize) -> f64) -> Dataset {
    let x = Mat::from_fn(90, 2, |i, j| {
        if j == 0 {
            ((i * 37) % 19) as f64 / 19.0
        } else {
            f64::from(u8::from(i % 9 == 0))
        }
    });
    let target = (0..90).map(|i| if i % 9 == 0 { 0.0 } else { y(i) });
    Dataset::new(x, ["x", "g"], target.collect(), "y")
}

#[test]
fn a_group_without_events_has_no_finite_estimate_with_any_solver() {
    let counts = without_events(|i| ((i * 7) % 5) as f64);
    let amounts = without_events(|i| ((i * 7) % 5) as f64 * 0.37);
    let classes = without_events(|i| f64::from(u8::from((i * 7) % 5 > 1)));
    let binomial = |link| GeneralisedLinearModel::new(Distribution::Binomial).link(link);
    let cases = [
        (&counts, GeneralisedLinearModel::new(Distribution::Poisson)),
        (
            &counts,
            GeneralisedLinearModel::new(Distribution::NegativeBinomial { theta: 2.0 }),
        ),
        (
            &amounts,
            GeneralisedLinearModel::new(Distribution::Tweedie { power: 1.5 }),
        ),
        (&classes, binomial(Link::Logit)),
        (&classes, binomial(Link::Probit)),
        (&classes, binomial(Link::Cloglog)),
        (&classes, binomial(Link::Cauchit)),
    ];
    for (data, model) in &cases {
        for solver in Solver::ALL {
            let result = model.fit_with(data, &FitOptions::default().solver(solver));
            if let Err(FitError::Solver { .. }) = result {
                assert_eq!(solver, Solver::CoordinateDescent);
                continue;
            }
            let Err(FitError::Separated { columns, .. }) = &result else {
                panic!("{model:?} by {solver:?}: {result:?}");
            };
            assert_eq!(columns, &["g"], "{model:?} by {solver:?}");
        }
        // A coefficient that no penalty reaches runs away beside those that one holds; with a penalty of its own it does not.
        for penalty in [Penalty::ridge(0.1), Penalty::lasso(0.01)] {
            let free = model.clone().penalised(penalty.clone().factor("g", 0.0));
            assert!(
                matches!(free.fit(data), Err(FitError::Separated { .. })),
                "{model:?}"
            );
            assert!(
                model.clone().penalised(penalty).fit(data).is_ok(),
                "{model:?}"
            );
        }
    }
    // One event is enough.
    let mut some = counts.clone();
    some.target[0] = 1.0;
    let fit = GeneralisedLinearModel::new(Distribution::Poisson)
        .fit(&some)
        .unwrap();
    assert!(fit.coefficients()[2].estimate < -1.0);
}
