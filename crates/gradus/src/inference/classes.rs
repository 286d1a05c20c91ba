//! What is asked about a fit of several classes beyond its estimates.

use anyhow::Result;
use datasets::Dataset;
use train::{ClassAnalysis, Coefficient, Observations};

use super::{LEVEL, asked, clustered, conditions, determined, kind};
use crate::arguments::FitArguments;
use crate::document;
use crate::findings::Findings;
use crate::fitted::Fitted;
use crate::progress::bar;

/// What is said about a fit of several classes without a look at the rows.
pub(super) fn without_rows(arguments: &FitArguments, fitted: &Fitted) -> Findings {
    let mut findings = Findings::default();
    let Some(fit) = fitted.of_classes() else {
        return findings;
    };
    if let Some([mcfadden, cox_snell, nagelkerke]) = fit.pseudo_r2() {
        findings.pseudo_r2 = Some(document::PseudoR2 {
            mcfadden: Some(mcfadden),
            cox_snell: Some(cox_snell),
            nagelkerke: Some(nagelkerke),
            tjur: None,
        });
    }
    findings.specification = Some(document::Specification {
        method: if arguments.firth {
            "firth"
        } else {
            "likelihood"
        }
        .to_owned(),
        power: None,
        theta: None,
        analytic: false,
        penalised: fit.aic().is_none() && !arguments.firth,
    });
    findings.keep_matrix(fit.covariance());
    findings
}

/// A fit of several classes (or of another kind without an analysis) with the statistics that were asked for.
pub(crate) fn of_classes(
    arguments: &FitArguments,
    data: &Dataset,
    fitted: Fitted,
) -> Result<(Fitted, Findings)> {
    let mut findings = without_rows(arguments, &fitted);
    let observations = Observations::from(data);
    findings.validity = conditions(fitted.validity(&observations));
    if !asked(arguments) {
        return Ok((fitted, findings));
    }
    let Some(analysis) = fitted.analyse(&observations) else {
        return Ok((fitted, findings));
    };
    let analysis = analysis?;
    if arguments.profile {
        findings.intervals = Some("profile");
        // Statistics by ratios take the place of Wald's.
        findings
            .validity
            .retain(|condition| condition.name != "wald" || !arguments.firth);
        let coefficients = profiled(&analysis, arguments.firth)?;
        return Ok((fitted.reported(coefficients), findings));
    }
    let clusters = clustered(arguments, data, &mut findings)?;
    let Some((kind, name)) = kind(arguments, clusters.as_deref()) else {
        return Ok((fitted, findings));
    };
    findings.covariance = Some(name);
    findings.keep_matrix(Some(analysis.covariance(&kind)?.as_ref()));
    let coefficients = analysis.coefficients(&kind)?;
    determined(arguments, &coefficients, &mut findings);
    Ok((fitted.reported(coefficients), findings))
}

/// Intervals by profiles; with Firth's penalty also tests by ratios of penalised likelihoods.
fn profiled(analysis: &ClassAnalysis<'_>, firth: bool) -> Result<Vec<Coefficient>> {
    let mut out = analysis.fit().coefficients().to_vec();
    let m = out.len();
    let progress = bar("profiles", "coefficients");
    for (place, coefficient) in out.iter_mut().enumerate() {
        progress.tell(place, m);
        let interval = analysis.profile(place, LEVEL)?;
        if let Some(inference) = &mut coefficient.inference {
            (inference.conf_low, inference.conf_high) = (interval.low, interval.high);
            if firth {
                let unit = datasets::Mat::from_fn(1, m, |_, j| f64::from(u8::from(j == place)));
                let test = analysis.likelihood_ratio_of(unit.as_ref(), &[0.0])?;
                inference.statistic = test.statistic;
                inference.p_value = test.p_value;
            }
        }
    }
    Ok(out)
}
