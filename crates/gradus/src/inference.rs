//! What is asked about a fit beyond its estimates: robust errors, profile intervals, and the conditions behind them.

use anyhow::{Context, Result, ensure};
use datasets::Dataset;
use models::glm::{ClassWeights, Distribution, GeneralisedLinearModel, Weights};
use train::{Analysis, Coefficient, Covariance, GlmFit, Observations};

use crate::arguments::{FitArguments, Robust};
use crate::document::{self, Document};
use crate::fit::csv_options;

/// Level of all intervals.
const LEVEL: f64 = 0.95;

/// Beyond the estimates of a generalised linear model.
#[derive(Debug, Default)]
pub(crate) struct Report {
    covariance: Option<&'static str>,
    clusters: Option<usize>,
    profile: bool,
    pseudo_r2: Option<document::PseudoR2>,
    validity: Vec<document::Condition>,
    specification: Option<document::Specification>,
}

/// The fit with the statistics that were asked for, and what else is said about it.
pub(crate) fn report(
    arguments: &FitArguments,
    model: &GeneralisedLinearModel,
    data: &Dataset,
    fit: GlmFit,
) -> Result<(GlmFit, Report)> {
    let observations = Observations::from(data);
    let mut report = Report {
        validity: conditions(&fit, model, &observations),
        specification: Some(specification(model)),
        ..Report::default()
    };
    let asked = arguments.robust.is_some() || arguments.cluster.is_some() || arguments.profile;
    let coefficients = match fit.analyse(model, &observations) {
        Ok(analysis) => {
            let [mcfadden, cox_snell, nagelkerke, tjur] = analysis.pseudo_r2();
            report.pseudo_r2 = mcfadden.is_some().then_some(document::PseudoR2 {
                mcfadden,
                cox_snell,
                nagelkerke,
                tjur,
            });
            statistics(arguments, data, &analysis, &mut report)?
        }
        Err(error) if asked => return Err(error.into()),
        Err(_) => None,
    };
    Ok(match coefficients {
        Some(coefficients) => (fit.reported(coefficients), report),
        None => (fit, report),
    })
}

fn conditions(
    fit: &GlmFit,
    model: &GeneralisedLinearModel,
    data: &Observations<'_>,
) -> Vec<document::Condition> {
    let all = train::validity(fit, model, data).into_iter();
    all.map(|condition| document::Condition {
        name: condition.name.to_owned(),
        holds: condition.holds,
        detail: condition.detail,
    })
    .collect()
}

fn specification(model: &GeneralisedLinearModel) -> document::Specification {
    let method = match (model.is_firth(), model.is_quasi()) {
        (true, _) => "firth",
        (_, true) => "quasi",
        _ => "likelihood",
    };
    let (mut power, mut theta) = (None, None);
    match model.family().distribution {
        Distribution::Tweedie { power: p } => power = Some(p),
        Distribution::NegativeBinomial { theta: t } if !model.estimates_theta() => theta = Some(t),
        _ => {}
    }
    document::Specification {
        method: method.to_owned(),
        power,
        theta,
        analytic: model.weights() == Weights::Analytic,
        penalised: !model.penalty().is_none() || *model.classes() != ClassWeights::Equal,
    }
}

/// The coefficients with other statistics than the fit has, if others were asked for.
fn statistics(
    arguments: &FitArguments,
    data: &Dataset,
    analysis: &Analysis<'_>,
    report: &mut Report,
) -> Result<Option<Vec<Coefficient>>> {
    if arguments.profile {
        report.profile = true;
        return profiled(analysis).map(Some);
    }
    if let Some(column) = &arguments.cluster {
        let clusters = clusters(arguments, column, data)?;
        let coefficients = analysis.coefficients(&Covariance::Clustered(&clusters))?;
        report.covariance = Some("clustered");
        let number = clusters.iter().max().map_or(0, |largest| largest + 1);
        report.clusters = Some(number);
        let holds = number >= 30;
        report.validity.push(document::Condition {
            name: "clusters".to_owned(),
            holds,
            detail: if holds {
                format!("there are {number} clusters")
            } else {
                format!("there are {number} clusters, where some 30 are needed: errors are too small; use a model with a term for the cluster")
            },
        });
        return Ok(Some(coefficients));
    }
    let Some(robust) = arguments.robust else {
        return Ok(None);
    };
    let (kind, name) = match robust {
        Robust::Hc0 => (Covariance::Hc0, "hc0"),
        Robust::Hc1 => (Covariance::Hc1, "hc1"),
        Robust::Hc2 => (Covariance::Hc2, "hc2"),
        Robust::Hc3 => (Covariance::Hc3, "hc3"),
    };
    report.covariance = Some(name);
    // The robust errors are what the caution about the dispersion asks for.
    report
        .validity
        .retain(|condition| condition.name != "dispersion");
    Ok(Some(analysis.coefficients(&kind)?))
}

/// Intervals by profiles; with Firth's penalty also tests by ratios of penalised likelihoods.
fn profiled(analysis: &Analysis<'_>) -> Result<Vec<Coefficient>> {
    let firth = analysis.fit().penalised_log_likelihood().is_some();
    let mut out = analysis.fit().coefficients().to_vec();
    for coefficient in &mut out {
        let interval = analysis.profile(&coefficient.name, LEVEL)?;
        if let Some(inference) = &mut coefficient.inference {
            (inference.conf_low, inference.conf_high) = (interval.low, interval.high);
            if firth {
                let test = analysis.penalised_likelihood_ratio(&coefficient.name)?;
                inference.statistic = test.statistic;
                inference.p_value = test.p_value;
            }
        }
    }
    Ok(out)
}

/// The cluster of each row of the data, from 0, in the order in which they appear.
fn clusters(arguments: &FitArguments, column: &str, data: &Dataset) -> Result<Vec<usize>> {
    let options = csv_options(arguments.no_header).columns_among([column]);
    let frame = options.read(&arguments.file)?;
    let texts = frame.column(frame.named(column)?);
    let mut known = std::collections::HashMap::new();
    (0..data.observations())
        .map(|i| {
            let row = data.rows.as_ref().map_or(i, |rows| rows[i]);
            let text = texts.text(row).with_context(|| {
                format!(
                    "{}, line {}, column `{column}`: the cluster is missing; fill it in or leave the row out",
                    arguments.file.display(),
                    frame.line(row)
                )
            })?;
            let next = known.len();
            Ok(*known.entry(text.into_owned()).or_insert(next))
        })
        .collect()
}

/// Refuses what other families do not have.
pub(crate) fn refuse(arguments: &FitArguments) -> Result<()> {
    ensure!(
        arguments.robust.is_none() && arguments.cluster.is_none() && !arguments.profile,
        "--robust, --cluster and --profile are for generalised linear models, not for the families multinomial, ordinal, huber and quantile, nor with --path"
    );
    Ok(())
}

impl Report {
    pub(crate) fn write(&self, document: &mut Document) {
        document.covariance = self.covariance.map(str::to_owned);
        document.clusters = self.clusters;
        document.intervals = self.profile.then(|| "profile".to_owned());
        document.pseudo_r2.clone_from(&self.pseudo_r2);
        document.validity.clone_from(&self.validity);
        document.specification.clone_from(&self.specification);
    }

    /// What follows the table.
    pub(crate) fn lines(&self, firth: bool) -> String {
        let mut out = String::new();
        let mut line = |text: String| {
            out.push_str(&text);
            out.push('\n');
        };
        if let Some(r2) = &self.pseudo_r2 {
            let all = [
                ("McFadden", r2.mcfadden),
                ("Cox-Snell", r2.cox_snell),
                ("Nagelkerke", r2.nagelkerke),
                ("Tjur", r2.tjur),
            ];
            let some = all
                .iter()
                .filter_map(|(name, value)| Some(format!("{name} {:.4}", (*value)?)));
            line(format!(
                "pseudo-R²: {}",
                some.collect::<Vec<_>>().join("   ")
            ));
        }
        match (self.covariance, self.clusters) {
            (_, Some(clusters)) => line(format!("standard errors: clustered, {clusters} clusters")),
            (Some(name), _) => line(format!("standard errors: robust, {}", name.to_uppercase())),
            _ => {}
        }
        if self.profile {
            let tests = if firth {
                "; statistics: ratios of penalised likelihoods, chi-square with 1 degree of freedom"
            } else {
                ""
            };
            line(format!("intervals: profile likelihood{tests}"));
        }
        for condition in self.validity.iter().filter(|condition| !condition.holds) {
            line(format!("CAUTION, {}: {}", condition.name, condition.detail));
        }
        out
    }
}
