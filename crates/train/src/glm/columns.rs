//! The design in the coordinates of the solvers: columns of comparable size, whatever the units of the data.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use linalg::{
    Block, Csr, Design, Mat, MatMut, MatRef, Partition, Standardised, Table, Unstandardisable,
    WithIntercept, Workspace,
};

use super::Explanatory;

/// Dense columns are centred (beside an intercept) and scaled; sparse ones are scaled alone, so that they stay sparse.
#[derive(Debug, Clone)]
pub(super) enum Columns<'a> {
    Dense(Standardised<'a>),
    Sparse(Sparse<'a>),
}

/// Sparse columns divided by their root mean square.
#[derive(Debug, Clone)]
pub(super) struct Sparse<'a> {
    pub(super) x: Csr<'a>,
    with_intercept: Option<WithIntercept<Csr<'a>>>,
    scale: Vec<f64>,
    /// One a coefficient: 1 for the intercept.
    divisors: Vec<f64>,
}

impl<'a> Columns<'a> {
    pub(super) fn new(
        features: Explanatory<'a>,
        intercept: bool,
        penalised: bool,
    ) -> Result<Self, Unstandardisable> {
        match features {
            Explanatory::Sparse(x) => Sparse::new(x, intercept, penalised).map(Self::Sparse),
            Explanatory::Dense(x) => Standardised::new(x, intercept).map(Self::Dense),
            Explanatory::Leaves { leaves, columns } => {
                let table = Table::Leaves { leaves, columns };
                Standardised::of_table(table, intercept).map(Self::Dense)
            }
        }
    }

    /// The design that takes coefficients as [`inner`](Self::inner) gives them.
    pub(super) fn design(&self) -> &dyn Design {
        match self {
            Self::Dense(x) => x,
            Self::Sparse(x) => x.with_intercept.as_ref().map_or(&x.x, |x| x as &dyn Design),
        }
    }

    /// The rows that this process has.
    pub(super) fn rows(&self) -> usize {
        self.design().rows()
    }

    pub(super) fn partition(&self) -> Partition<'_> {
        self.design().partition()
    }

    /// η = Z x for some rows, all of one leaf.
    pub(super) fn times_block(&self, rows: Range<usize>, x: &[f64], eta: &mut [f64]) {
        self.design().times_block(rows, &self.inner(x), eta);
    }

    /// `f(row, [η of each point])` for every row of this process, in parallel.
    pub(super) fn for_each_row<const K: usize>(
        &self,
        points: [&[f64]; K],
        f: &(impl Fn(usize, [f64; K]) + Sync),
    ) {
        const ROWS: usize = 512;
        let (cut, points) = (self.partition(), points.map(|x| self.inner(x)));
        cut.for_each_leaf(&|leaf| {
            let mut memory = [[0.0; ROWS]; K];
            for block in cut.blocks(leaf) {
                for start in (block.start..block.end).step_by(ROWS) {
                    let rows = start..(start + ROWS).min(block.end);
                    for (eta, x) in memory.iter_mut().zip(&points) {
                        let eta = &mut eta[..rows.len()];
                        self.design().times_block(rows.clone(), x, eta);
                    }
                    for (i, row) in rows.enumerate() {
                        f(row, std::array::from_fn(|k| memory[k][i]));
                    }
                }
            }
        });
    }

    /// The largest of numbers of all rows of all processes, none of which is negative, of a row and its predictor at a point; NaN if
    /// one is.
    pub(super) fn largest(&self, x: &[f64], f: &(impl Fn(usize, f64) -> f64 + Sync)) -> f64 {
        let cut = self.partition();
        cut.largest_of_leaves(&|leaf| {
            let mut largest = 0.0_f64;
            for rows in cut.blocks(leaf) {
                let mut eta = vec![0.0; rows.len()];
                self.times_block(rows.clone(), x, &mut eta);
                for (row, eta) in rows.zip(eta) {
                    let value = f(row, eta);
                    largest = if value <= largest { largest } else { value };
                }
            }
            largest
        })
    }

    /// True if a statement about its predictors at some points holds for every row of every process.
    pub(super) fn all<const K: usize>(
        &self,
        points: [&[f64]; K],
        f: &(impl Fn(usize, [f64; K]) -> bool + Sync),
    ) -> bool {
        let fails = AtomicBool::new(false);
        self.for_each_row(points, &|row, eta| {
            if !f(row, eta) {
                fails.store(true, Ordering::Relaxed);
            }
        });
        let holds = !fails.into_inner();
        self.partition().communicator().all(holds)
    }

    pub(super) fn columns(&self) -> usize {
        self.design().columns()
    }

    pub(super) fn has_intercept(&self) -> bool {
        match self {
            Self::Dense(x) => x.has_intercept(),
            Self::Sparse(x) => x.with_intercept.is_some(),
        }
    }

    /// What the columns of the data are divided by.
    pub(super) fn scale(&self) -> &[f64] {
        match self {
            Self::Dense(x) => x.scale(),
            Self::Sparse(x) => &x.scale,
        }
    }

    /// `f(row, z)` for every row, one after the other, in the coordinates of the solvers.
    pub(super) fn each_row(&self, mut f: impl FnMut(usize, &[f64])) {
        const ROWS: usize = 512;
        let n = self.rows();
        let mut z = vec![0.0; self.columns()];
        let mut memory = Mat::new();
        for start in (0..n).step_by(ROWS) {
            let rows = start..(start + ROWS).min(n);
            match self {
                Self::Dense(design) => {
                    let block = design.block(rows.clone(), &mut memory);
                    for row in rows {
                        for (j, z) in z.iter_mut().enumerate() {
                            *z = block[(row - start, j)];
                        }
                        f(row, &z);
                    }
                }
                Self::Sparse(sparse) => {
                    for row in rows {
                        sparse.row(row, &mut z);
                        f(row, &z);
                    }
                }
            }
        }
    }

    /// A row in the coordinates of the solvers.
    pub(super) fn row(&self, row: usize) -> Vec<f64> {
        let mut z = vec![0.0; self.columns()];
        match self {
            Self::Dense(design) => {
                let mut memory = Mat::new();
                let block = design.block(row..row + 1, &mut memory);
                z.iter_mut()
                    .enumerate()
                    .for_each(|(j, z)| *z = block[(0, j)]);
            }
            Self::Sparse(sparse) => sparse.row(row, &mut z),
        }
        z
    }

    /// Coefficients as the design takes them.
    pub(super) fn inner<'x>(&self, x: &'x [f64]) -> Cow<'x, [f64]> {
        match self {
            Self::Dense(_) => Cow::Borrowed(x),
            Self::Sparse(z) => Cow::Owned(z.divided(x)),
        }
    }

    /// What the design gives for each coefficient, in the coordinates of the solvers.
    pub(super) fn outer(&self, x: &mut [f64]) {
        if let Self::Sparse(z) = self {
            z.divide(x);
        }
    }

    /// η = Z x.
    pub(super) fn times(&self, x: &[f64], eta: &mut [f64]) {
        self.design().times(&self.inner(x), eta);
    }

    /// The fused pass, over one of every so many blocks of rows.
    pub(super) fn pass(
        &self,
        every: usize,
        x: &[f64],
        pointwise: &(dyn Fn(Block<'_>) + Sync),
        gradient: &mut [f64],
        mut gram: Option<MatMut<'_, f64>>,
        workspace: &Workspace,
    ) -> f64 {
        let x = self.inner(x);
        let gram_of = gram.as_mut().map(MatMut::as_mut);
        let cut = self.partition().sampled(every);
        let loss = self
            .design()
            .pass_over(&cut, &x, pointwise, gradient, gram_of, workspace);
        self.outer(gradient);
        if let (Self::Sparse(z), Some(gram)) = (self, &mut gram) {
            for j in 0..x.len() {
                for i in 0..x.len() {
                    gram[(i, j)] /= z.divisors[i] * z.divisors[j];
                }
            }
        }
        loss
    }

    pub(super) fn coefficients_to_data(&self, gamma: &[f64]) -> Vec<f64> {
        match self {
            Self::Dense(x) => x.coefficients_to_data(gamma),
            Self::Sparse(x) => x.divided(gamma),
        }
    }

    pub(super) fn coefficients_from_data(&self, beta: &[f64]) -> Vec<f64> {
        match self {
            Self::Dense(x) => x.coefficients_from_data(beta),
            Self::Sparse(x) => x.multiplied(beta),
        }
    }

    /// The gradient in the coefficients of the data.
    pub(super) fn gradient_to_data(&self, gradient: &[f64]) -> Vec<f64> {
        match self {
            Self::Dense(x) => x.gradient_to_data(gradient),
            Self::Sparse(x) => x.multiplied(gradient),
        }
    }

    /// The covariance of the coefficients of the data.
    pub(super) fn covariance_to_data(&self, covariance: MatRef<'_, f64>) -> Mat<f64> {
        match self {
            Self::Dense(x) => x.covariance_to_data(covariance),
            Self::Sparse(x) => Mat::from_fn(covariance.nrows(), covariance.ncols(), |i, j| {
                covariance[(i, j)] / x.divisors[i] / x.divisors[j]
            }),
        }
    }
}

impl<'a> Sparse<'a> {
    /// A penalty takes care of columns without entries, which are common in samples of words.
    fn new(x: Csr<'a>, intercept: bool, penalised: bool) -> Result<Self, Unstandardisable> {
        let mut squares = vec![0.0; x.columns()];
        for row in 0..x.rows() {
            for (column, value) in x.row(row) {
                if !value.is_finite() {
                    return Err(Unstandardisable::NotFinite { row, column, value });
                }
                squares[column] += value * value;
            }
        }
        let n = x.rows() as f64;
        let mut scale: Vec<f64> = squares.iter().map(|s| (s / n).sqrt()).collect();
        for (column, scale) in scale.iter_mut().enumerate() {
            if *scale == 0.0 && penalised {
                *scale = 1.0;
            } else if *scale == 0.0 {
                return Err(Unstandardisable::Constant { column, value: 0.0 });
            }
        }
        let one = intercept.then_some(1.0);
        Ok(Self {
            x,
            with_intercept: intercept.then_some(WithIntercept(x)),
            divisors: one.into_iter().chain(scale.iter().copied()).collect(),
            scale,
        })
    }

    /// A row in the coordinates of the solvers.
    pub(super) fn row(&self, row: usize, out: &mut [f64]) {
        out.fill(0.0);
        let k = usize::from(self.with_intercept.is_some());
        out[..k].fill(1.0);
        for (column, value) in self.x.row(row) {
            out[column + k] += value / self.scale[column];
        }
    }

    fn divide(&self, x: &mut [f64]) {
        x.iter_mut().zip(&self.divisors).for_each(|(x, s)| *x /= s);
    }

    fn divided(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.divisors).map(|(x, s)| x / s).collect()
    }

    fn multiplied(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.divisors).map(|(x, s)| x * s).collect()
    }
}
