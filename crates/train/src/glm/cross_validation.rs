//! The choice among the penalties of a path by cross-validation.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use datasets::deal;
use datasets::random::ChaCha;
use linalg::rows::LEAF;
use linalg::{Accum, Mat, Partition, Table, Values, matmul, parallel};
use models::glm::{Family, GeneralisedLinearModel};

use super::path::{PathOptions, PathPoint, path};
use super::problem::Problem;
use super::solve::columns;
use super::terms::PenaltyTerms;
use super::{Explanatory, Observations};
use crate::FitError;

/// What cross-validation says about each strength of a path.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// The fits to all data.
    pub path: Vec<PathPoint>,
    /// The mean deviance of a row that a fit did not see, for each strength.
    pub mean: Vec<f64>,
    /// Its standard error over the folds.
    pub std_error: Vec<f64>,
    /// The strength with the least mean.
    pub best: usize,
    /// The largest strength whose mean is within one standard error of the least: the simplest model that is about as good
    /// (Breiman, Friedman, Olshen and Stone 1984).
    pub one_std_error: usize,
}

/// The fold of each row of this process, from 0, for [`cross_validate`]: rows are dealt like cards within every leaf of them, two
/// classes one after the other, so that folds are of about one size and have the classes in about the same shares. They depend on the
/// leaves, which the data cut, and the seed alone, wherever the rows are kept and whoever deals.
///
/// # Errors
/// [`FitError::Folds`] if there are fewer than two folds, more than rows, or more than 65,536.
///
/// ```
/// use datasets::generators::regression;
/// use datasets::random::ChaCha;
/// use train::{Observations, folds};
/// let data = regression(100, 5, 1.0, &mut ChaCha::new(4)).data;
/// let folds = folds(&Observations::from(&data), 5, 1)?;
/// assert_eq!(folds.iter().filter(|fold| **fold == 3).count(), 20);
/// # Ok::<(), train::FitError>(())
/// ```
pub fn folds(data: &Observations<'_>, k: usize, seed: u64) -> Result<Vec<u16>, FitError> {
    let cut = data.partition();
    let rows = cut.total();
    if k < 2 || k > rows.min(1 << 16) {
        return Err(FitError::Folds { folds: k, rows });
    }
    let two = data.labels.is_some_and(|labels| labels.len() == 2);
    let mut all = vec![0; data.rows()];
    let mut rest = &mut all[..];
    let mut parts = Vec::new();
    for leaf in 0..cut.leaves() {
        let (part, others) = std::mem::take(&mut rest).split_at_mut(cut.leaf(leaf).len());
        parts.push(Mutex::new(part));
        rest = others;
    }
    cut.visit_leaves(&|leaf| {
        let class = |row: usize| usize::from(two && data.target[row] != 0.0);
        let classes: Vec<usize> = cut.leaf(leaf).map(class).collect();
        let number = cut.number_of_leaf(leaf);
        let dealt = deal(&classes, k, &mut ChaCha::stream(seed, number as u64));
        // What is left over goes to other folds in every leaf.
        let shift = number * (LEAF + 1);
        if let Ok(mut part) = parts[leaf].lock() {
            for (own, fold) in part.iter_mut().zip(dealt) {
                *own = ((fold + shift) % k) as u16;
            }
        }
    });
    drop(parts);
    Ok(all)
}

/// Chooses the strength of a penalty by cross-validation: `folds[i]` is the fold of row i of this process, as [`folds`] deals them or by any other
/// numbers. In every fit the rows of one fold count nothing; folds of rows in memory are fitted in parallel.
///
/// # Errors
/// [`FitError::Folds`] if there are fewer than two folds, or more than 65,536; [`FitError`] of the fits, with the names of the columns or the rows at fault.
///
/// # Panics
/// If there is not one fold a row.
///
/// ```
/// use datasets::generators::regression;
/// use datasets::random::ChaCha;
/// use models::glm::{Distribution, GeneralisedLinearModel, Penalty};
/// use train::{PathOptions, cross_validate};
/// let data = regression(100, 5, 1.0, &mut ChaCha::new(4)).data;
/// let folds: Vec<usize> = (0..100).map(|i| i % 5).collect();
/// let model = GeneralisedLinearModel::new(Distribution::Gaussian).penalised(Penalty::lasso(1.0));
/// let chosen = cross_validate(&model, &data, &folds, &PathOptions::default())?;
/// assert!(chosen.one_std_error <= chosen.best);
/// assert!(chosen.mean[chosen.best] < chosen.mean[0]);
/// # Ok::<(), train::FitError>(())
/// ```
pub fn cross_validate<'a, F: Copy + Into<usize>>(
    model: &GeneralisedLinearModel,
    data: impl Into<Observations<'a>>,
    folds: &[F],
    options: &PathOptions,
) -> Result<CrossValidation, FitError> {
    let data: Observations<'a> = data.into();
    assert_eq!(folds.len(), data.rows(), "there is not one fold a row");
    options.check()?;
    let (folds, count) = renumbered(&data, folds)?;
    let strengths = options.strengths.as_ref();
    let strengths = strengths.map_or(options.count.max(1), Vec::len);
    let options = PathOptions {
        progress: options.progress.count(strengths * (count + 1)).inner(),
        ..options.clone()
    };
    let whole = path(model, &data, &options)?;
    let strengths: Vec<f64> = whole.iter().map(|point| point.strength).collect();
    let options = PathOptions {
        strengths: Some(strengths),
        ..options
    };
    let without = |fold: usize| {
        let weights = Values::OfFold {
            values: data.weights.as_ref(),
            folds: &folds,
            fold: fold as u16,
            inside: false,
        };
        let seen = Observations {
            weights: Some(weights),
            ..data.clone()
        };
        path(&without_constants(model, &seen)?, &seen, &options)
    };
    let paths: Vec<Result<Vec<PathPoint>, FitError>> = if data.features.in_leaves() {
        // One after the other: every pass is one of all threads and all processes.
        (0..count).map(without).collect()
    } else {
        let join = |mut a: Vec<_>, b| {
            a.extend(b);
            a
        };
        parallel::map_reduce(count, &|fold| vec![without(fold)], &join).unwrap_or_default()
    };
    let paths = paths.into_iter().collect::<Result<Vec<_>, _>>()?;
    let scores = scores(model, &data, &folds, &paths)?;
    let scores: Vec<_> = scores.iter().filter(|(weight, _)| *weight > 0.0).collect();
    let total: f64 = scores.iter().map(|(weight, _)| weight).sum();
    let number = scores.len() as f64;
    let (mut mean, mut std_error) = (Vec::new(), Vec::new());
    for k in 0..whole.len() {
        let m = scores.iter().map(|(weight, s)| weight * s[k]).sum::<f64>() / total;
        let spread = scores
            .iter()
            .map(|(weight, s)| weight * (s[k] - m).powi(2))
            .sum::<f64>()
            / total;
        mean.push(m);
        std_error.push((spread / (number - 1.0)).sqrt());
    }
    let best = (0..mean.len()).fold(0, |best, k| if mean[k] < mean[best] { k } else { best });
    let enough = mean[best] + std_error[best];
    let one_std_error = mean.iter().position(|m| *m <= enough).unwrap_or(best);
    Ok(CrossValidation {
        path: whole,
        mean,
        std_error,
        best,
        one_std_error,
    })
}

/// The folds numbered from 0 without gaps, in all processes alike, and how many there are.
fn renumbered<F: Copy + Into<usize>>(
    data: &Observations<'_>,
    folds: &[F],
) -> Result<(Vec<u16>, usize), FitError> {
    // One by one: `collect` would keep a number for every row to sort it.
    let mut own = BTreeSet::new();
    folds.iter().for_each(|fold| {
        own.insert((*fold).into());
    });
    let bytes: Vec<u8> = own.iter().flat_map(|n| (*n as u64).to_le_bytes()).collect();
    let all = data.partition().communicator().gather(&bytes).concat();
    let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes) as usize;
    let numbers: BTreeSet<usize> = all.chunks(8).map(number).collect();
    let numbers: Vec<usize> = numbers.into_iter().collect();
    let count = numbers.len();
    if !(2..=1 << 16).contains(&count) {
        return Err(FitError::Folds {
            folds: count,
            rows: data.partition().total(),
        });
    }
    let place = |fold: &F| numbers.partition_point(|n| *n < (*fold).into()) as u16;
    Ok((folds.iter().map(place).collect(), count))
}

/// The model with the coefficients of columns held at 0 that do not vary in the rows that count, as rare categories do: those that no
/// penalty holds there by itself.
fn without_constants(
    model: &GeneralisedLinearModel,
    seen: &Observations<'_>,
) -> Result<GeneralisedLinearModel, FitError> {
    let intercept = model.has_intercept() && seen.intercept;
    let constants = match seen.features.table() {
        Some(table) => constants(seen, table),
        None => nothing(seen),
    };
    let terms = PenaltyTerms::new(&model.penalty().with_strength(1.0), seen, intercept)?;
    let k = usize::from(intercept);
    let penalised = |j: usize| intercept && terms.l1[j + k] + terms.l2[j + k] > 0.0;
    let mut penalty = model.penalty().clone();
    for (j, (constant, name)) in constants.iter().zip(seen.names.iter()).enumerate() {
        if constant.is_some_and(|value| intercept || value == 0.0) && !penalised(j) {
            penalty.bounds.retain(|(other, ..)| other != name);
            penalty = penalty.bounds(name, 0.0, 0.0);
        }
    }
    Ok(model.clone().penalised(penalty))
}

/// 0 for each column of sparse rows that has no other entry in those that count.
fn nothing(seen: &Observations<'_>) -> Vec<Option<f64>> {
    let mut out = vec![Some(0.0); seen.columns()];
    if let Explanatory::Sparse(x) = seen.features {
        let counts =
            |row: &usize| (seen.weights.as_ref()).is_none_or(|weights| weights[*row] > 0.0);
        for (j, value) in (0..seen.rows()).filter(counts).flat_map(|row| x.row(row)) {
            out[j] = out[j].filter(|_| value == 0.0);
        }
    }
    out
}

/// The value of each column that has the same in all rows of all processes that count.
fn constants(seen: &Observations<'_>, table: Table<'_>) -> Vec<Option<f64>> {
    let (cut, d) = (seen.partition().of_whole_leaves(), seen.columns());
    let counts = |row: usize| (seen.weights.as_ref()).is_none_or(|weights| weights[row] > 0.0);
    // Of this process the entries of the first such row, NaN where others differ from it.
    let first = cut.first(counts);
    let first = first.map(|first| table.block(first..first + 1));
    let constant: Vec<AtomicBool> = (0..d).map(|_| AtomicBool::new(true)).collect();
    cut.for_each_leaf(&|leaf| {
        let Some(first) = first else { return };
        let rows = cut.leaf(leaf);
        let x = table.block(rows.clone());
        for (j, constant) in constant.iter().enumerate() {
            let differs = |i: usize| x[(i, j)] != first[(0, j)] && counts(rows.start + i);
            if constant.load(Ordering::Relaxed) && (0..rows.len()).any(differs) {
                constant.store(false, Ordering::Relaxed);
            }
        }
    });
    let mut mine = Vec::new();
    if let Some(first) = first {
        for (j, constant) in constant.into_iter().enumerate() {
            let same = constant.into_inner();
            mine.push(if same { first[(0, j)] } else { f64::NAN });
        }
    }
    let all = cut.communicator().gather_numbers(&mine);
    let mut all = all.into_iter().filter(|numbers| !numbers.is_empty());
    let mut values = all.next().unwrap_or_default();
    for other in all {
        for (value, other) in values.iter_mut().zip(other) {
            *value = if *value == other { *value } else { f64::NAN };
        }
    }
    let known = |value: f64| (!value.is_nan()).then_some(value);
    values.into_iter().map(known).collect()
}

/// Of each fold the weight, and for each point of the path that did not see it the mean deviance of its rows.
fn scores(
    model: &GeneralisedLinearModel,
    data: &Observations<'_>,
    folds: &[u16],
    paths: &[Vec<PathPoint>],
) -> Result<Vec<(f64, Vec<f64>)>, FitError> {
    let problem = Problem::unchecked(model, data);
    let count = paths.len();
    let weights = problem.cut.sum_leaves(count, &|leaf, sums: &mut [f64]| {
        for row in problem.cut.leaf(leaf) {
            sums[usize::from(folds[row])] += problem.weight(row);
        }
    });
    let points = paths.first().map_or(0, Vec::len);
    let unit = |row: usize, eta: f64| {
        if problem.weight(row) == 0.0 {
            return 0.0;
        }
        let eta = eta + problem.offset(row);
        let loss = problem.family.terms(eta, problem.y[row]).loss;
        2.0 * problem.weight(row) * (loss - problem.family.saturated_loss(problem.y[row]))
    };
    let sums = if let Some(table) = data.features.table() {
        of_table(&problem, table, folds, paths, &unit)
    } else {
        let design = columns(data, problem.intercept, false)?;
        let mut all = Vec::new();
        for (fold, path) in paths.iter().enumerate() {
            for point in path {
                let x = design.coefficients_from_data(&point.coefficients);
                let sum = problem.cut.sum_leaves(1, &|leaf, sum: &mut [f64]| {
                    for rows in problem.cut.blocks(leaf) {
                        let mut eta = vec![0.0; rows.len()];
                        design.times_block(rows.clone(), &x, &mut eta);
                        let own = |(row, _): &(usize, f64)| usize::from(folds[*row]) == fold;
                        let own = rows.zip(eta).filter(own);
                        sum[0] += own.map(|(row, eta)| unit(row, eta)).sum::<f64>();
                    }
                });
                all.push(sum[0]);
            }
        }
        all
    };
    let scores = weights.iter().enumerate().map(|(fold, weight)| {
        let own = &sums[fold * points..(fold + 1) * points];
        (*weight, own.iter().map(|sum| sum / weight).collect())
    });
    Ok(scores.collect())
}

/// The sums of numbers of the rows of each fold and their predictors at each point of its path.
fn of_table(
    problem: &Problem<'_>,
    table: Table<'_>,
    folds: &[u16],
    paths: &[Vec<PathPoint>],
    unit: &(impl Fn(usize, f64) -> f64 + Sync),
) -> Vec<f64> {
    let (d, k) = (table.ncols(), usize::from(problem.intercept));
    let points = paths.first().map_or(0, Vec::len);
    // One column a point.
    let slopes = paths
        .iter()
        .map(|path| Mat::from_fn(d, points, |j, s| path[s].coefficients[j + k]));
    let slopes: Vec<Mat<f64>> = slopes.collect();
    let cut: Partition<'_> = problem.cut.of_whole_leaves();
    cut.sum_leaves(paths.len() * points, &|leaf, sums: &mut [f64]| {
        for rows in cut.blocks(leaf) {
            let x = table.block(rows.clone());
            for (fold, slopes) in slopes.iter().enumerate() {
                let own = |row: &usize| usize::from(folds[*row]) == fold;
                let own: Vec<usize> = rows.clone().filter(own).collect();
                let held = Mat::from_fn(own.len(), d, |i, j| x[(own[i] - rows.start, j)]);
                let mut eta = Mat::zeros(own.len(), points);
                matmul(held.as_ref(), slopes.as_ref(), eta.as_mut(), Accum::Replace);
                for (s, point) in paths[fold].iter().enumerate() {
                    let start = if k == 1 { point.coefficients[0] } else { 0.0 };
                    let own = own.iter().enumerate();
                    let sum: f64 = own.map(|(i, row)| unit(*row, start + eta[(i, s)])).sum();
                    sums[fold * points + s] += sum;
                }
            }
        }
    })
}
