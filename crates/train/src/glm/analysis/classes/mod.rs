//! What a fit of several classes means: the fit beside its data, and what both together say.

mod covariance;
mod effects;
mod fits;
mod held;
mod hypotheses;
mod profile;
mod response;
mod slopes;
mod validity;

use linalg::solve::Cholesky;
use linalg::{Mat, Values, reduce};

use self::response::{Kind, Predictors};
use super::super::classes::Classes;
use super::super::columns::Columns;
use super::super::multinomial_firth::FirthData;
use super::super::ordered::{self, OrderedObjective};
use super::super::softmax::SoftmaxObjective;
use super::super::solve::columns;
use super::super::{ClassFit, INTERCEPT, MultinomialFit, Observations, OrderedFit};
use crate::{FitError, TwiceDifferentiable};

fn refuse(reason: &str) -> FitError {
    FitError::Inference {
        reason: reason.to_owned(),
    }
}

/// A multinomial or ordered fit beside its data.
///
/// Statistics are those of maximum likelihood; with Firth's penalty, those that hold there too. A row with a weight counts as so many
/// rows. Coefficients stand in the order of [`ClassFit::coefficients`], in the units of the data; a column has one in each class but the
/// first (multinomial) or one in all (ordered).
///
/// ```
/// use datasets::Dataset;
/// use linalg::Mat;
/// use models::glm::MultinomialRegression;
/// use train::{Covariance, Fit};
/// // Of 10 rows with x = 0, 2, 3 and 5 are of the classes 0, 1 and 2; of 10 with x = 1, 5, 3 and 2.
/// let y = [[2, 3, 5], [5, 3, 2]].iter().flat_map(|n| (0..3).flat_map(|k| vec![k as f64; n[k]]));
/// let x = Mat::from_fn(20, 1, |i, _| f64::from(u8::from(i >= 10)));
/// let data = Dataset::new(x, ["x"], y.collect::<Vec<_>>(), "class");
/// let fit = MultinomialRegression::new().fit(&data)?;
/// let observations = (&data).into();
/// let analysis = fit.analyse(&observations)?;
/// // The score test of one binary column is Pearson's chi-square of the table.
/// let score = analysis.score(&["x"])?;
/// assert!((score.statistic - 2.0 * (1.5 * 1.5 / 3.5) * 2.0).abs() < 1e-10);
/// // From 0 to 1 the probability of the last class falls from 0.5 to 0.2.
/// let effects = analysis.marginal_effects(&Covariance::Observed)?;
/// assert!((effects[2][0].estimate + 0.3).abs() < 1e-10);
/// let variance = (0.5 * 0.5 + 0.2 * 0.8) / 10.0;
/// assert!((effects[2][0].inference.std_error - f64::sqrt(variance)).abs() < 1e-10);
/// # Ok::<(), train::FitError>(())
/// ```
#[derive(Debug)]
pub struct ClassAnalysis<'a> {
    fit: &'a ClassFit,
    firth: bool,
    data: Observations<'a>,
    classes: Classes<'a>,
    design: Columns<'a>,
    predictors: Predictors,
    /// The estimates in the coordinates of the solvers.
    gamma: Vec<f64>,
    /// What gives the coefficients of the data from those of the solvers.
    map: Mat<f64>,
    /// The inverse of the observed information in the coordinates of the solvers.
    inverse: Mat<f64>,
}

impl MultinomialFit {
    /// The fit beside the data that it was made from.
    ///
    /// # Errors
    /// [`FitError::Inference`] if a penalty other than Firth's is in force, or if these are other data.
    pub fn analyse<'a>(&'a self, data: &Observations<'a>) -> Result<ClassAnalysis<'a>, FitError> {
        if !self.penalty().is_none() {
            return Err(refuse(
                "a penalty is in force, and statistics of maximum likelihood do not hold for penalised estimates; fit without it",
            ));
        }
        let intercept = self.coefficients().iter().any(|c| c.name == INTERCEPT);
        let firth = self.is_firth();
        ClassAnalysis::new(&self.fit, Kind::Multinomial, intercept, firth, data)
    }

    /// True if Firth's penalty is in force.
    pub fn is_firth(&self) -> bool {
        self.aic().is_none() && self.penalty().is_none()
    }
}

impl OrderedFit {
    /// The fit beside the data that it was made from.
    ///
    /// # Errors
    /// [`FitError::Inference`] if these are other data.
    pub fn analyse<'a>(&'a self, data: &Observations<'a>) -> Result<ClassAnalysis<'a>, FitError> {
        let kind = Kind::Ordered(self.model().link());
        ClassAnalysis::new(&self.fit, kind, true, false, data)
    }
}

impl<'a> ClassAnalysis<'a> {
    fn new(
        fit: &'a ClassFit,
        kind: Kind,
        intercept: bool,
        firth: bool,
        data: &Observations<'a>,
    ) -> Result<Self, FitError> {
        let other =
            || refuse("the data are not those of the fit; give those that it was made from");
        let number = fit.labels().len() - 1;
        data.in_memory("an analysis")?;
        let known = |y: f64| y >= 0.0 && y.fract() == 0.0 && y <= number as f64;
        let lengths = [&data.weights, &data.offset, &data.trials];
        let same = |values: &Values<'_>| values.len() == data.rows();
        if !same(&data.target)
            || !lengths.into_iter().flatten().all(same)
            || data.names.len() != data.columns()
            || !data.target.iter().all(known)
        {
            return Err(other());
        }
        let classes = Classes::new(data)?;
        let design = columns(data, intercept, false)?;
        let predictors = Predictors {
            kind,
            number,
            entries: design.columns(),
        };
        let rows = super::super::multinomial::observations(data);
        let m = fit.coefficients().len();
        let names = fit.coefficients().iter().map(|c| &c.name);
        let named = match kind {
            Kind::Multinomial => names
                .filter(|name| *name != INTERCEPT)
                .take(data.names.len())
                .eq(data.names.iter()),
            Kind::Ordered(_) => names.take(data.names.len()).eq(data.names.iter()),
        };
        if !named || rows != fit.observations() || predictors.parameters() != m {
            return Err(other());
        }
        let mut analysis = Self {
            fit,
            firth,
            data: data.clone(),
            classes,
            design,
            predictors,
            gamma: Vec::new(),
            map: Mat::zeros(m, m),
            inverse: Mat::new(),
        };
        let mut unit = vec![0.0; m];
        for j in 0..m {
            unit[j] = 1.0;
            for (i, value) in analysis.to_data(&unit).into_iter().enumerate() {
                analysis.map[(i, j)] = value;
            }
            unit[j] = 0.0;
        }
        analysis.gamma = analysis.estimates_of_solver();
        let mut gradient = vec![0.0; m];
        let mut hessian = Mat::zeros(m, m);
        let gamma = analysis.gamma.clone();
        let value = analysis.with_likelihood(|likelihood| {
            likelihood.hessian(&gamma, &mut gradient, hessian.as_mut())
        });
        let found = -value * analysis.classes.total;
        let size = 1.0 + fit.log_likelihood().abs();
        if (found - fit.log_likelihood()).abs() > 1e-6 * size || found.is_nan() {
            return Err(other());
        }
        let factor =
            Cholesky::new(hessian.as_ref()).map_err(|source| FitError::Linalg { source })?;
        let inverse = factor.inverse();
        let total = analysis.classes.total;
        analysis.inverse = Mat::from_fn(m, m, |i, j| inverse[(i, j)] / total);
        Ok(analysis)
    }

    /// The fit.
    pub fn fit(&self) -> &'a ClassFit {
        self.fit
    }

    /// The place of a coefficient: of a column in a class of a multinomial fit, or without a class of an ordered one.
    ///
    /// # Errors
    /// If there is no such coefficient.
    pub fn place(&self, name: &str, class: Option<usize>) -> Result<usize, FitError> {
        let mut all = self.fit.coefficients().iter().zip(self.fit.classes());
        all.position(|(c, of)| c.name == name && *of == class)
            .ok_or_else(|| FitError::UnknownColumn {
                column: name.to_owned(),
            })
    }

    /// The number of coefficients.
    fn parameters(&self) -> usize {
        self.map.nrows()
    }

    fn estimates(&self) -> Vec<f64> {
        self.fit.coefficients().iter().map(|c| c.estimate).collect()
    }

    /// How often a row stands in the data.
    fn copies(&self, row: usize) -> f64 {
        self.data
            .weights
            .as_ref()
            .map_or(1.0, |weights| weights[row])
    }

    /// The coefficients of the data from those of the solvers.
    fn to_data(&self, gamma: &[f64]) -> Vec<f64> {
        match self.predictors.kind {
            Kind::Multinomial => gamma
                .chunks(self.predictors.entries)
                .flat_map(|gamma| self.design.coefficients_to_data(gamma))
                .collect(),
            Kind::Ordered(_) => ordered::to_data(&self.design, self.predictors.number, gamma),
        }
    }

    fn estimates_of_solver(&self) -> Vec<f64> {
        let beta = self.estimates();
        match self.predictors.kind {
            Kind::Multinomial => beta
                .chunks(self.predictors.entries)
                .flat_map(|beta| self.design.coefficients_from_data(beta))
                .collect(),
            Kind::Ordered(_) => {
                let (slopes, thresholds) = beta.split_at(self.predictors.entries - 1);
                let slopes = slopes.iter().copied();
                let beta: Vec<f64> = std::iter::once(0.0).chain(slopes).collect();
                // The intercept of the centred columns, by which thresholds of the solvers are lower.
                let gamma = self.design.coefficients_from_data(&beta);
                let thresholds = thresholds.iter().map(|t| t - gamma[0]);
                thresholds.chain(gamma[1..].iter().copied()).collect()
            }
        }
    }

    /// The mean loss, without a penalty.
    fn with_likelihood<R>(&self, f: impl FnOnce(&mut dyn TwiceDifferentiable) -> R) -> R {
        let Predictors {
            kind,
            number,
            entries,
        } = self.predictors;
        match kind {
            Kind::Multinomial => {
                let free: Vec<(usize, usize)> = (1..=number)
                    .flat_map(|class| (0..entries).map(move |j| (j, class)))
                    .collect();
                f(&mut SoftmaxObjective::new(
                    &self.design,
                    &self.classes,
                    &free,
                    &vec![0.0; entries],
                ))
            }
            Kind::Ordered(link) => f(&mut OrderedObjective {
                design: &self.design,
                classes: &self.classes,
                link,
            }),
        }
    }

    /// What the fit made small: the mean loss, with Firth's penalty if that is in force.
    fn with_objective<R>(
        &self,
        f: impl FnOnce(&mut dyn TwiceDifferentiable) -> Result<R, FitError>,
    ) -> Result<R, FitError> {
        if !self.firth {
            return self.with_likelihood(f);
        }
        let data = FirthData::new(&self.design, &self.classes)?;
        f(&mut data.objective(self.predictors.number))
    }

    /// `f(row, z, u)` for every row that counts: its entries in the coordinates of the solvers, and its predictors at γ.
    fn each_row(&self, gamma: &[f64], mut f: impl FnMut(usize, &[f64], &[f64])) {
        self.design.each_row(|i, z| {
            if self.copies(i) > 0.0 {
                f(i, z, &self.predictors.at(gamma, z));
            }
        });
    }

    /// What makes an entry of a column in the coordinates of the solvers from one of the data: a factor, and what is subtracted then.
    fn scaling(&self, column: usize) -> (f64, f64) {
        let k = usize::from(self.design.has_intercept());
        let mut unit = vec![0.0; self.predictors.entries];
        unit[column + k] = 1.0;
        let beta = self.design.coefficients_to_data(&unit);
        let shift = if k == 1 { -beta[0] } else { 0.0 };
        (beta[column + k], shift)
    }

    /// The score of a row for one copy of it, in the coordinates of the solvers.
    fn row_score(&self, class: usize, z: &[f64], u: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.parameters()];
        self.predictors
            .add(&self.predictors.score(u, class), z, &mut out);
        out
    }

    /// vᵀ (covariance) v in the coordinates of the solvers.
    fn variance(covariance: &Mat<f64>, v: &[f64]) -> f64 {
        let row = |i: usize| reduce::sum_by(v.len(), |j| covariance[(i, j)] * v[j]);
        // A rounding error below 0 is none.
        reduce::sum_by(v.len(), |i| v[i] * row(i)).max(0.0)
    }
}
