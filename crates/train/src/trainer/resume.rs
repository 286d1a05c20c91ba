//! Checkpoints of a training: whose they are, what is read of them, and when they are written.

use linalg::Scalar;
use models::Module;

use super::checkpoint::{self, Memory};
use super::data::{Data, Hash};
use super::run::finite;
use super::{TrainError, Trainer};
use crate::{Optimizer, Rule};

impl<T: Scalar> Trainer<'_, T> {
    /// A number that another training hardly has; empty if nobody asks.
    pub(super) fn fingerprint<M: Module<T>, R: Rule<T>>(
        &self,
        data: Data<'_, T>,
        validation: Option<Data<'_, T>>,
        model: &M,
        optimizer: &Optimizer<T, R>,
    ) -> String {
        if self.checkpoint.is_none() {
            return String::new();
        }
        let mut hash = Hash::new();
        data.mix_into(&mut hash);
        hash.add(u64::from(validation.is_some()));
        if let Some(validation) = validation {
            validation.mix_into(&mut hash);
        }
        hash.add(self.batch_size.map_or(0, |size| size as u64));
        hash.add(u64::from(self.drop_last));
        hash.add(size_of::<T>() as u64);
        hash.add(self.seed.map_or(0, |seed| seed ^ 1));
        hash.add(u64::from(self.seed.is_some()));
        model.visit("", &mut |name, parameter| {
            hash.add_text(name);
            parameter
                .sizes()
                .iter()
                .for_each(|size| hash.add(*size as u64));
        });
        optimizer
            .rules()
            .for_each(|rule| hash.add_text(rule.name()));
        self.metrics
            .iter()
            .for_each(|(name, _)| hash.add_text(name));
        hash.hex()
    }

    /// What a checkpoint remembers, or a beginning; and the learning rate that was given, if the checkpoint goes on with another.
    pub(super) fn resumed<M: Module<T>, R: Rule<T>>(
        &self,
        fingerprint: &str,
        model: &mut M,
        optimizer: &mut Optimizer<T, R>,
    ) -> Result<(Memory, Option<f64>), TrainError> {
        let metrics: Vec<String> = self.metrics.iter().map(|(name, _)| name.clone()).collect();
        if let Some((path, _)) = &self.checkpoint {
            let given = optimizer.base_rates();
            let own = (fingerprint, metrics.as_slice());
            if let Some(mut memory) = checkpoint::read(path, own, model, optimizer)? {
                let best = &memory.best;
                let keeps = self.stopping.as_ref().is_some_and(|s| s.restore_best);
                if keeps && best.epoch > 0 && best.state.is_empty() {
                    return Err(TrainError::Checkpoint {
                        path: path.clone(),
                        reason: "it kept no best parameters to go back to".to_owned(),
                    });
                }
                // The patience is that of now.
                memory.ended = self
                    .stopping
                    .as_ref()
                    .is_some_and(|s| s.is_over(memory.epoch, &memory.best));
                let changed = optimizer.base_rates() != given;
                return Ok((memory, given.first().copied().filter(|_| changed)));
            }
        }
        let mut memory = Memory::default();
        memory.history.metrics = metrics;
        Ok((memory, None))
    }

    /// Writes a checkpoint, if there is to be one.
    pub(super) fn write<M: Module<T>, R: Rule<T>>(
        &self,
        fingerprint: &str,
        model: &M,
        optimizer: &Optimizer<T, R>,
        memory: &Memory,
    ) -> Result<(), TrainError> {
        let Some((path, _)) = &self.checkpoint else {
            return Ok(());
        };
        // A file that cannot be used is worse than an older one.
        finite(model, memory)?;
        checkpoint::write(path, fingerprint, model, optimizer, memory)
    }
}
