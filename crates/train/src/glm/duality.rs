//! How far a penalised fit can be above its minimum at the most: the duality gap.

use linalg::reduce;
use models::glm::{Distribution, Link};

use super::coordinate::ScaledPenalty;
use super::problem::Problem;

/// The objective less the value of the dual problem at the scaled slopes of the losses (Ndiaye, Fercoq, Gramfort and Salmon 2017);
/// `None` where the conjugate of the loss is not known or bounds are in force.
///
/// `slope` holds the weighted slopes of the rows by the total weight, `gradient` their products with the columns. Free coordinates are
/// taken to be at their minimum, where the gradient is 0.
pub(super) fn duality_gap(
    problem: &Problem<'_>,
    eta: &[f64],
    slope: &[f64],
    gradient: &[f64],
    penalty: &ScaledPenalty,
    value: f64,
) -> Option<f64> {
    let family = (problem.family.distribution, problem.family.link);
    if penalty.separable.has_bounds() {
        return None;
    }
    let d = gradient.len();
    // Where l1 alone penalises, the scaled slopes have to keep |Zᵀ u| ≤ l1.
    let scale = (0..d).fold(1.0_f64, |scale, j| {
        let (l1, l2) = (penalty.separable.l1(j), penalty.ridge[j]);
        if l1 > 0.0 && l2 == 0.0 && gradient[j].abs() > l1 {
            scale.min(l1 / gradient[j].abs())
        } else {
            scale
        }
    });
    let penalised = reduce::sum_by(d, |j| {
        let (l1, l2) = (penalty.separable.l1(j), penalty.ridge[j]);
        if l2 > 0.0 {
            let beyond = (scale * gradient[j].abs() - l1).max(0.0);
            0.5 * beyond * beyond / l2
        } else {
            0.0
        }
    });
    let total = problem.total();
    let x_ln_x = |x: f64| if x > 0.0 { x * x.ln() } else { 0.0 };
    let conjugate = |i: usize| {
        let weight = problem.weight(i) / total;
        if weight <= 0.0 {
            return 0.0;
        }
        let (y, s) = (problem.y[i], scale * slope[i] / weight);
        let own = match family {
            (Distribution::Gaussian, Link::Identity) => 0.5 * s * s + s * y,
            (Distribution::Binomial, Link::Logit) => {
                let q = (s + y).clamp(0.0, 1.0);
                x_ln_x(q) + x_ln_x(1.0 - q)
            }
            (Distribution::Poisson, Link::Log) => {
                let q = (s + y).max(0.0);
                x_ln_x(q) - q
            }
            _ => return f64::NAN,
        };
        weight * (own - s * problem.offset(i))
    };
    let dual = -reduce::sum_by(eta.len(), conjugate) - penalised;
    let gap = value - dual;
    // Free coordinates away from their minimum would make it say too much, or too little.
    let steepest = reduce::max_abs(gradient);
    let free = (0..d).any(|j| {
        let held = penalty.separable.l1(j) > 0.0 || penalty.ridge[j] > 0.0;
        !held && gradient[j].abs() > 1e-9 * steepest
    });
    (!free && gap >= -1e-9 * value.abs().max(1.0)).then(|| gap.max(0.0))
}
