//! Newton's method whose steps are found by conjugate gradients, from products with the Hessian alone.

use linalg::reduce;

use super::{Outcome, Status, Step, better};
use crate::HessianProducts;

/// Truncated Newton (Dembo, Eisenstat and Steihaug 1982; Nocedal and Wright 2006, chapter 7): for many coefficients, or sparse
/// designs, where forming the Hessian costs too much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NewtonCg {
    /// The limit on steps.
    pub iterations: usize,
    /// The limit on products with the Hessian in a step.
    pub products: usize,
    /// The largest entry of the gradient at which to stop.
    pub tolerance: f64,
}

impl Default for NewtonCg {
    fn default() -> Self {
        Self {
            iterations: 200,
            products: 500,
            tolerance: 1e-10,
        }
    }
}

impl NewtonCg {
    /// Minimises from `start`.
    ///
    /// ```
    /// use linalg::mat;
    /// use train::{LossFunction, NewtonCg, Status};
    /// let (x, y) = (mat![[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 7.0, 20.0]);
    /// let mut loss = LossFunction::new(&[(1, 1), (1, 1)], |p| {
    ///     let eta = p.constant(&x).matmul(p[0]) + p[1];
    ///     (eta.exp() - p.constant(&y) * eta).sum()
    /// });
    /// let fit = NewtonCg::default().minimise(&mut loss, &[0.0, 0.0]);
    /// assert_eq!(fit.certificate.status, Status::Converged);
    /// let fitted: f64 = (0..4).map(|i| (fit.x[0] * i as f64 + fit.x[1]).exp()).sum();
    /// assert!((fitted - 31.0).abs() < 1e-9);
    /// ```
    pub fn minimise<O: HessianProducts>(&self, objective: &mut O, start: &[f64]) -> Outcome {
        let unscaled = |_: &mut O, _: &[f64], r: &[f64], z: &mut [f64]| z.copy_from_slice(r);
        match self.minimise_preconditioned(objective, start, unscaled, |_, _| {
            Ok::<(), std::convert::Infallible>(())
        }) {
            Ok(outcome) => outcome,
            Err(never) => match never {},
        }
    }

    /// Minimises from `start`. `precondition(objective, x, r, z)` writes an approximate inverse Hessian at x, symmetric and positive
    /// definite, times r into z. The observer sees every step and may stop with an error of its own.
    ///
    /// # Errors
    /// The observer's.
    pub fn minimise_preconditioned<O: HessianProducts, E>(
        &self,
        objective: &mut O,
        start: &[f64],
        mut precondition: impl FnMut(&mut O, &[f64], &[f64], &mut [f64]),
        mut observe: impl FnMut(&mut O, Step<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let d = objective.dimension();
        let zeros = || vec![0.0; d];
        let mut x = start.to_vec();
        let (mut gradient, mut trial, mut trial_gradient) = (zeros(), zeros(), zeros());
        let (mut p, mut r, mut z, mut s, mut product) =
            (zeros(), zeros(), zeros(), zeros(), zeros());
        let mut value = objective.gradient(&x, &mut gradient);
        let origin = value;
        let mut first = None;
        let mut iteration = 0;
        let status = loop {
            let size = reduce::max_abs(&gradient);
            let first = *first.get_or_insert(size);
            // Only as exact as the point deserves, and superlinearly convergent.
            let forcing = f64::min(0.25, (size / first).sqrt());
            let enough = (forcing * size).max(0.5 * self.tolerance);
            p.fill(0.0);
            r.copy_from_slice(&gradient);
            precondition(objective, &x, &r, &mut z);
            for (s, z) in s.iter_mut().zip(&z) {
                *s = -z;
            }
            let mut rz = reduce::dot(&r, &z);
            // At the end one look along the preconditioned gradient is enough for the certificate.
            let products = if size <= self.tolerance {
                1
            } else {
                self.products
            };
            for k in 0..products {
                objective.hessian_product(&x, &s, &mut product);
                let curvature = reduce::dot(&s, &product);
                if curvature.is_nan() || curvature <= 0.0 {
                    if k == 0 {
                        p.copy_from_slice(&s);
                    }
                    break;
                }
                let alpha = rz / curvature;
                for j in 0..d {
                    p[j] += alpha * s[j];
                    r[j] += alpha * product[j];
                }
                if reduce::max_abs(&r) <= enough {
                    break;
                }
                precondition(objective, &x, &r, &mut z);
                let next = reduce::dot(&r, &z);
                let beta = next / rz;
                rz = next;
                for (s, z) in s.iter_mut().zip(&z) {
                    *s = beta * *s - z;
                }
            }
            let slope = reduce::dot(&gradient, &p);
            observe(
                objective,
                Step {
                    iteration,
                    x: &x,
                    value,
                    direction: &p,
                    newton_decrement: (-slope).max(0.0).sqrt(),
                },
            )?;
            if size <= self.tolerance {
                break Status::Converged;
            }
            if iteration == self.iterations {
                break Status::IterationLimit;
            }
            let mut step = 1.0;
            let found = loop {
                for ((trial, x), p) in trial.iter_mut().zip(&x).zip(&p) {
                    *trial = x + step * p;
                }
                let trial_value = objective.gradient(&trial, &mut trial_gradient);
                if better(
                    (trial_value, &trial_gradient),
                    (value, &gradient),
                    step * slope,
                ) {
                    break Some(trial_value);
                }
                step *= 0.5;
                if step < 1e-10 {
                    break None;
                }
            };
            let Some(trial_value) = found else {
                let within = -0.5 * slope <= 64.0 * f64::EPSILON * super::size(value, origin);
                break if within {
                    Status::Converged
                } else {
                    Status::Stalled
                };
            };
            std::mem::swap(&mut x, &mut trial);
            std::mem::swap(&mut gradient, &mut trial_gradient);
            value = trial_value;
            iteration += 1;
        };
        Ok(Outcome::without_hessian(
            status, iteration, x, value, gradient, &p,
        ))
    }
}
