//! Are probabilities what they say?

use crate::canvas::{Canvas, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::{count, short};
use crate::series::curve;
use crate::text::say;

use super::line::stroke;

#[derive(Debug, Clone)]
struct Model {
    name: String,
    predicted: Vec<f64>,
    observed: Vec<f64>,
    weight: Vec<f64>,
    interval: Option<(Vec<f64>, Vec<f64>)>,
}

/// The share of events against the mean predicted probability of each bin, with the diagonal of perfect calibration, and below it how many
/// observations each bin has.
///
/// ```
/// use plots::{CalibrationChart, Chart};
/// let chart = CalibrationChart::new("Calibration").model("logistic", &[0.1, 0.5, 0.9], &[0.15, 0.45, 0.85], &[40.0, 20.0, 40.0]);
/// assert!(chart.to_svg()?.contains("perfect"));
/// assert!(chart.alt_text().contains("logistic: 3 bins of 100 observations; the largest distance from the diagonal is 0.0500"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CalibrationChart {
    settings: Settings,
    models: Vec<Model>,
}

impl CalibrationChart {
    /// No model yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            models: Vec::new(),
        }
    }

    /// Adds a model by its bins: mean predicted probability, share of events and number of observations (or their weight).
    pub fn model(
        mut self,
        name: impl Into<String>,
        predicted: &[f64],
        observed: &[f64],
        weight: &[f64],
    ) -> Self {
        self.models.push(Model {
            name: name.into(),
            predicted: predicted.to_vec(),
            observed: observed.to_vec(),
            weight: weight.to_vec(),
            interval: None,
        });
        self
    }

    /// Intervals of the shares of the model that was added last.
    pub fn interval(mut self, lower: &[f64], upper: &[f64]) -> Self {
        if let Some(model) = self.models.last_mut() {
            model.interval = Some((lower.to_vec(), upper.to_vec()));
        }
        self
    }

    fn check(&self) -> Result<(), PlotError> {
        let share = |v: f64| (0.0..=1.0).contains(&v);
        if self.models.iter().all(|m| m.predicted.is_empty()) {
            return Err(PlotError::empty("no model has a bin"));
        }
        for m in &self.models {
            let n = m.predicted.len();
            let mut lists = vec![
                ("the predicted probabilities", &m.predicted),
                ("the observed shares", &m.observed),
            ];
            if let Some((lower, upper)) = &m.interval {
                lists.extend([("the lower limits", lower), ("the upper limits", upper)]);
            }
            for (what, list) in lists {
                let what = format!("`{}`: {what}", m.name);
                PlotError::lengths(&what, n, list.len())?;
                PlotError::values(&what, list, "from 0 to 1", share)?;
            }
            let what = format!("`{}`: the numbers of observations", m.name);
            PlotError::lengths(&what, n, m.weight.len())?;
            PlotError::values(&what, &m.weight, "a finite number of at least 0", |v| {
                v.is_finite() && v >= 0.0
            })?;
        }
        Ok(())
    }

    /// Draws the bars of the bins from 0 to 1, side by side for several models.
    fn bars(&self, canvas: &mut Canvas, frame: &Frame) {
        let models = self.models.len() as f64;
        for (k, m) in self.models.iter().enumerate() {
            let colour = canvas.colours.series[k % 7];
            // As wide as the narrowest distance of two bins allows.
            let mut sorted = m.predicted.clone();
            sorted.sort_by(f64::total_cmp);
            let gap = sorted.windows(2).map(|w| w[1] - w[0]).fold(0.1, f64::min);
            let wide = (0.8 * gap * frame.plot.w / 1.04 / models).clamp(2.0, 24.0);
            canvas.open("bars", format_args!(""));
            for (x, weight) in m.predicted.iter().zip(&m.weight) {
                let top = frame.y.map(*weight);
                let middle = frame.x.map(*x) + wide * (k as f64 - 0.5 * (models - 1.0));
                let bar = Rect {
                    x: middle - 0.5 * wide,
                    y: top,
                    w: wide,
                    h: frame.plot.bottom() - top,
                };
                canvas.rect(bar, colour, 0.75, 0.0);
            }
            canvas.close();
        }
    }
}

impl Draw for CalibrationChart {
    settings!();

    fn natural_width(&self) -> f64 {
        540.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        1.12 * width + 70.0
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        self.check()?;
        let perfect = Stroke::new(canvas.colours.muted, 1.4).dash("5 4");
        let mut legend: Vec<Entry> = (0..self.models.len())
            .map(|k| {
                let mark = Swatch::Mark(Shape::of(k), canvas.colours.series[k % 7]);
                Entry::new(self.models[k].name.as_str(), mark)
            })
            .collect();
        legend.push(Entry::new("perfect", Swatch::Line(perfect)));
        let area = header(canvas, area, &self.settings, &legend);
        let most = self.models.iter().flat_map(|m| &m.weight);
        let most = most.fold(0.0, |a: f64, b| a.max(*b)).max(1e-290);
        let mut x = Axis::new("mean predicted probability", (-0.02, 1.02));
        let y = Axis::new("observed share", (-0.02, 1.02));
        let counts = Axis::new("count", (0.0, 1.08 * most));
        let left = y.beside(0.7 * area.h).max(counts.beside(0.2 * area.h));
        let room = Room {
            left,
            ..Room::default()
        };
        let upper = Rect {
            h: 0.76 * area.h,
            ..area
        };
        let below = area.inset(0.0, upper.h, 0.0, 0.0);
        x.bare = true;
        let frame = Frame::new(canvas, upper, &x, &y, room);
        x.bare = false;
        let lower = Frame::new(canvas, below, &x, &counts, room);
        self.bars(canvas, &lower);
        canvas.clip(frame.plot);
        let corner = |v: f64| (frame.x.map(v), frame.y.map(v));
        canvas.line(corner(0.0), corner(1.0), perfect);
        for (k, m) in self.models.iter().enumerate() {
            let stroke = stroke(canvas, k);
            if let Some((lower, upper)) = &m.interval {
                for (x, (low, high)) in m.predicted.iter().zip(lower.iter().zip(upper)) {
                    let at = frame.x.map(*x);
                    let thin = Stroke {
                        width: 1.6,
                        ..stroke
                    }
                    .dash("");
                    canvas.line((at, frame.y.map(*low)), (at, frame.y.map(*high)), thin);
                }
            }
            canvas.open("series", format_args!(""));
            curve(canvas, &frame, &m.predicted, &m.observed, stroke);
            canvas.close();
            let paper = canvas.colours.paper;
            canvas.open(
                "points",
                format_args!(
                    " fill=\"{}\" stroke=\"{paper}\" stroke-width=\"1\"",
                    stroke.colour
                ),
            );
            for (x, y) in m.predicted.iter().zip(&m.observed) {
                canvas.mark(Shape::of(k), (frame.x.map(*x), frame.y.map(*y)), 5.0);
            }
            canvas.close();
        }
        canvas.close_clip();
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out =
            String::from("Calibration: observed share against mean predicted probability.");
        for m in &self.models {
            let distance = m
                .predicted
                .iter()
                .zip(&m.observed)
                .map(|(p, o)| (p - o).abs());
            say!(
                out,
                " {}: {} bins of {} observations; the largest distance from the diagonal is {}.",
                m.name,
                m.predicted.len(),
                count(m.weight.iter().sum()),
                short(distance.fold(0.0, f64::max))
            );
        }
        out
    }
}
