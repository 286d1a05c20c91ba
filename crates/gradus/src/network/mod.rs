//! `gradus train`: a network for a table.

mod file;
mod specification;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Args;
use datasets::{Column, CsvOptions, Frame, Mat, Preparation, Response, Scaler, Scaling, Splitter};
use models::{Module, loss};
use train::schedule::{CosineAnnealingLr, ExponentialLr, OneCycleLr, ReduceLrOnPlateau, StepLr};
use train::{
    Adam, AdamW, EarlyStopping, Optimizer, RmsProp, Rule, Sgd, Stopped, Trained, Trainer, metrics,
};

pub use self::file::Network;
use self::specification::Words;
pub use self::specification::{Specification, Task, Training};
use crate::fit::csv_options;
use crate::{input, output};

/// `gradus train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: gradus train network.toml data/iris.csv --target species --out network.safetensors\n\nnetwork.toml:\n  layers = [\"linear 16\", \"relu\", \"dropout 0.1\"]   # the output layer is added\n  [training]\n  epochs = 200\n  learning-rate = 0.01\n  schedule = \"cosine\"\n  early-stopping = 20"
)]
pub struct TrainArguments {
    /// The TOML file with layers, optimiser, schedule and stopping.
    pub specification: PathBuf,
    /// The CSV file; - for standard input.
    pub file: PathBuf,
    /// The column to explain.
    #[arg(long, value_name = "NAME")]
    pub target: String,
    /// The columns that explain it, instead of all others.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub features: Option<Vec<String>>,
    /// Columns to leave out.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// The file has no header; columns are called x1, x2, ….
    #[arg(long)]
    pub no_header: bool,
    /// The seed, instead of that of the TOML file.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Write the network to this safetensors file.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write loss, held-back loss and accuracy of each epoch to this CSV file.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Keep the state of the training in this file after every epoch; if it is there, go on from it.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Option<PathBuf>,
}

/// Trains a network and writes it.
///
/// # Errors
/// Whatever is wrong with the specification, the data, the training or the files, in sentences.
pub fn train(arguments: &TrainArguments) -> Result<()> {
    output::separate(
        &[&arguments.file, &arguments.specification],
        &[
            ("--out", &arguments.out),
            ("--history", &arguments.history),
            ("--checkpoint", &arguments.checkpoint),
        ],
    )?;
    let mut specification = Specification::read(&arguments.specification)?;
    if let Some(seed) = arguments.seed {
        specification.training.seed = seed;
    }
    let options = csv_options(arguments.no_header);
    let frame = read(arguments, options)?;
    let (network, trained) = trained(arguments, specification, &frame).map_err(|error| {
        let name = input::name(&arguments.file);
        // Faults of the data name their file themselves.
        if error.to_string().starts_with(&name) {
            error
        } else {
            error.context(name)
        }
    })?;
    if let Some(path) = &arguments.out {
        output::write_file(path, &network.to_bytes()?)?;
    }
    if let Some(path) = &arguments.history {
        output::write_file(path, trained.history.to_csv().as_bytes())?;
    }
    output::print(&summary(&network, &trained))
}

fn read(arguments: &TrainArguments, options: CsvOptions) -> Result<Frame> {
    let options = match &arguments.features {
        Some(features) => options.columns_among(
            features
                .iter()
                .map(String::as_str)
                .chain([arguments.target.as_str()]),
        ),
        None => options,
    };
    input::read(&options, &arguments.file)
}

/// What the target is, and its recipe.
fn response(task: Task, frame: &Frame, target: &str) -> Result<Response> {
    Ok(match (task, frame.column(frame.named(target)?)) {
        (Task::Number, _) => Response::Number,
        (Task::Classes, _) | (Task::Auto, Column::Categories { .. } | Column::Booleans(_)) => {
            Response::Classes
        }
        (Task::Auto, Column::Numbers(values)) => {
            let mut distinct: Vec<f64> = Vec::new();
            for value in values.iter().filter(|x| !x.is_nan()) {
                if !distinct.contains(value) {
                    distinct.push(*value);
                }
                if distinct.len() > 2 {
                    break;
                }
            }
            if distinct.len() == 2 {
                Response::Classes
            } else {
                Response::Number
            }
        }
    })
}

fn trained(
    arguments: &TrainArguments,
    specification: Specification,
    frame: &Frame,
) -> Result<(Network, Trained)> {
    let settings = specification.training.clone();
    let mut preparation = Preparation::new(&arguments.target)
        .exclude(&arguments.exclude)
        .response(response(specification.task, frame, &arguments.target)?);
    if let Some(features) = &arguments.features {
        preparation = preparation.features(features);
    }
    let recipe = preparation.learn(frame)?;
    let data = recipe.dataset(frame)?;
    let rows: Vec<usize> = (0..data.observations()).collect();
    let classes = data
        .labels
        .as_ref()
        .map(|_| datasets::classes(&data.target));
    let (train, held_back) = if settings.validation > 0.0 {
        let splitter = match &classes {
            Some(classes) => Splitter::stratified(classes),
            None => Splitter::rows(rows.len()),
        };
        let split = splitter
            .seed(settings.seed)
            .train_test(settings.validation)?;
        (split.train, Some(split.test))
    } else {
        (rows, None)
    };
    let train = data.select(&train);
    // What is held back teaches nothing, the scaling neither.
    let scaler = Scaler::learn(Scaling::Standard, train.features.as_ref());
    let target = recipe
        .labels()
        .is_none()
        .then(|| Scaler::learn(Scaling::Standard, file::column(&train).as_ref()));
    let prepared = |data: &datasets::Dataset| {
        let mut y = file::column(data);
        if let Some(target) = &target {
            target.apply(y.as_mut());
        }
        [scaler.scaled(data.features.as_ref()), y]
            .map(|m| Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)] as f32))
    };
    let [x, y] = prepared(&train);
    let held_back = held_back.map(|rows| prepared(&data.select(&rows)));
    let model = specification.build(x.ncols(), Network::outputs(&recipe))?;
    let mut network = Network {
        specification,
        recipe,
        scaler,
        target,
        model,
    };
    let rate = settings.learning_rate;
    let trained = match settings.optimiser.as_str() {
        "adam" => run(
            arguments,
            &mut network,
            (&x, &y),
            held_back.as_ref(),
            Adam {
                weight_decay: settings.weight_decay,
                ..Adam::new(rate)
            },
        ),
        "adamw" => run(
            arguments,
            &mut network,
            (&x, &y),
            held_back.as_ref(),
            AdamW {
                weight_decay: settings.weight_decay,
                ..AdamW::new(rate)
            },
        ),
        "sgd" => run(
            arguments,
            &mut network,
            (&x, &y),
            held_back.as_ref(),
            Sgd {
                momentum: settings.momentum,
                weight_decay: settings.weight_decay,
                ..Sgd::new(rate)
            },
        ),
        "rmsprop" => run(
            arguments,
            &mut network,
            (&x, &y),
            held_back.as_ref(),
            RmsProp {
                weight_decay: settings.weight_decay,
                ..RmsProp::new(rate)
            },
        ),
        other => bail!("the optimiser {other:?} is not known"),
    }?;
    Ok((network, trained))
}

fn run<R: Rule<f32>>(
    arguments: &TrainArguments,
    network: &mut Network,
    (x, y): (&Mat<f32>, &Mat<f32>),
    held_back: Option<&[Mat<f32>; 2]>,
    rule: R,
) -> Result<Trained> {
    let settings = network.specification.training.clone();
    let mut optimizer = Optimizer::try_new(rule)?;
    let several = network.labels().is_some_and(|labels| labels.len() > 2);
    let classes = network.labels().is_some();
    let loss_name = network.specification.loss.clone();
    let mut trainer = Trainer::new(settings.epochs)
        .batch_size(settings.batch_size)
        .shuffle(settings.seed)
        .progress(!output::is_quiet());
    if let Some([x, y]) = held_back {
        trainer = trainer.validation((x, y));
    }
    let least = network.model.smallest_batch().min(x.nrows());
    ensure!(
        settings.batch_size >= least,
        "training.batch-size is {}, and batch-norm needs batches of {least} rows or more",
        settings.batch_size
    );
    // What is left of an epoch may be too little to normalise; the next epoch has it in other batches.
    let left_out = (1..least).contains(&(x.nrows() % settings.batch_size));
    if left_out {
        trainer = trainer.drop_last();
    }
    if several {
        trainer = trainer.metric("accuracy", metrics::class_accuracy);
    } else if classes {
        trainer = trainer.metric("accuracy", metrics::logit_accuracy);
    }
    let words = Words::new("training.schedule", &settings.schedule)?;
    let batches = x.nrows().div_ceil(settings.batch_size) as u64 - u64::from(left_out);
    let gamma = |gamma: f64| {
        ensure!(
            gamma > 0.0 && gamma < 1.0,
            "training.schedule {:?}: the factor is {gamma}; it lies between 0 and 1",
            settings.schedule
        );
        Ok(gamma)
    };
    let count = |n: f64| {
        ensure!(
            n >= 1.0 && n.fract() == 0.0,
            "training.schedule {:?}: {n} is not a number of epochs",
            settings.schedule
        );
        Ok(n as u64)
    };
    trainer = match (words.word, words.numbers.as_slice()) {
        ("constant", []) => trainer,
        ("cosine", []) => trainer.schedule(CosineAnnealingLr::new(settings.epochs)),
        ("exponential", [g]) => trainer.schedule(ExponentialLr::new(gamma(*g)?)),
        ("step", [n, g]) => trainer.schedule(StepLr::new(count(*n)?, gamma(*g)?)),
        ("one-cycle", []) => {
            trainer.schedule_steps(OneCycleLr::new((settings.epochs * batches).max(2)))
        }
        ("plateau", [n, g]) => trainer.reduce_on_plateau(ReduceLrOnPlateau {
            patience: count(*n)?,
            ..ReduceLrOnPlateau::new(gamma(*g)?)
        }),
        _ => bail!(
            "training.schedule is {:?}; there are constant, cosine, `exponential 0.95`, `step 10 0.5`, one-cycle and `plateau 5 0.5`",
            settings.schedule
        ),
    };
    if settings.clip_norm > 0.0 {
        trainer = trainer.clip_norm(settings.clip_norm);
    }
    if settings.early_stopping > 0 {
        trainer = trainer.early_stopping(EarlyStopping::new(settings.early_stopping));
    }
    if let Some(path) = &arguments.checkpoint {
        trainer = trainer.checkpoint(path);
    }
    Ok(
        trainer.fit(&mut network.model, &mut optimizer, (x, y), |scores, y| {
            if several {
                return loss::softmax_cross_entropy(scores, y).mean();
            }
            if classes {
                return loss::binary_cross_entropy_with_logits(scores, y).mean();
            }
            match loss_name.as_str() {
                "absolute" => loss::absolute_error(scores, y).mean(),
                "huber" => loss::huber(scores, y, 1.0).mean(),
                _ => loss::squared_error(scores, y).mean(),
            }
        })?,
    )
}

fn summary(network: &Network, trained: &Trained) -> String {
    let layers = network.model.summary(network.scaler.center.len());
    let mut lines = vec![layers.to_string()];
    let epochs = trained.history.epochs().len();
    // The first, the last, and some between.
    let every = epochs.div_ceil(15).max(1);
    let history = trained.history.to_string();
    let shown = history.lines().enumerate();
    let shown = shown.filter(|(k, _)| k % every == 0 || k + 1 == epochs);
    lines.extend(shown.map(|(_, line)| line.to_owned()));
    lines.push(String::new());
    lines.push(match trained.stopped {
        Stopped::Early => "stopped early: nothing became better".to_owned(),
        Stopped::Epochs | Stopped::Callback => "all epochs were made".to_owned(),
    });
    let best = trained.best_epoch.iter();
    lines.extend(best.map(|best| format!("the network is that of epoch {best}")));
    let warnings = trained.warnings.iter();
    lines.extend(warnings.map(|warning| format!("CAUTION: {warning}")));
    lines.push(String::new());
    lines.join("\n")
}
