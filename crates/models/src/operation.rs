//! What a module computes in evaluation, for programs that write it in another language.

use crate::Parameter;

/// One operation of a module on a batch, one row a sample.
///
/// ```
/// use models::{Activation, Linear, Module, Operation, Relu, Sequential};
/// let network: Sequential<f32> = Sequential::new().then(Linear::zeros(3, 2)).then(Relu);
/// let operations = network.operations().unwrap_or_default();
/// assert!(matches!(operations[0], Operation::Affine { bias: Some(_), .. }));
/// assert!(matches!(operations[1], Operation::Activation(Activation::Relu)));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Operation<'m, T> {
    /// x Wᵀ + b, with a weight of shape (outputs, inputs) and a bias of one row.
    Affine {
        /// W.
        weight: &'m Parameter<T>,
        /// b.
        bias: Option<&'m Parameter<T>>,
    },
    /// Column by column (x − centre) / scale, times a factor, plus an offset.
    ScaleColumns {
        /// One a column.
        center: Vec<f64>,
        /// One a column.
        scale: Vec<f64>,
        /// One row.
        factor: &'m Parameter<T>,
        /// One row.
        offset: &'m Parameter<T>,
    },
    /// Row by row (x − mean) / √(variance + ε), the variance divided by the number of columns; then times a factor, plus an offset.
    NormaliseRows {
        /// ε.
        epsilon: f64,
        /// One row.
        factor: &'m Parameter<T>,
        /// One row.
        offset: &'m Parameter<T>,
    },
    /// A function of each entry, or of each row.
    Activation(Activation),
}

/// A function of each entry, or of each row, as the module of the same name computes it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the modules of these names have the formulas")]
pub enum Activation {
    Sigmoid,
    Relu,
    Tanh,
    Gelu,
    Silu,
    Softplus,
    LogSigmoid,
    Softmax,
    LogSoftmax,
    LeakyRelu(f64),
}
