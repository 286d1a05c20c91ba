//! The part of an objective that is simple but not smooth: l1 penalties and bounds, coordinate by coordinate.

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef, reduce};

/// Σⱼ l1ⱼ |xⱼ| for x between bounds, infinite elsewhere.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Separable {
    l1: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Rounds through all coordinates at the most.
const SWEEPS: usize = 1000;

impl Separable {
    /// Nothing: all coordinates are free.
    pub fn none() -> Self {
        Self::default()
    }

    /// With one penalty, one lower and one upper bound a coordinate.
    ///
    /// # Panics
    /// If the numbers differ, a penalty is negative, or a lower bound is above its upper one.
    pub fn new(l1: Vec<f64>, lower: Vec<f64>, upper: Vec<f64>) -> Self {
        assert!(
            l1.len() == lower.len() && l1.len() == upper.len(),
            "a separable term needs one penalty and two bounds a coordinate"
        );
        assert!(
            l1.iter().all(|l1| *l1 >= 0.0) && lower.iter().zip(&upper).all(|(l, u)| l <= u),
            "penalties are not negative, and bounds ascend"
        );
        let free = lower.iter().all(|l| *l == f64::NEG_INFINITY)
            && upper.iter().all(|u| *u == f64::INFINITY);
        if free && l1.iter().all(|l1| *l1 == 0.0) {
            return Self::none();
        }
        Self { l1, lower, upper }
    }

    /// The same for some of the coordinates.
    pub(crate) fn of(&self, coordinates: &[usize]) -> Self {
        if self.is_none() {
            return Self::none();
        }
        let some = |x: &[f64]| coordinates.iter().map(|j| x[*j]).collect();
        Self {
            l1: some(&self.l1),
            lower: some(&self.lower),
            upper: some(&self.upper),
        }
    }

    /// The l1 penalty of a coordinate.
    pub(crate) fn l1(&self, j: usize) -> f64 {
        self.l1.get(j).copied().unwrap_or(0.0)
    }

    /// True if bounds hold some coordinate.
    pub(crate) fn has_bounds(&self) -> bool {
        self.lower.iter().any(|l| *l > f64::NEG_INFINITY)
            || self.upper.iter().any(|u| *u < f64::INFINITY)
    }

    /// True if all coordinates are free.
    pub fn is_none(&self) -> bool {
        self.l1.is_empty()
    }

    /// Σⱼ l1ⱼ |xⱼ|, for a point within the bounds.
    pub fn value(&self, x: &[f64]) -> f64 {
        if self.is_none() {
            return 0.0;
        }
        reduce::sum_by(x.len(), |j| {
            if self.l1[j] > 0.0 {
                self.l1[j] * x[j].abs()
            } else {
                0.0
            }
        })
    }

    /// Moves a point into the bounds.
    pub fn project(&self, x: &mut [f64]) {
        for ((x, l), u) in x.iter_mut().zip(&self.lower).zip(&self.upper) {
            *x = x.clamp(*l, *u);
        }
    }

    /// The smallest subgradient of the whole objective in coordinate `j`, where its smooth part has the slope `g`: 0 at a
    /// minimum.
    pub fn subgradient(&self, j: usize, x: f64, g: f64) -> f64 {
        if self.is_none() {
            return g;
        }
        let l1 = self.l1[j];
        let s = if x > 0.0 {
            g + l1
        } else if x < 0.0 {
            g - l1
        } else {
            g.signum() * (g.abs() - l1).max(0.0)
        };
        if x <= self.lower[j] && s > 0.0 || x >= self.upper[j] && s < 0.0 {
            0.0
        } else {
            s
        }
    }

    /// The minimiser of ½ h t² + g t + l1 |x + t| over the t that keep the bounds.
    pub fn coordinate_step(&self, j: usize, x: f64, g: f64, h: f64) -> f64 {
        if h <= 0.0 {
            return 0.0;
        }
        let free = x - g / h;
        if self.is_none() {
            return free - x;
        }
        let shrunk = free.signum() * (free.abs() - self.l1[j] / h).max(0.0);
        shrunk.clamp(self.lower[j], self.upper[j]) - x
    }

    /// The step that minimises gᵀp + ½ pᵀHp + Σ l1 |x + p| within the bounds (H: lower triangle), by coordinate descent and, once
    /// the coordinates at zero or a bound have settled, by solving for the others at once.
    pub(crate) fn step(&self, x: &[f64], g: &[f64], hessian: MatRef<'_, f64>) -> Vec<f64> {
        let d = x.len();
        let h = Mat::from_fn(d, d, |i, j| {
            if i >= j {
                hessian[(i, j)]
            } else {
                hessian[(j, i)]
            }
        });
        let mut p = vec![0.0; d];
        // g + H p.
        let mut slope = g.to_vec();
        let mut settled: Vec<i8> = Vec::new();
        for _ in 0..SWEEPS {
            let mut largest = 0.0_f64;
            for j in 0..d {
                let t = self.coordinate_step(j, x[j] + p[j], slope[j], h[(j, j)]);
                if t != 0.0 {
                    p[j] += t;
                    for (i, slope) in slope.iter_mut().enumerate() {
                        *slope += t * h[(i, j)];
                    }
                    largest = largest.max(t * t * h[(j, j)]);
                }
            }
            let size = (0..d).fold(0.0_f64, |m, j| m.max(p[j] * p[j] * h[(j, j)]));
            if largest <= 1e-30 * size {
                break;
            }
            let kinds: Vec<i8> = (0..d).map(|j| self.kind(j, x[j] + p[j])).collect();
            if kinds == settled
                && let Some((better, better_slope)) = self.solved(x, g, &h, &kinds)
            {
                (p, slope) = (better, better_slope);
                // Whether the others stay where they are is seen by the next round.
                settled.clear();
                continue;
            }
            settled = kinds;
        }
        p
    }

    /// 0 at zero under a penalty, ±2 at a bound, else the sign of the penalty (±1).
    fn kind(&self, j: usize, x: f64) -> i8 {
        if self.is_none() {
            return 1;
        }
        if x <= self.lower[j] {
            -2
        } else if x >= self.upper[j] {
            2
        } else if self.l1[j] == 0.0 || x > 0.0 {
            1
        } else if x < 0.0 {
            -1
        } else {
            0
        }
    }

    /// The step with the coordinates of these kinds, if it keeps them: and g + H p there.
    fn solved(
        &self,
        x: &[f64],
        g: &[f64],
        h: &Mat<f64>,
        kinds: &[i8],
    ) -> Option<(Vec<f64>, Vec<f64>)> {
        let d = x.len();
        let moving: Vec<usize> = (0..d).filter(|&j| kinds[j].abs() == 1).collect();
        let mut p: Vec<f64> = (0..d)
            .map(|j| match kinds[j] {
                -2 => self.lower[j] - x[j],
                2 => self.upper[j] - x[j],
                _ => -x[j],
            })
            .collect();
        moving.iter().for_each(|&j| p[j] = 0.0);
        let times = |p: &[f64], i: usize| reduce::sum_by(d, |j| h[(j, i)] * p[j]);
        if !moving.is_empty() {
            let k = moving.len();
            let reduced = Mat::from_fn(k, k, |a, b| h[(moving[a], moving[b])]);
            let right = Mat::from_fn(k, 1, |a, _| {
                let j = moving[a];
                -(g[j] + times(&p, j) + f64::from(kinds[j]) * self.l1(j))
            });
            let factor = Cholesky::new(reduced.as_ref()).ok()?;
            let solution = factor.solve(right.as_ref());
            for (a, &j) in moving.iter().enumerate() {
                p[j] = solution.x[(a, 0)];
                if self.kind(j, x[j] + p[j]) != kinds[j] {
                    return None;
                }
            }
        }
        let slope = (0..d).map(|i| g[i] + times(&p, i)).collect();
        Some((p, slope))
    }
}
