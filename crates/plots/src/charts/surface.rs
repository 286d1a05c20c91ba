//! The cost over two parameters, with the way that a descent takes.

use crate::bar;
use crate::canvas::{Canvas, Path, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::{self, short};
use crate::scale::{self, extent};
use crate::series::{runs, simplify};
use crate::text::say;

use super::field::Field;
use super::line::stroke;

/// Filled contours of a cost over two parameters, and paths on it.
///
/// ```
/// use plots::{Chart, SurfaceChart};
/// let chart = SurfaceChart::new("Descent", "w", "b", "cost", (-2.0, 2.0), (-2.0, 2.0), |w, b| w * w + 2.0 * b * b)
///     .path("gradient descent", &[1.5, 0.9, 0.5], &[1.5, 0.3, 0.1]);
/// assert!(chart.to_svg()?.contains("gradient descent"));
/// assert!(chart.alt_text().contains("from 0.00 at w = 0.00, b = 0.00 to 12.0"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SurfaceChart {
    settings: Settings,
    names: [String; 3],
    field: Field,
    paths: Vec<(String, Vec<f64>, Vec<f64>)>,
    log: bool,
    levels: usize,
}

impl SurfaceChart {
    /// Samples a cost over a rectangle of two parameters. A cost that is not finite leaves a hole.
    pub fn new(
        title: impl Into<String>,
        x_name: impl Into<String>,
        y_name: impl Into<String>,
        cost_name: impl Into<String>,
        x: (f64, f64),
        y: (f64, f64),
        cost: impl Fn(f64, f64) -> f64,
    ) -> Self {
        Self {
            settings: Settings::new(title),
            names: [x_name.into(), y_name.into(), cost_name.into()],
            field: Field::sample(x, y, cost),
            paths: Vec::new(),
            log: false,
            levels: 12,
        }
    }

    /// Takes costs that were computed before instead of the function: a row of `columns` values for each y, both axes in equal steps over
    /// the rectangle.
    pub fn grid(mut self, columns: usize, costs: &[f64]) -> Self {
        self.field = Field::grid(self.field.x, self.field.y, columns, costs);
        self
    }

    /// Adds a path, from its first point to its last.
    pub fn path(mut self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.paths.push((name.into(), x.to_vec(), y.to_vec()));
        self
    }

    /// Levels in equal ratios instead of equal steps, for a cost that is positive and grows fast.
    pub fn log_levels(mut self) -> Self {
        self.log = true;
        self
    }

    /// About so many levels; 12 unless set.
    pub fn levels(mut self, levels: usize) -> Self {
        self.levels = levels.clamp(2, 40);
        self
    }
}

impl Draw for SurfaceChart {
    settings!();

    fn natural_width(&self) -> f64 {
        680.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        (0.8 * width).max(320.0)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        self.field.check()?;
        for (name, x, y) in &self.paths {
            PlotError::lengths(&format!("the y of the path `{name}`"), x.len(), y.len())?;
        }
        let [x_name, y_name, cost_name] = &self.names;
        // Levels are equal steps of what is drawn: the cost or its logarithm.
        let seen = |v: &f64| {
            let v = if self.log { v.log10() } else { *v };
            if v.is_finite() { v } else { f64::NAN }
        };
        let values: Vec<f64> = self.field.values.iter().map(seen).collect();
        let Some((low, high)) = extent(values.iter().copied(), false) else {
            return Err(PlotError::empty(if self.log {
                "no cost is positive and finite"
            } else {
                "no cost is finite"
            }));
        };
        let (low, high) = if high > low {
            (low, high)
        } else {
            scale::widen((low, high), false)
        };
        let ticks = scale::linear(low, high, self.levels, false);
        let inner = ticks.ticks.iter().map(|t| t.at);
        let levels: Vec<f64> = inner.filter(|t| *t > low && *t < high).collect();
        let every = levels.len().div_ceil(6).max(1);
        let whole = |t: f64| t.fract() == 0.0;
        // Powers of ten are labelled, where there are some.
        let powers = self.log && levels.iter().filter(|l| whole(**l)).count() > 1;
        let every = if powers { 1 } else { every };
        let shown = ticks
            .ticks
            .iter()
            .filter(|t| levels.contains(&t.at) && (!powers || whole(t.at)));
        let labels: Vec<(f64, String)> = shown
            .step_by(every)
            .map(|t| {
                let label = if powers {
                    number::power(t.at as i32)
                } else if self.log {
                    short(10f64.powf(t.at))
                } else {
                    t.label.clone()
                };
                (t.at, label)
            })
            .collect();
        let note = if self.log { "" } else { ticks.note.as_str() };
        let cost = if note.is_empty() {
            cost_name.clone()
        } else {
            format!("{cost_name} {note}")
        };
        // The first colours of the palette are those of the surface: paths begin with the second.
        let legend: Vec<Entry> = (0..self.paths.len())
            .map(|k| {
                Entry::new(
                    self.paths[k].0.as_str(),
                    Swatch::Line(stroke(canvas, k + 1).dash("")),
                )
            })
            .collect();
        let mut legend = legend;
        if !self.paths.is_empty() {
            legend.push(Entry::new(
                "start",
                Swatch::Mark(Shape::Square, canvas.colours.ink),
            ));
            legend.push(Entry::new(
                "end",
                Swatch::Mark(Shape::Diamond, canvas.colours.ink),
            ));
        }
        let area = header(canvas, area, &self.settings, &legend);
        let room = Room {
            right: bar::room(&labels),
            ..Room::default()
        };
        let (x, y) = (
            Axis::new(x_name.as_str(), self.field.x),
            Axis::new(y_name.as_str(), self.field.y),
        );
        let frame = Frame::new(canvas, area, &x, &y, room);
        let map = canvas.colours.sequential;
        canvas.clip(frame.plot);
        self.field.fill(canvas, &frame, &values, &levels, &map)?;
        let thin = Stroke::new(canvas.colours.ink, 0.7).opacity(0.35);
        self.field.lines(canvas, &frame, &values, &levels, thin);
        for (k, (_, x, y)) in self.paths.iter().enumerate() {
            let colour = stroke(canvas, k + 1).colour;
            let paper = canvas.colours.paper;
            let runs = runs(&frame, x, y);
            canvas.open("descent", format_args!(""));
            for run in &runs {
                let line = Path::default().through(&simplify(run.clone()));
                canvas.stroke(&line, Stroke::new(paper, 4.6).opacity(0.8));
                canvas.stroke(&line, Stroke::new(colour, 2.4));
            }
            let points: Vec<_> = runs.concat();
            if points.len() <= 80 {
                canvas.open("steps", format_args!(" fill=\"{colour}\""));
                for p in &points {
                    canvas.mark(Shape::Circle, *p, 3.0);
                }
                canvas.close();
            }
            if let (Some(first), Some(last)) = (points.first(), points.last()) {
                let rim =
                    format_args!(" fill=\"{colour}\" stroke=\"{paper}\" stroke-width=\"1.5\"");
                canvas.open("ends", rim);
                canvas.mark(Shape::Square, *first, 6.0);
                canvas.mark(Shape::Diamond, *last, 6.0);
                canvas.close();
            }
            canvas.close();
        }
        canvas.close_clip();
        bar::draw(
            canvas,
            frame.plot,
            &map,
            (low, high),
            &levels,
            &labels,
            &cost,
        );
        Ok(())
    }

    fn describe(&self) -> String {
        let [x, y, cost] = &self.names;
        let mut out = format!("Contours of {cost} over {x} and {y}");
        let costs = || {
            self.field
                .values
                .iter()
                .enumerate()
                .filter(|v| v.1.is_finite())
        };
        let least = costs().min_by(|a, b| a.1.total_cmp(b.1));
        let most = costs().max_by(|a, b| a.1.total_cmp(b.1));
        if let (Some((k, least)), Some((_, most))) = (least, most) {
            let (at_x, at_y) = self.field.place(k);
            say!(
                out,
                ", from {} at {x} = {}, {y} = {} to {}",
                short(*least),
                short(at_x),
                short(at_y),
                short(*most)
            );
        }
        out.push('.');
        for (name, x, y) in &self.paths {
            let ends = (x.first().zip(y.first()), x.last().zip(y.last()));
            if let (Some(a), Some(b)) = ends {
                say!(
                    out,
                    " {name}: {} points from ({}, {}) to ({}, {}).",
                    x.len(),
                    short(*a.0),
                    short(*a.1),
                    short(*b.0),
                    short(*b.1)
                );
            }
        }
        out
    }
}
