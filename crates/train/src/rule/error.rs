//! What can be wrong with an optimiser's settings, or with a state that it is given.

use thiserror::Error;

/// Settings out of range, or a stored state that does not fit.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// A setting is outside its range.
    #[error("{rule}: `{option}` is {value}; it must be {wanted}")]
    Option {
        /// The rule.
        rule: &'static str,
        /// The setting.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        wanted: &'static str,
    },
    /// A state has a parameter that the model has not.
    #[error(
        "the state has a parameter `{name}`, the model has none of this name; restore it into the model that it was made with"
    )]
    UnknownParameter {
        /// The parameter.
        name: String,
    },
    /// A state has other arrays or numbers than the rule remembers.
    #[error(
        "the state of `{parameter}` has {found:?}, {rule} with these settings remembers {wanted:?}; restore it into the rule that it was made with"
    )]
    OtherRule {
        /// The parameter.
        parameter: String,
        /// The rule.
        rule: &'static str,
        /// What the state has.
        found: Vec<String>,
        /// What the rule remembers.
        wanted: Vec<String>,
    },
    /// An array of a state has another length than its parameter.
    #[error("`{array}` of `{parameter}` has {found} entries, the parameter has {wanted}")]
    Length {
        /// The parameter.
        parameter: String,
        /// The array.
        array: String,
        /// Its length.
        found: usize,
        /// The parameter's length.
        wanted: usize,
    },
    /// A state has another number of groups than the optimiser.
    #[error("the state has {found} groups of parameters, the optimiser has {wanted}")]
    Groups {
        /// Of the state.
        found: usize,
        /// Of the optimiser.
        wanted: usize,
    },
}

/// An error unless `holds`.
fn require(
    holds: bool,
    rule: &'static str,
    (option, value): (&'static str, f64),
    wanted: &'static str,
) -> Result<(), OptimizerError> {
    if holds {
        return Ok(());
    }
    Err(OptimizerError::Option {
        rule,
        option,
        value,
        wanted,
    })
}

/// Finite and not negative.
pub(super) fn not_negative(
    rule: &'static str,
    option: &'static str,
    value: f64,
) -> Result<(), OptimizerError> {
    let holds = value >= 0.0 && value.is_finite();
    require(holds, rule, (option, value), "finite and not negative")
}

/// A learning rate.
pub(super) fn rate(rule: &'static str, value: f64) -> Result<(), OptimizerError> {
    not_negative(rule, "learning_rate", value)
}

/// The weight of the past in a running mean.
pub(super) fn fraction(
    rule: &'static str,
    option: &'static str,
    value: f64,
) -> Result<(), OptimizerError> {
    let holds = (0.0..1.0).contains(&value);
    require(holds, rule, (option, value), "at least 0 and below 1")
}

/// What Adam and its descendants have in common: learning rate, β₁ and β₂, ε and weight decay.
pub(super) fn adam(
    rule: &'static str,
    learning_rate: f64,
    [beta1, beta2]: [f64; 2],
    [epsilon, weight_decay]: [f64; 2],
) -> Result<(), OptimizerError> {
    rate(rule, learning_rate)?;
    fraction(rule, "beta1", beta1)?;
    fraction(rule, "beta2", beta2)?;
    not_negative(rule, "epsilon", epsilon)?;
    not_negative(rule, "weight_decay", weight_decay)
}

/// Any finite number.
pub(super) fn finite(
    rule: &'static str,
    option: &'static str,
    value: f64,
) -> Result<(), OptimizerError> {
    require(value.is_finite(), rule, (option, value), "finite")
}

/// Nesterov's momentum needs momentum and no dampening.
pub(super) fn nesterov(
    rule: &'static str,
    momentum: f64,
    dampening: f64,
) -> Result<(), OptimizerError> {
    require(
        momentum > 0.0,
        rule,
        ("momentum", momentum),
        "above 0 with Nesterov's momentum",
    )?;
    require(
        dampening == 0.0,
        rule,
        ("dampening", dampening),
        "0 with Nesterov's momentum",
    )
}
