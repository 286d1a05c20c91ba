//! Losses with a setting, and losses of classes.

use linalg::{Mat, Scalar};

use super::{absolute_error, softmax_cross_entropy};
use crate::{Shape, Var, ops::Over};

/// ½ r² where |r| ≤ δ, else δ (|r| − ½ δ), for r = p − y (Huber 1964; PyTorch's `HuberLoss`).
///
/// # Panics
/// If the shapes differ, or δ is not positive.
///
/// ```
/// use autodiff::{Tape, loss};
/// let tape = Tape::new();
/// let (p, y) = (tape.constant(&[0.5, -4.0]), tape.constant(&[0.0, 0.0]));
/// let cost = loss::huber(p, y, 1.5);
/// assert_eq!((cost.get(0, 0), cost.get(1, 0)), (0.125, 1.5 * (4.0 - 0.75)));
/// ```
#[track_caller]
pub fn huber<'t, T: Scalar>(prediction: Var<'t, T>, target: Var<'t, T>, delta: f64) -> Var<'t, T> {
    assert!(delta > 0.0, "huber: delta is {delta}; it is positive");
    let size = absolute_error(prediction, target);
    let near = size.clamp(0.0, delta);
    near * (size - near * T::from_f64(0.5))
}

/// Huber's loss divided by its δ, here called β (PyTorch's `SmoothL1Loss`).
///
/// # Panics
/// If the shapes differ, or β is not positive, or so small that 1/β is infinite.
///
/// ```
/// use autodiff::{Tape, loss};
/// let tape = Tape::new();
/// let cost = loss::smooth_l1(tape.constant(&[3.0]), tape.constant(&[0.0]), 2.0);
/// assert_eq!(cost.item(), 3.0 - 1.0);
/// ```
#[track_caller]
pub fn smooth_l1<'t, T: Scalar>(
    prediction: Var<'t, T>,
    target: Var<'t, T>,
    beta: f64,
) -> Var<'t, T> {
    let inverse = T::from_f64(1.0 / beta);
    assert!(
        inverse.is_finite(),
        "smooth_l1: beta is {beta}; it is positive, and so is its inverse finite"
    );
    huber(prediction, target, beta) * inverse
}

/// The cross-entropy of the probability σ(z) from the logit z, in which class 1 counts `positive` times: PyTorch's `pos_weight`.
///
/// # Panics
/// If the shapes differ, or the weight is not positive.
///
/// ```
/// use autodiff::{Tape, loss};
/// let tape = Tape::new();
/// let (z, y) = (tape.constant(&[0.0, 0.0]), tape.constant(&[1.0, 0.0]));
/// let cost = loss::binary_cross_entropy_with_logits_weighted(z, y, 3.0);
/// assert_eq!((cost.get(0, 0), cost.get(1, 0)), (3.0 * 2.0_f64.ln(), 2.0_f64.ln()));
/// ```
#[track_caller]
pub fn binary_cross_entropy_with_logits_weighted<'t, T: Scalar>(
    logits: Var<'t, T>,
    target: Var<'t, T>,
    positive: f64,
) -> Var<'t, T> {
    assert!(
        positive > 0.0 && positive.is_finite(),
        "binary cross-entropy: the weight of class 1 is {positive}; it is positive"
    );
    assert_eq!(
        logits.shape(),
        target.shape(),
        "binary cross-entropy: logits and target have other shapes"
    );
    let yes = (-logits).softplus() * target * T::from_f64(positive);
    let no = logits.softplus() * (-target + T::from_f64(1.0));
    yes + no
}

/// −ln p of the class of each row, from the logarithms of the probabilities; a column (PyTorch's `NLLLoss`).
///
/// # Panics
/// If `classes` is not a column with an entry for each row, or an entry is not the number of a class.
///
/// ```
/// use autodiff::{Tape, loss};
/// use linalg::mat;
/// let (tape, logs) = (Tape::new(), mat![[-1.0, -0.5], [-2.0, -0.25]]);
/// let cost = loss::negative_log_likelihood(tape.constant(&logs), tape.constant(&[1.0, 0.0]));
/// assert_eq!((cost.get(0, 0), cost.get(1, 0)), (0.5, 2.0));
/// ```
#[track_caller]
pub fn negative_log_likelihood<'t, T: Scalar>(
    log_probabilities: Var<'t, T>,
    classes: Var<'t, T>,
) -> Var<'t, T> {
    -log_probabilities.gather_entries(classes)
}

/// The cross-entropy of the softmax of logits with weights of the classes and smoothed labels, as PyTorch's `CrossEntropyLoss` has them:
/// `(1 − ε) w_y ℓ_y + ε/K Σ w_k ℓ_k` for each row, where `ℓ_k` is −ln of the probability of class k; the mean divides by `Σ w_y`.
///
/// ```
/// use autodiff::{Tape, loss::ClassLoss};
/// use linalg::mat;
/// let (tape, logits) = (Tape::new(), mat![[0.0, 0.0], [0.0, 0.0]]);
/// let (z, classes) = (tape.constant(&logits), tape.constant(&[0.0, 1.0]));
/// let loss = ClassLoss::new().weighted(&[1.0, 3.0]).smoothed(0.2);
/// assert!((loss.mean(z, classes).item() - 2.0_f64.ln()).abs() < 1e-15);
/// assert!((loss.sum(z, classes).item() - 4.0 * 2.0_f64.ln()).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassLoss {
    weights: Option<Vec<f64>>,
    smoothing: f64,
}

impl ClassLoss {
    /// Without weights and smoothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a weight for each class.
    ///
    /// # Panics
    /// If a weight is negative or not finite.
    #[track_caller]
    #[must_use]
    pub fn weighted(mut self, weights: &[f64]) -> Self {
        assert!(
            weights.iter().all(|w| *w >= 0.0 && w.is_finite()),
            "class loss: a weight is negative or not finite"
        );
        self.weights = Some(weights.to_vec());
        self
    }

    /// With ε of each label spread over all classes.
    ///
    /// # Panics
    /// If ε is not between 0 and 1.
    #[track_caller]
    #[must_use]
    pub fn smoothed(mut self, epsilon: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&epsilon),
            "class loss: the smoothing is {epsilon}; it lies between 0 and 1"
        );
        self.smoothing = epsilon;
        self
    }

    /// The loss of each row, a column, and the weight of each row.
    #[track_caller]
    fn rows<'t, T: Scalar>(
        &self,
        logits: Var<'t, T>,
        classes: Var<'t, T>,
    ) -> (Var<'t, T>, Option<Var<'t, T>>) {
        let tape = logits.tape();
        let k = logits.shape().columns;
        let own = softmax_cross_entropy(logits, classes);
        let weights = self.weights.as_ref().map(|weights| {
            assert_eq!(
                weights.len(),
                k,
                "class loss: there is not one weight a class"
            );
            let row = Mat::from_fn(1, k, |_, j| T::from_f64(weights[j]));
            tape.copied(row.as_ref())
        });
        let of_rows = weights.map(|weights| {
            let ones = tape.full(Shape::new(logits.shape().rows, 1), T::from_f64(1.0));
            ones.matmul(weights).gather_entries(classes)
        });
        let mut cost = match of_rows {
            Some(of_rows) => own * of_rows,
            None => own,
        };
        if self.smoothing > 0.0 {
            let all = -logits.log_softmax();
            let all = match weights {
                Some(weights) => all * weights,
                None => all,
            };
            let spread = all.sum_over(Over::Columns) * T::from_f64(self.smoothing / k as f64);
            cost = cost * T::from_f64(1.0 - self.smoothing) + spread;
        }
        (cost, of_rows)
    }

    /// The weighted mean over the rows.
    ///
    /// # Panics
    /// If `classes` is not a column with the number of a class for each row, or there is not one weight a class.
    #[track_caller]
    pub fn mean<'t, T: Scalar>(&self, logits: Var<'t, T>, classes: Var<'t, T>) -> Var<'t, T> {
        let (cost, weights) = self.rows(logits, classes);
        match weights {
            Some(weights) => cost.sum() / weights.sum(),
            None => cost.mean(),
        }
    }

    /// The sum over the rows.
    ///
    /// # Panics
    /// As [`mean`](Self::mean).
    #[track_caller]
    pub fn sum<'t, T: Scalar>(&self, logits: Var<'t, T>, classes: Var<'t, T>) -> Var<'t, T> {
        self.rows(logits, classes).0.sum()
    }
}
