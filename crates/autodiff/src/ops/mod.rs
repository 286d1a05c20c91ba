//! The operations, one definition each.

mod arithmetic;
mod functions;
mod matmul;
mod reduce;
mod transpose;

pub use arithmetic::{Add, Affine, AtLeast, Div, Mul, Power, Sub};
pub use functions::*;
pub use matmul::MatMul;
pub use reduce::{Spread, SumTo};
pub use transpose::Transpose;
