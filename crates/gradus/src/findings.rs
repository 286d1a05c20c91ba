//! What is said about a fit beyond its estimates, in the document and under the table.

use linalg::MatRef;

use crate::document::{self, Document};
use crate::output;

/// Covariances of more coefficients are not kept.
const LARGEST_MATRIX: usize = 200;

/// Beyond the estimates of a generalised linear model.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) covariance: Option<&'static str>,
    pub(crate) clusters: Option<usize>,
    /// Samples of the bootstrap without an estimate.
    pub(crate) failed: Option<usize>,
    pub(crate) intervals: Option<&'static str>,
    pub(crate) pseudo_r2: Option<document::PseudoR2>,
    pub(crate) validity: Vec<document::Condition>,
    pub(crate) specification: Option<document::Specification>,
    /// The covariance behind the standard errors.
    pub(crate) matrix: Option<Vec<Vec<f64>>>,
    /// Tells data of other targets apart.
    pub(crate) data: Option<String>,
}

impl Findings {
    /// Drops the caution that asks for errors which do not need the model's variance.
    pub(crate) fn keep_for_data(&mut self) {
        self.validity
            .retain(|condition| condition.name != "dispersion");
    }

    /// What is wrong, beside a CSV, whose lines are coefficients alone.
    pub(crate) fn say_cautions(&self) {
        let failed = self.validity.iter().filter(|condition| !condition.holds);
        failed.for_each(|c| output::say(&format!("CAUTION, {}: {}", c.name, c.detail)));
    }

    /// Keeps the measures of what the columns explain, if there are any.
    pub(crate) fn keep_pseudo_r2(&mut self, measures: [Option<f64>; 4]) {
        let [mcfadden, cox_snell, nagelkerke, tjur] = measures;
        self.pseudo_r2 = mcfadden.is_some().then_some(document::PseudoR2 {
            mcfadden,
            cox_snell,
            nagelkerke,
            tjur,
        });
    }

    /// Keeps the covariance behind the standard errors, unless it is larger than the rest of a model file.
    pub(crate) fn keep_matrix(&mut self, matrix: Option<MatRef<'_, f64>>) {
        let finite =
            |m: &MatRef<'_, f64>| (0..m.ncols()).all(|j| m.col(j).iter().all(|x| x.is_finite()));
        let fits = matrix.filter(|m| m.ncols() <= LARGEST_MATRIX && finite(m));
        self.matrix = fits.map(|m| {
            (0..m.nrows())
                .map(|i| m.row(i).iter().copied().collect())
                .collect()
        });
    }

    pub(crate) fn clustered(&mut self, clusters: &[usize]) {
        let number = clusters.iter().max().map_or(0, |largest| largest + 1);
        self.clusters = Some(number);
        self.validity.push(document::Condition {
            name: "clusters".to_owned(),
            holds: number >= 30,
            detail: if number >= 30 {
                format!("there are {number} clusters")
            } else {
                format!("there are {number} clusters, where some 30 are needed: errors are too small; use a model with a term for the cluster")
            },
        });
    }

    pub(crate) fn write(&self, document: &mut Document) {
        document.data.clone_from(&self.data);
        document.covariance = self.covariance.map(str::to_owned);
        if document.coefficients.iter().any(|c| c.std_error.is_some()) {
            document.covariance_matrix.clone_from(&self.matrix);
        }
        document.clusters = self.clusters;
        document.intervals = self.intervals.map(str::to_owned);
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
            (Some("bootstrap"), clusters) => {
                let of = clusters.map_or_else(String::new, |n| format!(" of {n} clusters"));
                let failed = match self.failed {
                    None | Some(0) => String::new(),
                    Some(failed) => {
                        format!("; {failed} samples could not be fitted and are left out")
                    }
                };
                line(format!("standard errors: bootstrap{of}{failed}"));
            }
            (_, Some(clusters)) => line(format!("standard errors: clustered, {clusters} clusters")),
            (Some(name), _) => line(format!("standard errors: robust, {}", name.to_uppercase())),
            _ => {}
        }
        if self.intervals == Some("percentile") {
            line("intervals: percentiles of the bootstrap".to_owned());
        } else if self.intervals.is_some() {
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
