//! Fits for a descending sequence of penalties, each from the one before.

use models::glm::{GeneralisedLinearModel, Penalty};

use super::columns::Columns;
use super::coordinate::{self, CoordinateDescent, ScaledPenalty};
use super::objective::GlmObjective;
use super::problem::Problem;
use super::solve::columns;
use super::terms::PenaltyTerms;
use super::{Fit, FitOptions, Observations};
use crate::solver::Status;
use crate::{Differentiable, FitError, Progress};

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
    pub(super) fn check(&self) -> Result<(), FitError> {
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
    let descends = !data.features.in_leaves() && coordinate::can(&problem);
    let usable = matches!(design, Columns::Dense(_)) && descends;
    let many = problem.number_of_rows() >= 5 * data.columns() && data.columns() <= 1500;
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
    let mut gradient = vec![0.0; x.len()];
    let mut objective = GlmObjective::new(design, problem, vec![0.0; x.len()]);
    objective.gradient(&x, &mut gradient);
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
    let few = problem.number_of_rows() < design.columns();
    let ratio = options.ratio.unwrap_or(if few { 1e-2 } else { 1e-4 });
    let count = options.count.max(1);
    let step = ratio.ln() / (count.max(2) - 1) as f64;
    Ok((0..count)
        .map(|k| largest * (step * k as f64).exp())
        .collect())
}
