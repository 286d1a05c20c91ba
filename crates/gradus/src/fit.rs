//! `gradus fit`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use datasets::{CsvOptions, Dataset, Formula, Missing, Preparation, Response, Splitter};
use models::glm::{
    ClassWeights, Distribution, GeneralisedLinearModel, Link, MultinomialRegression,
    OrderedRegression, Penalty, Weights,
};
use train::{Fit, FitOptions, PathOptions, PathPoint, Solver, Status};

use crate::document::{Document, Timing};
use crate::fitted::Fitted;
use crate::output;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: schema 1.
    Json,
}

/// What is done about missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MissingValues {
    /// The first one is an error.
    Refuse,
    /// Rows that have one are left out.
    Drop,
    /// The mean of the column stands for them; in a category, the most frequent level.
    Mean,
    /// The median, or the most frequent level.
    Median,
    /// The most frequent value.
    Mode,
}

/// How the target is distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// Numbers with constant variance.
    Gaussian,
    /// One of two classes, or successes of trials.
    #[value(alias = "logistic")]
    Binomial,
    /// Counts.
    Poisson,
    /// Positive numbers with a constant coefficient of variation.
    Gamma,
    /// Positive numbers, skewed more than the gamma's.
    InverseGaussian,
    /// Counts that vary more than Poisson's; the dispersion is estimated, or given by --theta.
    NegativeBinomial,
    /// Not negative, with a mass at 0; --power.
    Tweedie,
    /// Binomial with an estimated dispersion.
    #[value(alias = "quasi-binomial")]
    Quasibinomial,
    /// Poisson with an estimated dispersion.
    #[value(alias = "quasi-poisson")]
    Quasipoisson,
    /// One of several classes: softmax regression.
    #[value(alias = "softmax")]
    Multinomial,
    /// One of several ordered classes.
    #[value(alias = "ordered")]
    Ordinal,
}

/// Which strength of a penalty cross-validation chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Rule {
    /// That with the least mean deviance.
    Best,
    /// The largest within one standard error of that.
    #[value(name = "1se")]
    OneStandardError,
}

/// `gradus fit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus fit data/nba_rookie_draft.csv --target draft --out model.json\n  gradus fit claims.csv --family poisson --offset log_years --formula 'claims ~ age + C(region)'\n  gradus fit genes.csv --target ill --l1 1 --cv 10"
)]
pub struct FitArguments {
    /// The CSV file.
    pub file: PathBuf,
    /// The column to explain: its name, or its position from 1. For the binomial family it has two values, 0/1 or any two labels.
    /// A formula that names it makes this unnecessary.
    #[arg(long, required_unless_present = "formula")]
    pub target: Option<String>,
    /// What explains what, in the notation of R and statsmodels: 'y ~ a + log(b) + C(c, "low")'.
    #[arg(long)]
    pub formula: Option<String>,
    /// How the target is distributed.
    #[arg(long, value_enum, default_value_t = Family::Binomial)]
    pub family: Family,
    /// How the mean depends on the columns: identity, logit, probit, cloglog, cauchit, log, inverse, inverse-square or sqrt; that which
    /// the family usually has if not given.
    #[arg(long)]
    pub link: Option<String>,
    /// The θ of the negative binomial family, instead of an estimate.
    #[arg(long, value_name = "X")]
    pub theta: Option<f64>,
    /// The power p of the Tweedie family, whose variance is proportional to the p-th power of the mean: between 1 and 2.
    #[arg(long, value_name = "P", default_value_t = 1.5)]
    pub power: f64,
    /// The classes of the target in their order, separated by commas: the first is the reference of a multinomial model, or the lowest
    /// of an ordinal one.
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    pub levels: Option<Vec<String>>,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// Fit no intercept.
    #[arg(long)]
    pub no_intercept: bool,
    /// The columns that explain, separated by commas; all others if not given.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub features: Option<Vec<String>>,
    /// Columns that do not explain, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub exclude: Vec<String>,
    /// The column of weights: how often each row is repeated.
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// The weights are precisions (the variance of a row is divided by its weight), not repetitions.
    #[arg(long, requires = "weights")]
    pub analytic: bool,
    /// The column of a known part of the linear predictor, such as the logarithm of an exposure.
    #[arg(long, value_name = "COLUMN")]
    pub offset: Option<String>,
    /// The column of the number of trials, of which the target counts the successes.
    #[arg(long, value_name = "COLUMN")]
    pub trials: Option<String>,
    /// Weights of the two classes: `balanced`, or two numbers separated by a comma.
    #[arg(long, value_name = "W")]
    pub class_weights: Option<String>,
    /// What is done about missing values.
    #[arg(long, value_enum, default_value_t = MissingValues::Refuse)]
    pub missing: MissingValues,
    /// Add X·‖w‖₁ to the mean loss; the intercept stays free.
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub l1: f64,
    /// Add ½·X·‖w‖² to the mean loss; the intercept stays free.
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub l2: f64,
    /// Both: strength λ and share α of l1, as glmnet has them: λ (α ‖w‖₁ + ½ (1 − α) ‖w‖²).
    #[arg(long, value_name = "LAMBDA,ALPHA", conflicts_with_all = ["l1", "l2"])]
    pub elastic_net: Option<String>,
    /// Penalise the coefficients of columns divided by their standard deviation, as glmnet does.
    #[arg(long)]
    pub standardise: bool,
    /// A factor of the penalty of one column; 0 leaves it free. May be given several times.
    #[arg(long, value_name = "COLUMN=FACTOR")]
    pub penalty_factor: Vec<String>,
    /// Bounds of one coefficient, either of which may be left out. May be given several times.
    #[arg(long, value_name = "COLUMN=LOW:HIGH")]
    pub bounds: Vec<String>,
    /// Choose the strength of the penalty by cross-validation with so many folds; l1, l2 or the elastic net give its kind (l1 if none).
    #[arg(long, value_name = "K")]
    pub cv: Option<usize>,
    /// Which strength cross-validation chooses.
    #[arg(long, value_enum, default_value_t = Rule::Best, requires = "cv")]
    pub rule: Rule,
    /// The seed of the folds.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the fits for 100 strengths of the penalty instead of one fit.
    #[arg(long, conflicts_with_all = ["cv", "out"])]
    pub path: bool,
    /// Firth's penalty: finite estimates also where classes are separated, and less bias.
    #[arg(long)]
    pub firth: bool,
    /// How the optimum is found: automatic, newton, lbfgs, newton-cg or coordinate-descent.
    #[arg(long, default_value = "automatic")]
    pub solver: String,
    /// Stop after so many iterations, with the best point.
    #[arg(long, value_name = "N")]
    pub iterations: Option<usize>,
    /// The number of threads; all cores if not given. The result does not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// How the fit is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also write the model to this file, for `predict`.
    #[arg(long, value_name = "MODEL.json")]
    pub out: Option<PathBuf>,
}

/// Fits and prints; writes the model only when everything has succeeded. False if the fit stopped before its optimum.
///
/// # Errors
/// Whatever is wrong with the data, the fit or the output file, in sentences.
pub fn fit(arguments: &FitArguments) -> Result<bool> {
    match arguments.threads {
        Some(threads) => {
            linalg::parallel::with_threads(threads, || run(arguments)).context("--threads")?
        }
        None => run(arguments),
    }
}

fn run(arguments: &FitArguments) -> Result<bool> {
    output::refuse_overwriting(&arguments.file, arguments.out.as_deref())?;
    let started = Instant::now();
    let preparation = preparation(arguments)?;
    let penalty = penalty(arguments)?;
    let options = preparation.csv_options(csv_options(arguments.no_header));
    let frame = options.read(&arguments.file)?;
    let recipe = preparation.learn(&frame)?;
    let mut data = recipe.dataset(&frame)?;
    let lines = format!(
        "{}, lines {} to {}",
        arguments.file.display(),
        frame.line(0),
        frame.line(frame.rows() - 1)
    );
    drop(frame);
    if matches!(arguments.family, Family::Multinomial | Family::Ordinal) {
        order_classes(arguments, &mut data)?;
    }
    let read_seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    if arguments.path {
        let model = generalised(arguments, penalty)?;
        let path = train::path(&model, &(&data).into(), &PathOptions::default()).context(lines)?;
        print_path(arguments.format, &data, &path)?;
        return Ok(path.iter().all(|point| point.status == Status::Converged));
    }
    let fitted = fitted(arguments, penalty, &data).context(lines)?;
    let timing = Timing {
        read_seconds,
        fit_seconds: started.elapsed().as_secs_f64(),
    };
    let document = Document::new(&fitted, Some(recipe), timing);
    if let Some(path) = &arguments.out {
        output::write_file(path, document.to_json()?.as_bytes())?;
    }
    match arguments.format {
        Format::Table => output::print(&fitted.to_string())?,
        Format::Json => output::print(&document.to_json()?)?,
    }
    Ok(fitted.certificate().status == Status::Converged)
}

/// The reading options of a file with or without a header.
pub(crate) fn csv_options(no_header: bool) -> CsvOptions {
    let options = CsvOptions::new();
    if no_header {
        options.without_header()
    } else {
        options
    }
}

/// What the arguments want of the table.
fn preparation(arguments: &FitArguments) -> Result<Preparation> {
    let mut preparation = match (&arguments.formula, &arguments.target) {
        (Some(formula), target) => {
            ensure!(
                arguments.features.is_none() && arguments.exclude.is_empty(),
                "a formula says itself which columns explain; leave out --features and --exclude"
            );
            let preparation = Preparation::formula(formula.parse::<Formula>()?);
            match target {
                Some(target) => preparation.target(target),
                None => preparation,
            }
        }
        (None, Some(target)) => Preparation::new(target),
        (None, None) => {
            bail!("the column to explain is missing: --target NAME, or --formula 'NAME ~ …'")
        }
    };
    if let Some(features) = &arguments.features {
        preparation = preparation.features(features);
    }
    if arguments.no_intercept {
        preparation = preparation.without_intercept();
    }
    if let Some(weights) = &arguments.weights {
        preparation = preparation.weights(weights);
    }
    if let Some(offset) = &arguments.offset {
        preparation = preparation.offset(offset);
    }
    if let Some(trials) = &arguments.trials {
        preparation = preparation.trials(trials);
    }
    let missing = match arguments.missing {
        MissingValues::Refuse => Missing::Refuse,
        MissingValues::Drop => Missing::DropRows,
        MissingValues::Mean => Missing::Mean,
        MissingValues::Median => Missing::Median,
        MissingValues::Mode => Missing::Mode,
    };
    let grouped = arguments.trials.is_some()
        || arguments
            .formula
            .as_deref()
            .is_some_and(|formula| formula.contains("cbind"));
    let response = match arguments.family {
        Family::Binomial | Family::Quasibinomial if !grouped => Response::Binary,
        Family::Multinomial | Family::Ordinal => Response::Classes,
        _ => Response::Number,
    };
    Ok(preparation
        .exclude(&arguments.exclude)
        .missing(missing)
        .response(response))
}

/// Words of scales, each from low to high: what needs no `--levels` to be put in order.
const SCALES: [&[&str]; 9] = [
    &["very low", "low", "medium", "high", "very high"],
    &["low", "middle", "high"],
    &["small", "medium", "large"],
    &["never", "rarely", "sometimes", "often", "always"],
    &[
        "very unlikely",
        "unlikely",
        "somewhat likely",
        "likely",
        "very likely",
    ],
    &["none", "mild", "moderate", "severe"],
    &["poor", "fair", "good", "very good", "excellent"],
    &[
        "strongly disagree",
        "disagree",
        "neutral",
        "agree",
        "strongly agree",
    ],
    &["first", "second", "third"],
];

/// Puts the classes of a target into the order that is asked for, or that their names say.
fn order_classes(arguments: &FitArguments, data: &mut Dataset) -> Result<()> {
    let Some(labels) = data.labels.clone() else {
        return Ok(());
    };
    let order: Vec<String> = if let Some(levels) = &arguments.levels {
        let mut sorted = [levels.clone(), labels.clone()];
        sorted.iter_mut().for_each(|list| list.sort());
        ensure!(
            sorted[0] == sorted[1],
            "--levels: the classes of `{}` are {}; name each of them once, in their order",
            data.target_name,
            labels.join(", ")
        );
        levels.clone()
    } else if labels.iter().all(|l| l.parse::<f64>().is_ok()) {
        return Ok(());
    } else {
        // A leading digit is an order, too: `1 low`, `2 high`.
        let digits = |label: &String| label.starts_with(|c: char| c.is_ascii_digit());
        if labels.iter().all(digits) {
            return Ok(());
        }
        let place = |scale: &[&str], label: &String| {
            let label = label.trim().to_lowercase();
            scale.iter().position(|word| *word == label)
        };
        let scale = SCALES
            .iter()
            .find(|scale| labels.iter().all(|label| place(scale, label).is_some()));
        let Some(scale) = scale else {
            if arguments.family == Family::Multinomial {
                return Ok(());
            }
            bail!(
                "the order of the classes of `{}` ({}) is not known; say it by --levels, from the lowest to the highest",
                data.target_name,
                labels.join(", ")
            );
        };
        let mut labels = labels.clone();
        labels.sort_by_key(|label| place(scale, label));
        labels
    };
    let place: Vec<f64> = labels
        .iter()
        .map(|label| order.iter().position(|other| other == label).unwrap_or(0) as f64)
        .collect();
    data.target.iter_mut().for_each(|y| *y = place[*y as usize]);
    data.labels = Some(order);
    Ok(())
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

fn link(arguments: &FitArguments) -> Result<Option<Link>> {
    let link = arguments.link.as_deref().map(str::parse::<Link>);
    link.transpose().context("--link")
}

fn generalised(arguments: &FitArguments, penalty: Penalty) -> Result<GeneralisedLinearModel> {
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
        Family::Multinomial | Family::Ordinal => {
            bail!("--path and --cv are not for the families multinomial and ordinal")
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

fn fit_options(arguments: &FitArguments) -> Result<FitOptions> {
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

fn fitted(arguments: &FitArguments, penalty: Penalty, data: &Dataset) -> Result<Fitted> {
    let options = fit_options(arguments)?;
    let classes = matches!(arguments.family, Family::Multinomial | Family::Ordinal);
    ensure!(
        !classes || arguments.class_weights.is_none(),
        "--class-weights are for the binomial family"
    );
    match arguments.family {
        Family::Multinomial => {
            ensure!(
                matches!(arguments.link.as_deref(), None | Some("logit")),
                "--link: the multinomial family has the logit link"
            );
            ensure!(
                arguments.cv.is_none() && !arguments.firth,
                "--cv and --firth are not for the family multinomial"
            );
            let model = MultinomialRegression::new().penalised(penalty);
            Ok(Fitted::Multinomial(Box::new(
                model.fit_with(data, &options)?,
            )))
        }
        Family::Ordinal => {
            ensure!(
                penalty.is_none() && arguments.cv.is_none() && !arguments.firth,
                "the ordinal family is fitted without penalties"
            );
            let model = OrderedRegression::new().link(link(arguments)?.unwrap_or(Link::Logit));
            Ok(Fitted::Ordered(Box::new(model.fit_with(data, &options)?)))
        }
        _ => {
            let mut model = generalised(arguments, penalty)?;
            if let Some(k) = arguments.cv {
                let chosen = choose_strength(arguments, k, &model, data)?;
                let penalty = model.penalty().with_strength(chosen);
                model = model.penalised(penalty);
            }
            Ok(Fitted::Glm(Box::new(model.fit_with(data, &options)?)))
        }
    }
}

/// The strength that cross-validation chooses.
fn choose_strength(
    arguments: &FitArguments,
    k: usize,
    model: &GeneralisedLinearModel,
    data: &Dataset,
) -> Result<f64> {
    let stratify = data.labels.as_ref().is_some_and(|labels| labels.len() == 2);
    let classes = datasets::classes(&data.target);
    let splitter = if stratify {
        Splitter::stratified(&classes)
    } else {
        Splitter::rows(data.observations())
    };
    let splits = splitter.seed(arguments.seed).k_fold(k).context("--cv")?;
    let mut folds = vec![0; data.observations()];
    for (fold, split) in splits.iter().enumerate() {
        for row in &split.test {
            folds[*row] = fold;
        }
    }
    let result = train::cross_validate(model, data, &folds, &PathOptions::default())?;
    let at = match arguments.rule {
        Rule::Best => result.best,
        Rule::OneStandardError => result.one_std_error,
    };
    Ok(result.path[at].strength)
}

fn print_path(format: Format, data: &Dataset, path: &[PathPoint]) -> Result<()> {
    let intercept = path
        .first()
        .map_or(0, |p| p.coefficients.len() - data.feature_names.len());
    let name = |j: usize| match j.checked_sub(intercept) {
        Some(j) => data.feature_names[j].as_str(),
        None => train::INTERCEPT,
    };
    if format == Format::Json {
        let points = path.iter().map(|point| {
            let coefficients: serde_json::Map<_, _> = point
                .coefficients
                .iter()
                .enumerate()
                .filter(|(j, c)| **c != 0.0 || *j < intercept)
                .map(|(j, c)| (name(j).to_owned(), (*c).into()))
                .collect();
            serde_json::json!({
                "strength": point.strength,
                "nonzero": point.nonzero,
                "deviance_explained": point.deviance_explained,
                "duality_gap": point.duality_gap,
                "status": point.status.to_string(),
                "coefficients": coefficients,
            })
        });
        let points: Vec<_> = points.collect();
        let text = serde_json::to_string_pretty(&serde_json::json!({"schema": 1, "path": points}))?;
        return output::print(&(text + "\n"));
    }
    let mut text = format!("{:>12} {:>8} {:>10}\n", "strength", "nonzero", "explained");
    for point in path {
        let explained = 100.0 * point.deviance_explained;
        text += &format!(
            "{:>12.6e} {:>8} {explained:>8.3} %\n",
            point.strength, point.nonzero
        );
    }
    output::print(&text)
}
