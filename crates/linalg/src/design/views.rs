//! Views that add an intercept or centre and scale columns, without copying and without making a sparse matrix dense.

use std::ops::Range;

use super::{Design, Scratch};
use crate::{LinalgError, MatMut, reduce};

/// A design with a column of ones before the others.
#[derive(Debug, Clone, Copy)]
pub struct WithIntercept<D>(pub D);

impl<D: Design> Design for WithIntercept<D> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn columns(&self) -> usize {
        self.0.columns() + 1
    }

    fn block_rows(&self) -> usize {
        self.0.block_rows()
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        self.0.times_block(rows, &beta[1..], eta);
        for eta in eta {
            *eta += beta[0];
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        out[0] += reduce::sum(u);
        self.0.transpose_times_block(rows, u, &mut out[1..]);
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        let d = self.0.columns();
        let mut sums = std::mem::take(&mut scratch.vector);
        sums.clear();
        sums.resize(d, 0.0);
        self.0.transpose_times_block(rows.clone(), w, &mut sums);
        let (mut first, _, below, rest) = out.split_at_mut(1, 1);
        first[(0, 0)] += reduce::sum(w);
        let mut below = below;
        for (i, sum) in sums.iter().enumerate() {
            below[(i, 0)] += sum;
        }
        scratch.vector = sums;
        self.0.gram_block(rows, w, rest, scratch);
    }
}

/// A design through columns (x − centre) / scale. The centre is carried through the products, so that a sparse design stays
/// sparse; for dense data with large offsets [`Standardised`](super::Standardised), which subtracts before it multiplies,
/// loses fewer digits.
#[derive(Debug, Clone)]
pub struct Scaled<D> {
    design: D,
    centre: Vec<f64>,
    scale: Vec<f64>,
}

impl<D: Design> Scaled<D> {
    /// With one centre and one scale a column.
    ///
    /// # Errors
    /// [`LinalgError::Shape`] if there is not one a column, [`LinalgError::Scale`] for a centre that is not finite or a scale that
    /// is not finite and positive.
    pub fn new(design: D, centre: Vec<f64>, scale: Vec<f64>) -> Result<Self, LinalgError> {
        for length in [centre.len(), scale.len()] {
            if length != design.columns() {
                return Err(LinalgError::Shape {
                    operation: "scaled design",
                    left_rows: design.rows(),
                    left_columns: design.columns(),
                    right_rows: length,
                    right_columns: 1,
                });
            }
        }
        let bad = |what, (column, value): (usize, &f64)| LinalgError::Scale {
            operation: "scaled design",
            what,
            column,
            value: *value,
        };
        if let Some(entry) = centre.iter().enumerate().find(|(_, c)| !c.is_finite()) {
            return Err(bad("centre", entry));
        }
        if let Some(entry) = scale
            .iter()
            .enumerate()
            .find(|(_, s)| !(s.is_finite() && **s > 0.0))
        {
            return Err(bad("scale", entry));
        }
        Ok(Self {
            design,
            centre,
            scale,
        })
    }
}

impl<D: Design> Design for Scaled<D> {
    fn rows(&self) -> usize {
        self.design.rows()
    }

    fn columns(&self) -> usize {
        self.design.columns()
    }

    fn block_rows(&self) -> usize {
        self.design.block_rows()
    }

    fn times_block(&self, rows: Range<usize>, beta: &[f64], eta: &mut [f64]) {
        let scaled: Vec<f64> = beta.iter().zip(&self.scale).map(|(b, s)| b / s).collect();
        let offset = reduce::dot(&scaled, &self.centre);
        self.design.times_block(rows, &scaled, eta);
        for eta in eta {
            *eta -= offset;
        }
    }

    fn transpose_times_block(&self, rows: Range<usize>, u: &[f64], out: &mut [f64]) {
        let mut sums = vec![0.0; out.len()];
        self.design.transpose_times_block(rows, u, &mut sums);
        let total = reduce::sum(u);
        for (j, out) in out.iter_mut().enumerate() {
            *out += (sums[j] - self.centre[j] * total) / self.scale[j];
        }
    }

    fn gram_block(
        &self,
        rows: Range<usize>,
        w: &[f64],
        mut out: MatMut<'_, f64>,
        scratch: &mut Scratch,
    ) {
        let d = self.columns();
        let mut plain = crate::Mat::zeros(d, d);
        self.design
            .gram_block(rows.clone(), w, plain.as_mut(), scratch);
        let mut sums = vec![0.0; d];
        self.design.transpose_times_block(rows, w, &mut sums);
        let total = reduce::sum(w);
        for j in 0..d {
            for i in j..d {
                let (ci, cj) = (self.centre[i], self.centre[j]);
                let centred = plain[(i, j)] - ci * sums[j] - cj * sums[i] + ci * cj * total;
                out[(i, j)] += centred / self.scale[i] / self.scale[j];
            }
        }
    }
}
