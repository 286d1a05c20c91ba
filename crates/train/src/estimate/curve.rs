//! The residuals of a curve, for the solver.

use autodiff::ops::Times;
use autodiff::{Inputs, Var};
use linalg::{Mat, MatRef};

use super::levenberg::Residuals;
use super::qr::columns;
use super::recording::{Recording, entries};

/// The residuals √w (f − y) as a function of some of the parameters, the others held.
pub(super) struct Curve<'o, 'env, F> {
    pub(super) fitted: &'o mut Recording<'env, F>,
    pub(super) response: &'o [f64],
    /// Square roots of the weights.
    pub(super) roots: Option<Vec<f64>>,
    pub(super) point: Vec<f64>,
    pub(super) free: Vec<usize>,
    pub(super) magnitude: f64,
}

impl<'env, F> Curve<'_, 'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    pub(super) fn place(&mut self, x: &[f64]) {
        for (&j, x) in self.free.iter().zip(x) {
            self.point[j] = *x;
        }
    }

    fn weigh(&self, values: &mut [f64]) {
        if let Some(roots) = &self.roots {
            for (value, root) in values.iter_mut().zip(roots) {
                // Where the weight is 0, the value does not matter, not even infinity.
                *value = if *root == 0.0 { 0.0 } else { *value * root };
            }
        }
    }

    fn subtract(&self, mut fitted: Vec<f64>) -> Vec<f64> {
        for (fitted, y) in fitted.iter_mut().zip(self.response) {
            *fitted -= y;
        }
        self.weigh(&mut fitted);
        fitted
    }

    /// Residuals and the whole Jacobian at the point.
    pub(super) fn linearised(&mut self) -> (Vec<f64>, Mat<f64>) {
        let (fitted, mut jacobian) = self.fitted.at(&self.point, |fitted, variables| {
            (entries(fitted), fitted.jacobian(variables))
        });
        if let Some(roots) = &self.roots {
            for j in 0..jacobian.ncols() {
                for (i, root) in roots.iter().enumerate() {
                    jacobian[(i, j)] = if *root == 0.0 {
                        0.0
                    } else {
                        jacobian[(i, j)] * root
                    };
                }
            }
        }
        (self.subtract(fitted), jacobian)
    }
    /// Gradient and Hessian of the weighted sum of squares at the point, by all parameters.
    pub(super) fn curvature(&mut self) -> (Vec<f64>, Mat<f64>) {
        let weights: Option<Vec<f64>> = self
            .roots
            .as_ref()
            .map(|roots| roots.iter().map(|root| root * root).collect());
        let response = self.response;
        self.fitted.at(&self.point, |fitted, variables| {
            let tape = fitted.tape();
            let column = |x: &[f64]| tape.copied(MatRef::from_column_major_slice(x, x.len(), 1));
            let squares = (fitted - column(response)).square();
            let sum = match &weights {
                Some(weights) => column(weights).zip(Times, squares).sum(),
                None => squares.sum(),
            };
            let gradient = super::recording::laid_out(&sum.backward(), variables);
            (gradient, sum.hessian(variables))
        })
    }
}

impl<'env, F> Residuals for Curve<'_, 'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn residuals(&mut self, x: &[f64]) -> Vec<f64> {
        self.place(x);
        let fitted = self.fitted.values(&self.point);
        self.subtract(fitted)
    }

    fn jacobian(&mut self, x: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        self.place(x);
        let (residuals, jacobian) = self.linearised();
        let all = columns(jacobian.as_ref());
        (
            residuals,
            self.free.iter().map(|&j| all[j].clone()).collect(),
        )
    }

    fn magnitude(&self) -> f64 {
        self.magnitude
    }

    fn newton(&mut self, x: &[f64]) -> Option<Vec<f64>> {
        self.place(x);
        let (gradient, hessian) = self.curvature();
        let p = self.free.len();
        let part = Mat::from_fn(p, p, |i, j| hessian[(self.free[i], self.free[j])]);
        let down = Mat::from_fn(p, 1, |i, _| -gradient[self.free[i]]);
        let factor = linalg::solve::Cholesky::new(part.as_ref()).ok()?;
        let step = factor.solve(down.as_ref()).x;
        Some((0..p).map(|i| step[(i, 0)]).collect())
    }
}
