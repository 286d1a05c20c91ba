//! Whether the learning rate suits the curvature of the cost.

use autodiff::Var;
use linalg::solve::symmetric_eigen;
use linalg::{Mat, Scalar};
use models::Module;

use super::Warning;
use super::data::Data;
use crate::{HessianProducts, ModuleLoss, Optimizer, Rule};

/// The largest eigenvalue of the Hessian of a batch's cost by Lanczos' method (the Hessian itself is never formed), and what it means
/// for the learning rate. `None` for rules whose steps do not grow with the gradient.
pub(super) fn learning_rate<T, M, R, C>(
    (model, batch): (&mut M, Data<'_, T>),
    optimizer: &Optimizer<T, R>,
    cost: &C,
) -> Option<Warning>
where
    T: Scalar,
    M: Module<T>,
    R: Rule<T>,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    let mut rules = optimizer.rules();
    rules.find_map(|rule| rule.largest_stable_rate(1.0))?;
    // As the loop has it, also what normalises by the batch.
    model.set_training(batch.x.nrows() > 1);
    let mut objective = ModuleLoss::new(model, (batch.x, batch.y), cost);
    let at = objective.parameters();
    let n = at.len();
    // No direction is favoured, and none is forgotten.
    let mut direction: Vec<f64> = (0..n)
        .map(|k| 1.0 + 0.5 * (k as f64 * 0.618).sin())
        .collect();
    let curvature = largest_eigenvalue(&mut direction, |direction, product| {
        objective.hessian_product(&at, direction, product);
    })?;
    let above = |rule: &R| {
        let (rate, limit) = (rule.learning_rate(), rule.largest_stable_rate(curvature)?);
        (curvature > 0.0 && rate > limit).then_some(Warning::LearningRate {
            rate,
            limit,
            curvature,
        })
    };
    optimizer.rules().find_map(above)
}

/// The largest eigenvalue of a symmetric matrix from its products with directions, by Lanczos' method (1950): the matrix is made
/// tridiagonal, a row a product, until its largest eigenvalue stays. `None` if a product is not finite.
fn largest_eigenvalue(
    start: &mut [f64],
    mut product: impl FnMut(&[f64], &mut [f64]),
) -> Option<f64> {
    const ROUNDS: usize = 30;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (n, mut last) = (start.len(), f64::NEG_INFINITY);
    let length = dot(start, start).sqrt();
    start.iter_mut().for_each(|x| *x /= length);
    let (mut before, mut now, mut next) = (vec![0.0; n], start.to_vec(), vec![0.0; n]);
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    while diagonal.len() < ROUNDS.min(n) {
        product(&now, &mut next);
        let along = dot(&now, &next);
        let back = beside.last().copied().unwrap_or(0.0);
        for (next, (now, before)) in next.iter_mut().zip(now.iter().zip(&before)) {
            *next -= along * now + back * before;
        }
        let length = dot(&next, &next).sqrt();
        if !length.is_finite() {
            return None;
        }
        diagonal.push(along);
        let small = Mat::from_fn(diagonal.len(), diagonal.len(), |i, j| match i.abs_diff(j) {
            0 => diagonal[i],
            1 => beside[i.min(j)],
            _ => 0.0,
        });
        let (values, _) = symmetric_eigen(small.as_ref()).ok()?;
        let largest = *values.last()?;
        let settled = largest - last <= 1e-4 * largest.abs() || length <= 1e-12 * largest.abs();
        last = largest;
        if settled && diagonal.len() > 2 {
            break;
        }
        beside.push(length);
        next.iter_mut().for_each(|x| *x /= length);
        std::mem::swap(&mut before, &mut now);
        std::mem::swap(&mut now, &mut next);
    }
    Some(last)
}
