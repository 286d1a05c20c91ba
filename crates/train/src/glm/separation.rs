//! Data that some combination of the columns tells apart without error have no finite maximum-likelihood estimate
//! (Albert and Anderson 1984). The fit looks for the proof while it runs: a direction d with (2yᵢ − 1) xᵢ·d ≥ 0 for every row
//! and > 0 for some. Along it the likelihood never stops rising.

use linalg::solve::symmetric_eigen;
use linalg::{LinalgError, Mat, MatRef, reduce};

use super::Explanatory;
use super::columns::Columns;
use super::problem::Problem;
use crate::solver::{Outcome, Status, Step};
use crate::{FitError, Separation};

/// Rows whose margin is below this part of the largest are tried as the border.
const BORDER: f64 = 1e-6;
/// A margin below this part of the terms that it is summed from is zero.
const ZERO: f64 = 1e-9;
/// Eigenvalues of a correlation matrix below this are zero.
const NULL: f64 = 1e-10;

/// Watches an iteration for signs of separation.
#[derive(Debug)]
pub(super) struct Watch<'p, 'a> {
    problem: &'p Problem<'a>,
    /// True if nothing can be separated, or a penalty keeps the estimates finite.
    safe: bool,
    /// True if rows are so many that looking at them costs as much as a step.
    patient: bool,
    /// True if the caller limits the iterations, so that reaching the limit is a result.
    limited: bool,
    eta: Vec<f64>,
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
    pub(super) fn new(problem: &'p Problem<'a>, penalised: bool, limited: bool) -> Self {
        Self {
            problem,
            safe: penalised || !problem.is_binomial(),
            patient: false,
            limited,
            eta: Vec::new(),
            iterations: 0,
            last: None,
        }
    }

    /// Looks at the rows only when an iteration takes long.
    pub(super) fn patient(&mut self) {
        self.patient = true;
    }

    /// The dense data, which proofs are computed from.
    fn dense(&self) -> Option<MatRef<'a, f64>> {
        match self.problem.data.features {
            Explanatory::Dense(x) => Some(x),
            Explanatory::Sparse(_) => None,
        }
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

    /// 1 for a row of successes, −1 for one of failures, none for one that has both and cannot be on either side.
    fn side(&self, row: usize) -> Option<f64> {
        match self.problem.y[row] {
            0.0 => Some(-1.0),
            1.0 => Some(1.0),
            _ => None,
        }
    }

    /// A step of the iteration: the point itself may separate, or the direction.
    pub(super) fn step(&mut self, design: &Columns<'_>, step: &Step<'_>) -> Result<(), Stop> {
        self.iterations += 1;
        self.last = Some((step.x.to_vec(), step.direction.to_vec()));
        if self.safe || step.iteration == 0 || self.patient && step.iteration < PATIENCE {
            return Ok(());
        }
        self.eta.resize(design.rows(), 0.0);
        design.times(step.x, &mut self.eta);
        let complete = self
            .problem
            .rows()
            .all(|i| self.side(i).is_some_and(|side| side * self.eta[i] > 0.0));
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
        let Some((point, direction)) = self.last.take() else {
            return Ok(());
        };
        // No entry of a standardised column is above √n: then no predictor moves by more than this.
        let most = direction.iter().map(|p| p.abs()).sum::<f64>() * (design.rows() as f64).sqrt();
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
        let still = direction.is_empty() || {
            let mut moves = vec![0.0; design.rows()];
            self.eta.resize(design.rows(), 0.0);
            design.times(point, &mut self.eta);
            design.times(direction, &mut moves);
            moves
                .iter()
                .zip(&self.eta)
                .all(|(step, eta)| step.abs() <= 1e-2 * (1.0 + eta.abs()))
        };
        if status == Status::Converged && still {
            return Ok(());
        }
        Err(FitError::NotConverged {
            certificate: outcome.certificate,
        })
    }

    /// Whether the last direction, if it moves some predictor visibly, proves separation.
    pub(super) fn verdict_of_last_step(&self, design: &Columns<'_>) -> Option<FitError> {
        let n = self.problem.y.len();
        self.dense()?;
        let direction = self
            .last
            .as_ref()
            .map(|(_, direction)| direction)
            .filter(|d| !d.is_empty())?;
        if self.safe {
            return None;
        }
        let mut margins = vec![0.0; n];
        design.times(direction, &mut margins);
        let rows: Vec<usize> = self.problem.rows().collect();
        let largest = rows.iter().fold(0.0_f64, |m, &i| m.max(margins[i].abs()));
        if largest.is_nan() || largest <= 0.1 {
            return None;
        }
        // How far a row is on its own side; one with successes and failures belongs to the border.
        let own = |i: usize| match self.side(i) {
            Some(side) => side * margins[i],
            None => -margins[i].abs(),
        };
        if rows.iter().any(|&i| own(i) < -BORDER * largest) {
            return None;
        }
        let border: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|&i| own(i) <= BORDER * largest)
            .collect();
        if border.is_empty() {
            return Some(self.separated(Separation::Complete, design, direction));
        }
        // What is left of the direction when it may not move the border at all has to separate the other rows.
        let beta = self.on_border(&border, design, &design.coefficients_to_data(direction))?;
        let mut on_border = vec![false; n];
        for &i in &border {
            on_border[i] = true;
        }
        let margins: Vec<(f64, f64)> = (0..n)
            .map(|i| self.margin(i, &beta, design.has_intercept()))
            .collect();
        // Zero is judged by the terms of the border together: those of a single row may all be rounding errors.
        let largest =
            |rows: &mut dyn Iterator<Item = usize>| rows.fold(0.0_f64, |m, i| m.max(margins[i].1));
        let zero = f64::max(
            ZERO * largest(&mut border.iter().copied()),
            1e-3 * ZERO * largest(&mut rows.iter().copied()),
        );
        for &i in &rows {
            let (margin, size) = margins[i];
            let proves = match self.side(i) {
                Some(side) if !on_border[i] => side * margin > ZERO * size,
                _ => margin.abs() <= zero,
            };
            if !proves {
                return None;
            }
        }
        if border.len() == rows.len() {
            return None;
        }
        let gamma = design.coefficients_from_data(&beta);
        Some(self.separated(Separation::QuasiComplete, design, &gamma))
    }

    /// x·β of a row, and the sum of the sizes of its terms.
    fn margin(&self, row: usize, beta: &[f64], intercept: bool) -> (f64, f64) {
        let k = usize::from(intercept);
        let start = if intercept { beta[0] } else { 0.0 };
        let Some(x) = self.dense() else {
            return (0.0, 0.0);
        };
        (0..x.ncols()).fold((start, start.abs()), |(sum, size), j| {
            let term = x[(row, j)] * beta[j + k];
            (sum + term, size + term.abs())
        })
    }

    /// The part of the coefficients `beta` that gives the rows of the border a predictor of zero. Columns are standardised
    /// over the border alone, so that extreme rows elsewhere do not hide how these differ.
    fn on_border(&self, border: &[usize], design: &Columns<'_>, beta: &[f64]) -> Option<Vec<f64>> {
        let x = self.dense()?;
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
    fn separated(&self, kind: Separation, design: &Columns<'_>, direction: &[f64]) -> FitError {
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
