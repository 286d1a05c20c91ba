//! The conditions behind the p-values of models of several classes.

use super::super::super::{ClassFit, MultinomialFit, Observations, OrderedFit};
use super::super::Condition;
use super::super::validity::{convergence, rank, unpenalised};
use super::ClassAnalysis;
use crate::FitError;

/// More coefficients than this are not looked at.
const WIDE: usize = 400;
/// A fitted probability nearer than this to 0 or 1 is one.
const EXTREME: f64 = 1e-8;
/// A coefficient that moves a predictor by less than this over the values of its column cannot be of separated classes.
const FAR: f64 = 3.0;

impl MultinomialFit {
    /// The conditions of the fit to its data, in a fixed order: convergence and penalty, and up to 400 coefficients rank, separation,
    /// Wald's statistics and events.
    ///
    /// A condition index above 1e5, fitted probabilities within 1e-8 of 0 or 1, a coefficient for which z² is less than half the likelihood
    /// ratio (Hauck and Donner 1977), and fewer than 10 rows of the rarest class for each coefficient of a class (Peduzzi and others 1996) are
    /// called failures.
    ///
    /// ```
    /// use datasets::Dataset;
    /// use linalg::Mat;
    /// use models::glm::MultinomialRegression;
    /// use train::Fit;
    /// // Two coefficients a class, and 6 rows of the rarest class.
    /// let y = (0..60).map(|i| if i % 10 == 9 { 2.0 } else { f64::from(i % 2) });
    /// let x = Mat::from_fn(60, 1, |i, _| (i * i % 7) as f64);
    /// let data = Dataset::new(x, ["x"], y.collect::<Vec<_>>(), "class");
    /// let fit = MultinomialRegression::new().fit(&data)?;
    /// let failed = fit.validity(&(&data).into()).into_iter().filter(|c| !c.holds);
    /// assert_eq!(failed.map(|c| c.name).collect::<Vec<_>>(), ["events"]);
    /// # Ok::<(), train::FitError>(())
    /// ```
    pub fn validity(&self, data: &Observations<'_>) -> Vec<Condition> {
        conditions(self, self.is_firth(), self.analyse(data))
    }
}

impl OrderedFit {
    /// The conditions of the fit to its data, as [`MultinomialFit::validity`], and equal slopes of the thresholds: called a failure if their
    /// [score test](ClassAnalysis::equal_slopes) has p < 0.001.
    pub fn validity(&self, data: &Observations<'_>) -> Vec<Condition> {
        conditions(self, false, self.analyse(data))
    }
}

fn conditions(
    fit: &ClassFit,
    firth: bool,
    analysis: Result<ClassAnalysis<'_>, FitError>,
) -> Vec<Condition> {
    let mut out = Vec::new();
    let mut add = |name, holds, detail: String| {
        out.push(Condition {
            name,
            holds,
            detail,
        });
    };
    convergence(fit.certificate(), &mut add);
    if firth {
        let detail = "Firth's penalty is in force, which makes estimates less biased";
        add("penalty", true, detail.to_owned());
    } else {
        unpenalised(fit.aic().is_some(), &mut add);
    }
    if fit.coefficients().len() > WIDE {
        return out;
    }
    match analysis {
        Ok(analysis) => {
            rank(analysis.inverse.as_ref(), 1e5, &mut add);
            analysis.separation(&mut add);
            analysis.wald_holds(&mut add);
            analysis.events(&mut add);
            analysis.slopes(&mut add);
        }
        // Of leaves, what needs no look at the rows.
        Err(FitError::InMemory { .. }) => {
            if let Some(covariance) = fit.covariance() {
                rank(covariance, 1e5, &mut add);
            }
        }
        // With a penalty there is nothing to look at, which was said.
        Err(error) if fit.covariance().is_some() => add(
            "rank",
            false,
            format!("the statistics of the fit cannot be computed again from its data: {error}"),
        ),
        Err(_) => {}
    }
    out
}

impl ClassAnalysis<'_> {
    fn separation(&self, add: &mut impl FnMut(&'static str, bool, String)) {
        let mut rows = 0;
        self.each_row(&self.gamma, |_, _, u| {
            let p = self.predictors.response(u).p;
            let extreme = |p: &f64| !(EXTREME..=1.0 - EXTREME).contains(p);
            rows += usize::from(p.iter().any(extreme));
        });
        let detail = if rows == 0 {
            "no fitted probability is 0 or 1".to_owned()
        } else {
            format!(
                "{rows} rows have a fitted probability within 1e-8 of 0 or 1: classes are nearly separated, and Wald's statistics do not hold; use likelihood-ratio tests or {}",
                self.alternative()
            )
        };
        add("separation", rows == 0, detail);
    }

    fn alternative(&self) -> &'static str {
        match self.predictors.kind {
            super::Kind::Multinomial if self.firth => "profile intervals (--profile)",
            super::Kind::Multinomial => "profile intervals (--profile), or --firth",
            super::Kind::Ordered(_) => "profile intervals (--profile)",
        }
    }

    /// Wald's statistic beside the likelihood ratio, of coefficients that look large but not significant.
    fn wald_holds(&self, add: &mut impl FnMut(&'static str, bool, String)) {
        if self.firth {
            return add(
                "wald",
                false,
                "Wald's statistics are poor beside Firth's penalty where classes are separated; use --profile, which gives penalised likelihood ratios".to_owned(),
            );
        }
        let spreads = self.spreads();
        let mut failed = Vec::new();
        for (place, c) in self.fit.coefficients().iter().enumerate() {
            let Some(column) = self.data.names.iter().position(|name| *name == c.name) else {
                continue;
            };
            let row = self.map.submatrix(place, 0, 1, self.parameters());
            let variance = (row * &self.inverse * row.transpose())[(0, 0)];
            let square = c.estimate * c.estimate / variance;
            // z = 3.29 has p = 0.001.
            if c.estimate.abs() * spreads[column] < FAR || square > 10.83 {
                continue;
            }
            let unit =
                linalg::Mat::from_fn(1, self.parameters(), |_, j| f64::from(u8::from(j == place)));
            let ratio = match self.likelihood_ratio_of(unit.as_ref(), &[0.0]) {
                Ok(test) => test.statistic,
                Err(_) => f64::INFINITY,
            };
            if square < 0.5 * ratio && ratio - square > 1.0 {
                let class = self.fit.classes()[place].map(|k| &self.fit.labels()[k]);
                failed.push(match class {
                    Some(class) => format!("{} ({class})", c.name),
                    None => c.name.clone(),
                });
            }
        }
        let detail = if failed.is_empty() {
            "no large coefficient has a Wald statistic below half its likelihood ratio".to_owned()
        } else {
            format!(
                "of {} the squared Wald statistic is less than half the likelihood ratio, as where a column nearly separates classes (Hauck and Donner): standard errors and p-values do not hold there; use likelihood-ratio tests or {}",
                failed.join(", "),
                self.alternative()
            )
        };
        add("wald", failed.is_empty(), detail);
    }

    /// The largest value less the smallest of each column.
    fn spreads(&self) -> Vec<f64> {
        let k = usize::from(self.design.has_intercept());
        let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); self.data.names.len()];
        self.each_row(&self.gamma, |_, z, _| {
            for (end, z) in ends.iter_mut().zip(&z[k..]) {
                *end = (end.0.min(*z), end.1.max(*z));
            }
        });
        let all = ends.iter().enumerate();
        all.map(|(j, (low, high))| (high - low) / self.scaling(j).0)
            .collect()
    }

    /// Whether thresholds have the same slopes, where they are tested.
    fn slopes(&self, add: &mut impl FnMut(&'static str, bool, String)) {
        if self.predictors.number * self.predictors.entries > WIDE {
            return;
        }
        if let Ok(test) = self.equal_slopes() {
            let holds = test.p_value >= 1e-3;
            let found = format!(
                "the score test against slopes of their own for each threshold has p = {:.4}",
                test.p_value
            );
            let detail = if holds {
                found
            } else {
                format!(
                    "the thresholds have other slopes each (score test, chi-square {:.1}, p = {:.1e}), and the model gives them the same; another link, further columns or a multinomial model may fit",
                    test.statistic, test.p_value
                )
            };
            add("slopes", holds, detail);
        }
    }

    /// Rows of the rarest class, for each coefficient of a class.
    fn events(&self, add: &mut impl FnMut(&'static str, bool, String)) {
        let counts = self.classes.counts.iter().enumerate();
        let (rarest, count) = counts.fold((0, f64::INFINITY), |least, (k, count)| {
            if *count < least.1 { (k, *count) } else { least }
        });
        let share = count / self.predictors.entries as f64;
        let class = &self.fit.labels()[rarest];
        let detail = if self.firth {
            format!(
                "{share:.1} rows of the rarest class, {class}, for each coefficient of a class, and Firth's penalty is in force"
            )
        } else if share >= 10.0 {
            format!("{share:.0} rows of the rarest class, {class}, for each coefficient of a class")
        } else {
            format!(
                "{share:.1} rows of the rarest class, {class}, for each coefficient of a class, where 10 are needed: use {}, or fewer columns",
                self.alternative()
            )
        };
        add("events", share >= 10.0 || self.firth, detail);
    }
}
