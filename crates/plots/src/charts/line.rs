//! Curves and points over common axes.

use crate::canvas::{Anchor, Canvas, Font, Path, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, further_rows, header};
use crate::number::short;
use crate::scale::{extent, union, widen};
use crate::series::{DENSE, cloud, cloud_name, curve, is_dense, simplify};
use crate::text::TICK;
use crate::text::say;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Curve,
    Points,
    Band,
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    /// The upper edge of a band.
    upper: Vec<f64>,
    kind: Kind,
}

/// Curves, points and bands with axis names and a legend: sigmoids, losses, costs.
///
/// Points that are not finite (on a logarithmic axis: not positive) are left out; a curve breaks there. A curve of many points is drawn
/// with as many as the eye can tell apart, and a cloud of more than 4000 points as hexagons, so a file stays small for any data.
///
/// ```
/// use plots::{Chart, LineChart};
/// let x: Vec<f64> = (-50..=50).map(|k| f64::from(k) / 10.0).collect();
/// let y: Vec<f64> = x.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
/// let svg = LineChart::new("The sigmoid", "x", "σ(x)").curve("σ(x)", &x, &y).to_svg()?;
/// assert!(svg.contains("The sigmoid"));
/// assert!(svg.contains("<desc>Line chart of σ(x) against x. σ(x): 101 points, x from −5.00 to 5.00, y from 0.00669 to 0.993.</desc>"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LineChart {
    settings: Settings,
    x: Axis,
    y: Axis,
    x_range: Option<(f64, f64)>,
    y_range: Option<(f64, f64)>,
    series: Vec<Series>,
    levels: Vec<(String, f64)>,
    marks: Vec<(String, f64)>,
}

impl LineChart {
    /// An empty chart. Units belong into the names of the axes: `"time / s"`.
    pub fn new(
        title: impl Into<String>,
        x_name: impl Into<String>,
        y_name: impl Into<String>,
    ) -> Self {
        Self {
            settings: Settings::new(title),
            x: Axis::new(x_name, (0.0, 1.0)),
            y: Axis::new(y_name, (0.0, 1.0)),
            x_range: None,
            y_range: None,
            series: Vec::new(),
            levels: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Adds a curve through points in their order.
    pub fn curve(self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.add(name.into(), x, y, &[], Kind::Curve)
    }

    /// Adds points.
    pub fn points(self, name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        self.add(name.into(), x, y, &[], Kind::Points)
    }

    /// Adds the area between two curves over the same x, such as an interval.
    pub fn band(self, name: impl Into<String>, x: &[f64], lower: &[f64], upper: &[f64]) -> Self {
        self.add(name.into(), x, lower, upper, Kind::Band)
    }

    /// Adds a dashed line at a height, with its name at its end.
    pub fn level(mut self, name: impl Into<String>, y: f64) -> Self {
        self.levels.push((name.into(), y));
        self
    }

    /// Adds a dashed upright line, with its name at its top.
    pub fn mark(mut self, name: impl Into<String>, x: f64) -> Self {
        self.marks.push((name.into(), x));
        self
    }

    /// A logarithmic x axis.
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// A logarithmic y axis.
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// Whole numbers alone at the x axis, as for epochs.
    pub fn whole_x(mut self) -> Self {
        self.x.whole = true;
        self
    }

    /// Shows these x instead of those of the data.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x_range = Some((low, high));
        self
    }

    /// Shows these y instead of those of the data.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y_range = Some((low, high));
        self
    }

    fn add(mut self, name: String, x: &[f64], y: &[f64], upper: &[f64], kind: Kind) -> Self {
        self.series.push(Series {
            name,
            x: x.to_vec(),
            y: y.to_vec(),
            upper: upper.to_vec(),
            kind,
        });
        self
    }

    /// The axes with their ranges.
    fn axes(&self) -> Result<(Axis, Axis), PlotError> {
        let (mut x, mut y) = (self.x.clone(), self.y.clone());
        let (mut x_data, mut y_data) = (None, None);
        for s in &self.series {
            PlotError::lengths(&format!("the y of `{}`", s.name), s.x.len(), s.y.len())?;
            if s.kind == Kind::Band {
                let what = format!("the upper edge of `{}`", s.name);
                PlotError::lengths(&what, s.x.len(), s.upper.len())?;
            }
            let usable = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
            let both = || {
                s.x.iter()
                    .zip(&s.y)
                    .chain(s.x.iter().zip(&s.upper))
                    .filter(|(a, b)| usable(**a, x.log) && usable(**b, y.log))
            };
            x_data = union(x_data, extent(both().map(|p| *p.0), x.log));
            y_data = union(y_data, extent(both().map(|p| *p.1), y.log));
        }
        let (Some(x_data), Some(y_data)) = (x_data, y_data) else {
            return Err(PlotError::empty(if self.x.log || self.y.log {
                "no series has a point that is finite, and positive on a logarithmic axis"
            } else {
                "no series has a finite point"
            }));
        };
        let levels = extent(self.levels.iter().map(|l| l.1), y.log);
        let y_data = union(Some(y_data), levels).unwrap_or(y_data);
        let marks = extent(self.marks.iter().map(|m| m.1), x.log);
        let x_data = union(Some(x_data), marks).unwrap_or(x_data);
        x.range = chosen("the range of x", self.x_range, widen(x_data, x.log), x.log)?;
        y.range = chosen("the range of y", self.y_range, widen(y_data, y.log), y.log)?;
        Ok((x, y))
    }

    /// The points of a cloud that have a place; 0 of a curve or a band.
    fn placed(&self, s: &Series) -> usize {
        let usable = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
        let has_place = |(x, y): &(&f64, &f64)| usable(**x, self.x.log) && usable(**y, self.y.log);
        match s.kind {
            Kind::Points => s.x.iter().zip(&s.y).filter(has_place).count(),
            Kind::Curve | Kind::Band => 0,
        }
    }

    fn legend(&self, canvas: &Canvas) -> Vec<Entry> {
        let dense = |s: &Series| is_dense(self.placed(s));
        if self.series.len() < 2 && !self.series.iter().any(dense) {
            return Vec::new();
        }
        let entry = |(k, s): (usize, &Series)| {
            let stroke = stroke(canvas, k);
            let swatch = match s.kind {
                Kind::Curve => Swatch::Line(stroke),
                Kind::Points => Swatch::Mark(Shape::of(k), stroke.colour),
                Kind::Band => Swatch::Area(stroke.colour, 0.22),
            };
            Entry::new(cloud_name(&s.name, self.placed(s)), swatch)
        };
        self.series.iter().enumerate().map(entry).collect()
    }
}

/// A range that was asked for, if it is one.
fn chosen(
    what: &str,
    asked: Option<(f64, f64)>,
    data: (f64, f64),
    log: bool,
) -> Result<(f64, f64), PlotError> {
    let Some((low, high)) = asked else {
        return Ok(data);
    };
    PlotError::values(what, &[low, high], "finite", f64::is_finite)?;
    if log {
        PlotError::values(
            what,
            &[low, high],
            "positive, as a logarithmic axis needs",
            |v| v > 0.0,
        )?;
    }
    PlotError::values(what, &[high], "larger than its beginning", |v| v > low)?;
    Ok((low, high))
}

/// Colour and dashes of a series: after seven colours the dashes change.
pub fn stroke(canvas: &Canvas, k: usize) -> Stroke {
    let colours = canvas.colours.series;
    let dashes = ["", "8 4", "2 4", "10 4 2 4"];
    let n = colours.len();
    Stroke::new(colours[k % n], 2.2).dash(dashes[k / n % dashes.len()])
}

impl Draw for LineChart {
    settings!();

    fn natural_height(&self, width: f64) -> f64 {
        let names = self.series.iter().map(|s| s.name.as_str());
        (0.62 * width).max(320.0) + further_rows(names, width)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let (x, y) = self.axes()?;
        let area = header(canvas, area, &self.settings, &self.legend(canvas));
        let frame = Frame::new(canvas, area, &x, &y, Room::default());
        let guide = Stroke::new(canvas.colours.muted, 1.3).dash("5 4");
        canvas.clip(frame.plot);
        for (_, level) in &self.levels {
            frame.across(canvas, *level, guide);
        }
        for (_, mark) in &self.marks {
            frame.upright(canvas, *mark, guide);
        }
        // Areas lie below curves, and so do clouds; single points lie above.
        let layer = |s: &Series| match s.kind {
            Kind::Band => 0,
            Kind::Points => {
                if s.x.len() > 60 {
                    1
                } else {
                    3
                }
            }
            Kind::Curve => 2,
        };
        let mut order: Vec<usize> = (0..self.series.len()).collect();
        order.sort_by_key(|k| layer(&self.series[*k]));
        for k in order {
            let s = &self.series[k];
            let stroke = stroke(canvas, k);
            canvas.open("series", format_args!(""));
            match s.kind {
                Kind::Curve => curve(canvas, &frame, &s.x, &s.y, stroke),
                Kind::Band => band(canvas, &frame, &s.x, (&s.y, &s.upper), stroke),
                Kind::Points => {
                    let points = s.x.iter().zip(&s.y).filter_map(|(x, y)| frame.at(*x, *y));
                    cloud(
                        canvas,
                        &points.collect::<Vec<_>>(),
                        Shape::of(k),
                        stroke.colour,
                    );
                }
            }
            canvas.close();
        }
        canvas.close_clip();
        let font = Font::new(TICK, canvas.colours.muted).rim(canvas.colours.paper);
        for (name, level) in &self.levels {
            if *level >= frame.y.low && *level <= frame.y.high {
                let at = (frame.plot.right() - 4.0, frame.y.map(*level) - 4.0);
                canvas.text_within(at, name, font.anchor(Anchor::End), 0.6 * frame.plot.w);
            }
        }
        for (name, mark) in &self.marks {
            if *mark >= frame.x.low && *mark <= frame.x.high {
                let (at, right) = (frame.x.map(*mark), frame.plot.right());
                let (anchor, shift) = if at > frame.plot.x + 0.6 * frame.plot.w {
                    (Anchor::End, -5.0)
                } else {
                    (Anchor::Start, 5.0)
                };
                let room = if shift < 0.0 {
                    at - frame.plot.x
                } else {
                    right - at
                } - 8.0;
                let at = (at + shift, frame.plot.y + TICK);
                canvas.text_within(at, name, font.anchor(anchor), room);
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let mut text = format!("Line chart of {} against {}.", self.y.name, self.x.name);
        for s in self.series.iter().take(12) {
            let (x, y) = (
                extent(s.x.iter().copied(), false),
                extent(s.y.iter().chain(&s.upper).copied(), false),
            );
            if let (Some(x), Some(y)) = (x, y) {
                say!(
                    text,
                    " {}: {} points, x from {} to {}, y from {} to {}.",
                    s.name,
                    s.x.len(),
                    short(x.0),
                    short(x.1),
                    short(y.0),
                    short(y.1)
                );
                if is_dense(self.placed(s)) {
                    text += DENSE;
                }
            }
        }
        if self.series.len() > 12 {
            say!(text, " And {} more series.", self.series.len() - 12);
        }
        text
    }
}

/// The area between two curves.
pub fn band(
    canvas: &mut Canvas,
    frame: &Frame,
    x: &[f64],
    (lower, upper): (&[f64], &[f64]),
    stroke: Stroke,
) {
    let mut path = Path::default();
    let usable =
        |k: &usize| frame.at(x[*k], lower[*k]).is_some() && frame.at(x[*k], upper[*k]).is_some();
    let rows: Vec<usize> = (0..x.len().min(lower.len()).min(upper.len())).collect();
    for run in rows.split(|k| !usable(k)).filter(|r| !r.is_empty()) {
        let edge =
            |y: &[f64]| simplify(run.iter().filter_map(|k| frame.at(x[*k], y[*k])).collect());
        let mut outline = edge(lower);
        outline.extend(edge(upper).into_iter().rev());
        path = path.through(&outline).close();
    }
    canvas.fill(&path, stroke.colour, 0.22);
}
