//! Reproducible random numbers.
//!
//! | generator | reproduces |
//! | --- | --- |
//! | [`ChaCha`] | itself: the default, the same numbers on every machine |
//! | [`Torch`] | PyTorch's CPU generator after `torch.manual_seed` |
//! | [`NumpyLegacy`] | `numpy.random.seed` with `rand`, `randn` |
//!
//! All implement [`Stream`], which is what initialisers and samplers ask for.

mod chacha;
mod numpy;
mod torch;

pub use chacha::ChaCha;
pub use linalg::random::Stream;
pub use numpy::NumpyLegacy;
pub use torch::Torch;
