//! What cargo-criterion says: one JSON message a line.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::history::Measured;

/// A message, as far as it is of use here. The format: the section "External Tools" of cargo-criterion's book.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    id: Option<String>,
    median: Option<Estimate>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Estimate {
    #[serde(rename = "estimate")]
    value: f64,
    lower_bound: f64,
    upper_bound: f64,
}

/// The benchmarks of a text of messages, each as a ratio to the reference of its own bench program: the next one in the text, or the last
/// one where none follows.
///
/// # Errors
/// If a message cannot be read, there are none, or the reference was not measured.
pub(crate) fn results(text: &str, reference: &str) -> Result<BTreeMap<String, Measured>> {
    let mut found: Vec<(String, Estimate)> = Vec::new();
    for (k, line) in text.lines().enumerate() {
        // Bench programs may print lines of their own between the messages.
        if !line.starts_with('{') {
            continue;
        }
        let message: Message = serde_json::from_str(line)
            .with_context(|| format!("line {} is no message of cargo-criterion", k + 1))?;
        if let ("benchmark-complete", Some(id), Some(median)) =
            (message.reason.as_str(), message.id, message.median)
        {
            let sound = [median.lower_bound, median.value, median.upper_bound];
            ensure!(
                sound.iter().all(|x| x.is_finite() && *x > 0.0),
                "line {}: the median of `{id}` is {}, which no time is",
                k + 1,
                median.value
            );
            found.push((id, median));
        }
    }
    ensure!(
        !found.is_empty(),
        "there is no finished benchmark among the messages"
    );
    let references: Vec<(usize, Estimate)> = found
        .iter()
        .enumerate()
        .filter(|(_, (id, _))| id == reference)
        .map(|(at, (_, median))| (at, *median))
        .collect();
    let last = references.last().with_context(|| {
        format!("the reference `{reference}` was not measured in this run; a bench program measures it by `benches/reference.rs`")
    })?;
    let mut results = BTreeMap::new();
    for (at, (id, median)) in found.iter().enumerate() {
        let own = references.iter().find(|(place, _)| *place >= at);
        let own = own.unwrap_or(last).1;
        results.insert(
            id.clone(),
            Measured {
                median_ns: median.value,
                ratio: median.value / own.value,
                low: median.lower_bound / own.upper_bound,
                high: median.upper_bound / own.lower_bound,
            },
        );
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, median: f64) -> String {
        format!(
            r#"{{"reason":"benchmark-complete","id":"{id}","median":{{"estimate":{median},"lower_bound":{},"upper_bound":{},"unit":"ns"}}}}"#,
            0.5 * median,
            2.0 * median
        )
    }

    /// Two programs, each with its own reference at its end.
    #[test]
    fn each_program_has_its_own_reference() {
        let text = [
            line("a", 30.0),
            line("r", 10.0),
            r#"{"reason":"group-complete","group_name":"x"}"#.to_owned(),
            line("b", 30.0),
            line("r", 5.0),
            line("c", 20.0),
        ]
        .join("\n");
        let results = results(&text, "r").unwrap();
        assert_eq!(results["a"].ratio, 3.0);
        assert_eq!((results["a"].low, results["a"].high), (0.75, 12.0));
        assert_eq!(results["b"].ratio, 6.0);
        assert_eq!(results["c"].ratio, 4.0);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let error = |text: &str| format!("{:#}", results(text, "r").unwrap_err());
        assert!(error("").contains("no finished benchmark"));
        assert!(error(&line("a", 1.0)).contains("the reference `r` was not measured"));
        assert!(error("{}").contains("line 1 is no message"));
        assert!(error(&line("a", 0.0)).contains("the median of `a` is 0"));
    }
}
