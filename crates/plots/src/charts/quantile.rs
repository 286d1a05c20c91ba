//! Are residuals normal?

use crate::canvas::{Canvas, Path, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::normal;
use crate::number::short;
use crate::scale::{extent, widen};
use crate::series::{CLOUD, apart, cloud};

/// Ordered values against the quantiles of the normal distribution, with a line through the quartiles and a pointwise band.
///
/// The k-th of n values stands at Φ⁻¹((k − a) / (n + 1 − 2a)), a = 3/8 up to ten values and 1/2 above (as R's `ppoints`). The line has
/// the slope (Q₃ − Q₁) / (z₀.₇₅ − z₀.₂₅). Of normal values, each is outside of the band with a probability of about 5 %: its half width is
/// 1.96 s √(p (1 − p) / n) / φ(z), s the slope (Fox, *Applied Regression Analysis*, 2016, section 3.1.3).
///
/// ```
/// use plots::{Chart, QuantileChart};
/// let values: Vec<f64> = (1..=50).map(|k| f64::from(k).ln()).collect();
/// let chart = QuantileChart::new("Normal quantiles", &values);
/// assert!(chart.to_svg()?.contains("95 % band"));
/// assert!(chart.alt_text().starts_with("Normal Q-Q plot of 50 values:"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct QuantileChart {
    settings: Settings,
    values: Vec<f64>,
    name: String,
}

/// The line through the quartiles and the band around it.
struct Reference {
    centre: f64,
    slope: f64,
    n: f64,
}

impl Reference {
    fn at(&self, z: f64) -> f64 {
        self.centre + self.slope * z
    }

    fn half_width(&self, z: f64) -> f64 {
        let p = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
        1.959_963_984_540_054 * self.slope * (p * (1.0 - p) / self.n).sqrt() / normal::density(z)
    }
}

impl QuantileChart {
    /// From values in any order; what is not finite is left out.
    pub fn new(title: impl Into<String>, values: &[f64]) -> Self {
        Self {
            settings: Settings::new(title),
            values: values.to_vec(),
            name: "standardised residual".to_owned(),
        }
    }

    /// What the values are; "standardised residual" unless set.
    pub fn value_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The finite values in order, each with its normal quantile.
    fn points(&self) -> Vec<(f64, f64)> {
        let mut sorted: Vec<f64> = self
            .values
            .iter()
            .copied()
            .filter(|v| v.is_finite())
            .collect();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let a = if n <= 10.0 { 0.375 } else { 0.5 };
        let place = |k: usize| (k as f64 + 1.0 - a) / (n + 1.0 - 2.0 * a);
        let mut z = Vec::with_capacity(sorted.len());
        // The quantiles are symmetric, so half of them are computed.
        for k in 0..sorted.len().div_ceil(2) {
            z.push(normal::quantile(place(k)));
        }
        for k in sorted.len().div_ceil(2)..sorted.len() {
            z.push(-z[sorted.len() - 1 - k]);
        }
        z.into_iter().zip(sorted).collect()
    }
}

/// The quantile of sorted values at a share, between two of them in proportion (R's type 7).
fn quantile(sorted: &[(f64, f64)], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (low, t) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low].1 * (1.0 - t) + sorted[high].1 * t
}

fn reference(points: &[(f64, f64)]) -> Reference {
    let (low, high) = (quantile(points, 0.25), quantile(points, 0.75));
    let z = normal::quantile(0.75);
    let slope = high / (2.0 * z) - low / (2.0 * z);
    Reference {
        centre: 0.5 * low + 0.5 * high,
        slope: slope.clamp(0.0, 1e300),
        n: points.len() as f64,
    }
}

impl Draw for QuantileChart {
    settings!();

    fn natural_width(&self) -> f64 {
        600.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        (0.8 * width).max(320.0)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let points = self.points();
        if points.is_empty() {
            return Err(PlotError::empty("no value is finite"));
        }
        let line = reference(&points);
        let x = widen((points[0].0, points[points.len() - 1].0), false);
        let z: Vec<f64> = (0..=100)
            .map(|k| x.0 + (x.1 - x.0) * f64::from(k) / 100.0)
            .collect();
        let lower: Vec<f64> = z
            .iter()
            .map(|z| line.at(*z) - line.half_width(*z))
            .collect();
        let upper: Vec<f64> = z
            .iter()
            .map(|z| line.at(*z) + line.half_width(*z))
            .collect();
        // The band is cut where it is far wider than the data.
        let data = (points[0].1, points[points.len() - 1].1);
        let ends = [line.at(x.0), line.at(x.1)];
        let y = extent(ends.into_iter().chain([data.0, data.1]), false).unwrap_or(data);
        let y = widen(y, false);
        let (colour, dot) = (canvas.colours.series[1], canvas.colours.series[0]);
        let stroke = Stroke::new(colour, 1.8);
        let legend = [
            Entry::new("value", Swatch::Mark(Shape::Circle, dot)),
            Entry::new("normal", Swatch::Line(stroke)),
            Entry::new("95 % band", Swatch::Area(colour, 0.22)),
        ];
        let area = header(canvas, area, &self.settings, &legend);
        let (x, y) = (
            Axis::new("normal quantile", x),
            Axis::new(self.name.as_str(), y),
        );
        let frame = Frame::new(canvas, area, &x, &y, Room::default());
        canvas.clip(frame.plot);
        canvas.open("band", format_args!(""));
        super::line::band(canvas, &frame, &z, (&lower, &upper), stroke);
        canvas.close();
        let ends = [
            (frame.x.low, line.at(frame.x.low)),
            (frame.x.high, line.at(frame.x.high)),
        ];
        let ends: Vec<_> = ends.iter().filter_map(|p| frame.at(p.0, p.1)).collect();
        canvas.stroke(&Path::default().through(&ends), stroke);
        let at = points.iter().filter_map(|p| frame.at(p.0, p.1));
        // Ordered points lie on a curve: those that cover each other need not be drawn.
        let near = if points.len() > CLOUD / 4 { 1.5 } else { 0.0 };
        cloud(canvas, &apart(at, near), Shape::Circle, dot);
        canvas.close_clip();
        Ok(())
    }

    fn describe(&self) -> String {
        let points = self.points();
        if points.is_empty() {
            return "Normal Q-Q plot without values.".to_owned();
        }
        let line = reference(&points);
        let outside = points
            .iter()
            .filter(|(z, v)| (v - line.at(*z)).abs() > line.half_width(*z))
            .count();
        format!(
            "Normal Q-Q plot of {} values: {outside} outside of the pointwise 95 % band; from {} to {}.",
            points.len(),
            short(points[0].1),
            short(points[points.len() - 1].1)
        )
    }
}
