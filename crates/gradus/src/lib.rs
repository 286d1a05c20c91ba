#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod arguments;
pub mod compare;
pub mod diagnose;
pub mod document;
mod effects;
pub mod fit;
pub mod fitted;
mod inference;
mod levels;
pub mod output;
pub mod predict;
pub mod predictions;
mod specification;
