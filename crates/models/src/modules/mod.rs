//! The modules that come with Gradus.

mod activation;
mod conv;
mod dropout;
mod embedding;
mod linear;
mod normalisation;
mod sequential;

pub use activation::{
    Flatten, Gelu, LeakyRelu, LogSigmoid, LogSoftmax, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use conv::Conv2d;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use linear::Linear;
pub use normalisation::{BatchNorm1d, LayerNorm};
pub use sequential::Sequential;
