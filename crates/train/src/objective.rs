//! What a solver sees of a function: the questions that it can answer.

use linalg::MatMut;

/// A function of several numbers that is to be made small. What else it can tell is said by the traits below.
pub trait Objective {
    /// How many numbers.
    fn dimension(&self) -> usize;
}

/// An objective with first derivatives.
pub trait Differentiable: Objective {
    /// Value and gradient at `x`.
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64;
}

/// An objective with second derivatives.
pub trait TwiceDifferentiable: Differentiable {
    /// Value, gradient and the lower triangle of the Hessian at `x`.
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], hessian: MatMut<'_, f64>) -> f64;
}
