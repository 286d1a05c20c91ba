//! Times fits of data from files, for `benches/peers/glm.py`: `speed WHAT X Y [REPEATS [GAP]]`, where X and Y are
//! `.npy` files (for `sparse`, X is in svmlight's format and Y is not read). Prints one line a run: seconds, and the largest entry of
//! the gradient or the largest duality gap (GAP is the tolerance of a path, by the loss of no model).
use std::fs::File;
use std::io::BufReader;
use std::time::Instant;

use datasets::{Dataset, SparseDataset};
use models::LogisticRegression;
use models::glm::{Distribution, GeneralisedLinearModel, MultinomialRegression, Penalty};
use train::{Fit, FitOptions, Observations, PathOptions, path};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, what, x, y, ..] = arguments.as_slice() else {
        return Err(
            "speed logistic|softmax|lasso-gaussian|lasso-binomial|sparse X Y [REPEATS]".into(),
        );
    };
    let repeats: usize = arguments.get(4).map_or(Ok(3), |n| n.parse())?;
    if what == "sparse" {
        let data = SparseDataset::read_svmlight(x, BufReader::new(File::open(x)?), None)?;
        let observations = Observations::sparse(&data)?;
        return run(repeats, || {
            let model = LogisticRegression::new().l2(1.0 / data.rows() as f64);
            let options = FitOptions::default().tolerance(1e-9);
            let fit = model.fit_observations(&observations, &options)?;
            Ok(fit.certificate().gradient_max)
        });
    }
    let (x, y) = (read(x)?, read(y)?);
    let n = x.nrows();
    let target = (0..n).map(|i| y[(i, 0)]).collect();
    let names: Vec<String> = (0..x.ncols()).map(|j| format!("x{j}")).collect();
    let data = Dataset::new(x, names, target, "y");
    let lasso = |distribution| {
        let model =
            GeneralisedLinearModel::new(distribution).penalised(Penalty::lasso(1.0).standardised());
        let options = PathOptions {
            tolerance: arguments.get(5).map_or(Ok(1e-4), |t| t.parse())?,
            ..PathOptions::default()
        };
        let path = path(&model, &(&data).into(), &options)?;
        let gap = path
            .iter()
            .filter_map(|point| point.duality_gap)
            .fold(0.0, f64::max);
        Ok(gap)
    };
    run(repeats, || match what.as_str() {
        "logistic" => {
            let fit = LogisticRegression::new().l2(1.0 / n as f64).fit(&data)?;
            Ok(fit.certificate().gradient_max)
        }
        "softmax" => {
            let model = MultinomialRegression::new().penalised(Penalty::ridge(1.0 / n as f64));
            let fit = model.fit_with(&data, &FitOptions::default().tolerance(1e-5))?;
            Ok(fit.certificate().gradient_max)
        }
        "lasso-gaussian" => lasso(Distribution::Gaussian),
        "lasso-binomial" => lasso(Distribution::Binomial),
        other => Err(format!("there is no {other}").into()),
    })
}

fn read(path: &str) -> Result<linalg::Mat<f64>, Failure> {
    Ok(datasets::npy::read(
        path,
        BufReader::new(File::open(path)?),
    )?)
}

fn run(repeats: usize, fit: impl Fn() -> Result<f64, Failure>) -> Result<(), Failure> {
    for _ in 0..repeats {
        let start = Instant::now();
        let certificate = fit()?;
        println!("{:.4} {certificate:e}", start.elapsed().as_secs_f64());
    }
    Ok(())
}
