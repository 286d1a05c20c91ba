//! What the arguments of `gradus fit` ask for, apart from any data: a model, and how it is fitted.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use models::glm::{
    ClassWeights, Distribution, GeneralisedLinearModel, Link, MultinomialRegression,
    OrderedRegression, Penalty, RobustRegression, Weights,
};
use train::FitOptions;

use crate::arguments::{Family, FitArguments};
use crate::inference;
use crate::usage::usage;

/// A model without data.
#[derive(Debug, Clone)]
pub(crate) enum Model {
    Glm(GeneralisedLinearModel),
    Multinomial(MultinomialRegression),
    Ordered(OrderedRegression),
    Robust(RobustRegression),
}

/// The model that is asked for.
///
/// # Errors
/// What contradicts itself, is out of range, or is for other families: a fault of the arguments.
pub(crate) fn model(arguments: &FitArguments) -> Result<Model> {
    understood(arguments)
        .and_then(|()| specified(arguments))
        .map_err(usage)
}

/// How it is fitted.
pub(crate) fn fit_options(arguments: &FitArguments) -> FitOptions {
    let options = FitOptions::default().solver(arguments.solver);
    match arguments.iterations {
        Some(iterations) => options.iterations(iterations),
        None => options,
    }
}

fn name(family: Family) -> String {
    let value = family.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Refuses options that the family does not understand, and options that do not go together.
fn understood(a: &FitArguments) -> Result<()> {
    use Family::{
        Binomial, Huber, Multinomial, NegativeBinomial, Ordinal, Quantile, Quasibinomial, Tweedie,
    };
    const GLM: &str = "generalised linear models";
    const LIKELIHOOD: &str = "models with a likelihood";
    const PENALISED: &str = "generalised linear models and multinomial ones";
    let family = a.family;
    let two = matches!(family, Binomial | Quasibinomial);
    let classes = matches!(family, Multinomial | Ordinal);
    let glm = !classes && !matches!(family, Huber | Quantile);
    let penalised = glm || family == Multinomial;
    let likelihood = glm || classes;
    let options = [
        (
            "--theta",
            a.theta.is_some(),
            family == NegativeBinomial,
            "--family negative-binomial",
        ),
        (
            "--power",
            a.power.is_some(),
            family == Tweedie,
            "--family tweedie",
        ),
        ("--k", a.k.is_some(), family == Huber, "--family huber"),
        (
            "--scale",
            a.scale.is_some(),
            family == Huber,
            "--family huber",
        ),
        (
            "--tau",
            a.tau.is_some(),
            family == Quantile,
            "--family quantile",
        ),
        (
            "--levels",
            a.levels.is_some(),
            classes,
            "the families multinomial and ordinal",
        ),
        (
            "--trials",
            a.trials.is_some(),
            two,
            "the families binomial and quasibinomial",
        ),
        (
            "--class-weights",
            a.class_weights.is_some(),
            two,
            "the families binomial and quasibinomial",
        ),
        (
            "--firth",
            a.firth,
            matches!(family, Binomial | Multinomial),
            "binomial models with the logit link and multinomial ones",
        ),
        ("--analytic", a.analytic, glm, GLM),
        ("--l1", a.l1 > 0.0, penalised, PENALISED),
        ("--l2", a.l2 > 0.0, penalised, PENALISED),
        (
            "--elastic-net",
            a.elastic_net.is_some(),
            penalised,
            PENALISED,
        ),
        ("--standardise", a.standardise, penalised, PENALISED),
        (
            "--penalty-factor",
            !a.penalty_factor.is_empty(),
            penalised,
            PENALISED,
        ),
        ("--bounds", !a.bounds.is_empty(), glm, GLM),
        ("--cv", a.cv.is_some(), glm, GLM),
        ("--path", a.path, glm, GLM),
        ("--bootstrap", a.bootstrap.is_some(), glm, GLM),
        ("--robust", a.robust.is_some(), likelihood, LIKELIHOOD),
        ("--cluster", a.cluster.is_some(), likelihood, LIKELIHOOD),
        ("--profile", a.profile, likelihood, LIKELIHOOD),
    ];
    for (option, given, fits, of) in options {
        ensure!(
            !given || fits,
            "{option} is for {of}, and this is --family {}",
            name(family)
        );
    }
    ensure!(
        !a.firth || a.cv.is_none() && !a.path,
        "--firth does not go together with --cv and --path"
    );
    ensure!(
        !a.path || a.solver == train::Solver::Automatic && a.iterations.is_none(),
        "--path chooses the solver of each of its fits; leave out --solver and --iterations"
    );
    ensure!(
        !a.path || !inference::asked(a),
        "--robust, --cluster, --bootstrap and --profile are for one fit of maximum likelihood, and --path makes many penalised ones"
    );
    ensure!(
        a.cluster.is_none() || a.file != Path::new("-"),
        "--cluster reads its column apart from the others, and standard input can be read once; give a file"
    );
    let link = match family {
        Multinomial => Some(Link::Logit),
        Huber | Quantile => Some(Link::Identity),
        _ => None,
    };
    if let (Some(own), Some(asked)) = (link, a.link) {
        ensure!(
            own == asked,
            "--link: the family {} has the {} link",
            name(family),
            own.name()
        );
    }
    ensure!(
        a.formula.is_none() || a.features.is_none() && a.exclude.is_empty(),
        "a formula says itself which columns explain; leave out --features and --exclude"
    );
    ensure!(
        a.target.is_some() || a.formula.is_some(),
        "the column to explain is missing: --target NAME, or --formula 'NAME ~ …'"
    );
    Ok(())
}

fn specified(arguments: &FitArguments) -> Result<Model> {
    let penalty = penalty(arguments)?;
    let positive = |what: &str, value: f64| {
        ensure!(
            value > 0.0 && value.is_finite(),
            "{what} is {value}; it is a positive number"
        );
        Ok(value)
    };
    let between = |what: &str, value: f64, low: f64, high: f64| {
        ensure!(
            value > low && value < high,
            "{what} is {value}; it lies between {low} and {high}"
        );
        Ok(value)
    };
    let distribution = match arguments.family {
        Family::Multinomial => {
            let model = MultinomialRegression::new().penalised(penalty);
            let model = if arguments.firth {
                model.firth()
            } else {
                model
            };
            return Ok(Model::Multinomial(model));
        }
        Family::Ordinal => {
            let link = arguments.link.unwrap_or(Link::Logit);
            return Ok(Model::Ordered(OrderedRegression::new().link(link)));
        }
        Family::Huber => {
            let k = positive("--k", arguments.k())?;
            let scale = positive("--scale", arguments.scale())?;
            return Ok(Model::Robust(RobustRegression::huber(k, scale)));
        }
        Family::Quantile => {
            let tau = between("--tau", arguments.tau(), 0.0, 1.0)?;
            return Ok(Model::Robust(RobustRegression::quantile(tau)));
        }
        Family::Gaussian => Distribution::Gaussian,
        Family::Binomial | Family::Quasibinomial => Distribution::Binomial,
        Family::Poisson | Family::Quasipoisson => Distribution::Poisson,
        Family::Gamma => Distribution::Gamma,
        Family::InverseGaussian => Distribution::InverseGaussian,
        Family::Tweedie => Distribution::Tweedie {
            power: between("--power", arguments.power.unwrap_or(1.5), 1.0, 2.0)?,
        },
        Family::NegativeBinomial => Distribution::NegativeBinomial {
            theta: positive("--theta", arguments.theta.unwrap_or(1.0))?,
        },
    };
    let mut model = match (arguments.family, arguments.theta) {
        (Family::NegativeBinomial, None) => GeneralisedLinearModel::negative_binomial(),
        _ => GeneralisedLinearModel::new(distribution),
    };
    if matches!(
        arguments.family,
        Family::Quasibinomial | Family::Quasipoisson
    ) {
        model = model.quasi();
    }
    if let Some(link) = arguments.link {
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
    Ok(Model::Glm(model.penalised(penalty)))
}

fn number(text: &str, what: &str) -> Result<f64> {
    let trimmed = text.trim();
    trimmed
        .parse::<f64>()
        .with_context(|| format!("{what}: {trimmed:?} is not a number"))
}

fn penalty(arguments: &FitArguments) -> Result<Penalty> {
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
