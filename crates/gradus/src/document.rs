//! A fit as JSON, schema 1: what `fit --format json` prints, and the model file that `predict` reads.
//!
//! Later versions only add fields. Numbers are written so that they read back to the same bits; an infinite or undefined
//! number is `null`.

use std::path::Path;

use datasets::{CsvOptions, DataError, Features, Frame, Mat, Recipe};
use serde::{Deserialize, Serialize};
use train::INTERCEPT;

use crate::fitted::Fitted;

/// The schema that this version writes, and the only one that it reads.
pub const SCHEMA: u32 = 1;

/// A fitted model with what is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// 1.
    pub schema: u32,
    /// The distribution: `binomial`, `poisson`, …, `multinomial`, `ordinal`.
    pub family: String,
    /// The link: `logit`, `log`, ….
    pub link: String,
    /// The name of the target.
    pub target: String,
    /// What the data call the classes 0, 1, …; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// A digest of all other fields ([`checksum`](crate::seal::checksum)), by which a file that was changed after the fit is refused; absent in files of
    /// earlier versions, which `diagnose` and `compare` do not trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Rows whose weight is not 0.
    pub observations: usize,
    /// The penalty: l1·‖β‖₁ was added to the mean loss.
    #[serde(default)]
    pub l1: f64,
    /// The penalty: ½·l2·‖β‖² was added to the mean loss.
    pub l2: f64,
    /// The coefficients, intercept first; of several classes one class after the other; of ordered ones slopes, then thresholds.
    pub coefficients: Vec<Coefficient>,
    /// The estimated dispersion: θ of a negative binomial model, else the factor of the variance; absent where none is estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispersion: Option<Dispersion>,
    /// Observations, repeated as their weights say, less coefficients; absent for several classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_freedom: Option<f64>,
    /// Pearson's statistic; absent for several classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pearson: Option<f64>,
    /// The logarithm of the likelihood; `null` where there is none in closed form.
    pub log_likelihood: Option<f64>,
    /// With Firth's penalty, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub penalised_log_likelihood: Option<f64>,
    /// The mean loss, of robust and quantile regression, whose other criteria are `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_loss: Option<f64>,
    /// Twice the log-likelihood below a perfect fit.
    pub deviance: Option<f64>,
    /// The deviance without the columns.
    pub null_deviance: Option<f64>,
    /// Akaike's criterion; `null` for a penalised fit.
    pub aic: Option<f64>,
    /// The Bayesian criterion; `null` for a penalised fit.
    pub bic: Option<f64>,
    /// A number that differs for other targets, weights, offsets or trials: models with the same one are of the same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Measures of what the columns explain; absent where they do not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudo_r2: Option<PseudoR2>,
    /// Where standard errors come from: absent for the model's information, else `hc0` to `hc3`, `clustered` or `bootstrap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariance: Option<String>,
    /// The number of clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Where intervals come from: absent for Wald's, else `profile` or `percentile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intervals: Option<String>,
    /// The conditions behind the statistics of the coefficients; absent for families that have no list of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validity: Vec<Condition>,
    /// What of the specification the other fields do not say; absent for families that `diagnose` does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<Specification>,
    /// The covariance of the estimates behind `std_error`, row by row in the order of `coefficients`; absent where there are no standard
    /// errors, and of more than 200 coefficients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariance_matrix: Option<Vec<Vec<f64>>>,
    /// Where the model comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// How far the fit can be from the optimum.
    pub certificate: Certificate,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// How columns of a table become features. Without one, the coefficients name columns of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

/// A coefficient. All but the estimate is `null` for a penalised fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// The column, or `(intercept)`, or `lower|upper` for a threshold of ordered classes.
    pub name: String,
    /// The class whose coefficient it is, of a multinomial model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The estimate.
    pub estimate: f64,
    /// Standard error.
    pub std_error: Option<f64>,
    /// z, or t if a dispersion was estimated.
    pub statistic: Option<f64>,
    /// Two-sided.
    pub p_value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub conf_low: Option<f64>,
    /// Upper end.
    pub conf_high: Option<f64>,
}

/// An estimated dispersion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dispersion {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub std_error: Option<f64>,
}

/// Measures of what the columns explain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PseudoR2 {
    /// 1 − ℓ/ℓ₀.
    pub mcfadden: Option<f64>,
    /// 1 − (L₀/L)^(2/n).
    pub cox_snell: Option<f64>,
    /// That by its largest value.
    pub nagelkerke: Option<f64>,
    /// The difference of the mean probabilities of the classes.
    pub tjur: Option<f64>,
}

/// A condition behind the statistics of the coefficients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// True if it holds.
    pub holds: bool,
    /// What was found, and what to do if it does not hold.
    pub detail: String,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the program.
    pub gradus: String,
    /// The arguments after the name of the program; of paths the last part alone.
    pub arguments: Vec<String>,
    /// The name of the data's file, without its folder.
    pub file: String,
    /// The SHA-256 of the data's file, as `sha256sum` prints it; absent for standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Provenance {
    /// Of a fit to a file, from the words of its command line.
    pub(crate) fn new(command: &[String], file: &Path, sha256: Option<String>) -> Self {
        const PATHS: [&str; 2] = ["--out", "--report"];
        let own = |text: &str| {
            let name = Path::new(text).file_name();
            name.map_or_else(
                || text.to_owned(),
                |name| name.to_string_lossy().into_owned(),
            )
        };
        // `--out=folder/model.json` keeps its option; a formula divides, too, and is no path.
        let mut arguments: Vec<String> = Vec::new();
        for text in command {
            let after = arguments.last().map(String::as_str);
            let text = match text.split_once('=') {
                Some((option, path)) if PATHS.contains(&option) => {
                    format!("{option}={}", own(path))
                }
                _ if after.is_some_and(|option| PATHS.contains(&option))
                    || Path::new(text) == file =>
                {
                    own(text)
                }
                _ => text.clone(),
            };
            arguments.push(text);
        }
        Self {
            gradus: env!("CARGO_PKG_VERSION").to_owned(),
            arguments,
            file: own(&file.to_string_lossy()),
            sha256,
        }
    }
}

/// How a model was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Specification {
    /// `likelihood`, `quasi` or `firth`.
    pub method: String,
    /// The power of a Tweedie model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<f64>,
    /// θ of a negative binomial model, if it was given and not estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theta: Option<f64>,
    /// True if weights are precisions.
    #[serde(default)]
    pub analytic: bool,
    /// True if a penalty or weights of classes shape the estimates.
    #[serde(default)]
    pub penalised: bool,
}

/// What the solver proves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// `converged`, or why not.
    pub status: String,
    /// The solver.
    #[serde(default)]
    pub solver: String,
    /// Why it was chosen.
    #[serde(default)]
    pub reason: String,
    /// Its steps.
    pub iterations: usize,
    /// The largest entry of the gradient of the objective.
    pub gradient_max: f64,
    /// √(gᵀ H⁻¹ g).
    pub newton_decrement: f64,
    /// The largest entry of the step that would come next, in standard deviations of the columns.
    #[serde(default)]
    pub distance: f64,
    /// The worst backward error of the linear solves.
    pub backward_error: f64,
    /// How far the objective can be above its minimum, where a dual problem says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duality_gap: Option<f64>,
}

/// How long a fit took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// From the file to the data in memory.
    pub read_seconds: f64,
    /// From the data in memory to the fit.
    pub fit_seconds: f64,
}

impl Document {
    /// A fit, the recipe of its features if there is one, and how long it took.
    pub fn new(fitted: &Fitted, recipe: Option<Recipe>, timing: Timing) -> Self {
        let certificate = fitted.certificate();
        let (solver, reason) = fitted.solver();
        let coefficients = fitted
            .coefficients()
            .into_iter()
            .map(|(class, c)| Coefficient {
                name: c.name.clone(),
                class,
                estimate: c.estimate,
                std_error: c.inference.map(|i| i.std_error),
                statistic: c.inference.map(|i| i.statistic),
                p_value: c.inference.map(|i| i.p_value),
                conf_low: c.inference.map(|i| i.conf_low),
                conf_high: c.inference.map(|i| i.conf_high),
            });
        let mut document = Self {
            schema: SCHEMA,
            family: fitted.family().to_owned(),
            link: fitted.link().to_owned(),
            target: String::new(),
            labels: None,
            checksum: None,
            observations: 0,
            l1: 0.0,
            l2: 0.0,
            coefficients: coefficients.collect(),
            dispersion: None,
            residual_freedom: None,
            pearson: None,
            log_likelihood: None,
            penalised_log_likelihood: None,
            mean_loss: None,
            deviance: None,
            null_deviance: None,
            aic: None,
            bic: None,
            data: None,
            pseudo_r2: None,
            covariance: None,
            clusters: None,
            intervals: None,
            validity: Vec::new(),
            specification: None,
            covariance_matrix: None,
            provenance: None,
            certificate: Certificate {
                status: certificate.status.to_string(),
                solver: solver.to_string(),
                reason: reason.to_owned(),
                iterations: certificate.iterations,
                gradient_max: certificate.gradient_max,
                newton_decrement: certificate.newton_decrement,
                distance: certificate.distance,
                backward_error: certificate.backward_error,
                duality_gap: certificate.duality_gap,
            },
            timing: Some(timing),
            recipe,
        };
        match fitted {
            Fitted::Glm(fit) => {
                fit.target().clone_into(&mut document.target);
                document.labels = fit.labels().map(<[String]>::to_vec);
                document.observations = fit.observations();
                (document.l1, document.l2) = (fit.penalty().l1, fit.penalty().l2);
                let dispersion = fit.dispersion();
                document.dispersion = match fit.theta() {
                    Some(theta) => Some(Dispersion {
                        estimate: theta.value,
                        std_error: Some(theta.std_error),
                    }),
                    None => (dispersion.estimated && dispersion.value.is_finite()).then_some(
                        Dispersion {
                            estimate: dispersion.value,
                            std_error: dispersion.std_error,
                        },
                    ),
                };
                document.residual_freedom = Some(fit.residual_freedom());
                document.pearson = Some(fit.pearson());
                document.log_likelihood = fit.log_likelihood();
                document.penalised_log_likelihood = fit.penalised_log_likelihood();
                document.deviance = Some(fit.deviance());
                document.null_deviance = Some(fit.null_deviance());
                (document.aic, document.bic) = (fit.aic(), fit.bic());
            }
            Fitted::Multinomial(fit) => {
                document.of_classes(fit);
                (document.l1, document.l2) = (fit.penalty().l1, fit.penalty().l2);
            }
            Fitted::Ordered(fit) => document.of_classes(fit),
            Fitted::Robust(fit) => {
                fit.target().clone_into(&mut document.target);
                document.observations = fit.observations();
                document.mean_loss = Some(fit.objective());
            }
        }
        document
    }

    fn of_classes(&mut self, fit: &train::ClassFit) {
        fit.target().clone_into(&mut self.target);
        self.labels = Some(fit.labels().to_vec());
        self.observations = fit.observations();
        self.log_likelihood = Some(fit.log_likelihood());
        self.deviance = Some(fit.deviance());
        self.null_deviance = Some(fit.null_deviance());
        (self.aic, self.bic) = (fit.aic(), fit.bic());
    }
}

impl Document {
    /// The names of the features: of the coefficients but intercept and thresholds, of one class.
    pub fn slopes(&self) -> Vec<&str> {
        let thresholds = match self.family.as_str() {
            "ordinal" => self.labels.as_ref().map_or(0, |labels| labels.len() - 1),
            _ => 0,
        };
        let first = self.coefficients.first().map(|c| &c.class);
        let own = &self.coefficients[..self.coefficients.len().saturating_sub(thresholds)];
        let own = own.iter().filter(|c| Some(&c.class) == first);
        let names = own.map(|c| c.name.as_str());
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
}
