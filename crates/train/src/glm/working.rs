//! The working set of a coordinate descent, with the quadratic model of its columns.

use linalg::{Mat, MatRef};

use super::columns::Columns;

/// Standardised columns of the working set, with the quadratic model.
pub(super) struct Working {
    /// The coordinates, in the order in which they came.
    pub(super) set: Vec<usize>,
    /// Place in the set, or none.
    pub(super) place: Vec<Option<usize>>,
    /// Their columns, one after the other.
    pub(super) columns: Vec<f64>,
    /// Σ hᵢ zᵢ zᵢᵀ for the curvatures h, with room to grow.
    pub(super) gram: Mat<f64>,
    /// Coordinates whose products stand in `gram`.
    known: usize,
    /// The curvatures that the quadratic model was made with; none if it is to be made anew.
    pub(super) metric: Vec<f64>,
}

impl Working {
    /// Empty, of so many coordinates.
    pub(super) fn new(coordinates: usize) -> Self {
        Self {
            set: Vec::new(),
            place: vec![None; coordinates],
            columns: Vec::new(),
            gram: Mat::new(),
            known: 0,
            metric: Vec::new(),
        }
    }

    /// Lets coordinates that are 0 go, if they are many: making a model for them costs more than taking some in again.
    pub(super) fn leave(&mut self, n: usize, point: &[f64]) {
        let set = std::mem::take(&mut self.set);
        let stays = |j: usize| point[j] != 0.0;
        if set.iter().filter(|j| stays(**j)).count() * 5 > set.len() * 4 {
            self.set = set;
            return;
        }
        for (from, j) in set.into_iter().enumerate() {
            self.place[j] = None;
            if stays(j) {
                let to = self.set.len();
                self.place[j] = Some(to);
                self.set.push(j);
                self.columns.copy_within(from * n..(from + 1) * n, to * n);
            }
        }
        self.columns.truncate(self.set.len() * n);
        self.known = 0;
    }

    /// Takes coordinates into the set.
    pub(super) fn enter(&mut self, n: usize, design: &Columns<'_>, coordinates: &[usize]) {
        let Columns::Dense(z) = design else {
            return;
        };
        let k = usize::from(design.has_intercept());
        for &j in coordinates {
            self.place[j] = Some(self.set.len());
            self.set.push(j);
            let from = self.columns.len();
            self.columns.resize(from + n, 1.0);
            if j >= k {
                let out = &mut self.columns[from..];
                z.column(j - k, out);
            }
        }
    }

    /// Brings the quadratic model up to date: all of it with the present curvatures, if it was given up; else the products of new
    /// columns, with the curvatures of the others.
    pub(super) fn model(&mut self, curvature: &[f64]) {
        let n = curvature.len();
        let m = self.set.len();
        if self.metric.is_empty() {
            self.metric.extend_from_slice(curvature);
            self.known = 0;
        }
        if self.known == m {
            return;
        }
        if self.gram.nrows() < m {
            let size = (2 * m).max(64);
            let old = std::mem::replace(&mut self.gram, Mat::zeros(size, size));
            let known = self.known;
            if known > 0 {
                self.gram
                    .as_mut()
                    .submatrix_mut(0, 0, known, known)
                    .copy_from(old.as_ref().submatrix(0, 0, known, known));
            }
        }
        let known = self.known;
        let all = MatRef::from_column_major_slice(&self.columns, n, m);
        let new = all.subcols(known, m - known);
        let weighted = Mat::from_fn(n, m - known, |i, j| self.metric[i] * new[(i, j)]);
        // The columns of the new coordinates, and those rows of the others.
        let mut gram = self.gram.as_mut();
        let mut out = gram.as_mut().submatrix_mut(0, known, m, m - known);
        if m - known <= 32 {
            out.fill(0.0);
            linalg::add_transposed_times_few(all, weighted.as_ref(), out);
        } else {
            let replace = linalg::Accum::Replace;
            linalg::matmul(all.transpose(), weighted.as_ref(), out, replace);
        }
        for j in 0..known {
            for i in known..m {
                gram[(i, j)] = gram[(j, i)];
            }
        }
        self.known = m;
    }
}
