//! The Gram matrix of a block of few columns, in tiles of inner products.
//!
//! A product of general matrices packs its operands and rounds the number of columns up to that of its kernel; for some fifty columns
//! that costs more than the products. Here four columns stay in the first cache while the others go past them, and each tile is a few
//! sums in registers.

use pulp::{Arch, Simd, WithSimd};

use crate::{MatMut, MatRef, flat};

/// Columns up to which this is faster than a general product: the others still fit in the second cache.
const FEW: usize = 160;

/// Lower triangle of out += Xᵀ V; false if the columns are too many or not adjacent in memory, and nothing was done.
pub(super) fn add_gram_of_few(
    x: MatRef<'_, f64>,
    v: MatRef<'_, f64>,
    out: &mut MatMut<'_, f64>,
) -> bool {
    let d = x.ncols();
    if d == 0 || d > FEW || x.nrows() == 0 {
        return d == 0;
    }
    let adjacent = |m: MatRef<'_, f64>| m.row_stride() == 1 || m.nrows() == 1;
    if !adjacent(x) || !adjacent(v) {
        return false;
    }
    let out = out.as_mut();
    Arch::new().dispatch(Tiles {
        x,
        v,
        out,
        lower: true,
    });
    true
}

/// out += Xᵀ V for a V of few columns, which a general product would pack X for: in tiles, over all threads.
///
/// # Panics
/// If the shapes do not fit, or columns are not adjacent in memory.
///
/// ```
/// use linalg::{Mat, mat};
/// let (x, v) = (mat![[1.0, 2.0], [3.0, 4.0]], mat![[1.0], [10.0]]);
/// let mut out = Mat::zeros(2, 1);
/// linalg::add_transposed_times_few(x.as_ref(), v.as_ref(), out.as_mut());
/// assert_eq!(out, mat![[31.0], [42.0]]);
/// ```
pub fn add_transposed_times_few(x: MatRef<'_, f64>, v: MatRef<'_, f64>, out: MatMut<'_, f64>) {
    let (n, d, k) = (x.nrows(), x.ncols(), v.ncols());
    assert!(
        v.nrows() == n && out.nrows() == d && out.ncols() == k,
        "add_transposed_times_few: the shapes do not fit"
    );
    assert!(
        n <= 1 || (x.row_stride() == 1 && v.row_stride() == 1),
        "add_transposed_times_few: columns are not adjacent in memory"
    );
    // A share that is worth a thread.
    if d > 8 && n * d * k > 1 << 17 {
        let half = d.div_ceil(8) * 4;
        let (top, bottom) = out.split_at_row_mut(half);
        let (left, right) = x.split_at_col(half);
        crate::parallel::join(
            || add_transposed_times_few(left, v, top),
            || add_transposed_times_few(right, v, bottom),
        );
        return;
    }
    Arch::new().dispatch(Tiles {
        x,
        v,
        out,
        lower: false,
    });
}

/// out += Xᵀ V tile by tile, all of it or its lower triangle.
struct Tiles<'a> {
    x: MatRef<'a, f64>,
    v: MatRef<'a, f64>,
    out: MatMut<'a, f64>,
    lower: bool,
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (x, v) = (self.x, self.v);
        if x.nrows() == 0 {
            return;
        }
        for i in (0..x.ncols()).step_by(4) {
            let a = columns::<4>(x, i);
            // Rows i.. of a triangle need the columns up to them.
            let end = if self.lower {
                (i + 4).min(v.ncols())
            } else {
                v.ncols()
            };
            // As many sums as fit in the registers, with room for the operands.
            let mut j = 0;
            while j < end {
                if S::REGISTER_COUNT >= 32 && end - j > 2 {
                    let sums = tile_of_four(simd, a, columns::<4>(v, j));
                    self.add((i, j), &sums);
                    j += 4;
                } else {
                    let sums = tile_of_two(simd, a, columns::<2>(v, j));
                    self.add((i, j), &sums);
                    j += 2;
                }
            }
        }
    }
}

impl Tiles<'_> {
    /// Adds what of a tile lies within the matrix, or its triangle.
    #[inline(always)]
    fn add<const N: usize>(&mut self, (i, j): (usize, usize), sums: &[[f64; N]; 4]) {
        let (rows, columns) = (self.out.nrows() - i, self.out.ncols() - j);
        for (k, sums) in sums.iter().enumerate().take(rows) {
            for (l, sum) in sums.iter().enumerate().take(columns) {
                if !self.lower || j + l <= i + k {
                    self.out[(i + k, j + l)] += sum;
                }
            }
        }
    }
}

/// Columns from `j` on; beyond the last the last one again, whose products are not used.
#[inline(always)]
fn columns<const N: usize>(m: MatRef<'_, f64>, j: usize) -> [&[f64]; N] {
    std::array::from_fn(|k| {
        let column = m.col((j + k).min(m.ncols() - 1)).as_mat();
        flat(column).unwrap_or(&[])
    })
}

/// The inner products of four columns with W others. Written out, because a loop over an array of sums is not kept in registers.
macro_rules! tile {
    ($name:ident, $width:literal, [$($l:literal $y:ident),+]) => {
        #[inline(always)]
        fn $name<S: Simd>(simd: S, a: [&[f64]; 4], b: [&[f64]; $width]) -> [[f64; $width]; 4] {
            let n = a[0].len();
            let ([a0, a1, a2, a3], [$($y),+]) = (a, b);
            let (h0, t0) = S::as_simd_f64s(&a0[..n]);
            let (h1, t1) = S::as_simd_f64s(&a1[..n]);
            let (h2, t2) = S::as_simd_f64s(&a2[..n]);
            let (h3, t3) = S::as_simd_f64s(&a3[..n]);
            let m = h0.len();
            let (h1, h2, h3) = (&h1[..m], &h2[..m], &h3[..m]);
            let right = [$(S::as_simd_f64s(&$y[..n])),+];
            $(let $y = &right[$l].0[..m];)+
            let zero = simd.splat_f64s(0.0);
            let mut sums = [[zero; $width]; 4];
            for r in 0..m {
                $(let $y = $y[r];)+
                $(sums[0][$l] = simd.mul_add_f64s(h0[r], $y, sums[0][$l]);)+
                $(sums[1][$l] = simd.mul_add_f64s(h1[r], $y, sums[1][$l]);)+
                $(sums[2][$l] = simd.mul_add_f64s(h2[r], $y, sums[2][$l]);)+
                $(sums[3][$l] = simd.mul_add_f64s(h3[r], $y, sums[3][$l]);)+
            }
            let mut out = [[0.0; $width]; 4];
            let tails = [t0, t1, t2, t3];
            for k in 0..4 {
                for l in 0..$width {
                    let mut sum = simd.reduce_sum_f64s(sums[k][l]);
                    for (x, y) in tails[k].iter().zip(right[l].1) {
                        sum = x.mul_add(*y, sum);
                    }
                    out[k][l] = sum;
                }
            }
            out
        }
    };
}

tile!(tile_of_four, 4, [0 y0, 1 y1, 2 y2, 3 y3]);
tile!(tile_of_two, 2, [0 y0, 1 y1]);
