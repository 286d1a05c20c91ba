//! Data and settings that nobody means: each ends in time with an error or with numbers that mean something, and nothing panics.

use std::sync::mpsc;
use std::time::Duration;

use datasets::Dataset;
use datasets::generators::regression;
use datasets::random::ChaCha;
use linalg::{Mat, View, mat};
use models::glm::{Distribution, GeneralisedLinearModel, Link, MultinomialRegression, Penalty};
use models::{BatchNorm1d, Linear, Sequential};
use train::metrics::{
    Binning, CalibrationCurve, ConfusionMatrix, Costs, MetricError, RocCurve, accuracy,
    brier_score, log_loss, logit_accuracy, r2, roc_auc, root_mean_squared_error,
};
use train::{
    Fit, FitError, Inference, Observations, Optimizer, PathOptions, Reference, Sgd, Test,
    TrainError, Trainer, cross_validate, path,
};

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

/// The result, if it comes within a minute: what never ends fails its test instead of holding it up.
fn within<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(f()));
    let result = receiver.recv_timeout(Duration::from_secs(60));
    result.unwrap_or_else(|_| panic!("{what}: it panics, or it does not end"))
}

fn column(y: &[f64]) -> Dataset {
    let n = y.len();
    Dataset {
        features: Mat::from_fn(n, 1, |i, _| (i % 5) as f64 + 0.1 * (i % 3) as f64),
        feature_names: vec!["x".to_owned()],
        target: y.to_vec(),
        target_name: "y".to_owned(),
        weights: None,
        offset: None,
        trials: None,
        intercept: true,
        rows: None,
        labels: None,
    }
}

#[test]
fn statistics_of_the_distributions_end() {
    let freedoms = [
        1.0,
        17.0,
        26.0,
        39.0,
        0.0,
        -1.0,
        1e17,
        1e300,
        f64::INFINITY,
        f64::NAN,
    ];
    let values = [
        0.0,
        1.6383560438182505,
        1.6690459207925605,
        1.689277519114419,
        1e-300,
        1e200,
        f64::INFINITY,
        f64::NAN,
    ];
    within("t", move || {
        for t in values {
            for freedom in freedoms {
                let row = Inference::student(t, 1.0, freedom);
                let (p, [low, high]) = (row.p_value, [row.conf_low, row.conf_high]);
                assert!(p.is_nan() || (0.0..=1.0).contains(&p), "{t} {freedom}: {p}");
                assert!(
                    low <= high || low.is_nan() || high.is_nan(),
                    "{t} {freedom}: {low} {high}"
                );
            }
        }
    });
    within("F and χ²", move || {
        for x in [
            2.6842105263157894,
            2.785714285714286,
            1.0,
            1e20,
            f64::INFINITY,
            f64::NAN,
            -1.0,
        ] {
            for d in freedoms {
                for reference in [
                    Reference::F(1.0, d),
                    Reference::ChiSquare(d),
                    Reference::ChiSquare(x),
                ] {
                    let p = Test::new(x, reference).p_value;
                    assert!(p.is_nan() || (0.0..=1.0).contains(&p), "{x} {d}: {p}");
                }
            }
        }
    });
    // The median of χ² is near its freedom, however large.
    for freedom in [1e9, 1e12, 1e20] {
        let p = Test::new(freedom, Reference::ChiSquare(freedom)).p_value;
        assert!((p - 0.5).abs() < 1e-4, "{p}");
    }
}

#[test]
fn targets_beyond_what_can_be_squared_and_perfect_fits() {
    let line: Vec<f64> = (0..30)
        .map(|i| 1.0 + f64::from(i % 5) + 0.1 * f64::from(i % 3))
        .collect();
    let noisy = |scale: f64| {
        (0..30)
            .map(|i| scale * (2.0 + f64::from(i * 7 % 11)))
            .collect()
    };
    let targets: [Vec<f64>; 6] = [
        vec![2.0; 30],
        line,
        noisy(1e155),
        noisy(1e-170),
        noisy(1e200),
        noisy(1.0),
    ];
    let distributions = [
        Distribution::Gaussian,
        Distribution::Gamma,
        Distribution::InverseGaussian,
        Distribution::Tweedie { power: 1.5 },
        Distribution::Poisson,
    ];
    for y in targets {
        for distribution in distributions {
            let what = format!("{distribution:?} of {:e}", y[1]);
            let data = column(&y);
            let told = what.clone();
            within(&what, move || {
                let data: Observations<'_> = (&data).into();
                let model = GeneralisedLinearModel::new(distribution);
                let fit = match model.fit_observations(&data, &train::FitOptions::default()) {
                    Ok(fit) => fit,
                    Err(error) => return assert!(!error.to_string().is_empty()),
                };
                assert!(
                    fit.coefficients().iter().all(|c| c.estimate.is_finite()),
                    "{told}"
                );
                assert!(fit.log_likelihood().is_none_or(|l| !l.is_nan()), "{told}");
                let analysis = fit.analyse(&model, &data).unwrap();
                if let Ok(residuals) = analysis.quantile_residuals(|_| 0.5) {
                    assert!(residuals.iter().all(|r| !r.is_nan()), "{told}");
                }
            });
        }
    }
    // A target outside the range is called by its name.
    for scale in [1e155, 1e-170] {
        let data = column(&noisy(scale));
        let error = GeneralisedLinearModel::new(Distribution::Gaussian)
            .fit(&data)
            .unwrap_err();
        assert!(
            matches!(&error, FitError::Range { column, .. } if column == "y"),
            "{error}"
        );
    }
}

#[test]
fn settings_of_paths_and_numbers_of_folds() {
    let data = regression(40, 6, 1.0, &mut ChaCha::new(3)).data;
    let wide = regression(10, 30, 1.0, &mut ChaCha::new(4)).data;
    let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
    let with = |change: &dyn Fn(&mut PathOptions)| {
        let mut options = PathOptions::default();
        change(&mut options);
        options
    };
    let mut refused = vec![
        with(&|o| o.strengths = Some(vec![])),
        with(&|o| o.strengths = Some(vec![-1.0])),
        with(&|o| o.count = 0),
        with(&|o| o.count = usize::MAX),
        with(&|o| o.ratio = Some(0.0)),
        with(&|o| o.ratio = Some(2.0)),
        with(&|o| o.tolerance = 0.0),
    ];
    for bad in BAD {
        refused.push(with(&|o| o.strengths = Some(vec![bad])));
        refused.push(with(&|o| o.ratio = Some(bad)));
        refused.push(with(&|o| o.tolerance = bad));
    }
    for options in refused {
        for data in [&data, &wide] {
            let error = path(&model, &data.into(), &options).unwrap_err();
            assert!(
                matches!(error, FitError::Setting { .. }),
                "{options:?}: {error}"
            );
            let folds: Vec<usize> = (0..data.observations()).map(|i| i % 2).collect();
            assert!(cross_validate(&model, data, &folds, &options).is_err());
        }
    }
    for l1 in [f64::NAN, -1.0] {
        let model = model.clone().penalised(Penalty::lasso(l1));
        assert!(path(&model, &(&data).into(), &PathOptions::default()).is_err());
    }
    // Numbers of folds mean nothing; one fold alone is none.
    let options = with(&|o| o.count = 5);
    let folds = |of: &dyn Fn(usize) -> usize| (0..40).map(of).collect::<Vec<_>>();
    let usual = cross_validate(&model, &data, &folds(&|i| i % 2), &options).unwrap();
    for large in [1_000_000_000, usize::MAX] {
        let found = cross_validate(&model, &data, &folds(&|i| i % 2 * large), &options).unwrap();
        assert_eq!(found.mean, usual.mean);
    }
    assert!(cross_validate(&model, &data, &[0_usize; 40], &options).is_err());
    // Of a target that does not vary nothing is left to explain.
    let constant = path(
        &model,
        &(&column(&[3.0; 20])).into(),
        &with(&|o| o.strengths = Some(vec![1.0])),
    );
    assert!(constant.is_err() || constant.unwrap()[0].deviance_explained == 0.0);
}

#[test]
fn metrics_of_strange_weights_scores_and_sizes() {
    let y = [0.0, 1.0, 1.0, 0.0];
    let p = [0.2, 0.7, 0.6, 0.4];
    for weights in [
        [0.0; 4],
        [1e-200; 4],
        [1e160; 4],
        [f64::NAN; 4],
        [-1.0; 4],
        [f64::INFINITY; 4],
    ] {
        let w = Some(&weights[..]);
        assert!(roc_auc(&y, &p, w).is_err());
        assert!(RocCurve::new(&y, &p, w).is_err());
        assert!(log_loss(&y, &p, w).is_err() && brier_score(&y, &p, w).is_err());
        assert!(r2(&y, &p, w).is_err() && root_mean_squared_error(&y, &p, w).is_err());
        assert!(ConfusionMatrix::new(&[0, 1, 1, 0], &[0, 1, 0, 0], 2, w).is_err());
    }
    for bins in [0, usize::MAX] {
        for binning in [Binning::EqualWidth(bins), Binning::EqualCount(bins)] {
            assert!(CalibrationCurve::new(&y, &p, binning, None).is_err());
        }
    }
    assert!(ConfusionMatrix::new(&[0], &[0], usize::MAX, None).is_err());
    assert!(matches!(
        r2(&[1.7e308, -1.7e308], &[0.0, 0.0], None),
        Err(MetricError::TooLarge { row: 1, .. })
    ));
    assert!(Costs::new(1e308, 1e308).is_err());
    // What is no number is not right.
    let zeros = [0.0, 0.0];
    let nan = [f64::NAN, 0.1];
    assert_eq!(
        accuracy(View::<f64>::view(&nan), View::<f64>::view(&zeros)),
        0.5
    );
    assert_eq!(
        logit_accuracy(
            View::<f64>::view(&[f64::NAN, -1.0]),
            View::<f64>::view(&zeros)
        ),
        0.5
    );
}

#[test]
fn groups_and_lengths_of_analyses() {
    let y: Vec<f64> = (0..30)
        .map(|i| f64::from(u8::from(i * 7 % 11 > 4)))
        .collect();
    let data = column(&y);
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    let fit = model.fit(&data).unwrap();
    let observations: Observations<'_> = (&data).into();
    let analysis = fit.analyse(&model, &observations).unwrap();
    for groups in [0, 1, 2, 31, usize::MAX] {
        assert!(analysis.hosmer_lemeshow(groups).is_err());
    }
    assert!(!analysis.hosmer_lemeshow(5).unwrap().test.p_value.is_nan());
    let mut classes = column(
        &(0..30)
            .map(|i| f64::from(i * 7 % 11 % 3))
            .collect::<Vec<_>>(),
    );
    classes.labels = Some(["a", "b", "c"].map(str::to_owned).to_vec());
    let fit = MultinomialRegression::new().fit(&classes).unwrap();
    let mut short: Observations<'_> = (&classes).into();
    let weights = [1.0; 3];
    short.weights = Some(linalg::Values::from(&weights[..]));
    assert!(fit.analyse(&short).is_err());
}

#[test]
fn intervals_of_means_whose_link_has_an_end() {
    // Twelve rows of a gamma model with the inverse link: intervals reach beyond a linear predictor of 0.
    let y = [
        3.0, 0.5, 9.0, 1.0, 30.0, 0.2, 4.0, 60.0, 0.9, 8.0, 2.0, 100.0,
    ];
    let data = column(&y);
    let observations: Observations<'_> = (&data).into();
    for link in [Link::Inverse, Link::InverseSquare, Link::Sqrt, Link::Log] {
        let model = GeneralisedLinearModel::new(Distribution::Gamma).link(link);
        let Ok(fit) = model.fit_observations(&observations, &train::FitOptions::default()) else {
            continue;
        };
        let analysis = fit.analyse(&model, &observations).unwrap();
        let x = mat![[0.0], [4.0], [8.0]];
        let predicted = analysis
            .predict(x.as_ref(), None, 0.999, &train::Covariance::Expected)
            .unwrap();
        for row in predicted {
            let (low, high) = (row.interval.low, row.interval.high);
            assert!(
                low <= row.mean && row.mean <= high,
                "{link:?}: {low} {} {high}",
                row.mean
            );
        }
    }
}

#[test]
fn batches_too_small_to_normalise() {
    for rows in 1..=9 {
        for size in 1..=9 {
            let mut stream = ChaCha::new(1);
            let mut model: Sequential<f64> = Sequential::new()
                .then(Linear::new(1, 2, &mut stream))
                .then(BatchNorm1d::new(2))
                .then(Linear::new(2, 1, &mut stream));
            let x = Mat::from_fn(rows, 1, |i, _| i as f64);
            let mut optimizer = Optimizer::new(Sgd::new(0.01));
            let trained = Trainer::new(2).batch_size(size).fit(
                &mut model,
                &mut optimizer,
                (&x, &x),
                |y, t| models::loss::squared_error(y, t).mean(),
            );
            let last = match rows % size.min(rows) {
                0 => size.min(rows),
                rest => rest,
            };
            match trained {
                Ok(_) => assert!(last >= 2),
                Err(error) => assert!(
                    last < 2 && matches!(error, TrainError::SmallBatch { .. }),
                    "{error}"
                ),
            }
        }
    }
}
