//! The optimum of a generalised linear model.

use datasets::Dataset;
use linalg::{LinalgError, Mat, Standardised};

use super::INTERCEPT;
use super::objective::GlmObjective;
use super::problem::Problem;
use super::separation::{self, Stop};
use crate::FitError;
use crate::newton::{Certificate, Newton, Outcome, Status};

/// How often the columns are standardised anew.
const ROUNDS: usize = 3;

/// The optimum, with the design in whose coordinates it stands.
///
/// Where extreme rows rule a column's standardisation, the columns can look collinear to the weights of the fit, in which
/// those rows do not count. Then the columns are standardised again by these weights, and the fit goes on.
pub(super) fn solve<'a>(problem: &Problem<'a>) -> Result<(Standardised<'a>, Outcome), FitError> {
    let data = problem.data;
    let y: &[f64] = &problem.y;
    let constant = |constant: linalg::ConstantColumn| FitError::ConstantColumn {
        column: data.feature_names[constant.column].clone(),
        value: constant.value,
        intercept: problem.intercept,
    };
    let mut design =
        Standardised::new(data.features.as_ref(), problem.intercept).map_err(constant)?;
    for (column, &spread) in data.feature_names.iter().zip(design.scale()) {
        if !(1e-140..=1e140).contains(&spread) {
            return Err(FitError::Range {
                column: column.clone(),
                spread,
            });
        }
    }
    let mut start = problem.start(&design)?;
    let mut watch = separation::Watch::new(data, problem.l2 > 0.0 || !problem.is_binary());
    let mut rounds = 0;
    loop {
        let mut objective = GlmObjective::new(&design, problem);
        // A round of so many steps is enough for a well-conditioned problem.
        let newton = Newton { iterations: 30 };
        let result = newton.minimise_observed(&mut objective, &start, |_, step| {
            watch.step(&design, y, &step)
        });
        let column = match result {
            Ok(outcome) if outcome.certificate.status == Status::Converged || rounds == ROUNDS => {
                watch.end(&design, y, &outcome)?;
                let certificate = Certificate {
                    iterations: watch.iterations() - 1,
                    ..outcome.certificate
                };
                return Ok((
                    design,
                    Outcome {
                        certificate,
                        ..outcome
                    },
                ));
            }
            Ok(_) => 0,
            Err(Stop::Separated(error)) => return Err(error),
            Err(Stop::Linalg(error)) => {
                if let Some(error) = watch.verdict_of_last_step(&design, y) {
                    return Err(error);
                }
                match (&error, watch.last_point()) {
                    // At the start the weights are equal: a singular Hessian is the columns' fault.
                    (LinalgError::Dependent { .. }, None) => {
                        return Err(collinear(&design, data, &error)
                            .unwrap_or(FitError::Linalg { source: error }));
                    }
                    (LinalgError::Dependent { column, .. }, Some(_)) => *column,
                    _ => return Err(FitError::Linalg { source: error }),
                }
            }
        };
        let last = watch.last_point().unwrap_or(&start).to_vec();
        let k = usize::from(problem.intercept);
        let flat = FitError::Flat {
            column: if column < k {
                INTERCEPT.to_owned()
            } else {
                data.feature_names[column - k].clone()
            },
            iterations: watch.iterations(),
        };
        rounds += 1;
        if rounds > ROUNDS {
            return Err(flat);
        }
        let curvature = objective.curvature(&last);
        let beta = design.coefficients_to_data(&last);
        design = design.reweighted(&curvature).map_err(|_| flat)?;
        start = design.coefficients_from_data(&beta);
        watch.restart(&start);
    }
}

/// The inverse of Σ wᵢ zᵢ zᵢᵀ for weights of the rows, in standardised coordinates: from a QR decomposition of the weighted design,
/// which does not lose the digits that forming the matrix costs.
pub(super) fn inverse_gram(design: &Standardised<'_>, weights: &[f64]) -> Mat<f64> {
    let r = design.triangular(weights);
    let d = r.ncols();
    // R⁻¹, column by column, by back substitution.
    let mut inverse: Mat<f64> = Mat::zeros(d, d);
    for j in 0..d {
        for i in (0..=j).rev() {
            let mut sum = if i == j { 1.0 } else { 0.0 };
            for l in i + 1..=j {
                sum -= r[(i, l)] * inverse[(l, j)];
            }
            inverse[(i, j)] = sum / r[(i, i)];
        }
    }
    &inverse * inverse.transpose()
}

/// The combination of earlier columns that gives a dependent one, on the data's own scale.
fn collinear(design: &Standardised<'_>, data: &Dataset, error: &LinalgError) -> Option<FitError> {
    let LinalgError::Dependent {
        column, weights, ..
    } = error
    else {
        return None;
    };
    let k = usize::from(design.has_intercept());
    let name = |j: usize| {
        if j < k {
            INTERCEPT.to_owned()
        } else {
            data.feature_names[j - k].clone()
        }
    };
    let scale = |j: usize| if j < k { 1.0 } else { design.scale()[j - k] };
    let combination = (k..*column)
        .filter(|&j| weights[j].abs() > 1e-6)
        .map(|j| (name(j), weights[j] * scale(*column) / scale(j)))
        .collect();
    Some(FitError::Collinear {
        column: name(*column),
        combination,
    })
}
