//! What `gradus fit` can be told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use models::glm::Link;
use train::Solver;

use crate::usage;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs: schema 1.
    Json,
    /// For spreadsheets: the main table.
    Csv,
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
    /// The centre of numbers with outliers, by Huber's loss: --k and --scale.
    Huber,
    /// A quantile of numbers: --tau.
    Quantile,
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

/// A covariance of the estimates that holds for other variances than the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Robust {
    /// White's.
    Hc0,
    /// That by n / (n − p).
    Hc1,
    /// Squares by 1 − h, the leverage.
    Hc2,
    /// Squares by (1 − h)².
    Hc3,
}

/// `gradus fit`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[command(
    after_help = "Examples:\n  gradus fit data/nba_rookie_draft.csv --target draft --out model.json\n  gradus fit claims.csv --family poisson --offset log_years --formula 'claims ~ age + C(region)'\n  gradus fit genes.csv --target ill --l1 1 --cv 10\n  gradus fit visits.csv --target visits --family poisson --report report.html\n\nExit codes: 0 done, 1 the data or the model are at fault, 2 the arguments are, 3 stopped before the optimum."
)]
pub struct FitArguments {
    /// The CSV file, or a Parquet or Arrow file by its ending.
    pub file: PathBuf,
    /// Other parts of the same table, in their order.
    #[arg(value_name = "PART")]
    pub parts: Vec<PathBuf>,
    /// Fit in so much memory (`512MiB`, `1GiB`): the table is read once into blocks on the disk, and passes are made over these. The
    /// result has the same bits.
    #[arg(long, value_name = "SIZE", value_parser = usage::size)]
    pub memory: Option<u64>,
    /// The folder of the blocks; beside the file if not given. They are used again while the file is the same.
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// Keep what every pass over the rows gives in this file: the same command goes on from it if it was ended, to the same bits. It
    /// grows by 14 d² bytes for a pass with the Hessian of d coefficients, and is removed when the fit is done.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
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
    #[arg(long, value_parser = usage::link)]
    pub link: Option<Link>,
    /// The θ of the negative binomial family, instead of an estimate.
    #[arg(long, value_name = "X")]
    pub theta: Option<f64>,
    /// The power p of the Tweedie family, whose variance is proportional to the p-th power of the mean: between 1 and 2; 1.5 if not
    /// given.
    #[arg(long, value_name = "P")]
    pub power: Option<f64>,
    /// Where Huber's loss becomes linear, in units of --scale; 1.345 if not given.
    #[arg(long, value_name = "K")]
    pub k: Option<f64>,
    /// The scale of the residuals of Huber's loss; 1 if not given.
    #[arg(long, value_name = "S")]
    pub scale: Option<f64>,
    /// The quantile; 0.5, the median, if not given.
    #[arg(long, value_name = "T")]
    pub tau: Option<f64>,
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
        allow_negative_numbers = true,
        value_parser = usage::strength
    )]
    pub l1: f64,
    /// Add ½·X·‖w‖² to the mean loss; the intercept stays free.
    #[arg(
        long,
        value_name = "X",
        default_value_t = 0.0,
        allow_negative_numbers = true,
        value_parser = usage::strength
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
    /// The seed of the folds and of the bootstrap.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the fits for 100 strengths of the penalty instead of one fit.
    #[arg(long, conflicts_with_all = ["cv", "out", "report"])]
    pub path: bool,
    /// Firth's penalty: finite estimates also where classes are separated, and less bias.
    #[arg(long)]
    pub firth: bool,
    /// Standard errors that hold when the variance is not as the model says: hc0, hc1, hc2 or hc3.
    #[arg(long, value_enum, value_name = "KIND")]
    pub robust: Option<Robust>,
    /// The column of clusters: standard errors that hold when rows of a cluster depend on each other.
    #[arg(long, value_name = "COLUMN", conflicts_with = "robust")]
    pub cluster: Option<String>,
    /// Standard errors and percentile intervals from so many samples of the rows (of whole clusters with --cluster), by --seed.
    #[arg(long, value_name = "N", conflicts_with_all = ["robust", "profile"])]
    pub bootstrap: Option<usize>,
    /// Profile-likelihood intervals in the place of Wald's; with --firth, of the penalised likelihood, and tests by its ratio.
    #[arg(long, conflicts_with_all = ["robust", "cluster"])]
    pub profile: bool,
    /// How the optimum is found: automatic, newton, lbfgs, newton-cg or coordinate-descent.
    #[arg(long, default_value = "automatic", value_parser = usage::solver)]
    pub solver: Solver,
    /// Stop after so many iterations, with the best point.
    #[arg(long, value_name = "N")]
    pub iterations: Option<usize>,
    /// The number of threads; all cores if not given. The result does not depend on it.
    #[arg(long, value_name = "N", value_parser = usage::threads)]
    pub threads: Option<usize>,
    /// How the fit is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also write the model to this file, for `predict`.
    #[arg(long, value_name = "MODEL.json")]
    pub out: Option<PathBuf>,
    /// Also write an account of the fit for people to this file: tables, pictures and what they mean, in one HTML file.
    #[arg(long, value_name = "REPORT.html")]
    pub report: Option<PathBuf>,
    /// The words of the command after the program's name, which the model file keeps and the report says how to repeat.
    #[arg(skip)]
    pub command: Vec<String>,
}

impl FitArguments {
    /// Where Huber's loss becomes linear.
    pub fn k(&self) -> f64 {
        self.k.unwrap_or(1.345)
    }

    /// The scale of Huber's loss.
    pub fn scale(&self) -> f64 {
        self.scale.unwrap_or(1.0)
    }

    /// The quantile.
    pub fn tau(&self) -> f64 {
        self.tau.unwrap_or(0.5)
    }
}
