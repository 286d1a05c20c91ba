//! A module, its data and a loss as an objective for solvers.

use autodiff::{Gradients, Tape, Var};
use linalg::{MatRef, Scalar, View};
use models::Module;

use crate::{Differentiable, HessianProducts, Objective};

/// The cost of a module on data as a function of all its parameters, so that [`Lbfgs`](crate::Lbfgs), [`NewtonCg`](crate::NewtonCg)
/// and every solver that asks for gradients or Hessian products can train it.
///
/// A solver sees the parameters as one vector in the order of [`Module::visit`], each column after column. The module computes in
/// its own precision; in `f32` values have seven digits, so a solver stops where it cannot tell points apart. The module must give
/// the same output for the same input.
///
/// ```
/// use linalg::mat;
/// use models::{Linear, loss};
/// use train::{Lbfgs, ModuleLoss, NewtonCg, Status};
///
/// let (x, y) = (mat![[0.0], [1.0], [2.0]], mat![[1.0], [3.0], [5.0]]);
/// let mut model = Linear::<f64>::zeros(1, 1);
/// let mut objective = ModuleLoss::new(&mut model, (&x, &y), |p, t| loss::squared_error(p, t).mean());
/// let start = objective.parameters();
/// let found = Lbfgs::default().minimise(&mut objective, &start);
/// assert_eq!(found.certificate.status, Status::Converged);
/// // The same by truncated Newton steps, which need products with the Hessian.
/// let again = NewtonCg::default().minimise(&mut objective, &start);
/// assert!((found.x[0] - again.x[0]).abs() < 1e-9);
/// objective.set_parameters(&found.x);
/// assert!((model.weight().as_slice()[0] - 2.0).abs() < 1e-9);
/// assert!((model.bias().unwrap().as_slice()[0] - 1.0).abs() < 1e-9);
/// ```
#[derive(Debug)]
pub struct ModuleLoss<'a, T: Scalar, M: ?Sized, C> {
    model: &'a mut M,
    x: MatRef<'a, T>,
    y: MatRef<'a, T>,
    cost: C,
    tape: Tape<T>,
    dimension: usize,
    /// A direction in the precision of the module.
    direction: Vec<T>,
}

impl<'a, T, M, C> ModuleLoss<'a, T, M, C>
where
    T: Scalar,
    M: Module<T> + ?Sized,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    /// The cost of the rows of `x` and `y`; `cost` makes a number of prediction and target. Write it as a closure in the call.
    pub fn new(model: &'a mut M, (x, y): (impl View<'a, T>, impl View<'a, T>), cost: C) -> Self {
        let dimension = model.parameter_count();
        Self {
            model,
            x: x.view(),
            y: y.view(),
            cost,
            tape: Tape::new(),
            dimension,
            direction: vec![T::ZERO; dimension],
        }
    }

    /// The parameters of the module as one vector: where a solver starts.
    pub fn parameters(&self) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.dimension);
        self.model.visit("", &mut |_, parameter| {
            all.extend(parameter.as_slice().iter().map(|x| x.to_f64()));
        });
        all
    }

    /// Gives the module the parameters that a solver found. Solvers leave those of the last point that they tried.
    ///
    /// # Panics
    /// If there are more or fewer numbers than the module has.
    #[track_caller]
    pub fn set_parameters(&mut self, x: &[f64]) {
        assert_eq!(
            x.len(),
            self.dimension,
            "a module of so many numbers was given another number of them"
        );
        let mut rest = x.iter();
        self.model.visit_mut("", &mut |_, parameter| {
            for (value, x) in parameter.as_mut_slice().iter_mut().zip(&mut rest) {
                *value = T::from_f64(*x);
            }
        });
    }

    /// Records the cost of the module as it is.
    fn record(&self) -> Var<'_, T> {
        let tape = &self.tape;
        let prediction = self.model.forward(tape.constant(self.x));
        (self.cost)(prediction, tape.constant(self.y))
    }
}

/// Writes derivatives one after another; zeros where there are none.
fn lay_out<T: Scalar>(
    model: &(impl Module<T> + ?Sized),
    derivatives: &Gradients<T>,
    mut out: &mut [f64],
) {
    model.visit("", &mut |_, parameter| {
        let (part, after) = std::mem::take(&mut out).split_at_mut(parameter.shape().len());
        match derivatives.parameter(parameter.id()) {
            Some(derivative) => {
                let entries = part.iter_mut().zip(derivative.as_slice());
                entries.for_each(|(out, d)| *out = d.to_f64());
            }
            None => part.fill(0.0),
        }
        out = after;
    });
}

impl<T, M, C> Objective for ModuleLoss<'_, T, M, C>
where
    T: Scalar,
    M: Module<T> + ?Sized,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    fn dimension(&self) -> usize {
        self.dimension
    }
}

impl<T, M, C> Differentiable for ModuleLoss<'_, T, M, C>
where
    T: Scalar,
    M: Module<T> + ?Sized,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.set_parameters(x);
        self.tape.clear();
        let cost = self.record();
        let (value, gradients) = (cost.item().to_f64(), cost.backward());
        lay_out(self.model, &gradients, gradient);
        value
    }
}

impl<T, M, C> HessianProducts for ModuleLoss<'_, T, M, C>
where
    T: Scalar,
    M: Module<T> + ?Sized,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    fn hessian_product(&mut self, x: &[f64], direction: &[f64], product: &mut [f64]) {
        self.set_parameters(x);
        let mut along = std::mem::take(&mut self.direction);
        for (along, direction) in along.iter_mut().zip(direction) {
            *along = T::from_f64(*direction);
        }
        self.tape.clear();
        let cost = self.record();
        let tape = cost.tape();
        let (mut directions, mut rest) = (Vec::new(), along.as_slice());
        self.model.visit("", &mut |_, parameter| {
            let shape = parameter.shape();
            let (part, after) = rest.split_at(shape.len());
            rest = after;
            let part = MatRef::from_column_major_slice(part, shape.rows, shape.columns);
            directions.push((parameter.on(tape), part));
        });
        let products = cost.hvp(&directions);
        lay_out(self.model, &products, product);
        self.direction = along;
    }
}
