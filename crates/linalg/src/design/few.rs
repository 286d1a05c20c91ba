//! Products of a block of many columns with a matrix of few.
//!
//! A general product reads the block once for every few columns of the other matrix. Here eight columns of the block are in
//! registers, for some rows, while all columns of the other matrix go past them.

use pulp::{Arch, Simd, WithSimd};

use crate::{MatMut, MatRef, flat};

/// Columns of the block that are in registers at once.
const GROUP: usize = 8;

/// out += X B for a B of few columns. The columns of X are read in place, so a block should fit in the second cache with its result.
///
/// # Panics
/// If the shapes do not fit, or the columns of `x` are not adjacent in memory.
///
/// ```
/// use linalg::{Mat, mat};
/// let (x, b) = (mat![[1.0, 2.0], [3.0, 4.0]], mat![[1.0], [10.0]]);
/// let mut out = Mat::zeros(2, 1);
/// linalg::add_times_few(x.as_ref(), b.as_ref(), out.as_mut());
/// assert_eq!(out, mat![[21.0], [43.0]]);
/// ```
pub fn add_times_few(x: MatRef<'_, f64>, b: MatRef<'_, f64>, out: MatMut<'_, f64>) {
    let (n, d, k) = (x.nrows(), x.ncols(), b.ncols());
    assert!(
        b.nrows() == d && out.nrows() == n && out.ncols() == k,
        "add_times_few: the shapes do not fit"
    );
    assert!(
        n <= 1 || x.row_stride() == 1,
        "add_times_few: columns are not adjacent in memory"
    );
    if n > 0 && d > 0 && k > 0 {
        Arch::new().dispatch(Times { x, b, out });
    }
}

struct Times<'a> {
    x: MatRef<'a, f64>,
    b: MatRef<'a, f64>,
    out: MatMut<'a, f64>,
}

impl WithSimd for Times<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, b, mut out } = self;
        let (n, d, k) = (x.nrows(), x.ncols(), b.ncols());
        let lanes = S::F64_LANES;
        let heads = n / lanes;
        // The sums of some rows for all columns of B lie beside each other.
        let mut sums = vec![0.0; heads * lanes * k];
        let mut tails = vec![0.0; (n - heads * lanes) * k];
        let mut weights = vec![0.0; GROUP * k];
        for j in (0..d).step_by(GROUP) {
            let columns: [&[f64]; GROUP] =
                std::array::from_fn(|q| flat(x.col((j + q).min(d - 1)).as_mat()).unwrap_or(&[]));
            for (c, weights) in weights.chunks_exact_mut(GROUP).enumerate() {
                for (q, weight) in weights.iter_mut().enumerate() {
                    *weight = if j + q < d { b[(j + q, c)] } else { 0.0 };
                }
            }
            group(simd, columns, &weights, &mut sums, k);
            for (c, weights) in weights.chunks_exact(GROUP).enumerate() {
                for (i, sum) in tails.iter_mut().skip(c).step_by(k).enumerate() {
                    for (column, weight) in columns.iter().zip(weights) {
                        *sum = column[heads * lanes + i].mul_add(*weight, *sum);
                    }
                }
            }
        }
        for i in 0..n {
            for c in 0..k {
                let (head, lane) = (i / lanes, i % lanes);
                out[(i, c)] += if head < heads {
                    sums[(head * k + c) * lanes + lane]
                } else {
                    tails[lane * k + c]
                };
            }
        }
    }
}

/// Adds the products of eight columns with eight weights for each column of B. Written out, because a loop over an array is not
/// kept in registers.
macro_rules! group {
    ($($q:literal $x:ident $a:ident $b:ident),+) => {
        #[inline(always)]
        fn group<S: Simd>(
            simd: S,
            columns: [&[f64]; GROUP],
            weights: &[f64],
            sums: &mut [f64],
            k: usize,
        ) {
            let columns = columns.map(|column| S::as_simd_f64s(column).0);
            let (sums, _) = S::as_mut_simd_f64s(sums);
            let m = columns[0].len();
            let [$($x),+] = columns;
            $(let $x = &$x[..m];)+
            let mut r = 0;
            let mut pairs = sums.chunks_exact_mut(2 * k);
            for pair in &mut pairs {
                let (first, second) = pair.split_at_mut(k);
                $(let ($a, $b) = ($x[r], $x[r + 1]);)+
                for ((first, second), w) in
                    first.iter_mut().zip(second).zip(weights.chunks_exact(GROUP))
                {
                    let (mut one, mut two) = (*first, *second);
                    $(
                        let weight = simd.splat_f64s(w[$q]);
                        one = simd.mul_add_f64s($a, weight, one);
                        two = simd.mul_add_f64s($b, weight, two);
                    )+
                    (*first, *second) = (one, two);
                }
                r += 2;
            }
            let rest = pairs.into_remainder();
            if !rest.is_empty() {
                $(let $a = $x[r];)+
                for (sum, w) in rest.iter_mut().zip(weights.chunks_exact(GROUP)) {
                    let mut one = *sum;
                    $(one = simd.mul_add_f64s($a, simd.splat_f64s(w[$q]), one);)+
                    *sum = one;
                }
            }
        }
    };
}

group!(
    0 x0 a0 b0, 1 x1 a1 b1, 2 x2 a2 b2, 3 x3 a3 b3,
    4 x4 a4 b4, 5 x5 a5 b5, 6 x6 a6 b6, 7 x7 a7 b7
);
