//! How a training went, epoch by epoch.

use crate::canvas::{Canvas, Rect, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::short;
use crate::scale::{extent, union, widen};
use crate::series::curve;

use super::line::stroke;

/// The losses of a training and, below them, its metrics, over the same epochs.
///
/// A series has a value for each epoch, the first of them of epoch 0; an epoch that was not evaluated is `f64::NAN`. Series of equal
/// names have equal colours in both parts.
///
/// ```
/// use plots::{Chart, HistoryChart};
/// let history = HistoryChart::new("Training").loss("training", &[0.69, 0.31, 0.12]).loss("validation", &[0.70, 0.35, 0.36])
///     .metric("validation", &[0.5, 0.8, 0.9]).metric_name("accuracy").best("lowest validation loss", 1);
/// assert!(history.alt_text().contains("validation: from 0.700 to 0.360 over 3 epochs, lowest 0.350 at epoch 1."));
/// assert!(history.to_svg()?.contains("lowest validation loss"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HistoryChart {
    settings: Settings,
    losses: Vec<(String, Vec<f64>)>,
    metrics: Vec<(String, Vec<f64>)>,
    loss_name: String,
    metric_name: String,
    epoch_name: String,
    log: bool,
    best: Option<(String, usize)>,
}

impl HistoryChart {
    /// No series yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            losses: Vec::new(),
            metrics: Vec::new(),
            loss_name: "loss".to_owned(),
            metric_name: "metric".to_owned(),
            epoch_name: "epoch".to_owned(),
            log: false,
            best: None,
        }
    }

    /// Adds a loss.
    pub fn loss(mut self, name: impl Into<String>, by_epoch: &[f64]) -> Self {
        self.losses.push((name.into(), by_epoch.to_vec()));
        self
    }

    /// Adds a metric, in a part of its own below the losses.
    pub fn metric(mut self, name: impl Into<String>, by_epoch: &[f64]) -> Self {
        self.metrics.push((name.into(), by_epoch.to_vec()));
        self
    }

    /// What the loss is; "loss" unless set.
    pub fn loss_name(mut self, name: impl Into<String>) -> Self {
        self.loss_name = name.into();
        self
    }

    /// What the metric is, such as "accuracy".
    pub fn metric_name(mut self, name: impl Into<String>) -> Self {
        self.metric_name = name.into();
        self
    }

    /// What is counted along the x axis; "epoch" unless set.
    pub fn epoch_name(mut self, name: impl Into<String>) -> Self {
        self.epoch_name = name.into();
        self
    }

    /// A logarithmic axis for the losses.
    pub fn log_loss(mut self) -> Self {
        self.log = true;
        self
    }

    /// Marks an epoch, such as the one whose state was kept.
    pub fn best(mut self, name: impl Into<String>, epoch: usize) -> Self {
        self.best = Some((name.into(), epoch));
        self
    }

    /// All names once, in their order.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.losses.iter().chain(&self.metrics) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    fn part(
        &self,
        canvas: &mut Canvas,
        area: Rect,
        series: &[(String, Vec<f64>)],
        axes: (&Axis, &Axis),
        left: f64,
    ) {
        let room = Room {
            left,
            ..Room::default()
        };
        let frame = Frame::new(canvas, area, axes.0, axes.1, room);
        let names = self.names();
        canvas.clip(frame.plot);
        if let Some((_, epoch)) = &self.best {
            let guide = Stroke::new(canvas.colours.muted, 1.3).dash("5 4");
            frame.upright(canvas, *epoch as f64, guide);
        }
        for (name, values) in series {
            let at = names.iter().position(|n| n == name).unwrap_or(0);
            let epochs: Vec<f64> = (0..values.len()).map(|k| k as f64).collect();
            // Epochs that were not evaluated do not break the curve.
            let known: Vec<usize> = (0..values.len())
                .filter(|k| values[*k].is_finite())
                .collect();
            let x: Vec<f64> = known.iter().map(|k| epochs[*k]).collect();
            let y: Vec<f64> = known.iter().map(|k| values[*k]).collect();
            let stroke = stroke(canvas, at);
            canvas.open("series", format_args!(""));
            curve(canvas, &frame, &x, &y, stroke);
            canvas.close();
        }
        canvas.close_clip();
    }
}

/// The range of all values.
fn range(series: &[(String, Vec<f64>)], log: bool) -> Option<(f64, f64)> {
    let extents = series.iter().map(|s| extent(s.1.iter().copied(), log));
    extents.fold(None, union).map(|r| widen(r, log))
}

impl Draw for HistoryChart {
    settings!();

    fn natural_height(&self, width: f64) -> f64 {
        let part = (0.42 * width).max(250.0);
        if self.metrics.is_empty() || self.losses.is_empty() {
            part + 90.0
        } else {
            1.8 * part + 60.0
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let all = || self.losses.iter().chain(&self.metrics);
        let longest = all().map(|s| s.1.len()).max().unwrap_or(0);
        let (losses, metrics) = (range(&self.losses, self.log), range(&self.metrics, false));
        if losses.is_none() && metrics.is_none() {
            return Err(PlotError::empty(if self.log {
                "no series has a finite value (and a positive one on a logarithmic axis)"
            } else {
                "no series has a finite value"
            }));
        }
        let names = self.names();
        let mut legend: Vec<Entry> = (0..names.len())
            .map(|k| Entry::new(names[k], Swatch::Line(stroke(canvas, k))))
            .collect();
        if let Some((name, epoch)) = &self.best {
            let guide = Stroke::new(canvas.colours.muted, 1.3).dash("5 4");
            legend.push(Entry::new(
                format!("{name} ({} {epoch})", self.epoch_name),
                Swatch::Line(guide),
            ));
        }
        let area = header(canvas, area, &self.settings, &legend);
        let mut last = (longest.saturating_sub(1) as f64).max(1.0);
        if let Some((_, epoch)) = self.best {
            last = last.max(epoch as f64);
        }
        let mut x = Axis::new(self.epoch_name.as_str(), (-0.02 * last, 1.02 * last));
        x.whole = true;
        let y = |name: &str, range: (f64, f64), log: bool| {
            let mut axis = Axis::new(name, range);
            axis.log = log;
            axis
        };
        // Both parts keep the same room for their labels, so that their epochs stand below each other.
        let axes = [
            losses.map(|r| y(&self.loss_name, r, self.log)),
            metrics.map(|r| y(&self.metric_name, r, false)),
        ];
        let left = axes.iter().flatten().map(|a| a.beside(0.5 * area.h));
        let left = left.fold(0.0, f64::max);
        match axes {
            [Some(loss), Some(metric)] => {
                let upper = Rect {
                    h: 0.52 * area.h,
                    ..area
                };
                let lower = area.inset(0.0, upper.h + 6.0, 0.0, 0.0);
                let above = Axis {
                    bare: true,
                    ..x.clone()
                };
                self.part(canvas, upper, &self.losses, (&above, &loss), left);
                self.part(canvas, lower, &self.metrics, (&x, &metric), left);
            }
            [Some(loss), None] => self.part(canvas, area, &self.losses, (&x, &loss), left),
            [None, Some(metric)] => self.part(canvas, area, &self.metrics, (&x, &metric), left),
            [None, None] => {}
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out = String::from("Training history.");
        let parts = [
            (&self.losses, &self.loss_name, true),
            (&self.metrics, &self.metric_name, false),
        ];
        for (series, what, low) in parts {
            for (name, values) in series {
                let known = || values.iter().enumerate().filter(|v| v.1.is_finite());
                let best = known().reduce(|a, b| {
                    if (b.1 < a.1) == low && b.1 != a.1 {
                        b
                    } else {
                        a
                    }
                });
                if let (Some(first), Some(last), Some(best)) =
                    (known().next(), known().next_back(), best)
                {
                    out += &format!(
                        " {what}, {name}: from {} to {} over {} {}s, {} {} at {} {}.",
                        short(*first.1),
                        short(*last.1),
                        values.len(),
                        self.epoch_name,
                        if low { "lowest" } else { "highest" },
                        short(*best.1),
                        self.epoch_name,
                        best.0
                    );
                }
            }
        }
        out
    }
}
