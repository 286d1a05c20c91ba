#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod glm;
pub use autodiff::loss;
mod buffer;
pub mod init;
mod module;
mod modules;
mod operation;
mod parameter;
pub mod state;
mod summary;

pub use autodiff::{self, Tape, Var};
pub use buffer::Buffer;
pub use glm::{LogisticModel, LogisticRegression};
pub use module::{Module, join, predict};
pub use modules::{
    BatchNorm1d, Conv2d, Dropout, Embedding, Flatten, Gelu, LayerNorm, LeakyRelu, Linear,
    LogSigmoid, LogSoftmax, Relu, Sequential, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use operation::{Activation, Operation};
pub use parameter::Parameter;
pub use summary::{Layer, Summary};
