//! One chart, one file.

pub mod boundary;
pub mod calibration;
mod field;
pub mod forest;
pub mod graph;
pub mod history;
pub mod line;
pub mod matrix;
pub mod panels;
pub mod penalty;
pub mod quantile;
pub mod residuals;
pub mod surface;
pub mod unit;
