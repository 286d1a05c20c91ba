//! The operations, one definition each.
//!
//! # Subgradients
//!
//! Where a function has a corner, one slope is chosen and written down:
//!
//! | at | slope |
//! | --- | --- |
//! | `relu`, `abs`, `sign`, `step` at 0 | 0 |
//! | `leaky_relu` at 0 | that of the left side |
//! | `clamp` at a bound | 1 |
//! | [`AtLeast`] at its bound | 0 |
//! | `maximum`, `minimum` at a tie | half for each |
//! | `max` with k ties | 1/k for each |
//! | `norm` at 0 | 0 |
//! | `sqrt` at 0 | infinite: it is not chosen, it is so; a cotangent of 0 stays 0 |
//! | `pow` with a base of 0, in the exponent | 0 |
//! | `keep`, `select` in the mask | 0 |

mod arithmetic;
mod convolution;
mod cross_entropy;
mod detach;
mod extremes;
mod functions;
mod gather;
mod linear_algebra;
mod matmul;
mod reduce;
mod shape;
mod softmax;

use linalg::{Accum, Scalar};

pub use arithmetic::{
    Add, Affine, AtLeast, Clamp, Div, Keep, LeakyRelu, LnOrZero, Maximum, Minimum, Mul, Pow, Power,
    Share, Sub, Times, Unit,
};
pub use convolution::{Convolve, ConvolveBack, ConvolveWeight, Window};
pub use cross_entropy::{SoftmaxCrossEntropy, SoftmaxResidual};
pub use detach::Detach;
pub use extremes::{Max, MaxShares, Norm, Over};
pub use functions::*;
pub use gather::{GatherEntries, GatherRows, ScatterEntries, ScatterRows};
pub(crate) use linear_algebra::square;
pub use linear_algebra::{Cholesky, Inverse, LogDeterminant, Solve, TriangularSolve};
pub use matmul::MatMul;
pub use reduce::{Spread, SumTo};
pub use shape::{Concatenate, Place, Reshape, Slice, Transpose, Triangle};
pub use softmax::{LogSoftmax, LogSumExp, Softmax};

/// `out = value` or `out += value`.
#[inline]
pub(crate) fn put<T: Scalar>(out: &mut T, value: T, accum: Accum) {
    match accum {
        Accum::Replace => *out = value,
        Accum::Add => *out += value,
    }
}
