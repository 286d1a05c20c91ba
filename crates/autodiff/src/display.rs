//! What a learner sees: values with their shape and origin.

use std::fmt;

use linalg::{Mat, Scalar};

use crate::{Shape, Var};

/// Matrices with more entries are abbreviated, as in PyTorch.
const ENTRIES: usize = 1000;
/// Rows and columns that are shown at each end of an abbreviated matrix.
const ENDS: usize = 3;

impl<T: Scalar> Var<'_, T> {
    /// The name of the operation that made it, or what it is.
    fn origin(self) -> &'static str {
        self.tape().origin(self.index() as usize).name()
    }
}

/// The numbers of the rows (or columns) that are shown, with `None` for those left out.
fn shown(n: usize, abbreviate: bool) -> Vec<Option<usize>> {
    if !abbreviate || n <= 2 * ENDS {
        return (0..n).map(Some).collect();
    }
    let ends = (0..ENDS).map(Some);
    let tail = (n - ENDS..n).map(Some);
    ends.chain([None]).chain(tail).collect()
}

fn entries<T: Scalar>(m: &Mat<T>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let abbreviate = m.nrows() * m.ncols() > ENTRIES;
    let (rows, columns) = (shown(m.nrows(), abbreviate), shown(m.ncols(), abbreviate));
    f.write_str("[")?;
    for (k, row) in rows.iter().enumerate() {
        f.write_str(if k == 0 { "[" } else { "\n [" })?;
        let Some(i) = row else {
            f.write_str("…]")?;
            continue;
        };
        for (k, column) in columns.iter().enumerate() {
            if k > 0 {
                f.write_str(", ")?;
            }
            match column {
                Some(j) => fmt::Display::fmt(&m[(*i, *j)], f)?,
                None => f.write_str("…")?,
            }
        }
        f.write_str("]")?;
    }
    f.write_str("]")
}

impl<T: Scalar> fmt::Display for Var<'_, T> {
    /// The values, a line a row, with the shape and the operation that made it: `[[0.5], [0.25]] (2x1, sigmoid)`. A precision
    /// in the format applies to each entry; more than 1000 entries are abbreviated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        entries(&self.to_mat(), f)?;
        write!(f, " ({}, {})", self.shape(), self.origin())
    }
}

impl<T: Scalar> fmt::Debug for Var<'_, T> {
    /// Shape, origin and place, without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape: Shape = self.shape();
        let (origin, at, tape) = (self.origin(), self.index(), self.tape().id());
        write!(f, "{shape} {origin} (record {at} of tape {tape})")
    }
}
