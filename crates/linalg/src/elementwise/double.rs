//! Scalar cores in double precision, free of branches, so that a loop over them becomes vector code.
//!
//! The polynomials are those that `scripts/coefficients.py` prints. Reductions of the argument follow the classical ones of
//! fdlibm (Sun Microsystems 1993); the scaled complementary error function follows Shepherd and Laframboise (1981).

/// Added and subtracted, it rounds a number below 2⁵¹ to a whole one, whose bits then stand in the low part of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0;
const ONE_BITS: u64 = 1023 << 52;

/// `a` where the condition holds, else `b`, by bits: both are computed, and no branch keeps a loop from becoming vector code.
#[inline(always)]
fn select(condition: bool, a: f64, b: f64) -> f64 {
    let mask = u64::from(condition).wrapping_neg();
    f64::from_bits((a.to_bits() & mask) | (b.to_bits() & !mask))
}

/// c₀ + c₁ x + c₂ x² + …
#[inline(always)]
fn polynomial<const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let mut sum = c[N - 1];
    let mut k = N - 1;
    while k > 0 {
        k -= 1;
        sum = sum.mul_add(x, c[k]);
    }
    sum
}

/// 2^k for the whole number k in a sum with `ROUND`.
#[inline(always)]
fn power_of_two(sum: f64) -> f64 {
    f64::from_bits((sum.to_bits() << 52).wrapping_add(ONE_BITS))
}

/// x = k ln 2 + r: e^r − 1, and two powers of two whose product is 2^k.
#[inline(always)]
fn exp_parts(x: f64) -> (f64, f64, f64) {
    let x = select(x > 710.0, 710.0, x);
    let x = select(x < -746.0, -746.0, x);
    let k = x.mul_add(std::f64::consts::LOG2_E, ROUND) - ROUND;
    let r = k.mul_add(-std::f64::consts::LN_2, x);
    let r = k.mul_add(-2.319_046_813_846_299_6e-17, r);
    let tail = polynomial(
        r,
        [
            0.5,
            0.1666666666666667,
            0.04166666666666667,
            0.008333333333326136,
            0.0013888888888883748,
            0.00019841269874820627,
            2.4801587325547743e-05,
            2.7557255400206422e-06,
            2.75572736431103e-07,
            2.5105217004720745e-08,
            2.0914686968086876e-09,
        ],
    );
    let half = k * 0.5 + ROUND;
    let rest = (k - (half - ROUND)) + ROUND;
    (
        (r * r).mul_add(tail, r),
        power_of_two(half),
        power_of_two(rest),
    )
}

/// eˣ, at most 1 ulp; 1.5 where the result is subnormal.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let (p, first, second) = exp_parts(x);
    (1.0 + p) * first * second
}

/// eˣ − 1, at most 3 ulp.
#[inline(always)]
pub(super) fn exp_m1(x: f64) -> f64 {
    let (p, first, second) = exp_parts(x);
    let scale = first * second;
    let near = scale.mul_add(p, scale - 1.0);
    let far = (1.0 + p) * first * second;
    let y = select(x > 50.0, far, near);
    // Below this size x + x²/2 is x, zeros keep their sign, and the sum above would lose bits.
    select(x.abs() < 1e-16, x, y)
}

/// ln(u) + c for u > 0 and a small correction c.
#[inline(always)]
fn ln_of(u: f64, c: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let tiny = u < f64::MIN_POSITIVE;
    let scaled = select(tiny, u * 18_014_398_509_481_984.0, u);
    let shift = select(tiny, 54.0, 0.0);
    let bits = scaled.to_bits().wrapping_add(ONE_BITS - ROOT_HALF);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF));
    // The exponent, from whole number to float without a conversion instruction.
    let e = f64::from_bits(0x4330_0000_0000_0000 | (bits >> 52))
        - (4_503_599_627_370_496.0 + 1023.0)
        - shift;
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let w = s * s;
    let r = w * polynomial(
        w,
        [
            0.6666666666666666,
            0.40000000000000885,
            0.28571428570799784,
            0.22222222392581045,
            0.18181795547521137,
            0.15386244737621665,
            0.13268638369266825,
            0.13088034850927555,
        ],
    );
    let half = 0.5 * f * f;
    let low = e.mul_add(1.908_214_929_270_587_7e-10, c);
    e.mul_add(
        0.693_147_180_369_123_8,
        -((half - s.mul_add(half + r, low)) - f),
    )
}

/// Natural logarithm, at most 1 ulp.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    let y = ln_of(x, 0.0);
    let y = select(x == f64::INFINITY, x, y);
    let y = select(x == 0.0, f64::NEG_INFINITY, y);
    select(x >= 0.0, y, f64::NAN)
}

/// ln(1 + x), at most 2 ulp.
#[inline(always)]
pub(super) fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    // What rounding took from 1 + x.
    let lost = select(x >= 1.0, 1.0 - (u - x), x - (u - 1.0));
    let y = ln_of(u, lost / u);
    let y = select(x == f64::INFINITY, x, y);
    let y = select(x == -1.0, f64::NEG_INFINITY, y);
    let y = select(x.abs() < 1e-16, x, y);
    select(x >= -1.0, y, f64::NAN)
}

/// 1 / (1 + e⁻ˣ), at most 3 ulp.
#[inline(always)]
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    let numerator = select(x >= 0.0, 1.0, e);
    numerator / (1.0 + e)
}

/// ln(1 + eˣ), at most 3 ulp.
#[inline(always)]
pub(super) fn softplus(x: f64) -> f64 {
    let hinge = select(x > 0.0, x, 0.0);
    let y = hinge + ln_1p(exp(-x.abs()));
    select(x.is_nan(), x, y)
}

/// −ln(1 + e⁻ˣ), at most 3 ulp.
#[inline(always)]
pub(super) fn log_sigmoid(x: f64) -> f64 {
    -softplus(-x)
}

/// Hyperbolic tangent, at most 4 ulp.
#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    let m = exp_m1(-2.0 * x.abs());
    let y = -m / (2.0 + m);
    y.copysign(x)
}

/// e^(−y²/divisor) for y ≥ 0 and a divisor of 1 or 2, corrected for the rounding of the square.
#[inline(always)]
fn gauss(y: f64, inverse: f64) -> f64 {
    let y = select(y > 60.0, 60.0, y);
    let square = y * y;
    let lost = y.mul_add(y, -square) * inverse;
    let e = exp(-square * inverse);
    (-e).mul_add(lost, e)
}

/// e^(y²) erfc(y) for y ≥ 0.
#[inline(always)]
fn erfcx(y: f64) -> f64 {
    let y = select(y > 1e15, 1e15, y);
    let t = (y - 3.75) / (y + 3.75);
    polynomial(
        t,
        [
            1.2375126308378275,
            -0.14024059858554697,
            0.003585415485463775,
            0.08227673849014516,
            -0.10880393014171785,
            0.09230432116037876,
            -0.058693398590212366,
            0.028362277418940665,
            -0.009746579552504244,
            0.0017556258530017257,
            0.0002937136342850081,
            -0.0002901540809795271,
            5.1649211390702855e-05,
            2.2384240314224437e-05,
            -1.1444412439171722e-05,
            -9.735619015182663e-07,
            1.752057970166318e-06,
            -5.721597255990987e-08,
            -2.591069687796658e-07,
            2.3261913276696566e-08,
            3.8965452548985966e-08,
            -3.743568033634583e-09,
            -5.28428697963142e-09,
            3.110310719839165e-10,
            4.434959070009628e-10,
        ],
    ) / (1.0 + 2.0 * y)
}

/// erf(x) / x for |x| ≤ 1.
#[inline(always)]
fn erf_ratio(x: f64) -> f64 {
    polynomial(
        x * x,
        [
            1.1283791670955126,
            -0.37612638903183543,
            0.11283791670945006,
            -0.02686617064323777,
            0.0052239776071164225,
            -0.0008548325975389692,
            0.00012055294904839707,
            -1.492473690741966e-05,
            1.6447424703317362e-06,
            -1.6208483801871705e-07,
            1.3720064546777686e-08,
            -7.795898827002142e-10,
        ],
    )
}

/// Error function, at most 3 ulp.
#[inline(always)]
pub(super) fn erf(x: f64) -> f64 {
    let y = x.abs();
    let small = y * erf_ratio(x);
    let large = 1.0 - gauss(y, 1.0) * erfcx(y);
    select(y < 1.0, small, large).copysign(x)
}

/// Complementary error function, at most 6 ulp where it is a normal number.
#[inline(always)]
pub(super) fn erfc(x: f64) -> f64 {
    let y = x.abs();
    let near = (-x).mul_add(erf_ratio(x), 1.0);
    let tail = gauss(y, 1.0) * erfcx(y);
    let far = select(x < 0.0, 2.0 - tail, tail);
    select(y < 0.3, near, far)
}

/// The upper tail of the standard normal distribution at t ≥ 0.
#[inline(always)]
fn normal_tail(t: f64) -> f64 {
    0.5 * gauss(t, 0.5) * erfcx(t * std::f64::consts::FRAC_1_SQRT_2)
}

/// Standard normal distribution function, at most 6 ulp where it is a normal number.
#[inline(always)]
pub(super) fn normal_cdf(x: f64) -> f64 {
    let tail = normal_tail(x.abs());
    select(x < 0.0, tail, 1.0 - tail)
}

/// Logarithm of the standard normal distribution function: through the scaled complementary error function on the left, where
/// the function itself underflows, and through the upper tail on the right.
#[inline(always)]
pub(super) fn log_normal_cdf(x: f64) -> f64 {
    let z = x.abs();
    let left = ln(0.5 * erfcx(z * std::f64::consts::FRAC_1_SQRT_2)) - 0.5 * x * x;
    let right = ln_1p(-normal_tail(z));
    select(x < 0.0, left, right)
}

/// φ(x) / Φ(x), the inverse Mills ratio: the slope of [`log_normal_cdf`].
#[inline(always)]
pub(super) fn inverse_mills(x: f64) -> f64 {
    let z = x.abs();
    // h(x) = |x| + 1/|x| − … far to the left.
    let left = ROOT_TWO_OVER_PI / erfcx(z * std::f64::consts::FRAC_1_SQRT_2);
    let left = select(z > 1e8, z, left);
    let right = gauss(z, 0.5) / (ROOT_TAU * (1.0 - normal_tail(z)));
    select(x < 0.0, left, right)
}

const ROOT_TWO_OVER_PI: f64 = 0.797_884_560_802_865_4;
const ROOT_TAU: f64 = 2.506_628_274_631_000_7;

/// Halley's step for Q(x) = `tail`: (Q(x) − tail) / φ(x), with the ratio Q / φ free of underflow.
#[inline(always)]
fn quantile_step_tail(x: f64, tail: f64) -> f64 {
    let ratio = ROOT_TAU * 0.5 * erfcx(x * std::f64::consts::FRAC_1_SQRT_2);
    let e = ratio - ROOT_TAU * tail / gauss(x, 0.5);
    x + e / (1.0 - 0.5 * e * x)
}

/// Halley's step for Φ(x) − ½ = `centre`, which keeps relative accuracy at the median.
#[inline(always)]
fn quantile_step_middle(x: f64, centre: f64) -> f64 {
    let z = x * std::f64::consts::FRAC_1_SQRT_2;
    let e = ROOT_TAU * (0.5 * z * erf_ratio(z) - centre) / gauss(x.abs(), 0.5);
    x - e / (1.0 + 0.5 * e * x)
}

/// The inverse of the standard normal distribution function, at most 8 ulp. Outside [0, 1] it is NaN.
///
/// A rational start (Abramowitz and Stegun 1964, 26.2.23), then two steps of Halley's method, which triple the digits.
#[inline(always)]
pub(super) fn normal_quantile(p: f64) -> f64 {
    let tail = select(p < 0.5, p, 1.0 - p);
    let centre = p - 0.5;
    let t = (-2.0 * ln(tail)).sqrt();
    let top = (0.010328_f64.mul_add(t, 0.802853)).mul_add(t, 2.515517);
    let bottom = ((0.001308_f64.mul_add(t, 0.189269)).mul_add(t, 1.432788)).mul_add(t, 1.0);
    let x = t - top / bottom;
    let middle = quantile_step_middle(
        quantile_step_middle(select(centre < 0.0, -x, x), centre),
        centre,
    );
    let x = quantile_step_tail(quantile_step_tail(x, tail), tail);
    let outer = select(centre < 0.0, -x, x);
    let y = select(centre.abs() < 0.25, middle, outer);
    let y = select(centre == 0.0, 0.0, y);
    let y = select(p == 0.0, f64::NEG_INFINITY, y);
    let y = select(p == 1.0, f64::INFINITY, y);
    // Outside [0, 1], and for NaN, the distance from the middle is not at most a half.
    select(centre.abs() <= 0.5, y, f64::NAN)
}

/// ln(1 + e^η) − y η with its first and second derivative in η, from one exponential.
#[inline(always)]
pub(super) fn logistic(eta: f64, y: f64) -> [f64; 3] {
    let e = exp(-eta.abs());
    let inverse = 1.0 / (1.0 + e);
    let (small, hinge) = (e * inverse, select(eta > 0.0, eta, 0.0));
    let (p, q) = (
        select(eta >= 0.0, inverse, small),
        select(eta >= 0.0, small, inverse),
    );
    [
        y.mul_add(-eta, hinge) + ln_1p(e),
        (1.0 - y).mul_add(p, -(y * q)),
        p * q,
    ]
}
