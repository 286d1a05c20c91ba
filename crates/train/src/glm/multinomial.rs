//! Multinomial regression, fitted.

use std::fmt;
use std::ops::Deref;

use linalg::solve::Cholesky;
use linalg::{Mat, MatRef, reduce};
use models::glm::{MultinomialModel, MultinomialRegression, Penalty};

use super::classes::{ClassFit, Classes};
use super::columns::Columns;
use super::multinomial_solve::solve;
use super::problem::check;
use super::softmax::SoftmaxObjective;
use super::solve::{columns, dependence, name_of};
use super::terms::PenaltyTerms;
use super::{Coefficient, Fit, FitOptions, INTERCEPT, Observations, Solver, multinomial_firth};
use crate::solver::{Separable, Status};
use crate::{FitError, Inference, TwiceDifferentiable};

/// A fitted multinomial regression with everything that is known about it.
///
/// ```
/// use datasets::iris;
/// use models::glm::{MultinomialRegression, Penalty};
/// use train::Fit;
/// let model = MultinomialRegression::new().penalised(Penalty::ridge(0.01));
/// let fit = model.fit(&iris())?;
/// let right = fit.model().predict(iris().features.as_ref())?;
/// let hits = right.iter().zip(&iris().target).filter(|(k, y)| **k as f64 == **y).count();
/// assert!(hits >= 145, "{hits} of 150");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct MultinomialFit {
    pub(super) fit: ClassFit,
    model: MultinomialModel,
    penalty: Penalty,
}

impl MultinomialFit {
    /// The model, for predictions.
    pub fn model(&self) -> &MultinomialModel {
        &self.model
    }

    /// The penalty in force.
    pub fn penalty(&self) -> &Penalty {
        &self.penalty
    }
}

impl Deref for MultinomialFit {
    type Target = ClassFit;

    fn deref(&self) -> &ClassFit {
        &self.fit
    }
}

impl fmt::Display for MultinomialFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::report::classes(f, &self.fit, "Multinomial regression, logit link")
    }
}

/// The largest number of parameters for which the Hessian is formed without being asked.
const FEW: usize = 400;
/// The largest number of parameters with standard errors.
const KNOWN: usize = 2000;
/// A step that is this large, in standard deviations of the columns, where nothing is left to gain leads to infinity.
const RUNAWAY: f64 = 1e-3;

impl Fit for MultinomialRegression {
    type Fitted = MultinomialFit;

    fn fit_observations(
        &self,
        data: &Observations<'_>,
        options: &FitOptions,
    ) -> Result<MultinomialFit, FitError> {
        let intercept = self.has_intercept() && data.intercept;
        check(self.penalty(), intercept, data)?;
        if options.start.is_some() {
            return Err(FitError::Unused { what: "a start" });
        }
        if !self.penalty().bounds.is_empty() {
            return Err(FitError::Solver {
                solver: "multinomial",
                reason: "bounds on coefficients that are differences between classes would depend on the order of the classes",
            });
        }
        let classes = Classes::new(data)?;
        let penalised = !self.penalty().is_none();
        let design = columns(data, intercept, penalised)?;
        let terms = PenaltyTerms::new(self.penalty(), data, intercept)?;
        let k = classes.labels.len();
        // Only the intercept and what a penalty leaves free need a reference class.
        let is_free =
            |j: usize, class: usize| class > 0 || penalised && terms.l1[j] + terms.l2[j] > 0.0;
        let free: Vec<(usize, usize)> = (0..k)
            .flat_map(|class| (0..design.columns()).map(move |j| (j, class)))
            .filter(|(j, class)| is_free(*j, *class))
            .collect();
        let ridge = terms.ridge(&design);
        let mut objective = SoftmaxObjective::new(&design, &classes, &free, &ridge);
        let log_share = |class: usize| (classes.counts[class] / classes.counts[0]).ln();
        let start: Vec<f64> = free
            .iter()
            .map(|&(j, class)| {
                if intercept && j == 0 {
                    log_share(class)
                } else {
                    0.0
                }
            })
            .collect();
        let separable = terms.separable_of(&design, &free);
        let (solver, reason) = choose(options.solver, &separable, free.len())?;
        let firth = self.is_firth();
        if firth && penalised {
            return Err(FitError::Solver {
                solver: "firth",
                reason: "Firth's penalty and another do not go together",
            });
        }
        let plain = !penalised && !firth;
        let mut direction = Vec::new();
        let mut outcome = if firth {
            data.in_memory("Firth's penalty")?;
            multinomial_firth::solve(&design, &classes, &start, options).map_err(|error| {
                match error {
                    FitError::Linalg { source } => dependence(source, &design, data, |j| j, 0),
                    error => error,
                }
            })?
        } else {
            solve(
                &mut objective,
                &separable,
                &start,
                solver,
                options,
                &mut direction,
            )
            .map_err(|error| {
                match dependence(error, &design, data, |r| free[r].0, 0) {
                    // Columns that are independent, on ground that has become flat.
                    error @ (FitError::Flat { .. } | FitError::Linalg { .. })
                        if plain && !direction.is_empty() =>
                    {
                        match moving(data, &design, &free, &direction) {
                            columns if columns.is_empty() => error,
                            columns => FitError::Runaway { columns },
                        }
                    }
                    error => error,
                }
            })?
        };
        let certificate = outcome.certificate;
        if plain && certificate.distance > RUNAWAY && certificate.status == Status::Converged
            || certificate.status == Status::Stalled
        {
            return Err(runaway(data, &design, &free, &direction, certificate));
        }
        // Of the mean loss; that of the sum is larger by the total weight.
        let mut covariance = None;
        if !penalised && free.len() <= KNOWN {
            if solver != Solver::Newton || firth {
                let mut gradient = vec![0.0; free.len()];
                outcome.hessian = Mat::zeros(free.len(), free.len());
                outcome.value =
                    objective.hessian(&outcome.x, &mut gradient, outcome.hessian.as_mut());
            }
            let factor = Cholesky::new(outcome.hessian.as_ref())
                .map_err(|source| FitError::Linalg { source })?;
            let inverse = factor.inverse();
            covariance = Some(to_data(&design, inverse.as_ref(), classes.total, k));
        }
        let loss = outcome.value
            - separable.value(&outcome.x)
            - 0.5 * reduce::sum_by(free.len(), |r| ridge[free[r].0] * outcome.x[r].powi(2));
        let mut estimates: Vec<Vec<f64>> = vec![vec![0.0; design.columns()]; k];
        for (x, &(j, class)) in outcome.x.iter().zip(&free) {
            estimates[class][j] = *x;
        }
        let mut estimates: Vec<Vec<f64>> = estimates
            .iter()
            .map(|gamma| design.coefficients_to_data(gamma))
            .collect();
        let first = usize::from(!penalised);
        if penalised && intercept {
            let mean = estimates.iter().map(|beta| beta[0]).sum::<f64>() / k as f64;
            estimates.iter_mut().for_each(|beta| beta[0] -= mean);
        }
        let names: Vec<String> = intercept
            .then(|| INTERCEPT.to_owned())
            .into_iter()
            .chain(data.names.iter().cloned())
            .collect();
        let mut coefficients = Vec::new();
        let mut of_class = Vec::new();
        for (class, beta) in estimates.iter().enumerate().skip(first) {
            for (name, &estimate) in names.iter().zip(beta) {
                let r = coefficients.len();
                let error = covariance.as_ref().map(|c| c[(r, r)].sqrt());
                coefficients.push(Coefficient {
                    name: name.clone(),
                    estimate,
                    inference: error.map(|error| Inference::wald(estimate, error)),
                });
                of_class.push(Some(class));
            }
        }
        let at = usize::from(intercept);
        let model = MultinomialModel::new(
            estimates
                .iter()
                .map(|beta| if intercept { beta[0] } else { 0.0 })
                .collect(),
            Mat::from_fn(data.names.len(), k, |j, class| estimates[class][j + at]),
        );
        let fit = ClassFit {
            target: data.target_name.to_owned(),
            observations: observations(data),
            effective: classes.total,
            coefficients,
            classes: of_class,
            covariance,
            penalised: penalised || firth,
            log_likelihood: -loss * classes.total,
            null_log_likelihood: classes.null_log_likelihood(),
            labels: classes.labels,
            solver,
            reason,
            certificate,
        };
        Ok(MultinomialFit {
            fit,
            model,
            penalty: self.penalty().clone(),
        })
    }
}

/// The rows that count.
pub(super) fn observations(data: &Observations<'_>) -> usize {
    let cut = data.partition();
    match &data.weights {
        Some(weights) => cut.number(|row| weights[row] > 0.0),
        None => cut.total(),
    }
}

fn choose(
    wish: Solver,
    separable: &Separable,
    parameters: usize,
) -> Result<(Solver, &'static str), FitError> {
    let refuse = |reason| FitError::Solver {
        solver: wish.name(),
        reason,
    };
    match wish {
        Solver::CoordinateDescent => Err(refuse("multinomial models are not among those it fits")),
        Solver::Lbfgs | Solver::NewtonCg if !separable.is_none() => Err(refuse(
            "it needs a smooth objective, without l1 penalties and bounds",
        )),
        Solver::Automatic if parameters <= FEW => Ok((
            Solver::Newton,
            "few enough coefficients for the full Hessian",
        )),
        Solver::Automatic if separable.is_none() => Ok((
            Solver::NewtonCg,
            "too many coefficients for the full Hessian; the mean curvature of each class scales the steps",
        )),
        Solver::Automatic => Ok((Solver::Newton, "the only one for this penalty")),
        _ => Ok((wish, "asked for")),
    }
}

/// The covariance of the coefficients of the data, block by block, from the inverse Hessian of the mean loss.
fn to_data(design: &Columns<'_>, inverse: MatRef<'_, f64>, total: f64, k: usize) -> Mat<f64> {
    let d = design.columns();
    let mut out = Mat::zeros(inverse.nrows(), inverse.ncols());
    for a in 0..k - 1 {
        for b in 0..k - 1 {
            let block = inverse.submatrix(a * d, b * d, d, d);
            let block = design.covariance_to_data(block);
            for j in 0..d {
                for i in 0..d {
                    out[(a * d + i, b * d + j)] = block[(i, j)] / total;
                }
            }
        }
    }
    out
}

/// Estimates that go to infinity, with the columns that do.
fn runaway(
    data: &Observations<'_>,
    design: &Columns<'_>,
    free: &[(usize, usize)],
    direction: &[f64],
    certificate: crate::Certificate,
) -> FitError {
    if certificate.status != Status::Converged && certificate.newton_decrement > 1e-3 {
        return FitError::NotConverged { certificate };
    }
    FitError::Runaway {
        columns: moving(data, design, free, direction),
    }
}

/// The columns whose coefficients a step moves.
fn moving(
    data: &Observations<'_>,
    design: &Columns<'_>,
    free: &[(usize, usize)],
    direction: &[f64],
) -> Vec<String> {
    let largest = reduce::max_abs(direction);
    let mut columns: Vec<String> = Vec::new();
    for (p, (j, _)) in direction.iter().zip(free) {
        let name = name_of(design, data, *j);
        if p.abs() >= 1e-2 * largest && name != INTERCEPT && !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}
