//! The choice among settings by cross-validation: fit on the rows of a fold's train part, score on its test part, in parallel.
//!
//! The folds come from [`datasets::Splitter`] with a seed, every score has its place, and a fit sees nothing but its own fold: the
//! result has the same bits for any number of threads.
//!
//! The penalty of a generalised linear model is chosen faster by [`cross_validate`](crate::cross_validate) of this crate, which follows
//! whole paths.

use datasets::Split;
use linalg::parallel;
use thiserror::Error;

/// A cross-validation that did not come to its end. Folds and candidates are counted from 1.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SelectionError<E> {
    /// Fewer than two folds.
    #[error("{folds} folds are given; cross-validation needs at least two, from Splitter::k_fold")]
    Folds {
        /// How many.
        folds: usize,
    },
    /// Nothing to choose from.
    #[error("there are no candidates; give at least one setting")]
    Candidates,
    /// A fold could not be fitted or scored: the first one in order, should there be several.
    #[error("{}: {source}", place(*candidate, *fold))]
    Fold {
        /// The candidate, from 1, if there are several.
        candidate: Option<usize>,
        /// The fold, from 1.
        fold: usize,
        /// What happened.
        source: E,
    },
    /// A score is infinite or NaN.
    #[error("{}: the score is {score}; a score is a finite number, so let the fit or the metric report an error instead", place(*candidate, *fold))]
    Score {
        /// The candidate, from 1, if there are several.
        candidate: Option<usize>,
        /// The fold, from 1.
        fold: usize,
        /// The score.
        score: f64,
    },
}

fn place(candidate: Option<usize>, fold: usize) -> String {
    match candidate {
        Some(candidate) => format!("candidate {candidate}, fold {fold}"),
        None => format!("fold {fold}"),
    }
}

/// The scores of one setting, one a fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    scores: Vec<f64>,
}

impl Scores {
    /// In the order of the folds.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Their mean: every fold counts the same.
    pub fn mean(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len() as f64
    }

    /// Their standard deviation, with the divisor k − 1.
    pub fn std_deviation(&self) -> f64 {
        let mean = self.mean();
        let squares = self.scores.iter().map(|score| (score - mean).powi(2));
        (squares.sum::<f64>() / (self.scores.len() - 1) as f64).sqrt()
    }

    /// The standard deviation by √k. Folds share rows to fit on, so it is a rough measure, and rather too small (Bengio and Grandvalet
    /// 2004).
    pub fn std_error(&self) -> f64 {
        self.std_deviation() / (self.scores.len() as f64).sqrt()
    }
}

/// Which scores are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// High ones: accuracy, R², areas.
    Highest,
    /// Low ones: errors, losses.
    Lowest,
}

impl Goal {
    /// True if the first score is better.
    fn better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Highest => a > b,
            Self::Lowest => a < b,
        }
    }
}

/// Scores one way of fitting on every fold, in parallel.
///
/// `fit_and_score` fits on the rows in `train` and scores on those in `test`. Whatever is learnt from data, such as means to centre
/// by, has to be learnt in it.
///
/// # Errors
/// [`SelectionError`] if there are fewer than two folds, a fold fails, or a score is not finite.
///
/// ```
/// use datasets::random::ChaCha;
/// use datasets::{Splitter, generators};
/// use models::LogisticRegression;
/// use train::metrics::{MetricError, log_loss};
/// use train::{Fit, FitError, selection};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Failure {
///     #[error(transparent)]
///     Fit(#[from] FitError),
///     #[error(transparent)]
///     Predict(#[from] models::glm::PredictError),
///     #[error(transparent)]
///     Metric(#[from] MetricError),
/// }
///
/// let data = generators::classification(200, 3, 2.0, &mut ChaCha::new(1)).data;
/// let folds = Splitter::rows(data.observations()).seed(1).k_fold(5)?;
/// let scores = selection::cross_validate(&folds, |fold| -> Result<f64, Failure> {
///     let fit = LogisticRegression::new().l2(0.01).fit(&data.select(&fold.train))?;
///     let test = data.select(&fold.test);
///     let p = fit.model().predict_proba(test.features.as_ref())?;
///     Ok(log_loss(&test.target, &p, None)?)
/// })?;
/// assert_eq!(scores.scores().len(), 5);
/// // Better than ln 2, the loss of saying one half for every row.
/// assert_eq!(format!("{:.2} ± {:.2}", scores.mean(), scores.std_error()), "0.51 ± 0.04");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cross_validate<E: Send>(
    folds: &[Split],
    fit_and_score: impl Fn(&Split) -> Result<f64, E> + Sync,
) -> Result<Scores, SelectionError<E>> {
    let run = |_: usize, fold: &Split| fit_and_score(fold);
    let mut all = evaluate(1, folds, &run, &|_| None)?;
    // One candidate was asked for.
    all.pop().ok_or(SelectionError::Candidates)
}

/// The scores of several candidates, and the choice among them.
#[derive(Debug, Clone, PartialEq)]
pub struct GridSearch {
    scores: Vec<Scores>,
    best: usize,
    simplest: usize,
}

impl GridSearch {
    /// The scores of every candidate, in their order.
    pub fn scores(&self) -> &[Scores] {
        &self.scores
    }

    /// The number (from 0) of the candidate with the best mean; of equal ones the first.
    pub fn best(&self) -> usize {
        self.best
    }

    /// The one-standard-error rule (Breiman, Friedman, Olshen and Stone 1984): the number of the first candidate whose mean is not
    /// worse than the best by more than the standard error of the best. The candidates have to stand in order, the simplest first.
    pub fn one_standard_error(&self) -> usize {
        self.simplest
    }
}

/// Scores every candidate on every fold, in parallel, with the same folds for all.
///
/// A grid of several settings is a list of tuples. The score of the best candidate is better than new data will show, because it was
/// chosen by it: for an honest one, search within the folds of an outer [`cross_validate`].
///
/// # Errors
/// [`SelectionError`] if there are fewer than two folds or no candidates, a fold fails, or a score is not finite. Of several failures
/// the first is reported, candidate by candidate.
///
/// ```
/// use std::convert::Infallible;
/// use datasets::Splitter;
/// use train::selection::{Goal, grid_search};
/// // The mean of the other rows, shrunk to 0, as a prediction.
/// let y = [4.0, 6.0, 5.0, 5.5, 4.5, 5.0];
/// let shrink: Vec<(f64, f64)> = [0.5, 1.0].iter().flat_map(|&a| [0.0, 1.0].map(|b| (a, b))).collect();
/// let folds = Splitter::rows(6).seed(7).k_fold(3)?;
/// let search = grid_search(&shrink, &folds, Goal::Lowest, |&(a, b), fold| -> Result<f64, Infallible> {
///     let mean = fold.train.iter().map(|&i| y[i]).sum::<f64>() / (fold.train.len() as f64 + b);
///     let error = fold.test.iter().map(|&i| (y[i] - a * mean).powi(2)).sum::<f64>();
///     Ok(error / fold.test.len() as f64)
/// })?;
/// assert_eq!(shrink[search.best()], (1.0, 0.0));
/// assert!(search.scores()[search.best()].mean() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn grid_search<C: Sync, E: Send>(
    candidates: &[C],
    folds: &[Split],
    goal: Goal,
    fit_and_score: impl Fn(&C, &Split) -> Result<f64, E> + Sync,
) -> Result<GridSearch, SelectionError<E>> {
    if candidates.is_empty() {
        return Err(SelectionError::Candidates);
    }
    let run = |candidate: usize, fold: &Split| fit_and_score(&candidates[candidate], fold);
    let scores = evaluate(candidates.len(), folds, &run, &|candidate| {
        Some(candidate + 1)
    })?;
    let means: Vec<f64> = scores.iter().map(Scores::mean).collect();
    let mut best = 0;
    for candidate in 1..means.len() {
        if goal.better(means[candidate], means[best]) {
            best = candidate;
        }
    }
    let slack = scores[best].std_error();
    let limit = match goal {
        Goal::Highest => means[best] - slack,
        Goal::Lowest => means[best] + slack,
    };
    let within = |mean: &f64| !goal.better(limit, *mean);
    let simplest = means.iter().position(within).unwrap_or(best);
    Ok(GridSearch {
        scores,
        best,
        simplest,
    })
}

/// Every candidate on every fold; `name` is what an error calls a candidate.
fn evaluate<E: Send>(
    candidates: usize,
    folds: &[Split],
    run: &(impl Fn(usize, &Split) -> Result<f64, E> + Sync),
    name: &dyn Fn(usize) -> Option<usize>,
) -> Result<Vec<Scores>, SelectionError<E>> {
    let k = folds.len();
    if k < 2 {
        return Err(SelectionError::Folds { folds: k });
    }
    let leaf = |leaf: usize| vec![run(leaf / k, &folds[leaf % k])];
    let join = |mut a: Vec<_>, b: Vec<_>| {
        a.extend(b);
        a
    };
    let results = parallel::map_reduce(candidates * k, &leaf, &join).unwrap_or_default();
    let mut all = Vec::with_capacity(candidates);
    let mut results = results.into_iter();
    for candidate in 0..candidates {
        let mut scores = Vec::with_capacity(k);
        for (number, result) in results.by_ref().take(k).enumerate() {
            let (candidate, fold) = (name(candidate), number + 1);
            match result {
                Ok(score) if score.is_finite() => scores.push(score),
                Ok(score) => {
                    return Err(SelectionError::Score {
                        candidate,
                        fold,
                        score,
                    });
                }
                Err(source) => {
                    return Err(SelectionError::Fold {
                        candidate,
                        fold,
                        source,
                    });
                }
            }
        }
        all.push(Scores { scores });
    }
    Ok(all)
}
