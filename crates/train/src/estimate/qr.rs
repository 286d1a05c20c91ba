//! QR factorisation with column pivoting, kept by columns.

use linalg::solve::Svd;
use linalg::vector::{add_scaled, dot};
use linalg::{LinalgError, Mat, MatRef};

/// A P = Q R with Householder reflections, for a matrix with at least as many rows as columns.
#[derive(Debug, Clone)]
pub(super) struct Qr {
    /// Reflectors below the diagonal, R above; the diagonal of R stands apart.
    columns: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    /// Which column of A stands at each place.
    pub(super) order: Vec<usize>,
}

/// The length of a vector, without overflow.
pub(super) fn norm(x: &[f64]) -> f64 {
    let largest = linalg::reduce::max_abs(x);
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    if (1e-140..1e140).contains(&largest) {
        return dot(x, x).sqrt();
    }
    largest * x.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}

impl Qr {
    pub(super) fn new(mut columns: Vec<Vec<f64>>) -> Self {
        let p = columns.len();
        let mut order: Vec<usize> = (0..p).collect();
        let mut diagonal = vec![0.0; p];
        for k in 0..p {
            // The longest column of what is left comes next. Lengths are computed anew: there are few columns.
            let mut best = (k, -1.0);
            for (j, column) in columns.iter().enumerate().skip(k) {
                let length = norm(&column[k..]);
                if length > best.1 {
                    best = (j, length);
                }
            }
            columns.swap(k, best.0);
            order.swap(k, best.0);
            let length = best.1;
            let (left, right) = columns.split_at_mut(k + 1);
            let pivot = &mut left[k][k..];
            if length == 0.0 {
                continue;
            }
            // v = x ± |x| e₁, scaled to H = I − v vᵀ / v₁ with v₁ in 1..2.
            let signed = if pivot[0] > 0.0 { length } else { -length };
            pivot.iter_mut().for_each(|x| *x /= signed);
            pivot[0] += 1.0;
            diagonal[k] = -signed;
            for column in right {
                let rest = &mut column[k..];
                let factor = dot(pivot, rest) / pivot[0];
                add_scaled(-factor, pivot, rest);
            }
        }
        Self {
            columns,
            diagonal,
            order,
        }
    }

    /// R's entry in row `i` ≤ column `j`.
    pub(super) fn r(&self, i: usize, j: usize) -> f64 {
        if i == j {
            self.diagonal[i]
        } else {
            self.columns[j][i]
        }
    }

    /// b becomes Qᵀ b.
    pub(super) fn transposed_times(&self, b: &mut [f64]) {
        for (k, column) in self.columns.iter().enumerate() {
            let v = &column[k..];
            if self.diagonal[k] != 0.0 {
                let factor = dot(v, &b[k..]) / v[0];
                add_scaled(-factor, v, &mut b[k..]);
            }
        }
    }

    /// Columns whose diagonal entry is above `tolerance` times the largest.
    pub(super) fn rank(&self, tolerance: f64) -> usize {
        let least = tolerance * self.diagonal.first().map_or(0.0, |d| d.abs());
        self.diagonal.iter().take_while(|d| d.abs() > least).count()
    }

    /// z of A z = Q c in the least-squares sense, with 0 for the columns after the first `rank` pivots.
    pub(super) fn solve(&self, c: &[f64], rank: usize) -> Vec<f64> {
        let mut z = vec![0.0; self.columns.len()];
        let mut y = c[..rank].to_vec();
        for k in (0..rank).rev() {
            y[k] /= self.diagonal[k];
            let value = y[k];
            add_scaled(-value, &self.columns[k][..k], &mut y[..k]);
            z[self.order[k]] = value;
        }
        z
    }

    /// R⁻ᵀ Pᵀ b, for a matrix of full rank.
    pub(super) fn transposed_solve(&self, b: &[f64]) -> Vec<f64> {
        let mut y: Vec<f64> = Vec::with_capacity(b.len());
        for (k, &j) in self.order.iter().enumerate() {
            let rest = b[j] - dot(&self.columns[k][..k], &y);
            y.push(rest / self.diagonal[k]);
        }
        y
    }

    /// (Aᵀ A)⁻¹ = P R⁻¹ R⁻ᵀ Pᵀ, for a matrix of full rank.
    pub(super) fn inverse_gram(&self) -> Mat<f64> {
        let p = self.columns.len();
        let mut unit = vec![0.0; p];
        let halves: Vec<Vec<f64>> = (0..p)
            .map(|j| {
                unit.fill(0.0);
                unit[j] = 1.0;
                self.transposed_solve(&unit)
            })
            .collect();
        Mat::from_fn(p, p, |i, j| dot(&halves[i], &halves[j]))
    }

    /// The singular values of A: those of R, with V in the order of A's columns.
    pub(super) fn svd(&self) -> Result<Svd, LinalgError> {
        let p = self.columns.len();
        let r = Mat::from_fn(p, p, |i, j| if i <= j { self.r(i, j) } else { 0.0 });
        let mut svd = Svd::new(r.as_ref())?;
        let v = svd.v.clone();
        for (k, &j) in self.order.iter().enumerate() {
            for c in 0..p {
                svd.v[(j, c)] = v[(k, c)];
            }
        }
        Ok(svd)
    }
}

/// The columns of a matrix.
pub(super) fn columns(m: MatRef<'_, f64>) -> Vec<Vec<f64>> {
    (0..m.ncols())
        .map(|j| (0..m.nrows()).map(|i| m[(i, j)]).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_solve_and_invert() {
        let a = vec![
            vec![1.0, 2.0, 3.0, 4.0],
            vec![0.5, -1.0, 2.0, 1.0],
            vec![1e-3, 0.0, 1.0, -2.0],
        ];
        let x = [1.0, -2.0, 3.0];
        let mut b: Vec<f64> = (0..4)
            .map(|i| (0..3).map(|j| a[j][i] * x[j]).sum())
            .collect();
        let qr = Qr::new(a.clone());
        qr.transposed_times(&mut b);
        assert_eq!(qr.rank(1e-14), 3);
        for (found, expected) in qr.solve(&b, 3).iter().zip(x) {
            assert!((found - expected).abs() < 1e-14);
        }
        let inverse = qr.inverse_gram();
        let gram = Mat::from_fn(3, 3, |i, j| dot(&a[i], &a[j]));
        let unit = &gram * &inverse;
        for i in 0..3 {
            for j in 0..3 {
                assert!((unit[(i, j)] - f64::from(u8::from(i == j))).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn a_dependent_column_comes_last() {
        let a = vec![
            vec![1.0, 1.0, 1.0],
            vec![2.0, 2.0, 2.0],
            vec![0.0, 1.0, 2.0],
        ];
        let qr = Qr::new(a);
        assert_eq!((qr.rank(1e-14), qr.order[2]), (2, 0));
    }
}
