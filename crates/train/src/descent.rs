//! A plain training loop over the whole data.

use std::fmt;

use autodiff::{Tape, Var};
use linalg::{Scalar, View};
use models::Module;

use crate::{Optimizer, Rule, metrics};

/// Full-batch training: so many updates, and a report before every k-th of them.
///
/// ```
/// use datasets::student_hours;
/// use models::{Linear, Sequential, Sigmoid, loss};
/// use train::{Descent, Optimizer, Sgd};
///
/// let (x, y) = (student_hours().features_f32(), student_hours().target_f32());
/// let mut model: Sequential<f32> = Sequential::new().then(Linear::zeros(2, 1)).then(Sigmoid);
/// let mut optimizer = Optimizer::new(Sgd::new(1.0));
/// let mut lines = Vec::new();
/// Descent::new(1001).report_every(500).run(
///     &mut model, &mut optimizer, (&x, &y),
///     |prediction, target| loss::binary_cross_entropy(prediction, target).mean(),
///     |report| lines.push(report.to_string()),
/// );
/// assert_eq!(lines[0], "epoch    0  cost 0.693147  accuracy  50.00 %");
/// assert_eq!(lines[2], "epoch 1000  cost 0.019852  accuracy 100.00 %");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descent {
    updates: usize,
    every: usize,
}

/// The state of the model before an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DescentReport {
    /// Updates made so far.
    pub epoch: usize,
    /// The cost before the next one.
    pub cost: f64,
    /// The share of right predictions at the threshold 0.5, meaningful for probabilities; `None` if prediction and target
    /// have different shapes.
    pub accuracy: Option<f64>,
}

impl fmt::Display for DescentReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:4}  cost {:.6}", self.epoch, self.cost)?;
        match self.accuracy {
            Some(accuracy) => write!(f, "  accuracy {:6.2} %", 100.0 * accuracy),
            None => Ok(()),
        }
    }
}

impl Descent {
    /// So many updates, reported at the first.
    pub fn new(updates: usize) -> Self {
        Self {
            updates,
            every: usize::MAX,
        }
    }

    /// Reports before updates 0, k, 2k, ….
    ///
    /// # Panics
    /// If `k` is 0.
    #[track_caller]
    pub fn report_every(mut self, k: usize) -> Self {
        assert!(k > 0, "a report before every 0th update cannot be given");
        self.every = k;
        self
    }

    /// Trains `model` on the rows of `x` and `y`; `cost` makes a number of prediction and target. Write it as a closure in the
    /// call: bound to a name first, it would be tied to one tape.
    pub fn run<'a, T, M, R, C>(
        &self,
        model: &mut M,
        optimizer: &mut Optimizer<T, R>,
        (x, y): (impl View<'a, T>, impl View<'a, T>),
        cost: C,
        mut report: impl FnMut(DescentReport),
    ) where
        T: Scalar,
        M: Module<T> + ?Sized,
        R: Rule<T>,
        C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    {
        let (x, y) = (x.view(), y.view());
        let mut tape = Tape::new();
        for epoch in 0..self.updates {
            tape.clear();
            let (prediction, target) = (model.forward(tape.constant(x)), tape.constant(y));
            let value = cost(prediction, target);
            if epoch % self.every == 0 {
                let same = prediction.shape() == target.shape();
                let accuracy = same.then(|| metrics::accuracy(prediction.to_mat().as_ref(), y));
                report(DescentReport {
                    epoch,
                    cost: value.item().to_f64(),
                    accuracy,
                });
            }
            let gradients = value.backward();
            optimizer.step(model, &gradients);
        }
    }
}
