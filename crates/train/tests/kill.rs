//! A training that is killed at any moment and run again ends with the bits of one that was not.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use datasets::random::{ChaCha, Stream};
use linalg::Mat;
use models::{BatchNorm1d, Dropout, Linear, Relu, Sequential, loss, state};
use train::schedule::CosineAnnealingLr;
use train::{AdamW, EarlyStopping, Optimizer, Trainer};

const PATH: &str = "TRAINING_FOLDER";

/// Trains with a checkpoint after every second step, and writes all parameters when it is done.
fn training(folder: &Path) {
    let mut stream = ChaCha::new(1);
    let mut values = vec![0.0; 300 * 20];
    stream.fill_normal_f32(&mut values);
    let x = Mat::from_fn(300, 20, |i, j| values[i * 20 + j]);
    let y = Mat::from_fn(300, 1, |i, _| {
        f32::from(u8::from(x[(i, 0)] * x[(i, 1)] > 0.0))
    });
    let (train, held_back) = x.as_ref().split_at_row(250);
    let (target, expected) = y.as_ref().split_at_row(250);
    let mut model: Sequential<f32> = Sequential::new()
        .then(Linear::new(20, 32, &mut stream))
        .then(BatchNorm1d::new(32))
        .then(Relu)
        .then(Dropout::new(0.3, 11))
        .then(Linear::new(32, 1, &mut stream));
    let mut optimizer = Optimizer::new(AdamW::new(0.01));
    Trainer::new(40)
        .batch_size(32)
        .shuffle(3)
        .schedule(CosineAnnealingLr::new(40))
        .validation((held_back, expected))
        .early_stopping(EarlyStopping::new(1000))
        .checkpoint_steps(folder.join("training.safetensors"), 2)
        .fit(&mut model, &mut optimizer, (train, target), |z, y| {
            loss::binary_cross_entropy_with_logits(z, y).mean()
        })
        .unwrap();
    let bytes = state::to_safetensors(&state::whole_state(&model), &[]).unwrap();
    datasets::write_file(&folder.join("done.safetensors"), &bytes).unwrap();
}

/// The process that is killed: this test binary, told where to work.
#[test]
fn the_process_that_is_killed() {
    if let Some(folder) = std::env::var_os(PATH) {
        training(Path::new(&folder));
    }
}

fn process(folder: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed"])
        .env(PATH, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_killed_training_resumes_to_the_same_bits() {
    let whole = tempfile::tempdir().unwrap();
    let start = Instant::now();
    assert!(process(whole.path()).wait().unwrap().success());
    let length = start.elapsed();
    let expected = std::fs::read(whole.path().join("done.safetensors")).unwrap();

    let mut stream = ChaCha::new(17);
    let mut kills = 0;
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        loop {
            let mut child = process(folder.path());
            // At a random moment, in the middle of a file as likely as not.
            let patience = length.mul_f64(0.02 + 0.5 * stream.uniform_f64());
            let end = Instant::now() + patience;
            let status = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break Some(status),
                    None if Instant::now() > end => break None,
                    None => std::thread::sleep(Duration::from_micros(200)),
                }
            };
            if let Some(status) = status {
                assert!(status.success());
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            assert!(kills < 200, "the training does not go on");
        }
        let found = std::fs::read(folder.path().join("done.safetensors")).unwrap();
        assert_eq!(found, expected);
    }
    assert!(kills > 0, "nothing was killed");
}
