//! What a solver sees of a function: the questions that it can answer.

use std::marker::PhantomData;

use autodiff::{Inputs, Shape, Tape, Var};
use linalg::{MatMut, MatRef};

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

/// An objective that multiplies its Hessian by vectors without forming it.
pub trait HessianProducts: Differentiable {
    /// The Hessian at `x` times `direction`.
    fn hessian_product(&mut self, x: &[f64], direction: &[f64], product: &mut [f64]);
}

/// A loss that is written as a closure over variables: value, gradient, Hessian products and Hessian come from the tape, and a
/// solver does not know the difference.
///
/// The parameters are matrices of given shapes; a solver sees them as one vector, one matrix after another, each column after
/// column. The closure is called anew at every point, so it may look at values and choose its way. Data that it borrows enter
/// by [`Inputs::constant`], uncopied.
///
/// ```
/// use linalg::mat;
/// use train::{LossFunction, Newton, Status};
///
/// // Poisson regression: rates exp(X w + b) for the counts y.
/// let x = mat![[0.0], [1.0], [2.0], [3.0]];
/// let y = [1.0, 3.0, 7.0, 20.0];
/// let mut loss = LossFunction::new(&[(1, 1), (1, 1)], |p| {
///     let eta = p.constant(&x).matmul(p[0]) + p[1];
///     (eta.exp() - p.constant(&y) * eta).sum()
/// });
/// let fit = Newton::default().minimise(&mut loss, &[0.0, 0.0])?;
/// assert_eq!(fit.certificate.status, Status::Converged);
/// // At the optimum the fitted counts sum to the observed ones.
/// let fitted: f64 = (0..4).map(|i| (fit.x[0] * i as f64 + fit.x[1]).exp()).sum();
/// assert!((fitted - 31.0).abs() < 1e-10);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
#[derive(Debug)]
pub struct LossFunction<'env, F> {
    tape: Tape<f64>,
    shapes: Vec<Shape>,
    f: F,
    environment: PhantomData<&'env ()>,
}

impl<'env, F> LossFunction<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    /// A function of parameters with these numbers of rows and columns. Its result must be 1x1.
    pub fn new(parameters: &[(usize, usize)], f: F) -> Self {
        Self {
            tape: Tape::new(),
            shapes: parameters
                .iter()
                .map(|&(rows, columns)| Shape::new(rows, columns))
                .collect(),
            f,
            environment: PhantomData,
        }
    }

    /// The value at `x`.
    ///
    /// # Panics
    /// If `x` has another length than the parameters, or the closure's result is not 1x1.
    pub fn value(&mut self, x: &[f64]) -> f64 {
        self.at(x, |cost, _| cost.item())
    }

    /// The parameters as matrices in the vector of a solver.
    ///
    /// # Panics
    /// If `x` has another length than the parameters.
    #[track_caller]
    pub fn parameters<'x>(&self, x: &'x [f64]) -> Vec<MatRef<'x, f64>> {
        assert_eq!(
            x.len(),
            self.dimension(),
            "a loss function of so many numbers was given another number of them"
        );
        let mut rest = x;
        let part = |shape: &Shape| {
            let (part, after) = rest.split_at(shape.len());
            rest = after;
            MatRef::from_column_major_slice(part, shape.rows, shape.columns)
        };
        self.shapes.iter().map(part).collect()
    }

    fn at<R>(
        &mut self,
        x: &[f64],
        then: impl for<'t> FnOnce(Var<'t, f64>, &[Var<'t, f64>]) -> R,
    ) -> R {
        self.tape.clear();
        let parameters = self.parameters(x);
        let tape = &self.tape;
        let variables: Vec<_> = parameters.iter().map(|p| tape.variable(*p)).collect();
        let cost = (self.f)(Inputs::new(tape, &variables));
        assert!(
            std::ptr::eq(cost.tape(), tape),
            "a loss function returned a variable of another tape; use the parameters that it is given"
        );
        then(cost, &variables)
    }
}

/// Writes derivatives one after another; zeros where there are none.
fn lay_out(
    derivatives: &autodiff::Gradients<f64>,
    variables: &[Var<'_, f64>],
    mut out: &mut [f64],
) {
    let needed: usize = variables.iter().map(|v| v.shape().len()).sum();
    assert_eq!(
        out.len(),
        needed,
        "the derivatives of a loss function of {needed} numbers need as much room"
    );
    for variable in variables {
        let (part, after) = out.split_at_mut(variable.shape().len());
        match derivatives.get(*variable) {
            Some(derivative) => part.copy_from_slice(derivative.as_slice()),
            None => part.fill(0.0),
        }
        out = after;
    }
}

impl<'env, F> Objective for LossFunction<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn dimension(&self) -> usize {
        self.shapes.iter().map(|shape| shape.len()).sum()
    }
}

impl<'env, F> Differentiable for LossFunction<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.at(x, |cost, variables| {
            lay_out(&cost.backward(), variables, gradient);
            cost.item()
        })
    }
}

impl<'env, F> TwiceDifferentiable for LossFunction<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        self.at(x, |cost, variables| {
            lay_out(&cost.backward(), variables, gradient);
            hessian.copy_from(cost.hessian(variables));
            cost.item()
        })
    }
}

impl<'env, F> HessianProducts for LossFunction<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn hessian_product(&mut self, x: &[f64], direction: &[f64], product: &mut [f64]) {
        let directions = self.parameters(direction);
        self.at(x, |cost, variables| {
            let along: Vec<_> = variables.iter().copied().zip(directions).collect();
            lay_out(&cost.hvp(&along), variables, product);
        });
    }
}
