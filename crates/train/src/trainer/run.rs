//! The loop itself.

use std::ops::ControlFlow;

use autodiff::{Tape, Var};
use datasets::random::ChaCha;
use datasets::{Batches, permutation};
use linalg::{Mat, MatRef, Scalar, View};
use models::{Module, state};

use super::checkpoint::Memory;
use super::curvature;
use super::data::{Data, row_after_row};
use super::doctor::{self, Doctor};
use super::progress::Bar;
use super::stopping::monitored;
use super::{Clip, Epoch, Every, StepReport, Stopped, TrainError, Trained, Trainer, Warning};
use crate::{Optimizer, Rule, clip_norm, clip_value};

/// Products with the Hessian cost a few steps each; they are spent where they are few beside the training, or cheap.
const FEW: u64 = 1200;
const CHEAP: usize = 1_000_000;

impl<T: Scalar> Trainer<'_, T> {
    /// Trains `model` on the rows of `x` and `y`; `cost` makes a number of prediction and target. Write it as a closure in the call: bound
    /// to a name first, it would be tied to one tape. The model is left in evaluation mode.
    ///
    /// # Errors
    /// [`TrainError`] if data, settings or a checkpoint cannot be used, or if the cost or a parameter becomes infinite or NaN.
    ///
    /// # Panics
    /// If the module or the cost does not take the shapes of the data, or the cost is not 1 x 1.
    pub fn fit<'d, M, R, C>(
        mut self,
        model: &mut M,
        optimizer: &mut Optimizer<T, R>,
        (x, y): (impl View<'d, T>, impl View<'d, T>),
        cost: C,
    ) -> Result<Trained, TrainError>
    where
        M: Module<T>,
        R: Rule<T>,
        C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    {
        let data = Data::new("the training data", (x.view(), y.view()))?;
        let validation = match self.validation {
            Some(pair) => {
                let validation = Data::new("the validation data", pair)?;
                validation.expect_columns(data)?;
                Some(validation)
            }
            None => None,
        };
        self.check()?;
        if self.checkpoint.is_some() || self.stopping.is_some() {
            state::names(&*model)?;
        }
        let n = data.rows();
        let size = self.batch_size.unwrap_or(n).min(n);
        let batches = match self.drop_last && self.batch_size.is_some_and(|size| size > n) {
            true => 0,
            false if self.drop_last => n / size,
            false => n.div_ceil(size),
        };
        if batches == 0 {
            return Err(TrainError::NoBatch {
                data: "the training data",
                rows: n,
            });
        }
        let last = if self.drop_last {
            size
        } else {
            n - (batches - 1) * size
        };
        if last < model.smallest_batch() {
            let needed = model.smallest_batch();
            return Err(TrainError::SmallBatch {
                rows: n,
                size,
                last,
                needed,
            });
        }
        let fingerprint = self.fingerprint(data, validation, model, optimizer);
        let (mut memory, changed) = self.resumed(&fingerprint, model, optimizer)?;
        let all = self.epochs.saturating_mul(batches as u64);
        let mut bar = Bar::new(self.progress, all, memory.steps);
        let mut doctor = Doctor::default();
        if let Some(given) = changed {
            tell(
                &mut doctor,
                &bar,
                vec![Warning::Resumed {
                    given,
                    rate: rate(optimizer),
                }],
            );
        }
        let going_on = memory.epoch < self.epochs && !memory.ended;
        if going_on {
            // A path that cannot be written is found before the work, not after it.
            self.write(&fingerprint, model, optimizer, &memory)?;
            if memory.batch < batches as u64 {
                self.set_rate(optimizer, &memory)?;
            }
        }
        // What is looked at are batches as the loop has them.
        let sample = self.sample(data, size, memory.epoch);
        if self.doctor && going_on {
            let kept = buffers(model);
            let mut found = doctor::examine((&mut *model, &sample, memory.epoch), &cost);
            if all >= FEW || size.saturating_mul(model.parameter_count()) <= CHEAP {
                found.extend(curvature::learning_rate(
                    (&mut *model, sample[0].data()),
                    optimizer,
                    &cost,
                ));
            }
            put_back(model, kept);
            tell(&mut doctor, &bar, found);
        }
        // Rows in another order are read one by one.
        let [x_rows, y_rows] = [data.x, data.y].map(|m| self.seed.and_then(|_| row_after_row(m)));
        let (x, y) = (rows(x_rows.as_ref(), data.x), rows(y_rows.as_ref(), data.y));
        let mut tape = Tape::new();
        let mut stopped = Stopped::Epochs;
        while memory.epoch < self.epochs && !memory.ended {
            model.set_training(true);
            let order = self
                .seed
                .map(|seed| permutation(n, &mut ChaCha::stream(seed, memory.epoch)));
            let batched = |m| match &order {
                Some(order) => Batches::in_order(m, size, order),
                None => Batches::new(m, size),
            };
            let (mut x, mut y) = (batched(x), batched(y));
            x.seek(memory.batch as usize);
            y.seek(memory.batch as usize);
            let mut interrupted = false;
            while memory.batch < batches as u64 && !interrupted {
                let (Some(x), Some(y)) = (x.next_batch(), y.next_batch()) else {
                    break;
                };
                tape.clear();
                let value = cost(model.forward(tape.constant(x)), tape.constant(y));
                let loss = value.item().to_f64();
                if !loss.is_finite() {
                    return Err(TrainError::Cost {
                        epoch: memory.epoch + 1,
                        step: memory.steps + 1,
                        cost: loss,
                        cause: doctor.with_warnings(doctor::cause(&tape, &*model, grew(&memory))),
                    });
                }
                if memory.steps == 0 {
                    memory.first = loss;
                }
                self.set_rate(optimizer, &memory)?;
                let mut gradients = value.backward();
                match self.clip {
                    Some(Clip::Norm(norm)) => {
                        clip_norm(&mut gradients, norm);
                    }
                    Some(Clip::Value(value)) => clip_value(&mut gradients, value),
                    None => {}
                }
                optimizer.step(model, &gradients);
                memory.batch += 1;
                memory.steps += 1;
                memory.sum += loss * x.nrows() as f64;
                memory.rows += x.nrows() as f64;
                bar.step(memory.epoch + 1, loss);
                let step = StepReport {
                    epoch: memory.epoch + 1,
                    step: memory.steps,
                    loss,
                    learning_rate: rate(optimizer),
                };
                interrupted = called(&mut self.on_step, |callback| callback(&step));
                let due = self.checkpoint.as_ref().and_then(|(_, every)| *every);
                let due = due.is_some_and(|every| memory.steps.is_multiple_of(every));
                // The end of an epoch has a checkpoint of its own.
                if (due && memory.batch < batches as u64) || interrupted {
                    self.write(&fingerprint, model, optimizer, &memory)?;
                }
            }
            if interrupted {
                stopped = Stopped::Callback;
                break;
            }
            let epoch = self.measure(
                &mut tape,
                (model, validation.unwrap_or(data), validation.is_some()),
                (&memory, rate(optimizer)),
                &cost,
            );
            memory.epoch += 1;
            (memory.batch, memory.sum, memory.rows) = (0, 0.0, 0.0);
            if self.doctor && grows(memory.first, &epoch) {
                let mut found = vec![Warning::Diverging {
                    epoch: memory.epoch,
                    first: memory.first,
                    loss: epoch.loss,
                }];
                let kept = buffers(model);
                found.extend(curvature::learning_rate(
                    (&mut *model, sample[0].data()),
                    optimizer,
                    &cost,
                ));
                put_back(model, kept);
                tell(&mut doctor, &bar, found);
            }
            if let Some(plateau) = &mut self.plateau {
                plateau.state = memory.plateau.or(plateau.state);
                plateau.step(optimizer, monitored(&epoch));
                memory.plateau = plateau.state;
            }
            if let Some(stopping) = &self.stopping {
                if stopping.observe(&mut memory.best, &memory.history, &epoch)
                    && stopping.restore_best
                {
                    memory.best.state = state::whole_state(&*model);
                }
                memory.ended = stopping.is_over(memory.epoch, &memory.best);
            }
            memory.history.epochs.push(epoch.clone());
            self.write(&fingerprint, model, optimizer, &memory)?;
            if called(&mut self.on_epoch, |callback| callback(&epoch, &*model)) {
                stopped = Stopped::Callback;
                break;
            }
        }
        if memory.ended {
            stopped = Stopped::Early;
        }
        finite(model, &memory).map_err(|error| doctor.explain(error))?;
        if !memory.best.state.is_empty() {
            state::load_state_dict(model, &memory.best.state)?;
        }
        if self.doctor {
            let kept = buffers(model);
            let found = doctor::examine((&mut *model, &sample, memory.epoch.max(1)), &cost);
            put_back(model, kept);
            tell(&mut doctor, &bar, found);
        }
        model.set_training(false);
        Ok(Trained {
            best_epoch: (memory.best.epoch > 0).then_some(memory.best.epoch),
            history: memory.history,
            stopped,
            warnings: doctor.warnings,
        })
    }

    /// Settings that contradict each other or the data.
    fn check(&self) -> Result<(), TrainError> {
        let names: Vec<String> = self.metrics.iter().map(|(name, _)| name.clone()).collect();
        if let Some(stopping) = &self.stopping {
            stopping.check(&names)?;
        }
        if self.schedule.is_some() && self.plateau.is_some() {
            return Err(TrainError::Settings(
                "a schedule sets the learning rate that a reduction on plateaus lowers; choose one of them",
            ));
        }
        let number = match self.clip {
            Some(Clip::Norm(x) | Clip::Value(x)) => x,
            None => 0.0,
        };
        let delta = self.stopping.as_ref().map_or(0.0, |s| s.min_delta);
        if !(number >= 0.0 && delta >= 0.0) {
            return Err(TrainError::Settings(
                "gradients are clipped to a number that is not negative, and early stopping has a `min_delta` that is not negative",
            ));
        }
        if names
            .iter()
            .any(|name| name.is_empty() || name.contains('\n'))
        {
            return Err(TrainError::Settings("a metric needs a name of one line"));
        }
        Ok(())
    }

    /// The learning rate of the step that comes next.
    fn set_rate<R: Rule<T>>(
        &self,
        optimizer: &mut Optimizer<T, R>,
        memory: &Memory,
    ) -> Result<(), TrainError> {
        let Some((every, schedule)) = &self.schedule else {
            return Ok(());
        };
        match every {
            Every::Epoch if memory.batch > 0 => return Ok(()),
            Every::Epoch => optimizer.schedule(&**schedule, memory.epoch),
            Every::Step => optimizer.schedule(&**schedule, memory.steps),
        }
        let step = memory.steps + 1;
        match optimizer
            .rules()
            .map(Rule::learning_rate)
            .find(|r| !(r.is_finite() && *r >= 0.0))
        {
            Some(rate) => Err(TrainError::Rate { step, rate }),
            None => Ok(()),
        }
    }
}

/// The rows that stand one after another in memory, if there are such.
fn rows<'m, T: Scalar>(own: Option<&'m Mat<T>>, borrowed: MatRef<'m, T>) -> MatRef<'m, T> {
    own.map_or(borrowed, |own| own.as_ref().transpose())
}

/// The learning rate of the first group.
fn rate<T: Scalar, R: Rule<T>>(optimizer: &Optimizer<T, R>) -> f64 {
    optimizer
        .rules()
        .next()
        .map_or(f64::NAN, Rule::learning_rate)
}

/// All callbacks are called, also after one that ends the training.
fn called<F: ?Sized>(
    callbacks: &mut [Box<F>],
    mut call: impl FnMut(&mut F) -> ControlFlow<()>,
) -> bool {
    let mut ended = false;
    for callback in callbacks {
        ended |= call(callback).is_break();
    }
    ended
}

fn tell(doctor: &mut Doctor, bar: &Bar, found: Vec<Warning>) {
    for warning in found {
        if let Some(text) = doctor.say(warning) {
            bar.say(&text);
        }
    }
}

/// True if the loss is far above where it began.
fn grows(first: f64, epoch: &Epoch) -> bool {
    epoch.loss > first + first.abs().max(1e-3)
}

fn grew(memory: &Memory) -> bool {
    let last = memory
        .history
        .last()
        .map_or(memory.first, |epoch| epoch.loss);
    let now = if memory.rows > 0.0 {
        memory.sum / memory.rows
    } else {
        last
    };
    now.max(last) > memory.first
}

/// Refuses parameters that are no numbers.
pub(super) fn finite<T: Scalar>(model: &dyn Module<T>, memory: &Memory) -> Result<(), TrainError> {
    match doctor::not_finite(model) {
        Some(parameter) => Err(TrainError::Parameter {
            parameter,
            epoch: memory.epoch.max(1),
            step: memory.steps,
            cause: doctor::advice(grew(memory)).to_owned(),
        }),
        None => Ok(()),
    }
}

/// The buffers of a model, which looking at it may change.
fn buffers<T: Scalar>(model: &dyn Module<T>) -> Vec<Vec<f64>> {
    let mut kept = Vec::new();
    model.visit_buffers("", &mut |_, buffer| kept.push(buffer.values()));
    kept
}

fn put_back<T: Scalar>(model: &dyn Module<T>, kept: Vec<Vec<f64>>) {
    let mut kept = kept.into_iter();
    model.visit_buffers("", &mut |_, buffer| {
        if let Some(values) = kept.next() {
            buffer.change(|own| *own = values);
        }
    });
}
