//! The two vector kernels of a dense block: several columns at a time, so that the vector that they share is loaded once.

use pulp::{Arch, Simd, WithSimd};

/// eta += β₀ x₀ + β₁ x₁ + β₂ x₂ + β₃ x₃ for four columns.
pub(super) fn add_columns(x: &[&[f64]; 4], beta: [f64; 4], eta: &mut [f64]) {
    Arch::new().dispatch(AddColumns(x, beta, eta));
}

struct AddColumns<'a>(&'a [&'a [f64]; 4], [f64; 4], &'a mut [f64]);

impl WithSimd for AddColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(x, beta, eta) = self;
        let n = eta.len();
        let columns = x.map(|x| S::as_simd_f64s(&x[..n]));
        let weights = beta.map(|beta| simd.splat_f64s(beta));
        let (head, tail) = S::as_mut_simd_f64s(eta);
        let m = head.len();
        let [a, b, c, d] = columns.map(|(head, _)| &head[..m]);
        for i in 0..m {
            let sum = simd.mul_add_f64s(weights[0], a[i], head[i]);
            let sum = simd.mul_add_f64s(weights[1], b[i], sum);
            let sum = simd.mul_add_f64s(weights[2], c[i], sum);
            head[i] = simd.mul_add_f64s(weights[3], d[i], sum);
        }
        for (i, eta) in tail.iter_mut().enumerate() {
            for k in 0..4 {
                *eta = beta[k].mul_add(columns[k].1[i], *eta);
            }
        }
    }
}

/// The inner products of four columns with one vector.
pub(super) fn dots(x: &[&[f64]; 4], u: &[f64]) -> [f64; 4] {
    Arch::new().dispatch(Dots(x, u))
}

struct Dots<'a>(&'a [&'a [f64]; 4], &'a [f64]);

impl WithSimd for Dots<'_> {
    type Output = [f64; 4];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 4] {
        let Self(x, u) = self;
        let n = u.len();
        let columns = x.map(|x| S::as_simd_f64s(&x[..n]));
        let (head, tail) = S::as_simd_f64s(u);
        let m = head.len();
        let [a, b, c, d] = columns.map(|(head, _)| &head[..m]);
        // Two sums a column hide the latency of the additions.
        let mut even = [simd.splat_f64s(0.0); 4];
        let mut odd = even;
        let mut i = 0;
        while i + 2 <= m {
            even[0] = simd.mul_add_f64s(a[i], head[i], even[0]);
            even[1] = simd.mul_add_f64s(b[i], head[i], even[1]);
            even[2] = simd.mul_add_f64s(c[i], head[i], even[2]);
            even[3] = simd.mul_add_f64s(d[i], head[i], even[3]);
            odd[0] = simd.mul_add_f64s(a[i + 1], head[i + 1], odd[0]);
            odd[1] = simd.mul_add_f64s(b[i + 1], head[i + 1], odd[1]);
            odd[2] = simd.mul_add_f64s(c[i + 1], head[i + 1], odd[2]);
            odd[3] = simd.mul_add_f64s(d[i + 1], head[i + 1], odd[3]);
            i += 2;
        }
        if i < m {
            even[0] = simd.mul_add_f64s(a[i], head[i], even[0]);
            even[1] = simd.mul_add_f64s(b[i], head[i], even[1]);
            even[2] = simd.mul_add_f64s(c[i], head[i], even[2]);
            even[3] = simd.mul_add_f64s(d[i], head[i], even[3]);
        }
        std::array::from_fn(|k| {
            let mut sum = simd.reduce_sum_f64s(simd.add_f64s(even[k], odd[k]));
            for (x, u) in columns[k].1.iter().zip(tail) {
                sum = x.mul_add(*u, sum);
            }
            sum
        })
    }
}
