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
        let p = self.scores(features)?;
        let labels = self.labels.clone().unwrap_or_default();
        let finite = |p: f64| p.is_finite().then(|| p.to_string());
        if matches!(self.family.as_str(), "multinomial" | "ordinal") {
            let row = |i: usize| {
                let numbers = (0..labels.len()).map(|k| finite(p[(i, k)]));
                let mut line = numbers.collect::<Option<Vec<String>>>()?;
                line.push(labels[most_probable(&p, i)].clone());
                Some(line)
            };
            return Ok(Predictions {
                header: self.header(),
                rows: (0..p.nrows()).map(row).collect(),
            });
        }
        let classes = self.pair();
        let row = |i: usize| {
            let mut line = vec![finite(p[(i, 0)])?];
            if let Some([zero, one]) = classes {
                line.push(if p[(i, 0)] >= threshold { one } else { zero }.to_owned());
            }
            Some(line)
        };
        Ok(Predictions {
            header: self.header(),
            rows: (0..p.nrows()).map(row).collect(),
        })
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
