//! Data that some combination of the columns tells apart without error have no finite maximum-likelihood estimate
//! (Albert and Anderson 1984). The fit looks for the proof while it runs: a direction d with sᵢ xᵢ·d ≥ 0 for every row and > 0
//! for some, where s is 1 for a success and −1 for a failure. Along it the likelihood never stops rising. For counts and other
//! targets with a logarithmic link, s is −1 for a target of 0, and every other row has to stay where it is (xᵢ·d = 0).

mod border;

use linalg::solve::Cholesky;
use linalg::{LinalgError, reduce};
use models::glm::{Distribution, Family, Link};

use self::border::{Border, Rows};
use super::columns::Columns;
use super::information::gram;
use super::problem::Problem;
use super::terms::PenaltyTerms;
use crate::solver::{Outcome, Status, Step};
use crate::{FitError, Separation};

/// Rows whose margin is below this part of the largest are tried as the border.
const BORDER: f64 = 1e-6;
/// Rows whose loss still changes by less than this with their predictor are tried as rows that have gone far.
const FAR: [f64; 3] = [1e-3, 1e-5, 1e-7];
/// More coefficients than this are not looked at after the fit, because all pairs of them cost more than the fit.
const WIDE: usize = 2000;
/// A coefficient whose Hessian, given the others, is below this part of the mean row's information stands on flat ground.
const FLAT: f64 = 1e-3;

/// Watches an iteration for signs of separation.
#[derive(Debug)]
pub(super) struct Watch<'p, 'a> {
    problem: &'p Problem<'a>,
    /// True if nothing can be separated, or penalties and bounds hold some coefficient.
    safe: bool,
    /// The coefficients that nothing keeps finite but the data.
    free: Vec<bool>,
    /// True if rows are so many that looking at them costs as much as a step.
    patient: bool,
    /// True if the caller limits the iterations, so that reaching the limit is a result.
    limited: bool,
    iterations: usize,
    last: Option<(Vec<f64>, Vec<f64>)>,
}

/// Steps after which a patient watch begins to look: finite optima are mostly found before.
const PATIENCE: usize = 8;

/// Why the iteration ended early.
#[derive(Debug)]
pub(super) enum Stop {
    Separated(FitError),
    Linalg(LinalgError),
}

impl From<LinalgError> for Stop {
    fn from(error: LinalgError) -> Self {
        Self::Linalg(error)
    }
}

impl<'p, 'a> Watch<'p, 'a> {
    pub(super) fn new(problem: &'p Problem<'a>, terms: &PenaltyTerms, limited: bool) -> Self {
        let possible = separable(problem);
        let free: Vec<bool> = terms.free().map(|free| free && possible).collect();
        Self {
            problem,
            safe: free.contains(&false),
            free,
            patient: false,
            limited,
            iterations: 0,
            last: None,
        }
    }

    /// Looks at the rows only when an iteration takes long.
    pub(super) fn patient(&mut self) {
        self.patient = true;
    }

    /// Steps made so far.
    pub(super) fn iterations(&self) -> usize {
        self.iterations
    }

    /// The last point from which a step was made, if it was not the first of its round.
    pub(super) fn last_point(&self) -> Option<&[f64]> {
        self.last.as_ref().map(|(point, _)| point.as_slice())
    }

    /// Another round begins at a point in other coordinates.
    pub(super) fn restart(&mut self, start: &[f64]) {
        self.last = Some((start.to_vec(), Vec::new()));
    }

    /// A step of the iteration: the point itself may separate, or the direction.
    pub(super) fn step(&mut self, design: &Columns<'_>, step: &Step<'_>) -> Result<(), Stop> {
        self.iterations += 1;
        self.last = Some((step.x.to_vec(), step.direction.to_vec()));
        if self.safe || step.iteration == 0 || self.patient && step.iteration < PATIENCE {
            return Ok(());
        }
        let complete = self.complete(design, step.x);
        if complete {
            return Err(Stop::Separated(self.separated(
                Separation::Complete,
                design,
                step.x,
            )));
        }
        // A finite optimum is approached by steps that shrink. Steps that keep moving predictors while the objective has
        // nothing left to gain go to infinity.
        if step.newton_decrement < 1e-3
            && let Some(error) = self.verdict_of_last_step(design)
        {
            return Err(Stop::Separated(error));
        }
        Ok(())
    }

    /// After the iteration: what separates is an error, and so is a point that is called an optimum while predictors still move.
    pub(super) fn end(&mut self, design: &Columns<'_>, outcome: &Outcome) -> Result<(), FitError> {
        let status = outcome.certificate.status;
        if let Some(error) = self.stranded(design, outcome) {
            return Err(error);
        }
        let Some((point, direction)) = self.last.take() else {
            return Ok(());
        };
        // No entry of a standardised column is above √n: then no predictor moves by more than this.
        let rows = self.problem.number_of_rows() as f64;
        let most = direction.iter().map(|p| p.abs()).sum::<f64>() * rows.sqrt();
        if most <= 1e-3 && status == Status::Converged && self.patient {
            return Ok(());
        }
        self.last = Some((point, direction));
        if !self.safe
            && let Some(error) = self.verdict_of_last_step(design)
        {
            return Err(error);
        }
        if status == Status::IterationLimit && self.limited {
            return Ok(());
        }
        // At an optimum the last step moves no predictor visibly, in parts of its size.
        let (point, direction) = self
            .last
            .as_ref()
            .map_or((&[][..], &[][..]), |(x, d)| (x.as_slice(), d.as_slice()));
        let still = direction.is_empty()
            || design.all([direction, point], &|i, [step, eta]| {
                self.problem.weight(i) == 0.0 || step.abs() <= 1e-2 * (1.0 + eta.abs())
            });
        if status == Status::Converged && still {
            return Ok(());
        }
        Err(FitError::NotConverged {
            certificate: outcome.certificate,
        })
    }

    /// True if a point has every row on its own side.
    fn complete(&self, design: &Columns<'_>, x: &[f64]) -> bool {
        let problem = self.problem;
        design.all([x], &|i, [eta]| {
            problem.weight(i) == 0.0 || side(problem, i).is_some_and(|side| side * eta > 0.0)
        })
    }

    /// Whether the last direction, if it moves some predictor visibly, proves separation.
    pub(super) fn verdict_of_last_step(&self, design: &Columns<'_>) -> Option<FitError> {
        let problem = self.problem;
        let direction = self
            .last
            .as_ref()
            .map(|(_, direction)| direction)
            .filter(|d| !d.is_empty())?;
        if self.safe {
            return None;
        }
        let largest = design.largest(direction, &|i, margin| {
            if problem.weight(i) > 0.0 {
                margin.abs()
            } else {
                0.0
            }
        });
        if largest.is_nan() || largest <= 0.1 {
            return None;
        }
        // How far a row is on its own side; one that has none belongs to the border.
        let own = |i: usize, margin: f64| match side(problem, i) {
            Some(side) => side * margin,
            None => -margin.abs(),
        };
        let right = |i: usize, [margin]: [f64; 1]| {
            problem.weight(i) == 0.0 || own(i, margin) >= -BORDER * largest
        };
        if !design.all([direction], &right) {
            return None;
        }
        let border =
            |i: usize, margin: f64| problem.weight(i) > 0.0 && own(i, margin) <= BORDER * largest;
        let border = Rows {
            point: direction,
            are: &border,
        };
        if border.number(design) == 0 {
            return Some(self.separated(Separation::Complete, design, direction));
        }
        self.proof(design, &border, direction)
    }

    /// What is left of a direction when it may not move the border at all has to separate the other rows.
    fn proof(
        &self,
        design: &Columns<'_>,
        border: &Rows<'_>,
        direction: &[f64],
    ) -> Option<FitError> {
        let border = Border {
            problem: self.problem,
            design,
            rows: border,
            free: &self.free,
        };
        let beta = border.separates(&design.coefficients_to_data(direction))?;
        let gamma = design.coefficients_from_data(&beta);
        Some(self.separated(Separation::QuasiComplete, design, &gamma))
    }

    /// Predictors that go to infinity can stop at a point where the objective has nothing left to gain, with steps that are
    /// short because the loss vanishes faster than they grow. There the coefficients that took them stand on flat ground: they
    /// do not move the rows whose loss still changes.
    fn stranded(&self, design: &Columns<'_>, outcome: &Outcome) -> Option<FitError> {
        // An intercept alone separates nothing: the target would have one value.
        let slopes = &self.free[usize::from(design.has_intercept())..];
        if !slopes.contains(&true) || design.columns() > WIDE || on_firm_ground(outcome) {
            return None;
        }
        let problem = self.problem;
        let slope = |i: usize, eta: f64| {
            let terms = problem.family.terms(eta + problem.offset(i), problem.y[i]);
            terms.slope.abs()
        };
        let counted = problem.number_that_count();
        for far in FAR {
            let near = |i: usize, eta: f64| {
                problem.weight(i) > 0.0 && (side(problem, i).is_none() || slope(i, eta) >= far)
            };
            let border = Rows {
                point: &outcome.x,
                are: &near,
            };
            let number = border.number(design);
            if number == counted {
                return None;
            }
            if number == 0 {
                return self
                    .complete(design, &outcome.x)
                    .then(|| self.separated(Separation::Complete, design, &outcome.x));
            }
            if self.spans(design, &border) {
                continue;
            }
            let proof = self.proof(design, &border, &outcome.x);
            if proof.is_some() {
                return proof;
            }
        }
        None
    }

    /// True if no combination of the free columns vanishes on all these rows.
    fn spans(&self, design: &Columns<'_>, rows: &Rows<'_>) -> bool {
        let all = gram(design, &|range, out| rows.indicate(design, range, out));
        let free: Vec<usize> = (0..design.columns()).filter(|&j| self.free[j]).collect();
        let part = linalg::Mat::from_fn(free.len(), free.len(), |a, b| all[(free[a], free[b])]);
        Cholesky::new(part.as_ref()).is_ok_and(|factor| factor.smallest_pivot() > 1e-8)
    }

    /// The error, with the columns that matter in a direction: those with at least a thousandth of its largest standardised
    /// coefficient.
    fn separated(&self, kind: Separation, design: &Columns<'_>, direction: &[f64]) -> FitError {
        let kind = if self.problem.is_binomial() {
            kind
        } else {
            Separation::NoEvents
        };
        let slopes = &direction[usize::from(design.has_intercept())..];
        let largest = reduce::max_abs(slopes);
        let matters = |slope: &f64| slope.abs() >= 1e-3 * largest;
        let named = self
            .problem
            .data
            .names
            .iter()
            .zip(slopes)
            .filter(|(_, slope)| matters(slope));
        FitError::Separated {
            kind,
            columns: named.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// False if the Hessian of the fit is nearly singular, or not known.
fn on_firm_ground(outcome: &Outcome) -> bool {
    let (h, d) = (&outcome.hessian, outcome.x.len());
    if h.nrows() != d || d == 0 {
        return false;
    }
    let Ok(factor) = Cholesky::new(h.as_ref()) else {
        return false;
    };
    let inverse = factor.inverse();
    let mean = (0..d).map(|j| h[(j, j)]).sum::<f64>() / d as f64;
    (0..d).all(|j| inverse[(j, j)] * mean * FLAT < 1.0)
}

/// True if data of this kind can be without a finite estimate.
fn separable(problem: &Problem<'_>) -> bool {
    problem.is_binomial() || counts(problem)
}

/// Targets of which 0 is one that a mean can only approach.
fn counts(problem: &Problem<'_>) -> bool {
    let family = problem.family;
    let zero = matches!(
        family.distribution,
        Distribution::Poisson
            | Distribution::NegativeBinomial { .. }
            | Distribution::Tweedie { .. }
    );
    zero && family.link == Link::Log
}

/// The direction in which the loss of a row falls without end: 1 for a row of successes, −1 for one of failures or without
/// events, none for one whose loss has a least value.
fn side(problem: &Problem<'_>, row: usize) -> Option<f64> {
    match problem.y[row] {
        0.0 => Some(-1.0),
        1.0 if problem.is_binomial() => Some(1.0),
        _ => None,
    }
}
