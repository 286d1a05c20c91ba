//! Maximum likelihood for a model that is written as a closure.

use autodiff::{Inputs, Var};
use linalg::solve::Cholesky;
use linalg::{Mat, MatMut};

use super::covariance::{inverse_hessian, named};
use super::error::EstimateError;
use super::likelihood_fit::LikelihoodFit;
use super::nonlinear::finite_derivatives;
use super::range::Range;
use super::recording::{Parameters, Recording, entries, laid_out};
use super::singular::unit_diagonal;
use crate::solver::{Newton, Status};
use crate::{Differentiable, FitError, Objective, TwiceDifferentiable};

/// A likelihood of one's own: a closure that returns the negative log-likelihood of every observation, one column with a row for each.
///
/// The sum is minimised by Newton's method with the exact Hessian. Parameters are matrices of given shapes; a start holds one after
/// another, each column after column. A restricted parameter is written as a function of a free one (see [`Range`]).
///
/// ```
/// use train::{LikelihoodCovariance, Likelihood, Range};
///
/// // Weibull survival times, some of them censored: log-likelihood d (ln k − ln λ + (k − 1)(ln t − ln λ)) − (t/λ)ᵏ.
/// let t = [1.2, 0.7, 3.1, 2.2, 0.4, 1.9, 4.0, 2.8];
/// let died = [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
/// let mut weibull = Likelihood::new(&[(1, 1), (1, 1)], |p| {
///     let (log_shape, log_scale) = (p[0], p[1]);
///     let z = p.constant(&t).ln() - log_scale;
///     let shape = Range::Positive.natural(log_shape);
///     (z * shape).exp() - p.constant(&died) * (log_shape - log_scale + (shape - 1.0) * z)
/// })
/// .named(["ln shape", "ln scale"]);
/// let fit = weibull.fit(&[0.0, 0.0])?;
/// let shape = fit.natural(LikelihoodCovariance::Information, 0, Range::Positive)?;
/// // As R's survreg has it.
/// assert!((shape.estimate - 1.428317959).abs() < 1e-8 && shape.conf_low > 0.0);
/// assert!((fit.estimates()[1] - 0.981622395).abs() < 1e-8);
/// let interval = weibull.profile(&fit, 1, 0.95)?;
/// assert!(interval.low < fit.estimates()[1] && fit.estimates()[1] < interval.high);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct Likelihood<'env, F> {
    pub(super) losses: Recording<'env, F>,
    pub(super) parameters: Parameters,
    pub(super) newton: Newton,
}

/// The negative log-likelihood as a function of some parameters, the others held.
pub(super) struct Sum<'o, 'env, F> {
    losses: &'o mut Recording<'env, F>,
    pub(super) point: Vec<f64>,
    free: Vec<usize>,
}

impl<F> Sum<'_, '_, F> {
    pub(super) fn place(&mut self, x: &[f64]) {
        for (&j, x) in self.free.iter().zip(x) {
            self.point[j] = *x;
        }
    }
}

/// A sum of −∞ is no likelihood: densities are bounded where an estimate exists.
fn bounded(value: f64) -> f64 {
    if value == f64::NEG_INFINITY {
        f64::NAN
    } else {
        value
    }
}

impl<F> Objective for Sum<'_, '_, F> {
    fn dimension(&self) -> usize {
        self.free.len()
    }
}

impl<'env, F> Differentiable for Sum<'_, 'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.place(x);
        let (value, all) = self.losses.at(&self.point, |losses, variables| {
            let sum = losses.sum();
            (sum.item(), laid_out(&sum.backward(), variables))
        });
        for (out, &j) in gradient.iter_mut().zip(&self.free) {
            *out = all[j];
        }
        bounded(value)
    }
}

impl<'env, F> TwiceDifferentiable for Sum<'_, 'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    /// Where the Hessian is not positive definite, the nearest thing that is: absolute values of its eigenvalues, none below 1e-8 of
    /// the largest, after scaling to a unit diagonal. Newton's step is then one of descent.
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        self.place(x);
        let (value, all, exact) = self.losses.at(&self.point, |losses, variables| {
            let sum = losses.sum();
            let gradient = laid_out(&sum.backward(), variables);
            (sum.item(), gradient, sum.hessian(variables))
        });
        for (out, &j) in gradient.iter_mut().zip(&self.free) {
            *out = all[j];
        }
        let p = self.free.len();
        let part = Mat::from_fn(p, p, |i, j| exact[(self.free[i], self.free[j])]);
        let usable = if Cholesky::new(part.as_ref()).is_ok() {
            part
        } else {
            convexified(&part)
        };
        hessian.copy_from(&usable);
        bounded(value)
    }
}

fn convexified(h: &Mat<f64>) -> Mat<f64> {
    let p = h.nrows();
    let (scaled, d) = unit_diagonal(h.as_ref());
    let Ok((values, vectors)) = linalg::solve::symmetric_eigen(scaled.as_ref()) else {
        return h.clone();
    };
    let most = values
        .iter()
        .fold(0.0_f64, |most, value| most.max(value.abs()));
    let least = if most > 0.0 { 1e-8 * most } else { 1.0 };
    Mat::from_fn(p, p, |i, j| {
        let part = |k: usize| vectors[(i, k)] * values[k].abs().max(least) * vectors[(j, k)];
        (0..p).map(part).sum::<f64>() / d[i] / d[j]
    })
}

impl<'env, F> Likelihood<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    /// A likelihood with parameters of these numbers of rows and columns; the closure returns minus the logarithm of the density (or
    /// probability) of each observation, n×1.
    pub fn new(parameters: &[(usize, usize)], losses: F) -> Self {
        let parameters = Parameters::new(parameters);
        let shapes = parameters.shapes.clone();
        Self {
            parameters,
            losses: Recording::new(shapes, losses),
            newton: Newton {
                iterations: 200,
                ..Newton::default()
            },
        }
    }

    /// Names for the entries of the parameters, one parameter after another, each column after column; p1, p2, … without.
    ///
    /// # Panics
    /// If there are more or fewer names than entries.
    #[track_caller]
    pub fn named<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.parameters.name(names);
        self
    }

    /// What the closure makes of each entry of the parameters by [`Range::natural`], for the list of conditions: an estimate at the end of
    /// its range is one of them. All are [`Range::Real`] without.
    ///
    /// # Panics
    /// If there are more or fewer ranges than entries.
    #[track_caller]
    pub fn ranged(mut self, ranges: impl IntoIterator<Item = Range>) -> Self {
        self.parameters.range(ranges);
        self
    }

    /// The limit on steps; 200 without.
    pub fn iterations(mut self, limit: usize) -> Self {
        self.newton.iterations = limit;
        self
    }

    /// Maximises the likelihood from `start`.
    ///
    /// # Errors
    /// [`FitError::Start`] for a start of another length, or [`FitError::Estimate`]: no parameters, a result of the wrong shape, an
    /// observation without a finite value at the start, no optimum, a singular Hessian, a saddle point, or parameters that run to infinity.
    pub fn fit(&mut self, start: &[f64]) -> Result<LikelihoodFit, FitError> {
        self.check(start)?;
        let parameters = self.losses.dimension();
        let free = (0..parameters).collect();
        let newton = self.newton;
        let found = newton.minimise(&mut self.sum(start, free), start);
        let found = found.map_err(|source| FitError::Linalg { source })?;
        let mut certificate = found.certificate;
        // Where the parameters themselves cannot be written to more digits, steps go on that change nothing but rounding.
        let gain = 0.5 * certificate.newton_decrement.powi(2);
        if gain <= 64.0 * f64::EPSILON * (1.0 + found.value.abs()) {
            certificate.status = Status::Converged;
        }
        let (values, scores, hessian) = self.losses.at(&found.x, |losses, variables| {
            (
                entries(losses),
                losses.jacobian(variables),
                losses.sum().hessian(variables),
            )
        });
        let names = &self.parameters.names;
        finite_derivatives(scores.as_ref(), names, |_| true)?;
        let inverse = inverse_hessian(hessian.as_ref(), names);
        if certificate.status != Status::Converged {
            return Err(EstimateError::NotConverged { certificate }.into());
        }
        let inverse = inverse?;
        let runaway = self.runaway(&found.x, &hessian, &values);
        if !runaway.is_empty() {
            let parameters = named(&self.parameters.names, &runaway);
            return Err(EstimateError::Unbounded { parameters }.into());
        }
        Ok(LikelihoodFit {
            names: self.parameters.names.clone(),
            ranges: self.parameters.ranges.clone(),
            shapes: self.losses.shapes().to_vec(),
            estimates: found.x,
            log_likelihood: -values.iter().sum::<f64>(),
            scores: Mat::from_fn(scores.nrows(), scores.ncols(), |i, j| -scores[(i, j)]),
            hessian,
            inverse,
            certificate,
        })
    }

    /// Whether the start can be used.
    pub(super) fn check(&mut self, start: &[f64]) -> Result<(), FitError> {
        let parameters = self.losses.dimension();
        if parameters == 0 {
            return Err(EstimateError::NoParameters.into());
        }
        if start.len() != parameters {
            let found = start.len();
            let expected = parameters;
            return Err(FitError::Start { found, expected });
        }
        let names = &self.parameters.names;
        self.losses.at(start, |losses, variables| {
            let shape = losses.shape();
            if shape.columns != 1 || shape.rows == 0 {
                return Err(EstimateError::ResultShape {
                    rows: shape.rows,
                    columns: shape.columns,
                    expected: None,
                });
            }
            let values = entries(losses);
            if let Some(i) = values.iter().position(|value| !value.is_finite()) {
                return Err(EstimateError::Start {
                    what: "negative log-likelihood",
                    observation: i + 1,
                    value: values[i],
                });
            }
            finite_derivatives(losses.jacobian(variables).as_ref(), names, |_| true)
        })?;
        Ok(())
    }

    /// Parameters that can move by a conditional standard error without the likelihood falling: the quadratic model promises ½, and a
    /// smaller change than a millionth of it means that the likelihood levels off.
    fn runaway(&mut self, x: &[f64], hessian: &Mat<f64>, values: &[f64]) -> Vec<usize> {
        let mut level = |j: usize, sign: f64| {
            let mut moved = x.to_vec();
            moved[j] += sign / hessian[(j, j)].sqrt();
            let there = self.losses.values(&moved);
            // Infinite and NaN are a fall.
            there.iter().zip(values).map(|(a, b)| a - b).sum::<f64>() < 5e-7
        };
        (0..x.len())
            .filter(|&j| level(j, 1.0) || level(j, -1.0))
            .collect()
    }

    pub(super) fn sum(&mut self, point: &[f64], free: Vec<usize>) -> Sum<'_, 'env, F> {
        Sum {
            losses: &mut self.losses,
            point: point.to_vec(),
            free,
        }
    }
}
