//! Losses of a prediction and a target, entry by entry; `.mean()` or `.sum()` makes the cost.
//!
//! An entry of the list below is the whole definition of a loss: its value, and `d` times its two slopes.
//! Prediction and target must have the same shape.

mod composed;

use linalg::Scalar;

pub use composed::{
    ClassLoss, binary_cross_entropy_with_logits_weighted, huber, negative_log_likelihood, smooth_l1,
};

use crate::ops::{
    Abs, AtLeast, Exp, Ln, Ln1p, Relu, Sigmoid, Sign, SoftmaxCrossEntropy, Softplus, Step,
};
use crate::{Elementwise2, Number, Var};

/// The smallest logarithm of a probability that counts, as in PyTorch: a probability of 0 costs 100, not infinity.
const SMALLEST_LOG: f64 = -100.0;
/// The smallest variance p (1 − p) that divides, as in PyTorch: a gradient at a probability of 0 or 1 is finite.
const SMALLEST_VARIANCE: f64 = 1e-12;

macro_rules! losses {
    ($(
        $(#[$doc:meta])*
        $op:ident $name:ident on $from:literal..$to:literal: |$p:ident, $y:ident| $value:expr, |$sp:ident, $sy:ident, $d:ident| $left:expr, $right:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $op;

            impl Elementwise2 for $op {
                const EQUAL_SHAPES: bool = true;
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                #[inline]
                fn value<N: Number>(self, $p: N, $y: N) -> N {
                    $value
                }
                #[inline]
                #[allow(unused_variables)]
                fn chain_left<N: Number>(self, $sp: N, $sy: N, _: N, $d: N) -> N {
                    $left
                }
                #[inline]
                #[allow(unused_variables)]
                fn chain_right<N: Number>(self, $sp: N, $sy: N, _: N, $d: N) -> N {
                    $right
                }
            }

            $(#[$doc])*
            ///
            /// # Panics
            /// If the shapes differ.
            #[track_caller]
            pub fn $name<'t, T: Scalar>(prediction: Var<'t, T>, target: Var<'t, T>) -> Var<'t, T> {
                prediction.zip($op, target)
            }
        )*

        /// A loss with its name and the range of predictions in which it is checked.
        pub type Listed =
            (&'static str, std::ops::Range<f64>, for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>);
        /// Every loss of this list, for tests that run over all of them.
        pub const LOSSES: &[Listed] = &[$((stringify!($name), $from..$to, |p, y| $name(p, y))),*];
    };
}

losses! {
    /// (p − y)².
    SquaredError squared_error on -2.0..2.0: |p, y| (p - y) * (p - y),
        |p, y, d| d * (p - y).affine(2.0, 0.0), d * (y - p).affine(2.0, 0.0);
    /// |p − y|, with the slope 0 at 0.
    AbsoluteError absolute_error on -2.0..0.05: |p, y| (p - y).apply(Abs),
        |p, y, d| d * (p - y).apply(Sign), -(d * (p - y).apply(Sign));
    /// eᵖ − y p: the negative log-likelihood of a count with the logarithm of its rate, without the terms of y alone.
    PoissonNll poisson_nll on -2.0..2.0: |p, y| p.apply(Exp) - y * p,
        |p, y, d| d * (p.apply(Exp) - y), -(d * p);
    /// max(0, 1 − y p) for a class y of −1 or 1, with the slope 0 at the corner.
    Hinge hinge on -2.0..0.9: |p, y| (y * p).affine(-1.0, 1.0).apply(Relu),
        |p, y, d| -(d * y * (y * p).affine(-1.0, 1.0).apply(Step)), -(d * p * (y * p).affine(-1.0, 1.0).apply(Step));
    /// ln(1 + e^(−y p)) for a class y of −1 or 1: the logistic loss in the other notation.
    SoftMargin soft_margin on -4.0..4.0: |p, y| (-(y * p)).apply(Softplus),
        |p, y, d| -(d * y * (-(y * p)).apply(Sigmoid)), -(d * p * (-(y * p)).apply(Sigmoid));
    /// −y ln p − (1 − y) ln(1 − p) of a probability p. Logarithms are at least −100, so that 0 and 1 are safe.
    /// The slope is PyTorch's (p − y) / max(p (1 − p), 1e-12), which at 0 and 1 is not that of the bounded value.
    BinaryCrossEntropy binary_cross_entropy on 0.05..0.95:
        |p, y| {
            let floor = AtLeast(SMALLEST_LOG);
            -(y * p.apply(Ln).apply(floor) + y.affine(-1.0, 1.0) * (-p).apply(Ln1p).apply(floor))
        },
        |p, y, d| d * (p - y) / (p * p.affine(-1.0, 1.0)).apply(AtLeast(SMALLEST_VARIANCE)),
        d * (p.affine(-1.0, 1.0).apply(Ln).apply(AtLeast(SMALLEST_LOG)) - p.apply(Ln).apply(AtLeast(SMALLEST_LOG)));
    /// The cross-entropy of the probability σ(z), from the logit z: ln(1 + eᶻ) − y z, without overflow or cancellation.
    BinaryCrossEntropyWithLogits binary_cross_entropy_with_logits on -4.0..4.0:
        |z, y| {
            let (hinge, tail) = (z.apply(Relu), (-z.apply(Abs)).apply(Exp).apply(Ln1p));
            (hinge - z * y) + tail
        },
        // (1 − y) σ(z) − y σ(−z), so that a small residual keeps its digits.
        |z, y, d| d * (y.affine(-1.0, 1.0) * z.apply(Sigmoid) - y * (-z).apply(Sigmoid)), -(d * z);
}

/// The cross-entropy of the softmax of each row of logits with a class for each row, given by its number from 0; a column.
///
/// It is exact for logits of any size: the loss of a class that is ahead by 700 is 1e-304, not 0.
///
/// # Panics
/// If `classes` is not a column with an entry for each row, or an entry is not the number of a class.
///
/// ```
/// use autodiff::{Tape, loss};
/// use linalg::mat;
/// let logits = mat![[1000.0, -1000.0], [0.0, 0.0]];
/// let tape = Tape::new();
/// let (z, classes) = (tape.variable(&logits), tape.constant(&[1.0, 0.0]));
/// let cost = loss::softmax_cross_entropy(z, classes);
/// assert_eq!((cost.get(0, 0), cost.get(1, 0)), (2000.0, 2.0_f64.ln()));
/// assert_eq!(cost.sum().backward()[z].as_mat(), mat![[1.0, -1.0], [-0.5, 0.5]]);
/// ```
#[track_caller]
pub fn softmax_cross_entropy<'t, T: Scalar>(logits: Var<'t, T>, classes: Var<'t, T>) -> Var<'t, T> {
    logits.tape().apply(SoftmaxCrossEntropy, [logits, classes])
}
