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
mod sparse;
mod standardised;
mod views;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

pub use self::dense::Dense;
pub use self::few::add_times_few;
pub use self::gram::add_transposed_times_few;
pub use self::sparse::{Csc, Csr, SparseError};
pub use self::standardised::{Standardised, Unstandardisable};
pub use self::views::{Scaled, WithIntercept};
use crate::rows::{BLOCK, BinnedSums, Partition, partition};
use crate::{Mat, MatMut, parallel, reduce};

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
    sums: Mutex<Vec<BinnedSums>>,
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

    /// Sums that no thread is using.
    fn sums(&self, length: usize) -> BinnedSums {
        let mut sums = partition::take(&self.sums, length);
        if sums.len() != length {
            sums.reset(length);
        }
        sums
    }

    /// The sums of all threads; what they were kept in is empty afterwards.
    fn together(&self, length: usize) -> BinnedSums {
        let mut free = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let mut first = free.pop().unwrap_or_default();
        if first.len() != length {
            first.reset(length);
        }
        for other in free.iter_mut().filter(|other| !other.is_empty()) {
            first.merge(other);
            other.reset(0);
        }
        first
    }
}

/// The sums over a leaf, and memory for a block.
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

    /// The leaves of the rows.
    fn partition(&self) -> Partition<'_> {
        Partition::new(self.rows(), self.block_rows())
    }

    /// `eta = X beta`, for the rows of this process.
    ///
    /// # Panics
    /// If a length does not fit.
    fn times(&self, beta: &[f64], eta: &mut [f64]) {
        assert_eq!(
            (beta.len(), eta.len()),
            (self.columns(), self.rows()),
            "design: a length does not fit"
        );
        leaf_by_leaf(&self.partition(), 0, eta, &|leaf, eta| {
            let (cut, mut eta) = (self.partition(), eta);
            for rows in cut.blocks(leaf) {
                let (block, rest) = std::mem::take(&mut eta).split_at_mut(rows.len());
                self.times_block(rows, beta, block);
                eta = rest;
            }
        });
    }

    /// `out = Xᵀ u`, over the rows of all processes.
    ///
    /// # Panics
    /// If a length does not fit.
    fn transpose_times(&self, u: &[f64], out: &mut [f64]) {
        assert_eq!(
            (u.len(), out.len()),
            (self.rows(), self.columns()),
            "design: a length does not fit"
        );
        let cut = self.partition();
        let sum = cut.sum_leaves(out.len(), &|leaf, sum: &mut [f64]| {
            for rows in cut.blocks(leaf) {
                self.transpose_times_block(rows.clone(), &u[rows], sum);
            }
        });
        out.copy_from_slice(&sum);
    }

    /// Xᵀ diag(w) X, both triangles, over the rows of all processes.
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
        self.pass_over(
            &self.partition(),
            beta,
            pointwise,
            gradient,
            gram,
            workspace,
        )
    }

    /// The same for the blocks of a partition of the rows, which may be a sample of them.
    ///
    /// # Panics
    /// If a length does not fit, or the rows are others.
    fn pass_over(
        &self,
        cut: &Partition<'_>,
        beta: &[f64],
        pointwise: &(dyn Fn(Block<'_>) + Sync),
        gradient: &mut [f64],
        gram: Option<MatMut<'_, f64>>,
        workspace: &Workspace,
    ) -> f64 {
        let d = self.columns();
        assert_eq!(
            (beta.len(), gradient.len(), cut.rows()),
            (d, d, self.rows()),
            "design: a length does not fit"
        );
        // The loss, the gradient, and the lower triangle of the Gram matrix column by column.
        let below = |j: usize| 1 + d + j * d - j * j.saturating_sub(1) / 2;
        let length = 1 + d + if gram.is_some() { d * (d + 1) / 2 } else { 0 };
        cut.for_each_leaf(&|leaf| {
            let mut blocks = cut.blocks(leaf).peekable();
            if blocks.peek().is_none() {
                return;
            }
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
            for rows in blocks {
                self.pass_block(rows, beta, &|block| pointwise(block), &mut sums);
            }
            let mut all = workspace.sums(length);
            all.add(0, &[partial.loss]);
            all.add(1, &partial.gradient);
            if gram.is_some() {
                for j in 0..d {
                    all.add(below(j), &partial.gram.col_as_slice(j)[j..]);
                }
            }
            workspace.give(partial);
            partition::give(&workspace.sums, all);
        });
        let mut all = workspace.together(length);
        all.combine(cut.communicator());
        all.read(1, gradient);
        if let Some(mut gram) = gram {
            for j in 0..d {
                for i in j..d {
                    let value = all.get(below(j) + i - j);
                    gram[(i, j)] = value;
                    gram[(j, i)] = value;
                }
            }
        }
        let loss = all.get(0);
        all.reset(0);
        partition::give(&workspace.sums, all);
        loss
    }
}

/// Calls `f` for the part of `out` that belongs to each leaf from `first` on, in parallel.
fn leaf_by_leaf(
    cut: &Partition<'_>,
    first: usize,
    out: &mut [f64],
    f: &(impl Fn(usize, &mut [f64]) + Sync),
) {
    let leaves = if out.is_empty() {
        0
    } else {
        let start = cut.leaf(first).start;
        (first..cut.leaves())
            .take_while(|leaf| cut.leaf(*leaf).end <= start + out.len())
            .count()
    };
    if leaves <= 1 {
        if leaves == 1 {
            f(first, out);
        }
        return;
    }
    let middle = first + leaves / 2;
    let (above, below) = out.split_at_mut(cut.leaf(middle).start - cut.leaf(first).start);
    parallel::join(
        || leaf_by_leaf(cut, first, above, f),
        || leaf_by_leaf(cut, middle, below, f),
    );
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
