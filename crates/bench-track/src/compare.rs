//! The last run against the one before.

use std::fmt;

use crate::history::{Measured, Run};

/// The least change of a ratio that counts.
pub(crate) const MARGIN: f64 = 0.10;

/// How two runs compare.
#[derive(Debug)]
pub(crate) struct Comparison {
    old: String,
    new: String,
    changes: Vec<Change>,
    /// Benchmarks that only one of the runs has.
    appeared: Vec<String>,
    gone: Vec<String>,
}

#[derive(Debug)]
struct Change {
    id: String,
    /// The new ratio by the old one.
    factor: f64,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Slower,
    Faster,
    Same,
}

/// Compares the last two runs by their ratios; `None` if there are fewer.
pub(crate) fn last_two(runs: &[Run], margin: f64) -> Option<Comparison> {
    let [earlier @ .., new] = runs else {
        return None;
    };
    let old = earlier.last()?;
    let mut changes = Vec::new();
    for (id, now) in &new.results {
        // The reference is 1 by definition.
        if *id == new.reference {
            continue;
        }
        let Some(then) = old.results.get(id) else {
            continue;
        };
        let margin = margin.max(3.0 * usual_change(earlier, id));
        changes.push(Change {
            id: id.clone(),
            factor: now.ratio / then.ratio,
            verdict: verdict(then, now, margin),
        });
    }
    changes.sort_by(|a, b| b.factor.total_cmp(&a.factor));
    let only = |a: &Run, b: &Run| -> Vec<String> {
        let missing = a.results.keys().filter(|id| !b.results.contains_key(*id));
        missing.cloned().collect()
    };
    Some(Comparison {
        old: old.commit.clone(),
        new: new.commit.clone(),
        changes,
        appeared: only(new, old),
        gone: only(old, new),
    })
}

/// Slower or faster only where the intervals lie apart by more than the margin, too.
fn verdict(old: &Measured, new: &Measured, margin: f64) -> Verdict {
    let beyond = 1.0 + margin;
    if new.ratio > old.ratio * beyond && new.low > old.high {
        Verdict::Slower
    } else if old.ratio > new.ratio * beyond && old.low > new.high {
        Verdict::Faster
    } else {
        Verdict::Same
    }
}

/// The median change of a benchmark from run to run, as |ln(ratio by ratio before)|; 0 with fewer than three changes.
fn usual_change(runs: &[Run], id: &str) -> f64 {
    let ratios: Vec<f64> = runs
        .iter()
        .filter_map(|run| run.results.get(id).map(|m| m.ratio))
        .collect();
    let mut changes: Vec<f64> = ratios
        .windows(2)
        .map(|pair| (pair[1] / pair[0]).ln().abs())
        .collect();
    if changes.len() < 3 {
        return 0.0;
    }
    changes.sort_by(f64::total_cmp);
    changes[changes.len() / 2]
}

impl Comparison {
    /// True if something became slower beyond noise.
    pub(crate) fn has_regressions(&self) -> bool {
        self.changes.iter().any(|c| c.verdict == Verdict::Slower)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} against {}", self.new, self.old)?;
        let count = |verdict| self.changes.iter().filter(|c| c.verdict == verdict).count();
        for (verdict, word) in [(Verdict::Slower, "SLOWER"), (Verdict::Faster, "faster")] {
            for change in self.changes.iter().filter(|c| c.verdict == verdict) {
                writeln!(f, "  {word}  {:6.3} times  {}", change.factor, change.id)?;
            }
        }
        for (word, ids) in [("new", &self.appeared), ("gone", &self.gone)] {
            for id in ids {
                writeln!(f, "  {word}  {id}")?;
            }
        }
        writeln!(
            f,
            "{} slower, {} faster, {} the same",
            count(Verdict::Slower),
            count(Verdict::Faster),
            count(Verdict::Same)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn run(ratios: &[(&str, f64)]) -> Run {
        let measured = |ratio: f64| Measured {
            median_ns: 100.0 * ratio,
            ratio,
            low: 0.98 * ratio,
            high: 1.02 * ratio,
        };
        let results: BTreeMap<String, Measured> = ratios
            .iter()
            .map(|(id, ratio)| ((*id).to_owned(), measured(*ratio)))
            .collect();
        Run {
            commit: "c".to_owned(),
            date: 0,
            rustc: String::new(),
            reference: "r".to_owned(),
            results,
        }
    }

    #[test]
    fn a_kernel_that_became_slower_is_named_and_noise_is_not() {
        let old = run(&[("r", 1.0), ("a", 2.0), ("b", 3.0), ("gone", 1.0)]);
        let new = run(&[("r", 9.0), ("a", 3.0), ("b", 3.2), ("new", 1.0)]);
        let comparison = last_two(&[old.clone(), new], MARGIN).unwrap();
        assert!(comparison.has_regressions());
        let text = comparison.to_string();
        assert!(text.contains("  SLOWER   1.500 times  a\n"), "{text}");
        assert!(text.contains("  new  new\n") && text.contains("  gone  gone\n"));
        assert!(text.ends_with("1 slower, 0 faster, 1 the same\n"), "{text}");
        let comparison = last_two(&[old.clone(), run(&[("a", 1.0)])], MARGIN).unwrap();
        assert!(!comparison.has_regressions());
        assert!(comparison.to_string().contains("faster   0.500 times  a"));
        assert!(last_two(&[old], MARGIN).is_none());
    }

    /// A benchmark that always jumps by a third is not slower when it does so again.
    #[test]
    fn what_jumps_from_run_to_run_needs_more() {
        let mut runs: Vec<Run> = (0..6)
            .map(|k| run(&[("a", if k % 2 == 0 { 3.0 } else { 4.0 })]))
            .collect();
        runs.push(run(&[("a", 5.2)]));
        assert!(!last_two(&runs, MARGIN).unwrap().has_regressions());
        runs.pop();
        runs.push(run(&[("a", 8.0)]));
        assert!(last_two(&runs, MARGIN).unwrap().has_regressions());
    }
}
