//! Modules: shapes, names, PyTorch's initial numbers, and the tutorial's building blocks.

use std::path::{Path, PathBuf};

use autodiff::{Shape, Tape, Var};
use datasets::random::{ChaCha, Torch};
use linalg::Mat;
use models::{Linear, Module, Relu, Sequential, Sigmoid, loss, parameters};
use proptest::prelude::*;
use serde_json::Value;

proptest! {
    #[test]
    fn a_linear_of_any_shape_keeps_its_shape_law(
        rows in 0_usize..20, inputs in 0_usize..12, outputs in 0_usize..12, bias: bool, seed: u64,
    ) {
        let mut stream = ChaCha::new(seed);
        let linear: Linear<f64> =
            if bias { Linear::new(inputs, outputs, &mut stream) } else { Linear::without_bias(inputs, outputs, &mut stream) };
        prop_assert_eq!(linear.weight().shape(), Shape::new(outputs, inputs));
        prop_assert_eq!(linear.bias().map(models::Parameter::shape), bias.then_some(Shape::new(1, outputs)));
        prop_assert_eq!(linear.parameter_count(), outputs * inputs + if bias { outputs } else { 0 });
        let bound = 1.0 / (inputs as f64).sqrt();
        prop_assert!(linear.weight().as_slice().iter().all(|w| w.abs() <= bound));
        let x = Mat::from_fn(rows, inputs, |i, j| (i as f64 - j as f64) / 7.0);
        let tape = Tape::new();
        let y = linear.forward(tape.constant(&x));
        prop_assert_eq!(y.shape(), Shape::new(rows, outputs));
        for i in 0..rows {
            for j in 0..outputs {
                let mut expected = linear.bias().map_or(0.0, |b| b.value()[(0, j)]);
                for k in 0..inputs {
                    expected += x[(i, k)] * linear.weight().value()[(j, k)];
                }
                prop_assert!((y.get(i, j) - expected).abs() < 1e-12);
            }
        }
        let gradients = y.sum().backward();
        for (_, parameter) in linear.named_parameters() {
            prop_assert_eq!(parameter.gradient(&gradients).map(autodiff::Gradient::shape), Some(parameter.shape()));
        }
    }
}

fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/data");
    let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

fn assert_layer<T: linalg::Scalar>(layer: &Linear<T>, expected: &Value) {
    let rows = layer.weight().shape().rows;
    let columns = layer.weight().shape().columns;
    for i in 0..rows {
        for j in 0..columns {
            let expected = expected["weight"][i * columns + j].as_f64().unwrap();
            assert_eq!(layer.weight().value()[(i, j)], T::from_f64(expected));
        }
        let bias = layer.bias().unwrap().value()[(0, i)];
        assert_eq!(bias, T::from_f64(expected["bias"][i].as_f64().unwrap()));
    }
}

#[test]
fn fresh_layers_are_pytorch_s_for_seventeen_seeds() {
    let Some(folder) = reference() else { return };
    let text = std::fs::read_to_string(folder.join("torch-rng/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    for (seed, draws) in expected["seeds"].as_object().unwrap() {
        let seed = seed.parse::<i64>().unwrap() as u64;
        for (name, inputs, outputs) in [
            ("linear_1_1", 1, 1),
            ("linear_2_1", 2, 1),
            ("linear_3_2", 3, 2),
            ("linear_8_1", 8, 1),
            ("linear_4_3", 4, 3),
        ] {
            assert_layer(
                &Linear::<f32>::new(inputs, outputs, &mut Torch::new(seed)),
                &draws[name],
            );
        }
        assert_layer(
            &Linear::<f64>::new(3, 2, &mut Torch::new(seed)),
            &draws["linear_3_2_f64"],
        );
        let mut stream = Torch::new(seed);
        for (k, (inputs, outputs)) in [(2, 3), (3, 1)].into_iter().enumerate() {
            let layer = Linear::<f32>::new(inputs, outputs, &mut stream);
            assert_layer(&layer, &draws["linear_2_3_then_linear_3_1"][k]);
        }
    }
}

#[derive(Debug)]
struct TwoLayerNet {
    hidden: Linear<f64>,
    output: Linear<f64>,
}

impl Module<f64> for TwoLayerNet {
    fn forward<'t>(&'t self, x: Var<'t, f64>) -> Var<'t, f64> {
        self.output.forward(self.hidden.forward(x).relu())
    }
    parameters!(f64: hidden, output);
}

#[test]
fn a_module_of_one_s_own_equals_the_sequential_of_its_parts() {
    let build = |stream: &mut Torch| {
        (
            Linear::<f64>::new(4, 3, stream),
            Linear::<f64>::new(3, 2, stream),
        )
    };
    let (hidden, output) = build(&mut Torch::new(9));
    let own = TwoLayerNet { hidden, output };
    let (hidden, output) = build(&mut Torch::new(9));
    let inner = Sequential::new().named("first", hidden).then(Relu);
    let nested = Sequential::new()
        .named("inner", inner)
        .named("last", output);
    let names = |m: &dyn Module<f64>| {
        m.named_parameters()
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&own),
        [
            "hidden.weight",
            "hidden.bias",
            "output.weight",
            "output.bias"
        ]
    );
    assert_eq!(
        names(&nested),
        [
            "inner.first.weight",
            "inner.first.bias",
            "last.weight",
            "last.bias"
        ]
    );
    assert_eq!(
        nested.layers().map(|(name, _)| name).collect::<Vec<_>>(),
        ["inner", "last"]
    );
    let x = Mat::from_fn(5, 4, |i, j| (i as f64 * 0.7 - j as f64 * 0.4).sin());
    let y = Mat::from_fn(5, 2, |i, j| (i + j) as f64);
    let tape = Tape::new();
    let (a, b) = (
        own.forward(tape.constant(&x)),
        nested.forward(tape.constant(&x)),
    );
    assert_eq!(a.to_mat(), b.to_mat());
    let gradients = loss::squared_error(a, tape.constant(&y)).mean().backward();
    let others = loss::squared_error(b, tape.constant(&y)).mean().backward();
    for ((_, p), (_, q)) in own
        .named_parameters()
        .into_iter()
        .zip(nested.named_parameters())
    {
        assert_eq!(
            p.gradient(&gradients).unwrap().as_slice(),
            q.gradient(&others).unwrap().as_slice()
        );
    }
}

#[test]
fn a_weight_used_twice_has_one_gradient() {
    let layer = Linear::<f64>::without_bias(2, 2, &mut ChaCha::new(4));
    let x = [[0.3, -0.2]].map(|row| Mat::from_fn(1, 2, |_, j| row[j]));
    let tape = Tape::new();
    let y = layer.forward(layer.forward(tape.constant(&x[0])).tanh());
    let gradients = y.sum().backward();
    let (_, w) = layer.named_parameters()[0];
    let found = w.gradient(&gradients).unwrap();
    for k in 0..4 {
        let shifted = |h: f64| {
            let mut other = layer.clone();
            other.visit_mut("", &mut |_, p| p.as_mut_slice()[k] += h);
            let tape = Tape::new();
            other
                .forward(other.forward(tape.constant(&x[0])).tanh())
                .sum()
                .item()
        };
        let slope = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
        assert!((found.as_slice()[k] - slope).abs() < 1e-8);
    }
}

#[test]
#[should_panic(expected = "two layers are called `a`")]
fn two_layers_of_one_name() {
    let _ = Sequential::<f32>::new()
        .named("a", Sigmoid)
        .named("a", Relu);
}
