//! Least squares in extended precision: pairs of doubles, about 31 digits.
//!
//! For small problems whose columns are so nearly dependent that double precision leaves no digits, such as polynomials of
//! high degree in raw powers (condition numbers of 1e15 and more). Everything between the data and the result is done in
//! double-double arithmetic: QR, the solution and its refinement, the residuals, the inverse of R.

use faer::fx128;

use super::{finite, held, shape};
use crate::{LinalgError, Mat, MatRef};

/// A matrix of numbers `high + low`, each a pair of doubles.
#[derive(Debug, Clone)]
pub struct Extended(Mat<fx128>);

impl Extended {
    /// The matrix of doubles, exactly.
    pub fn from_doubles(x: MatRef<'_, f64>) -> Self {
        Self(Mat::from_fn(x.nrows(), x.ncols(), |i, j| {
            fx128::from_f64(x[(i, j)])
        }))
    }

    /// The powers 0 to `degree` of `x`, one a column, each computed in extended precision: the rounding of x¹⁰ to a double
    /// alone costs a badly conditioned problem its digits.
    pub fn powers(x: &[f64], degree: usize) -> Self {
        let mut powers = Mat::from_fn(x.len(), degree + 1, |_, _| fx128::ONE);
        for (i, x) in x.iter().enumerate() {
            for j in 1..=degree {
                powers[(i, j)] = powers[(i, j - 1)].mul(fx128::from_f64(*x));
            }
        }
        Self(powers)
    }
}

/// A fit with its inference.
#[derive(Debug, Clone)]
pub struct ExtendedFit {
    /// The coefficients, rounded to double.
    pub coefficients: Vec<f64>,
    /// Their standard deviations, s √((XᵀX)⁻¹ⱼⱼ); NaN without degrees of freedom.
    pub standard_deviations: Vec<f64>,
    /// s = √(residual sum of squares / (n − d)).
    pub residual_deviation: f64,
    /// The residual sum of squares.
    pub residual_squares: f64,
}

/// Fits y = X β by least squares, in extended precision.
///
/// # Errors
/// [`LinalgError::Shape`] if the lengths differ or there are fewer rows than columns, [`LinalgError::NotFinite`], or
/// [`LinalgError::Dependent`] with a column that depends on the earlier ones to 27 digits, or [`LinalgError::Overflow`] if a coefficient
/// or the residual sum of squares is too large for a double.
///
/// ```
/// use linalg::solve::extended::{Extended, least_squares};
/// // Wampler's polynomial 1 + x + … + x⁵ at 0, …, 20.
/// let x: Vec<f64> = (0..=20).map(f64::from).collect();
/// let y: Vec<f64> = x.iter().map(|x| (0..=5).map(|k| x.powi(k)).sum()).collect();
/// let fit = least_squares(&Extended::powers(&x, 5), &y)?;
/// assert!(fit.coefficients.iter().all(|b| (b - 1.0).abs() < 1e-14));
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn least_squares(x: &Extended, y: &[f64]) -> Result<ExtendedFit, LinalgError> {
    let (n, d) = (x.0.nrows(), x.0.ncols());
    let right = MatRef::from_column_major_slice(y, y.len(), 1);
    let high = Mat::from_fn(n, d, |i, j| x.0[(i, j)].0);
    if n != y.len() || n < d {
        return Err(shape("extended least squares", high.as_ref(), right));
    }
    finite("extended least squares", high.as_ref(), false)?;
    finite("extended least squares", right, false)?;
    // Powers of two as scales are exact.
    let scale: Vec<f64> = (0..d)
        .map(|j| {
            let largest = (0..n).fold(0.0_f64, |m, i| m.max(high[(i, j)].abs()));
            if largest > 0.0 {
                (-largest.log2().floor()).clamp(-1000.0, 1000.0).exp2()
            } else {
                1.0
            }
        })
        .collect();
    let z = Mat::from_fn(n, d, |i, j| x.0[(i, j)].mul(fx128::from_f64(scale[j])));
    let rhs = Mat::from_fn(n, 1, |i, _| fx128::from_f64(y[i]));
    let (q, r) = orthogonalise(&z)?;
    // One step of refinement makes up for what the factorisation lost.
    let project =
        |b: &Mat<fx128>| back_substitute(&r, &Mat::from_fn(d, 1, |j, _| inner(&q, j, b, 0)));
    let residual = |beta: &Mat<fx128>| {
        Mat::from_fn(n, 1, |i, _| {
            (0..d).fold(rhs[(i, 0)], |sum, j| {
                sum.sub_accurate(z[(i, j)].mul(beta[(j, 0)]))
            })
        })
    };
    let first = project(&rhs);
    let correction = project(&residual(&first));
    let beta = Mat::from_fn(d, 1, |j, _| first[(j, 0)].add_accurate(correction[(j, 0)]));
    let e = residual(&beta);
    let squares = inner(&e, 0, &e, 0);
    let variance = squares.div(fx128::from_f64((n - d) as f64));
    let identity = Mat::from_fn(d, d, |i, j| if i == j { fx128::ONE } else { fx128::ZERO });
    let inverse = back_substitute(&r, &identity);
    let deviation = |j: usize| {
        let sum = (0..d).fold(fx128::ZERO, |sum, k| {
            sum.add_accurate(inverse[(j, k)].mul(inverse[(j, k)]))
        });
        if n == d {
            f64::NAN
        } else {
            root(sum.mul(variance)) * scale[j]
        }
    };
    let coefficient = |j: usize| beta[(j, 0)].mul(fx128::from_f64(scale[j])).0;
    let coefficients: Vec<f64> = (0..d).map(coefficient).collect();
    let operation = "extended least squares";
    held(operation, "a coefficient", &coefficients)?;
    held(operation, "the residual sum of squares", [&squares.0])?;
    Ok(ExtendedFit {
        coefficients,
        standard_deviations: (0..d).map(deviation).collect(),
        residual_deviation: if n == d { f64::NAN } else { root(variance) },
        residual_squares: squares.0,
    })
}

/// The square root, of 0 too, where the library's divides 0 by 0.
fn root(x: fx128) -> f64 {
    if x.0 > 0.0 { x.sqrt().0 } else { 0.0 }
}

/// The inner product of column `i` of `a` with column `j` of `b`.
fn inner(a: &Mat<fx128>, i: usize, b: &Mat<fx128>, j: usize) -> fx128 {
    (0..a.nrows()).fold(fx128::ZERO, |sum, k| {
        sum.add_accurate(a[(k, i)].mul(b[(k, j)]))
    })
}

/// Z = Q R by the modified Gram-Schmidt process, each column orthogonalised twice, which keeps Q orthogonal to working
/// precision (Giraud, Langou and Rozložník 2005).
fn orthogonalise(z: &Mat<fx128>) -> Result<(Mat<fx128>, Mat<fx128>), LinalgError> {
    let (n, d) = (z.nrows(), z.ncols());
    let mut q = z.clone();
    let mut r = Mat::from_fn(d, d, |_, _| fx128::ZERO);
    for j in 0..d {
        let length = root(inner(&q, j, &q, j));
        for _ in 0..2 {
            for k in 0..j {
                let part = inner(&q, k, &q, j);
                r[(k, j)] = r[(k, j)].add_accurate(part);
                for i in 0..n {
                    q[(i, j)] = q[(i, j)].sub_accurate(part.mul(q[(i, k)]));
                }
            }
        }
        let square = inner(&q, j, &q, j);
        if square.0.is_nan() || square.0.sqrt() <= 1e-27 * length {
            let pivot = if length > 0.0 {
                square.0 / length.powi(2)
            } else {
                0.0
            };
            return Err(LinalgError::Dependent {
                column: j,
                pivot,
                weights: vec![],
            });
        }
        r[(j, j)] = square.sqrt();
        for i in 0..n {
            q[(i, j)] = q[(i, j)].div(r[(j, j)]);
        }
    }
    Ok((q, r))
}

/// R X = B for an upper triangular R.
fn back_substitute(r: &Mat<fx128>, b: &Mat<fx128>) -> Mat<fx128> {
    let (d, columns) = (r.ncols(), b.ncols());
    let mut x = Mat::from_fn(d, columns, |_, _| fx128::ZERO);
    for j in 0..columns {
        for i in (0..d).rev() {
            let sum = (i + 1..d).fold(b[(i, j)], |sum, k| {
                sum.sub_accurate(r[(i, k)].mul(x[(k, j)]))
            });
            x[(i, j)] = sum.div(r[(i, i)]);
        }
    }
    x
}
