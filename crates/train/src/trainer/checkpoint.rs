//! All that a training remembers, in one file.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use linalg::Scalar;
use models::Module;
use models::state::{self, Kind, Tensor};

use super::stopping::Best;
use super::{Epoch, History, TrainError};
use crate::rule::place;
use crate::schedule::PlateauState;
use crate::{Optimizer, OptimizerState, ParameterState, Rule};

/// Where a training stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// Epochs that are over.
    pub(super) epoch: u64,
    /// Batches of the next one that are over.
    pub(super) batch: u64,
    pub(super) steps: u64,
    /// The costs of those batches times their rows, and those rows.
    pub(super) sum: f64,
    pub(super) rows: f64,
    /// The first cost of all; NaN before it.
    pub(super) first: f64,
    pub(super) best: Best,
    pub(super) plateau: Option<PlateauState>,
    pub(super) history: History,
    /// True if it ended before its last epoch.
    pub(super) ended: bool,
}

const FORMAT: &str = "gradus-training-1";

/// Writes a checkpoint.
pub(super) fn write<T: Scalar, R: Rule<T>>(
    path: &Path,
    fingerprint: &str,
    model: &dyn Module<T>,
    optimizer: &Optimizer<T, R>,
    memory: &Memory,
) -> Result<(), TrainError> {
    let mut tensors = Vec::new();
    let prefixed = |prefix: &str, tensor: Tensor| Tensor {
        name: format!("{prefix}/{}", tensor.name),
        ..tensor
    };
    let whole = state::whole_state(model);
    tensors.extend(whole.into_iter().map(|t| prefixed("model", t)));
    let best = memory.best.state.iter().cloned();
    tensors.extend(best.map(|t| prefixed("best", t)));
    tensors.extend(of_optimizer(&optimizer.state(model)));
    let plateau = memory.plateau.map_or([f64::NAN, -1.0, 0.0], |p| {
        [p.best, p.bad_epochs as f64, p.cooldown as f64]
    });
    let numbers = [memory.sum, memory.rows, memory.first, memory.best.value];
    tensors.push(numeric(
        "numbers",
        numbers.into_iter().chain(plateau).collect(),
    ));
    let counts = [
        memory.epoch,
        memory.batch,
        memory.steps,
        memory.best.epoch,
        u64::from(memory.ended),
    ];
    tensors.push(Tensor {
        kind: Kind::I64,
        ..numeric("counts", counts.iter().map(|x| *x as f64).collect())
    });
    let rows = memory.history.epochs.iter().flat_map(|row| {
        let own = [
            row.epoch as f64,
            row.steps as f64,
            row.learning_rate,
            row.loss,
        ];
        // What is missing is told apart from what is NaN by a column of its own.
        let validation = row.validation_loss.map_or([0.0, 0.0], |loss| [1.0, loss]);
        own.into_iter().chain(validation).chain(row.metrics.clone())
    });
    tensors.push(numeric("history", rows.collect()));
    let notes = [("format", FORMAT), ("fingerprint", fingerprint)];
    let bytes = state::to_safetensors(&tensors, &notes)?;
    datasets::write_file(path, &bytes).map_err(|source| TrainError::File {
        path: path.to_owned(),
        source,
    })
}

fn numeric(name: &str, values: Vec<f64>) -> Tensor {
    Tensor {
        name: name.to_owned(),
        sizes: vec![values.len()],
        values,
        kind: Kind::F64,
    }
}

fn of_optimizer<T: Scalar>(state: &OptimizerState<T>) -> Vec<Tensor> {
    let rates = state.learning_rates.iter().chain(&state.base_rates);
    let mut tensors = vec![
        numeric("optimizer", vec![state.steps as f64]),
        numeric("rates", rates.copied().collect()),
    ];
    for parameter in &state.parameters {
        let name = &parameter.name;
        let numbers = parameter.numbers.iter().map(|(_, x)| *x);
        let all = std::iter::once(parameter.steps as f64).chain(numbers);
        tensors.push(numeric(&format!("moved/{name}"), all.collect()));
        for (k, (_, values)) in parameter.arrays.iter().enumerate() {
            let values = values.iter().map(|x| x.to_f64()).collect();
            tensors.push(Tensor {
                kind: Kind::of::<T>(),
                ..numeric(&format!("array {k}/{name}"), values)
            });
        }
    }
    tensors
}

/// What a checkpoint holds; `None` if there is no file. Model and optimiser are then those of the checkpoint, or as they were if there
/// is an error.
pub(super) fn read<T: Scalar, R: Rule<T>>(
    path: &Path,
    (fingerprint, metrics): (&str, &[String]),
    model: &mut dyn Module<T>,
    optimizer: &mut Optimizer<T, R>,
) -> Result<Option<Memory>, TrainError> {
    let refused = |reason: String| TrainError::Checkpoint {
        path: path.to_owned(),
        reason,
    };
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err(refused("it is no regular file".to_owned()));
    }
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(TrainError::File {
                path: path.to_owned(),
                source,
            });
        }
    };
    let notes = state::notes(&bytes).map_err(|e| refused(e.to_string()))?;
    match notes.get("format").map(String::as_str) {
        Some(FORMAT) => {}
        Some(other) => {
            return Err(refused(format!(
                "its format is {other}, this program reads {FORMAT}"
            )));
        }
        None => {
            return Err(refused(
                "it is a safetensors file, but no checkpoint of a training".to_owned(),
            ));
        }
    }
    if notes.get("fingerprint").map(String::as_str) != Some(fingerprint) {
        return Err(refused(
            "it is of a training with other data, another model, or another rule, batch size or seed".to_owned(),
        ));
    }
    let tensors = state::from_safetensors(&bytes).map_err(|e| refused(e.to_string()))?;
    let file = File::new(tensors);
    let (memory, moved) = file
        .memory(metrics)
        .zip(file.optimizer(optimizer))
        .ok_or_else(|| refused("parts of it are missing or no numbers of steps".to_owned()))?;
    let own = file.under("model");
    for (tensors, needed) in [(&own, true), (&memory.best.state, false)] {
        let finite = |tensor: &Tensor| tensor.values.iter().all(|x| x.is_finite());
        if let Some(bad) = tensors.iter().find(|tensor| !finite(tensor)) {
            return Err(refused(format!("`{}` is infinite or NaN in it", bad.name)));
        }
        // The best of all may not be kept.
        if needed || !tensors.is_empty() {
            state::fitting(model, tensors).map_err(|e| refused(e.to_string()))?;
        }
    }
    optimizer
        .restore(model, &moved)
        .map_err(|e| refused(e.to_string()))?;
    state::load_state_dict(model, &own).map_err(|e| refused(e.to_string()))?;
    Ok(Some(memory))
}

/// A number of steps or epochs.
fn count(x: f64) -> Option<u64> {
    /// More than any training makes, and exact.
    const MOST: f64 = 1e15;
    (x.fract() == 0.0 && (0.0..MOST).contains(&x)).then_some(x as u64)
}

/// The tensors of a checkpoint by their names.
struct File(HashMap<String, Tensor>);

impl File {
    fn new(tensors: Vec<Tensor>) -> Self {
        Self(tensors.into_iter().map(|t| (t.name.clone(), t)).collect())
    }

    fn values(&self, name: &str) -> Option<&[f64]> {
        Some(&self.0.get(name)?.values)
    }

    /// Those whose names begin with a part, without it.
    fn under(&self, part: &str) -> Vec<Tensor> {
        let tensors = self.0.values().filter_map(|tensor| {
            let name = tensor.name.strip_prefix(part)?.strip_prefix('/')?;
            Some(Tensor {
                name: name.to_owned(),
                ..tensor.clone()
            })
        });
        let mut tensors: Vec<Tensor> = tensors.collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        tensors
    }

    fn memory(&self, metrics: &[String]) -> Option<Memory> {
        let &[sum, rows, first, best, plateau, bad, cooldown] = self.values("numbers")? else {
            return None;
        };
        let counts: Option<Vec<u64>> = self.values("counts")?.iter().map(|x| count(*x)).collect();
        let [epoch, batch, steps, best_epoch, ended] = counts?[..] else {
            return None;
        };
        let history = self.values("history")?;
        let width = 6 + metrics.len();
        let sound = history.len() as u64 == epoch.checked_mul(width as u64)? && best_epoch <= epoch;
        if !sound {
            return None;
        }
        let history = history.chunks(width);
        let rows_of_history = history.map(|row| {
            Some(Epoch {
                epoch: count(row[0])?,
                steps: count(row[1])?,
                learning_rate: row[2],
                loss: row[3],
                validation_loss: (row[4] == 1.0).then_some(row[5]),
                metrics: row[6..].to_vec(),
            })
        });
        Some(Memory {
            epoch,
            batch,
            steps,
            sum,
            rows,
            first,
            best: Best {
                value: best,
                epoch: best_epoch,
                state: self.under("best"),
            },
            plateau: (bad >= 0.0).then_some(PlateauState {
                best: plateau,
                bad_epochs: count(bad).unwrap_or_default(),
                cooldown: count(cooldown).unwrap_or_default(),
            }),
            history: History {
                epochs: rows_of_history.collect::<Option<_>>()?,
                metrics: metrics.to_vec(),
            },
            ended: ended == 1,
        })
    }

    /// The state of an optimiser with these rules.
    fn optimizer<T: Scalar, R: Rule<T>>(
        &self,
        like: &Optimizer<T, R>,
    ) -> Option<OptimizerState<T>> {
        let rates = self.values("rates")?;
        let (learning_rates, base_rates) = rates.split_at(rates.len() / 2);
        let mut parameters = Vec::new();
        for moved in self.under("moved") {
            let rule = like.rules().nth(like.group_of(&moved.name))?;
            let mut arrays = Vec::new();
            while let Some(values) = self.values(&format!("array {}/{}", arrays.len(), moved.name))
            {
                let values = values.iter().map(|x| T::from_f64(*x)).collect();
                arrays.push((place(rule.arrays(), arrays.len()), values));
            }
            let (steps, numbers) = moved.values.split_first()?;
            let numbers = numbers.iter().enumerate();
            parameters.push(ParameterState {
                steps: count(*steps)?,
                arrays,
                numbers: numbers
                    .map(|(k, x)| (place(rule.numbers(), k), *x))
                    .collect(),
                name: moved.name,
            });
        }
        Some(OptimizerState {
            steps: count(*self.values("optimizer")?.first()?)?,
            learning_rates: learning_rates.to_vec(),
            base_rates: base_rates.to_vec(),
            parameters,
        })
    }
}
