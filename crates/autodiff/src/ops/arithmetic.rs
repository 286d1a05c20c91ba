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
            return d.affine(0.0, 0.0);
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
