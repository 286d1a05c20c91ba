//! Functions of each entry.
//!
//! An entry of the list below is the whole definition of a function: its name, the range in which the checker tries it,
//! a vector kernel if there is one, its value, and `d` times its slope. Value and slope see the argument `x`, the slope
//! also the value `y`.

use linalg::{Scalar, elementwise};

use crate::{Elementwise, Number, Var};

/// 2/√π, the slope of erf at 0.
const TWO_OVER_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;

/// 1/√(2π), the density of the standard normal distribution at 0.
const ONE_OVER_ROOT_TAU: f64 = 0.398_942_280_401_432_7;

/// One value of a vector kernel.
fn normal<T: Scalar>(kernel: fn(&[T], &mut [T]), x: T) -> T {
    let mut out = [T::ZERO];
    kernel(&[x], &mut out);
    out[0]
}

fn times<T: Scalar>(x: &[T], out: &mut [T]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out *= *x;
    }
}

fn silu<T: Scalar>(x: &[T], out: &mut [T]) {
    elementwise::sigmoid(x, out);
    times(x, out);
}

fn gelu<T: Scalar>(x: &[T], out: &mut [T]) {
    elementwise::normal_cdf(x, out);
    times(x, out);
}

/// x + φ(x)/Φ(x), in the left tail by Laplace's continued fraction 1/(t + 2/(t + 3/(t + …))) with t = −x.
fn excess(x: f64) -> f64 {
    if x > -4.0 {
        return x + normal(elementwise::inverse_mills, x);
    }
    let mut below = -x;
    for k in (2..60).rev() {
        below = f64::from(k) / below - x;
    }
    1.0 / below
}

macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $op:ident $name:ident on $from:literal..$to:literal $(by $kernel:path)?:
        |$x:ident| $value:expr, |$sx:pat_param, $sy:pat_param, $d:ident| $slope:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $op;

            impl Elementwise for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                #[inline]
                fn value<T: Scalar>(self, $x: T) -> T {
                    $value
                }
                #[inline]
                fn chain<N: Number>(self, $sx: N, $sy: N, $d: N) -> N {
                    $slope
                }
                $(#[inline]
                fn map<T: Scalar>(self, x: &[T], out: &mut [T]) {
                    $kernel(x, out);
                })?
            }
        )*

        impl<T: Scalar> Var<'_, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $name(self) -> Self {
                    self.map($op)
                }
            )*
        }

        /// A function of one variable with its name and the range in which it is checked.
        pub type Listed = (&'static str, std::ops::Range<f64>, for<'t> fn(Var<'t, f64>) -> Var<'t, f64>);

        /// Every function of this list, for tests that run over all of them.
        pub const FUNCTIONS: &[Listed] = &[$((stringify!($name), $from..$to, |x| x.$name())),*];
    };
}

functions! {
    /// x itself.
    Identity identity on -2.0..2.0: |x| x, |_, _, d| d;
    /// eˣ.
    Exp exp on -3.0..3.0 by elementwise::exp: |x| x.exp(), |_, y, d| d.times(y);
    /// eˣ − 1.
    ExpM1 exp_m1 on -3.0..3.0 by elementwise::exp_m1: |x| x.exp_m1(), |x, _, d| d.times(x.apply(Exp));
    /// Natural logarithm.
    Ln ln on 0.2..4.0 by elementwise::ln: |x| x.ln(), |x, _, d| d.times(x.apply(Recip));
    /// ln(1 + x).
    Ln1p ln_1p on -0.7..3.0 by elementwise::ln_1p: |x| x.ln_1p(),
        |x, _, d| d.times(x.affine(1.0, 1.0).apply(Recip));
    /// Square root.
    Sqrt sqrt on 0.2..4.0 by elementwise::sqrt: |x| x.sqrt(),
        |_, y, d| d.times(y.affine(2.0, 0.0).apply(Recip));
    /// 1 / x.
    Recip recip on 0.3..3.0: |x| T::ONE / x, |_, y, d| -d.times(y * y);
    /// x².
    Square square on -2.0..2.0: |x| x * x, |x, _, d| d * x.affine(2.0, 0.0);
    /// |x|, whose slope at 0 is taken as 0.
    Abs abs on 0.2..2.0: |x| x.abs(), |x, _, d| d * x.apply(Sign);
    /// −1, 0 or 1. The slope is 0 everywhere.
    Sign sign on 0.2..2.0: |x| if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x },
        |_, _, d| d.constant(0.0).keep(d);
    /// 1 where x > 0, else 0. The slope is 0 everywhere.
    Step step on 0.2..2.0: |x| if x > T::ZERO { T::ONE } else { T::ZERO }, |_, _, d| d.constant(0.0).keep(d);
    /// Sine.
    Sin sin on -3.0..3.0: |x| x.sin(), |x, _, d| d * x.apply(Cos);
    /// Cosine.
    Cos cos on -3.0..3.0: |x| x.cos(), |x, _, d| -(d * x.apply(Sin));
    /// Hyperbolic tangent.
    Tanh tanh on -2.0..2.0 by elementwise::tanh: |x| x.tanh(), |_, y, d| d * (y.constant(1.0) - y * y);
    /// Logistic function 1 / (1 + e⁻ˣ).
    Sigmoid sigmoid on -4.0..4.0 by elementwise::sigmoid: |x| x.sigmoid(),
        |_, y, d| d * (y.constant(1.0) - y) * y;
    /// ln σ(x), the logarithm of the logistic function, exact for large negative x.
    LogSigmoid log_sigmoid on -4.0..4.0 by elementwise::log_sigmoid: |x| -(-x).softplus(), |x, _, d| d * (-x).apply(Sigmoid);
    /// ln(1 + eˣ).
    Softplus softplus on -4.0..4.0 by elementwise::softplus: |x| x.softplus(), |x, _, d| d * x.apply(Sigmoid);
    /// max(x, 0), whose slope at 0 is taken as 0.
    Relu relu on 0.2..2.0: |x| x.larger(T::ZERO), |x, _, d| d * x.apply(Step);
    /// x σ(x), also called swish.
    Silu silu on -4.0..4.0 by silu: |x| x * x.sigmoid(),
        |x, y, d| { let not = (-x).apply(Sigmoid); d * (x.apply(Sigmoid) + not.times(y)) };
    /// x Φ(x), with the exact distribution function (Hendrycks and Gimpel 2016).
    Gelu gelu on -4.0..4.0 by gelu: |x| normal(elementwise::normal_cdf, x) * x,
        |x, _, d| d * (x.apply(NormalCdf) + x * (x * x).affine(-0.5, 0.0).apply(Exp).affine(ONE_OVER_ROOT_TAU, 0.0));
    /// Distribution function Φ of the standard normal distribution.
    NormalCdf normal_cdf on -4.0..4.0 by elementwise::normal_cdf: |x| normal(elementwise::normal_cdf, x),
        |x, _, d| d * (x * x).affine(-0.5, 0.0).apply(Exp).affine(ONE_OVER_ROOT_TAU, 0.0);
    /// ln Φ(x), accurate in both tails.
    LogNormalCdf log_normal_cdf on -6.0..4.0 by elementwise::log_normal_cdf: |x| normal(elementwise::log_normal_cdf, x),
        |x, _, d| d * x.apply(InverseMills);
    /// φ(x) / Φ(x), the inverse Mills ratio, accurate in both tails.
    InverseMills inverse_mills on -6.0..4.0 by elementwise::inverse_mills: |x| normal(elementwise::inverse_mills, x),
        |x, y, d| -(d * y * x.apply(MillsExcess));
    /// x + φ(x) / Φ(x), by how much the inverse Mills ratio exceeds −x, accurate in both tails.
    MillsExcess mills_excess on -6.0..4.0: |x| T::from_f64(excess(x.to_f64())), |x, y, d| d * (y.constant(1.0) - x.apply(InverseMills) * y);
    /// Error function.
    Erf erf on -2.0..2.0 by elementwise::erf: |x| x.erf(),
        |x, _, d| d * (-(x * x)).apply(Exp).affine(TWO_OVER_ROOT_PI, 0.0);
}
