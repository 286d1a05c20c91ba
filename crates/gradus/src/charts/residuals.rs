//! What a model leaves over, row by row.

use datasets::Dataset;
use datasets::random::{ChaCha, Stream};
use models::glm::Distribution;
use plots::{Chart, LeverageChart, QuantileChart, ResidualChart};
use train::{Analysis, Residual};

use super::Drawn;
use crate::evaluate::Scored;

/// Whether a row has a say in a fit.
fn counts(data: &Dataset, row: usize) -> bool {
    let has_some = |values: &Option<Vec<f64>>| values.as_ref().is_none_or(|v| v[row] > 0.0);
    has_some(&data.weights) && has_some(&data.trials)
}

/// How many rows have a say in a fit, and are in its pictures.
pub(crate) fn counted(data: &Dataset) -> usize {
    let rows = 0..data.observations();
    rows.filter(|row| counts(data, *row)).count()
}

/// Rows with a weight: what was fitted, what is left, and their lines in the file.
pub(crate) struct Rows {
    fitted: Vec<f64>,
    residuals: Vec<f64>,
    /// What the residuals are.
    pub(crate) kind: &'static str,
    lines: Vec<u64>,
}

impl Rows {
    /// Standardised residuals of numbers with normal errors; of other families quantile residuals (Dunn and Smyth 1996), drawn from a fixed
    /// seed where outcomes are counts; where there is no distribution, standardised deviance residuals.
    pub(crate) fn analysed(
        analysis: &Analysis<'_>,
        scored: &Scored,
        line: &dyn Fn(usize) -> u64,
    ) -> Self {
        let gaussian = analysis.fit().family().distribution == Distribution::Gaussian;
        let mut stream = ChaCha::new(1);
        let (residuals, kind) = if gaussian {
            let residuals = analysis.residuals(Residual::StandardisedPearson);
            (residuals, "standardised residual")
        } else if let Ok(residuals) = analysis.quantile_residuals(|_| stream.uniform_f64()) {
            (residuals, "quantile residual")
        } else {
            let residuals = analysis.residuals(Residual::StandardisedDeviance);
            (residuals, "standardised deviance residual")
        };
        Self::new(scored, &residuals, kind, line)
    }

    /// Outcome less prediction, which every model has.
    pub(crate) fn plain(scored: &Scored, line: &dyn Fn(usize) -> u64) -> Self {
        let target = scored.data.target.iter();
        let residuals: Vec<f64> = target
            .enumerate()
            .map(|(i, y)| y - scored.scores[(i, 0)])
            .collect();
        Self::new(scored, &residuals, "residual", line)
    }

    fn new(
        scored: &Scored,
        residuals: &[f64],
        kind: &'static str,
        line: &dyn Fn(usize) -> u64,
    ) -> Self {
        let used = || (0..residuals.len()).filter(|i| counts(&scored.data, *i));
        Self {
            fitted: used().map(|i| scored.scores[(i, 0)]).collect(),
            residuals: used().map(|i| residuals[i]).collect(),
            kind,
            lines: used().map(line).collect(),
        }
    }
}

fn names(lines: &[u64]) -> impl Iterator<Item = String> {
    lines.iter().map(|line| format!("line {line}"))
}

/// Residuals against fitted values.
pub(crate) fn residuals(rows: &Rows, subtitle: &str) -> Drawn {
    let chart = ResidualChart::new(
        "Residuals against fitted values",
        &rows.fitted,
        &rows.residuals,
    );
    Box::new(
        chart
            .subtitle(subtitle)
            .row_names(names(&rows.lines))
            .axis_names("fitted value", rows.kind),
    )
}

/// Residuals against normal quantiles.
pub(crate) fn quantiles(rows: &Rows, subtitle: &str) -> Drawn {
    let chart = QuantileChart::new("Normal quantiles", &rows.residuals);
    Box::new(chart.subtitle(subtitle).value_name(rows.kind))
}

/// Standardised residuals against leverage, with Cook's distance, of rows with a weight.
pub(crate) fn leverage(
    analysis: &Analysis<'_>,
    data: &Dataset,
    subtitle: &str,
    line: &dyn Fn(usize) -> u64,
) -> Drawn {
    let mut all = analysis.influence();
    all.retain(|row| counts(data, row.row));
    let leverages: Vec<f64> = all.iter().map(|row| row.leverage).collect();
    let residuals: Vec<f64> = all.iter().map(|row| row.residual).collect();
    let lines: Vec<u64> = all.iter().map(|row| line(row.row)).collect();
    let coefficients = analysis.fit().coefficients().len();
    let chart = LeverageChart::new(
        "Residuals against leverage",
        &leverages,
        &residuals,
        coefficients,
    );
    Box::new(chart.subtitle(subtitle).row_names(names(&lines)))
}
