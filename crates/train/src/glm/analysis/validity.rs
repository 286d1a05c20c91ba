//! The conditions behind every p-value, and what to do where one fails.

use std::sync::Mutex;

use linalg::MatRef;
use models::glm::Distribution;

use super::super::{GlmFit, Observations};
use super::{Analysis, Reference, SumAnalysis, Test};
use crate::{Certificate, Status};
use models::glm::GeneralisedLinearModel;

/// A condition behind the standard errors and p-values of a fit: of [`validity`], [`LikelihoodFit::validity`](crate::LikelihoodFit::validity)
/// or [`NonlinearFit::validity`](crate::NonlinearFit::validity), which say which names they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its name, such as `convergence`.
    pub name: &'static str,
    /// True if it holds.
    pub holds: bool,
    /// What was found, and if it does not hold, what to do.
    pub detail: String,
}

/// More coefficients than this are not looked at.
const WIDE: usize = 1000;
/// A coefficient that moves the predictor by less than this over the values of its column cannot be of separated classes.
pub(super) const FAR: f64 = 3.0;

/// The conditions of a fit to its data, in a fixed order: `convergence` and `penalty`, and up to 1000 coefficients `rank`, `residuals`,
/// `separation`, `wald`, `events`, `leverage` and `dispersion`, as far as they apply; of rows in leaves not `wald`, which asks for other fits.
///
/// Events per parameter below 10 (Peduzzi and others 1996), a leverage above ½ (Huber 1981), a condition index above 1e6 after weighting,
/// fitted probabilities within 1e-8 of 0 or 1 and Pearson's statistic with a p-value below 0.001 are called failures.
///
/// ```
/// use datasets::Dataset;
/// use linalg::Mat;
/// use models::glm::{Distribution, GeneralisedLinearModel};
/// use train::{Fit, validity};
/// let counts = (0..40).map(|i| if i % 2 == 0 { 0.0 } else { 20.0 + f64::from(i) });
/// let x = Mat::from_fn(40, 1, |i, _| (i / 2) as f64);
/// let data = Dataset::new(x, ["x"], counts.collect::<Vec<_>>(), "y");
/// let model = GeneralisedLinearModel::new(Distribution::Poisson);
/// let fit = model.fit(&data)?;
/// let failed: Vec<_> = validity(&fit, &model, &(&data).into()).into_iter().filter(|c| !c.holds).collect();
/// assert_eq!(failed.len(), 1);
/// assert_eq!(failed[0].name, "dispersion");
/// # Ok::<(), train::FitError>(())
/// ```
pub fn validity(
    fit: &GlmFit,
    specification: &GeneralisedLinearModel,
    data: &Observations<'_>,
) -> Vec<Condition> {
    validity_with_rows(fit, specification, data, &|row| format!("row {}", row + 1))
}

/// The same with other names for the rows than their numbers from 1 among those that are fitted: the closure has the number from 0.
pub fn validity_with_rows(
    fit: &GlmFit,
    specification: &GeneralisedLinearModel,
    data: &Observations<'_>,
    row: &dyn Fn(usize) -> String,
) -> Vec<Condition> {
    // Without a covariance there is nothing to look at; of very many columns the look costs more than the fit.
    if fit.coefficients().len() > WIDE {
        return without_rows(fit);
    }
    if data.features.in_leaves() {
        let sums = fit.analyse_sums(specification, data);
        return sums.map_or_else(|_| without_rows(fit), |sums| sums.validity(row));
    }
    match fit.analyse(specification, data) {
        Ok(analysis) => analysis.validity(row),
        Err(_) => without_rows(fit),
    }
}

/// What needs no look at the rows: `convergence` and `penalty`.
fn without_rows(fit: &GlmFit) -> Vec<Condition> {
    let mut out = Vec::new();
    let mut add = adder(&mut out);
    convergence(fit.certificate(), &mut add);
    unpenalised(fit.penalty().is_none(), &mut add);
    drop(add);
    out
}

fn adder(out: &mut Vec<Condition>) -> impl FnMut(&'static str, bool, String) + '_ {
    |name, holds, detail| {
        out.push(Condition {
            name,
            holds,
            detail,
        });
    }
}

/// What one visit of the rows says for the conditions behind p-values.
#[derive(Debug, Default)]
struct Seen {
    /// Rows whose probability is within 1e-8 of 0 or 1.
    extreme: f64,
    /// Weighted targets and their complements to 1, and targets by copies.
    yes: f64,
    no: f64,
    events: f64,
    /// The largest leverage, the number of rows with one above ½, and the names of some of them.
    leverage: f64,
    high: usize,
    some: Vec<String>,
}

impl SumAnalysis<'_> {
    /// The conditions of [`validity`], but for `wald`, with names for the rows.
    pub fn validity(&self, row: &dyn Fn(usize) -> String) -> Vec<Condition> {
        let mut out = without_rows(self.fit);
        self.conditions(None, row, &mut adder(&mut out));
        out
    }

    /// The conditions; that of Wald's statistics, which asks for other fits, only beside all rows.
    fn conditions(
        &self,
        beside: Option<&Analysis<'_>>,
        row: &dyn Fn(usize) -> String,
        add: &mut impl FnMut(&'static str, bool, String),
    ) {
        let p = self.parameters();
        rank(self.inverse.as_ref(), 1e6, add);
        let seen = self.seen(row);
        let perfect = self.is_perfect();
        add(
            "residuals",
            !perfect,
            if perfect {
                "the fit is perfect but for rounding errors, so standard errors and p-values mean nothing; is the target made from the columns?".to_owned()
            } else {
                "the residuals are more than rounding errors".to_owned()
            },
        );
        if self.problem.is_binomial() {
            let rows = seen.extreme;
            add(
                "separation",
                rows == 0.0,
                if rows == 0.0 {
                    "no fitted probability is 0 or 1".to_owned()
                } else {
                    format!(
                        "{rows} fitted probabilities are within 1e-8 of 0 or 1: the classes are nearly separated, and Wald's statistics do not hold; use likelihood-ratio tests, profile intervals (--profile) or --firth"
                    )
                },
            );
        }
        if let Some(analysis) = beside {
            analysis.wald_holds(add);
        }
        self.events(p, &seen, add);
        add(
            "leverage",
            seen.high == 0,
            if seen.high == 0 {
                format!("the largest leverage is {:.2}", seen.leverage)
            } else {
                format!(
                    "{} of the rows that are fitted have a leverage above 0.5 ({}): the fit follows them, and standard errors rest on them; look at them",
                    seen.high,
                    seen.some.join(", ")
                )
            },
        );
        let (ratio, pearson) = self.pearson_test();
        if let Some(test) = pearson {
            let holds = test.p_value >= 1e-3;
            add(
                "dispersion",
                holds,
                if holds {
                    format!("Pearson's statistic is {ratio:.2} times its degrees of freedom")
                } else {
                    format!(
                        "Pearson's statistic is {ratio:.2} times its degrees of freedom: the target varies more than the model says, and standard errors are too small; use a quasi- or negative binomial family, or --robust hc1"
                    )
                },
            );
        }
    }

    /// All that conditions ask of the rows, whose names `row` knows.
    fn seen(&self, row: &dyn Fn(usize) -> String) -> Seen {
        const SOME: usize = 5;
        let cut = self.problem.cut.of_whole_leaves();
        let family = self.problem.family;
        let high = Mutex::new(Vec::new());
        let (sums, leverage) = cut.sum_leaves_and_largest(5, &|leaf, sums: &mut [f64]| {
            let mut largest = 0.0_f64;
            self.blocks(leaf, true, |rows, eta, leverages| {
                for ((row, eta), leverage) in rows.zip(eta).zip(leverages) {
                    let (weight, y) = (self.problem.weight(row), self.problem.y[row]);
                    if weight == 0.0 {
                        continue;
                    }
                    if self.problem.is_binomial() {
                        let p = family.link.mean(*eta).value;
                        sums[0] += f64::from(u8::from(!(1e-8..=1.0 - 1e-8).contains(&p)));
                    }
                    sums[1] += weight * y;
                    sums[2] += weight * (1.0 - y);
                    sums[3] += self.copies(row) * y;
                    largest = largest.max(*leverage);
                    if *leverage > 0.5 {
                        sums[4] += 1.0;
                        if let Ok(mut high) = high.lock() {
                            high.push(row);
                            // The first of this process.
                            high.sort_unstable();
                            high.truncate(SOME);
                        }
                    }
                }
            });
            largest
        });
        let mut some = Vec::new();
        if sums[4] > 0.0 {
            let mine: Vec<String> = high
                .into_inner()
                .unwrap_or_default()
                .into_iter()
                .map(row)
                .collect();
            let all = cut.communicator().gather(mine.join("\n").as_bytes());
            for text in all {
                let text = String::from_utf8_lossy(&text).into_owned();
                some.extend(text.lines().map(str::to_owned));
            }
            some.truncate(SOME);
        }
        Seen {
            extreme: sums[0],
            yes: sums[1],
            no: sums[2],
            events: sums[3],
            leverage,
            high: sums[4] as usize,
            some,
        }
    }

    /// Observations that tell something, for each coefficient.
    fn events(&self, p: usize, seen: &Seen, add: &mut impl FnMut(&'static str, bool, String)) {
        let (what, events) = match self.problem.family.distribution {
            Distribution::Binomial => ("observations of the rarer class", seen.yes.min(seen.no)),
            Distribution::Poisson | Distribution::NegativeBinomial { .. } => {
                ("events", seen.events)
            }
            _ => ("rows", self.size()),
        };
        let share = events / p as f64;
        let firth = self.specification.is_firth();
        // Of normal targets the distribution of the statistics is exact.
        let needed = if self.is_gaussian() { 3.0 } else { 10.0 };
        let alternative = if self.problem.is_binomial() {
            "use profile intervals (--profile), --firth, or fewer columns"
        } else {
            "use profile intervals (--profile), or fewer columns"
        };
        let alternative = if self.is_gaussian() {
            "use fewer columns, or more rows"
        } else {
            alternative
        };
        let detail = if firth {
            format!("{share:.1} {what} for each coefficient, and Firth's penalty is in force")
        } else if share >= needed {
            format!("{share:.0} {what} for each coefficient")
        } else {
            format!(
                "{share:.1} {what} for each coefficient, where {needed} are needed: {alternative}"
            )
        };
        add("events", share >= needed || firth, detail);
    }

    /// Pearson's statistic by its degrees of freedom, and its test where the dispersion is known and targets are not single trials.
    pub(super) fn pearson_test(&self) -> (f64, Option<Test>) {
        let (pearson, freedom) = (self.fit.pearson(), self.fit.residual_freedom());
        let known = !self.fit.dispersion().estimated;
        let binary = self.problem.is_binomial() && self.is_binary();
        let test = (known && !binary && freedom > 0.0)
            .then(|| Test::new(pearson, Reference::ChiSquare(freedom)));
        (pearson / freedom, test)
    }
}

impl Analysis<'_> {
    /// All conditions of [`validity`], with names for the rows.
    pub fn validity(&self, row: &dyn Fn(usize) -> String) -> Vec<Condition> {
        let mut out = without_rows(self.fit);
        self.conditions(Some(self), row, &mut adder(&mut out));
        out
    }

    /// Wald's statistic beside the likelihood ratio, of coefficients that look large but not significant (Hauck and Donner 1977). Only where
    /// the likelihood is not that of a normal target, and no dispersion is estimated.
    fn wald_holds(&self, add: &mut impl FnMut(&'static str, bool, String)) {
        let free = self.specification.is_firth()
            || self.is_gaussian()
            || self.fit.dispersion().estimated
            || self.fit.log_likelihood().is_none();
        if free {
            return;
        }
        let k = usize::from(self.problem.intercept);
        let mut failed = Vec::new();
        for (j, name) in self.problem.data.names.iter().enumerate() {
            let coefficient = &self.fit.coefficients()[k + j];
            // z = 3.29 has p = 0.001.
            let square = coefficient
                .inference
                .map_or(f64::INFINITY, |i| i.statistic.powi(2));
            if square.is_nan() || square > 10.83 {
                continue;
            }
            let column = self.dense_columns(&[j]);
            let values = (0..column.nrows()).map(|i| column[(i, 0)]);
            let ends = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                (low.min(x), high.max(x))
            });
            if coefficient.estimate.abs() * (ends.1 - ends.0) < FAR {
                continue;
            }
            let ratio = self
                .likelihood_ratio(&[name])
                .map_or(f64::INFINITY, |test| test.statistic);
            if square < 0.5 * ratio && ratio - square > 1.0 {
                failed.push(format!("`{name}`"));
            }
        }
        let holds = failed.is_empty();
        let detail = if holds {
            "no large coefficient has a Wald statistic far below its likelihood ratio".to_owned()
        } else {
            format!(
                "the squared Wald statistic of {} is less than half the likelihood ratio, so its standard error is too large and its p-value too: use likelihood-ratio tests or profile intervals (--profile)",
                failed.join(", ")
            )
        };
        add("wald", holds, detail);
    }
}

/// That the optimum was reached.
pub(super) fn convergence(
    certificate: &Certificate,
    add: &mut impl FnMut(&'static str, bool, String),
) {
    let reached = certificate.status == Status::Converged;
    let detail = if reached {
        format!(
            "the largest gradient entry is {:.1e}",
            certificate.gradient_max
        )
    } else {
        "the optimum was not reached, so estimates and standard errors are those of another point; allow more iterations".to_owned()
    };
    add("convergence", reached, detail);
}

/// That no penalty rules the estimates.
pub(super) fn unpenalised(free: bool, add: &mut impl FnMut(&'static str, bool, String)) {
    let detail = if free {
        "no penalty is in force"
    } else {
        "a penalty is in force: estimates are biased on purpose, and p-values of maximum likelihood do not hold; fit without the penalty for inference"
    };
    add("penalty", free, detail.to_owned());
}

/// That columns are far from combinations of each other, from the covariance of their coefficients: that the condition index is below
/// `limit`, from which on the computation leaves few digits.
pub(super) fn rank(
    covariance: MatRef<'_, f64>,
    limit: f64,
    add: &mut impl FnMut(&'static str, bool, String),
) {
    let index = condition_index(covariance);
    let detail = if index < limit {
        format!("the condition index of the information is {index:.1}")
    } else {
        format!(
            "the condition index of the information is {index:.1e}: some columns are nearly combinations of others, and their standard errors are of few digits; leave one out"
        )
    };
    add("rank", index < limit, detail);
}

/// √(largest / smallest eigenvalue) of the correlations of the estimates.
fn condition_index(covariance: MatRef<'_, f64>) -> f64 {
    let d = covariance.nrows();
    let scaled = linalg::Mat::from_fn(d, d, |i, j| {
        covariance[(i, j)] / (covariance[(i, i)] * covariance[(j, j)]).sqrt()
    });
    match linalg::solve::symmetric_eigen(scaled.as_ref()) {
        Ok((values, _)) => {
            let largest = values.iter().fold(0.0_f64, |m, v| m.max(*v));
            let least = values.iter().fold(f64::INFINITY, |m, v| m.min(*v));
            (largest / least.max(f64::MIN_POSITIVE)).sqrt()
        }
        Err(_) => f64::INFINITY,
    }
}
