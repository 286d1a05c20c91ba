//! A fit as a table.

use std::fmt;

use models::glm::{Distribution, Family, Link};

use super::{ClassFit, Coefficient, GlmFit};
use crate::solver::{Certificate, Status};

/// One line a coefficient: estimate, standard error, statistic, p and 95 % interval.
pub(crate) fn table<'c>(
    f: &mut fmt::Formatter<'_>,
    coefficients: impl Iterator<Item = &'c Coefficient> + Clone,
    statistic: &str,
) -> fmt::Result {
    let names = coefficients.clone().map(|c| c.name.chars().count());
    let width = names.max().unwrap_or(0).clamp(11, 60);
    if coefficients.clone().any(|c| c.inference.is_some()) {
        writeln!(
            f,
            "{:<width$} {:>12} {:>12} {statistic:>8} {:>9} {:>12} {:>12}",
            "coefficient", "estimate", "std. error", "p", "2.5 %", "97.5 %"
        )?;
    } else {
        writeln!(f, "{:<width$} {:>12}", "coefficient", "estimate")?;
    }
    for c in coefficients {
        write!(f, "{:<width$} {:>12}", c.name, significant(c.estimate))?;
        if let Some(i) = &c.inference {
            let p = if i.p_value < 1e-4 {
                format!("{:.1e}", i.p_value)
            } else {
                format!("{:.4}", i.p_value)
            };
            let [error, low, high] = [i.std_error, i.conf_low, i.conf_high].map(significant);
            write!(
                f,
                " {error:>12} {:>8.3} {p:>9} {low:>12} {high:>12}",
                i.statistic
            )?;
        }
        writeln!(f)?;
    }
    writeln!(f)
}

/// What is proved about the optimum.
pub(crate) fn certificate(
    f: &mut fmt::Formatter<'_>,
    solver: impl fmt::Display,
    c: &Certificate,
) -> fmt::Result {
    write!(
        f,
        "certificate: {} after {} iteration{} of {solver}; largest gradient entry {:.1e}; Newton decrement {:.1e};\n\
         \x20            largest remaining step {:.1e} per standard deviation; backward error of the solves {:.1e}",
        c.status,
        c.iterations,
        if c.iterations == 1 { "" } else { "s" },
        c.gradient_max,
        c.newton_decrement,
        c.distance,
        c.backward_error
    )?;
    if let Some(gap) = c.duality_gap {
        write!(f, "; duality gap {gap:.1e}")?;
    }
    writeln!(f)?;
    if c.status != Status::Converged {
        writeln!(f, "THE FIT DID NOT REACH ITS OPTIMUM: {}", c.status)?;
    }
    Ok(())
}

impl fmt::Display for GlmFit {
    /// Estimate, standard error, z, p and 95 % interval of each coefficient; below, likelihood and certificate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = match self.labels() {
            Some([_, one]) => format!("{} = {one}", self.target()),
            _ => format!("{} = 1", self.target()),
        };
        let family = self.family();
        let what = match (family.distribution, family.link) {
            (Distribution::Binomial, Link::Logit) => {
                format!("Logistic regression: probability that {event}")
            }
            (Distribution::Binomial, link) => {
                format!("Binomial regression, {link} link: probability that {event}")
            }
            (_, link) => format!(
                "{} regression, {link} link: mean of {}",
                family.name(),
                self.target()
            ),
        };
        writeln!(f, "{what}, {} observations", self.observations())?;
        writeln!(f)?;
        let statistic = if self.dispersion().estimated {
            "t"
        } else {
            "z"
        };
        table(f, self.coefficients().iter(), statistic)?;
        if let Some(likelihood) = self.log_likelihood() {
            write!(f, "log-likelihood {likelihood:.6}   ")?;
        }
        writeln!(
            f,
            "deviance {:.6}   null deviance {:.6}",
            self.deviance(),
            self.null_deviance()
        )?;
        if self.dispersion().estimated {
            writeln!(
                f,
                "dispersion {} (Pearson) on {} degrees of freedom",
                significant(self.dispersion().value),
                self.residual_freedom()
            )?;
        }
        if let (Some(aic), Some(bic)) = (self.aic(), self.bic()) {
            writeln!(f, "AIC {aic:.4}   BIC {bic:.4}")?;
        } else if !self.penalty().is_none() {
            penalised(f, self.penalty().l1, self.penalty().l2)?;
        }
        certificate(f, self.solver().0, self.certificate())
    }
}

fn penalised(f: &mut fmt::Formatter<'_>, l1: f64, l2: f64) -> fmt::Result {
    writeln!(
        f,
        "penalised (l1 = {l1}, l2 = {l2}): estimates are shrunk towards 0, so standard errors, p-values and information criteria\n\
         of maximum likelihood do not hold and are not shown"
    )
}

/// A fit of several classes.
pub(super) fn classes(f: &mut fmt::Formatter<'_>, fit: &ClassFit, what: &str) -> fmt::Result {
    let observations = fit.observations();
    writeln!(
        f,
        "{what}: class of {}, {observations} observations",
        fit.target()
    )?;
    let labels = fit.labels();
    let mut classes: Vec<Option<usize>> = fit.classes().to_vec();
    classes.dedup();
    for class in classes {
        writeln!(f)?;
        match class {
            Some(class) if fit.aic().is_some() => {
                writeln!(
                    f,
                    "{} = {} against {}",
                    fit.target(),
                    labels[class],
                    labels[0]
                )?;
            }
            Some(class) => writeln!(f, "{} = {}", fit.target(), labels[class])?,
            None => writeln!(f, "levels: {}", labels.join(" < "))?,
        }
        let own = fit.coefficients().iter().zip(fit.classes());
        let own = own.filter(|(_, of)| **of == class).map(|(c, _)| c);
        table(f, own, "z")?;
    }
    writeln!(
        f,
        "log-likelihood {:.6}   deviance {:.6}   null deviance {:.6}",
        fit.log_likelihood(),
        fit.deviance(),
        fit.null_deviance()
    )?;
    if let (Some(aic), Some(bic)) = (fit.aic(), fit.bic()) {
        writeln!(f, "AIC {aic:.4}   BIC {bic:.4}")?;
    } else if fit.covariance().is_some() {
        writeln!(
            f,
            "Firth's penalty: information criteria do not hold and are not shown"
        )?;
    } else {
        writeln!(
            f,
            "penalised: estimates are shrunk, so standard errors, p-values and information criteria of maximum likelihood do not hold\n\
             and are not shown"
        )?;
    }
    certificate(f, fit.solver().0, fit.certificate())
}

/// Six significant digits, in exponent form when the number is very large or small.
pub(crate) fn significant(x: f64) -> String {
    let magnitude = if x == 0.0 {
        0
    } else {
        x.abs().log10().floor() as i32
    };
    if (-4..7).contains(&magnitude) {
        format!("{x:.*}", (5 - magnitude).max(0) as usize)
    } else {
        format!("{x:.5e}")
    }
}
