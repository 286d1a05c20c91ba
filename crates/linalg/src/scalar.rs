//! The two kinds of number that Gradus computes with.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;

use crate::random::Stream;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`: faer's real field together with the functions that models need.
///
/// The functions agree with the standard library's where it has them; [`sigmoid`](Scalar::sigmoid),
/// [`softplus`](Scalar::softplus) and their relatives are evaluated without overflow or cancellation for every argument.
///
/// ```
/// use linalg::Scalar;
/// assert_eq!(Scalar::sigmoid(-1000.0_f64), 0.0);
/// assert_eq!(Scalar::softplus(1000.0_f64), 1000.0);
/// assert!((Scalar::sigmoid(1.0_f32) - 0.7310586).abs() < 1e-7);
/// ```
pub trait Scalar:
    sealed::Sealed
    + crate::elementwise::Kernels
    + faer::traits::RealField
    + Copy
    + Default
    + Debug
    + Display
    + LowerExp
    + Sum
    + Send
    + Sync
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Positive infinity.
    const INFINITY: Self;

    /// The nearest number of this kind.
    fn from_f64(x: f64) -> Self;
    /// This number in double precision (exact).
    fn to_f64(self) -> f64;
    /// eˣ.
    fn exp(self) -> Self;
    /// eˣ − 1, accurate near 0.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x), accurate near 0.
    fn ln_1p(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Sine of an angle in radians.
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// Complementary error function 1 − erf(x), accurate for large x.
    fn erfc(self) -> Self;
    /// `self` to the power `exponent`.
    fn powf(self, exponent: Self) -> Self;
    /// `self` to an integer power.
    fn powi(self, exponent: i32) -> Self;
    /// True for everything but infinities and NaN.
    fn is_finite(self) -> bool;
    /// True for NaN.
    fn is_nan(self) -> bool;
    /// The next uniform number in [0, 1) of this kind.
    fn draw_uniform(stream: &mut dyn Stream) -> Self;
    /// Fills `out` with standard normal numbers.
    fn fill_normal(stream: &mut dyn Stream, out: &mut [Self]);

    /// Logistic function 1 / (1 + e⁻ˣ).
    #[inline]
    fn sigmoid(self) -> Self {
        let e = (-self.abs()).exp();
        let numerator = if self >= Self::ZERO { Self::ONE } else { e };
        numerator / (Self::ONE + e)
    }
    /// ln(1 + eˣ).
    #[inline]
    fn softplus(self) -> Self {
        self.larger(Self::ZERO) + (-self.abs()).exp().ln_1p()
    }
    /// The larger of two numbers; NaN if either is.
    #[inline]
    fn larger(self, other: Self) -> Self {
        if self >= other || self.is_nan() {
            self
        } else {
            other
        }
    }
}

macro_rules! scalar {
    ($t:ident, $erf:path, $erfc:path, $uniform:ident, $normal:ident) => {
        impl Scalar for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $t::EPSILON;
            const INFINITY: Self = $t::INFINITY;

            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            scalar!(@forward $t exp exp_m1 ln ln_1p sqrt abs sin cos tanh);
            #[inline]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline]
            fn erfc(self) -> Self {
                $erfc(self)
            }
            #[inline]
            fn powf(self, exponent: Self) -> Self {
                $t::powf(self, exponent)
            }
            #[inline]
            fn powi(self, exponent: i32) -> Self {
                $t::powi(self, exponent)
            }
            #[inline]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            fn draw_uniform(stream: &mut dyn Stream) -> Self {
                stream.$uniform()
            }
            fn fill_normal(stream: &mut dyn Stream, out: &mut [Self]) {
                stream.$normal(out);
            }
        }
    };
    (@forward $t:ident $($name:ident)*) => {
        $(#[inline]
        fn $name(self) -> Self {
            $t::$name(self)
        })*
    };
}

scalar!(f32, libm::erff, libm::erfcf, uniform_f32, fill_normal_f32);
scalar!(f64, libm::erf, libm::erfc, uniform_f64, fill_normal_f64);
