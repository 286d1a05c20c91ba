//! What a single row or cluster determines alone, of which sandwiches say nothing: its scores sum to 0 there whatever the truth.

use linalg::solve::{Cholesky, symmetric_eigen};
use linalg::{Mat, MatRef};

/// A part of the information below this, in the scale of the whole, is a rounding error.
const NOTHING: f64 = 1e-9;

/// The directions of which nothing is known without a row or cluster: those of zero information in `left`, the information of all others.
/// `scale` are the square roots of the diagonal of the whole; only the lower triangle of `left` is read.
pub(crate) fn directions(left: MatRef<'_, f64>, scale: &[f64]) -> Vec<Vec<f64>> {
    let d = scale.len();
    let left = Mat::from_fn(d, d, |a, b| {
        let (a, b) = (a.max(b), a.min(b));
        left[(a, b)] / scale[a] / scale[b]
    });
    let whole = Cholesky::new(left.as_ref()).is_ok_and(|factor| {
        factor.smallest_pivot() > NOTHING && (0..d).all(|j| left[(j, j)] > NOTHING)
    });
    if whole {
        return Vec::new();
    }
    let Ok((values, vectors)) = symmetric_eigen(left.as_ref()) else {
        return Vec::new();
    };
    let none = (0..d).filter(|e| values[*e] < NOTHING);
    none.map(|e| (0..d).map(|j| vectors[(j, e)] / scale[j]).collect())
        .collect()
}

/// Whether the part of a row or cluster in the information, the trace of its share, is large enough for a direction of its own.
pub(crate) fn may_be_alone(trace: f64) -> bool {
    trace > 1.0 - 1e-6
}

/// Marks the coefficients that take part in a direction; `model` is a covariance of theirs, whose errors are the units.
pub(crate) fn mark(out: &mut [bool], direction: &[f64], model: MatRef<'_, f64>) {
    let size = |j: usize| direction[j].abs() / model[(j, j)].sqrt();
    let largest = (0..out.len()).fold(0.0_f64, |m, j| m.max(size(j)));
    for (j, out) in out.iter_mut().enumerate() {
        *out |= size(j) > 1e-6 * largest;
    }
}

/// True if a coefficient that is not marked has a sandwich far below its error by the model: nearly separated classes have scores near 0,
/// and with them errors near 0.
pub(crate) fn vanishes(
    sandwich: &Mat<f64>,
    model: &Mat<f64>,
    dispersion: f64,
    alone: &[bool],
) -> bool {
    (0..alone.len()).any(|j| !alone[j] && sandwich[(j, j)] < 1e-4 * dispersion * model[(j, j)])
}

/// What there is to say where a sandwich vanishes; what to do differs from model to model.
pub(crate) const VANISHES: &str = "a robust error is less than a hundredth of the model's, which happens where the fit is nearly perfect: rows or classes are nearly told apart without error";

/// Sandwiches beside Firth's penalty.
pub(crate) const FIRTH: &str = "Firth's penalty is in force, and sandwiches do not hold for separated classes; use profile intervals (--profile)";

/// Takes the variances of the marked coefficients away.
pub(crate) fn without(covariance: &mut Mat<f64>, alone: &[bool]) {
    for i in 0..alone.len() {
        for j in 0..alone.len() {
            if alone[i] || alone[j] {
                covariance[(i, j)] = f64::NAN;
            }
        }
    }
}
