//! How much of the target a fit explains.

use linalg::MatRef;
use models::glm::Family;

use super::super::{Explanatory, Fit, FitOptions, GlmFit, Observations};
use super::SumAnalysis;

impl SumAnalysis<'_> {
    /// McFadden's, Cox and Snell's, Nagelkerke's and Tjur's measures of what the columns explain: 1 − ℓ/ℓ₀; 1 − (L₀/L)^(2/n); that by its
    /// largest value; the difference of the mean probabilities of the classes. `None` where they do not exist.
    pub fn pseudo_r2(&self) -> [Option<f64>; 4] {
        let n = self.size();
        // The constant terms of the likelihood belong to both.
        let full = self.fit.log_likelihood();
        let null = if self.fit.theta().is_some() {
            // With a θ of its own.
            self.without_columns().and_then(|fit| fit.log_likelihood())
        } else {
            full.map(|full| full - 0.5 * (self.fit.null_deviance() - self.fit.deviance()))
        };
        let known = !self.fit.dispersion().estimated && !self.specification.is_firth();
        let (Some(full), Some(null), true) = (full, null, known) else {
            return [None; 4];
        };
        // A model without columns explains nothing, but for rounding.
        let full = if self.problem.data.names.is_empty() {
            null
        } else {
            full
        };
        // Not −0 where nothing is explained.
        let cox = 0.0 - (2.0 / n * (null - full)).exp_m1();
        let largest = -(2.0 / n * null).exp_m1();
        let binary = self.problem.is_binomial() && self.is_binary();
        let tjur = binary.then(|| {
            let terms = |row: usize, eta: f64| {
                let (copies, p) = (self.copies(row), self.problem.family.mean(eta));
                let is = |class: bool| f64::from(u8::from(class)) * copies;
                let [no, yes] = [
                    is(self.problem.y[row] <= 0.5),
                    is(self.problem.y[row] > 0.5),
                ];
                [no * p, no, yes * p, yes]
            };
            let [p0, n0, p1, n1] = self.at.sums(&self.problem, &self.design, &terms);
            p1 / n1 - p0 / n0
        });
        [
            Some(1.0 - full / null),
            Some(cox),
            Some(cox / largest),
            tjur,
        ]
    }

    /// True if every target is one trial.
    pub(super) fn is_binary(&self) -> bool {
        let trials = self.problem.data.trials.as_ref();
        trials.is_none_or(|trials| self.problem.cut.all(|row| trials[row] <= 1.0))
    }

    /// The fit without any column.
    fn without_columns(&self) -> Option<GlmFit> {
        let data = &self.problem.data;
        let none = MatRef::from_column_major_slice(&[], data.rows(), 0);
        let alone = Observations {
            features: match data.features {
                Explanatory::Leaves { leaves, .. } => Explanatory::Leaves { leaves, columns: 0 },
                _ => Explanatory::Dense(none),
            },
            names: Vec::new().into(),
            intercept: self.problem.intercept,
            ..data.clone()
        };
        let fit = self
            .original
            .fit_observations(&alone, &FitOptions::default());
        fit.ok()
    }
}
