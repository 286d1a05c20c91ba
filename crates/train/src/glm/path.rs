//! Fits for a descending sequence of penalties, each from the one before, and the choice among them by cross-validation.

use datasets::Dataset;
use linalg::{Mat, parallel, reduce};
use models::glm::{Family, GeneralisedLinearModel, Penalty};

use super::columns::Columns;
use super::coordinate::{self, CoordinateDescent, ScaledPenalty};
use super::problem::Problem;
use super::solve::columns;
use super::terms::PenaltyTerms;
use super::{Fit, FitOptions, Observations};
use crate::solver::Status;
use crate::{FitError, Progress};

/// Which penalties are looked at, and how exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct PathOptions {
    /// The strengths, descending; if `None`, from the smallest that leaves no coefficient (of those that l1 penalises) down.
    pub strengths: Option<Vec<f64>>,
    /// How many strengths, if they are not given: from 1 to 100,000.
    pub count: usize,
    /// The last by the first, above 0 and up to 1; if `None`, 1e-4, or 1e-2 where there are fewer rows than columns, as glmnet has it.
    pub ratio: Option<f64>,
    /// The duality gap at which a fit ends, by the mean loss of a model that knows nothing: 1e-4 if not said, as in scikit-learn.
    pub tolerance: f64,
    /// Is told of each fit.
    pub progress: Progress,
}

impl PathOptions {
    fn check(&self) -> Result<(), FitError> {
        let refuse = |what, value| Err(FitError::Setting { what, value });
        for &strength in self.strengths.iter().flatten() {
            if !(strength >= 0.0 && strength.is_finite()) {
                return refuse("strength", strength);
            }
        }
        let count = self.strengths.as_ref().map_or(self.count, Vec::len);
        if !(1..=100_000).contains(&count) {
            return refuse("the number of strengths", count as f64);
        }
        match self.ratio {
            Some(ratio) if !(ratio > 0.0 && ratio <= 1.0) => return refuse("ratio", ratio),
            _ => {}
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            return refuse("tolerance", self.tolerance);
        }
        Ok(())
    }
}

impl Default for PathOptions {
    fn default() -> Self {
        Self {
            strengths: None,
            count: 100,
            ratio: None,
            tolerance: 1e-4,
            progress: Progress::default(),
        }
    }
}

/// One fit of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct PathPoint {
    /// l1 and l2 together.
    pub strength: f64,
    /// The coefficients of the data, intercept first if there is one.
    pub coefficients: Vec<f64>,
    /// How many of them but the intercept are not 0.
    pub nonzero: usize,
    /// The share of the deviance of no model at all that the model explains.
    pub deviance_explained: f64,
    /// How far the objective can be above its minimum, where that is known.
    pub duality_gap: Option<f64>,
    /// Whether the fit ended as it should.
    pub status: Status,
}

/// Fits a model for a descending sequence of penalties in the proportion of l1 and l2 of its own (all l1 if it has none), each from
/// the one before.
///
/// # Errors
/// [`FitError`], with the names of the columns or the rows at fault.
///
/// ```
/// use datasets::generators::regression;
/// use datasets::random::ChaCha;
/// use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
/// use train::{PathOptions, path};
/// let data = regression(80, 6, 0.5, &mut ChaCha::new(3)).data;
/// let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
/// let path = path(&model, &(&data).into(), &PathOptions::default())?;
/// assert_eq!((path[0].nonzero, path[99].nonzero), (0, 6));
/// assert!(path.windows(2).all(|pair| pair[1].deviance_explained >= pair[0].deviance_explained - 1e-6));
/// # Ok::<(), train::FitError>(())
/// ```
pub fn path(
    model: &GeneralisedLinearModel,
    data: &Observations<'_>,
    options: &PathOptions,
) -> Result<Vec<PathPoint>, FitError> {
    options.check()?;
    super::problem::check(
        model.penalty(),
        model.has_intercept() && data.intercept,
        data,
    )?;
    let base = model.penalty().with_strength(1.0);
    let model = model.clone().penalised(base.clone());
    let problem = Problem::new(&model, data)?;
    let design = columns(data, problem.intercept, true)?;
    let unit = PenaltyTerms::new(&base, data, problem.intercept)?;
    let strengths = match &options.strengths {
        Some(strengths) => strengths.clone(),
        None => strengths(&model, &problem, &design, &unit, options)?,
    };
    let usable = matches!(design, Columns::Dense(_)) && coordinate::can(&problem);
    let many = data.rows() >= 5 * data.columns() && data.columns() <= 1500;
    if usable && !many {
        return by_descent(&problem, &design, &unit, &strengths, options);
    }
    // The solver that suits each penalty, from the last coefficients.
    let mut points: Vec<PathPoint> = Vec::with_capacity(strengths.len());
    let count = options.progress.count(strengths.len());
    for strength in strengths {
        let model = model.clone().penalised(base.with_strength(strength));
        let mut fitting = FitOptions::default();
        if let Some(last) = points.last() {
            fitting = fitting.start(last.coefficients.clone());
        }
        let fit = model.fit_observations(data, &fitting)?;
        let coefficients: Vec<f64> = fit.coefficients().iter().map(|c| c.estimate).collect();
        points.push(PathPoint {
            strength,
            nonzero: nonzero(&coefficients, problem.intercept),
            coefficients,
            deviance_explained: explained(fit.deviance(), fit.null_deviance()),
            duality_gap: fit.certificate().duality_gap,
            status: fit.certificate().status,
        });
        count.one();
    }
    Ok(points)
}

/// Of nothing, nothing.
fn explained(deviance: f64, null: f64) -> f64 {
    if null == 0.0 {
        0.0
    } else {
        1.0 - deviance / null
    }
}

fn nonzero(coefficients: &[f64], intercept: bool) -> usize {
    let slopes = coefficients.iter().skip(usize::from(intercept));
    slopes.filter(|c| **c != 0.0).count()
}

fn by_descent(
    problem: &Problem<'_>,
    design: &Columns<'_>,
    unit: &PenaltyTerms,
    strengths: &[f64],
    options: &PathOptions,
) -> Result<Vec<PathPoint>, FitError> {
    let start = problem.start(design)?;
    let mut descent = CoordinateDescent::new(problem, design, &start)?;
    let saturated = super::likelihood::saturated(problem) / problem.total();
    let mut points = Vec::with_capacity(strengths.len());
    let count = options.progress.count(strengths.len());
    for &strength in strengths {
        let terms = unit.times(strength);
        let penalty = ScaledPenalty {
            separable: terms.separable(design),
            ridge: terms.ridge(design),
        };
        let outcome = descent.minimise(&penalty, Some(options.tolerance), 500)?;
        let coefficients = design.coefficients_to_data(&outcome.x);
        points.push(PathPoint {
            strength,
            nonzero: nonzero(&coefficients, problem.intercept),
            coefficients,
            deviance_explained: 1.0 - (descent.loss - saturated) / descent.null_loss(),
            duality_gap: outcome.certificate.duality_gap,
            status: outcome.certificate.status,
        });
        count.one();
    }
    Ok(points)
}

/// Strengths on a logarithmic scale, from the smallest that l1 keeps all its coefficients at 0 with.
fn strengths(
    model: &GeneralisedLinearModel,
    problem: &Problem<'_>,
    design: &Columns<'_>,
    unit: &PenaltyTerms,
    options: &PathOptions,
) -> Result<Vec<f64>, FitError> {
    // With coefficients that are penalised held at 0, what is free is fitted.
    let k = usize::from(problem.intercept);
    let penalised = |j: usize| unit.l1[j + k] + unit.l2[j + k] > 0.0;
    let names = &problem.data.names;
    let mut null = Penalty::none();
    for (j, name) in names.iter().enumerate().filter(|(j, _)| penalised(*j)) {
        if unit.lower[j + k] > 0.0 || unit.upper[j + k] < 0.0 {
            return Err(FitError::Bounds {
                column: name.clone(),
                lowest: unit.lower[j + k],
                highest: unit.upper[j + k],
            });
        }
        null = null.bounds(name, 0.0, 0.0);
    }
    let mut beta = vec![0.0; names.len() + k];
    if null.bounds.len() < names.len() {
        let fit = model.clone().penalised(null);
        let fit = fit.fit_observations(&problem.data, &FitOptions::default())?;
        for (beta, c) in beta.iter_mut().zip(fit.coefficients()) {
            *beta = c.estimate;
        }
    } else if k == 1 {
        beta[0] = super::fit::intercept_alone(model, problem)?;
    }
    let x = design.coefficients_from_data(&beta);
    let eta = problem.predictors(design, &x);
    let total = problem.total();
    let slope: Vec<f64> = (0..eta.len())
        .map(|i| match problem.weight(i) {
            weight if weight > 0.0 => {
                weight * problem.family.terms(eta[i], problem.y[i]).slope / total
            }
            _ => 0.0,
        })
        .collect();
    let mut gradient = vec![0.0; x.len()];
    design.design().transpose_times(&slope, &mut gradient);
    design.outer(&mut gradient);
    let separable = unit.separable(design);
    // A proportion of l1 of 0 has no such strength: glmnet takes that of one thousandth.
    let ridge = unit.ridge(design);
    let largest = (0..x.len()).fold(0.0_f64, |largest, j| {
        let l1 = separable.l1(j);
        let reach = if l1 > 0.0 { l1 } else { 1e-3 * ridge[j].sqrt() };
        if reach > 0.0 {
            largest.max(gradient[j].abs() / reach)
        } else {
            largest
        }
    });
    // Above rounding, so that the first fit has no coefficients.
    let largest = largest * (1.0 + 1e-10);
    let few = problem.y.len() < design.columns();
    let ratio = options.ratio.unwrap_or(if few { 1e-2 } else { 1e-4 });
    let count = options.count.max(1);
    let step = ratio.ln() / (count.max(2) - 1) as f64;
    Ok((0..count)
        .map(|k| largest * (step * k as f64).exp())
        .collect())
}

/// What cross-validation says about each strength of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// The fits to all data.
    pub path: Vec<PathPoint>,
    /// The mean deviance of a row that a fit did not see, for each strength.
    pub mean: Vec<f64>,
    /// Its standard error over the folds.
    pub std_error: Vec<f64>,
    /// The strength with the least mean.
    pub best: usize,
    /// The largest strength whose mean is within one standard error of the least: the simplest model that is about as good
    /// (Breiman, Friedman, Olshen and Stone 1984).
    pub one_std_error: usize,
}

/// Chooses the strength of a penalty by cross-validation: `folds[i]` is the fold of row i. Folds are fitted in parallel.
///
/// # Errors
/// [`FitError`], with the names of the columns or the rows at fault.
///
/// # Panics
/// If there is not one fold a row.
///
/// ```
/// use datasets::generators::regression;
/// use datasets::random::ChaCha;
/// use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
/// use train::{PathOptions, cross_validate};
/// let data = regression(100, 5, 1.0, &mut ChaCha::new(4)).data;
/// let folds: Vec<usize> = (0..100).map(|i| i % 5).collect();
/// let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
/// let chosen = cross_validate(&model, &data, &folds, &PathOptions::default())?;
/// assert!(chosen.one_std_error <= chosen.best);
/// assert!(chosen.mean[chosen.best] < chosen.mean[0]);
/// # Ok::<(), train::FitError>(())
/// ```
pub fn cross_validate(
    model: &GeneralisedLinearModel,
    data: &Dataset,
    folds: &[usize],
    options: &PathOptions,
) -> Result<CrossValidation, FitError> {
    assert_eq!(
        folds.len(),
        data.observations(),
        "there is not one fold a row"
    );
    options.check()?;
    // Numbered anew, because numbers may be any.
    let mut numbers = folds.to_vec();
    numbers.sort_unstable();
    numbers.dedup();
    let count = numbers.len();
    if count < 2 {
        return Err(FitError::Setting {
            what: "the number of folds",
            value: count as f64,
        });
    }
    let folds: Vec<usize> = folds
        .iter()
        .map(|fold| numbers.partition_point(|n| n < fold))
        .collect();
    let folds = &folds[..];
    let strengths = options.strengths.as_ref();
    let strengths = strengths.map_or(options.count.max(1), Vec::len);
    let options = PathOptions {
        progress: options.progress.count(strengths * (count + 1)).inner(),
        ..options.clone()
    };
    let whole = path(model, &data.into(), &options)?;
    let strengths: Vec<f64> = whole.iter().map(|point| point.strength).collect();
    let options = PathOptions {
        strengths: Some(strengths),
        ..options
    };
    let scores = parallel::map_reduce(
        count,
        &|fold| vec![score(model, data, folds, fold, &options)],
        &|mut a: Vec<_>, b| {
            a.extend(b);
            a
        },
    );
    let scores: Vec<(f64, Vec<f64>)> = scores
        .unwrap_or_default()
        .into_iter()
        .collect::<Result<_, _>>()?;
    let scores: Vec<_> = scores
        .into_iter()
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    let total: f64 = scores.iter().map(|(weight, _)| weight).sum();
    let number = scores.len() as f64;
    let (mut mean, mut std_error) = (Vec::new(), Vec::new());
    for k in 0..whole.len() {
        let m = scores.iter().map(|(weight, s)| weight * s[k]).sum::<f64>() / total;
        let spread = scores
            .iter()
            .map(|(weight, s)| weight * (s[k] - m).powi(2))
            .sum::<f64>()
            / total;
        mean.push(m);
        std_error.push((spread / (number - 1.0)).sqrt());
    }
    let best = (0..mean.len()).fold(0, |best, k| if mean[k] < mean[best] { k } else { best });
    let enough = mean[best] + std_error[best];
    let one_std_error = mean.iter().position(|m| *m <= enough).unwrap_or(best);
    Ok(CrossValidation {
        path: whole,
        mean,
        std_error,
        best,
        one_std_error,
    })
}

/// The weight of a fold and the mean deviance of its rows by fits to the others.
fn score(
    model: &GeneralisedLinearModel,
    data: &Dataset,
    folds: &[usize],
    fold: usize,
    options: &PathOptions,
) -> Result<(f64, Vec<f64>), FitError> {
    let rows = |inside: bool| -> Vec<usize> {
        (0..folds.len())
            .filter(|i| (folds[*i] == fold) == inside)
            .collect()
    };
    let (mut seen, mut unseen) = (data.select(&rows(false)), data.select(&rows(true)));
    if unseen.observations() == 0 {
        return Ok((
            0.0,
            vec![0.0; options.strengths.as_ref().map_or(0, Vec::len)],
        ));
    }
    // A column that does not vary in these rows gets no coefficient: rare categories are like that.
    let varies = |j: usize| {
        let x = &seen.features;
        (1..x.nrows()).any(|i| x[(i, j)] != x[(0, j)])
    };
    let kept: Vec<usize> = (0..seen.feature_names.len())
        .filter(|j| varies(*j))
        .collect();
    let mut model = model.clone();
    if kept.len() < seen.feature_names.len() {
        for part in [&mut seen, &mut unseen] {
            let x = &part.features;
            part.features = Mat::from_fn(x.nrows(), kept.len(), |i, j| x[(i, kept[j])]);
            part.feature_names = kept
                .iter()
                .map(|j| part.feature_names[*j].clone())
                .collect();
        }
        let mut penalty = model.penalty().clone();
        let there = |name: &String| seen.feature_names.contains(name);
        penalty.factors.retain(|(name, _)| there(name));
        penalty.bounds.retain(|(name, ..)| there(name));
        model = model.penalised(penalty);
    }
    let points = path(&model, &(&seen).into(), options)?;
    let held = Problem::unchecked(&model, &(&unseen).into());
    let weight = held.total();
    let x = &unseen.features;
    let deviance = |point: &PathPoint| {
        let k = usize::from(held.intercept);
        let eta = Mat::from_fn(x.nrows(), 1, |i, _| {
            let start = if k == 1 { point.coefficients[0] } else { 0.0 };
            start
                + held.offset(i)
                + (0..x.ncols())
                    .map(|j| x[(i, j)] * point.coefficients[j + k])
                    .sum::<f64>()
        });
        let unit = |i: usize| {
            let loss = held.family.terms(eta[(i, 0)], held.y[i]).loss;
            held.weight(i) * (loss - held.family.saturated_loss(held.y[i]))
        };
        2.0 * reduce::sum_by(x.nrows(), unit) / weight
    };
    Ok((weight, points.iter().map(deviance).collect()))
}
