//! The last steps of nonlinear least squares, and what is proved about the point.

use linalg::reduce;
use linalg::vector::dot;

use super::levenberg::{Model, OFFSET, Residuals, Stationary, finite, unit_lengths};
use super::qr::norm;
use crate::solver::{Certificate, Status};

/// Full steps from `x` as long as they shrink the projection of r on the tangent space.
pub(super) fn polish(of: &mut impl Residuals, x: Vec<f64>) -> Stationary {
    let (residuals, jacobian) = of.jacobian(&x);
    let scale = unit_lengths(&jacobian);
    let mut model = Model::new(&residuals, &jacobian, &scale);
    let mut point = (x, residuals, jacobian, scale);
    let mut steps = 0;
    let mut full_rank = model.rank == point.0.len();
    let (mut idle, mut newton) = (0, false);
    let mut here = (model.full(), point.0.clone(), point.3.clone());
    while full_rank && steps < 100 && idle < 3 {
        let candidate: Option<Vec<f64>> = if newton {
            of.newton(&here.1)
                .map(|step| here.1.iter().zip(step).map(|(x, p)| x + p).collect())
        } else {
            let step = here.0.iter().zip(&here.2).map(|(z, d)| z / d);
            Some(here.1.iter().zip(step).map(|(x, p)| x + p).collect())
        };
        let Some(candidate) = candidate.filter(|x| finite(x)) else {
            break;
        };
        if candidate == here.1 {
            break;
        }
        let (residuals, jacobian) = of.jacobian(&candidate);
        if !finite(&residuals) || !jacobian.iter().all(|column| finite(column)) {
            break;
        }
        steps += 1;
        let scale = unit_lengths(&jacobian);
        let next = Model::new(&residuals, &jacobian, &scale);
        let (old, new) = (norm(&model.c), norm(&next.c));
        // A larger sum of squares, beyond rounding, is another basin.
        let worse =
            norm(&residuals) > (1.0 + 1e-6) * norm(&point.1) + f64::EPSILON * of.magnitude();
        if worse || next.rank < candidate.len() || new > 0.5 * old {
            // Where Gauss–Newton contracts slowly, the curvature of the residuals matters, and Newton's method knows it.
            idle += 1;
            if !newton && model.offset(residuals.len()) > 1e-12 {
                newton = true;
                here = (model.full(), point.0.clone(), point.3.clone());
                continue;
            }
            if worse || next.rank < candidate.len() {
                break;
            }
        }
        here = (next.full(), candidate.clone(), scale.clone());
        if new < old {
            full_rank = next.rank == candidate.len();
            model = next;
            point = (candidate, residuals, jacobian, scale);
        }
    }
    let (x, residuals, jacobian, scale) = point;
    let offset = model.offset(residuals.len());
    let within = norm(&model.c) <= 8.0 * f64::EPSILON * of.magnitude();
    let status = if full_rank && (offset <= OFFSET || within) || x.is_empty() {
        Status::Converged
    } else {
        Status::Stalled
    };
    let z = model.full();
    let distance = z
        .iter()
        .zip(&scale)
        .fold(0.0_f64, |worst, (z, d)| worst.max((z / d).abs()));
    let gradient: Vec<f64> = jacobian
        .iter()
        .map(|column| dot(column, &residuals))
        .collect();
    let certificate = Certificate {
        status,
        iterations: steps,
        gradient_max: reduce::max_abs(&gradient),
        newton_decrement: norm(&model.c),
        distance,
        backward_error: optimality(&residuals, &jacobian, &scale, &z),
        duality_gap: None,
    };
    Stationary {
        x,
        residuals,
        jacobian,
        offset,
        certificate,
    }
}

/// max |aⱼ · (r + A z)| / |r| over columns of length 1: how well the last linear problem is solved.
fn optimality(residuals: &[f64], jacobian: &[Vec<f64>], scale: &[f64], z: &[f64]) -> f64 {
    let mut left = residuals.to_vec();
    for ((column, d), z) in jacobian.iter().zip(scale).zip(z) {
        linalg::vector::add_scaled(z / d, column, &mut left);
    }
    let size = norm(residuals);
    if size == 0.0 {
        return 0.0;
    }
    jacobian
        .iter()
        .zip(scale)
        .fold(0.0_f64, |worst, (column, d)| {
            worst.max((dot(column, &left) / d / size).abs())
        })
}
