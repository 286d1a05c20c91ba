//! What of an analysis is sums over rows, and needs no number for each of them.

use std::ops::Range;
use std::sync::Mutex;

use linalg::rows::BLOCK;
use linalg::solve::Cholesky;
use linalg::{Mat, MatRef, Partition};
use models::glm::{Distribution, Family, GeneralisedLinearModel, Weights};

use super::super::columns::Columns;
use super::super::information::{at_point, gram, inverse_gram};
use super::super::objective::At;
use super::super::problem::Problem;
use super::super::solve::columns;
use super::super::{Coefficient, Explanatory, Fit, FitOptions, GlmFit, Observations};
use super::{Covariance, lone, quadratic};
use crate::{FitError, Inference};

/// A fit beside its data, as far as that is sums over the rows: robust covariances, conditions, measures of explanation. It keeps nothing
/// for each row, so the rows may be in leaves, on a disk or shared by several processes; all of these have to ask the same.
///
/// ```
/// use datasets::Dataset;
/// use linalg::mat;
/// use models::glm::{Distribution, GeneralisedLinearModel};
/// use train::{Covariance, Fit};
/// let x = mat![[0.0], [0.0], [1.0], [1.0]];
/// let data = Dataset::new(x, ["group"], vec![1.0, 3.0, 4.0, 8.0], "count");
/// let model = GeneralisedLinearModel::new(Distribution::Poisson);
/// let fit = model.fit(&data)?;
/// let sums = fit.analyse_sums(&model, &(&data).into())?;
/// // Within the groups the counts differ from their means 2 and 6 by 1 and 2: the sandwich has Σ (y − μ)² / (Σ μ)².
/// let robust = sums.covariance(&Covariance::Hc0)?;
/// assert!((robust[(0, 0)] - 2.0 / 16.0).abs() < 1e-12);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct SumAnalysis<'a> {
    pub(super) fit: &'a GlmFit,
    pub(super) original: GeneralisedLinearModel,
    /// With the θ that was found.
    pub(super) specification: GeneralisedLinearModel,
    pub(super) problem: Problem<'a>,
    pub(super) design: Columns<'a>,
    pub(super) at: At,
    /// (Xᵀ W X)⁻¹ in the coordinates of the solvers.
    pub(super) inverse: Mat<f64>,
}

impl GlmFit {
    /// The fit beside the data and the specification that it was made from, for what is sums over the rows.
    ///
    /// # Errors
    /// [`FitError::Inference`] if a penalty is in force or classes have weights of their own, or if these are other data.
    pub fn analyse_sums<'a>(
        &'a self,
        specification: &GeneralisedLinearModel,
        data: &Observations<'a>,
    ) -> Result<SumAnalysis<'a>, FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        let original = specification.clone();
        let specification = match self.theta() {
            Some(theta) => original.clone().with_theta(theta.value),
            None => original.clone(),
        };
        let problem = Problem::new(&specification, data)?;
        if !problem.penalty.is_none() {
            return refuse(
                "a penalty is in force, and statistics of maximum likelihood do not hold for penalised estimates; fit without it",
            );
        }
        if problem.class_weights {
            return refuse(
                "classes have weights of their own, so the likelihood is not that of the data; fit without them, or weigh rows",
            );
        }
        if self.theta().is_none() && specification.family() != self.family() {
            return refuse(
                "the specification is not that of the fit; give the one that it was made by",
            );
        }
        let names = self.coefficients().iter().map(|c| &c.name);
        if !names
            .skip(usize::from(problem.intercept))
            .eq(data.names.iter())
        {
            return refuse(
                "the columns are not those of the fit; give the data that it was made from",
            );
        }
        let beta: Vec<f64> = self.coefficients().iter().map(|c| c.estimate).collect();
        let design = columns(data, problem.intercept, false)?;
        if design.columns() != beta.len() || problem.number_that_count() != self.observations() {
            return refuse("the data are not those of the fit; give those that it was made from");
        }
        let at = At::new(&problem, &design, &design.coefficients_from_data(&beta));
        let inverse = inverse_gram(&design, &at_point(&problem, &design, &at))?;
        Ok(SumAnalysis {
            fit: self,
            original,
            specification,
            problem,
            design,
            at,
            inverse,
        })
    }
}

/// What one visit of the rows says for the conditions behind p-values.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Rows whose probability is within 1e-8 of 0 or 1.
    pub(super) extreme: f64,
    /// Weighted targets and their complements to 1, and targets by copies.
    pub(super) yes: f64,
    pub(super) no: f64,
    pub(super) events: f64,
    /// The largest leverage, the number of rows with one above ½, and the names of some of them.
    pub(super) leverage: f64,
    pub(super) high: usize,
    pub(super) some: Vec<String>,
}

/// A leverage above this is 1.
pub(super) const ALONE: f64 = 1.0 - 1e-10;

impl SumAnalysis<'_> {
    /// n, repetitions counted.
    pub(super) fn size(&self) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => self.problem.cut.sum(|row| weights[row]),
            _ => self.problem.number_that_count() as f64,
        }
    }

    /// p.
    pub(super) fn parameters(&self) -> usize {
        self.inverse.nrows()
    }

    pub(super) fn dispersion(&self) -> f64 {
        self.fit.dispersion().value
    }

    /// How often a row stands in the data.
    pub(super) fn copies(&self, row: usize) -> f64 {
        match (&self.problem.data.weights, self.problem.kind) {
            (Some(weights), Weights::Frequency) => weights[row],
            _ => 1.0,
        }
    }

    /// The weight of one copy of a row: its trials, or its precision; 0 for a row that does not count.
    pub(super) fn inside(&self, row: usize) -> f64 {
        match self.problem.weight(row) {
            weight if weight > 0.0 => weight / self.copies(row),
            _ => 0.0,
        }
    }

    /// The score of one copy of a row in its linear predictor: Σ over rows of copies · score · x is the gradient of the log-likelihood
    /// with dispersion 1.
    pub(super) fn score_of(&self, row: usize, eta: f64) -> f64 {
        match self.inside(row) {
            0.0 => 0.0,
            weight => -weight * self.problem.family.terms(eta, self.problem.y[row]).slope,
        }
    }

    pub(super) fn is_gaussian(&self) -> bool {
        self.problem.family.distribution == Distribution::Gaussian
    }

    /// The leverage of one copy of each of some rows, at most a block, from their predictors.
    pub(super) fn leverages_of(
        &self,
        rows: Range<usize>,
        eta: &[f64],
        memory: &mut Mat<f64>,
        out: &mut [f64],
    ) {
        let d = self.parameters();
        match &self.design {
            Columns::Dense(design) => {
                let block = design.block(rows.clone(), memory);
                let half = block * &self.inverse;
                for (k, out) in out.iter_mut().enumerate() {
                    *out = (0..d).map(|j| half[(k, j)] * block[(k, j)]).sum();
                }
            }
            Columns::Sparse(design) => {
                let mut z = vec![0.0; d];
                for (row, out) in rows.clone().zip(&mut *out) {
                    design.row(row, &mut z);
                    *out = quadratic(self.inverse.as_ref(), &z);
                }
            }
        }
        for ((row, eta), out) in rows.zip(eta).zip(out) {
            let information = || self.problem.weight(row) * self.problem.family.information(*eta);
            // What is 1 but for a rounding error is 1.
            *out = match self.inside(row) {
                0.0 => 0.0,
                _ => match *out * information() / self.copies(row) {
                    leverage if leverage > ALONE => 1.0,
                    leverage => leverage,
                },
            };
        }
    }

    /// `f(rows, their predictors, their leverages)` for the blocks of a leaf; without leverages if they are not wanted.
    fn blocks(
        &self,
        leaf: usize,
        leverages: bool,
        mut f: impl FnMut(Range<usize>, &[f64], &[f64]),
    ) {
        let mut memory = [[0.0; BLOCK]; 2];
        let mut matrix = Mat::new();
        for rows in self.problem.cut.blocks(leaf) {
            let [eta, own] = memory.each_mut().map(|m| &mut m[..rows.len()]);
            self.at
                .predictors(&self.problem, &self.design, rows.clone(), eta);
            if leverages {
                self.leverages_of(rows.clone(), eta, &mut matrix, own);
            }
            f(rows, eta, own);
        }
    }

    /// All that conditions ask of the rows, whose names `row` knows.
    pub(super) fn seen(&self, row: &dyn Fn(usize) -> String) -> Seen {
        const SOME: usize = 5;
        let cut: Partition<'_> = self.problem.cut;
        let family = self.problem.family;
        let high = Mutex::new(Vec::new());
        let (sums, leverage) = cut.sum_leaves_and_largest(5, &|leaf, sums: &mut [f64]| {
            let mut largest = 0.0_f64;
            self.blocks(leaf, true, |rows, eta, leverages| {
                for ((row, eta), leverage) in rows.zip(eta).zip(leverages) {
                    let (weight, y) = (self.problem.weight(row), self.problem.y[row]);
                    if weight == 0.0 {
                        continue;
                    }
                    if self.problem.is_binomial() {
                        let p = family.link.mean(*eta).value;
                        sums[0] += f64::from(u8::from(!(1e-8..=1.0 - 1e-8).contains(&p)));
                    }
                    sums[1] += weight * y;
                    sums[2] += weight * (1.0 - y);
                    sums[3] += self.copies(row) * y;
                    largest = largest.max(*leverage);
                    if *leverage > 0.5 {
                        sums[4] += 1.0;
                        if let Ok(mut high) = high.lock() {
                            high.push(row);
                            // The first of this process.
                            high.sort_unstable();
                            high.truncate(SOME);
                        }
                    }
                }
            });
            largest
        });
        let mut some = Vec::new();
        if sums[4] > 0.0 {
            let mine: Vec<String> = high
                .into_inner()
                .unwrap_or_default()
                .into_iter()
                .map(row)
                .collect();
            let all = cut.communicator().gather(mine.join("\n").as_bytes());
            for text in all {
                let text = String::from_utf8_lossy(&text).into_owned();
                some.extend(text.lines().map(str::to_owned));
            }
            some.truncate(SOME);
        }
        Seen {
            extreme: sums[0],
            yes: sums[1],
            no: sums[2],
            events: sums[3],
            leverage,
            high: sums[4] as usize,
            some,
        }
    }

    /// True if the residuals are rounding errors of the target.
    pub(super) fn is_perfect(&self) -> bool {
        let squares = |row: usize, eta: f64| {
            let (weight, y) = (self.problem.weight(row), self.problem.y[row]);
            let mu = self.problem.family.mean(eta);
            [weight * (y - mu).powi(2), weight * y * y]
        };
        let [left, all] = self.at.sums(&self.problem, &self.design, &squares);
        left <= 1e-24 * all
    }

    /// The covariance of the coefficients; NaN for those that are [`undetermined`](Self::undetermined).
    ///
    /// # Errors
    /// [`FitError::Inference`] if the estimate of it does not exist: an observed information that is not positive definite, no residual
    /// degrees of freedom, a perfect fit, nearly separated classes, Firth's penalty beside a sandwich. [`FitError::InMemory`] of clusters,
    /// for which [`Analysis::covariance`](super::Analysis::covariance) is.
    pub fn covariance(&self, kind: &Covariance<'_>) -> Result<Mat<f64>, FitError> {
        let refuse = |reason: String| Err(FitError::Inference { reason });
        let (n, p) = (self.size(), self.parameters() as f64);
        if !matches!(kind, Covariance::Expected | Covariance::Observed) {
            self.refuse_sandwich()?;
        }
        let meat = match kind {
            Covariance::Expected | Covariance::Observed => {
                let dispersion = self.dispersion();
                if dispersion.is_nan() {
                    return refuse(
                        "there are as many coefficients as rows, so the dispersion cannot be estimated; leave columns out".to_owned(),
                    );
                }
                let inverse = match kind {
                    Covariance::Expected => self.inverse.clone(),
                    _ => self.observed()?,
                };
                let inverse = Mat::from_fn(inverse.nrows(), inverse.ncols(), |i, j| {
                    dispersion * inverse[(i, j)]
                });
                return Ok(self.design.covariance_to_data(inverse.as_ref()));
            }
            Covariance::Clustered(_) => {
                return Err(FitError::InMemory {
                    what: "a clustered covariance",
                });
            }
            _ => {
                if *kind == Covariance::Hc1 && n <= p {
                    return refuse(format!(
                        "{n} rows leave no degrees of freedom for {p} coefficients"
                    ));
                }
                self.meat(kind, n / (n - p))
            }
        };
        self.sandwich(&meat, &self.undetermined(kind))
    }

    /// A (meat) A on the scale of the data, without the coefficients that a row or cluster determines alone.
    pub(super) fn sandwich(&self, meat: &Mat<f64>, alone: &[bool]) -> Result<Mat<f64>, FitError> {
        let sandwich = &self.inverse * meat * &self.inverse;
        let mut sandwich = self.design.covariance_to_data(sandwich.as_ref());
        let model = self.design.covariance_to_data(self.inverse.as_ref());
        if lone::vanishes(&sandwich, &model, self.dispersion(), alone) {
            return Err(FitError::Inference {
                reason: format!(
                    "{}; use profile intervals (--profile) or Firth's penalty (--firth)",
                    lone::VANISHES
                ),
            });
        }
        lone::without(&mut sandwich, alone);
        Ok(sandwich)
    }

    /// Σ fᵢ uᵢ² zᵢ zᵢᵀ.
    fn meat(&self, kind: &Covariance<'_>, larger: f64) -> Mat<f64> {
        let leverages = matches!(kind, Covariance::Hc2 | Covariance::Hc3);
        let factor = |leverage: f64| match kind {
            Covariance::Hc1 => larger,
            // A row that determines a coefficient alone has a score of 0, and no share in the others.
            Covariance::Hc2 | Covariance::Hc3 if leverage > ALONE => 0.0,
            Covariance::Hc2 => 1.0 / (1.0 - leverage),
            Covariance::Hc3 => (1.0 - leverage).powi(-2),
            _ => 1.0,
        };
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            let (mut memory, mut matrix) = ([0.0; BLOCK], Mat::new());
            for (k, out) in out.chunks_mut(BLOCK).enumerate() {
                let from = rows.start + k * BLOCK;
                let (rows, eta) = (from..from + out.len(), &mut memory[..out.len()]);
                self.at
                    .predictors(&self.problem, &self.design, rows.clone(), eta);
                if leverages {
                    self.leverages_of(rows.clone(), eta, &mut matrix, out);
                }
                for ((row, eta), out) in rows.zip(eta).zip(out) {
                    let score = self.score_of(row, *eta);
                    *out = if self.inside(row) > 0.0 {
                        self.copies(row) * factor(*out) * score * score
                    } else {
                        0.0
                    };
                }
            }
        };
        symmetric(gram(&self.design, &weights).as_ref())
    }

    /// Refuses sandwiches that would be of rounding errors, or of another likelihood.
    pub(super) fn refuse_sandwich(&self) -> Result<(), FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        if self.specification.is_firth() {
            return refuse(lone::FIRTH);
        }
        if self.fit.residual_freedom() <= 0.0 {
            return refuse(
                "there are as many coefficients as rows, so residuals are 0 whatever the truth; leave columns out",
            );
        }
        if self.is_perfect() {
            return refuse(
                "the fit is perfect but for rounding errors, so residuals say nothing about standard errors; is the target made from the columns?",
            );
        }
        Ok(())
    }

    /// The inverse of the observed information with dispersion 1.
    fn observed(&self) -> Result<Mat<f64>, FitError> {
        let weights = |rows: Range<usize>, out: &mut [f64]| {
            self.at
                .predictors(&self.problem, &self.design, rows.clone(), out);
            for (row, out) in rows.zip(out) {
                *out = match self.problem.weight(row) {
                    weight if weight > 0.0 => {
                        let terms = self.problem.family.terms(*out, self.problem.y[row]);
                        weight * terms.curvature
                    }
                    _ => 0.0,
                };
            }
        };
        let factor = Cholesky::new(gram(&self.design, &weights).as_ref());
        Ok(factor
            .map_err(|_| FitError::Inference {
                reason: "the observed information is not positive definite; use the expected one"
                    .to_owned(),
            })?
            .inverse())
    }

    /// The coefficients that one row determines alone: its score is 0 whatever the truth, so no sandwich says anything about them, and
    /// [`covariance`](Self::covariance) has NaN there. Of clusters none is known here.
    pub fn undetermined(&self, kind: &Covariance<'_>) -> Vec<bool> {
        let d = self.parameters();
        let mut out = vec![false; d];
        if matches!(
            kind,
            Covariance::Expected | Covariance::Observed | Covariance::Clustered(_)
        ) {
            return out;
        }
        let directions = Mutex::new(Vec::new());
        let cut = self.problem.cut;
        cut.for_each_leaf(&|leaf| {
            self.blocks(leaf, true, |rows, _, leverages| {
                for (row, leverage) in rows.zip(leverages) {
                    if *leverage > ALONE
                        && let Ok(mut directions) = directions.lock()
                    {
                        let z = self.design.row(row);
                        let entry =
                            |a: usize| (0..d).map(|b| self.inverse[(a, b)] * z[b]).sum::<f64>();
                        directions.extend((0..d).map(entry));
                    }
                }
            });
        });
        let mine: Vec<f64> = directions.into_inner().unwrap_or_default();
        let mine: Vec<u8> = mine.iter().flat_map(|x| x.to_le_bytes()).collect();
        let all = cut.communicator().gather(&mine).concat();
        let number = |bytes: &[u8]| bytes.try_into().map_or(f64::NAN, f64::from_le_bytes);
        let all: Vec<f64> = all.chunks(8).map(number).collect();
        let model = self.design.covariance_to_data(self.inverse.as_ref());
        for direction in all.chunks(d.max(1)) {
            let beta = self.design.coefficients_to_data(direction);
            lone::mark(&mut out, &beta, model.as_ref());
        }
        out
    }

    /// Statistics of all coefficients for a covariance of theirs: z, or t with the residual degrees of freedom where a dispersion was
    /// estimated. None for a coefficient that one row determines alone.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn coefficients(&self, covariance: &Covariance<'_>) -> Result<Vec<Coefficient>, FitError> {
        Ok(self.coefficients_by(self.covariance(covariance)?.as_ref()))
    }

    /// The same for a covariance that is known.
    ///
    /// # Panics
    /// If it has fewer rows or columns than there are coefficients.
    pub fn coefficients_by(&self, covariance: MatRef<'_, f64>) -> Vec<Coefficient> {
        let estimated = self.fit.dispersion().estimated;
        let freedom = estimated.then(|| self.fit.residual_freedom());
        self.statistics(covariance, freedom)
    }

    pub(super) fn statistics(
        &self,
        covariance: MatRef<'_, f64>,
        freedom: Option<f64>,
    ) -> Vec<Coefficient> {
        let all = self.fit.coefficients().iter().enumerate();
        all.map(|(j, c)| {
            let error = covariance[(j, j)].sqrt();
            let inference = match freedom {
                Some(freedom) => Inference::student(c.estimate, error, freedom),
                None => Inference::wald(c.estimate, error),
            };
            Coefficient {
                inference: (!error.is_nan()).then_some(inference),
                ..c.clone()
            }
        })
        .collect()
    }

    /// McFadden's, Cox and Snell's, Nagelkerke's and Tjur's measures of what the columns explain: 1 − ℓ/ℓ₀; 1 − (L₀/L)^(2/n); that by its
    /// largest value; the difference of the mean probabilities of the classes. `None` where they do not exist.
    pub fn pseudo_r2(&self) -> [Option<f64>; 4] {
        let n = self.size();
        // The constant terms of the likelihood belong to both.
        let full = self.fit.log_likelihood();
        let null = if self.fit.theta().is_some() {
            // With a θ of its own.
            self.without_columns().and_then(|fit| fit.log_likelihood())
        } else {
            full.map(|full| full - 0.5 * (self.fit.null_deviance() - self.fit.deviance()))
        };
        let known = !self.fit.dispersion().estimated && !self.specification.is_firth();
        let (Some(full), Some(null), true) = (full, null, known) else {
            return [None; 4];
        };
        // A model without columns explains nothing, but for rounding.
        let full = if self.problem.data.names.is_empty() {
            null
        } else {
            full
        };
        // Not −0 where nothing is explained.
        let cox = 0.0 - (2.0 / n * (null - full)).exp_m1();
        let largest = -(2.0 / n * null).exp_m1();
        let binary = self.problem.is_binomial() && self.is_binary();
        let tjur = binary.then(|| {
            let terms = |row: usize, eta: f64| {
                let (copies, p) = (self.copies(row), self.problem.family.mean(eta));
                let is = |class: bool| f64::from(u8::from(class)) * copies;
                let [no, yes] = [
                    is(self.problem.y[row] <= 0.5),
                    is(self.problem.y[row] > 0.5),
                ];
                [no * p, no, yes * p, yes]
            };
            let [p0, n0, p1, n1] = self.at.sums(&self.problem, &self.design, &terms);
            p1 / n1 - p0 / n0
        });
        [
            Some(1.0 - full / null),
            Some(cox),
            Some(cox / largest),
            tjur,
        ]
    }

    /// True if every target is one trial.
    pub(super) fn is_binary(&self) -> bool {
        let trials = self.problem.data.trials.as_ref();
        trials.is_none_or(|trials| self.problem.cut.all(|row| trials[row] <= 1.0))
    }

    /// The fit without any column.
    fn without_columns(&self) -> Option<GlmFit> {
        let data = &self.problem.data;
        let none = MatRef::from_column_major_slice(&[], data.rows(), 0);
        let alone = Observations {
            features: match data.features {
                Explanatory::Leaves { leaves, .. } => Explanatory::Leaves { leaves, columns: 0 },
                _ => Explanatory::Dense(none),
            },
            names: Vec::new().into(),
            intercept: self.problem.intercept,
            ..data.clone()
        };
        let fit = self
            .original
            .fit_observations(&alone, &FitOptions::default());
        fit.ok()
    }
}

/// Both triangles of a matrix that has the lower one.
fn symmetric(a: MatRef<'_, f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i.max(j), i.min(j))])
}
