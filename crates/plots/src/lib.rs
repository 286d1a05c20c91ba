#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod bar;
mod canvas;
mod chart;
mod charts;
mod colour;
mod contour;
mod error;
mod file;
mod frame;
mod labels;
mod layers;
mod normal;
mod number;
mod pen;
#[cfg(feature = "png")]
mod raster;
mod scale;
mod series;
mod smooth;
mod text;

pub use chart::Chart;
pub use charts::boundary::BoundaryChart;
pub use charts::calibration::CalibrationChart;
pub use charts::forest::ForestChart;
pub use charts::graph::{GraphChart, NodeKind};
pub use charts::history::HistoryChart;
pub use charts::line::LineChart;
pub use charts::matrix::{ConfusionChart, CorrelationChart};
pub use charts::panels::Panels;
pub use charts::penalty::PenaltyPathChart;
pub use charts::quantile::QuantileChart;
pub use charts::residuals::{LeverageChart, ResidualChart};
pub use charts::surface::SurfaceChart;
pub use charts::unit::{PrecisionRecallChart, RocChart};
pub use colour::Theme;
pub use error::PlotError;
