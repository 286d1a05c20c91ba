//! Sums in a fixed order: blocks of a fixed size, lanes of a fixed number, combined pairwise.
//!
//! The error of a sum of n numbers grows like the logarithm of n rather than like n, and the order depends on n alone.

use crate::{Scalar, parallel};

const LANES: usize = 8;
const BLOCK: usize = 512;

/// The sum of `f(0), …, f(n - 1)`.
#[inline]
pub fn sum_by<T: Scalar>(n: usize, f: impl Fn(usize) -> T) -> T {
    if n < LANES {
        return (0..n).fold(T::ZERO, |sum, i| sum + f(i));
    }
    pairwise(0, n, &f)
}

fn pairwise<T: Scalar>(from: usize, to: usize, f: &impl Fn(usize) -> T) -> T {
    let n = to - from;
    if n <= BLOCK {
        let mut lanes = [T::ZERO; LANES];
        let whole = from + n / LANES * LANES;
        let mut i = from;
        while i < whole {
            for (k, lane) in lanes.iter_mut().enumerate() {
                *lane += f(i + k);
            }
            i += LANES;
        }
        for (k, i) in (whole..to).enumerate() {
            lanes[k] += f(i);
        }
        let [a, b, c, d, e, g, h, l] = lanes;
        return ((a + e) + (c + h)) + ((b + g) + (d + l));
    }
    let middle = from + (n / 2).div_ceil(BLOCK) * BLOCK;
    pairwise(from, middle, f) + pairwise(middle, to, f)
}

/// The sum of `n` numbers that are computed a block at a time: `fill(from, block)` writes numbers `from, from + 1, …`. Blocks
/// of large sums are computed in parallel and combined as [`sum_by`] would.
///
/// ```
/// let squares = |from: usize, block: &mut [f64]| {
///     block.iter_mut().zip(from..).for_each(|(out, i)| *out = (i * i) as f64);
/// };
/// assert_eq!(linalg::reduce::sum_filled(4, &squares), 14.0);
/// ```
pub fn sum_filled<T: Scalar>(n: usize, fill: &(impl Fn(usize, &mut [T]) + Sync)) -> T {
    if n <= SHORT {
        let mut block = [T::ZERO; SHORT];
        fill(0, &mut block[..n]);
        return sum_by(n, |i| block[i]);
    }
    blocks(0, n, fill)
}

/// Sums that are short enough for a small buffer.
const SHORT: usize = 32;

fn blocks<T: Scalar>(from: usize, to: usize, fill: &(impl Fn(usize, &mut [T]) + Sync)) -> T {
    let n = to - from;
    if n <= BLOCK {
        let mut block = [T::ZERO; BLOCK];
        fill(from, &mut block[..n]);
        return pairwise(0, n, &|i| block[i]);
    }
    let middle = from + (n / 2).div_ceil(BLOCK) * BLOCK;
    let (left, right) = if n > 2 * parallel::LEAF {
        parallel::join(|| blocks(from, middle, fill), || blocks(middle, to, fill))
    } else {
        (blocks(from, middle, fill), blocks(middle, to, fill))
    };
    left + right
}

/// The sum of the entries, in parallel where they are many.
///
/// ```
/// assert_eq!(linalg::reduce::sum(&[1.0, 2.0, 3.0]), 6.0);
/// ```
pub fn sum<T: Scalar>(x: &[T]) -> T {
    if x.len() <= 2 * parallel::LEAF {
        return sum_by(x.len(), |i| x[i]);
    }
    let middle = (x.len() / 2).div_ceil(BLOCK) * BLOCK;
    let (left, right) = parallel::join(|| sum(&x[..middle]), || sum(&x[middle..]));
    left + right
}

/// The inner product.
///
/// # Panics
/// If the lengths differ.
///
/// ```
/// assert_eq!(linalg::reduce::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    assert_eq!(x.len(), y.len(), "dot: the slices differ in length");
    sum_by(x.len(), |i| x[i] * y[i])
}

/// The largest absolute value; 0 for an empty slice, NaN if an entry is.
pub fn max_abs<T: Scalar>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |largest, v| {
        if largest.is_nan() || v.abs() <= largest {
            largest
        } else {
            v.abs()
        }
    })
}
