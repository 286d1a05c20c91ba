//! Made-up data with a known truth, each reproducible from a stream.

use std::f64::consts::{PI, TAU};

use linalg::{Mat, Scalar};

use crate::random::Stream;
use crate::{Dataset, SparseDataset};

/// Data with the coefficients that they were drawn from.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The data.
    pub data: Dataset,
    /// The coefficients of the columns.
    pub coefficients: Vec<f64>,
    /// The intercept.
    pub intercept: f64,
}

fn normals(n: usize, stream: &mut dyn Stream) -> Vec<f64> {
    let mut out = vec![0.0; n];
    stream.fill_normal_f64(&mut out);
    out
}

fn named(features: Mat<f64>, target: Vec<f64>, labels: Option<[&str; 2]>) -> Dataset {
    let names: Vec<String> = (1..=features.ncols()).map(|j| format!("x{j}")).collect();
    let mut data = Dataset::new(features, names, target, "y");
    data.labels = labels.map(|labels| labels.map(str::to_owned).to_vec());
    data
}

/// Columns of which each leans on its neighbour, `x_j = 0.6 x_(j−1) + 0.8 e` with standard normal e, so that all have mean 0 and
/// variance 1; coefficients N(0, `signal`²/d) and an intercept of −0.5.
fn linear(rows: usize, columns: usize, signal: f64, stream: &mut dyn Stream) -> (Truth, Vec<f64>) {
    let mut x = Mat::zeros(rows, columns);
    for j in 0..columns {
        let e = normals(rows, stream);
        for i in 0..rows {
            x[(i, j)] = match j {
                0 => e[i],
                _ => 0.6 * x[(i, j - 1)] + 0.8 * e[i],
            };
        }
    }
    let scale = signal / (columns.max(1) as f64).sqrt();
    let coefficients: Vec<f64> = normals(columns, stream).iter().map(|w| w * scale).collect();
    let intercept = -0.5;
    let eta = (0..rows)
        .map(|i| {
            intercept
                + (0..columns)
                    .map(|j| x[(i, j)] * coefficients[j])
                    .sum::<f64>()
        })
        .collect();
    let data = named(x, vec![0.0; rows], None);
    let truth = Truth {
        data,
        coefficients,
        intercept,
    };
    (truth, eta)
}

/// A binary target of probability σ(intercept + x·w), with correlated standard normal columns and w of variance `signal`²/d.
///
/// ```
/// use datasets::{generators, random::ChaCha};
/// let problem = generators::classification(200, 3, 1.5, &mut ChaCha::new(1));
/// assert_eq!((problem.data.features.nrows(), problem.coefficients.len()), (200, 3));
/// assert!(problem.data.target.iter().all(|y| *y == 0.0 || *y == 1.0));
/// ```
pub fn classification(rows: usize, columns: usize, signal: f64, stream: &mut dyn Stream) -> Truth {
    let (mut truth, eta) = linear(rows, columns, signal, stream);
    let draw = |eta: &f64| f64::from(u8::from(stream.uniform_f64() < Scalar::sigmoid(*eta)));
    truth.data.target = eta.iter().map(draw).collect();
    truth.data.labels = Some(["0", "1"].map(str::to_owned).to_vec());
    truth
}

/// A target intercept + x·w + `noise`·e, with correlated standard normal columns, standard normal e and w of variance 1/d.
pub fn regression(rows: usize, columns: usize, noise: f64, stream: &mut dyn Stream) -> Truth {
    let (mut truth, eta) = linear(rows, columns, 1.0, stream);
    let errors = normals(rows, stream);
    truth.data.target = eta
        .iter()
        .zip(errors)
        .map(|(eta, e)| eta + noise * e)
        .collect();
    truth
}

/// `classes` clouds in the plane, of standard deviation `spread` around centres on a circle of radius 5. The target is the
/// number of the cloud.
pub fn blobs(rows: usize, classes: usize, spread: f64, stream: &mut dyn Stream) -> Dataset {
    let target: Vec<f64> = (0..rows).map(|i| (i % classes.max(1)) as f64).collect();
    let noise = normals(2 * rows, stream);
    let features = Mat::from_fn(rows, 2, |i, j| {
        let angle = TAU * target[i] / classes.max(1) as f64;
        let centre = 5.0 * if j == 0 { angle.cos() } else { angle.sin() };
        centre + spread * noise[2 * i + j]
    });
    let labels = (classes == 2).then_some(["0", "1"]);
    named(features, target, labels)
}

/// Points along curves in the plane with normal noise: `curve(class, t)` for t evenly over [0, 1].
fn curves(
    rows: usize,
    noise: f64,
    stream: &mut dyn Stream,
    curve: impl Fn(usize, f64) -> [f64; 2],
) -> Dataset {
    let errors = normals(2 * rows, stream);
    let target: Vec<f64> = (0..rows).map(|i| (i % 2) as f64).collect();
    let features = Mat::from_fn(rows, 2, |i, j| {
        let steps = (rows.div_ceil(2).max(2) - 1) as f64;
        curve(i % 2, (i / 2) as f64 / steps)[j] + noise * errors[2 * i + j]
    });
    named(features, target, Some(["0", "1"]))
}

/// Two interleaved half circles, a classic that no straight line separates.
///
/// ```
/// use datasets::{generators, random::ChaCha};
/// let moons = generators::moons(5, 0.0, &mut ChaCha::new(1));
/// assert_eq!((moons.features[(0, 0)], moons.features[(0, 1)], moons.target[1]), (1.0, 0.0, 1.0));
/// ```
pub fn moons(rows: usize, noise: f64, stream: &mut dyn Stream) -> Dataset {
    curves(rows, noise, stream, |class, t| {
        let (sin, cos) = (PI * t).sin_cos();
        if class == 0 {
            [cos, sin]
        } else {
            [1.0 - cos, 0.5 - sin]
        }
    })
}

/// A circle of radius `factor` within one of radius 1.
pub fn circles(rows: usize, factor: f64, noise: f64, stream: &mut dyn Stream) -> Dataset {
    curves(rows, noise, stream, |class, t| {
        let (sin, cos) = (TAU * t).sin_cos();
        let radius = if class == 0 { 1.0 } else { factor };
        [radius * cos, radius * sin]
    })
}

/// Two spirals of `turns` turns that wind into each other.
pub fn spirals(rows: usize, turns: f64, noise: f64, stream: &mut dyn Stream) -> Dataset {
    curves(rows, noise, stream, |class, t| {
        let (sin, cos) = (TAU * turns * t + PI * class as f64).sin_cos();
        let radius = 0.1 + 0.9 * t;
        [radius * cos, radius * sin]
    })
}

/// Counts as in a table of words: each row has `entries` draws from columns whose frequencies fall like 1/rank (Zipf), so that a
/// column drawn k times holds k. The binary target has probability σ(x·w) with w ~ N(0, 1).
///
/// # Panics
/// If there are draws but no columns.
pub fn sparse_counts(
    rows: usize,
    columns: usize,
    entries: usize,
    stream: &mut dyn Stream,
) -> SparseDataset {
    let mut cumulative = Vec::with_capacity(columns);
    let mut total = 0.0;
    for rank in 1..=columns {
        total += 1.0 / rank as f64;
        cumulative.push(total);
    }
    let weights = normals(columns, stream);
    let mut data = SparseDataset::new(columns);
    let mut drawn = Vec::with_capacity(entries);
    for _ in 0..rows {
        drawn.clear();
        drawn.extend((0..entries).map(|_| {
            let u = stream.uniform_f64() * total;
            cumulative.partition_point(|c| *c <= u).min(columns - 1)
        }));
        drawn.sort_unstable();
        let mut eta = 0.0;
        for column in drawn.chunk_by(|a, b| a == b) {
            data.indices.push(column[0]);
            data.values.push(column.len() as f64);
            eta += column.len() as f64 * weights[column[0]];
        }
        data.starts.push(data.indices.len());
        let one = stream.uniform_f64() < Scalar::sigmoid(eta);
        data.target.push(f64::from(u8::from(one)));
    }
    data
}
