//! Data that some combination of the columns tells apart without error have no finite maximum-likelihood estimate
//! (Albert and Anderson 1984). The fit looks for the proof while it runs: a direction d with (2yᵢ − 1) xᵢ·d ≥ 0 for every row
//! and > 0 for some. Along it the likelihood never stops rising.

use datasets::Dataset;
use linalg::solve::symmetric_eigen;
use linalg::{Design, LinalgError, Mat, Standardised, reduce};

use crate::newton::{Outcome, Status, Step};
use crate::{FitError, Separation};

/// Rows whose margin is below this part of the largest are tried as the border.
const BORDER: f64 = 1e-6;
/// A margin below this part of the terms that it is summed from is zero.
const ZERO: f64 = 1e-9;
/// Eigenvalues of a correlation matrix below this are zero.
const NULL: f64 = 1e-10;

/// Watches a Newton iteration for signs of separation.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    data: &'a Dataset,
    penalised: bool,
    eta: Vec<f64>,
    iterations: usize,
    last: Option<(Vec<f64>, Vec<f64>)>,
}

/// Why the iteration ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Separated(FitError),
    Linalg(LinalgError),
}

impl From<LinalgError> for Stop {
    fn from(error: LinalgError) -> Self {
        Self::Linalg(error)
    }
}

impl<'a> Watch<'a> {
    pub(crate) fn new(data: &'a Dataset, penalised: bool) -> Self {
        Self {
            data,
            penalised,
            eta: vec![0.0; data.target.len()],
            iterations: 0,
            last: None,
        }
    }

    /// Steps made so far.
    pub(crate) fn iterations(&self) -> usize {
        self.iterations
    }

    /// The last point from which a step was made, if it was not the first of its round.
    pub(crate) fn last_point(&self) -> Option<&[f64]> {
        self.last.as_ref().map(|(point, _)| point.as_slice())
    }

    /// Another round begins at a point in other coordinates.
    pub(crate) fn restart(&mut self, start: &[f64]) {
        self.last = Some((start.to_vec(), Vec::new()));
    }

    /// A step of the iteration: the point itself may separate, or the direction.
    pub(crate) fn step(
        &mut self,
        design: &Standardised<'_>,
        y: &[f64],
        step: &Step<'_>,
    ) -> Result<(), Stop> {
        self.iterations += 1;
        self.last = Some((step.x.to_vec(), step.direction.to_vec()));
        if self.penalised || step.iteration == 0 {
            return Ok(());
        }
        design.times(step.x, &mut self.eta);
        let complete = y
            .iter()
            .zip(&self.eta)
            .all(|(&y, &eta)| (2.0 * y - 1.0) * eta > 0.0);
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
            && let Some(error) = self.verdict_of_last_step(design, y)
        {
            return Err(Stop::Separated(error));
        }
        Ok(())
    }

    /// After the iteration: anything but an optimum is an error.
    pub(crate) fn end(
        &mut self,
        design: &Standardised<'_>,
        y: &[f64],
        outcome: &Outcome,
    ) -> Result<(), FitError> {
        if !self.penalised
            && let Some(error) = self.verdict_of_last_step(design, y)
        {
            return Err(error);
        }
        // At an optimum the last step moves no predictor visibly, in parts of its size.
        let (point, direction) = self
            .last
            .as_ref()
            .map_or((&[][..], &[][..]), |(x, d)| (x.as_slice(), d.as_slice()));
        let still = direction.is_empty() || {
            let mut moves = vec![0.0; y.len()];
            design.times(point, &mut self.eta);
            design.times(direction, &mut moves);
            moves
                .iter()
                .zip(&self.eta)
                .all(|(step, eta)| step.abs() <= 1e-2 * (1.0 + eta.abs()))
        };
        if outcome.certificate.status == Status::Converged && still {
            return Ok(());
        }
        Err(FitError::NotConverged {
            certificate: outcome.certificate,
        })
    }

    /// Whether the last direction, if it moves some predictor visibly, proves separation.
    pub(crate) fn verdict_of_last_step(
        &self,
        design: &Standardised<'_>,
        y: &[f64],
    ) -> Option<FitError> {
        let direction = self
            .last
            .as_ref()
            .map(|(_, direction)| direction)
            .filter(|d| !d.is_empty())?;
        if self.penalised {
            return None;
        }
        let sign = |i: usize| 2.0 * y[i] - 1.0;
        let mut margins = vec![0.0; y.len()];
        design.times(direction, &mut margins);
        let largest = reduce::max_abs(&margins);
        if largest.is_nan() || largest <= 0.1 {
            return None;
        }
        if margins
            .iter()
            .enumerate()
            .any(|(i, margin)| sign(i) * margin < -BORDER * largest)
        {
            return None;
        }
        let border: Vec<usize> = (0..y.len())
            .filter(|&i| sign(i) * margins[i] <= BORDER * largest)
            .collect();
        if border.is_empty() {
            return Some(self.separated(Separation::Complete, design, direction));
        }
        // What is left of the direction when it may not move the border at all has to separate the other rows.
        let beta = self.on_border(&border, design, &design.coefficients_to_data(direction))?;
        let mut on_border = vec![false; y.len()];
        for &i in &border {
            on_border[i] = true;
        }
        let margins: Vec<(f64, f64)> = (0..y.len())
            .map(|i| self.margin(i, &beta, design.has_intercept()))
            .collect();
        // Zero is judged by the terms of the border together: those of a single row may all be rounding errors.
        let largest =
            |rows: &mut dyn Iterator<Item = usize>| rows.fold(0.0_f64, |m, i| m.max(margins[i].1));
        let zero = f64::max(
            ZERO * largest(&mut border.iter().copied()),
            1e-3 * ZERO * largest(&mut (0..y.len())),
        );
        for (i, &(margin, size)) in margins.iter().enumerate() {
            let proves = if on_border[i] {
                margin.abs() <= zero
            } else {
                sign(i) * margin > ZERO * size
            };
            if !proves {
                return None;
            }
        }
        if border.len() == y.len() {
            return None;
        }
        let gamma = design.coefficients_from_data(&beta);
        Some(self.separated(Separation::QuasiComplete, design, &gamma))
    }

    /// x·β of a row, and the sum of the sizes of its terms.
    fn margin(&self, row: usize, beta: &[f64], intercept: bool) -> (f64, f64) {
        let k = usize::from(intercept);
        let start = if intercept { beta[0] } else { 0.0 };
        (0..self.data.features.ncols()).fold((start, start.abs()), |(sum, size), j| {
            let term = self.data.features[(row, j)] * beta[j + k];
            (sum + term, size + term.abs())
        })
    }

    /// The part of the coefficients `beta` that gives the rows of the border a predictor of zero. Columns are standardised
    /// over the border alone, so that extreme rows elsewhere do not hide how these differ.
    fn on_border(
        &self,
        border: &[usize],
        design: &Standardised<'_>,
        beta: &[f64],
    ) -> Option<Vec<f64>> {
        let x = &self.data.features;
        let intercept = design.has_intercept();
        let (n, k) = (border.len() as f64, usize::from(intercept));
        let mut out = vec![0.0; beta.len()];
        let mut means = vec![0.0; x.ncols()];
        let mut free: Vec<(usize, f64)> = Vec::new();
        for j in 0..x.ncols() {
            let largest = border.iter().fold(0.0_f64, |m, &i| m.max(x[(i, j)].abs()));
            if intercept {
                means[j] = border.iter().map(|&i| x[(i, j)]).sum::<f64>() / n;
            }
            let squares: f64 = border
                .iter()
                .map(|&i| ((x[(i, j)] - means[j]) / largest.max(f64::MIN_POSITIVE)).powi(2))
                .sum();
            let spread = (squares / n).sqrt() * largest;
            if spread > 1e-13 * largest {
                free.push((j, spread));
            } else {
                // The same everywhere on the border: any coefficient, taken up by the intercept.
                out[j + k] = beta[j + k];
            }
        }
        let z = |i: usize, (j, spread): (usize, f64)| (x[(i, j)] - means[j]) / spread;
        let correlation = Mat::from_fn(free.len(), free.len(), |a, b| {
            border
                .iter()
                .map(|&i| z(i, free[a]) * z(i, free[b]))
                .sum::<f64>()
                / n
        });
        let (values, vectors) = symmetric_eigen(correlation.as_ref()).ok()?;
        for (e, _) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value <= NULL * free.len() as f64)
        {
            let along: f64 = free
                .iter()
                .enumerate()
                .map(|(a, (j, spread))| beta[j + k] * spread * vectors[(a, e)])
                .sum();
            for (a, (j, spread)) in free.iter().enumerate() {
                out[j + k] += along * vectors[(a, e)] / spread;
            }
        }
        // What is left of a coefficient by rounding is none.
        let size = |j: usize, beta: f64| beta.abs() * design.scale()[j];
        let largest = (0..x.ncols()).fold(0.0_f64, |m, j| m.max(size(j, out[j + k])));
        for j in 0..x.ncols() {
            if size(j, out[j + k]) <= 1e-12 * largest {
                out[j + k] = 0.0;
            }
        }
        if intercept {
            out[0] = -means
                .iter()
                .zip(&out[1..])
                .map(|(mean, beta)| mean * beta)
                .sum::<f64>();
        }
        Some(out)
    }

    /// The error, with the columns that matter in a direction: those with at least a thousandth of its largest standardised
    /// coefficient.
    fn separated(
        &self,
        kind: Separation,
        design: &Standardised<'_>,
        direction: &[f64],
    ) -> FitError {
        let slopes = &direction[usize::from(design.has_intercept())..];
        let largest = reduce::max_abs(slopes);
        let matters = |slope: &f64| slope.abs() >= 1e-3 * largest;
        let named = self
            .data
            .feature_names
            .iter()
            .zip(slopes)
            .filter(|(_, slope)| matters(slope));
        FitError::Separated {
            kind,
            columns: named.map(|(name, _)| name.clone()).collect(),
        }
    }
}
