//! What a reviewer broke in the training loop, and what must not come back.

use std::ops::ControlFlow;
use std::path::Path;

use datasets::random::{ChaCha, Stream};
use linalg::Mat;
use models::{Linear, Module, Relu, Sequential, Sigmoid, loss, state};
use train::{
    Adam, EarlyStopping, Optimizer, OptimizerState, Rule, Sgd, State, Stopped, TrainError, Trained,
    Trainer, Warning,
};

fn normal(rows: usize, columns: usize, seed: u64) -> Mat<f64> {
    let mut values = vec![0.0; rows * columns];
    ChaCha::new(seed).fill_normal_f64(&mut values);
    Mat::from_fn(rows, columns, |i, j| values[i * columns + j])
}

fn data(n: usize) -> (Mat<f64>, Mat<f64>) {
    let x = normal(n, 2, 1);
    let y = Mat::from_fn(n, 1, |i, _| f64::from(x[(i, 0)] + 0.3 * x[(i, 1)] > 0.2));
    (x, y)
}

fn logistic() -> Sequential<f64> {
    Sequential::new().then(Linear::zeros(2, 1))
}

fn weights(model: &dyn Module<f64>) -> Vec<u64> {
    let tensors = state::whole_state(model);
    let values = tensors.iter().flat_map(|tensor| &tensor.values);
    values.map(|x| x.to_bits()).collect()
}

/// Momentum whose memory has no names, and a second array and a number that come late.
#[derive(Debug, Clone)]
struct Unnamed {
    names: &'static [&'static str],
}

impl Rule<f64> for Unnamed {
    fn name(&self) -> &'static str {
        "unnamed"
    }
    fn learning_rate(&self) -> f64 {
        0.05
    }
    fn set_learning_rate(&mut self, _: f64) {}
    fn arrays(&self) -> &'static [&'static str] {
        self.names
    }
    fn update(&self, step: u64, state: &mut State<f64>, value: &mut [f64], gradient: &[f64]) {
        if step > 3 {
            state.numbers([0.0])[0] += 1.0;
            let count = state.numbers([0.0])[0];
            let [fast, slow] = state.arrays(value.len(), [0.0; 2]);
            for (i, g) in gradient.iter().enumerate() {
                fast[i] = 0.5 * fast[i] + g;
                slow[i] = 0.9 * slow[i] + g;
                value[i] -= 0.05 * fast[i] + 0.01 * slow[i] / count;
            }
        } else {
            let [fast] = state.arrays(value.len(), [0.0]);
            for (i, g) in gradient.iter().enumerate() {
                fast[i] = 0.5 * fast[i] + g;
                value[i] -= 0.05 * fast[i];
            }
        }
    }
}

fn trained(
    rule: Unnamed,
    path: Option<&Path>,
    stop: u64,
    model: &mut Sequential<f64>,
) -> Result<Trained, TrainError> {
    let (x, y) = data(40);
    let mut trainer = Trainer::new(3)
        .batch_size(8)
        .shuffle(1)
        .on_step(move |step| {
            if step.step == stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
    if let Some(path) = path {
        trainer = trainer.checkpoint(path);
    }
    trainer.fit(model, &mut Optimizer::new(rule), (&x, &y), |z, y| {
        loss::binary_cross_entropy_with_logits(z, y).mean()
    })
}

#[test]
fn memories_without_names_and_memories_that_come_late_are_resumed() {
    for names in [&[][..], &["fast"], &["fast", "slow"]] {
        let mut whole = logistic();
        trained(Unnamed { names }, None, 0, &mut whole).unwrap();
        for stop in [2, 3, 4, 9] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("c.safetensors");
            trained(Unnamed { names }, Some(&path), stop, &mut logistic()).unwrap();
            let mut model = logistic();
            trained(Unnamed { names }, Some(&path), 0, &mut model).unwrap();
            assert_eq!(weights(&model), weights(&whole), "{names:?}, after {stop}");
        }
    }
}

#[test]
#[should_panic(expected = "a name is not empty and has no dot")]
fn a_layer_has_no_dot_in_its_name() {
    let _ = Sequential::<f64>::new().named("a.b", Relu);
}

/// Two parts of one name, by hand.
#[derive(Debug)]
struct Twins(Linear<f64>, Linear<f64>);

impl Module<f64> for Twins {
    fn forward<'t>(&'t self, x: autodiff::Var<'t, f64>) -> autodiff::Var<'t, f64> {
        self.1.forward(self.0.forward(x))
    }
    fn visit<'a>(&'a self, path: &str, visitor: &mut dyn FnMut(&str, &'a models::Parameter<f64>)) {
        self.0.visit(path, visitor);
        self.1.visit(path, visitor);
    }
    fn visit_mut(
        &mut self,
        path: &str,
        visitor: &mut dyn FnMut(&str, &mut models::Parameter<f64>),
    ) {
        self.0.visit_mut(path, visitor);
        self.1.visit_mut(path, visitor);
    }
}

#[test]
fn parameters_of_one_name_are_refused_where_names_matter() {
    let mut twins = Twins(Linear::zeros(2, 2), Linear::zeros(2, 1));
    assert!(
        state::load_state_dict(
            &mut twins,
            &state::state_dict(&Twins(Linear::zeros(2, 2), Linear::zeros(2, 1)))
        )
        .is_err()
    );
    assert!(state::to_safetensors(&state::state_dict(&twins), &[]).is_err());
    let (x, y) = data(20);
    let error = Trainer::new(1)
        .early_stopping(EarlyStopping::new(1))
        .fit(
            &mut twins,
            &mut Optimizer::new(Sgd::new(0.1)),
            (&x, &y),
            |p, t| loss::squared_error(p, t).mean(),
        )
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("two parameters or buffers are called `bias`"),
        "{error}"
    );
}

/// A checkpoint of a short training with Adam and early stopping.
fn checkpoint(path: &Path, patience: u64, epochs: u64, rate: f64) -> Result<Trained, TrainError> {
    let (x, y) = data(40);
    let (x_held, y_held) = (normal(20, 2, 7), Mat::from_fn(20, 1, |i, _| (i % 2) as f64));
    Trainer::new(epochs)
        .batch_size(16)
        .validation((&x_held, &y_held))
        .early_stopping(EarlyStopping::new(patience))
        .checkpoint(path)
        .fit(
            &mut logistic(),
            &mut Optimizer::new(Adam::new(rate)),
            (&x, &y),
            |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
        )
}

#[test]
fn hostile_checkpoints_are_refused_when_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    checkpoint(&path, 50, 3, 0.01).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let notes = state::notes(&bytes).unwrap();
    let notes: Vec<(&str, &str)> = notes
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let all = state::from_safetensors(&bytes).unwrap();
    let mut changed = 0;
    for tensor in &all {
        for at in 0..tensor.values.len().min(5) {
            for value in [-5.0, 1e6, 1e300, f64::NAN, 0.5] {
                let mut tensors = all.clone();
                let own = tensors.iter_mut().find(|t| t.name == tensor.name).unwrap();
                own.values[at] = value;
                std::fs::write(&path, state::to_safetensors(&tensors, &notes).unwrap()).unwrap();
                // Refused, or a number that could have been: never a panic.
                let found = checkpoint(&path, 50, 4, 0.01);
                let refused = matches!(found, Err(TrainError::Checkpoint { .. }));
                if tensor.name == "counts" && value != 1e6 {
                    let whole = value != 0.5 || !refused;
                    assert!(refused || whole, "{} {at} {value}", tensor.name);
                }
                if tensor.name.starts_with("model/") && value.is_nan() {
                    assert!(refused, "{} {at}", tensor.name);
                }
                changed += 1;
            }
        }
        // And without it.
        let tensors: Vec<_> = all
            .iter()
            .filter(|t| t.name != tensor.name)
            .cloned()
            .collect();
        std::fs::write(&path, state::to_safetensors(&tensors, &notes).unwrap()).unwrap();
        let _ = checkpoint(&path, 50, 4, 0.01);
    }
    assert!(changed > 100);
}

#[test]
fn a_resumed_training_has_the_patience_of_now_and_says_which_rate_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let first = checkpoint(&path, 0, 40, 0.5).unwrap();
    assert_eq!(first.stopped, Stopped::Early);
    let second = checkpoint(&path, 1000, 40, 0.5).unwrap();
    assert_eq!(
        (second.stopped, second.history.epochs().len()),
        (Stopped::Epochs, 40)
    );
    let third = checkpoint(&path, 1000, 41, 0.25).unwrap();
    assert_eq!(
        third.warnings,
        [Warning::Resumed {
            given: 0.25,
            rate: 0.5
        }]
    );
}

#[test]
fn the_best_parameters_are_restored_also_when_a_callback_ends_the_training() {
    let (x, y) = data(40);
    let run = |epochs: u64, ended: Option<u64>| {
        let mut model = logistic();
        let calls = std::cell::Cell::new(0);
        let trained = Trainer::new(epochs)
            .metric("made up", |_, _| {
                calls.set(calls.get() + 1);
                f64::from(i32::from(calls.get() == 2))
            })
            .early_stopping(
                EarlyStopping::new(9).watching("made up", train::schedule::PlateauMode::Max),
            )
            .on_epoch(move |epoch, _| match ended {
                Some(end) if epoch.epoch == end => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
            .fit(
                &mut model,
                &mut Optimizer::new(Sgd::new(0.1)),
                (&x, &y),
                |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
            );
        assert_eq!(trained.unwrap().best_epoch, Some(2));
        weights(&model)
    };
    assert_eq!(run(4, Some(4)), run(2, None));
}

#[test]
fn a_path_that_cannot_be_written_is_found_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let steps = std::cell::Cell::new(0);
    let (x, y) = data(20);
    let error = Trainer::new(2)
        .checkpoint(folder.path().join("nowhere/c.safetensors"))
        .on_step(|_| {
            steps.set(steps.get() + 1);
            ControlFlow::Continue(())
        })
        .fit(
            &mut logistic(),
            &mut Optimizer::new(Sgd::new(0.1)),
            (&x, &y),
            |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
        )
        .unwrap_err();
    assert_eq!(steps.get(), 0);
    let text = error.to_string();
    assert!(
        text.contains("nowhere/c.safetensors: No such file") && !text.contains("at path"),
        "{text}"
    );
}

#[test]
fn settings_out_of_range_are_errors() {
    let (x, y) = data(20);
    let fails = |trainer: Trainer<'_, f64>| {
        trainer
            .fit(
                &mut logistic(),
                &mut Optimizer::new(Sgd::new(0.1)),
                (&x, &y),
                |z, y| loss::binary_cross_entropy_with_logits(z, y).mean(),
            )
            .unwrap_err()
            .to_string()
    };
    assert!(fails(Trainer::new(3).clip_norm(f64::NAN)).contains("not negative"));
    assert!(
        fails(Trainer::new(3).early_stopping(EarlyStopping {
            min_delta: f64::NAN,
            ..EarlyStopping::new(1)
        }))
        .contains("min_delta")
    );
    let text =
        fails(Trainer::new(3).schedule_steps(|base: f64, step: u64| base - 0.06 * step as f64));
    assert!(
        text.contains("at step 3") && text.contains("must be finite and not negative"),
        "{text}"
    );
    let cycle = train::schedule::OneCycleLr {
        rising: 0.1,
        ..train::schedule::OneCycleLr::new(10)
    };
    assert!((0..10).all(|step| train::schedule::Schedule::rate(&cycle, 1.0, step).is_finite()));
}

#[test]
fn states_of_other_rules_are_still_refused() {
    let (x, y) = data(20);
    let mut model = Sequential::new().then(Linear::zeros(2, 1)).then(Sigmoid);
    let mut sgd = Optimizer::new(Sgd::new(0.1));
    Trainer::new(1)
        .fit(&mut model, &mut sgd, (&x, &y), |p, t| {
            loss::binary_cross_entropy(p, t).mean()
        })
        .unwrap();
    let plain: OptimizerState<f64> = sgd.state(&model);
    let mut adam = Optimizer::new(Adam::new(0.1));
    assert!(adam.restore(&model, &plain).is_err());
}
