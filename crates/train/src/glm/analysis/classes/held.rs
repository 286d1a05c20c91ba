//! The optimum of a likelihood under linear equations for its coefficients.

use linalg::solve::{Cholesky, symmetric_eigen};
use linalg::{LinalgError, Mat, MatMut, MatRef, reduce};

use crate::solver::{Certificate, Lbfgs, Newton, Status};
use crate::{Differentiable, FitError, Objective, TwiceDifferentiable};

/// A Newton decrement below which an optimum counts as found.
const NEAR: f64 = 1e-6;

/// An objective on the points `origin + basis·x`.
struct Plane<'o> {
    objective: &'o mut dyn TwiceDifferentiable,
    origin: &'o [f64],
    basis: MatRef<'o, f64>,
}

impl Plane<'_> {
    fn point(&self, x: &[f64]) -> Vec<f64> {
        let along = |i: usize| reduce::sum_by(x.len(), |j| self.basis[(i, j)] * x[j]);
        let all = self.origin.iter().enumerate();
        all.map(|(i, origin)| origin + along(i)).collect()
    }

    fn within(&self, whole: &[f64], gradient: &mut [f64]) {
        for (j, gradient) in gradient.iter_mut().enumerate() {
            *gradient = reduce::sum_by(whole.len(), |i| self.basis[(i, j)] * whole[i]);
        }
    }
}

impl Objective for Plane<'_> {
    fn dimension(&self) -> usize {
        self.basis.ncols()
    }
}

impl Differentiable for Plane<'_> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut whole = vec![0.0; self.origin.len()];
        let value = self.objective.gradient(&self.point(x), &mut whole);
        self.within(&whole, gradient);
        value
    }
}

impl TwiceDifferentiable for Plane<'_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let m = self.origin.len();
        let mut whole = vec![0.0; m];
        let mut lower = Mat::zeros(m, m);
        let value = self
            .objective
            .hessian(&self.point(x), &mut whole, lower.as_mut());
        let full = Mat::from_fn(m, m, |i, j| lower[(i.max(j), i.min(j))]);
        hessian.copy_from(self.basis.transpose() * full * self.basis);
        self.within(&whole, gradient);
        value
    }
}

/// Equations A γ = r for the coefficients, with the directions along which they still hold.
#[derive(Debug)]
pub(super) struct Equations {
    a: Mat<f64>,
    basis: Mat<f64>,
}

impl Equations {
    /// `None` if they depend on each other, or are none.
    pub(super) fn new(a: Mat<f64>) -> Result<Option<Self>, LinalgError> {
        let (q, m) = (a.nrows(), a.ncols());
        let length = |i: usize| reduce::sum_by(m, |j| a[(i, j)].powi(2)).sqrt();
        let lengths: Vec<f64> = (0..q).map(length).collect();
        if q == 0 || q > m || lengths.contains(&0.0) {
            return Ok(None);
        }
        let unit = Mat::from_fn(q, m, |i, j| a[(i, j)] / lengths[i]);
        let (values, vectors) = symmetric_eigen((unit.transpose() * &unit).as_ref())?;
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
        let (free, used) = order.split_at(m - q);
        if used.iter().any(|i| values[*i] < 1e-12) {
            return Ok(None);
        }
        let basis = Mat::from_fn(m, m - q, |i, j| vectors[(i, free[j])]);
        Ok(Some(Self { a, basis }))
    }

    /// The point nearest to `from`, in the metric whose inverse is given, at which the equations hold.
    fn nearest(
        &self,
        from: &[f64],
        right: &[f64],
        inverse: MatRef<'_, f64>,
    ) -> Result<Vec<f64>, LinalgError> {
        let q = self.a.nrows();
        let gap = Mat::from_fn(q, 1, |i, _| {
            right[i] - reduce::sum_by(from.len(), |j| self.a[(i, j)] * from[j])
        });
        let across = inverse * self.a.transpose();
        let between = Cholesky::new((&self.a * &across).as_ref())?;
        let by = across * between.solve(gap.as_ref()).x;
        Ok((0..from.len()).map(|i| from[i] + by[(i, 0)]).collect())
    }

    /// The point with the least objective at which A γ = `right`, and the objective there. The search begins near `from`, at the nearest
    /// point by the first of the metrics (given by their inverses) in which that has a finite objective.
    ///
    /// # Errors
    /// [`FitError::NotConverged`] if no such point is found, [`FitError::Inference`] if there is none near.
    pub(super) fn least(
        &self,
        objective: &mut dyn TwiceDifferentiable,
        from: &[f64],
        right: &[f64],
        metrics: &[MatRef<'_, f64>],
    ) -> Result<(Vec<f64>, f64), FitError> {
        let linalg = |source| FitError::Linalg { source };
        let mut gradient = vec![0.0; from.len()];
        let mut origin = None;
        for inverse in metrics {
            let point = self.nearest(from, right, *inverse).map_err(linalg)?;
            let value = objective.gradient(&point, &mut gradient);
            if value.is_finite() {
                origin = Some((point, value));
                break;
            }
        }
        let Some((origin, value)) = origin else {
            return Err(FitError::Inference {
                reason: "the likelihood is 0 where the equations hold, as far as it was looked for; thresholds have to ascend"
                    .to_owned(),
            });
        };
        if self.basis.ncols() == 0 {
            return Ok((origin, value));
        }
        let start = vec![0.0; self.basis.ncols()];
        let mut plane = Plane {
            objective,
            origin: &origin,
            basis: self.basis.as_ref(),
        };
        let newton = Newton::default();
        // An error of the decrement is one of its square in the objective: near the last digits the rest is rounding.
        let done = |found: &Certificate| {
            found.status == Status::Converged || found.newton_decrement < NEAR
        };
        let first: Result<_, LinalgError> = newton.minimise(&mut plane, &start);
        if let Ok(outcome) = &first
            && done(&outcome.certificate)
        {
            return Ok((plane.point(&outcome.x), outcome.value));
        }
        // Where the objective bends down, gradients alone lead on.
        let lbfgs = Lbfgs {
            tolerance: 1e-8,
            ..Lbfgs::default()
        };
        let near = lbfgs.minimise(&mut plane, &start);
        let last = newton.minimise(&mut plane, &near.x).map_err(linalg)?;
        if !done(&last.certificate) {
            return Err(FitError::NotConverged {
                certificate: last.certificate,
            });
        }
        Ok((plane.point(&last.x), last.value))
    }
}
