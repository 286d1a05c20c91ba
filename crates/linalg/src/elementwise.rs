//! Functions of one number over slices.
//!
//! Each takes `x` and writes `out`, both of the same length, and panics if the lengths differ. They follow IEEE 754 at
//! infinities and NaN.

use crate::Scalar;

macro_rules! kernels {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])*
        ///
        /// # Panics
        /// If the lengths differ.
        pub fn $name<T: Scalar>(x: &[T], out: &mut [T]) {
            map(x, out, |v| v.$name());
        })*
    };
}

kernels! {
    /// eˣ.
    exp;
    /// eˣ − 1.
    exp_m1;
    /// Natural logarithm.
    ln;
    /// ln(1 + x).
    ln_1p;
    /// Square root.
    sqrt;
    /// Hyperbolic tangent.
    tanh;
    /// Logistic function 1 / (1 + e⁻ˣ).
    sigmoid;
    /// ln(1 + eˣ).
    softplus;
    /// Error function.
    erf;
}

/// `out[i] = f(x[i])`.
///
/// # Panics
/// If the lengths differ.
#[inline]
pub fn map<T: Scalar>(x: &[T], out: &mut [T], f: impl Fn(T) -> T) {
    assert_eq!(
        x.len(),
        out.len(),
        "element-wise: the slices differ in length"
    );
    for (out, &x) in out.iter_mut().zip(x) {
        *out = f(x);
    }
}
