#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod check;
mod derivatives;
mod display;
mod elementwise;
mod gradients;
mod graph;
mod kernels;
pub mod loss;
mod methods;
mod number;
mod op;
pub mod ops;
mod pair;
mod pool;
mod program;
mod recorded;
mod shape;
mod slot;
mod tape;
mod value;
mod variable;

pub use elementwise::{Elementwise, Elementwise2, Map, Zip};
pub(crate) use gradients::Key;
pub use gradients::{Gradient, Gradients};
pub use graph::{GraphNode, Origin};
pub use linalg::{self, Mat, MatRef, Scalar};
pub use number::{Dual, Number, Plain};
pub use op::{Accumulator, Array, Cotangents, Op, Side, Table};
pub use pair::Pair;
pub use program::{Inputs, Program, ProgramGradients};
pub use shape::Shape;
pub use tape::{Tape, Traced, TracedKind};
pub use value::Value;
pub use variable::Var;
