//! Sums, products and powers of entries.

use linalg::Scalar;

use crate::{Elementwise, Elementwise2, Number};

macro_rules! binary {
    ($(
        $(#[$doc:meta])*
        $op:ident $name:ident: |$a:ident, $b:ident| $value:expr,
        |$la:pat_param, $lb:pat_param, $ly:pat_param, $ld:ident| $left:expr,
        |$ra:pat_param, $rb:pat_param, $ry:pat_param, $rd:ident| $right:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $op;

            impl Elementwise2 for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                #[inline]
                fn value<N: Number>(self, $a: N, $b: N) -> N {
                    $value
                }
                #[inline]
                fn chain_left<N: Number>(self, $la: N, $lb: N, $ly: N, $ld: N) -> N {
                    $left
                }
                #[inline]
                fn chain_right<N: Number>(self, $ra: N, $rb: N, $ry: N, $rd: N) -> N {
                    $right
                }
            }
        )*
    };
}

binary! {
    /// a + b.
    Add add: |a, b| a + b, |_, _, _, d| d, |_, _, _, d| d;
    /// a − b.
    Sub sub: |a, b| a - b, |_, _, _, d| d, |_, _, _, d| -d;
    /// a b, entry by entry.
    Mul mul: |a, b| a * b, |_, b, _, d| d * b, |a, _, _, d| d * a;
    /// a / b, entry by entry.
    Div div: |a, b| a / b, |_, b, _, d| d / b, |_, b, y, d| -(d * y / b);
    /// The larger; NaN if either is. At a tie each operand has half of the slope.
    Maximum maximum: |a, b| a.maximum(b), |a, b, _, d| d * a.share(b), |a, b, _, d| d * b.share(a);
    /// The smaller; NaN if either is. At a tie each operand has half of the slope.
    Minimum minimum: |a, b| -(-a).maximum(-b), |a, b, _, d| d * b.share(a), |a, b, _, d| d * a.share(b);
    /// 1 where a > b, ½ where a = b, else 0. The slope is 0 everywhere.
    Share share: |a, b| a.share(b), |_, _, _, d| d.constant(0.0).keep(d), |_, _, _, d| d.constant(0.0).keep(d);
    /// b where a > 0, else 0 whatever b is, so that a NaN that was not chosen does no harm. The slope in a is 0.
    Keep keep: |a, b| a.keep(b), |_, _, _, d| d.constant(0.0).keep(d), |a, _, _, d| a.keep(d);
    /// a b, entry by entry, and 0 where a is 0 even if b is infinite or NaN: a cotangent of 0 times an infinite slope.
    Times times: |a, b| a.times(b), |_, b, _, d| d.times(b), |a, _, _, d| d.times(a);
    /// a to the power b. Where a is 0, the slope in b is taken as 0.
    Pow pow: |a, b| a.power(b), |a, b, _, d| d.times(b.times(a.power(b.affine(1.0, -1.0)))),
        |a, _, y, d| d.times(y * a.apply(LnOrZero));
    /// a / b where b > 0, else 0: a unit vector, of which that of a zero vector is taken as 0.
    Unit unit: |a, b| b.keep(a / b), |_, b, _, d| b.keep(d / b), |_, b, y, d| b.keep(-(d * y / b));
}

/// ln x, and 0 at x = 0: the factor in the slope of a power whose base is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LnOrZero;

impl Elementwise for LnOrZero {
    fn name(&self) -> &'static str {
        "ln_or_zero"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        if x == T::ZERO { T::ZERO } else { x.ln() }
    }
    #[inline]
    fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
        x.apply(super::Abs).keep(d / x)
    }
}

/// x between two bounds. The slope is 1 from bound to bound, both included, and 0 outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clamp {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Elementwise for Clamp {
    fn name(&self) -> &'static str {
        "clamp"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        let (low, high) = (T::from_f64(self.low), T::from_f64(self.high));
        if x < low {
            low
        } else if x > high {
            high
        } else {
            x
        }
    }
    #[inline]
    fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
        x.apply(Within(self)).keep(d)
    }
}

/// 1 from bound to bound, else 0. The slope is 0 everywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Within(Clamp);

impl Elementwise for Within {
    fn name(&self) -> &'static str {
        "within"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        let inside = x >= T::from_f64(self.0.low) && x <= T::from_f64(self.0.high);
        if inside { T::ONE } else { T::ZERO }
    }
    #[inline]
    fn chain<N: Number>(self, _x: N, _y: N, d: N) -> N {
        d.constant(0.0).keep(d)
    }
}

/// x where x > 0, else `slope` · x. The slope at 0 is that of the left side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu(pub f64);

impl Elementwise for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        if x > T::ZERO {
            x
        } else {
            T::from_f64(self.0) * x
        }
    }
    #[inline]
    fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
        d * x.apply(super::Step).affine(1.0 - self.0, self.0)
    }
}

/// `scale * x + offset`: every arithmetic operation between a matrix and a number but division.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine {
    /// Factor.
    pub scale: f64,
    /// Summand.
    pub offset: f64,
}

impl Elementwise for Affine {
    fn name(&self) -> &'static str {
        match (self.scale, self.offset) {
            (-1.0, 0.0) => "neg",
            (1.0, _) => "offset",
            (_, 0.0) => "scale",
            _ => "affine",
        }
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        if self.offset == 0.0 {
            return T::from_f64(self.scale) * x;
        }
        T::from_f64(self.scale) * x + T::from_f64(self.offset)
    }
    #[inline]
    fn chain<N: Number>(self, _x: N, _y: N, d: N) -> N {
        d.affine(self.scale, 0.0)
    }
}

/// `x` to a fixed power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power(pub f64);

impl Elementwise for Power {
    fn name(&self) -> &'static str {
        "power"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        let whole = self.0 as i32;
        if f64::from(whole) == self.0 {
            x.powi(whole)
        } else {
            x.powf(T::from_f64(self.0))
        }
    }
    #[inline]
    fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
        if self.0 == 0.0 {
            return d.constant(0.0).keep(d);
        }
        d * x.apply(Self(self.0 - 1.0)).affine(self.0, 0.0)
    }
}

/// max(x, bound) for a fixed bound; the slope is 0 where the bound holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtLeast(pub f64);

impl Elementwise for AtLeast {
    fn name(&self) -> &'static str {
        "at_least"
    }
    #[inline]
    fn value<T: Scalar>(self, x: T) -> T {
        x.larger(T::from_f64(self.0))
    }
    #[inline]
    fn chain<N: Number>(self, x: N, _y: N, d: N) -> N {
        d * x.affine(1.0, -self.0).apply(super::Step)
    }
}
