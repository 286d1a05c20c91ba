//! The modules that come with Gradus.

mod activation;
mod linear;
mod sequential;

pub use activation::{Relu, Sigmoid};
pub use linear::Linear;
pub use sequential::Sequential;
