//! The numbers that slopes are written in: plain, several at a time, dual, or recorded on a tape.

use std::ops::{Add, Div, Mul, Neg, Sub};

use linalg::Scalar;

use crate::{Elementwise, Elementwise2, ops};

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
    /// The larger of two; NaN if either is. The slope is that of the larger, the mean of both at a tie.
    fn maximum(self, other: Self) -> Self;
    /// 1 where `self` is larger than `other`, ½ where they are equal, else 0. The slope is 0.
    fn share(self, other: Self) -> Self;
    /// `x` where `self` is positive, else 0 whatever `x` is.
    fn keep(self, x: Self) -> Self;
    /// `self` to the power `exponent`.
    fn power(self, exponent: Self) -> Self;
    /// `self · factor`, which is 0 where `self` is 0 even if `factor` is infinite or NaN: what has no influence has none.
    fn times(self, factor: Self) -> Self;
}

#[inline]
pub(crate) fn times<T: Scalar>(a: T, factor: T) -> T {
    if a == T::ZERO { T::ZERO } else { a * factor }
}

pub(crate) fn share<T: Scalar>(a: T, b: T) -> T {
    if a > b {
        T::ONE
    } else if a < b {
        T::ZERO
    } else if a == b {
        T::from_f64(0.5)
    } else {
        a + b
    }
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
    #[inline]
    fn maximum(self, other: Self) -> Self {
        Self(self.0.larger(other.0))
    }
    #[inline]
    fn share(self, other: Self) -> Self {
        Self(share(self.0, other.0))
    }
    #[inline]
    fn keep(self, x: Self) -> Self {
        if self.0 > T::ZERO { x } else { Self(T::ZERO) }
    }
    #[inline]
    fn power(self, exponent: Self) -> Self {
        Self(self.0.powf(exponent.0))
    }
    #[inline]
    fn times(self, factor: Self) -> Self {
        Self(times(self.0, factor.0))
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
    #[inline]
    fn maximum(self, other: Self) -> Self {
        self.through(ops::Maximum, other, self.value.maximum(other.value))
    }
    #[inline]
    fn share(self, other: Self) -> Self {
        self.value.share(other.value).pure()
    }
    #[inline]
    fn keep(self, x: Self) -> Self {
        Self {
            value: self.value.keep(x.value),
            tangent: self.value.keep(x.tangent),
        }
    }
    #[inline]
    fn power(self, exponent: Self) -> Self {
        self.through(ops::Pow, exponent, self.value.power(exponent.value))
    }
    #[inline]
    fn times(self, factor: Self) -> Self {
        Self {
            value: self.value.times(factor.value),
            tangent: self.tangent.times(factor.value) + self.value.times(factor.tangent),
        }
    }
}

/// A number whose tangent is 0.
trait Pure: Number {
    fn pure(self) -> Dual<Self>;
}

impl<N: Number> Pure for N {
    #[inline]
    fn pure(self) -> Dual<N> {
        Dual {
            value: self,
            tangent: self.constant(0.0),
        }
    }
}

impl<N: Number> Dual<N> {
    /// A function of two numbers, by its slopes.
    #[inline]
    fn through<F: Elementwise2>(self, f: F, other: Self, value: N) -> Self {
        let (a, b) = (self.value, other.value);
        Self {
            value,
            tangent: f.chain_left(a, b, value, self.tangent)
                + f.chain_right(a, b, value, other.tangent),
        }
    }
}
