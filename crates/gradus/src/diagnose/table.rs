//! A diagnosis for people.

use std::fmt::Write;

use anyhow::Result;

use super::effects::Effect;
use super::{Added, Diagnosis, Tested};

/// A p-value.
pub(crate) fn p(value: f64) -> String {
    if value == 0.0 {
        "<1e-300".to_owned()
    } else if value < 1e-4 {
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

/// The effects, with their classes if there are several.
pub(super) fn effects_table(
    out: &mut String,
    effects: &[Effect],
    covariance: &str,
    note: Option<&str>,
) -> Result<()> {
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let width = longest(&mut effects.iter().map(|e| e.name().chars().count())).clamp(11, 60);
    let labels = || effects.iter().filter_map(|e| e.class.as_deref());
    let classes = longest(&mut labels().map(|class| class.chars().count())).clamp(5, 40);
    let several = labels().next().is_some();
    let on = if several {
        write!(out, "{:<classes$} ", "class")?;
        "mean effect"
    } else {
        "on the mean"
    };
    writeln!(
        out,
        "{:<width$} {on:>12} {:>12} {:>9}  (errors: {covariance})",
        "effect of", "std. error", "p"
    )?;
    for e in effects {
        if several {
            write!(out, "{:<classes$} ", e.class.as_deref().unwrap_or(""))?;
        }
        write!(out, "{:<width$}", e.name())?;
        let reason = e.reason.as_deref().unwrap_or("");
        match (e.estimate, e.std_error, e.p_value) {
            (Some(estimate), Some(error), Some(probability)) => {
                writeln!(out, " {estimate:>12.6} {error:>12.6} {:>9}", p(probability))?;
            }
            (Some(estimate), ..) => {
                writeln!(out, " {estimate:>12.6} {:>12} {:>9}  {reason}", "-", "-")?;
            }
            _ => writeln!(out, " none: {reason}")?,
        }
    }
    if let Some(note) = note {
        writeln!(
            out,
            "CAUTION, effects: {note}; these errors are model-based"
        )?;
    }
    Ok(())
}

pub(super) fn table(d: &Diagnosis) -> Result<String> {
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
    effects_table(&mut out, &d.effects, d.effects_covariance, d.effects_note)?;
    writeln!(out, "\n{:<width$} {:>10}", "column", "VIF")?;
    for c in &d.columns {
        writeln!(out, "{:<width$} {:>10.3}", c.name, c.variance_inflation)?;
    }
    deviances(&mut out, width, &d.analysis_of_deviance)?;
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
    conditions(&mut out, &d.validity)?;
    Ok(out)
}

/// The analysis of deviance.
pub(super) fn deviances(out: &mut String, width: usize, table: &[Added]) -> Result<()> {
    writeln!(
        out,
        "\n{:<width$} {:>14} {:>10} {:>12} {:>9}",
        "term added", "deviance", "df left", "statistic", "p"
    )?;
    for t in table {
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
    Ok(())
}

/// All conditions, whether they hold or not.
pub(super) fn conditions(out: &mut String, all: &[crate::document::Condition]) -> Result<()> {
    writeln!(out)?;
    for c in all {
        writeln!(
            out,
            "{} {}: {}",
            if c.holds { "holds  " } else { "CAUTION" },
            c.name,
            c.detail
        )?;
    }
    Ok(())
}
