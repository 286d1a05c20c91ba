//! Functions of one number over slices, as vector code chosen at run time: AVX-512 or AVX2 where the machine has it.
//!
//! Each takes `x` and writes `out`. At infinities, NaN, zeros and subnormal numbers they do what IEEE 754 says. The largest
//! errors, in units in the last place of the result, are held by `tests/elementwise.rs` against values of 50 digits over the
//! whole range:
//!
//! | function | double | single |
//! | --- | --- | --- |
//! | `exp` | 1, where subnormal 1.5 | 2 |
//! | `ln` | 1 | 1 |
//! | `ln_1p` | 2 | 1 |
//! | `exp_m1`, `sigmoid`, `softplus`, `log_sigmoid`, `erf` | 3 | 1 (`sigmoid` 4) |
//! | `tanh` | 4 | 1 |
//! | `erfc`, `normal_cdf` | 6 where the result is normal | 1 |
//! | `log_normal_cdf`, `inverse_mills` | 8 where the result is normal | 1 |
//! | `normal_quantile` | 8 | 1 |
//! | `sqrt` | ½, exact rounding | ½ |
//! | [`powi`] | one rounding a multiplication | the same |
//!
//! [`powf`] is the standard library's, one number at a time.

mod double;
mod single;

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use crate::{Accum, MatMut, MatRef, Scalar, flat, flat_mut, parallel};

/// A function of one number. A type and not a closure, because the call of a closure is not always inlined, and what is not
/// inlined is not compiled for the machine.
trait Core<T> {
    fn at(x: T) -> T;
}

/// A loop to be compiled for each kind of machine.
struct Each<'a, T, C>(&'a [T], &'a mut [T], PhantomData<C>);

impl<T: Copy, C: Core<T>> WithSimd for Each<'_, T, C> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self(x, out, _) = self;
        for (out, x) in out.iter_mut().zip(x) {
            *out = C::at(*x);
        }
    }
}

#[track_caller]
#[inline]
fn same_length(x: usize, out: usize) {
    assert_eq!(x, out, "element-wise: the slices differ in length");
}

macro_rules! kernels {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// The vector kernels of a kind of number.
        pub trait Kernels: Copy {
            $(#[doc(hidden)]
            fn $name(x: &[Self], out: &mut [Self]);)*
        }

        #[allow(non_camel_case_types)]
        mod cores {
            $(pub(super) struct $name;

            impl super::Core<f64> for $name {
                #[inline(always)]
                fn at(x: f64) -> f64 {
                    super::double::$name(x)
                }
            }

            impl super::Core<f32> for $name {
                #[inline(always)]
                fn at(x: f32) -> f32 {
                    super::single::$name(x)
                }
            })*
        }

        impl Kernels for f64 {
            $(fn $name(x: &[f64], out: &mut [f64]) {
                Arch::new().dispatch(Each(x, out, PhantomData::<cores::$name>));
            })*
        }

        impl Kernels for f32 {
            $(fn $name(x: &[f32], out: &mut [f32]) {
                Arch::new().dispatch(Each(x, out, PhantomData::<cores::$name>));
            })*
        }

        $($(#[$doc])*
        ///
        /// # Panics
        /// If the lengths differ.
        #[track_caller]
        pub fn $name<T: Scalar>(x: &[T], out: &mut [T]) {
            same_length(x.len(), out.len());
            <T as Kernels>::$name(x, out);
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
    /// Hyperbolic tangent.
    tanh;
    /// Logistic function 1 / (1 + e⁻ˣ).
    sigmoid;
    /// ln σ(x) = −ln(1 + e⁻ˣ).
    log_sigmoid;
    /// ln(1 + eˣ).
    softplus;
    /// Error function.
    erf;
    /// Complementary error function 1 − erf(x).
    erfc;
    /// Distribution function of the standard normal distribution.
    normal_cdf;
    /// ln Φ(x), the logarithm of [`normal_cdf`], accurate in both tails.
    log_normal_cdf;
    /// φ(x) / Φ(x), the inverse Mills ratio, slope of [`log_normal_cdf`].
    inverse_mills;
    /// The inverse of [`normal_cdf`].
    normal_quantile;
}

/// Applies a kernel to every entry of a matrix in any layout; the values replace what is in `out` or are added to it. Large
/// matrices are worked on in parallel.
///
/// # Panics
/// If the shapes differ.
///
/// ```
/// use linalg::{Accum, Mat, elementwise, mat};
/// let x = mat![[0.0, 1.0], [-1.0, 2.0]];
/// let mut out = Mat::zeros(2, 2);
/// elementwise::over(x.transpose(), out.as_mut(), Accum::Replace, elementwise::exp);
/// assert_eq!(out[(0, 1)], (-1.0_f64).exp());
/// ```
#[track_caller]
#[inline]
pub fn over<T: Scalar>(
    x: MatRef<'_, T>,
    mut out: MatMut<'_, T>,
    accum: Accum,
    kernel: impl Fn(&[T], &mut [T]) + Sync,
) {
    let shape = (x.nrows(), x.ncols());
    assert_eq!(
        shape,
        (out.nrows(), out.ncols()),
        "element-wise: the matrices differ in shape"
    );
    if accum == Accum::Replace && flat(x).is_some() && flat(out.as_ref()).is_some() {
        if let (Some(x), Some(out)) = (flat(x), flat_mut(out)) {
            parallel::for_each_part(out, parallel::LEAF, &|start, out: &mut [T]| {
                kernel(&x[start..start + out.len()], out);
            });
        }
        return;
    }
    // A few entries at a time through memory in one piece: the layout does not change a bit.
    let (mut arguments, mut values) = ([T::ZERO; 64], [T::ZERO; 64]);
    for j in 0..shape.1 {
        for start in (0..shape.0).step_by(64) {
            let n = (shape.0 - start).min(64);
            for k in 0..n {
                arguments[k] = x[(start + k, j)];
            }
            kernel(&arguments[..n], &mut values[..n]);
            for k in 0..n {
                match accum {
                    Accum::Replace => out[(start + k, j)] = values[k],
                    Accum::Add => out[(start + k, j)] += values[k],
                }
            }
        }
    }
}

/// `out[i] = f(x[i])`, compiled with the caller.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
#[inline]
pub fn map<T: Scalar>(x: &[T], out: &mut [T], f: impl Fn(T) -> T) {
    same_length(x.len(), out.len());
    for (out, &x) in out.iter_mut().zip(x) {
        *out = f(x);
    }
}

/// A loop over slices that is to be compiled for every kind of machine.
///
/// `run` must be marked `#[inline(always)]`, and so must everything that it calls: what is not inlined is compiled for the
/// oldest machine.
pub trait Loop {
    /// The loop.
    fn run(self);
}

struct Run<L>(L);

impl<L: Loop> WithSimd for Run<L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.0.run();
    }
}

/// Runs a loop as vector code of the best kind that the machine has.
///
/// ```
/// use linalg::elementwise::{Loop, vectorised};
/// struct AddTwice<'a>(&'a mut [f64], &'a [f64]);
/// impl Loop for AddTwice<'_> {
///     #[inline(always)]
///     fn run(self) {
///         for (y, x) in self.0.iter_mut().zip(self.1) {
///             *y += 2.0 * x;
///         }
///     }
/// }
/// let mut y = [10.0, 20.0, 30.0];
/// vectorised(AddTwice(&mut y, &[1.0, 2.0, 3.0]));
/// assert_eq!(y, [12.0, 24.0, 36.0]);
/// ```
pub fn vectorised(of: impl Loop) {
    Arch::new().dispatch(Run(of));
}

/// Square root.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn sqrt<T: Scalar>(x: &[T], out: &mut [T]) {
    same_length(x.len(), out.len());
    map(x, out, Scalar::sqrt);
}

/// xⁿ by repeated squaring; x⁰ is 1 for every x.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn powi<T: Scalar>(x: &[T], exponent: i32, out: &mut [T]) {
    same_length(x.len(), out.len());
    out.fill(T::ONE);
    let mut base = x.to_vec();
    let mut rest = exponent.unsigned_abs();
    while rest > 0 {
        if rest % 2 == 1 {
            for (out, base) in out.iter_mut().zip(&base) {
                *out *= *base;
            }
        }
        rest /= 2;
        if rest > 0 {
            for base in &mut base {
                *base *= *base;
            }
        }
    }
    if exponent < 0 {
        for out in out {
            *out = T::ONE / *out;
        }
    }
}

/// x to a real power, by the standard library, one number at a time.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn powf<T: Scalar>(x: &[T], exponent: T, out: &mut [T]) {
    map(x, out, |x| x.powf(exponent));
}

struct Logistic<'a> {
    eta: &'a [f64],
    y: &'a [f64],
    loss: &'a mut [f64],
    slope: &'a mut [f64],
    curvature: &'a mut [f64],
}

impl WithSimd for Logistic<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let n = self.eta.len();
        let (eta, y) = (self.eta, &self.y[..n]);
        let (loss, slope) = (&mut self.loss[..n], &mut self.slope[..n]);
        let curvature = &mut self.curvature[..n];
        for i in 0..n {
            [loss[i], slope[i], curvature[i]] = double::logistic(eta[i], y[i]);
        }
    }
}

/// The log-loss ln(1 + e^η) − y η of every row, with its first derivative σ(η) − y and its second σ(η)(1 − σ(η)), from one
/// exponential.
///
/// # Panics
/// If a length differs.
#[track_caller]
pub fn logistic_loss(
    eta: &[f64],
    y: &[f64],
    loss: &mut [f64],
    slope: &mut [f64],
    curvature: &mut [f64],
) {
    for length in [y.len(), loss.len(), slope.len(), curvature.len()] {
        same_length(eta.len(), length);
    }
    Arch::new().dispatch(Logistic {
        eta,
        y,
        loss,
        slope,
        curvature,
    });
}
