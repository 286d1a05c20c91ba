//! The operations, one definition each.

mod arithmetic;
mod detach;
mod functions;
mod matmul;
mod reduce;
mod transpose;

pub use arithmetic::{Add, Affine, AtLeast, Div, Mul, Power, Sub};
pub use detach::Detach;
pub use functions::*;
pub use matmul::MatMul;
pub use reduce::{Spread, SumTo};
pub use transpose::Transpose;
