//! Names beside points, placed so that they do not cover each other.

use crate::canvas::{Canvas, Font, Rect};
use crate::text::{self, TICK};

/// Writes names beside their points, the first ones first; a name that finds no free place within the plot is left out.
pub fn beside(canvas: &mut Canvas, plot: Rect, points: &[((f64, f64), String)]) {
    let font = Font::new(TICK, canvas.colours.ink);
    let dot = |(x, y): (f64, f64)| Rect {
        x: x - 4.0,
        y: y - 4.0,
        w: 8.0,
        h: 8.0,
    };
    let mut taken: Vec<Rect> = points.iter().map(|p| dot(p.0)).collect();
    canvas.open("labels", format_args!(""));
    for ((x, y), name) in points {
        let shown = text::fit(&text::clean(name), TICK, 0.4 * plot.w);
        let (w, h) = (text::width(&shown, TICK), TICK + 2.0);
        let places = [
            (x + 7.0, y - 0.5 * h),
            (x - 7.0 - w, y - 0.5 * h),
            (x - 0.5 * w, y - 7.0 - h),
            (x - 0.5 * w, y + 7.0),
            (x + 6.0, y - 6.0 - h),
            (x - 6.0 - w, y - 6.0 - h),
            (x + 6.0, y + 6.0),
            (x - 6.0 - w, y + 6.0),
        ];
        let boxes = places.map(|(x, y)| Rect { x, y, w, h });
        let free = |r: &&Rect| plot.holds(r) && !taken.iter().any(|t| t.overlaps(r));
        if let Some(r) = boxes.iter().find(free).copied() {
            canvas.text_within((r.x, r.y + 0.85 * TICK), name, font, 0.4 * plot.w);
            taken.push(r);
        }
    }
    canvas.close();
}

/// Moves heights apart to `gap` within `low..=high`, in their order and as little as needed.
pub fn spread(heights: &[f64], gap: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut out = heights.to_vec();
    let mut floor = low;
    for &k in &order {
        out[k] = out[k].max(floor);
        floor = out[k] + gap;
    }
    let mut ceiling = high;
    for &k in order.iter().rev() {
        out[k] = out[k].min(ceiling);
        ceiling = out[k] - gap;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn heights_keep_their_order_and_distance() {
        assert_eq!(spread(&[5.0, 50.0], 10.0, (0.0, 100.0)), [5.0, 50.0]);
        assert_eq!(
            spread(&[52.0, 50.0, 99.0], 10.0, (0.0, 100.0)),
            [60.0, 50.0, 99.0]
        );
        assert_eq!(spread(&[99.0, 98.0], 10.0, (0.0, 100.0)), [100.0, 90.0]);
    }
}
