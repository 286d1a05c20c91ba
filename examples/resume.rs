//! A training that is interrupted and goes on: from a callback, and from a kill in the middle of anything. Both end with the bits of a
//! training that nobody disturbed, which this program computes and compares.
//!
//! `cargo run --release --example resume` does both. `cargo run --release --example resume CHECKPOINT` trains slowly, with a checkpoint
//! every ten steps: stop it with Ctrl-C whenever you like, run the same command again, and it goes on.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use datasets::generators;
use datasets::random::ChaCha;
use models::{BatchNorm1d, Dropout, Linear, Module, Relu, Sequential, loss};
use train::schedule::CosineAnnealingLr;
use train::{AdamW, Optimizer, Stopped, TrainError, Trained, Trainer};

const EPOCHS: u64 = 30;

/// What a training ended with.
#[derive(Debug)]
pub struct Run {
    /// Its history, what came before a resumption included.
    pub trained: Trained,
    /// The bits of all parameters.
    pub bits: Vec<u32>,
    /// The steps that this process made.
    pub steps: u64,
}

/// How a training is disturbed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disturbance {
    /// A callback stops it after so many steps of its own.
    pub stop_after: Option<u64>,
    /// It sleeps so long after every step.
    pub sleep: Duration,
}

/// Trains a network with batch normalisation, dropout, a schedule, and moments in its optimiser: whatever of them were forgotten would
/// change the bits. Everything is made anew from its seeds; what is known of an earlier attempt is in the checkpoint, if there is one.
///
/// # Errors
/// A checkpoint that cannot be written or read, or is one of another training.
pub fn training(checkpoint: Option<&Path>, disturbance: Disturbance) -> Result<Run, TrainError> {
    let data = generators::spirals(320, 1.0, 0.03, &mut ChaCha::new(1));
    let (x, y) = (data.features_f32(), data.target_f32());
    let mut stream = ChaCha::new(2);
    let mut model: Sequential<f32> = Sequential::new()
        .then(Linear::new(2, 32, &mut stream))
        .then(BatchNorm1d::new(32))
        .then(Relu)
        .then(Dropout::new(0.1, 3))
        .then(Linear::new(32, 1, &mut stream));
    let mut steps = 0;
    let mut trainer = Trainer::new(EPOCHS)
        .batch_size(32)
        .shuffle(4)
        .schedule(CosineAnnealingLr::new(EPOCHS))
        .on_step(|_| {
            steps += 1;
            std::thread::sleep(disturbance.sleep);
            if disturbance.stop_after == Some(steps) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
    if let Some(path) = checkpoint {
        trainer = trainer.checkpoint_steps(path, 10);
    }
    let trained = trainer.fit(
        &mut model,
        &mut Optimizer::new(AdamW::new(0.02)),
        (&x, &y),
        |logit, class| loss::binary_cross_entropy_with_logits(logit, class).mean(),
    )?;
    let mut bits = Vec::new();
    model.visit("", &mut |_, parameter| {
        bits.extend(parameter.as_slice().iter().map(|x| x.to_bits()));
    });
    Ok(Run {
        trained,
        bits,
        steps,
    })
}

/// Stops a training from its callback after so many steps, and lets another one go on.
///
/// # Errors
/// As [`training`].
pub fn stopped(checkpoint: &Path, after: u64) -> Result<[Run; 2], TrainError> {
    let disturbance = Disturbance {
        stop_after: Some(after),
        ..Disturbance::default()
    };
    let first = training(Some(checkpoint), disturbance)?;
    Ok([first, training(Some(checkpoint), Disturbance::default())?])
}

/// Starts a process that trains with this checkpoint, kills it as soon as one after the first is written, and goes on here. The first is that
/// of the beginning.
///
/// # Errors
/// A process that cannot be started or killed, or ends before it has written a checkpoint; else as [`training`].
pub fn killed(mut process: Command, checkpoint: &Path) -> Result<Run, Box<dyn std::error::Error>> {
    let mut child = process.stdout(Stdio::null()).spawn()?;
    let mut first = None;
    loop {
        // A checkpoint is replaced whole, so what is read is one or the other.
        let found = std::fs::read(checkpoint).ok();
        if first.is_some() && found != first {
            break;
        }
        first = found;
        if let Some(status) = child.try_wait()? {
            return Err(format!("the training ended without a checkpoint: {status}").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill()?;
    child.wait()?;
    Ok(training(Some(checkpoint), Disturbance::default())?)
}

/// The training of the process that is killed.
///
/// # Errors
/// As [`training`].
pub fn slow(checkpoint: &Path) -> Result<Run, TrainError> {
    let sleep = Duration::from_millis(20);
    training(
        Some(checkpoint),
        Disturbance {
            sleep,
            ..Disturbance::default()
        },
    )
}

/// In which bits two runs differ.
pub fn compare(run: &Run, undisturbed: &Run) -> String {
    let pairs = run.bits.iter().zip(&undisturbed.bits);
    let different = pairs.filter(|(a, b)| a != b).count();
    format!(
        "{different} of {} parameters differ in any bit; histories are {}",
        undisturbed.bits.len(),
        if run.trained.history == undisturbed.trained.history {
            "equal"
        } else {
            "different"
        }
    )
}

#[allow(dead_code)] // The tests run the functions above.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(path) = std::env::args_os().nth(1) {
        let run = slow(Path::new(&path))?;
        print!("{}", run.trained.history);
        println!("{} steps of this process; done", run.steps);
        return Ok(());
    }
    let undisturbed = training(None, Disturbance::default())?;
    assert_eq!(undisturbed.trained.stopped, Stopped::Epochs);
    println!("undisturbed: {} steps", undisturbed.steps);

    let folder = std::env::temp_dir().join(format!("resume-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let [first, second] = stopped(&folder.join("stopped.safetensors"), 137)?;
    println!("\na callback: {} steps, then {}", first.steps, second.steps);
    println!("{}", compare(&second, &undisturbed));

    let checkpoint = folder.join("killed.safetensors");
    let mut process = Command::new(std::env::current_exe()?);
    process.arg(&checkpoint);
    let run = killed(process, &checkpoint)?;
    println!("\na kill, then {} steps", run.steps);
    println!("{}", compare(&run, &undisturbed));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
