//! Differentiable linear algebra. The rules are those of Giles (2008), "Collected matrix derivative results for forward and
//! reverse mode algorithmic differentiation", and for the Cholesky factor of Murray (2016), arXiv:1602.07527.
//!
//! A matrix that is singular, or not positive definite where it must be, gives NaN. Factorisations allocate their workspace.

use linalg::solve::plain::{self, Lu};
use linalg::{Accum, Mat, MatMut, MatRef, Scalar};

use super::{Add, Affine, MatMul, Mul, Spread, SumTo, Transpose, Triangle};
use crate::{Accumulator, Array, Cotangents, Map, Op, Shape, Zip};

pub(crate) fn square(x: Shape) -> Result<Shape, &'static str> {
    if x.rows == x.columns {
        Ok(x)
    } else {
        Err("a square matrix is needed")
    }
}

fn system(a: Shape, b: Shape) -> Result<Shape, &'static str> {
    if a.rows == a.columns && a.rows == b.rows {
        Ok(b)
    } else {
        Err("a square matrix and a right-hand side with as many rows are needed")
    }
}

fn give<T: Scalar>(x: MatRef<'_, T>, mut out: MatMut<'_, T>, accum: Accum) {
    match accum {
        Accum::Replace => out.copy_from(x),
        Accum::Add => out += x,
    }
}

const NEGATE: Map<Affine> = Map(Affine {
    scale: -1.0,
    offset: 0.0,
});

/// X of A X = B, or of Aᵀ X = B, by LU with row exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solve {
    /// Solve with the transpose.
    pub transposed: bool,
}

impl Op<2> for Solve {
    fn name(&self) -> &'static str {
        "solve"
    }

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        system(a, b)
    }

    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], out: MatMut<'_, T>, accum: Accum) {
        let mut x = b.to_owned();
        Lu::new(a).solve(self.transposed, x.as_mut());
        give(x.as_ref(), out, accum);
    }

    fn columnwise(&self, operand: usize) -> bool {
        operand == 1
    }

    fn jvp<A: Array>(
        &self,
        [a, _]: [&A; 2],
        x: &A,
        [da, db]: [Option<&A>; 2],
        mut dx: Accumulator<'_, A>,
    ) {
        // dX = A⁻¹ (dB − dA X)
        if let Some(db) = db {
            dx.add(*self, [a, db]);
        }
        if let Some(da) = da {
            let product = A::apply(self.times(), [da, x]);
            dx.add(NEGATE, [&A::apply(*self, [a, &product])]);
        }
    }

    fn vjp<A: Array>(&self, [a, _]: [&A; 2], x: &A, dx: &A, mut to: Cotangents<'_, A, 2>) {
        // The cotangent of B is A⁻ᵀ X̄, that of A is −B̄ Xᵀ.
        let adjoint = Self {
            transposed: !self.transposed,
        };
        let db = A::apply(adjoint, [a, dx]);
        to.add(1, Map(super::Identity), [&db]);
        let product = if self.transposed { [x, &db] } else { [&db, x] };
        let product = A::apply(MatMul::RIGHT_TRANSPOSED, product);
        to.add(0, NEGATE, [&product]);
    }
}

impl Solve {
    /// A times something, or Aᵀ.
    fn times(self) -> MatMul {
        MatMul {
            transpose_left: self.transposed,
            transpose_right: false,
        }
    }
}

/// X of L X = B for a triangular matrix, or of Lᵀ X = B. The other triangle is not read and has no derivative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriangularSolve {
    /// The matrix is lower triangular, else upper.
    pub lower: bool,
    /// Solve with the transpose.
    pub transposed: bool,
}

impl Op<2> for TriangularSolve {
    fn name(&self) -> &'static str {
        "triangular solve"
    }

    fn shape(&self, [a, b]: [Shape; 2]) -> Result<Shape, &'static str> {
        system(a, b)
    }

    fn eval<T: Scalar>(&self, [a, b]: [MatRef<'_, T>; 2], out: MatMut<'_, T>, accum: Accum) {
        let mut x = b.to_owned();
        let (a, lower) = if self.transposed {
            (a.transpose(), !self.lower)
        } else {
            (a, self.lower)
        };
        plain::triangular(a, lower, x.as_mut());
        give(x.as_ref(), out, accum);
    }

    fn columnwise(&self, operand: usize) -> bool {
        operand == 1
    }

    fn jvp<A: Array>(
        &self,
        [a, _]: [&A; 2],
        x: &A,
        [da, db]: [Option<&A>; 2],
        mut dx: Accumulator<'_, A>,
    ) {
        if let Some(db) = db {
            dx.add(*self, [a, db]);
        }
        if let Some(da) = da {
            let da = A::apply(self.triangle(), [da]);
            let times = Solve {
                transposed: self.transposed,
            };
            let product = A::apply(times.times(), [&da, x]);
            dx.add(NEGATE, [&A::apply(*self, [a, &product])]);
        }
    }

    fn vjp<A: Array>(&self, [a, _]: [&A; 2], x: &A, dx: &A, mut to: Cotangents<'_, A, 2>) {
        let adjoint = Self {
            lower: self.lower,
            transposed: !self.transposed,
        };
        let db = A::apply(adjoint, [a, dx]);
        to.add(1, Map(super::Identity), [&db]);
        let product = if self.transposed { [x, &db] } else { [&db, x] };
        let product = A::apply(MatMul::RIGHT_TRANSPOSED, product);
        let product = A::apply(self.triangle(), [&product]);
        to.add(0, NEGATE, [&product]);
    }
}

impl TriangularSolve {
    fn triangle(self) -> Triangle {
        Triangle {
            lower: self.lower,
            diagonal: 1.0,
        }
    }
}

/// The lower triangular L with ½ (A + Aᵀ) = L Lᵀ; NaN if that is not positive definite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cholesky;

const HALF: Map<Affine> = Map(Affine {
    scale: 0.5,
    offset: 0.0,
});

/// Φ of the rules: the lower triangle with half of the diagonal.
const PHI: Triangle = Triangle {
    lower: true,
    diagonal: 0.5,
};

const fn with_factor(transposed: bool) -> TriangularSolve {
    TriangularSolve {
        lower: true,
        transposed,
    }
}

impl Op<1> for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn shape(&self, [a]: [Shape; 1]) -> Result<Shape, &'static str> {
        square(a)
    }

    fn eval<T: Scalar>(&self, [a]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        let half = T::from_f64(0.5);
        let symmetric = Mat::from_fn(a.nrows(), a.ncols(), |i, j| half * (a[(i, j)] + a[(j, i)]));
        give(plain::cholesky(symmetric.as_ref()).as_ref(), out, accum);
    }

    fn jvp<A: Array>(&self, _: [&A; 1], l: &A, [da]: [Option<&A>; 1], mut dl: Accumulator<'_, A>) {
        let Some(da) = da else { return };
        // dL = L Φ(L⁻¹ dA L⁻ᵀ) for the symmetric part of dA.
        let both = A::apply(Zip(Add), [da, &A::apply(Transpose, [da])]);
        let da = A::apply(HALF, [&both]);
        let left = A::apply(with_factor(false), [l, &da]);
        let left = A::apply(Transpose, [&left]);
        let inner = A::apply(with_factor(false), [l, &left]);
        let inner = A::apply(PHI, [&A::apply(Transpose, [&inner])]);
        dl.add(MatMul::PLAIN, [l, &inner]);
    }

    fn vjp<A: Array>(&self, _: [&A; 1], l: &A, dl: &A, mut da: Cotangents<'_, A, 1>) {
        // Ā = sym(L⁻ᵀ Φ(Lᵀ L̄) L⁻¹)
        let inner = A::apply(PHI, [&A::apply(MatMul::LEFT_TRANSPOSED, [l, dl])]);
        let left = A::apply(with_factor(true), [l, &inner]);
        let left = A::apply(Transpose, [&left]);
        let product = A::apply(with_factor(true), [l, &left]);
        da.add(0, HALF, [&product]);
        da.add(0, HALF, [&A::apply(Transpose, [&product])]);
    }
}

/// ln |det A|, 1x1; negative infinity or NaN if A is singular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogDeterminant;

impl Op<1> for LogDeterminant {
    fn name(&self) -> &'static str {
        "log determinant"
    }

    fn shape(&self, [a]: [Shape; 1]) -> Result<Shape, &'static str> {
        square(a).map(|_| Shape::SCALAR)
    }

    fn eval<T: Scalar>(&self, [a]: [MatRef<'_, T>; 1], mut out: MatMut<'_, T>, accum: Accum) {
        super::put(&mut out[(0, 0)], Lu::new(a).log_determinant(), accum);
    }

    fn jvp<A: Array>(
        &self,
        [a]: [&A; 1],
        _: &A,
        [da]: [Option<&A>; 1],
        mut dy: Accumulator<'_, A>,
    ) {
        let Some(da) = da else { return };
        let inverse = A::apply(Transpose, [&A::apply(Inverse, [a])]);
        dy.add(
            SumTo::to(Shape::SCALAR),
            [&A::apply(Zip(Mul), [&inverse, da])],
        );
    }

    fn vjp<A: Array>(&self, [a]: [&A; 1], _: &A, dy: &A, mut da: Cotangents<'_, A, 1>) {
        let inverse = A::apply(Transpose, [&A::apply(Inverse, [a])]);
        let dy = A::apply(Spread::to(a.shape()), [dy]);
        da.add(0, Zip(Mul), [&inverse, &dy]);
    }
}

/// A⁻¹. To solve, use [`Solve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inverse;

impl Op<1> for Inverse {
    fn name(&self) -> &'static str {
        "inverse"
    }

    fn shape(&self, [a]: [Shape; 1]) -> Result<Shape, &'static str> {
        square(a)
    }

    fn eval<T: Scalar>(&self, [a]: [MatRef<'_, T>; 1], out: MatMut<'_, T>, accum: Accum) {
        let mut x = Mat::identity(a.nrows(), a.ncols());
        Lu::new(a).solve(false, x.as_mut());
        give(x.as_ref(), out, accum);
    }

    fn jvp<A: Array>(&self, _: [&A; 1], y: &A, [da]: [Option<&A>; 1], mut dy: Accumulator<'_, A>) {
        let Some(da) = da else { return };
        let product = A::apply(MatMul::PLAIN, [&A::apply(MatMul::PLAIN, [y, da]), y]);
        dy.add(NEGATE, [&product]);
    }

    fn vjp<A: Array>(&self, _: [&A; 1], y: &A, dy: &A, mut da: Cotangents<'_, A, 1>) {
        let left = A::apply(MatMul::LEFT_TRANSPOSED, [y, dy]);
        da.add(0, NEGATE, [&A::apply(MatMul::RIGHT_TRANSPOSED, [&left, y])]);
    }
}
