#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod line;
mod style;

pub use line::{LineChart, PlotError};
