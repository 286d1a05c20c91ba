//! Penalties and columns of absurd size.

use datasets::{nba_rookie_draft, student_hours};
use models::LogisticRegression;
use train::{Fit, FitError};

#[test]
fn a_fit_without_an_optimum_is_an_error() {
    for l2 in [1e-300, 1e-60] {
        let error = LogisticRegression::new()
            .l2(l2)
            .fit(&student_hours())
            .unwrap_err();
        assert!(error.to_string().contains("a larger one"), "{error}");
    }
    // A huge penalty gives tiny coefficients, not zeros.
    let fit = LogisticRegression::new()
        .l2(1e18)
        .fit(&student_hours())
        .unwrap();
    let slope = fit.model().coefficients()[0];
    // β ≈ mean of x (y − ½) / l2.
    assert!((slope / 0.75e-18 - 1.0).abs() < 1e-6, "{slope}");
    let mut data = nba_rookie_draft();
    data.feature_names[0] = "(intercept)".to_owned();
    assert_eq!(
        LogisticRegression::new().fit(&data).unwrap_err(),
        FitError::ReservedName
    );
    let mut data = nba_rookie_draft();
    for i in 0..12 {
        data.features[(i, 1)] *= 1e200;
    }
    assert!(matches!(
        LogisticRegression::new().fit(&data),
        Err(FitError::Range { .. })
    ));
}
