//! Scalar cores in single precision. The exponential and the logistic function, which decide the speed of networks, have
//! arithmetic of their own; the others are computed in double precision and rounded.

use super::double;

const ROUND: f32 = 12_582_912.0;
const ONE_BITS: u32 = 127 << 23;

#[inline(always)]
fn power_of_two(sum: f32) -> f32 {
    f32::from_bits((sum.to_bits() << 23).wrapping_add(ONE_BITS))
}

/// eˣ, at most 2 ulp.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let k = x.mul_add(std::f32::consts::LOG2_E, ROUND) - ROUND;
    let r = k.mul_add(-std::f32::consts::LN_2, x);
    let r = k.mul_add(1.904_654_3e-9, r);
    let tail = 0.00019890990824673654_f32
        .mul_add(r, 0.0013933649996309251)
        .mul_add(r, 0.0083333109254809)
        .mul_add(r, 0.041666464925285904)
        .mul_add(r, 0.16666666681623232)
        .mul_add(r, 0.500000001346581);
    let half = k * 0.5 + ROUND;
    let rest = (k - (half - ROUND)) + ROUND;
    (1.0 + (r * r).mul_add(tail, r)) * power_of_two(half) * power_of_two(rest)
}

/// 1 / (1 + e⁻ˣ), at most 4 ulp.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let numerator = if x >= 0.0 { 1.0 } else { e };
    numerator / (1.0 + e)
}

macro_rules! rounded {
    ($($name:ident)*) => {
        $(
            /// Computed in double precision and rounded: at most 0.51 ulp.
            #[inline(always)]
            pub(super) fn $name(x: f32) -> f32 {
                double::$name(f64::from(x)) as f32
            }
        )*
    };
}

rounded! { exp_m1 ln ln_1p softplus log_sigmoid tanh erf erfc normal_cdf log_normal_cdf inverse_mills normal_quantile }
