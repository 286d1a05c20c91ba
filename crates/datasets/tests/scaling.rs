//! Features are scaled: of any size, and none that are 0 and 1.

use datasets::{CsvOptions, Frame, Missing, Preparation, Scaling};
use linalg::{Mat, mat};

fn read(text: &str) -> Frame {
    CsvOptions::new()
        .read_from("t.csv", text.as_bytes())
        .unwrap_or_else(|e| panic!("{e}"))
}

fn rows(m: &Mat<f64>) -> Vec<Vec<f64>> {
    (0..m.nrows())
        .map(|i| (0..m.ncols()).map(|j| m[(i, j)]).collect())
        .collect()
}

#[test]
fn scaling_survives_extreme_sizes() {
    let frame = read("y,x\n1,1e200\n0,2e200\n1,3e200\n");
    let recipe = Preparation::new("y")
        .scaling(Scaling::Standard)
        .learn(&frame)
        .unwrap();
    let x = recipe.features(&frame).unwrap().matrix;
    assert!((x[(0, 0)] + 1.5_f64.sqrt()).abs() < 1e-15 && x[(1, 0)].abs() < 1e-15);
    let frame = read("y,x\n1,1e-200\n0,2e-200\n1,3e-200\n");
    let recipe = Preparation::new("y")
        .scaling(Scaling::Standard)
        .learn(&frame)
        .unwrap();
    assert!((recipe.features(&frame).unwrap().matrix[(2, 0)] - 1.5_f64.sqrt()).abs() < 1e-15);
    let frame = read("y,x\n1,1e308\n0,-1e308\n1,0\n");
    let error = Preparation::new("y")
        .scaling(Scaling::MinMax)
        .learn(&frame)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the feature `x` is spread too far to be scaled"
    );
}

#[test]
fn scaling_leaves_zeros_and_ones_alone() {
    let frame = read("y,x,c\n0,1,u\n0,3,v\n0,5,v\n");
    let recipe = Preparation::new("y")
        .scaling(Scaling::MinMax)
        .learn(&frame)
        .unwrap();
    assert_eq!(
        recipe.features(&frame).unwrap().matrix,
        mat![[0.0, 0.0], [0.5, 1.0], [1.0, 1.0]]
    );
    let frame = read("y,x,flag\n0,1,true\n0,,false\n0,5,true\n");
    let recipe = Preparation::new("y")
        .missing(Missing::Mean)
        .indicators()
        .interactions()
        .scaling(Scaling::Standard)
        .learn(&frame)
        .unwrap();
    assert_eq!(
        recipe.feature_names(),
        ["x", "flag", "x:flag", "x[missing]"]
    );
    let root = 1.5_f64.sqrt();
    let expected = [
        [-root, 1.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [root, 1.0, 5.0, 0.0],
    ];
    for (found, expected) in rows(&recipe.features(&frame).unwrap().matrix)
        .iter()
        .zip(expected)
    {
        assert!((found[0] - expected[0]).abs() < 1e-15, "{found:?}");
        assert_eq!(found[1..], expected[1..]);
    }
}
