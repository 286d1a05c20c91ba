//! Coordinate descent on working sets: for dense data with many columns, of which an l1 penalty selects few.
//!
//! The quadratic model of the loss is kept for the columns of the working set alone (Friedman, Hastie and Tibshirani 2010; Johnson
//! and Guestrin 2015). Along a path of penalties the set, its columns and their products are kept.

mod set;

use linalg::{Mat, MatRef, parallel, reduce};
use models::glm::{Distribution, Family, Link};

use super::FitOptions;
use super::columns::Columns;
use super::duality::duality_gap;
use super::problem::Problem;
use super::terms::PenaltyTerms;
use super::working::Working;
use crate::FitError;
use crate::solver::{Certificate, Outcome, Separable, Status};

/// True if the loss of the model is one that this solver knows a dual of.
pub(super) fn can(problem: &Problem<'_>) -> bool {
    matches!(
        (problem.family.distribution, problem.family.link),
        (Distribution::Gaussian, Link::Identity)
            | (Distribution::Binomial, Link::Logit)
            | (Distribution::Poisson, Link::Log)
    )
}

/// One fit.
pub(super) fn descend(
    problem: &Problem<'_>,
    terms: &PenaltyTerms,
    design: &Columns<'_>,
    start: &[f64],
    options: &FitOptions,
) -> Result<Outcome, FitError> {
    let mut descent = CoordinateDescent::new(problem, design, start)?;
    let penalty = ScaledPenalty {
        separable: terms.separable(design),
        ridge: terms.ridge(design),
    };
    descent.minimise(
        &penalty,
        options.tolerance,
        options.iterations.unwrap_or(500),
    )
}

/// A penalty in the coordinates of the solvers.
#[derive(Debug)]
pub(super) struct ScaledPenalty {
    pub(super) separable: Separable,
    pub(super) ridge: Vec<f64>,
}

/// The state of a descent; a path goes on from the last penalty's.
pub(super) struct CoordinateDescent<'p, 'a> {
    problem: &'p Problem<'a>,
    design: &'p Columns<'a>,
    x: MatRef<'a, f64>,
    total: f64,
    pub(super) point: Vec<f64>,
    eta: Vec<f64>,
    /// Slopes and curvatures of the rows' losses, weighted, by the total weight.
    slope: Vec<f64>,
    curvature: Vec<f64>,
    pub(super) loss: f64,
    /// Gradient of the loss in every coordinate, if it is that of the point.
    pub(super) gradient: Vec<f64>,
    stale: bool,
    /// The slopes of the rows when all coordinates' gradients were last computed, and these.
    reference: Option<(Vec<f64>, Vec<f64>)>,
    work: Working,
    iterations: usize,
    null: f64,
}

/// Coordinates whose slope is above this part of their penalty enter the set of a path.
const REACH: f64 = 0.97;

/// Curvatures that have changed by this part ask for another model.
const DRIFT: f64 = 0.05;

impl<'p, 'a> CoordinateDescent<'p, 'a> {
    pub(super) fn new(
        problem: &'p Problem<'a>,
        design: &'p Columns<'a>,
        start: &[f64],
    ) -> Result<Self, FitError> {
        let super::Explanatory::Dense(x) = problem.data.features else {
            return Err(FitError::Solver {
                solver: "coordinate-descent",
                reason: "it fits dense data",
            });
        };
        let (n, d) = (problem.y.len(), design.columns());
        let mut descent = Self {
            problem,
            design,
            x,
            total: problem.total(),
            point: start.to_vec(),
            eta: problem.predictors(design, start),
            slope: vec![0.0; n],
            curvature: vec![0.0; n],
            loss: 0.0,
            gradient: vec![0.0; d],
            stale: true,
            reference: None,
            work: Working::new(d),
            iterations: 0,
            null: 0.0,
        };
        // The loss of the intercept and the offset alone.
        let own = std::mem::take(&mut descent.eta);
        let null: Vec<f64> = (0..n)
            .map(|i| {
                let start = if design.has_intercept() {
                    start[0]
                } else {
                    0.0
                };
                start + problem.offset(i)
            })
            .collect();
        descent.loss = descent.evaluate(&null);
        descent.eta = null;
        let kept = descent.point.first().copied();
        descent.centre();
        descent.null = descent.loss - super::likelihood::saturated(problem) / descent.total;
        if let (Some(kept), true) = (kept, design.has_intercept()) {
            descent.point[0] = kept;
        }
        descent.loss = descent.evaluate(&own);
        descent.eta = own;
        descent.stale = true;
        Ok(descent)
    }

    /// The mean loss above that of a perfect fit, of a model that knows nothing: what gaps are compared with.
    pub(super) fn null_loss(&self) -> f64 {
        self.null
    }

    /// Mean loss at linear predictors; slopes and curvatures of the rows.
    fn evaluate(&mut self, eta: &[f64]) -> f64 {
        let n = eta.len();
        let mut loss = vec![0.0; n];
        let family = self.problem.family;
        family.block(
            eta,
            self.problem.y.rows(0..n, &mut []),
            &mut loss,
            &mut self.slope,
            &mut self.curvature,
        );
        for i in 0..n {
            let weight = self.problem.weight(i) / self.total;
            if weight > 0.0 {
                loss[i] *= weight;
                self.slope[i] *= weight;
                self.curvature[i] *= weight;
            } else {
                (loss[i], self.slope[i], self.curvature[i]) = (0.0, 0.0, 0.0);
            }
        }
        reduce::sum(&loss)
    }

    /// Brings the intercept to its minimum, given the others, by Newton's method: the duality gap takes its gradient to be 0.
    fn centre(&mut self) {
        if !self.design.has_intercept() {
            return;
        }
        for _ in 0..50 {
            let (slope, curvature) = (reduce::sum(&self.slope), reduce::sum(&self.curvature));
            let size = reduce::sum_by(self.slope.len(), |i| self.slope[i].abs());
            let step = -slope / curvature;
            if slope.abs() <= 1e-15 * size || !step.is_finite() {
                return;
            }
            let eta = std::mem::take(&mut self.eta);
            let moved: Vec<f64> = eta.iter().map(|eta| eta + step).collect();
            let old = self.loss;
            self.loss = self.evaluate(&moved);
            if self.loss.is_nan() || self.loss > old + 64.0 * f64::EPSILON * old.abs() {
                // Too far: the others will bring it nearer.
                self.loss = self.evaluate(&eta);
                self.eta = eta;
                return;
            }
            self.eta = moved;
            self.point[0] += step;
            self.stale = true;
        }
    }

    /// The gradient of the loss in all coordinates that may matter: of those whose slope cannot have grown to its penalty since all were
    /// computed, by the inequality of Cauchy and Schwarz, the old one stays.
    fn update_gradient(&mut self, penalty: &ScaledPenalty) {
        if !self.stale {
            return;
        }
        self.stale = false;
        let Columns::Dense(z) = self.design else {
            return;
        };
        let k = usize::from(self.design.has_intercept());
        let (x, slope, d) = (self.x, &self.slope, self.point.len());
        if k == 1 {
            self.gradient[0] = reduce::sum(slope);
        }
        if let Some((reference, gradient)) = &self.reference {
            // No column is longer than √n.
            let n = slope.len();
            let square = reduce::sum_by(n, |i| (slope[i] - reference[i]).powi(2));
            let drift = (square * n as f64).sqrt();
            let matters = |j: &usize| {
                self.work.place[*j].is_some()
                    || gradient[*j].abs() + drift >= REACH * penalty.separable.l1(*j)
            };
            let few: Vec<usize> = (k..d).filter(matters).collect();
            if few.len() <= d / 3 {
                let mut products = vec![0.0; few.len()];
                parallel::for_each_part(&mut products, 64, &|start, out| {
                    for (j, out) in few[start..].iter().zip(out) {
                        let one = std::slice::from_mut(out);
                        z.columns_times(x.subcols(j - k, 1), j - k, slope, one);
                    }
                });
                for (j, product) in few.into_iter().zip(products) {
                    self.gradient[j] = product;
                }
                return;
            }
        }
        parallel::for_each_part(&mut self.gradient[k..], 256, &|start, out| {
            z.columns_times(x.subcols(start, out.len()), start, slope, out);
        });
        self.reference = Some((self.slope.clone(), self.gradient.clone()));
    }

    /// Minimises for a penalty from the present point: to a duality gap of `tolerance` times that of no model at all, or to working
    /// precision.
    pub(super) fn minimise(
        &mut self,
        penalty: &ScaledPenalty,
        tolerance: Option<f64>,
        limit: usize,
    ) -> Result<Outcome, FitError> {
        self.iterations = 0;
        let d = self.point.len();
        let mut best_gap = f64::INFINITY;
        let (mut tighter, mut rounds, mut done) = (0.03, 0, false);
        // Along a path slopes change by about as much as the penalty: the sequential strong rule (Tibshirani and others 2012), halved.
        let reach = if tolerance.is_some() { REACH } else { 1.0 };
        loop {
            self.centre();
            self.update_gradient(penalty);
            let gradient: Vec<f64> = (0..d)
                .map(|j| self.gradient[j] + penalty.ridge[j] * self.point[j])
                .collect();
            let sub = |j: usize| penalty.separable.subgradient(j, self.point[j], gradient[j]);
            let violations: Vec<f64> = (0..d).map(|j| sub(j).abs()).collect();
            let largest = reduce::max_abs(&violations);
            let steepest = reduce::max_abs(&self.gradient);
            let value = self.value(penalty);
            let gap = duality_gap(
                self.problem,
                &self.eta,
                &self.slope,
                &self.gradient,
                penalty,
                value,
            );
            let within = match (tolerance, gap) {
                (Some(tolerance), Some(gap)) => gap <= tolerance * self.null,
                (Some(tolerance), None) => largest <= tolerance * self.null.sqrt(),
                (None, _) => largest <= 1e-13 * (1.0 + reduce::max_abs(&self.gradient)),
            };
            let outside = (0..d).filter(|j| self.work.place[*j].is_none());
            let mut entering: Vec<usize> = outside
                .filter(|&j| {
                    // Those that are near are expected to enter soon, too.
                    let near = gradient[j].abs() > reach * penalty.separable.l1(j);
                    violations[j] > 0.0 || self.point[j] != 0.0 || near
                })
                .collect();
            // No progress in the gap for the set as it stands, and nobody left to enter: this is working precision.
            let settled = tolerance.is_none()
                && entering.iter().all(|j| violations[*j] <= 1e-13)
                && gap.is_none_or(|gap| gap >= 0.5 * best_gap || gap <= 1e-15 * self.null)
                && done;
            best_gap = best_gap.min(gap.unwrap_or(f64::INFINITY));
            let over = self.iterations >= limit || rounds >= 20 * limit.max(10);
            if within || settled || over {
                let status = if within || settled && largest <= 1e-9 * (1.0 + steepest) {
                    Status::Converged
                } else if settled {
                    Status::Stalled
                } else {
                    Status::IterationLimit
                };
                let certificate = Certificate {
                    status,
                    iterations: self.iterations,
                    gradient_max: largest,
                    newton_decrement: gap.map_or(largest, |gap| (2.0 * gap.max(0.0)).sqrt()),
                    // The step of the coordinate that violates most: no column is longer than √n.
                    distance: largest / reduce::sum(&self.curvature),
                    backward_error: 0.0,
                    duality_gap: gap,
                };
                return Ok(Outcome {
                    x: self.point.clone(),
                    value,
                    gradient,
                    hessian: Mat::new(),
                    certificate,
                });
            }
            // Those that violate most enter: at most as many as there are, so that the set stays in proportion to the answer, and of those
            // that are only near a tenth of that.
            let most = self.work.set.len().max(20);
            let violating = entering.iter().filter(|j| violations[**j] > 0.0).count();
            let most = most.min(violating + most / 10);
            entering.sort_by(|a, b| violations[*b].total_cmp(&violations[*a]).then(a.cmp(b)));
            entering.truncate(most);
            if self.work.metric.is_empty() {
                self.work.leave(self.eta.len(), &self.point);
            }
            self.work.enter(self.eta.len(), self.design, &entering);
            // The restricted problem a good deal better than the whole, and better still if that was not enough.
            let wanted = tolerance.map_or(0.0, |tolerance| tighter * tolerance * self.null);
            rounds += 1;
            if violating == 0 || rounds > 2 {
                tighter *= 0.1;
            }
            done = self.within_set(penalty, wanted, limit);
        }
    }

    /// The objective, penalty included.
    fn value(&self, penalty: &ScaledPenalty) -> f64 {
        let ridge = reduce::sum_by(self.point.len(), |j| {
            penalty.ridge[j] * self.point[j].powi(2)
        });
        self.loss + 0.5 * ridge + penalty.separable.value(&self.point)
    }
}
