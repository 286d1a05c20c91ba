//! The operations as methods of a variable. Functions of each entry have theirs in `ops::functions`.

use std::ops::Range;

use linalg::Scalar;

use crate::ops::{
    self, Clamp, Concatenate, Convolve, GatherEntries, GatherRows, LeakyRelu, LogSoftmax,
    LogSumExp, Max, Norm, Over, Reshape, Slice, Softmax, Solve, SumTo, TriangularSolve, Window,
};
use crate::{Number, Shape, Tape, Var};

/// Element-wise functions with a setting or a second operand.
impl<T: Scalar> Var<'_, T> {
    /// The larger of two entries, NaN if either is; at a tie each has half of the slope.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn maximum(self, other: Self) -> Self {
        self.zip(ops::Maximum, other)
    }

    /// The smaller of two entries, NaN if either is; at a tie each has half of the slope.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn minimum(self, other: Self) -> Self {
        self.zip(ops::Minimum, other)
    }

    /// Entries below `low` raised to it, above `high` lowered to it. The slope is 1 from bound to bound, both included.
    ///
    /// # Panics
    /// If `low` is larger than `high`, or either is NaN.
    #[track_caller]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        assert!(
            low <= high,
            "clamp from {low} to {high}: there is nothing between"
        );
        self.map(Clamp { low, high })
    }

    /// Of a mask: the entries of `yes` where it is positive, those of `no` elsewhere. What is not chosen, NaN included, has
    /// no influence on the value, and a cotangent of 0.
    ///
    /// The functions of this crate let a cotangent of 0 stay 0 where their slope is infinite, such as that of the square root at 0.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let (mask, x) = (tape.constant(&[1.0, 0.0]), tape.variable(&[4.0, -4.0]));
    /// let y = mask.select(x.sqrt(), x * 2.0);
    /// assert_eq!((y.get(0, 0), y.get(1, 0)), (2.0, -8.0));
    /// ```
    #[track_caller]
    pub fn select(self, yes: Self, no: Self) -> Self {
        let not = self.step().affine(-1.0, 1.0);
        self.keep(yes) + not.keep(no)
    }

    /// Entry by entry to the power given by the entries of `exponent`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn pow(self, exponent: Self) -> Self {
        self.zip(ops::Pow, exponent)
    }

    /// x where x > 0, else `slope` · x.
    #[track_caller]
    pub fn leaky_relu(self, slope: f64) -> Self {
        self.map(LeakyRelu(slope))
    }
}

/// Sums and other combinations of entries.
impl<T: Scalar> Var<'_, T> {
    /// The sum over rows, columns or all entries.
    ///
    /// ```
    /// use autodiff::{Tape, ops::Over};
    /// use linalg::mat;
    /// let tape = Tape::new();
    /// let m = mat![[1.0, 2.0], [3.0, 5.0]];
    /// let x = tape.constant(&m);
    /// assert_eq!(x.sum_over(Over::Rows).to_mat(), mat![[4.0, 7.0]]);
    /// assert_eq!(x.mean_over(Over::Columns).to_mat(), mat![[1.5], [4.0]]);
    /// assert_eq!(x.max_over(Over::All).item(), 5.0);
    /// ```
    #[track_caller]
    pub fn sum_over(self, over: Over) -> Self {
        self.tape().apply(SumTo::to(over.of(self.shape())), [self])
    }

    /// The mean over rows, columns or all entries; NaN of none.
    #[track_caller]
    pub fn mean_over(self, over: Over) -> Self {
        let shape = self.shape();
        let divisor = match over {
            Over::All => shape.len(),
            Over::Rows => shape.rows,
            Over::Columns => shape.columns,
        } as f64;
        let to = over.of(shape);
        self.tape().apply(SumTo { to, divisor }, [self])
    }

    /// The largest entry over rows, columns or all entries; −∞ of none. Ties share the slope evenly.
    #[track_caller]
    pub fn max_over(self, over: Over) -> Self {
        self.tape().apply(Max { over }, [self])
    }

    /// ln Σ eˣ over rows, columns or all entries, without overflow.
    #[track_caller]
    pub fn log_sum_exp(self, over: Over) -> Self {
        self.tape().apply(LogSumExp { over }, [self])
    }

    /// The Euclidean norm over rows, columns or all entries. Its slope at 0 is taken as 0.
    #[track_caller]
    pub fn norm(self, over: Over) -> Self {
        self.tape().apply(Norm { over }, [self])
    }

    /// The convolution of images in rows (channels x height x width, the width fastest) with a weight of one row an output: a row of
    /// outputs x height x width for each image. It is PyTorch's `conv2d`, which does not turn the kernel round.
    ///
    /// ```
    /// use autodiff::{Tape, ops::Window};
    /// use linalg::mat;
    /// let window = Window { image: [1, 2, 3], outputs: 1, kernel: [2, 2], stride: [1, 1], padding: [0, 0] };
    /// let (image, weight) = (mat![[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], mat![[1.0, 0.0, 0.0, 10.0]]);
    /// let tape = Tape::new();
    /// let y = tape.constant(&image).convolve(window, tape.constant(&weight));
    /// assert_eq!(y.to_mat(), mat![[51.0, 62.0]]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not fit the window.
    #[track_caller]
    pub fn convolve(self, window: Window, weight: Self) -> Self {
        self.tape().apply(Convolve(window), [self, weight])
    }

    /// The logarithm of the softmax of each row: x − ln Σ eˣ.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use linalg::mat;
    /// let m = mat![[1000.0, -1000.0]];
    /// let tape = Tape::new();
    /// assert_eq!(tape.constant(&m).log_softmax().to_mat(), mat![[0.0, -2000.0]]);
    /// ```
    #[track_caller]
    pub fn log_softmax(self) -> Self {
        let over = Over::Columns;
        self.tape().apply(LogSoftmax { over }, [self])
    }

    /// The softmax of each row, eˣ / Σ eˣ: each row of the result sums to 1.
    #[track_caller]
    pub fn softmax(self) -> Self {
        let over = Over::Columns;
        self.tape().apply(Softmax { over }, [self])
    }
}

/// The same entries in another arrangement.
impl<T: Scalar> Var<'_, T> {
    /// The entries, read row after row, as `rows` by `columns`, filled row after row, as in NumPy and PyTorch.
    ///
    /// # Panics
    /// If the number of entries differs.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use linalg::mat;
    /// let m = mat![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    /// let tape = Tape::new();
    /// assert_eq!(tape.constant(&m).reshape(3, 2).to_mat(), mat![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// ```
    #[track_caller]
    pub fn reshape(self, rows: usize, columns: usize) -> Self {
        let to = Shape::new(rows, columns);
        self.tape().apply(Reshape { to }, [self])
    }

    /// The rows and columns in two ranges.
    ///
    /// # Panics
    /// If a range does not lie within the matrix.
    #[track_caller]
    pub fn slice(self, rows: Range<usize>, columns: Range<usize>) -> Self {
        self.tape().apply(Slice { rows, columns }, [self])
    }

    /// The rows in a range.
    ///
    /// # Panics
    /// If it does not lie within the matrix.
    #[track_caller]
    pub fn rows(self, rows: Range<usize>) -> Self {
        let columns = 0..self.shape().columns;
        self.slice(rows, columns)
    }

    /// The columns in a range.
    ///
    /// # Panics
    /// If it does not lie within the matrix.
    #[track_caller]
    pub fn columns(self, columns: Range<usize>) -> Self {
        let rows = 0..self.shape().rows;
        self.slice(rows, columns)
    }

    /// Row k of the result is the row of this matrix whose number, from 0, stands in row k of `numbers`.
    ///
    /// # Panics
    /// If `numbers` is not a column, or an entry is not the number of a row.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use linalg::mat;
    /// let m = mat![[1.0, 2.0], [3.0, 4.0]];
    /// let tape = Tape::new();
    /// let numbers = tape.constant(&[1.0, 1.0, 0.0]);
    /// assert_eq!(tape.constant(&m).gather_rows(numbers).to_mat(), mat![[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]);
    /// ```
    #[track_caller]
    pub fn gather_rows(self, numbers: Self) -> Self {
        self.tape().apply(GatherRows, [self, numbers])
    }

    /// Of each row, the entry in the column whose number, from 0, stands in `numbers`.
    ///
    /// # Panics
    /// If `numbers` is not a column with an entry for each row, or an entry is not the number of a column.
    #[track_caller]
    pub fn gather_entries(self, numbers: Self) -> Self {
        self.tape().apply(GatherEntries, [self, numbers])
    }
}

impl<T: Scalar> Tape<T> {
    /// Matrices below each other.
    ///
    /// # Panics
    /// If there is none, or their numbers of columns differ.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let (a, b) = (tape.constant(&[1.0, 2.0]), tape.constant(&[3.0]));
    /// assert_eq!(tape.concatenate_rows(&[a, b, a]).shape().rows, 5);
    /// ```
    #[track_caller]
    pub fn concatenate_rows<'t>(&'t self, parts: &[Var<'t, T>]) -> Var<'t, T> {
        self.concatenate(Concatenate::Rows, parts)
    }

    /// Matrices beside each other.
    ///
    /// # Panics
    /// If there is none, or their numbers of rows differ.
    #[track_caller]
    pub fn concatenate_columns<'t>(&'t self, parts: &[Var<'t, T>]) -> Var<'t, T> {
        self.concatenate(Concatenate::Columns, parts)
    }

    /// In pairs, so that an entry is copied as often as the number of parts can be halved.
    #[track_caller]
    fn concatenate<'t>(&'t self, op: Concatenate, parts: &[Var<'t, T>]) -> Var<'t, T> {
        match parts {
            [] => panic!("{op:?}: there is nothing to concatenate"),
            [one] => *one,
            parts => {
                let (left, right) = parts.split_at(parts.len() / 2);
                self.apply(
                    op,
                    [self.concatenate(op, left), self.concatenate(op, right)],
                )
            }
        }
    }
}

/// Linear algebra. A matrix in whose factorisation a pivot is 0, or that is not positive definite where it must be, gives NaN. One that
/// is singular but for rounding errors gives large numbers: nothing here measures its condition (`linalg::solve` does).
impl<T: Scalar> Var<'_, T> {
    /// X of A X = B for this square A.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use linalg::mat;
    /// let (a, b) = (mat![[2.0, 0.0], [0.0, 4.0]], mat![[2.0], [8.0]]);
    /// let tape = Tape::new();
    /// let (a, b) = (tape.variable(&a), tape.variable(&b));
    /// let x = a.solve(b);
    /// assert_eq!(x.to_mat(), mat![[1.0], [2.0]]);
    /// assert_eq!(x.sum().backward()[a].as_mat(), mat![[-0.5, -1.0], [-0.25, -0.5]]);
    /// ```
    #[track_caller]
    pub fn solve(self, b: Self) -> Self {
        self.tape().apply(Solve { transposed: false }, [self, b])
    }

    /// X of L X = B for the lower (or upper) triangle of this square matrix.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn solve_triangular(self, lower: bool, b: Self) -> Self {
        let op = TriangularSolve {
            lower,
            transposed: false,
        };
        self.tape().apply(op, [self, b])
    }

    /// The lower triangular L with L Lᵀ = ½ (A + Aᵀ).
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn cholesky(self) -> Self {
        self.tape().apply(ops::Cholesky, [self])
    }

    /// ln |det A|, 1x1.
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn log_determinant(self) -> Self {
        self.tape().apply(ops::LogDeterminant, [self])
    }

    /// A⁻¹; to solve, use [`solve`](Var::solve).
    ///
    /// # Panics
    /// If A is not square.
    #[track_caller]
    pub fn inverse(self) -> Self {
        self.tape().apply(ops::Inverse, [self])
    }
}
