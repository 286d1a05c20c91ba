//! Logistic regression with Firth's penalty.

use linalg::solve::Cholesky;
use linalg::{Mat, parallel, reduce};
use models::glm::{Distribution, Family, Link};

use super::columns::Columns;
use super::information::{gram, information, known};
use super::objective::{At, GlmObjective};
use super::problem::Problem;
use super::solve::{Solved, collinear, columns};
use super::terms::PenaltyTerms;
use super::{FitOptions, Solver};
use crate::FitError;
use crate::solver::{Certificate, Outcome, Status};

/// The steps of a fit that is given no limit.
pub(super) const STEPS: usize = 1000;

/// The point where xᵀ(y − p + h (½ − p)) vanishes, h the leverages: steps by the expected information, halved until the penalised
/// likelihood ℓ + ½ ln det(`XᵀWX`) rises (Firth 1993; Heinze and Schemper 2002).
pub(super) fn solve<'a>(
    problem: &Problem<'a>,
    options: &FitOptions,
) -> Result<Solved<'a>, FitError> {
    let firth = Firth::new(problem)?;
    let start = match &options.start {
        Some(start) if start.len() == firth.design.columns() => {
            firth.design.coefficients_from_data(start)
        }
        Some(start) => {
            return Err(FitError::Start {
                found: start.len(),
                expected: firth.design.columns(),
            });
        }
        None => problem.start(&firth.design)?,
    };
    let found = firth.minimise(start, None, options.iterations.unwrap_or(STEPS))?;
    let scales: f64 = firth.design.scale().iter().map(|s| s.ln()).sum();
    let outcome = Outcome {
        x: found.x,
        // In the coordinates of the data, as a total.
        value: found.value - scales,
        gradient: found.gradient,
        hessian: Mat::new(),
        certificate: found.certificate,
    };
    Ok(Solved {
        terms: PenaltyTerms::new(&problem.penalty, &problem.data, problem.intercept)?,
        outcome,
        at: found.at,
        design: firth.design,
        solver: Solver::Newton,
        reason: "steps by the expected information, for Firth's penalty",
    })
}

/// The penalised likelihood of a problem, to be maximised once or along a profile.
pub(super) struct Firth<'p, 'a> {
    problem: &'p Problem<'a>,
    design: Columns<'a>,
}

/// A coefficient of the data, as a combination of the solvers' coefficients, held at a value.
pub(super) struct Held {
    combination: Vec<f64>,
    value: f64,
}

/// Where the steps ended.
pub(super) struct Found {
    /// In the coordinates of the solvers.
    pub(super) x: Vec<f64>,
    /// Minus the penalised log-likelihood in these coordinates.
    pub(super) value: f64,
    /// The derivative of the value by that of the held coefficient; 0 if none is held.
    pub(super) multiplier: f64,
    pub(super) certificate: Certificate,
    gradient: Vec<f64>,
    at: At,
}

impl<'p, 'a> Firth<'p, 'a> {
    pub(super) fn new(problem: &'p Problem<'a>) -> Result<Self, FitError> {
        let refuse = |reason| FitError::Solver {
            solver: "firth",
            reason,
        };
        if (problem.family.distribution, problem.family.link)
            != (Distribution::Binomial, Link::Logit)
        {
            return Err(refuse(
                "Firth's penalty is for binomial models with the logit link",
            ));
        }
        if !problem.penalty.is_none() {
            return Err(refuse("Firth's penalty and another do not go together"));
        }
        problem.data.in_memory("Firth's penalty")?;
        let design = columns(&problem.data, problem.intercept, false)?;
        if matches!(design, Columns::Sparse(_)) {
            return Err(refuse("Firth's penalty needs dense data"));
        }
        Ok(Self { problem, design })
    }

    pub(super) fn design(&self) -> &Columns<'a> {
        &self.design
    }

    /// A coefficient of the data, by its place, at a value.
    pub(super) fn hold(&self, place: usize, value: f64) -> Held {
        let d = self.design.columns();
        let unit = |k: usize| -> Vec<f64> {
            let one = |j: usize| f64::from(u8::from(j == k));
            (0..d).map(one).collect()
        };
        let combination = (0..d).map(|k| self.design.coefficients_to_data(&unit(k))[place]);
        Held {
            combination: combination.collect(),
            value,
        }
    }

    /// Minus the penalised log-likelihood, with what it is made of.
    fn evaluate(&self, x: &[f64]) -> Result<Point, FitError> {
        let at = GlmObjective::new(&self.design, self.problem, Vec::new()).last(x);
        let weights = information(self.problem, &at.eta);
        let gram = gram(&self.design, &known(&weights));
        let factor = Cholesky::new(gram.as_ref()).map_err(|error| {
            collinear(&self.design, &self.problem.data, &error)
                .unwrap_or(FitError::Linalg { source: error })
        })?;
        Ok(Point {
            value: at.loss - 0.5 * factor.log_determinant(),
            at,
            weights,
            factor,
        })
    }

    /// The gradient of the penalised log-likelihood, by the inverse of the information.
    fn score(&self, point: &Point, inverse: &Mat<f64>) -> Vec<f64> {
        let (n, d) = (self.problem.y.len(), self.design.columns());
        let mut slope = vec![0.0; n];
        if let Columns::Dense(z) = &self.design {
            parallel::for_each_part(&mut slope, 512, &|start, slope| {
                let mut memory = Mat::new();
                let block = z.block(start..start + slope.len(), &mut memory);
                let half = block * inverse;
                for (k, slope) in slope.iter_mut().enumerate() {
                    let i = start + k;
                    let leverage = point.weights[i]
                        * (0..d).map(|j| half[(k, j)] * block[(k, j)]).sum::<f64>();
                    let p = self.problem.family.mean(point.at.eta[i]);
                    *slope = match self.problem.weight(i) {
                        weight if weight > 0.0 => {
                            weight * (self.problem.y[i] - p) + leverage * (0.5 - p)
                        }
                        _ => 0.0,
                    };
                }
            });
        }
        let mut score = vec![0.0; d];
        self.design.design().transpose_times(&slope, &mut score);
        score
    }

    /// Steps from `x`, in the coordinates of the solvers, to the largest penalised likelihood, where a coefficient may be held.
    pub(super) fn minimise(
        &self,
        mut x: Vec<f64>,
        held: Option<&Held>,
        limit: usize,
    ) -> Result<Found, FitError> {
        let d = self.design.columns();
        if let Some(held) = held {
            let square = reduce::dot(&held.combination, &held.combination);
            let gap = held.value - reduce::dot(&held.combination, &x);
            for (x, a) in x.iter_mut().zip(&held.combination) {
                *x += gap * a / square;
            }
        }
        let identity: Mat<f64> = Mat::identity(d, d);
        let mut point = self.evaluate(&x)?;
        let (mut iterations, mut backward_error) = (0, 0.0_f64);
        loop {
            let inverse = point.factor.solve(identity.as_ref());
            backward_error = backward_error.max(inverse.backward_error);
            let score = self.score(&point, &inverse.x);
            let times = |v: &[f64]| -> Vec<f64> {
                (0..d)
                    .map(|i| reduce::sum_by(d, |j| inverse.x[(i, j)] * v[j]))
                    .collect()
            };
            // What is left of the gradient without the pull of the held coefficient: a projection of the step alone would leave
            // rounding errors of the size of that pull, which no number of steps makes smaller.
            let (mut multiplier, mut left) = (0.0, score.clone());
            if let Some(held) = held {
                let along = times(&held.combination);
                multiplier = -reduce::dot(&along, &score) / reduce::dot(&held.combination, &along);
                for (left, a) in left.iter_mut().zip(&held.combination) {
                    *left += multiplier * a;
                }
            }
            let step = times(&left);
            let square = reduce::dot(&left, &step).max(0.0);
            let status = if square <= 1e-26 * (1.0 + point.value.abs()) {
                Some(Status::Converged)
            } else if iterations >= limit {
                Some(Status::IterationLimit)
            } else {
                None
            };
            let mut length = 1.0;
            let mut next = None;
            while status.is_none() && length > 1e-10 {
                let trial: Vec<f64> = x.iter().zip(&step).map(|(x, s)| x + length * s).collect();
                // A step that is so long that the information is singular is too long.
                if let Ok(there) = self.evaluate(&trial)
                    && there.value <= point.value + 64.0 * f64::EPSILON * point.value.abs()
                {
                    next = Some((trial, there));
                    break;
                }
                length *= 0.5;
            }
            if let Some((trial, there)) = next {
                (x, point) = (trial, there);
                iterations += 1;
                continue;
            }
            let total = self.problem.total();
            let gradient: Vec<f64> = score.iter().map(|s| -s / total).collect();
            let certificate = Certificate {
                status: status.unwrap_or(Status::Stalled),
                iterations,
                gradient_max: reduce::max_abs(&gradient),
                newton_decrement: (square / total).sqrt(),
                distance: reduce::max_abs(&step),
                backward_error,
                duality_gap: None,
            };
            return Ok(Found {
                x,
                value: point.value,
                multiplier,
                certificate,
                gradient,
                at: point.at,
            });
        }
    }
}

/// What is known at a point.
struct Point {
    value: f64,
    at: At,
    /// The information of each row.
    weights: Vec<f64>,
    factor: Cholesky,
}

#[cfg(test)]
mod tests {
    use datasets::Dataset;
    use models::glm::GeneralisedLinearModel;

    use super::*;

    #[test]
    fn a_fit_with_a_coefficient_held_converges_in_few_steps() -> Result<(), FitError> {
        let wave = |i: usize, by: f64| (i as f64 * by).sin();
        let x = Mat::from_fn(400, 2, |i, j| wave(i, 1.1 + j as f64));
        let event = |i: usize| f64::from(u8::from(wave(i, 1.1) + 2.0 * wave(i, 7.3) > 0.0));
        let target: Vec<f64> = (0..400).map(event).collect();
        let data = Dataset::new(x, ["a", "b"], target, "y");
        let model = GeneralisedLinearModel::new(Distribution::Binomial).firth();
        let problem = Problem::new(&model, &(&data).into())?;
        let firth = Firth::new(&problem)?;
        for value in [-1.0, 0.0, 2.0] {
            let found = firth.minimise(vec![0.0; 3], Some(&firth.hold(1, value)), STEPS)?;
            let certificate = found.certificate;
            assert_eq!(certificate.status, Status::Converged);
            assert!(certificate.iterations < 15, "{}", certificate.iterations);
            let beta = firth.design.coefficients_to_data(&found.x);
            assert!((beta[1] - value).abs() < 1e-14);
            // The multiplier is the slope of the profile.
            let at = |b: f64| {
                firth
                    .minimise(found.x.clone(), Some(&firth.hold(1, b)), STEPS)
                    .map(|found| found.value)
            };
            let slope = (at(value + 1e-4)? - at(value - 1e-4)?) / 2e-4;
            assert!((slope - found.multiplier).abs() < 1e-6 * (1.0 + slope.abs()));
        }
        Ok(())
    }
}
