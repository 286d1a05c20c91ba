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

mod published {
    //! Values and gradients of PyTorch in double precision, saturated logits included.

    use std::path::{Path, PathBuf};

    use autodiff::{Tape, Var, loss};
    use linalg::Mat;
    use serde_json::Value;

    fn number(value: &Value) -> f64 {
        let text = || value.as_str().and_then(|text| text.parse().ok());
        value.as_f64().or_else(text).expect("a number")
    }

    fn matrix(value: &Value) -> Mat<f64> {
        let rows = value.as_array().expect("a list");
        match rows.first().and_then(Value::as_array) {
            Some(first) => Mat::from_fn(rows.len(), first.len(), |i, j| number(&rows[i][j])),
            None => Mat::from_fn(rows.len(), 1, |i, _| number(&rows[i])),
        }
    }

    type Cost = fn(&'static str) -> Option<for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>>;

    const COST: Cost = |name| {
        Some(match name {
            "bce_with_logits_mean" => |p, y| loss::binary_cross_entropy_with_logits(p, y).mean(),
            "bce_with_logits_sum_pos_weight_3" => {
                |p, y| loss::binary_cross_entropy_with_logits_weighted(p, y, 3.0).sum()
            }
            // The targets of the saturated case are not written down.
            "bce_mean" => |p, y| loss::binary_cross_entropy(p, y).mean(),
            "cross_entropy_mean" => |p, y| loss::softmax_cross_entropy(p, y).mean(),
            "cross_entropy_label_smoothing_0_1" => {
                |p, y| loss::ClassLoss::new().smoothed(0.1).mean(p, y)
            }
            "cross_entropy_class_weights_1_2_3" => {
                |p, y| loss::ClassLoss::new().weighted(&[1.0, 2.0, 3.0]).mean(p, y)
            }
            "mse_mean" => |p, y| loss::squared_error(p, y).mean(),
            "l1_mean" => |p, y| loss::absolute_error(p, y).mean(),
            "smooth_l1_beta_1" => |p, y| loss::smooth_l1(p, y, 1.0).mean(),
            "huber_delta_1_5" => |p, y| loss::huber(p, y, 1.5).mean(),
            _ => return None,
        })
    };

    #[test]
    fn losses_are_those_of_pytorch() {
        let beside =
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/data");
        let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
        let Ok(text) = std::fs::read_to_string(folder.join("torch-optimisers/functions.json"))
        else {
            eprintln!("skipped: no reference data at {}", folder.display());
            return;
        };
        let all: Value = serde_json::from_str(&text).unwrap();
        let mut compared = 0;
        for (name, case) in all["losses"].as_object().unwrap() {
            let name: &'static str = Box::leak(name.clone().into_boxed_str());
            let Some(cost) = COST(name) else { continue };
            let kind = match name {
                _ if name.starts_with("cross_entropy") => "cross_entropy",
                _ if name.starts_with("bce") => "bce",
                _ => "regression",
            };
            let (input, target) = (matrix(&case["input"]), matrix(&all["targets"][kind]));
            let tape = Tape::new();
            let p = tape.variable(&input);
            let value = cost(p, tape.constant(&target));
            let expected = number(&case["value"]);
            assert!(
                (value.item() - expected).abs() <= 1e-13 * expected.abs(),
                "{name}: {} {expected}",
                value.item()
            );
            let gradient = value.backward();
            let gradient = gradient[p].as_mat();
            let columns = input.ncols();
            for (k, expected) in case["gradient"].as_array().unwrap().iter().enumerate() {
                let (found, expected) = (gradient[(k / columns, k % columns)], number(expected));
                assert!(
                    (found - expected).abs() <= 1e-12 * expected.abs().max(1e-3),
                    "{name} {k}: {found} {expected}"
                );
            }
            compared += 1;
        }
        assert!(compared >= 9, "{compared}");
    }
}
