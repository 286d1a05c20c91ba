//! Random numbers against those of PyTorch for 17 seeds, and the built-in data against their files.

use std::path::{Path, PathBuf};

use datasets::random::{ChaCha, NumpyLegacy, Stream, Torch};
use datasets::{Dataset, exam_scores, nba_rookie_draft, student_hours};
use serde_json::Value;

/// The folder of reference data: named by `GRADUS_REFERENCE`, else beside the repository.
fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/data");
    let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

fn floats(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "{what}: {found:?} is not {expected:?}"
        );
    }
}

#[test]
fn torch_draws_for_seventeen_seeds() {
    let Some(folder) = reference() else { return };
    let text = std::fs::read_to_string(folder.join("torch-rng/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let seeds = expected["seeds"].as_object().unwrap();
    assert_eq!(seeds.len(), 17);
    for (seed, draws) in seeds {
        let number = seed.parse::<i64>().unwrap() as u64;
        let new = || Torch::new(number);
        let uniform: Vec<f64> = floats(&draws["rand20_f32"]);
        let mut generator = new();
        for expected in uniform {
            assert_eq!(generator.uniform_f32(), expected as f32, "seed {seed}");
        }
        let mut generator = new();
        assert_eq!(
            std::array::from_fn::<f64, 5, _>(|_| generator.uniform_f64())[..],
            floats(&draws["rand5_f64"])[..]
        );

        let mixed = &draws["rand3_f32_then_rand3_f64_then_rand3_f32"];
        let mut generator = new();
        for (k, expected) in mixed.as_array().unwrap().iter().enumerate() {
            for expected in floats(expected) {
                if k == 1 {
                    assert_eq!(generator.uniform_f64(), expected);
                } else {
                    assert_eq!(generator.uniform_f32(), expected as f32);
                }
            }
        }
        // Normals go through ln, sin and cos, in PyTorch also vectorised ones in single precision.
        for (name, n) in [
            ("randn5_f32", 5),
            ("randn15_f32", 15),
            ("randn16_f32", 16),
            ("randn19_f32", 19),
        ] {
            let mut out = vec![0.0_f32; n];
            new().fill_normal_f32(&mut out);
            let out: Vec<f64> = out.into_iter().map(f64::from).collect();
            assert_close(
                &out,
                &floats(&draws[name]),
                2e-6,
                &format!("{name}, seed {seed}"),
            );
        }
        let (mut one_by_one, mut at_once) = (new(), [0.0; 5]);
        new().fill_normal_f64(&mut at_once);
        for expected in at_once {
            let mut out = [0.0];
            one_by_one.fill_normal_f64(&mut out);
            assert_eq!(
                out[0], expected,
                "the second number of a pair is kept for the next call"
            );
        }
        for (name, n) in [("randn5_f64", 5), ("randn17_f64", 17)] {
            let mut out = vec![0.0; n];
            new().fill_normal_f64(&mut out);
            assert_close(
                &out,
                &floats(&draws[name]),
                1e-14,
                &format!("{name}, seed {seed}"),
            );
        }
        let whole = |name: &str| {
            draws[name]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(new().randint(10, 10), whole("randint_0_10_x10"));
        assert_eq!(new().randint(1 << 40, 4), whole("randint_0_2pow40_x4"));
        let order = |n| {
            new()
                .permutation(n)
                .into_iter()
                .map(|i| i as u64)
                .collect::<Vec<_>>()
        };
        assert_eq!(order(10), whole("randperm10"));
        assert_eq!(order(100)[..10], whole("randperm100_first10")[..]);
        let mut generator = new();
        let coins: Vec<u64> = (0..10)
            .map(|_| u64::from(generator.bernoulli(0.5)))
            .collect();
        assert_eq!(coins, whole("bernoulli_half_x10"));
    }
}

#[test]
fn torch_seeds_of_the_tutorial() {
    for (seed, first, second) in [
        (3, "0.0043", "0.1056"),
        (5, "0.8303", "0.1261"),
        (3, "0.0043", "0.1056"),
    ] {
        let mut generator = Torch::new(seed);
        assert_eq!(format!("{:.4}", generator.uniform_f32()), first);
        assert_eq!(format!("{:.4}", generator.uniform_f32()), second);
    }
    let mut generator = Torch::new(4_294_967_301);
    assert_eq!(format!("{:.4}", generator.uniform_f32()), "0.8303");
}

#[test]
fn numpy_draws_of_the_tutorial() {
    let mut generator = NumpyLegacy::new(220_104);
    let (mut w, mut b) = ([0.0; 3], [0.0; 1]);
    generator.fill_normal_f64(&mut w);
    generator.fill_normal_f64(&mut b);
    assert_close(
        &w,
        &[-0.303_569_14, -0.565_527_33, -0.441_744_38],
        5e-9,
        "randn(3, 1)",
    );
    assert_close(&b, &[0.012_140_57], 5e-9, "randn(1, 1)");
}

#[test]
fn the_default_stream_is_pinned_and_uniform() {
    let mut stream = ChaCha::new(42);
    let first = [stream.uniform_f64(), stream.uniform_f64()];
    assert_eq!(first, PINNED);
    let n = 100_000;
    let (mut sum, mut squares, mut counts) = (0.0, 0.0, [0_usize; 7]);
    let mut normal = vec![0.0; n];
    stream.fill_normal_f64(&mut normal);
    for x in normal {
        sum += x;
        squares += x * x;
        counts[stream.below(7) as usize] += 1;
    }
    // Five standard errors.
    assert!((sum / n as f64).abs() < 5.0 / (n as f64).sqrt());
    assert!((squares / n as f64 - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt());
    for count in counts {
        let expected = n as f64 / 7.0;
        assert!((count as f64 - expected).abs() < 5.0 * (expected * 6.0 / 7.0).sqrt());
    }
    let mut order = stream.permutation(50);
    order.sort_unstable();
    assert_eq!(order, (0..50).collect::<Vec<_>>());
}

const PINNED: [f64; 2] = [0.526_557_409_002_773_8, 0.542_725_209_903_143_9];

#[test]
fn built_in_data_equal_their_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    for (name, target, built_in) in [
        ("student_hours", "passed", student_hours()),
        ("exam_scores", "passed", exam_scores()),
        ("nba_rookie_draft", "draft", nba_rookie_draft()),
    ] {
        let file =
            Dataset::binary_from_csv(folder.join(name).with_extension("csv"), target).unwrap();
        assert_eq!(file.features, built_in.features, "{name}");
        assert_eq!(file.feature_names, built_in.feature_names);
        assert_eq!(file.target, built_in.target);
        assert_eq!(
            (file.target_name, file.labels),
            (built_in.target_name, built_in.labels)
        );
    }
}
