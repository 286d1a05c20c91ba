//! Logistic regression with Firth's penalty.

use linalg::solve::Cholesky;
use linalg::{Mat, parallel, reduce};
use models::glm::{Distribution, Family, Link};

use super::columns::Columns;
use super::information::{gram, information};
use super::objective::{At, GlmObjective};
use super::problem::Problem;
use super::solve::{Solved, collinear, columns};
use super::terms::Terms;
use super::{FitOptions, Solver};
use crate::FitError;
use crate::solver::{Certificate, Outcome, Status};

/// The point where xᵀ(y − p + h (½ − p)) vanishes, h the leverages: steps by the expected information, halved until the penalised
/// likelihood ℓ + ½ ln det(`XᵀWX`) rises (Firth 1993; Heinze and Schemper 2002).
pub(super) fn solve<'a>(
    problem: &Problem<'a>,
    options: &FitOptions,
) -> Result<Solved<'a>, FitError> {
    solve_held(problem, options, None)
}

/// The same with a coefficient of the data held at a value, and the penalty of the whole model.
pub(super) fn solve_held<'a>(
    problem: &Problem<'a>,
    options: &FitOptions,
    held: Option<(usize, f64)>,
) -> Result<Solved<'a>, FitError> {
    let refuse = |reason| FitError::Solver {
        solver: "firth",
        reason,
    };
    if (problem.family.distribution, problem.family.link) != (Distribution::Binomial, Link::Logit) {
        return Err(refuse(
            "Firth's penalty is for binomial models with the logit link",
        ));
    }
    if !problem.penalty.is_none() {
        return Err(refuse("Firth's penalty and another do not go together"));
    }
    let data = &problem.data;
    let design = columns(data, problem.intercept, false)?;
    let Columns::Dense(z) = &design else {
        return Err(refuse("Firth's penalty needs dense data"));
    };
    let terms = Terms::new(&problem.penalty, data, problem.intercept)?;
    let total = problem.total();
    let (n, d) = (problem.y.len(), design.columns());
    let mut x = match &options.start {
        Some(start) if start.len() == d => design.coefficients_from_data(start),
        Some(start) => {
            return Err(FitError::Start {
                found: start.len(),
                expected: d,
            });
        }
        None => problem.start(&design)?,
    };
    // Minus the penalised log-likelihood, with what it is made of.
    let evaluate = |x: &[f64]| -> Result<(f64, At, Cholesky), FitError> {
        let at = GlmObjective::new(&design, problem, Vec::new()).last(x);
        let gram = gram(&design, &information(problem, &at.eta));
        let factor = Cholesky::new(gram.as_ref()).map_err(|error| {
            collinear(&design, data, &error).unwrap_or(FitError::Linalg { source: error })
        })?;
        Ok((at.loss - 0.5 * factor.log_determinant(), at, factor))
    };
    let identity: Mat<f64> = Mat::identity(d, d);
    // What is held is a combination of the solvers' coefficients, and its value.
    let held = held.map(|(place, value)| {
        let unit = |k: usize| {
            (0..d)
                .map(|j| f64::from(u8::from(j == k)))
                .collect::<Vec<f64>>()
        };
        let combination: Vec<f64> = (0..d)
            .map(|k| design.coefficients_to_data(&unit(k))[place])
            .collect();
        (combination, value)
    });
    if let Some((combination, value)) = &held {
        let square = reduce::dot(combination, combination);
        let gap = value - reduce::dot(combination, &x);
        for (x, a) in x.iter_mut().zip(combination) {
            *x += gap * a / square;
        }
    }
    let (mut value, mut at, mut factor) = evaluate(&x)?;
    let limit = options.iterations.unwrap_or(1000);
    let (mut iterations, mut backward_error) = (0, 0.0_f64);
    loop {
        let inverse = factor.solve(identity.as_ref());
        backward_error = backward_error.max(inverse.backward_error);
        let weights = information(problem, &at.eta);
        let mut slope = vec![0.0; n];
        parallel::for_each_part(&mut slope, 512, &|start, slope| {
            let mut memory = Mat::new();
            let block = z.block(start..start + slope.len(), &mut memory);
            let half = block * &inverse.x;
            for (k, slope) in slope.iter_mut().enumerate() {
                let i = start + k;
                let leverage =
                    weights[i] * (0..d).map(|j| half[(k, j)] * block[(k, j)]).sum::<f64>();
                let p = problem.family.mean(at.eta[i]);
                *slope = match problem.weight(i) {
                    weight if weight > 0.0 => weight * (problem.y[i] - p) + leverage * (0.5 - p),
                    _ => 0.0,
                };
            }
        });
        let mut score = vec![0.0; d];
        design.design().transpose_times(&slope, &mut score);
        let times = |v: &[f64]| -> Vec<f64> {
            (0..d)
                .map(|i| reduce::sum_by(d, |j| inverse.x[(i, j)] * v[j]))
                .collect()
        };
        let mut step = times(&score);
        if let Some((combination, _)) = &held {
            let along = times(combination);
            let share = reduce::dot(combination, &step) / reduce::dot(combination, &along);
            for (step, along) in step.iter_mut().zip(&along) {
                *step -= share * along;
            }
        }
        let square = reduce::dot(&score, &step).max(0.0);
        let status = if square <= 1e-26 * (1.0 + value.abs()) {
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
            let Ok((v, a, f)) = evaluate(&trial) else {
                length *= 0.5;
                continue;
            };
            if v <= value + 64.0 * f64::EPSILON * value.abs() {
                next = Some((trial, v, a, f));
                break;
            }
            length *= 0.5;
        }
        if let Some((trial, v, a, f)) = next {
            (x, value, at, factor) = (trial, v, a, f);
            iterations += 1;
            continue;
        }
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
        let scales: f64 = design.scale().iter().map(|s| s.ln()).sum();
        let outcome = Outcome {
            x,
            // In the coordinates of the data, as a total.
            value: value - scales,
            gradient,
            hessian: Mat::new(),
            certificate,
        };
        return Ok(Solved {
            terms,
            outcome,
            at,
            design,
            solver: Solver::Newton,
            reason: "steps by the expected information, for Firth's penalty",
        });
    }
}
