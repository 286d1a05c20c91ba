//! Update rules against PyTorch's trajectories in double precision, and against the formulas in single precision
//! (`optimisers/float32.py`).

use std::fmt::Debug;

use linalg::Scalar;
use serde_json::Value;
use train::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, NAdam, OptimizerError, RAdam, RmsProp, Rprop,
    Rule, Sgd, State,
};

mod common;

/// The rule of a run in `torch-optimisers` or in `float32.py`; `None` for those that Gradus does not have.
fn rule<T: Scalar>(name: &str) -> Option<Box<dyn Rule<T>>> {
    let sgd = Sgd::new(1e-3);
    let (adam, adamw) = (Adam::new(1e-2), AdamW::new(1e-2));
    let (rms, adagrad) = (RmsProp::new(1e-2), Adagrad::new(0.1));
    let lion = Lion::new(1e-3);
    Some(match name {
        "SGD" => Box::new(sgd),
        "SGD_momentum" => Box::new(Sgd {
            momentum: 0.9,
            ..sgd
        }),
        "SGD_momentum_dampening" => Box::new(Sgd {
            momentum: 0.9,
            dampening: 0.5,
            ..sgd
        }),
        "SGD_nesterov" => Box::new(Sgd {
            momentum: 0.9,
            nesterov: true,
            ..sgd
        }),
        "SGD_weight_decay" => Box::new(Sgd {
            weight_decay: 0.1,
            ..sgd
        }),
        "SGD_nesterov_weight_decay" => Box::new(Sgd {
            momentum: 0.9,
            nesterov: true,
            weight_decay: 0.1,
            ..sgd
        }),
        "Adam" => Box::new(adam),
        "Adam_weight_decay" => Box::new(Adam {
            weight_decay: 0.1,
            ..adam
        }),
        "Adam_amsgrad" => Box::new(Adam {
            amsgrad: true,
            ..adam
        }),
        "Adam_betas" => Box::new(Adam {
            learning_rate: 0.02,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-6,
            ..adam
        }),
        "AdamW" => Box::new(AdamW {
            weight_decay: 0.1,
            ..adamw
        }),
        "NAdam" => Box::new(NAdam::new(1e-2)),
        "RMSprop" => Box::new(rms),
        "RMSprop_centered_momentum" => Box::new(RmsProp {
            alpha: 0.9,
            centered: true,
            momentum: 0.5,
            ..rms
        }),
        "Adagrad" => Box::new(adagrad),
        "Adagrad_decay" => Box::new(Adagrad {
            lr_decay: 0.01,
            initial_accumulator_value: 0.1,
            ..adagrad
        }),
        "Adadelta" => Box::new(Adadelta::default()),
        "Adamax" => Box::new(Adamax::new(0.02)),
        "RAdam" => Box::new(RAdam::new(1e-2)),
        "Rprop" => Box::new(Rprop::new(1e-2)),
        "Lion" => Box::new(lion),
        "Lion_weight_decay" => Box::new(Lion {
            beta1: 0.95,
            beta2: 0.98,
            weight_decay: 0.1,
            ..lion
        }),
        _ => return None,
    })
}

/// At each stored step the largest difference from the point, relative to its largest entry.
fn differences<T: Scalar>(
    rule: &dyn Rule<T>,
    start: &[T],
    points: &[Value],
    gradient: impl Fn(&[T]) -> Vec<T>,
) -> Vec<(u64, f64)> {
    rule.check().expect("sensible settings");
    let (mut x, mut state, mut step) = (start.to_vec(), State::default(), 0);
    let mut all = Vec::new();
    for point in points {
        while step < point[0].as_u64().expect("a step") {
            step += 1;
            let g = gradient(&x);
            rule.update(step, &mut state, &mut x, &g);
        }
        let expected = numbers(&point[1]);
        let size = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        let apart = x.iter().zip(expected).map(|(x, e)| (x.to_f64() - e).abs());
        all.push((step, apart.fold(0.0, f64::max) / size));
    }
    all
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list");
    list.iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn entries(list: &Value) -> &[Value] {
    list.as_array().expect("a list")
}

#[test]
fn trajectories_are_pytorchs() {
    let Some(folder) = common::reference() else {
        return;
    };
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("a reference file");
    let all: Value = serde_json::from_str(&read("torch-optimisers/optimisers.json")).expect("JSON");
    let rows: Vec<Vec<f64>> = read("zerotoall-diabetes/data-03-diabetes.csv")
        .lines()
        .map(|line| {
            line.split(',')
                .filter_map(|x| x.trim().parse().ok())
                .collect()
        })
        .filter(|row: &Vec<f64>| row.len() == 9)
        .collect();
    assert_eq!(rows.len(), 759);
    let logistic = |p: &[f64]| {
        let mut gradient = [0.0; 9];
        for row in &rows {
            let z: f64 = row[..8].iter().zip(p).map(|(x, w)| x * w).sum();
            let residual = 1.0 / (1.0 + (-z - p[8]).exp()) - row[8];
            for (g, x) in gradient.iter_mut().zip(row[..8].iter().chain(&[1.0])) {
                *g += residual * x;
            }
        }
        gradient.iter().map(|g| g / 759.0).collect()
    };
    let rosenbrock = |p: &[f64]| {
        let valley = p[1] - p[0] * p[0];
        vec![-2.0 * (1.0 - p[0]) - 400.0 * p[0] * valley, 200.0 * valley]
    };
    let quadratic = |p: &[f64]| vec![p[0] + p[1], 10.0 * p[1] + p[0], 100.0 * p[2]];
    let mut compared = 0;
    for (name, run) in all["runs"].as_object().expect("runs") {
        let (problem, optimiser) = name.split_once('/').expect("problem/optimiser");
        let Some(rule) = rule::<f64>(optimiser) else {
            continue;
        };
        // It diverges to 1e70.
        if name == "rosenbrock/RAdam" {
            continue;
        }
        let start = numbers(&all["problems"][problem]["start"]);
        let points = entries(&run["step_params_loss_after"]);
        let all = match problem {
            "logistic_diabetes" => differences(&*rule, &start, points, logistic),
            "rosenbrock" => differences(&*rule, &start, points, rosenbrock),
            _ => differences(&*rule, &start, points, quadratic),
        };
        for (step, apart) in all {
            // Near the minimum a mean of squares minus the square of a mean is all rounding, and divides: no two programs agree.
            let chaotic = optimiser == "RMSprop_centered_momentum" && step > 50;
            let allowed = if chaotic { 1e-3 } else { 1e-13 };
            assert!(apart < allowed, "{name}, step {step}: {apart:e}");
        }
        compared += 1;
    }
    assert_eq!(compared, 20 * 3 - 1);
}

#[test]
fn single_precision_follows_the_formulas() {
    let all: Value = serde_json::from_str(include_str!("optimisers/float32.json")).expect("JSON");
    let gradient = |p: &[f32]| vec![p[0] + p[1], 10.0 * p[1] + p[0], 100.0 * p[2]];
    for (name, points) in all.as_object().expect("runs") {
        let rule = rule::<f32>(name).expect("every rule");
        let all = differences(&*rule, &[1.0, -2.0, 0.5], entries(points), gradient);
        for (step, apart) in all {
            assert!(apart < 1e-6, "{name}, step {step}: {apart:e}");
        }
    }
}

#[test]
fn up_is_the_negative_of_down() {
    fn compare<R: Rule<f64> + Debug>(down: R, up: R) {
        let (mut x, mut y) = ([0.7, -1.3, 0.0], [0.7, -1.3, 0.0]);
        let (mut a, mut b) = (State::default(), State::default());
        for step in 1..=20 {
            let g = x.map(|x| x * step as f64 - 0.5);
            down.update(step, &mut a, &mut x, &g);
            up.update(step, &mut b, &mut y, &g.map(|g| -g));
            assert_eq!(x, y, "{up:?} at step {step}");
        }
    }
    macro_rules! each {
        ($($rule:expr),*) => {$({
            let mut up = $rule;
            up.weight_decay = 0.1;
            let down = up;
            up.maximize = true;
            compare(down, up);
        })*};
    }
    let momentum = Sgd {
        momentum: 0.9,
        ..Sgd::new(0.1)
    };
    each!(
        Sgd::new(0.1),
        momentum,
        Adam::new(0.1),
        AdamW::new(0.1),
        Adamax::new(0.1),
        NAdam::new(0.1),
        RAdam::new(0.1),
        RmsProp::new(0.1),
        Adagrad::new(0.1),
        Adadelta::new(1.0),
        Lion::new(0.1)
    );
}

/// The setting that a rule complains about.
fn complaint<R: Rule<f64>>(rule: R) -> &'static str {
    match rule.check() {
        Err(OptimizerError::Option { option, .. }) => option,
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_out_of_range_are_named() {
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        assert_eq!(complaint(Sgd::new(bad)), "learning_rate");
        assert_eq!(complaint(Adam::new(bad)), "learning_rate");
        assert_eq!(complaint(AdamW::new(bad)), "learning_rate");
        assert_eq!(complaint(NAdam::new(bad)), "learning_rate");
        assert_eq!(complaint(RmsProp::new(bad)), "learning_rate");
        assert_eq!(complaint(Adagrad::new(bad)), "learning_rate");
        assert_eq!(complaint(Adadelta::new(bad)), "learning_rate");
        assert_eq!(complaint(Lion::new(bad)), "learning_rate");
        let rule = Sgd::new(0.1);
        assert_eq!(
            complaint(train::Decoupled {
                rule,
                weight_decay: bad
            }),
            "weight_decay"
        );
    }
    for bad in [-0.1, f64::NAN, 1.0] {
        let (adam, lion) = (Adam::new(0.1), Lion::new(0.1));
        assert_eq!(complaint(Adam { beta1: bad, ..adam }), "beta1");
        assert_eq!(complaint(Adam { beta2: bad, ..adam }), "beta2");
        assert_eq!(complaint(Lion { beta2: bad, ..lion }), "beta2");
        let adadelta = Adadelta::default();
        assert_eq!(
            complaint(Adadelta {
                rho: bad,
                ..adadelta
            }),
            "rho"
        );
    }
    let nesterov = Sgd {
        nesterov: true,
        ..Sgd::new(0.1)
    };
    assert_eq!(complaint(nesterov), "momentum");
    let dampened = Sgd {
        momentum: 0.9,
        dampening: 0.1,
        ..nesterov
    };
    assert_eq!(complaint(dampened), "dampening");
}

#[test]
fn long_parameters_move_like_short_ones() {
    // In parallel parts and by vector code, the same bits as one entry alone.
    let n = 100_003;
    let gradient: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin()).collect();
    let adam = Adam {
        amsgrad: true,
        weight_decay: 0.01,
        ..Adam::new(0.1)
    };
    let (mut all, mut state) = (vec![0.5_f32; n], State::default());
    for step in 1..=3 {
        adam.update(step, &mut state, &mut all, &gradient);
    }
    for i in (0..n).step_by(9973) {
        let (mut one, mut state) = ([0.5_f32], State::default());
        for step in 1..=3 {
            adam.update(step, &mut state, &mut one, &gradient[i..=i]);
        }
        assert_eq!(one[0].to_bits(), all[i].to_bits(), "{i}");
    }
}
