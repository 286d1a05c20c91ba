//! Several charts in one picture.

use std::sync::Arc;

use crate::canvas::{Canvas, Rect};
use crate::chart::{Chart, Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::header;

/// The least width of a panel beside another.
const NARROW: f64 = 300.0;
const GAP: f64 = 22.0;

/// Charts side by side under one title; below each other where the picture is narrow.
///
/// ```
/// use plots::{Chart, LineChart, Panels};
/// let w = [-2.0, 0.0, 2.0];
/// let cost = |name: &str, y: &[f64]| LineChart::new(name, "w", "cost").curve(name, &w, y);
/// let both = Panels::new("Two costs of one model").panel(cost("squared error", &[0.7, 0.2, 0.1])).panel(cost("cross-entropy", &[2.0, 0.7, 0.2]));
/// let svg = both.to_svg()?;
/// assert!(svg.contains("squared error") && svg.contains("cross-entropy"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Panels {
    settings: Settings,
    columns: usize,
    panels: Vec<Arc<dyn Draw>>,
}

impl Panels {
    /// No panel yet, two in a row.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            columns: 2,
            panels: Vec::new(),
        }
    }

    /// At most so many in a row.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// Adds a chart. Its title stands above it; theme and size are those of the whole.
    pub fn panel(mut self, chart: impl Chart + 'static) -> Self {
        self.panels.push(Arc::new(chart));
        self
    }

    /// Columns and width of a panel.
    fn grid(&self, width: f64) -> (usize, f64) {
        let fits = ((width + GAP) / (NARROW + GAP)).floor() as usize;
        let columns = self.columns.min(self.panels.len()).clamp(1, fits.max(1));
        (
            columns,
            (width - GAP * (columns - 1) as f64) / columns as f64,
        )
    }

    /// The natural height of each row.
    fn rows(&self, width: f64) -> Vec<f64> {
        let (columns, each) = self.grid(width);
        let height = |row: &[Arc<dyn Draw>]| {
            row.iter()
                .map(|p| p.natural_height(each))
                .fold(0.0, f64::max)
        };
        self.panels.chunks(columns).map(height).collect()
    }
}

impl Draw for Panels {
    settings!();

    fn natural_width(&self) -> f64 {
        if self.columns > 1 { 960.0 } else { 760.0 }
    }

    fn natural_height(&self, width: f64) -> f64 {
        let rows = self.rows(width - 28.0);
        50.0 + rows.iter().sum::<f64>() + GAP * rows.len().saturating_sub(1) as f64
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        if self.panels.is_empty() {
            return Err(PlotError::empty("no panel was added"));
        }
        let area = header(canvas, area, &self.settings, &[]).inset(0.0, 4.0, 0.0, 0.0);
        let size = canvas.title_size;
        canvas.title_size = 0.88 * size;
        let (columns, each) = self.grid(area.w);
        let natural = self.rows(area.w);
        let free = area.h - GAP * (natural.len() - 1) as f64;
        let shrink = free / natural.iter().sum::<f64>();
        let mut y = area.y;
        for (row, height) in self.panels.chunks(columns).zip(natural) {
            let h = height * shrink;
            for (k, panel) in row.iter().enumerate() {
                let x = area.x + k as f64 * (each + GAP);
                panel.draw(canvas, Rect { x, y, w: each, h })?;
            }
            y += h + GAP;
        }
        canvas.title_size = size;
        Ok(())
    }

    fn describe(&self) -> String {
        let each = self.panels.iter().enumerate().map(|(k, p)| {
            let title = &p.settings().title;
            format!("Panel {}, {title}: {}", k + 1, p.describe())
        });
        each.collect::<Vec<_>>().join(" ")
    }
}
