#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod design;
pub mod elementwise;
mod error;
mod instructions;
pub mod parallel;
mod product;
pub mod random;
pub mod reduce;
pub mod rows;
mod scalar;
pub mod solve;
pub mod vector;
mod view;

pub use design::{
    Block, BlockSums, Csc, Csr, Dense, Design, Scaled, Scratch, SparseError, Standardised,
    Unstandardisable, WithIntercept, Workspace, add_times_few, add_transposed_times_few,
};
pub use error::LinalgError;
pub use faer::{Col, ColMut, ColRef, Mat, MatMut, MatRef, mat};
pub use instructions::instructions;
pub use product::{Accum, matmul};
pub use rows::{Alone, BinnedSums, Communicator, Leaves, Partition, Table, Values};
pub use scalar::Scalar;
pub use view::{View, flat, flat_mut};
