//! What a model does with features: the part of a document that predictions and exports share.

use anyhow::Result;
use models::glm::Link;
use train::INTERCEPT;

use crate::document::Document;

/// From features to a mean, or to the probabilities of classes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Head {
    /// The mean at η = β₀ + x·β, plus the offset if there is one.
    Mean {
        link: Link,
        intercept: f64,
        slopes: Vec<f64>,
    },
    /// The softmax of ηₖ = β₀ₖ + x·βₖ; slopes class by class.
    Classes {
        intercepts: Vec<f64>,
        slopes: Vec<Vec<f64>>,
    },
    /// P(class ≤ j) = F(ζⱼ − x·β).
    Ordered {
        link: Link,
        thresholds: Vec<f64>,
        slopes: Vec<f64>,
    },
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

    /// # Errors
    /// If the link is not known.
    pub(crate) fn head(&self) -> Result<Head> {
        let features = self.slopes().len();
        Ok(match self.family.as_str() {
            "ordinal" => {
                let mut slopes: Vec<f64> = self.coefficients.iter().map(|c| c.estimate).collect();
                let thresholds = slopes.split_off(features);
                Head::Ordered {
                    link: self.link.parse()?,
                    thresholds,
                    slopes,
                }
            }
            "multinomial" => {
                let labels = self.labels.iter().flatten();
                let parts = labels.map(|label| self.of_class(Some(label)));
                let (intercepts, mut slopes): (Vec<f64>, Vec<Vec<f64>>) = parts.unzip();
                // The reference class has no coefficients: they are 0.
                slopes.iter_mut().for_each(|own| own.resize(features, 0.0));
                Head::Classes { intercepts, slopes }
            }
            _ => {
                let (intercept, slopes) = self.of_class(None);
                Head::Mean {
                    link: self.link.parse()?,
                    intercept,
                    slopes,
                }
            }
        })
    }

    /// The two classes of a binomial model whose target has them.
    pub(crate) fn pair(&self) -> Option<[&str; 2]> {
        match self.labels.as_deref() {
            Some([zero, one]) if self.family == "binomial" => Some([zero, one]),
            _ => None,
        }
    }

    /// The names of the columns of predictions.
    pub(crate) fn header(&self) -> Vec<String> {
        // The threshold names nothing.
        self.what(0.5).header()
    }
}
