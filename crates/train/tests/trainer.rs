//! The training loop: what it does, when it stops, and what it refuses.

use std::cell::Cell;
use std::ops::ControlFlow;

use autodiff::Tape;
use datasets::permutation;
use datasets::random::ChaCha;
use linalg::{Mat, parallel};
use models::{BatchNorm1d, Dropout, Linear, Module, Relu, Sequential, Sigmoid, loss};
use train::schedule::{ExponentialLr, PlateauMode, ReduceLrOnPlateau};
use train::{Adam, EarlyStopping, Optimizer, Sgd, Stopped, TrainError, Trained, Trainer, metrics};

/// Two noisy classes that a line separates roughly.
fn data(n: usize, seed: u64) -> (Mat<f64>, Mat<f64>) {
    let mut stream = ChaCha::new(seed);
    let x = {
        use datasets::random::Stream;
        let mut values = vec![0.0; 2 * n];
        stream.fill_normal_f64(&mut values);
        Mat::from_fn(n, 2, |i, j| values[2 * i + j])
    };
    let y = Mat::from_fn(n, 1, |i, _| {
        f64::from(x[(i, 0)] + 0.5 * x[(i, 1)] + ((i * 7919) % 13) as f64 / 13.0 > 0.5)
    });
    (x, y)
}

fn network() -> Sequential<f64> {
    let mut stream = ChaCha::new(5);
    Sequential::new()
        .then(Linear::new(2, 8, &mut stream))
        .then(BatchNorm1d::new(8))
        .then(Relu)
        .then(Dropout::new(0.2, 3))
        .then(Linear::new(8, 1, &mut stream))
}

fn bits(model: &dyn Module<f64>) -> Vec<u64> {
    let tensors = models::state::whole_state(model);
    let values = tensors.iter().flat_map(|tensor| &tensor.values);
    values.map(|x| x.to_bits()).collect()
}

fn classifier() -> Sequential<f64> {
    Sequential::new().then(Linear::zeros(2, 1)).then(Sigmoid)
}

#[test]
fn epochs_are_those_of_a_loop_by_hand() {
    let (x, y) = data(50, 1);
    let (mut by_hand, mut optimizer) = (classifier(), Optimizer::new(Adam::new(0.05)));
    let mut losses = Vec::new();
    let mut tape = Tape::new();
    for epoch in 0..4 {
        let order = permutation(50, &mut ChaCha::stream(9, epoch));
        let mut sum = 0.0;
        for rows in order.chunks(16) {
            let part = |m: &Mat<f64>| Mat::from_fn(rows.len(), m.ncols(), |i, j| m[(rows[i], j)]);
            let (x, y) = (part(&x), part(&y));
            tape.clear();
            let p = by_hand.forward(tape.constant(&x));
            let cost = loss::binary_cross_entropy(p, tape.constant(&y)).mean();
            sum += cost.item() * rows.len() as f64;
            let gradients = cost.backward();
            optimizer.step(&mut by_hand, &gradients);
        }
        losses.push(sum / 50.0);
    }
    let mut model = classifier();
    let trained = Trainer::new(4)
        .batch_size(16)
        .shuffle(9)
        .metric("accuracy", metrics::accuracy)
        .fit(
            &mut model,
            &mut Optimizer::new(Adam::new(0.05)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        )
        .unwrap();
    assert_eq!(bits(&model), bits(&by_hand));
    let found: Vec<f64> = trained.history.epochs().iter().map(|e| e.loss).collect();
    assert_eq!(found, losses);
    assert_eq!(trained.history.last().unwrap().steps, 16);
    // The metric is that of the whole data after the last step.
    let tape = Tape::new();
    let p = by_hand.forward(tape.constant(&x)).to_mat();
    assert_eq!(
        trained.history.metric("accuracy").unwrap()[3],
        metrics::accuracy(p.as_ref(), y.as_ref())
    );
}

/// A training with everything that remembers something, ended by a callback after `stop` steps.
fn everything(
    model: &mut Sequential<f64>,
    path: Option<&std::path::Path>,
    stop: Option<u64>,
    epochs: u64,
) -> Result<Trained, TrainError> {
    let (x, y) = data(60, 2);
    let (x_held, y_held) = data(30, 3);
    let mut trainer = Trainer::new(epochs)
        .batch_size(16)
        .shuffle(4)
        .schedule_steps(ExponentialLr::new(0.99))
        .clip_norm(0.5)
        .validation((&x_held, &y_held))
        .early_stopping(EarlyStopping::new(50))
        .metric("positive", |p, _| {
            p.col(0).iter().filter(|x| **x > 0.0).count() as f64
        })
        .on_step(move |step| match stop {
            Some(stop) if step.step >= stop => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    if let Some(path) = path {
        trainer = trainer.checkpoint_steps(path, 3);
    }
    let optimizer = Adam {
        amsgrad: true,
        ..Adam::new(0.01)
    };
    let mut optimizer = Optimizer::new(optimizer).group(
        Adam {
            amsgrad: true,
            ..Adam::new(0.02)
        },
        |name| name.ends_with("bias"),
    );
    trainer.fit(model, &mut optimizer, (&x, &y), |z, y| {
        loss::binary_cross_entropy_with_logits(z, y).mean()
    })
}

#[test]
fn a_training_that_was_interrupted_has_the_same_bits() {
    let mut whole = network();
    let expected = everything(&mut whole, None, None, 5).unwrap();
    assert_eq!(expected.history.last().unwrap().steps, 20);
    for stop in [1, 2, 3, 4, 7, 12, 19, 20] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("training.safetensors");
        let mut model = network();
        let first = everything(&mut model, Some(&path), Some(stop), 5).unwrap();
        assert_eq!(first.stopped, Stopped::Callback);
        // Another process: all anew.
        let mut model = network();
        let second = everything(&mut model, Some(&path), None, 5).unwrap();
        assert_eq!(second.history, expected.history, "stopped after {stop}");
        assert_eq!(second.best_epoch, expected.best_epoch);
        assert_eq!(bits(&model), bits(&whole), "stopped after {stop}");
        // The file of a finished training gives its end again, and more epochs go on from it.
        let mut model = network();
        let again = everything(&mut model, Some(&path), None, 5).unwrap();
        assert_eq!(
            (again.history, bits(&model)),
            (expected.history.clone(), bits(&whole))
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.safetensors");
    let (mut longer, mut whole) = (network(), network());
    everything(&mut longer, Some(&path), None, 5).unwrap();
    let mut longer = {
        drop(longer);
        network()
    };
    let found = everything(&mut longer, Some(&path), None, 8).unwrap();
    let expected = everything(&mut whole, None, None, 8).unwrap();
    assert_eq!(
        (found.history, bits(&longer)),
        (expected.history, bits(&whole))
    );
}

#[test]
fn threads_do_not_change_a_bit() {
    let run = |threads| {
        parallel::with_threads(threads, || {
            let mut model = network();
            let trained = everything(&mut model, None, None, 3).unwrap();
            (bits(&model), trained.history)
        })
        .unwrap()
    };
    let one = run(1);
    assert_eq!(run(2), one);
    assert_eq!(run(3), one);
}

#[test]
fn checkpoints_of_another_training_and_damaged_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.safetensors");
    let mut model = network();
    everything(&mut model, Some(&path), None, 2).unwrap();
    let good = std::fs::read(&path).unwrap();

    let (x, y) = data(60, 8);
    let mut other = network();
    let before = bits(&other);
    let error = Trainer::new(2)
        .batch_size(16)
        .checkpoint(&path)
        .fit(
            &mut other,
            &mut Optimizer::new(Adam::new(0.01)),
            (&x, &y),
            |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
        )
        .unwrap_err();
    assert!(
        error.to_string().contains("of a training with other data"),
        "{error}"
    );
    assert_eq!(bits(&other), before);
    assert_eq!(std::fs::read(&path).unwrap(), good, "the file was touched");

    let mut damaged = vec![
        good[..good.len() / 2].to_vec(),
        Vec::new(),
        b"no checkpoint at all".to_vec(),
    ];
    damaged.push({
        let mut longer = good.clone();
        longer.extend_from_slice(b"more");
        longer
    });
    damaged
        .push(models::state::to_safetensors(&models::state::state_dict(&network()), &[]).unwrap());
    for bytes in damaged {
        std::fs::write(&path, &bytes).unwrap();
        let mut model = network();
        let error = everything(&mut model, Some(&path), None, 2).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        assert!(error.to_string().contains("training.safetensors"));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
    let error = everything(
        &mut network(),
        Some(&folder.path().join("no/such/folder.st")),
        None,
        1,
    )
    .unwrap_err();
    assert!(matches!(error, TrainError::File { .. }), "{error}");
}

#[test]
fn early_stopping_goes_back_to_the_best_epoch() {
    let (x, y) = data(40, 1);
    // A metric that is best after the third epoch.
    let calls = Cell::new(0);
    let trainer = |epochs| {
        Trainer::new(epochs)
            .metric("made up", |_, _| {
                calls.set(calls.get() + 1);
                [0.1, 0.5, 0.9, 0.9, f64::NAN, 0.3, 0.95][calls.get() - 1]
            })
            .early_stopping(EarlyStopping::new(2).watching("made up", PlateauMode::Max))
    };
    let mut model = classifier();
    let trained = trainer(20)
        .fit(
            &mut model,
            &mut Optimizer::new(Sgd::new(0.5)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        )
        .unwrap();
    assert_eq!(
        (trained.stopped, trained.best_epoch),
        (Stopped::Early, Some(3))
    );
    assert_eq!(trained.history.epochs().len(), 6);
    let mut three = classifier();
    Trainer::new(3)
        .fit(
            &mut three,
            &mut Optimizer::new(Sgd::new(0.5)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        )
        .unwrap();
    assert_eq!(bits(&model), bits(&three));
    let error = Trainer::new(1)
        .early_stopping(EarlyStopping::new(2).watching("recall", PlateauMode::Max))
        .fit(
            &mut model,
            &mut Optimizer::new(Sgd::new(0.5)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "early stopping watches `recall`, which is no metric of this training; it has none"
    );
}

#[test]
fn plateaus_lower_the_rate_and_schedules_set_it() {
    let (x, y) = data(40, 1);
    let rates = |trainer: Trainer<'_, f64>| {
        let trained = trainer.fit(
            &mut classifier(),
            &mut Optimizer::new(Sgd::new(0.8)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        );
        let history = trained.unwrap().history;
        history
            .epochs()
            .iter()
            .map(|e| e.learning_rate)
            .collect::<Vec<_>>()
    };
    let decayed = rates(Trainer::new(3).schedule(ExponentialLr::new(0.5)));
    assert_eq!(decayed, [0.8, 0.4, 0.2]);
    let plateau = ReduceLrOnPlateau {
        patience: 0,
        threshold: train::schedule::PlateauThreshold::Absolute(10.0),
        ..ReduceLrOnPlateau::new(0.5)
    };
    assert_eq!(
        rates(Trainer::new(4).reduce_on_plateau(plateau)),
        [0.8, 0.8, 0.4, 0.2]
    );
}

#[test]
fn incomplete_batches_can_be_left_out() {
    let (x, y) = data(50, 1);
    let steps = |trainer: Trainer<'_, f64>| {
        trainer
            .fit(
                &mut classifier(),
                &mut Optimizer::new(Sgd::new(0.1)),
                (&x, &y),
                |p, t| loss::binary_cross_entropy(p, t).mean(),
            )
            .map(|trained| trained.history.last().map_or(0, |epoch| epoch.steps))
    };
    assert_eq!(steps(Trainer::new(2).batch_size(16)).unwrap(), 8);
    assert_eq!(
        steps(Trainer::new(2).batch_size(16).drop_last()).unwrap(),
        6
    );
    assert_eq!(steps(Trainer::new(2).batch_size(64)).unwrap(), 2);
    assert_eq!(
        steps(Trainer::new(2).batch_size(50).drop_last()).unwrap(),
        2
    );
    let error = steps(Trainer::new(2).batch_size(64).drop_last()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the training data have 50 rows, which is not one batch; give more rows or a smaller batch size"
    );
    assert_eq!(steps(Trainer::new(0)).unwrap(), 0);
}

#[test]
fn data_that_cannot_be_used_are_named() {
    let (x, y) = data(20, 1);
    let refused = |x: &Mat<f64>, y: &Mat<f64>, held: Option<(&Mat<f64>, &Mat<f64>)>| {
        let mut trainer = Trainer::new(1);
        if let Some(held) = held {
            trainer = trainer.validation(held);
        }
        let mut model = classifier();
        let error = trainer.fit(
            &mut model,
            &mut Optimizer::new(Sgd::new(0.1)),
            (x, y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        );
        error.unwrap_err().to_string()
    };
    let short = y.subrows(0, 19).to_owned();
    assert_eq!(
        refused(&x, &short, None),
        "the training data have 20 rows of explanatory variables and 19 rows of the target; give a target for each row"
    );
    let mut holed = x.clone();
    holed[(3, 1)] = f64::NAN;
    let sentence = "row 4, column 2 of the explanatory variables: NaN is not a finite number; drop the row or fill the value in";
    assert_eq!(
        refused(&holed, &y, None),
        format!("the training data, {sentence}")
    );
    assert_eq!(
        refused(&x, &y, Some((&holed, &y))),
        format!("the validation data, {sentence}")
    );
    let mut endless = y.clone();
    endless[(0, 0)] = f64::INFINITY;
    assert!(refused(&x, &endless, None).contains("row 1, column 1 of the target: inf"));
    let wide = Mat::zeros(20, 3);
    assert_eq!(
        refused(&x, &y, Some((&wide, &y))),
        "the validation data have 3 columns of the explanatory variables, the training data 2; prepare both alike"
    );
    let none = Mat::zeros(0, 2);
    assert!(refused(&none, &Mat::zeros(0, 1), None).contains("have 0 rows"));
}

#[test]
fn a_history_is_a_table() {
    let (x, y) = data(20, 1);
    let trained = Trainer::new(2)
        .validation((&x, &y))
        .metric("right, or \"accurate\"", metrics::accuracy)
        .fit(
            &mut classifier(),
            &mut Optimizer::new(Sgd::new(0.25)),
            (&x, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
        )
        .unwrap();
    let csv = trained.history.to_csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "epoch,steps,learning_rate,loss,validation_loss,\"right, or \"\"accurate\"\"\""
    );
    assert!(
        lines[1].starts_with("1,1,0.25,0.693147180559945"),
        "{}",
        lines[1]
    );
    let last = trained.history.last().unwrap();
    let numbers: Vec<f64> = lines[2].split(',').map(|x| x.parse().unwrap()).collect();
    assert_eq!(
        numbers,
        [
            2.0,
            2.0,
            0.25,
            last.loss,
            last.validation_loss.unwrap(),
            last.metrics[0]
        ]
    );
    assert_eq!(trained.history.to_string().lines().count(), 2);
}

#[test]
fn the_model_is_left_in_evaluation_mode_and_untouched_by_the_doctor() {
    let (x, y) = data(64, 1);
    let run = |doctor| {
        let mut model = network();
        let mut optimizer = Optimizer::new(Sgd::new(0.05));
        let trained = Trainer::new(3).batch_size(16).doctor(doctor).fit(
            &mut model,
            &mut optimizer,
            (&x, &y),
            |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
        );
        trained.unwrap();
        let tape = Tape::new();
        let [a, b] = [0, 1].map(|_| model.forward(tape.constant(&x)).to_mat());
        assert_eq!(a, b, "dropout is at work");
        bits(&model)
    };
    assert_eq!(run(true), run(false));
}
