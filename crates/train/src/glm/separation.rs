//! Data that some combination of the columns tells apart without error have no finite maximum-likelihood estimate
//! (Albert and Anderson 1984). The fit looks for the proof while it runs: a direction d with (2yᵢ − 1) xᵢ·d ≥ 0 for every row
//! and > 0 for some. Along it the likelihood never stops rising.

use datasets::Dataset;
use linalg::{LinalgError, Standardised, reduce};

use crate::newton::{Outcome, Step};
use crate::{FitError, Separation};

/// Margins below this part of the largest count as zero.
const ZERO: f64 = 1e-6;

/// Watches a Newton iteration for signs of separation.
#[derive(Debug)]
pub(crate) struct Watch {
    names: Vec<String>,
    penalised: bool,
    eta: Vec<f64>,
    last_direction: Vec<f64>,
}

/// Why the iteration ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Separated(Separation, Vec<String>),
    Linalg(usize, LinalgError),
}

impl From<(usize, LinalgError)> for Stop {
    fn from((iteration, error): (usize, LinalgError)) -> Self {
        Self::Linalg(iteration, error)
    }
}

impl Stop {
    pub(crate) fn explain(
        self,
        design: &Standardised<'_>,
        data: &Dataset,
        watch: &Watch,
    ) -> FitError {
        match self {
            Self::Separated(kind, columns) => FitError::Separated { kind, columns },
            Self::Linalg(iteration, error) => {
                // At the start the weights are equal: a singular Hessian is the columns' fault. Later it is a sign that the
                // weights vanish along a direction.
                if iteration > 0
                    && let Some((kind, columns)) =
                        watch.verdict(design, &data.target, &watch.last_direction)
                {
                    return FitError::Separated { kind, columns };
                }
                super::collinear(design, data, &error).unwrap_or(FitError::Linalg { source: error })
            }
        }
    }
}

impl Watch {
    pub(crate) fn new(data: &Dataset, penalised: bool) -> Self {
        let (names, eta) = (data.feature_names.clone(), vec![0.0; data.target.len()]);
        Self {
            names,
            penalised,
            eta,
            last_direction: Vec::new(),
        }
    }

    /// A step of the iteration: the point itself may separate, or the direction.
    pub(crate) fn step(
        &mut self,
        design: &Standardised<'_>,
        y: &[f64],
        step: &Step<'_>,
    ) -> Result<(), Stop> {
        if self.penalised || step.iteration == 0 {
            return Ok(());
        }
        self.last_direction = step.direction.to_vec();
        design.times(step.x, &mut self.eta);
        let complete = y
            .iter()
            .zip(&self.eta)
            .all(|(&y, &eta)| (2.0 * y - 1.0) * eta > 0.0);
        if complete {
            return Err(Stop::Separated(
                Separation::Complete,
                self.columns(design, step.x),
            ));
        }
        // A finite optimum is approached by steps that shrink. Steps that keep moving predictors by a unit while the
        // objective has nothing left to gain go to infinity.
        if step.newton_decrement < 1e-3
            && let Some((kind, columns)) = self.verdict(design, y, step.direction)
        {
            return Err(Stop::Separated(kind, columns));
        }
        Ok(())
    }

    /// After the iteration: a last step that still moves a linear predictor visibly belongs to a fit that has no end.
    pub(crate) fn end(
        &mut self,
        design: &Standardised<'_>,
        y: &[f64],
        outcome: &Outcome,
    ) -> Result<(), FitError> {
        if self.last_direction.is_empty() {
            return Ok(());
        }
        design.times(&self.last_direction, &mut self.eta);
        if reduce::max_abs(&self.eta) < 1e-2 {
            return Ok(());
        }
        match self.verdict(design, y, &self.last_direction) {
            Some((kind, columns)) => Err(FitError::Separated { kind, columns }),
            None => Err(FitError::NotConverged {
                certificate: outcome.certificate,
            }),
        }
    }

    /// Whether a direction, of a step that moves some predictor visibly, proves separation.
    fn verdict(
        &self,
        design: &Standardised<'_>,
        y: &[f64],
        direction: &[f64],
    ) -> Option<(Separation, Vec<String>)> {
        if direction.is_empty() {
            return None;
        }
        let mut margins = vec![0.0; y.len()];
        design.times(direction, &mut margins);
        let largest = reduce::max_abs(&margins);
        for (margin, y) in margins.iter_mut().zip(y) {
            *margin *= 2.0 * y - 1.0;
        }
        let wrong = margins.iter().any(|&margin| margin < -ZERO * largest);
        if wrong || largest.is_nan() || largest <= 0.1 {
            return None;
        }
        let complete = margins.iter().all(|&margin| margin > ZERO * largest);
        let kind = if complete {
            Separation::Complete
        } else {
            Separation::QuasiComplete
        };
        Some((kind, self.columns(design, direction)))
    }

    /// The columns that matter in a direction: those with at least a thousandth of the largest standardised coefficient.
    fn columns(&self, design: &Standardised<'_>, direction: &[f64]) -> Vec<String> {
        let slopes = &direction[usize::from(design.has_intercept())..];
        let largest = reduce::max_abs(slopes);
        let matters = |slope: &f64| slope.abs() >= 1e-3 * largest;
        self.names
            .iter()
            .zip(slopes)
            .filter(|(_, slope)| matters(slope))
            .map(|(name, _)| name.clone())
            .collect()
    }
}
