//! Which rows train and which test: plain, stratified by class, or with groups kept together.
//!
//! Everything is drawn from a seeded [`ChaCha`] stream: the same seed gives the same rows on every machine.

use thiserror::Error;

use crate::random::{ChaCha, Stream};

/// The rows of two parts of a data set, each in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to judge by.
    pub test: Vec<usize>,
}

/// A split that cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The share of the test rows is not between 0 and 1.
    #[error("a test share of {share} is asked for; it must lie between 0 and 1")]
    Share {
        /// What was asked for.
        share: f64,
    },
    /// A part would be empty.
    #[error("{available} {what} cannot be split into {parts} parts that are not empty")]
    TooFew {
        /// `rows` or `groups`.
        what: String,
        /// How many there are.
        available: usize,
        /// How many parts.
        parts: usize,
    },
    /// The share of the test rows, rounded, is none or all of them.
    #[error(
        "a test share of {share} of {available} {what} is {rounded} of them, rounded; both parts need at least one"
    )]
    Rounded {
        /// `rows` or `groups`.
        what: &'static str,
        /// What was asked for.
        share: f64,
        /// How many there are.
        available: usize,
        /// How many would be in the test part.
        rounded: usize,
    },
}

/// How rows are divided. Classes and groups are numbers, one for each row.
///
/// ```
/// use datasets::Splitter;
/// let classes = [0, 0, 0, 0, 0, 0, 1, 1, 1];
/// let split = Splitter::stratified(&classes).seed(3).train_test(1.0 / 3.0)?;
/// assert_eq!(split.test.len(), 3);
/// assert_eq!(split.test.iter().filter(|&&row| classes[row] == 1).count(), 1);
/// let folds = Splitter::rows(10).seed(3).k_fold(5)?;
/// assert!(folds.iter().all(|fold| fold.test.len() == 2 && fold.train.len() == 8));
/// # Ok::<(), datasets::SplitError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Splitter<'a> {
    rows: usize,
    kind: Kind<'a>,
    seed: u64,
}

#[derive(Debug, Clone, Copy)]
enum Kind<'a> {
    Plain,
    Stratified(&'a [usize]),
    Grouped(&'a [usize]),
}

impl<'a> Splitter<'a> {
    /// Any row may come to any part.
    pub fn rows(rows: usize) -> Self {
        Self {
            rows,
            kind: Kind::Plain,
            seed: 0,
        }
    }

    /// Each part has its share of every class, to within one row.
    pub fn stratified(classes: &'a [usize]) -> Self {
        Self {
            rows: classes.len(),
            kind: Kind::Stratified(classes),
            seed: 0,
        }
    }

    /// The rows of a group stay together.
    pub fn grouped(groups: &'a [usize]) -> Self {
        Self {
            rows: groups.len(),
            kind: Kind::Grouped(groups),
            seed: 0,
        }
    }

    /// The seed of the draw; 0 if not given.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// One part to train on and one to test on, which has `share` of the rows to within one row (of the groups: to within
    /// one group).
    ///
    /// # Errors
    /// [`SplitError`] if the share is not between 0 and 1, or a part would be empty, also because the share is rounded.
    pub fn train_test(&self, share: f64) -> Result<Split, SplitError> {
        if !(share > 0.0 && share < 1.0) {
            return Err(SplitError::Share { share });
        }
        let (what, available) = self.pieces();
        if available < 2 {
            return Err(self.too_few(2));
        }
        let stream = &mut ChaCha::new(self.seed);
        let test = match self.kind {
            Kind::Plain => {
                let mut order = permutation(self.rows, stream);
                order.truncate((self.rows as f64 * share).round() as usize);
                order
            }
            Kind::Stratified(classes) => stratified_test(classes, share, stream),
            Kind::Grouped(groups) => {
                let mut members = members(groups);
                shuffle(&mut members, stream);
                let count = (members.len() as f64 * share).round() as usize;
                members.truncate(count);
                members.concat()
            }
        };
        if test.is_empty() || test.len() == self.rows {
            return Err(SplitError::Rounded {
                what,
                share,
                available,
                rounded: if test.is_empty() { 0 } else { available },
            });
        }
        Ok(self.complement(test))
    }

    /// `k` splits whose test parts divide the rows.
    ///
    /// # Errors
    /// [`SplitError`] if a part would be empty.
    pub fn k_fold(&self, k: usize) -> Result<Vec<Split>, SplitError> {
        self.folds(k, &mut ChaCha::new(self.seed))
    }

    /// [`k_fold`](Self::k_fold) so many times, each time with another draw.
    ///
    /// # Errors
    /// [`SplitError`] if a part would be empty.
    pub fn repeated_k_fold(&self, k: usize, times: usize) -> Result<Vec<Split>, SplitError> {
        let mut splits = Vec::new();
        for time in 0..times {
            splits.extend(self.folds(k, &mut ChaCha::stream(self.seed, time as u64))?);
        }
        Ok(splits)
    }

    fn folds(&self, k: usize, stream: &mut ChaCha) -> Result<Vec<Split>, SplitError> {
        if k > self.rows {
            return Err(self.too_few(k));
        }
        let mut tests = vec![Vec::new(); k];
        match self.kind {
            _ if k < 2 => {}
            Kind::Plain => {
                for (place, row) in permutation(self.rows, stream).into_iter().enumerate() {
                    tests[place % k].push(row);
                }
            }
            Kind::Stratified(classes) => {
                let folds = deal(classes, k, stream).into_iter();
                folds
                    .enumerate()
                    .for_each(|(row, fold)| tests[fold].push(row));
            }
            // The largest group first, each to the smallest fold.
            Kind::Grouped(groups) => {
                let mut members = members(groups);
                shuffle(&mut members, stream);
                members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
                for rows in members {
                    if let Some(smallest) = tests.iter_mut().min_by_key(|test| test.len()) {
                        smallest.extend(rows);
                    }
                }
            }
        }
        if k < 2 || tests.iter().any(Vec::is_empty) {
            return Err(self.too_few(k));
        }
        Ok(tests
            .into_iter()
            .map(|test| self.complement(test))
            .collect())
    }

    /// What is divided, and how many of it there are.
    fn pieces(&self) -> (&'static str, usize) {
        match self.kind {
            Kind::Grouped(groups) => ("groups", members(groups).len()),
            _ => ("rows", self.rows),
        }
    }

    fn too_few(&self, parts: usize) -> SplitError {
        let (what, available) = self.pieces();
        SplitError::TooFew {
            what: what.to_owned(),
            available,
            parts,
        }
    }

    fn complement(&self, mut test: Vec<usize>) -> Split {
        test.sort_unstable();
        let mut rest = test.iter().copied().peekable();
        let train = (0..self.rows)
            .filter(|row| rest.next_if_eq(row).is_none())
            .collect();
        Split { train, test }
    }
}

/// The fold of each row, from 0: dealt like cards, class after class, so that consecutive cards of a class go to different folds.
///
/// # Panics
/// If there are rows and `k` is 0.
///
/// ```
/// use datasets::{deal, random::ChaCha};
/// let folds = deal(&[0, 1, 0, 1, 0, 1], 3, &mut ChaCha::new(1));
/// // One row of each class in each fold.
/// let of = |fold| (0..6).filter(|row| folds[*row] == fold).map(|row| row % 2).collect::<Vec<_>>();
/// assert!((0..3).all(|fold| of(fold) == [0, 1] || of(fold) == [1, 0]));
/// ```
pub fn deal(classes: &[usize], k: usize, stream: &mut dyn Stream) -> Vec<usize> {
    let mut members = members(classes);
    members.iter_mut().for_each(|rows| shuffle(rows, stream));
    let mut folds = vec![0; classes.len()];
    for (place, row) in members.concat().into_iter().enumerate() {
        folds[row] = place % k;
    }
    folds
}

/// The rows of each class or group, in the order of their numbers.
fn members(of: &[usize]) -> Vec<Vec<usize>> {
    let mut members = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, &number) in of.iter().enumerate() {
        members.entry(number).or_default().push(row);
    }
    members.into_values().collect()
}

/// Of each class its share, rounded so that the total is right and no class is off by a whole row.
fn stratified_test(classes: &[usize], share: f64, stream: &mut ChaCha) -> Vec<usize> {
    let mut members = members(classes);
    let wanted = (classes.len() as f64 * share).round() as usize;
    let mut counts: Vec<usize> = members
        .iter()
        .map(|rows| (rows.len() as f64 * share).floor() as usize)
        .collect();
    let mut order: Vec<usize> = (0..members.len()).collect();
    // The largest remainders are rounded up (Hamilton's method); equal ones in the order of the classes.
    order.sort_by(|&a, &b| {
        let remainder = |c: usize| (members[c].len() as f64 * share).fract();
        remainder(b).total_cmp(&remainder(a))
    });
    let missing = wanted.saturating_sub(counts.iter().sum());
    for &class in order.iter().take(missing) {
        counts[class] += 1;
    }
    let mut test = Vec::with_capacity(wanted);
    for (rows, count) in members.iter_mut().zip(counts) {
        shuffle(rows, stream);
        test.extend(&rows[..count.min(rows.len())]);
    }
    test
}

/// Puts entries in a random order (Durstenfeld 1964).
pub fn shuffle<T>(items: &mut [T], stream: &mut dyn Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.below(last as u64 + 1) as usize);
    }
}

/// The numbers 0, …, n − 1 in a random order: [`Stream::permutation`], which reproduces `torch.randperm` for
/// [`Torch`](crate::random::Torch).
///
/// ```
/// use datasets::{permutation, random::ChaCha};
/// let mut order = permutation(5, &mut ChaCha::new(1));
/// assert_eq!(order, permutation(5, &mut ChaCha::new(1)));
/// order.sort_unstable();
/// assert_eq!(order, [0, 1, 2, 3, 4]);
/// ```
pub fn permutation(n: usize, stream: &mut dyn Stream) -> Vec<usize> {
    stream.permutation(n)
}

/// A bootstrap sample: `train` has `n` rows drawn with replacement, in ascending order and with repetitions, `test` those that
/// were not drawn.
///
/// ```
/// use datasets::{bootstrap, random::ChaCha};
/// let sample = bootstrap(100, &mut ChaCha::new(1));
/// assert_eq!(sample.train.len(), 100);
/// assert!(sample.test.iter().all(|row| !sample.train.contains(row)));
/// ```
pub fn bootstrap(n: usize, stream: &mut dyn Stream) -> Split {
    let mut counts = vec![0_usize; n];
    for _ in 0..n {
        counts[stream.below(n as u64) as usize] += 1;
    }
    let repeated = |(row, count): (usize, &usize)| std::iter::repeat_n(row, *count);
    Split {
        train: counts.iter().enumerate().flat_map(repeated).collect(),
        test: (0..n).filter(|&row| counts[row] == 0).collect(),
    }
}

/// The number of its class for each value, in ascending order of the values: what [`Splitter::stratified`] takes.
///
/// ```
/// assert_eq!(datasets::classes(&[1.0, 0.0, 2.5, 0.0]), [1, 0, 2, 0]);
/// ```
pub fn classes(values: &[f64]) -> Vec<usize> {
    let mut distinct = values.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let place = |value: &f64| distinct.partition_point(|known| known.total_cmp(value).is_lt());
    values.iter().map(place).collect()
}
