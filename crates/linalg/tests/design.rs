//! Designs: adjointness, agreement of layouts, and the same bits for any number of threads.

use linalg::{
    Block, Csc, Csr, Dense, Design, LinalgError, Mat, Scaled, SparseError, Standardised,
    WithIntercept, Workspace, elementwise, parallel, reduce,
};
use proptest::prelude::*;

/// A matrix in every form that a design can have.
struct Forms {
    dense: Mat<f64>,
    by_rows: (Vec<usize>, Vec<usize>, Vec<f64>),
    by_columns: (Vec<usize>, Vec<usize>, Vec<f64>),
}

fn lines(
    n: usize,
    m: usize,
    entry: impl Fn(usize, usize) -> f64,
) -> (Vec<usize>, Vec<usize>, Vec<f64>) {
    let (mut offsets, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..n {
        for j in 0..m {
            if entry(i, j) != 0.0 {
                indices.push(j);
                values.push(entry(i, j));
            }
        }
        offsets.push(values.len());
    }
    (offsets, indices, values)
}

fn forms(rows: usize, columns: usize, seed: f64, sparsity: f64) -> Forms {
    let noise = |k: usize| ((k as f64 * 12.9898 + seed).sin() * 43758.5453).rem_euclid(1.0);
    let dense = Mat::from_fn(rows, columns, |i, j| {
        let k = i * columns + j;
        if noise(2 * k) < sparsity {
            0.0
        } else {
            4.0 * noise(2 * k + 1) - 2.0
        }
    });
    let by_rows = lines(rows, columns, |i, j| dense[(i, j)]);
    let by_columns = lines(columns, rows, |j, i| dense[(i, j)]);
    Forms {
        dense,
        by_rows,
        by_columns,
    }
}

fn vector(n: usize, seed: f64) -> Vec<f64> {
    (0..n)
        .map(|i| ((i as f64 + 1.3) * (seed + 0.7)).sin())
        .collect()
}

/// Every design of a matrix, with the same matrix written out.
fn with_every_design(forms: &Forms, mut check: impl FnMut(&str, &dyn Design, &Mat<f64>)) {
    let Forms {
        dense,
        by_rows: r,
        by_columns: c,
    } = forms;
    let (n, d) = (dense.nrows(), dense.ncols());
    let csr = Csr::new(n, d, &r.0, &r.1, &r.2).unwrap();
    let csc = Csc::new(n, d, &c.0, &c.1, &c.2).unwrap();
    let row_major = dense.transpose().to_owned();
    let plain = Dense::new(dense.as_ref());
    check("dense", &plain, dense);
    check(
        "dense, row-major",
        &Dense::new(row_major.transpose()),
        dense,
    );
    check("csr", &csr, dense);
    check("csc", &csc, dense);
    let augmented = Mat::from_fn(
        n,
        d + 1,
        |i, j| if j == 0 { 1.0 } else { dense[(i, j - 1)] },
    );
    check("with intercept", &WithIntercept(plain), &augmented);
    check("sparse with intercept", &WithIntercept(csr), &augmented);
    let (centre, scale): (Vec<f64>, Vec<f64>) = (0..d)
        .map(|j| (0.3 * j as f64 - 0.5, 0.5 + j as f64))
        .unzip();
    let written = Mat::from_fn(n, d, |i, j| (dense[(i, j)] - centre[j]) / scale[j]);
    check(
        "scaled",
        &Scaled::new(plain, centre.clone(), scale.clone()).unwrap(),
        &written,
    );
    let scaled = Scaled::new(csc, centre, scale).unwrap();
    check("sparse, scaled", &scaled, &written);
    let both = Mat::from_fn(
        n,
        d + 1,
        |i, j| if j == 0 { 1.0 } else { written[(i, j - 1)] },
    );
    check(
        "sparse, scaled, with intercept",
        &WithIntercept(scaled),
        &both,
    );
    if let Ok(standardised) = Standardised::new(dense.as_ref(), true) {
        let mut written = augmented;
        for j in 0..d {
            let column: Vec<f64> = (0..n).map(|i| dense[(i, j)]).collect();
            let mean = reduce::sum(&column) / n as f64;
            for i in 0..n {
                written[(i, j + 1)] = (dense[(i, j)] - mean) / standardised.scale()[j];
            }
        }
        check("standardised", &standardised, &written);
    }
}

fn logistic(y: &[f64]) -> impl Fn(Block<'_>) + Sync + '_ {
    |b: Block<'_>| {
        let y = &y[b.start..b.start + b.eta.len()];
        elementwise::logistic_loss(b.eta, y, b.loss, b.slope, b.curvature);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_design_is_its_matrix(
        rows in prop_oneof![0_usize..6, 505_usize..520, 8188_usize..8200], columns in 0_usize..7, seed in 0.0..9.0_f64,
        sparsity in prop_oneof![Just(0.0), Just(0.7), Just(1.0)],
    ) {
        let forms = forms(rows, columns, seed, sparsity);
        let (w, u) = (vector(rows, 0.4), vector(rows, 0.9));
        with_every_design(&forms, |name, design, x| {
            let v = vector(design.columns(), 0.2);
            let (mut eta, mut back) = (vec![0.0; rows], vec![0.0; design.columns()]);
            design.times(&v, &mut eta);
            design.transpose_times(&u, &mut back);
            let tolerance = 1e-11 * (rows as f64 + 1.0);
            // ⟨X v, u⟩ = ⟨v, Xᵀ u⟩, and each product by definition.
            assert!((reduce::dot(&eta, &u) - reduce::dot(&v, &back)).abs() < tolerance, "{name}");
            for i in 0..rows {
                let exact: f64 = (0..v.len()).map(|j| x[(i, j)] * v[j]).sum();
                assert!((eta[i] - exact).abs() < 1e-11, "{name}: row {i}");
            }
            let gram = design.gram(&w);
            for j in 0..v.len() {
                let exact: f64 = (0..rows).map(|i| x[(i, j)] * u[i]).sum();
                assert!((back[j] - exact).abs() < tolerance, "{name}: column {j}");
                for k in 0..v.len() {
                    let exact: f64 = (0..rows).map(|i| x[(i, j)] * w[i] * x[(i, k)]).sum();
                    assert!((gram[(j, k)] - exact).abs() < tolerance, "{name}: gram ({j}, {k})");
                }
            }
            // The fused pass is the products one after another.
            let y: Vec<f64> = u.iter().map(|u| f64::from(u8::from(*u > 0.0))).collect();
            let (mut gradient, mut hessian) = (vec![0.0; v.len()], Mat::zeros(v.len(), v.len()));
            let loss = design.pass(&v, &logistic(&y), &mut gradient, Some(hessian.as_mut()), &Workspace::new());
            let [mut losses, mut slope, mut curvature] = [vec![0.0; rows], vec![0.0; rows], vec![0.0; rows]];
            elementwise::logistic_loss(&eta, &y, &mut losses, &mut slope, &mut curvature);
            design.transpose_times(&slope, &mut back);
            assert!((loss - reduce::sum(&losses)).abs() < tolerance, "{name}");
            let weighted = design.gram(&curvature);
            for j in 0..v.len() {
                assert!((gradient[j] - back[j]).abs() < tolerance, "{name}");
                for k in 0..v.len() {
                    assert!((hessian[(j, k)] - weighted[(j, k)]).abs() < tolerance, "{name}");
                }
            }
        });
    }
}

#[test]
fn one_thread_and_many_give_the_same_bits() {
    let forms = forms(40_000, 5, 1.0, 0.3);
    let y: Vec<f64> = vector(40_000, 0.9)
        .iter()
        .map(|u| f64::from(u8::from(*u > 0.0)))
        .collect();
    with_every_design(&forms, |name, design, _| {
        let run = |threads: usize| {
            let d = design.columns();
            let v = vector(d, 0.2);
            parallel::with_threads(threads, || {
                let (mut gradient, mut hessian) = (vec![0.0; d], Mat::zeros(d, d));
                let loss = design.pass(
                    &v,
                    &logistic(&y),
                    &mut gradient,
                    Some(hessian.as_mut()),
                    &Workspace::new(),
                );
                let (mut eta, mut back) = (vec![0.0; y.len()], vec![0.0; d]);
                design.times(&v, &mut eta);
                design.transpose_times(&y, &mut back);
                let entries = (0..d)
                    .flat_map(|j| (0..d).map(move |i| (i, j)))
                    .map(|e| hessian[e])
                    .collect::<Vec<_>>();
                [vec![loss], gradient, entries, eta, back]
                    .concat()
                    .iter()
                    .map(|x| x.to_bits())
                    .collect::<Vec<u64>>()
            })
            .unwrap()
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), one, "{name}, {threads} threads");
        }
    });
}

#[test]
fn what_is_no_sparse_matrix_is_refused() {
    let error = Csr::new(2, 2, &[0, 1], &[0], &[1.0]).unwrap_err();
    assert_eq!(
        error,
        SparseError::Offsets {
            expected: 3,
            entries: 1,
            at: 0
        }
    );
    let error = Csr::new(2, 2, &[0, 2, 1], &[0], &[1.0]).unwrap_err();
    assert_eq!(
        error,
        SparseError::Offsets {
            expected: 3,
            entries: 1,
            at: 2
        }
    );
    let error = Csr::new(1, 2, &[0, 2], &[1, 0], &[1.0, 2.0]).unwrap_err();
    assert_eq!(
        error,
        SparseError::Index {
            at: 1,
            index: 0,
            bound: 2
        }
    );
    let error = Csc::new(2, 1, &[0, 1], &[2], &[1.0]).unwrap_err();
    assert_eq!(
        error,
        SparseError::Index {
            at: 0,
            index: 2,
            bound: 2
        }
    );
    let error = Csc::new(2, 1, &[0, 1], &[], &[1.0]).unwrap_err();
    assert_eq!(
        error,
        SparseError::Lengths {
            indices: 0,
            values: 1
        }
    );
    let x = Mat::<f64>::zeros(3, 2);
    let scaled = |centre: f64, scale: f64| {
        Scaled::new(Dense::new(x.as_ref()), vec![centre; 2], vec![1.0, scale])
    };
    assert!(matches!(
        scaled(0.0, 0.0),
        Err(LinalgError::Scale {
            what: "scale",
            column: 1,
            ..
        })
    ));
    assert!(matches!(
        scaled(f64::NAN, 1.0),
        Err(LinalgError::Scale {
            what: "centre",
            column: 0,
            ..
        })
    ));
    assert!(parallel::with_threads(0, || ()).is_err());
}

#[test]
fn non_finite_data_give_non_finite_sums_and_no_panic() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut forms = forms(700, 3, 3.0, 0.0);
        forms.dense[(600, 1)] = bad;
        let dense = Dense::new(forms.dense.as_ref());
        let mut out = [0.0; 3];
        dense.transpose_times(&vec![1.0; 700], &mut out);
        assert!(out[0].is_finite() && !out[1].is_finite());
        assert!(!dense.gram(&vec![1.0; 700])[(1, 1)].is_finite());
    }
}

#[test]
fn products_with_few_columns_are_those_of_general_matrices() {
    for (n, d, k) in [
        (1, 1, 1),
        (7, 3, 2),
        (16, 8, 10),
        (33, 25, 3),
        (320, 60, 10),
        (257, 9, 32),
    ] {
        let whole = Mat::from_fn(n + 3, d, |i, j| ((i * 7 + j * 3) as f64 * 0.37).sin());
        let x = whole.as_ref().subrows(2, n);
        let b = Mat::from_fn(d, k, |i, j| ((i * 5 + j) as f64 * 0.91).cos());
        let v = Mat::from_fn(n, k, |i, j| ((i + 11 * j) as f64 * 0.53).sin());
        let (mut times, mut transposed) = (Mat::from_fn(n, k, |i, _| i as f64), Mat::zeros(d, k));
        linalg::add_times_few(x, b.as_ref(), times.as_mut());
        linalg::add_transposed_times_few(x, v.as_ref(), transposed.as_mut());
        for c in 0..k {
            for i in 0..n {
                let expected = i as f64 + (0..d).map(|j| x[(i, j)] * b[(j, c)]).sum::<f64>();
                assert!((times[(i, c)] - expected).abs() < 1e-12 * (1.0 + n as f64));
            }
            for j in 0..d {
                let expected: f64 = (0..n).map(|i| x[(i, j)] * v[(i, c)]).sum();
                assert!((transposed[(j, c)] - expected).abs() < 1e-12 * (1.0 + n as f64));
            }
        }
    }
}
