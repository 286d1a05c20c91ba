//! smartcore: L-BFGS, whose tolerance cannot be set. Its objective is n times ours: the sum of the losses + ½ α ‖w‖² with α = 1.

use common::Request;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

fn main() {
    let request = Request::from_arguments();
    let (x, y) = (request.matrix("x"), request.matrix("y"));
    let classes: Vec<u32> = y.values.iter().map(|y| *y as u32).collect();
    let features = DenseMatrix::new(x.rows, x.columns, x.values, true).expect("X has its shape");
    request.measure_split(
        || LogisticRegressionParameters::default().with_alpha(1.0),
        |parameters| LogisticRegression::fit(&features, &classes, parameters).expect("it fits"),
        |fit| {
            let intercept = *fit.intercept().get((0, 0));
            let w = fit.coefficients().iterator(0).copied();
            [intercept].into_iter().chain(w).collect()
        },
    );
}
