//! Newton steps within the working set.

use linalg::{Mat, reduce};

use super::{CoordinateDescent, DRIFT, ScaledPenalty};
use crate::solver::{Separable, negligible};

impl CoordinateDescent<'_, '_> {
    /// Newton steps for the coordinates of the set, until half the squared decrement is at most `wanted`; false if another model is needed
    /// before.
    pub(super) fn within_set(
        &mut self,
        penalty: &ScaledPenalty,
        wanted: f64,
        limit: usize,
    ) -> bool {
        let set = self.work.set.clone();
        let m = set.len();
        let separable = penalty.separable.of(&set);
        let n = self.eta.len();
        loop {
            self.work.model(&self.curvature);
            let mut gradient = vec![0.0; m];
            self.times_columns(&mut gradient);
            for (g, &j) in gradient.iter_mut().zip(&set) {
                *g += penalty.ridge[j] * self.point[j];
            }
            let x: Vec<f64> = set.iter().map(|&j| self.point[j]).collect();
            let (p, square) = self.step(penalty, &separable, &x, &gradient, wanted);
            let moved: Vec<f64> = x.iter().zip(&p).map(|(x, p)| x + p).collect();
            let decrement = square.max(0.0).sqrt();
            let value = self.value(penalty);
            if 0.5 * square <= wanted || negligible(decrement, value) || self.iterations >= limit {
                return true;
            }
            let slope = reduce::dot(&gradient, &p) + separable.value(&moved) - separable.value(&x);
            // What the step adds to the predictors.
            let mut along = vec![0.0; n];
            for (column, p) in self.work.columns.chunks_exact(n).zip(&p) {
                if *p != 0.0 {
                    linalg::vector::add_scaled(*p, column, &mut along);
                }
            }
            let old_eta = std::mem::take(&mut self.eta);
            let mut step = 1.0;
            let accepted = loop {
                let eta: Vec<f64> = old_eta
                    .iter()
                    .zip(&along)
                    .map(|(eta, a)| eta + step * a)
                    .collect();
                self.loss = self.evaluate(&eta);
                self.eta = eta;
                for ((&j, x), p) in set.iter().zip(&x).zip(&p) {
                    self.point[j] = if step == 1.0 { x + p } else { x + step * p };
                }
                let new = self.value(penalty);
                let close = 64.0 * f64::EPSILON * value.abs();
                if new <= value + 1e-4 * step * slope || (new - value).abs() <= close {
                    break true;
                }
                step *= 0.5;
                if step < 1e-8 {
                    break false;
                }
            };
            self.iterations += 1;
            self.stale = true;
            if !accepted {
                for (&j, x) in set.iter().zip(&x) {
                    self.point[j] = *x;
                }
                self.loss = self.evaluate(&old_eta);
                self.eta = old_eta;
                return true;
            }
            if step < 1.0 || self.drift() > DRIFT {
                // The model has served its time; the next is made for those that are needed.
                self.work.metric.clear();
                return false;
            }
            if 0.5 * square <= 1e-24 * value.abs() {
                return true;
            }
        }
    }

    /// How much the curvatures have changed since the model was made.
    fn drift(&self) -> f64 {
        let n = self.work.metric.len();
        let change = reduce::sum_by(n, |i| (self.curvature[i] - self.work.metric[i]).abs());
        change / reduce::sum(&self.work.metric)
    }

    /// The step that minimises the quadratic model, with its square in the metric of the model: to working precision, or if `wanted`
    /// is positive until a round through the coordinates gains less than a tenth of that.
    fn step(
        &self,
        penalty: &ScaledPenalty,
        separable: &Separable,
        x: &[f64],
        gradient: &[f64],
        wanted: f64,
    ) -> (Vec<f64>, f64) {
        let (m, set) = (x.len(), &self.work.set);
        let gram = self.work.gram.as_ref().submatrix(0, 0, m, m);
        let ridge = |i: usize| penalty.ridge[set[i]];
        if wanted == 0.0 {
            let hessian = Mat::from_fn(m, m, |i, j| {
                gram[(i, j)] + if i == j { ridge(i) } else { 0.0 }
            });
            let p = separable.step(x, gradient, hessian.as_ref());
            let square =
                reduce::sum_by(m, |i| p[i] * reduce::sum_by(m, |j| hessian[(i, j)] * p[j]));
            return (p, square);
        }
        let mut p = vec![0.0; m];
        // g + H p, ridge included.
        let mut slope = gradient.to_vec();
        let round =
            |coordinates: &mut dyn Iterator<Item = usize>, p: &mut [f64], slope: &mut [f64]| {
                let mut gain = 0.0;
                for j in coordinates {
                    let h = gram[(j, j)] + ridge(j);
                    let t = separable.coordinate_step(j, x[j] + p[j], slope[j], h);
                    if t != 0.0 {
                        p[j] += t;
                        if let Some(column) = linalg::flat(gram.col(j).as_mat()) {
                            linalg::vector::add_scaled(t, column, slope);
                        }
                        slope[j] += t * ridge(j);
                        gain += 0.5 * h * t * t;
                    }
                }
                gain
            };
        for _ in 0..100 {
            let gain = round(&mut (0..m), &mut p, &mut slope);
            if gain <= 0.1 * wanted {
                break;
            }
            // Those that are not at 0, until they have settled.
            let active: Vec<usize> = (0..m).filter(|j| x[*j] + p[*j] != 0.0).collect();
            for _ in 0..300 {
                if round(&mut active.iter().copied(), &mut p, &mut slope) <= 0.03 * wanted {
                    break;
                }
            }
        }
        let square = reduce::sum_by(m, |i| p[i] * (slope[i] - gradient[i]));
        (p, square)
    }

    /// Zᵀ u for the columns of the set.
    fn times_columns(&self, out: &mut [f64]) {
        let n = self.eta.len();
        for (out, column) in out.iter_mut().zip(self.work.columns.chunks_exact(n)) {
            *out = linalg::vector::dot(column, &self.slope);
        }
    }
}
