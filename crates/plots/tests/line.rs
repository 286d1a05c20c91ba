//! What is drawn, and what is refused.

use plots::{LineChart, PlotError};

#[test]
fn nothing_to_draw_is_an_error() {
    assert_eq!(
        LineChart::new("t", "x", "y").to_svg().unwrap_err(),
        PlotError::Empty
    );
    let chart = LineChart::new("t", "x", "y")
        .curve("a", &[f64::NAN], &[1.0])
        .unwrap();
    assert_eq!(chart.to_svg().unwrap_err(), PlotError::Empty);
    let error = LineChart::new("t", "x", "y")
        .points("a", &[1.0], &[])
        .unwrap_err();
    assert_eq!(error.to_string(), "the series `a` has 1 x and 0 y");
}

#[test]
fn titles_are_escaped_and_legends_shown() {
    let chart = LineChart::new("a < b & c", "x", "y")
        .curve("first", &[0.0, 1.0, 2.0], &[0.0, f64::INFINITY, 1.0])
        .and_then(|chart| chart.points("second", &[1.0, 2.0], &[3.0, 3.0]))
        .unwrap();
    let svg = chart.to_svg().unwrap();
    assert!(svg.contains("a &lt; b &amp; c") && !svg.contains("a < b"));
    assert!(svg.contains("first") && svg.contains("second"));
    assert!(svg.matches("<circle").count() >= 2);
}

#[test]
fn a_single_point_and_huge_values_are_drawn() {
    for (x, y) in [(1.0, 1.0), (1e300, -1e300), (0.0, 0.0)] {
        assert!(
            LineChart::new("t", "x", "y")
                .points("p", &[x], &[y])
                .unwrap()
                .to_svg()
                .is_ok()
        );
    }
}
