//! Products with one vector: several columns or rows at a time, so that the vector that they share is loaded once.

use pulp::{Arch, Simd, WithSimd};

use super::Accum;
use crate::{MatRef, Scalar, flat, parallel};

/// Entries of the shared vector that are handled together, so that they stay in the nearest cache.
const BLOCK: usize = 1024;
/// Columns or rows that are handled together.
const GROUP: usize = 4;
/// Independent sums of an inner product.
const LANES: usize = 16;
/// Multiplications that are worth a leaf of parallel work.
const LEAF: usize = 1 << 17;

/// out += Σ βₖ xₖ over four columns.
struct AddColumns<'a, T>([&'a [T]; GROUP], [T; GROUP], &'a mut [T]);

impl<T: Scalar> WithSimd for AddColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self([a, b, c, d], beta, out) = self;
        let n = out.len();
        let (a, b, c, d) = (&a[..n], &b[..n], &c[..n], &d[..n]);
        for i in 0..n {
            out[i] += (beta[0] * a[i] + beta[1] * b[i]) + (beta[2] * c[i] + beta[3] * d[i]);
        }
    }
}

/// The inner products of four vectors with one.
struct Dots<'a, T>([&'a [T]; GROUP], &'a [T]);

impl<T: Scalar> WithSimd for Dots<'_, T> {
    type Output = [T; GROUP];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [T; GROUP] {
        let Self(rows, u) = self;
        let mut sums = [[T::ZERO; LANES]; GROUP];
        let chunks = u.chunks_exact(LANES);
        let whole = u.len() - chunks.remainder().len();
        let [a, b, c, d] = rows.map(|row| &row[..u.len()]);
        for (k, u) in chunks.enumerate() {
            let at = k * LANES;
            for (sum, row) in sums.iter_mut().zip([a, b, c, d]) {
                let row = &row[at..at + LANES];
                for lane in 0..LANES {
                    sum[lane] += row[lane] * u[lane];
                }
            }
        }
        for (sum, row) in sums.iter_mut().zip([a, b, c, d]) {
            for (lane, i) in (whole..u.len()).enumerate() {
                sum[lane] += row[i] * u[i];
            }
        }
        sums.map(|mut sum| {
            let mut width = LANES / 2;
            while width > 0 {
                for lane in 0..width {
                    sum[lane] += sum[lane + width];
                }
                width /= 2;
            }
            sum[0]
        })
    }
}

/// `out (+)= a b` for a matrix whose columns lie in memory in one piece.
pub(super) fn columns_times_vector<T: Scalar>(
    a: MatRef<'_, T>,
    b: &[T],
    out: &mut [T],
    accum: Accum,
) {
    let arch = Arch::new();
    let leaf = (LEAF / b.len().max(1)).next_multiple_of(BLOCK);
    parallel::for_each_part(out, leaf, &|start, out: &mut [T]| {
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            if accum == Accum::Replace {
                out.fill(T::ZERO);
            }
            let (from, rows) = (start + block * BLOCK, out.len());
            let column = |j: usize| flat(a.col(j).subrows(from, rows).as_mat()).unwrap_or(&[]);
            let mut j = 0;
            while j + GROUP <= b.len() {
                let x = std::array::from_fn(|k| column(j + k));
                let beta = std::array::from_fn(|k| b[j + k]);
                arch.dispatch(AddColumns(x, beta, out));
                j += GROUP;
            }
            for (j, &weight) in b.iter().enumerate().skip(j) {
                for (out, &x) in out.iter_mut().zip(column(j)) {
                    *out += weight * x;
                }
            }
        }
    });
}

/// `out (+)= a b` for a matrix whose rows lie in memory in one piece.
pub(super) fn rows_times_vector<T: Scalar>(a: MatRef<'_, T>, b: &[T], out: &mut [T], accum: Accum) {
    let arch = Arch::new();
    let leaf = (LEAF / b.len().max(1)).clamp(GROUP, usize::MAX - GROUP);
    parallel::for_each_part(
        out,
        leaf.next_multiple_of(GROUP),
        &|first, out: &mut [T]| {
            if accum == Accum::Replace {
                out.fill(T::ZERO);
            }
            for start in (0..b.len()).step_by(BLOCK) {
                let b = &b[start..b.len().min(start + BLOCK)];
                let row = |i: usize| flat(a.row(i).subcols(start, b.len()).as_mat()).unwrap_or(&[]);
                for (group, out) in out.chunks_mut(GROUP).enumerate() {
                    let i = first + group * GROUP;
                    // A group that is not full computes its last row several times.
                    let last = out.len() - 1;
                    let sums =
                        arch.dispatch(Dots(std::array::from_fn(|k| row(i + k.min(last))), b));
                    for (out, sum) in out.iter_mut().zip(sums) {
                        *out += sum;
                    }
                }
            }
        },
    );
}
