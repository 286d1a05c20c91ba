//! Element-wise kernels against values of 50 digits, and where IEEE 754 has an opinion.

use linalg::{Scalar, elementwise};

type Kernel<T> = fn(&[T], &mut [T]);

/// Name, double kernel, single kernel, and the largest errors allowed for either, in ulp.
type Tested = (&'static str, Kernel<f64>, Kernel<f32>, f64, f64);

const KERNELS: [Tested; 14] = [
    ("exp", elementwise::exp, elementwise::exp, 1.5, 2.0),
    ("exp_m1", elementwise::exp_m1, elementwise::exp_m1, 3.0, 1.0),
    ("ln", elementwise::ln, elementwise::ln, 1.0, 1.0),
    ("ln_1p", elementwise::ln_1p, elementwise::ln_1p, 2.0, 1.0),
    ("tanh", elementwise::tanh, elementwise::tanh, 4.0, 1.0),
    (
        "sigmoid",
        elementwise::sigmoid,
        elementwise::sigmoid,
        3.0,
        4.0,
    ),
    (
        "softplus",
        elementwise::softplus,
        elementwise::softplus,
        3.0,
        1.0,
    ),
    (
        "log_sigmoid",
        elementwise::log_sigmoid,
        elementwise::log_sigmoid,
        3.0,
        1.0,
    ),
    ("erf", elementwise::erf, elementwise::erf, 3.0, 1.0),
    ("erfc", elementwise::erfc, elementwise::erfc, 6.0, 1.0),
    (
        "normal_cdf",
        elementwise::normal_cdf,
        elementwise::normal_cdf,
        6.0,
        1.0,
    ),
    (
        "log_normal_cdf",
        elementwise::log_normal_cdf,
        elementwise::log_normal_cdf,
        8.0,
        1.0,
    ),
    (
        "inverse_mills",
        elementwise::inverse_mills,
        elementwise::inverse_mills,
        8.0,
        1.0,
    ),
    (
        "normal_quantile",
        elementwise::normal_quantile,
        elementwise::normal_quantile,
        8.0,
        1.0,
    ),
];

struct Row {
    name: &'static str,
    x: f64,
    high: f64,
    low: f64,
}

fn table() -> Vec<Row> {
    let number = |hex: &str| f64::from_bits(u64::from_str_radix(hex, 16).unwrap());
    let text = include_str!("data/elementwise.csv");
    let rows = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            Row {
                name: cells[0],
                x: number(cells[1]),
                high: number(cells[2]),
                low: number(cells[3]),
            }
        });
    rows.collect()
}

fn apply<T: Scalar>(kernel: Kernel<T>, x: T) -> T {
    // In the middle of a longer slice, so that the vector path is taken, and alone.
    let (mut long, mut short) = ([T::ZERO; 37], [T::ZERO; 1]);
    kernel(&[x; 37], &mut long);
    kernel(&[x], &mut short);
    let same = |a: T, b: T| a == b || (a.is_nan() && b.is_nan());
    assert!(
        long.iter().all(|y| same(*y, short[0])),
        "the place in the slice matters at {x}"
    );
    short[0]
}

fn ulp64(x: f64) -> f64 {
    let x = x.abs().max(f64::MIN_POSITIVE);
    f64::from_bits(x.to_bits() + 1) - x
}

#[test]
fn errors_in_double_precision() {
    let rows = table();
    for (name, kernel, _, allowed, _) in KERNELS {
        let (mut worst, mut at, mut count) = (0.0_f64, 0.0, 0);
        for row in rows.iter().filter(|row| row.name == name) {
            let error = ((apply(kernel, row.x) - row.high) - row.low).abs() / ulp64(row.high);
            count += 1;
            if error > worst || error.is_nan() {
                (worst, at) = (error, row.x);
            }
        }
        assert!(count > 200, "{name}");
        println!("{name}: {worst:.2} ulp at {at:e}");
        assert!(worst <= allowed, "{name}: {worst} ulp at {at:e}");
    }
}

#[test]
fn errors_in_single_precision() {
    let rows = table();
    for (name, double, kernel, _, allowed) in KERNELS {
        let (mut worst, mut at) = (0.0_f64, 0.0);
        for row in rows.iter().filter(|row| row.name == name) {
            let x = row.x as f32;
            if !x.is_finite() || (x == 0.0 && row.x != 0.0) {
                continue;
            }
            // The double kernel is exact for this purpose.
            let exact = apply(double, f64::from(x));
            let found = apply(kernel, x);
            if exact.abs() > f64::from(f32::MAX) {
                assert!(
                    found.is_infinite() || exact.abs() < 1.0000001 * f64::from(f32::MAX),
                    "{name} at {x:e}"
                );
                continue;
            }
            let size = (exact.abs() as f32).max(f32::MIN_POSITIVE);
            let ulp = f64::from(f32::from_bits(size.to_bits() + 1) - size);
            let error = (f64::from(found) - exact).abs() / ulp;
            if error > worst || error.is_nan() {
                (worst, at) = (error, x);
            }
        }
        println!("{name}: {worst:.2} ulp at {at:e}");
        assert!(worst <= allowed, "{name}: {worst} ulp at {at:e}");
    }
}

#[test]
fn the_edges() {
    let inf = f64::INFINITY;
    let cases: [(&str, &[(f64, f64)]); 14] = [
        (
            "exp",
            &[
                (inf, inf),
                (-inf, 0.0),
                (0.0, 1.0),
                (-0.0, 1.0),
                (710.0, inf),
                (-746.0, 0.0),
                (1e308, inf),
                (-1e308, 0.0),
            ],
        ),
        (
            "exp_m1",
            &[
                (inf, inf),
                (-inf, -1.0),
                (0.0, 0.0),
                (1e-310, 1e-310),
                (800.0, inf),
            ],
        ),
        (
            "ln",
            &[
                (inf, inf),
                (0.0, -inf),
                (-0.0, -inf),
                (1.0, 0.0),
                (-1.0, f64::NAN),
                (-inf, f64::NAN),
            ],
        ),
        (
            "ln_1p",
            &[
                (inf, inf),
                (-1.0, -inf),
                (0.0, 0.0),
                (1e-310, 1e-310),
                (-1.5, f64::NAN),
            ],
        ),
        (
            "tanh",
            &[
                (inf, 1.0),
                (-inf, -1.0),
                (0.0, 0.0),
                (400.0, 1.0),
                (1e-310, 1e-310),
            ],
        ),
        (
            "sigmoid",
            &[
                (inf, 1.0),
                (-inf, 0.0),
                (0.0, 0.5),
                (1000.0, 1.0),
                (-1000.0, 0.0),
            ],
        ),
        (
            "softplus",
            &[(inf, inf), (-inf, 0.0), (1000.0, 1000.0), (-1000.0, 0.0)],
        ),
        (
            "log_sigmoid",
            &[(inf, 0.0), (-inf, -inf), (-1000.0, -1000.0)],
        ),
        ("erf", &[(inf, 1.0), (-inf, -1.0), (0.0, 0.0), (10.0, 1.0)]),
        ("erfc", &[(inf, 0.0), (-inf, 2.0), (0.0, 1.0), (30.0, 0.0)]),
        (
            "normal_cdf",
            &[(inf, 1.0), (-inf, 0.0), (0.0, 0.5), (-50.0, 0.0)],
        ),
        ("log_normal_cdf", &[(inf, 0.0), (-inf, -inf), (40.0, 0.0)]),
        ("inverse_mills", &[(inf, 0.0), (-inf, inf), (50.0, 0.0)]),
        (
            "normal_quantile",
            &[
                (0.0, -inf),
                (1.0, inf),
                (0.5, 0.0),
                (-0.1, f64::NAN),
                (1.1, f64::NAN),
            ],
        ),
    ];
    for ((name, cases), (other, double, single, ..)) in cases.into_iter().zip(KERNELS) {
        assert_eq!(name, other);
        for &(x, expected) in cases.iter().chain(&[(f64::NAN, f64::NAN)]) {
            let found = apply(double, x);
            assert!(
                found == expected || (found.is_nan() && expected.is_nan()),
                "{name}({x}) = {found}"
            );
            if x.is_nan() || f64::from(x as f32) == x {
                let found = f64::from(apply(single, x as f32));
                assert!(
                    found == expected || (found.is_nan() && expected.is_nan()),
                    "single {name}({x}) = {found}"
                );
            }
        }
    }
    assert!(apply::<f64>(elementwise::tanh, -0.0).is_sign_negative());
    assert!(apply::<f64>(elementwise::exp_m1, -0.0).is_sign_negative());
    assert!(apply::<f64>(elementwise::erf, -0.0).is_sign_negative());
}

#[test]
fn powers_roots_and_the_fused_loss() {
    let x = [-2.0, -0.5, 0.0, 1.5, 3.0];
    let mut out = [0.0; 5];
    for exponent in [-3, -1, 0, 1, 2, 7] {
        elementwise::powi(&x, exponent, &mut out);
        for (x, y) in x.iter().zip(&out) {
            let exact = x.powi(exponent);
            assert!(
                *y == exact || (y - exact).abs() <= 4.0 * ulp64(exact),
                "{x}^{exponent}"
            );
        }
    }
    elementwise::powf(&x, 0.5, &mut out);
    assert!(out[0].is_nan() && out[3] == 1.5_f64.powf(0.5));
    elementwise::sqrt(&x, &mut out);
    assert!(out[0].is_nan() && out[4] == 3.0_f64.sqrt());

    let eta: Vec<f64> = (0..203).map(|i| (f64::from(i) - 101.0) * 0.37).collect();
    let y: Vec<f64> = (0..203).map(|i| f64::from(i % 3) / 2.0).collect();
    let [mut loss, mut slope, mut curvature] = [const { [0.0; 203] }; 3];
    elementwise::logistic_loss(&eta, &y, &mut loss, &mut slope, &mut curvature);
    for i in 0..203 {
        let p = Scalar::sigmoid(eta[i]);
        assert!((loss[i] - (Scalar::softplus(eta[i]) - y[i] * eta[i])).abs() <= 1e-14);
        assert!((slope[i] - (p - y[i])).abs() <= 4e-16);
        assert!((curvature[i] - p * (1.0 - p)).abs() <= 2e-16);
    }
}

#[test]
#[should_panic(expected = "the slices differ in length")]
fn lengths_must_agree() {
    elementwise::exp(&[1.0, 2.0], &mut [0.0]);
}

#[test]
fn empty_slices() {
    elementwise::ln::<f64>(&[], &mut []);
}
