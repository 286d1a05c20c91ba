//! The order of the classes of a target.

use anyhow::{Result, bail, ensure};
use datasets::Dataset;

use crate::arguments::{Family, FitArguments};

/// Words of scales, each from low to high: what needs no `--levels` to be put in order.
const SCALES: [&[&str]; 9] = [
    &["very low", "low", "medium", "high", "very high"],
    &["low", "middle", "high"],
    &["small", "medium", "large"],
    &["never", "rarely", "sometimes", "often", "always"],
    &[
        "very unlikely",
        "unlikely",
        "somewhat likely",
        "likely",
        "very likely",
    ],
    &["none", "mild", "moderate", "severe"],
    &["poor", "fair", "good", "very good", "excellent"],
    &[
        "strongly disagree",
        "disagree",
        "neutral",
        "agree",
        "strongly agree",
    ],
    &["first", "second", "third"],
];

/// Puts the classes of a target into the order that is asked for, or that their names say.
pub(crate) fn order_classes(arguments: &FitArguments, data: &mut Dataset) -> Result<()> {
    let labels = data.labels.clone().unwrap_or_default();
    if let Some(order) = order(arguments, &data.target_name, &labels)? {
        arrange(data, order);
    }
    Ok(())
}

/// The order of the classes of a target that is asked for, or that their names say, if it is another.
pub(crate) fn order(
    arguments: &FitArguments,
    target: &str,
    labels: &[String],
) -> Result<Option<Vec<String>>> {
    if labels.is_empty() {
        return Ok(None);
    }
    let order: Vec<String> = if let Some(levels) = &arguments.levels {
        let mut sorted = [levels.clone(), labels.to_vec()];
        sorted.iter_mut().for_each(|list| list.sort());
        ensure!(
            sorted[0] == sorted[1],
            "--levels: the classes of `{}` are {}; name each of them once, in their order",
            target,
            labels.join(", ")
        );
        levels.clone()
    } else if labels.iter().all(|l| l.parse::<f64>().is_ok()) {
        let whole = |label: &String| label.parse::<f64>().is_ok_and(|x| x.fract() == 0.0);
        ensure!(
            labels.len() <= 20 || labels.iter().all(whole),
            "`{}` has {} different numbers, and each would be a class; use a family of numbers, such as gaussian",
            target,
            labels.len()
        );
        return Ok(None);
    } else {
        // A leading digit is an order, too: `1 low`, `2 high`.
        let digits = |label: &String| label.starts_with(|c: char| c.is_ascii_digit());
        if labels.iter().all(digits) {
            return Ok(None);
        }
        let place = |scale: &[&str], label: &String| {
            let label = label.trim().to_lowercase();
            scale.iter().position(|word| *word == label)
        };
        let scale = SCALES
            .iter()
            .find(|scale| labels.iter().all(|label| place(scale, label).is_some()));
        let Some(scale) = scale else {
            if arguments.family == Family::Multinomial {
                return Ok(None);
            }
            bail!(
                "the order of the classes of `{}` ({}) is not known; say it by --levels, from the lowest to the highest",
                target,
                labels.join(", ")
            );
        };
        let mut labels = labels.to_vec();
        labels.sort_by_key(|label| place(scale, label));
        labels
    };
    Ok(Some(order))
}

/// The place of each class in an order of all of them.
pub(crate) fn places(labels: &[String], order: &[String]) -> Vec<f64> {
    let place = |label| order.iter().position(|other| other == label).unwrap_or(0) as f64;
    labels.iter().map(place).collect()
}

/// Numbers the classes of a target by their places in a list of all of them.
pub(crate) fn arrange(data: &mut Dataset, order: Vec<String>) {
    let place = places(data.labels.as_deref().unwrap_or_default(), &order);
    data.target.iter_mut().for_each(|y| *y = place[*y as usize]);
    data.labels = Some(order);
}
