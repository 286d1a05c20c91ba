//! The checker: every derivative of an expression against every other, and all against finite differences.
//!
//! The expression is projected on a fixed pseudo-random matrix, so that one number, the projection, depends on every
//! entry of the output. Of that number the checker compares
//!
//! 1. the reverse gradient with central differences, entry by entry;
//! 2. forward mode with the reverse gradient, in a pseudo-random direction;
//! 3. the Hessian product (forward over reverse) with central differences of the gradient;
//! 4. the Hessian product with the gradient of a recorded gradient (reverse over reverse).

use std::fmt;

use linalg::{Mat, MatRef};

use crate::{Tape, Var};

/// A derivative that is wrong: where, and by how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// The expression or operation.
    pub name: String,
    /// Which comparison failed.
    pub comparison: &'static str,
    /// Which operand, from 0.
    pub operand: usize,
    /// Row and column of the entry, from 0.
    pub entry: (usize, usize),
    /// The derivative under test.
    pub found: f64,
    /// What it was compared with.
    pub expected: f64,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            comparison,
            operand,
            entry: (i, j),
            found,
            expected,
        } = self;
        write!(
            f,
            "{name}, operand {operand}, entry ({i}, {j}): {comparison} disagree: {found:e} and {expected:e}"
        )
    }
}

impl std::error::Error for Mismatch {}

/// A reproducible number in ±[0.5, 1.5) for the k-th entry of a projection or direction.
fn pseudo_random(k: usize) -> f64 {
    let x = (k as f64 + 1.0) * 0.754_877_666_246_692_7;
    let sign = if ((x * 3.0) as u64).is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    sign * (0.5 + x.fract())
}

fn direction(m: &Mat<f64>, offset: usize) -> Mat<f64> {
    Mat::from_fn(m.nrows(), m.ncols(), |i, j| {
        pseudo_random(offset + i + j * m.nrows())
    })
}

/// Steps of central differences.
const STEPS: [f64; 3] = [2e-3, 1e-3, 5e-4];

/// Richardson's extrapolation: removes the errors of order step² and step⁴ from central differences.
fn extrapolate([coarse, middle, fine]: [f64; 3]) -> f64 {
    let (first, second) = ((4.0 * middle - coarse) / 3.0, (4.0 * fine - middle) / 3.0);
    (16.0 * second - first) / 15.0
}

fn combine(weights: [f64; 2], a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| {
        weights[0] * a[(i, j)] + weights[1] * b[(i, j)]
    })
}

struct Checker<'c, F> {
    name: &'c str,
    inputs: &'c [Mat<f64>],
    f: F,
}

/// Compares all derivatives of `f` at `inputs` to second order.
///
/// # Errors
/// The first [`Mismatch`].
///
/// ```
/// use autodiff::check;
/// use linalg::mat;
/// let inputs = [mat![[0.3, -1.2]], mat![[2.0, 0.7]]];
/// check::derivatives("x·sin(y)", &inputs, |v| v[0] * v[1].sin())?;
/// # Ok::<(), check::Mismatch>(())
/// ```
pub fn derivatives<F>(name: &str, inputs: &[Mat<f64>], f: F) -> Result<(), Mismatch>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    let checker = Checker { name, inputs, f };
    let gradient = checker.gradient(inputs);
    checker.against_differences(&gradient)?;
    checker.forward_against_reverse(&gradient)?;
    checker.second_order()
}

impl<F> Checker<'_, F>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    fn project<'t>(&self, x: &[Var<'t, f64>]) -> Var<'t, f64> {
        let y = (self.f)(x);
        let shape = y.shape();
        let projection = Mat::from_fn(shape.rows, shape.columns, |i, j| {
            pseudo_random(7 + 3 * i + 5 * j)
        });
        (y * y.tape().copied(projection.as_ref())).sum()
    }

    fn value(&self, inputs: &[Mat<f64>]) -> f64 {
        let tape = Tape::new();
        let x: Vec<_> = inputs.iter().map(|x| tape.variable(x)).collect();
        self.project(&x).item()
    }

    fn gradient(&self, inputs: &[Mat<f64>]) -> Vec<Mat<f64>> {
        let tape = Tape::new();
        let x: Vec<_> = inputs.iter().map(|x| tape.variable(x)).collect();
        let gradients = self.project(&x).backward();
        x.iter()
            .zip(inputs)
            .map(|(x, m)| {
                gradients.get(*x).map_or_else(
                    || Mat::zeros(m.nrows(), m.ncols()),
                    |g| g.as_mat().to_owned(),
                )
            })
            .collect()
    }

    fn compare(
        &self,
        comparison: &'static str,
        operand: usize,
        found: MatRef<'_, f64>,
        expected: MatRef<'_, f64>,
        tolerance: f64,
    ) -> Result<(), Mismatch> {
        let shape = |m: MatRef<'_, f64>| (m.nrows(), m.ncols());
        assert_eq!(
            shape(found),
            shape(expected),
            "{}, operand {operand}: the shapes of {comparison} differ",
            self.name
        );
        let largest = (0..found.ncols())
            .flat_map(|j| (0..found.nrows()).map(move |i| (i, j)))
            .fold(1.0_f64, |largest, e| largest.max(expected[e].abs()));
        for j in 0..found.ncols() {
            for i in 0..found.nrows() {
                let (found, expected) = (found[(i, j)], expected[(i, j)]);
                let close = (found - expected).abs() <= tolerance * largest;
                if !close {
                    let name = self.name.to_owned();
                    return Err(Mismatch {
                        name,
                        comparison,
                        operand,
                        entry: (i, j),
                        found,
                        expected,
                    });
                }
            }
        }
        Ok(())
    }

    fn against_differences(&self, gradient: &[Mat<f64>]) -> Result<(), Mismatch> {
        for (operand, gradient) in gradient.iter().enumerate() {
            let mut shifted = self.inputs.to_vec();
            let x = &self.inputs[operand];
            let differences = Mat::from_fn(x.nrows(), x.ncols(), |i, j| {
                let mut slope = |step: f64| {
                    shifted[operand][(i, j)] = x[(i, j)] + step;
                    let above = self.value(&shifted);
                    shifted[operand][(i, j)] = x[(i, j)] - step;
                    let below = self.value(&shifted);
                    shifted[operand][(i, j)] = x[(i, j)];
                    (above - below) / (2.0 * step)
                };
                extrapolate(STEPS.map(&mut slope))
            });
            let comparison = "the reverse gradient and finite differences";
            self.compare(
                comparison,
                operand,
                gradient.as_ref(),
                differences.as_ref(),
                2e-8,
            )?;
        }
        Ok(())
    }

    fn forward_against_reverse(&self, gradient: &[Mat<f64>]) -> Result<(), Mismatch> {
        let tape = Tape::new();
        let x: Vec<_> = self.inputs.iter().map(|x| tape.variable(x)).collect();
        let y = self.project(&x);
        for (operand, gradient) in gradient.iter().enumerate() {
            let direction = direction(&self.inputs[operand], operand);
            let forward = y.jvp(&[(x[operand], direction.as_ref())]);
            let recorded = y.jvp_recorded(&[(x[operand], tape.copied(direction.as_ref()))]);
            let mut reverse = 0.0;
            for j in 0..gradient.ncols() {
                for i in 0..gradient.nrows() {
                    reverse += gradient[(i, j)] * direction[(i, j)];
                }
            }
            let reverse = Mat::from_fn(1, 1, |_, _| reverse);
            self.compare(
                "forward and reverse mode",
                operand,
                forward.as_ref(),
                reverse.as_ref(),
                1e-11,
            )?;
            let comparison = "recorded forward and reverse mode";
            self.compare(
                comparison,
                operand,
                recorded.to_mat().as_ref(),
                reverse.as_ref(),
                1e-11,
            )?;
        }
        Ok(())
    }

    fn second_order(&self) -> Result<(), Mismatch> {
        let directions: Vec<_> = self
            .inputs
            .iter()
            .enumerate()
            .map(|(k, x)| direction(x, 11 * k))
            .collect();
        let tape = Tape::new();
        let x: Vec<_> = self.inputs.iter().map(|x| tape.variable(x)).collect();
        let y = self.project(&x);
        let along: Vec<_> = x
            .iter()
            .zip(&directions)
            .map(|(x, d)| (*x, d.as_ref()))
            .collect();
        let products = y.hvp(&along);

        let slope = |step: f64| {
            let shift = |sign: f64| -> Vec<Mat<f64>> {
                self.inputs
                    .iter()
                    .zip(&directions)
                    .map(|(x, d)| {
                        Mat::from_fn(x.nrows(), x.ncols(), |i, j| {
                            x[(i, j)] + sign * step * d[(i, j)]
                        })
                    })
                    .collect()
            };
            let (above, below) = (self.gradient(&shift(1.0)), self.gradient(&shift(-1.0)));
            above
                .iter()
                .zip(&below)
                .map(|(a, b)| combine([0.5 / step, -0.5 / step], a, b))
                .collect::<Vec<_>>()
        };
        let slopes = STEPS.map(slope);

        let gradients = y.grad(&x);
        let mut inner = tape.full(crate::Shape::SCALAR, 0.0);
        for (gradient, direction) in gradients.iter().zip(&directions) {
            inner = inner + (*gradient * tape.copied(direction.as_ref())).sum();
        }
        let reverse_over_reverse = inner.backward();

        for (operand, m) in self.inputs.iter().enumerate() {
            let zeros = || Mat::zeros(m.nrows(), m.ncols());
            let product = products
                .get(x[operand])
                .map_or_else(zeros, |g| g.as_mat().to_owned());
            let differences = Mat::from_fn(m.nrows(), m.ncols(), |i, j| {
                extrapolate(slopes.each_ref().map(|s| s[operand][(i, j)]))
            });
            let comparison = "the Hessian product and differences of the gradient";
            self.compare(
                comparison,
                operand,
                product.as_ref(),
                differences.as_ref(),
                2e-8,
            )?;
            let recorded = reverse_over_reverse
                .get(x[operand])
                .map_or_else(zeros, |g| g.as_mat().to_owned());
            let comparison = "the Hessian product and the gradient of the gradient";
            self.compare(
                comparison,
                operand,
                product.as_ref(),
                recorded.as_ref(),
                1e-11,
            )?;
        }
        Ok(())
    }
}
