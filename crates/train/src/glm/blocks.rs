//! Products of blocks of rows of a design with matrices of few columns.

use std::ops::Range;

use linalg::{Accum, Mat, MatMut, MatRef, add_times_few, add_transposed_times_few, flat, matmul};

use super::columns::Columns;

/// Classes up to which products do not pack the rows, as a general product would.
const FEW: usize = 32;

/// Coefficients as the products of blocks take them: of the raw columns, where that is exact enough, with what all rows have in common.
pub(super) struct Coefficients {
    matrix: Mat<f64>,
    common: Vec<f64>,
}

impl Coefficients {
    pub(super) fn new(design: &Columns<'_>, b: MatRef<'_, f64>) -> Self {
        let k = usize::from(design.has_intercept());
        match design {
            Columns::Dense(z) => match z.raw() {
                Some((x, location, scale)) => {
                    let matrix =
                        Mat::from_fn(x.ncols(), b.ncols(), |j, c| b[(j + k, c)] / scale[j]);
                    let common = (0..b.ncols()).map(|c| {
                        let start = if k == 1 { b[(0, c)] } else { 0.0 };
                        start
                            - (0..x.ncols())
                                .map(|j| location[j] * matrix[(j, c)])
                                .sum::<f64>()
                    });
                    let common = common.collect();
                    Self { matrix, common }
                }
                None => Self {
                    matrix: b.to_owned(),
                    common: Vec::new(),
                },
            },
            Columns::Sparse(_) => {
                let mut matrix = b.to_owned();
                for c in 0..b.ncols() {
                    let column: Vec<f64> = (0..b.nrows()).map(|j| b[(j, c)]).collect();
                    for (j, value) in design.inner(&column).iter().enumerate() {
                        matrix[(j, c)] = *value;
                    }
                }
                Self {
                    matrix,
                    common: Vec::new(),
                }
            }
        }
    }

    /// Sums of products of the raw columns, the sum of the factors first, become those of the design's.
    pub(super) fn finish(design: &Columns<'_>, mut sum: MatMut<'_, f64>) {
        match design {
            Columns::Dense(z) => {
                let Some((x, location, scale)) = z.raw() else {
                    return;
                };
                let k = usize::from(design.has_intercept());
                if k == 0 {
                    for c in 0..sum.ncols() {
                        for j in 0..x.ncols() {
                            sum[(j, c)] /= scale[j];
                        }
                    }
                    return;
                }
                for c in 0..sum.ncols() {
                    let total = sum[(0, c)];
                    for j in 0..x.ncols() {
                        sum[(j + 1, c)] = (sum[(j + 1, c)] - location[j] * total) / scale[j];
                    }
                }
            }
            Columns::Sparse(_) => {
                for c in 0..sum.ncols() {
                    let mut column: Vec<f64> = (0..sum.nrows()).map(|j| sum[(j, c)]).collect();
                    design.outer(&mut column);
                    for (j, value) in column.into_iter().enumerate() {
                        sum[(j, c)] = value;
                    }
                }
            }
        }
    }
}

/// A block of rows of the design, for products with matrices.
pub(super) enum Product<'m, 'a> {
    /// Of the raw columns; true with an intercept.
    Raw(MatRef<'m, f64>, bool),
    Dense(MatRef<'m, f64>),
    Sparse(&'m Columns<'a>, Range<usize>),
}

impl<'m, 'a> Product<'m, 'a> {
    pub(super) fn new(
        design: &'m Columns<'a>,
        rows: Range<usize>,
        memory: &'m mut Mat<f64>,
    ) -> Self {
        match design {
            Columns::Dense(z) => match z.raw() {
                Some((x, ..)) => Self::Raw(x.block(rows), design.has_intercept()),
                None => Self::Dense(z.block(rows, memory)),
            },
            Columns::Sparse(_) => Self::Sparse(design, rows),
        }
    }

    pub(super) fn times(&self, b: &Coefficients, mut out: MatMut<'_, f64>) {
        match self {
            Self::Raw(x, _) => {
                for (k, common) in b.common.iter().enumerate() {
                    out.as_mut().col_mut(k).fill(*common);
                }
                if x.row_stride() == 1 && out.ncols() <= FEW {
                    add_times_few(*x, b.matrix.as_ref(), out);
                } else {
                    matmul(*x, b.matrix.as_ref(), out, Accum::Add);
                }
            }
            Self::Dense(z) => matmul(*z, b.matrix.as_ref(), out, Accum::Replace),
            Self::Sparse(design, rows) => {
                let mut eta = vec![0.0; rows.len()];
                for k in 0..out.ncols() {
                    if let Some(column) = flat(b.matrix.col(k).as_mat()) {
                        design.design().times_block(rows.clone(), column, &mut eta);
                    }
                    for (i, eta) in eta.iter().enumerate() {
                        out[(i, k)] = *eta;
                    }
                }
            }
        }
    }

    pub(super) fn add_transpose_times(&self, residual: MatRef<'_, f64>, mut out: MatMut<'_, f64>) {
        match self {
            Self::Raw(x, intercept) => {
                if *intercept {
                    for k in 0..residual.ncols() {
                        out[(0, k)] += (0..residual.nrows()).map(|i| residual[(i, k)]).sum::<f64>();
                    }
                }
                let rows = x.ncols();
                let below = out.subrows_mut(usize::from(*intercept), rows);
                // A general product would pack the rows for a few columns.
                if x.row_stride() == 1 && residual.ncols() <= FEW {
                    add_transposed_times_few(*x, residual, below);
                } else {
                    matmul(x.transpose(), residual, below, Accum::Add);
                }
            }
            Self::Dense(z) => matmul(z.transpose(), residual, out, Accum::Add),
            Self::Sparse(design, rows) => {
                let mut sum = vec![0.0; out.nrows()];
                for k in 0..residual.ncols() {
                    let column: Vec<f64> = (0..rows.len()).map(|i| residual[(i, k)]).collect();
                    sum.fill(0.0);
                    design
                        .design()
                        .transpose_times_block(rows.clone(), &column, &mut sum);
                    for (j, sum) in sum.iter().enumerate() {
                        out[(j, k)] += sum;
                    }
                }
            }
        }
    }
}
