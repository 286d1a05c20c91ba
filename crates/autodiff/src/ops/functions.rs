//! Functions of each entry.
//!
//! An entry of the list below is the whole definition of a function: its name, value and slope at a point, the range in which the checker tries it,
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
        $op:ident $name:ident at $at:literal = $found:literal, $gradient:literal on $from:literal..$to:literal $(by $kernel:path)?:
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
                ///
                /// ```
                /// use autodiff::Tape;
                /// let tape = Tape::new();
                #[doc = concat!("let at = [", stringify!($at), "];")]
                /// let x = tape.variable(&at);
                #[doc = concat!("let y = x.", stringify!($name), "();")]
                #[doc = concat!("let (value, slope): (f64, f64) = (", stringify!($found), ", ", stringify!($gradient), ");")]
                /// assert!((y.item() - value).abs() < 1e-14);
                /// let found = y.backward().get(x).map_or(0.0, |g| g[(0, 0)]);
                /// assert!((found - slope).abs() < 1e-14);
                /// ```
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
    Identity identity at 0.5 = 0.5, 1.0 on -2.0..2.0: |x| x, |_, _, d| d;
    /// eˣ.
    Exp exp at 0.5 = 1.6487212707001282, 1.6487212707001282 on -3.0..3.0 by elementwise::exp: |x| x.exp(), |_, y, d| d.times(y);
    /// eˣ − 1.
    ExpM1 exp_m1 at 0.5 = 0.6487212707001282, 1.6487212707001282 on -3.0..3.0 by elementwise::exp_m1: |x| x.exp_m1(), |x, _, d| d.times(x.apply(Exp));
    /// Natural logarithm.
    Ln ln at 2.0 = 0.6931471805599453, 0.5 on 0.2..4.0 by elementwise::ln: |x| x.ln(), |x, _, d| d.times(x.apply(Recip));
    /// ln(1 + x).
    Ln1p ln_1p at 0.5 = 0.4054651081081644, 0.6666666666666666 on -0.7..3.0 by elementwise::ln_1p: |x| x.ln_1p(),
        |x, _, d| d.times(x.affine(1.0, 1.0).apply(Recip));
    /// Square root.
    Sqrt sqrt at 4.0 = 2.0, 0.25 on 0.2..4.0 by elementwise::sqrt: |x| x.sqrt(),
        |_, y, d| d.times(y.affine(2.0, 0.0).apply(Recip));
    /// 1 / x.
    Recip recip at 2.0 = 0.5, -0.25 on 0.3..3.0: |x| T::ONE / x, |_, y, d| -d.times(y * y);
    /// x².
    Square square at 0.5 = 0.25, 1.0 on -2.0..2.0: |x| x * x, |x, _, d| d * x.affine(2.0, 0.0);
    /// |x|, whose slope at 0 is taken as 0.
    Abs abs at -2.0 = 2.0, -1.0 on 0.2..2.0: |x| x.abs(), |x, _, d| d * x.apply(Sign);
    /// −1, 0 or 1. The slope is 0 everywhere.
    Sign sign at 0.5 = 1.0, 0.0 on 0.2..2.0: |x| if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x },
        |_, _, d| d.constant(0.0).keep(d);
    /// 1 where x > 0, else 0. The slope is 0 everywhere.
    Step step at 0.5 = 1.0, 0.0 on 0.2..2.0: |x| if x > T::ZERO { T::ONE } else { T::ZERO }, |_, _, d| d.constant(0.0).keep(d);
    /// Sine.
    Sin sin at 0.5 = 0.479425538604203, 0.8775825618903728 on -3.0..3.0: |x| x.sin(), |x, _, d| d * x.apply(Cos);
    /// Cosine.
    Cos cos at 0.5 = 0.8775825618903728, -0.479425538604203 on -3.0..3.0: |x| x.cos(), |x, _, d| -(d * x.apply(Sin));
    /// Hyperbolic tangent.
    Tanh tanh at 0.5 = 0.46211715726000974, 0.7864477329659274 on -2.0..2.0 by elementwise::tanh: |x| x.tanh(), |_, y, d| d * (y.constant(1.0) - y * y);
    /// Logistic function 1 / (1 + e⁻ˣ).
    Sigmoid sigmoid at 0.5 = 0.6224593312018546, 0.2350037122015945 on -4.0..4.0 by elementwise::sigmoid: |x| x.sigmoid(),
        |_, y, d| d * (y.constant(1.0) - y) * y;
    /// ln σ(x), the logarithm of the logistic function, exact for large negative x.
    LogSigmoid log_sigmoid at 0.5 = -0.4740769841801067, 0.37754066879814546 on -4.0..4.0 by elementwise::log_sigmoid: |x| -(-x).softplus(), |x, _, d| d * (-x).apply(Sigmoid);
    /// ln(1 + eˣ).
    Softplus softplus at 0.5 = 0.9740769841801067, 0.6224593312018546 on -4.0..4.0 by elementwise::softplus: |x| x.softplus(), |x, _, d| d * x.apply(Sigmoid);
    /// max(x, 0), whose slope at 0 is taken as 0.
    Relu relu at 0.5 = 0.5, 1.0 on 0.2..2.0: |x| x.larger(T::ZERO), |x, _, d| d * x.apply(Step);
    /// x σ(x), also called swish.
    Silu silu at 0.5 = 0.3112296656009273, 0.7399611873026518 on -4.0..4.0 by silu: |x| x * x.sigmoid(),
        |x, y, d| { let not = (-x).apply(Sigmoid); d * (x.apply(Sigmoid) + not.times(y)) };
    /// x Φ(x), with the exact distribution function (Hendrycks and Gimpel 2016).
    Gelu gelu at 0.5 = 0.34573123063700656, 0.8674951246561629 on -4.0..4.0 by gelu: |x| normal(elementwise::normal_cdf, x) * x,
        |x, _, d| d * (x.apply(NormalCdf) + x * (x * x).affine(-0.5, 0.0).apply(Exp).affine(ONE_OVER_ROOT_TAU, 0.0));
    /// Distribution function Φ of the standard normal distribution.
    NormalCdf normal_cdf at 0.5 = 0.6914624612740131, 0.35206532676429947 on -4.0..4.0 by elementwise::normal_cdf: |x| normal(elementwise::normal_cdf, x),
        |x, _, d| d * (x * x).affine(-0.5, 0.0).apply(Exp).affine(ONE_OVER_ROOT_TAU, 0.0);
    /// ln Φ(x), accurate in both tails.
    LogNormalCdf log_normal_cdf at 0.5 = -0.3689464152886564, 0.5091604338370335 on -6.0..4.0 by elementwise::log_normal_cdf: |x| normal(elementwise::log_normal_cdf, x),
        |x, _, d| d * x.apply(InverseMills);
    /// φ(x) / Φ(x), the inverse Mills ratio, accurate in both tails.
    InverseMills inverse_mills at 0.5 = 0.5091604338370335, -0.5138245643036329 on -6.0..4.0 by elementwise::inverse_mills: |x| normal(elementwise::inverse_mills, x),
        |x, y, d| -(d * y * x.apply(MillsExcess));
    /// x + φ(x) / Φ(x), by how much the inverse Mills ratio exceeds −x, accurate in both tails.
    MillsExcess mills_excess at 0.5 = 1.0091604338370335, 0.4861754356963671 on -6.0..4.0: |x| T::from_f64(excess(x.to_f64())), |x, y, d| d * (y.constant(1.0) - x.apply(InverseMills) * y);
    /// Error function.
    Erf erf at 0.5 = 0.5204998778130465, 0.8787825789354448 on -2.0..2.0 by elementwise::erf: |x| x.erf(),
        |x, _, d| d * (-(x * x)).apply(Exp).affine(TWO_OVER_ROOT_PI, 0.0);
}
