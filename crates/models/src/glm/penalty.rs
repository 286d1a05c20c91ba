//! Penalties on coefficients, and what other programs call them.

/// What is added to the mean loss: Σⱼ fⱼ (l1·|βⱼ| + ½·l2·βⱼ²) over all coefficients but the intercept, with a factor fⱼ of 1
/// unless another is named; and bounds that a coefficient must keep.
///
/// The same objective elsewhere, for n observations:
///
/// | program | its numbers | here |
/// |---|---|---|
/// | scikit-learn's `LogisticRegression` | `C`, `l1_ratio` r | [`from_sklearn_c`](Self::from_sklearn_c): l1 = r / (n C), l2 = (1 − r) / (n C) |
/// | scikit-learn's `Ridge`, `Lasso`, `ElasticNet`, `PoissonRegressor` | `alpha` | `Ridge`: l2 = alpha / n; the others: l1, l2 as `alpha`, `l1_ratio` say |
/// | glmnet | `lambda`, `alpha` | [`from_glmnet`](Self::from_glmnet), with [`standardised`](Self::standardised) unless `standardize = FALSE` |
/// | statsmodels' `fit_regularized` | `alpha`, `L1_wt` | [`from_statsmodels`](Self::from_statsmodels) |
/// | PyTorch's optimisers, mean loss | `weight_decay` | [`from_weight_decay`](Self::from_weight_decay), on the weights alone; half of it with `MSELoss` |
///
/// ```
/// use models::glm::Penalty;
/// let penalty = Penalty::elastic_net(0.1, 0.5).factor("age", 0.0).bounds("dose", 0.0, f64::INFINITY);
/// assert_eq!((penalty.l1_of("dose"), penalty.l2_of("dose")), (0.05, 0.05));
/// assert_eq!((penalty.l1_of("age"), penalty.bounds_of("dose").0), (0.0, 0.0));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Penalty {
    /// On Σ |β|.
    pub l1: f64,
    /// On ½ Σ β².
    pub l2: f64,
    /// True if the penalty is on the coefficients of columns that are divided by their standard deviation.
    pub on_standardised: bool,
    /// Factors of coefficients, by the names of their columns; 0 leaves one free.
    pub factors: Vec<(String, f64)>,
    /// Bounds of coefficients: name, lowest, highest.
    pub bounds: Vec<(String, f64, f64)>,
}

impl Penalty {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// ½·l2·‖β‖²: ridge regression.
    pub fn ridge(l2: f64) -> Self {
        let penalty = Self::default();
        Self { l2, ..penalty }
    }

    /// l1·‖β‖₁: the lasso.
    pub fn lasso(l1: f64) -> Self {
        let penalty = Self::default();
        Self { l1, ..penalty }
    }

    /// λ (α ‖β‖₁ + ½ (1 − α) ‖β‖²).
    pub fn elastic_net(lambda: f64, alpha: f64) -> Self {
        Self {
            l1: lambda * alpha,
            l2: lambda * (1.0 - alpha),
            ..Self::default()
        }
    }

    /// Of scikit-learn's `LogisticRegression(C, l1_ratio)` on so many observations; an `l1_ratio` of 0 is its default, ridge.
    pub fn from_sklearn_c(c: f64, l1_ratio: f64, observations: usize) -> Self {
        Self::elastic_net(1.0 / (c * observations as f64), l1_ratio)
    }

    /// Of `glmnet(lambda, alpha, standardize = FALSE)`; add [`standardised`](Self::standardised) for its default. For the Gaussian family
    /// glmnet divides the target by its standard deviation s (with n) first, so that its `lambda` goes with l1 as it is and with an l2 of
    /// λ (1 − α) / s: give an [`elastic net`](Self::elastic_net) of these two where α < 1.
    pub fn from_glmnet(lambda: f64, alpha: f64) -> Self {
        Self::elastic_net(lambda, alpha)
    }

    /// Of statsmodels' `fit_regularized(alpha, L1_wt)`.
    pub fn from_statsmodels(alpha: f64, l1_weight: f64) -> Self {
        Self::elastic_net(alpha, l1_weight)
    }

    /// Of the `weight_decay` of PyTorch's SGD on the mean of a loss that is a negative log-likelihood, such as binary cross-entropy.
    /// (PyTorch decays biases, too, unless they are given apart.) `MSELoss` is twice the Gaussian family's ½ (y − μ)², so half of the
    /// decay is meant there.
    ///
    /// ```
    /// use models::glm::Penalty;
    /// assert_eq!(Penalty::from_weight_decay(0.1), Penalty::ridge(0.1));
    /// ```
    pub fn from_weight_decay(weight_decay: f64) -> Self {
        Self::ridge(weight_decay)
    }

    /// scikit-learn's `C` and `l1_ratio` for so many observations; `None` without a penalty.
    pub fn to_sklearn_c(&self, observations: usize) -> Option<(f64, f64)> {
        let lambda = self.l1 + self.l2;
        (lambda > 0.0).then(|| (1.0 / (lambda * observations as f64), self.l1 / lambda))
    }

    /// glmnet's `lambda` and `alpha`; `None` without a penalty.
    ///
    /// ```
    /// use models::glm::Penalty;
    /// assert_eq!(Penalty::from_glmnet(0.5, 0.25).to_glmnet(), Some((0.5, 0.25)));
    /// assert_eq!(Penalty::none().to_glmnet(), None);
    /// ```
    pub fn to_glmnet(&self) -> Option<(f64, f64)> {
        let lambda = self.l1 + self.l2;
        (lambda > 0.0).then(|| (lambda, self.l1 / lambda))
    }

    /// Penalises the coefficients of columns that are divided by their standard deviation (with n, not n − 1), as glmnet does
    /// unless told otherwise. Estimates are still returned for the columns as they are.
    pub fn standardised(mut self) -> Self {
        self.on_standardised = true;
        self
    }

    /// Multiplies the penalty of one coefficient; 0 leaves it free.
    pub fn factor(mut self, column: impl Into<String>, factor: f64) -> Self {
        self.factors.push((column.into(), factor));
        self
    }

    /// Keeps a coefficient between two numbers, which may be infinite.
    pub fn bounds(mut self, column: impl Into<String>, lowest: f64, highest: f64) -> Self {
        self.bounds.push((column.into(), lowest, highest));
        self
    }

    /// The same penalty with another strength: l1 and l2 together are `lambda`, in the same proportion (all of it l1 if there was
    /// none).
    pub fn with_strength(&self, lambda: f64) -> Self {
        let total = self.l1 + self.l2;
        let alpha = if total > 0.0 { self.l1 / total } else { 1.0 };
        Self {
            l1: lambda * alpha,
            l2: lambda * (1.0 - alpha),
            ..self.clone()
        }
    }

    /// True if nothing is penalised or bounded.
    pub fn is_none(&self) -> bool {
        self.l1 == 0.0 && self.l2 == 0.0 && self.bounds.is_empty()
    }

    /// The factor of a column.
    pub fn factor_of(&self, column: &str) -> f64 {
        let of = self.factors.iter().rev().find(|(name, _)| name == column);
        of.map_or(1.0, |(_, factor)| *factor)
    }

    /// The l1 penalty on the coefficient of a column.
    pub fn l1_of(&self, column: &str) -> f64 {
        self.l1 * self.factor_of(column)
    }

    /// The l2 penalty on the coefficient of a column.
    pub fn l2_of(&self, column: &str) -> f64 {
        self.l2 * self.factor_of(column)
    }

    /// The bounds of the coefficient of a column.
    pub fn bounds_of(&self, column: &str) -> (f64, f64) {
        let of = self.bounds.iter().rev().find(|(name, ..)| name == column);
        of.map_or((f64::NEG_INFINITY, f64::INFINITY), |(_, low, high)| {
            (*low, *high)
        })
    }
}
