//! From PyTorch to Gradus: each piece of Python stands as a comment above the Rust that does the same.
//!
//! `cargo run --release --example port_from_pytorch`
//!
//! What is different: data are matrices, one row a sample; the numbers of a model are its own, and a tape records what is computed with
//! them; gradients are a value that `backward` returns, so that nothing has to be set to zero.

use std::error::Error;

use autodiff::{Shape, Tape, Var};
use datasets::random::{Stream, Torch};
use linalg::{Mat, mat};
use models::{Dropout, Linear, Module, Relu, Sequential, Sigmoid, loss, parameters, state};
use train::{Adam, Optimizer, Sgd, Trainer, metrics};

/// Numbers, and operations on them.
///
/// # Panics
/// If one of them does something else.
pub fn tensors() {
    let tape = Tape::new();
    // x = torch.tensor([[1., 2.], [3., 4.]])
    let values = mat![[1.0_f32, 2.0], [3.0, 4.0]];
    let x = tape.constant(&values);
    // x.shape
    assert_eq!((x.shape().rows, x.shape().columns), (2, 2));
    // torch.ones(2, 1)
    let ones = tape.full(Shape::new(2, 1), 1.0);
    // x @ torch.ones(2, 1)
    assert_eq!(x.matmul(ones).to_mat(), mat![[3.0], [7.0]]);
    // x * x + 1                                (a row, a column or a number is spread over a matrix; nothing else is)
    assert_eq!((x * x + 1.0).to_mat(), mat![[2.0, 5.0], [10.0, 17.0]]);
    // x.mean().item()
    assert_eq!(x.mean().item(), 2.5);
}

/// Gradients are asked for and returned.
///
/// # Panics
/// If one of them does something else.
pub fn gradients() {
    // w = torch.tensor([2.], requires_grad=True)
    let (w0, x0) = ([2.0_f32], [3.0_f32]);
    let tape = Tape::new();
    let (w, x) = (tape.variable(&w0), tape.constant(&x0));
    // loss = (w * x) ** 2;  loss.backward();  w.grad
    let gradients = (w * x).square().backward();
    assert_eq!(gradients[w][(0, 0)], 36.0);
    // loss.backward() again adds to w.grad     (here a sum is written as one)
    let mut sum = gradients;
    sum += &(w * x).square().backward();
    assert_eq!(sum[w][(0, 0)], 72.0);
    // w.grad.zero_()                           (not needed: a new gradient is a new value)
    assert_eq!((w * x).square().backward()[w][(0, 0)], 36.0);
    // with torch.no_grad(): y = w * x
    let y = tape.no_grad(|| w * x);
    assert_eq!((y * w).backward()[w][(0, 0)], 6.0);
    // y = (w * x).detach()
    assert_eq!(((w * x).detach() * w).backward()[w][(0, 0)], 6.0);
}

// class Classifier(nn.Module):
//     def __init__(self):
//         super().__init__()
//         self.hidden = nn.Linear(2, 3)
//         self.out = nn.Linear(3, 1)
/// A module of one's own.
#[derive(Debug)]
pub struct Classifier {
    hidden: Linear<f32>,
    out: Linear<f32>,
}

impl Classifier {
    /// With PyTorch's first numbers after `torch.manual_seed(seed)`.
    pub fn new(seed: u64) -> Self {
        // torch.manual_seed(seed)              (a stream instead of a state of the program)
        let mut stream = Torch::new(seed);
        Self {
            hidden: Linear::new(2, 3, &mut stream),
            out: Linear::new(3, 1, &mut stream),
        }
    }
}

impl Module<f32> for Classifier {
    //     def forward(self, x):
    //         return torch.sigmoid(self.out(torch.relu(self.hidden(x))))
    fn forward<'t>(&'t self, x: Var<'t, f32>) -> Var<'t, f32> {
        self.out.forward(self.hidden.forward(x).relu()).sigmoid()
    }
    parameters!(f32: hidden, out);
}

/// The same as a sequence of layers.
pub fn sequential(seed: u64) -> Sequential<f32> {
    let mut stream = Torch::new(seed);
    // nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Sigmoid())
    Sequential::new()
        .then(Linear::new(2, 3, &mut stream))
        .then(Relu)
        .then(Linear::new(3, 1, &mut stream))
        .then(Sigmoid)
}

/// The prediction of a model for one batch.
pub fn predict(model: &dyn Module<f32>, x: &Mat<f32>) -> Mat<f32> {
    let tape = Tape::new();
    // model(x)
    model.forward(tape.constant(x)).to_mat()
}

/// Six students: hours of lectures and of lab work, and whether they passed.
pub fn data() -> (Mat<f32>, Mat<f32>) {
    let data = datasets::student_hours();
    (data.features_f32(), data.target_f32())
}

/// The loop, written out; returns the cost before each update.
pub fn written_out(model: &mut dyn Module<f32>, epochs: usize) -> Vec<f32> {
    let (x_train, y_train) = data();
    // optimizer = optim.SGD(model.parameters(), lr=0.1)
    let mut optimizer = Optimizer::new(Sgd::new(0.1));
    let mut costs = Vec::new();
    let mut tape = Tape::new();
    // for epoch in range(epochs):
    for _ in 0..epochs {
        // optimizer.zero_grad()                (not needed; the tape is wiped, its memory is used again)
        tape.clear();
        let (x, y) = (tape.constant(&x_train), tape.constant(&y_train));
        // loss = nn.BCELoss()(model(x), y)
        let cost = loss::binary_cross_entropy(model.forward(x), y).mean();
        costs.push(cost.item());
        // loss.backward()
        let gradients = cost.backward();
        // optimizer.step()
        optimizer.step(model, &gradients);
    }
    costs
}

/// The loop, as the library has it; returns the loss of each epoch.
///
/// # Errors
/// [`train::TrainError`].
pub fn trainer(model: &mut Sequential<f32>, epochs: u64) -> Result<Vec<f64>, train::TrainError> {
    let (x, y) = data();
    // loader = DataLoader(TensorDataset(x, y), batch_size=2, shuffle=True)
    // for epoch in range(epochs):
    //     model.train()
    //     for x, y in loader: ...
    //     model.eval()                         (and the accuracy of all rows, in evaluation)
    let trained = Trainer::new(epochs)
        .batch_size(2)
        .shuffle(3)
        .metric("accuracy", metrics::accuracy)
        .fit(
            model,
            // optim.Adam(model.parameters(), lr=0.05)
            &mut Optimizer::new(Adam::new(0.05)),
            (&x, &y),
            // nn.BCELoss()
            |p, y| loss::binary_cross_entropy(p, y).mean(),
        )?;
    let epochs = trained.history.epochs();
    Ok(epochs.iter().map(|epoch| epoch.loss).collect())
}

/// Weights to a file and back; the file is one that PyTorch reads with `safetensors.torch.load_file`.
///
/// # Errors
/// A file that cannot be written or read, or of another module.
pub fn save_and_load(
    model: &Classifier,
    path: &std::path::Path,
) -> Result<Classifier, Box<dyn Error>> {
    // safetensors.torch.save_file(model.state_dict(), path)
    let bytes = state::to_safetensors(&state::state_dict(model), &[])?;
    datasets::write_file(path, &bytes)?;
    // other = Classifier();  other.load_state_dict(safetensors.torch.load_file(path))
    let mut other = Classifier::new(99);
    state::load_state_dict(&mut other, &state::from_safetensors(&std::fs::read(path)?)?)?;
    Ok(other)
}

/// Layers that train in one way and predict in another.
///
/// # Panics
/// If one of them does something else.
pub fn train_and_eval() {
    let mut model: Sequential<f32> = Sequential::new().then(Dropout::new(0.5, 1));
    let x = Mat::full(1, 100, 1.0);
    // model.train()
    model.set_training(true);
    assert!(predict(&model, &x) != x);
    // model.eval()
    model.set_training(false);
    assert!(predict(&model, &x) == x);
}

/// Everything above, with what has to hold.
///
/// # Errors
/// None on a machine where files can be written.
///
/// # Panics
/// If something does not hold.
pub fn run(path: &std::path::Path) -> Result<Vec<f32>, Box<dyn Error>> {
    tensors();
    gradients();
    train_and_eval();
    // torch.manual_seed(3);  torch.rand(1)     (0.0043)
    assert_eq!(format!("{:.4}", Torch::new(3).uniform_f32()), "0.0043");

    let mut model = Classifier::new(1);
    let (x, _) = data();
    // The module and the sequence compute the same, bit for bit.
    assert!(predict(&model, &x) == predict(&sequential(1), &x));
    // [name for name, _ in model.named_parameters()]
    let names: Vec<String> = model
        .named_parameters()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    );

    let costs = written_out(&mut model, 500);
    assert!(costs[499] < 0.5 * costs[0], "{} {}", costs[0], costs[499]);

    let other = save_and_load(&model, path)?;
    assert!(predict(&other, &x) == predict(&model, &x));

    let losses = trainer(&mut sequential(1), 200)?;
    assert!(
        losses[199] < 0.5 * losses[0],
        "{} {}",
        losses[0],
        losses[199]
    );
    Ok(costs)
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("port-{}.safetensors", std::process::id()));
    let costs = run(&path);
    std::fs::remove_file(&path)?;
    for (epoch, cost) in costs?.iter().enumerate().step_by(100) {
        println!("epoch {epoch:3}  cost {cost:.6}");
    }
    println!("all that is asserted holds");
    Ok(())
}
