//! The matrix of explanatory variables behind the few products that fitting needs.
//!
//! Every implementation answers for a block of rows; the products over all rows, and the fused pass that makes several of
//! them while a block is in cache, follow from that. Blocks and the tree in which their results are combined depend on the
//! shape alone, so that the number of threads does not change a bit.

mod coordinates;
mod dense;
mod few;
mod gram;
mod kernels;
mod moments;
mod sampled;
mod sparse;
mod standardised;
mod views;

use std::ops::Range;
use std::sync::Mutex;

pub use self::dense::Dense;
pub use self::few::add_times_few;
pub use self::gram::add_transposed_times_few;
pub use self::sampled::Sampled;
pub use self::sparse::{Csc, Csr, SparseError};
pub use self::standardised::{Standardised, Unstandardisable};
pub use self::views::{Scaled, WithIntercept};
use crate::{Mat, MatMut, parallel, reduce};

/// Rows of a block: a block of 50 columns of doubles fits in the second cache with room to spare.
const BLOCK: usize = 512;

/// Blocks of a leaf of the tree.
const BLOCKS_PER_LEAF: usize = 16;

/// What a pointwise loss sees of a block of rows, and what it fills in.
#[derive(Debug)]
pub struct Block<'a> {
    /// The first row of the block.
    pub start: usize,
    /// The linear predictors of its rows.
    pub eta: &'a [f64],
    /// To be filled with the losses.
    pub loss: &'a mut [f64],
    /// To be filled with the slopes of the loss in the linear predictor.
    pub slope: &'a mut [f64],
    /// To be filled with its curvatures.
    pub curvature: &'a mut [f64],
}

/// Memory for passes over a design, used again by the next pass. One workspace serves any number of threads.
#[derive(Debug, Default)]
pub struct Workspace {
    free: Mutex<Vec<Partial>>,
}

impl Workspace {
    /// Empty: the first pass fills it.
    pub fn new() -> Self {
        Self::default()
    }

    fn take(&self, columns: usize, gram: bool) -> Partial {
        let free = self
            .free
            .lock()
            .map(|mut free| free.pop())
            .unwrap_or_default();
        let mut partial = free.unwrap_or_default();
        partial.gradient.clear();
        partial.gradient.resize(columns, 0.0);
        let size = if gram { columns } else { 0 };
        if partial.gram.nrows() == size {
            partial.gram.fill(0.0);
        } else {
            partial.gram = Mat::zeros(size, size);
        }
        partial.loss = 0.0;
        partial.rows.resize(4 * BLOCK, 0.0);
        partial
    }

    fn give(&self, partial: Partial) {
        if let Ok(mut free) = self.free.lock() {
            free.push(partial);
        }
    }
}

/// The sums over some rows, and memory for a block.
#[derive(Debug)]
struct Partial {
    loss: f64,
    gradient: Vec<f64>,
    gram: Mat<f64>,
    rows: Vec<f64>,
    scratch: Scratch,
}

/// Memory that an implementation may use for a block of rows.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) block: Mat<f64>,
    pub(crate) weighted: Mat<f64>,
    pub(crate) vector: Vec<f64>,
}

impl Default for Partial {
    fn default() -> Self {
        Self {
            loss: 0.0,
            gradient: Vec::new(),
            gram: Mat::new(),
            rows: Vec::new(),
            scratch: Scratch::default(),
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            block: Mat::new(),
            weighted: Mat::new(),
            vector: Vec::new(),
        }
    }
}

impl Scratch {
    /// Makes `block` large enough.
    pub(crate) fn block(&mut self, rows: usize, columns: usize) {
        enlarge(&mut self.block, rows, columns);
    }

    /// Makes `weighted` large enough.
    pub(crate) fn weighted(&mut self, rows: usize, columns: usize) {
        enlarge(&mut self.weighted, rows, columns);
    }
}

fn enlarge(m: &mut Mat<f64>, rows: usize, columns: usize) {
    if m.nrows() < rows || m.ncols() != columns {
        *m = Mat::zeros(rows.max(BLOCK), columns);
    }
}

/// An n by d matrix X of explanatory variables.
///
/// ```
/// use linalg::{Dense, Design, mat};
/// let x = mat![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// let design = Dense::new(x.as_ref());
/// let (mut eta, mut gradient) = ([0.0; 3], [0.0; 2]);
/// design.times(&[1.0, -1.0], &mut eta);
/// assert_eq!(eta, [-1.0, -1.0, -1.0]);
/// design.transpose_times(&[1.0, 1.0, 1.0], &mut gradient);
/// assert_eq!(gradient, [9.0, 12.0]);
/// ```
pub trait Design: Sync {
    /// n.
    fn rows(&self) -> usize;
    /// d.
    fn columns(&self) -> usize;
    /// `eta = X beta` for the given rows.
    ///
    /// # Panics
    /// This and what follows may panic if a row does not exist, or if slices and matrices have other lengths than rows and columns say.
    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]);
    /// `out += Xᵀ u` over the given rows.
    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]);
    /// Lower triangle of `out += Xᵀ diag(w) X` over the given rows. The weights may have any sign; the part above the
    /// diagonal may hold anything.
    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    );

    /// Rows of a block. Depends on the data alone.
    fn block_rows(&self) -> usize {
        BLOCK
    }

    /// The fused pass over one block: predictors, losses, gradient, and the Gram matrix if `gram` is given. An implementation
    /// that prepares a block at some cost does it once here.
    fn pass_block(
        &self,
        rows: Range<usize>,
        beta: &[f64],
        pointwise: &dyn Fn(Block<'_>),
        sums: &mut BlockSums<'_>,
    ) {
        let n = rows.len();
        let [eta, loss, slope, curvature] = sums.rows.each_mut().map(|r| &mut r[..n]);
        self.times_block(rows.clone(), beta, eta);
        pointwise(Block {
            start: rows.start,
            eta,
            loss,
            slope,
            curvature,
        });
        *sums.loss += reduce::sum(loss);
        self.transpose_times_block(rows.clone(), slope, sums.gradient);
        if let Some(gram) = &mut sums.gram {
            self.gram_block(rows, curvature, gram.as_mut(), sums.scratch);
        }
    }

    /// `eta = X beta`.
    ///
    /// # Panics
    /// If a length does not fit.
    fn times(&self, beta: &[f64], eta: &mut [f64]) {
        assert_eq!(
            (beta.len(), eta.len()),
            (self.columns(), self.rows()),
            "design: a length does not fit"
        );
        parallel::for_each_part(eta, self.block_rows() * BLOCKS_PER_LEAF, &|start, eta| {
            for (k, eta) in eta.chunks_mut(self.block_rows()).enumerate() {
                let from = start + k * self.block_rows();
                self.times_block(from..from + eta.len(), beta, eta);
            }
        });
    }

    /// `out = Xᵀ u`.
    ///
    /// # Panics
    /// If a length does not fit.
    fn transpose_times(&self, u: &[f64], out: &mut [f64]) {
        assert_eq!(
            (u.len(), out.len()),
            (self.rows(), self.columns()),
            "design: a length does not fit"
        );
        let leaf = self.block_rows() * BLOCKS_PER_LEAF;
        let sum = parallel::map_reduce(
            self.rows().div_ceil(leaf),
            &|k| {
                let mut part = vec![0.0; out.len()];
                for rows in blocks(self, k) {
                    self.transpose_times_block(rows.clone(), &u[rows], &mut part);
                }
                part
            },
            &|mut a, b| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                a
            },
        );
        out.copy_from_slice(&sum.unwrap_or_else(|| vec![0.0; out.len()]));
    }

    /// Xᵀ diag(w) X, both triangles.
    ///
    /// # Panics
    /// If there is not one weight a row.
    fn gram(&self, w: &[f64]) -> Mat<f64> {
        assert_eq!(
            w.len(),
            self.rows(),
            "design: there is not one weight a row"
        );
        let d = self.columns();
        let mut out = Mat::zeros(d, d);
        let weights = |block: Block<'_>| {
            let n = block.eta.len();
            block
                .curvature
                .copy_from_slice(&w[block.start..block.start + n]);
            block.slope.fill(0.0);
            block.loss.fill(0.0);
        };
        self.pass(
            &vec![0.0; d],
            &weights,
            &mut vec![0.0; d],
            Some(out.as_mut()),
            &Workspace::new(),
        );
        out
    }

    /// One visit of every row: linear predictor, pointwise loss, gradient Xᵀ slope, and on request Xᵀ diag(curvature) X,
    /// both triangles. Returns the sum of the losses. Nothing is divided by the number of rows.
    ///
    /// A second pass with the same workspace allocates nothing, but for a vector a block through [`Scaled`].
    ///
    /// # Panics
    /// If a length does not fit.
    fn pass(
        &self,
        beta: &[f64],
        pointwise: &(dyn Fn(Block<'_>) + Sync),
        gradient: &mut [f64],
        gram: Option<MatMut<'_, f64>>,
        workspace: &Workspace,
    ) -> f64 {
        let d = self.columns();
        assert_eq!(
            (beta.len(), gradient.len()),
            (d, d),
            "design: a length does not fit"
        );
        let leaf = self.block_rows() * BLOCKS_PER_LEAF;
        let sums = parallel::map_reduce(
            self.rows().div_ceil(leaf),
            &|k| {
                let mut partial = workspace.take(d, gram.is_some());
                partial.rows.resize(4 * self.block_rows(), 0.0);
                let Partial {
                    loss,
                    gradient,
                    gram: partial_gram,
                    rows: memory,
                    scratch,
                } = &mut partial;
                let n = memory.len() / 4;
                let (ab, cd) = memory.split_at_mut(2 * n);
                let ((a, b), (c, e)) = (ab.split_at_mut(n), cd.split_at_mut(n));
                let mut sums = BlockSums {
                    loss,
                    gradient,
                    gram: gram.is_some().then(|| partial_gram.as_mut()),
                    rows: [a, b, c, e],
                    scratch,
                };
                for rows in blocks(self, k) {
                    self.pass_block(rows, beta, &|block| pointwise(block), &mut sums);
                }
                partial
            },
            &|mut a, b| {
                a.loss += b.loss;
                a.gradient
                    .iter_mut()
                    .zip(&b.gradient)
                    .for_each(|(a, b)| *a += b);
                for j in 0..a.gram.ncols() {
                    for i in j..a.gram.nrows() {
                        a.gram[(i, j)] += b.gram[(i, j)];
                    }
                }
                workspace.give(b);
                a
            },
        );
        let sums = sums.unwrap_or_else(|| workspace.take(d, gram.is_some()));
        gradient.copy_from_slice(&sums.gradient);
        if let Some(mut gram) = gram {
            for j in 0..d {
                for i in j..d {
                    gram[(i, j)] = sums.gram[(i, j)];
                    gram[(j, i)] = sums.gram[(i, j)];
                }
            }
        }
        let loss = sums.loss;
        workspace.give(sums);
        loss
    }
}

/// Where a pass over a block adds its results.
#[derive(Debug)]
pub struct BlockSums<'a> {
    loss: &'a mut f64,
    gradient: &'a mut [f64],
    gram: Option<MatMut<'a, f64>>,
    /// Memory for predictors, losses, slopes and curvatures of a block.
    rows: [&'a mut [f64]; 4],
    scratch: &'a mut Scratch,
}

/// The blocks of a leaf.
fn blocks<D: Design + ?Sized>(design: &D, leaf: usize) -> impl Iterator<Item = Range<usize>> {
    let (size, n) = (design.block_rows(), design.rows());
    (leaf * BLOCKS_PER_LEAF..(leaf + 1) * BLOCKS_PER_LEAF)
        .map(move |block| (block * size).min(n)..((block + 1) * size).min(n))
        .filter(|rows| !rows.is_empty())
}
