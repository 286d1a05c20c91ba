//! The numbers that slopes are written in: plain, dual, or recorded on a tape.

use std::ops::{Add, Div, Mul, Neg, Sub};

use linalg::Scalar;

use crate::Elementwise;

/// Arithmetic that a slope is written in. A matrix variable is a `Number` too, so that the slope of an element-wise
/// operation, written once, also records itself for derivatives of higher order.
pub trait Number:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The constant `c`, to be combined with `self`.
    fn constant(self, c: f64) -> Self;
    /// `scale * self + offset`.
    fn affine(self, scale: f64, offset: f64) -> Self;
    /// An element-wise operation on `self`.
    fn apply<F: Elementwise>(self, f: F) -> Self;
}

/// A scalar as a [`Number`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plain<T>(pub T);

/// A number with a tangent: `value + ε tangent`, ε² = 0.
///
/// Duals nest: the tangent of the tangent of a `Dual<Dual<_>>` is a second derivative.
///
/// ```
/// use autodiff::{Dual, Number, Plain, ops::Sigmoid};
/// let x = Dual { value: Plain(0.0_f64), tangent: Plain(1.0) };
/// let y = x.apply(Sigmoid);
/// assert_eq!((y.value.0, y.tangent.0), (0.5, 0.25));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<N> {
    /// The value.
    pub value: N,
    /// The derivative in one direction.
    pub tangent: N,
}

macro_rules! plain_operator {
    ($($operator:ident $method:ident;)*) => {
        $(impl<T: Scalar> $operator for Plain<T> {
            type Output = Self;
            #[inline]
            fn $method(self, other: Self) -> Self {
                Self($operator::$method(self.0, other.0))
            }
        })*
    };
}
plain_operator! { Add add; Sub sub; Mul mul; Div div; }

impl<T: Scalar> Neg for Plain<T> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl<T: Scalar> Number for Plain<T> {
    #[inline]
    fn constant(self, c: f64) -> Self {
        Self(T::from_f64(c))
    }
    #[inline]
    fn affine(self, scale: f64, offset: f64) -> Self {
        Self(T::from_f64(scale) * self.0 + T::from_f64(offset))
    }
    #[inline]
    fn apply<F: Elementwise>(self, f: F) -> Self {
        let mut out = [T::ZERO];
        f.map(&[self.0], &mut out);
        Self(out[0])
    }
}

impl<N: Number> Add for Dual<N> {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            tangent: self.tangent + other.tangent,
        }
    }
}
impl<N: Number> Sub for Dual<N> {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            tangent: self.tangent - other.tangent,
        }
    }
}
impl<N: Number> Mul for Dual<N> {
    type Output = Self;
    #[inline]
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            tangent: self.tangent * other.value + self.value * other.tangent,
        }
    }
}
impl<N: Number> Div for Dual<N> {
    type Output = Self;
    #[inline]
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self {
            value,
            tangent: (self.tangent - value * other.tangent) / other.value,
        }
    }
}
impl<N: Number> Neg for Dual<N> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            tangent: -self.tangent,
        }
    }
}

impl<N: Number> Number for Dual<N> {
    #[inline]
    fn constant(self, c: f64) -> Self {
        Self {
            value: self.value.constant(c),
            tangent: self.value.constant(0.0),
        }
    }
    #[inline]
    fn affine(self, scale: f64, offset: f64) -> Self {
        Self {
            value: self.value.affine(scale, offset),
            tangent: self.tangent.affine(scale, 0.0),
        }
    }
    #[inline]
    fn apply<F: Elementwise>(self, f: F) -> Self {
        let value = self.value.apply(f);
        Self {
            value,
            tangent: f.chain(self.value, value, self.tangent),
        }
    }
}
