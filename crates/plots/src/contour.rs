//! The region of a grid in which a function is at least a level (marching squares).

use std::collections::BTreeMap;

/// Numbers over the corners of a grid: `values[row * columns + column]`.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    pub columns: usize,
    pub rows: usize,
    pub values: &'a [f64],
}

/// An edge of a cell of the grid with a ring around it: its first corner, and whether it goes upwards.
type Edge = (usize, usize, bool);

impl Grid<'_> {
    /// A corner of the grid with a ring of −∞ around it, which closes all outlines. What is not a number is outside.
    fn value(&self, column: usize, row: usize) -> f64 {
        if column == 0 || row == 0 || column > self.columns || row > self.rows {
            return f64::NEG_INFINITY;
        }
        let value = self.values[(row - 1) * self.columns + column - 1];
        if value.is_nan() {
            f64::NEG_INFINITY
        } else {
            value
        }
    }

    /// The place of a corner in units of cells; the ring lies on the border.
    fn place(&self, column: usize, row: usize) -> (f64, f64) {
        let at = |k: usize, n: usize| k.saturating_sub(1).min(n - 1) as f64;
        (at(column, self.columns), at(row, self.rows))
    }

    fn crossing(&self, (column, row, upwards): Edge, level: f64) -> (f64, f64) {
        let (c, r) = if upwards {
            (column, row + 1)
        } else {
            (column + 1, row)
        };
        let (from, to) = (self.value(column, row), self.value(c, r));
        let t = (level - from) / (to - from);
        // Beside an infinite value the outline goes through the finite one.
        let t = match (from.is_finite(), to.is_finite()) {
            (true, true) if t.is_finite() => t.clamp(0.0, 1.0),
            (true, false) => 0.0,
            (false, true) => 1.0,
            _ => 0.5,
        };
        let (a, b) = (self.place(column, row), self.place(c, r));
        (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
    }

    /// The outlines of the region where the value is at least `level`, in units of cells: outer ones counter-clockwise, holes clockwise.
    pub fn at_least(&self, level: f64) -> Vec<Vec<(f64, f64)>> {
        if self.columns < 2 || self.rows < 2 {
            return Vec::new();
        }
        let mut next: BTreeMap<Edge, Edge> = BTreeMap::new();
        for row in 0..=self.rows {
            for column in 0..=self.columns {
                let corners =
                    [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(c, r)| self.value(column + c, row + r));
                let inside = corners.map(|v| v >= level);
                let case = (0..4).fold(0, |case, k| case | (usize::from(inside[k]) << k));
                let middle = corners.iter().map(|v| v / 4.0).sum::<f64>() >= level;
                let (bottom, right) = ((column, row, false), (column + 1, row, true));
                let (top, left) = ((column, row + 1, false), (column, row, true));
                // The region is on the left of each step.
                let steps: &[(Edge, Edge)] = match (case, middle) {
                    (1, _) => &[(bottom, left)],
                    (2, _) => &[(right, bottom)],
                    (3, _) => &[(right, left)],
                    (4, _) => &[(top, right)],
                    (6, _) => &[(top, bottom)],
                    (7, _) => &[(top, left)],
                    (8, _) => &[(left, top)],
                    (9, _) => &[(bottom, top)],
                    (11, _) => &[(right, top)],
                    (12, _) => &[(left, right)],
                    (13, _) => &[(bottom, right)],
                    (14, _) => &[(left, bottom)],
                    (5, true) => &[(bottom, right), (top, left)],
                    (5, false) => &[(bottom, left), (top, right)],
                    (10, true) => &[(left, bottom), (right, top)],
                    (10, false) => &[(right, bottom), (left, top)],
                    _ => &[],
                };
                next.extend(steps.iter().copied());
            }
        }
        let mut outlines = Vec::new();
        while let Some((start, mut at)) = next.pop_first() {
            let mut outline = vec![self.crossing(start, level)];
            while at != start {
                let point = self.crossing(at, level);
                if outline.last() != Some(&point) {
                    outline.push(point);
                }
                match next.remove(&at) {
                    Some(following) => at = following,
                    None => break,
                }
            }
            outlines.push(outline);
        }
        outlines
    }

    /// The parts of an outline that are not on the border of the grid: the line on which the value is the level.
    pub fn inner(&self, outline: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let (right, top) = ((self.columns - 1) as f64, (self.rows - 1) as f64);
        let border = |a: (f64, f64), b: (f64, f64)| {
            let both = |x: f64, y: f64, at: f64| (x - at).abs() < 1e-9 && (y - at).abs() < 1e-9;
            both(a.0, b.0, 0.0)
                || both(a.0, b.0, right)
                || both(a.1, b.1, 0.0)
                || both(a.1, b.1, top)
        };
        let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        for (k, &from) in outline.iter().enumerate() {
            let to = outline[(k + 1) % outline.len()];
            if border(from, to) {
                lines.push(Vec::new());
            } else if let Some(line) = lines.last_mut() {
                if line.is_empty() {
                    line.push(from);
                }
                line.push(to);
            }
        }
        lines.retain(|l| !l.is_empty());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice the area, signed.
    fn area(outline: &[(f64, f64)]) -> f64 {
        let n = outline.len();
        (0..n)
            .map(|k| {
                let (a, b) = (outline[k], outline[(k + 1) % n]);
                a.0 * b.1 - b.0 * a.1
            })
            .sum::<f64>()
            / 2.0
    }

    fn sample(n: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        (0..n * n)
            .map(|k| f((k % n) as f64, (k / n) as f64))
            .collect()
    }

    #[test]
    fn a_disc_and_its_outside_have_their_areas() {
        let n = 101;
        let disc = sample(n, |x, y| 40.0 - (x - 50.0).hypot(y - 50.0));
        let grid = Grid {
            columns: n,
            rows: n,
            values: &disc,
        };
        let inside = grid.at_least(0.0);
        assert_eq!(inside.len(), 1);
        let pi_r2 = std::f64::consts::PI * 1600.0;
        assert!((area(&inside[0]) / pi_r2 - 1.0).abs() < 1e-3);
        assert_eq!(grid.inner(&inside[0]).len(), 1);

        let outside: Vec<f64> = disc.iter().map(|v| -v).collect();
        let grid = Grid {
            columns: n,
            rows: n,
            values: &outside,
        };
        let areas: f64 = grid.at_least(0.0).iter().map(|o| area(o)).sum();
        assert!((areas / (100.0 * 100.0 - pi_r2) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn everything_nothing_and_what_is_no_number() {
        let plane = sample(5, |x, _| x);
        let grid = Grid {
            columns: 5,
            rows: 5,
            values: &plane,
        };
        assert_eq!(area(&grid.at_least(-1.0)[0]), 16.0);
        assert!(grid.at_least(9.0).is_empty());
        assert_eq!(area(&grid.at_least(1.5)[0]), 10.0);
        let line = grid.inner(&grid.at_least(1.5)[0]);
        assert_eq!(line.len(), 1);
        assert!(line[0].iter().all(|p| p.0 == 1.5));
        let none = [f64::NAN; 25];
        assert!(
            Grid {
                values: &none,
                ..grid
            }
            .at_least(0.0)
            .is_empty()
        );
    }
}
