//! A function of two variables over a grid.

use crate::canvas::{Canvas, Path, Stroke};
use crate::colour::{self, Colour};
use crate::contour::Grid;
use crate::error::PlotError;
use crate::frame::Frame;

/// Places along each side at which a function is sampled.
const SAMPLES: usize = 97;
/// More places than this in a grid are not drawn one by one.
const MOST: usize = 1 << 18;
/// Nor more corners of all outlines than this, as a grid of noise has them.
const CORNERS: usize = 1 << 20;

/// Values over a rectangle, a row of them for each y.
#[derive(Debug, Clone)]
pub struct Field {
    pub x: (f64, f64),
    pub y: (f64, f64),
    columns: usize,
    rows: usize,
    pub values: Vec<f64>,
}

impl Field {
    /// Samples a function over a rectangle.
    pub fn sample(x: (f64, f64), y: (f64, f64), f: impl Fn(f64, f64) -> f64) -> Self {
        let mut field = Self {
            x,
            y,
            columns: SAMPLES,
            rows: SAMPLES,
            values: Vec::new(),
        };
        let places = (0..SAMPLES * SAMPLES).map(|k| field.place(k));
        field.values = places.map(|(x, y)| f(x, y)).collect();
        field
    }

    pub fn grid(x: (f64, f64), y: (f64, f64), columns: usize, values: &[f64]) -> Self {
        Self {
            x,
            y,
            columns,
            rows: values.len().checked_div(columns).unwrap_or(0),
            values: values.to_vec(),
        }
    }

    pub fn check(&self) -> Result<(), PlotError> {
        for (what, (low, high)) in [("the range of x", self.x), ("the range of y", self.y)] {
            PlotError::values(what, &[low, high], "finite", |v| {
                v.is_finite() && v.abs() < 1e300
            })?;
            PlotError::values(what, &[high], "larger than its beginning", |v| {
                v > low && v - low > 1e-12 * low.abs().max(v.abs())
            })?;
        }
        if self.columns < 2 || self.rows < 2 {
            return Err(PlotError::empty(
                "the grid has less than two columns or rows",
            ));
        }
        if self.values.len() > MOST {
            return Err(PlotError::TooMany {
                what: "places in a grid",
                found: self.values.len(),
                most: MOST,
            });
        }
        PlotError::lengths("the grid", self.columns * self.rows, self.values.len())
    }

    /// Where a value stands.
    pub fn place(&self, index: usize) -> (f64, f64) {
        let at = |(low, high): (f64, f64), k: usize, n: usize| {
            let t = k as f64 / n.saturating_sub(1).max(1) as f64;
            low * (1.0 - t) + high * t
        };
        let columns = self.columns.max(1);
        (
            at(self.x, index % columns, self.columns),
            at(self.y, index / columns, self.rows),
        )
    }

    /// Values at the places of the grid, such as logarithms of its own, as marching squares take them.
    pub fn shown<'a>(&self, values: &'a [f64]) -> Grid<'a> {
        Grid {
            columns: self.columns,
            rows: self.rows,
            values,
        }
    }

    /// Outlines in pixels.
    pub fn pixels(&self, frame: &Frame, outlines: &[Vec<(f64, f64)>], closed: bool) -> Path {
        let (c, r) = ((self.columns - 1) as f64, (self.rows - 1) as f64);
        let mut path = Path::default();
        for outline in outlines {
            let place = |p: &(f64, f64)| {
                let x = self.x.0 + (self.x.1 - self.x.0) * p.0 / c;
                let y = self.y.0 + (self.y.1 - self.y.0) * p.1 / r;
                (frame.x.map(x), frame.y.map(y))
            };
            // Corners nearer than a third of a pixel cannot be told apart.
            let points = crate::series::apart(outline.iter().map(place), 0.33);
            // Nor can a region of that size be seen.
            if closed && points.len() < 3 {
                continue;
            }
            path = path.through(&points);
            if closed {
                path = path.close();
            }
        }
        path
    }

    /// Fills the regions between levels, the lowest everywhere first: each covers what is above it, so that no gap shows.
    pub fn fill(
        &self,
        canvas: &mut Canvas,
        frame: &Frame,
        values: &[f64],
        levels: &[f64],
        colours: &[Colour; 5],
    ) -> Result<(), PlotError> {
        let grid = self.shown(values);
        let last = levels.len().max(1) as f64;
        canvas.open("regions", format_args!(""));
        let known = grid.at_least(f64::MIN);
        canvas.fill(
            &self.pixels(frame, &known, true),
            colour::along(colours, 0.0),
            1.0,
        );
        let mut corners = 0;
        for (k, level) in levels.iter().enumerate() {
            let outlines = grid.at_least(*level);
            corners += outlines.iter().map(Vec::len).sum::<usize>();
            if corners > CORNERS {
                return Err(PlotError::TooMany {
                    what: "corners of the lines of equal value in a grid",
                    found: corners,
                    most: CORNERS,
                });
            }
            let path = self.pixels(frame, &outlines, true);
            canvas.fill(&path, colour::along(colours, (k as f64 + 1.0) / last), 1.0);
        }
        canvas.close();
        Ok(())
    }

    /// The lines at levels.
    pub fn lines(
        &self,
        canvas: &mut Canvas,
        frame: &Frame,
        values: &[f64],
        levels: &[f64],
        stroke: Stroke,
    ) {
        let grid = self.shown(values);
        let mut lines = Vec::new();
        for level in levels {
            let outlines = grid.at_least(*level);
            lines.extend(outlines.iter().flat_map(|o| grid.inner(o)));
        }
        canvas.open("level-lines", format_args!(""));
        canvas.stroke(&self.pixels(frame, &lines, false), stroke);
        canvas.close();
    }
}
