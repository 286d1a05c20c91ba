//! Newton's method with a line search, and what it proves about its result.

use std::fmt;

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat, MatRef, reduce};

use crate::TwiceDifferentiable;

/// Why a solver stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// The certificate's decrement is at the rounding error of the objective: no better point can be told apart.
    Converged,
    /// The limit on iterations was reached; the point is the best one met.
    IterationLimit,
    /// No step along the Newton direction lowered the objective or its gradient, though the decrement is not negligible.
    Stalled,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Converged => "converged",
            Self::IterationLimit => "iteration limit reached",
            Self::Stalled => "stalled",
        })
    }
}

/// What a solver can say about the point that it returns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Certificate {
    /// Why it stopped.
    pub status: Status,
    /// Newton steps taken.
    pub iterations: usize,
    /// The largest absolute entry of the gradient, in the objective's own units.
    pub gradient_max: f64,
    /// λ = √(gᵀ H⁻¹ g). ½λ² estimates how far the objective is above its minimum; λ is the distance to the minimiser in the
    /// metric of the Hessian.
    pub newton_decrement: f64,
    /// The largest entry of the Newton step at the returned point: an estimate of the error of the worst coordinate.
    pub distance: f64,
    /// The worst backward error of the linear solves.
    pub backward_error: f64,
}

/// Where a solver ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The point.
    pub x: Vec<f64>,
    /// The objective there.
    pub value: f64,
    /// The gradient there.
    pub gradient: Vec<f64>,
    /// The Hessian there, lower triangle.
    pub hessian: Mat<f64>,
    /// What is known about it.
    pub certificate: Certificate,
}

/// A step that is about to be made, for an observer who knows more about the objective than its values.
#[derive(Debug)]
pub struct Step<'a> {
    /// Steps made before.
    pub iteration: usize,
    /// The point.
    pub x: &'a [f64],
    /// The Newton direction.
    pub direction: &'a [f64],
    /// λ at the point.
    pub newton_decrement: f64,
}

/// Newton's method: x ← x − t H⁻¹ g with t found by halving (Nocedal and Wright 2006, chapter 3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// The limit on steps.
    pub iterations: usize,
}

impl Default for Newton {
    fn default() -> Self {
        Self { iterations: 100 }
    }
}

/// A point is as good as the minimum when half its squared decrement is below this many rounding errors of the objective.
const NEGLIGIBLE: f64 = 1e-8 * f64::EPSILON;

impl Newton {
    /// Minimises a convex objective from `start`.
    ///
    /// # Errors
    /// If the Hessian is singular or not finite.
    ///
    /// ```
    /// use linalg::MatMut;
    /// use train::{Differentiable, Newton, Objective, Status, TwiceDifferentiable};
    ///
    /// /// eˣ − 2x, least at ln 2.
    /// struct Exponential;
    /// impl Objective for Exponential {
    ///     fn dimension(&self) -> usize { 1 }
    /// }
    /// impl Differentiable for Exponential {
    ///     fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
    ///         gradient[0] = x[0].exp() - 2.0;
    ///         x[0].exp() - 2.0 * x[0]
    ///     }
    /// }
    /// impl TwiceDifferentiable for Exponential {
    ///     fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
    ///         hessian[(0, 0)] = x[0].exp();
    ///         self.gradient(x, gradient)
    ///     }
    /// }
    ///
    /// let outcome = Newton::default().minimise(&mut Exponential, &[0.0])?;
    /// assert!((outcome.x[0] - 2.0_f64.ln()).abs() < 1e-12);
    /// assert_eq!(outcome.certificate.status, Status::Converged);
    /// # Ok::<(), linalg::LinalgError>(())
    /// ```
    pub fn minimise<O: TwiceDifferentiable>(
        &self,
        objective: &mut O,
        start: &[f64],
    ) -> Result<Outcome, LinalgError> {
        self.minimise_observed(objective, start, |_, _| Ok(()))
    }

    /// Minimises a convex objective from `start`. The observer sees every step and may stop with an error of its own.
    ///
    /// # Errors
    /// The observer's, or the linear algebra's if the Hessian is singular or not finite.
    pub fn minimise_observed<O: TwiceDifferentiable, E: From<LinalgError>>(
        &self,
        objective: &mut O,
        start: &[f64],
        mut observe: impl FnMut(&mut O, Step<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let d = objective.dimension();
        let mut x = start.to_vec();
        let (mut gradient, mut hessian) = (vec![0.0; d], Mat::zeros(d, d));
        let mut value = objective.hessian(&x, &mut gradient, hessian.as_mut());
        let mut trial = vec![0.0; d];
        let mut trial_gradient = vec![0.0; d];
        let mut backward_error = 0.0_f64;
        let mut iteration = 0;
        loop {
            let factor = Cholesky::new(hessian.as_ref())?;
            let solution = factor.solve(MatRef::from_column_major_slice(&gradient, d, 1));
            backward_error = backward_error.max(solution.backward_error);
            let direction: Vec<f64> = (0..d).map(|j| -solution.x[(j, 0)]).collect();
            let slope = reduce::dot(&gradient, &direction);
            let newton_decrement = (-slope).max(0.0).sqrt();
            let certificate = |status| Certificate {
                status,
                iterations: iteration,
                gradient_max: reduce::max_abs(&gradient),
                newton_decrement,
                distance: reduce::max_abs(&direction),
                backward_error,
            };
            let done = |status, x, gradient: &Vec<f64>, hessian| {
                Ok(Outcome {
                    x,
                    value,
                    gradient: gradient.clone(),
                    hessian,
                    certificate: certificate(status),
                })
            };
            observe(
                objective,
                Step {
                    iteration,
                    x: &x,
                    direction: &direction,
                    newton_decrement,
                },
            )?;
            // The first step is always made: an objective ruled by its penalty hides the size of the first gradient.
            let still = gradient.iter().all(|g| *g == 0.0);
            if (iteration > 0 || still)
                && 0.5 * newton_decrement.powi(2) <= NEGLIGIBLE * value.abs().max(f64::MIN_POSITIVE)
            {
                return done(Status::Converged, x, &gradient, hessian);
            }
            if iteration == self.iterations {
                return done(Status::IterationLimit, x, &gradient, hessian);
            }
            let mut step = 1.0;
            let accepted = loop {
                for ((trial, x), direction) in trial.iter_mut().zip(&x).zip(&direction) {
                    *trial = x + step * direction;
                }
                let trial_value = objective.gradient(&trial, &mut trial_gradient);
                // Near the minimum the difference of values is all rounding: there a smaller gradient decides.
                let close = 64.0 * f64::EPSILON * value.abs();
                if trial_value <= value + 1e-4 * step * slope
                    || ((trial_value - value).abs() <= close
                        && reduce::max_abs(&trial_gradient) < reduce::max_abs(&gradient))
                {
                    break true;
                }
                step *= 0.5;
                if step < 1e-10 {
                    break false;
                }
            };
            if !accepted {
                // No better point can be told apart: that is convergence if the decrement is within rounding, too.
                let within = 0.5 * newton_decrement.powi(2) <= 64.0 * f64::EPSILON * value.abs();
                return done(
                    if within {
                        Status::Converged
                    } else {
                        Status::Stalled
                    },
                    x,
                    &gradient,
                    hessian,
                );
            }
            x.copy_from_slice(&trial);
            value = objective.hessian(&x, &mut gradient, hessian.as_mut());
            iteration += 1;
        }
    }
}
