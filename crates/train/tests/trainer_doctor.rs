//! What the doctor of the training loop says, and where it is silent.

use datasets::random::{ChaCha, Stream};
use linalg::{Mat, MatRef};
use models::{BatchNorm1d, Embedding, Linear, Module, Relu, Sequential, Sigmoid, loss};
use train::{Decoupled, Optimizer, Sgd, Trainer, Warning};

/// Two noisy classes that a line separates roughly.
fn data(n: usize, seed: u64) -> (Mat<f64>, Mat<f64>) {
    let mut stream = ChaCha::new(seed);
    let x = {
        let mut values = vec![0.0; 2 * n];
        stream.fill_normal_f64(&mut values);
        Mat::from_fn(n, 2, |i, j| values[2 * i + j])
    };
    let y = Mat::from_fn(n, 1, |i, _| {
        f64::from(x[(i, 0)] + 0.5 * x[(i, 1)] + ((i * 7919) % 13) as f64 / 13.0 > 0.5)
    });
    (x, y)
}

fn classifier() -> Sequential<f64> {
    Sequential::new().then(Linear::zeros(2, 1)).then(Sigmoid)
}

fn logistic() -> Sequential<f64> {
    Sequential::new().then(Linear::zeros(2, 1))
}

/// What the doctor says of a training.
fn said(
    model: &mut Sequential<f64>,
    rate: f64,
    (x, y): (&Mat<f64>, &Mat<f64>),
    squared: bool,
) -> (Vec<Warning>, Option<String>) {
    let mut optimizer = Optimizer::new(Sgd::new(rate));
    let trained = Trainer::new(30).fit(model, &mut optimizer, (x, y), |p, t| {
        if squared {
            loss::squared_error(p, t).mean()
        } else {
            loss::binary_cross_entropy(p, t).mean()
        }
    });
    match trained {
        Ok(trained) => (trained.warnings, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    }
}

#[test]
fn the_doctor_names_the_cause() {
    let (x, y) = data(200, 1);
    // Nothing is wrong.
    assert_eq!(
        said(&mut classifier(), 0.5, (&x, &y), false),
        (vec![], None)
    );

    // Linear regression: L is 2/n times the largest eigenvalue of [x 1]ᵀ[x 1].
    let line = || Sequential::new().then(Linear::zeros(2, 1));
    let design = Mat::from_fn(200, 3, |i, j| if j < 2 { x[(i, j)] } else { 1.0 });
    let gram = design.transpose() * &design;
    let mut v = linalg::mat![[1.0], [1.0], [1.0]];
    let mut largest = 0.0;
    for _ in 0..10_000 {
        let next = &gram * &v;
        let length = next.col(0).iter().map(|x| x * x).sum::<f64>().sqrt();
        v = Mat::from_fn(3, 1, |i, _| next[(i, 0)] / length);
        largest = 2.0 / 200.0 * length;
    }
    assert_eq!(
        said(&mut line(), 0.99 * 2.0 / largest, (&x, &y), true).0,
        vec![]
    );
    let (warnings, _) = said(&mut line(), 1.02 * 2.0 / largest, (&x, &y), true);
    let Some(Warning::LearningRate {
        limit, curvature, ..
    }) = warnings.first()
    else {
        panic!("{warnings:?}");
    };
    assert!((curvature / largest - 1.0).abs() < 2e-3 && (limit * largest / 2.0 - 1.0).abs() < 2e-3);

    // Squared error of a sigmoid, as a loss and written out.
    let (warnings, _) = said(&mut classifier(), 0.1, (&x, &y), true);
    assert_eq!(warnings, [Warning::SquaredErrorOfSigmoid]);
    for k in 0..3 {
        let trained = Trainer::new(1).fit(
            &mut classifier(),
            &mut Optimizer::new(Sgd::new(0.1)),
            (&x, &y),
            |p, t| match k {
                0 => (p - t).square().mean(),
                1 => (t - p).powf(2.0).mean(),
                _ => ((p - t) * (p - t)).sum() / 200.0,
            },
        );
        assert_eq!(
            trained.unwrap().warnings,
            [Warning::SquaredErrorOfSigmoid],
            "way {k}"
        );
    }

    // A column of numbers in other units.
    let large = Mat::from_fn(
        200,
        2,
        |i, j| if j == 1 { 1e4 * x[(i, 1)] } else { x[(i, 0)] },
    );
    let (warnings, error) = said(&mut classifier(), 1e-9, (&large, &y), false);
    assert!(
        matches!(warnings[..], [Warning::Unscaled { column: 2, .. }]),
        "{warnings:?} {error:?}"
    );

    // Rectifiers that are 0 for every row.
    let mut dead = Sequential::new()
        .then(Linear::zeros(2, 4))
        .then(Relu)
        .then(Linear::zeros(4, 1))
        .then(Sigmoid);
    dead.visit_mut("", &mut |name, p| {
        if name == "0.bias" {
            p.as_mut_slice().fill(-100.0);
        }
    });
    let (warnings, _) = said(&mut dead, 0.1, (&x, &y), false);
    assert_eq!(
        warnings,
        [Warning::DeadUnits {
            layer: 1,
            dead: 4,
            units: 4,
            epoch: 0
        }]
    );

    // Sigmoids that are 0 or 1: hidden ones, and an output that is sure of what is wrong.
    let mut flat = Sequential::new()
        .then(Linear::zeros(2, 4))
        .then(Sigmoid)
        .then(Linear::zeros(4, 1))
        .then(Sigmoid);
    flat.visit_mut("", &mut |name, p| {
        if name == "0.bias" {
            p.as_mut_slice().fill(50.0);
        }
    });
    let (warnings, _) = said(&mut flat, 0.1, (&x, &y), false);
    assert!(
        matches!(warnings[..], [Warning::Saturated { layer: 1, .. }]),
        "{warnings:?}"
    );
    let mut sure = classifier();
    sure.visit_mut("", &mut |name, p| {
        if name == "0.bias" {
            p.as_mut_slice().fill(50.0);
        }
    });
    let (warnings, _) = said(&mut sure, 1e-3, (&x, &y), false);
    assert!(
        matches!(warnings[..], [Warning::Saturated { layer: 1, .. }]),
        "{warnings:?}"
    );

    // Growth, and what it ends in.
    let trained = Trainer::new(8).fit(
        &mut line(),
        &mut Optimizer::new(Sgd::new(2.0)),
        (&x, &y),
        |p, t| loss::squared_error(p, t).mean(),
    );
    let warnings = trained.unwrap().warnings;
    assert!(
        warnings
            .iter()
            .any(|w| matches!(w, Warning::Diverging { .. })),
        "{warnings:?}"
    );
    let (_, error) = said(&mut line(), 1e30, (&x, &y), true);
    let error = error.unwrap();
    assert!(
        error.contains("is inf at step") && error.contains("lower the learning rate"),
        "{error}"
    );

    // The first operation that makes no number.
    let trained = Trainer::new(3).fit(
        &mut line(),
        &mut Optimizer::new(Sgd::new(0.1)),
        (&x, &y),
        |p, _| p.ln().mean(),
    );
    let error = trained.unwrap_err().to_string();
    assert!(
        error.contains("at step 1, in epoch 1") && error.contains("`ln`"),
        "{error}"
    );
}

fn warnings(
    model: &mut dyn Module<f64>,
    rate: f64,
    (x, y): (MatRef<'_, f64>, MatRef<'_, f64>),
    trainer: Trainer<'_, f64>,
) -> Vec<Warning> {
    #[derive(Debug)]
    struct Lent<'m>(&'m mut dyn Module<f64>);
    impl Module<f64> for Lent<'_> {
        fn forward<'t>(&'t self, x: autodiff::Var<'t, f64>) -> autodiff::Var<'t, f64> {
            self.0.forward(x)
        }
        fn visit<'a>(
            &'a self,
            path: &str,
            visitor: &mut dyn FnMut(&str, &'a models::Parameter<f64>),
        ) {
            self.0.visit(path, visitor);
        }
        fn visit_mut(
            &mut self,
            path: &str,
            visitor: &mut dyn FnMut(&str, &mut models::Parameter<f64>),
        ) {
            self.0.visit_mut(path, visitor);
        }
        fn visit_buffers<'a>(
            &'a self,
            path: &str,
            visitor: &mut dyn FnMut(&str, &'a models::Buffer),
        ) {
            self.0.visit_buffers(path, visitor);
        }
        fn set_training(&mut self, training: bool) {
            self.0.set_training(training);
        }
    }
    let trained = trainer.fit(
        &mut Lent(model),
        &mut Optimizer::new(Sgd::new(rate)),
        (x, y),
        |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
    );
    trained.unwrap().warnings
}

#[test]
fn the_doctor_does_not_cry_wolf() {
    let mut stream = ChaCha::new(1);
    let y = Mat::from_fn(200, 1, |i, _| (i % 2) as f64);
    // Numbers of words are looked up, not multiplied.
    let words = Mat::from_fn(200, 3, |i, j| ((i * 7 + j * 31) % 500) as f64);
    let mut embedded = Sequential::new()
        .then(Embedding::new(500, 8, &mut stream))
        .then(Linear::new(24, 1, &mut stream));
    assert_eq!(
        warnings(
            &mut embedded,
            0.1,
            (words.as_ref(), y.as_ref()),
            Trainer::new(2)
        ),
        []
    );
    // What is normalised first needs no scaling by hand.
    let large = Mat::from_fn(200, 2, |i, j| 1e4 * ((i * (j + 3)) as f64).sin() + 500.0);
    let mut scaled = Sequential::new()
        .then(BatchNorm1d::new(2))
        .then(Linear::new(2, 16, &mut stream))
        .then(Relu)
        .then(Linear::new(16, 1, &mut stream));
    assert_eq!(
        warnings(
            &mut scaled,
            0.1,
            (large.as_ref(), y.as_ref()),
            Trainer::new(2).batch_size(50)
        ),
        []
    );
    // Rare categories say nothing of the scale of others.
    let coded = Mat::from_fn(200, 41, |i, j| match j {
        40 => ((i * 3) as f64).sin(),
        _ => f64::from(u8::from(i % 200 == j)),
    });
    let mut line = Sequential::new().then(Linear::zeros(41, 1));
    assert_eq!(
        warnings(
            &mut line,
            0.1,
            (coded.as_ref(), y.as_ref()),
            Trainer::new(2)
        ),
        []
    );
    // Rows sorted by class, shuffled by the loop.
    let clouds = Mat::from_fn(3000, 2, |i, j| {
        let sign = if i < 1500 { 1.0 } else { -1.0 };
        sign * (3.0 + j as f64) + ((i * 13 + j * 7) as f64).sin()
    });
    let of = Mat::from_fn(3000, 1, |i, _| f64::from(u8::from(i < 1500)));
    for seed in 0..6 {
        let mut stream = ChaCha::new(seed);
        let mut net = Sequential::new()
            .then(Linear::new(2, 8, &mut stream))
            .then(Relu)
            .then(Linear::new(8, 1, &mut stream));
        let found = warnings(
            &mut net,
            0.05,
            (clouds.as_ref(), of.as_ref()),
            Trainer::new(1).batch_size(32).shuffle(1),
        );
        assert_eq!(found, [], "seed {seed}");
    }
    // A cost with a weight for each row takes all rows at once, and a rectifier in the cost is no layer.
    let (x, y) = data(4000, 1);
    let w = Mat::from_fn(4000, 1, |i, _| 1.0 + (i % 3) as f64);
    let trained = Trainer::new(2).fit(
        &mut logistic(),
        &mut Optimizer::new(Sgd::new(0.1)),
        (&x, &y),
        |z, y| {
            let each = loss::binary_cross_entropy_with_logits(z, y);
            (each * z.tape().copied(w.as_ref())).mean() + ((z - 50.0).relu()).mean()
        },
    );
    assert_eq!(trained.unwrap().warnings, []);
}

#[test]
fn the_doctor_sees_every_group_and_speaks_when_the_training_fails() {
    let (x, y) = data(100, 1);
    let cost = |optimizer: &mut Optimizer<f64, Decoupled<Sgd>>| {
        Trainer::new(2).fit(&mut logistic(), optimizer, (&x, &y), |z, y| {
            loss::binary_cross_entropy_with_logits(z, y).mean()
        })
    };
    let slow = Decoupled {
        rule: Sgd::new(0.01),
        weight_decay: 0.0,
    };
    let fast = Decoupled {
        rule: Sgd::new(100.0),
        weight_decay: 0.0,
    };
    let mut groups = Optimizer::new(slow).group(fast, |name| name.ends_with("bias"));
    let found = cost(&mut groups).unwrap().warnings;
    assert!(
        matches!(found[0], Warning::LearningRate { rate: 100.0, .. }),
        "{found:?}"
    );
    // The warning comes with the failure.
    let error = Trainer::new(3000)
        .fit(
            &mut logistic(),
            &mut Optimizer::new(Sgd::new(1e3)),
            (&x, &y),
            |p, t| loss::squared_error(p, t).mean(),
        )
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("before that: the learning rate 1000 is above"),
        "{error}"
    );
}
