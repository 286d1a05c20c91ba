//! The tutorials' data. The same tables are files in `data/`, with their source in `data/README.md`.

use linalg::Mat;

use crate::Dataset;

fn dataset<const N: usize>(
    names: [&str; N],
    target: &str,
    labels: [&str; 2],
    rows: &[([f64; N], f64)],
) -> Dataset {
    Dataset {
        features: Mat::from_fn(rows.len(), N, |i, j| rows[i].0[j]),
        feature_names: names.map(str::to_owned).to_vec(),
        target: rows.iter().map(|row| row.1).collect(),
        target_name: target.to_owned(),
        labels: Some(labels.map(str::to_owned)),
    }
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
