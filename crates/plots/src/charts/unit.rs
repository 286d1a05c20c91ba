//! Curves in the unit square: ROC and precision-recall.

use crate::canvas::{Canvas, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::fixed;
use crate::series::curve;
use crate::text::say;

use super::line::stroke;

#[derive(Debug, Clone)]
struct Curve {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    summary: f64,
}

/// Draws curves in the unit square, with a baseline and points on them.
struct Unit<'a> {
    names: (&'a str, &'a str),
    summary: &'a str,
    curves: &'a [Curve],
    points: &'a [(String, f64, f64)],
}

impl Unit<'_> {
    fn check(&self) -> Result<(), PlotError> {
        if self.curves.is_empty() {
            return Err(PlotError::empty("no curve was added"));
        }
        let share = |v: f64| (0.0..=1.0).contains(&v);
        for c in self.curves {
            PlotError::lengths(
                &format!("`{}`: {}", c.name, self.names.1),
                c.x.len(),
                c.y.len(),
            )?;
            if c.x.is_empty() {
                return Err(PlotError::empty(format!(
                    "the curve `{}` has no point",
                    c.name
                )));
            }
            for (what, values) in [(self.names.0, &c.x), (self.names.1, &c.y)] {
                PlotError::values(
                    &format!("`{}`: {what}", c.name),
                    values,
                    "from 0 to 1",
                    share,
                )?;
            }
        }
        for (name, x, y) in self.points {
            PlotError::values(
                &format!("the point `{name}`"),
                &[*x, *y],
                "from 0 to 1",
                share,
            )?;
        }
        Ok(())
    }

    fn draw(
        &self,
        canvas: &mut Canvas,
        area: Rect,
        settings: &Settings,
        base: (&str, [(f64, f64); 2]),
    ) -> Result<(), PlotError> {
        self.check()?;
        let chance = Stroke::new(canvas.colours.muted, 1.4).dash("5 4");
        let mut legend: Vec<Entry> = Vec::new();
        for (k, c) in self.curves.iter().enumerate() {
            let name = if c.summary.is_finite() {
                format!("{} ({} {})", c.name, self.summary, fixed(c.summary, 3))
            } else {
                c.name.clone()
            };
            legend.push(Entry::new(name, Swatch::Line(stroke(canvas, k))));
        }
        if !base.0.is_empty() {
            legend.push(Entry::new(base.0, Swatch::Line(chance)));
        }
        for (k, (name, ..)) in self.points.iter().enumerate() {
            let mark = Swatch::Mark(Shape::of(k + 1), canvas.colours.ink);
            legend.push(Entry::new(name.as_str(), mark));
        }
        let area = header(canvas, area, settings, &legend);
        let range = (-0.02, 1.02);
        let (x, y) = (
            Axis::new(self.names.0, range),
            Axis::new(self.names.1, range),
        );
        let room = Room {
            square: true,
            ..Room::default()
        };
        let frame = Frame::new(canvas, area, &x, &y, room);
        canvas.clip(frame.plot);
        if !base.0.is_empty() {
            let at = base.1.map(|p| (frame.x.map(p.0), frame.y.map(p.1)));
            canvas.line(at[0], at[1], chance);
        }
        for (k, c) in self.curves.iter().enumerate() {
            let stroke = stroke(canvas, k);
            canvas.open("series", format_args!(""));
            curve(canvas, &frame, &c.x, &c.y, stroke);
            canvas.close();
        }
        let ink = canvas.colours.ink;
        canvas.open("points", format_args!(" fill=\"{ink}\""));
        for (k, (_, x, y)) in self.points.iter().enumerate() {
            canvas.mark(Shape::of(k + 1), (frame.x.map(*x), frame.y.map(*y)), 5.0);
        }
        canvas.close();
        canvas.close_clip();
        Ok(())
    }

    fn describe(&self, kind: &str) -> String {
        let mut out = format!("{kind}: {} against {}.", self.names.1, self.names.0);
        for c in self.curves {
            say!(out, " {}: {} points", c.name, c.x.len());
            if c.summary.is_finite() {
                say!(out, ", {} {}", self.summary, fixed(c.summary, 3));
            }
            out.push('.');
        }
        out
    }
}

/// The receiver operating characteristic: the true positive rate against the false positive rate, with the diagonal of chance.
///
/// ```
/// use plots::{Chart, RocChart};
/// let (fpr, tpr) = ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0]);
/// let svg = RocChart::new("ROC").curve("model", &fpr, &tpr, 0.75).to_svg()?;
/// assert!(svg.contains("model (AUC 0.750)") && svg.contains("chance"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RocChart {
    settings: Settings,
    curves: Vec<Curve>,
    points: Vec<(String, f64, f64)>,
}

impl RocChart {
    /// No curve yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            curves: Vec::new(),
            points: Vec::new(),
        }
    }

    /// Adds a curve by its rates at falling thresholds and the area under it, which the legend shows (`f64::NAN` if it is not known).
    pub fn curve(
        mut self,
        name: impl Into<String>,
        false_positive_rate: &[f64],
        true_positive_rate: &[f64],
        area: f64,
    ) -> Self {
        self.curves.push(Curve {
            name: name.into(),
            x: false_positive_rate.to_vec(),
            y: true_positive_rate.to_vec(),
            summary: area,
        });
        self
    }

    /// Marks a point, such as the threshold that is used.
    pub fn point(
        mut self,
        name: impl Into<String>,
        false_positive_rate: f64,
        true_positive_rate: f64,
    ) -> Self {
        self.points
            .push((name.into(), false_positive_rate, true_positive_rate));
        self
    }

    fn unit(&self) -> Unit<'_> {
        Unit {
            names: ("false positive rate", "true positive rate"),
            summary: "AUC",
            curves: &self.curves,
            points: &self.points,
        }
    }
}

/// Room for legend and title above a square.
fn square_height(width: f64, entries: usize) -> f64 {
    let rows = (entries as f64 * 190.0 / width).ceil();
    width - 20.0 + 30.0 + 20.0 * rows
}

impl Draw for RocChart {
    settings!();

    fn natural_width(&self) -> f64 {
        540.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        square_height(width, self.curves.len() + 1 + self.points.len())
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let chance = ("chance", [(0.0, 0.0), (1.0, 1.0)]);
        self.unit().draw(canvas, area, &self.settings, chance)
    }

    fn describe(&self) -> String {
        self.unit().describe("ROC curve")
    }
}

/// Precision against recall, with the share of the class that is to be found as the line that guessing reaches.
///
/// ```
/// use plots::{Chart, PrecisionRecallChart};
/// let (recall, precision) = ([0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 2.0 / 3.0, 0.5]);
/// let svg = PrecisionRecallChart::new("Precision and recall").curve("model", &recall, &precision, 0.833).prevalence(0.5)
///     .class("ill").to_svg()?;
/// assert!(svg.contains("model (AP 0.833)") && svg.contains("share of ill (0.500)"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PrecisionRecallChart {
    settings: Settings,
    curves: Vec<Curve>,
    points: Vec<(String, f64, f64)>,
    prevalence: Option<f64>,
    class: String,
}

impl PrecisionRecallChart {
    /// No curve yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            curves: Vec::new(),
            points: Vec::new(),
            prevalence: None,
            class: "class 1".to_owned(),
        }
    }

    /// Adds a curve by its points at falling thresholds and the average precision, which the legend shows (`f64::NAN` if it is not known).
    ///
    /// It is drawn in steps, as the average precision sums it: a recall has the precision of the threshold that reaches it.
    pub fn curve(
        mut self,
        name: impl Into<String>,
        recall: &[f64],
        precision: &[f64],
        average_precision: f64,
    ) -> Self {
        self.curves.push(Curve {
            name: name.into(),
            x: recall.to_vec(),
            y: precision.to_vec(),
            summary: average_precision,
        });
        self
    }

    /// Marks a point, such as the threshold that is used.
    pub fn point(mut self, name: impl Into<String>, recall: f64, precision: f64) -> Self {
        self.points.push((name.into(), recall, precision));
        self
    }

    /// What class 1 is called; "class 1" unless set.
    pub fn class(mut self, name: impl Into<String>) -> Self {
        self.class = name.into();
        self
    }

    /// The share of class 1 in the data.
    pub fn prevalence(mut self, share: f64) -> Self {
        self.prevalence = Some(share);
        self
    }

    fn unit<'a>(&'a self, curves: &'a [Curve]) -> Unit<'a> {
        Unit {
            names: ("recall", "precision"),
            summary: "AP",
            curves,
            points: &self.points,
        }
    }
}

/// The corners of a curve that is constant up to each of its points.
fn steps(c: &Curve) -> Curve {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (k, (right, height)) in c.x.iter().zip(&c.y).enumerate() {
        x.extend([if k == 0 { 0.0 } else { c.x[k - 1] }, *right]);
        y.extend([*height; 2]);
    }
    Curve { x, y, ..c.clone() }
}

impl Draw for PrecisionRecallChart {
    settings!();

    fn natural_width(&self) -> f64 {
        540.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        square_height(width, self.curves.len() + 1 + self.points.len())
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        self.unit(&self.curves).check()?;
        let stepped: Vec<Curve> = self.curves.iter().map(steps).collect();
        let unit = self.unit(&stepped);
        let Some(share) = self.prevalence else {
            return unit.draw(canvas, area, &self.settings, ("", [(0.0, 0.0); 2]));
        };
        PlotError::values("the prevalence", &[share], "from 0 to 1", |v| {
            (0.0..=1.0).contains(&v)
        })?;
        let name = format!("share of {} ({})", self.class, fixed(share, 3));
        unit.draw(
            canvas,
            area,
            &self.settings,
            (&name, [(0.0, share), (1.0, share)]),
        )
    }

    fn describe(&self) -> String {
        self.unit(&self.curves).describe("Precision-recall curve")
    }
}
