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

/// eta += Σ βₖ (xₖ − lₖ) for four columns: centred before they are multiplied, so that an offset costs no digits.
pub(super) fn add_centred_columns(
    x: &[&[f64]; 4],
    location: [f64; 4],
    beta: [f64; 4],
    eta: &mut [f64],
) {
    Arch::new().dispatch(AddCentred(x, location, beta, eta));
}

struct AddCentred<'a>(&'a [&'a [f64]; 4], [f64; 4], [f64; 4], &'a mut [f64]);

impl WithSimd for AddCentred<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(x, location, beta, eta) = self;
        let n = eta.len();
        let columns = x.map(|x| S::as_simd_f64s(&x[..n]));
        let weights = beta.map(|beta| simd.splat_f64s(beta));
        let centres = location.map(|location| simd.splat_f64s(location));
        let (head, tail) = S::as_mut_simd_f64s(eta);
        let m = head.len();
        let [a, b, c, d] = columns.map(|(head, _)| &head[..m]);
        for i in 0..m {
            let z = |x, k: usize| simd.sub_f64s(x, centres[k]);
            let sum = simd.mul_add_f64s(weights[0], z(a[i], 0), head[i]);
            let sum = simd.mul_add_f64s(weights[1], z(b[i], 1), sum);
            let sum = simd.mul_add_f64s(weights[2], z(c[i], 2), sum);
            head[i] = simd.mul_add_f64s(weights[3], z(d[i], 3), sum);
        }
        for (i, eta) in tail.iter_mut().enumerate() {
            for k in 0..4 {
                *eta = beta[k].mul_add(columns[k].1[i] - location[k], *eta);
            }
        }
    }
}

/// The inner products of four centred columns with one vector.
pub(super) fn centred_dots(x: &[&[f64]; 4], location: [f64; 4], u: &[f64]) -> [f64; 4] {
    Arch::new().dispatch(CentredDots(x, location, u))
}

struct CentredDots<'a>(&'a [&'a [f64]; 4], [f64; 4], &'a [f64]);

impl WithSimd for CentredDots<'_> {
    type Output = [f64; 4];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 4] {
        let Self(x, location, u) = self;
        let n = u.len();
        let columns = x.map(|x| S::as_simd_f64s(&x[..n]));
        let centres = location.map(|location| simd.splat_f64s(location));
        let (head, tail) = S::as_simd_f64s(u);
        let m = head.len();
        let [a, b, c, d] = columns.map(|(head, _)| &head[..m]);
        let mut even = [simd.splat_f64s(0.0); 4];
        let mut odd = even;
        let z = |x, k: usize| simd.sub_f64s(x, centres[k]);
        let mut i = 0;
        while i + 2 <= m {
            even[0] = simd.mul_add_f64s(z(a[i], 0), head[i], even[0]);
            even[1] = simd.mul_add_f64s(z(b[i], 1), head[i], even[1]);
            even[2] = simd.mul_add_f64s(z(c[i], 2), head[i], even[2]);
            even[3] = simd.mul_add_f64s(z(d[i], 3), head[i], even[3]);
            odd[0] = simd.mul_add_f64s(z(a[i + 1], 0), head[i + 1], odd[0]);
            odd[1] = simd.mul_add_f64s(z(b[i + 1], 1), head[i + 1], odd[1]);
            odd[2] = simd.mul_add_f64s(z(c[i + 1], 2), head[i + 1], odd[2]);
            odd[3] = simd.mul_add_f64s(z(d[i + 1], 3), head[i + 1], odd[3]);
            i += 2;
        }
        if i < m {
            even[0] = simd.mul_add_f64s(z(a[i], 0), head[i], even[0]);
            even[1] = simd.mul_add_f64s(z(b[i], 1), head[i], even[1]);
            even[2] = simd.mul_add_f64s(z(c[i], 2), head[i], even[2]);
            even[3] = simd.mul_add_f64s(z(d[i], 3), head[i], even[3]);
        }
        std::array::from_fn(|k| {
            let mut sum = simd.reduce_sum_f64s(simd.add_f64s(even[k], odd[k]));
            for (x, u) in columns[k].1.iter().zip(tail) {
                sum = (x - location[k]).mul_add(*u, sum);
            }
            sum
        })
    }
}

/// out = w (x − location).
pub(super) fn centre(x: &[f64], location: f64, w: &[f64], out: &mut [f64]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for ((out, x), w) in out.iter_mut().zip(x).zip(w) {
                *out = w * (x - location);
            }
        },
    );
}

/// Sum of the entries less `origin`, and sum of their squares.
pub(super) fn moments(x: &[f64], origin: f64) -> (f64, f64) {
    Arch::new().dispatch(Moments(x, origin))
}

struct Moments<'a>(&'a [f64], f64);

impl WithSimd for Moments<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let Self(x, origin) = self;
        let (head, tail) = S::as_simd_f64s(x);
        let centre = simd.splat_f64s(origin);
        let zero = simd.splat_f64s(0.0);
        let (mut sums, mut squares) = ([zero; 4], [zero; 4]);
        let mut chunks = head.chunks_exact(4);
        for chunk in &mut chunks {
            for k in 0..4 {
                let z = simd.sub_f64s(chunk[k], centre);
                sums[k] = simd.add_f64s(sums[k], z);
                squares[k] = simd.mul_add_f64s(z, z, squares[k]);
            }
        }
        for x in chunks.remainder() {
            let z = simd.sub_f64s(*x, centre);
            sums[0] = simd.add_f64s(sums[0], z);
            squares[0] = simd.mul_add_f64s(z, z, squares[0]);
        }
        let add = |v: [S::f64s; 4]| {
            let v = simd.add_f64s(simd.add_f64s(v[0], v[2]), simd.add_f64s(v[1], v[3]));
            simd.reduce_sum_f64s(v)
        };
        tail.iter()
            .fold((add(sums), add(squares)), |(sum, squares), x| {
                (sum + (x - origin), squares + (x - origin) * (x - origin))
            })
    }
}
