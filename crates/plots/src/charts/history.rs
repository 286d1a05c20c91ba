//! How a training went, epoch by epoch.

use crate::canvas::{Canvas, Rect, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, further_rows, header};
use crate::number::{count, short};
use crate::scale::{extent, union, widen};
use crate::series::curve;
use crate::text::say;

use super::line::stroke;

/// The losses of a training and, below them, its metrics, over the same epochs.
///
/// A series has a value for each epoch, the first of them of epoch 1 unless [`HistoryChart::epochs`] says otherwise; an epoch that was
/// not evaluated is `f64::NAN`. Series of equal names have equal colours in both parts.
///
/// ```
/// use plots::{Chart, HistoryChart};
/// let history = HistoryChart::new("Training").loss("training", &[0.69, 0.31, 0.12]).loss("validation", &[0.70, 0.35, 0.36])
///     .metric("validation", &[0.5, 0.8, 0.9]).metric_name("accuracy").best("lowest validation loss", 2.0);
/// assert!(history.alt_text().contains("validation: from 0.700 to 0.360 over 3 epochs, lowest 0.350 at epoch 2."));
/// assert!(history.to_svg()?.contains("lowest validation loss (epoch 2)"));
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
    epochs: Option<Vec<f64>>,
    log: bool,
    best: Option<(String, f64)>,
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
            epochs: None,
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

    /// The numbers of the epochs, for a history that does not begin with epoch 1 or does not have all of them; 1, 2, … unless set.
    pub fn epochs(mut self, numbers: &[f64]) -> Self {
        self.epochs = Some(numbers.to_vec());
        self
    }

    /// A logarithmic axis for the losses.
    pub fn log_loss(mut self) -> Self {
        self.log = true;
        self
    }

    /// Marks an epoch by its number, such as the one whose state was kept.
    pub fn best(mut self, name: impl Into<String>, epoch: f64) -> Self {
        self.best = Some((name.into(), epoch));
        self
    }

    /// The number of the epoch at a place of the series.
    fn epoch(&self, place: usize) -> f64 {
        match &self.epochs {
            Some(numbers) => numbers.get(place).copied().unwrap_or(f64::NAN),
            None => place as f64 + 1.0,
        }
    }

    /// The numbers of all epochs of the longest series.
    fn numbers(&self) -> Result<Vec<f64>, PlotError> {
        let all = self.losses.iter().chain(&self.metrics);
        let longest = all.map(|s| s.1.len()).max().unwrap_or(0);
        let usable = |v: f64| v.is_finite() && v.abs() < 1e15;
        if let Some(numbers) = &self.epochs {
            PlotError::lengths("the list of epochs", longest, numbers.len())?;
            PlotError::values("the epochs", numbers, "a finite number below 10¹⁵", usable)?;
        }
        if let Some((name, epoch)) = &self.best {
            let what = format!("the epoch of `{name}`");
            PlotError::values(&what, &[*epoch], "a finite number below 10¹⁵", usable)?;
        }
        Ok((0..longest).map(|k| self.epoch(k)).collect())
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
            frame.upright(canvas, *epoch, guide);
        }
        for (name, values) in series {
            let at = names.iter().position(|n| n == name).unwrap_or(0);
            // Epochs that were not evaluated do not break the curve.
            let known: Vec<usize> = (0..values.len())
                .filter(|k| values[*k].is_finite())
                .collect();
            let x: Vec<f64> = known.iter().map(|k| self.epoch(*k)).collect();
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
        let part = (0.42 * width).max(250.0) + further_rows(self.names().into_iter(), width);
        if self.metrics.is_empty() || self.losses.is_empty() {
            part + 90.0
        } else {
            1.8 * part + 60.0
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let epochs = self.numbers()?;
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
                format!("{name} ({} {})", self.epoch_name, count(*epoch)),
                Swatch::Line(guide),
            ));
        }
        let area = header(canvas, area, &self.settings, &legend);
        let marked = self.best.iter().map(|best| best.1);
        let (low, high) = extent(epochs.iter().copied().chain(marked), false).unwrap_or((0.0, 1.0));
        let wide = (high - low).max(1.0);
        let ends = (low - 0.02 * wide, low + 1.02 * wide);
        let mut x = Axis::new(self.epoch_name.as_str(), ends);
        x.whole = epochs.iter().all(|epoch| epoch.fract() == 0.0);
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
                    say!(
                        out,
                        " {what}, {name}: from {} to {} over {} {}s, {} {} at {} {}.",
                        short(*first.1),
                        short(*last.1),
                        values.len(),
                        self.epoch_name,
                        if low { "lowest" } else { "highest" },
                        short(*best.1),
                        self.epoch_name,
                        count(self.epoch(best.0))
                    );
                }
            }
        }
        out
    }
}
