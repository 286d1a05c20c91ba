//! Nonlinear least squares: y = f(x, θ) + error, with f a closure over variables.

use autodiff::{Inputs, Var};
use linalg::{Mat, MatRef};

use super::curve::Curve;
use super::error::EstimateError;
use super::levenberg::{Residuals, Stationary, minimise};
use super::nonlinear_fit::NonlinearFit;
use super::qr::norm;
use super::range::Range;
use super::recording::{Parameters, Recording, entries};
use crate::FitError;
use crate::profile::{FAR, Limits, Lost, ProfileInterval, Profiled, end};
use crate::solver::Status;
use crate::student::two_sided_quantile;

/// A curve with parameters that is fitted to a response by (weighted) least squares.
///
/// The closure returns the fitted values, one column with a row for each observation. The Jacobian is exact; the minimum is found by
/// Levenberg–Marquardt in a scaled trust region (Moré 1978) with geodesic acceleration (Transtrum and Sethna 2012), and polished by
/// full steps until the relative offset (Bates and Watts 1981) is at rounding level. With weights w, Σ wᵢ (yᵢ − fᵢ)² is minimised, and
/// the variance of an error is σ²/wᵢ; observations of weight 0 do not count.
///
/// ```
/// use train::{NonlinearLeastSquares, Status};
///
/// // Michaelis–Menten kinetics: v = V x / (K + x) (Bates and Watts 1988, puromycin, treated cells).
/// let x = [0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10];
/// let y = [76., 47., 97., 107., 123., 139., 159., 152., 191., 201., 207., 200.];
/// let mut curve = NonlinearLeastSquares::new(&[(1, 1), (1, 1)], &y, |p| {
///     let x = p.constant(&x);
///     p[0] * x / (p[1] + x)
/// })
/// .named(["V", "K"]);
/// let fit = curve.fit(&[200.0, 0.05])?;
/// assert_eq!(fit.certificate().status, Status::Converged);
/// assert!((fit.estimates()[0] - 212.68374).abs() < 1e-4);
/// assert!((fit.estimates()[1] - 0.06412128).abs() < 1e-7);
/// assert!((fit.residual_sd() - 10.93366).abs() < 1e-4);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct NonlinearLeastSquares<'env, F> {
    curve: Recording<'env, F>,
    response: Vec<f64>,
    weights: Option<Vec<f64>>,
    pub(super) parameters: Parameters,
    iterations: usize,
}

impl<'env, F> NonlinearLeastSquares<'env, F>
where
    F: for<'t> Fn(Inputs<'t, 'env, f64>) -> Var<'t, f64>,
{
    /// A curve with parameters of these numbers of rows and columns, and the response: one number for each observation.
    pub fn new(parameters: &[(usize, usize)], response: &[f64], fitted: F) -> Self {
        let parameters = Parameters::new(parameters);
        let shapes = parameters.shapes.clone();
        Self {
            parameters,
            curve: Recording::new(shapes, fitted),
            response: response.to_vec(),
            weights: None,
            iterations: 500,
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

    /// Weights of the observations, in inverse proportion to the variances of their errors.
    pub fn weighted(mut self, weights: &[f64]) -> Self {
        self.weights = Some(weights.to_vec());
        self
    }

    /// The limit on steps of each descent; 500 without.
    pub fn iterations(mut self, limit: usize) -> Self {
        self.iterations = limit;
        self
    }

    /// Minimises the sum of squares from `start`, which holds one parameter after another, each column after column.
    ///
    /// A descent that ends at no stationary point with a Jacobian of full rank (as where a parameter runs to infinity) is repeated
    /// from the start in other trust regions.
    ///
    /// # Errors
    /// [`FitError::Start`] for a start of another length, or [`FitError::Estimate`]: without parameters, with no more observations
    /// than parameters, with a result of the wrong shape, numbers that are not finite, no optimum, or parameters that the data do not tell
    /// apart.
    pub fn fit(&mut self, start: &[f64]) -> Result<NonlinearFit, FitError> {
        self.check(start)?;
        let free: Vec<usize> = (0..start.len()).collect();
        let limit = self.iterations;
        let found = minimise(&mut self.problem(start, free), start, limit)
            .map_err(|source| FitError::Linalg { source })?;
        self.fitted(found)
    }

    /// The interval of values of parameter number `index`, from 0, at which the others can be chosen so that the sum of squares is
    /// not larger than its minimum by more than s² t², where t is the quantile of Student's distribution (Bates and Watts 1988, 6.1).
    ///
    /// # Errors
    /// [`FitError::Estimate`] if there is no such parameter or level, if a better optimum is met, or the profile cannot be followed.
    pub fn profile(
        &mut self,
        fit: &NonlinearFit,
        index: usize,
        level: f64,
    ) -> Result<ProfileInterval, FitError> {
        let name = self.parameter(fit.estimates(), index, level)?;
        let covariance = fit.covariance().to_owned();
        let variance = fit.residual_sd().powi(2);
        let least = fit.residual_sum_of_squares();
        let unit = covariance[(index, index)].sqrt();
        let target = two_sided_quantile(1.0 - level, fit.residual_freedom());
        let rest: Vec<usize> = (0..fit.estimates().len()).filter(|&k| k != index).collect();
        let limit = self.iterations;
        let mut evaluate = |c: f64, near: &Profiled| -> Option<Profiled> {
            let shift = (c - near.at) / covariance[(index, index)];
            let moved = |k: usize| near.point[k] + covariance[(k, index)] * shift;
            let starts = [
                rest.iter().map(|&k| moved(k)).collect::<Vec<_>>(),
                rest.iter().map(|&k| near.point[k]).collect(),
            ];
            starts.iter().find_map(|start| {
                let mut point = near.point.clone();
                point[index] = c;
                let mut problem = self.problem(&point, rest.clone());
                let (r, j) = problem.jacobian(start);
                let usable = |x: &[f64]| x.iter().all(|x| x.is_finite());
                if !usable(&r) || !j.iter().all(|column| usable(column)) {
                    return None;
                }
                let found = minimise(&mut problem, start, limit).ok()?;
                if found.certificate.status != Status::Converged {
                    return None;
                }
                problem.place(&found.x);
                let (r, j) = problem.linearised();
                let sum = |f: &dyn Fn(usize) -> f64| (0..r.len()).map(f).sum::<f64>();
                Some(Profiled {
                    at: c,
                    fall: (sum(&|i| r[i] * r[i]) - least) / variance,
                    slope: 2.0 * sum(&|i| r[i] * j[(i, index)]) / variance,
                    point: problem.point.clone(),
                })
            })
        };
        let optimum = Profiled {
            at: fit.estimates()[index],
            fall: 0.0,
            slope: 0.0,
            point: fit.estimates().to_vec(),
        };
        let limits = Limits::new(FAR, least, variance.recip());
        let mut ends = [0.0; 2];
        for (end_, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            *end_ = end(optimum.clone(), sign * unit, target, limits, &mut evaluate)
                .map_err(|lost| lost_profile(&name, lost))?;
        }
        Ok(ProfileInterval {
            estimate: optimum.at,
            level,
            low: ends[0],
            high: ends[1],
        })
    }

    fn problem(&mut self, point: &[f64], free: Vec<usize>) -> Curve<'_, 'env, F> {
        let roots: Option<Vec<f64>> = self
            .weights
            .as_ref()
            .map(|weights| weights.iter().map(|w| w.sqrt()).collect());
        let root = |i: usize| roots.as_ref().map_or(1.0, |roots| roots[i]);
        let sizes: Vec<f64> = (self.response.iter().enumerate())
            .map(|(i, y)| y * root(i))
            .collect();
        Curve {
            fitted: &mut self.curve,
            response: &self.response,
            magnitude: norm(&sizes),
            roots,
            point: point.to_vec(),
            free,
        }
    }

    /// The name of a parameter, if it and the level exist.
    fn parameter(&self, estimates: &[f64], index: usize, level: f64) -> Result<String, FitError> {
        let parameters = self.curve.dimension();
        if index >= parameters || estimates.len() != parameters {
            return Err(EstimateError::Parameter { index, parameters }.into());
        }
        if !(level > 0.0 && level < 1.0) {
            return Err(EstimateError::Level { level }.into());
        }
        Ok(self.parameters.names[index].clone())
    }

    /// Whether the data and the start can be used.
    fn check(&mut self, start: &[f64]) -> Result<(), FitError> {
        let (parameters, n) = (self.curve.dimension(), self.response.len());
        if parameters == 0 {
            return Err(EstimateError::NoParameters.into());
        }
        if start.len() != parameters {
            let found = start.len();
            let expected = parameters;
            return Err(FitError::Start { found, expected });
        }
        let mut observations = n;
        if let Some(weights) = &self.weights {
            if weights.len() != n {
                let (what, found) = ("weights", weights.len());
                return Err(EstimateError::Lengths {
                    what,
                    found,
                    observations: n,
                }
                .into());
            }
            given("the weight", weights, |w| w.is_finite() && w >= 0.0)?;
            observations = weights.iter().filter(|w| **w > 0.0).count();
        }
        given("the response", &self.response, f64::is_finite)?;
        if observations <= parameters {
            return Err(EstimateError::TooFewObservations {
                observations,
                parameters,
            }
            .into());
        }
        let weights = self.weights.clone();
        let counts = |i: usize| weights.as_ref().is_none_or(|w| w[i] > 0.0);
        let names = &self.parameters.names;
        self.curve.at(start, |fitted, variables| {
            let shape = fitted.shape();
            if shape.rows != n || shape.columns != 1 {
                return Err(EstimateError::ResultShape {
                    rows: shape.rows,
                    columns: shape.columns,
                    expected: Some(n),
                });
            }
            let values = entries(fitted);
            if let Some(i) = (0..n).find(|&i| counts(i) && !values[i].is_finite()) {
                return Err(EstimateError::Start {
                    what: "fitted value",
                    observation: i + 1,
                    value: values[i],
                });
            }
            finite_derivatives(fitted.jacobian(variables).as_ref(), names, counts)
        })?;
        Ok(())
    }

    /// Parameters that can move by a conditional standard error without a change of the curve: the tangent promises one, so that the
    /// curve levels off there.
    fn runaway(&mut self, found: &Stationary) -> Vec<usize> {
        let p = found.x.len();
        let freedom = (found.residuals.len() - p) as f64;
        let sd = norm(&found.residuals) / freedom.sqrt();
        let mut curve = self.problem(&found.x, (0..p).collect());
        let mut level = |j: usize, sign: f64| {
            let mut x = found.x.clone();
            x[j] += sign * sd / norm(&found.jacobian[j]);
            // Infinite and NaN are a change, and so is a step that vanishes in rounding.
            let there = curve.residuals(&x);
            let change: Vec<f64> = (there.iter().zip(&found.residuals))
                .map(|(a, b)| a - b)
                .collect();
            x[j] != found.x[j] && change.iter().all(|d| d.abs() < LEVEL * sd)
        };
        (0..p)
            .filter(|&j| level(j, 1.0) || level(j, -1.0))
            .collect()
    }

    fn fitted(&mut self, found: Stationary) -> Result<NonlinearFit, FitError> {
        let certificate = found.certificate;
        let singular = super::singular::columns(&found.jacobian)
            .map_err(|source| FitError::Linalg { source })?;
        if !singular.is_empty() {
            return Err(EstimateError::Singular {
                what: "the Jacobian",
                parameters: singular
                    .iter()
                    .map(|&j| self.parameters.names[j].clone())
                    .collect(),
            }
            .into());
        }
        if certificate.status != Status::Converged {
            return Err(EstimateError::NotConverged { certificate }.into());
        }
        let runaway = self.runaway(&found);
        if !runaway.is_empty() {
            let parameters = super::covariance::named(&self.parameters.names, &runaway);
            return Err(EstimateError::Unbounded { parameters }.into());
        }
        let p = found.x.len();
        let (_, hessian) = self.problem(&found.x, (0..p).collect()).curvature();
        let fitted = self.curve.values(&found.x);
        let parameters = self.parameters.clone();
        let half = Mat::from_fn(p, p, |i, j| 0.5 * hessian[(i, j)]);
        let weights = self.weights.as_deref();
        Ok(NonlinearFit::new(
            parameters,
            &self.response,
            weights,
            fitted,
            found,
            half,
        ))
    }
}

/// A change of the curve below this part of the change that the tangent promises is none.
const LEVEL: f64 = 1e-6;

/// Names the first number that breaks a rule.
fn given(
    what: &'static str,
    numbers: &[f64],
    good: impl Fn(f64) -> bool,
) -> Result<(), EstimateError> {
    match numbers.iter().position(|x| !good(*x)) {
        Some(i) => Err(EstimateError::Given {
            what,
            observation: i + 1,
            value: numbers[i],
        }),
        None => Ok(()),
    }
}

/// Names the first derivative that is not finite.
pub(super) fn finite_derivatives(
    jacobian: MatRef<'_, f64>,
    names: &[String],
    counts: impl Fn(usize) -> bool,
) -> Result<(), EstimateError> {
    for j in 0..jacobian.ncols() {
        for i in (0..jacobian.nrows()).filter(|&i| counts(i)) {
            let value = jacobian[(i, j)];
            if !value.is_finite() {
                return Err(EstimateError::Derivative {
                    observation: i + 1,
                    parameter: names[j].clone(),
                    value,
                });
            }
        }
    }
    Ok(())
}

pub(super) fn lost_profile(parameter: &str, lost: Lost) -> FitError {
    let parameter = parameter.to_owned();
    match lost {
        Lost::Better(found) => EstimateError::LocalOptimum {
            parameter,
            value: found.at,
            point: found.point,
        },
        Lost::At(value) => EstimateError::Profile { parameter, value },
    }
    .into()
}
