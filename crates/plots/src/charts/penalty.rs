//! Coefficients along a path of penalties.

use crate::canvas::{Canvas, Font, Rect, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::labels::spread;
use crate::number::short;
use crate::scale::{extent, union, widen};
use crate::series::curve;
use crate::text::say;
use crate::text::{self, TICK};

use super::line::stroke;

/// Coefficients that have a colour and a name; the others are grey.
const NAMED: usize = 10;

/// Coefficients against the logarithm of the penalty's strength, which falls from left to right, so that the names of the largest stand
/// where the paths end.
///
/// ```
/// use plots::{Chart, PenaltyPathChart};
/// let strength = [1.0, 0.1, 0.01];
/// let chart = PenaltyPathChart::new("Lasso", &strength).coefficient("age", &[0.0, 0.4, 0.9]).coefficient("sex", &[0.0, 0.0, -0.2]).chosen("one standard error", 0.1);
/// let svg = chart.to_svg()?;
/// assert!(svg.contains(">age</text>") && svg.contains("one standard error"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PenaltyPathChart {
    settings: Settings,
    strengths: Vec<f64>,
    coefficients: Vec<(String, Vec<f64>)>,
    chosen: Vec<(String, f64)>,
    name: String,
}

impl PenaltyPathChart {
    /// From the strengths of the penalty, all positive, in any order.
    pub fn new(title: impl Into<String>, strengths: &[f64]) -> Self {
        Self {
            settings: Settings::new(title),
            strengths: strengths.to_vec(),
            coefficients: Vec::new(),
            chosen: Vec::new(),
            name: "coefficient".to_owned(),
        }
    }

    /// Adds a coefficient with its value at each strength.
    pub fn coefficient(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.coefficients
            .push((text::clean(&name.into()), values.to_vec()));
        self
    }

    /// Marks a strength, such as the one that cross-validation chooses.
    pub fn chosen(mut self, name: impl Into<String>, strength: f64) -> Self {
        self.chosen.push((name.into(), strength));
        self
    }

    /// What the coefficients are, such as "coefficient (standardised)"; "coefficient" unless set.
    pub fn value_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The coefficients by their largest absolute value, with it.
    fn order(&self) -> Vec<(usize, f64)> {
        let size = |v: &[f64]| extent(v.iter().map(|v| v.abs()), false).map_or(0.0, |e| e.1);
        let mut order: Vec<(usize, f64)> = (0..self.coefficients.len())
            .map(|k| (k, size(&self.coefficients[k].1)))
            .collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order
    }
}

impl Draw for PenaltyPathChart {
    settings!();

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let positive = |v: f64| v.is_finite() && v > 0.0;
        PlotError::values(
            "the strengths",
            &self.strengths,
            "a positive finite number",
            positive,
        )?;
        let n = self.strengths.len();
        for (name, values) in &self.coefficients {
            PlotError::lengths(&format!("the coefficient `{name}`"), n, values.len())?;
        }
        for (name, at) in &self.chosen {
            let what = format!("the strength `{name}`");
            PlotError::values(&what, &[*at], "a positive finite number", positive)?;
        }
        let extents = self
            .coefficients
            .iter()
            .map(|c| extent(c.1.iter().copied(), false));
        let y = extents.fold(None, union);
        let chosen = self.chosen.iter().map(|c| c.1);
        let x = extent(
            self.strengths.iter().copied().chain(chosen).map(f64::log10),
            false,
        );
        let (Some(x), Some(y)) = (x, y) else {
            return Err(PlotError::empty("no coefficient has a finite value"));
        };
        let order = self.order();
        let named = &order[..order.len().min(NAMED)];
        let guides = ["5 4", "1.5 4", "9 3 2 3"];
        let guide = |k: usize| Stroke::new(canvas.colours.muted, 1.5).dash(guides[k % 3]);
        let mut legend: Vec<Entry> = (0..self.chosen.len())
            .map(|k| {
                let (name, at) = &self.chosen[k];
                let name = format!("{name} ({})", short(*at));
                Entry::new(name, Swatch::Line(guide(k)))
            })
            .collect();
        let grey = Stroke::new(canvas.colours.axis, 1.0).opacity(0.6);
        if order.len() > named.len() {
            let left = order.len() - named.len();
            legend.push(Entry::new(
                format!("{left} smaller ones"),
                Swatch::Line(grey),
            ));
        }
        let guides: Vec<Stroke> = (0..self.chosen.len()).map(guide).collect();
        let area = header(canvas, area, &self.settings, &legend);
        let mut x = Axis::new("log₁₀ of the strength (weaker →)", widen(x, false));
        x.reversed = true;
        let y = Axis::new(
            self.name.as_str(),
            widen((y.0.min(0.0), y.1.max(0.0)), false),
        );
        let widest = named
            .iter()
            .map(|(k, _)| text::width(&self.coefficients[*k].0, TICK))
            .fold(0.0, f64::max)
            .min(0.3 * area.w);
        let room = Room {
            right: widest + 22.0,
            ..Room::default()
        };
        let frame = Frame::new(canvas, area, &x, &y, room);
        canvas.clip(frame.plot);
        frame.across(canvas, 0.0, Stroke::new(canvas.colours.ink, 1.0));
        for ((_, at), guide) in self.chosen.iter().zip(&guides) {
            frame.upright(canvas, at.log10(), *guide);
        }
        // From the strongest to the weakest, whatever the order of the data.
        let mut rows: Vec<usize> = (0..n).collect();
        rows.sort_by(|a, b| self.strengths[*b].total_cmp(&self.strengths[*a]));
        let logs: Vec<f64> = rows.iter().map(|k| self.strengths[*k].log10()).collect();
        for (rank, (k, _)) in order.iter().enumerate().rev() {
            let values: Vec<f64> = rows.iter().map(|r| self.coefficients[*k].1[*r]).collect();
            let stroke = if rank < NAMED {
                stroke(canvas, rank)
            } else {
                grey
            };
            canvas.open("series", format_args!(""));
            curve(canvas, &frame, &logs, &values, stroke);
            canvas.close();
        }
        canvas.close_clip();
        // The names at the heights at which the paths end, moved apart.
        let end = |k: usize| {
            rows.iter()
                .rev()
                .map(|r| self.coefficients[k].1[*r])
                .find(|v| v.is_finite())
        };
        let ends: Vec<(usize, usize, f64)> = named
            .iter()
            .enumerate()
            .filter_map(|(rank, (k, _))| end(*k).map(|v| (rank, *k, frame.y.map(v))))
            .collect();
        let heights: Vec<f64> = ends.iter().map(|e| e.2).collect();
        let apart = spread(
            &heights,
            TICK + 2.0,
            (frame.plot.y + 4.0, frame.plot.bottom() - 4.0),
        );
        let last = logs.last().map_or(frame.plot.right(), |v| frame.x.map(*v));
        canvas.open("labels", format_args!(""));
        for ((rank, k, height), y) in ends.iter().zip(apart) {
            let colour = canvas.colours.series[rank % 7];
            let thin = Stroke::new(colour, 1.0).opacity(0.7);
            canvas.line((last, *height), (frame.plot.right() + 6.0, y), thin);
            let at = (frame.plot.right() + 9.0, y + 0.35 * TICK);
            canvas.text_within(
                at,
                &self.coefficients[*k].0,
                Font::new(TICK, colour),
                widest + 1.0,
            );
        }
        canvas.close();
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out = format!(
            "Paths of {} coefficients over {} strengths of the penalty.",
            self.coefficients.len(),
            self.strengths.len()
        );
        let order = self.order();
        let largest: Vec<String> = order
            .iter()
            .take(5)
            .map(|(k, size)| format!("{} ({})", self.coefficients[*k].0, short(*size)))
            .collect();
        if !largest.is_empty() {
            say!(out, " The largest in size: {}.", largest.join(", "));
        }
        out
    }
}
