#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod arguments;
mod charts;
pub mod compare;
pub mod describe;
pub mod diagnose;
mod digest;
pub mod document;
pub mod evaluate;
pub mod export;
mod findings;
pub mod fit;
pub mod fitted;
mod head;
mod inference;
mod input;
mod levels;
pub mod network;
pub mod output;
mod page;
mod penalty_path;
pub mod plan;
pub mod plot;
pub mod predict;
pub mod predictions;
mod predictor;
mod processes;
mod progress;
pub mod seal;
pub mod show;
mod specification;
mod stored;
pub mod tutorial;
pub mod usage;
