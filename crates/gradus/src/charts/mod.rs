//! Pictures of models and data, for `gradus plot` and for the report of a fit.

mod classes;
mod models;
mod residuals;
mod tables;

use std::path::Path;

use plots::{Chart, PlotError, Theme};

pub(crate) use self::classes::{calibration, classes, confusion, precision_recall, roc};
pub(crate) use self::models::{boundary, forest, forest_rows};
pub(crate) use self::residuals::{Rows, counted, leverage, quantiles, residuals};
pub(crate) use self::tables::{correlation, history, path, text_of};

/// A chart of any kind.
pub(crate) trait Picture {
    /// The picture as SVG, of a width of its own if none is given.
    fn svg(&self, theme: Theme, width: Option<u32>) -> Result<String, PlotError>;
    /// What a file of this name has to hold: SVG or PNG, by its ending.
    fn bytes(&self, name: &Path, theme: Theme, width: Option<u32>) -> Result<Vec<u8>, PlotError>;
}

impl<C: Chart + Clone> Picture for C {
    fn svg(&self, theme: Theme, width: Option<u32>) -> Result<String, PlotError> {
        set_up(self, theme, width).to_svg()
    }

    fn bytes(&self, name: &Path, theme: Theme, width: Option<u32>) -> Result<Vec<u8>, PlotError> {
        set_up(self, theme, width).to_bytes(name)
    }
}

fn set_up<C: Chart + Clone>(chart: &C, theme: Theme, width: Option<u32>) -> C {
    let chart = chart.clone().theme(theme);
    match width {
        Some(width) => chart.width(width),
        None => chart,
    }
}

/// A picture of a kind that is known later.
pub(crate) type Drawn = Box<dyn Picture>;
