//! Usual faults of a training, found where they can be named.

use std::collections::HashSet;
use std::fmt;

use autodiff::{GraphNode, Origin, Tape, Var};
use linalg::Scalar;
use models::Module;

use super::TrainError;
use super::data::Batch;

/// A column whose numbers are so much larger than 1, or than those of others, makes steps of one size impossible.
const LARGE: f64 = 50.0;
/// The slope of a sigmoid below which nothing is learned through it.
const FLAT: f64 = 1e-3;

/// Something that keeps a training from going well. Columns and layers are counted from 1; epoch 0 is before the first step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A column of the explanatory variables has far larger numbers than the others, or than 1.
    Unscaled {
        /// The column.
        column: usize,
        /// The root of its mean square.
        size: f64,
        /// The same of the column in the middle.
        typical: f64,
    },
    /// The learning rate is above what gradient descent can bear at this curvature: 2/L without momentum.
    LearningRate {
        /// The rate.
        rate: f64,
        /// The largest rate of stable steps.
        limit: f64,
        /// The largest eigenvalue of the Hessian of the cost of a batch, where the training begins.
        curvature: f64,
    },
    /// Units of a rectifier that are 0 for all rows: no gradient reaches them.
    DeadUnits {
        /// Which rectifier.
        layer: usize,
        /// How many of its units.
        dead: usize,
        /// All its units.
        units: usize,
        /// When.
        epoch: u64,
    },
    /// A sigmoid that is 0 or 1 for nearly all entries: its slope is 0.
    Saturated {
        /// Which sigmoid.
        layer: usize,
        /// The share of flat entries.
        share: f64,
        /// When.
        epoch: u64,
    },
    /// The squared error of a sigmoid: not convex, and flat where it is most wrong.
    SquaredErrorOfSigmoid,
    /// A training was resumed with another learning rate than the one that was given.
    Resumed {
        /// The rate that was given.
        given: f64,
        /// That of the checkpoint, with which it goes on.
        rate: f64,
    },
    /// The loss grows.
    Diverging {
        /// The epoch.
        epoch: u64,
        /// The cost of the first batch.
        first: f64,
        /// The loss of the epoch.
        loss: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unscaled {
                column,
                size,
                typical,
            } => write!(
                f,
                "column {column} of the data has numbers of about {size:.3}, a typical column of about {typical:.3}: standardise the columns, or steps fit none of them"
            ),
            Self::LearningRate {
                rate,
                limit,
                curvature,
            } => write!(
                f,
                "the learning rate {rate} is above {limit:.3e}, the largest with which steps are stable at the curvature {curvature:.3e} of the cost where it begins: lower it, or scale the data"
            ),
            Self::DeadUnits {
                layer,
                dead,
                units,
                epoch,
            } => write!(
                f,
                "{dead} of {units} units of rectifier {layer} are 0 for every row looked at after epoch {epoch}, so no gradient reaches them: lower the learning rate, initialise anew, or use a leaky rectifier"
            ),
            Self::Saturated {
                layer,
                share,
                epoch,
            } => write!(
                f,
                "{:.0} % of the entries of sigmoid {layer} are 0 or 1 after epoch {epoch}, where it is flat: scale its inputs, start with smaller weights, or compute the loss from logits",
                100.0 * share
            ),
            Self::Resumed { given, rate } => write!(
                f,
                "the training goes on with the learning rate {rate} of its checkpoint, not with {given}: remove the checkpoint to start anew with that"
            ),
            Self::SquaredErrorOfSigmoid => write!(
                f,
                "the cost is the squared error of a sigmoid, which is not convex and flat where it is most wrong: use the cross-entropy (binary_cross_entropy, or with logits without the sigmoid)"
            ),
            Self::Diverging { epoch, first, loss } => write!(
                f,
                "the loss of epoch {epoch} is {loss:.4}, the first was {first:.4}: it grows; lower the learning rate, clip gradients, or scale the data"
            ),
        }
    }
}

/// What the doctor has said, so that nothing is said twice.
#[derive(Debug, Default)]
pub(super) struct Doctor {
    pub(super) warnings: Vec<Warning>,
    said: HashSet<(u8, usize)>,
}

impl Doctor {
    /// A cause with the warnings that came before it.
    pub(super) fn with_warnings(&self, cause: String) -> String {
        let warnings = self.warnings.iter().map(ToString::to_string);
        let all: Vec<String> = [cause].into_iter().chain(warnings).collect();
        all.join("; before that: ")
    }

    /// An error with the warnings that came before it.
    pub(super) fn explain(&self, error: TrainError) -> TrainError {
        match error {
            TrainError::Parameter {
                parameter,
                epoch,
                step,
                cause,
            } => TrainError::Parameter {
                parameter,
                epoch,
                step,
                cause: self.with_warnings(cause),
            },
            other => other,
        }
    }

    /// Notes what is new; the sentence is returned to be shown.
    pub(super) fn say(&mut self, warning: Warning) -> Option<String> {
        let key = match warning {
            Warning::Unscaled { .. } => (0, 0),
            Warning::LearningRate { .. } => (1, 0),
            Warning::DeadUnits { layer, .. } => (2, layer),
            Warning::Saturated { layer, .. } => (3, layer),
            Warning::SquaredErrorOfSigmoid => (4, 0),
            Warning::Diverging { .. } => (5, 0),
            Warning::Resumed { .. } => (6, 0),
        };
        self.said.insert(key).then(|| {
            let text = format!("warning: {warning}");
            self.warnings.push(warning);
            text
        })
    }
}

/// Looks at the activations of some batches: dead rectifiers, flat sigmoids, squared errors of sigmoids, columns out of scale.
pub(super) fn examine<T, M, C>(
    (model, sample, epoch): (&mut M, &[Batch<'_, T>], u64),
    cost: &C,
) -> Vec<Warning>
where
    T: Scalar,
    M: Module<T>,
    C: for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
{
    let mut found = Vec::new();
    let (mut units, mut entries) = (Vec::new(), Vec::new());
    let mut rows = 0;
    for (k, batch) in sample.iter().enumerate() {
        let batch = batch.data();
        rows += batch.rows();
        // As the loop has it, also what normalises by the batch.
        model.set_training(batch.rows() > 1);
        let tape = Tape::new();
        let (x, y) = (tape.constant(batch.x), tape.constant(batch.y));
        let prediction = model.forward(x);
        let end = tape.len();
        cost(prediction, y);
        let graph = tape.graph(&[]);
        if k == 0 && epoch == 0 {
            if multiplied(&graph, 0) {
                found.extend(unscaled(sample));
            }
            if squared_error_of_sigmoid(&graph) {
                found.push(Warning::SquaredErrorOfSigmoid);
            }
        }
        let named = |name: &'static str| {
            let own = graph[..end].iter().enumerate();
            own.filter(move |(_, node)| node.origin == Origin::Operation(name))
                .map(|(at, _)| at)
        };
        for (layer, at) in named("relu").enumerate() {
            let Some(value) = tape.computed(at) else {
                continue;
            };
            if units.len() == layer {
                units.push(vec![true; value.ncols()]);
            }
            // A layer whose width depends on the batch is no layer of units.
            for (dead, column) in units[layer].iter_mut().zip(value.col_iter()) {
                *dead &= column.iter().all(|x| *x == T::ZERO);
            }
        }
        for (layer, at) in named("sigmoid").enumerate() {
            let Some(value) = tape.computed(at) else {
                continue;
            };
            if entries.len() == layer {
                entries.push((0.0, 0.0, true));
            }
            let output = feeds_loss(&graph, at) && value.shape() == batch.y.shape();
            let flat = |(i, j): (usize, usize)| {
                let p = value[(i, j)].to_f64();
                // A probability that is right may be 0 or 1.
                p * (1.0 - p) < FLAT && !(output && (p - batch.y[(i, j)].to_f64()).abs() <= 0.5)
            };
            let places = (0..value.ncols()).flat_map(|j| (0..value.nrows()).map(move |i| (i, j)));
            let (all, bad, of_output): &mut (f64, f64, bool) = &mut entries[layer];
            *all += (value.nrows() * value.ncols()) as f64;
            *bad += places.filter(|place| flat(*place)).count() as f64;
            *of_output = output;
        }
    }
    for (layer, of_layer) in (1..).zip(units).filter(|_| rows >= 16) {
        let dead = of_layer.iter().filter(|dead| **dead).count();
        if dead > 0 && 2 * dead >= of_layer.len() {
            found.push(Warning::DeadUnits {
                layer,
                dead,
                units: of_layer.len(),
                epoch,
            });
        }
    }
    for (layer, (all, bad, output)) in (1..).zip(entries) {
        let share = bad / all;
        if share > if output { 0.25 } else { 0.9 } {
            found.push(Warning::Saturated {
                layer,
                share,
                epoch,
            });
        }
    }
    found
}

/// True if a record enters a product: not if it is looked up as numbers of rows are, nor if it is normalised first.
fn multiplied(graph: &[GraphNode], at: usize) -> bool {
    graph.iter().enumerate().any(|(k, node)| {
        let Origin::Operation(name) = node.origin else {
            return false;
        };
        node.operands.contains(&at)
            && match name {
                "reshape" | "transpose" | "slice" | "concatenate rows" | "concatenate columns" => {
                    multiplied(graph, k)
                }
                name => name.starts_with("matmul") || name == "convolution",
            }
    })
}

/// True if no product with a parameter comes after a record.
fn feeds_loss(graph: &[GraphNode], at: usize) -> bool {
    let mut after = HashSet::from([at]);
    for (k, record) in graph.iter().enumerate().skip(at + 1) {
        if record.operands.iter().any(|i| after.contains(i)) {
            let parameter = |i: &usize| matches!(graph[*i].origin, Origin::Variable);
            if record.operands.iter().any(parameter) {
                return false;
            }
            after.insert(k);
        }
    }
    true
}

fn squared_error_of_sigmoid(graph: &[GraphNode]) -> bool {
    let named = |at: usize, name: &'static str| graph[at].origin == Origin::Operation(name);
    let of_sigmoid = |at: usize| graph[at].operands.iter().any(|&i| named(i, "sigmoid"));
    let difference = |at: usize| named(at, "sub") && of_sigmoid(at);
    (0..graph.len()).any(|at| {
        let Origin::Operation(name) = graph[at].origin else {
            return false;
        };
        let operands = &graph[at].operands;
        match name {
            "squared_error" => of_sigmoid(at),
            "square" | "power" => difference(operands[0]),
            "mul" => {
                let [a, b] = [operands[0], operands[1]];
                difference(a) && difference(b) && graph[a].operands == graph[b].operands
            }
            _ => false,
        }
    })
}

fn unscaled<T: Scalar>(sample: &[Batch<'_, T>]) -> Option<Warning> {
    let parts: Vec<_> = sample.iter().map(|batch| batch.data().x).collect();
    let all = |j: usize| {
        parts
            .iter()
            .flat_map(move |x| x.col(j).iter().map(|x| x.to_f64()))
    };
    let columns = parts.first()?.ncols();
    // Columns of 0 and 1 need no scaling, and say nothing of others.
    let coded = |j: usize| all(j).all(|x| x == 0.0 || x == 1.0);
    let size = |j: usize| {
        let squares: f64 = all(j).map(|x| x * x).sum();
        (squares / all(j).count() as f64).sqrt()
    };
    let sizes: Vec<f64> = (0..columns)
        .map(|j| if coded(j) { 0.0 } else { size(j) })
        .collect();
    let mut sorted: Vec<f64> = sizes.iter().copied().filter(|size| *size > 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let (&largest, &typical) = (sorted.last()?, sorted.get((sorted.len() - 1) / 2)?);
    let bad = largest > LARGE || largest > LARGE * typical;
    let column = sizes.iter().position(|size| *size == largest)? + 1;
    bad.then_some(Warning::Unscaled {
        column,
        size: largest,
        typical,
    })
}

/// Why the cost on this tape is not a number: parameters that are none, or the first operation that makes one.
pub(super) fn cause<T: Scalar>(tape: &Tape<T>, model: &dyn Module<T>, grew: bool) -> String {
    if let Some(parameter) = not_finite(model) {
        return format!(
            "the step before made `{parameter}` infinite or NaN; {}",
            advice(grew)
        );
    }
    let bad = |at: usize| {
        let value = tape.computed(at);
        value.is_some_and(|m| {
            m.col_iter()
                .any(|c| c.iter().any(|x| !x.to_f64().is_finite()))
        })
    };
    let graph = tape.graph(&[]);
    let first = (0..graph.len()).find(|at| bad(*at));
    match first.map(|at| graph[at].origin) {
        Some(Origin::Operation(name)) => {
            format!(
                "the operation `{name}` is the first whose result is infinite or NaN; {}",
                advice(grew)
            )
        }
        _ => advice(grew).to_owned(),
    }
}

pub(super) fn advice(grew: bool) -> &'static str {
    if grew {
        "the loss had grown before: lower the learning rate, clip gradients, or scale the data"
    } else {
        "take the loss from logits, keep arguments of logarithms and roots positive, or lower the learning rate"
    }
}

/// The first parameter that is infinite or NaN.
pub(super) fn not_finite<T: Scalar>(model: &dyn Module<T>) -> Option<String> {
    let mut found = None;
    model.visit("", &mut |name, parameter| {
        let whole = || parameter.as_slice().iter().all(|x| x.to_f64().is_finite());
        if found.is_none() && !whole() {
            found = Some(name.to_owned());
        }
    });
    found
}
