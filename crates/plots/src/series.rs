//! Curves and clouds of any length in a picture of bounded size.

use std::collections::HashSet;

use crate::canvas::{Canvas, N, Path, Shape, Stroke};
use crate::colour::Colour;
use crate::frame::Frame;

/// A curve of more points than this is simplified.
const CURVE: usize = 2000;
/// A cloud of more points than this is drawn as hexagons.
pub const CLOUD: usize = 4000;
/// From the middle of a hexagon to its corners, in pixels.
const HEXAGON: f64 = 5.0;

/// The runs of points that have a place, in pixels.
pub fn runs(frame: &Frame, x: &[f64], y: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut runs = vec![Vec::new()];
    for (x, y) in x.iter().zip(y) {
        match frame.at(*x, *y) {
            Some(p) => {
                if let Some(run) = runs.last_mut() {
                    run.push(p);
                }
            }
            None => {
                if runs.last().is_some_and(|r| !r.is_empty()) {
                    runs.push(Vec::new());
                }
            }
        }
    }
    runs.retain(|r| !r.is_empty());
    runs
}

/// A curve with as many points as the eye can tell apart. Where x only grows, every half pixel keeps its first, lowest, highest and last
/// point, so that no peak is lost; else points are left out that are close to the one before.
pub fn simplify(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= CURVE {
        return points;
    }
    if points.windows(2).all(|w| w[0].0 <= w[1].0) {
        return columns(&points);
    }
    let mut near = 0.5;
    loop {
        let kept = apart(points.iter().copied(), near);
        if kept.len() <= 10 * CURVE {
            return kept;
        }
        near *= 2.0;
    }
}

fn columns(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out = Vec::new();
    let bucket = |p: &(f64, f64)| (2.0 * p.0).floor();
    for column in points.chunk_by(|a, b| bucket(a) == bucket(b)) {
        let by_y = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
        let low = (0..column.len()).min_by(by_y).unwrap_or(0);
        let high = (0..column.len()).max_by(by_y).unwrap_or(0);
        let mut kept = [0, low, high, column.len() - 1];
        kept.sort_unstable();
        for (k, at) in kept.iter().enumerate() {
            if k == 0 || kept[k - 1] != *at {
                out.push(column[*at]);
            }
        }
    }
    out
}

/// Points at least `near` pixels from the one kept before; the last one always.
pub fn apart(points: impl Iterator<Item = (f64, f64)>, near: f64) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::new();
    let mut last = None;
    for p in points {
        let far = |q: &(f64, f64)| (p.0 - q.0).hypot(p.1 - q.1) >= near;
        if out.last().is_none_or(far) {
            out.push(p);
            last = None;
        } else {
            last = Some(p);
        }
    }
    out.extend(last);
    out
}

/// Draws a curve; a run of a single point is a dot. Of more than [`CLOUD`] runs, a dot stands for all that it would cover.
pub fn curve(canvas: &mut Canvas, frame: &Frame, x: &[f64], y: &[f64], stroke: Stroke) {
    let mut path = Path::default();
    let runs = runs(frame, x, y);
    let dense = is_dense(runs.len());
    let mut covered = HashSet::new();
    let cell = |(x, y): (f64, f64)| [x, y].map(|v| (v / stroke.width.max(1.0)) as i64);
    for run in runs {
        if run.len() == 1 {
            if dense && !covered.insert(cell(run[0])) {
                continue;
            }
            canvas.open("dot", format_args!(" fill=\"{}\"", stroke.colour));
            canvas.mark(Shape::Circle, run[0], stroke.width);
            canvas.close();
        } else {
            path = path.through(&simplify(run));
        }
    }
    canvas.stroke(&path, stroke);
}

/// True if a cloud of so many points is drawn as hexagons.
pub fn is_dense(points: usize) -> bool {
    points > CLOUD
}

/// A name in the legend of a cloud, which says what hexagons mean.
pub fn cloud_name(name: &str, points: usize) -> String {
    if is_dense(points) {
        format!("{name} (darker: more)")
    } else {
        name.to_owned()
    }
}

/// The same for those who do not see the picture.
pub const DENSE: &str = " Darker hexagons hold more of its points.";

/// Draws points, as hexagons if there are too many to be drawn one by one.
pub fn cloud(canvas: &mut Canvas, points: &[(f64, f64)], shape: Shape, colour: Colour) {
    if is_dense(points.len()) {
        return hexagons(canvas, points, colour);
    }
    let (r, opacity) = match points.len() {
        0..=40 => (5.0, 0.95),
        41..=150 => (4.0, 0.9),
        151..=1000 => (3.0, 0.75),
        _ => (2.4, 0.5),
    };
    let paper = canvas.colours.paper;
    let rim = if points.len() <= 150 { 1.0 } else { 0.0 };
    canvas.open(
        "points",
        format_args!(
            " fill=\"{colour}\" fill-opacity=\"{}\" stroke=\"{paper}\" stroke-width=\"{}\"",
            N(opacity),
            N(rim)
        ),
    );
    for p in points {
        canvas.mark(shape, *p, r);
    }
    canvas.close();
}

/// Hexagons, the more opaque the more points they hold.
fn hexagons(canvas: &mut Canvas, points: &[(f64, f64)], colour: Colour) {
    let (dx, dy) = (HEXAGON * 3f64.sqrt(), HEXAGON * 1.5);
    let cell = |&(x, y): &(f64, f64)| {
        // The nearer of two lattices of rectangles.
        let a = ((x / dx).round(), (y / (2.0 * dy)).round());
        let b = ((x / dx - 0.5).round(), (y / (2.0 * dy) - 0.5).round());
        let from_a = (x - a.0 * dx).powi(2) + (y - a.1 * 2.0 * dy).powi(2);
        let from_b = (x - (b.0 + 0.5) * dx).powi(2) + (y - (b.1 + 0.5) * 2.0 * dy).powi(2);
        if from_a <= from_b {
            (2 * a.1 as i64, 2 * a.0 as i64)
        } else {
            (2 * b.1 as i64 + 1, 2 * b.0 as i64 + 1)
        }
    };
    let mut cells: Vec<(i64, i64)> = points.iter().map(cell).collect();
    cells.sort_unstable();
    let counts: Vec<(i64, i64, usize)> = cells
        .chunk_by(|a, b| a == b)
        .map(|c| (c[0].0, c[0].1, c.len()))
        .collect();
    let most = counts.iter().map(|c| c.2).max().unwrap_or(1);
    // Eight steps of opacity, one path each.
    for step in 0..8 {
        let mut path = Path::default();
        for (row, column, count) in &counts {
            let share = (*count as f64).ln_1p() / (most as f64).ln_1p();
            if ((share * 8.0).ceil() as i64 - 1).clamp(0, 7) == step {
                let (x, y) = (0.5 * *column as f64 * dx, *row as f64 * dy);
                let corner = |k: i32| {
                    let angle = (f64::from(k) + 0.5) * std::f64::consts::FRAC_PI_3;
                    (x + HEXAGON * angle.cos(), y + HEXAGON * angle.sin())
                };
                let corners: Vec<_> = (0..6).map(corner).collect();
                path = path.through(&corners).close();
            }
        }
        canvas.fill(&path, colour, 0.2 + 0.8 * step as f64 / 7.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_peaks() {
        let mut points: Vec<(f64, f64)> = (0..1_000_000)
            .map(|k| (f64::from(k) * 6e-4, f64::from(k % 7)))
            .collect();
        points[123_456].1 = 500.0;
        let kept = simplify(points.clone());
        assert!(kept.len() < 5000, "{}", kept.len());
        assert!(kept.contains(&points[123_456]));
        assert_eq!(
            (kept[0], kept[kept.len() - 1]),
            (points[0], points[999_999])
        );
    }

    #[test]
    fn a_scribble_is_bounded_too() {
        let points: Vec<(f64, f64)> = (0..200_000_u64)
            .map(|k| ((k * 7919 % 701) as f64, (k * 104_729 % 397) as f64))
            .collect();
        assert!(simplify(points).len() <= 10 * CURVE);
    }
}
