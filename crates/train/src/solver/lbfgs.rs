//! Limited-memory BFGS.

use std::collections::VecDeque;

use linalg::reduce;

use super::{Outcome, Status, Step, better};
use crate::Differentiable;

/// L-BFGS (Nocedal 1980; Nocedal and Wright 2006, chapter 7): the curvature is learned from the last steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lbfgs {
    /// The limit on steps.
    pub iterations: usize,
    /// Steps that are remembered.
    pub memory: usize,
    /// The largest entry of the gradient at which to stop.
    pub tolerance: f64,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self {
            iterations: 2000,
            memory: 20,
            tolerance: 1e-10,
        }
    }
}

/// A step s with the change y of the gradient.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    /// 1 / sᵀy.
    rho: f64,
}

impl Lbfgs {
    /// Minimises from `start`.
    ///
    /// ```
    /// use linalg::mat;
    /// use train::{Lbfgs, LossFunction, Status};
    /// // Rosenbrock's valley, from its published start.
    /// let mut loss = LossFunction::new(&[(1, 1), (1, 1)], |p| {
    ///     let (x, y) = (p[0], p[1]);
    ///     (1.0 - x).square() + (y - x.square()).square() * 100.0
    /// });
    /// let outcome = Lbfgs::default().minimise(&mut loss, &[-1.2, 1.0]);
    /// assert_eq!(outcome.certificate.status, Status::Converged);
    /// assert!((outcome.x[0] - 1.0).abs() < 1e-8 && (outcome.x[1] - 1.0).abs() < 1e-8);
    /// ```
    pub fn minimise<O: Differentiable>(&self, objective: &mut O, start: &[f64]) -> Outcome {
        let unscaled = |_: &mut O, _: &[f64], _: &mut [f64]| false;
        match self.minimise_preconditioned(objective, start, unscaled, |_, _| {
            Ok::<(), std::convert::Infallible>(())
        }) {
            Ok(outcome) => outcome,
            Err(never) => match never {},
        }
    }

    /// Minimises from `start`. `precondition` overwrites its last argument (a gradient) with an approximate inverse Hessian times
    /// it and returns true, or returns false for none; it is given the point of the start. The observer sees every step and may stop
    /// with an error of its own.
    ///
    /// # Errors
    /// The observer's.
    pub fn minimise_preconditioned<O: Differentiable, E>(
        &self,
        objective: &mut O,
        start: &[f64],
        mut precondition: impl FnMut(&mut O, &[f64], &mut [f64]) -> bool,
        mut observe: impl FnMut(&mut O, Step<'_>) -> Result<(), E>,
    ) -> Result<Outcome, E> {
        let d = objective.dimension();
        let mut x = start.to_vec();
        let mut gradient = vec![0.0; d];
        let mut value = objective.gradient(&x, &mut gradient);
        let origin = value;
        let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(self.memory);
        let (mut trial, mut trial_gradient) = (vec![0.0; d], vec![0.0; d]);
        let mut direction = vec![0.0; d];
        let mut iteration = 0;
        let status = loop {
            let gradient_max = reduce::max_abs(&gradient);
            direction.copy_from_slice(&gradient);
            let mut weights = Vec::with_capacity(pairs.len());
            for pair in pairs.iter().rev() {
                let alpha = pair.rho * reduce::dot(&pair.s, &direction);
                add(&mut direction, -alpha, &pair.y);
                weights.push(alpha);
            }
            let scaled = precondition(objective, start, &mut direction);
            if !scaled {
                // The curvature along the last step; at first, a step of length 1.
                let scale = match pairs.back() {
                    Some(pair) => 1.0 / (pair.rho * reduce::dot(&pair.y, &pair.y)),
                    None => 1.0 / reduce::dot(&gradient, &gradient).sqrt().max(1.0),
                };
                direction.iter_mut().for_each(|p| *p *= scale);
            }
            for (pair, alpha) in pairs.iter().zip(weights.iter().rev()) {
                let beta = pair.rho * reduce::dot(&pair.y, &direction);
                add(&mut direction, alpha - beta, &pair.s);
            }
            direction.iter_mut().for_each(|p| *p = -*p);
            let slope = reduce::dot(&gradient, &direction);
            observe(
                objective,
                Step {
                    iteration,
                    x: &x,
                    value,
                    direction: &direction,
                    newton_decrement: (-slope).max(0.0).sqrt(),
                },
            )?;
            if gradient_max <= self.tolerance {
                break Status::Converged;
            }
            if iteration == self.iterations {
                break Status::IterationLimit;
            }
            if slope.is_nan() || slope >= 0.0 {
                // The memory misleads; without it the next direction descends.
                if pairs.is_empty() {
                    break Status::Stalled;
                }
                pairs.clear();
                continue;
            }
            let found = line_search(
                objective,
                (&x, value, &gradient),
                (&direction, slope),
                &mut trial,
                &mut trial_gradient,
            );
            let Some(trial_value) = found else {
                if -0.5 * slope <= 64.0 * f64::EPSILON * super::size(value, origin) {
                    break Status::Converged;
                }
                if pairs.is_empty() {
                    break Status::Stalled;
                }
                pairs.clear();
                continue;
            };
            let s: Vec<f64> = trial.iter().zip(&x).map(|(a, b)| a - b).collect();
            let y: Vec<f64> = trial_gradient
                .iter()
                .zip(&gradient)
                .map(|(a, b)| a - b)
                .collect();
            let curvature = reduce::dot(&s, &y);
            if curvature > f64::EPSILON * reduce::dot(&y, &y).sqrt() * reduce::dot(&s, &s).sqrt() {
                if pairs.len() == self.memory {
                    pairs.pop_front();
                }
                let rho = 1.0 / curvature;
                pairs.push_back(Pair { s, y, rho });
            }
            std::mem::swap(&mut x, &mut trial);
            std::mem::swap(&mut gradient, &mut trial_gradient);
            value = trial_value;
            iteration += 1;
        };
        Ok(Outcome::without_hessian(
            status, iteration, x, value, gradient, &direction,
        ))
    }
}

/// x += a y.
fn add(x: &mut [f64], a: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += a * y);
}

/// A step that satisfies Wolfe's conditions, by bisection and doubling; the value there. `None` if no step helps.
fn line_search<O: Differentiable>(
    objective: &mut O,
    (x, value, gradient): (&[f64], f64, &[f64]),
    (direction, slope): (&[f64], f64),
    trial: &mut [f64],
    trial_gradient: &mut [f64],
) -> Option<f64> {
    let (mut low, mut high, mut step) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..60 {
        for ((trial, x), p) in trial.iter_mut().zip(x).zip(direction) {
            *trial = x + step * p;
        }
        let trial_value = objective.gradient(trial, trial_gradient);
        let along = reduce::dot(trial_gradient, direction);
        if !better(
            (trial_value, trial_gradient),
            (value, gradient),
            step * slope,
        ) {
            high = step;
        } else if along < 0.9 * slope {
            low = step;
        } else {
            return Some(trial_value);
        }
        step = if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * step
        };
    }
    // The last step that was low enough, if there was one.
    if low == 0.0 {
        return None;
    }
    for ((trial, x), p) in trial.iter_mut().zip(x).zip(direction) {
        *trial = x + low * p;
    }
    Some(objective.gradient(trial, trial_gradient))
}
