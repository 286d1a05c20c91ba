//! What `gradus diagnose` found, as JSON.

use serde::Serialize;
use train::{Coefficient, Reference, Test};

use super::effects::Effect;

/// A statistic with its distribution and probability.
#[derive(Debug, Serialize)]
pub(super) struct Tested {
    pub(super) statistic: f64,
    pub(super) freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) denominator: Option<f64>,
    pub(super) p_value: f64,
}

impl From<Test> for Tested {
    fn from(test: Test) -> Self {
        let (freedom, denominator) = match test.reference {
            Reference::ChiSquare(freedom) => (freedom, None),
            Reference::F(a, b) => (a, Some(b)),
        };
        Self {
            statistic: test.statistic,
            freedom,
            denominator,
            p_value: test.p_value,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) leverage: f64,
    pub(super) cook: f64,
    pub(super) residual: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) variance_inflation: f64,
    /// Absent for a column that does not move alone; `effects` has those of the columns of the table.
    pub(super) marginal_effect: Option<f64>,
    pub(super) std_error: Option<f64>,
    pub(super) p_value: Option<f64>,
    pub(super) discrete: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Added {
    pub(super) term: String,
    pub(super) deviance: f64,
    pub(super) residual_freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) test: Option<Tested>,
}

#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub(super) estimate: f64,
    pub(super) std_error: Option<f64>,
    pub(super) p_value: Option<f64>,
}

impl From<Coefficient> for Found {
    fn from(c: Coefficient) -> Self {
        Self {
            estimate: c.estimate,
            std_error: c.inference.map(|i| i.std_error),
            p_value: c.inference.map(|i| i.p_value),
        }
    }
}

/// What `diagnose` prints; as JSON with these names.
#[derive(Debug, Serialize)]
pub(super) struct Diagnosis {
    pub(super) schema: u32,
    pub(super) observations: usize,
    /// Least, first quartile, median, third quartile and largest deviance residual.
    pub(super) deviance_residuals: [f64; 5],
    pub(super) columns: Vec<Column>,
    pub(super) effects: Vec<Effect>,
    /// The covariance behind the errors of the effects: `expected`, `hc0` to `hc3` or `clustered`.
    pub(super) effects_covariance: &'static str,
    /// Why it is not that of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effects_note: Option<&'static str>,
    pub(super) condition_indices: Vec<f64>,
    pub(super) analysis_of_deviance: Vec<Added>,
    pub(super) link_test: Option<Found>,
    /// Pearson's statistic by its degrees of freedom.
    pub(super) dispersion_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) overdispersion: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hosmer_lemeshow: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calibration: Option<[Found; 2]>,
    pub(super) influential: Vec<Row>,
    pub(super) validity: Vec<crate::document::Condition>,
}
