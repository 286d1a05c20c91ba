//! The optimum of a generalised linear model.

use std::ops::Range;

use linalg::solve::Cholesky;
use linalg::{LinalgError, Mat, Unstandardisable};

use super::columns::Columns;
use super::information::gram;
use super::objective::{At, GlmObjective};
use super::problem::Problem;
use super::separation::{self, Stop};
use super::terms::PenaltyTerms;
use super::{FitOptions, INTERCEPT, Observations, Solver};
use crate::FitError;
use crate::solver::{Certificate, Lbfgs, Newton, NewtonCg, Outcome, Separable, Status};

/// How often the columns are standardised anew.
const ROUNDS: usize = 3;

/// The coefficients of the largest Hessian, which takes 0.8 GB; up to four of its size exist at a time.
const MOST: usize = 10_000;

/// Rows from which a sample is worth looking at first, and rows of the smallest sample.
pub(super) const MANY: usize = 50_000;
const SAMPLE: usize = 4096;

/// The optimum, with the design in whose coordinates it stands.
#[derive(Debug)]
pub(super) struct Solved<'a> {
    pub(super) design: Columns<'a>,
    pub(super) terms: PenaltyTerms,
    pub(super) outcome: Outcome,
    pub(super) at: At,
    pub(super) solver: Solver,
    pub(super) reason: &'static str,
}

pub(super) fn solve<'a>(
    problem: &Problem<'a>,
    options: &FitOptions,
) -> Result<Solved<'a>, FitError> {
    let data = &problem.data;
    let design = columns(data, problem.intercept, !problem.penalty.is_none())?;
    let terms = PenaltyTerms::new(&problem.penalty, data, problem.intercept)?;
    let separable = terms.separable(&design);
    let (solver, reason) = choose(problem, &design, &separable, options.solver)?;
    let start = match &options.start {
        Some(start) if start.len() != design.columns() => {
            return Err(FitError::Start {
                found: start.len(),
                expected: design.columns(),
            });
        }
        Some(start) => design.coefficients_from_data(start),
        None => problem.start(&design)?,
    };
    let (design, outcome, at) = match solver {
        Solver::Newton => by_newton(problem, &terms, design, start, options)?,
        Solver::CoordinateDescent => {
            data.in_memory("coordinate descent")?;
            let outcome = super::coordinate::descend(problem, &terms, &design, &start, options)?;
            separation::Watch::new(problem, &terms, true).end(&design, &outcome)?;
            let at = GlmObjective::new(&design, problem, Vec::new()).last(&outcome.x);
            (design, outcome, at)
        }
        _ => by_gradients(problem, &terms, design, &start, options, solver)?,
    };
    Ok(Solved {
        design,
        terms,
        outcome,
        at,
        solver,
        reason,
    })
}

/// The solver that suits the problem.
fn choose(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    separable: &Separable,
    wish: Solver,
) -> Result<(Solver, &'static str), FitError> {
    let (d, smooth) = (design.columns(), separable.is_none());
    let refuse = |reason| FitError::Solver {
        solver: wish.name(),
        reason,
    };
    let sparse = matches!(design, Columns::Sparse(_));
    let descends = !problem.data.features.in_leaves() && !sparse && super::coordinate::can(problem);
    match wish {
        Solver::Automatic => {}
        Solver::Newton if d > MOST => {
            return Err(FitError::TooManyCoefficients {
                coefficients: d,
                limit: MOST,
            });
        }
        Solver::Lbfgs | Solver::NewtonCg if !smooth => {
            return Err(refuse(
                "it needs a smooth objective, without l1 penalties and bounds",
            ));
        }
        Solver::CoordinateDescent if !descends => {
            return Err(refuse(
                "it fits dense gaussian, binomial (logit) and poisson (log) models whose rows are all in memory",
            ));
        }
        _ => return Ok((wish, "asked for")),
    }
    // Columns for which products of all pairs cost little beside the passes over the data.
    let few = if sparse { 300 } else { 1500 };
    Ok(match (smooth, d <= few) {
        (_, true) if smooth || d <= 300 || problem.number_of_rows() >= 5 * d => (
            Solver::Newton,
            "few enough coefficients for the full Hessian",
        ),
        (true, _) => (
            Solver::NewtonCg,
            "too many coefficients for the full Hessian",
        ),
        (false, _) if descends => (
            Solver::CoordinateDescent,
            "many columns, of which a penalty selects few",
        ),
        (false, _) if d <= MOST => (Solver::Newton, "the only one for this penalty and design"),
        (false, _) => {
            return Err(FitError::TooManyCoefficients {
                coefficients: d,
                limit: MOST,
            });
        }
    })
}

/// L-BFGS and Newton's method by conjugate gradients.
fn by_gradients<'a>(
    problem: &Problem<'a>,
    terms: &PenaltyTerms,
    design: Columns<'a>,
    start: &[f64],
    options: &FitOptions,
    solver: Solver,
) -> Result<(Columns<'a>, Outcome, At), FitError> {
    let mut watch = separation::Watch::new(problem, terms, true);
    let tolerance = options.tolerance.unwrap_or(1e-12);
    let ridge = terms.ridge(&design);
    let mut objective = GlmObjective::new(&design, problem, ridge);
    let result = if solver == Solver::Lbfgs {
        let lbfgs = Lbfgs {
            iterations: options.iterations.unwrap_or(5000),
            tolerance,
            ..Lbfgs::default()
        };
        let unscaled = |_: &mut GlmObjective<'_, 'a>, _: &[f64], _: &mut [f64]| false;
        lbfgs.minimise_preconditioned(&mut objective, start, unscaled, |_, step| {
            watch.step(&design, &step)
        })
    } else {
        let newton = NewtonCg {
            iterations: options.iterations.unwrap_or(200),
            tolerance,
            ..NewtonCg::default()
        };
        let unscaled = |_: &mut GlmObjective<'_, 'a>, _: &[f64], r: &[f64], z: &mut [f64]| {
            z.copy_from_slice(r);
        };
        newton.minimise_preconditioned(&mut objective, start, unscaled, |_, step| {
            watch.step(&design, &step)
        })
    };
    match result {
        Ok(outcome) => {
            watch.end(&design, &outcome)?;
            let at = objective.last(&outcome.x);
            Ok((design, outcome, at))
        }
        Err(Stop::Separated(error)) => Err(error),
        Err(Stop::Linalg(source)) => Err(FitError::Linalg { source }),
    }
}

/// Newton's method.
///
/// Where extreme rows rule a column's standardisation, the columns can look collinear to the weights of the fit, in which
/// those rows do not count. Then the columns are standardised again by these weights, and the fit goes on.
fn by_newton<'a>(
    problem: &Problem<'a>,
    terms: &PenaltyTerms,
    mut design: Columns<'a>,
    mut start: Vec<f64>,
    options: &FitOptions,
) -> Result<(Columns<'a>, Outcome, At), FitError> {
    let limited = options.iterations.is_some();
    let tolerance = problem.rounding();
    let mut watch = separation::Watch::new(problem, terms, limited);
    let mut metric = None;
    let mut hessian_cost = None;
    if problem.number_of_rows() >= MANY {
        hessian_cost = Some(1.0 + design.columns() as f64 / 25.0);
        if let Some((x, hessian)) = from_samples(problem, terms, &design, &start, options) {
            (start, metric) = (x, Some(hessian));
        }
        watch.patient();
    }
    let mut rounds = 0;
    loop {
        let separable = terms.separable(&design);
        let mut objective = GlmObjective::new(&design, problem, terms.ridge(&design));
        let newton = Newton {
            // A round of so many steps is enough for a well-conditioned problem.
            iterations: options.iterations.unwrap_or(30),
            hessian_cost,
            tolerance,
        };
        let first = metric.take();
        let result =
            newton.minimise_composite(&mut objective, &separable, &start, first, |_, step| {
                watch.step(&design, &step)
            });
        let last_round = rounds == ROUNDS || limited;
        let column = match result {
            Ok(outcome) if outcome.certificate.status == Status::Converged || last_round => {
                watch.end(&design, &outcome)?;
                let at = objective.last(&outcome.x);
                let certificate = Certificate {
                    iterations: watch.iterations() - 1,
                    ..outcome.certificate
                };
                let outcome = Outcome {
                    certificate,
                    ..outcome
                };
                return Ok((design, outcome, at));
            }
            Ok(_) => 0,
            Err(Stop::Separated(error)) => return Err(error),
            Err(Stop::Linalg(error)) => {
                if let Some(error) = watch.verdict_of_last_step(&design) {
                    return Err(error);
                }
                match (&error, watch.last_point()) {
                    // At the start the weights are equal: a singular Hessian is the columns' fault.
                    (LinalgError::Dependent { .. }, None) => {
                        return Err(collinear(&design, &problem.data, &error)
                            .unwrap_or(FitError::Linalg { source: error }));
                    }
                    (LinalgError::Dependent { column, .. }, Some(_)) => *column,
                    _ => return Err(FitError::Linalg { source: error }),
                }
            }
        };
        let last = watch.last_point().unwrap_or(&start).to_vec();
        let flat = FitError::Flat {
            column: name_of(&design, &problem.data, column),
            iterations: watch.iterations(),
        };
        rounds += 1;
        if rounds > ROUNDS {
            return Err(flat);
        }
        let beta = design.coefficients_to_data(&last);
        let Columns::Dense(standardised) = &design else {
            return Err(flat);
        };
        let curvature =
            |rows: Range<usize>, out: &mut [f64]| objective.curvature_at(&last, rows, out);
        let again = standardised.reweighted(&curvature).map_err(|_| flat)?;
        design = Columns::Dense(again);
        start = design.coefficients_from_data(&beta);
        watch.restart(&start);
    }
}

/// A point near the optimum and the Hessian there, from samples of the rows of growing size; `None` if they do not say.
fn from_samples(
    problem: &Problem<'_>,
    terms: &PenaltyTerms,
    design: &Columns<'_>,
    start: &[f64],
    options: &FitOptions,
) -> Option<(Vec<f64>, Mat<f64>)> {
    let (n, d) = (problem.number_of_rows(), design.columns());
    let smallest = SAMPLE.max(40 * d);
    let mut every = 1;
    while n / (8 * every) >= smallest {
        every *= 8;
    }
    let separable = terms.separable(design);
    // What the data do not tell is not looked for in a sample.
    let mut x = match options.start {
        Some(_) => return None,
        None => start.to_vec(),
    };
    let mut hessian = None;
    while every > 1 {
        let mut objective = GlmObjective::new(design, problem, terms.ridge(design)).sampled(every);
        let newton = Newton {
            iterations: 15,
            // A sample of m rows is some √(d/m) from the optimum.
            tolerance: 0.2 * ((d * every) as f64 / n as f64).sqrt(),
            ..Newton::default()
        };
        let observe = |_: &mut GlmObjective<'_, '_>, _: crate::Step<'_>| Ok::<(), LinalgError>(());
        let outcome = newton
            .minimise_composite(&mut objective, &separable, &x, None, observe)
            .ok()?;
        if !outcome.value.is_finite() || outcome.x.iter().any(|x| !x.is_finite()) {
            return None;
        }
        x = outcome.x;
        hessian = Some(outcome.hessian);
        every /= 8;
    }
    // Means that the other rows cannot have send the iteration back to where it would have begun.
    let mut gradient = vec![0.0; d];
    let mut whole = GlmObjective::new(design, problem, terms.ridge(design));
    let finite = problem.is_always_finite()
        || crate::Differentiable::gradient(&mut whole, &x, &mut gradient).is_finite();
    hessian.filter(|_| finite).map(|hessian| (x, hessian))
}

/// The columns of the data in the coordinates of the solvers.
pub(super) fn columns<'a>(
    data: &Observations<'a>,
    intercept: bool,
    penalised: bool,
) -> Result<Columns<'a>, FitError> {
    let named = |error| match error {
        Unstandardisable::Constant { column, value } => FitError::ConstantColumn {
            column: data.names[column].clone(),
            value,
            intercept,
        },
        Unstandardisable::NotFinite {
            row: usize::MAX, ..
        } => FitError::Elsewhere,
        Unstandardisable::NotFinite { row, column, value } => FitError::NotFinite {
            row: row + 1,
            column: data.names[column].clone(),
            value,
        },
    };
    let design = Columns::new(data.features, intercept, penalised).map_err(named)?;
    for (column, &spread) in data.names.iter().zip(design.scale()) {
        if !(1e-140..=1e140).contains(&spread) {
            return Err(FitError::Range {
                column: column.clone(),
                spread,
            });
        }
    }
    Ok(design)
}

/// The combination of earlier columns that gives a dependent one, on the data's own scale.
pub(super) fn collinear(
    design: &Columns<'_>,
    data: &Observations<'_>,
    error: &LinalgError,
) -> Option<FitError> {
    let LinalgError::Dependent {
        column, weights, ..
    } = error
    else {
        return None;
    };
    let k = usize::from(design.has_intercept());
    let name = |j: usize| name_of(design, data, j);
    let scale = |j: usize| if j < k { 1.0 } else { design.scale()[j - k] };
    let combination = (k..*column)
        .filter(|&j| weights[j].abs() > 1e-6)
        .map(|j| (name(j), weights[j] * scale(*column) / scale(j)))
        .collect();
    Some(FitError::Collinear {
        column: name(*column),
        combination,
    })
}

/// The name of a coefficient of the design.
pub(super) fn name_of(design: &Columns<'_>, data: &Observations<'_>, j: usize) -> String {
    match j.checked_sub(usize::from(design.has_intercept())) {
        Some(j) => data.names[j].clone(),
        None => INTERCEPT.to_owned(),
    }
}

/// Why a Hessian of several classes cannot be factored: because columns depend on each other whatever the classes, or because the
/// likelihood is flat where the coefficient of the parameter changes.
pub(super) fn dependence(
    error: LinalgError,
    design: &Columns<'_>,
    data: &Observations<'_>,
    coefficient: impl Fn(usize) -> usize,
    iterations: usize,
) -> FitError {
    let LinalgError::Dependent { column, .. } = &error else {
        return FitError::Linalg { source: error };
    };
    let gram = gram(design, &|_, ones| ones.fill(1.0));
    if let Err(error) = Cholesky::new(gram.as_ref())
        && let Some(error) = collinear(design, data, &error)
    {
        return error;
    }
    FitError::Flat {
        column: name_of(design, data, coefficient(*column)),
        iterations,
    }
}
