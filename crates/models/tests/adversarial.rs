//! Inputs that nobody means: NaN in, NaN out; a probability is one; a state fits or nothing changes.

#![allow(missing_docs)]

use linalg::{Mat, MatRef, mat};
use models::glm::{
    Distribution, Generalised, GlmModel, Link, LogisticModel, MultinomialModel, OrderedModel,
    PredictError, cut_points,
};
use models::state::{Kind, StateError, Tensor, load_state_dict, state_dict};
use models::{BatchNorm1d, Linear, Relu, Sequential, predict};

const HARD: [f64; 9] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e308,
    -1e308,
    1e-308,
    5e-324,
    -0.0,
    800.0,
];

type Probabilities = Box<dyn Fn(MatRef<'_, f64>) -> Result<Mat<f64>, PredictError>>;

/// Every model of classes with one or two features, by batches and by rows.
fn models(slope: f64) -> Vec<(String, Probabilities)> {
    let mut all: Vec<(String, Probabilities)> = Vec::new();
    let logistic = LogisticModel::new(0.5, vec![slope]);
    let by_row = logistic.clone();
    let two = |p: Vec<f64>| Mat::from_fn(p.len(), 2, |i, k| if k == 1 { p[i] } else { 1.0 - p[i] });
    all.push((
        "logistic".into(),
        Box::new(move |x| logistic.predict_proba(x).map(two)),
    ));
    let rows = move |x: MatRef<'_, f64>| {
        let rows = (0..x.nrows()).map(|i| {
            by_row.predict_proba_row(&(0..x.ncols()).map(|j| x[(i, j)]).collect::<Vec<_>>())
        });
        rows.collect::<Result<Vec<f64>, _>>().map(two)
    };
    all.push(("logistic by rows".into(), Box::new(rows)));
    let multinomial = MultinomialModel::new(vec![0.0, 0.5, -0.5], mat![[0.0, slope, 1.0]]);
    let by_row = multinomial.clone();
    all.push((
        "multinomial".into(),
        Box::new(move |x| multinomial.predict_proba(x)),
    ));
    let by_row = move |row: &[f64], out: &mut [f64]| by_row.predict_proba_row(row, out);
    all.push(("multinomial by rows".into(), each_row(by_row)));
    for link in [Link::Logit, Link::Probit, Link::Cloglog, Link::Cauchit] {
        let ordered = OrderedModel::new(link, vec![-1.0, 1.0], vec![slope]);
        let by_row = ordered.clone();
        all.push((
            format!("{link}"),
            Box::new(move |x| ordered.predict_proba(x)),
        ));
        let by_row = move |row: &[f64], out: &mut [f64]| by_row.predict_proba_row(row, out);
        all.push((format!("{link} by rows"), each_row(by_row)));
    }
    all
}

/// Three classes, row by row.
fn each_row(f: impl Fn(&[f64], &mut [f64]) -> Result<(), PredictError> + 'static) -> Probabilities {
    Box::new(move |x| {
        let mut all = Mat::zeros(x.nrows(), 3);
        for i in 0..x.nrows() {
            let row: Vec<f64> = (0..x.ncols()).map(|j| x[(i, j)]).collect();
            let mut p = [0.0; 3];
            f(&row, &mut p)?;
            (0..3).for_each(|k| all[(i, k)] = p[k]);
        }
        Ok(all)
    })
}

#[test]
fn rows_have_probabilities_or_nan() {
    for slope in [1.0, -2.0, 0.0, f64::NAN] {
        for (name, f) in models(slope) {
            for hard in HARD {
                let p = f(mat![[0.25], [hard]].as_ref()).unwrap();
                for i in 0..2 {
                    let row: Vec<f64> = (0..p.ncols()).map(|k| p[(i, k)]).collect();
                    let nan = row.iter().all(|p| p.is_nan());
                    let sound = row.iter().all(|p| (0.0..=1.0).contains(p))
                        && (row.iter().sum::<f64>() - 1.0).abs() < 1e-9;
                    assert!(nan || sound, "{name}, {hard}, {slope}: {row:?}");
                    let known = slope.is_finite() && (i == 0 || hard.abs() < 1e300);
                    assert!(!(nan && known), "{name}, {hard}, {slope}: {row:?}");
                    let unknown = slope.is_nan() || i == 1 && hard.is_nan();
                    assert!(nan || !unknown, "{name}, {hard}, {slope}: {row:?}");
                }
            }
            assert_eq!(f(Mat::zeros(0, 1).as_ref()).unwrap().nrows(), 0);
            assert!(f(Mat::zeros(2, 3).as_ref()).is_err(), "{name}");
        }
    }
}

#[test]
fn means_are_numbers_or_nan_as_their_links_say() {
    for link in Link::ALL {
        let distribution = Distribution::Gaussian;
        let family = Generalised { distribution, link };
        let model = GlmModel::new(family, 0.5, vec![1.0]);
        for hard in HARD {
            let x = mat![[hard], [0.25]];
            let mu = model.predict(x.as_ref(), None).unwrap();
            let row = model.predict_row(&[hard], 0.0).unwrap();
            assert_eq!(mu[0].is_nan(), row.is_nan(), "{link} {hard}");
            assert!(mu[0].is_nan() || !hard.is_nan(), "{link} {hard}");
            assert!(mu[1].is_finite(), "{link} {hard}");
        }
    }
}

#[test]
fn a_row_without_probabilities_has_no_class() {
    let x = mat![[0.0], [f64::NAN]];
    let undefined = Err(PredictError::Undefined { row: 1 });
    let logistic = LogisticModel::new(0.0, vec![1.0]);
    assert_eq!(logistic.predict(x.as_ref(), 0.5).map(|_| ()), undefined);
    let multinomial = MultinomialModel::new(vec![0.0, 0.0], mat![[0.0, 1.0]]);
    assert_eq!(multinomial.predict(x.as_ref()).map(|_| ()), undefined);
    let error = multinomial.predict(x.as_ref()).unwrap_err().to_string();
    assert!(
        error.contains("row 1") && error.contains("leave"),
        "{error}"
    );
    let none = MultinomialModel::new(Vec::new(), Mat::zeros(1, 0));
    assert!(none.predict(x.as_ref()).is_err());
    assert_eq!(multinomial.predict(mat![[1e308]].as_ref()), Ok(vec![1]));
}

#[test]
#[should_panic(expected = "index")]
fn a_class_that_does_not_exist_has_no_cut_points() {
    cut_points(&[0.0], 3, 0.0);
}

#[test]
fn a_state_with_too_few_or_too_many_values_changes_nothing() {
    let make = || {
        Sequential::<f64>::new()
            .then(Linear::zeros(2, 2))
            .then(BatchNorm1d::new(2))
            .then(Relu)
    };
    let mut model = make();
    let before = state_dict(&model);
    for at in 0..before.len() {
        let full = before[at].values.len();
        for count in [0, 1, 3, 5, 10] {
            let mut state = before.clone();
            state.iter_mut().for_each(|tensor| tensor.values.fill(7.0));
            state[at].values = vec![7.0; count];
            let loaded = load_state_dict(&mut model, &state);
            if count == full {
                assert_eq!(loaded, Ok(()));
                model = make();
                continue;
            }
            let error = loaded.unwrap_err();
            let (name, sizes) = (before[at].name.clone(), before[at].sizes.clone());
            let expected = StateError::Values {
                name,
                found: count,
                sizes,
            };
            assert_eq!((error, state_dict(&model)), (expected, before.clone()));
        }
    }
    let huge = Tensor {
        name: "0.weight".to_owned(),
        sizes: vec![usize::MAX, usize::MAX],
        values: Vec::new(),
        kind: Kind::F64,
    };
    assert!(load_state_dict(&mut model, std::slice::from_ref(&huge)).is_err());
    assert!(models::state::to_safetensors(&[huge], &[]).is_err());
}

#[test]
fn no_rows_have_the_columns_of_the_outputs() {
    let empty = predict(&Linear::<f64>::zeros(3, 2), Mat::zeros(0, 3).as_ref());
    assert_eq!((empty.nrows(), empty.ncols()), (0, 2));
}
