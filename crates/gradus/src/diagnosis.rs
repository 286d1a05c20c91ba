//! What `gradus diagnose` found, as a table or as JSON.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;
use train::{Coefficient, Reference, Test};

use crate::effects::Effect;

/// A statistic with its distribution and probability.
#[derive(Debug, Serialize)]
pub(crate) struct Tested {
    pub(crate) statistic: f64,
    pub(crate) freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) denominator: Option<f64>,
    pub(crate) p_value: f64,
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
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) leverage: f64,
    pub(crate) cook: f64,
    pub(crate) residual: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) variance_inflation: f64,
    /// Absent for a column that does not move alone; `effects` has those of the columns of the table.
    pub(crate) marginal_effect: Option<f64>,
    pub(crate) std_error: Option<f64>,
    pub(crate) p_value: Option<f64>,
    pub(crate) discrete: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Added {
    pub(crate) term: String,
    pub(crate) deviance: f64,
    pub(crate) residual_freedom: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<Tested>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) estimate: f64,
    pub(crate) std_error: Option<f64>,
    pub(crate) p_value: Option<f64>,
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
pub(crate) struct Diagnosis {
    pub(crate) schema: u32,
    pub(crate) observations: usize,
    /// Least, first quartile, median, third quartile and largest deviance residual.
    pub(crate) deviance_residuals: [f64; 5],
    pub(crate) columns: Vec<Column>,
    pub(crate) effects: Vec<Effect>,
    /// The covariance behind the errors of the effects: `expected`, `hc0` to `hc3` or `clustered`.
    pub(crate) effects_covariance: &'static str,
    /// Why it is not that of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effects_note: Option<&'static str>,
    pub(crate) condition_indices: Vec<f64>,
    pub(crate) analysis_of_deviance: Vec<Added>,
    pub(crate) link_test: Option<Found>,
    /// Pearson's statistic by its degrees of freedom.
    pub(crate) dispersion_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overdispersion: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hosmer_lemeshow: Option<Tested>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) calibration: Option<[Found; 2]>,
    pub(crate) influential: Vec<Row>,
    pub(crate) validity: Vec<crate::document::Condition>,
}

fn p(value: f64) -> String {
    if value < 1e-4 {
        format!("{value:.1e}")
    } else {
        format!("{value:.4}")
    }
}

fn tested(out: &mut String, what: &str, test: &Tested) -> Result<()> {
    match test.denominator {
        None => writeln!(
            out,
            "{what}: chi-square {:.4} on {} degrees of freedom, p {}",
            test.statistic,
            test.freedom,
            p(test.p_value)
        )?,
        Some(rest) => writeln!(
            out,
            "{what}: F {:.4} on {} and {rest} degrees of freedom, p {}",
            test.statistic,
            test.freedom,
            p(test.p_value)
        )?,
    }
    Ok(())
}

fn effects_table(out: &mut String, d: &Diagnosis) -> Result<()> {
    let names = d.effects.iter().map(|e| e.name().chars().count());
    let width = names.max().unwrap_or(0).clamp(11, 60);
    writeln!(
        out,
        "{:<width$} {:>12} {:>12} {:>9}  (errors: {})",
        "effect of", "on the mean", "std. error", "p", d.effects_covariance
    )?;
    for e in &d.effects {
        write!(out, "{:<width$}", e.name())?;
        match (e.estimate, e.std_error, e.p_value) {
            (Some(estimate), Some(error), Some(probability)) => {
                writeln!(out, " {estimate:>12.6} {error:>12.6} {:>9}", p(probability))?;
            }
            _ => writeln!(out, " none: {}", e.reason.as_deref().unwrap_or(""))?,
        }
    }
    if let Some(note) = d.effects_note {
        writeln!(
            out,
            "CAUTION, effects: {note}; these errors are model-based"
        )?;
    }
    Ok(())
}

pub(crate) fn table(d: &Diagnosis) -> Result<String> {
    let mut out = String::new();
    let [least, first, median, third, largest] = d.deviance_residuals;
    writeln!(out, "{} observations", d.observations)?;
    writeln!(
        out,
        "deviance residuals: {least:.4} | {first:.4} | {median:.4} | {third:.4} | {largest:.4}  (least, quartiles, largest)\n"
    )?;
    let width = d
        .columns
        .iter()
        .map(|c| c.name.chars().count())
        .max()
        .unwrap_or(0)
        .clamp(11, 60);
    effects_table(&mut out, d)?;
    writeln!(out, "\n{:<width$} {:>10}", "column", "VIF")?;
    for c in &d.columns {
        writeln!(out, "{:<width$} {:>10.3}", c.name, c.variance_inflation)?;
    }
    writeln!(
        out,
        "\n{:<width$} {:>14} {:>10} {:>12} {:>9}",
        "term added", "deviance", "df left", "statistic", "p"
    )?;
    for t in &d.analysis_of_deviance {
        write!(
            out,
            "{:<width$} {:>14.6} {:>10}",
            t.term, t.deviance, t.residual_freedom
        )?;
        if let Some(test) = &t.test {
            write!(out, " {:>12.4} {:>9}", test.statistic, p(test.p_value))?;
        }
        writeln!(out)?;
    }
    writeln!(
        out,
        "\nlargest condition index of the columns: {:.2}",
        d.condition_indices.last().copied().unwrap_or(1.0)
    )?;
    if let Some(link) = &d.link_test {
        writeln!(
            out,
            "link test (square of the predictor): {:.6}, p {}",
            link.estimate,
            link.p_value.map_or_else(String::new, p)
        )?;
    }
    match &d.overdispersion {
        Some(test) => tested(
            &mut out,
            &format!(
                "dispersion: Pearson's statistic is {:.4} times its degrees of freedom",
                d.dispersion_ratio
            ),
            test,
        )?,
        None => writeln!(
            out,
            "dispersion: Pearson's statistic is {:.4} times its degrees of freedom",
            d.dispersion_ratio
        )?,
    }
    if let Some(test) = &d.hosmer_lemeshow {
        tested(&mut out, "Hosmer-Lemeshow", test)?;
    }
    if let Some([intercept, slope]) = &d.calibration {
        writeln!(
            out,
            "calibration: intercept {:.4}, slope {:.4}",
            intercept.estimate, slope.estimate
        )?;
    }
    if d.influential.is_empty() {
        writeln!(out, "\nno row has Cook's distance above 4/n")?;
    } else {
        writeln!(
            out,
            "\n{:>10} {:>10} {:>10} {:>10}  (Cook's distance above 4/n)",
            "line", "Cook", "leverage", "residual"
        )?;
        for row in &d.influential {
            writeln!(
                out,
                "{:>10} {:>10.4} {:>10.4} {:>10.4}",
                row.line, row.cook, row.leverage, row.residual
            )?;
        }
    }
    writeln!(out)?;
    for c in &d.validity {
        writeln!(
            out,
            "{} {}: {}",
            if c.holds { "holds  " } else { "CAUTION" },
            c.name,
            c.detail
        )?;
    }
    Ok(out)
}
