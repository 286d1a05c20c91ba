//! Every loss by the checker, every family against the tape, and both where they saturate.

use autodiff::{Tape, check};
use linalg::Mat;
use models::glm::{BinomialLogit, Family};
use models::loss::{self, LOSSES};

#[test]
fn every_loss_passes_the_checker() {
    assert!(LOSSES.len() >= 3);
    for (name, range, f) in LOSSES {
        let width = range.end - range.start;
        let p = Mat::from_fn(3, 2, |i, j| {
            range.start + width * ((i + 3 * j) as f64 * 0.618 + 0.1).fract()
        });
        let y = Mat::from_fn(3, 2, |i, j| ((i + 3 * j) as f64 * 0.414 + 0.2).fract());
        check::derivatives(name, &[p.clone(), y.clone()], |v| f(v[0], v[1]))
            .unwrap_or_else(|e| panic!("{e}"));
        check::derivatives(name, &[p, y], |v| f(v[0], v[1]).mean())
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn probabilities_of_zero_and_one_are_safe() {
    for (p, y, value, slope) in [
        (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64),
        (1.0, 1.0, 0.0, 0.0),
        (0.0, 1.0, 100.0, -1e12),
        (1.0, 0.0, 100.0, 1e12),
    ] {
        let (p0, y0) = ([p], [y]);
        let tape = Tape::new();
        let p = tape.variable(&p0);
        let cost = loss::binary_cross_entropy(p, tape.constant(&y0)).sum();
        assert_eq!(cost.item(), value);
        assert!((cost.backward()[p][(0, 0)] - slope).abs() <= 1e-3 * slope.abs());
        let (p0, y0) = ([p0[0] as f32], [y0[0] as f32]);
        let tape = Tape::new();
        let p = tape.variable(&p0);
        let cost = loss::binary_cross_entropy(p, tape.constant(&y0)).sum();
        assert_eq!(cost.item(), value as f32);
        assert!(cost.backward()[p][(0, 0)].is_finite());
    }
}

#[test]
fn logits_of_a_thousand_are_exact() {
    for (z, y, value, slope) in [
        (1000.0, 1.0, 0.0, 0.0),
        (1000.0, 0.0, 1000.0, 1.0),
        (-1000.0, 1.0, 1000.0, -1.0),
        (-1000.0, 0.0, 0.0, 0.0),
        (40.0, 1.0, (-40.0_f64).exp(), 0.0),
    ] {
        let (z0, y0) = ([z], [y]);
        let tape = Tape::new();
        let z = tape.variable(&z0);
        let cost = loss::binary_cross_entropy_with_logits(z, tape.constant(&y0)).mean();
        assert!((cost.item() - value).abs() <= 1e-15 * value);
        assert!((cost.backward()[z][(0, 0)] - slope).abs() <= 5e-18);
    }
}

#[test]
#[should_panic(
    expected = "squared_error of 6x1 and 1x6: prediction and target must have the same shape"
)]
fn losses_refuse_shapes_that_differ() {
    let (p, y) = (Mat::<f64>::zeros(6, 1), Mat::<f64>::zeros(1, 6));
    let tape = Tape::new();
    let _ = loss::squared_error(tape.constant(&p), tape.constant(&y));
}

#[test]
fn the_family_agrees_with_the_tape_to_second_order() {
    for y in [0.0, 0.3, 1.0] {
        for eta in [-700.0, -30.0, -2.0, -1e-9, 0.0, 0.7, 5.0, 40.0, 800.0] {
            let (eta0, y0) = ([eta], [y]);
            let tape = Tape::new();
            let z = tape.variable(&eta0);
            let cost = loss::binary_cross_entropy_with_logits(z, tape.constant(&y0)).sum();
            let terms = BinomialLogit.terms(eta, y);
            let close = |a: f64, b: f64| (a - b).abs() <= 4e-16 * b.abs().max(1.0);
            assert!(close(terms.loss, cost.item()), "loss at {eta}, {y}");
            assert!(
                close(terms.slope, cost.backward()[z][(0, 0)]),
                "slope at {eta}, {y}"
            );
            assert!(
                close(terms.curvature, cost.hessian(&[z])[(0, 0)]),
                "curvature at {eta}, {y}"
            );
            assert!(close(BinomialLogit.mean(eta), z.sigmoid().item()));
        }
        assert!(BinomialLogit.saturated_loss(y) >= 0.0);
    }
}
