//! What is to be fitted, and what is fitted.

use linalg::MatRef;

use super::predictor::{of_row, predictor, predictor_into};
use super::{Distribution, Family, Generalised, Link, Penalty, PredictError};

/// What is to be fitted: a distribution, a link, and a penalty. `train` fits it.
///
/// The objective is the mean loss (weighted by the weights of the rows) plus the [`Penalty`], which leaves the intercept free.
///
/// ```
/// use models::glm::{Distribution, GeneralisedLinearModel, Link};
/// let model = GeneralisedLinearModel::new(Distribution::Gamma).link(Link::Log).l2(0.1);
/// assert_eq!((model.family().link, model.penalty().l2), (Link::Log, 0.1));
///
/// use models::glm::Penalty;
/// let lasso = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
/// assert_eq!(lasso.l2(0.1).penalty(), &Penalty::ridge(0.1));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralisedLinearModel {
    family: Generalised,
    intercept: bool,
    penalty: Penalty,
    weights: Weights,
    classes: ClassWeights,
    method: Method,
}

/// What is made large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Likelihood,
    QuasiLikelihood,
    LikelihoodWithTheta,
    Firth,
}

/// What the weights of rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weights {
    /// Numbers of repetitions: the fit is that of the rows repeated so often.
    #[default]
    Frequency,
    /// Relative precisions: the variance of a row is its dispersion by its weight, and a row is one observation whatever its
    /// weight.
    Analytic,
}

/// Weights of the classes of a target, times those of the rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeights {
    /// All 1.
    #[default]
    Equal,
    /// n / (K nₖ) for the nₖ of n rows that belong to class k of K, as scikit-learn's `class_weight="balanced"` has it.
    Balanced,
    /// One a class.
    Given(Vec<f64>),
}

impl GeneralisedLinearModel {
    /// With the link that is used if none is named, an intercept and no penalty.
    pub fn new(distribution: Distribution) -> Self {
        let link = distribution.default_link();
        Self {
            family: Generalised { distribution, link },
            intercept: true,
            penalty: Penalty::none(),
            weights: Weights::default(),
            classes: ClassWeights::default(),
            method: Method::Likelihood,
        }
    }

    /// With another link.
    pub fn link(mut self, link: Link) -> Self {
        self.family.link = link;
        self
    }

    /// Leaves the intercept out.
    pub fn without_intercept(mut self) -> Self {
        self.intercept = false;
        self
    }

    /// With a penalty. `train` refuses negative or non-finite numbers.
    pub fn penalised(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// With the penalty ½·`l2`·‖β‖² on the mean loss, in the place of any other.
    pub fn l2(self, l2: f64) -> Self {
        self.penalised(Penalty::ridge(l2))
    }

    /// Says what the weights of rows are; numbers of repetitions if not said.
    pub fn weights_are(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Weights the classes of a binomial target.
    pub fn class_weights(mut self, classes: ClassWeights) -> Self {
        self.classes = classes;
        self
    }

    /// Estimates a dispersion also where the distribution has none (binomial, Poisson, negative binomial): quasi-likelihood, for targets
    /// that vary more or less than the distribution says (Wedderburn 1974).
    pub fn quasi(mut self) -> Self {
        self.method = Method::QuasiLikelihood;
        self
    }

    /// A negative binomial model whose θ is estimated with the coefficients, by maximum likelihood.
    pub fn negative_binomial() -> Self {
        let start = Distribution::NegativeBinomial { theta: 1.0 };
        Self {
            method: Method::LikelihoodWithTheta,
            ..Self::new(start)
        }
    }

    /// The same negative binomial model with this θ, held fixed.
    pub fn with_theta(mut self, theta: f64) -> Self {
        self.family.distribution = Distribution::NegativeBinomial { theta };
        self.method = Method::Likelihood;
        self
    }

    /// With Firth's penalty (1993): half the logarithm of the determinant of Fisher's information is added to the log-likelihood. It
    /// removes the first-order bias of the estimates, and keeps them finite when the classes are separated. For binomial models with
    /// the logit link.
    pub fn firth(mut self) -> Self {
        self.method = Method::Firth;
        self
    }

    /// Distribution and link.
    pub fn family(&self) -> Generalised {
        self.family
    }

    /// True if the θ of a negative binomial model is estimated.
    pub fn estimates_theta(&self) -> bool {
        self.method == Method::LikelihoodWithTheta
    }

    /// True with Firth's penalty.
    pub fn is_firth(&self) -> bool {
        self.method == Method::Firth
    }

    /// True if a dispersion is estimated in any case.
    pub fn is_quasi(&self) -> bool {
        self.method == Method::QuasiLikelihood
    }

    /// True if an intercept is fitted.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The penalty.
    pub fn penalty(&self) -> &Penalty {
        &self.penalty
    }

    /// What the weights of rows are.
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// The weights of the classes.
    pub fn classes(&self) -> &ClassWeights {
        &self.classes
    }
}

/// A fitted generalised linear model.
///
/// ```
/// use linalg::mat;
/// use models::glm::{Distribution, Generalised, GlmModel, Link};
/// let family = Generalised { distribution: Distribution::Poisson, link: Link::Log };
/// let model = GlmModel::new(family, 0.0, vec![2.0]);
/// let mean = model.predict(mat![[0.0], [0.5]].as_ref(), None)?;
/// assert!(mean[0] == 1.0 && (mean[1] - 1.0_f64.exp()).abs() < 1e-15);
/// # Ok::<(), models::glm::PredictError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GlmModel {
    family: Generalised,
    intercept: f64,
    coefficients: Vec<f64>,
}

impl GlmModel {
    /// The model with these numbers; an intercept of 0 is none.
    pub fn new(family: Generalised, intercept: f64, coefficients: Vec<f64>) -> Self {
        Self {
            family,
            intercept,
            coefficients,
        }
    }

    /// Distribution and link.
    pub fn family(&self) -> Generalised {
        self.family
    }

    /// β₀.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// β, one a feature.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// η = β₀ + x·β, plus the offset if there is one, for each row.
    ///
    /// # Errors
    /// [`PredictError`] if the data have another number of columns than the model has features.
    ///
    /// # Panics
    /// If there is not one offset a row.
    pub fn linear_predictor(
        &self,
        x: MatRef<'_, f64>,
        offset: Option<&[f64]>,
    ) -> Result<Vec<f64>, PredictError> {
        let start = self.start(x.nrows(), offset);
        predictor(x, &self.coefficients, start, |_| {})
    }

    /// Intercept and offset of a row.
    fn start(&self, rows: usize, offset: Option<&[f64]>) -> impl Fn(usize) -> f64 + Sync {
        if let Some(offset) = offset {
            assert_eq!(offset.len(), rows, "there is not one offset a row");
        }
        move |i: usize| self.intercept + offset.map_or(0.0, |offset| offset[i])
    }

    /// The mean for each row: the probability of class 1, the expected count, ….
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    ///
    /// # Panics
    /// If there is not one offset a row.
    pub fn predict(
        &self,
        x: MatRef<'_, f64>,
        offset: Option<&[f64]>,
    ) -> Result<Vec<f64>, PredictError> {
        let start = self.start(x.nrows(), offset);
        predictor(x, &self.coefficients, start, |eta| {
            self.family.link.means(eta);
        })
    }

    /// [`predict`](Self::predict) into a vector of the caller's: in parallel, at the speed with which `x` is read (columns that are
    /// adjacent in memory are the fastest), without allocation.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    ///
    /// # Panics
    /// If there is not one offset and one place in `out` a row.
    pub fn predict_into(
        &self,
        x: MatRef<'_, f64>,
        offset: Option<&[f64]>,
        out: &mut [f64],
    ) -> Result<(), PredictError> {
        let start = self.start(x.nrows(), offset);
        predictor_into(
            x,
            &self.coefficients,
            start,
            |eta| self.family.link.means(eta),
            out,
        )
    }

    /// The mean for one row, without allocation.
    ///
    /// ```
    /// use models::glm::{Distribution, Generalised, GlmModel, Link};
    /// let family = Generalised { distribution: Distribution::Poisson, link: Link::Log };
    /// let model = GlmModel::new(family, 1.0, vec![0.5, -0.25]);
    /// assert!((model.predict_row(&[2.0, 4.0], 0.0)? - 1.0_f64.exp()).abs() < 1e-15);
    /// assert!(model.predict_row(&[2.0], 0.0).is_err());
    /// # Ok::<(), models::glm::PredictError>(())
    /// ```
    ///
    /// # Errors
    /// [`PredictError`] if the row has another number of entries than the model has features.
    pub fn predict_row(&self, row: &[f64], offset: f64) -> Result<f64, PredictError> {
        let eta = self.intercept + of_row(row, &self.coefficients)? + offset;
        Ok(self.family.mean(eta))
    }
}
