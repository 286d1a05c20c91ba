//! What the arguments of `gradus fit` ask for: model, penalty, and how it is fitted.

use anyhow::{Context, Result, bail, ensure};
use models::glm::{ClassWeights, Distribution, GeneralisedLinearModel, Link, Penalty, Weights};
use train::{FitOptions, Solver};

use crate::arguments::{Family, FitArguments};

fn number(text: &str, what: &str) -> Result<f64> {
    let trimmed = text.trim();
    trimmed
        .parse::<f64>()
        .with_context(|| format!("{what}: {trimmed:?} is not a number"))
}

pub(crate) fn penalty(arguments: &FitArguments) -> Result<Penalty> {
    let mut penalty = Penalty {
        l1: arguments.l1,
        l2: arguments.l2,
        ..Penalty::none()
    };
    if let Some(text) = &arguments.elastic_net {
        let (lambda, alpha) = text
            .split_once(',')
            .context("--elastic-net: two numbers are needed, as in 0.1,0.5: the strength, and the share of l1")?;
        let alpha = number(alpha, "--elastic-net")?;
        ensure!(
            (0.0..=1.0).contains(&alpha),
            "--elastic-net: the share of l1 is {alpha}; it lies between 0 and 1"
        );
        penalty = Penalty::elastic_net(number(lambda, "--elastic-net")?, alpha);
    }
    if arguments.standardise {
        penalty = penalty.standardised();
    }
    for text in &arguments.penalty_factor {
        let (column, factor) = text
            .rsplit_once('=')
            .with_context(|| format!("--penalty-factor {text}: COLUMN=FACTOR is needed"))?;
        penalty = penalty.factor(column, number(factor, "--penalty-factor")?);
    }
    for text in &arguments.bounds {
        let pair = text
            .rsplit_once('=')
            .and_then(|(column, bounds)| Some((column, bounds.split_once(':')?)));
        let (column, (low, high)) =
            pair.with_context(|| format!("--bounds {text}: COLUMN=LOW:HIGH is needed"))?;
        let bound = |text: &str, none: f64| match text.trim() {
            "" => Ok(none),
            text => number(text, "--bounds"),
        };
        let (low, high) = (bound(low, f64::NEG_INFINITY)?, bound(high, f64::INFINITY)?);
        penalty = penalty.bounds(column, low, high);
    }
    Ok(penalty)
}

pub(crate) fn link(arguments: &FitArguments) -> Result<Option<Link>> {
    let link = arguments.link.as_deref().map(str::parse::<Link>);
    link.transpose().context("--link")
}

pub(crate) fn generalised(
    arguments: &FitArguments,
    penalty: Penalty,
) -> Result<GeneralisedLinearModel> {
    if let Some(theta) = arguments.theta {
        ensure!(
            arguments.family == Family::NegativeBinomial,
            "--theta is for --family negative-binomial"
        );
        ensure!(
            theta > 0.0 && theta.is_finite(),
            "--theta is {theta}; it is a positive number"
        );
    }
    let power = arguments.power;
    ensure!(
        power > 1.0 && power < 2.0,
        "--power is {power}; it lies between 1 and 2"
    );
    let mut model = match arguments.family {
        Family::Gaussian => GeneralisedLinearModel::new(Distribution::Gaussian),
        Family::Binomial => GeneralisedLinearModel::new(Distribution::Binomial),
        Family::Quasibinomial => GeneralisedLinearModel::new(Distribution::Binomial).quasi(),
        Family::Poisson => GeneralisedLinearModel::new(Distribution::Poisson),
        Family::Quasipoisson => GeneralisedLinearModel::new(Distribution::Poisson).quasi(),
        Family::Gamma => GeneralisedLinearModel::new(Distribution::Gamma),
        Family::InverseGaussian => GeneralisedLinearModel::new(Distribution::InverseGaussian),
        Family::Tweedie => GeneralisedLinearModel::new(Distribution::Tweedie { power }),
        Family::NegativeBinomial => match arguments.theta {
            Some(theta) => GeneralisedLinearModel::new(Distribution::NegativeBinomial { theta }),
            None => GeneralisedLinearModel::negative_binomial(),
        },
        Family::Multinomial | Family::Ordinal | Family::Huber | Family::Quantile => {
            bail!("--path is not for the families multinomial, ordinal, huber and quantile")
        }
    };
    if let Some(link) = link(arguments)? {
        model = model.link(link);
    }
    if arguments.analytic {
        model = model.weights_are(Weights::Analytic);
    }
    if let Some(text) = &arguments.class_weights {
        model = model.class_weights(match text.as_str() {
            "balanced" => ClassWeights::Balanced,
            text => {
                let numbers = text.split(',').map(|w| number(w, "--class-weights"));
                ClassWeights::Given(numbers.collect::<Result<_>>()?)
            }
        });
    }
    if arguments.firth {
        model = model.firth();
    }
    Ok(model.penalised(penalty))
}

pub(crate) fn fit_options(arguments: &FitArguments) -> Result<FitOptions> {
    let solver = Solver::ALL
        .into_iter()
        .find(|solver| solver.name() == arguments.solver);
    let solver = solver.with_context(|| {
        format!(
            "--solver: there is no {}; there are {}",
            arguments.solver,
            Solver::ALL.map(Solver::name).join(", ")
        )
    })?;
    let options = FitOptions::default().solver(solver);
    Ok(match arguments.iterations {
        Some(iterations) => options.iterations(iterations),
        None => options,
    })
}
