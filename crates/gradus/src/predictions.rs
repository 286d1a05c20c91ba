//! What a model says about new rows.

use anyhow::{Context, Result, bail, ensure};
use datasets::{Features, Mat};
use models::glm::{Distribution, Generalised, GlmModel, MultinomialModel, OrderedModel};

use crate::document::Document;
use crate::head::Head;

/// Predictions as a table: a header, and a line a row, `None` where a number is not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Option<Vec<String>>>,
}

impl Document {
    /// The numbers that the model gives for each row: the probability of the second class, the probability of each of several classes,
    /// or the mean.
    ///
    /// # Errors
    /// If the features are not those of the model.
    pub fn scores(&self, features: &Features) -> Result<Mat<f64>> {
        let x = features.matrix.as_ref();
        match self.head()? {
            Head::Ordered {
                link,
                thresholds,
                slopes,
            } => {
                expect_no_offset(features)?;
                Ok(OrderedModel::new(link, thresholds, slopes).predict_proba(x)?)
            }
            Head::Classes { intercepts, slopes } => {
                expect_no_offset(features)?;
                let slopes = Mat::from_fn(x.ncols(), slopes.len(), |j, k| slopes[k][j]);
                Ok(MultinomialModel::new(intercepts, slopes).predict_proba(x)?)
            }
            Head::Mean {
                link,
                intercept,
                slopes,
            } => {
                // The mean is the same function of the predictor for all distributions.
                let distribution = Distribution::Gaussian;
                let model = GlmModel::new(Generalised { distribution, link }, intercept, slopes);
                let means = model.predict(x, features.offset.as_deref())?;
                Ok(Mat::from_fn(means.len(), 1, |i, _| means[i]))
            }
        }
    }

    /// Predictions for the rows of a table: at a threshold, where there are two classes.
    ///
    /// # Errors
    /// If the features are not those of the model.
    pub fn predict(&self, features: &Features, threshold: f64) -> Result<Predictions> {
        Ok(Predictions::new(
            &self.scores(features)?,
            self.what(threshold),
        ))
    }

    /// Intervals of 95 % of the mean (or probability) of each row: those of the linear predictor by the covariance of the estimates, through
    /// the link, so that they lie where means can be. They say how well the mean is known, not how far observations lie from it.
    ///
    /// # Errors
    /// If the model has no covariance, or several classes.
    pub fn intervals(&self, features: &Features) -> Result<Vec<[f64; 2]>> {
        let Head::Mean {
            link,
            intercept,
            slopes,
        } = self.head()?
        else {
            bail!(
                "intervals are for models of one mean or probability, and this one has several classes"
            );
        };
        let covariance = self.covariance_matrix.as_ref().context(
            "the model has no covariance of its estimates (a penalty, weights of classes, a robust loss, or more than 200 coefficients), so there are no intervals",
        )?;
        let start = usize::from(self.coefficients.len() > slopes.len());
        let m = self.coefficients.len();
        ensure!(
            covariance.len() == m && covariance.iter().all(|row| row.len() == m),
            "the covariance of the model is not that of its coefficients"
        );
        // The quantile of its own intervals: normal, or Student's where a dispersion was estimated.
        let wald = self.intervals.is_none();
        let mut quantiles = self.coefficients.iter().filter(|_| wald).filter_map(|c| {
            let quantile = (c.conf_high? - c.conf_low?) / (2.0 * c.std_error?);
            quantile.is_finite().then_some(quantile)
        });
        let quantile = quantiles.next_back().unwrap_or(NORMAL);
        let x = &features.matrix;
        let mut row = vec![1.0; m];
        let one = |i: usize| {
            (0..slopes.len()).for_each(|j| row[start + j] = x[(i, j)]);
            let offset = features.offset.as_ref().map_or(0.0, |offset| offset[i]);
            let eta =
                (0..slopes.len()).fold(intercept + offset, |sum, j| sum + slopes[j] * x[(i, j)]);
            let variance: f64 = (0..m)
                .map(|a| row[a] * (0..m).map(|b| covariance[a][b] * row[b]).sum::<f64>())
                .sum();
            let reach = quantile * variance.max(0.0).sqrt();
            let [a, b] = [eta - reach, eta + reach].map(|eta| link.mean(eta).value);
            // Some links fall.
            [a.min(b), a.max(b)]
        };
        Ok((0..x.nrows()).map(one).collect())
    }

    /// What the model's scores are.
    pub(crate) fn what(&self, threshold: f64) -> Scores<'_> {
        let labels = self.labels.as_deref().unwrap_or_default();
        match self.family.as_str() {
            "multinomial" | "ordinal" => Scores::Several(labels),
            "binomial" => Scores::Two(labels, threshold),
            "quantile" => Scores::Number("quantile"),
            _ => Scores::Number("mean"),
        }
    }
}

/// The quantile 0.975 of the standard normal distribution.
const NORMAL: f64 = 1.959963984540054;

/// What scores are.
#[derive(Debug, Clone, Copy)]
pub enum Scores<'a> {
    /// The probability of the second of two classes with these names (or of an event without a name), and the threshold.
    Two(&'a [String], f64),
    /// The probability of each of these classes.
    Several(&'a [String]),
    /// A number of this name.
    Number(&'static str),
}

impl Scores<'_> {
    /// The names of the columns of predictions.
    pub fn header(self) -> Vec<String> {
        match self {
            Scores::Several(labels) => {
                let names = labels.iter().map(|label| format!("probability_{label}"));
                names.chain(["prediction".to_owned()]).collect()
            }
            Scores::Two([_, _], _) => vec!["probability".to_owned(), "prediction".to_owned()],
            Scores::Two(..) => vec!["probability".to_owned()],
            Scores::Number(name) => vec![name.to_owned()],
        }
    }

    /// A row of scores as texts; `None` where a number is not finite.
    pub fn line(self, p: &Mat<f64>, row: usize) -> Option<Vec<String>> {
        let finite = |p: f64| p.is_finite().then(|| p.to_string());
        let mut line = (0..p.ncols())
            .map(|k| finite(p[(row, k)]))
            .collect::<Option<Vec<String>>>()?;
        match self {
            Scores::Several(labels) => line.push(labels[most_probable(p, row)].clone()),
            Scores::Two([zero, one], threshold) => {
                line.push(if p[(row, 0)] >= threshold { one } else { zero }.clone());
            }
            _ => {}
        }
        Some(line)
    }
}

/// What is said of a row whose prediction is not finite, after file and line.
pub(crate) const NOT_FINITE: &str = "the prediction is not a number; the model's coefficients or the row's values are too large, or the model has no mean there";

impl Predictions {
    /// Scores as a table.
    pub fn new(p: &Mat<f64>, what: Scores<'_>) -> Self {
        Self {
            header: what.header(),
            rows: (0..p.nrows()).map(|i| what.line(p, i)).collect(),
        }
    }
}

fn expect_no_offset(features: &Features) -> Result<()> {
    ensure!(
        features.offset.is_none(),
        "a model of several classes has no offset"
    );
    Ok(())
}

/// The class with the largest probability; of equal ones the first.
pub(crate) fn most_probable(p: &Mat<f64>, row: usize) -> usize {
    (0..p.ncols()).fold(0, |m, k| if p[(row, k)] > p[(row, m)] { k } else { m })
}
