//! How well classes are told apart.

use anyhow::{Result, ensure};
use datasets::Dataset;
use plots::{CalibrationChart, Chart, ConfusionChart, PrecisionRecallChart, RocChart};
use train::metrics::{Binning, CalibrationCurve, PrecisionRecallCurve, RocCurve};

use super::Drawn;
use crate::document::Document;
use crate::evaluate::{Confusion, Outcomes};

/// More classes than this make a matrix that nobody can read.
const CLASSES: usize = 40;
/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// What the two classes of a model are called; of trials the target counts one of them.
pub(crate) fn classes(document: &Document, data: &Dataset) -> [String; 2] {
    match document.labels.as_deref() {
        _ if data.trials.is_some() => ["failures", "successes"].map(str::to_owned),
        Some([zero, one]) => [zero, one].map(|label| format!("{} = {label}", document.target)),
        _ => ["0", "1"].map(|label| format!("{} = {label}", document.target)),
    }
}

/// The ROC curve, with the threshold on it.
pub(crate) fn roc(outcomes: &Outcomes, threshold: f64, subtitle: &str) -> Result<Drawn> {
    let Outcomes {
        target,
        probability,
        weights,
    } = outcomes;
    let curve = RocCurve::new(target, probability, weights.as_deref())?;
    let points = curve.points();
    let x: Vec<f64> = points.iter().map(|p| p.false_positive_rate).collect();
    let y: Vec<f64> = points.iter().map(|p| p.true_positive_rate).collect();
    let mut chart =
        RocChart::new("ROC curve")
            .subtitle(subtitle)
            .curve("model", &x, &y, curve.area());
    // The lowest threshold that is not below the one in use.
    if let Some(at) = points.iter().rfind(|p| p.threshold >= threshold) {
        let name = format!("threshold {threshold}");
        chart = chart.point(name, at.false_positive_rate, at.true_positive_rate);
    }
    Ok(Box::new(chart))
}

/// Precision against recall of a class, with the threshold on it.
pub(crate) fn precision_recall(
    outcomes: &Outcomes,
    class: &str,
    threshold: f64,
    subtitle: &str,
) -> Result<Drawn> {
    let Outcomes {
        target,
        probability,
        weights,
    } = outcomes;
    let curve = PrecisionRecallCurve::new(target, probability, weights.as_deref())?;
    let points = curve.points();
    let recall: Vec<f64> = points.iter().map(|p| p.recall).collect();
    let precision: Vec<f64> = points.iter().map(|p| p.precision).collect();
    let weight = |i: usize| weights.as_ref().map_or(1.0, |w| w[i]);
    let all: f64 = (0..target.len()).map(weight).sum();
    let events: f64 = (0..target.len()).map(|i| weight(i) * target[i]).sum();
    let mut chart = PrecisionRecallChart::new("Precision and recall")
        .subtitle(subtitle)
        .curve("model", &recall, &precision, curve.average_precision())
        .prevalence(events / all)
        .class(class);
    if let Some(at) = points.iter().rfind(|p| p.threshold >= threshold) {
        chart = chart.point(format!("threshold {threshold}"), at.recall, at.precision);
    }
    Ok(Box::new(chart))
}

/// The share of events in tenths of the predicted probabilities, with Wilson's intervals (1927) where rows are counted and not weighed.
pub(crate) fn calibration(outcomes: &Outcomes, counted: bool, subtitle: &str) -> Result<Drawn> {
    let Outcomes {
        target,
        probability,
        weights,
    } = outcomes;
    let bins = Binning::EqualCount(10);
    let curve = CalibrationCurve::new(target, probability, bins, weights.as_deref())?;
    let column = |of: fn(&train::metrics::CalibrationBin) -> f64| -> Vec<f64> {
        curve.bins().iter().map(of).collect()
    };
    let (predicted, observed) = (column(|b| b.forecast), column(|b| b.observed));
    let weight = column(|b| b.weight);
    let mut chart = CalibrationChart::new("Calibration")
        .subtitle(subtitle)
        .model("model", &predicted, &observed, &weight);
    if counted {
        let pairs = observed.iter().zip(&weight);
        let (low, high): (Vec<f64>, Vec<f64>) = pairs.map(|(p, n)| wilson(*p, *n)).unzip();
        chart = chart.interval(&low, &high);
    }
    Ok(Box::new(chart))
}

/// A 95 % interval of a share p of n.
fn wilson(p: f64, n: f64) -> (f64, f64) {
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (
        ((middle - half) / scale).clamp(0.0, p),
        ((middle + half) / scale).clamp(p, 1.0),
    )
}

/// True classes against predicted ones.
pub(crate) fn confusion(confusion: &Confusion, subtitle: &str) -> Result<Drawn> {
    let classes = confusion.classes.len();
    ensure!(
        classes <= CLASSES,
        "a confusion matrix of {classes} classes cannot be read; `gradus evaluate` prints it"
    );
    let chart = ConfusionChart::new(
        "Confusion matrix",
        &confusion.classes,
        &confusion.rows.concat(),
    );
    Ok(Box::new(chart.subtitle(subtitle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_formula() {
        // R 4.2: prop.test(5, 20, correct = FALSE)$conf.int and prop.test(0, 10, correct = FALSE)$conf.int.
        let (low, high) = wilson(0.25, 20.0);
        assert!(
            (low - 0.111_861_7).abs() < 1e-6 && (high - 0.468_701_3).abs() < 1e-6,
            "{low} {high}"
        );
        let (low, high) = wilson(0.0, 10.0);
        assert!(low == 0.0 && (high - 0.277_532_8).abs() < 1e-6, "{high}");
    }
}
