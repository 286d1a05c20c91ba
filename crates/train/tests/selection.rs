//! Cross-validation and grid search: order, ties, errors, and any number of threads.

use datasets::{Split, Splitter};
use linalg::parallel::with_threads;
use train::selection::{Goal, GridSearch, SelectionError, cross_validate, grid_search};

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no convergence")]
struct Fault;

fn folds(k: usize) -> Vec<Split> {
    Splitter::rows(30).seed(5).k_fold(k).unwrap()
}

/// A score that needs all digits.
fn score(candidate: f64, fold: &Split) -> f64 {
    let mean = fold.train.iter().map(|&i| (i as f64).sqrt()).sum::<f64>() / 30.0;
    let wave = |&i: &usize| (i as f64 * candidate - mean).sin();
    fold.test.iter().map(wave).sum()
}

#[test]
fn scores_stand_in_the_order_of_the_folds() {
    let folds = folds(5);
    let scores = cross_validate(&folds, |fold| Ok::<_, Fault>(score(1.3, fold))).unwrap();
    let one_by_one: Vec<f64> = folds.iter().map(|fold| score(1.3, fold)).collect();
    assert_eq!(scores.scores(), one_by_one);
    assert_eq!(scores.mean(), one_by_one.iter().sum::<f64>() / 5.0);
    let squares: f64 = one_by_one.iter().map(|s| (s - scores.mean()).powi(2)).sum();
    assert!((scores.std_deviation() - (squares / 4.0).sqrt()).abs() < 1e-15);
    assert!((scores.std_error() - (squares / 20.0).sqrt()).abs() < 1e-15);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let candidates = [0.1, 0.7, 1.9, 2.4];
    let search = || {
        grid_search(&candidates, &folds(6), Goal::Lowest, |c, fold| {
            Ok::<_, Fault>(score(*c, fold))
        })
    };
    let one: GridSearch = with_threads(1, search).unwrap().unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(with_threads(threads, search).unwrap().unwrap(), one);
    }
}

/// A grid search over stored scores.
fn over(scores: &[[f64; 3]], goal: Goal) -> GridSearch {
    let folds = folds(3);
    let number = |fold: &Split| folds.iter().position(|other| other == fold).unwrap();
    let stored = |row: &[f64; 3], fold: &Split| Ok::<_, Fault>(row[number(fold)]);
    grid_search(scores, &folds, goal, stored).unwrap()
}

#[test]
fn the_best_candidate_and_the_simplest_one_near_it() {
    // The standard error of the best is 1/√3 = 0.577.
    let scores = [
        [5.7, 5.7, 5.7],
        [5.5, 5.5, 5.5],
        [4.0, 5.0, 6.0],
        [5.0, 5.0, 5.0],
    ];
    let search = over(&scores, Goal::Lowest);
    assert_eq!((search.best(), search.one_standard_error()), (2, 1));
    assert_eq!(search.scores()[0].mean(), 5.7);
    let negated = scores.map(|row| row.map(|score| -score));
    let search = over(&negated, Goal::Highest);
    assert_eq!((search.best(), search.one_standard_error()), (2, 1));
    // Without spread only equal means are near.
    let search = over(&[[1.0; 3], [2.0; 3], [2.0; 3]], Goal::Highest);
    assert_eq!((search.best(), search.one_standard_error()), (1, 1));
}

#[test]
fn the_first_failure_is_reported_with_its_fold() {
    let folds = folds(4);
    let fails = |fold: &Split| {
        if fold == &folds[1] || fold == &folds[3] {
            return Err(Fault);
        }
        Ok(1.0)
    };
    let error = cross_validate(&folds, fails).unwrap_err();
    assert_eq!(
        error,
        SelectionError::Fold {
            candidate: None,
            fold: 2,
            source: Fault
        }
    );
    assert_eq!(error.to_string(), "fold 2: no convergence");
    let third = |candidate: &u32, fold: &Split| {
        if *candidate == 3 {
            return fails(fold);
        }
        Ok(0.0)
    };
    let error = grid_search(&[1, 2, 3], &folds, Goal::Highest, third).unwrap_err();
    assert_eq!(error.to_string(), "candidate 3, fold 2: no convergence");
    let error = cross_validate(&folds, |_| Ok::<_, Fault>(f64::NAN)).unwrap_err();
    assert!(error.to_string().starts_with("fold 1: the score is NaN"));
    let error = cross_validate(&folds[..1], fails).unwrap_err();
    assert_eq!(error, SelectionError::Folds { folds: 1 });
    let none: [u32; 0] = [];
    let error = grid_search(&none, &folds, Goal::Highest, third).unwrap_err();
    assert_eq!(error, SelectionError::Candidates);
}
