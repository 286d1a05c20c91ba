//! How far the numbers that a program returned are from the optimum: one function for all programs.

use std::fs;
use std::io;
use std::path::Path;

use common::{Matrix, read};

/// Largest gradient entry (`logistic`, `softmax`, `sparse`), largest duality gap by the loss of no model (`lasso-*`, `l1`), largest
/// distance to the parameters in double precision (`tutorial`), the loss reached (`network`), largest difference of a column's sum,
/// by rows (`csv`).
pub fn judge(kind: &str, folder: &Path, numbers: &Path) -> io::Result<f64> {
    let file = |name: &str| read(folder.join(name).with_extension("npy"));
    let numbers: Vec<f64> = fs::read(numbers)?
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap_or_default()))
        .collect();
    // A program that returned NaN did not reach the optimum, but a maximum would pass over it.
    if numbers.iter().any(|x| !x.is_finite()) {
        return Ok(f64::NAN);
    }
    match kind {
        "logistic" => Ok(logistic(&file("x")?, &file("y")?.values, &numbers)),
        "softmax" => Ok(softmax(&file("x")?, &file("y")?.values, &numbers)),
        "sparse" => {
            let [values, columns, starts, y, size] =
                ["values", "columns", "starts", "y", "size"].map(file);
            let (values, columns, starts) = (values?.values, columns?.values, starts?.values);
            let d = size?.values[1] as usize;
            let arrays: [&[f64]; 3] = [&values, &columns, &starts];
            Ok(sparse(arrays, &y?.values, d, &numbers))
        }
        "lasso-gaussian" | "lasso-binomial" | "l1" => {
            let problem = Lasso {
                x: &file("x")?,
                y: &file("y")?.values,
                gaussian: kind == "lasso-gaussian",
            };
            Ok(problem.path(&file("strengths")?.values, &numbers))
        }
        "network" => {
            let [w1, b1, w2, x, y] = ["w1", "b1", "w2", "x", "y"].map(file);
            let sizes = [w1?.columns, b1?.rows, w2?.rows];
            Ok(network(sizes, &x?, &y?.values, &numbers))
        }
        "tutorial" => Ok(tutorial(&file("x")?, &file("y")?.values, &numbers)),
        "csv" => {
            let sums = file("sums")?.values;
            Ok(largest(sums.iter().zip(&numbers).map(|(a, b)| a - b)))
        }
        _ => Err(io::Error::other(format!("{kind} cannot be judged"))),
    }
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a: f64, b| a.max(b.abs()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Intercept and Xw.
fn predictor(x: &Matrix, intercept: f64, w: &[f64]) -> Vec<f64> {
    let mut eta = vec![intercept; x.rows];
    for (j, w) in w.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        let column = x.column(j).iter();
        eta.iter_mut().zip(column).for_each(|(e, x)| *e += w * x);
    }
    eta
}

fn sigmoid(eta: f64) -> f64 {
    1.0 / (1.0 + (-eta).exp())
}

/// ln(1 + exp(η)) - y η.
fn log_loss(eta: f64, y: f64) -> f64 {
    eta.max(0.0) + (-eta.abs()).exp().ln_1p() - y * eta
}

/// Of mean log-loss + ½ (1/n) ‖w‖², intercept first and free.
fn logistic(x: &Matrix, y: &[f64], numbers: &[f64]) -> f64 {
    let (n, w) = (x.rows as f64, &numbers[1..]);
    let eta = predictor(x, numbers[0], w);
    let r: Vec<f64> = eta.iter().zip(y).map(|(e, y)| sigmoid(*e) - y).collect();
    let slopes = (0..x.columns).map(|j| (dot(x.column(j), &r) + w[j]) / n);
    largest(slopes.chain([r.iter().sum::<f64>() / n]))
}

/// The same with k classes: k intercepts, then the weights class by class.
fn softmax(x: &Matrix, y: &[f64], numbers: &[f64]) -> f64 {
    let n = x.rows as f64;
    let k = numbers.len() / (x.columns + 1);
    let weights: Vec<&[f64]> = numbers[k..].chunks_exact(x.columns).collect();
    let mut r: Vec<Vec<f64>> = (0..k)
        .map(|class| predictor(x, numbers[class], weights[class]))
        .collect();
    for i in 0..x.rows {
        let top = r.iter().map(|eta| eta[i]).fold(f64::MIN, f64::max);
        let total: f64 = r.iter().map(|eta| (eta[i] - top).exp()).sum();
        for (class, eta) in r.iter_mut().enumerate() {
            let seen = f64::from(u8::from(y[i] as usize == class));
            eta[i] = (eta[i] - top).exp() / total - seen;
        }
    }
    largest((0..k).flat_map(|class| {
        let (r, w) = (&r[class], weights[class]);
        let slopes = (0..x.columns).map(move |j| (dot(x.column(j), r) + w[j]) / n);
        slopes.chain([r.iter().sum::<f64>() / n])
    }))
}

fn sparse(arrays: [&[f64]; 3], y: &[f64], d: usize, numbers: &[f64]) -> f64 {
    let [values, columns, starts] = arrays;
    let (n, w) = (y.len() as f64, &numbers[1..]);
    let mut gradient = w.to_vec();
    gradient.resize(d, 0.0);
    let mut intercept = 0.0;
    for (i, y) in y.iter().enumerate() {
        let row = starts[i] as usize..starts[i + 1] as usize;
        let eta: f64 = row
            .clone()
            .map(|at| values[at] * w[columns[at] as usize])
            .sum();
        let r = sigmoid(numbers[0] + eta) - y;
        row.for_each(|at| gradient[columns[at] as usize] += r * values[at]);
        intercept += r;
    }
    largest(gradient.into_iter().chain([intercept])) / n
}

/// Mean loss + λ ‖w‖₁, the loss being ½ (y - η)² or the log-loss.
struct Lasso<'a> {
    x: &'a Matrix,
    y: &'a [f64],
    gaussian: bool,
}

impl Lasso<'_> {
    /// The largest relative gap along a path: for each strength the intercept, then the weights.
    fn path(&self, strengths: &[f64], numbers: &[f64]) -> f64 {
        if numbers.len() != strengths.len() * (self.x.columns + 1) {
            return f64::NAN;
        }
        let points = numbers.chunks_exact(self.x.columns + 1);
        let gaps = strengths.iter().zip(points).map(|(l, p)| self.gap(*l, p));
        gaps.fold(0.0, f64::max) / self.null_loss()
    }

    fn mean(&self, f: impl Fn(usize) -> f64) -> f64 {
        (0..self.y.len()).map(f).sum::<f64>() / self.y.len() as f64
    }

    fn null_loss(&self) -> f64 {
        let m = self.mean(|i| self.y[i]);
        if self.gaussian {
            return self.mean(|i| 0.5 * (self.y[i] - m).powi(2));
        }
        -(m * m.ln() + (1.0 - m) * (1.0 - m).ln())
    }

    /// The objective less that of the dual at a feasible point made from the residuals.
    fn gap(&self, strength: f64, point: &[f64]) -> f64 {
        let w = &point[1..];
        let eta = predictor(self.x, point[0], w);
        let loss = self.mean(|i| match self.gaussian {
            true => 0.5 * (eta[i] - self.y[i]).powi(2),
            false => log_loss(eta[i], self.y[i]),
        });
        let mut u = self.residuals(&eta);
        let n = self.y.len() as f64;
        let slope = largest((0..self.x.columns).map(|j| dot(self.x.column(j), &u) / n));
        let scale = (strength / slope).min(1.0);
        u.iter_mut().for_each(|u| *u *= scale);
        let conjugate = self.mean(|i| match self.gaussian {
            true => u[i] * (0.5 * u[i] + self.y[i]),
            false => {
                let q = (u[i] + self.y[i]).clamp(0.0, 1.0);
                let xlogx = |q: f64| if q > 0.0 { q * q.ln() } else { 0.0 };
                xlogx(q) + xlogx(1.0 - q)
            }
        });
        loss + strength * w.iter().map(|w| w.abs()).sum::<f64>() + conjugate
    }

    /// Slopes of the losses where the intercept is best: a feasible point of the dual has sum 0.
    fn residuals(&self, eta: &[f64]) -> Vec<f64> {
        let mut shift = 0.0;
        loop {
            let p = |i: usize| match self.gaussian {
                true => (eta[i] + shift, 1.0),
                false => {
                    let p = sigmoid(eta[i] + shift);
                    (p, p * (1.0 - p))
                }
            };
            let slope = self.mean(|i| p(i).0 - self.y[i]);
            let step = slope / self.mean(|i| p(i).1);
            if step.abs() < 1e-13 || !step.is_finite() {
                return (0..eta.len()).map(|i| p(i).0 - self.y[i]).collect();
            }
            shift -= step;
        }
    }
}

/// The cross-entropy of the batch: Linear, ReLU, Linear; weights row by row, each followed by its bias.
fn network([inputs, hidden, outputs]: [usize; 3], x: &Matrix, y: &[f64], numbers: &[f64]) -> f64 {
    let (w1, rest) = numbers.split_at(hidden * inputs);
    let (b1, rest) = rest.split_at(hidden);
    let (w2, b2) = rest.split_at(outputs * hidden);
    let rows = x.by_rows();
    let losses = rows.chunks_exact(inputs).zip(y).map(|(x, y)| {
        let h: Vec<f64> = w1
            .chunks_exact(inputs)
            .zip(b1)
            .map(|(w, b)| (dot(w, x) + b).max(0.0))
            .collect();
        let z: Vec<f64> = w2
            .chunks_exact(hidden)
            .zip(b2)
            .map(|(w, b)| dot(w, &h) + b)
            .collect();
        if outputs == 1 {
            return log_loss(z[0], *y);
        }
        let top = z.iter().copied().fold(f64::MIN, f64::max);
        top + z.iter().map(|z| (z - top).exp()).sum::<f64>().ln() - z[*y as usize]
    });
    losses.sum::<f64>() / y.len() as f64
}

/// 1001 updates of gradient descent with rate 1 from zero, in double precision.
fn tutorial(x: &Matrix, y: &[f64], numbers: &[f64]) -> f64 {
    let (mut w, mut b) = (vec![0.0; x.columns], 0.0);
    for _ in 0..1001 {
        let eta = predictor(x, b, &w);
        let r: Vec<f64> = eta.iter().zip(y).map(|(e, y)| sigmoid(*e) - y).collect();
        for (j, w) in w.iter_mut().enumerate() {
            *w -= dot(x.column(j), &r) / y.len() as f64;
        }
        b -= r.iter().sum::<f64>() / y.len() as f64;
    }
    largest(w.iter().chain([&b]).zip(numbers).map(|(a, b)| a - b))
}
