//! Modules that several processes train together have the bits of one that trains alone.

use datasets::random::ChaCha;
use linalg::{Communicator, Leaves, Mat, Scalar, Table, Values};
use models::{BatchNorm1d, Linear, Module, Relu, Sequential, Sigmoid, loss};
use train::{Adam, Descent, Optimizer, Rule, Sgd, SharedTraining, TrainError};

#[path = "../../linalg/tests/common/several.rs"]
mod several;

use several::{Parts, Share};

/// The rows of the leaves: two columns and a target.
const ROWS: [usize; 5] = [700, 512, 130, 900, 1];

fn entry(row: usize, column: usize) -> f64 {
    let [a, b] = [(row as f64 * 0.7).sin(), (row as f64 * 1.3).cos()];
    match column {
        0 => a,
        1 => b,
        _ => f64::from(a * b > 0.1 * a),
    }
}

fn parts() -> Parts {
    Parts::new(&ROWS, 3, entry)
}

fn network<T: Scalar>() -> Sequential<T> {
    let mut stream = ChaCha::new(7);
    Sequential::new()
        .then(Linear::new(2, 8, &mut stream))
        .then(Relu)
        .then(Linear::new(8, 1, &mut stream))
        .then(Sigmoid)
}

/// The losses of the epochs and all parameters, as bits.
fn trained<T: Scalar>(
    training: SharedTraining,
    leaves: &dyn Leaves,
    rule: impl Rule<T>,
) -> Vec<u64> {
    let mut model = network::<T>();
    let mut bits = Vec::new();
    let y = Values::Column { leaves, column: 2 };
    training
        .run(
            &mut model,
            &mut Optimizer::new(rule),
            (Table::Leaves { leaves, columns: 2 }, &y),
            |p, t| loss::binary_cross_entropy(p, t).mean(),
            |epoch| bits.push(epoch.loss.to_bits()),
        )
        .unwrap();
    model.visit("", &mut |_, parameter| {
        bits.extend(parameter.as_slice().iter().map(|x| x.to_f64().to_bits()));
    });
    bits
}

fn momentum() -> Sgd {
    Sgd {
        momentum: 0.9,
        ..Sgd::new(0.5)
    }
}

#[test]
fn any_number_of_processes_trains_the_same_module() {
    let parts = parts();
    let all = SharedTraining::new(6);
    for training in [all, all.part_rows(100), all.part_rows(64).batches(5, 3)] {
        let double = trained::<f64>(training, &parts, Adam::new(0.02));
        let single = trained::<f32>(training, &parts, momentum());
        assert_ne!(double[0], double[5]);
        // One process has no rows where there are more processes than leaves.
        for size in [1, 2, 3, 4, 6] {
            for (k, other) in several::run(size, |one| {
                let share = Share::new(&parts, one);
                (
                    trained::<f64>(training, &share, Adam::new(0.02)),
                    trained::<f32>(training, &share, momentum()),
                )
            })
            .into_iter()
            .enumerate()
            {
                assert!(other.0 == double, "{k} of {size}, {training:?}");
                assert!(other.1 == single, "{k} of {size}, {training:?}");
            }
        }
    }
}

#[test]
fn all_rows_at_once_are_the_plain_descent() {
    let parts = parts();
    let n = ROWS.iter().sum();
    let (x, y) = (
        Mat::from_fn(n, 2, entry),
        Mat::from_fn(n, 1, |i, _| entry(i, 2)),
    );
    let mut model = network::<f64>();
    let mut optimizer = Optimizer::new(Sgd::new(0.7));
    Descent::new(40).run(
        &mut model,
        &mut optimizer,
        (&x, &y),
        |p, t| loss::binary_cross_entropy(p, t).mean(),
        |_| (),
    );
    let shared = trained::<f64>(SharedTraining::new(40).part_rows(64), &parts, Sgd::new(0.7));
    let mut others = shared[40..].iter();
    model.visit("", &mut |name, parameter| {
        for (a, b) in parameter.as_slice().iter().zip(&mut others) {
            assert!((a - f64::from_bits(*b)).abs() < 1e-12, "{name}");
        }
    });
}

#[test]
fn what_cannot_be_shared_is_refused_in_every_process() {
    let parts = parts();
    let run = |leaves: &dyn Leaves, rows: Option<usize>, rate: f64, norm: bool| {
        let mut model: Sequential<f64> = Sequential::new();
        if norm {
            model = model.then(BatchNorm1d::new(2));
        }
        let mut model = model.then(Linear::zeros(2, 1));
        let none = vec![0.0; rows.unwrap_or(0)];
        let y = match rows {
            Some(_) => Values::from(&none),
            None => Values::Column { leaves, column: 2 },
        };
        SharedTraining::new(3000).run(
            &mut model,
            &mut Optimizer::new(Sgd::new(rate)),
            (Table::Leaves { leaves, columns: 2 }, &y),
            |p, t| loss::squared_error(p, t).mean(),
            |_| (),
        )
    };
    let said = several::run(3, |one| {
        let share = Share::new(&parts, one);
        // The last process alone has other rows.
        let rows = (one.rank() == 2).then_some(3);
        [
            run(&share, rows, 0.1, false),
            run(&share, None, 0.1, true),
            run(&share, None, 1e3, false),
        ]
        .map(|result| result.unwrap_err().to_string())
    });
    for [rows, buffers, cost] in said {
        assert!(
            rows.contains("rows of the target") || rows.contains("another process"),
            "{rows}"
        );
        assert!(buffers.contains("batch normalisation"), "{buffers}");
        assert!(cost.contains("the cost is"), "{cost}");
    }
    let empty = run(&Parts::new(&[], 3, entry), None, 0.1, false);
    assert!(matches!(empty, Err(TrainError::NoBatch { .. })));
}
