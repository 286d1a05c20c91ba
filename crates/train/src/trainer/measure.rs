//! What is measured after an epoch.

use autodiff::{Tape, Var};
use datasets::random::ChaCha;
use datasets::{Batches, permutation};
use linalg::{Mat, Scalar};
use models::Module;

use super::checkpoint::Memory;
use super::data::{Batch, Data};
use super::{Epoch, Trainer};

/// Rows on which activations are looked at, where batches are smaller.
const LOOKED_AT: usize = 128;

impl<T: Scalar> Trainer<'_, T> {
    /// Batches as an epoch has them, from all over it: one at least, and more if they are small. None without a doctor.
    pub(super) fn sample<'d>(
        &self,
        data: Data<'d, T>,
        size: usize,
        epoch: u64,
    ) -> Vec<Batch<'d, T>> {
        if !self.doctor {
            return Vec::new();
        }
        let n = data.rows();
        let order = self
            .seed
            .map(|seed| permutation(n, &mut ChaCha::stream(seed, epoch)));
        let whole = (n / size).max(1);
        let wanted = LOOKED_AT.div_ceil(size).min(whole);
        let batch = |k: usize| {
            let from = k * whole / wanted * size;
            let rows = size.min(n - from);
            match &order {
                Some(order) => Batch::copy(data, &order[from..from + rows]),
                None => Batch::part(data, from, rows),
            }
        };
        (0..wanted).map(batch).collect()
    }

    /// What is measured after an epoch, in evaluation mode.
    pub(super) fn measure<M, C>(
        &self,
        tape: &mut Tape<T>,
        (model, data, held_back): (&mut M, Data<'_, T>, bool),
        (memory, learning_rate): (&Memory, f64),
        cost: &C,
    ) -> Epoch
    where
        M: Module<T>,
        C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    {
        model.set_training(false);
        let (mut loss, mut metrics) = (None, Vec::new());
        if held_back || !self.metrics.is_empty() {
            let size = self.batch_size.unwrap_or(data.rows()).min(data.rows());
            let (mut sum, mut predictions) = (0.0, Mat::zeros(0, 0));
            let (mut x, mut y) = (Batches::new(data.x, size), Batches::new(data.y, size));
            let mut at = 0;
            while let (Some(x), Some(y)) = (x.next_batch(), y.next_batch()) {
                tape.clear();
                let prediction = model.forward(tape.constant(x));
                if held_back {
                    let value = cost(prediction, tape.constant(y)).item();
                    sum += value.to_f64() * x.nrows() as f64;
                }
                if !self.metrics.is_empty() {
                    let part = prediction.to_mat();
                    if at == 0 {
                        predictions = Mat::zeros(data.rows(), part.ncols());
                    }
                    predictions
                        .as_mut()
                        .subrows_mut(at, part.nrows())
                        .copy_from(&part);
                }
                at += x.nrows();
            }
            loss = held_back.then_some(sum / data.rows() as f64);
            let measured = self
                .metrics
                .iter()
                .map(|(_, metric)| metric(predictions.as_ref(), data.y));
            metrics = measured.collect();
        }
        Epoch {
            epoch: memory.epoch + 1,
            steps: memory.steps,
            learning_rate,
            loss: memory.sum / memory.rows,
            validation_loss: loss,
            metrics,
        }
    }
}
