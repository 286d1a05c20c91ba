//! A loss written as a closure against the objective that is written by hand.

use datasets::Dataset;
use linalg::Mat;
use linalg::solve::Cholesky;
use models::LogisticRegression;
use train::{
    Differentiable, Fit, HessianProducts, Lbfgs, LossFunction, Newton, Objective, Status,
    TwiceDifferentiable,
};

fn data(rows: usize, columns: usize) -> (Mat<f64>, Vec<f64>) {
    let x = Mat::from_fn(rows, columns, |i, j| {
        ((i * (j + 1)) as f64 * 0.618 + j as f64).sin()
    });
    let y = (0..rows).map(|i| f64::from(u8::from(((i * i) as f64 * 0.7).sin() + x[(i, 0)] > 0.2)));
    let y = y.collect();
    (x, y)
}

#[test]
fn logistic_regression_as_a_closure_is_logistic_regression() {
    let (x, y) = data(200, 4);
    let mut loss = LossFunction::new(&[(4, 1), (1, 1)], |p| {
        let z = p.constant(&x).matmul(p[0]) + p[1];
        autodiff::loss::binary_cross_entropy_with_logits(z, p.constant(&y)).sum()
    });
    let found = Newton::default()
        .minimise(&mut loss, &[0.0; 5])
        .expect("a regular problem");
    let data = Dataset::new(x.clone(), ["a", "b", "c", "d"], y.clone(), "y");
    let fit = LogisticRegression::new()
        .fit(&data)
        .expect("a regular problem");
    // The closure's intercept comes last, the model's first; the inverse Hessian of the summed loss is the covariance.
    let covariance = Cholesky::new(found.hessian.as_ref())
        .expect("positive definite")
        .inverse();
    for (k, coefficient) in fit.coefficients().iter().enumerate() {
        let at = if k == 0 { 4 } else { k - 1 };
        assert!((found.x[at] - coefficient.estimate).abs() < 1e-12, "{k}");
        let error = coefficient.inference.as_ref().map_or(0.0, |i| i.std_error);
        assert!((covariance[(at, at)].sqrt() - error).abs() < 1e-12, "{k}");
    }
}

#[test]
fn products_are_those_of_the_hessian() {
    let (x, y) = data(50, 3);
    let mut loss = LossFunction::new(&[(3, 2), (1, 2), (2, 1)], |p| {
        let hidden = (p.constant(&x).matmul(p[0]) + p[1]).tanh();
        (hidden.matmul(p[2]) - p.constant(&y)).square().mean()
    });
    let n = loss.dimension();
    assert_eq!(n, 10);
    let at: Vec<f64> = (0..n).map(|k| (k as f64).cos()).collect();
    let direction: Vec<f64> = (0..n).map(|k| (k as f64 * 1.3).sin()).collect();
    let (mut hessian, mut gradient, mut product) = (Mat::zeros(n, n), vec![0.0; n], vec![0.0; n]);
    let value = loss.hessian(&at, &mut gradient, hessian.as_mut());
    loss.hessian_product(&at, &direction, &mut product);
    let mut again = vec![0.0; n];
    assert_eq!(loss.gradient(&at, &mut again), value);
    assert_eq!(again, gradient);
    assert_eq!(loss.value(&at), value);
    for i in 0..n {
        let expected: f64 = (0..n).map(|j| hessian[(i, j)] * direction[j]).sum();
        assert!((product[i] - expected).abs() < 1e-14, "{i}");
        // Central differences of the value.
        let mut moved = at.clone();
        moved[i] += 1e-6;
        let above = loss.value(&moved);
        moved[i] -= 2e-6;
        let slope = (above - loss.value(&moved)) / 2e-6;
        assert!((slope - gradient[i]).abs() < 1e-8, "{i}");
    }
}

#[test]
fn a_closure_may_look_at_values() {
    // Huber's loss by a branch on each value: the way is chosen anew at every point.
    let y = [0.1, -0.2, 8.0];
    let mut loss = LossFunction::new(&[(1, 1)], |p| {
        let residual = p.constant(&y) - p[0];
        let mut total = p[0] * 0.0;
        for i in 0..3 {
            let r = residual.rows(i..i + 1);
            total = total
                + if r.item().abs() < 1.0 {
                    r.square() * 0.5
                } else {
                    r.abs() - 0.5
                };
        }
        total
    });
    let mut gradient = [0.0];
    loss.gradient(&[0.0], &mut gradient);
    assert!((gradient[0] - (0.1 - 1.0)).abs() < 1e-15);
    loss.gradient(&[7.5], &mut gradient);
    assert!((gradient[0] - 1.5).abs() < 1e-15);
}

#[test]
fn lbfgs_learns_the_curvature() {
    // Rosenbrock's valley from its published start: 35 steps. Pairs with a wrong weight descend, too,
    // in half as many steps again.
    let mut valley = LossFunction::new(&[(1, 1), (1, 1)], |p| {
        let (x, y) = (p[0], p[1]);
        (1.0 - x).square() + (y - x.square()).square() * 100.0
    });
    let outcome = Lbfgs::default().minimise(&mut valley, &[-1.2, 1.0]);
    assert_eq!(outcome.certificate.status, Status::Converged);
    let steps = outcome.certificate.iterations;
    assert!(steps <= 42, "{steps}");
}
