//! Logarithms of likelihoods, with the terms that do not depend on the mean, as R's `logLik` has them.

use std::ops::Range;

use libm::lgamma;
use models::glm::{Distribution, Family, Link, Weights};

use super::columns::Columns;
use super::objective::At;
use super::problem::Problem;
use super::solve::MANY;
use crate::chi_square::{deviance as distance, stirling_error};

const LN_TAU: f64 = 1.837_877_066_409_345_3;

/// The log-likelihood at these linear predictors; `None` where there is no closed form. A dispersion is that which makes the
/// likelihood largest where R takes it so (Gaussian), and deviance by total weight where R takes that (gamma, inverse Gaussian).
pub(super) fn log_likelihood(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    at: &At,
    deviance: f64,
) -> Option<f64> {
    let (y, n) = (&problem.y, problem.total());
    let sum = |f: &(dyn Fn(usize) -> f64 + Sync)| {
        let counted = |i: usize| if problem.weight(i) > 0.0 { f(i) } else { 0.0 };
        problem.cut.sum(counted)
    };
    let weight = |i: usize| problem.weight(i);
    let loss = || at.loss;
    Some(match problem.family.distribution {
        Distribution::Gaussian => match (&problem.weights, problem.kind) {
            (Some(_), Weights::Analytic) => {
                let rows = problem.number_that_count() as f64;
                let logs = sum(&|i| weight(i).ln());
                0.5 * (logs - rows * (LN_TAU + (deviance / rows).ln() + 1.0))
            }
            _ => -0.5 * n * (LN_TAU + (deviance / n).ln() + 1.0),
        },
        Distribution::Binomial => {
            let choose = |i: usize| {
                let Some(trials) = &problem.data.trials else {
                    return 0.0;
                };
                let (n, k) = (trials[i], problem.data.target[i]);
                let own = problem.data.weights.as_ref();
                let own = own.map_or(1.0, |weights| weights[i]);
                own * (lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0))
            };
            let constant = match problem.data.trials {
                Some(_) => sum(&choose),
                None => 0.0,
            };
            constant - loss()
        }
        Distribution::Poisson => -loss() - sum(&|i| weight(i) * lgamma(y[i] + 1.0)),
        Distribution::NegativeBinomial { theta } => {
            // The loss has θ ln θ taken from it.
            let constant = |i: usize| lgamma(y[i] + theta) - lgamma(theta) - lgamma(y[i] + 1.0);
            sum(&|i| weight(i) * constant(i)) - loss()
        }
        Distribution::Gamma => {
            let shape = n / deviance;
            // A perfect fit has all the density at its targets.
            if !(shape > 0.0 && shape.is_finite()) {
                return Some(f64::INFINITY);
            }
            // In Loader's (2000) form, which keeps its digits where the shape is large.
            let constant = 0.5 * (shape / std::f64::consts::TAU).ln() - stirling_error(shape);
            let density = |i: usize, eta: f64| {
                let mu = problem.family.mean(eta);
                constant - distance(shape, shape * (y[i] / mu)) - y[i].ln()
            };
            at.sums(problem, design, &|i, eta| [weight(i) * density(i, eta)])[0]
        }
        Distribution::InverseGaussian => {
            let logs = sum(&|i| weight(i) * y[i].ln());
            -0.5 * (n * ((deviance / n).ln() + LN_TAU + 1.0) + 3.0 * logs)
        }
        _ => return None,
    })
}

/// The weighted loss of a perfect fit.
pub(super) fn saturated(problem: &Problem<'_>) -> f64 {
    let unit = |i: usize| match problem.weight(i) {
        weight if weight > 0.0 => weight * problem.family.saturated_loss(problem.y[i]),
        _ => 0.0,
    };
    problem.cut.sum(unit)
}

/// Twice the loss above that of a perfect fit.
pub(super) fn deviance(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    at: &At,
    saturated: f64,
) -> f64 {
    // Where rows are many the loss of the last pass is trusted: a difference of two sums loses some digits of a sum of differences.
    if problem.number_of_rows() >= MANY {
        return 2.0 * (at.loss - saturated);
    }
    2.0 * at.sums(problem, design, &|i, eta| [unit_loss(problem, i, eta)])[0]
}

/// Twice the loss of predictors, row by row, above that of a perfect fit.
pub(super) fn unit_deviances(problem: &Problem<'_>, eta: impl Fn(usize) -> f64 + Sync) -> f64 {
    let unit = |i: usize| {
        if problem.weight(i) > 0.0 {
            unit_loss(problem, i, eta(i))
        } else {
            0.0
        }
    };
    2.0 * problem.cut.sum(unit)
}

fn unit_loss(problem: &Problem<'_>, i: usize, eta: f64) -> f64 {
    let y = problem.y[i];
    problem.weight(i) * (problem.family.terms(eta, y).loss - problem.family.saturated_loss(y))
}

/// Pearson's statistic Σ w (y − μ)² / V(μ).
pub(super) fn pearson(problem: &Problem<'_>, design: &Columns<'_>, at: &At) -> f64 {
    if (problem.family.distribution, problem.family.link) == (Distribution::Binomial, Link::Logit) {
        // There the slope is μ − y and the curvature V(μ), for which there is a vector kernel.
        let block = |rows: Range<usize>, eta: &[f64], out: &mut [[f64; 1]]| {
            let mut memory = [[0.0; linalg::rows::BLOCK]; 3];
            let [loss, slope, curvature] = memory.each_mut().map(|m| &mut m[..eta.len()]);
            let mut memory = [0.0; linalg::rows::BLOCK];
            let y = problem.y.rows(rows.clone(), &mut memory);
            problem.family.block(eta, y, loss, slope, curvature);
            for (i, (row, out)) in rows.zip(out).enumerate() {
                *out = match problem.weight(row) {
                    weight if weight > 0.0 && slope[i] != 0.0 => {
                        [weight * slope[i] * slope[i] / curvature[i]]
                    }
                    _ => [0.0],
                };
            }
        };
        return at.sums_of_blocks(problem, design, &block)[0];
    }
    let unit = |i: usize, eta: f64| {
        if problem.family.distribution == Distribution::Binomial {
            // The same by slope and information, which keep their digits where the mean rounds to 0 or 1.
            let slope = problem.family.terms(eta, problem.y[i]).slope;
            return match slope {
                0.0 => [0.0],
                slope => [problem.weight(i) * slope * slope / problem.family.information(eta)],
            };
        }
        let mu = problem.family.mean(eta);
        let residual = problem.y[i] - mu;
        [problem.weight(i) * residual * residual / problem.family.distribution.variance(mu)]
    };
    at.sums(problem, design, &unit)[0]
}
