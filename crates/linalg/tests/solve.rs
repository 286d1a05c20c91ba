//! Solves: NIST's certified regressions, algebraic laws, and the cases that faer's users reported.

use std::path::{Path, PathBuf};

use linalg::solve::extended::{Extended, least_squares as extended_least_squares};
use linalg::solve::{
    self, Cholesky, Ldlt, Method, Svd, least_squares, solve_symmetric, symmetric_eigen,
};
use linalg::{Accum, LinalgError, Mat, MatRef, flat, flat_mut, mat, matmul, parallel};
use proptest::prelude::*;
use serde_json::Value;

fn reference() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/data");
    let folder = std::env::var_os("GRADUS_REFERENCE").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

/// −log10 of the relative error, or of the absolute one where the certified value is 0.
fn digits(found: f64, certified: f64) -> f64 {
    let error = if certified == 0.0 {
        found.abs()
    } else {
        ((found - certified) / certified).abs()
    };
    -error.max(1e-17).log10()
}

#[test]
fn nist_linear_regressions_to_twelve_digits() {
    let Some(folder) = reference() else { return };
    let folder = folder.join("nist-linear");
    let problems: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap())
            .unwrap();
    let problems = problems.as_object().unwrap();
    assert_eq!(problems.len(), 11);
    for (name, problem) in problems {
        let text = std::fs::read_to_string(folder.join(problem["file"].as_str().unwrap())).unwrap();
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|line| {
                line.split(',')
                    .map(|cell| cell.trim().parse().unwrap())
                    .collect()
            })
            .collect();
        let y: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let x = |k: usize| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
        let design = match problem["polynomial_degree"].as_u64() {
            Some(degree) if problem["intercept"] == true => {
                Extended::powers(&x(1), degree as usize)
            }
            Some(_) => {
                Extended::from_doubles(MatRef::from_column_major_slice(&x(1), rows.len(), 1))
            }
            None => {
                let m = Mat::from_fn(rows.len(), rows[0].len(), |i, j| {
                    if j == 0 { 1.0 } else { rows[i][j] }
                });
                Extended::from_doubles(m.as_ref())
            }
        };
        let fit = extended_least_squares(&design, &y).unwrap();
        let certified = |field: &str| -> Vec<f64> {
            let values = problem[field].as_array().unwrap();
            values
                .iter()
                .map(|v| v.as_str().unwrap().parse().unwrap())
                .collect()
        };
        let worst = |found: &[f64], certified: &[f64]| {
            assert_eq!(found.len(), certified.len());
            found
                .iter()
                .zip(certified)
                .map(|(a, b)| digits(*a, *b))
                .fold(f64::INFINITY, f64::min)
        };
        let coefficients = worst(&fit.coefficients, &certified("coefficients"));
        let deviations = worst(&fit.standard_deviations, &certified("standard_deviations"));
        println!(
            "{name}: {coefficients:.1} digits in the coefficients, {deviations:.1} in their standard deviations"
        );
        assert!(coefficients >= 12.0, "{name}: {:?}", fit.coefficients);
        assert!(deviations >= 12.0, "{name}: {:?}", fit.standard_deviations);
        let residual: f64 = problem["residual_standard_deviation"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(digits(fit.residual_deviation, residual) >= 12.0, "{name}");
    }
}

fn random(rows: usize, columns: usize, seed: f64) -> Mat<f64> {
    Mat::from_fn(rows, columns, |i, j| {
        (((i * columns + j) as f64 * 78.233 + seed).sin() * 43758.5453).rem_euclid(1.0) - 0.5
    })
}

fn largest(m: &Mat<f64>) -> f64 {
    (0..m.ncols())
        .map(|j| m.col(j).norm_max())
        .fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn solves_solve(n in 0_usize..9, m in 0_usize..4, seed in 0.0..100.0_f64, stretch in -8.0..8.0_f64) {
        let a = random(n, n, seed);
        let b = random(n, m, seed + 1.0);
        if let Ok(answer) = solve::solve(a.as_ref(), b.as_ref()) {
            prop_assert!(answer.backward_error < 1e-8);
        }
        // Symmetric, indefinite, in very different units.
        let units = Mat::from_fn(n, 1, |i, _| 10.0_f64.powf(stretch * i as f64 / 9.0));
        let s = Mat::from_fn(n, n, |i, j| (a[(i, j)] + a[(j, i)]) * units[(i, 0)] * units[(j, 0)]);
        if let Ok(answer) = solve_symmetric(s.as_ref(), b.as_ref()) {
            prop_assert!(answer.backward_error < 1e-8);
        }
        // Positive definite: AᵀA + I.
        let p = a.transpose() * &a + Mat::<f64>::identity(n, n);
        let factor = Cholesky::new(p.as_ref()).unwrap();
        prop_assert!(factor.solve(b.as_ref()).backward_error < 1e-14);
        prop_assert!(largest(&(&p * factor.inverse() - Mat::<f64>::identity(n, n))) < 1e-12);
        let ldlt = Ldlt::new(p.as_ref()).unwrap();
        prop_assert_eq!(ldlt.inertia(), (n, 0, 0));
        prop_assert!((ldlt.log_determinant().0 - factor.log_determinant()).abs() < 1e-12);
        let (values, vectors) = symmetric_eigen(p.as_ref()).unwrap();
        prop_assert!((values.iter().map(|v| v.ln()).sum::<f64>() - factor.log_determinant()).abs() < 1e-12);
        let product = &p * &vectors;
        for j in 0..n {
            for i in 0..n {
                prop_assert!((product[(i, j)] - values[j] * vectors[(i, j)]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn least_squares_is_optimal_and_counts_its_rank(
        n in 1_usize..20, d in 0_usize..6, seed in 0.0..100.0_f64, repeat: bool, stretch in -150.0..150.0_f64,
    ) {
        let mut a = random(n, d, seed);
        if repeat && d >= 2 {
            for i in 0..n {
                a[(i, d - 1)] = 2.0 * a[(i, 0)];
            }
        }
        let unit = 10.0_f64.powf(stretch);
        let scaled = Mat::from_fn(n, d, |i, j| if j == 0 { unit * a[(i, j)] } else { a[(i, j)] });
        let b = random(n, 2, seed + 3.0);
        let answer = least_squares(scaled.as_ref(), b.as_ref()).unwrap();
        prop_assert!(answer.optimality < 1e-12, "{:?}", answer.optimality);
        let expected = n.min(if repeat && d >= 2 { d - 1 } else { d });
        prop_assert_eq!(answer.rank, expected);
        prop_assert_eq!(answer.dependent.len(), d - expected);
        let svd = Svd::new(a.as_ref()).unwrap();
        prop_assert_eq!(svd.rank(), expected);
        let other = svd.solve(b.as_ref(), 1e-12);
        prop_assert!(largest(&(&a * &other - &scaled * &answer.x)) < 1e-9);
    }

    #[test]
    fn products_of_any_layout(n in 0_usize..40, k in 0_usize..30, m in 0_usize..4, seed in 0.0..9.0_f64, add: bool) {
        let (a, b, c) = (random(n, k, seed), random(k, m, seed + 1.0), random(n, m, seed + 2.0));
        let accum = if add { Accum::Add } else { Accum::Replace };
        let (at, bt) = (a.transpose().to_owned(), b.transpose().to_owned());
        for left in [a.as_ref(), at.transpose()] {
            for right in [b.as_ref(), bt.transpose()] {
                let mut out = c.clone();
                matmul(left, right, out.as_mut(), accum);
                for i in 0..n {
                    for j in 0..m {
                        let exact = (0..k).map(|l| a[(i, l)] * b[(l, j)]).sum::<f64>() + if add { c[(i, j)] } else { 0.0 };
                        prop_assert!((out[(i, j)] - exact).abs() < 1e-12);
                    }
                }
            }
        }
    }
}

#[test]
fn large_products_of_row_major_views_in_parallel() {
    // faer has been reported to give wrong entries for parallel products of large row-major views.
    let n = 5018;
    let (a, b) = (random(40, n, 1.0), random(24, 40, 2.0));
    for threads in [1, 2, 3] {
        let out = parallel::with_threads(threads, || {
            let mut out = Mat::zeros(n, 24);
            matmul(a.transpose(), b.transpose(), out.as_mut(), Accum::Replace);
            out
        });
        let out = out.unwrap();
        for i in (0..n).step_by(17) {
            for j in 0..24 {
                let exact: f64 = (0..40).map(|k| a[(k, i)] * b[(j, k)]).sum();
                assert!(
                    (out[(i, j)] - exact).abs() < 1e-12,
                    "({i}, {j}), {threads} threads"
                );
            }
        }
    }
}

#[test]
fn a_badly_scaled_system_is_solved() {
    // Columns of sizes 1e-12, 1 and 1e12: a least-squares solver without scaling calls the small one dependent.
    let a = mat![[1e-12, 2.0, 3e12], [4e-12, 5.0, 6e12], [7e-12, 8.0, 1e13]];
    let x = mat![[1e12], [2.0], [-3e-12]];
    let b = &a * &x;
    let answer = least_squares(a.as_ref(), b.as_ref()).unwrap();
    assert_eq!((answer.rank, answer.method), (3, Method::Qr));
    for i in 0..3 {
        assert!(
            (answer.x[(i, 0)] / x[(i, 0)] - 1.0).abs() < 1e-12,
            "{:?}",
            answer.x
        );
    }
    assert!(solve::solve(a.as_ref(), b.as_ref()).unwrap().backward_error < 1e-15);
}

#[test]
fn a_poor_factorisation_falls_back_and_says_so() {
    // Hilbert's matrix of size 14 is singular to working precision: Cholesky names a dependent column, and the symmetric solve
    // still satisfies the equations.
    let n = 14;
    let hilbert = Mat::from_fn(n, n, |i, j| 1.0 / (i + j + 1) as f64);
    let b = &hilbert * Mat::from_fn(n, 1, |_, _| 1.0);
    assert!(matches!(
        Cholesky::new(hilbert.as_ref()),
        Err(LinalgError::Dependent { .. })
    ));
    let answer = solve_symmetric(hilbert.as_ref(), b.as_ref()).unwrap();
    assert!(answer.backward_error < 1e-11 && answer.method != Method::Cholesky);
    // Singular, with a right-hand side in the range: the answer of singular values; outside of it: an error.
    let singular = mat![[1.0, 2.0], [2.0, 4.0]];
    let answer = solve::solve(singular.as_ref(), mat![[1.0], [2.0]].as_ref()).unwrap();
    assert!(answer.backward_error < 1e-12);
    let error = solve::solve(singular.as_ref(), mat![[1.0], [0.0]].as_ref()).unwrap_err();
    assert!(
        matches!(
            error,
            LinalgError::Singular {
                rank: 1,
                size: 2,
                ..
            }
        ),
        "{error}"
    );
    let error = solve_symmetric(singular.as_ref(), mat![[1.0], [0.0]].as_ref()).unwrap_err();
    assert!(
        matches!(
            error,
            LinalgError::Singular {
                rank: 1,
                size: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn bad_input_is_an_error_and_never_a_panic() {
    let (square, tall) = (Mat::<f64>::identity(2, 2), Mat::<f64>::zeros(3, 2));
    let bad = mat![[1.0, 0.0], [f64::NAN, 1.0]];
    let infinite = mat![[1.0], [f64::INFINITY]];
    assert!(matches!(
        Cholesky::new(tall.as_ref()),
        Err(LinalgError::Shape { .. })
    ));
    assert!(matches!(
        Cholesky::new(bad.as_ref()),
        Err(LinalgError::NotFinite {
            row: 1,
            column: 0,
            ..
        })
    ));
    assert!(matches!(
        Ldlt::new(bad.as_ref()),
        Err(LinalgError::NotFinite { .. })
    ));
    assert!(matches!(
        Svd::new(bad.as_ref()),
        Err(LinalgError::NotFinite { .. })
    ));
    assert!(matches!(
        symmetric_eigen(tall.as_ref()),
        Err(LinalgError::Shape { .. })
    ));
    assert!(matches!(
        solve::solve(square.as_ref(), tall.as_ref()),
        Err(LinalgError::Shape { .. })
    ));
    assert!(matches!(
        solve::solve(square.as_ref(), infinite.as_ref()),
        Err(LinalgError::NotFinite { row: 1, .. })
    ));
    assert!(matches!(
        solve_symmetric(square.as_ref(), infinite.as_ref()),
        Err(LinalgError::NotFinite { .. })
    ));
    assert!(matches!(
        least_squares(square.as_ref(), tall.as_ref()),
        Err(LinalgError::Shape { .. })
    ));
    assert!(matches!(
        least_squares(bad.as_ref(), square.as_ref()),
        Err(LinalgError::NotFinite { .. })
    ));
    let repeated = Extended::from_doubles(mat![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]].as_ref());
    let error = extended_least_squares(&repeated, &[1.0, 2.0, 4.0]).unwrap_err();
    assert!(matches!(error, LinalgError::Dependent { column: 1, .. }));
    assert!(matches!(
        extended_least_squares(&repeated, &[1.0]),
        Err(LinalgError::Shape { .. })
    ));
    // Zeros, one row, one column, nothing.
    assert_eq!(
        least_squares(Mat::zeros(3, 2).as_ref(), Mat::zeros(3, 1).as_ref())
            .unwrap()
            .rank,
        0
    );
    assert_eq!(
        least_squares(Mat::zeros(0, 2).as_ref(), Mat::zeros(0, 1).as_ref())
            .unwrap()
            .rank,
        0
    );
    assert_eq!(
        least_squares(mat![[2.0]].as_ref(), mat![[6.0]].as_ref())
            .unwrap()
            .x[(0, 0)],
        3.0
    );
    assert!(
        extended_least_squares(
            &Extended::from_doubles(Mat::zeros(2, 0).as_ref()),
            &[1.0, 2.0]
        )
        .unwrap()
        .coefficients
        .is_empty()
    );
}

#[test]
fn slices_of_matrices_that_lie_in_one_piece() {
    let base: Vec<f64> = (0..24).map(f64::from).collect();
    let m = MatRef::from_column_major_slice(&base, 4, 6);
    assert_eq!(flat(m), Some(&base[..]));
    assert_eq!(flat(m.col(2).as_mat()), Some(&base[8..12]));
    assert_eq!(flat(m.subcols(1, 2)), Some(&base[4..12]));
    assert_eq!(flat(m.col(3).subrows(1, 2).as_mat()), Some(&base[13..15]));
    assert_eq!(flat(m.transpose().row(2).as_mat()), Some(&base[8..12]));
    for other in [
        m.subrows(0, 3),
        m.transpose(),
        m.reverse_rows(),
        m.reverse_cols(),
        m.row(1).as_mat(),
    ] {
        assert_eq!(flat(other), None);
    }
    assert_eq!(flat(m.submatrix(1, 1, 0, 3)), Some(&[][..]));
    assert_eq!(flat(m.submatrix(1, 1, 1, 1)), Some(&base[5..6]));
    let mut owned = vec![0.0; 6];
    let view = linalg::MatMut::from_column_major_slice_mut(&mut owned, 3, 2);
    flat_mut(view).unwrap().copy_from_slice(&base[..6]);
    assert_eq!(owned, base[..6]);
}
