//! The variance of an area below a ROC curve, and the comparison of two areas on the same rows (DeLong, DeLong and Clarke-Pearson
//! 1988).
//!
//! With m rows of class 1 (scores `x_i`) and n of class 0 (scores `y_j`), and ψ(x, y) = 1, ½ or 0 for x above, equal to or below y, the
//! area is `θ = Σ ψ(x_i, y_j) / (m n)`. The structural components `V_i = Σ_j ψ(x_i, y_j) / n` and `W_j = Σ_i ψ(x_i, y_j) / m` have the
//! mean θ, and for scores a and b on the same rows
//!
//! `cov(θ_a, θ_b) = cov(V_a, V_b) / m + cov(W_a, W_b) / n`
//!
//! with divisors m − 1 and n − 1 in the sample covariances. The components come from midranks in O(n log n) (Sun and Xu 2014).

use linalg::Scalar;

use super::{MetricError, check};
use crate::normal::two_sided_quantile;

/// An area below a ROC curve with its standard error.
///
/// Rows are independent draws, so there are no weights.
///
/// ```
/// use train::metrics::DeLong;
/// let auc = DeLong::new(&[0.0, 0.0, 0.0, 1.0, 1.0], &[0.1, 0.4, 0.6, 0.5, 0.8])?;
/// // Components 2/3 and 1 of class 1, 1, 1 and 1/2 of class 0: 1/18 / 2 + 1/12 / 3.
/// assert!((auc.area() - 5.0 / 6.0).abs() < 1e-15);
/// assert!((auc.variance() - 1.0 / 18.0).abs() < 1e-15);
/// let (low, high) = auc.interval(0.95)?;
/// assert!((low - (5.0 / 6.0 - 1.959963984540054 * (1.0_f64 / 18.0).sqrt())).abs() < 1e-14 && high == 1.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLong {
    area: f64,
    variance: f64,
}

impl DeLong {
    /// From a 0/1 target and a score that is larger where 1 is more likely.
    ///
    /// # Errors
    /// [`MetricError`] if the lengths differ, a value is unusable, or a class has fewer than two rows.
    pub fn new(target: &[f64], score: &[f64]) -> Result<Self, MetricError> {
        let components = Components::new(target, score)?;
        Ok(Self {
            area: components.area,
            variance: components.covariance(&components),
        })
    }

    /// The area.
    pub fn area(&self) -> f64 {
        self.area
    }

    /// Its estimated variance. It is 0 if the score separates the classes: then it does not say how certain the area is.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// The square root of the variance.
    pub fn std_error(&self) -> f64 {
        self.variance.sqrt()
    }

    /// θ ± z s, cut to 0 … 1, at a confidence level such as 0.95: what R's pROC gives.
    ///
    /// # Errors
    /// [`MetricError::Setting`] if the level is not between 0 and 1; [`MetricError::Undefined`] if the variance is 0, where the
    /// interval would be a point.
    pub fn interval(&self, level: f64) -> Result<(f64, f64), MetricError> {
        let reach = self.reach(level)?;
        Ok(((self.area - reach).max(0.0), (self.area + reach).min(1.0)))
    }

    /// The interval on the scale of log(θ / (1 − θ)) with the standard error s / (θ (1 − θ)), taken back: it stays between 0 and 1,
    /// and covers better near the ends (Pepe 2003, § 5.2.4).
    ///
    /// # Errors
    /// As for [`interval`](Self::interval), and [`MetricError::Undefined`] for an area of 0 or 1.
    ///
    /// ```
    /// use train::metrics::DeLong;
    /// let auc = DeLong::new(&[0.0, 0.0, 0.0, 1.0, 1.0], &[0.1, 0.4, 0.6, 0.5, 0.8])?;
    /// let (low, high) = auc.interval_logit(0.95)?;
    /// assert!((low - 0.1523).abs() < 1e-4 && (high - 0.9929).abs() < 1e-4);
    /// # Ok::<(), train::metrics::MetricError>(())
    /// ```
    pub fn interval_logit(&self, level: f64) -> Result<(f64, f64), MetricError> {
        let reach = self.reach(level)? / (self.area * (1.0 - self.area));
        let centre = (self.area / (1.0 - self.area)).ln();
        let back = |x: f64| 1.0 / (1.0 + (-x).exp());
        Ok((back(centre - reach), back(centre + reach)))
    }

    fn reach(&self, level: f64) -> Result<f64, MetricError> {
        check::level(level)?;
        if self.variance > 0.0 && self.area > 0.0 && self.area < 1.0 {
            return Ok(two_sided_quantile(1.0 - level) * self.std_error());
        }
        Err(MetricError::Undefined {
            what: "DeLong's interval".to_owned(),
            reason: format!(
                "the area is {} and its estimated variance is {}; more rows are needed before the data say how certain it is",
                self.area, self.variance
            ),
        })
    }
}

/// Two areas on the same rows, and whether they differ: DeLong's test.
///
/// ```
/// use train::metrics::DeLongTest;
/// let target = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
/// let test = DeLongTest::new(&target, &[0.1, 0.4, 0.6, 0.5, 0.8, 0.7], &[0.3, 0.1, 0.5, 0.2, 0.4, 0.6])?;
/// assert!((test.difference - 2.0 / 9.0).abs() < 1e-15);
/// assert!((test.statistic - test.difference / test.std_error).abs() < 1e-15 && test.p_value < 1.0);
/// # Ok::<(), train::metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLongTest {
    /// The first area.
    pub first: DeLong,
    /// The second.
    pub second: DeLong,
    /// The covariance of the two: positive where the scores are alike.
    pub covariance: f64,
    /// The first area minus the second.
    pub difference: f64,
    /// The standard error of the difference.
    pub std_error: f64,
    /// Difference by standard error: z.
    pub statistic: f64,
    /// Probability of a |z| at least this large if the areas were equal.
    pub p_value: f64,
}

impl DeLongTest {
    /// From a 0/1 target and two scores for the same rows.
    ///
    /// # Errors
    /// As for [`DeLong::new`], and [`MetricError::Undefined`] if the difference has no variance: the two scores order the rows in
    /// the same way, or each separates the classes.
    pub fn new(target: &[f64], first: &[f64], second: &[f64]) -> Result<Self, MetricError> {
        let [a, b] = [
            Components::new(target, first)?,
            Components::new(target, second)?,
        ];
        let of = |c: &Components| DeLong {
            area: c.area,
            variance: c.covariance(c),
        };
        // The variance of the differences of the components: it is 0 for equal ones, without cancellation.
        let between = a.minus(&b);
        let variance = between.covariance(&between);
        // The components are between 0 and 1, so a standard error below the machine epsilon is rounding.
        if variance.sqrt() <= f64::EPSILON {
            return Err(MetricError::Undefined {
                what: "the statistic of DeLong's test".to_owned(),
                reason: format!(
                    "the difference of the areas, {}, has no estimated variance; either both scores order the rows of the two classes in the same way, or more rows are needed before the data say how certain it is",
                    between.area
                ),
            });
        }
        let (difference, std_error) = (between.area, variance.sqrt());
        let statistic = difference / std_error;
        Ok(Self {
            first: of(&a),
            second: of(&b),
            covariance: a.covariance(&b),
            difference,
            std_error,
            statistic,
            p_value: Scalar::erfc(statistic.abs() / std::f64::consts::SQRT_2),
        })
    }

    /// The interval of the difference at a confidence level such as 0.95.
    ///
    /// # Errors
    /// [`MetricError::Setting`] if the level is not between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64), MetricError> {
        check::level(level)?;
        let reach = two_sided_quantile(1.0 - level) * self.std_error;
        Ok((self.difference - reach, self.difference + reach))
    }
}

/// The structural components of an area.
struct Components {
    area: f64,
    /// One for each row of class 1.
    positive: Vec<f64>,
    /// One for each row of class 0.
    negative: Vec<f64>,
}

impl Components {
    fn new(target: &[f64], score: &[f64]) -> Result<Self, MetricError> {
        let weights = check::scored(target, score, None)?;
        check::both_classes(target, &weights, 2, "DeLong's variance")?;
        let mut order: Vec<usize> = (0..target.len()).collect();
        order.sort_by(|&a, &b| score[a].total_cmp(&score[b]));
        let is_positive = |row: usize| target[row] == 1.0;
        let m = (0..target.len()).filter(|&row| is_positive(row)).count();
        let n = target.len() - m;
        // Twice the number of rows of the other class below, plus those that are equal: whole numbers.
        let mut twice = vec![0_usize; target.len()];
        let (mut ones, mut zeros) = (0, 0);
        for tied in order.chunk_by(|&a, &b| score[a] == score[b]) {
            let equal_ones = tied.iter().filter(|&&row| is_positive(row)).count();
            let equal_zeros = tied.len() - equal_ones;
            for &row in tied {
                twice[row] = if is_positive(row) {
                    2 * zeros + equal_zeros
                } else {
                    // A row of class 0 counts those above it.
                    2 * (m - ones) - equal_ones
                };
            }
            ones += equal_ones;
            zeros += equal_zeros;
        }
        let share = |wanted: bool, others: usize| -> Vec<f64> {
            let rows = (0..target.len()).filter(|&row| is_positive(row) == wanted);
            rows.map(|row| twice[row] as f64 / (2 * others) as f64)
                .collect()
        };
        let total: f64 = (0..target.len())
            .filter(|&row| is_positive(row))
            .map(|row| twice[row] as f64)
            .sum();
        Ok(Self {
            area: total / (2.0 * m as f64 * n as f64),
            positive: share(true, n),
            negative: share(false, m),
        })
    }

    fn minus(&self, other: &Self) -> Self {
        let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        Self {
            area: self.area - other.area,
            positive: minus(&self.positive, &other.positive),
            negative: minus(&self.negative, &other.negative),
        }
    }

    fn covariance(&self, other: &Self) -> f64 {
        covariance(&self.positive, &other.positive) / self.positive.len() as f64
            + covariance(&self.negative, &other.negative) / self.negative.len() as f64
    }
}

/// The sample covariance, for at least two pairs.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (centre_a, centre_b) = (mean(a), mean(b));
    let products = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a - centre_a) * (b - centre_b));
    products.sum::<f64>() / (a.len() - 1) as f64
}
