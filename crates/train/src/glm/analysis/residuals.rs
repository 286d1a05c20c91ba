//! Residuals and the influence of single rows.

use linalg::reduce;
use models::glm::{Distribution, Family};

use super::Analysis;

/// How the distance of a row from the fit is measured. All are of one copy of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residual {
    /// y − μ; with trials, of the share of successes.
    Response,
    /// (y − μ) √w / √V(μ), whose squares sum to Pearson's statistic.
    Pearson,
    /// The signed root of the row's part of the deviance.
    Deviance,
    /// (y − μ) dη/dμ.
    Working,
    /// Pearson's by √(φ (1 − h)), h the leverage.
    StandardisedPearson,
    /// The deviance's by √(φ (1 − h)).
    StandardisedDeviance,
}

/// What the fit would be without a row, by one step from the fit with it (Pregibon 1981; R's `influence`).
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The row, from 0.
    pub row: usize,
    /// h.
    pub leverage: f64,
    /// Cook's distance: r² h / (φ p (1 − h)²) for Pearson's residual r.
    pub cook: f64,
    /// The standardised Pearson residual.
    pub residual: f64,
}

impl Analysis<'_> {
    /// Residuals of every row; 0 for rows that do not count.
    pub fn residuals(&self, kind: Residual) -> Vec<f64> {
        let family = self.problem.family;
        let leverages = match kind {
            Residual::StandardisedPearson | Residual::StandardisedDeviance => self.leverages(),
            _ => Vec::new(),
        };
        let scale = |i: usize| (self.dispersion() * (1.0 - leverages[i])).sqrt();
        let one = |i: usize| {
            let weight = self.inside(i);
            if weight == 0.0 {
                return 0.0;
            }
            let (y, eta) = (self.problem.y[i], self.eta[i]);
            let mean = family.link.mean(eta);
            match kind {
                Residual::Response => y - mean.value,
                Residual::Working => (y - mean.value) / mean.first,
                Residual::Pearson => self.pearson_residual(i),
                Residual::Deviance => self.deviance_residual(i),
                Residual::StandardisedPearson => self.pearson_residual(i) / scale(i),
                Residual::StandardisedDeviance => self.deviance_residual(i) / scale(i),
            }
        };
        (0..self.eta.len()).map(one).collect()
    }

    fn pearson_residual(&self, i: usize) -> f64 {
        let family = self.problem.family;
        let (y, mu) = (self.problem.y[i], family.mean(self.eta[i]));
        if family.distribution == Distribution::Binomial {
            // By slope and information, which keep their digits where the mean rounds to 0 or 1.
            let slope = family.terms(self.eta[i], y).slope;
            let information = family.information(self.eta[i]);
            let sign = self.problem.family.link.mean(self.eta[i]).first.signum();
            return if slope == 0.0 {
                0.0
            } else if information == 0.0 {
                // For a probability p near 0 both are p.
                -sign * slope.signum() * (self.inside(i) * slope.abs()).sqrt()
            } else {
                -sign * slope * (self.inside(i) / information).sqrt()
            };
        }
        (y - mu) * (self.inside(i) / family.distribution.variance(mu)).sqrt()
    }

    fn deviance_residual(&self, i: usize) -> f64 {
        let family = self.problem.family;
        let y = self.problem.y[i];
        let above = family.terms(self.eta[i], y).loss - family.saturated_loss(y);
        let size = (2.0 * self.inside(i) * above.max(0.0)).sqrt();
        size.copysign(y - family.mean(self.eta[i]))
    }

    /// Leverage, Cook's distance and residual of every row.
    pub fn influence(&self) -> Vec<Influence> {
        let leverages = self.leverages();
        let (phi, p) = (self.dispersion(), self.parameters() as f64);
        let one = |i: usize| {
            let (h, r) = (leverages[i], self.residual_or_zero(i));
            Influence {
                row: i,
                leverage: h,
                cook: r * r * h / (phi * p * (1.0 - h).powi(2)),
                residual: r / (phi * (1.0 - h)).sqrt(),
            }
        };
        (0..self.eta.len()).map(one).collect()
    }

    fn residual_or_zero(&self, i: usize) -> f64 {
        if self.inside(i) == 0.0 {
            0.0
        } else {
            self.pearson_residual(i)
        }
    }

    /// The rows whose removal changes the fit most: Cook's distance above 4/n, the largest first, at most so many.
    pub fn influential(&self, most: usize) -> Vec<Influence> {
        let bound = 4.0 / self.size();
        let mut rows: Vec<Influence> = self
            .influence()
            .into_iter()
            .filter(|row| row.cook > bound || row.cook.is_nan())
            .collect();
        rows.sort_by(|a, b| b.cook.total_cmp(&a.cook).then(a.row.cmp(&b.row)));
        rows.truncate(most);
        rows
    }

    /// DFBETA: by how much each coefficient is larger with a row than without it, by one step: (Xᵀ W X)⁻¹ xᵢ uᵢ / (1 − hᵢ), one row
    /// a row of the data.
    pub fn dfbeta(&self) -> Vec<Vec<f64>> {
        let (leverages, scores) = (self.leverages(), self.scores());
        let d = self.parameters();
        let mut out = Vec::with_capacity(self.eta.len());
        self.each_row(|i, z| {
            let pull = scores[i] / (1.0 - leverages[i]);
            let moved: Vec<f64> = (0..d)
                .map(|a| pull * reduce::sum_by(d, |b| self.inverse[(a, b)] * z[b]))
                .collect();
            out.push(if self.inside(i) == 0.0 {
                vec![0.0; d]
            } else {
                self.design.coefficients_to_data(&moved)
            });
        });
        out
    }

    /// DFBETAS: DFBETA in standard errors; where a dispersion is estimated, that without the row:
    /// σ₍ᵢ₎² = (Σ d² − dᵢ² / (1 − hᵢ)) / (n − p − 1) by the deviance residuals d.
    pub fn dfbetas(&self) -> Vec<Vec<f64>> {
        let leverages = self.leverages();
        let deviances = self.residuals(Residual::Deviance);
        let inverse = self.design.covariance_to_data(self.inverse.as_ref());
        let total = reduce::sum_by(deviances.len(), |i| self.copies(i) * deviances[i].powi(2));
        let freedom = self.fit.residual_freedom();
        let estimated = self.fit.dispersion().estimated;
        let mut out = self.dfbeta();
        for (i, row) in out.iter_mut().enumerate() {
            let rest = total - deviances[i].powi(2) / (1.0 - leverages[i]);
            let variance = if estimated {
                rest / (freedom - 1.0)
            } else {
                1.0
            };
            for (j, value) in row.iter_mut().enumerate() {
                *value /= (variance * inverse[(j, j)]).sqrt();
            }
        }
        out
    }
}
