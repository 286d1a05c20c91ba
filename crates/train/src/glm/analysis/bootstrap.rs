//! The bootstrap: how estimates vary over samples of the rows (Efron 1979).

use datasets::random::{ChaCha, Stream};
use linalg::{Mat, Values, parallel, reduce};
use models::glm::Weights;

use super::super::{Fit, FitOptions, Observations};
use super::{Analysis, Interval};
use crate::FitError;

/// Draws of all samples together.
const MOST: usize = 2_000_000_000;

/// Estimates from samples of the rows, drawn with replacement.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    names: Vec<String>,
    /// One row a sample that could be fitted, one column a coefficient.
    estimates: Mat<f64>,
    failed: usize,
}

impl Bootstrap {
    /// The estimates: one row a sample, one column a coefficient.
    pub fn estimates(&self) -> linalg::MatRef<'_, f64> {
        self.estimates.as_ref()
    }
    /// The names of the coefficients.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// Samples without a finite estimate, which are left out. More than a few say that the data are nearly separated, and that
    /// the other samples are a selection.
    pub fn failed(&self) -> usize {
        self.failed
    }
    /// The covariance of the estimates over the samples.
    pub fn covariance(&self) -> Mat<f64> {
        let (samples, d) = (self.estimates.nrows(), self.estimates.ncols());
        let column = |j: usize| self.estimates.col_as_slice(j);
        let means: Vec<f64> = (0..d)
            .map(|j| reduce::sum(column(j)) / samples as f64)
            .collect();
        Mat::from_fn(d, d, |a, b| {
            let product = |i: usize| (column(a)[i] - means[a]) * (column(b)[i] - means[b]);
            reduce::sum_by(samples, product) / (samples as f64 - 1.0)
        })
    }
    /// The percentile interval of each coefficient at a level such as 0.95: quantiles of the samples (type 7 of Hyndman and Fan).
    ///
    /// # Panics
    /// If the level is not between 0 and 1.
    pub fn intervals(&self, level: f64) -> Vec<Interval> {
        assert!(
            level > 0.0 && level < 1.0,
            "a level of confidence lies between 0 and 1"
        );
        let quantile = |sorted: &[f64], share: f64| {
            let place = share * (sorted.len() - 1) as f64;
            let low = place as usize;
            let next = sorted[(low + 1).min(sorted.len() - 1)];
            sorted[low] + place.fract() * (next - sorted[low])
        };
        (0..self.estimates.ncols())
            .map(|j| {
                let mut sorted = self.estimates.col_as_slice(j).to_vec();
                sorted.sort_by(f64::total_cmp);
                Interval {
                    low: quantile(&sorted, 0.5 * (1.0 - level)),
                    high: quantile(&sorted, 0.5 * (1.0 + level)),
                }
            })
            .collect()
    }
}

impl Analysis<'_> {
    /// Fits the model to so many samples of the rows, drawn with replacement: rows by themselves, or whole clusters. The draws depend
    /// on the seed alone, not on the number of threads.
    ///
    /// # Errors
    /// [`FitError::Inference`] if there are fewer than two samples, not one cluster a row, or if fewer than two samples can be fitted.
    pub fn bootstrap(
        &self,
        samples: usize,
        seed: u64,
        clusters: Option<&[usize]>,
    ) -> Result<Bootstrap, FitError> {
        let refuse = |reason: &str| {
            Err(FitError::Inference {
                reason: reason.to_owned(),
            })
        };
        let n = self.eta.len();
        if self.is_perfect() {
            return refuse(
                "the fit is perfect but for rounding errors, and so is that of every sample; is the target made from the columns?",
            );
        }
        if let Some(row) = self.leverages().iter().position(|h| *h > 1.0 - 1e-10) {
            return Err(FitError::Inference {
                reason: format!(
                    "row {} of the data that are fitted has the leverage 1: samples without it have no estimate, and those with it always the same; leave out the row or the column",
                    row + 1
                ),
            });
        }
        if samples < 2 {
            return refuse("a bootstrap needs at least two samples, and some 1000 for intervals");
        }
        if clusters.is_some_and(|clusters| clusters.len() != n) {
            return refuse("there is not one cluster a row; give the cluster of each row");
        }
        let groups = self.groups(clusters);
        let number = groups.iter().max().map_or(0, |most| most + 1);
        // How often a group stands in the data: clusters once, rows as often as their weights say.
        let mut copies = vec![0.0; number];
        for (i, group) in groups.iter().enumerate() {
            if self.inside(i) > 0.0 {
                copies[*group] = if clusters.is_some() {
                    1.0
                } else {
                    self.copies(i)
                };
            }
        }
        let mut ends = Vec::with_capacity(number);
        let mut total = 0.0;
        for copies in &copies {
            total += copies;
            ends.push(total);
        }
        let draws = total.round() as usize;
        if draws == 0 || draws.saturating_mul(samples) > MOST {
            return refuse(
                "the weights sum to less than one repetition, or to more than a bootstrap can draw; are they precisions (--analytic)?",
            );
        }
        let start: Vec<f64> = self.fit.coefficients().iter().map(|c| c.estimate).collect();
        let specification = self.original.clone().weights_are(Weights::Frequency);
        let sample = |r: usize| -> Option<Vec<f64>> {
            let mut stream = ChaCha::stream(seed, r as u64);
            let mut counts = vec![0.0; number];
            for _ in 0..draws {
                let at = stream.uniform_f64() * total;
                counts[ends.partition_point(|end| *end <= at).min(number - 1)] += 1.0;
            }
            let weight = |i: usize| {
                let own = match (clusters, self.problem.kind) {
                    (None, Weights::Frequency) => 1.0,
                    _ => self
                        .problem
                        .data
                        .weights
                        .as_ref()
                        .map_or(1.0, |weights| weights[i]),
                };
                counts[groups[i]] * if self.inside(i) > 0.0 { own } else { 0.0 }
            };
            let weights: Vec<f64> = (0..n).map(weight).collect();
            let data = Observations {
                weights: Some(Values::from(&weights)),
                ..self.problem.data.clone()
            };
            let options = FitOptions::default().start(start.clone());
            let fit = specification.fit_observations(&data, &options).ok()?;
            if fit.certificate().status != crate::Status::Converged {
                return None;
            }
            Some(fit.coefficients().iter().map(|c| c.estimate).collect())
        };
        let count = self.progress.count(samples);
        let counted = |r: usize| {
            let estimates = sample(r);
            count.one();
            vec![estimates]
        };
        let all = parallel::map_reduce(samples, &counted, &|mut a, mut b| {
            a.append(&mut b);
            a
        });
        let fitted: Vec<Vec<f64>> = all.into_iter().flatten().flatten().collect();
        if fitted.len() < 2 {
            return refuse(
                "hardly any sample has a finite estimate: in most of them a column is constant or a combination of others, or classes are separated",
            );
        }
        Ok(Bootstrap {
            names: self.names(),
            failed: samples - fitted.len(),
            estimates: Mat::from_fn(fitted.len(), start.len(), |i, j| fitted[i][j]),
        })
    }

    /// The place of each row's group among all groups.
    fn groups(&self, clusters: Option<&[usize]>) -> Vec<usize> {
        let Some(clusters) = clusters else {
            return (0..self.eta.len()).collect();
        };
        let mut places = std::collections::HashMap::new();
        clusters
            .iter()
            .map(|cluster| {
                let next = places.len();
                *places.entry(*cluster).or_insert(next)
            })
            .collect()
    }
}
