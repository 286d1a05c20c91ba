//! What lines, outlines, texts and marks look like.

use std::fmt::{self, Write};

use crate::canvas::N;
use crate::colour::Colour;

/// How a line is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub colour: Colour,
    pub width: f64,
    /// Lengths of dashes and gaps; empty for a line without gaps.
    pub dash: &'static str,
    pub opacity: f64,
}

impl Stroke {
    pub fn new(colour: Colour, width: f64) -> Self {
        Self {
            colour,
            width,
            dash: "",
            opacity: 1.0,
        }
    }

    pub fn dash(self, dash: &'static str) -> Self {
        Self { dash, ..self }
    }

    pub fn opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            " stroke=\"{}\" stroke-width=\"{}\"",
            self.colour,
            N(self.width)
        )?;
        if !self.dash.is_empty() {
            write!(f, " stroke-dasharray=\"{}\"", self.dash)?;
        }
        if self.opacity < 1.0 {
            write!(f, " stroke-opacity=\"{}\"", N(self.opacity))?;
        }
        Ok(())
    }
}

/// The outline of a shape.
#[derive(Debug, Clone, Default)]
pub struct Path(pub(crate) String);

impl Path {
    fn add(mut self, letter: char, numbers: &[f64]) -> Self {
        self.0.push(letter);
        for (k, n) in numbers.iter().enumerate() {
            let gap = if k == 0 { "" } else { " " };
            // Writing to a string does not fail.
            let _ = write!(self.0, "{gap}{}", N(*n));
        }
        self
    }

    pub fn to(self, x: f64, y: f64) -> Self {
        self.add('M', &[x, y])
    }

    pub fn line(self, x: f64, y: f64) -> Self {
        self.add('L', &[x, y])
    }

    pub fn curve(self, a: (f64, f64), b: (f64, f64), end: (f64, f64)) -> Self {
        self.add('C', &[a.0, a.1, b.0, b.1, end.0, end.1])
    }

    pub fn close(mut self) -> Self {
        self.0.push('Z');
        self
    }

    /// A new part through these points.
    pub fn through(self, points: &[(f64, f64)]) -> Self {
        let start = |path: Self, (k, p): (usize, &(f64, f64))| {
            if k == 0 {
                path.to(p.0, p.1)
            } else {
                path.line(p.0, p.1)
            }
        };
        points.iter().enumerate().fold(self, start)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub struct Font {
    pub size: f64,
    pub colour: Colour,
    pub anchor: Anchor,
    pub bold: bool,
    /// In degrees, clockwise, about its place.
    pub turn: f64,
    /// A rim of this colour keeps it readable on data.
    pub rim: Option<Colour>,
}

impl Font {
    pub fn new(size: f64, colour: Colour) -> Self {
        Self {
            size,
            colour,
            anchor: Anchor::Start,
            bold: false,
            turn: 0.0,
            rim: None,
        }
    }

    pub fn rim(self, paper: Colour) -> Self {
        Self {
            rim: Some(paper),
            ..self
        }
    }

    pub fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub fn turn(self, turn: f64) -> Self {
        Self { turn, ..self }
    }
}

/// Marks of points: shape tells classes apart where colour does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
}

impl Shape {
    /// The shape of a series by its number.
    pub fn of(k: usize) -> Self {
        [Self::Circle, Self::Triangle, Self::Square, Self::Diamond][k % 4]
    }
}
