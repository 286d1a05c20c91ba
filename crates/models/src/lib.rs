#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod glm;
pub use autodiff::loss;
mod module;
mod modules;
mod parameter;

pub use autodiff::{self, Tape, Var};
pub use glm::{LogisticModel, LogisticRegression};
pub use module::{Module, join};
pub use modules::{Linear, Relu, Sequential, Sigmoid};
pub use parameter::Parameter;
