//! The tutorials' data and a few classics. The same tables are files in `data/`, with their source in `data/README.md`.

use linalg::Mat;

use crate::{CsvOptions, Dataset, Preparation};

fn dataset<const N: usize>(
    names: [&str; N],
    target: &str,
    labels: [&str; 2],
    rows: &[([f64; N], f64)],
) -> Dataset {
    let features = Mat::from_fn(rows.len(), N, |i, j| rows[i].0[j]);
    let codes = rows.iter().map(|row| row.1).collect();
    let mut data = Dataset::new(features, names, codes, target);
    data.labels = Some(labels.map(str::to_owned).to_vec());
    data
}

/// Hours of lectures and of lab work of six students, and whether they passed. Perfectly separated.
pub fn student_hours() -> Dataset {
    let rows = [
        ([1., 2.], 0.),
        ([2., 3.], 0.),
        ([3., 1.], 0.),
        ([4., 3.], 1.),
        ([5., 3.], 1.),
        ([6., 2.], 1.),
    ];
    dataset(["lectures", "labs"], "passed", ["0", "1"], &rows)
}

/// Six exam scores and whether they were enough. Perfectly separated at 60.
pub fn exam_scores() -> Dataset {
    let rows = [
        ([45.], 0.),
        ([50.], 0.),
        ([55.], 0.),
        ([60.], 1.),
        ([65.], 1.),
        ([70.], 1.),
    ];
    dataset(["score"], "passed", ["0", "1"], &rows)
}

/// Average score, rebounds and assists of twelve college players, and whether they were drafted.
pub fn nba_rookie_draft() -> Dataset {
    let rows = [
        ([12., 3., 6.], 0.),
        ([13., 4., 4.], 1.),
        ([13., 4., 6.], 0.),
        ([12., 9., 9.], 1.),
        ([14., 4., 5.], 1.),
        ([14., 4., 4.], 0.),
        ([17., 2., 2.], 0.),
        ([17., 6., 5.], 1.),
        ([21., 5., 7.], 1.),
        ([21., 9., 3.], 0.),
        ([24., 11., 11.], 1.),
        ([24., 4., 5.], 0.),
    ];
    dataset(
        ["avg_score", "rebound", "assist"],
        "draft",
        ["0", "1"],
        &rows,
    )
}

/// A file of this repository, which the tests read from the first to the last line. The target is the last column; its classes are
/// in this order, or it is a number.
fn parsed(file: &str, text: &str, classes: Option<&[&str]>) -> Dataset {
    let frame = CsvOptions::new().read_from(file, text.as_bytes());
    let read = frame.and_then(|frame| {
        let target = frame.names().last().cloned().unwrap_or_default();
        let mut preparation = Preparation::new(target.clone());
        if let Some(classes) = classes {
            preparation = preparation.ordinal(target, classes.iter().copied());
        }
        preparation.numeric(&frame)
    });
    match read {
        Ok(mut data) => {
            data.labels = classes.map(|classes| classes.iter().map(|&c| c.to_owned()).collect());
            data
        }
        Err(error) => unreachable!("a file of the repository: {error}"),
    }
}

/// The species of Fisher's 150 irises, in the order of the codes of [`iris`].
pub const IRIS_SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];

/// Fisher's irises (1936): four lengths in centimetres of 150 flowers; the target is the number of the species.
///
/// ```
/// let iris = datasets::iris();
/// assert_eq!((iris.features.nrows(), iris.features.ncols(), iris.target[149]), (150, 4, 2.0));
/// ```
pub fn iris() -> Dataset {
    let text = include_str!("../../../data/iris.csv");
    parsed("iris.csv", text, Some(&IRIS_SPECIES))
}

/// The Wisconsin diagnostic breast cancer data: 30 measurements of cell nuclei of 569 tumours; 0 is malignant, 1 benign, as in
/// scikit-learn. (Whoever reads `data/breast_cancer.csv` without naming an order of the classes has them in alphabetical order: 0 is
/// benign.)
///
/// ```
/// let cancer = datasets::breast_cancer();
/// assert_eq!((cancer.features.nrows(), cancer.features.ncols()), (569, 30));
/// assert_eq!((cancer.target[0], cancer.labels.as_deref()), (0.0, Some(&["malignant".to_owned(), "benign".to_owned()][..])));
/// ```
pub fn breast_cancer() -> Dataset {
    let text = include_str!("../../../data/breast_cancer.csv");
    parsed("breast_cancer.csv", text, Some(&["malignant", "benign"]))
}

/// 1797 handwritten digits of 8x8 pixels with values 0 to 16; the target is the digit.
pub fn digits() -> Dataset {
    let text = include_str!("../../../data/digits.csv");
    parsed("digits.csv", text, None)
}

/// Ten measurements of 442 diabetes patients and the progression of the disease after a year, a number.
pub fn diabetes_progression() -> Dataset {
    let text = include_str!("../../../data/diabetes_progression.csv");
    parsed("diabetes_progression.csv", text, None)
}
