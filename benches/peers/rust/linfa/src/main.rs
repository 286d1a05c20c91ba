//! linfa-logistic: L-BFGS. Its objective is n times ours: the sum of the losses + ½ α ‖w‖² with α = 1.

use common::Request;
use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

fn main() {
    let request = Request::from_arguments();
    let (x, y) = (request.matrix("x"), request.matrix("y"));
    let n = x.rows as f64;
    let features = Array2::from_shape_vec((x.rows, x.columns), x.by_rows());
    let features = features.expect("X has its shape");
    let classes: Array1<usize> = y.values.iter().map(|y| *y as usize).collect();
    let data = Dataset::new(features, classes);
    let model = LogisticRegression::default()
        .alpha(1.0)
        .max_iterations(1000)
        .gradient_tolerance(request.goal * n);
    request.measure_split(
        || (),
        |()| model.fit(&data).expect("linfa fits"),
        |fit| {
            // The class that linfa takes for the positive one is its own choice.
            let sign = if fit.labels().pos.class == 1 {
                1.0
            } else {
                -1.0
            };
            let numbers = [fit.intercept()]
                .into_iter()
                .chain(fit.params().iter().copied());
            numbers.map(|w| w * sign).collect()
        },
    );
}
