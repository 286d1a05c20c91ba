//! Optimisers, clipping and solvers with modules.

use autodiff::{Gradients, Tape};
use datasets::random::ChaCha;
use linalg::{Mat, Scalar, reduce};
use models::{Linear, Module, Sequential, Sigmoid, loss};
use proptest::prelude::*;
use train::schedule::{CosineAnnealingLr, LinearLr, Schedule};
use train::{
    Adadelta, Adagrad, Adam, AdamW, Differentiable, HessianProducts, Lbfgs, Lion, ModuleLoss,
    NAdam, NewtonCg, Optimizer, OptimizerError, RmsProp, Rule, Sgd, Status, clip_norm, clip_value,
};

fn data<T: Scalar>() -> (Mat<T>, Mat<T>) {
    let x = Mat::from_fn(30, 3, |i, j| {
        T::from_f64(((i * (j + 2)) as f64 * 0.7).sin())
    });
    let y = Mat::from_fn(30, 1, |i, _| T::from_f64(f64::from(u8::from(i % 3 == 0))));
    (x, y)
}

fn network<T: Scalar>(seed: u64) -> Sequential<T> {
    let mut stream = ChaCha::new(seed);
    Sequential::new()
        .named("hidden", Linear::new(3, 4, &mut stream))
        .then(Sigmoid)
        .named("out", Linear::new(4, 1, &mut stream))
}

fn gradients<T: Scalar>(model: &Sequential<T>, (x, y): &(Mat<T>, Mat<T>)) -> Gradients<T> {
    let tape = Tape::new();
    let z = model.forward(tape.constant(x));
    let cost = loss::binary_cross_entropy_with_logits(z, tape.constant(y)).mean();
    cost.backward()
}

fn bits<T: Scalar>(model: &Sequential<T>) -> Vec<u64> {
    let parameters = model.named_parameters();
    let all = parameters.iter().flat_map(|(_, p)| p.as_slice());
    all.map(|x| x.to_f64().to_bits()).collect()
}

/// Trains, with a schedule and two groups; at `cut` the training moves to a copy of the model and a new optimiser.
fn resumed<T: Scalar, R: Rule<T> + Copy>(rule: R, slow: R, cut: u64) -> Vec<u64> {
    let data = data::<T>();
    let fresh = || Optimizer::new(rule).group(slow, |name| name.ends_with("bias"));
    let schedule = LinearLr::new(0.5, 1.0, 3).then(3, CosineAnnealingLr::new(20));
    let (mut model, mut optimizer) = (network::<T>(5), fresh());
    for step in 0..16 {
        if step == cut {
            let (state, mut copy) = (optimizer.state(&model), network::<T>(6));
            let values: Vec<Vec<T>> = model
                .named_parameters()
                .iter()
                .map(|(_, p)| p.as_slice().to_vec())
                .collect();
            let mut values = values.iter();
            copy.visit_mut("", &mut |_, p| {
                p.as_mut_slice()
                    .copy_from_slice(values.next().expect("as many"));
            });
            model = copy;
            optimizer = fresh();
            optimizer.restore(&model, &state).expect("its own state");
        }
        optimizer.schedule(&schedule, step);
        let mut gradients = gradients(&model, &data);
        clip_norm(&mut gradients, 0.05);
        optimizer.step(&mut model, &gradients);
    }
    assert_eq!(optimizer.steps(), 16);
    bits(&model)
}

fn resumes<R: Rule<f32> + Rule<f64> + Copy>(rule: R, slow: R, cut: u64) {
    assert_eq!(
        resumed::<f64, _>(rule, slow, u64::MAX),
        resumed::<f64, _>(rule, slow, cut)
    );
    assert_eq!(
        resumed::<f32, _>(rule, slow, u64::MAX),
        resumed::<f32, _>(rule, slow, cut)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_restored_state_goes_on_bit_for_bit(cut in 0_u64..16) {
        let sgd = |rate| Sgd { momentum: 0.9, dampening: 0.3, ..Sgd::new(rate) };
        resumes(sgd(0.1), sgd(0.01), cut);
        resumes(Adam { amsgrad: true, ..Adam::new(0.1) }, Adam { amsgrad: true, ..Adam::new(0.01) }, cut);
        resumes(AdamW::new(0.1), AdamW::new(0.01), cut);
        resumes(NAdam::new(0.1), NAdam::new(0.01), cut);
        let rms = |rate| RmsProp { centered: true, momentum: 0.5, ..RmsProp::new(rate) };
        resumes(rms(0.1), rms(0.01), cut);
        let adagrad = |rate| Adagrad { lr_decay: 0.1, initial_accumulator_value: 0.2, ..Adagrad::new(rate) };
        resumes(adagrad(0.1), adagrad(0.01), cut);
        resumes(Adadelta::new(1.0), Adadelta::new(0.1), cut);
        resumes(Lion::new(0.01), Lion::new(0.001), cut);
    }

    #[test]
    fn clipping_never_raises_the_norm(values in prop::collection::vec(-1e3_f64..1e3, 1..20), exponent in -200_i32..150, max in 0.0_f64..1e3) {
        let values: Vec<f64> = values.iter().map(|v| v * 10.0_f64.powi(exponent)).collect();
        let tape = Tape::new();
        let w = tape.variable(&values);
        let before = (w * w * 0.5).sum().backward();
        let exact = values.iter().fold(0.0_f64, |n, v| n.hypot(*v));
        let mut clipped = before.clone();
        let norm = clip_norm(&mut clipped, max);
        prop_assert!((norm - exact).abs() <= 1e-12 * exact);
        let after = clip_norm(&mut clipped.clone(), f64::INFINITY);
        prop_assert!(after <= norm * (1.0 + 1e-14) && after <= max.max(0.0) * (1.0 + 1e-14) || norm + 1e-6 <= max);
        let mut cut = before.clone();
        clip_value(&mut cut, max);
        for (a, b) in cut[w].as_slice().iter().zip(before[w].as_slice()) {
            prop_assert_eq!(*a, b.clamp(-max, max));
        }
    }
}

#[test]
fn clipping_scales_as_pytorch_does() {
    let tape = Tape::new();
    let w = tape.variable(&[3.0_f64, 4.0]);
    let mut gradients = (w * w * 0.5).sum().backward();
    assert_eq!(clip_norm(&mut gradients, 2.0), 5.0);
    let factor = 2.0 / (5.0 + 1e-6);
    assert_eq!(gradients[w].as_slice(), [3.0 * factor, 4.0 * factor]);
    let mut useless = (w * f64::NAN).sum().backward();
    assert!(clip_norm(&mut useless, 1.0).is_nan());
}

#[test]
fn a_state_that_does_not_fit_is_an_error_and_changes_nothing() {
    let (data, mut model) = (data::<f64>(), network::<f64>(1));
    let mut optimizer = Optimizer::new(Adam::new(0.1));
    let down = gradients(&model, &data);
    optimizer.step(&mut model, &down);
    let state = optimizer.state(&model);
    assert_eq!(state.parameters[0].name, "hidden.weight");

    let mut sgd = Optimizer::new(Sgd {
        momentum: 0.9,
        ..Sgd::new(0.1)
    });
    let error = sgd.restore(&model, &state).expect_err("another rule");
    assert!(matches!(error, OptimizerError::OtherRule { .. }), "{error}");
    let mut groups = Optimizer::new(Adam::new(0.1)).group(Adam::new(0.1), |_| false);
    let error = groups.restore(&model, &state).expect_err("another group");
    assert!(matches!(error, OptimizerError::Groups { .. }), "{error}");
    let other = Linear::<f64>::zeros(3, 4);
    let error = optimizer.restore(&other, &state).expect_err("no hidden");
    assert!(
        matches!(error, OptimizerError::UnknownParameter { .. }),
        "{error}"
    );
    let mut short = state.clone();
    short.parameters[1].arrays[0].1.pop();
    let error = optimizer.restore(&model, &short).expect_err("too short");
    assert_eq!(
        error.to_string(),
        "`exp_avg` of `hidden.bias` has 3 entries, the parameter has 4"
    );
    assert_eq!(optimizer.state(&model), state);
}

#[test]
#[should_panic(expected = "sgd: `learning_rate` is NaN")]
fn a_rate_that_is_no_number_is_found_at_the_next_step() {
    let (data, mut model) = (data::<f64>(), network::<f64>(1));
    let mut optimizer = Optimizer::new(Sgd::new(0.1));
    optimizer.rule_mut().learning_rate = f64::NAN;
    let down = gradients(&model, &data);
    optimizer.step(&mut model, &down);
}

#[test]
fn solvers_train_a_network() {
    let (x, y) = data::<f64>();
    // Large outputs cost something, so that the minimum is not at infinity.
    let mut model = network::<f64>(3);
    let mut objective = ModuleLoss::new(&mut model, (&x, &y), |z, y| {
        loss::binary_cross_entropy_with_logits(z, y).mean() + z.square().mean() * 0.05
    });
    let start = objective.parameters();
    let n = start.len();
    assert_eq!(n, 21);

    // Derivatives are those of the value.
    let direction: Vec<f64> = (0..n).map(|k| (k as f64 * 1.3).sin()).collect();
    let (mut gradient, mut product, mut ahead, mut behind) =
        (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    objective.gradient(&start, &mut gradient);
    objective.hessian_product(&start, &direction, &mut product);
    let moved = |h: f64| -> Vec<f64> {
        let pairs = start.iter().zip(&direction);
        pairs.map(|(x, d)| x + h * d).collect()
    };
    let rise = objective.gradient(&moved(1e-5), &mut ahead)
        - objective.gradient(&moved(-1e-5), &mut behind);
    assert!((rise / 2e-5 - reduce::dot(&gradient, &direction)).abs() < 1e-9);
    for k in 0..n {
        assert!(((ahead[k] - behind[k]) / 2e-5 - product[k]).abs() < 1e-8);
    }

    let by_lbfgs = Lbfgs::default().minimise(&mut objective, &start);
    let by_newton = NewtonCg {
        iterations: 1000,
        ..NewtonCg::default()
    }
    .minimise(&mut objective, &start);
    for found in [by_lbfgs, by_newton] {
        assert!(found.value < 0.6, "{:?}", found.certificate);
        assert!(
            found.certificate.gradient_max < 1e-6,
            "{:?}",
            found.certificate
        );
    }
}

#[test]
fn a_solver_trains_a_linear_model_in_single_precision() {
    let (x, y) = data::<f32>();
    let mut model = Linear::<f32>::zeros(3, 1);
    let mut objective = ModuleLoss::new(&mut model, (&x, &y), |p, y| {
        loss::squared_error(p, y).mean()
    });
    let start = objective.parameters();
    let found = Lbfgs {
        tolerance: 1e-5,
        ..Lbfgs::default()
    }
    .minimise(&mut objective, &start);
    assert_eq!(found.certificate.status, Status::Converged);
    objective.set_parameters(&found.x);
    // The same as in double precision, to the digits of the data.
    let (x, y) = data::<f64>();
    let mut exact = Linear::<f64>::zeros(3, 1);
    let mut objective = ModuleLoss::new(&mut exact, (&x, &y), |p, y| {
        loss::squared_error(p, y).mean()
    });
    let expected = Lbfgs::default().minimise(&mut objective, &start);
    for (found, expected) in found.x.iter().zip(&expected.x) {
        assert!((found - expected).abs() < 1e-4);
    }
    assert!((f64::from(model.weight().as_slice()[0]) - found.x[0]).abs() < 1e-6);
}
