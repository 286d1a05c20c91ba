//! Functions of each entry as modules, without parameters.

use autodiff::Var;
use linalg::Scalar;

use crate::{Module, parameters};

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
}
