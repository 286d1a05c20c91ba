//! A split is a partition, stratified within one row a class, and groups stay together.

use std::collections::BTreeSet;

use datasets::random::{ChaCha, Stream, Torch};
use datasets::{Split, SplitError, Splitter, bootstrap, classes, permutation};
use proptest::prelude::*;

fn is_partition(split: &Split, rows: usize) -> bool {
    let all: BTreeSet<usize> = split.train.iter().chain(&split.test).copied().collect();
    let sorted = |part: &[usize]| part.windows(2).all(|pair| pair[0] < pair[1]);
    sorted(&split.train)
        && sorted(&split.test)
        && split.train.len() + split.test.len() == rows
        && all.len() == rows
        && all.last().is_none_or(|last| *last < rows)
}

fn of_class(rows: &[usize], classes: &[usize], class: usize) -> usize {
    rows.iter().filter(|&&row| classes[row] == class).count()
}

proptest! {
    #[test]
    fn plain_splits_are_partitions(rows in 4_usize..200, k in 2_usize..4, seed: u64, share in 0.26_f64..0.74) {
        let split = Splitter::rows(rows).seed(seed).train_test(share).expect("large enough");
        prop_assert!(is_partition(&split, rows));
        prop_assert!((split.test.len() as f64 - share * rows as f64).abs() <= 0.5);
        let folds = Splitter::rows(rows).seed(seed).k_fold(k).expect("large enough");
        let mut tested = Vec::new();
        for fold in &folds {
            prop_assert!(is_partition(fold, rows));
            prop_assert!(fold.test.len().abs_diff(rows / k) <= 1);
            tested.extend(fold.test.clone());
        }
        tested.sort_unstable();
        prop_assert_eq!(tested, (0..rows).collect::<Vec<_>>());
    }

    #[test]
    fn strata_are_kept_within_one_row(
        classes in prop::collection::vec(0_usize..4, 8..200), k in 2_usize..5, seed: u64, share in 0.2_f64..0.8,
    ) {
        let splitter = Splitter::stratified(&classes).seed(seed);
        let split = splitter.train_test(share).expect("large enough");
        prop_assert!(is_partition(&split, classes.len()));
        let folds = splitter.k_fold(k).expect("large enough");
        for class in 0..4 {
            let total = classes.iter().filter(|c| **c == class).count() as f64;
            let found = of_class(&split.test, &classes, class) as f64;
            prop_assert!((found - share * total).abs() < 1.0, "class {}: {} of {}", class, found, total);
            for fold in &folds {
                let found = of_class(&fold.test, &classes, class) as f64;
                prop_assert!((found - total / k as f64).abs() < 1.0);
            }
        }
        for fold in &folds {
            prop_assert!(is_partition(fold, classes.len()));
            prop_assert!(fold.test.len().abs_diff(classes.len() / k) <= 1);
        }
    }

    #[test]
    fn groups_stay_together(groups in prop::collection::vec(0_usize..12, 40..120), k in 2_usize..4, seed: u64) {
        let splitter = Splitter::grouped(&groups).seed(seed);
        let mut splits = splitter.k_fold(k).expect("large enough");
        splits.push(splitter.train_test(0.5).expect("large enough"));
        for split in &splits {
            prop_assert!(is_partition(split, groups.len()));
            let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
            prop_assert!(of(&split.train).is_disjoint(&of(&split.test)));
        }
    }
}

#[test]
fn a_seed_is_a_draw_and_repetitions_differ() {
    let splitter = Splitter::rows(20).seed(5);
    assert_eq!(splitter.k_fold(4), splitter.k_fold(4));
    assert_ne!(splitter.k_fold(4), splitter.seed(6).k_fold(4));
    let repeated = splitter.repeated_k_fold(4, 3).expect("large enough");
    assert_eq!(repeated.len(), 12);
    assert_ne!(repeated[0], repeated[4]);
    // Pinned: these rows for this seed on every machine.
    assert_eq!(permutation(8, &mut ChaCha::new(1)), PINNED);
    let sample = bootstrap(8, &mut ChaCha::new(1));
    assert_eq!(sample.train.len(), 8);
    assert!(sample.train.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(classes(&[3.0, -1.0, 3.0, 0.5]), [2, 0, 2, 1]);
}

#[test]
fn a_permutation_is_that_of_its_stream() {
    assert_eq!(
        permutation(20, &mut Torch::new(1)),
        Torch::new(1).permutation(20)
    );
}

const PINNED: [usize; 8] = [3, 6, 5, 1, 0, 2, 4, 7];

#[test]
fn what_cannot_be_split_is_refused() {
    let message = |result: Result<Vec<Split>, SplitError>| result.expect_err("too few").to_string();
    assert_eq!(
        message(Splitter::rows(3).k_fold(5)),
        "3 rows cannot be split into 5 parts that are not empty"
    );
    assert_eq!(
        message(Splitter::grouped(&[1, 1, 2]).k_fold(3)),
        "2 groups cannot be split into 3 parts that are not empty"
    );
    assert!(Splitter::rows(3).k_fold(1).is_err() && Splitter::rows(3).k_fold(0).is_err());
    for share in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(matches!(
            Splitter::rows(3).train_test(share),
            Err(SplitError::Share { .. })
        ));
    }
    for few in [Splitter::rows(1), Splitter::grouped(&[4, 4, 4])] {
        assert!(matches!(
            few.train_test(0.5),
            Err(SplitError::TooFew { available: 1, .. })
        ));
    }
    let rounded = |splitter: Splitter<'_>, share| {
        let result = splitter.train_test(share);
        result.expect_err("nothing is left").to_string()
    };
    assert_eq!(
        rounded(Splitter::rows(100), 0.001),
        "a test share of 0.001 of 100 rows is 0 of them, rounded; both parts need at least one"
    );
    assert_eq!(
        rounded(Splitter::stratified(&[0, 0, 1]), 0.9),
        "a test share of 0.9 of 3 rows is 3 of them, rounded; both parts need at least one"
    );
    assert_eq!(
        rounded(Splitter::grouped(&[1, 1, 2, 2]), 0.2),
        "a test share of 0.2 of 2 groups is 0 of them, rounded; both parts need at least one"
    );
}

#[test]
fn more_folds_than_rows_are_refused_whatever_their_number() {
    let splitter = Splitter::rows(10);
    for k in [11, usize::MAX] {
        assert!(matches!(splitter.k_fold(k), Err(SplitError::TooFew { .. })));
        assert!(matches!(
            splitter.repeated_k_fold(k, 2),
            Err(SplitError::TooFew { .. })
        ));
    }
}
