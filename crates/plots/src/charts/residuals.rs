//! What a fit leaves over: residuals, leverage, quantiles.

use crate::canvas::{Anchor, Canvas, Font, Path, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::labels;
use crate::number::short;
use crate::scale::{extent, widen};
use crate::series::{DENSE, cloud, cloud_name, is_dense};
use crate::smooth::lowess;
use crate::text::TICK;
use crate::text::say;

/// Rows that are named at the most.
const NAMED: usize = 5;

/// The name of a row, by the list or by its number counted from 1.
fn name_of(names: &[String], row: usize) -> String {
    names
        .get(row)
        .cloned()
        .unwrap_or_else(|| (row + 1).to_string())
}

/// The rows with the largest finite value.
fn largest(values: impl Iterator<Item = f64>, most: usize) -> Vec<usize> {
    let mut rows: Vec<(usize, f64)> = values.enumerate().filter(|v| v.1.is_finite()).collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rows.iter().take(most).map(|r| r.0).collect()
}

/// Residuals against fitted values, with the line at 0 and a smooth one that shows a bend that the model missed.
///
/// The smooth line is a local regression over two thirds of the points (Cleveland 1979). The three largest residuals are named.
///
/// ```
/// use plots::{Chart, ResidualChart};
/// let fitted: Vec<f64> = (0..40).map(f64::from).collect();
/// let residuals: Vec<f64> = (0..40).map(|k| if k == 7 { 9.0 } else { f64::from(k % 3) - 1.0 }).collect();
/// let svg = ResidualChart::new("Residuals", &fitted, &residuals).to_svg()?;
/// assert!(svg.contains(">8</text>") && svg.contains("local regression"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResidualChart {
    settings: Settings,
    fitted: Vec<f64>,
    residuals: Vec<f64>,
    names: Vec<String>,
    axes: (String, String),
}

impl ResidualChart {
    /// From fitted values and residuals, row by row.
    pub fn new(title: impl Into<String>, fitted: &[f64], residuals: &[f64]) -> Self {
        Self {
            settings: Settings::new(title),
            fitted: fitted.to_vec(),
            residuals: residuals.to_vec(),
            names: Vec::new(),
            axes: ("fitted value".to_owned(), "residual".to_owned()),
        }
    }

    /// Names of the rows; without them the largest residuals have their numbers, counted from 1.
    pub fn row_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// What the axes show, with units: "linear predictor", "deviance residual".
    pub fn axis_names(mut self, fitted: impl Into<String>, residual: impl Into<String>) -> Self {
        self.axes = (fitted.into(), residual.into());
        self
    }

    /// The sizes of the residuals; NaN for a row that has no place.
    fn sizes(&self) -> impl Iterator<Item = f64> + '_ {
        let rows = self.residuals.iter().zip(&self.fitted);
        rows.map(|(r, f)| if f.is_finite() { r.abs() } else { f64::NAN })
    }

    fn points(&self) -> Vec<(f64, f64)> {
        let pairs = self
            .fitted
            .iter()
            .copied()
            .zip(self.residuals.iter().copied());
        pairs
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .collect()
    }
}

impl Draw for ResidualChart {
    settings!();

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        PlotError::lengths("the residuals", self.fitted.len(), self.residuals.len())?;
        let points = self.points();
        let x = extent(points.iter().map(|p| p.0), false);
        let y = extent(points.iter().map(|p| p.1).chain([0.0]), false);
        let (Some(x), Some(y)) = (x, y) else {
            return Err(PlotError::empty(
                "no row has a finite fitted value and residual",
            ));
        };
        let line = lowess(&points);
        let trend = Stroke::new(canvas.colours.series[1], 2.4);
        let dot = canvas.colours.series[0];
        let row = cloud_name("row", points.len());
        let mut legend = vec![Entry::new(row, Swatch::Mark(Shape::Circle, dot))];
        if !line.is_empty() {
            legend.push(Entry::new("local regression", Swatch::Line(trend)));
        }
        let area = header(canvas, area, &self.settings, &legend);
        let x = Axis::new(self.axes.0.as_str(), widen(x, false));
        let y = Axis::new(self.axes.1.as_str(), widen(y, false));
        let frame = Frame::new(canvas, area, &x, &y, Room::default());
        frame.across(
            canvas,
            0.0,
            Stroke::new(canvas.colours.ink, 1.2).dash("5 4"),
        );
        canvas.clip(frame.plot);
        let at: Vec<_> = points.iter().filter_map(|p| frame.at(p.0, p.1)).collect();
        cloud(canvas, &at, Shape::Circle, dot);
        let line: Vec<_> = line.iter().filter_map(|p| frame.at(p.0, p.1)).collect();
        canvas.stroke(&Path::default().through(&line), trend);
        canvas.close_clip();
        let named: Vec<_> = largest(self.sizes(), 3)
            .into_iter()
            .filter_map(|k| {
                let at = frame.at(self.fitted[k], self.residuals[k])?;
                Some((at, name_of(&self.names, k)))
            })
            .collect();
        labels::beside(canvas, frame.plot, &named);
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out = format!(
            "{} against {} of {} rows.",
            self.axes.1,
            self.axes.0,
            self.fitted.len()
        );
        if let Some(&k) = largest(self.sizes(), 1).first() {
            let row = name_of(&self.names, k);
            say!(
                out,
                " The largest is {}, of row {row}.",
                short(self.residuals[k])
            );
        }
        if is_dense(self.points().len()) {
            out += DENSE;
        }
        out
    }
}

/// Standardised residuals against leverage, with lines of equal Cook's distance and the names of the rows that move the fit most.
///
/// Cook's distance of a row is D = r² h / (p (1 − h)) with its standardised residual r, its leverage h and p coefficients (Cook 1977),
/// so that D has the line r = ±√(D p (1 − h) / h).
///
/// ```
/// use plots::{Chart, LeverageChart};
/// let (h, r) = ([0.1, 0.2, 0.6], [0.5, -1.0, 2.0]);
/// let chart = LeverageChart::new("Leverage", &h, &r, 2).row_names(["a", "b", "c"]);
/// assert!(chart.to_svg()?.contains(">c</text>"));
/// // 2² x 0.6 / (2 x 0.4)
/// assert!(chart.alt_text().contains("The largest Cook's distance is 3.00, of row c."));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LeverageChart {
    settings: Settings,
    leverages: Vec<f64>,
    residuals: Vec<f64>,
    coefficients: usize,
    names: Vec<String>,
}

impl LeverageChart {
    /// From leverages and standardised residuals, row by row, and the number of coefficients.
    pub fn new(
        title: impl Into<String>,
        leverages: &[f64],
        standardised_residuals: &[f64],
        coefficients: usize,
    ) -> Self {
        Self {
            settings: Settings::new(title),
            leverages: leverages.to_vec(),
            residuals: standardised_residuals.to_vec(),
            coefficients,
            names: Vec::new(),
        }
    }

    /// Names of the rows; without them the most influential ones have their numbers, counted from 1.
    pub fn row_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    fn cook(&self) -> impl Iterator<Item = f64> + '_ {
        let p = self.coefficients.max(1) as f64;
        let rows = self.leverages.iter().zip(&self.residuals);
        rows.map(move |(h, r)| r * r * h / (p * (1.0 - h)))
    }
}

impl Draw for LeverageChart {
    settings!();

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        PlotError::lengths(
            "the standardised residuals",
            self.leverages.len(),
            self.residuals.len(),
        )?;
        PlotError::values("the leverages", &self.leverages, "from 0 to 1", |v| {
            v.is_nan() || (0.0..=1.0).contains(&v)
        })?;
        let rows: Vec<(f64, f64)> = self
            .leverages
            .iter()
            .copied()
            .zip(self.residuals.iter().copied())
            .collect();
        let known = || rows.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
        let row = cloud_name("row", known().count());
        let (Some(x), Some(y)) = (
            extent(known().map(|p| p.0), false),
            extent(known().map(|p| p.1).chain([0.0]), false),
        ) else {
            return Err(PlotError::empty(
                "no row has a finite leverage and residual",
            ));
        };
        let (right, y) = ((1.08 * x.1).clamp(1e-9, 1.0), widen(y, false));
        let contour = Stroke::new(canvas.colours.series[1], 1.5).dash("6 4");
        let dot = canvas.colours.series[0];
        let legend = [
            Entry::new(row, Swatch::Mark(Shape::Circle, dot)),
            Entry::new("Cook's distance 0.5 and 1", Swatch::Line(contour)),
        ];
        let area = header(canvas, area, &self.settings, &legend);
        let (x, y) = (
            Axis::new("leverage", (0.0, right)),
            Axis::new("standardised residual", y),
        );
        let room = Room {
            right: 30.0,
            ..Room::default()
        };
        let frame = Frame::new(canvas, area, &x, &y, room);
        frame.across(
            canvas,
            0.0,
            Stroke::new(canvas.colours.ink, 1.2).dash("5 4"),
        );
        let p = self.coefficients.max(1) as f64;
        let residual = |d: f64, h: f64| (d * p * (1.0 - h) / h).sqrt();
        canvas.clip(frame.plot);
        let at: Vec<_> = known().filter_map(|p| frame.at(p.0, p.1)).collect();
        cloud(canvas, &at, Shape::Circle, dot);
        for d in [0.5, 1.0] {
            for sign in [1.0, -1.0] {
                // More places where the line is steep.
                let place = |k: i32| right * (f64::from(k) / 100.0).powi(2);
                let line: Vec<_> = (1..=100)
                    .map(place)
                    .filter_map(|h| frame.at(h, sign * residual(d, h)))
                    .collect();
                canvas.open("cook", format_args!(""));
                canvas.stroke(&Path::default().through(&line), contour);
                canvas.close();
            }
        }
        canvas.close_clip();
        let font = Font::new(TICK, canvas.colours.series[1]).anchor(Anchor::Start);
        for (d, name) in [(0.5, "0.5"), (1.0, "1")] {
            for sign in [1.0, -1.0] {
                let end = sign * residual(d, right);
                if end > frame.y.low && end < frame.y.high {
                    // Lines that end close together have their numbers apart.
                    let shift = if d == 1.0 { -3.0 } else { 3.0 } * sign;
                    let at = (
                        frame.plot.right() + 4.0,
                        frame.y.map(end) + 0.35 * TICK + shift,
                    );
                    canvas.text(at, name, font);
                }
            }
        }
        let named: Vec<_> = largest(self.cook(), NAMED)
            .into_iter()
            .filter_map(|k| {
                let at = frame.at(self.leverages[k], self.residuals[k])?;
                Some((at, name_of(&self.names, k)))
            })
            .collect();
        labels::beside(canvas, frame.plot, &named);
        Ok(())
    }

    fn describe(&self) -> String {
        let cook: Vec<f64> = self.cook().collect();
        let mut out = format!(
            "Standardised residuals against leverage of {} rows.",
            cook.len()
        );
        if let Some(&k) = largest(cook.iter().copied(), 1).first() {
            let row = name_of(&self.names, k);
            say!(
                out,
                " The largest Cook's distance is {}, of row {row}.",
                short(cook[k])
            );
        }
        let rows = self.leverages.iter().zip(&self.residuals);
        if is_dense(rows.filter(|(h, r)| h.is_finite() && r.is_finite()).count()) {
            out += DENSE;
        }
        out
    }
}
