//! Robust and quantile regression, fitted.

use std::fmt;

use linalg::solve::least_squares;
use linalg::{Block, LinalgError, Mat, MatMut, Workspace, reduce};
use models::glm::{
    Distribution, Generalised, GlmModel, Link, Penalty, RobustLoss, RobustRegression,
};

use super::columns::Columns;
use super::multinomial::observations;
use super::problem::check;
use super::solve::{collinear, columns};
use super::{Coefficient, Fit, FitOptions, INTERCEPT, Observations, Solver};
use crate::solver::{Certificate, Newton, Status};
use crate::{Differentiable, FitError, Objective, TwiceDifferentiable};

/// A fitted robust or quantile regression. Standard errors are not among what is known about it.
///
/// ```
/// use datasets::Dataset;
/// use linalg::Mat;
/// use models::glm::RobustRegression;
/// use train::Fit;
/// // A line, and one outlier.
/// let y = vec![1.0, 3.0, 5.0, 7.0, 900.0];
/// let data = Dataset::new(Mat::from_fn(5, 1, |i, _| i as f64), ["x"], y, "y");
/// let fit = RobustRegression::quantile(0.5).fit(&data)?;
/// assert!((fit.coefficients()[1].estimate - 2.0).abs() < 1e-12);
/// assert_eq!(fit.certificate().duality_gap, Some(0.0));
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RobustFit {
    model: GlmModel,
    loss: RobustLoss,
    target: String,
    observations: usize,
    coefficients: Vec<Coefficient>,
    objective: f64,
    certificate: Certificate,
}

impl RobustFit {
    /// The model, for predictions.
    pub fn model(&self) -> &GlmModel {
        &self.model
    }
    /// The loss.
    pub fn loss(&self) -> RobustLoss {
        self.loss
    }
    /// The name of the target.
    pub fn target(&self) -> &str {
        &self.target
    }
    /// The number of rows whose weight is not 0.
    pub fn observations(&self) -> usize {
        self.observations
    }
    /// The coefficients, intercept first.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }
    /// The weighted mean loss.
    pub fn objective(&self) -> f64 {
        self.objective
    }
    /// How far the fit can be from the optimum.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl fmt::Display for RobustFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.loss {
            RobustLoss::Quantile { tau } => format!("Quantile regression: {tau} quantile"),
            RobustLoss::Huber { k, scale } => {
                format!("Huber regression, k = {k}, scale {scale}: centre")
            }
            _ => "Robust regression: centre".to_owned(),
        };
        writeln!(
            f,
            "{what} of {}, {} observations\n",
            self.target, self.observations
        )?;
        super::report::table(f, self.coefficients.iter(), "z")?;
        writeln!(f, "mean loss {:.6}", self.objective)?;
        super::report::certificate(f, Solver::Newton, &self.certificate)
    }
}

/// Weighted mean of a loss; a quantile's is rounded off within `width` of its kink, and where a loss is linear its curvature is taken
/// to be a little of that of the parabola that touches it from above, so that the Hessian can be factored.
struct RobustObjective<'p, 'a> {
    design: &'p Columns<'a>,
    data: &'p Observations<'a>,
    loss: RobustLoss,
    width: f64,
    total: f64,
    workspace: Workspace,
}

/// The part of the touching parabola's curvature.
const TOUCH: f64 = 1e-4;

impl RobustObjective<'_, '_> {
    fn row(&self, eta: f64, y: f64) -> [f64; 3] {
        let r = y - eta;
        match self.loss {
            RobustLoss::Quantile { tau } => {
                // The absolute value with a parabola around 0 (Huber's), tilted.
                let h = self.width;
                let (value, slope, curvature) = if r.abs() <= h {
                    (0.5 * r * r / h + 0.5 * h, r / h, 1.0 / h)
                } else {
                    (r.abs(), r.signum(), TOUCH / r.abs())
                };
                [
                    0.5 * value + (tau - 0.5) * r,
                    -0.5 * slope - (tau - 0.5),
                    0.5 * curvature,
                ]
            }
            loss => {
                let terms = loss.terms(eta, y);
                let curvature = if terms.curvature > 0.0 {
                    terms.curvature
                } else {
                    TOUCH * (terms.slope / r).abs()
                };
                [terms.loss, terms.slope, curvature]
            }
        }
    }

    fn pass(&self, x: &[f64], gradient: &mut [f64], gram: Option<MatMut<'_, f64>>) -> f64 {
        let pointwise = |block: Block<'_>| {
            for k in 0..block.eta.len() {
                let i = block.start + k;
                let offset = self.data.offset.as_ref().map_or(0.0, |offset| offset[i]);
                let weight = self.data.weights.as_ref().map_or(1.0, |weights| weights[i]);
                let [loss, slope, curvature] = self.row(block.eta[k] + offset, self.data.target[i]);
                block.loss[k] = weight * loss;
                block.slope[k] = weight * slope;
                block.curvature[k] = weight * curvature;
            }
        };
        let loss = self
            .design
            .pass(1, x, &pointwise, gradient, gram, &self.workspace);
        gradient.iter_mut().for_each(|g| *g /= self.total);
        loss / self.total
    }
}

impl Objective for RobustObjective<'_, '_> {
    fn dimension(&self) -> usize {
        self.design.columns()
    }
}

impl Differentiable for RobustObjective<'_, '_> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.pass(x, gradient, None)
    }
}

impl TwiceDifferentiable for RobustObjective<'_, '_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let value = self.pass(x, gradient, Some(hessian.as_mut()));
        for j in 0..x.len() {
            for i in 0..x.len() {
                hessian[(i, j)] /= self.total;
            }
        }
        value
    }
}

impl Fit for RobustRegression {
    type Fitted = RobustFit;

    /// Huber's loss by Newton's method. A quantile by the same on losses whose kink is rounded off less and less, until the rows
    /// that lie on the plane are known; then through those exactly, with the dual solution as the proof.
    fn fit_observations(
        &self,
        data: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<RobustFit, FitError> {
        let intercept = self.has_intercept() && data.intercept;
        data.in_memory("a robust loss")?;
        check(&Penalty::none(), intercept, data)?;
        let bad = |what, value| Err(FitError::Setting { what, value });
        match self.loss() {
            RobustLoss::Huber { k, .. } if !(k > 0.0 && k.is_finite()) => return bad("k", k),
            RobustLoss::Huber { scale, .. } if !(scale > 0.0 && scale.is_finite()) => {
                return bad("scale", scale);
            }
            RobustLoss::Quantile { tau } if !(tau > 0.0 && tau < 1.0) => return bad("tau", tau),
            _ => {}
        }
        if data.trials.is_some() {
            return Err(FitError::Unused { what: "trials" });
        }
        if let Some(row) = data.target.iter().position(|y| !y.is_finite()) {
            return Err(FitError::NotFinite {
                row: row + 1,
                column: data.target_name.to_owned(),
                value: data.target[row],
            });
        }
        let design = columns(data, intercept, false)?;
        let rows = data.target.len();
        let total = (data.weights.as_ref()).map_or(rows as f64, |w| reduce::sum_by(rows, |i| w[i]));
        let largest = data.target.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
        let spread = largest.max(f64::MIN_POSITIVE);
        let mut objective = RobustObjective {
            design: &design,
            data,
            loss: self.loss(),
            width: 0.1 * spread,
            total,
            workspace: Workspace::new(),
        };
        let newton = Newton {
            iterations: options.iterations.unwrap_or(300),
            ..Newton::default()
        };
        let quantile = match self.loss() {
            RobustLoss::Quantile { tau } => Some(tau),
            _ => None,
        };
        let mut x = vec![0.0; design.columns()];
        if let Some(start) = &options.start {
            if start.len() != x.len() {
                return Err(FitError::Start {
                    found: start.len(),
                    expected: x.len(),
                });
            }
            x = design.coefficients_from_data(start);
        }
        let mut iterations = 0;
        let mut best = None;
        for _ in 0..if quantile.is_some() { 12 } else { 1 } {
            let outcome = newton
                .minimise_observed(&mut objective, &x, |_, _| Ok::<(), LinalgError>(()))
                .map_err(|error| {
                    collinear(&design, data, &error).unwrap_or(FitError::Linalg { source: error })
                })?;
            iterations += outcome.certificate.iterations;
            x.clone_from(&outcome.x);
            best = Some(outcome);
            if let Some(tau) = quantile
                && let Some(vertex) = vertex(&design, data, &x, tau)
            {
                x = vertex;
                if let Some(outcome) = &mut best {
                    outcome.certificate = Certificate {
                        status: Status::Converged,
                        iterations,
                        gradient_max: 0.0,
                        newton_decrement: 0.0,
                        distance: 0.0,
                        backward_error: outcome.certificate.backward_error,
                        duality_gap: Some(0.0),
                    };
                }
                break;
            }
            objective.width *= 0.1;
        }
        let Some(outcome) = best else {
            return Err(FitError::NoRows);
        };
        let mut certificate = outcome.certificate;
        if quantile.is_some() && certificate.duality_gap.is_none() {
            // Several planes are equally good, or rounding hides which rows lie on one.
            certificate.status = Status::Stalled;
        }
        let beta = design.coefficients_to_data(&x);
        let mut eta = vec![0.0; data.target.len()];
        design.times(&x, &mut eta);
        let objective = reduce::sum_by(eta.len(), |i| {
            let offset = data.offset.as_ref().map_or(0.0, |offset| offset[i]);
            let weight = data.weights.as_ref().map_or(1.0, |weights| weights[i]);
            weight * self.loss().terms(eta[i] + offset, data.target[i]).loss
        }) / total;
        let names = intercept.then(|| INTERCEPT.to_owned());
        let names = names.into_iter().chain(data.names.iter().cloned());
        let coefficients = names.zip(&beta).map(|(name, &estimate)| Coefficient {
            name,
            estimate,
            inference: None,
        });
        let family = Generalised {
            distribution: Distribution::Gaussian,
            link: Link::Identity,
        };
        let (start, slopes) = if intercept {
            (beta[0], &beta[1..])
        } else {
            (0.0, &beta[..])
        };
        Ok(RobustFit {
            model: GlmModel::new(family, start, slopes.to_vec()),
            loss: self.loss(),
            target: data.target_name.to_owned(),
            observations: observations(data),
            coefficients: coefficients.collect(),
            objective,
            certificate,
        })
    }
}

/// The plane through as many rows as there are coefficients, those nearest to `x`, if the multipliers of these rows prove it to be a
/// minimum: each lies between τ − 1 and τ, times the weight of the row.
fn vertex(design: &Columns<'_>, data: &Observations<'_>, x: &[f64], tau: f64) -> Option<Vec<f64>> {
    let Columns::Dense(z) = design else {
        return None;
    };
    let (n, d) = (design.rows(), design.columns());
    let weight = |i: usize| data.weights.as_ref().map_or(1.0, |weights| weights[i]);
    let target = |i: usize| data.target[i] - data.offset.as_ref().map_or(0.0, |offset| offset[i]);
    let residuals = |x: &[f64]| {
        let mut eta = vec![0.0; n];
        design.times(x, &mut eta);
        (0..n).map(|i| target(i) - eta[i]).collect::<Vec<f64>>()
    };
    let near = residuals(x);
    let mut order: Vec<usize> = (0..n).filter(|i| weight(*i) > 0.0).collect();
    order.sort_by(|a, b| near[*a].abs().total_cmp(&near[*b].abs()).then(a.cmp(b)));
    // Rows that do not depend on those before, nearest first (Gram-Schmidt).
    let mut memory = Mat::new();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut rows: Vec<usize> = Vec::new();
    let mut matrix = Mat::zeros(d, d);
    for &i in order.iter().take(20 * d + 20) {
        let row = z.block(i..i + 1, &mut memory);
        let own: Vec<f64> = (0..d).map(|j| row[(0, j)]).collect();
        let mut rest = own.clone();
        for _ in 0..2 {
            for b in &basis {
                let along = reduce::dot(b, &rest);
                rest.iter_mut().zip(b).for_each(|(r, b)| *r -= along * b);
            }
        }
        let size = reduce::dot(&rest, &rest).sqrt();
        if size <= 1e-8 * reduce::dot(&own, &own).sqrt() {
            continue;
        }
        rest.iter_mut().for_each(|r| *r /= size);
        basis.push(rest);
        for (j, value) in own.iter().enumerate() {
            matrix[(rows.len(), j)] = *value;
        }
        rows.push(i);
        if rows.len() == d {
            break;
        }
    }
    if rows.len() < d {
        return None;
    }
    let right = Mat::from_fn(d, 1, |k, _| target(rows[k]));
    let solution = least_squares(matrix.as_ref(), right.as_ref()).ok()?;
    let plane: Vec<f64> = (0..d).map(|j| solution.x[(j, 0)]).collect();
    let exact = residuals(&plane);
    let mut slope: Vec<f64> = (0..n)
        .map(|i| weight(i) * if exact[i] > 0.0 { tau } else { tau - 1.0 })
        .collect();
    rows.iter().for_each(|&i| slope[i] = 0.0);
    let mut pull = vec![0.0; d];
    design.design().transpose_times(&slope, &mut pull);
    let right = Mat::from_fn(d, 1, |j, _| -pull[j]);
    let multipliers = least_squares(matrix.transpose(), right.as_ref()).ok()?;
    let proves = rows.iter().enumerate().all(|(k, &i)| {
        let (m, w) = (multipliers.x[(k, 0)], weight(i));
        m >= w * (tau - 1.0) - 1e-9 * w && m <= w * tau + 1e-9 * w
    });
    // A row on the plane that is not among them could have any multiplier: the proof holds for the one that it was given.
    proves.then_some(plane)
}
