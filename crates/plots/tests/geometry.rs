//! Marks stand where the data are.

#![allow(missing_docs)]

mod common;

use common::{groups, number, points, sound, tag, texts};
use plots::{
    BoundaryChart, CalibrationChart, Chart, ConfusionChart, ForestChart, GraphChart, HistoryChart,
    LeverageChart, LineChart, NodeKind, PenaltyPathChart, QuantileChart, RocChart, SurfaceChart,
};
use roxmltree::Document;

/// The line through two ticks: from a number to its pixel.
fn axis(ticks: &[(String, f64, f64)], upright: bool) -> impl Fn(f64) -> f64 + use<> {
    let read = |t: &(String, f64, f64)| {
        let value: f64 = t.0.replace('−', "-").parse().expect("a tick");
        // A label stands 0.35 of its size of 12 below its height.
        (value, if upright { t.2 - 4.2 } else { t.1 })
    };
    let (a, b) = (read(&ticks[0]), read(&ticks[ticks.len() - 1]));
    move |v| a.1 + (v - a.0) / (b.0 - a.0) * (b.1 - a.1)
}

#[track_caller]
fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 0.03, "{a} is not {b}");
}

#[test]
fn a_curve_passes_through_its_points() {
    let (x, y) = ([0.0, 1.0, 2.0, 4.0], [1.0, 3.0, -2.0, 5.0]);
    let svg = sound(&LineChart::new("t", "x", "y").curve("c", &x, &y)).unwrap();
    let document = Document::parse(&svg).unwrap();
    let to_x = axis(&texts(&document, "x-ticks"), false);
    let to_y = axis(&texts(&document, "y-ticks"), true);
    let path = groups(&document, "series")[0]
        .first_element_child()
        .unwrap();
    let drawn = points(path.attribute("d").unwrap());
    assert_eq!(drawn.len(), 4);
    for ((x, y), p) in x.iter().zip(&y).zip(drawn) {
        near(p.0, to_x(*x));
        near(p.1, to_y(*y));
    }
}

#[test]
fn points_and_levels_stand_at_their_heights_on_a_logarithmic_axis() {
    let chart = LineChart::new("t", "x", "y")
        .points("p", &[1.0, 2.0, 3.0], &[1.0, 10.0, 100.0])
        .log_y();
    let document_text = sound(&chart).unwrap();
    let document = Document::parse(&document_text).unwrap();
    let circles: Vec<f64> = groups(&document, "points")[0]
        .children()
        .map(|c| number(c, "cy"))
        .collect();
    near(circles[0] - circles[1], circles[1] - circles[2]);
    assert!(circles[0] > circles[2]);
}

#[test]
fn a_hole_in_the_data_breaks_the_curve() {
    let y = [1.0, 2.0, f64::NAN, 2.0, f64::INFINITY, 3.0, 4.0];
    let x: Vec<f64> = (0..7).map(f64::from).collect();
    let svg = sound(&LineChart::new("t", "x", "y").curve("c", &x, &y)).unwrap();
    let document = Document::parse(&svg).unwrap();
    let series = groups(&document, "series")[0];
    let path = series
        .children()
        .find(|c| c.has_tag_name(tag("path")))
        .unwrap();
    assert_eq!(path.attribute("d").unwrap().matches('M').count(), 2);
    assert_eq!(
        series
            .descendants()
            .filter(|c| c.has_tag_name(tag("circle")))
            .count(),
        1
    );
}

#[test]
fn legends_stand_above_the_data() {
    let mut chart = LineChart::new("t", "x", "y");
    for k in 0..9 {
        chart = chart.curve(format!("series {k}"), &[0.0, 1.0], &[0.0, f64::from(k)]);
    }
    for chart in [chart.clone(), chart.width(400)] {
        let svg = sound(&chart).unwrap();
        let document = Document::parse(&svg).unwrap();
        let lowest = texts(&document, "legend")
            .iter()
            .map(|t| t.2)
            .fold(0.0, f64::max);
        let plot = document
            .root_element()
            .children()
            .find(|c| c.has_tag_name(tag("svg")))
            .unwrap();
        assert!(number(plot, "y") > lowest + 3.0);
        assert_eq!(texts(&document, "legend").len(), 9);
    }
}

#[test]
fn bars_are_as_high_as_their_counts() {
    let chart = CalibrationChart::new("t").model(
        "m",
        &[0.1, 0.5, 0.9],
        &[0.2, 0.5, 0.7],
        &[10.0, 40.0, 20.0],
    );
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let heights: Vec<f64> = groups(&document, "bars")[0]
        .children()
        .map(|b| number(b, "height"))
        .collect();
    near(heights[1], 4.0 * heights[0]);
    near(heights[1], 2.0 * heights[2]);
}

#[test]
fn a_confusion_matrix_has_counts_and_shares_of_rows() {
    let svg = sound(&ConfusionChart::new(
        "t",
        &["a", "b"],
        &[3.0, 1.0, 0.0, 12345.0],
    ))
    .unwrap();
    let document = Document::parse(&svg).unwrap();
    let shown: Vec<String> = texts(&document, "cells").into_iter().map(|t| t.0).collect();
    assert_eq!(
        shown,
        [
            "3", "75.0 %", "1", "25.0 %", "0", "0.0 %", "12,345", "100.0 %"
        ]
    );
    let cells: Vec<_> = groups(&document, "cells")[0]
        .children()
        .filter(|c| c.has_tag_name(tag("rect")))
        .collect();
    assert_eq!(number(cells[0], "width"), number(cells[0], "height"));
    assert_eq!(number(cells[0], "x"), number(cells[2], "x"));
}

#[test]
fn intervals_reach_from_end_to_end_and_ratios_are_equally_far_from_one() {
    let chart = ForestChart::new("t", "odds ratio")
        .ratio()
        .row("doubles", 2.0, 1.5, 3.0)
        .row("halves", 0.5, 1.0 / 3.0, 2.0 / 3.0);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let ends: Vec<(f64, f64)> = groups(&document, "interval")
        .iter()
        .map(|g| g.first_element_child().unwrap())
        .map(|l| (number(l, "x1"), number(l, "x2")))
        .collect();
    // 3 and 1/3, 3/2 and 2/3 are mirror images about 1.
    near(ends[0].0 + ends[1].1, ends[0].1 + ends[1].0);
    assert!(ends[0].0 > ends[1].1);
}

#[test]
fn an_endless_interval_has_an_arrow_at_the_edge() {
    let chart = ForestChart::new("t", "b")
        .row("a", 1.0, f64::NEG_INFINITY, 2.0)
        .row("b", f64::NAN, f64::NAN, f64::NAN);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let interval = groups(&document, "interval")[0];
    assert_eq!(
        interval
            .children()
            .filter(|c| c.has_tag_name(tag("path")))
            .count(),
        1
    );
    assert!(
        svg.contains("1.00 [−∞, 2.00]") || svg.contains("1.0 [−∞, 2.0]"),
        "{svg}"
    );
}

#[test]
fn the_curve_of_chance_is_the_diagonal_and_the_plot_is_square() {
    let svg =
        sound(&RocChart::new("t").curve("m", &[0.0, 0.2, 1.0], &[0.0, 0.9, 1.0], 0.85)).unwrap();
    let document = Document::parse(&svg).unwrap();
    let plot = document
        .root_element()
        .children()
        .find(|c| c.has_tag_name(tag("svg")))
        .unwrap();
    assert_eq!(number(plot, "width"), number(plot, "height"));
    let chance = plot.first_element_child().unwrap();
    near(
        number(chance, "x2") - number(chance, "x1"),
        number(chance, "y1") - number(chance, "y2"),
    );
}

#[test]
fn regions_follow_the_function() {
    // x is the probability: every level line is upright at its tenth, and the threshold stands in the middle.
    let chart = BoundaryChart::new("t", "x", "y", (0.0, 1.0), (0.0, 1.0), |x, _| x);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let to_x = axis(&texts(&document, "x-ticks"), false);
    let regions: Vec<_> = groups(&document, "regions")[0].children().collect();
    assert_eq!(regions.len(), 10);
    for (k, region) in regions.iter().enumerate() {
        let left = points(region.attribute("d").unwrap())
            .iter()
            .map(|p| p.0)
            .fold(f64::INFINITY, f64::min);
        near(left, to_x(k as f64 / 10.0));
    }
    let line = groups(&document, "level-lines")[0]
        .first_element_child()
        .unwrap();
    for p in points(line.attribute("d").unwrap()) {
        near(p.0, to_x(0.5));
    }
}

#[test]
fn a_path_of_descent_stands_on_its_surface() {
    let chart = SurfaceChart::new("t", "w", "b", "cost", (-2.0, 2.0), (-1.0, 1.0), |w, b| {
        w * w + b * b
    })
    .path("p", &[-1.0, 0.0], &[0.5, 0.0]);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let (to_x, to_y) = (
        axis(&texts(&document, "x-ticks"), false),
        axis(&texts(&document, "y-ticks"), true),
    );
    let steps: Vec<(f64, f64)> = groups(&document, "steps")[0]
        .children()
        .map(|c| (number(c, "cx"), number(c, "cy")))
        .collect();
    near(steps[0].0, to_x(-1.0));
    near(steps[0].1, to_y(0.5));
    near(steps[1].0, to_x(0.0));
}

#[test]
fn contours_have_the_cooks_distance_that_they_name() {
    let p = 3;
    let chart = LeverageChart::new("t", &[0.05, 0.1, 0.5], &[-4.0, 4.0, 0.1], p);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let (to_x, to_y) = (
        axis(&texts(&document, "x-ticks"), false),
        axis(&texts(&document, "y-ticks"), true),
    );
    let (h0, h1) = (
        (0.0 - to_x(0.0)) / (to_x(1.0) - to_x(0.0)),
        1.0 / (to_x(1.0) - to_x(0.0)),
    );
    let (r0, r1) = (
        (0.0 - to_y(0.0)) / (to_y(1.0) - to_y(0.0)),
        1.0 / (to_y(1.0) - to_y(0.0)),
    );
    let lines = groups(&document, "cook");
    assert_eq!(lines.len(), 4);
    for (line, d) in lines.iter().zip([0.5, 0.5, 1.0, 1.0]) {
        let drawn = points(line.first_element_child().unwrap().attribute("d").unwrap());
        for (x, y) in drawn.iter().filter(|p| p.1.abs() < 5000.0).skip(20) {
            let (h, r) = (h0 + h1 * x, r0 + r1 * y);
            let found = r * r * h / (p as f64 * (1.0 - h));
            assert!((found / d - 1.0).abs() < 0.02, "{found} at {h} {r}");
        }
    }
}

/// A quantile plot: values, their quantiles in order, intercept and slope of the line, half widths of the band at the quantiles.
struct Quantiles {
    values: Vec<f64>,
    z: Vec<f64>,
    line: [f64; 2],
    wide: Vec<f64>,
}

/// The plots of R:
///
/// ```r
/// of <- function(y) {
///   z <- sort(qqnorm(y, plot.it = FALSE)$x)
///   q <- quantile(y, c(0.25, 0.75)); b <- diff(q) / diff(qnorm(c(0.25, 0.75)))   # the line of qqline(y)
///   p <- pnorm(z)
///   print(c(z, q[1] - b * qnorm(0.25), b, qnorm(0.975) * b * sqrt(p * (1 - p) / length(y)) / dnorm(z)), digits = 15)
/// }
/// of(c(3, -1, 2, 0.5, 7)); of((1:12)^2)
/// ```
fn normal_quantiles_of_r() -> [Quantiles; 2] {
    let squares = (1..=12).map(|k| f64::from(k * k)).collect();
    let mirrored = |half: &[f64], sign: f64| -> Vec<f64> {
        let other = half.iter().rev().map(|v| sign * v);
        half.iter().copied().chain(other).collect()
    };
    let z = [
        -1.7316643961222451,
        -1.1503493803760079,
        -0.8122178014999129,
        -0.548522282698098,
        -0.3186393639643751,
        -0.1046334556140754,
    ];
    let wide = [
        67.2747138324623,
        48.179121157471,
        42.4570878790515,
        39.7141139015697,
        38.2869633560798,
        37.6601663242654,
    ];
    [
        Quantiles {
            values: vec![3.0, -1.0, 2.0, 0.5, 7.0],
            z: vec![
                -1.17976111761186,
                -0.497200570681554,
                0.0,
                0.497200570681554,
                1.17976111761186,
            ],
            line: [1.75, 1.853252773132],
            wide: vec![
                2.64458583072407,
                2.13004947025898,
                2.03590583003849,
                2.13004947025898,
                2.64458583072407,
            ],
        },
        Quantiles {
            values: squares,
            z: mirrored(&z, -1.0),
            line: [50.0, 53.0030293115753],
            wide: mirrored(&wide, 1.0),
        },
    ]
}

#[test]
fn a_quantile_plot_is_that_of_r() {
    for of_r in normal_quantiles_of_r() {
        let Quantiles { z, wide, .. } = of_r;
        let [a, b] = of_r.line;
        let svg = sound(&QuantileChart::new("t", &of_r.values)).unwrap();
        let document = Document::parse(&svg).unwrap();
        let to_x = axis(&texts(&document, "x-ticks"), false);
        let to_y = axis(&texts(&document, "y-ticks"), true);
        let mut sorted = of_r.values;
        sorted.sort_by(f64::total_cmp);
        let group = groups(&document, "points")[0];
        let marks: Vec<_> = group
            .children()
            .filter(|c| c.has_tag_name(tag("circle")))
            .collect();
        assert_eq!(marks.len(), z.len());
        for ((mark, z), y) in marks.iter().zip(&z).zip(&sorted) {
            near(number(*mark, "cx"), to_x(*z));
            near(number(*mark, "cy"), to_y(*y));
        }
        let band = groups(&document, "band")[0];
        let line = band.next_sibling_element().unwrap();
        for (x, y) in points(line.attribute("d").unwrap()) {
            let z = (x - to_x(0.0)) / (to_x(1.0) - to_x(0.0));
            near(y, to_y(a + b * z));
        }
        // The lower edge from left to right, then the upper one back.
        let edge = points(band.first_element_child().unwrap().attribute("d").unwrap());
        let (lower, upper) = edge.split_at(edge.len() / 2);
        let upper: Vec<(f64, f64)> = upper.iter().rev().copied().collect();
        for (z, wide) in z.iter().zip(&wide) {
            for (edge, y) in [(lower, a + b * z - wide), (&upper, a + b * z + wide)] {
                let right = edge.iter().position(|p| p.0 >= to_x(*z)).unwrap();
                let (p, q) = (edge[right - 1], edge[right]);
                let found = p.1 + (q.1 - p.1) * (to_x(*z) - p.0) / (q.0 - p.0);
                near(found, to_y(y));
            }
        }
    }
    let told = QuantileChart::new("t", &[3.0, -1.0, 2.0, 0.5, 7.0]).alt_text();
    let expected =
        "Normal Q-Q plot of 5 values: 1 outside of the pointwise 95 % band; from −1.00 to 7.00.";
    assert_eq!(told, expected);
}

#[test]
fn paths_run_from_strong_to_weak_whatever_the_order() {
    let strong_first =
        PenaltyPathChart::new("t", &[1.0, 0.1, 0.01]).coefficient("b", &[0.0, 1.0, 2.0]);
    let weak_first =
        PenaltyPathChart::new("t", &[0.01, 0.1, 1.0]).coefficient("b", &[2.0, 1.0, 0.0]);
    let svg = sound(&strong_first).unwrap();
    assert_eq!(svg, sound(&weak_first).unwrap());
    let document = Document::parse(&svg).unwrap();
    let path = groups(&document, "series")[0]
        .first_element_child()
        .unwrap();
    let drawn = points(path.attribute("d").unwrap());
    assert!(drawn[0].0 < drawn[1].0 && drawn[0].1 > drawn[2].1);
}

#[test]
fn epochs_of_losses_and_metrics_stand_below_each_other() {
    let chart = HistoryChart::new("t")
        .loss("a", &[123.0, 4.0, 3.0])
        .metric("a", &[0.1, 0.2, 0.3]);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let series = groups(&document, "series");
    let first = |k: usize| {
        points(
            series[k]
                .first_element_child()
                .unwrap()
                .attribute("d")
                .unwrap(),
        )
    };
    for (a, b) in first(0).iter().zip(first(1)) {
        near(a.0, b.0);
    }
}

#[test]
fn epochs_have_the_numbers_that_they_are_given() {
    let loss = [0.9, 0.4, 0.6];
    let chart = HistoryChart::new("t").loss("a", &loss).best("best", 2.0);
    let resumed = chart.clone().epochs(&[11.0, 12.0, 13.0]).best("best", 12.0);
    for (chart, first) in [(chart, 1.0), (resumed, 11.0)] {
        let best = first + 1.0;
        let told = chart.alt_text();
        assert!(
            told.ends_with(&format!("lowest 0.400 at epoch {best}.")),
            "{told}"
        );
        let svg = sound(&chart).unwrap();
        assert!(svg.contains(&format!("best (epoch {best})")), "{svg}");
        let document = Document::parse(&svg).unwrap();
        let to_x = axis(&texts(&document, "x-ticks"), false);
        let series = groups(&document, "series")[0];
        let drawn = points(
            series
                .first_element_child()
                .unwrap()
                .attribute("d")
                .unwrap(),
        );
        for (k, p) in drawn.iter().enumerate() {
            near(p.0, to_x(first + k as f64));
        }
        let plot = document.root_element();
        let plot = plot
            .children()
            .find(|c| c.has_tag_name(tag("svg")))
            .unwrap();
        near(
            number(plot.first_element_child().unwrap(), "x1"),
            to_x(best),
        );
    }
    let short = HistoryChart::new("t").loss("a", &loss).epochs(&[1.0]);
    assert_eq!(
        short.to_svg().unwrap_err().to_string(),
        "the list of epochs has 1 values where 3 are needed"
    );
}

#[test]
fn operands_stand_above_what_uses_them() {
    let chart = GraphChart::new("t")
        .node("a", "", NodeKind::Variable)
        .node("b", "", NodeKind::Operation)
        .node("c", "1x1", NodeKind::Operation)
        .edge(0, 1)
        .edge(1, 2)
        .edge(0, 2);
    let svg = sound(&chart).unwrap();
    let document = Document::parse(&svg).unwrap();
    let tops: Vec<f64> = groups(&document, "node")
        .iter()
        .map(|n| number(n.first_element_child().unwrap(), "y"))
        .collect();
    assert!(tops.windows(2).all(|w| w[0] < w[1]));
    let edges = groups(&document, "edges")[0].children().count();
    assert_eq!(edges, 6, "a line and a tip for each edge");
}
