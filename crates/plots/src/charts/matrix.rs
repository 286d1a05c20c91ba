//! Matrices of coloured cells: confusion and correlation.

use crate::bar;
use crate::canvas::{Anchor, Canvas, Font, Rect};
use crate::chart::{Draw, Settings, settings};
use crate::colour::{self, Colour};
use crate::error::PlotError;
use crate::frame::header;
use crate::number::{count, fixed};
use crate::text::say;
use crate::text::{self, NAME, TICK};

/// More rows than this cannot be read.
const MOST: usize = 200;

/// Names along the sides of a matrix.
struct Sides<'a> {
    names: &'a [String],
    row_title: &'a str,
    column_title: &'a str,
}

impl Sides<'_> {
    /// Draws the names and returns where the cells go, and the side of a cell.
    fn draw(&self, canvas: &mut Canvas, area: Rect, right: f64) -> (Rect, f64) {
        let n = self.names.len() as f64;
        let widest = |share: f64| {
            let room = share * area.w;
            let widths = self.names.iter().map(|s| text::width(s, TICK).min(room));
            (widths.fold(0.0, f64::max), room)
        };
        let (left, left_room) = widest(0.28);
        let titled = |title: &str| if title.is_empty() { 0.0 } else { NAME + 10.0 };
        let beside = left + 8.0 + titled(self.row_title);
        let across = area.w - beside - right;
        // Names that are wider than their column are turned.
        let turned = left + 4.0 > across.min(area.h) / n;
        let (below, below_room) = if turned {
            let (w, room) = widest(0.22);
            (w + 8.0, room)
        } else {
            (TICK + 8.0, across / n)
        };
        let side = (across / n)
            .min((area.h - below - titled(self.column_title)) / n)
            .max(0.5);
        let plot = Rect {
            x: area.x + beside + 0.5 * (across - side * n).max(0.0),
            y: area.y,
            w: side * n,
            h: side * n,
        };
        let colours = canvas.colours;
        // Where cells are lower than a line of text, some names are left out.
        let every = ((TICK + 1.0) / side).ceil().max(1.0) as usize;
        for (k, name) in self.names.iter().enumerate().step_by(every) {
            let middle = (k as f64 + 0.5) * side;
            let font = Font::new(TICK, colours.ink).anchor(Anchor::End);
            let at = (plot.x - 7.0, plot.y + middle + 0.35 * TICK);
            canvas.text_within(at, name, font, left_room);
            if turned {
                let at = (plot.x + middle + 0.35 * TICK, plot.bottom() + 7.0);
                canvas.text_within(at, name, font.turn(-90.0), below_room);
            } else {
                let at = (plot.x + middle, plot.bottom() + 7.0 + 0.75 * TICK);
                let font = font.anchor(Anchor::Middle);
                canvas.text_within(at, name, font, below_room);
            }
        }
        let font = Font::new(NAME, colours.ink).anchor(Anchor::Middle);
        let at = (plot.x - left - 8.0 - 0.5 * NAME, plot.y + 0.5 * plot.h);
        canvas.text_within(at, self.row_title, font.turn(-90.0), plot.h);
        let at = (plot.x + 0.5 * plot.w, plot.bottom() + below + NAME + 4.0);
        canvas.text_within(at, self.column_title, font, plot.w + 40.0);
        (plot, side)
    }
}

/// The second line of a cell is smaller than the first.
const SECOND: f64 = 0.85;

/// A cell: its place, its colour and its lines of text.
type Cell = (Rect, Colour, Vec<String>);

/// Draws cells with text of one size, as large as all of it fits; without the second lines, or without text, where it does not.
fn draw_cells(canvas: &mut Canvas, cells: &[Cell]) {
    let size = |lines: usize| {
        let fits = cells.iter().map(|(r, _, text)| {
            let text = &text[..lines.min(text.len())];
            let shrunk = |(k, l): (usize, &String)| SECOND.powi(k as i32) * text::width(l, 1.0);
            let widest = text.iter().enumerate().map(shrunk).fold(0.1, f64::max);
            ((r.w - 6.0) / widest).min((r.h - 6.0) / (1.3 * text.len().max(1) as f64))
        });
        fits.fold(15.0, f64::min)
    };
    let lines = if size(2) < 8.5 { 1 } else { 2 };
    let size = size(lines);
    canvas.open("cells", format_args!(""));
    for (r, fill, text) in cells {
        let gap = if r.w > 12.0 { 1.0 } else { 0.0 };
        let round = if r.w > 30.0 { 2.0 } else { 0.0 };
        canvas.rect(r.inset(0.0, 0.0, gap, gap), *fill, 1.0, round);
        if size < 7.5 {
            continue;
        }
        let shown = &text[..lines.min(text.len())];
        for (k, line) in shown.iter().enumerate() {
            let small = if k == 0 { size } else { SECOND * size };
            let row = k as f64 - 0.5 * (shown.len() as f64 - 1.0);
            let y = r.y + 0.5 * r.h + row * 1.3 * size + 0.35 * small;
            let font = Font::new(small, fill.ink()).anchor(Anchor::Middle);
            canvas.text((r.x + 0.5 * r.w, y), line, font);
        }
    }
    canvas.close();
}

fn check(names: &[String], cells: &[f64], what: &'static str) -> Result<(), PlotError> {
    if names.is_empty() {
        return Err(PlotError::empty(format!("{what} of nothing")));
    }
    if names.len() > MOST {
        return Err(PlotError::TooMany {
            what,
            found: names.len(),
            most: MOST,
        });
    }
    PlotError::lengths(
        &format!("the cells of {what}"),
        names.len() * names.len(),
        cells.len(),
    )
}

fn width_for(names: &[String], cell: f64) -> f64 {
    let widest = names
        .iter()
        .map(|n| text::width(n, TICK))
        .fold(0.0, f64::max);
    (150.0 + widest.min(180.0) + cell * names.len() as f64).clamp(420.0, 900.0)
}

/// The height at which the cells fill the width.
fn height_for(names: &[String], width: f64, titles: bool) -> f64 {
    let w = width - 28.0;
    let widest = names
        .iter()
        .map(|n| text::width(n, TICK))
        .fold(0.0, f64::max);
    let title = if titles { NAME + 10.0 } else { 0.0 };
    let across = w - widest.min(0.28 * w) - 8.0 - title - 105.0;
    let turned = widest + 4.0 > across / names.len().max(1) as f64;
    let below = if turned { widest.min(0.22 * w) } else { TICK } + 8.0 + title;
    (across + below + 78.0).max(220.0)
}

fn strings<S: AsRef<str>>(names: &[S]) -> Vec<String> {
    names.iter().map(|n| text::clean(n.as_ref())).collect()
}

/// True classes against predicted ones: the number of observations and their share of the row.
///
/// ```
/// use plots::{Chart, ConfusionChart};
/// let chart = ConfusionChart::new("Confusion", &["fails", "passes"], &[50.0, 10.0, 5.0, 35.0]);
/// let svg = chart.to_svg()?;
/// assert!(svg.contains(">50</text>") && svg.contains(">83.3 %</text>") && svg.contains(">87.5 %</text>"));
/// assert!(chart.alt_text().contains("85 of 100 on the diagonal (85.0 %)"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConfusionChart {
    settings: Settings,
    classes: Vec<String>,
    counts: Vec<f64>,
}

impl ConfusionChart {
    /// From the counts (or weights), a row of them for each true class: `counts[truth * classes + predicted]`.
    pub fn new<S: AsRef<str>>(title: impl Into<String>, classes: &[S], counts: &[f64]) -> Self {
        Self {
            settings: Settings::new(title),
            classes: strings(classes),
            counts: counts.to_vec(),
        }
    }
}

impl Draw for ConfusionChart {
    settings!();

    fn natural_width(&self) -> f64 {
        width_for(&self.classes, 84.0)
    }

    fn natural_height(&self, width: f64) -> f64 {
        height_for(&self.classes, width, true)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        check(&self.classes, &self.counts, "a confusion matrix")?;
        PlotError::values(
            "the counts",
            &self.counts,
            "a finite number of at least 0",
            |v| v.is_finite() && v >= 0.0,
        )?;
        let n = self.classes.len();
        let area = header(canvas, area, &self.settings, &[]);
        let labels: Vec<(f64, String)> = (0..=4)
            .map(|k| (0.25 * f64::from(k), format!("{} %", 25 * k)))
            .collect();
        let sides = Sides {
            names: &self.classes,
            row_title: "true class",
            column_title: "predicted class",
        };
        let (plot, side) = sides.draw(canvas, area, bar::room(&labels));
        let map = canvas.colours.sequential;
        let mut cells: Vec<Cell> = Vec::new();
        for (row, counts) in self.counts.chunks(n).enumerate() {
            // Divided first, so that a sum of large weights stays finite.
            let largest = counts.iter().fold(0.0, |a: f64, b| a.max(*b));
            let sum: f64 = counts.iter().map(|c| c / largest).sum();
            for (column, c) in counts.iter().enumerate() {
                let share = if largest > 0.0 {
                    c / largest / sum
                } else {
                    0.0
                };
                let percent = if largest > 0.0 {
                    format!("{} %", fixed(100.0 * share, 1))
                } else {
                    "–".to_owned()
                };
                let r = Rect {
                    x: plot.x + column as f64 * side,
                    y: plot.y + row as f64 * side,
                    w: side,
                    h: side,
                };
                cells.push((r, colour::along(&map, share), vec![count(*c), percent]));
            }
        }
        draw_cells(canvas, &cells);
        bar::draw(
            canvas,
            plot,
            &map,
            (0.0, 1.0),
            &[],
            &labels,
            "share of the true class",
        );
        Ok(())
    }

    fn describe(&self) -> String {
        let n = self.classes.len();
        let total: f64 = self.counts.iter().sum();
        let right: f64 = self.counts.iter().step_by(n + 1).sum();
        let mut out = format!(
            "Confusion matrix of {n} classes: {} of {} on the diagonal",
            count(right),
            count(total)
        );
        // Divided first, so that a sum of large weights stays finite. There is no share of nothing.
        let largest = self.counts.iter().fold(0.0, |a: f64, b| a.max(*b));
        if largest > 0.0 {
            let scaled = || self.counts.iter().map(|c| c / largest);
            let share = scaled().step_by(n + 1).sum::<f64>() / scaled().sum::<f64>();
            say!(out, " ({} %)", fixed(100.0 * share, 1));
        }
        out.push('.');
        out
    }
}

/// Correlations of columns, as colours from −1 by 0 to 1 and as numbers.
///
/// A correlation that does not exist (of a constant column) is NaN and drawn as a dash.
///
/// ```
/// use plots::{Chart, CorrelationChart};
/// let svg = CorrelationChart::new("Correlation", &["rebound", "assist"], &[1.0, 0.53, 0.53, 1.0]).to_svg()?;
/// assert_eq!(svg.matches(">0.53</text>").count(), 2);
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct CorrelationChart {
    settings: Settings,
    names: Vec<String>,
    values: Vec<f64>,
}

impl CorrelationChart {
    /// From the matrix, row by row.
    pub fn new<S: AsRef<str>>(title: impl Into<String>, names: &[S], values: &[f64]) -> Self {
        Self {
            settings: Settings::new(title),
            names: strings(names),
            values: values.to_vec(),
        }
    }
}

impl Draw for CorrelationChart {
    settings!();

    fn natural_width(&self) -> f64 {
        width_for(&self.names, 58.0)
    }

    fn natural_height(&self, width: f64) -> f64 {
        height_for(&self.names, width, false)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        check(&self.names, &self.values, "a correlation matrix")?;
        PlotError::values("the correlations", &self.values, "from −1 to 1", |v| {
            v.is_nan() || v.abs() <= 1.0 + 1e-9
        })?;
        let n = self.names.len();
        let area = header(canvas, area, &self.settings, &[]);
        let labels: Vec<(f64, String)> = (-2..=2)
            .map(|k| (0.5 * f64::from(k), fixed(0.5 * f64::from(k), 1)))
            .collect();
        let sides = Sides {
            names: &self.names,
            row_title: "",
            column_title: "",
        };
        let (plot, side) = sides.draw(canvas, area, bar::room(&labels));
        let map = canvas.colours.diverging;
        let mut cells: Vec<Cell> = Vec::new();
        for (k, value) in self.values.iter().enumerate() {
            let r = Rect {
                x: plot.x + (k % n) as f64 * side,
                y: plot.y + (k / n) as f64 * side,
                w: side,
                h: side,
            };
            let (fill, text) = if value.is_nan() {
                (canvas.colours.grid, "–".to_owned())
            } else {
                (colour::along(&map, 0.5 + 0.5 * value), fixed(*value, 2))
            };
            cells.push((r, fill, vec![text]));
        }
        draw_cells(canvas, &cells);
        bar::draw(canvas, plot, &map, (-1.0, 1.0), &[], &labels, "correlation");
        Ok(())
    }

    fn describe(&self) -> String {
        let n = self.names.len();
        let off = |k: &usize| k / n < k % n && self.values[*k].is_finite();
        let strongest = (0..self.values.len().min(n * n))
            .filter(off)
            .max_by(|a, b| self.values[*a].abs().total_cmp(&self.values[*b].abs()));
        let mut out = format!("Correlation matrix of {n} columns.");
        if let Some(k) = strongest {
            say!(
                out,
                " The strongest is {} between {} and {}.",
                fixed(self.values[k], 2),
                self.names[k / n],
                self.names[k % n]
            );
        }
        out
    }
}
