//! Times fits of data from `.npy` files, for comparisons with other programs in one run.
use std::time::Instant;

use datasets::Dataset;
use models::LogisticRegression;
use train::Fit;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let read = |path: &str| -> Result<_, Box<dyn std::error::Error>> {
        Ok(datasets::npy::read(path, std::io::BufReader::new(std::fs::File::open(path)?))?)
    };
    let x = read(&arguments[1])?;
    let y = read(&arguments[2])?;
    let n = x.nrows();
    let target = (0..n).map(|i| y[(i, 0)]).collect();
    let names = (0..x.ncols()).map(|j| format!("x{j}"));
    let data = Dataset::new(x, names, target, "y");
    for _ in 0..3 {
        let start = Instant::now();
        let fit = LogisticRegression::new().l2(1.0 / n as f64).fit(&data)?;
        let seconds = start.elapsed().as_secs_f64();
        println!("{seconds:.4} s {:?}", fit.certificate());
    }
    Ok(())
}
