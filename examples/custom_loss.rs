//! A loss of one's own: the focal loss (Lin, Goyal, Girshick, He and Dollár 2017), which counts rows less the better they are predicted.
//!
//! `cargo run --release --example custom_loss`
//!
//! With the margin s, the logit of a row of class 1 and minus the logit of one of class 0, it is `σ(−s)^γ ln(1 + exp(−s))`; γ = 0 is the
//! cross-entropy. Written once, it gives gradient, exact Hessian, fit and standard errors.

use autodiff::ops::{Sigmoid, Softplus};
use autodiff::{Elementwise, Number, Var, check};
use datasets::random::ChaCha;
use datasets::{Dataset, generators};
use linalg::{Mat, Scalar, mat};
use train::{
    FitError, Likelihood, LikelihoodCovariance, LikelihoodFit, LossFunction, Newton, Outcome,
    TwiceDifferentiable,
};

/// As a closure: operations that exist. Class and logit are columns.
pub fn focal<'t>(logit: Var<'t, f64>, class: Var<'t, f64>, gamma: f64) -> Var<'t, f64> {
    let margin = logit * (class * 2.0 - 1.0);
    // (1 − p)^γ as an exponential of a logarithm that does not round to −∞.
    (-(margin.softplus() * gamma)).exp() * (-margin).softplus()
}

/// As an operation: a value and a slope, and all derivatives follow.
#[derive(Debug, Clone, Copy)]
pub struct Focal {
    /// How much less a row counts that is predicted well.
    pub gamma: f64,
}

impl Elementwise for Focal {
    fn name(&self) -> &'static str {
        "focal"
    }

    fn value<T: Scalar>(self, margin: T) -> T {
        let weight = (-T::from_f64(self.gamma) * margin.softplus()).exp();
        weight * (-margin).softplus()
    }

    /// `−σ(−s)^γ (σ(−s) + γ σ(s) ln(1 + exp(−s)))`
    fn chain<N: Number>(self, margin: N, _value: N, d: N) -> N {
        let weight = (margin.apply(Softplus).affine(-self.gamma, 0.0)).apply(autodiff::ops::Exp);
        let wrong = (-margin).apply(Sigmoid);
        let right = margin.apply(Sigmoid) * (-margin).apply(Softplus);
        -(d * weight * (wrong + right.affine(self.gamma, 0.0)))
    }
}

/// The margins of a linear model: the last parameter is the intercept.
fn margin<'t>(
    x: Var<'t, f64>,
    class: Var<'t, f64>,
    w: Var<'t, f64>,
    b: Var<'t, f64>,
) -> Var<'t, f64> {
    (x.matmul(w) + b) * (class * 2.0 - 1.0)
}

/// Two thousand rows of two classes, three features.
pub fn data() -> Dataset {
    generators::classification(2000, 3, 1.5, &mut ChaCha::new(1)).data
}

/// Minimises the mean focal loss by Newton's method on its exact Hessian.
///
/// # Errors
/// If a Hessian cannot be factorised.
pub fn newton(data: &Dataset, gamma: f64) -> Result<Outcome, linalg::LinalgError> {
    let mut cost = LossFunction::new(&[(3, 1), (1, 1)], |p| {
        let (x, class) = (p.constant(&data.features), p.constant(&data.target));
        focal(x.matmul(p[0]) + p[1], class, gamma).mean()
    });
    Newton::default().minimise(&mut cost, &[0.0; 4])
}

/// The exact Hessian of the mean loss, 4x4, and the one of central differences of its gradient.
pub fn hessians(data: &Dataset, gamma: f64, at: &[f64; 4]) -> [Mat<f64>; 2] {
    let mut cost = LossFunction::new(&[(3, 1), (1, 1)], |p| {
        let (x, class) = (p.constant(&data.features), p.constant(&data.target));
        margin(x, class, p[0], p[1]).map(Focal { gamma }).mean()
    });
    let (mut exact, mut gradient) = (Mat::zeros(4, 4), [0.0; 4]);
    cost.hessian(at, &mut gradient, exact.as_mut());
    let step = 1e-5;
    let mut differences = Mat::zeros(4, 4);
    for j in 0..4 {
        let mut ends = [[0.0; 4]; 2];
        for (end, sign) in ends.iter_mut().zip([1.0, -1.0]) {
            let mut moved = *at;
            moved[j] += sign * step;
            train::Differentiable::gradient(&mut cost, &moved, end);
        }
        for i in 0..4 {
            differences[(i, j)] = (ends[0][i] - ends[1][i]) / (2.0 * step);
        }
    }
    [exact, differences]
}

/// The same minimum with standard errors. A focal loss is no likelihood unless γ is 0, so the errors are the sandwich's.
///
/// # Errors
/// What the fit refuses.
pub fn fit(data: &Dataset, gamma: f64) -> Result<LikelihoodFit, FitError> {
    let mut names = data.feature_names.clone();
    names.push("(intercept)".to_owned());
    Likelihood::new(&[(3, 1), (1, 1)], |p| {
        let (x, class) = (p.constant(&data.features), p.constant(&data.target));
        margin(x, class, p[0], p[1]).map(Focal { gamma })
    })
    .named(names)
    .fit(&[0.0; 4])
}

/// All derivatives of closure and operation to second order against finite differences.
///
/// # Errors
/// The first derivative that is wrong.
pub fn check_derivatives(gamma: f64) -> Result<(), check::Mismatch> {
    let logits = mat![[-3.0], [-0.2], [0.7], [4.0]];
    let class = mat![[0.0], [1.0], [1.0], [0.0]];
    check::derivatives("focal as a closure", &[logits.clone(), class], |v| {
        focal(v[0], v[1], gamma)
    })?;
    check::derivatives("focal as an operation", &[logits], |v| {
        v[0].map(Focal { gamma })
    })
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = data();
    check_derivatives(2.0)?;
    println!("derivatives to second order: as finite differences have them");
    let [exact, differences] = hessians(&data, 2.0, &[0.5, -0.3, 0.2, 0.1]);
    println!(
        "Hessian of the cost, exact minus differences: {:.1e}",
        (&exact - &differences).norm_max()
    );
    for gamma in [0.0, 2.0] {
        let found = newton(&data, gamma)?;
        println!(
            "\nγ = {gamma}: {} in {} steps, largest gradient {:.1e}, loss {:.6}",
            found.certificate.status,
            found.certificate.iterations,
            found.certificate.gradient_max,
            found.value
        );
        let fit = fit(&data, gamma)?;
        println!("coefficient    estimate   std. error (sandwich)");
        for c in fit.coefficients(LikelihoodCovariance::Sandwich)? {
            let error = c.inference.map_or(f64::NAN, |i| i.std_error);
            println!("{:<11}  {:>10.6}  {error:>10.6}", c.name, c.estimate);
        }
    }
    Ok(())
}
