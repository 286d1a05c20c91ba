//! The θ of a negative binomial model, estimated with its coefficients.

use models::glm::{Family, GeneralisedLinearModel};

use super::columns::Columns;
use super::objective::At;
use super::problem::Problem;
use super::solve::{Solved, solve};
use super::{FitOptions, Observations};
use crate::FitError;
use crate::gamma::{digamma, trigamma};
use crate::solver::Status;

/// Above this many times the mean, counts vary as Poisson's do to working precision of the likelihood.
const BOUNDARY: f64 = 1e7;
/// Times that θ and the coefficients are estimated in turn.
const ROUNDS: usize = 100;

/// The model at the θ that maximises the likelihood, and the standard error of that: from its information with the means held
/// fixed, as R's `glm.nb` has it.
pub(super) struct Estimated<'a> {
    pub(super) problem: Problem<'a>,
    pub(super) solved: Solved<'a>,
    pub(super) theta: f64,
    pub(super) std_error: f64,
}

/// θ and coefficients in turn, each at the other's estimate, until θ stands still (Venables and Ripley 2002, section 7.4).
pub(super) fn estimate<'a>(
    model: &GeneralisedLinearModel,
    data: &Observations<'a>,
    options: &FitOptions,
) -> Result<Estimated<'a>, FitError> {
    let mut options = options.clone();
    let (mut theta, mut last) = (f64::NAN, f64::INFINITY);
    for round in 0..ROUNDS {
        // From the moments of the counts first.
        let first = Problem::new(model, data)?;
        if round == 0 {
            let mean = first.mean();
            let square = |i: usize| first.weight(i) * (first.y[i] - mean).powi(2);
            let variance = first.cut.sum(square) / first.total();
            theta = mean * mean / (variance - mean).max(0.1 * mean);
        }
        let problem = Problem::new(&model.clone().with_theta(theta), data)?;
        let solved = solve(&problem, &options)?;
        let (next, information) = likeliest(&problem, &solved.design, &solved.at, theta)?;
        let change = (next / theta).ln().abs();
        theta = next;
        // Down to where rounding of the sums moves it about.
        let still = change <= 1e-12 || change <= 1e-8 && change > 0.5 * last;
        last = change;
        if still || round + 1 == ROUNDS {
            let mut solved = solved;
            if !still {
                solved.outcome.certificate.status = Status::IterationLimit;
            }
            return Ok(Estimated {
                problem,
                solved,
                theta,
                std_error: information.sqrt().recip(),
            });
        }
        options.start = Some(solved.design.coefficients_to_data(&solved.outcome.x));
    }
    Err(FitError::NoRows)
}

/// The θ that maximises the likelihood at these means, by Newton's method in ln θ, with the information about θ there.
fn likeliest(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    at: &At,
    start: f64,
) -> Result<(f64, f64), FitError> {
    let sum = |f: &(dyn Fn(f64, f64) -> f64 + Sync)| {
        at.sums(problem, design, &|i, eta| {
            [problem.weight(i) * f(problem.y[i], problem.family.mean(eta))]
        })[0]
    };
    let slope = |t: f64| {
        sum(&|y, mu| digamma(t + y) - digamma(t) + (t / (t + mu)).ln() + 1.0 - (y + t) / (mu + t))
    };
    let information = |t: f64| {
        sum(&|y, mu| {
            trigamma(t) - trigamma(t + y) - 1.0 / t + 2.0 / (mu + t)
                - (y + t) / ((mu + t) * (mu + t))
        })
    };
    let most = BOUNDARY * problem.mean();
    let mut theta = start;
    for _ in 0..50 {
        let (s, i) = (slope(theta), information(theta));
        // In ln θ, where the likelihood is nearly quadratic: slope θ s, curvature θ² i − θ s.
        let curvature = theta * theta * i - theta * s;
        let step = if curvature > 0.0 {
            (theta * s / curvature).clamp(-2.0, 2.0)
        } else {
            s.signum()
        };
        theta *= step.exp();
        if theta > most {
            return Err(FitError::Boundary {
                column: problem.data.target_name.to_owned(),
            });
        }
        if step.abs() <= 1e-12 {
            break;
        }
    }
    Ok((theta, information(theta)))
}
