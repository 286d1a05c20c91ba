//! Least squares with rank, condition and the columns that depend on others.

use faer::linalg::solvers::{ColPivQr, SolveLstsq};

use super::{Method, Svd, finite, held, shape, worse};
use crate::{LinalgError, Mat, MatRef};

/// A least-squares answer: X minimises the length of each column of B − A X.
#[derive(Debug, Clone)]
pub struct LeastSquares {
    /// The answer, one column a right-hand side. Dependent columns of A have coefficients of 0.
    pub x: Mat<f64>,
    /// The number of independent columns.
    pub rank: usize,
    /// The columns that are combinations of the others, ascending.
    pub dependent: Vec<usize>,
    /// An estimate, from the diagonal of R, of the condition number of the independent columns, each scaled to length 1.
    pub condition: f64,
    /// The largest |aⱼ·r| / (|aⱼ| |b|) over columns and right-hand sides, where r is the residual: 0 at the optimum.
    pub optimality: f64,
    /// What gave it.
    pub method: Method,
}

/// Solves min |B − A X| by QR with column pivoting on columns of length 1, refined once; if the answer is not optimal to
/// working precision, by singular values.
///
/// # Errors
/// [`LinalgError::Shape`], [`LinalgError::NotFinite`], [`LinalgError::NoConvergence`], or [`LinalgError::Overflow`] for an answer that
/// no double holds.
///
/// ```
/// use linalg::{mat, solve::least_squares};
/// // The third column is the sum of the others.
/// let a = mat![[1.0, 0.0, 1.0], [1.0, 1.0, 2.0], [1.0, 2.0, 3.0], [1.0, 3.0, 4.0]];
/// let answer = least_squares(a.as_ref(), mat![[1.0], [3.0], [5.0], [7.0]].as_ref())?;
/// assert_eq!((answer.rank, answer.dependent.len()), (2, 1));
/// assert!(answer.optimality < 1e-14);
/// # Ok::<(), linalg::LinalgError>(())
/// ```
pub fn least_squares(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Result<LeastSquares, LinalgError> {
    if a.nrows() != b.nrows() {
        return Err(shape("least_squares", a, b));
    }
    finite("least_squares", a, false)?;
    finite("least_squares", b, false)?;
    let (rows, columns) = (a.nrows(), a.ncols());
    // Scaled by the largest entry first, so that no square overflows; then to length 1.
    let unit = |x: f64| if x > 0.0 { x } else { 1.0 };
    let largest: Vec<f64> = (0..columns).map(|j| unit(a.col(j).norm_max())).collect();
    let length: Vec<f64> = (0..columns)
        .map(|j| {
            unit(
                (0..rows)
                    .map(|i| (a[(i, j)] / largest[j]).powi(2))
                    .sum::<f64>()
                    .sqrt(),
            )
        })
        .collect();
    let z = Mat::from_fn(rows, columns, |i, j| a[(i, j)] / largest[j] / length[j]);

    let qr = z.col_piv_qr();
    let r = qr.R();
    let diagonal: Vec<f64> = (0..rows.min(columns)).map(|j| r[(j, j)].abs()).collect();
    let tolerance = diagonal
        .first()
        .map_or(0.0, |d| d * rows.max(columns) as f64 * f64::EPSILON);
    let rank = diagonal.iter().take_while(|d| **d > tolerance).count();
    let (mut kept, mut dependent) = (
        qr.P().arrays().0[..rank].to_vec(),
        qr.P().arrays().0[rank..].to_vec(),
    );
    kept.sort_unstable();
    dependent.sort_unstable();
    let condition = if rank == 0 {
        1.0
    } else {
        diagonal[0] / diagonal[rank - 1]
    };

    // So are the right-hand sides, by powers of two, which round nothing.
    let power = |x: f64| f64::from_bits(x.max(f64::MIN_POSITIVE).to_bits() >> 52 << 52);
    let size: Vec<f64> = (0..b.ncols()).map(|c| power(b.col(c).norm_max())).collect();
    let b = Mat::from_fn(rows, b.ncols(), |i, c| b[(i, c)] / size[c]);
    let b = b.as_ref();

    // The independent columns alone are a problem of full rank.
    let full = Mat::from_fn(rows, rank, |i, j| z[(i, kept[j])]);
    let answer = |y: &Mat<f64>, method| {
        let mut x = Mat::zeros(columns, b.ncols());
        for (k, &j) in kept.iter().enumerate() {
            for c in 0..b.ncols() {
                x[(j, c)] = y[(k, c)] / length[j] / largest[j] * size[c];
            }
        }
        let optimality = optimality(full.as_ref(), y.as_ref(), b);
        LeastSquares {
            x,
            rank,
            dependent: dependent.clone(),
            condition,
            optimality,
            method,
        }
    };
    if rank == 0 {
        return Ok(answer(&Mat::zeros(0, b.ncols()), Method::Qr));
    }
    let factor: ColPivQr<f64> = full.col_piv_qr();
    let first = factor.solve_lstsq(b);
    let second = &first + factor.solve_lstsq((b - &full * &first).as_ref());
    let (first, second) = (answer(&first, Method::Qr), answer(&second, Method::Qr));
    let best = if second.optimality <= first.optimality {
        second
    } else {
        first
    };
    if best.optimality <= 1e-12 {
        return in_range(best);
    }
    let other = answer(&Svd::new(full.as_ref())?.solve(b, 0.0), Method::Svd);
    in_range(
        if other.optimality < best.optimality || best.optimality.is_nan() {
            other
        } else {
            best
        },
    )
}

fn in_range(answer: LeastSquares) -> Result<LeastSquares, LinalgError> {
    let columns = (0..answer.x.ncols()).flat_map(|c| answer.x.col_as_slice(c));
    held("least_squares", "the answer", columns)?;
    Ok(answer)
}

/// max |zⱼ·r| / |b| for columns of length 1.
fn optimality(z: MatRef<'_, f64>, y: MatRef<'_, f64>, b: MatRef<'_, f64>) -> f64 {
    let residual = b - z * y;
    let slopes = z.transpose() * &residual;
    let mut worst = 0.0_f64;
    for j in 0..b.ncols() {
        let size = b.col(j).norm_l2();
        for i in 0..z.ncols() {
            if size > 0.0 {
                worst = worse(worst, slopes[(i, j)].abs() / size);
            }
        }
    }
    worst
}
