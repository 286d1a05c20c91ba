//! What the pictures of section G show, checked as numbers, and the pictures themselves.

#![allow(missing_docs)]

use examples::pictures;
use plots::Chart;

#[test]
fn sigmoids_are_steeper_with_the_weight_and_shifted_by_the_bias() {
    let x = pictures::steps(-5.0, 5.0, 200);
    assert_eq!((x[0], x[100], x[200]), (-5.0, 0.0, 5.0));
    let exact = |z: f64| 1.0 / (1.0 + (-z).exp());
    for (w, b) in [
        (1.0, 0.0),
        (0.5, 0.0),
        (2.0, 0.0),
        (1.0, 0.5),
        (1.0, 1.0),
        (1.0, 1.5),
    ] {
        for (x, y) in x.iter().zip(pictures::sigmoid(&x, w, b)) {
            assert!((y - exact(w * x + b)).abs() < 1e-15);
        }
    }
}

#[test]
fn the_squared_error_has_two_minima_and_the_cross_entropy_is_convex() {
    let w = pictures::steps(-2.0, 6.0, 400);
    let (squared, cross) = pictures::costs(&w);
    let minima = squared
        .windows(3)
        .filter(|c| c[1] < c[0] && c[1] < c[2])
        .count();
    assert_eq!(minima, 2);
    let bends = |c: &[f64]| {
        c.windows(3)
            .map(|c| c[0] - 2.0 * c[1] + c[2])
            .collect::<Vec<_>>()
    };
    assert!(bends(&squared).iter().any(|b| *b < -1e-4));
    assert!(bends(&cross).iter().all(|b| *b > -1e-12));
    // By hand at w = 0: (1/2)² and ln 2.
    let (squared, cross) = pictures::costs(&[0.0]);
    assert!((squared[0] - 0.25).abs() < 1e-15 && (cross[0] - 2f64.ln()).abs() < 1e-15);
}

#[test]
fn the_losses_are_logarithms_and_cross_at_one_half() {
    let h = pictures::steps(0.005, 0.995, 198);
    let (one, zero) = pictures::losses(&h);
    for k in 0..h.len() {
        assert!((one[k] + h[k].ln()).abs() < 1e-14);
        assert!((zero[k] + (-h[k]).ln_1p()).abs() < 1e-14);
    }
    assert!((one[99] - zero[99]).abs() < 1e-12);
}

#[test]
fn the_line_misses_the_step() {
    // Least squares by hand: Σ(x − 57.5)(y − 1/2) = 22.5, Σ(x − 57.5)² = 437.5.
    let (intercept, slope) = pictures::exam_line().unwrap();
    assert!((slope - 9.0 / 175.0).abs() < 1e-12, "{slope}");
    assert!((intercept - (0.5 - 57.5 * 9.0 / 175.0)).abs() < 1e-10);
}

#[test]
fn the_descent_is_the_tutorials() {
    let (w, b, cost) = pictures::descent(2000);
    assert!((cost[0] - 56.0 / 3.0).abs() < 1e-12);
    assert!((cost[99] - 0.048403).abs() < 1.5e-6 && (cost[1999] - 0.000005).abs() < 1.5e-6);
    assert_eq!(format!("{:.3} {:.3}", w[100], b[100]), "1.745 0.579");
}

#[test]
fn the_graph_has_every_operation_of_the_cost() {
    let told = pictures::graph().alt_text();
    for part in [
        "matmul (6x1) from x, W.",
        "sigmoid (6x1) from",
        "mean (1x1) from",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn every_picture_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    pictures::write(folder.path(), &pictures::NAMES, &mut told).unwrap();
    assert_eq!(
        String::from_utf8(told).unwrap().lines().collect::<Vec<_>>(),
        pictures::NAMES
    );
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3 * 12);
    for name in names {
        let bytes = std::fs::read(folder.path().join(&name)).unwrap();
        let start: &[u8] = if std::path::Path::new(&name)
            .extension()
            .is_some_and(|e| e == "png")
        {
            b"\x89PNG"
        } else {
            b"<svg "
        };
        assert!(
            bytes.starts_with(start) && bytes.len() < 400_000,
            "{name}: {}",
            bytes.len()
        );
    }
}
