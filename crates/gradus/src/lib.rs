#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod document;
pub mod fit;
pub mod fitted;
pub mod output;
pub mod predict;
