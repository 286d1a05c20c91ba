//! Every figure of the tutorials, from the code of the examples.

#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use autodiff::Tape;
use datasets::nba_rookie_draft;
use datasets::random::Torch;
use examples::{
    diabetes, gradient_accumulation, linear_regression, manual_seed, nba_rookie, student_hours,
    two_layer_net,
};
use models::{Linear, Module, Sequential, Sigmoid};

/// Costs of the tutorials agree within this.
const COST: f64 = 1.5e-6;

#[track_caller]
fn near(found: impl Into<f64>, expected: f64, tolerance: f64) {
    let found = found.into();
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected} within {tolerance:e}"
    );
}

#[test]
fn a_costs_counted_from_zero() {
    let expected = [
        0.693147, 0.134722, 0.080643, 0.057900, 0.045300, 0.037261, 0.031673, 0.027556, 0.024394,
        0.021888, 0.019852,
    ];
    for library_loss in [false, true] {
        let run = student_hours::explicit_parameters(1001, library_loss);
        for (k, expected) in expected.into_iter().enumerate() {
            near(run.costs[100 * k], expected, COST);
        }
        for (found, expected) in [
            (run.w[(0, 0)], 3.2530),
            (run.w[(1, 0)], 1.5179),
            (run.b[(0, 0)], -14.4819),
        ] {
            near(found, expected, 1e-4);
        }
        let last_digit = [1e-8, 1e-6, 1e-6, 1e-5, 1e-5, 1e-5];
        let expected = [
            2.7648e-04, 3.1608e-02, 3.8977e-02, 9.5622e-01, 9.9823e-01, 9.9969e-01,
        ];
        for ((found, expected), unit) in run.hypothesis.iter().zip(expected).zip(last_digit) {
            near(*found, expected, unit);
        }
        assert_eq!(
            run.hypothesis.iter().map(|h| *h >= 0.5).collect::<Vec<_>>(),
            [false, false, false, true, true, true]
        );
    }
}

#[test]
fn a_costs_counted_from_one() {
    let run = student_hours::explicit_parameters(1000, false);
    let expected = [
        0.135644, 0.080964, 0.058062, 0.045398, 0.037327, 0.031720, 0.027592, 0.024422, 0.021911,
        0.019871,
    ];
    for (k, expected) in expected.into_iter().enumerate() {
        near(run.costs[100 * (k + 1) - 1], expected, COST);
    }
    for (found, expected) in [
        (run.w[(0, 0)], 3.2521),
        (run.w[(1, 0)], 1.5174),
        (run.b[(0, 0)], -14.4777),
    ] {
        near(found, expected, 1e-4);
    }
    let last_digit = [1e-8, 1e-6, 1e-6, 1e-5, 1e-5, 1e-5];
    let expected = [
        2.7711e-04, 3.1636e-02, 3.9014e-02, 9.5618e-01, 9.9823e-01, 9.9969e-01,
    ];
    for ((found, expected), unit) in run.hypothesis.iter().zip(expected).zip(last_digit) {
        near(*found, expected, unit);
    }
}

#[test]
fn a_start() {
    let run = student_hours::explicit_parameters(1, false);
    near(run.costs[0], 0.6931, 1e-4);
    assert_eq!(
        student_hours::explicit_parameters(0, false).hypothesis,
        [0.5; 6]
    );
    let (half, one) = ([0.5_f32], [1.0_f32]);
    let tape = Tape::new();
    near(-tape.constant(&half).ln().item(), 0.6931, 1e-4);
    near(tape.constant(&one).exp().item(), 2.7183, 5e-5);
    near(tape.constant(&one).sigmoid().item(), 0.7311, 5e-5);
    let data = datasets::student_hours();
    let x = data.features_f32();
    let y = data.target_f32();
    assert_eq!(
        (
            tape.constant(&x).shape().to_string(),
            tape.constant(&y).shape().to_string()
        ),
        ("6x2".into(), "6x1".into())
    );
}

#[test]
fn a_three_ways_are_one_model() {
    let expected = student_hours::explicit_parameters(1001, false);
    let zeros = || Linear::zeros(2, 1);
    let models: [Box<dyn Module<f32>>; 4] = [
        Box::new(student_hours::sequential(zeros(), false)),
        Box::new(student_hours::sequential(zeros(), true)),
        Box::new(student_hours::BinaryClassifier {
            linear: zeros(),
            sigmoid: Sigmoid,
        }),
        Box::new(Sequential::new().then(student_hours::sequential(zeros(), true))),
    ];
    for mut model in models {
        let mut reports = Vec::new();
        student_hours::train_module(model.as_mut(), 1001, |report| reports.push(report));
        assert_eq!(reports.len(), 11);
        for report in &reports {
            near(report.cost, f64::from(expected.costs[report.epoch]), COST);
        }
        assert_eq!(
            (reports[0].accuracy, reports[10].accuracy),
            (Some(0.5), Some(1.0))
        );
        let parameters = model.named_parameters();
        near(parameters[0].1.as_slice()[0], 3.2530, 1e-4);
        near(parameters[1].1.as_slice()[0], -14.4819, 1e-4);
    }
    // From the default initialisation they agree among themselves.
    let mut ends = Vec::new();
    for own in [false, true] {
        let linear = Linear::new(2, 1, &mut Torch::new(1));
        let mut model: Box<dyn Module<f32>> = if own {
            Box::new(student_hours::BinaryClassifier {
                linear,
                sigmoid: Sigmoid,
            })
        } else {
            Box::new(student_hours::sequential(linear, false))
        };
        let mut last = None;
        student_hours::train_module(model.as_mut(), 1001, |report| last = Some(report));
        ends.push(last.unwrap());
    }
    assert_eq!(ends[0], ends[1]);
    assert!(ends[0].cost < 0.021 && ends[0].accuracy == Some(1.0));
}

fn diabetes_file() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/data");
    let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
    let file = folder.join("zerotoall-diabetes/data-03-diabetes.csv");
    if file.is_file() {
        return Some(file);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

#[test]
fn b_diabetes() {
    let Some(file) = diabetes_file() else { return };
    let (x, y) = diabetes::load(&file).unwrap();
    assert_eq!((x.nrows(), x.ncols(), y[(0, 0)]), (759, 8, 0.0));
    for (j, expected) in [
        -0.2941, 0.4874, 0.1803, -0.2929, 0.0, 0.0015, -0.5312, -0.0333,
    ]
    .into_iter()
    .enumerate()
    {
        near(x[(0, j)], expected, 5.1e-5);
    }
    let (reports, hypothesis) = diabetes::train(Linear::zeros(8, 1), &x, &y);
    let expected = [
        0.693147, 0.572727, 0.539494, 0.519708, 0.507065, 0.498539, 0.492549, 0.488208, 0.484985,
        0.482543, 0.480661,
    ];
    for (report, expected) in reports.iter().zip(expected) {
        near(report.cost, expected, COST);
    }
    let accuracy = train::metrics::accuracy(hypothesis.as_ref(), y.as_ref());
    assert_eq!(format!("{:.2}", 100.0 * accuracy), "76.68");
    for (i, expected) in [0.4103, 0.9242, 0.2300, 0.9411, 0.1772]
        .into_iter()
        .enumerate()
    {
        near(hypothesis[(i, 0)], expected, 1e-4);
    }

    let (reports, _) = diabetes::train(Linear::new(8, 1, &mut Torch::new(1)), &x, &y);
    let expected = [
        (0.704829, "45.72"),
        (0.572391, "67.59"),
        (0.539563, "73.25"),
        (0.520042, "75.89"),
        (0.507561, "76.15"),
        (0.499125, "76.42"),
        (0.493177, "77.21"),
        (0.488846, "76.81"),
        (0.485612, "76.28"),
        (0.483146, "76.55"),
        (0.481234, "76.81"),
    ];
    assert_eq!(reports.len(), expected.len());
    for (report, (cost, accuracy)) in reports.iter().zip(expected) {
        near(report.cost, cost, COST);
        assert_eq!(
            format!("{:.2}", 100.0 * report.accuracy.unwrap()),
            accuracy,
            "epoch {}",
            report.epoch
        );
    }
}

#[test]
fn c_linear_regression() {
    let mut rows = Vec::new();
    linear_regression::run(2000, |row| rows.push(row));
    near(rows[0].cost, 18.6667, 1e-4);
    let expected = [
        (1.745, 0.579, 0.048403),
        (1.800, 0.456, 0.029910),
        (1.842, 0.358, 0.018483),
        (1.876, 0.281, 0.011421),
        (1.903, 0.221, 0.007058),
        (1.923, 0.174, 0.004361),
        (1.940, 0.137, 0.002695),
        (1.953, 0.107, 0.001665),
        (1.963, 0.084, 0.001029),
        (1.971, 0.066, 0.000636),
        (1.977, 0.052, 0.000393),
        (1.982, 0.041, 0.000243),
        (1.986, 0.032, 0.000150),
        (1.989, 0.025, 0.000093),
        (1.991, 0.020, 0.000057),
        (1.993, 0.016, 0.000035),
        (1.995, 0.012, 0.000022),
        (1.996, 0.010, 0.000014),
        (1.997, 0.008, 0.000008),
        (1.997, 0.006, 0.000005),
    ];
    for (k, (w, b, cost)) in expected.into_iter().enumerate() {
        let row = &rows[100 * (k + 1) - 1];
        assert_eq!(row.update, 100 * (k + 1));
        near(row.w, w, 1e-3);
        near(row.b, b, 1e-3);
        near(row.cost, cost, COST);
    }
}

#[test]
fn d_gradient_accumulation() {
    let rows = gradient_accumulation::run(20);
    for (k, (accumulated, fresh)) in rows.into_iter().enumerate() {
        assert_eq!((accumulated, fresh), (2.0 * (k + 1) as f32, 2.0));
    }
}

#[test]
fn e_reproducible_randomness() {
    for (seed, expected) in [
        (3, [0.0043, 0.1056]),
        (5, [0.8303, 0.1261]),
        (3, [0.0043, 0.1056]),
    ] {
        for (found, expected) in manual_seed::torch(seed).into_iter().zip(expected) {
            near(found, expected, 5.1e-5);
        }
    }
    let (w, b) = manual_seed::numpy(220_104);
    for (found, expected) in w.into_iter().zip([-0.30356914, -0.56552733, -0.44174438]) {
        near(found, expected, 5.1e-9);
    }
    near(b, 0.01214057, 5.1e-9);
}

const DRAFT_BY_HAND: [f64; 12] = [
    0.63286497, 0.45883071, 0.6644647, 0.97888304, 0.51531288, 0.4102621, 0.07742938, 0.53516532,
    0.46538451, 0.38011478, 0.95183613, 0.12819188,
];
const DRAFT_BY_MODULE: [f64; 12] = [
    0.619, 0.47, 0.6437, 0.9617, 0.5159, 0.4275, 0.1114, 0.526, 0.4625, 0.3869, 0.9188, 0.1602,
];

#[test]
fn f_gradient_by_hand_and_by_tape() {
    for by_hand in [true, false] {
        let (before, after) = nba_rookie::numpy_run(3000, by_hand);
        near(before.loss, 70.75679650741478, 1e-9);
        near(after.loss, 6.220960326814549, 1e-6);
        for (found, expected) in after
            .w
            .into_iter()
            .zip([-0.19783118, 0.33655838, 0.42415269])
        {
            near(found, expected, 1e-8);
        }
        near(after.b, -0.63608971, 1e-8);
        let first = [
            3.42897023e-04,
            3.47866051e-04,
            1.43815731e-04,
            3.06293296e-06,
            1.65122358e-04,
            2.56810750e-04,
        ];
        for (found, expected) in before.predictions.iter().zip(first) {
            near(*found, expected, 1e-8 * expected);
        }
        for (found, expected) in after.predictions.iter().zip(DRAFT_BY_HAND) {
            near(*found, expected, 1e-8);
        }
    }
    let data = nba_rookie_draft();
    let (w, b) = ([0.2, -0.1, 0.05], 0.3);
    let ((dw, db), (tw, tb)) = (
        nba_rookie::gradient_by_hand(&data, w, b),
        nba_rookie::gradient_by_tape(&data, w, b),
    );
    near(db, tb, 1e-13);
    dw.into_iter().zip(tw).for_each(|(a, b)| near(a, b, 1e-12));
}

/// The tutorial's start is unknown; from zeros the run ends at its figures within what three thousand short steps leave open.
#[test]
fn f_module_run() {
    let model = Sequential::new().then(Linear::zeros(3, 1)).then(Sigmoid);
    let mut reports = Vec::new();
    let (parameters, predictions) = nba_rookie::module_run(model, |report| reports.push(report));
    assert_eq!((reports.len(), reports[0].accuracy), (7, Some(0.5)));
    near(reports[0].cost, 0.693147, COST);
    assert!(reports.windows(2).all(|pair| pair[1].cost < pair[0].cost));
    for (found, expected) in parameters[..3].iter().zip([-0.172, 0.278, 0.356]) {
        near(*found, expected, 0.05);
    }
    for i in 0..12 {
        near(predictions[(i, 0)], DRAFT_BY_MODULE[i], 0.05);
    }
    // The order of the weights, which the author reads as importance: assists, then rebounds.
    assert!(parameters[2] > parameters[1] && parameters[1] > 0.0 && parameters[0] < 0.0);
}

#[test]
fn h_two_layer_net() {
    let mut reports = Vec::new();
    two_layer_net::run(|report| reports.push(report));
    let costs: Vec<f64> = reports.iter().map(|report| report.cost).collect();
    assert_eq!(costs.len(), 5);
    assert!((600.0..800.0).contains(&costs[0]), "{costs:?}");
    assert!(
        costs.windows(2).all(|pair| pair[1] < 0.2 * pair[0]),
        "{costs:?}"
    );
    let net = two_layer_net::TwoLayerNet::new(1000, 100, 10, &mut Torch::new(0));
    assert_eq!(net.parameter_count(), 1000 * 100 + 100 + 100 * 10 + 10);
}
