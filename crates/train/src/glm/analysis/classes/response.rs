//! What models of several classes have in common: K − 1 linear predictors, of which the probabilities are a function.

use linalg::Mat;
use models::glm::{Link, between, cut_points, softmax};

/// How classes depend on the predictors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A predictor z·γ for each class but the first, whose predictor is 0.
    Multinomial,
    /// A predictor t − z·γ for each threshold t, with one γ for all.
    Ordered(Link),
}

/// The predictors of a row: linear functions of the coefficients γ in the coordinates of the solvers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Predictors {
    pub(super) kind: Kind,
    /// K − 1.
    pub(super) number: usize,
    /// The entries of a row, the intercept's among them.
    pub(super) entries: usize,
}

/// Probabilities of the classes with their derivatives in the predictors.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) p: Vec<f64>,
    /// One row a class, one column a predictor.
    pub(super) first: Mat<f64>,
}

impl Predictors {
    /// How many coefficients there are.
    pub(super) fn parameters(&self) -> usize {
        match self.kind {
            Kind::Multinomial => self.number * self.entries,
            // The first entry belongs to the thresholds.
            Kind::Ordered(_) => self.number + self.entries - 1,
        }
    }

    /// The predictors of a row.
    pub(super) fn at(&self, gamma: &[f64], z: &[f64]) -> Vec<f64> {
        let dot = |gamma: &[f64], z: &[f64]| gamma.iter().zip(z).map(|(g, z)| g * z).sum::<f64>();
        match self.kind {
            Kind::Multinomial => gamma.chunks(self.entries).map(|g| dot(g, z)).collect(),
            Kind::Ordered(_) => {
                let (thresholds, slopes) = gamma.split_at(self.number);
                let eta = dot(slopes, &z[1..]);
                thresholds.iter().map(|t| t - eta).collect()
            }
        }
    }

    /// Adds `Σ weights[c] ∂uᶜ/∂γ` for the predictors u of a row.
    pub(super) fn add(&self, weights: &[f64], z: &[f64], out: &mut [f64]) {
        match self.kind {
            Kind::Multinomial => {
                for (out, weight) in out.chunks_mut(self.entries).zip(weights) {
                    out.iter_mut()
                        .zip(z)
                        .for_each(|(out, z)| *out += weight * z);
                }
            }
            Kind::Ordered(_) => {
                let (thresholds, slopes) = out.split_at_mut(self.number);
                let all: f64 = weights.iter().sum();
                thresholds
                    .iter_mut()
                    .zip(weights)
                    .for_each(|(t, w)| *t += w);
                slopes
                    .iter_mut()
                    .zip(&z[1..])
                    .for_each(|(out, z)| *out -= all * z);
            }
        }
    }

    /// The probabilities of the classes and their derivatives.
    pub(super) fn response(&self, u: &[f64]) -> Response {
        let (q, classes) = (self.number, self.number + 1);
        match self.kind {
            Kind::Multinomial => {
                let mut p: Vec<f64> = std::iter::once(0.0).chain(u.iter().copied()).collect();
                softmax(&mut p);
                let first = Mat::from_fn(classes, q, |k, c| p[k] * (same(k, c + 1) - p[c + 1]));
                Response { p, first }
            }
            Kind::Ordered(link) => {
                let of = |k: usize| {
                    let (a, b) = cut_points(u, k, 0.0);
                    (-between(link, a, b).loss).exp()
                };
                let density: Vec<f64> = u.iter().map(|u| link.mean(*u).first).collect();
                Response {
                    p: (0..classes).map(of).collect(),
                    first: Mat::from_fn(classes, q, |k, c| density[c] * edge(k, c)),
                }
            }
        }
    }

    /// `Σ weights[d] ∂²pₖ/∂uᶜ∂uᵈ`: one row a class, one column a predictor.
    pub(super) fn bend(&self, u: &[f64], p: &[f64], weights: &[f64]) -> Mat<f64> {
        let (q, classes) = (self.number, self.number + 1);
        match self.kind {
            Kind::Multinomial => {
                let mean: f64 = weights.iter().zip(&p[1..]).map(|(w, p)| w * p).sum();
                let along = |k: usize| if k == 0 { 0.0 } else { weights[k - 1] } - mean;
                Mat::from_fn(classes, q, |k, c| {
                    let own = same(k, c + 1) - p[c + 1];
                    p[k] * (own * along(k) - p[c + 1] * along(c + 1))
                })
            }
            Kind::Ordered(link) => {
                let bends: Vec<f64> = u.iter().map(|u| link.mean(*u).second).collect();
                Mat::from_fn(classes, q, |k, c| bends[c] * edge(k, c) * weights[c])
            }
        }
    }

    /// The derivatives of the log-probability of a class in the predictors.
    pub(super) fn score(&self, u: &[f64], class: usize) -> Vec<f64> {
        match self.kind {
            Kind::Multinomial => {
                let mut p: Vec<f64> = std::iter::once(0.0).chain(u.iter().copied()).collect();
                softmax(&mut p);
                (1..p.len()).map(|k| same(k, class) - p[k]).collect()
            }
            Kind::Ordered(link) => {
                let (a, b) = cut_points(u, class, 0.0);
                let [upper, lower] = between(link, a, b).slope;
                let mut out = vec![0.0; self.number];
                if class < self.number {
                    out[class] = -upper;
                }
                if class > 0 {
                    out[class - 1] = -lower;
                }
                out
            }
        }
    }
}

fn same(a: usize, b: usize) -> f64 {
    f64::from(u8::from(a == b))
}

/// The sign of the cumulative probability of a threshold in the probability of a class.
fn edge(class: usize, threshold: usize) -> f64 {
    same(class, threshold) - same(class, threshold + 1)
}
