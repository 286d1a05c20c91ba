//! What the examples that train networks promise.

#![allow(missing_docs)]

#[path = "../digits_conv.rs"]
mod digits_conv;
#[path = "../moons_boundary.rs"]
mod moons_boundary;
#[path = "../softmax_iris.rs"]
mod softmax_iris;

use digits_conv::digits_mlp;
use train::Status;

/// A loop of first-order steps and Newton's method end at the same optimum.
#[test]
fn two_ways_to_one_softmax_regression() {
    for seed in [1, 2] {
        let run = softmax_iris::run(seed).unwrap();
        let certificate = run.fit.certificate();
        assert_eq!(certificate.status, Status::Converged);
        assert!(certificate.gradient_max < 1e-8);
        assert!(run.distance < 1e-6, "{:e}", run.distance);
        assert!(run.distance_of_probabilities < 1e-7);
        // Ten flowers of each species were held back.
        assert!((0..3).all(|k| run.confusion.support(k) == 10.0));
        assert!(run.confusion.accuracy() >= 0.9, "{}", run.confusion);
        assert!(run.module.weight().value().norm_l2() > 1.0);
    }
}

fn at_least_97(run: &digits_mlp::Run, seed: u64) {
    assert_eq!(run.confusion.total(), 359.0);
    assert!(
        run.confusion.accuracy() >= 0.97,
        "seed {seed}:\n{}",
        run.confusion
    );
    // The history says the same as the confusion matrix.
    let accuracy = run.trained.history.metric("accuracy").unwrap();
    assert_eq!(accuracy.last(), Some(&run.confusion.accuracy()));
    assert!(
        run.trained.warnings.is_empty(),
        "{:?}",
        run.trained.warnings
    );
}

#[test]
fn a_hidden_layer_reads_digits() {
    for seed in 1..=3 {
        let run = digits_mlp::run(seed).unwrap();
        at_least_97(&run, seed);
        assert_eq!(run.parameters, 64 * 128 + 128 + 128 * 10 + 10);
    }
}

#[test]
fn convolutions_read_digits() {
    for seed in 1..=2 {
        let run = digits_conv::run(seed).unwrap();
        at_least_97(&run, seed);
        let parameters = (9 * 16 + 16) + (16 * 9 * 32 + 32) + (512 * 10 + 10);
        assert_eq!(run.parameters, parameters);
    }
}

#[test]
fn a_network_bends_where_a_line_cannot() {
    let run = moons_boundary::run(1).unwrap();
    assert!((0.8..0.92).contains(&run.line_accuracy));
    assert!(run.network_accuracy > 0.95);
    // On the line the odds are even; in the middle of each moon the network is sure.
    let middles = linalg::mat![[0.0, 1.0], [1.0, -0.5]];
    let p = moons_boundary::probabilities(&run.network, &middles);
    assert!(p[0] < 0.05 && p[1] > 0.95, "{p:?}");
    let svg = plots::Chart::to_svg(&moons_boundary::picture(&run).unwrap()).unwrap();
    for text in ["Logistic regression", "16 hidden units", "p = 0.50"] {
        assert!(svg.contains(text), "{text}");
    }
}
