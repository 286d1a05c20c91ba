//! The history as pictures: one a group, a curve a benchmark.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use plots::{Chart, LineChart};

use crate::history::{Run, write};
use crate::machine::Machine;

/// More curves than a picture can tell apart.
const CURVES: usize = 8;

/// Numbers of runs, and ratios.
type Series = (Vec<f64>, Vec<f64>);

/// The group of a benchmark: what stands before the first stroke.
fn group(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

/// Writes `GROUP.svg` for each group of the runs into the folder of the machine, and says how many.
pub(crate) fn groups(folder: &Path, machine: &Machine, runs: &[Run]) -> Result<usize> {
    let mut groups: BTreeMap<&str, BTreeMap<&str, Series>> = BTreeMap::new();
    for (k, run) in runs.iter().enumerate() {
        for (id, measured) in run.results.iter().filter(|(id, _)| **id != run.reference) {
            let series = groups.entry(group(id)).or_default();
            let (x, y) = series.entry(id).or_default();
            x.push((k + 1) as f64);
            y.push(measured.ratio);
        }
    }
    let mut written = 0;
    for (name, series) in &groups {
        let all: Vec<_> = series.iter().collect();
        for (part, curves) in all.chunks(CURVES).enumerate() {
            let number = if part == 0 {
                String::new()
            } else {
                format!("-{}", part + 1)
            };
            let mut chart = LineChart::new(
                format!("{name}{number}: {} runs", runs.len()),
                "run",
                "time / time of the reference",
            )
            .whole_x()
            .log_y();
            for (id, (x, y)) in curves {
                let label = id.strip_prefix(name).unwrap_or(id).trim_start_matches('/');
                let label = if label.is_empty() { id } else { label };
                chart = chart
                    .curve(label, x, y)
                    .points(format!("{label}, measured"), x, y);
            }
            let file = format!("{}{number}.svg", slug(name));
            let path = folder.join(machine.slug()).join(file);
            write(&path, chart.to_svg()?.as_bytes())?;
            written += 1;
        }
    }
    Ok(written)
}

/// A name without characters that files cannot have.
fn slug(name: &str) -> String {
    let one = |c: char| match c {
        '_' | '-' => c,
        c if c.is_alphanumeric() => c,
        _ => '-',
    };
    name.chars().map(one).collect()
}
