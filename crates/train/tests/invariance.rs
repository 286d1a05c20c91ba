//! What must not change a fit, for every estimator: repetitions instead of weights, the order of rows, the units of columns, the
//! solver, the number of threads.

use datasets::random::{ChaCha, Stream};
use datasets::{Dataset, generators};
use linalg::{Mat, parallel};
use models::glm::{
    Distribution, GeneralisedLinearModel, Link, MultinomialRegression, OrderedRegression, Penalty,
    Weights,
};
use proptest::prelude::*;
use train::{Fit, FitError, FitOptions, Solver, Status};

/// Coefficients with standard errors, where there are some.
type Estimates = Vec<(f64, Option<f64>)>;
type Estimator = Box<dyn Fn(&Dataset) -> Result<Estimates, FitError>>;

fn generalised(model: GeneralisedLinearModel) -> Estimator {
    Box::new(move |data| {
        let fit = model.fit(data)?;
        let pair = |c: &train::Coefficient| (c.estimate, c.inference.map(|i| i.std_error));
        Ok(fit.coefficients().iter().map(pair).collect())
    })
}

/// Every estimator with the kind of target it is for: 0 numbers, 1 classes 0 and 1, 2 counts, 3 positive numbers, 4 three classes.
fn estimators() -> Vec<(&'static str, usize, Estimator)> {
    let new = GeneralisedLinearModel::new;
    let gaussian = || new(Distribution::Gaussian);
    let binomial = || new(Distribution::Binomial);
    let poisson = || new(Distribution::Poisson);
    let classes = |model: MultinomialRegression| -> Estimator {
        Box::new(move |data| {
            let fit = model.fit(data)?;
            let pair = |c: &train::Coefficient| (c.estimate, c.inference.map(|i| i.std_error));
            Ok(fit.coefficients().iter().map(pair).collect())
        })
    };
    let ordered: Estimator = Box::new(|data| {
        let fit = OrderedRegression::new().fit(data)?;
        let pair = |c: &train::Coefficient| (c.estimate, c.inference.map(|i| i.std_error));
        Ok(fit.coefficients().iter().map(pair).collect())
    });
    let net = || Penalty::elastic_net(0.02, 0.5);
    vec![
        ("gaussian", 0, generalised(gaussian())),
        (
            "gaussian lasso",
            0,
            generalised(gaussian().penalised(Penalty::lasso(0.05))),
        ),
        (
            "gaussian net, standardised",
            0,
            generalised(gaussian().penalised(net().standardised())),
        ),
        ("logit", 1, generalised(binomial())),
        ("probit", 1, generalised(binomial().link(Link::Probit))),
        ("quasibinomial", 1, generalised(binomial().quasi())),
        ("firth", 1, generalised(binomial().firth())),
        ("logit ridge", 1, generalised(binomial().l2(0.1))),
        (
            "logit net, standardised",
            1,
            generalised(binomial().penalised(net().standardised())),
        ),
        (
            "logit with bounds",
            1,
            generalised(binomial().penalised(Penalty::none().bounds("x1", 0.0, 0.05))),
        ),
        (
            "balanced",
            1,
            generalised(binomial().class_weights(models::glm::ClassWeights::Balanced)),
        ),
        ("poisson", 2, generalised(poisson())),
        ("quasipoisson", 2, generalised(poisson().quasi())),
        (
            "poisson lasso",
            2,
            generalised(poisson().penalised(Penalty::lasso(0.02))),
        ),
        (
            "negative binomial",
            2,
            generalised(GeneralisedLinearModel::negative_binomial()),
        ),
        (
            "tweedie",
            2,
            generalised(new(Distribution::Tweedie { power: 1.5 })),
        ),
        (
            "gamma, log",
            3,
            generalised(new(Distribution::Gamma).link(Link::Log)),
        ),
        (
            "inverse gaussian, log",
            3,
            generalised(new(Distribution::InverseGaussian).link(Link::Log)),
        ),
        ("multinomial", 4, classes(MultinomialRegression::new())),
        (
            "multinomial net",
            4,
            classes(MultinomialRegression::new().penalised(net().standardised())),
        ),
        (
            "multinomial, firth",
            4,
            classes(MultinomialRegression::new().firth()),
        ),
        ("ordered", 4, ordered),
    ]
}

/// Rows with small whole weights and a target of some kind.
fn data(kind: usize, rows: usize, seed: u64) -> Dataset {
    let mut stream = ChaCha::new(seed);
    let mut noise = vec![0.0; rows * 4];
    stream.fill_normal_f64(&mut noise);
    let x = Mat::from_fn(rows, 2, |i, j| {
        noise[4 * i + j] + if j == 1 { 3.0 } else { 0.0 }
    });
    let target = (0..rows)
        .map(|i| {
            let eta = 0.4 * x[(i, 0)] - 0.3 * (x[(i, 1)] - 3.0) + 0.8 * noise[4 * i + 2];
            match kind {
                0 => eta,
                1 => f64::from(u8::from(eta > 0.0)),
                // Counts that vary more than Poisson's.
                2 => (2.0 * (eta + 0.7 * noise[4 * i + 3]).exp()).floor(),
                3 => eta.exp(),
                _ => f64::from(u8::from(eta > -0.3)) + f64::from(u8::from(eta > 0.4)),
            }
        })
        .collect();
    let mut data = Dataset::new(x, ["x1", "x2"], target, "y");
    data.weights = Some(
        (0..rows)
            .map(|_| (1.0 + 3.0 * stream.uniform_f64()).floor())
            .collect(),
    );
    data
}

#[track_caller]
fn same(a: &Estimates, b: &Estimates, tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for ((x, ex), (y, ey)) in a.iter().zip(b) {
        let close = |x: f64, y: f64| (x - y).abs() <= tolerance * (1.0 + x.abs().max(y.abs()));
        assert!(close(*x, *y), "{what}: {x} and {y}");
        match (ex, ey) {
            (Some(ex), Some(ey)) => assert!(close(*ex, *ey), "{what}: errors {ex} and {ey}"),
            (None, None) => {}
            _ => panic!("{what}: one has standard errors"),
        }
    }
}

#[test]
fn a_weight_is_a_number_of_repetitions() {
    for (name, kind, fit) in estimators() {
        let weighted = data(kind, 90, 7);
        let weights = weighted.weights.clone().unwrap();
        let rows: Vec<usize> = (0..90).flat_map(|i| vec![i; weights[i] as usize]).collect();
        let mut repeated = weighted.select(&rows);
        repeated.weights = None;
        same(
            &fit(&weighted).unwrap(),
            &fit(&repeated).unwrap(),
            1e-10,
            name,
        );
    }
}

#[test]
fn rows_in_another_order_and_columns_in_other_units() {
    for (name, kind, fit) in estimators() {
        let data = data(kind, 80, 11);
        let base = fit(&data).unwrap();
        let order: Vec<usize> = (0..80).map(|i| (i * 37 + 5) % 80).collect();
        same(&base, &fit(&data.select(&order)).unwrap(), 1e-10, name);
        let penalised = name.contains("lasso") || name.contains("net") || name.contains("ridge");
        if penalised && !name.contains("standardised") || name.contains("bounds") {
            continue;
        }
        let mut scaled = data.clone();
        for i in 0..80 {
            scaled.features[(i, 0)] *= 1e6;
            scaled.features[(i, 1)] *= 1e-3;
        }
        let mut back = fit(&scaled).unwrap();
        // Names repeat class by class; without an intercept there are two a class, with one three. Ordered: two, then thresholds.
        let per_class = if name == "ordered" { back.len() } else { 3 };
        let first = usize::from(name != "ordered");
        for (k, (estimate, error)) in back.iter_mut().enumerate() {
            let factor = match (k % per_class).checked_sub(first) {
                Some(0) => 1e6,
                Some(1) => 1e-3,
                _ => 1.0,
            };
            *estimate *= factor;
            *error = error.map(|e| e * factor);
        }
        same(&base, &back, 1e-8, &format!("{name} in other units"));
    }
}

#[test]
fn solvers_agree() {
    for (name, distribution, kind) in [
        ("gaussian", Distribution::Gaussian, 0),
        ("logit", Distribution::Binomial, 1),
        ("poisson", Distribution::Poisson, 2),
    ] {
        let data = data(kind, 200, 3);
        for penalty in [
            Penalty::none(),
            Penalty::ridge(0.05),
            Penalty::elastic_net(0.03, 0.7),
        ] {
            let model = GeneralisedLinearModel::new(distribution).penalised(penalty.clone());
            let with = |solver| {
                let fit = model
                    .fit_with(&data, &FitOptions::default().solver(solver))
                    .unwrap();
                assert_eq!(fit.solver().0, solver);
                fit.coefficients()
                    .iter()
                    .map(|c| (c.estimate, None))
                    .collect::<Estimates>()
            };
            let newton = with(Solver::Newton);
            same(&newton, &with(Solver::CoordinateDescent), 1e-10, name);
            if penalty.l1 == 0.0 {
                same(&newton, &with(Solver::Lbfgs), 1e-10, name);
                same(&newton, &with(Solver::NewtonCg), 1e-10, name);
            } else {
                let wish = FitOptions::default().solver(Solver::Lbfgs);
                assert!(matches!(
                    model.fit_with(&data, &wish),
                    Err(FitError::Solver { .. })
                ));
            }
        }
    }
}

#[test]
fn many_rows_are_fitted_from_samples_to_the_same_point_by_any_number_of_threads() {
    let data = generators::classification(70_000, 6, 1.5, &mut ChaCha::new(5)).data;
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    for penalty in [Penalty::none(), Penalty::elastic_net(0.02, 0.5)] {
        let model = model.clone().penalised(penalty);
        let fit = |threads| parallel::with_threads(threads, || model.fit(&data).unwrap()).unwrap();
        let one = fit(1);
        // From a start that is given there are no samples.
        let start = FitOptions::default().start(vec![0.0; 7]);
        let plain = model.fit_with(&data, &start).unwrap();
        for (a, b) in one.coefficients().iter().zip(plain.coefficients()) {
            assert!(
                (a.estimate - b.estimate).abs() < 1e-10,
                "{} {}",
                a.estimate,
                b.estimate
            );
        }
        assert!(one.certificate().gradient_max < 1e-10);
        for threads in [2, 3] {
            let other = fit(threads);
            for (a, b) in one.coefficients().iter().zip(other.coefficients()) {
                assert_eq!(a.estimate.to_bits(), b.estimate.to_bits());
                let bits = |c: &train::Coefficient| c.inference.map(|i| i.std_error.to_bits());
                assert_eq!(bits(a), bits(b));
            }
            assert_eq!(one.deviance().to_bits(), other.deviance().to_bits());
        }
    }
}

#[test]
fn a_category_that_a_fold_does_not_have_is_no_reason_to_give_up() {
    let mut data = data(0, 40, 2);
    data.weights = None;
    for i in 0..40 {
        data.features[(i, 1)] = f64::from(u8::from(i == 3));
    }
    let folds: Vec<usize> = (0..40).map(|i| i % 4).collect();
    let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
    let chosen =
        train::cross_validate(&model, &data, &folds, &train::PathOptions::default()).unwrap();
    assert!(chosen.mean.iter().all(|m| m.is_finite()));
    assert_eq!(chosen.path[99].nonzero, 2);
}

#[test]
fn normal_targets_far_from_zero_have_an_optimum_to_their_own_digits() {
    let near = data(0, 500, 2);
    let own = GeneralisedLinearModel::new(Distribution::Gaussian);
    let usual = own.fit(&near).unwrap();
    for far in [1e4, 1e7, 1e10] {
        let mut moved = near.clone();
        moved.target.iter_mut().for_each(|y| *y += far);
        let fit = own.fit(&moved);
        let fit = fit.unwrap_or_else(|error| panic!("{far}: {error}"));
        let certificate = fit.certificate();
        assert_eq!(
            certificate.status,
            Status::Converged,
            "{far}: {certificate:?}"
        );
        // A target has 16 digits, those of its distance among them.
        let rounding = 1e-14 * far;
        let pairs = fit.coefficients().iter().zip(usual.coefficients());
        for (a, b) in pairs.skip(1) {
            assert!((a.estimate - b.estimate).abs() < rounding, "{far}");
            let errors = [a, b].map(|c| c.inference.unwrap().std_error);
            assert!((errors[0] - errors[1]).abs() < rounding, "{far}");
        }
    }
}

#[test]
fn precisions_are_no_repetitions() {
    let data = data(0, 60, 9);
    let model = GeneralisedLinearModel::new(Distribution::Gaussian);
    let repeated = model.fit(&data).unwrap();
    let precise = model.weights_are(Weights::Analytic).fit(&data).unwrap();
    assert_eq!(precise.residual_freedom(), 57.0);
    assert!(repeated.residual_freedom() > 57.0);
    let pairs = repeated.coefficients().iter().zip(precise.coefficients());
    assert!(
        pairs
            .clone()
            .all(|(a, b)| (a.estimate - b.estimate).abs() < 1e-12)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The conditions of an optimum with l1: a slope of l1 against each coefficient, at most l1 where it is 0.
    #[test]
    fn a_lasso_meets_its_conditions(seed in 0_u64..1000, strength in 0.001_f64..0.3, columns in 2_usize..30) {
        let data = generators::classification(60, columns, 1.0, &mut ChaCha::new(seed)).data;
        prop_assume!(data.target.contains(&0.0) && data.target.contains(&1.0));
        let model = GeneralisedLinearModel::new(Distribution::Binomial).penalised(Penalty::lasso(strength));
        for solver in [Solver::Newton, Solver::CoordinateDescent] {
            let fit = model.fit_with(&data, &FitOptions::default().solver(solver)).unwrap();
            let p = fit.model().predict(data.features.as_ref(), None).unwrap();
            for j in 0..columns {
                let slope: f64 = (0..60).map(|i| (p[i] - data.target[i]) * data.features[(i, j)]).sum::<f64>() / 60.0;
                let beta = fit.coefficients()[j + 1].estimate;
                if beta == 0.0 {
                    prop_assert!(slope.abs() <= strength + 1e-9);
                } else {
                    prop_assert!((slope + strength * beta.signum()).abs() < 1e-9, "{solver}: {slope} {beta}");
                }
            }
        }
    }
}
