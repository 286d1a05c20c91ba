//! How good predictions are.
//!
//! | predictions | metrics |
//! | --- | --- |
//! | classes | [`ConfusionMatrix`], [`ClassReport`]: accuracy, precision, recall, F-beta, Jaccard, balanced accuracy, Matthews' correlation, κ |
//! | scores of two classes | [`RocCurve`], [`roc_auc`], [`DeLong`], [`DeLongTest`], [`PrecisionRecallCurve`], [`average_precision`], [`Costs`] |
//! | scores of several classes | [`predicted_classes`], [`class_accuracy`], [`top_k_accuracy`], [`roc_auc_one_vs_rest`] |
//! | probabilities | [`log_loss`], [`brier_score`], [`BrierDecomposition`], [`CalibrationCurve`] |
//! | numbers | [`r2`], [`mean_squared_error`], [`root_mean_squared_error`], [`mean_absolute_error`], [`median_absolute_error`], [`mean_absolute_percentage_error`], [`max_error`] |
//!
//! The target comes first, then the prediction, then the weights of the rows, as in scikit-learn, whose definitions these are
//! unless the documentation says otherwise. A whole weight is a number of repetitions of a row, a weight of 0 leaves it out. Binary
//! targets are 0 and 1 (1 is the event), classes are numbered from 0. A metric that is 0/0 is `None` or a [`MetricError`], never a
//! number.

mod brier;
mod calibration;
mod check;
mod classes;
mod confusion;
mod delong;
mod error;
mod logarithmic;
mod precision_recall;
mod ranking;
mod regression;
mod report;
mod roc;
mod threshold;
mod top_k;

use linalg::{Mat, MatRef, Scalar};

pub use brier::{BrierDecomposition, brier_score, brier_score_classes};
pub use calibration::{Binning, CalibrationBin, CalibrationCurve};
pub use classes::{Average, ClassMetric, Undefined};
pub use confusion::ConfusionMatrix;
pub use delong::{DeLong, DeLongTest};
pub use error::MetricError;
pub use logarithmic::{log_loss, log_loss_classes};
pub use precision_recall::{PrecisionRecallCurve, PrecisionRecallPoint, average_precision};
pub use regression::{
    max_error, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    median_absolute_error, r2, root_mean_squared_error,
};
pub use report::{ClassReport, ClassRow};
pub use roc::{RocCurve, RocPoint, roc_auc, roc_auc_one_vs_rest};
pub use threshold::{CostThreshold, Costs};
pub use top_k::top_k_accuracy;

/// The share of rows whose probability is on the side of 0.5 (at least, or below) that the 0/1 target says.
///
/// NaN for no rows; a probability that is NaN is wrong.
///
/// # Panics
/// If the shapes differ.
///
/// ```
/// use linalg::View;
/// let (p, y) = ([0.5, 0.4, 0.9], [1.0, 1.0, 1.0]);
/// assert_eq!(train::metrics::accuracy(View::<f64>::view(&p), View::<f64>::view(&y)), 2.0 / 3.0);
/// ```
#[track_caller]
pub fn accuracy<T: Scalar>(probability: MatRef<'_, T>, target: MatRef<'_, T>) -> f64 {
    let (rows, columns) = (probability.nrows(), probability.ncols());
    assert_eq!(
        (rows, columns),
        (target.nrows(), target.ncols()),
        "accuracy: the shapes differ"
    );
    let half = T::from_f64(0.5);
    let mut right = 0_usize;
    for j in 0..columns {
        for i in 0..rows {
            let p = probability[(i, j)];
            right += usize::from(!p.is_nan() && (p >= half) == (target[(i, j)] >= half));
        }
    }
    right as f64 / (rows * columns) as f64
}

/// The same for logits, whose probability is 0.5 at 0: for models that are trained on `binary_cross_entropy_with_logits`.
///
/// # Panics
/// If the shapes differ.
///
/// ```
/// use linalg::View;
/// let (z, y) = ([0.2, -3.0, 0.4], [1.0, 0.0, 0.0]);
/// assert_eq!(train::metrics::logit_accuracy(View::<f64>::view(&z), View::<f64>::view(&y)), 2.0 / 3.0);
/// ```
#[track_caller]
pub fn logit_accuracy<T: Scalar>(logit: MatRef<'_, T>, target: MatRef<'_, T>) -> f64 {
    let probability = Mat::from_fn(logit.nrows(), logit.ncols(), |i, j| {
        let z = logit[(i, j)];
        if z.is_nan() {
            z
        } else {
            T::from_f64(f64::from(u8::from(z >= T::ZERO)))
        }
    });
    accuracy(probability.as_ref(), target)
}

/// The share of rows whose largest score is that of their class ([`predicted_classes`]), for scores (rows x classes) and a column of class
/// numbers from 0. A row with a NaN is wrong.
///
/// NaN for no rows.
///
/// # Panics
/// If `classes` is not a column with an entry for each row.
///
/// ```
/// use linalg::{View, mat};
/// let scores = mat![[0.1, 0.9], [2.0, -1.0], [0.0, 1.0]];
/// assert_eq!(train::metrics::class_accuracy(scores.as_ref(), View::<f64>::view(&[1.0, 0.0, 0.0])), 2.0 / 3.0);
/// ```
#[track_caller]
pub fn class_accuracy<T: Scalar>(scores: MatRef<'_, T>, classes: MatRef<'_, T>) -> f64 {
    assert_eq!(
        (classes.nrows(), classes.ncols()),
        (scores.nrows(), 1),
        "class accuracy: the classes are a column with an entry for each row of scores"
    );
    let predicted = predicted_classes(scores);
    // A row with a NaN is wrong, whatever is largest in it.
    let known = |i: usize| (0..scores.ncols()).all(|j| !scores[(i, j)].to_f64().is_nan());
    let right = (0..scores.nrows())
        .filter(|&i| classes[(i, 0)].to_f64() == predicted[i] as f64 && known(i));
    right.count() as f64 / scores.nrows() as f64
}

/// The number of the largest score of each row, for scores (rows x classes): the class that a network predicts, as [`ConfusionMatrix`] takes
/// it. Of equal scores the first counts; a NaN is larger than nothing, and after a NaN in the first column nothing is larger.
///
/// # Panics
/// If there are rows but no columns.
///
/// ```
/// use linalg::mat;
/// let scores = mat![[0.1, 0.9, 0.0], [2.0, -1.0, 2.0]];
/// assert_eq!(train::metrics::predicted_classes(scores.as_ref()), [1, 0]);
/// ```
#[track_caller]
pub fn predicted_classes<T: Scalar>(scores: MatRef<'_, T>) -> Vec<usize> {
    assert!(
        scores.ncols() > 0 || scores.nrows() == 0,
        "predicted classes: scores need a column for each class"
    );
    let largest = |i: usize| {
        (1..scores.ncols()).fold(0, |best, j| {
            if scores[(i, j)] > scores[(i, best)] {
                j
            } else {
                best
            }
        })
    };
    (0..scores.nrows()).map(largest).collect()
}
