//! The two operations on vectors that iterations by coordinates spend their time in, as vector code.

use pulp::{Arch, Simd, WithSimd};

/// y += a x.
///
/// # Panics
/// If the lengths differ.
///
/// ```
/// let mut y = [1.0, 2.0];
/// linalg::vector::add_scaled(2.0, &[10.0, 20.0], &mut y);
/// assert_eq!(y, [21.0, 42.0]);
/// ```
pub fn add_scaled(a: f64, x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "add_scaled: the slices differ in length");
    Arch::new().dispatch(AddScaled(a, x, y));
}

struct AddScaled<'a>(f64, &'a [f64], &'a mut [f64]);

impl WithSimd for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(a, x, y) = self;
        let (x, x_tail) = S::as_simd_f64s(x);
        let (y, y_tail) = S::as_mut_simd_f64s(y);
        let factor = simd.splat_f64s(a);
        for (y, x) in y.iter_mut().zip(x) {
            *y = simd.mul_add_f64s(factor, *x, *y);
        }
        for (y, x) in y_tail.iter_mut().zip(x_tail) {
            *y = a.mul_add(*x, *y);
        }
    }
}

/// The inner product, in an order that depends on the length and on the width of the machine's vectors.
///
/// # Panics
/// If the lengths differ.
///
/// ```
/// assert_eq!(linalg::vector::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
/// ```
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "dot: the slices differ in length");
    Arch::new().dispatch(Dot(x, y))
}

struct Dot<'a>(&'a [f64], &'a [f64]);

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Self(x, y) = self;
        let (x, x_tail) = S::as_simd_f64s(x);
        let (y, y_tail) = S::as_simd_f64s(y);
        let zero = simd.splat_f64s(0.0);
        let (mut a, mut b, mut c, mut d) = (zero, zero, zero, zero);
        let (xs, ys) = (x.chunks_exact(4), y.chunks_exact(4));
        let (rest_x, rest_y) = (xs.remainder(), ys.remainder());
        for (x, y) in xs.zip(ys) {
            a = simd.mul_add_f64s(x[0], y[0], a);
            b = simd.mul_add_f64s(x[1], y[1], b);
            c = simd.mul_add_f64s(x[2], y[2], c);
            d = simd.mul_add_f64s(x[3], y[3], d);
        }
        for (x, y) in rest_x.iter().zip(rest_y) {
            a = simd.mul_add_f64s(*x, *y, a);
        }
        let sum = simd.add_f64s(simd.add_f64s(a, c), simd.add_f64s(b, d));
        let head = simd.reduce_sum_f64s(sum);
        x_tail
            .iter()
            .zip(y_tail)
            .fold(head, |sum, (x, y)| x.mul_add(*y, sum))
    }
}
