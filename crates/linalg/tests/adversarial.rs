//! Inputs that nobody means: each an error that says what to do, or a finite answer.

#![allow(missing_docs)]

use linalg::solve::extended::{self, Extended};
use linalg::solve::{Cholesky, Svd, least_squares, solve, solve_symmetric, symmetric_eigen};
use linalg::{Csc, Csr, Design, LinalgError, Mat, MatRef, Standardised, mat};

const HARD: [f64; 9] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e308,
    -1.7e308,
    1e200,
    1e-200,
    1e-308,
    5e-324,
];

type Answer = Result<Mat<f64>, LinalgError>;
type Solver = (&'static str, fn(MatRef<'_, f64>, MatRef<'_, f64>) -> Answer);

/// What gives an answer X of A X = B.
const SOLVERS: [Solver; 4] = [
    ("solve", |a, b| solve(a, b).map(|s| s.x)),
    ("solve_symmetric", |a, b| solve_symmetric(a, b).map(|s| s.x)),
    ("least_squares", |a, b| least_squares(a, b).map(|s| s.x)),
    ("extended", |a, b| {
        let y: Vec<f64> = (0..b.nrows()).map(|i| b[(i, 0)]).collect();
        let fit = extended::least_squares(&Extended::from_doubles(a), &y)?;
        assert!(fit.residual_squares.is_finite());
        Ok(Mat::from_fn(a.ncols(), 1, |j, _| fit.coefficients[j]))
    }),
];

/// Matrices of a shape: all entries hard, or one.
fn matrices(rows: usize, columns: usize) -> Vec<Mat<f64>> {
    let plain = |i: usize, j: usize| if i == j { 3.0 } else { 1.0 };
    let mut all = vec![Mat::from_fn(rows, columns, plain)];
    for hard in HARD {
        all.push(Mat::from_fn(rows, columns, |_, _| hard));
        all.push(Mat::from_fn(rows, columns, |i, j| {
            if i + j == 0 { hard } else { plain(i, j) }
        }));
        all.push(Mat::from_fn(rows, columns, |i, j| hard * plain(i, j)));
    }
    all
}

fn finite(x: MatRef<'_, f64>) -> bool {
    (0..x.ncols()).all(|j| (0..x.nrows()).all(|i| x[(i, j)].is_finite()))
}

#[test]
fn an_answer_is_finite_or_an_error() {
    let shapes = [(0, 0), (0, 2), (2, 0), (1, 1), (2, 2), (3, 2), (2, 3)];
    for (rows, columns) in shapes {
        for a in matrices(rows, columns) {
            for b in matrices(rows, 1) {
                for (name, f) in SOLVERS {
                    match f(a.as_ref(), b.as_ref()) {
                        Ok(x) => {
                            assert!(finite(x.as_ref()), "{name}: {a:?} {b:?} gives {x:?}");
                            assert!(finite(a.as_ref()) && finite(b.as_ref()), "{name}");
                        }
                        Err(error) => assert!(!error.to_string().is_empty()),
                    }
                }
            }
            if let Ok(svd) = Svd::new(a.as_ref()) {
                assert!(
                    svd.rank() <= rows.min(columns) && svd.condition() >= 1.0,
                    "{a:?}"
                );
            }
            if let Ok((values, vectors)) = symmetric_eigen(a.as_ref()) {
                assert!(values.iter().all(|x| !x.is_nan()), "{a:?} {values:?}");
                assert!(finite(vectors.as_ref()), "{a:?}");
            }
        }
    }
}

#[test]
fn what_overflows_says_so() {
    let [small, large] = [1e-300, 1e300].map(|x| mat![[x]]);
    let error = least_squares(small.as_ref(), large.as_ref()).unwrap_err();
    assert!(error.to_string().contains("beyond the range"), "{error}");
    let y = [1e200, -1e200, 1e200];
    let error = extended::least_squares(&Extended::powers(&[1.0, 2.0, 3.0], 1), &y).unwrap_err();
    assert!(
        error.to_string().contains("residual sum of squares"),
        "{error}"
    );
    // Large right-hand sides alone are solved.
    let (a, b) = (
        mat![[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]],
        mat![[1e308], [1.2e308], [1.4e308]],
    );
    let x = least_squares(a.as_ref(), b.as_ref()).unwrap().x;
    assert!((x[(0, 0)] / 0.8e308 - 1.0).abs() < 1e-12 && (x[(1, 0)] / 0.2e308 - 1.0).abs() < 1e-12);
}

#[test]
fn the_error_of_cholesky_is_that_of_its_answer() {
    let factor = Cholesky::new(mat![[4.0, 2.0], [2.0, 3.0]].as_ref()).unwrap();
    for b in matrices(2, 1) {
        let solution = factor.solve(b.as_ref());
        let fine = finite(solution.x.as_ref());
        assert!(fine || solution.backward_error.is_nan(), "{solution:?}");
    }
    let svd = Svd::new(mat![[4.0, 2.0], [2.0, 3.0]].as_ref()).unwrap();
    assert!(svd.solve(mat![[1.0], [2.0]].as_ref(), f64::NAN)[(0, 0)].is_nan());
}

#[test]
fn columns_are_standardised_or_refused() {
    for (rows, columns) in [(0, 1), (0, 2), (1, 2), (2, 2), (3, 1)] {
        for x in matrices(rows, columns) {
            for intercept in [false, true] {
                let Ok(z) = Standardised::new(x.as_ref(), intercept) else {
                    continue;
                };
                assert!(rows > 0 && finite(x.as_ref()));
                let mut eta = vec![0.0; rows];
                z.times(&vec![1.0; z.columns()], &mut eta);
                let sound = z.scale().iter().all(|s| (1e-140..1e140).contains(s));
                assert!(!sound || eta.iter().all(|x| x.is_finite()), "{x:?} {eta:?}");
            }
        }
    }
    assert!(Standardised::new(Mat::zeros(0, 2).as_ref(), true).is_err());
    assert!(Standardised::new(Mat::zeros(0, 0).as_ref(), true).is_ok());
}

#[test]
fn sparse_matrices_of_any_sizes_are_checked() {
    let lists: [&[usize]; 5] = [&[], &[0], &[0, 1], &[1, 0], &[usize::MAX]];
    for lines in [0, 1, 2, usize::MAX - 1, usize::MAX] {
        for offsets in lists {
            for indices in lists {
                let values = vec![1.0; indices.len()];
                let a = Csr::new(lines, 2, offsets, indices, &values);
                let b = Csc::new(2, lines, offsets, indices, &values);
                let whole = lines == offsets.len().wrapping_sub(1)
                    && offsets.last() == Some(&indices.len());
                assert!(a.is_ok() == b.is_ok() && (a.is_err() || whole));
            }
        }
    }
}
