//! Links: how the mean follows from the linear predictor.

use linalg::elementwise;
use thiserror::Error;

/// The link g of a generalised linear model, η = g(μ).
///
/// ```
/// use models::glm::Link;
/// let link: Link = "cloglog".parse()?;
/// assert_eq!(link.mean(0.0).value, 1.0 - (-1.0_f64).exp());
/// assert!((link.of(link.mean(0.3).value) - 0.3).abs() < 1e-15);
/// # Ok::<(), models::glm::UnknownName>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Link {
    /// η = μ.
    Identity,
    /// η = ln(μ / (1 − μ)).
    Logit,
    /// η = Φ⁻¹(μ).
    Probit,
    /// η = ln(−ln(1 − μ)), the complementary log-log.
    Cloglog,
    /// η = tan(π (μ − ½)).
    Cauchit,
    /// η = ln μ.
    Log,
    /// η = 1 / μ.
    Inverse,
    /// η = 1 / μ².
    InverseSquare,
    /// η = √μ.
    Sqrt,
}

/// A mean as a function of the linear predictor, with two derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// μ.
    pub value: f64,
    /// dμ/dη.
    pub first: f64,
    /// d²μ/dη².
    pub second: f64,
}

/// A name that no family or link has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no {what} `{name}`; there are {known}")]
#[non_exhaustive]
pub struct UnknownName {
    /// `family` or `link`.
    pub what: &'static str,
    /// What was asked for.
    pub name: String,
    /// The names that exist.
    pub known: String,
}

/// The standard normal density.
pub(super) fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() * 0.398_942_280_401_432_7
}

/// One value of a vector kernel.
pub(super) fn one(kernel: fn(&[f64], &mut [f64]), x: f64) -> f64 {
    let mut out = [0.0];
    kernel(&[x], &mut out);
    out[0]
}

impl Link {
    /// All links.
    pub const ALL: [Self; 9] = [
        Self::Identity,
        Self::Logit,
        Self::Probit,
        Self::Cloglog,
        Self::Cauchit,
        Self::Log,
        Self::Inverse,
        Self::InverseSquare,
        Self::Sqrt,
    ];

    /// The name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Logit => "logit",
            Self::Probit => "probit",
            Self::Cloglog => "cloglog",
            Self::Cauchit => "cauchit",
            Self::Log => "log",
            Self::Inverse => "inverse",
            Self::InverseSquare => "inverse-square",
            Self::Sqrt => "sqrt",
        }
    }

    /// Linear predictors become means, by vector kernels where there are some.
    ///
    /// ```
    /// let mut eta = [0.0, 1.0];
    /// models::glm::Link::Log.means(&mut eta);
    /// assert!(eta[0] == 1.0 && (eta[1] - std::f64::consts::E).abs() < 1e-15);
    /// ```
    pub fn means(self, eta: &mut [f64]) {
        let kernel = match self {
            Self::Identity => return,
            Self::Logit => elementwise::sigmoid,
            Self::Log => elementwise::exp,
            Self::Probit => elementwise::normal_cdf,
            _ => {
                eta.iter_mut().for_each(|eta| *eta = self.mean(*eta).value);
                return;
            }
        };
        let mut from = [0.0; 256];
        for eta in eta.chunks_mut(from.len()) {
            let from = &mut from[..eta.len()];
            from.copy_from_slice(eta);
            kernel(from, eta);
        }
    }

    /// The mean at a linear predictor, NaN where the inverse of the link is not defined.
    pub fn mean(self, eta: f64) -> Mean {
        let mean = |value, first, second| Mean {
            value,
            first,
            second,
        };
        match self {
            Self::Identity => mean(eta, 1.0, 0.0),
            Self::Logit => {
                let e = (-eta.abs()).exp();
                let inverse = 1.0 / (1.0 + e);
                let (p, q) = if eta >= 0.0 {
                    (inverse, e * inverse)
                } else {
                    (e * inverse, inverse)
                };
                mean(p, p * q, p * q * (q - p))
            }
            Self::Probit => {
                let density = normal_density(eta);
                mean(one(elementwise::normal_cdf, eta), density, -eta * density)
            }
            Self::Cloglog => {
                let t = eta.exp();
                let density = (eta - t).exp();
                let second = if density == 0.0 {
                    0.0
                } else {
                    density * (1.0 - t)
                };
                mean(-(-t).exp_m1(), density, second)
            }
            Self::Cauchit => {
                let square = 1.0 + eta * eta;
                let density = std::f64::consts::FRAC_1_PI / square;
                mean(
                    f64::atan2(1.0, -eta) * std::f64::consts::FRAC_1_PI,
                    density,
                    -2.0 * eta / square * density,
                )
            }
            Self::Log => {
                let mu = eta.exp();
                mean(mu, mu, mu)
            }
            Self::Inverse => {
                let mu = 1.0 / eta;
                mean(mu, -mu * mu, 2.0 * mu * mu * mu)
            }
            Self::InverseSquare => {
                let mu = 1.0 / eta.sqrt();
                mean(mu, -0.5 * mu / eta, 0.75 * mu / (eta * eta))
            }
            // The other branch of the square root is not reached: there η is refused.
            Self::Sqrt if eta < 0.0 => mean(f64::NAN, f64::NAN, f64::NAN),
            Self::Sqrt => mean(eta * eta, 2.0 * eta, 2.0),
        }
    }

    /// The linear predictor of a mean.
    pub fn of(self, mu: f64) -> f64 {
        match self {
            Self::Identity => mu,
            Self::Logit => mu.ln() - (-mu).ln_1p(),
            Self::Probit => one(elementwise::normal_quantile, mu),
            Self::Cloglog => (-(-mu).ln_1p()).ln(),
            Self::Cauchit => -1.0 / (std::f64::consts::PI * mu).tan(),
            Self::Log => mu.ln(),
            Self::Inverse => 1.0 / mu,
            Self::InverseSquare => 1.0 / (mu * mu),
            Self::Sqrt => mu.sqrt(),
        }
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Link {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|link| link.name() == name);
        found.ok_or_else(|| UnknownName {
            what: "link",
            name: name.to_owned(),
            known: Self::ALL.map(Self::name).join(", "),
        })
    }
}
