//! Functions of each entry as modules, without parameters.

use autodiff::Var;
use linalg::Scalar;

use crate::{Activation, Module, Operation, parameters};

macro_rules! activations {
    ($($(#[$doc:meta])* $name:ident $function:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
            pub struct $name;

            impl<T: Scalar> Module<T> for $name {
                fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
                    x.$function()
                }
                fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
                    Some(vec![Operation::Activation(Activation::$name)])
                }
                parameters!(T:);
            }
        )*
    };
}

activations! {
    /// 1 / (1 + e⁻ˣ), entry by entry.
    Sigmoid sigmoid;
    /// max(x, 0), entry by entry.
    Relu relu;
    /// tanh x, entry by entry.
    Tanh tanh;
    /// x Φ(x), entry by entry.
    Gelu gelu;
    /// x σ(x), entry by entry.
    Silu silu;
    /// ln(1 + eˣ), entry by entry.
    Softplus softplus;
    /// ln σ(x), entry by entry.
    LogSigmoid log_sigmoid;
    /// eˣ / Σ eˣ, row by row.
    Softmax softmax;
    /// x − ln Σ eˣ, row by row.
    LogSoftmax log_softmax;
}

/// x where x > 0, else a multiple of x, entry by entry.
///
/// ```
/// use autodiff::Tape;
/// use models::{LeakyRelu, Module};
/// let tape = Tape::new();
/// let y = LeakyRelu(0.25).forward(tape.constant(&[-4.0, 2.0]));
/// assert_eq!((y.get(0, 0), y.get(1, 0)), (-1.0, 2.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu(pub f64);

impl<T: Scalar> Module<T> for LeakyRelu {
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        x.leaky_relu(self.0)
    }
    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        Some(vec![Operation::Activation(Activation::LeakyRelu(self.0))])
    }
    parameters!(T:);
}

/// A row as it is: images already stand in rows of channels x height x width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flatten;

impl<T: Scalar> Module<T> for Flatten {
    fn forward<'t>(&'t self, x: Var<'t, T>) -> Var<'t, T> {
        x
    }
    fn operations(&self) -> Option<Vec<Operation<'_, T>>> {
        Some(Vec::new())
    }
    parameters!(T:);
}
