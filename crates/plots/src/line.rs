//! Curves and points over a common axis.

use plotters::prelude::*;
use thiserror::Error;

use crate::style::{GRID, PALETTE, SIZE};

/// A chart that cannot be drawn.
#[derive(Debug, Error, PartialEq, Eq, Clone)]
#[non_exhaustive]
pub enum PlotError {
    /// There is no series, or no point in any.
    #[error("there is nothing to draw: no series has a finite point")]
    Empty,
    /// A series has more x than y, or the other way round.
    #[error("the series `{name}` has {x} x and {y} y")]
    Lengths {
        /// The series.
        name: String,
        /// The number of x.
        x: usize,
        /// The number of y.
        y: usize,
    },
    /// The drawing library failed.
    #[error("the chart cannot be drawn: {reason}")]
    Backend {
        /// Its reason.
        reason: String,
    },
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    points: bool,
}

/// Curves and points with a title, axis names and a legend.
///
/// Points that are not finite are left out; a curve breaks there.
///
/// ```
/// let x: Vec<f64> = (-50..=50).map(|k| f64::from(k) / 10.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
/// let svg = plots::LineChart::new("The sigmoid", "x", "σ(x)").curve("σ(x)", &x, &y)?.to_svg()?;
/// assert!(svg.starts_with("<svg") && svg.contains("The sigmoid"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LineChart {
    title: String,
    x_name: String,
    y_name: String,
    series: Vec<Series>,
}

impl LineChart {
    /// An empty chart.
    pub fn new(
        title: impl Into<String>,
        x_name: impl Into<String>,
        y_name: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            x_name: x_name.into(),
            y_name: y_name.into(),
            series: Vec::new(),
        }
    }

    /// Adds a curve.
    ///
    /// # Errors
    /// [`PlotError::Lengths`].
    pub fn curve(self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Result<Self, PlotError> {
        self.add(name.into(), x, y, false)
    }

    /// Adds points.
    ///
    /// # Errors
    /// [`PlotError::Lengths`].
    pub fn points(self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Result<Self, PlotError> {
        self.add(name.into(), x, y, true)
    }

    fn add(mut self, name: String, x: &[f64], y: &[f64], points: bool) -> Result<Self, PlotError> {
        if x.len() != y.len() {
            return Err(PlotError::Lengths {
                name,
                x: x.len(),
                y: y.len(),
            });
        }
        self.series.push(Series {
            name,
            x: x.to_vec(),
            y: y.to_vec(),
            points,
        });
        Ok(self)
    }

    /// The chart as a self-contained SVG picture.
    ///
    /// # Errors
    /// [`PlotError::Empty`] if there is no finite point.
    pub fn to_svg(&self) -> Result<String, PlotError> {
        let finite = |v: f64| v.is_finite().then_some(v);
        let points = || {
            self.series
                .iter()
                .flat_map(|s| s.x.iter().zip(&s.y))
                .filter(|(x, y)| x.is_finite() && y.is_finite())
        };
        let (x_range, y_range) = (
            span(points().filter_map(|(x, _)| finite(*x))),
            span(points().filter_map(|(_, y)| finite(*y))),
        );
        let (Some(x_range), Some(y_range)) = (x_range, y_range) else {
            return Err(PlotError::Empty);
        };
        let mut svg = String::new();
        self.draw(&mut svg, x_range, y_range)
            .map_err(|reason| PlotError::Backend { reason })?;
        Ok(svg)
    }

    fn draw(
        &self,
        svg: &mut String,
        x_range: (f64, f64),
        y_range: (f64, f64),
    ) -> Result<(), String> {
        let explain = |e: &dyn std::fmt::Display| e.to_string();
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|e| explain(&e))?;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, ("sans-serif", 22))
            .margin(16)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .build_cartesian_2d(x_range.0..x_range.1, y_range.0..y_range.1)
            .map_err(|e| explain(&e))?;
        chart
            .configure_mesh()
            .x_desc(&self.x_name)
            .y_desc(&self.y_name)
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 16))
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .draw()
            .map_err(|e| explain(&e))?;
        for (k, series) in self.series.iter().enumerate() {
            let colour = PALETTE[k % PALETTE.len()];
            let drawn = if series.points {
                let circles = series.finite().map(|p| Circle::new(p, 5, colour.filled()));
                let drawn = chart.draw_series(circles).map_err(|e| explain(&e))?;
                drawn
                    .label(&series.name)
                    .legend(move |(x, y)| Circle::new((x + 10, y), 5, colour.filled()).into_dyn())
            } else {
                let mut first = true;
                for piece in series.pieces() {
                    let line = LineSeries::new(piece, colour.stroke_width(3));
                    let drawn = chart.draw_series(line).map_err(|e| explain(&e))?;
                    if std::mem::take(&mut first) {
                        let stroke = colour.stroke_width(3);
                        drawn
                            .label(&series.name)
                            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], stroke));
                    }
                }
                continue;
            };
            let _ = drawn;
        }
        if self.series.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperLeft)
                .background_style(WHITE.mix(0.85))
                .border_style(GRID)
                .label_font(("sans-serif", 15))
                .draw()
                .map_err(|e| explain(&e))?;
        }
        root.present().map_err(|e| explain(&e))
    }
}

impl Series {
    fn finite(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.x
            .iter()
            .copied()
            .zip(self.y.iter().copied())
            .filter(|(x, y)| x.is_finite() && y.is_finite())
    }

    /// The runs of finite points.
    fn pieces(&self) -> Vec<Vec<(f64, f64)>> {
        let all: Vec<(f64, f64)> = self.x.iter().copied().zip(self.y.iter().copied()).collect();
        let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
        all.split(|p| !finite(p))
            .filter(|piece| !piece.is_empty())
            .map(<[_]>::to_vec)
            .collect()
    }
}

/// Smallest and largest value with a margin of a twentieth.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if low > high {
        return None;
    }
    let margin = if high > low {
        0.05 * (high - low)
    } else {
        0.5_f64.max(0.05 * high.abs())
    };
    Some((low - margin, high + margin))
}
