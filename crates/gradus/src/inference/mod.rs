//! What is asked about a fit beyond its estimates: robust errors, profile intervals, and the conditions behind them.

mod classes;

use std::path::Path;

use anyhow::{Context, Result};
use datasets::{Dataset, Kind};
use models::glm::{ClassWeights, Distribution, GeneralisedLinearModel, Weights};
use train::{Analysis, Coefficient, Covariance, GlmFit, Inference, Observations};

pub(crate) use self::classes::of_classes;
use crate::arguments::{FitArguments, Robust};
use crate::document;
use crate::findings::Findings;
use crate::fit::csv_options;
use crate::fitted::Fitted;
use crate::progress::bar;

/// More coefficients than this are looked at only when that is asked for, because it costs more than the fit.
const WIDE: usize = 1000;
/// Samples of a bootstrap that standard errors need, and percentile intervals (Efron and Tibshirani 1993, 19.3).
const ERRORS: usize = 200;
const INTERVALS: usize = 1000;
/// Level of all intervals.
const LEVEL: f64 = 0.95;

/// A number that differs for other targets, weights, offsets or trials (FNV-1a over their bits), as text. Classes count by the place of
/// their labels among the sorted ones, so that the order that a model gives them does not matter.
pub(crate) fn fingerprint(data: &Dataset) -> String {
    let labels = data.labels.as_deref().unwrap_or_default();
    let rank = |label: &String| labels.iter().filter(|other| *other < label).count() as f64;
    let ranks: Vec<f64> = labels.iter().map(rank).collect();
    let target = data.target.iter();
    let target = target.map(|y| ranks.get(*y as usize).copied().unwrap_or(*y));
    let columns = [&data.weights, &data.offset, &data.trials];
    let others = columns.into_iter().enumerate();
    let others = others.filter_map(|(place, column)| Some((place as f64, column.as_ref()?)));
    let others =
        others.flat_map(|(place, column)| std::iter::once(place).chain(column.iter().copied()));
    let bytes = target
        .chain(others)
        .flat_map(|number| number.to_bits().to_le_bytes());
    let mut hash = crate::seal::Fnv::new();
    hash.add(bytes);
    hash.text()
}

/// The fit with the statistics that were asked for, and what else is said about it.
pub(crate) fn report(
    arguments: &FitArguments,
    model: &GeneralisedLinearModel,
    data: &Dataset,
    line: &dyn Fn(usize) -> u64,
    fit: GlmFit,
) -> Result<(GlmFit, Findings)> {
    let observations = Observations::from(data);
    let mut findings = Findings {
        validity: conditions_of(&fit, model, &observations, &|row| {
            format!("line {}", line(row))
        }),
        specification: Some(specification(model)),
        ..Findings::default()
    };
    findings.keep_matrix(fit.covariance());
    if fit.coefficients().len() > WIDE && !asked(arguments) {
        return Ok((fit, findings));
    }
    let coefficients = match fit.analyse(model, &observations) {
        Ok(analysis) => {
            let analysis = analysis.progress(bar("bootstrap", "samples"));
            findings.keep_pseudo_r2(analysis.pseudo_r2());
            statistics(arguments, data, &analysis, &mut findings)?
        }
        Err(error) if asked(arguments) => return Err(error.into()),
        Err(_) => None,
    };
    Ok(match coefficients {
        Some(coefficients) => (fit.reported(coefficients), findings),
        None => (fit, findings),
    })
}

/// The fit with the statistics that were asked for and what else is said about it, as far as that is sums over rows in leaves.
pub(crate) fn report_of_leaves(
    arguments: &FitArguments,
    model: Option<&GeneralisedLinearModel>,
    data: &Observations<'_>,
    named: &dyn Fn(usize) -> String,
    fitted: Fitted,
) -> Result<(Fitted, Findings)> {
    let (fit, model) = match (fitted, model) {
        (Fitted::Glm(fit), Some(model)) => (fit, model),
        (fitted, _) => {
            let mut findings = classes::without_rows(arguments, &fitted);
            findings.validity = conditions(fitted.validity(data));
            return Ok((fitted, findings));
        }
    };
    let kind = kind(arguments, None);
    let looks = fit.coefficients().len() <= WIDE || kind.is_some();
    let sums = looks.then(|| fit.analyse_sums(model, data));
    let mut findings = Findings {
        validity: match &sums {
            Some(Ok(sums)) => conditions(sums.validity(named)),
            _ => conditions_of(&fit, model, data, named),
        },
        specification: Some(specification(model)),
        ..Findings::default()
    };
    findings.keep_matrix(fit.covariance());
    let coefficients = match (sums, kind) {
        (Some(Ok(sums)), kind) => {
            findings.keep_pseudo_r2(sums.pseudo_r2());
            match kind {
                Some((kind, name)) => {
                    findings.covariance = Some(name);
                    findings.keep_for_data();
                    let (matrix, coefficients) = sums.statistics_of(&kind)?;
                    findings.keep_matrix(Some(matrix.as_ref()));
                    determined(arguments, &coefficients, &mut findings);
                    Some(coefficients)
                }
                None => None,
            }
        }
        (Some(Err(error)), Some(_)) => return Err(error.into()),
        _ => None,
    };
    let fit = match coefficients {
        Some(coefficients) => fit.reported(coefficients),
        None => *fit,
    };
    Ok((Fitted::Glm(Box::new(fit)), findings))
}

/// Conditions as a document has them.
pub(crate) fn conditions(all: Vec<train::Condition>) -> Vec<document::Condition> {
    let one = |condition: train::Condition| document::Condition {
        name: condition.name.to_owned(),
        holds: condition.holds,
        detail: condition.detail,
    };
    all.into_iter().map(one).collect()
}

/// The conditions of a generalised linear fit, with names of rows.
pub(crate) fn conditions_of(
    fit: &GlmFit,
    model: &GeneralisedLinearModel,
    data: &Observations<'_>,
    named: &dyn Fn(usize) -> String,
) -> Vec<document::Condition> {
    let mut all = conditions(train::validity_with_rows(fit, model, data, named));
    if *model.classes() != ClassWeights::Equal {
        all.push(document::Condition {
            name: "class-weights".to_owned(),
            holds: false,
            detail: "classes have weights of their own, so the likelihood is not that of the data: there are no standard errors, p-values and intervals; fit without --class-weights for them, and choose another threshold of the probability instead".to_owned(),
        });
    }
    all
}

pub(crate) fn specification(model: &GeneralisedLinearModel) -> document::Specification {
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
    findings: &mut Findings,
) -> Result<Option<Vec<Coefficient>>> {
    let firth = analysis.fit().penalised_log_likelihood().is_some();
    if firth && !arguments.profile {
        findings.validity.push(document::Condition {
            name: "wald".to_owned(),
            holds: false,
            detail: "Wald's statistics are poor beside Firth's penalty where classes are separated; use --profile, which gives penalised likelihood ratios".to_owned(),
        });
    }
    if arguments.profile {
        findings.intervals = Some("profile");
        return profiled(analysis).map(Some);
    }
    let clusters = clustered(arguments, data, findings)?;
    if let Some(samples) = arguments.bootstrap {
        findings.covariance = Some("bootstrap");
        findings.intervals = Some("percentile");
        return bootstrapped(
            analysis,
            samples,
            arguments.seed,
            clusters.as_deref(),
            findings,
        )
        .map(Some);
    }
    let Some((kind, name)) = kind(arguments, clusters.as_deref()) else {
        return Ok(None);
    };
    findings.covariance = Some(name);
    findings.keep_for_data();
    findings.keep_matrix(Some(analysis.covariance(&kind)?.as_ref()));
    let coefficients = analysis.coefficients(&kind)?;
    determined(arguments, &coefficients, findings);
    Ok(Some(coefficients))
}

/// Says which coefficients a single row or cluster determines.
fn determined(arguments: &FitArguments, coefficients: &[Coefficient], findings: &mut Findings) {
    let without = coefficients.iter().filter(|c| c.inference.is_none());
    let mut without: Vec<&str> = without.map(|c| c.name.as_str()).collect();
    // Of several classes, a column has a coefficient in each.
    without.sort_unstable();
    without.dedup();
    if !without.is_empty() {
        let what = if arguments.cluster.is_some() {
            "cluster"
        } else {
            "row"
        };
        findings.validity.push(document::Condition {
            name: "determined".to_owned(),
            holds: false,
            detail: format!(
                "a single {what} determines {}: its residuals are 0 there whatever the truth, so these coefficients have no robust errors; those of the others hold",
                if without.len() > 6 {
                    format!("{} and {} other coefficients", without[..5].join(", "), without.len() - 5)
                } else {
                    without.join(", ")
                }
            ),
        });
    }
}

/// True if other statistics are asked for than the fit has.
pub(crate) fn asked(arguments: &FitArguments) -> bool {
    arguments.robust.is_some()
        || arguments.cluster.is_some()
        || arguments.bootstrap.is_some()
        || arguments.profile
}

/// The covariance that is asked for, and its name.
fn kind<'c>(
    arguments: &FitArguments,
    clusters: Option<&'c [usize]>,
) -> Option<(Covariance<'c>, &'static str)> {
    if let Some(clusters) = clusters {
        return Some((Covariance::Clustered(clusters), "clustered"));
    }
    Some(match arguments.robust? {
        Robust::Hc0 => (Covariance::Hc0, "hc0"),
        Robust::Hc1 => (Covariance::Hc1, "hc1"),
        Robust::Hc2 => (Covariance::Hc2, "hc2"),
        Robust::Hc3 => (Covariance::Hc3, "hc3"),
    })
}

/// Standard errors, normal statistics and percentile intervals from samples of the rows.
fn bootstrapped(
    analysis: &Analysis<'_>,
    samples: usize,
    seed: u64,
    clusters: Option<&[usize]>,
    findings: &mut Findings,
) -> Result<Vec<Coefficient>> {
    let drawn = analysis.bootstrap(samples, seed, clusters)?;
    findings.keep_for_data();
    let failed = drawn.failed();
    findings.failed = Some(failed);
    findings.validity.push(document::Condition {
        name: "samples".to_owned(),
        holds: 100 * failed <= samples,
        detail: if 100 * failed <= samples {
            format!("{failed} of {samples} samples have no finite estimate")
        } else {
            format!("{failed} of {samples} samples have no finite estimate and are left out, so errors are too small: in these samples a column is constant or a combination of others, or classes are separated")
        },
    });
    let used = samples - failed;
    // As many more as fail.
    let asked = |fitted: usize| {
        (fitted * samples)
            .div_ceil(used.max(1))
            .next_multiple_of(10)
    };
    findings.validity.push(document::Condition {
        name: "replicates".to_owned(),
        holds: used >= INTERVALS,
        detail: if used >= INTERVALS {
            format!("{used} samples were fitted")
        } else if used >= ERRORS {
            format!("{used} samples were fitted, enough for standard errors, but ends of percentile intervals rest on {} samples each; use --bootstrap {} or more", used / 40, asked(INTERVALS))
        } else {
            format!("{used} samples were fitted: standard errors are uncertain by {:.0} %, and ends of percentile intervals rest on {} samples each; use --bootstrap {} or more for errors, {} or more for intervals", 100.0 / (2.0 * used as f64).sqrt(), used / 40, asked(ERRORS), asked(INTERVALS))
        },
    });
    let (covariance, intervals) = (drawn.covariance(), drawn.intervals(LEVEL));
    findings.keep_matrix(Some(covariance.as_ref()));
    let all = analysis.fit().coefficients().iter().enumerate();
    Ok(all
        .map(|(j, c)| {
            let wald = Inference::wald(c.estimate, covariance[(j, j)].sqrt());
            Coefficient {
                inference: Some(Inference {
                    conf_low: intervals[j].low,
                    conf_high: intervals[j].high,
                    ..wald
                }),
                ..c.clone()
            }
        })
        .collect())
}

/// Intervals by profiles; with Firth's penalty also tests by ratios of penalised likelihoods.
fn profiled(analysis: &Analysis<'_>) -> Result<Vec<Coefficient>> {
    let firth = analysis.fit().penalised_log_likelihood().is_some();
    let mut out = analysis.fit().coefficients().to_vec();
    let (all, progress) = (out.len(), bar("profiles", "coefficients"));
    for (place, coefficient) in out.iter_mut().enumerate() {
        progress.tell(place, all);
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

/// The cluster of each row, if there is a column of clusters; the findings say how many there are.
fn clustered(
    arguments: &FitArguments,
    data: &Dataset,
    findings: &mut Findings,
) -> Result<Option<Vec<usize>>> {
    let Some(column) = &arguments.cluster else {
        return Ok(None);
    };
    let clusters = clusters(&arguments.file, arguments.no_header, column, data)?;
    findings.clustered(&clusters);
    Ok(Some(clusters))
}

/// The cluster of each row of the data, from 0, in the order in which they appear.
pub(crate) fn clusters(
    file: &Path,
    no_header: bool,
    column: &str,
    data: &Dataset,
) -> Result<Vec<usize>> {
    // As it is written: 1 and 01 are two clusters.
    let options = csv_options(no_header)
        .columns_among([column])
        .kind(column, Kind::Category);
    let frame = crate::input::read(&options, file)?;
    let texts = frame.column(frame.named(column)?);
    let mut known = std::collections::HashMap::new();
    (0..data.observations())
        .map(|i| {
            let row = data.rows.as_ref().map_or(i, |rows| rows[i]);
            let text = texts.text(row).with_context(|| {
                format!(
                    "line {}, column `{column}`: the cluster is missing; fill it in, take the row out of the file, or drop such rows by --missing drop",
                    frame.line(row)
                )
            })?;
            let next = known.len();
            Ok(*known.entry(text.into_owned()).or_insert(next))
        })
        .collect()
}
