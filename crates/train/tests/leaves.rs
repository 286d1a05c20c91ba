//! Rows in leaves give the bits of the same rows in a matrix.

use datasets::Dataset;
use linalg::rows::LEAF;
use linalg::{Leaves, Mat, MatRef, Values, parallel};
use models::glm::{Distribution, GeneralisedLinearModel, Link, MultinomialRegression, Penalty};
use train::{
    Covariance, Explanatory, Fit, FitError, FitOptions, Observations, PathOptions, Solver,
    cross_validate, folds, validity,
};

/// A matrix whose leaves are matrices of their own, as blocks of a disk are.
#[derive(Debug)]
struct Parts {
    leaves: Vec<Mat<f64>>,
    starts: Vec<usize>,
}

impl Parts {
    /// Features, then target, weights and offset.
    fn new(data: &Dataset) -> Self {
        let d = data.features.ncols();
        let entry = |i: usize, j: usize| match j.checked_sub(d) {
            None => data.features[(i, j)],
            Some(0) => data.target[i],
            Some(1) => data.weights.as_ref().map_or(1.0, |w| w[i]),
            Some(_) => data.offset.as_ref().map_or(0.0, |o| o[i]),
        };
        let n = data.observations();
        let mut parts = Self {
            leaves: Vec::new(),
            starts: vec![0],
        };
        for from in (0..n).step_by(LEAF) {
            let rows = LEAF.min(n - from);
            let leaf = Mat::from_fn(rows, d + 3, |i, j| entry(from + i, j));
            parts.leaves.push(leaf);
            parts.starts.push(from + rows);
        }
        parts
    }

    fn observations<'p>(&'p self, data: &'p Dataset) -> Observations<'p> {
        let d = data.features.ncols();
        let column = |k: usize| Values::Column {
            leaves: self,
            column: d + k,
        };
        Observations {
            features: Explanatory::Leaves {
                leaves: self,
                columns: d,
            },
            target: column(0),
            weights: data.weights.is_some().then(|| column(1)),
            offset: data.offset.is_some().then(|| column(2)),
            ..data.into()
        }
    }
}

impl Leaves for Parts {
    fn columns(&self) -> usize {
        self.leaves[0].ncols()
    }
    fn starts(&self) -> &[usize] {
        &self.starts
    }
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.leaves[leaf].as_ref()
    }
    fn first_block(&self, leaf: usize) -> usize {
        self.starts[leaf] / linalg::rows::BLOCK
    }
}

fn wave(i: usize, by: f64) -> f64 {
    (i as f64 * by).sin()
}

fn table(n: usize, target: impl Fn(usize, f64) -> f64) -> Dataset {
    let x = Mat::from_fn(n, 3, |i, j| {
        100.0 * j as f64 + wave(i, 1.3 + 0.7 * j as f64) + 0.3 * wave(i, 0.01)
    });
    let eta = |i: usize| wave(i, 1.3) - 0.5 * wave(i, 2.0);
    let y = (0..n).map(|i| target(i, eta(i))).collect();
    Dataset::new(x, ["a", "b", "c"], y, "y")
}

fn bits(values: impl IntoIterator<Item = f64>) -> Vec<u64> {
    values.into_iter().map(f64::to_bits).collect()
}

fn same(name: &str, model: &GeneralisedLinearModel, data: &Dataset, options: &FitOptions) {
    let parts = Parts::new(data);
    let known = |observations: &Observations<'_>| {
        let fit = model.fit_observations(observations, options);
        let fit = fit.unwrap_or_else(|error| panic!("{name}: {error}"));
        let numbers = fit.coefficients().iter().flat_map(|c| {
            let error = c.inference.map_or(0.0, |i| i.std_error);
            [c.estimate, error]
        });
        let certificate = fit.certificate();
        let others = [
            fit.deviance(),
            fit.null_deviance(),
            fit.pearson(),
            fit.log_likelihood().unwrap_or(0.0),
            fit.dispersion().value,
            fit.dispersion().std_error.unwrap_or(0.0),
            fit.theta().map_or(0.0, |theta| theta.std_error),
            certificate.gradient_max,
            certificate.newton_decrement,
            certificate.distance,
            certificate.iterations as f64,
        ];
        (bits(numbers.chain(others)), fit.observations())
    };
    let memory = known(&data.into());
    for threads in [1, 3] {
        let leaves = parallel::with_threads(threads, || known(&parts.observations(data)));
        assert_eq!(leaves, Ok(memory.clone()), "{name}, {threads} threads");
    }
}

#[test]
fn generalised_linear_models() {
    let class = |i: usize, eta: f64| f64::from(u8::from(eta + 0.8 * wave(i, 7.1) > 0.0));
    let count = |i: usize, eta: f64| (2.0 * (0.4 * eta).exp() + 1.5 * wave(i, 5.3) + 1.5).floor();
    let positive = |i: usize, eta: f64| (0.4 * eta + 0.2 * wave(i, 5.3)).exp();
    let number = |i: usize, eta: f64| 5.0 + eta + wave(i, 5.3);
    let plain = FitOptions::default();
    let new = GeneralisedLinearModel::new;
    // Below and above the number of rows from which samples are looked at first.
    for n in [700, 20_000, 60_000] {
        same(
            "binomial",
            &new(Distribution::Binomial),
            &table(n, class),
            &plain,
        );
        same(
            "gaussian",
            &new(Distribution::Gaussian),
            &table(n, number),
            &plain,
        );
        let mut weighted = table(n, count);
        weighted.weights = Some((0..n).map(|i| (i % 4) as f64).collect());
        weighted.offset = Some((0..n).map(|i| 0.1 * wave(i, 0.5)).collect());
        same("poisson", &new(Distribution::Poisson), &weighted, &plain);
    }
    let n = 20_000;
    same(
        "probit",
        &new(Distribution::Binomial).link(Link::Probit),
        &table(n, class),
        &plain,
    );
    same(
        "gamma",
        &new(Distribution::Gamma).link(Link::Log),
        &table(n, positive),
        &plain,
    );
    same(
        "inverse",
        &new(Distribution::Gamma),
        &table(n, positive),
        &plain,
    );
    same(
        "inverse gaussian",
        &new(Distribution::InverseGaussian).link(Link::Log),
        &table(n, positive),
        &plain,
    );
    same(
        "tweedie",
        &new(Distribution::Tweedie { power: 1.5 }),
        &table(n, count),
        &plain,
    );
    for penalty in [
        Penalty::lasso(0.01),
        Penalty::ridge(0.5),
        Penalty::lasso(0.01).standardised(),
        Penalty::none().bounds("a", 0.0, 0.5),
    ] {
        let model = new(Distribution::Binomial).penalised(penalty);
        same("penalised", &model, &table(n, class), &plain);
    }
    for solver in [Solver::Lbfgs, Solver::NewtonCg] {
        let options = FitOptions::default().solver(solver);
        same(
            "solvers",
            &new(Distribution::Binomial),
            &table(n, class),
            &options,
        );
    }
    same(
        "without intercept",
        &new(Distribution::Gaussian).without_intercept(),
        &table(n, number),
        &plain,
    );
}

#[test]
fn several_classes() {
    let class = |i: usize, eta: f64| (1.5 + eta + 0.8 * wave(i, 7.1)).clamp(0.0, 2.9).floor();
    let data = table(20_000, class);
    let parts = Parts::new(&data);
    for penalty in [Penalty::none(), Penalty::ridge(0.1), Penalty::lasso(0.01)] {
        for solver in [Solver::Automatic, Solver::Lbfgs, Solver::NewtonCg] {
            if solver != Solver::Automatic && penalty.l1 > 0.0 {
                continue;
            }
            let model = MultinomialRegression::new().penalised(penalty.clone());
            let options = FitOptions::default().solver(solver);
            let known = |observations: &Observations<'_>| {
                let fit = model.fit_observations(observations, &options).unwrap();
                let numbers = fit.coefficients().iter().flat_map(|c| {
                    let error = c.inference.map_or(0.0, |i| i.std_error);
                    [c.estimate, error]
                });
                let others = [fit.log_likelihood(), fit.certificate().gradient_max];
                bits(numbers.chain(others))
            };
            assert_eq!(known(&parts.observations(&data)), known(&(&data).into()));
        }
    }
}

#[test]
fn faults_are_those_of_the_matrix() {
    let class = |i: usize, _: f64| f64::from(u8::from(wave(i, 1.3) > 0.5));
    let mut data = table(20_000, class);
    let fails = |data: &Dataset| {
        let parts = Parts::new(data);
        let model = GeneralisedLinearModel::new(Distribution::Binomial);
        let fit = |observations: &Observations<'_>| {
            let fit = model.fit_observations(observations, &FitOptions::default());
            fit.unwrap_err()
        };
        let error = fit(&data.into());
        assert_eq!(
            fit(&parts.observations(data)).to_string(),
            error.to_string()
        );
        error
    };
    for i in 0..20_000 {
        data.features[(i, 0)] = wave(i, 1.3);
    }
    assert!(matches!(fails(&data), FitError::Separated { .. }));
    data.features[(17_000, 1)] = f64::NAN;
    assert!(matches!(
        fails(&data),
        FitError::NotFinite { row: 17_001, .. }
    ));
    for i in 0..20_000 {
        data.features[(i, 1)] = 2.0 * wave(i, 1.3) + data.features[(i, 2)];
        data.target[i] = f64::from(u8::from(wave(i, 5.7) > 0.0));
    }
    assert!(matches!(fails(&data), FitError::Collinear { .. }));
    data.target[9_000] = 3.0;
    assert!(matches!(fails(&data), FitError::Outside { row: 9_001, .. }));
    let parts = Parts::new(&data);
    data.target[9_000] = 1.0;
    let firth = GeneralisedLinearModel::new(Distribution::Binomial).firth();
    let error = firth.fit_observations(&parts.observations(&data), &FitOptions::default());
    assert!(error.is_err());
}

#[test]
fn cross_validation_and_paths_have_the_same_bits() {
    let mut data = table(18_000, |i, eta| f64::from(eta + 0.9 * wave(i, 9.1) > 0.1));
    // A category that few rows have, all of one fold.
    data.features = Mat::from_fn(18_000, 3, |i, j| match j {
        2 => f64::from(u8::from(i == 17)),
        _ => data.features[(i, j)],
    });
    data.labels = Some(vec!["no".to_owned(), "yes".to_owned()]);
    let parts = Parts::new(&data);
    let model = GeneralisedLinearModel::new(Distribution::Binomial)
        .penalised(Penalty::elastic_net(1.0, 0.5));
    let options = PathOptions {
        count: 6,
        ..PathOptions::default()
    };
    let known = |observations: Observations<'_>| {
        let folds = folds(&observations, 4, 3).unwrap();
        let of_class = |class: f64, fold: u16| {
            let own = |i: &usize| data.target[*i] == class && folds[*i] == fold;
            (0..18_000).filter(own).count()
        };
        // Leaf by leaf, so at most a row a leaf and class apart.
        for class in [0.0, 1.0] {
            let counts = [0, 1, 2, 3].map(|fold| of_class(class, fold));
            let gap = counts.iter().max().unwrap() - counts.iter().min().unwrap();
            assert!(gap <= 3, "{counts:?}");
        }
        let chosen = cross_validate(&model, observations, &folds, &options).unwrap();
        let of_path = chosen.path.iter().flat_map(|p| p.coefficients.clone());
        let numbers = chosen.mean.iter().chain(&chosen.std_error).copied();
        (bits(numbers.chain(of_path)), chosen.best, folds)
    };
    let memory = known((&data).into());
    for threads in [1, 3] {
        let leaves = parallel::with_threads(threads, || known(parts.observations(&data)));
        assert_eq!(leaves, Ok(memory.clone()));
    }
}

#[test]
fn robust_errors_and_conditions_have_the_same_bits() {
    let mut data = table(19_000, |i, eta| (1.2 * eta + wave(i, 9.1)).exp().floor());
    data.weights = Some((0..19_000).map(|i| f64::from(i % 3)).collect());
    // One row alone knows the last column.
    data.target[16_000] = 5.0;
    data.features = Mat::from_fn(19_000, 3, |i, j| match j {
        2 => f64::from(u8::from(i == 16_000)),
        _ => data.features[(i, j)],
    });
    let parts = Parts::new(&data);
    let model = GeneralisedLinearModel::new(Distribution::Poisson);
    let kinds = [
        Covariance::Expected,
        Covariance::Observed,
        Covariance::Hc0,
        Covariance::Hc1,
        Covariance::Hc2,
        Covariance::Hc3,
    ];
    let known = |observations: Observations<'_>| {
        let fit = model
            .fit_observations(&observations, &FitOptions::default())
            .unwrap();
        let sums = fit.analyse_sums(&model, &observations).unwrap();
        let mut numbers = Vec::new();
        for kind in &kinds {
            let (_, coefficients) = sums.statistics_of(kind).unwrap();
            let errors = coefficients
                .iter()
                .map(|c| c.inference.map(|i| i.std_error));
            numbers.extend(errors.map(|error| error.unwrap_or(-1.0)));
            let robust = !matches!(kind, Covariance::Expected | Covariance::Observed);
            let alone = sums.undetermined(kind);
            assert_eq!(alone, [false, false, false, robust], "{kind:?}");
            assert_eq!(coefficients[3].inference.is_none(), robust, "{kind:?}");
        }
        let explained = sums.pseudo_r2().map(|value| value.unwrap_or(-1.0));
        let mut conditions = validity(&fit, &model, &observations);
        conditions.retain(|condition| condition.name != "wald");
        assert!(conditions.iter().any(|c| c.detail.contains("row 16001")));
        (bits(numbers.into_iter().chain(explained)), conditions)
    };
    let memory = known((&data).into());
    for threads in [1, 3] {
        let leaves = parallel::with_threads(threads, || known(parts.observations(&data)));
        assert_eq!(leaves, Ok(memory.clone()));
    }
    // Beside all rows it is the same.
    let fit = model.fit(&data).unwrap();
    let analysis = fit.analyse(&model, &(&data).into()).unwrap();
    let all = kinds.map(|kind| analysis.coefficients(&kind).unwrap());
    let errors = all
        .iter()
        .flatten()
        .map(|c| c.inference.map(|i| i.std_error));
    let errors = bits(errors.map(|error| error.unwrap_or(-1.0)));
    assert_eq!(errors, memory.0[..errors.len()]);
    let observations = parts.observations(&data);
    let fit = model.fit_observations(&observations, &FitOptions::default());
    let refused = fit.unwrap().analyse(&model, &observations).unwrap_err();
    assert!(matches!(refused, FitError::InMemory { .. }));
}

#[test]
fn a_fold_that_counts_nothing_is_a_fit_to_the_others() {
    let data = table(2000, |i, eta| 3.0 + eta + 0.2 * wave(i, 8.8));
    let folds: Vec<u16> = (0..2000).map(|i| (i % 7 == 2).into()).collect();
    let weights = Values::OfFold {
        values: None,
        folds: &folds,
        fold: 1,
        inside: false,
    };
    let masked = Observations {
        weights: Some(weights),
        ..(&data).into()
    };
    let rows: Vec<usize> = (0..2000).filter(|i| folds[*i] == 0).collect();
    let model = GeneralisedLinearModel::new(Distribution::Gaussian);
    let one = model
        .fit_observations(&masked, &FitOptions::default())
        .unwrap();
    let other = model.fit(&data.select(&rows)).unwrap();
    assert_eq!(one.observations(), other.observations());
    for (a, b) in one.coefficients().iter().zip(other.coefficients()) {
        assert!((a.estimate - b.estimate).abs() < 1e-11);
        let errors = [a, b].map(|c| c.inference.unwrap().std_error);
        assert!((errors[0] - errors[1]).abs() < 1e-11 * errors[1]);
    }
}
