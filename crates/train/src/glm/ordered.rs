//! Regression of ordered classes, fitted.

use std::fmt;
use std::ops::Deref;

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat, MatMut, parallel, reduce};
use models::glm::{Link, OrderedModel, OrderedRegression, Penalty, between, cut_points};

use super::classes::{ClassFit, Classes};
use super::columns::Columns;
use super::information::{gram, known};
use super::multinomial::observations;
use super::problem::check;
use super::solve::{columns, dependence};
use super::{Coefficient, Fit, FitOptions, Observations, Solver};
use crate::solver::{Lbfgs, Newton, Status};
use crate::{Differentiable, FitError, Inference, Objective, TwiceDifferentiable};

/// A fitted regression of ordered classes with everything that is known about it. The intercept of the data is not fitted: the
/// thresholds take its place.
///
/// ```
/// use datasets::Dataset;
/// use linalg::Mat;
/// use models::glm::OrderedRegression;
/// use train::Fit;
/// let y = vec![0.0, 0.0, 1.0, 0.0, 1.0, 2.0, 1.0, 2.0, 2.0];
/// let data = Dataset::new(Mat::from_fn(9, 1, |i, _| i as f64), ["dose"], y, "grade");
/// let fit = OrderedRegression::new().fit(&data)?;
/// assert_eq!(fit.coefficients()[1].name, "0|1");
/// assert!(fit.coefficients()[0].estimate > 0.0 && fit.certificate().gradient_max < 1e-10);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OrderedFit {
    pub(super) fit: ClassFit,
    model: OrderedModel,
}

impl OrderedFit {
    /// The model, for predictions.
    pub fn model(&self) -> &OrderedModel {
        &self.model
    }
}

impl Deref for OrderedFit {
    type Target = ClassFit;

    fn deref(&self) -> &ClassFit {
        &self.fit
    }
}

impl fmt::Display for OrderedFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link = self.model.link();
        super::report::classes(f, &self.fit, &format!("Ordered regression, {link} link"))
    }
}

/// Weighted mean of −ln(F(ζⱼ − η) − F(ζⱼ₋₁ − η)): thresholds, then coefficients of standardised columns.
#[derive(Debug)]
pub(super) struct OrderedObjective<'p, 'a> {
    /// With a first column of ones, whose coefficient is held at 0: it centres the others.
    pub(super) design: &'p Columns<'a>,
    pub(super) classes: &'p Classes<'a>,
    pub(super) link: Link,
}

/// Sums over rows in the thresholds, and what is to be multiplied by the rows of the design.
struct Rows {
    loss: f64,
    slope: Vec<f64>,
    curvature: Mat<f64>,
    /// Of every row: slope and curvature in η, and the second derivatives in η and the thresholds above and below its class.
    each: Vec<[f64; 4]>,
}

impl OrderedObjective<'_, '_> {
    fn cuts(&self) -> usize {
        self.classes.labels.len() - 1
    }

    fn rows(&self, x: &[f64]) -> Rows {
        let cuts = self.cuts();
        let (thresholds, slopes) = x.split_at(cuts);
        let gamma: Vec<f64> = std::iter::once(0.0).chain(slopes.iter().copied()).collect();
        let n = self.classes.rows();
        let mut eta = vec![0.0; n];
        self.design.times(&gamma, &mut eta);
        let mut each = vec![[0.0; 4]; n];
        let mut terms = vec![[0.0; 6]; n];
        let weight = |i: usize| self.classes.weight(i);
        parallel::for_each_part(&mut terms, 1024, &|start, terms| {
            for (k, terms) in terms.iter_mut().enumerate() {
                let i = start + k;
                if weight(i) > 0.0 {
                    let (a, b) = cut_points(thresholds, self.classes.of(i), eta[i]);
                    let t = between(self.link, a, b);
                    *terms = [
                        t.loss,
                        t.slope[0],
                        t.slope[1],
                        t.curvature[0],
                        t.curvature[1],
                        t.curvature[2],
                    ]
                    .map(|t| weight(i) * t);
                }
            }
        });
        let (mut slope, mut curvature) = (vec![0.0; cuts], Mat::zeros(cuts, cuts));
        for i in 0..n {
            let j = self.classes.of(i);
            let [_, sa, sb, aa, ab, bb] = terms[i];
            each[i] = [-(sa + sb), aa + 2.0 * ab + bb, -(aa + ab), -(ab + bb)];
            if j < cuts {
                slope[j] += sa;
                curvature[(j, j)] += aa;
            }
            if j > 0 {
                slope[j - 1] += sb;
                curvature[(j - 1, j - 1)] += bb;
                if j < cuts {
                    curvature[(j, j - 1)] += ab;
                }
            }
        }
        Rows {
            loss: reduce::sum_by(n, |i| terms[i][0]),
            slope,
            curvature,
            each,
        }
    }

    /// Zᵀ u without the column of ones.
    fn transpose_times(&self, u: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.design.columns()];
        self.design.design().transpose_times(u, &mut out);
        self.design.outer(&mut out);
        out.remove(0);
        out
    }

    fn fill(&self, rows: &Rows, gradient: &mut [f64]) -> f64 {
        let (cuts, total) = (self.cuts(), self.classes.total);
        let slope: Vec<f64> = rows.each.iter().map(|each| each[0]).collect();
        let below = self.transpose_times(&slope);
        for (g, s) in gradient.iter_mut().zip(rows.slope.iter().chain(&below)) {
            *g = s / total;
        }
        debug_assert_eq!(gradient.len(), cuts + below.len());
        rows.loss / total
    }
}

impl Objective for OrderedObjective<'_, '_> {
    fn dimension(&self) -> usize {
        self.cuts() + self.design.columns() - 1
    }
}

impl Differentiable for OrderedObjective<'_, '_> {
    fn gradient(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let rows = self.rows(x);
        self.fill(&rows, gradient)
    }
}

impl TwiceDifferentiable for OrderedObjective<'_, '_> {
    fn hessian(&mut self, x: &[f64], gradient: &mut [f64], mut hessian: MatMut<'_, f64>) -> f64 {
        let rows = self.rows(x);
        let (cuts, total) = (self.cuts(), self.classes.total);
        for i in 0..cuts {
            for j in 0..=i {
                hessian[(i, j)] = rows.curvature[(i, j)] / total;
            }
            // The rows of the classes below and above a threshold.
            let cross: Vec<f64> = (0..rows.each.len())
                .map(|row| match self.classes.of(row) {
                    class if class == i => rows.each[row][2],
                    class if class == i + 1 => rows.each[row][3],
                    _ => 0.0,
                })
                .collect();
            for (j, value) in self.transpose_times(&cross).into_iter().enumerate() {
                hessian[(cuts + j, i)] = value / total;
            }
        }
        let curvature: Vec<f64> = rows.each.iter().map(|each| each[1]).collect();
        let inner = gram(self.design, &known(&curvature));
        for j in 1..inner.ncols() {
            for i in j..inner.nrows() {
                hessian[(cuts + i - 1, cuts + j - 1)] = inner[(i, j)] / total;
            }
        }
        self.fill(&rows, gradient)
    }
}

impl Fit for OrderedRegression {
    type Fitted = OrderedFit;

    fn fit_observations(
        &self,
        data: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<OrderedFit, FitError> {
        let link = self.chosen_link();
        if !matches!(
            link,
            Link::Logit | Link::Probit | Link::Cloglog | Link::Cauchit
        ) {
            return Err(FitError::Link {
                family: "ordered",
                link: link.name(),
                known: "logit, probit, cloglog, cauchit",
            });
        }
        check(&Penalty::none(), true, data)?;
        if !matches!(options.solver, Solver::Automatic | Solver::Newton) {
            return Err(FitError::Solver {
                solver: options.solver.name(),
                reason: "ordered models are fitted by Newton's method",
            });
        }
        if options.start.is_some() {
            return Err(FitError::Unused { what: "a start" });
        }
        data.in_memory("an ordered model")?;
        let classes = Classes::new(data)?;
        let design = columns(data, true, false)?;
        let mut objective = OrderedObjective {
            design: &design,
            classes: &classes,
            link,
        };
        let cuts = objective.cuts();
        let mut start = vec![0.0; objective.dimension()];
        let mut below = 0.0;
        for (threshold, count) in start.iter_mut().zip(&classes.counts[..cuts]) {
            below += count / classes.total;
            *threshold = link.of(below);
        }
        if link == Link::Cauchit {
            // Far from the optimum its loss bends down; there gradients alone lead on.
            let lbfgs = Lbfgs {
                tolerance: 1e-6,
                ..Lbfgs::default()
            };
            start = lbfgs.minimise(&mut objective, &start).x;
        }
        let newton = Newton {
            iterations: options.iterations.unwrap_or(100),
            ..Newton::default()
        };
        let (mut direction, mut steps) = (Vec::new(), 0);
        let outcome = newton
            .minimise_observed(&mut objective, &start, |_, step| {
                direction = step.direction.to_vec();
                steps = step.iteration;
                Ok::<(), LinalgError>(())
            })
            .map_err(|error| {
                // Thresholds stand first; the design's own first column, of ones, is not a parameter.
                let coefficient = |r: usize| (r + 1).saturating_sub(cuts);
                match dependence(error, &design, data, coefficient, steps) {
                    // Columns that are independent, on ground that has become flat.
                    FitError::Flat { .. } if steps > 0 && link != Link::Cauchit => {
                        runaway(data, &direction[cuts..])
                    }
                    error => error,
                }
            })?;
        let certificate = outcome.certificate;
        let ended = certificate.status == Status::Converged;
        let limited = certificate.status == Status::IterationLimit && options.iterations.is_some();
        if ended && certificate.distance > 1e-3 || !ended && !limited {
            if !ended {
                return Err(FitError::NotConverged { certificate });
            }
            return Err(runaway(data, &direction[cuts..]));
        }
        let at_data = |x: &[f64]| to_data(&design, cuts, x);
        let estimates = at_data(&outcome.x);
        let m = estimates.len();
        let factor = Cholesky::new(outcome.hessian.as_ref())
            .map_err(|source| FitError::Linalg { source })?;
        let inverse = factor.inverse();
        // Columns of the linear map from the solver's coordinates, applied from both sides.
        let mut unit = vec![0.0; m];
        let mut map = Mat::zeros(m, m);
        for j in 0..m {
            unit[j] = 1.0;
            for (i, value) in at_data(&unit).into_iter().enumerate() {
                map[(i, j)] = value;
            }
            unit[j] = 0.0;
        }
        let covariance = &map * &inverse * map.transpose();
        let covariance = Mat::from_fn(m, m, |i, j| covariance[(i, j)] / classes.total);
        let labels = &classes.labels;
        let between = labels
            .windows(2)
            .map(|pair| format!("{}|{}", pair[0], pair[1]));
        let names = data.names.iter().cloned().chain(between);
        let coefficients: Vec<Coefficient> = names
            .zip(&estimates)
            .enumerate()
            .map(|(j, (name, &estimate))| Coefficient {
                name,
                estimate,
                inference: Some(Inference::wald(estimate, covariance[(j, j)].sqrt())),
            })
            .collect();
        let slopes = data.names.len();
        let model = OrderedModel::new(
            link,
            estimates[slopes..].to_vec(),
            estimates[..slopes].to_vec(),
        );
        let fit = ClassFit {
            target: data.target_name.to_owned(),
            observations: observations(data),
            effective: classes.total,
            classes: vec![None; coefficients.len()],
            coefficients,
            covariance: Some(covariance),
            penalised: false,
            log_likelihood: -outcome.value * classes.total,
            null_log_likelihood: classes.null_log_likelihood(),
            labels: classes.labels,
            solver: Solver::Newton,
            reason: "the only one for ordered classes",
            certificate,
        };
        Ok(OrderedFit { fit, model })
    }
}

/// Coefficients and thresholds of the data from thresholds and coefficients in the coordinates of the solvers.
pub(super) fn to_data(design: &Columns<'_>, cuts: usize, x: &[f64]) -> Vec<f64> {
    let slopes = x[cuts..].iter().copied();
    let gamma: Vec<f64> = std::iter::once(0.0).chain(slopes).collect();
    let mut beta = design.coefficients_to_data(&gamma);
    // The intercept of centred columns is −Σ β loc, which thresholds of the data do not have.
    let intercept = beta.remove(0);
    beta.extend(x[..cuts].iter().map(|threshold| threshold - intercept));
    beta
}

/// That the likelihood rises without end along a direction of the coefficients: those that it moves.
fn runaway(data: &Observations<'_>, direction: &[f64]) -> FitError {
    let largest = reduce::max_abs(direction);
    let names = data.names.iter().zip(direction);
    let names = names.filter(|(_, p)| p.abs() >= 1e-2 * largest);
    FitError::Runaway {
        columns: names.map(|(name, _)| name.clone()).collect(),
    }
}
