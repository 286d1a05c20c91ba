//! A bar that says which number has which colour.

use crate::canvas::{Anchor, Canvas, Font, Rect, Stroke};
use crate::colour::{self, Colour};
use crate::scale::Scale;
use crate::text::{self, NAME, TICK};

/// Room to the right of a plot for a bar with its numbers and its name.
pub fn room(labels: &[(f64, String)]) -> f64 {
    let widest = labels.iter().map(|l| text::width(&l.1, TICK));
    18.0 + 14.0 + 7.0 + widest.fold(0.0, f64::max) + NAME + 12.0
}

/// Draws the bar to the right of a plot, with a colour for each part between the levels `steps`, or a continuous passage without them.
pub fn draw(
    canvas: &mut Canvas,
    plot: Rect,
    colours: &[Colour; 5],
    (low, high): (f64, f64),
    steps: &[f64],
    labels: &[(f64, String)],
    name: &str,
) {
    let bar = Rect {
        x: plot.right() + 18.0,
        y: plot.y,
        w: 14.0,
        h: plot.h,
    };
    let scale = Scale {
        low,
        high,
        log: false,
        pixels: (bar.bottom(), bar.y),
    };
    let mut edges = vec![low];
    if steps.is_empty() {
        edges.extend((1..64).map(|k| low + (high - low) * f64::from(k) / 64.0));
    } else {
        edges.extend(steps.iter().filter(|s| **s > low && **s < high));
    }
    canvas.open(
        "colour-bar",
        format_args!(" shape-rendering=\"crispEdges\""),
    );
    for (k, from) in edges.iter().enumerate() {
        // Each piece reaches to the top, so that no gap shows between two.
        let bottom = scale.map(*from);
        let piece = Rect {
            h: bottom - bar.y,
            ..bar
        };
        let t = if steps.is_empty() {
            (from - low) / (high - low)
        } else {
            k as f64 / (edges.len() - 1).max(1) as f64
        };
        canvas.rect(piece, colour::along(colours, t), 1.0, 0.0);
    }
    canvas.close();
    let muted = canvas.colours.muted;
    let mut widest = 0.0_f64;
    for (at, label) in labels {
        let y = scale.map(*at);
        canvas.line(
            (bar.right(), y),
            (bar.right() + 3.0, y),
            Stroke::new(canvas.colours.axis, 1.0),
        );
        let place = (bar.right() + 6.0, y + 0.35 * TICK);
        canvas.text(place, label, Font::new(TICK, muted));
        widest = widest.max(text::width(label, TICK));
    }
    let font = Font::new(NAME, canvas.colours.ink)
        .anchor(Anchor::Middle)
        .turn(-90.0);
    let at = (bar.right() + 7.0 + widest + NAME, plot.y + 0.5 * plot.h);
    canvas.text_within(at, name, font, plot.h);
}
