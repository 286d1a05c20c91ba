//! What a model says about new rows.

use anyhow::{Result, ensure};
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
}

impl Predictions {
    /// Scores as a table.
    pub fn new(p: &Mat<f64>, what: Scores<'_>) -> Self {
        let finite = |p: f64| p.is_finite().then(|| p.to_string());
        let rows = (0..p.nrows()).map(|i| {
            let mut line = (0..p.ncols())
                .map(|k| finite(p[(i, k)]))
                .collect::<Option<Vec<String>>>()?;
            match what {
                Scores::Several(labels) => line.push(labels[most_probable(p, i)].clone()),
                Scores::Two([zero, one], threshold) => {
                    line.push(if p[(i, 0)] >= threshold { one } else { zero }.clone());
                }
                _ => {}
            }
            Some(line)
        });
        Self {
            header: what.header(),
            rows: rows.collect(),
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
