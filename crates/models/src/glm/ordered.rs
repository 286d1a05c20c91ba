//! Regression of ordered classes: cumulative links.

use linalg::{Mat, MatRef, elementwise};

use super::predictor::{of_row, predictor};
use super::{Link, PredictError, link::one};

/// What is to be fitted: P(class ≤ j) = F(ζⱼ − x·β), with a threshold ζⱼ between each class and the next (McCullagh 1980). F is the
/// inverse of the link: logit (proportional odds), probit, cloglog (proportional hazards) or cauchit. `train` fits it.
///
/// ```
/// use models::glm::{Link, OrderedRegression};
/// assert_eq!(OrderedRegression::new().link(Link::Probit).chosen_link(), Link::Probit);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedRegression {
    link: Link,
}

impl Default for OrderedRegression {
    fn default() -> Self {
        Self::new()
    }
}

impl OrderedRegression {
    /// With the logit link.
    pub fn new() -> Self {
        Self { link: Link::Logit }
    }

    /// With another link: logit, probit, cloglog or cauchit. `train` refuses others.
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// The link.
    pub fn chosen_link(&self) -> Link {
        self.link
    }
}

/// Minus the log-probability of an observation of an ordered class between two cut points a > b, with derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetweenTerms {
    /// −ln(F(a) − F(b)).
    pub loss: f64,
    /// Its derivatives in a and b.
    pub slope: [f64; 2],
    /// Its second derivatives: in a, in a and b, in b.
    pub curvature: [f64; 3],
}

/// F with the upper tail 1 − F, the density f, and f′.
#[derive(Clone, Copy)]
struct Cumulative {
    below: f64,
    above: f64,
    density: f64,
    bend: f64,
}

fn cumulative(link: Link, t: f64) -> Cumulative {
    if t.is_infinite() {
        let up = if t > 0.0 { 1.0 } else { 0.0 };
        return Cumulative {
            below: up,
            above: 1.0 - up,
            density: 0.0,
            bend: 0.0,
        };
    }
    let mean = link.mean(t);
    let above = match link {
        Link::Logit | Link::Cauchit => link.mean(-t).value,
        Link::Probit => one(elementwise::normal_cdf, -t),
        // Complementary log-log.
        _ => (-t.exp()).exp(),
    };
    Cumulative {
        below: mean.value,
        above,
        density: mean.first,
        bend: mean.second,
    }
}

/// The terms of a class between the cut points `b` and `a`, b < a, which may be infinite. The probability is a difference in the
/// tail where it does not cancel.
///
/// ```
/// use models::glm::{Link, between};
/// let terms = between(Link::Logit, 0.0, f64::NEG_INFINITY);
/// assert_eq!((terms.loss, terms.slope[0]), (2.0_f64.ln(), -0.5));
/// ```
pub fn between(link: Link, a: f64, b: f64) -> BetweenTerms {
    let (upper, lower) = (cumulative(link, a), cumulative(link, b));
    let p = if lower.below > 0.5 {
        lower.above - upper.above
    } else {
        upper.below - lower.below
    };
    if p.is_nan() || p <= 0.0 {
        return BetweenTerms {
            loss: f64::INFINITY,
            slope: [0.0; 2],
            curvature: [0.0; 3],
        };
    }
    let (fa, fb) = (upper.density / p, lower.density / p);
    BetweenTerms {
        loss: -p.ln(),
        slope: [-fa, fb],
        curvature: [fa * fa - upper.bend / p, -fa * fb, fb * fb + lower.bend / p],
    }
}

/// A fitted regression of ordered classes.
///
/// ```
/// use linalg::mat;
/// use models::glm::{Link, OrderedModel};
/// let model = OrderedModel::new(Link::Logit, vec![-1.0, 1.0], vec![0.5]);
/// let p = model.predict_proba(mat![[0.0]].as_ref())?;
/// let outer = 1.0 / (1.0 + 1.0_f64.exp());
/// assert!((p[(0, 0)] - outer).abs() < 1e-15 && (p[(0, 1)] - (1.0 - 2.0 * outer)).abs() < 1e-15);
/// # Ok::<(), models::glm::PredictError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedModel {
    link: Link,
    thresholds: Vec<f64>,
    coefficients: Vec<f64>,
}

impl OrderedModel {
    /// With a link that [`OrderedRegression::link`] names, ascending thresholds, one between each class and the next, and one coefficient a
    /// feature. What other links and orders give are no probabilities.
    pub fn new(link: Link, thresholds: Vec<f64>, coefficients: Vec<f64>) -> Self {
        Self {
            link,
            thresholds,
            coefficients,
        }
    }

    /// The link.
    pub fn link(&self) -> Link {
        self.link
    }

    /// ζ.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// β.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// x·β for each row.
    ///
    /// # Errors
    /// [`PredictError`] if the data have another number of columns than the model has features.
    pub fn linear_predictor(&self, x: MatRef<'_, f64>) -> Result<Vec<f64>, PredictError> {
        predictor(x, &self.coefficients, |_| 0.0, |_| {})
    }

    /// The probability of each class: one row an observation, one column a class. All are NaN for a row with a NaN.
    ///
    /// # Errors
    /// As [`linear_predictor`](Self::linear_predictor).
    pub fn predict_proba(&self, x: MatRef<'_, f64>) -> Result<Mat<f64>, PredictError> {
        let eta = self.linear_predictor(x)?;
        let classes = self.thresholds.len() + 1;
        Ok(Mat::from_fn(eta.len(), classes, |i, j| {
            self.probability(j, eta[i])
        }))
    }

    /// The probability of a class at a linear predictor.
    fn probability(&self, class: usize, eta: f64) -> f64 {
        let (a, b) = cut_points(&self.thresholds, class, eta);
        if eta.is_nan() || a.is_nan() || b.is_nan() {
            return f64::NAN;
        }
        (-between(self.link, a, b).loss).exp()
    }

    /// The probability of each class for one row, without allocation.
    ///
    /// ```
    /// use models::glm::{Link, OrderedModel};
    /// let model = OrderedModel::new(Link::Logit, vec![0.0, 1.0], vec![0.5]);
    /// let mut p = [0.0; 3];
    /// model.predict_proba_row(&[2.0], &mut p)?;
    /// assert!((p[0] - 1.0 / (1.0 + 1.0_f64.exp())).abs() < 1e-15 && (p[2] - 0.5).abs() < 1e-15);
    /// # Ok::<(), models::glm::PredictError>(())
    /// ```
    ///
    /// # Errors
    /// [`PredictError`] if the row has another number of entries than the model has features.
    ///
    /// # Panics
    /// If there is not one place in `out` a class.
    pub fn predict_proba_row(&self, row: &[f64], out: &mut [f64]) -> Result<(), PredictError> {
        assert_eq!(
            out.len(),
            self.thresholds.len() + 1,
            "there is not one place a class"
        );
        let eta = of_row(row, &self.coefficients)?;
        for (j, out) in out.iter_mut().enumerate() {
            *out = self.probability(j, eta);
        }
        Ok(())
    }
}

/// The cut points of class `j`, less the linear predictor: upper, lower.
///
/// # Panics
/// If there is no such class: one more than thresholds.
///
/// ```
/// assert_eq!(models::glm::cut_points(&[1.0, 2.0], 1, 0.5), (1.5, 0.5));
/// assert_eq!(models::glm::cut_points(&[1.0, 2.0], 2, 0.5), (f64::INFINITY, 1.5));
/// ```
pub fn cut_points(thresholds: &[f64], j: usize, eta: f64) -> (f64, f64) {
    let upper = thresholds.get(j).map_or(f64::INFINITY, |t| t - eta);
    let lower = match j {
        0 => f64::NEG_INFINITY,
        _ => thresholds[j - 1] - eta,
    };
    (upper, lower)
}
