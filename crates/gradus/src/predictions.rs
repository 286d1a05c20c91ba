//! What a model says about new rows.

use anyhow::{Result, ensure};
use datasets::{Features, Mat};
use models::glm::{Distribution, Generalised, GlmModel, MultinomialModel, OrderedModel};
use train::INTERCEPT;

use crate::document::Document;

/// Predictions as a table: a header, and a line a row, `None` where a number is not finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Option<Vec<String>>>,
}

impl Document {
    /// Intercept and slopes of a class, or of the only one.
    fn of_class(&self, class: Option<&str>) -> (f64, Vec<f64>) {
        let own = || {
            self.coefficients
                .iter()
                .filter(|c| c.class.as_deref() == class)
        };
        let intercept = own()
            .find(|c| c.name == INTERCEPT)
            .map_or(0.0, |c| c.estimate);
        let slopes = own().filter(|c| c.name != INTERCEPT);
        (intercept, slopes.map(|c| c.estimate).collect())
    }

    /// Predictions for the rows of a table: at a threshold, where there are two classes.
    ///
    /// # Errors
    /// If the features are not those of the model.
    pub fn predict(&self, features: &Features, threshold: f64) -> Result<Predictions> {
        let x = features.matrix.as_ref();
        let labels = self.labels.clone().unwrap_or_default();
        let finite = |p: f64| p.is_finite().then(|| p.to_string());
        match self.family.as_str() {
            "multinomial" | "ordinal" => {
                ensure!(
                    features.offset.is_none(),
                    "a model of several classes has no offset"
                );
                let p = if self.family == "ordinal" {
                    let slopes = self.slopes().len();
                    let all: Vec<f64> = self.coefficients.iter().map(|c| c.estimate).collect();
                    let (slopes, thresholds) = all.split_at(slopes);
                    let model =
                        OrderedModel::new(self.link.parse()?, thresholds.to_vec(), slopes.to_vec());
                    model.predict_proba(x)?
                } else {
                    let parts: Vec<(f64, Vec<f64>)> = labels
                        .iter()
                        .map(|label| self.of_class(Some(label)))
                        .collect();
                    let d = x.ncols();
                    // The reference class has no coefficients: they are 0.
                    let slope = |j: usize, k: usize| parts[k].1.get(j).copied().unwrap_or(0.0);
                    let slopes = Mat::from_fn(d, labels.len(), slope);
                    let model = MultinomialModel::new(parts.iter().map(|p| p.0).collect(), slopes);
                    model.predict_proba(x)?
                };
                let mut header: Vec<String> = labels
                    .iter()
                    .map(|label| format!("probability_{label}"))
                    .collect();
                header.push("prediction".to_owned());
                let row = |i: usize| {
                    let most =
                        (0..labels.len()).fold(0, |m, k| if p[(i, k)] > p[(i, m)] { k } else { m });
                    let numbers = (0..labels.len()).map(|k| finite(p[(i, k)]));
                    let mut line = numbers.collect::<Option<Vec<String>>>()?;
                    line.push(labels[most].clone());
                    Some(line)
                };
                Ok(Predictions {
                    header,
                    rows: (0..x.nrows()).map(row).collect(),
                })
            }
            family => {
                let distribution = match family {
                    "gaussian" | "huber" | "quantile" => Distribution::Gaussian,
                    "binomial" => Distribution::Binomial,
                    // The mean of the others is the same function of the predictor.
                    _ => Distribution::Poisson,
                };
                let link = self.link.parse()?;
                let (intercept, slopes) = self.of_class(None);
                let model = GlmModel::new(Generalised { distribution, link }, intercept, slopes);
                let means = model.predict(x, features.offset.as_deref())?;
                let classes = match labels.as_slice() {
                    [zero, one] if family == "binomial" => Some((zero, one)),
                    _ => None,
                };
                let row = |mean: f64| {
                    let mut line = vec![finite(mean)?];
                    if let Some((zero, one)) = classes {
                        line.push(if mean >= threshold { one } else { zero }.clone());
                    }
                    Some(line)
                };
                let header: &[&str] = match (classes, family) {
                    (Some(_), _) => &["probability", "prediction"],
                    (None, "binomial") => &["probability"],
                    (None, "quantile") => &["quantile"],
                    _ => &["mean"],
                };
                Ok(Predictions {
                    header: header.iter().map(|name| (*name).to_owned()).collect(),
                    rows: means.into_iter().map(row).collect(),
                })
            }
        }
    }
}
