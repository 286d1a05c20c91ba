//! `gradus plot`: a picture of a model, of data, or of a training.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use plots::Theme;
use train::Observations;

use crate::arguments::Format;
use crate::charts::{self, Drawn, Rows};
use crate::diagnose::{Again, DiagnoseArguments, again};
use crate::document::Document;
use crate::evaluate::{Outcomes, Scored, measured, scored};
use crate::fit::csv_options;
use crate::predictor::Predictor;
use crate::{input, output, usage};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PictureKind {
    /// Coefficients with intervals: MODEL.
    Forest,
    /// The ROC curve: MODEL FILE.
    Roc,
    /// Precision against recall: MODEL FILE.
    PrecisionRecall,
    /// Shares of events against probabilities: MODEL FILE.
    Calibration,
    /// True classes against predicted ones: MODEL FILE.
    Confusion,
    /// Residuals against fitted values: MODEL FILE.
    Residuals,
    /// Residuals against normal quantiles: MODEL FILE.
    Qq,
    /// Residuals against leverage with Cook's distance: MODEL FILE.
    Leverage,
    /// Probabilities over the two columns of a model: MODEL FILE.
    Boundary,
    /// Coefficients along a path of penalties: PATH, printed by `fit --path --format csv` or `json`.
    Path,
    /// Correlations of the columns of numbers: FILE.
    Correlation,
    /// Losses and metrics of a training: HISTORY.csv with columns epoch, loss, `validation_loss` and metrics.
    History,
}

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colours {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// `gradus plot`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  gradus plot roc model.json held_back.csv --out roc.svg\n  gradus plot forest model.json --theme dark --out forest.png\n  gradus fit genes.csv --target ill --path --format csv | gradus plot path - > path.svg\n  gradus plot correlation data/nba_rookie_draft.csv > correlation.svg"
)]
pub struct PlotArguments {
    /// What is drawn.
    #[arg(value_enum)]
    pub kind: PictureKind,
    /// What it is drawn from: a model, a model and a CSV file, or a CSV file (- for standard input), as the kind says.
    #[arg(required = true, num_args = 1..=2, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// The probability from which a row belongs to the second class.
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = usage::share)]
    pub threshold: f64,
    /// Write to this file, .svg or .png, instead of SVG to standard output.
    #[arg(long, value_name = "PICTURE")]
    pub out: Option<PathBuf>,
    /// The colours.
    #[arg(long, value_enum, default_value_t = Colours::Light)]
    pub theme: Colours,
    /// The width in pixels; that which suits the kind if not given. A PNG has twice as many.
    #[arg(long, value_name = "PIXELS")]
    pub width: Option<u32>,
}

/// Draws a picture and writes it as SVG or PNG.
///
/// # Errors
/// Whatever is wrong with the model, the data or the output file, and what does not apply to the model, in sentences.
pub fn plot(arguments: &PlotArguments) -> Result<()> {
    let inputs: Vec<&Path> = arguments.inputs.iter().map(PathBuf::as_path).collect();
    output::separate(&inputs, &[("--out", &arguments.out)])?;
    let picture = picture(arguments)?;
    let theme = match arguments.theme {
        Colours::Light => Theme::Light,
        Colours::Dark => Theme::Dark,
    };
    match &arguments.out {
        Some(path) => output::write_file(path, &picture.bytes(path, theme, arguments.width)?),
        None => output::print(&picture.svg(theme, arguments.width)?),
    }
}

fn picture(arguments: &PlotArguments) -> Result<Drawn> {
    let name = arguments
        .kind
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    let one = |what: &str| match &arguments.inputs[..] {
        [input] => Ok(input.as_path()),
        _ => bail!("{name} is drawn from one file: gradus plot {name} {what}"),
    };
    match arguments.kind {
        PictureKind::Forest => {
            let model = one("MODEL.json")?;
            let document = Document::read(model)?;
            charts::forest(&document, &subtitle(&document, document.observations, None))
                .with_context(|| model.display().to_string())
        }
        PictureKind::Path => {
            let file = one("PATH.csv")?;
            charts::path(&charts::text_of(file)?, &input::name(file))
        }
        PictureKind::History => {
            let file = one("HISTORY.csv")?;
            charts::history(&charts::text_of(file)?, &input::name(file))
        }
        PictureKind::Correlation => {
            let file = one("FILE.csv")?;
            let frame = input::read(&csv_options(arguments.no_header), file)?;
            let rows = format!("{} rows of {}", frame.rows(), input::name(file));
            charts::correlation(&frame, &rows)
        }
        kind => {
            let [model, file] = &arguments.inputs[..] else {
                bail!(
                    "{name} is drawn from a model and its data: gradus plot {name} MODEL.json FILE.csv"
                );
            };
            let predictor = Predictor::read(model)?;
            let both = Both {
                arguments,
                name: &name,
                model,
                file,
                predictor: &predictor,
            };
            let left = matches!(
                kind,
                PictureKind::Residuals | PictureKind::Qq | PictureKind::Leverage
            );
            ensure!(
                *file != Path::new("-") || !(left || kind == PictureKind::Boundary),
                "{name} reads the data twice; give a file in the place of standard input"
            );
            match kind {
                _ if left => both.left(),
                _ => both.classes(),
            }
            .with_context(|| input::name(file))
        }
    }
}

/// What a picture is of.
fn subtitle(document: &Document, rows: usize, file: Option<&Path>) -> String {
    let of = file.map(|file| format!(" of {}", input::name(file)));
    format!(
        "{} model of {}, {rows} observations{}",
        document.family,
        document.target,
        of.unwrap_or_default()
    )
}

/// A model beside a file.
struct Both<'a> {
    arguments: &'a PlotArguments,
    name: &'a str,
    model: &'a Path,
    file: &'a Path,
    predictor: &'a Predictor,
}

impl Both<'_> {
    /// What the picture is of.
    fn subtitle(&self, rows: usize) -> String {
        match self.predictor {
            Predictor::Model(document) => subtitle(document, rows, Some(self.file)),
            Predictor::Network(network) => format!(
                "network for {}, {rows} observations of {}",
                network.recipe().target_name(),
                input::name(self.file)
            ),
        }
    }

    /// The model, for pictures that networks do not have.
    fn document(&self) -> Result<&Document> {
        match self.predictor {
            Predictor::Model(document) => Ok(document),
            Predictor::Network(_) => bail!(
                "{} is a network, and {} is for models that `gradus fit` wrote",
                self.model.display(),
                self.name
            ),
        }
    }

    fn classes(&self) -> Result<Drawn> {
        let (family, threshold) = (self.predictor.family(), self.arguments.threshold);
        let kind = self.arguments.kind;
        let of_two = family == "binomial";
        if kind == PictureKind::Confusion {
            ensure!(
                of_two || matches!(family, "multinomial" | "ordinal"),
                "a confusion matrix is for classes, and this is a model of the family {family}; draw its residuals"
            );
        } else {
            ensure!(
                of_two,
                "{} is for two classes, and this is a model of the family {family}; {}",
                self.name,
                match family {
                    "multinomial" | "ordinal" => "draw its confusion matrix",
                    _ => "draw its residuals",
                }
            );
        }
        let scored = scored(self.predictor, self.file, self.arguments.no_header)?;
        let subtitle = self.subtitle(charts::counted(&scored.data));
        match kind {
            PictureKind::Boundary => {
                let document = self.document()?;
                let recipe = document
                    .recipe
                    .as_ref()
                    .context("the model has no recipe")?;
                let options = csv_options(self.arguments.no_header);
                let frame = recipe.dataset_csv_options(options).read(self.file)?;
                charts::boundary(document, &scored, &frame, threshold, &subtitle)
            }
            PictureKind::Confusion => {
                let measured = measured(family, &scored, threshold)?;
                let matrix = measured.confusion.context("the model has no classes")?;
                charts::confusion(&matrix, &subtitle)
            }
            _ => {
                let outcomes = Outcomes::of(&scored.data, &scored.scores);
                match kind {
                    PictureKind::Roc => charts::roc(&outcomes, threshold, &subtitle),
                    PictureKind::Calibration => {
                        let counted = scored.data.weights.is_none();
                        charts::calibration(&outcomes, counted, &subtitle)
                    }
                    _ => {
                        let [_, class] = charts::classes(document, &scored.data);
                        charts::precision_recall(&outcomes, &class, threshold, &subtitle)
                    }
                }
            }
        }
    }

    /// Of what the model leaves over, on the data that it was fitted to where the fit is needed, on any data where it is not.
    fn left(&self) -> Result<Drawn> {
        let document = self.document()?;
        let kind = self.arguments.kind;
        ensure!(
            !matches!(document.family.as_str(), "multinomial" | "ordinal"),
            "{} is for one number a row, and this is a model of several classes; draw its confusion matrix",
            self.name
        );
        let penalised = document.specification.as_ref().is_none_or(|s| s.penalised);
        if penalised {
            // Without a likelihood there are residuals, and nothing more.
            ensure!(
                kind != PictureKind::Leverage,
                "leverages are for fits of maximum likelihood: a penalty, weights of classes or a robust loss is in force"
            );
            ensure!(
                document.family != "binomial",
                "{} of two classes needs a fit of maximum likelihood; draw the calibration",
                self.name
            );
            let scored = scored(self.predictor, self.file, self.arguments.no_header)?;
            let frame = document
                .recipe
                .as_ref()
                .context("the model has no recipe")?
                .dataset_csv_options(csv_options(self.arguments.no_header))
                .read(self.file)?;
            let line = |row: usize| frame.line(scored.data.rows.as_ref().map_or(row, |r| r[row]));
            let rows = Rows::plain(&scored, &line);
            return Ok(self.of_rows(&rows, charts::counted(&scored.data)));
        }
        document.sealed()?;
        let fitted = DiagnoseArguments {
            model: self.model.to_owned(),
            file: self.file.to_owned(),
            no_header: self.arguments.no_header,
            rows: 0,
            format: Format::Table,
        };
        let Again {
            data,
            frame,
            model,
            fit,
            ..
        } = again(&fitted, document)?;
        let observations = Observations::from(&data);
        let analysis = fit.analyse(&model, &observations)?;
        let line = |row: usize| frame.line(data.rows.as_ref().map_or(row, |rows| rows[row]));
        if kind == PictureKind::Leverage {
            let subtitle = self.subtitle(charts::counted(&data));
            return Ok(charts::leverage(&analysis, &data, &subtitle, &line));
        }
        let scores = fit
            .model()
            .predict(data.features.as_ref(), data.offset.as_deref())?;
        let scored = Scored {
            scores: datasets::Mat::from_fn(scores.len(), 1, |i, _| scores[i]),
            data: data.clone(),
        };
        let rows = Rows::analysed(&analysis, &scored, &line);
        Ok(self.of_rows(&rows, charts::counted(&data)))
    }

    fn of_rows(&self, rows: &Rows, observations: usize) -> Drawn {
        let subtitle = self.subtitle(observations);
        if self.arguments.kind == PictureKind::Qq {
            charts::quantiles(rows, &subtitle)
        } else {
            charts::residuals(rows, &subtitle)
        }
    }
}
