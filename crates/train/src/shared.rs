//! Training of modules on rows in leaves, by sums of gradients.

use std::fmt::Write;

use autodiff::{Gradients, Tape, Var};
use datasets::permutation;
use datasets::random::ChaCha;
use linalg::rows::LEAF;
use linalg::{BinnedSums, Mat, Partition, Scalar, Table, Values};
use models::{Module, Parameter};

use crate::{Optimizer, Rule, TrainError};

/// Trains a module on rows in leaves: of a matrix, of blocks on a disk, of a share of what several processes have.
///
/// A step takes some parts of the rows. Every process computes the gradients of its own parts, all add them up, and each makes the same
/// step with its own copy of the module, so that only sums of gradients travel. Parts are cut by the data alone and sums do not depend
/// on their order: modules that began alike have the same bits after any number of epochs, for any number of processes, and so does one
/// that is trained alone.
///
/// Processes share the work, not the threads of one; a [`Journal`](crate::Journal) does not resume it, [`models::state`] keeps a module.
///
/// The cost has to be a mean over the rows of a part, as costs with `.mean()` are: parts count by their rows.
///
/// ```
/// use linalg::{Table, Values, mat};
/// use models::{Linear, loss};
/// use train::{Optimizer, Sgd, SharedTraining};
/// let (x, y) = (mat![[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]);
/// let mut model = Linear::<f64>::zeros(1, 1);
/// let mut losses = Vec::new();
/// SharedTraining::new(500).run(
///     &mut model,
///     &mut Optimizer::new(Sgd::new(0.2)),
///     (Table::Matrix(x.as_ref()), &Values::from(&y[..])),
///     |p, t| loss::squared_error(p, t).mean(),
///     |report| losses.push(report.loss),
/// )?;
/// assert!((model.weight().as_slice()[0] - 2.0).abs() < 1e-9);
/// // Before the first step every prediction was 0.
/// assert!((losses[0] - 35.0 / 3.0).abs() < 1e-12 && losses[499] < 1e-18);
/// # Ok::<(), train::TrainError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedTraining {
    epochs: u64,
    rows: usize,
    batch: Option<(usize, u64)>,
}

/// An epoch that was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedEpoch {
    /// From 1.
    pub epoch: u64,
    /// Steps so far.
    pub steps: u64,
    /// The mean cost of the rows, each before the step that it had a share in.
    pub loss: f64,
}

impl SharedTraining {
    /// So many epochs of one step each, by the gradient of all rows in parts of 512.
    pub fn new(epochs: u64) -> Self {
        Self {
            epochs,
            rows: linalg::rows::BLOCK,
            batch: None,
        }
    }

    /// Parts of so many rows, whose gradient is computed at once; the last of a leaf may be smaller.
    ///
    /// # Panics
    /// If it is 0, or more than the 8192 rows of a leaf.
    #[track_caller]
    #[must_use]
    pub fn part_rows(mut self, rows: usize) -> Self {
        assert!((1..=LEAF).contains(&rows), "a part has 1 to {LEAF} rows");
        self.rows = rows;
        self
    }

    /// Steps of so many parts, drawn in another order in every epoch, from a seed: the last step of an epoch may have fewer.
    ///
    /// # Panics
    /// If `parts` is 0.
    #[track_caller]
    #[must_use]
    pub fn batches(mut self, parts: usize, seed: u64) -> Self {
        assert!(parts > 0, "a step takes at least one part");
        self.batch = Some((parts, seed));
        self
    }

    /// Trains the module on the rows of a table and a target; `cost` makes a number of the predictions and targets of a part. Write it as a
    /// closure in the call. All processes have to call this with modules and optimisers that are alike; `report` is called in each of
    /// them.
    ///
    /// # Errors
    /// [`TrainError`] if there are no rows, the target has others, the module keeps buffers (statistics of batches, streams of dropout), which
    /// processes would not share, or if the cost becomes infinite or NaN: in all processes alike.
    ///
    /// # Panics
    /// If the module or the cost does not take the shapes of the data, or the cost is not 1 x 1.
    pub fn run<T, M, R, C>(
        &self,
        model: &mut M,
        optimizer: &mut Optimizer<T, R>,
        (x, y): (Table<'_>, &Values<'_>),
        cost: C,
        mut report: impl FnMut(SharedEpoch),
    ) -> Result<(), TrainError>
    where
        T: Scalar,
        M: Module<T> + ?Sized,
        R: Rule<T>,
        C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    {
        let mut parts = Parts::new(x, y, self.rows);
        parts.check(model)?;
        let all = parts.all;
        let size = self.batch.map_or(all, |(parts, _)| parts.min(all));
        let mut steps = 0;
        for epoch in 1..=self.epochs {
            let order = match self.batch {
                Some((_, seed)) => permutation(all, &mut ChaCha::stream(seed, epoch)),
                None => (0..all).collect(),
            };
            let (mut loss, mut rows) = (0.0, 0.0);
            for batch in order.chunks(size) {
                steps += 1;
                let sums = parts.sums(model, batch, &cost);
                let mean = sums.get(0) / sums.get(1);
                if !mean.is_finite() {
                    return Err(TrainError::Cost {
                        epoch,
                        step: steps,
                        cost: mean,
                        cause: "lower the learning rate, or look for numbers of other sizes in the data".to_owned(),
                    });
                }
                loss += sums.get(0);
                rows += sums.get(1);
                if let Some(gradients) = gradients(model, &sums) {
                    optimizer.step(model, &gradients);
                }
            }
            report(SharedEpoch {
                epoch,
                steps,
                loss: loss / rows,
            });
        }
        Ok(())
    }
}

/// The parts of the rows, numbered over all processes.
struct Parts<'p, T: Scalar> {
    x: Table<'p>,
    y: &'p Values<'p>,
    cut: Partition<'p>,
    /// The leaf and the rows of each part of this process.
    own: Vec<(usize, std::ops::Range<usize>)>,
    /// The number of its first part, and how many there are.
    first: usize,
    all: usize,
    /// The leaf that was looked at last.
    last: usize,
    tape: Tape<T>,
    memory: [Mat<T>; 2],
}

impl<'p, T: Scalar> Parts<'p, T> {
    fn new(x: Table<'p>, y: &'p Values<'p>, rows: usize) -> Self {
        let cut = x.partition();
        let parts = |leaf: usize| {
            let all = cut.leaf(leaf);
            let starts = all.clone().step_by(rows);
            starts.map(move |start| (leaf, start..(start + rows).min(all.end)))
        };
        let own: Vec<_> = (0..cut.leaves()).flat_map(parts).collect();
        let numbers = cut.communicator().gather(&(own.len() as u64).to_le_bytes());
        let number = |bytes: &Vec<u8>| {
            let bytes = bytes.as_slice().try_into();
            bytes.map_or(0, u64::from_le_bytes) as usize
        };
        let before = &numbers[..cut.communicator().rank().min(numbers.len())];
        Self {
            x,
            y,
            cut,
            own,
            first: before.iter().map(number).sum(),
            all: numbers.iter().map(number).sum(),
            last: 0,
            tape: Tape::new(),
            memory: [Mat::zeros(rows, x.ncols()), Mat::zeros(rows, 1)],
        }
    }

    /// What can be wrong, in any process.
    fn check(&self, model: &(impl Module<T> + ?Sized)) -> Result<(), TrainError> {
        let processes = self.cut.communicator();
        if self.all == 0 {
            return Err(TrainError::NoBatch {
                data: "the training data",
                rows: 0,
            });
        }
        let (x, y) = (self.x.nrows(), self.y.len());
        if !processes.all(x == y) {
            return Err(if x == y {
                TrainError::Settings("another process has a target of other rows than its table")
            } else {
                TrainError::Rows {
                    data: "the training data",
                    x,
                    y,
                }
            });
        }
        let mut shapes = String::new();
        model.visit("", &mut |name, parameter| {
            let _ = write!(shapes, "{name} {:?} ", parameter.shape());
        });
        let all = processes.gather(shapes.as_bytes());
        if all.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(TrainError::Settings(
                "the modules of the processes are not alike; make the same one in each",
            ));
        }
        let mut buffers = false;
        model.visit_buffers("", &mut |_, _| buffers = true);
        if !processes.all(!buffers) {
            return Err(TrainError::Settings(
                "a module that keeps something from batch to batch (batch normalisation, dropout) cannot be trained by sums of gradients, because processes would keep different things; leave these layers out, or use Trainer in one process",
            ));
        }
        Ok(())
    }

    /// Over the parts of a batch, of all processes: the costs and the gradients times the rows, the rows, and for each parameter how many
    /// parts it had a share in. Cost and rows come first, then each parameter's share and entries.
    fn sums<M, C>(&mut self, model: &M, batch: &[usize], cost: &C) -> BinnedSums
    where
        M: Module<T> + ?Sized,
        C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    {
        let names = model.named_parameters();
        let length = |(_, parameter): &(String, &Parameter<T>)| 1 + parameter.shape().len();
        let mut sums = BinnedSums::new(2 + names.iter().map(length).sum::<usize>());
        let mut terms = Vec::new();
        let mine = self.first..self.first + self.own.len();
        for part in batch.iter().filter(|part| mine.contains(part)) {
            let (leaf, rows) = self.own[part - self.first].clone();
            let (count, m) = (rows.len() as f64, rows.len());
            if let (Table::Leaves { leaves, .. }, true) = (self.x, leaf != self.last) {
                leaves.release(self.last);
                self.last = leaf;
            }
            let block = self.x.block(rows.clone());
            let [x, y] = &mut self.memory;
            for j in 0..block.ncols() {
                (0..m).for_each(|i| x[(i, j)] = T::from_f64(block[(i, j)]));
            }
            rows.enumerate()
                .for_each(|(i, row)| y[(i, 0)] = T::from_f64(self.y[row]));
            self.tape.clear();
            let prediction = model.forward(self.tape.constant(x.as_ref().subrows(0, m)));
            let value = cost(prediction, self.tape.constant(y.as_ref().subrows(0, m)));
            sums.add(0, &[count * value.item().to_f64(), count]);
            let gradients = value.backward();
            let mut at = 2;
            for (_, parameter) in &names {
                if let Some(gradient) = gradients.parameter(parameter.id()) {
                    terms.clear();
                    terms.push(1.0);
                    terms.extend(gradient.as_slice().iter().map(|g| count * g.to_f64()));
                    sums.add(at, &terms);
                }
                at += 1 + parameter.shape().len();
            }
        }
        sums.combine(self.cut.communicator());
        sums
    }
}

/// Sums as the mean gradients of a module; none if no parameter has a share in the cost.
fn gradients<T: Scalar>(
    model: &(impl Module<T> + ?Sized),
    sums: &BinnedSums,
) -> Option<Gradients<T>> {
    let (rows, names) = (sums.get(1), model.named_parameters());
    let mut at = 2;
    let mut means = Vec::with_capacity(names.len());
    for (_, parameter) in &names {
        let shape = parameter.shape();
        let entry = |i: usize, j: usize| T::from_f64(sums.get(at + 1 + i + j * shape.rows) / rows);
        let shares = sums.get(at) > 0.0;
        means.push(shares.then(|| Mat::from_fn(shape.rows, shape.columns, entry)));
        at += 1 + shape.len();
    }
    // A sum whose derivatives are these.
    let tape = Tape::new();
    let mut total = None;
    for ((_, parameter), mean) in names.iter().zip(&means) {
        let Some(mean) = mean else { continue };
        let term = (parameter.on(&tape) * tape.constant(mean.as_ref())).sum();
        total = Some(total.map_or(term, |total| total + term));
    }
    total.map(Var::backward)
}
