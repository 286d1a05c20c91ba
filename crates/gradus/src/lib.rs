#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod arguments;
pub mod compare;
pub mod diagnose;
mod diagnosis;
pub mod document;
mod effects;
pub mod fit;
pub mod fitted;
mod inference;
mod levels;
pub mod output;
pub mod predict;
pub mod predictions;
mod report;
pub mod seal;
mod specification;
