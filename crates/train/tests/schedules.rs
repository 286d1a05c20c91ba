//! Schedules against the recursions that PyTorch documents, and its one-cycle and plateau algorithms written out.

use std::f64::consts::PI;

use train::schedule::{
    Anneal, CosineAnnealingLr, ExponentialLr, LinearLr, MultiStepLr, OneCycleLr, PlateauMode,
    PlateauThreshold, ReduceLrOnPlateau, Schedule, StepLr,
};
use train::{Adam, Optimizer};

/// A schedule against the rate of each epoch from that of the one before.
fn follows(schedule: &impl Schedule, start: f64, next: impl Fn(u64, f64) -> f64) {
    let mut rate = start;
    for epoch in 0..100 {
        let found = schedule.rate(0.1, epoch);
        assert!(
            (found - rate).abs() <= 1e-13 * start.abs().max(0.1),
            "epoch {epoch}: {found}, not {rate}"
        );
        rate = next(epoch + 1, rate);
    }
}

#[test]
fn closed_forms_are_the_recursions() {
    follows(&StepLr::new(30, 0.1), 0.1, |t, rate| {
        if t % 30 == 0 { rate * 0.1 } else { rate }
    });
    follows(
        &MultiStepLr::new([30, 80, 80], 0.5),
        0.1,
        |t, rate| match t {
            30 => rate * 0.5,
            80 => rate * 0.25,
            _ => rate,
        },
    );
    follows(&ExponentialLr::new(0.95), 0.1, |_, rate| rate * 0.95);
    // PyTorch: η + (η' − η_min) (1 + cos(π t/T)) / (1 + cos(π (t−1)/T)).
    let cosine = CosineAnnealingLr::new(120).down_to(0.001);
    follows(&cosine, 0.1, |t, rate| {
        let turn = |t: u64| 1.0 + (PI * t as f64 / 120.0).cos();
        (rate - 0.001) * turn(t) / turn(t - 1) + 0.001
    });
    let (start, end, total) = (1.0 / 3.0, 1.0, 5.0);
    follows(&LinearLr::new(start, end, 5), 0.1 * start, |t, rate| {
        if t > 5 {
            return rate;
        }
        rate * (1.0 + (end - start) / (total * start + (t - 1) as f64 * (end - start)))
    });
}

#[test]
fn the_examples_of_pytorchs_documentation() {
    // StepLR(step_size=30, gamma=0.1), lr = 0.05; LinearLR(start_factor=0.5, total_iters=4), lr = 0.05.
    let step = StepLr::new(30, 0.1);
    for (epoch, rate) in [(0, 0.05), (29, 0.05), (30, 0.005), (60, 0.0005)] {
        assert!((step.rate(0.05, epoch) - rate).abs() < 1e-17);
    }
    let linear = LinearLr::new(0.5, 1.0, 4);
    for (epoch, rate) in [
        (0, 0.025),
        (1, 0.03125),
        (2, 0.0375),
        (3, 0.04375),
        (4, 0.05),
    ] {
        assert!((linear.rate(0.05, epoch) - rate).abs() < 1e-17);
    }
}

/// `OneCycleLR.get_lr` for `max_lr` 0.1 and 50 steps.
fn one_cycle(step: u64, three_phase: bool, anneal: Anneal) -> f64 {
    let (top, total) = (0.1, 50.0);
    let (start, end) = (top / 25.0, top / 25.0 / 1e4);
    let phases: Vec<(f64, f64, f64)> = if three_phase {
        vec![
            (0.3 * total - 1.0, start, top),
            (2.0 * 0.3 * total - 2.0, top, start),
            (total - 1.0, start, end),
        ]
    } else {
        vec![(0.3 * total - 1.0, start, top), (total - 1.0, top, end)]
    };
    let mut begin = 0.0;
    for (k, (stop, from, to)) in phases.iter().enumerate() {
        if step as f64 <= *stop || k == phases.len() - 1 {
            let part = (step as f64 - begin) / (stop - begin);
            return match anneal {
                Anneal::Cosine => to + (from - to) / 2.0 * (1.0 + (PI * part).cos()),
                Anneal::Linear => from + (to - from) * part,
            };
        }
        begin = *stop;
    }
    unreachable!()
}

#[test]
fn one_cycle_is_pytorchs() {
    for three_phase in [false, true] {
        for anneal in [Anneal::Cosine, Anneal::Linear] {
            let cycle = OneCycleLr {
                three_phase,
                anneal,
                ..OneCycleLr::new(50)
            };
            for step in 0..50 {
                let (found, expected) =
                    (cycle.rate(0.1, step), one_cycle(step, three_phase, anneal));
                assert!(
                    (found - expected).abs() < 1e-16,
                    "{step}: {found} {expected}"
                );
                let momentum = cycle.momentum(step);
                assert!((0.85 - 1e-12..=0.95 + 1e-12).contains(&momentum));
            }
            assert!((cycle.rate(0.1, 14) - 0.1).abs() < 1e-16);
            assert!((cycle.momentum(14) - 0.85).abs() < 1e-15);
            assert_eq!(cycle.rate(0.1, 49), cycle.rate(0.1, 1000));
        }
    }
}

#[test]
fn a_plateau_lowers_every_group_and_resumes() {
    let losses = [
        5.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        3.9999,
        3.0,
        f64::NAN,
        3.0,
        3.0,
        3.0,
        3.0,
        3.0,
    ];
    let plateau = ReduceLrOnPlateau {
        patience: 2,
        cooldown: 1,
        minimum: 0.02,
        ..ReduceLrOnPlateau::new(0.1)
    };
    let fresh = || Optimizer::<f64, _>::new(Adam::new(1.0)).group(Adam::new(0.1), |n| n == "b");
    let rates = |o: &Optimizer<f64, Adam>| o.rules().map(|r| r.learning_rate).collect::<Vec<_>>();
    // After a reduction one epoch is not counted, then three bad ones bring the next.
    let (mut optimizer, mut running) = (fresh(), plateau);
    let reduced: Vec<usize> = (0..losses.len())
        .filter(|&k| running.step(&mut optimizer, losses[k]))
        .collect();
    assert_eq!(reduced, [4, 11]);
    assert_eq!(rates(&optimizer), [0.02, 0.02]);
    for cut in 0..losses.len() {
        let (mut optimizer, mut first, mut second) = (fresh(), plateau, plateau);
        losses[..cut].iter().for_each(|l| {
            first.step(&mut optimizer, *l);
        });
        second.state = first.state;
        losses[cut..].iter().for_each(|l| {
            second.step(&mut optimizer, *l);
        });
        assert_eq!(rates(&optimizer), [0.02, 0.02], "{cut}");
        assert_eq!(second.state, running.state, "{cut}");
    }
    let mut up = ReduceLrOnPlateau {
        mode: PlateauMode::Max,
        threshold: PlateauThreshold::Absolute(0.5),
        patience: 0,
        ..ReduceLrOnPlateau::new(0.1)
    };
    assert_eq!([1.0, 1.4, 2.0].map(|x| up.observe(x)), [false, true, false]);
}
