//! The data of each kind of work.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use common::write;

use crate::random::Random;

pub fn generate(kind: &str, folder: &Path, sizes: &[usize]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match (kind, sizes) {
        ("logistic", &[n, d]) => logistic(folder, n, d),
        ("softmax", &[n, d, k]) => softmax(folder, n, d, k),
        ("sparse", &[n, d, k]) => sparse(folder, n, d, k),
        ("lasso-gaussian" | "lasso-binomial" | "l1", &[n, d]) => lasso(kind, folder, n, d),
        ("network", &[batch, inputs, hidden, outputs]) => {
            network(folder, batch, inputs, hidden, outputs)
        }
        ("tutorial", &[]) => tutorial(folder),
        ("csv", &[n, d]) => csv(folder, n, d),
        _ => Err(io::Error::other(format!("no {kind} of sizes {sizes:?}"))),
    }
}

/// Columns that lean on the one before: x_j = a x_{j-1} + √(1 - a²) e_j.
fn leaning(n: usize, d: usize, a: f64, random: &mut Random) -> Vec<f64> {
    let mut x = random.normals(n);
    x.reserve(n * (d - 1));
    let b = (1.0 - a * a).sqrt();
    for at in n..n * d {
        x.push(a * x[at - n] + b * random.normal());
    }
    x
}

fn product(x: &[f64], n: usize, w: &[f64]) -> Vec<f64> {
    let mut eta = vec![0.0; n];
    for (column, w) in x.chunks_exact(n).zip(w) {
        if *w != 0.0 {
            eta.iter_mut().zip(column).for_each(|(e, x)| *e += w * x);
        }
    }
    eta
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

fn deviation(x: &[f64]) -> f64 {
    let m = mean(x);
    (x.iter().map(|x| (x - m).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
}

/// Weights N(0, 1.5² / d), intercept -½.
fn logistic(folder: &Path, n: usize, d: usize) -> io::Result<()> {
    let mut random = Random::new(1);
    let x = leaning(n, d, 0.6, &mut random);
    let scale = 1.5 / (d as f64).sqrt();
    let w: Vec<f64> = random.normals(d).iter().map(|z| z * scale).collect();
    let eta = product(&x, n, &w);
    let y: Vec<f64> = eta.iter().map(|e| random.answer(e - 0.5)).collect();
    write(folder.join("x.npy"), n, &x)?;
    write(folder.join("y.npy"), n, &y)
}

/// Something like pictures of k digits: 30 factors behind d pixels between 0 and 1, most of them dark.
fn softmax(folder: &Path, n: usize, d: usize, k: usize) -> io::Result<()> {
    const FACTORS: usize = 30;
    let mut random = Random::new(3);
    let centres = random.normals(k * FACTORS);
    let loadings = random.normals(FACTORS * d);
    let y: Vec<usize> = (0..n).map(|_| random.below(k)).collect();
    let factors: Vec<f64> = (0..n * FACTORS)
        .map(|at| centres[y[at % n] * FACTORS + at / n] + 1.5 * random.normal())
        .collect();
    let mut x = Vec::with_capacity(n * d);
    for j in 0..d {
        let w: Vec<f64> = (0..FACTORS).map(|f| loadings[f * d + j] / 6.0).collect();
        let pixel = product(&factors, n, &w);
        let pixel = pixel
            .iter()
            .map(|p| (p + 0.3 * random.normal() - 0.3).clamp(0.0, 1.0));
        x.extend(pixel);
    }
    let y: Vec<f64> = y.iter().map(|class| *class as f64).collect();
    write(folder.join("x.npy"), n, &x)?;
    write(folder.join("y.npy"), n, &y)
}

/// k entries a row in columns that Zipf's law draws, as words of texts: svmlight's format, and the three arrays of compressed rows.
fn sparse(folder: &Path, n: usize, d: usize, k: usize) -> io::Result<()> {
    let mut random = Random::new(5);
    let mut total = 0.0;
    let shares: Vec<f64> = (1..=d)
        .map(|rank| {
            total += 1.0 / rank as f64;
            total
        })
        .collect();
    let (mut values, mut columns, mut starts) = (Vec::new(), Vec::new(), vec![0.0]);
    for _ in 0..n {
        let mut row: Vec<usize> = (0..k)
            .map(|_| {
                let at = random.uniform() * total;
                shares.partition_point(|share| *share < at).min(d - 1)
            })
            .collect();
        row.sort_unstable();
        row.dedup();
        for j in row {
            columns.push(j as f64);
            values.push(random.uniform() + 0.5);
        }
        starts.push(values.len() as f64);
    }
    let w: Vec<f64> = (0..d)
        .map(|_| {
            let z = random.normal();
            if random.uniform() < 0.3 { z } else { 0.0 }
        })
        .collect();
    let row = |i: usize| starts[i] as usize..starts[i + 1] as usize;
    let eta: Vec<f64> = (0..n)
        .map(|i| row(i).map(|at| values[at] * w[columns[at] as usize]).sum())
        .collect();
    let (centre, scale) = (mean(&eta), deviation(&eta) / 2.0);
    let y: Vec<f64> = eta
        .iter()
        .map(|e| random.answer((e - centre) / scale))
        .collect();
    let mut file = BufWriter::new(File::create(folder.join("x.svm"))?);
    for i in 0..n {
        write!(file, "{}", y[i])?;
        for at in row(i) {
            write!(file, " {}:{}", columns[at] + 1.0, values[at])?;
        }
        writeln!(file)?;
    }
    file.flush()?;
    write(folder.join("size.npy"), 1, &[n as f64, d as f64])?;
    for (name, array) in [
        ("values", &values),
        ("columns", &columns),
        ("starts", &starts),
        ("y", &y),
    ] {
        write(folder.join(name).with_extension("npy"), array.len(), array)?;
    }
    Ok(())
}

/// Columns of mean 0 and variance 1, so that a penalty on standardised columns and one on the columns as they are is the same.
fn lasso(kind: &str, folder: &Path, n: usize, d: usize) -> io::Result<()> {
    let mut random = Random::new(2);
    let mut x = leaning(n, d, 0.5, &mut random);
    for column in x.chunks_exact_mut(n) {
        let (m, s) = (mean(column), deviation(column));
        column.iter_mut().for_each(|x| *x = (*x - m) / s);
    }
    let mut w = vec![0.0; d];
    for _ in 0..50 {
        w[random.below(d)] = random.normal();
    }
    let eta = product(&x, n, &w);
    let scale = deviation(&eta);
    let y: Vec<f64> = match kind {
        "lasso-gaussian" => eta
            .iter()
            .map(|e| e + 0.5 * scale * random.normal())
            .collect(),
        _ => eta.iter().map(|e| random.answer(2.0 * e / scale)).collect(),
    };
    let centre = mean(&y);
    let largest = x
        .chunks_exact(n)
        .map(|x| x.iter().zip(&y).map(|(x, y)| x * (y - centre)).sum::<f64>())
        .fold(0.0, |a: f64, b| a.max(b.abs()))
        / n as f64;
    let strengths: Vec<f64> = match kind {
        "l1" => vec![0.1 * largest],
        _ => (0..100)
            .map(|k| largest * 0.01_f64.powf(f64::from(k) / 99.0))
            .collect(),
    };
    write(folder.join("x.npy"), n, &x)?;
    write(folder.join("y.npy"), n, &y)?;
    write(folder.join("strengths.npy"), strengths.len(), &strengths)
}

/// One batch, and the weights from which every program starts: uniform on ±1/√inputs, as PyTorch's. All are float32 numbers.
fn network(
    folder: &Path,
    batch: usize,
    inputs: usize,
    hidden: usize,
    outputs: usize,
) -> io::Result<()> {
    let mut random = Random::new(7);
    let x = random.normals(batch * inputs);
    let classes = outputs.max(2);
    let y: Vec<f64> = (0..batch).map(|_| random.below(classes) as f64).collect();
    let mut uniform = |count: usize, inputs: usize| -> Vec<f64> {
        let bound = 1.0 / (inputs as f64).sqrt();
        (0..count)
            .map(|_| bound * (2.0 * random.uniform() - 1.0))
            .collect()
    };
    let layers = [
        ("w1", hidden, uniform(hidden * inputs, inputs)),
        ("b1", hidden, uniform(hidden, inputs)),
        ("w2", outputs, uniform(outputs * hidden, hidden)),
        ("b2", outputs, uniform(outputs, hidden)),
        ("x", batch, x),
        ("y", batch, y),
    ];
    for (name, rows, values) in layers {
        let values: Vec<f64> = values.iter().map(|x| f64::from(*x as f32)).collect();
        write(folder.join(name).with_extension("npy"), rows, &values)?;
    }
    Ok(())
}

/// Six students: hours of lectures and of lab work, and whether they passed.
fn tutorial(folder: &Path) -> io::Result<()> {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 2.0, 3.0, 1.0, 3.0, 3.0, 2.0];
    write(folder.join("x.npy"), 6, &x)?;
    write(folder.join("y.npy"), 6, &[0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
}

/// Normal numbers with six decimals, and the sums of the columns that stand in the file.
fn csv(folder: &Path, n: usize, d: usize) -> io::Result<()> {
    let mut random = Random::new(9);
    let mut file = BufWriter::new(File::create(folder.join("x.csv"))?);
    let names: Vec<String> = (1..=d).map(|j| format!("x{j}")).collect();
    writeln!(file, "{}", names.join(","))?;
    let mut sums = vec![0.0; d];
    for _ in 0..n {
        let cells: Vec<String> = (0..d).map(|_| format!("{:.6}", random.normal())).collect();
        for (sum, cell) in sums.iter_mut().zip(&cells) {
            *sum += cell.parse().unwrap_or(f64::NAN);
        }
        writeln!(file, "{}", cells.join(","))?;
    }
    file.flush()?;
    write(folder.join("sums.npy"), d, &sums)
}
