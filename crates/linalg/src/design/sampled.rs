//! Some blocks of the rows of a design, evenly spread.

use std::ops::Range;

use super::{Block, BlockSums, Design, Scratch};
use crate::MatMut;

/// One of every so many blocks of a design, without a copy: what a solver looks at first when there are many rows. A pointwise
/// loss is told the rows' numbers in the whole design, so that it needs no sample of its own data.
#[derive(Debug, Clone, Copy)]
pub struct Sampled<'d, D: ?Sized> {
    design: &'d D,
    every: usize,
}

impl<'d, D: Design + ?Sized> Sampled<'d, D> {
    /// Every `every`-th block (at least every one) of those that are whole.
    pub fn new(design: &'d D, every: usize) -> Self {
        let every = every.max(1);
        Self { design, every }
    }

    /// The rows of the design that row `row` of the sample and those after it are.
    pub fn original(&self, rows: Range<usize>) -> Range<usize> {
        let size = self.block_rows();
        let start = rows.start / size * size * self.every + rows.start % size;
        start..start + rows.len()
    }
}

impl<D: Design + ?Sized> Design for Sampled<'_, D> {
    fn rows(&self) -> usize {
        let size = self.block_rows();
        (self.design.rows() / size).div_ceil(self.every) * size
    }

    fn columns(&self) -> usize {
        self.design.columns()
    }

    fn block_rows(&self) -> usize {
        self.design.block_rows()
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        self.design.times_block(self.original(rows), beta, eta);
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        self.design
            .transpose_times_block(self.original(rows), u, out);
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        self.design.gram_block(self.original(rows), w, out, scratch);
    }

    fn pass_block(
        &self,
        rows: Range<usize>,
        beta: &[f64],
        pointwise: &dyn Fn(Block<'_>),
        sums: &mut BlockSums<'_>,
    ) {
        self.design
            .pass_block(self.original(rows), beta, pointwise, sums);
    }
}
