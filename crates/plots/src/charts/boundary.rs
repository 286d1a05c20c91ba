//! Where a classifier changes its mind.

use crate::bar;
use crate::canvas::{Canvas, Rect, Shape, Stroke};
use crate::chart::{Draw, Settings, settings};
use crate::error::PlotError;
use crate::frame::{Axis, Entry, Frame, Room, Swatch, header};
use crate::number::fixed;
use crate::series::{DENSE, cloud, cloud_name, is_dense};
use crate::text::say;

use super::field::Field;

/// The probability of a class over two features as filled regions, the line at the threshold, and points by class.
///
/// ```
/// use plots::{BoundaryChart, Chart};
/// let probability = |x: f64, y: f64| 1.0 / (1.0 + (4.0 - x - y).exp());
/// let chart = BoundaryChart::new("Passing", "lectures / h", "labs / h", (0.0, 6.0), (0.0, 4.0), probability)
///     .points("fails", 0, &[1.0, 2.0], &[2.0, 1.0]).points("passes", 1, &[4.0, 5.0], &[3.0, 3.0]).class("passes");
/// let svg = chart.to_svg()?;
/// assert!(svg.contains("fails") && svg.contains("p = 0.50") && svg.contains("probability of passes"));
/// # Ok::<(), plots::PlotError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BoundaryChart {
    settings: Settings,
    names: [String; 2],
    class: String,
    field: Field,
    threshold: f64,
    points: Vec<(String, usize, Vec<f64>, Vec<f64>)>,
}

impl BoundaryChart {
    /// Samples the probability of class 1 over a rectangle of two features.
    pub fn new(
        title: impl Into<String>,
        x_name: impl Into<String>,
        y_name: impl Into<String>,
        x: (f64, f64),
        y: (f64, f64),
        probability: impl Fn(f64, f64) -> f64,
    ) -> Self {
        Self {
            settings: Settings::new(title),
            names: [x_name.into(), y_name.into()],
            class: "class 1".to_owned(),
            field: Field::sample(x, y, probability),
            threshold: 0.5,
            points: Vec::new(),
        }
    }

    /// Takes probabilities that were computed before instead of the function: a row of `columns` values for each y, both axes in equal
    /// steps over the rectangle.
    pub fn grid(mut self, columns: usize, probabilities: &[f64]) -> Self {
        self.field = Field::grid(self.field.x, self.field.y, columns, probabilities);
        self
    }

    /// What class 1 is called; "class 1" unless set.
    pub fn class(mut self, name: impl Into<String>) -> Self {
        self.class = name.into();
        self
    }

    /// The probability from which on class 1 is predicted; 0.5 unless set.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Adds points of a class, 0 or 1.
    pub fn points(mut self, name: impl Into<String>, class: usize, x: &[f64], y: &[f64]) -> Self {
        self.points
            .push((name.into(), class, x.to_vec(), y.to_vec()));
        self
    }
}

/// How many points have a place.
fn placed(x: &[f64], y: &[f64]) -> usize {
    let both = x.iter().zip(y);
    both.filter(|(x, y)| x.is_finite() && y.is_finite()).count()
}

impl Draw for BoundaryChart {
    settings!();

    fn natural_width(&self) -> f64 {
        680.0
    }

    fn natural_height(&self, width: f64) -> f64 {
        (0.8 * width).max(320.0)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect) -> Result<(), PlotError> {
        self.field.check()?;
        let share = |v: f64| (0.0..=1.0).contains(&v);
        PlotError::values(
            "the probabilities",
            &self.field.values,
            "from 0 to 1",
            |v| v.is_nan() || share(v),
        )?;
        PlotError::values("the threshold", &[self.threshold], "from 0 to 1", share)?;
        for (name, class, x, y) in &self.points {
            PlotError::lengths(&format!("the y of the points `{name}`"), x.len(), y.len())?;
            let class = *class as f64;
            PlotError::values(&format!("the class of `{name}`"), &[class], "0 or 1", |c| {
                c < 2.0
            })?;
        }
        let paper = canvas.colours.paper;
        let map = canvas.colours.diverging.map(|c| c.mix(paper, 0.55));
        // The colours of the ends of the map.
        let ends = canvas.colours.diverging;
        let of = |class: usize| ends[if class == 0 { 0 } else { 4 }];
        let line = Stroke::new(canvas.colours.ink, 2.0);
        let mut legend: Vec<Entry> = self
            .points
            .iter()
            .map(|(name, class, x, y)| {
                let shape = if *class == 0 {
                    Shape::Circle
                } else {
                    Shape::Triangle
                };
                let name = cloud_name(name, placed(x, y));
                Entry::new(name, Swatch::Mark(shape, of(*class)))
            })
            .collect();
        let name = format!("p = {}", fixed(self.threshold, 2));
        legend.push(Entry::new(name, Swatch::Line(line)));
        let area = header(canvas, area, &self.settings, &legend);
        let levels: Vec<f64> = (1..10).map(|k| f64::from(k) / 10.0).collect();
        let labels: Vec<(f64, String)> = (0..=5)
            .map(|k| (f64::from(k) / 5.0, fixed(f64::from(k) / 5.0, 1)))
            .collect();
        let room = Room {
            right: bar::room(&labels),
            ..Room::default()
        };
        let x = Axis::new(self.names[0].as_str(), self.field.x);
        let y = Axis::new(self.names[1].as_str(), self.field.y);
        let frame = Frame::new(canvas, area, &x, &y, room);
        canvas.clip(frame.plot);
        let values = &self.field.values;
        self.field.fill(canvas, &frame, values, &levels, &map)?;
        self.field
            .lines(canvas, &frame, values, &[self.threshold], line);
        for (_, class, x, y) in &self.points {
            let at: Vec<_> = x
                .iter()
                .zip(y)
                .filter_map(|(x, y)| frame.at(*x, *y))
                .collect();
            let (shape, colour) = if *class == 0 {
                (Shape::Circle, of(0))
            } else {
                (Shape::Triangle, of(1))
            };
            cloud(canvas, &at, shape, colour);
        }
        canvas.close_clip();
        bar::draw(
            canvas,
            frame.plot,
            &map,
            (0.0, 1.0),
            &levels,
            &labels,
            &format!("probability of {}", self.class),
        );
        Ok(())
    }

    fn describe(&self) -> String {
        let values = &self.field.values;
        let above = values.iter().filter(|p| **p >= self.threshold).count();
        let class = &self.class;
        let mut out = format!(
            "Probability of {class} over {} and {}; {class} is predicted in {} % of the area.",
            self.names[0],
            self.names[1],
            fixed(100.0 * above as f64 / values.len().max(1) as f64, 0)
        );
        for (name, _, x, y) in &self.points {
            say!(out, " {name}: {} points.", x.len());
            if is_dense(placed(x, y)) {
                out += DENSE;
            }
        }
        out
    }
}
