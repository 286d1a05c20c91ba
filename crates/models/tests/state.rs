//! States of modules: files of other programs are read, files of ours are theirs, and nothing is half loaded.

use std::path::Path;
use std::process::Command;

use autodiff::Tape;
use autodiff::ops::Window;
use datasets::random::{ChaCha, Torch};
use linalg::{Mat, mat};
use models::state::{
    StateError, from_safetensors, load_state_dict, state_dict, to_safetensors, whole_state,
};
use models::{
    BatchNorm1d, Conv2d, Dropout, Embedding, LayerNorm, Linear, Module, Relu, Sequential,
};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state")
}

fn model() -> Sequential<f32> {
    let mut stream = Torch::new(3);
    Sequential::new()
        .then(Linear::new(3, 4, &mut stream))
        .then(BatchNorm1d::new(4))
        .then(Relu)
        .then(Linear::new(4, 1, &mut stream))
}

fn output(model: &Sequential<f32>) -> Vec<f32> {
    let x = mat![[1.0, 2.0, 3.0], [0.0, -1.0, 0.5], [4.0, 0.0, -2.0]];
    let tape = Tape::new();
    let y = model.forward(tape.constant(&x)).to_mat();
    (0..3).map(|i| y[(i, 0)]).collect()
}

/// The module of the stored file, computed by hand.
fn expected() -> Vec<f64> {
    let rows = [[1.0, 2.0, 3.0], [0.0, -1.0, 0.5], [4.0, 0.0, -2.0]];
    let (mean, variance, scale) = (
        [0.5, 0.25, 0.0, 1.0],
        [1.0, 4.0, 1.0, 0.25],
        [1.0, 2.0, 1.0, 2.0],
    );
    let last = [1.0, -1.0, 0.5, 2.0];
    rows.iter()
        .map(|row| {
            let hidden = (0..4).map(|k| {
                let z: f64 = (0..3)
                    .map(|j| row[j] * (3 * k + j) as f64 / 8.0)
                    .sum::<f64>()
                    + (k + 1) as f64;
                let normal = (z - mean[k]) / (variance[k] + 1e-5_f64).sqrt() * scale[k];
                normal.max(0.0) * last[k]
            });
            hidden.sum::<f64>() + 0.125
        })
        .collect()
}

#[test]
fn a_file_of_another_program_is_read() {
    let bytes = std::fs::read(folder().join("state.safetensors")).unwrap();
    let mut model = model();
    load_state_dict(&mut model, &from_safetensors(&bytes).unwrap()).unwrap();
    model.set_training(false);
    for (found, expected) in output(&model).iter().zip(expected()) {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-5,
            "{found} {expected}"
        );
    }
    // What is written again is the same state.
    let again = to_safetensors(&state_dict(&model), &[]).unwrap();
    assert_eq!(
        from_safetensors(&again).unwrap(),
        from_safetensors(&bytes).unwrap()
    );
    // And PyTorch, where it is installed, computes the same with it.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), again).unwrap();
    let python = Command::new("python3")
        .arg(folder().join("check.py"))
        .arg(file.path())
        .output();
    match python {
        Ok(found) if found.status.success() => {
            let text = String::from_utf8(found.stdout).unwrap();
            for (line, own) in text.lines().zip(output(&model)) {
                assert!(
                    (line.parse::<f32>().unwrap() - own).abs() < 1e-5,
                    "{line} {own}"
                );
            }
        }
        _ => eprintln!("PyTorch is not installed: the stored file alone was compared"),
    }
}

#[test]
fn states_go_from_module_to_module() {
    let window = Window {
        image: [2, 5, 4],
        outputs: 3,
        kernel: [3, 2],
        stride: [1, 1],
        padding: [1, 0],
    };
    let make = |seed: u64| {
        let mut stream = ChaCha::new(seed);
        let conv = Conv2d::<f64>::new(window, &mut stream);
        let columns = 3 * conv.result().iter().product::<usize>();
        Sequential::new()
            .named("conv", conv)
            .then(Dropout::new(0.5, 9))
            .named("norm", LayerNorm::new(columns))
            .named(
                "nested",
                Sequential::new()
                    .then(Linear::new(columns, 2, &mut stream))
                    .then(Relu),
            )
    };
    let (first, mut second) = (make(1), make(2));
    let names: Vec<String> = state_dict(&first)
        .into_iter()
        .map(|tensor| tensor.name)
        .collect();
    assert_eq!(
        names,
        [
            "conv.weight",
            "conv.bias",
            "norm.weight",
            "norm.bias",
            "nested.0.weight",
            "nested.0.bias"
        ]
    );
    assert_eq!(state_dict(&first)[0].sizes, [3, 2, 3, 2]);
    let x = Mat::from_fn(4, 40, |i, j| ((i * 7 + j) as f64).sin());
    let tape = Tape::new();
    let one = first.forward(tape.constant(&x)).to_mat();
    // Dropout has drawn once: only the whole state says so.
    load_state_dict(&mut second, &state_dict(&first)).unwrap();
    let same_draws = second.forward(tape.constant(&x)).to_mat();
    assert_eq!(one, same_draws);
    let next = first.forward(tape.constant(&x)).to_mat();
    assert_ne!(next, one);
    let mut third = make(3);
    load_state_dict(&mut third, &whole_state(&second)).unwrap();
    assert_eq!(third.forward(tape.constant(&x)).to_mat(), next);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut target = model();
    let before = state_dict(&target);
    let mut tensors = state_dict(&model());
    tensors[0].sizes = vec![3, 4];
    let error = load_state_dict(&mut target, &tensors).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`0.weight` has the sizes [3, 4] in the state and [4, 3] in the module"
    );
    let mut tensors = state_dict(&model());
    tensors.pop();
    let error = load_state_dict(&mut target, &tensors).unwrap_err();
    assert!(
        matches!(&error, StateError::Missing { name, .. } if name == "1.num_batches_tracked"),
        "{error}"
    );
    let mut tensors = state_dict(&model());
    let mut other = tensors[0].clone();
    other.name = "9.weight".to_owned();
    tensors.push(other);
    assert!(matches!(
        load_state_dict(&mut target, &tensors),
        Err(StateError::Unknown { .. })
    ));
    assert_eq!(state_dict(&target), before);
    for bytes in [&b""[..], &b"12345678"[..], &[0xff; 40][..]] {
        assert!(matches!(
            from_safetensors(bytes),
            Err(StateError::Format { .. })
        ));
    }
    let embedding = Embedding::<f64>::new(5, 2, &mut ChaCha::new(1));
    assert_eq!(state_dict(&embedding)[0].sizes, [5, 2]);
}
