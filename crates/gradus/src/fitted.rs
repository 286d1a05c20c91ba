//! A fit of any family.

use std::fmt;

use models::glm::RobustLoss;
use train::{
    Certificate, ClassAnalysis, ClassFit, Coefficient, Condition, FitError, GlmFit, MultinomialFit,
    Observations, OrderedFit, RobustFit, Solver,
};

/// A fit of any family that the command line knows.
#[derive(Debug)]
pub enum Fitted {
    /// A generalised linear model.
    Glm(Box<GlmFit>),
    /// Several classes.
    Multinomial(Box<MultinomialFit>),
    /// Several ordered classes.
    Ordered(Box<OrderedFit>),
    /// A robust loss, or a quantile.
    Robust(Box<RobustFit>),
}

impl Fitted {
    /// The name of the family, as on the command line.
    pub fn family(&self) -> &'static str {
        match self {
            Self::Glm(fit) => fit.family().distribution.name(),
            Self::Multinomial(_) => "multinomial",
            Self::Ordered(_) => "ordinal",
            Self::Robust(fit) => match fit.loss() {
                RobustLoss::Quantile { .. } => "quantile",
                _ => "huber",
            },
        }
    }

    /// The name of the link.
    pub fn link(&self) -> &'static str {
        match self {
            Self::Glm(fit) => fit.family().link.name(),
            Self::Multinomial(_) => "logit",
            Self::Ordered(fit) => fit.model().link().name(),
            Self::Robust(_) => "identity",
        }
    }

    /// The coefficients, each with the label of its class if it has one.
    pub fn coefficients(&self) -> Vec<(Option<String>, &Coefficient)> {
        match self {
            Self::Glm(fit) => fit.coefficients().iter().map(|c| (None, c)).collect(),
            Self::Multinomial(fit) => {
                let label = |k: &Option<usize>| k.map(|k| fit.labels()[k].clone());
                fit.classes()
                    .iter()
                    .map(label)
                    .zip(fit.coefficients())
                    .collect()
            }
            Self::Ordered(fit) => fit.coefficients().iter().map(|c| (None, c)).collect(),
            Self::Robust(fit) => fit.coefficients().iter().map(|c| (None, c)).collect(),
        }
    }

    /// The fit of several classes, if it is one.
    pub fn of_classes(&self) -> Option<&ClassFit> {
        match self {
            Self::Multinomial(fit) => Some(fit),
            Self::Ordered(fit) => Some(fit),
            _ => None,
        }
    }

    /// A fit of several classes beside its data; `None` if it is not one.
    pub fn analyse<'a>(
        &'a self,
        data: &Observations<'a>,
    ) -> Option<Result<ClassAnalysis<'a>, FitError>> {
        match self {
            Self::Multinomial(fit) => Some(fit.analyse(data)),
            Self::Ordered(fit) => Some(fit.analyse(data)),
            _ => None,
        }
    }

    /// The conditions behind the statistics of a fit of several classes; none of others, which need their specification.
    pub fn validity(&self, data: &Observations<'_>) -> Vec<Condition> {
        match self {
            Self::Multinomial(fit) => fit.validity(data),
            Self::Ordered(fit) => fit.validity(data),
            _ => Vec::new(),
        }
    }

    /// A fit of several classes with other statistics of its coefficients; others stay as they are.
    #[must_use]
    pub(crate) fn reported(self, coefficients: Vec<Coefficient>) -> Self {
        match self {
            Self::Multinomial(fit) => Self::Multinomial(Box::new(fit.reported(coefficients))),
            Self::Ordered(fit) => Self::Ordered(Box::new(fit.reported(coefficients))),
            other => other,
        }
    }

    /// How far the fit can be from the optimum.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::Glm(fit) => fit.certificate(),
            Self::Multinomial(fit) => fit.certificate(),
            Self::Ordered(fit) => fit.certificate(),
            Self::Robust(fit) => fit.certificate(),
        }
    }

    /// The solver, and why it was chosen.
    pub fn solver(&self) -> (Solver, &'static str) {
        match self {
            Self::Glm(fit) => fit.solver(),
            Self::Multinomial(fit) => fit.solver(),
            Self::Ordered(fit) => fit.solver(),
            Self::Robust(_) => (Solver::Newton, "the only one for robust losses"),
        }
    }
}

impl fmt::Display for Fitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Glm(fit) => fit.fmt(f),
            Self::Multinomial(fit) => fit.fmt(f),
            Self::Ordered(fit) => fit.fmt(f),
            Self::Robust(fit) => fit.fmt(f),
        }
    }
}
