//! Parameters that one observation or group determines alone have no covariance by residuals.

use autodiff::loss;
use linalg::Mat;
use train::{Covariance, Likelihood, LikelihoodCovariance, NonlinearLeastSquares};

/// 60 rows in 10 groups: x, and a column that is 1 in the rows of `own` alone.
fn rows(own: impl Fn(usize) -> bool) -> (Mat<f64>, Vec<f64>, Vec<usize>) {
    let x = Mat::from_fn(60, 3, |i, j| match j {
        0 => 1.0,
        1 => ((i * 37) % 11) as f64 / 11.0,
        _ => f64::from(u8::from(own(i))),
    });
    let y = (0..60).map(|i| f64::from(u8::from((i * 7919) % 13 > 5)));
    (x, y.collect(), (0..60).map(|i| i / 6).collect())
}

#[test]
fn of_a_likelihood() {
    // Group 7 alone has the column, and both outcomes within it.
    let (x, y, groups) = rows(|i| i / 6 == 7);
    let mut model = Likelihood::new(&[(3, 1)], |p| {
        let (x, y) = (p.constant(&x), p.constant(&y));
        loss::binary_cross_entropy_with_logits(x.matmul(p[0]), y)
    });
    let fit = model.fit(&[0.0; 3]).unwrap();
    assert!(fit.covariance(LikelihoodCovariance::Information).is_ok());
    assert!(fit.covariance(LikelihoodCovariance::Sandwich).is_ok());
    let error = fit
        .covariance(LikelihoodCovariance::Clustered(&groups))
        .unwrap_err();
    assert!(
        error.to_string().contains("a single group determines"),
        "{error}"
    );
    // Groups across it are no matter.
    let across: Vec<usize> = (0..60).map(|i| i % 10).collect();
    assert!(
        fit.covariance(LikelihoodCovariance::Clustered(&across))
            .is_ok()
    );
}

#[test]
fn of_a_curve() {
    let curve = |own: fn(usize) -> bool| {
        let (x, _, groups) = rows(own);
        let y: Vec<f64> = (0..60)
            .map(|i| 1.0 + 2.0 * x[(i, 1)] + ((i * 29) % 7) as f64 / 7.0)
            .collect();
        let kinds = [
            Covariance::Expected,
            Covariance::Hc0,
            Covariance::Hc1,
            Covariance::Clustered(&groups),
        ];
        let mut model = NonlinearLeastSquares::new(&[(3, 1)], &y, |p| p.constant(&x).matmul(p[0]));
        let fit = model.fit(&[0.5, 0.5, 0.5]).unwrap();
        kinds.map(|kind| {
            fit.covariance_of(&kind)
                .map(drop)
                .map_err(|e| e.to_string())
        })
    };
    let [expected, hc0, hc1, clustered] = curve(|i| i == 40);
    assert!(expected.is_ok());
    for refused in [hc0, hc1] {
        assert!(
            refused
                .unwrap_err()
                .contains("a single observation determines")
        );
    }
    assert!(clustered.unwrap_err().contains("a single"));
    let [expected, hc0, hc1, clustered] = curve(|i| i / 6 == 3);
    assert!(expected.is_ok() && hc0.is_ok() && hc1.is_ok());
    assert!(clustered.unwrap_err().contains("a single group determines"));
}
