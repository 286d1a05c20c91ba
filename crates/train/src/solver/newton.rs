//! Newton's method, proximal where the objective has a part that is not smooth.

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat, MatRef, reduce};

use super::{Certificate, NEGLIGIBLE, Outcome, Separable, Status, Step, better, negligible, size};
use crate::TwiceDifferentiable;

/// Newton's method: x ← x + t p, where p minimises the quadratic model of the smooth part plus what is not smooth, and t is found by
/// halving (Nocedal and Wright 2006, chapter 3; Lee, Sun and Saunders 2014).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// The limit on steps.
    pub iterations: usize,
    /// How many gradients a Hessian costs, where that is known: then one is kept for several steps as long as that is expected to be
    /// the shorter way.
    pub hessian_cost: Option<f64>,
    /// A decrement that is small enough. One at the rounding error of the objective always is.
    pub tolerance: f64,
}

impl Default for Newton {
    fn default() -> Self {
        Self {
            iterations: 100,
            hessian_cost: None,
            tolerance: 0.0,
        }
    }
}

/// What a Hessian from elsewhere is expected to leave of the decrement.
const GUESS: f64 = 0.05;

/// Whether going on with an old Hessian, by which the last step made the decrement smaller by `contraction`, is expected to cost less
/// than a new one, which costs as much as so many gradients.
///
/// With a Hessian of a point at decrement λ, the next decrement is about λ², and those after it contract by about 2λ a step.
fn keeps(decrement: f64, contraction: f64, value: f64, cost: f64) -> bool {
    let target = (2.0 * NEGLIGIBLE * value.abs().max(f64::MIN_POSITIVE)).sqrt();
    if decrement <= target {
        return true;
    }
    if contraction >= 0.3 || decrement >= 0.25 {
        return false;
    }
    let old = ((target / decrement).ln() / contraction.ln()).ceil();
    let rest = ((target / decrement.powi(2)).ln() / (2.0 * decrement).ln()).ceil();
    old <= cost + rest.max(0.0)
}

/// A direction with what is known about it.
struct Direction {
    p: Vec<f64>,
    /// gᵀp plus the change of what is not smooth: what the objective promises to lose, at first order.
    slope: f64,
    decrement: f64,
    backward_error: f64,
}

/// The quadratic model in force.
struct Model {
    hessian: Mat<f64>,
    factor: Option<Cholesky>,
}

impl Model {
    fn new(hessian: Mat<f64>, separable: &Separable) -> Result<Self, LinalgError> {
        let factor = None;
        let mut model = Self { hessian, factor };
        model.renew(separable)?;
        Ok(model)
    }

    /// After the Hessian has changed.
    fn renew(&mut self, separable: &Separable) -> Result<(), LinalgError> {
        if separable.is_none() {
            self.factor = Some(Cholesky::new(self.hessian.as_ref())?);
        }
        Ok(())
    }

    fn direction(&self, separable: &Separable, x: &[f64], gradient: &[f64]) -> Direction {
        let d = x.len();
        if let Some(factor) = &self.factor {
            let solution = factor.solve(MatRef::from_column_major_slice(gradient, d, 1));
            let p: Vec<f64> = (0..d).map(|j| -solution.x[(j, 0)]).collect();
            let slope = reduce::dot(gradient, &p);
            return Direction {
                p,
                slope,
                decrement: (-slope).max(0.0).sqrt(),
                backward_error: solution.backward_error,
            };
        }
        let p = separable.step(x, gradient, self.hessian.as_ref());
        let moved: Vec<f64> = x.iter().zip(&p).map(|(x, p)| x + p).collect();
        let slope = reduce::dot(gradient, &p) + separable.value(&moved) - separable.value(x);
        let h = &self.hessian;
        let square = reduce::sum_by(d, |i| {
            let entry = |j: usize| if i >= j { h[(i, j)] } else { h[(j, i)] };
            p[i] * reduce::sum_by(d, |j| entry(j) * p[j])
        });
        Direction {
            slope: slope.min(0.0),
            decrement: square.max(0.0).sqrt(),
            backward_error: 0.0,
            p,
        }
    }
}

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
        observe: impl FnMut(&mut O, Step<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        self.minimise_composite(objective, &Separable::none(), start, None, observe)
    }

    /// Minimises a convex objective plus a separable one. A `metric` (lower triangle) near the Hessian at the start saves computing
    /// that.
    ///
    /// # Errors
    /// The observer's, or the linear algebra's if the Hessian is not finite, or singular where there is nothing but a smooth part.
    pub fn minimise_composite<O: TwiceDifferentiable, E: From<LinalgError>>(
        &self,
        objective: &mut O,
        separable: &Separable,
        start: &[f64],
        metric: Option<Mat<f64>>,
        mut observe: impl FnMut(&mut O, Step<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let d = objective.dimension();
        let mut x = start.to_vec();
        separable.project(&mut x);
        let mut gradient = vec![0.0; d];
        let mut fresh = metric.is_none();
        let mut hessian = metric.unwrap_or_else(|| Mat::zeros(d, d));
        let mut smooth = if fresh {
            objective.hessian(&x, &mut gradient, hessian.as_mut())
        } else {
            objective.gradient(&x, &mut gradient)
        };
        let mut model = Model::new(hessian, separable)?;
        let origin = smooth + separable.value(&x);
        let (mut trial, mut trial_gradient) = (vec![0.0; d], vec![0.0; d]);
        let mut backward_error = 0.0_f64;
        let mut iteration = 0;
        let mut direction = model.direction(separable, &x, &gradient);
        let mut trial_hessian = Mat::zeros(d, d);
        // What the next step is expected to leave of the decrement.
        let mut contraction = if fresh { 0.0 } else { GUESS };
        loop {
            let value = smooth + separable.value(&x);
            backward_error = backward_error.max(direction.backward_error);
            let decrement = direction.decrement;
            observe(
                objective,
                Step {
                    iteration,
                    x: &x,
                    value,
                    direction: &direction.p,
                    newton_decrement: decrement,
                },
            )?;
            let sub = |j: usize| separable.subgradient(j, x[j], gradient[j]);
            // The first step is always made: an objective ruled by its penalty hides the size of the first gradient.
            let still = (0..d).all(|j| sub(j) == 0.0);
            let mut status = None;
            let enough = negligible(decrement, size(value, origin)) || decrement <= self.tolerance;
            if (iteration > 0 || still) && enough {
                status = Some(Status::Converged);
            } else if iteration == self.iterations {
                status = Some(Status::IterationLimit);
            }
            // A trial of length 1 is mostly accepted: a Hessian that will be needed there is computed at once.
            let renew = match self.hessian_cost {
                Some(cost) => !keeps(contraction * decrement, contraction, value, cost),
                None => true,
            };
            let (mut step, mut accepted) = (1.0, smooth);
            while status.is_none() {
                for ((trial, x), p) in trial.iter_mut().zip(&x).zip(&direction.p) {
                    *trial = x + step * p;
                }
                separable.project(&mut trial);
                let hessian = renew && step == 1.0;
                accepted = if hessian {
                    objective.hessian(&trial, &mut trial_gradient, trial_hessian.as_mut())
                } else {
                    objective.gradient(&trial, &mut trial_gradient)
                };
                let trial_value = accepted + separable.value(&trial);
                let measure = |x: &[f64], g: &[f64]| {
                    let sub = |j: usize| separable.subgradient(j, x[j], g[j]);
                    (0..d).map(sub).collect::<Vec<_>>()
                };
                let (old, new) = (measure(&x, &gradient), measure(&trial, &trial_gradient));
                if better((trial_value, &new), (value, &old), step * direction.slope) {
                    break;
                }
                step *= 0.5;
                if step < 1e-10 {
                    // No better point can be told apart: convergence if the decrement is within rounding, too.
                    let rounding = 64.0 * f64::EPSILON * size(value, origin);
                    let within = 0.5 * decrement * decrement <= rounding;
                    status = Some(if within {
                        Status::Converged
                    } else {
                        Status::Stalled
                    });
                }
            }
            if status == Some(Status::Stalled) && !fresh {
                // An old Hessian may be at fault.
                smooth = objective.hessian(&x, &mut gradient, model.hessian.as_mut());
                model.renew(separable)?;
                fresh = true;
                direction = model.direction(separable, &x, &gradient);
                contraction = 0.5;
                continue;
            }
            if let Some(status) = status {
                let certificate = Certificate {
                    status,
                    iterations: iteration,
                    gradient_max: (0..d).fold(0.0_f64, |m, j| m.max(sub(j).abs())),
                    newton_decrement: decrement,
                    distance: reduce::max_abs(&direction.p),
                    backward_error,
                    duality_gap: None,
                };
                return Ok(Outcome {
                    x,
                    value,
                    gradient,
                    hessian: model.hessian,
                    certificate,
                });
            }
            std::mem::swap(&mut x, &mut trial);
            std::mem::swap(&mut gradient, &mut trial_gradient);
            smooth = accepted;
            iteration += 1;
            if !(renew && step == 1.0) {
                if let Some(cost) = self.hessian_cost {
                    direction = model.direction(separable, &x, &gradient);
                    let value = smooth + separable.value(&x);
                    contraction = direction.decrement / decrement;
                    if step == 1.0 && keeps(direction.decrement, contraction, value, cost) {
                        fresh = false;
                        continue;
                    }
                }
                smooth = objective.hessian(&x, &mut gradient, trial_hessian.as_mut());
            }
            std::mem::swap(&mut model.hessian, &mut trial_hessian);
            model.renew(separable)?;
            fresh = true;
            direction = model.direction(separable, &x, &gradient);
            contraction = (2.0 * direction.decrement).min(0.5);
        }
    }
}
