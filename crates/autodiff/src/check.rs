//! The checker: every derivative of an expression against every other, and all against finite differences.
//!
//! The expression is projected on a fixed pseudo-random matrix, so that one number, the projection, depends on every
//! entry of the output. Of that number the checker compares
//!
//! 1. the reverse gradient with central differences, entry by entry, and with itself where it is added to another gradient;
//! 2. forward mode with the reverse gradient, in a pseudo-random direction of each operand and of all together;
//! 3. the Hessian product (forward over reverse) with central differences of the gradient;
//! 4. the Hessian product with the gradient of a recorded gradient (reverse over reverse);
//! 5. the gradient with the Jacobian, and the Hessian product with the Hessian, whose directions are followed together, if the
//!    inputs have at most 64 entries.

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

/// The rows of the largest Hessian that is compared.
const MOST_ROWS: usize = 64;
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
    let gradient = checker.gradient(inputs, false);
    checker.against_differences(&gradient)?;
    checker.accumulation(&gradient)?;
    checker.forward_against_reverse(&gradient)?;
    checker.jacobian_against_gradient(&gradient)?;
    checker.second_order()
}

impl<F> Checker<'_, F>
where
    F: for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
{
    fn project<'t>(&self, x: &[Var<'t, f64>]) -> Var<'t, f64> {
        let y = (self.f)(x);
        let projection = projection(y.shape());
        (y * y.tape().copied(projection.as_ref())).sum()
    }

    fn jacobian_against_gradient(&self, gradient: &[Mat<f64>]) -> Result<(), Mismatch> {
        let tape = Tape::new();
        let x: Vec<_> = self.inputs.iter().map(|x| tape.variable(x)).collect();
        let y = (self.f)(&x);
        if x.iter().map(|x| x.shape().len()).sum::<usize>() > MOST_ROWS
            || y.shape().len() > MOST_ROWS
        {
            return Ok(());
        }
        let (jacobian, projection) = (y.jacobian(&x), projection(y.shape()));
        let mut column = 0;
        for (operand, gradient) in gradient.iter().enumerate() {
            let projected = Mat::from_fn(gradient.nrows(), gradient.ncols(), |i, j| {
                let column = column + i + j * gradient.nrows();
                let products = entries(&projection).enumerate();
                products.map(|(k, p)| p * jacobian[(k, column)]).sum()
            });
            column += gradient.nrows() * gradient.ncols();
            let comparison = "the Jacobian and the reverse gradient";
            let (found, expected) = (projected.as_ref(), gradient.as_ref());
            let size = entries(&projection).map(f64::abs).sum::<f64>();
            self.compare(comparison, operand, found, expected, (1e-11, size))?;
        }
        Ok(())
    }

    fn value(&self, inputs: &[Mat<f64>]) -> f64 {
        let tape = Tape::new();
        let x: Vec<_> = inputs.iter().map(|x| tape.variable(x)).collect();
        self.project(&x).item()
    }

    /// The gradient of the projection, with the sum of all inputs added to it if so wanted.
    fn gradient(&self, inputs: &[Mat<f64>], and_sum: bool) -> Vec<Mat<f64>> {
        let tape = Tape::new();
        let x: Vec<_> = inputs.iter().map(|x| tape.variable(x)).collect();
        let mut cost = self.project(&x);
        if and_sum {
            cost = x.iter().fold(cost, |cost, x| cost + x.sum());
        }
        let gradients = cost.backward();
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

    /// Compares entries; `tolerance` is relative to the largest expected one, or to `noise` if that is larger.
    fn compare(
        &self,
        comparison: &'static str,
        operand: usize,
        found: MatRef<'_, f64>,
        expected: MatRef<'_, f64>,
        (tolerance, noise): (f64, f64),
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
            .fold(noise, |largest, e| largest.max(expected[e].abs()));
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
        // What is rounded in a value is divided by a step.
        let noise = 1e-2 * self.value(self.inputs).abs();
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
            let (found, expected) = (gradient.as_ref(), differences.as_ref());
            self.compare(comparison, operand, found, expected, (2e-8, noise))?;
        }
        Ok(())
    }

    fn accumulation(&self, gradient: &[Mat<f64>]) -> Result<(), Mismatch> {
        let added = self.gradient(self.inputs, true);
        for (operand, (gradient, added)) in gradient.iter().zip(&added).enumerate() {
            let expected = Mat::from_fn(gradient.nrows(), gradient.ncols(), |i, j| {
                gradient[(i, j)] + 1.0
            });
            let comparison = "the gradient added to another one and their sum";
            let (found, expected) = (added.as_ref(), expected.as_ref());
            self.compare(comparison, operand, found, expected, (1e-12, 1.0))?;
        }
        Ok(())
    }

    fn forward_against_reverse(&self, gradient: &[Mat<f64>]) -> Result<(), Mismatch> {
        let tape = Tape::new();
        let x: Vec<_> = self.inputs.iter().map(|x| tape.variable(x)).collect();
        let y = self.project(&x);
        let directions: Vec<_> = (self.inputs.iter().enumerate())
            .map(|(k, x)| direction(x, k))
            .collect();
        let all: Vec<usize> = (0..x.len()).collect();
        let alone = all.iter().map(std::slice::from_ref);
        for operands in alone.chain([&all[..]]).filter(|k| !k.is_empty()) {
            let along: Vec<_> =
                (operands.iter().map(|&k| (x[k], directions[k].as_ref()))).collect();
            let recorded: Vec<_> = (along.iter().map(|(x, d)| (*x, tape.copied(*d)))).collect();
            let product = |&k: &usize| products(&gradient[k], &directions[k]);
            let (mut reverse, mut size) = (0.0, 0.0);
            for product in operands.iter().flat_map(product) {
                reverse += product;
                size += product.abs();
            }
            let reverse = Mat::from_fn(1, 1, |_, _| reverse);
            for (comparison, found) in [
                ("forward and reverse mode", y.jvp(&along)),
                (
                    "recorded forward and reverse mode",
                    y.jvp_recorded(&recorded).to_mat(),
                ),
            ] {
                let (found, expected) = (found.as_ref(), reverse.as_ref());
                let agree = self.compare(comparison, operands[0], found, expected, (1e-11, size));
                if let Err(whole) = agree {
                    // Where: the first entry whose own direction disagrees.
                    self.forward_by_entry(y, &x, gradient)?;
                    return Err(whole);
                }
            }
        }
        Ok(())
    }

    fn forward_by_entry<'t>(
        &self,
        y: Var<'t, f64>,
        x: &[Var<'t, f64>],
        gradient: &[Mat<f64>],
    ) -> Result<(), Mismatch> {
        for (operand, gradient) in gradient.iter().enumerate() {
            let forward = Mat::from_fn(gradient.nrows(), gradient.ncols(), |i, j| {
                let mut unit = Mat::zeros(gradient.nrows(), gradient.ncols());
                unit[(i, j)] = 1.0;
                y.jvp(&[(x[operand], unit.as_ref())])[(0, 0)]
            });
            let comparison = "forward and reverse mode";
            let (found, expected) = (forward.as_ref(), gradient.as_ref());
            self.compare(comparison, operand, found, expected, (1e-11, 0.0))?;
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
        let products_in = y.hvp(&along);
        let gradient = self.gradient(self.inputs, false);

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
            let (above, below) = (
                self.gradient(&shift(1.0), false),
                self.gradient(&shift(-1.0), false),
            );
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

        let zeros = |m: &Mat<f64>| Mat::zeros(m.nrows(), m.ncols());
        let of = |gradients: &crate::Gradients<f64>, operand: usize| {
            let found = gradients.get(x[operand]).map(|g| g.as_mat().to_owned());
            found.unwrap_or_else(|| zeros(&self.inputs[operand]))
        };
        let size: usize = x.iter().map(|x| x.shape().len()).sum();
        let hessian = (size <= MOST_ROWS).then(|| y.hessian(&x));
        let flat: Vec<f64> = directions.iter().flat_map(entries).collect();
        let mut row = 0;
        for (operand, m) in self.inputs.iter().enumerate() {
            let product = of(&products_in, operand);
            let differences = Mat::from_fn(m.nrows(), m.ncols(), |i, j| {
                extrapolate(slopes.each_ref().map(|s| s[operand][(i, j)]))
            });
            let noise =
                1e-2 * entries(&gradient[operand]).fold(0.0_f64, |most, g| most.max(g.abs()));
            let comparison = "the Hessian product and differences of the gradient";
            let (found, expected) = (product.as_ref(), differences.as_ref());
            self.compare(comparison, operand, found, expected, (2e-8, noise))?;
            let comparison = "the Hessian product and the gradient of the gradient";
            let expected = of(&reverse_over_reverse, operand);
            self.compare(
                comparison,
                operand,
                found,
                expected.as_ref(),
                (1e-11, noise),
            )?;
            if let Some(hessian) = &hessian {
                let expected = Mat::from_fn(m.nrows(), m.ncols(), |i, j| {
                    let row = row + i + j * m.nrows();
                    (0..size).map(|k| hessian[(row, k)] * flat[k]).sum()
                });
                let comparison = "the Hessian product and the Hessian";
                self.compare(
                    comparison,
                    operand,
                    found,
                    expected.as_ref(),
                    (1e-11, noise),
                )?;
            }
            row += m.nrows() * m.ncols();
        }
        Ok(())
    }
}

fn projection(shape: crate::Shape) -> Mat<f64> {
    Mat::from_fn(shape.rows, shape.columns, |i, j| {
        pseudo_random(7 + 3 * i + 5 * j)
    })
}

/// The entries, column after column.
fn entries(m: &Mat<f64>) -> impl Iterator<Item = f64> {
    (0..m.ncols()).flat_map(move |j| (0..m.nrows()).map(move |i| m[(i, j)]))
}

fn products(a: &Mat<f64>, b: &Mat<f64>) -> Vec<f64> {
    entries(a).zip(entries(b)).map(|(a, b)| a * b).collect()
}
