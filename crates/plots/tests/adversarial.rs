//! Data that nobody means to draw: a picture of a size that can be opened, or a sentence, and soon.

#![allow(missing_docs)]

mod common;

use std::time::{Duration, Instant};

use common::sound;
use plots::{Chart, GraphChart, LineChart, NodeKind, PlotError, SurfaceChart};

/// A chart, drawn soon, in so many bytes.
fn bounded(name: &str, chart: &impl Chart, bytes: usize) -> Result<String, PlotError> {
    let start = Instant::now();
    let drawn = chart.to_svg();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(60), "{name}: {took:?}");
    if let Ok(svg) = &drawn {
        assert!(svg.len() < bytes, "{name}: {} bytes", svg.len());
    }
    drawn
}

/// Numbers without a pattern, from 0 to 1.
fn noise(n: usize) -> Vec<f64> {
    let next = |state: &mut u64| {
        *state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        Some((*state >> 40) as f64 / f64::from(1 << 24))
    };
    (0..n).scan(1, |state, _| next(state)).collect()
}

fn chain(nodes: usize, long: usize) -> GraphChart {
    let mut graph = GraphChart::new("chain");
    for k in 0..nodes {
        graph = graph.node(format!("n{k}"), "", NodeKind::Operation);
        if k > 0 {
            graph = graph.edge(k - 1, k);
        }
    }
    (0..long).fold(graph, |graph, _| graph.edge(0, nodes - 1))
}

#[test]
fn graphs_of_long_edges_are_counted_first() {
    let refused = bounded("edges", &chain(400, 1200), 0).unwrap_err();
    assert!(refused.to_string().contains("bends"), "{refused}");
    bounded("edges", &chain(50, 100), 2_000_000).unwrap();
    bounded("chain", &chain(400, 1), 2_000_000).unwrap();
}

#[test]
fn grids_of_noise_stay_small_or_are_refused() {
    let chart = |columns: usize, values: &[f64]| {
        let (title, range) = ("noise", (0.0, 1.0));
        SurfaceChart::new(title, "x", "y", "z", range, range, |_, _| 0.0)
            .grid(columns, values)
            .levels(40)
    };
    for (side, drawn) in [
        (2, true),
        (97, true),
        (512, false),
        (513, false),
        (2048, false),
    ] {
        let name = format!("noise {side}");
        let found = bounded(&name, &chart(side, &noise(side * side)), 50_000_000);
        assert_eq!(found.is_ok(), drawn, "{name}");
        assert!(
            matches!(found, Ok(_) | Err(PlotError::TooMany { .. })),
            "{name}"
        );
    }
    // What is smooth may be as fine.
    let smooth: Vec<f64> = (0..1 << 18).map(|k| f64::from(k % 512 + k / 512)).collect();
    bounded("smooth", &chart(512, &smooth), 5_000_000).unwrap();
}

#[test]
fn curves_of_gaps_stay_small() {
    let n = 1_000_000;
    let x: Vec<f64> = (0..n).map(f64::from).collect();
    let mut y = noise(x.len());
    y.iter_mut().step_by(2).for_each(|y| *y = f64::NAN);
    let chart = LineChart::new("gaps", "x", "y").curve("noise", &x, &y);
    bounded("gaps", &chart, 10_000_000).unwrap();
    // Few dots are all there.
    let chart = LineChart::new("gaps", "x", "y").curve("noise", &x[..101], &y[..101]);
    assert_eq!(sound(&chart).unwrap().matches("class=\"dot\"").count(), 50);
}

#[test]
fn numbers_beyond_all_axes_are_no_points() {
    let ends: [(&[f64], bool, bool); 6] = [
        (&[1.61e308, 1.79e308], false, false),
        (&[-1.79e308, -1.61e308, -1.7e308], false, false),
        (&[1.0, 1.79e308, 2.0], false, true),
        (&[1e-310, 2e-310], true, false),
        (&[1e-310, 1.0, 2.0, 1e305], true, true),
        (&[5e-324, -5e-324], false, true),
    ];
    for (values, log, drawn) in ends {
        let x: Vec<f64> = (1..=values.len()).map(|k| k as f64).collect();
        let chart = LineChart::new("t", "x", "y")
            .curve("c", &x, values)
            .points("p", &x, values);
        let found = sound(&if log { chart.log_y() } else { chart });
        assert_eq!(found.is_ok(), drawn, "{values:?}: {found:?}");
    }
}
