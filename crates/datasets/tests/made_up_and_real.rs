//! The generators' shapes and pinned numbers, and the built-in data against what their sources say of them.

use datasets::random::ChaCha;
use datasets::{Dataset, generators};

fn mean(data: &Dataset, column: usize) -> f64 {
    let n = data.features.nrows();
    (0..n).map(|i| data.features[(i, column)]).sum::<f64>() / n as f64
}

#[test]
fn built_in_data_have_the_figures_of_their_sources() {
    // scikit-learn's documentation and descriptions of the sets.
    let iris = datasets::iris();
    assert_eq!((iris.features.nrows(), iris.features.ncols()), (150, 4));
    for (column, expected) in [5.843_333, 3.057_333, 3.758, 1.199_333]
        .into_iter()
        .enumerate()
    {
        assert!((mean(&iris, column) - expected).abs() < 1e-6, "{column}");
    }
    for class in 0..3 {
        assert_eq!(
            iris.target
                .iter()
                .filter(|y| **y == f64::from(class))
                .count(),
            50
        );
    }
    let cancer = datasets::breast_cancer();
    assert_eq!(
        (cancer.features.nrows(), cancer.features.ncols()),
        (569, 30)
    );
    assert_eq!(cancer.target.iter().filter(|y| **y == 0.0).count(), 212);
    assert_eq!(
        cancer.labels.as_ref().map(|labels| labels[1].as_str()),
        Some("benign")
    );
    let digits = datasets::digits();
    assert_eq!(
        (digits.features.nrows(), digits.features.ncols()),
        (1797, 64)
    );
    assert_eq!(digits.target.iter().filter(|y| **y == 3.0).count(), 183);
    let pixels =
        (0..1797).all(|i| (0..64).all(|j| (0.0..=16.0).contains(&digits.features[(i, j)])));
    assert!(pixels);
    let diabetes = datasets::diabetes_progression();
    assert_eq!(
        (diabetes.features.nrows(), diabetes.features.ncols()),
        (442, 10)
    );
    let target = diabetes.target.iter().sum::<f64>() / 442.0;
    assert!((target - 152.133_484).abs() < 1e-6);
}

#[test]
fn generators_are_reproducible_and_what_they_say() {
    let problem = generators::classification(4000, 5, 1.5, &mut ChaCha::new(2));
    let again = generators::classification(4000, 5, 1.5, &mut ChaCha::new(2));
    assert_eq!(problem.data.features, again.data.features);
    for j in 0..5 {
        let variance: f64 = (0..4000)
            .map(|i| problem.data.features[(i, j)].powi(2))
            .sum::<f64>()
            / 4000.0;
        assert!(
            mean(&problem.data, j).abs() < 0.06 && (variance - 1.0).abs() < 0.1,
            "{j}"
        );
    }
    // The log-likelihood is better at the truth than without the columns.
    let loss = |with: f64| {
        let term = |i: usize| {
            let x = (0..5)
                .map(|j| problem.data.features[(i, j)] * problem.coefficients[j])
                .sum::<f64>();
            let eta = problem.intercept + with * x;
            (1.0 + eta.exp()).ln() - problem.data.target[i] * eta
        };
        (0..4000).map(term).sum::<f64>()
    };
    assert!(loss(1.0) < loss(0.5) && loss(1.0) < loss(1.5) && loss(0.5) < loss(0.0));
    let line = generators::regression(500, 3, 0.0, &mut ChaCha::new(2));
    for i in 0..500 {
        let x = (0..3)
            .map(|j| line.data.features[(i, j)] * line.coefficients[j])
            .sum::<f64>();
        assert!((line.data.target[i] - line.intercept - x).abs() < 1e-12);
    }
    let circles = generators::circles(101, 0.5, 0.0, &mut ChaCha::new(1));
    for i in 0..101 {
        let radius = circles.features[(i, 0)].hypot(circles.features[(i, 1)]);
        assert!((radius - if circles.target[i] == 0.0 { 1.0 } else { 0.5 }).abs() < 1e-12);
    }
    let spirals = generators::spirals(50, 2.0, 0.0, &mut ChaCha::new(1));
    let (a, b) = (
        (spirals.features[(0, 0)], 0.1),
        (spirals.features[(1, 0)], -0.1),
    );
    assert!((a.0 - a.1).abs() < 1e-12 && (b.0 - b.1).abs() < 1e-12);
    let blobs = generators::blobs(300, 3, 0.1, &mut ChaCha::new(1));
    assert!(blobs.labels.is_none() && blobs.target.iter().all(|y| (0.0..3.0).contains(y)));
    let counts = generators::sparse_counts(50, 30, 20, &mut ChaCha::new(1));
    assert!((0..50).all(|i| {
        counts.values[counts.starts[i]..counts.starts[i + 1]]
            .iter()
            .sum::<f64>()
            == 20.0
    }));
}

#[test]
fn generated_numbers_are_pinned() {
    let at =
        |data: &Dataset, places: [(usize, usize); 3]| places.map(|(i, j)| data.features[(i, j)]);
    let stream = || ChaCha::new(7);
    let problem = generators::classification(12, 2, 1.5, &mut stream());
    let line = generators::regression(6, 2, 0.5, &mut stream());
    let blobs = generators::blobs(6, 3, 0.5, &mut stream());
    let moons = generators::moons(4, 0.1, &mut stream());
    let circles = generators::circles(6, 0.5, 0.1, &mut stream());
    let spirals = generators::spirals(6, 1.5, 0.1, &mut stream());
    let [w0, w1] = problem.coefficients[..] else {
        panic!("{:?}", problem.coefficients);
    };
    for (name, found, pinned) in [
        (
            "columns",
            at(&problem.data, [(0, 0), (5, 0), (3, 1)]),
            COLUMNS,
        ),
        ("coefficients", [w0, w1, problem.intercept], COEFFICIENTS),
        (
            "regression",
            [0, 3, 5].map(|i| line.data.target[i]),
            REGRESSION,
        ),
        ("blobs", at(&blobs, [(0, 0), (1, 1), (5, 0)]), BLOBS),
        ("moons", at(&moons, [(0, 0), (1, 1), (3, 0)]), MOONS),
        ("circles", at(&circles, [(0, 0), (3, 1), (5, 0)]), CIRCLES),
        ("spirals", at(&spirals, [(0, 0), (3, 1), (5, 0)]), SPIRALS),
    ] {
        for (found, pinned) in found.iter().zip(pinned) {
            assert!((found - pinned).abs() < 1e-12, "{name}: {found}");
        }
    }
    assert_eq!(problem.data.target, CLASSES);
    let counts = generators::sparse_counts(3, 8, 5, &mut stream());
    assert_eq!(counts.starts, STARTS);
    assert_eq!(counts.indices, INDICES);
    assert_eq!(counts.values, VALUES);
    assert_eq!(counts.target, TARGET);
}

const COLUMNS: [f64; 3] = [
    -0.08710714903406623,
    -0.24109448088225055,
    -0.849632040527812,
];
const COEFFICIENTS: [f64; 3] = [-0.09014727828167207, 0.7697482904879754, -0.5];
const REGRESSION: [f64; 3] = [
    0.021233729894219622,
    -1.0080333601071128,
    -0.9117454756151617,
];
const BLOBS: [f64; 3] = [4.956446425482967, 4.256900128438917, -1.7923551485722782];
const MOONS: [f64; 3] = [0.9912892850965934, 0.48535462190334466, 1.997360061327118];
const CIRCLES: [f64; 3] = [0.9912892850965934, 0.06206176556539961, 0.6415289702855448];
const SPIRALS: [f64; 3] = [0.09128928509659338, 0.6120617655653996, 1.141528970285545];
const CLASSES: [f64; 12] = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
const STARTS: [usize; 4] = [0, 3, 6, 9];
const INDICES: [usize; 9] = [0, 2, 3, 1, 2, 5, 0, 1, 4];
const VALUES: [f64; 9] = [3.0, 1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 3.0, 1.0];
const TARGET: [f64; 3] = [0.0, 0.0, 1.0];
