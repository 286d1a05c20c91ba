//! What a sample says about a coefficient.

use linalg::Scalar;

use crate::student::{two_sided, two_sided_quantile};

/// The 97.5 % point of the standard normal distribution.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// Wald's inference: the estimate is approximately normal around the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inference {
    /// Standard error.
    pub std_error: f64,
    /// Estimate by standard error: z.
    pub statistic: f64,
    /// Probability of a |z| at least this large if the coefficient were 0.
    pub p_value: f64,
    /// Lower end of the 95 % interval.
    pub conf_low: f64,
    /// Upper end.
    pub conf_high: f64,
}

impl Inference {
    /// From an estimate and its standard error.
    ///
    /// ```
    /// let i = train::Inference::wald(1.959963984540054, 1.0);
    /// assert!((i.p_value - 0.05).abs() < 1e-15 && i.conf_low.abs() < 1e-15);
    /// ```
    pub fn wald(estimate: f64, std_error: f64) -> Self {
        let statistic = estimate / std_error;
        Self {
            std_error,
            statistic,
            p_value: Scalar::erfc(statistic.abs() / std::f64::consts::SQRT_2),
            conf_low: estimate - NORMAL_975 * std_error,
            conf_high: estimate + NORMAL_975 * std_error,
        }
    }

    /// The same with Student's t distribution, for an estimate whose dispersion was estimated with it.
    ///
    /// ```
    /// let i = train::Inference::student(12.706204736174698, 1.0, 1.0);
    /// assert!((i.p_value - 0.05).abs() < 1e-14 && i.conf_low.abs() < 1e-12);
    /// ```
    pub fn student(estimate: f64, std_error: f64, freedom: f64) -> Self {
        let statistic = estimate / std_error;
        let reach = two_sided_quantile(0.05, freedom) * std_error;
        Self {
            std_error,
            statistic,
            p_value: two_sided(statistic, freedom),
            conf_low: estimate - reach,
            conf_high: estimate + reach,
        }
    }
}
