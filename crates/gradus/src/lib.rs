#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod arguments;
pub mod document;
pub mod fit;
pub mod fitted;
mod levels;
pub mod output;
pub mod predict;
pub mod predictions;
mod specification;
