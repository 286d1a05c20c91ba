//! Shapes and text as SVG.

use std::fmt::{self, Write};

use crate::colour::{Colour, Colours};
use crate::text;

pub use crate::pen::{Anchor, Font, Path, Shape, Stroke};

/// A coordinate with two decimals and no more characters than needed.
#[derive(Clone, Copy)]
pub struct N(pub f64);

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is not finite becomes 0: data are checked before, so this is a last resort against a broken file.
        let hundredths = (self.0.clamp(-1e7, 1e7) * 100.0).round() as i64;
        let (whole, part) = (hundredths.abs() / 100, hundredths.abs() % 100);
        if hundredths < 0 {
            f.write_str("-")?;
        }
        match (part, part % 10) {
            (0, _) => write!(f, "{whole}"),
            (_, 0) => write!(f, "{whole}.{}", part / 10),
            _ => write!(f, "{whole}.{part:02}"),
        }
    }
}

/// A rectangle in pixels, y downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// What is left after these widths were taken from its sides.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            x: self.x + left,
            y: self.y + top,
            w: (self.w - left - right).max(1.0),
            h: (self.h - top - bottom).max(1.0),
        }
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    pub fn holds(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && self.right() >= other.right()
            && self.bottom() >= other.bottom()
    }
}

/// A picture in the making.
#[derive(Debug)]
pub struct Canvas {
    out: String,
    pub colours: Colours,
    /// Smaller within panels.
    pub title_size: f64,
}

impl Canvas {
    pub fn new(colours: Colours) -> Self {
        Self {
            out: String::new(),
            colours,
            title_size: text::TITLE,
        }
    }

    pub fn into_body(self) -> String {
        self.out
    }

    fn write(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.out.write_fmt(arguments);
    }

    /// Opens a group of a kind; `attributes` begin with a space.
    pub fn open(&mut self, kind: &str, attributes: fmt::Arguments<'_>) {
        self.write(format_args!("<g class=\"{kind}\"{attributes}>"));
    }

    pub fn close(&mut self) {
        self.write(format_args!("</g>\n"));
    }

    /// Nothing is drawn outside of the rectangle until [`Self::close_clip`].
    pub fn clip(&mut self, r: Rect) {
        self.view(r, r);
    }

    /// Shows the rectangle `from` scaled into the rectangle `into`, and nothing outside of it.
    pub fn view(&mut self, from: Rect, into: Rect) {
        self.write(format_args!(
            "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"{} {} {} {}\">",
            N(into.x),
            N(into.y),
            N(into.w),
            N(into.h),
            N(from.x),
            N(from.y),
            N(from.w),
            N(from.h)
        ));
    }

    pub fn close_clip(&mut self) {
        self.write(format_args!("</svg>\n"));
    }

    pub fn rect(&mut self, r: Rect, fill: Colour, opacity: f64, round: f64) {
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\"",
            N(r.x),
            N(r.y),
            N(r.w),
            N(r.h)
        ));
        if round > 0.0 {
            self.write(format_args!(" rx=\"{}\"", N(round)));
        }
        if opacity < 1.0 {
            self.write(format_args!(" fill-opacity=\"{}\"", N(opacity)));
        }
        self.write(format_args!("/>"));
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.write(format_args!(
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"{stroke}/>",
            N(from.0),
            N(from.1),
            N(to.0),
            N(to.1)
        ));
    }

    /// A line along an outline.
    pub fn stroke(&mut self, path: &Path, stroke: Stroke) {
        if !path.is_empty() {
            self.write(format_args!(
                "<path d=\"{}\" fill=\"none\"{stroke} stroke-linejoin=\"round\" stroke-linecap=\"round\"/>",
                path.0
            ));
        }
    }

    /// The inside of an outline, by the even-odd rule.
    pub fn fill(&mut self, path: &Path, colour: Colour, opacity: f64) {
        if !path.is_empty() {
            self.write(format_args!(
                "<path d=\"{}\" fill=\"{colour}\" fill-rule=\"evenodd\"",
                path.0
            ));
            if opacity < 1.0 {
                self.write(format_args!(" fill-opacity=\"{}\"", N(opacity)));
            }
            self.write(format_args!("/>"));
        }
    }

    /// A mark in the colour of its group.
    pub fn mark(&mut self, shape: Shape, (x, y): (f64, f64), r: f64) {
        let corners: &[(f64, f64)] = match shape {
            Shape::Circle => {
                return self.write(format_args!(
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                    N(x),
                    N(y),
                    N(r)
                ));
            }
            Shape::Triangle => &[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)],
            Shape::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Shape::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        };
        let at: Vec<_> = corners.iter().map(|c| (x + c.0 * r, y + c.1 * r)).collect();
        let path = Path::default().through(&at).close();
        self.write(format_args!("<path d=\"{}\"/>", path.0));
    }

    /// One line of text with its base line at a place.
    pub fn text(&mut self, (x, y): (f64, f64), content: &str, font: Font) {
        self.text_for(&text::escape(content), None, (x, y), font);
    }

    /// As much of a text as fits in `room` pixels; the whole text is its title.
    pub fn text_within(&mut self, at: (f64, f64), content: &str, font: Font, room: f64) {
        let whole = text::clean(content);
        let shown = text::fit(&whole, font.size, room);
        self.text_titled(at, &shown, &whole, font);
    }

    /// A text, with the whole of it as its title if it is not that already.
    pub fn text_titled(&mut self, at: (f64, f64), shown: &str, whole: &str, font: Font) {
        let title = (shown != whole).then(|| text::escape(whole));
        self.text_for(&text::escape(shown), title.as_deref(), at, font);
    }

    fn text_for(&mut self, escaped: &str, title: Option<&str>, (x, y): (f64, f64), font: Font) {
        if escaped.is_empty() {
            return;
        }
        self.write(format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"",
            N(x),
            N(y),
            N(font.size),
            font.colour
        ));
        match font.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.write(format_args!(" text-anchor=\"middle\"")),
            Anchor::End => self.write(format_args!(" text-anchor=\"end\"")),
        }
        if font.bold {
            self.write(format_args!(" font-weight=\"700\""));
        }
        if let Some(rim) = font.rim {
            self.write(format_args!(
                " stroke=\"{rim}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\""
            ));
        }
        if font.turn != 0.0 {
            self.write(format_args!(
                " transform=\"rotate({} {} {})\"",
                N(font.turn),
                N(x),
                N(y)
            ));
        }
        self.write(format_args!(">"));
        if let Some(title) = title {
            self.write(format_args!("<title>{title}</title>"));
        }
        self.write(format_args!("{escaped}</text>"));
    }
}

#[cfg(test)]
mod tests {
    use super::N;

    #[test]
    fn coordinates_are_short() {
        let shown = |v: f64| N(v).to_string();
        assert_eq!(shown(1.0), "1");
        assert_eq!(shown(1.504), "1.5");
        assert_eq!(shown(-0.001), "0");
        assert_eq!(shown(-12.34567), "-12.35");
        assert_eq!(shown(0.05), "0.05");
        assert_eq!(shown(f64::NAN), "0");
        assert_eq!(shown(f64::INFINITY), "10000000");
    }
}
