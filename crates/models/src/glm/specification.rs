//! What is to be fitted, and what is fitted.

use linalg::{Accum, Mat, MatRef, matmul};

use super::{Distribution, Family, Generalised, Link, PredictError};

/// What is to be fitted: a distribution, a link, and a penalty. `train` fits it.
///
/// The objective is the mean loss (weighted by the weights of the rows) plus ½·`l2`·‖β‖², without the intercept.
///
/// ```
/// use models::glm::{Distribution, GeneralisedLinearModel, Link};
/// let model = GeneralisedLinearModel::new(Distribution::Gamma).link(Link::Log).l2(0.1);
/// assert_eq!((model.family().link, model.penalty()), (Link::Log, 0.1));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralisedLinearModel {
    family: Generalised,
    intercept: bool,
    l2: f64,
}

impl GeneralisedLinearModel {
    /// With the link that is used if none is named, an intercept and no penalty.
    pub fn new(distribution: Distribution) -> Self {
        let link = distribution.default_link();
        Self {
            family: Generalised { distribution, link },
            intercept: true,
            l2: 0.0,
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

    /// Adds ½·`l2`·‖β‖² to the mean loss. `train` refuses a negative or non-finite value.
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// Distribution and link.
    pub fn family(&self) -> Generalised {
        self.family
    }

    /// True if an intercept is fitted.
    pub fn has_intercept(&self) -> bool {
        self.intercept
    }

    /// The penalty.
    pub fn penalty(&self) -> f64 {
        self.l2
    }
}

/// A fitted generalised linear model.
///
/// ```
/// use linalg::mat;
/// use models::glm::{Distribution, Generalised, GlmModel, Link};
/// let family = Generalised { distribution: Distribution::Poisson, link: Link::Log };
/// let model = GlmModel::new(family, 0.0, vec![2.0]);
/// assert_eq!(model.predict(mat![[0.0], [0.5]].as_ref(), None)?, [1.0, 1.0_f64.exp()]);
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
        let (found, expected) = (x.ncols(), self.coefficients.len());
        if found != expected {
            return Err(PredictError { found, expected });
        }
        if let Some(offset) = offset {
            assert_eq!(offset.len(), x.nrows(), "there is not one offset a row");
        }
        let start = |i: usize| self.intercept + offset.map_or(0.0, |offset| offset[i]);
        let mut eta = Mat::from_fn(x.nrows(), 1, |i, _| start(i));
        let beta = MatRef::from_column_major_slice(&self.coefficients, expected, 1);
        matmul(x, beta, eta.as_mut(), Accum::Add);
        Ok((0..x.nrows()).map(|i| eta[(i, 0)]).collect())
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
        let eta = self.linear_predictor(x, offset)?;
        Ok(eta.into_iter().map(|eta| self.family.mean(eta)).collect())
    }
}
