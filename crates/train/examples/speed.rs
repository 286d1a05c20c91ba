//! Times what a user would write on data from files, for `benches/peers/run.py`: `speed METHOD KIND FOLDER OUT REPEATS GOAL`.
//!
//! KIND is `logistic`, `softmax`, `sparse`, `lasso-gaussian`, `lasso-binomial`, `l1`, `tutorial`, `network` or `csv`; GOAL is a tolerance or a
//! number of steps, METHOD one of several ways. Prints the seconds of each run; the numbers that the last one found go to OUT as
//! doubles.

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use autodiff::{Program, Shape, Tape, Var};
use datasets::{CsvOptions, Dataset, Frame, SparseDataset};
use linalg::{Mat, View, mat, parallel};
use models::glm::{Distribution, GeneralisedLinearModel, MultinomialRegression, Penalty};
use models::{Linear, LogisticRegression, Module, Parameter, loss, parameters};
use train::{Adam, Fit, FitOptions, Observations, Optimizer, PathOptions, Sgd, path};

type Failure = Box<dyn std::error::Error>;

struct Request {
    method: String,
    folder: PathBuf,
    out: PathBuf,
    repeats: usize,
    goal: f64,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [method, kind, folder, out, repeats, goal] = arguments.as_slice() else {
        return Err("speed METHOD KIND FOLDER OUT REPEATS GOAL".into());
    };
    let request = Request {
        method: method.clone(),
        folder: folder.into(),
        out: out.into(),
        repeats: repeats.parse()?,
        goal: goal.parse()?,
    };
    match kind.as_str() {
        "logistic" => logistic(&request),
        "softmax" => softmax(&request),
        "sparse" => sparse(&request),
        "lasso-gaussian" => lasso(&request, Distribution::Gaussian),
        "lasso-binomial" => lasso(&request, Distribution::Binomial),
        "l1" => l1(&request),
        "tutorial" => tutorial(&request),
        "network" => network(&request),
        "csv" => csv(&request),
        other => Err(format!("there is no {other}").into()),
    }
}

impl Request {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn matrix(&self, name: &str) -> Result<Mat<f64>, Failure> {
        let path = self.file(name).with_extension("npy");
        let reader = BufReader::new(File::open(&path)?);
        Ok(datasets::npy::read(path, reader)?)
    }

    fn single(&self, name: &str) -> Result<Mat<f32>, Failure> {
        let m = self.matrix(name)?;
        Ok(Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)] as f32))
    }

    fn column(&self, name: &str) -> Result<Vec<f64>, Failure> {
        Ok(self.matrix(name)?.col_as_slice(0).to_vec())
    }

    fn dataset(&self) -> Result<Dataset, Failure> {
        let (x, y) = (self.matrix("x")?, self.column("y")?);
        let names: Vec<String> = (0..x.ncols()).map(|j| format!("x{j}")).collect();
        Ok(Dataset::new(x, names, y, "y"))
    }

    /// Times `work`, and stores the numbers that `end` makes of its last result.
    fn measure<R>(
        &self,
        mut work: impl FnMut() -> Result<R, Failure>,
        end: impl Fn(R) -> Vec<f64>,
    ) -> Result<(), Failure> {
        for _ in 0..self.repeats {
            let start = Instant::now();
            let result = black_box(work()?);
            println!("seconds {:e}", start.elapsed().as_secs_f64());
            store(&self.out, &end(result))?;
        }
        Ok(())
    }
}

fn store(path: &Path, numbers: &[f64]) -> std::io::Result<()> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(path, bytes)
}

fn logistic(request: &Request) -> Result<(), Failure> {
    let data = request.dataset()?;
    let model = LogisticRegression::new().l2(1.0 / data.observations() as f64);
    request.measure(
        || Ok(model.fit(&data)?),
        |fit| fit.coefficients().iter().map(|c| c.estimate).collect(),
    )
}

fn softmax(request: &Request) -> Result<(), Failure> {
    let data = request.dataset()?;
    let penalty = Penalty::ridge(1.0 / data.observations() as f64);
    let model = MultinomialRegression::new().penalised(penalty);
    let options = FitOptions::default().tolerance(request.goal);
    request.measure(
        || Ok(model.fit_with(&data, &options)?),
        |fit| {
            let (intercepts, w) = (fit.model().intercepts(), fit.model().coefficients());
            let weights = (0..w.ncols()).flat_map(|k| (0..w.nrows()).map(move |j| w[(j, k)]));
            intercepts.iter().copied().chain(weights).collect()
        },
    )
}

fn sparse(request: &Request) -> Result<(), Failure> {
    let file = request.file("x.svm");
    let reader = BufReader::new(File::open(&file)?);
    let columns = request.matrix("size")?[(0, 1)] as usize;
    let data = SparseDataset::read_svmlight(&file, reader, Some(columns))?;
    let observations = Observations::sparse(&data)?;
    let model = LogisticRegression::new().l2(1.0 / data.rows() as f64);
    let options = FitOptions::default().tolerance(request.goal);
    request.measure(
        || Ok(model.fit_observations(&observations, &options)?),
        |fit| fit.coefficients().iter().map(|c| c.estimate).collect(),
    )
}

fn lasso(request: &Request, distribution: Distribution) -> Result<(), Failure> {
    let data = request.dataset()?;
    let model = GeneralisedLinearModel::new(distribution).penalised(Penalty::lasso(1.0));
    let options = PathOptions {
        strengths: Some(request.column("strengths")?),
        tolerance: request.goal,
        ..PathOptions::default()
    };
    request.measure(
        || Ok(path(&model, &(&data).into(), &options)?),
        |points| points.into_iter().flat_map(|p| p.coefficients).collect(),
    )
}

fn l1(request: &Request) -> Result<(), Failure> {
    let data = request.dataset()?;
    let strength = request.column("strengths")?[0];
    let model = LogisticRegression::new().penalised(Penalty::lasso(strength));
    let options = FitOptions::default().tolerance(request.goal);
    request.measure(
        || Ok(model.fit_with(&data, &options)?),
        |fit| fit.coefficients().iter().map(|c| c.estimate).collect(),
    )
}

fn csv(request: &Request) -> Result<(), Failure> {
    let file = request.file("x.csv");
    request.measure(
        || {
            let frame = CsvOptions::new().read(&file);
            Ok(frame.and_then(Frame::into_matrix)?)
        },
        |x| {
            let sum = |j| x.col_as_slice(j).iter().sum();
            (0..x.ncols()).map(sum).collect()
        },
    )
}

/// The tutorial's cost.
fn cost<'t>(x: Var<'t, f32>, y: Var<'t, f32>, w: Var<'t, f32>, b: Var<'t, f32>) -> Var<'t, f32> {
    let hypothesis = (x.matmul(w) + b).sigmoid();
    -(y * hypothesis.ln() + (1.0 - y) * (1.0 - hypothesis).ln()).mean()
}

fn tutorial(request: &Request) -> Result<(), Failure> {
    let (x, y) = (request.single("x")?, request.single("y")?);
    let updates = request.goal as usize;
    request.measure(
        || match request.method.as_str() {
            "program" => Ok(replayed(&x, &y, updates)),
            _ => Ok(eager(&x, &y, updates)),
        },
        |(w, b)| [w[(0, 0)], w[(1, 0)], b[(0, 0)]].map(f64::from).to_vec(),
    )
}

fn eager(x_train: &Mat<f32>, y_train: &Mat<f32>, updates: usize) -> (Mat<f32>, Mat<f32>) {
    let (mut w0, mut b0) = (mat![[0.0_f32], [0.0]], mat![[0.0_f32]]);
    let sgd = Sgd::new(1.0);
    let mut tape = Tape::new();
    for _ in 0..updates {
        tape.clear();
        let (x, y) = (tape.constant(x_train), tape.constant(y_train));
        let (w, b) = (tape.variable(&w0), tape.variable(&b0));
        let gradients = cost(x, y, w, b).backward();
        let (dw, db) = (&gradients[w], &gradients[b]);
        sgd.apply(w0.col_as_slice_mut(0), dw.as_slice());
        sgd.apply(b0.col_as_slice_mut(0), db.as_slice());
    }
    (w0, b0)
}

/// The same as a recording that is run again and again, as a compiled function elsewhere.
fn replayed(x: &Mat<f32>, y: &Mat<f32>, updates: usize) -> (Mat<f32>, Mat<f32>) {
    let (mut w, mut b) = (mat![[0.0_f32], [0.0]], mat![[0.0_f32]]);
    let sgd = Sgd::new(1.0);
    let mut program = Program::record(&[(2, 1), (1, 1)], &[], |p, _| {
        cost(p.constant(x), p.constant(y), p[0], p[1])
    });
    for _ in 0..updates {
        let (_, gradients) = program.gradient(&[w.view(), b.view()], &[]);
        sgd.apply(w.col_as_slice_mut(0), gradients.of(0));
        sgd.apply(b.col_as_slice_mut(0), gradients.of(1));
    }
    (w, b)
}

#[derive(Debug, Clone)]
struct TwoLayers {
    hidden: Linear<f32>,
    out: Linear<f32>,
}

impl Module<f32> for TwoLayers {
    fn forward<'t>(&'t self, x: Var<'t, f32>) -> Var<'t, f32> {
        self.out.forward(self.hidden.forward(x).relu())
    }
    parameters!(f32: hidden, out);
}

impl TwoLayers {
    fn read(request: &Request) -> Result<Self, Failure> {
        let layer = |weight: &str, bias: &str| -> Result<Linear<f32>, Failure> {
            let (w, b) = (request.single(weight)?, request.single(bias)?);
            let shape = Shape::new(w.nrows(), w.ncols());
            let weight = Parameter::from_fn(shape, |i, j| w[(i, j)]);
            let bias = Parameter::from_fn(Shape::new(1, w.nrows()), |_, j| b[(j, 0)]);
            Ok(Linear::from_parts(weight, Some(bias)))
        };
        Ok(Self {
            hidden: layer("w1", "b1")?,
            out: layer("w2", "b2")?,
        })
    }

    fn numbers(&self) -> Vec<f64> {
        let mut numbers = Vec::new();
        for layer in [&self.hidden, &self.out] {
            let w = layer.weight().value();
            let rows = (0..w.nrows()).flat_map(|i| (0..w.ncols()).map(move |j| w[(i, j)]));
            let bias = layer.bias().map_or(&[][..], Parameter::as_slice);
            numbers.extend(rows.chain(bias.iter().copied()).map(f64::from));
        }
        numbers
    }
}

fn network(request: &Request) -> Result<(), Failure> {
    let start = TwoLayers::read(request)?;
    let (x, y) = (request.single("x")?, request.single("y")?);
    let steps = request.goal as usize;
    request.measure(
        || match request.method.as_str() {
            // The other threads look for work between the steps.
            "awake" => Ok(parallel::awake(|| adam(start.clone(), &x, &y, steps))),
            _ => Ok(adam(start.clone(), &x, &y, steps)),
        },
        |model| model.numbers(),
    )
}

fn adam(mut model: TwoLayers, x: &Mat<f32>, y: &Mat<f32>, steps: usize) -> TwoLayers {
    let mut optimizer = Optimizer::new(Adam::new(1e-4));
    let mut tape = Tape::new();
    for _ in 0..steps {
        tape.clear();
        let logits = model.forward(tape.constant(x));
        let target = tape.constant(y);
        let cost = if logits.shape().columns == 1 {
            loss::binary_cross_entropy_with_logits(logits, target).mean()
        } else {
            loss::softmax_cross_entropy(logits, target).mean()
        };
        let gradients = cost.backward();
        optimizer.step(&mut model, &gradients);
    }
    model
}
