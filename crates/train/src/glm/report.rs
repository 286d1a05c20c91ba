//! A fit as a table.

use std::fmt;

use models::glm::{Distribution, Family, Link};

use super::GlmFit;

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
        let width = self
            .coefficients()
            .iter()
            .map(|c| c.name.chars().count())
            .max()
            .unwrap_or(0)
            .clamp(11, 60);
        writeln!(f)?;
        if self.covariance().is_some() {
            let (z, p) = (
                if self.dispersion().estimated {
                    "t"
                } else {
                    "z"
                },
                "p",
            );
            writeln!(
                f,
                "{:<width$} {:>12} {:>12} {z:>8} {p:>9} {:>12} {:>12}",
                "coefficient", "estimate", "std. error", "2.5 %", "97.5 %"
            )?;
        } else {
            writeln!(f, "{:<width$} {:>12}", "coefficient", "estimate")?;
        }
        for c in self.coefficients() {
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
        writeln!(f)?;
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
            writeln!(
                f,
                "penalised (l1 = {}, l2 = {}): estimates are shrunk towards 0, so standard errors, p-values and information criteria\n\
                 of maximum likelihood do not hold and are not shown",
                self.penalty().l1,
                self.penalty().l2
            )?;
        }
        let c = self.certificate();
        writeln!(
            f,
            "certificate: {} after {} iterations; largest gradient entry {:.1e}; Newton decrement {:.1e};\n\
             \x20            largest remaining step {:.1e} per standard deviation; backward error of the solves {:.1e}",
            c.status,
            c.iterations,
            c.gradient_max,
            c.newton_decrement,
            c.distance,
            c.backward_error
        )
    }
}

/// Six significant digits, in exponent form when the number is very large or small.
fn significant(x: f64) -> String {
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
