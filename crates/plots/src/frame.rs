//! Title, legend and axes: everything around the data.

use crate::canvas::{Anchor, Canvas, Font, Rect, Shape, Stroke};
use crate::chart::Settings;
use crate::colour::Colour;
use crate::scale::{self, Scale, Tick, Ticks};
use crate::text::{self, NAME, TICK};

/// What stands before a name in a legend.
#[derive(Debug, Clone, Copy)]
pub enum Swatch {
    Line(Stroke),
    Mark(Shape, Colour),
    Area(Colour, f64),
}

/// A line of a legend.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    pub swatch: Swatch,
}

impl Entry {
    pub fn new(name: impl Into<String>, swatch: Swatch) -> Self {
        Self {
            name: text::clean(&name.into()),
            swatch,
        }
    }
}

/// Draws title, subtitle and legend, and returns the rest of the area. The legend stands above the data, so it hides nothing.
pub fn header(canvas: &mut Canvas, area: Rect, settings: &Settings, legend: &[Entry]) -> Rect {
    let colours = canvas.colours;
    let mut y = area.y;
    let title_size = canvas.title_size;
    // Bold letters are up to a quarter wider.
    let title = text::clean(&settings.title);
    if !title.is_empty() {
        canvas.open("title", format_args!(""));
        for line in text::wrap(&title, title_size * 1.12, area.w, 2) {
            y += 1.25 * title_size;
            let font = Font::new(title_size, colours.ink).bold();
            canvas.text((area.x, y - 0.25 * title_size), &line, font);
        }
        canvas.close();
    }
    let subtitle = text::clean(&settings.subtitle);
    if !subtitle.is_empty() {
        canvas.open("subtitle", format_args!(""));
        for line in text::wrap(&subtitle, NAME, area.w, 3) {
            y += 1.35 * NAME;
            canvas.text((area.x, y - 1.0), &line, Font::new(NAME, colours.muted));
        }
        canvas.close();
    }
    if y > area.y {
        y += 6.0;
    }
    if legend.is_empty() {
        y += 6.0;
    } else {
        y = entries(canvas, area, y, legend) + 4.0;
    }
    area.inset(0.0, y - area.y, 0.0, 0.0)
}

/// Draws a legend in rows and returns the height at which it ends.
fn entries(canvas: &mut Canvas, area: Rect, top: f64, legend: &[Entry]) -> f64 {
    const ROW: f64 = 20.0;
    const SWATCH: f64 = 26.0;
    let rows = (((area.h - (top - area.y)) * 0.35) / ROW).floor().max(1.0);
    let font = Font::new(NAME, canvas.colours.ink);
    let (mut x, mut row) = (area.x, 0.0);
    canvas.open("legend", format_args!(""));
    for (k, entry) in legend.iter().enumerate() {
        let room = area.w - SWATCH;
        let shown = text::fit(&entry.name, NAME, room);
        let wide = SWATCH + text::width(&shown, NAME);
        if x > area.x && x + wide > area.right() {
            (x, row) = (area.x, row + 1.0);
        }
        let y = top + (row + 0.5) * ROW;
        // The last row says how many names had no room.
        let left = legend.len() - k;
        let last_of_row =
            x + wide + 18.0 + text::width("and 999 more", NAME) > area.right() && left > 1;
        if row + 1.0 >= rows && last_of_row {
            canvas.text(
                (x, y + 0.35 * NAME),
                &format!("and {left} more"),
                Font::new(NAME, canvas.colours.muted),
            );
            break;
        }
        swatch(canvas, (x, y), entry.swatch);
        canvas.text_within((x + SWATCH, y + 0.35 * NAME), &entry.name, font, room);
        x += wide + 18.0;
    }
    canvas.close();
    top + (row + 1.0) * ROW
}

fn swatch(canvas: &mut Canvas, (x, y): (f64, f64), swatch: Swatch) {
    match swatch {
        Swatch::Line(stroke) => canvas.line((x, y), (x + 20.0, y), stroke),
        Swatch::Area(colour, opacity) => {
            let r = Rect {
                x,
                y: y - 6.0,
                w: 20.0,
                h: 12.0,
            };
            canvas.rect(r, colour, opacity, 2.0);
        }
        Swatch::Mark(shape, colour) => {
            canvas.open("swatch", format_args!(" fill=\"{colour}\""));
            canvas.mark(shape, (x + 12.0, y), 5.0);
            canvas.close();
        }
    }
}

/// One side of a frame.
#[derive(Debug, Clone)]
pub struct Axis {
    pub name: String,
    pub range: (f64, f64),
    pub log: bool,
    /// Whole numbers only.
    pub whole: bool,
    /// From the largest to the smallest.
    pub reversed: bool,
    /// Without labels: another frame below shows them.
    pub bare: bool,
    /// Ticks of one's own, such as names.
    pub named: Vec<Tick>,
}

impl Axis {
    pub fn new(name: impl Into<String>, range: (f64, f64)) -> Self {
        Self {
            name: text::clean(&name.into()),
            range,
            log: false,
            whole: false,
            reversed: false,
            bare: false,
            named: Vec::new(),
        }
    }

    fn ticks(&self, most: usize) -> Ticks {
        let (low, high) = self.range;
        if !self.named.is_empty() {
            return Ticks {
                ticks: self.named.clone(),
                note: String::new(),
            };
        }
        if self.log {
            scale::logarithmic(low, high, most)
        } else {
            scale::linear(low, high, most, self.whole)
        }
    }

    /// Ticks whose labels do not touch along `room` pixels.
    fn ticks_along(&self, room: f64) -> Ticks {
        let mut most = (room / 65.0).clamp(2.0, 10.0) as usize;
        loop {
            let ticks = self.ticks(most);
            let used: f64 = ticks
                .ticks
                .iter()
                .map(|t| text::width(&t.label, TICK) + 14.0)
                .sum();
            if used <= room || most <= 1 {
                return ticks;
            }
            most -= 1;
        }
    }

    /// Ticks up `room` pixels, and the width of the widest label.
    fn ticks_up(&self, room: f64) -> (Ticks, f64) {
        let ticks = self.ticks(((room / 36.0) as usize).clamp(2, 8));
        let widths = ticks.ticks.iter().map(|t| text::width(&t.label, TICK));
        let widest = widths.fold(0.0, f64::max);
        (ticks, widest)
    }

    /// What a y axis of about this height takes on the left.
    pub fn beside(&self, height: f64) -> f64 {
        let (ticks, widest) = self.ticks_up(height);
        widest + beside(&self.title(&ticks.note))
    }

    fn title(&self, note: &str) -> String {
        match (self.name.is_empty(), note.is_empty()) {
            (_, true) => self.name.clone(),
            (true, false) => note.to_owned(),
            (false, false) => format!("{} {note}", self.name),
        }
    }

    fn scale(&self, from: f64, to: f64) -> Scale {
        Scale {
            low: self.range.0,
            high: self.range.1,
            log: self.log,
            pixels: if self.reversed {
                (to, from)
            } else {
                (from, to)
            },
        }
    }
}

/// What the name of a y axis takes, with the gap to its labels.
fn beside(title: &str) -> f64 {
    9.0 + if title.is_empty() { 0.0 } else { NAME + 9.0 }
}

/// How much room is kept beside and below the data, so that frames can be lined up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    /// For labels of the y axis at the least.
    pub left: f64,
    /// To the right of the data.
    pub right: f64,
    /// Equal lengths of both axes.
    pub square: bool,
}

/// The place of the data, with its scales.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub plot: Rect,
    pub x: Scale,
    pub y: Scale,
}

impl Frame {
    /// Draws grid and axes and returns where the data go.
    pub fn new(canvas: &mut Canvas, area: Rect, x: &Axis, y: &Axis, room: Room) -> Self {
        let colours = canvas.colours;
        let below = if x.bare {
            8.0
        } else {
            TICK + 12.0 + NAME + 6.0
        };
        let (y_ticks, widest) = y.ticks_up(area.h - below);
        let label_room = (area.w * 0.3).max(30.0);
        let widest = widest.min(label_room);
        let y_title = y.title(&y_ticks.note);
        let left = (widest + beside(&y_title)).max(room.left);
        let mut plot = area.inset(left, 8.0, room.right.max(14.0), below);
        if room.square {
            let side = plot.w.min(plot.h);
            let middle = plot.x + 0.5 * (plot.w - side);
            plot = Rect {
                x: middle.max(plot.x),
                w: side,
                h: side,
                ..plot
            };
        }
        let x_ticks = x.ticks_along(plot.w);
        let frame = Self {
            plot,
            x: x.scale(plot.x, plot.right()),
            y: y.scale(plot.bottom(), plot.y),
        };
        let grid = Stroke::new(colours.grid, 1.0);
        canvas.open("grid", format_args!(""));
        for tick in &x_ticks.ticks {
            let at = frame.x.map(tick.at);
            canvas.line((at, plot.y), (at, plot.bottom()), grid);
        }
        for tick in &y_ticks.ticks {
            let at = frame.y.map(tick.at);
            canvas.line((plot.x, at), (plot.right(), at), grid);
        }
        canvas.close();
        canvas.open("axis", format_args!(""));
        let line = Stroke::new(colours.axis, 1.0);
        canvas.line((plot.x, plot.bottom()), (plot.right(), plot.bottom()), line);
        canvas.line((plot.x, plot.y), (plot.x, plot.bottom()), line);
        canvas.close();
        if !x.bare {
            frame.x_labels(canvas, &x_ticks.ticks, &x.title(&x_ticks.note), area);
        }
        let font = Font::new(TICK, colours.muted).anchor(Anchor::End);
        canvas.open("y-ticks", format_args!(""));
        for tick in &y_ticks.ticks {
            let at = (plot.x - 7.0, frame.y.map(tick.at) + 0.35 * TICK);
            canvas.text_within(at, &tick.label, font, label_room);
        }
        canvas.close();
        canvas.open("y-name", format_args!(""));
        let font = Font::new(NAME, colours.ink)
            .anchor(Anchor::Middle)
            .turn(-90.0);
        let at = (plot.x - widest - 9.0 - 0.5 * NAME, plot.y + 0.5 * plot.h);
        canvas.text_within(at, &y_title, font, plot.h + 16.0);
        canvas.close();
        frame
    }

    fn x_labels(&self, canvas: &mut Canvas, ticks: &[Tick], title: &str, area: Rect) {
        let (colours, plot) = (canvas.colours, self.plot);
        let base = plot.bottom() + 7.0 + 0.8 * TICK;
        canvas.open("x-ticks", format_args!(""));
        for tick in ticks {
            // A label at the edge moves inwards rather than out of the picture.
            let half = 0.5 * text::width(&tick.label, TICK);
            let at = self.x.map(tick.at).clamp(
                area.x + half.min(0.4 * area.w),
                (area.right() + 10.0 - half).max(area.x),
            );
            let font = Font::new(TICK, colours.muted).anchor(Anchor::Middle);
            canvas.text((at, base), &tick.label, font);
        }
        canvas.close();
        canvas.open("x-name", format_args!(""));
        let font = Font::new(NAME, colours.ink).anchor(Anchor::Middle);
        let at = (plot.x + 0.5 * plot.w, base + 8.0 + NAME);
        canvas.text_within(
            at,
            title,
            font,
            plot.w + 2.0 * (plot.x - area.x).min(area.right() - plot.right()),
        );
        canvas.close();
    }

    /// The pixels of a point, if it has any.
    pub fn at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        (self.x.takes(x) && self.y.takes(y)).then(|| (self.x.map(x), self.y.map(y)))
    }

    /// A line across the data at a height.
    pub fn across(&self, canvas: &mut Canvas, y: f64, stroke: Stroke) {
        if self.y.takes(y) && y >= self.y.low && y <= self.y.high {
            let at = self.y.map(y);
            canvas.line((self.plot.x, at), (self.plot.right(), at), stroke);
        }
    }

    /// A line from the bottom to the top.
    pub fn upright(&self, canvas: &mut Canvas, x: f64, stroke: Stroke) {
        if self.x.takes(x) && x >= self.x.low && x <= self.x.high {
            let at = self.x.map(x);
            canvas.line((at, self.plot.y), (at, self.plot.bottom()), stroke);
        }
    }
}
