//! Polynomials that are orthogonal on the data of a fit, as R's `poly`.

/// The polynomials of degree 1 to k. `norms` are 1, n, and the squared norms of the polynomials, as in R's `poly`.
pub(super) fn polynomials(x: &[f64], shifts: &[f64], norms: &[f64]) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = vec![vec![1.0; x.len()]];
    for k in 0..shifts.len() {
        let next = |i: usize| {
            let before = if k > 0 {
                norms[k + 1] / norms[k] * all[k - 1][i]
            } else {
                0.0
            };
            (x[i] - shifts[k]) * all[k][i] - before
        };
        let next = (0..x.len()).map(next).collect();
        all.push(next);
    }
    all.remove(0);
    for (column, norm) in all.iter_mut().zip(&norms[2..]) {
        let root = norm.sqrt();
        column.iter_mut().for_each(|x| *x /= root);
    }
    all
}

/// The shifts and norms of polynomials up to a degree that are orthogonal on these numbers; `None` if there are too few
/// different ones.
pub(super) fn orthogonal(x: &[f64], degree: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let dot = |a: &[f64], b: &[f64]| linalg::reduce::sum_by(a.len(), |i| a[i] * b[i]);
    let mut different: Vec<u64> = x.iter().map(|x| (x + 0.0).to_bits()).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() <= degree {
        return None;
    }
    let (mut shifts, mut norms) = (Vec::new(), vec![1.0, x.len() as f64]);
    let (mut before, mut current) = (vec![0.0; x.len()], vec![1.0; x.len()]);
    for k in 0..degree {
        let squares: Vec<f64> = current.iter().map(|p| p * p).collect();
        shifts.push(dot(&squares, x) / norms[k + 1]);
        let next = |i: usize| {
            let last = if k > 0 {
                norms[k + 1] / norms[k] * before[i]
            } else {
                0.0
            };
            (x[i] - shifts[k]) * current[i] - last
        };
        let next: Vec<f64> = (0..x.len()).map(next).collect();
        norms.push(dot(&next, &next));
        before = std::mem::replace(&mut current, next);
    }
    Some((shifts, norms))
}
