//! A fit as JSON, schema 1: what `fit --format json` prints, and the model file that `predict` reads.
//!
//! Later versions only add fields. Numbers are written so that they read back to the same bits; an infinite or undefined
//! number is `null`.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use datasets::{CsvOptions, DataError, Features, Frame, Mat, Recipe};
use models::LogisticModel;
use models::glm::{BinomialLogit, Family};
use serde::{Deserialize, Serialize};
use train::{INTERCEPT, LogisticFit};

/// The schema that this version writes, and the only one that it reads.
pub const SCHEMA: u32 = 1;

/// A fitted model with what is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// 1.
    pub schema: u32,
    /// The distribution: `binomial`.
    pub family: String,
    /// The link: `logit`.
    pub link: String,
    /// The name of the target.
    pub target: String,
    /// What the data call the classes 0 and 1.
    pub labels: [String; 2],
    /// Rows.
    pub observations: usize,
    /// The penalty: ½·l2·‖β‖² was added to the mean log-loss.
    pub l2: f64,
    /// The coefficients, intercept first.
    pub coefficients: Vec<Coefficient>,
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
    /// Twice the log-likelihood below a perfect fit.
    pub deviance: f64,
    /// The deviance without the columns.
    pub null_deviance: f64,
    /// Akaike's criterion; `null` for a penalised fit.
    pub aic: Option<f64>,
    /// The Bayesian criterion; `null` for a penalised fit.
    pub bic: Option<f64>,
    /// How far the fit can be from the optimum.
    pub certificate: Certificate,
    /// How columns of a table become features. Without one, the coefficients name columns of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

/// A coefficient. All but the estimate is `null` for a penalised fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The column, or `(intercept)`.
    pub name: String,
    /// The estimate.
    pub estimate: f64,
    /// Standard error.
    pub std_error: Option<f64>,
    /// z.
    pub statistic: Option<f64>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub conf_low: Option<f64>,
    /// Upper end.
    pub conf_high: Option<f64>,
}

/// What the solver proves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// `converged`, or why not.
    pub status: String,
    /// Newton steps.
    pub iterations: usize,
    /// The largest entry of the gradient of the objective.
    pub gradient_max: f64,
    /// √(gᵀ H⁻¹ g).
    pub newton_decrement: f64,
    /// The worst backward error of the linear solves.
    pub backward_error: f64,
}

impl Document {
    /// A fit, and the recipe of its features if there is one.
    pub fn new(fit: &LogisticFit, recipe: Option<Recipe>) -> Self {
        let certificate = fit.certificate();
        let coefficient = |c: &train::Coefficient| Coefficient {
            name: c.name.clone(),
            estimate: c.estimate,
            std_error: c.inference.map(|i| i.std_error),
            statistic: c.inference.map(|i| i.statistic),
            p_value: c.inference.map(|i| i.p_value),
            conf_low: c.inference.map(|i| i.conf_low),
            conf_high: c.inference.map(|i| i.conf_high),
        };
        Self {
            schema: SCHEMA,
            family: BinomialLogit.name().to_owned(),
            link: BinomialLogit.link().to_owned(),
            target: fit.target().to_owned(),
            labels: fit
                .labels()
                .and_then(|labels| labels.to_vec().try_into().ok())
                .unwrap_or_else(|| ["0", "1"].map(str::to_owned)),
            observations: fit.observations(),
            l2: fit.l2(),
            coefficients: fit.coefficients().iter().map(coefficient).collect(),
            log_likelihood: fit.log_likelihood(),
            deviance: fit.deviance(),
            null_deviance: fit.null_deviance(),
            aic: fit.aic(),
            bic: fit.bic(),
            certificate: Certificate {
                status: certificate.status.to_string(),
                iterations: certificate.iterations,
                gradient_max: certificate.gradient_max,
                newton_decrement: certificate.newton_decrement,
                backward_error: certificate.backward_error,
            },
            recipe,
        }
    }
}

impl Document {
    /// The JSON text, one line feed at the end.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// With the name of the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{}: cannot be read", path.display()))?;
        Self::parse(&text).with_context(|| {
            format!(
                "{}: this is not a model that `gradus fit --out` wrote",
                path.display()
            )
        })
    }

    fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let Version { schema } = serde_json::from_str(text)?;
        ensure!(
            schema == SCHEMA,
            "it has schema {schema}, and this version reads schema {SCHEMA}"
        );
        let document: Self = serde_json::from_str(text)?;
        if (document.family.as_str(), document.link.as_str())
            != (BinomialLogit.name(), BinomialLogit.link())
        {
            bail!(
                "it is a {} model with {} link, and this version reads binomial with logit",
                document.family,
                document.link
            );
        }
        let names = || document.coefficients.iter().map(|c| c.name.as_str());
        ensure!(names().next().is_some(), "it has no coefficients");
        for (k, name) in names().enumerate() {
            ensure!(
                names().take(k).all(|other| other != name),
                "it has the coefficient `{name}` twice"
            );
        }
        ensure!(
            document.labels[0] != document.labels[1],
            "both its labels are {:?}",
            document.labels[0]
        );
        if let Some(recipe) = &document.recipe {
            ensure!(
                recipe.feature_names() == document.slopes(),
                "its recipe makes other features than it has coefficients"
            );
        }
        Ok(document)
    }

    /// The names of the coefficients but the intercept.
    fn slopes(&self) -> Vec<&str> {
        let names = self.coefficients.iter().map(|c| c.name.as_str());
        names.filter(|name| *name != INTERCEPT).collect()
    }

    /// Options to read a file for predictions.
    pub fn csv_options(&self, options: CsvOptions) -> CsvOptions {
        match &self.recipe {
            Some(recipe) => recipe.csv_options(options),
            None => options.columns_among(self.slopes()),
        }
    }

    /// The features of a table.
    ///
    /// # Errors
    /// With file, line and column.
    pub fn features(&self, frame: &Frame) -> Result<Features, DataError> {
        if let Some(recipe) = &self.recipe {
            return recipe.features(frame);
        }
        let columns = self.slopes().into_iter();
        let columns = columns
            .map(|name| frame.numbers(frame.named(name)?))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Features {
            matrix: Mat::from_fn(frame.rows(), columns.len(), |i, j| columns[j][i]),
            offset: None,
            rows: None,
        })
    }

    /// The model, for predictions.
    pub fn model(&self) -> LogisticModel {
        let intercept = self
            .coefficients
            .iter()
            .find(|c| c.name == INTERCEPT)
            .map_or(0.0, |c| c.estimate);
        let slopes = self
            .coefficients
            .iter()
            .filter(|c| c.name != INTERCEPT)
            .map(|c| c.estimate)
            .collect();
        LogisticModel::new(intercept, slopes)
    }
}
