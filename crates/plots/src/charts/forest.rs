//! Coefficients with their intervals.

use crate::canvas::{Anchor, Canvas, Font, Path, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::{fixed, magnitude, short};
use crate::scale::{Tick, extent, widen};
use crate::text::{self, TICK};

/// The height of a row, in pixels.
const ROW: f64 = 28.0;
/// More rows than this cannot be read.
const MOST: usize = 250;
/// Beside narrower plots the numbers are left out.
const NUMBERS: f64 = 560.0;

/// Estimates with intervals, one below the other, and the value that means "no effect".
///
/// Intervals that exclude it have a filled mark, the others a hollow one.
///
/// ```
/// use plots::{Chart, ForestChart};
/// let chart = ForestChart::new("Coefficients", "log odds").row("assist", 0.68, -0.48, 1.84).row("rebound", 0.40, 0.10, 0.70);
/// assert_eq!(chart.alt_text(), "Forest plot of 2 estimates (log odds, reference 0). assist: 0.680 (−0.480 to 1.84). rebound: 0.400 (0.100 to 0.700).");
/// assert!(chart.to_svg()?.contains("0.40 [0.10, 0.70]"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ForestChart {
    settings: Settings,
    name: String,
    level: String,
    ratio: bool,
    rows: Vec<(String, [f64; 3])>,
}

impl ForestChart {
    /// No row yet; the name is that of the estimates, with their unit.
    pub fn new(title: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            settings: Settings::new(title),
            name: name.into(),
            level: "95 %".to_owned(),
            ratio: false,
            rows: Vec::new(),
        }
    }

    /// Adds an estimate with the ends of its interval; an infinite end becomes an arrow, an estimate that is NaN stays empty.
    pub fn row(mut self, name: impl Into<String>, estimate: f64, lower: f64, upper: f64) -> Self {
        let name = text::clean(&name.into());
        self.rows.push((name, [estimate, lower, upper]));
        self
    }

    /// The estimates are ratios (odds, rates, hazards): the axis is logarithmic and the reference is 1.
    pub fn ratio(mut self) -> Self {
        self.ratio = true;
        self
    }

    /// The level of the intervals, for the legend; "95 %" unless set.
    pub fn level(mut self, level: impl Into<String>) -> Self {
        self.level = level.into();
        self
    }

    fn reference(&self) -> f64 {
        if self.ratio { 1.0 } else { 0.0 }
    }

    fn range(&self) -> Result<(f64, f64), PlotError> {
        let all = || self.rows.iter().flat_map(|r| r.1);
        if self.rows.is_empty() {
            return Err(PlotError::empty("no row was added"));
        }
        if self.rows.len() > MOST {
            return Err(PlotError::TooMany {
                what: "a forest plot",
                found: self.rows.len(),
                most: MOST,
            });
        }
        for (name, [estimate, lower, upper]) in &self.rows {
            if self.ratio {
                let needed = "positive, as a ratio is";
                PlotError::values(
                    &format!("the estimate of `{name}`"),
                    &[*estimate],
                    needed,
                    |v| v.is_nan() || v > 0.0,
                )?;
            }
            if lower > estimate || upper < estimate {
                return Err(PlotError::Value {
                    what: format!("the interval of `{name}`"),
                    index: usize::from(upper < estimate),
                    value: if lower > estimate { *lower } else { *upper },
                    needed: "on its side of the estimate",
                });
            }
        }
        let Some(data) = extent(all(), self.ratio) else {
            return Err(PlotError::empty("no estimate is finite"));
        };
        let reference = self.reference();
        Ok(widen(
            (data.0.min(reference), data.1.max(reference)),
            self.ratio,
        ))
    }
}

/// Decimals that show two digits of the narrowest half interval; none where the numbers are better written as powers.
fn decimals(rows: &[(String, [f64; 3])]) -> Option<usize> {
    let finite = || rows.iter().flat_map(|r| r.1).filter(|v| v.is_finite());
    let largest = finite().fold(0.0, |a: f64, b| a.max(b.abs()));
    let widths = rows.iter().map(|r| 0.5 * (r.1[2] - r.1[1]));
    let narrowest = widths
        .filter(|w| w.is_finite() && *w > 0.0)
        .fold(f64::INFINITY, f64::min);
    let digit = magnitude(if narrowest.is_finite() {
        narrowest
    } else {
        largest
    });
    let fits = magnitude(largest) < 6 && digit > -4;
    fits.then_some(usize::try_from(1 - digit).unwrap_or(0))
}

/// "0.40 [0.10, 0.70]".
fn numbers([estimate, lower, upper]: [f64; 3], decimals: Option<usize>) -> String {
    let text = |v: f64| match decimals {
        Some(decimals) if v.is_finite() => fixed(v, decimals),
        _ => short(v),
    };
    format!("{} [{}, {}]", text(estimate), text(lower), text(upper))
}

impl Draw for ForestChart {
    settings!();

    fn natural_width(&self) -> f64 {
        720.0
    }

    fn natural_height(&self, _width: f64) -> f64 {
        let rows = self.rows.len().min(MOST) as f64;
        (140.0 + ROW * rows + 20.0).max(200.0)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        let range = self.range()?;
        let (colours, reference) = (canvas.colours, self.reference());
        let (sure, unsure) = (colours.series[0], colours.muted);
        let what = if self.ratio { "1" } else { "0" };
        let legend = [
            Entry::new(
                format!("{} interval without {what}", self.level),
                Swatch::Line(Stroke::new(sure, 3.0)),
            ),
            Entry::new(
                format!("with {what}"),
                Swatch::Line(Stroke::new(unsure, 1.8)),
            ),
        ];
        let whole = area;
        let decimals = decimals(&self.rows);
        let area = header(canvas, area, &self.settings, &legend);
        let shown = self.rows.iter().map(|r| numbers(r.1, decimals));
        let widest = shown.map(|s| text::width(&s, TICK)).fold(0.0, f64::max);
        let wide = whole.w >= NUMBERS && widest < 0.35 * whole.w;
        let mut x = Axis::new(self.name.as_str(), range);
        x.log = self.ratio;
        let n = self.rows.len();
        let mut y = Axis::new("", (-0.6, n as f64 - 0.4));
        y.reversed = true;
        let named = self.rows.iter().enumerate().map(|(k, r)| Tick {
            at: k as f64,
            label: r.0.clone(),
        });
        y.named = named.collect();
        let room = Room {
            right: if wide { widest + 14.0 } else { 0.0 },
            ..Room::default()
        };
        let frame = Frame::new(canvas, area, &x, &y, room);
        let plot = frame.plot;
        frame.upright(canvas, reference, Stroke::new(colours.ink, 1.3));
        for (k, (_, row)) in self.rows.iter().enumerate() {
            let at = frame.y.map(k as f64);
            let [estimate, lower, upper] = *row;
            if wide {
                let font = Font::new(TICK, colours.ink).anchor(Anchor::End);
                let place = (plot.right() + widest + 12.0, at + 0.35 * TICK);
                canvas.text(place, &numbers(*row, decimals), font);
            }
            let Some(middle) = frame.x.takes(estimate).then(|| frame.x.map(estimate)) else {
                continue;
            };
            let excludes = lower > reference || upper < reference;
            let colour = if excludes { sure } else { unsure };
            let stroke = Stroke::new(colour, if excludes { 3.0 } else { 1.8 });
            canvas.open("interval", format_args!(""));
            let end = |v: f64, edge: f64, sign: f64| {
                if frame.x.takes(v) {
                    (frame.x.map(v), None)
                } else {
                    let tip = Path::default()
                        .through(&[
                            (edge, at),
                            (edge - 7.0 * sign, at - 4.0),
                            (edge - 7.0 * sign, at + 4.0),
                        ])
                        .close();
                    (edge, Some(tip))
                }
            };
            if !lower.is_nan() && !upper.is_nan() {
                let (left, right) = (end(lower, plot.x, -1.0), end(upper, plot.right(), 1.0));
                canvas.line((left.0, at), (right.0, at), stroke);
                for tip in [left.1, right.1].into_iter().flatten() {
                    canvas.fill(&tip, colour, 1.0);
                }
            }
            let inside = if excludes { colour } else { colours.paper };
            canvas.open(
                "estimate",
                format_args!(" fill=\"{inside}\" stroke=\"{colour}\" stroke-width=\"1.8\""),
            );
            canvas.mark(Shape::Square, (middle, at), 5.0);
            canvas.close();
            canvas.close();
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let mut out = format!(
            "Forest plot of {} estimates ({}, reference {}).",
            self.rows.len(),
            self.name,
            self.reference()
        );
        for (name, [estimate, lower, upper]) in self.rows.iter().take(20) {
            out += &format!(
                " {name}: {} ({} to {}).",
                short(*estimate),
                short(*lower),
                short(*upper)
            );
        }
        if self.rows.len() > 20 {
            out += &format!(" And {} more.", self.rows.len() - 20);
        }
        out
    }
}
