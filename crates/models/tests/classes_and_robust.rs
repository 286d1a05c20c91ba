//! Ordered classes and robust losses against the tape to second order; probabilities of several classes.

use autodiff::{Tape, Var};
use linalg::mat;
use models::glm::{Link, MultinomialModel, OrderedModel, RobustLoss, between};

fn cumulative(link: Link, t: Var<'_, f64>) -> Var<'_, f64> {
    match link {
        Link::Logit => t.sigmoid(),
        Link::Probit => t.normal_cdf(),
        Link::Cloglog => 1.0 - (-t.exp()).exp(),
        other => unreachable!("{other}"),
    }
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= 1e-10 * (1.0 + expected.abs()),
        "{what}: {found} and {expected}"
    );
}

#[test]
fn a_class_between_two_thresholds_agrees_with_the_tape() {
    for link in [Link::Logit, Link::Probit, Link::Cloglog] {
        for a in [-1.5, -0.2, 0.4, 1.1] {
            for gap in [0.1, 0.7, 2.0] {
                let (at_a, at_b) = ([a], [a - gap]);
                let tape = Tape::new();
                let (va, vb) = (tape.variable(&at_a), tape.variable(&at_b));
                let cost = -(cumulative(link, va) - cumulative(link, vb)).ln().sum();
                let terms = between(link, a, a - gap);
                let what = format!("{link} {a} {gap}");
                close(terms.loss, cost.item(), &what);
                let gradients = cost.backward();
                close(terms.slope[0], gradients[va][(0, 0)], &what);
                close(terms.slope[1], gradients[vb][(0, 0)], &what);
                let hessian = cost.hessian(&[va, vb]);
                close(terms.curvature[0], hessian[(0, 0)], &what);
                close(terms.curvature[1], hessian[(1, 0)], &what);
                close(terms.curvature[2], hessian[(1, 1)], &what);
            }
            // The lowest and the highest class have one threshold.
            let at = [a];
            let tape = Tape::new();
            let t = tape.variable(&at);
            let lowest = -cumulative(link, t).ln().sum();
            let terms = between(link, a, f64::NEG_INFINITY);
            close(terms.loss, lowest.item(), "lowest");
            close(terms.slope[0], lowest.backward()[t][(0, 0)], "lowest");
            close(terms.curvature[0], lowest.hessian(&[t])[(0, 0)], "lowest");
            let highest = -(1.0 - cumulative(link, t)).ln().sum();
            let terms = between(link, f64::INFINITY, a);
            close(terms.loss, highest.item(), "highest");
            close(terms.slope[1], highest.backward()[t][(0, 0)], "highest");
            close(terms.curvature[2], highest.hessian(&[t])[(0, 0)], "highest");
        }
    }
    // The arctangent's by differences.
    let h = 1e-5;
    let [above, below] = [0.3 + h, 0.3 - h].map(|a| between(Link::Cauchit, a, -0.4));
    let terms = between(Link::Cauchit, 0.3, -0.4);
    assert!((terms.slope[0] - (above.loss - below.loss) / (2.0 * h)).abs() < 1e-9);
    assert!((terms.curvature[0] - (above.slope[0] - below.slope[0]) / (2.0 * h)).abs() < 1e-9);
    // A tail loses no digits: far out, the probability of the class is e⁻⁴⁰ (1 − e⁻¹).
    let terms = between(Link::Logit, 41.0, 40.0);
    let expected = 40.0 - (-(-1.0_f64).exp()).ln_1p();
    assert!(
        (terms.loss / expected - 1.0).abs() < 1e-15,
        "{}",
        terms.loss
    );
    assert_eq!(between(Link::Logit, 0.0, 1.0).loss, f64::INFINITY);
}

#[test]
fn robust_losses_agree_with_the_tape() {
    let (k, scale, tau) = (1.3_f64, 0.7_f64, 0.2_f64);
    for eta in [-2.0_f64, -0.4, 0.1, 0.9, 3.0] {
        let (y, at) = (0.35_f64, [eta]);
        let tape = Tape::new();
        let x = tape.variable(&at);
        let u = (y - x) / scale;
        let huber = if ((y - eta) / scale).abs() <= k {
            0.5 * u.square()
        } else {
            u.abs() * k - 0.5 * k * k
        };
        let r = y - x;
        let quantile = if y > eta { r * tau } else { r * (tau - 1.0) };
        let losses = [
            (RobustLoss::Huber { k, scale }, huber),
            (RobustLoss::Quantile { tau }, quantile),
        ];
        for (loss, cost) in losses {
            let (terms, cost) = (loss.terms(eta, y), cost.sum());
            let what = format!("{loss:?} at {eta}");
            close(terms.loss, cost.item(), &what);
            close(terms.slope, cost.backward()[x][(0, 0)], &what);
            close(terms.curvature, cost.hessian(&[x])[(0, 0)], &what);
        }
    }
}

#[test]
fn probabilities_of_classes_sum_to_one() {
    let x = mat![[1000.0], [-1000.0], [0.3]];
    let model = MultinomialModel::new(vec![0.0, 1.0, -1.0], mat![[0.0, 2.0, -1.0]]);
    let p = model.predict_proba(x.as_ref()).unwrap();
    for i in 0..3 {
        assert!(((0..3).map(|k| p[(i, k)]).sum::<f64>() - 1.0).abs() < 1e-15);
    }
    assert_eq!(model.predict(x.as_ref()).unwrap(), [1, 2, 1]);
    assert!(model.predict(mat![[1.0, 2.0]].as_ref()).is_err());
    let model = OrderedModel::new(Link::Cauchit, vec![-1.0, 0.5], vec![0.01]);
    let p = model.predict_proba(x.as_ref()).unwrap();
    for i in 0..3 {
        assert!(((0..3).map(|k| p[(i, k)]).sum::<f64>() - 1.0).abs() < 1e-14);
    }
}
