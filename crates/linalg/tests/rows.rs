//! Sums over rows: exact, in any order, in any cut.

use linalg::{
    BinnedSums, Design, Leaves, Mat, MatRef, Partition, Standardised, Table, Values, parallel,
};
use proptest::prelude::*;

#[path = "common/several.rs"]
mod several;

/// A sum in exact arithmetic of whole numbers of 2⁻¹⁰⁷⁴ would need 2100 bits; these terms need 128.
fn exact(terms: &[f64]) -> f64 {
    let total: i128 = terms.iter().map(|x| (x * 2.0_f64.powi(60)) as i128).sum();
    total as f64 * 2.0_f64.powi(-60)
}

proptest! {
    #[test]
    fn binned_sums_are_exact_where_their_places_reach(terms in prop::collection::vec(-1e6_f64..1e6, 0..200)) {
        // Multiples of 2⁻⁶⁰ below 2²⁰ fit in three places.
        let terms: Vec<f64> = terms.iter().map(|x| (x * 2.0_f64.powi(30)).round() * 2.0_f64.powi(-30)).collect();
        let mut sums = BinnedSums::new(1);
        terms.iter().for_each(|x| sums.add(0, &[*x]));
        prop_assert_eq!(sums.get(0), exact(&terms));
    }

    #[test]
    fn one_term_comes_back(x in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
        let mut sums = BinnedSums::new(3);
        sums.add(1, &[x]);
        let kept = x.abs() > 1e-250 || x == 0.0;
        prop_assert!(sums.get(1) == x || !kept && (sums.get(1) - x).abs() < 1e-290, "{} {x}", sums.get(1));
        prop_assert_eq!(sums.get(0), 0.0);
    }

    #[test]
    fn order_and_grouping_change_nothing(
        terms in prop::collection::vec((-1.0_f64..1.0, -300_i32..300), 1..100), cut in 0_usize..100, turn in 0_usize..100,
    ) {
        let terms: Vec<f64> = terms.iter().map(|(x, e)| x * 2.0_f64.powi(*e)).collect();
        let sum = |terms: &[f64]| {
            let mut sums = BinnedSums::new(1);
            terms.iter().for_each(|x| sums.add(0, &[*x]));
            sums
        };
        let whole = sum(&terms).get(0);
        let mut turned = terms.clone();
        turned.rotate_left(turn % terms.len());
        turned.reverse();
        prop_assert_eq!(sum(&turned).get(0).to_bits(), whole.to_bits());
        let (a, b) = turned.split_at(cut % terms.len());
        let (mut a, b) = (sum(a), sum(b));
        a.merge(&b);
        prop_assert_eq!(a.get(0).to_bits(), whole.to_bits());
        let largest = terms.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let plain: f64 = terms.iter().sum();
        prop_assert!((whole - plain).abs() <= 1e-13 * largest);
    }
}

#[test]
fn terms_that_are_not_finite_make_the_sum_what_it_is() {
    let sum = |terms: &[f64]| {
        let mut sums = BinnedSums::new(1);
        terms.iter().for_each(|x| sums.add(0, &[*x]));
        sums.get(0)
    };
    let infinity = f64::INFINITY;
    assert_eq!(sum(&[1.0, infinity, 2.0, infinity]), infinity);
    assert_eq!(sum(&[-infinity, 1.0]), -infinity);
    assert!(sum(&[infinity, -infinity]).is_nan());
    assert!(sum(&[1.0, f64::NAN, 1.0]).is_nan());
    assert_eq!(sum(&[f64::MAX, f64::MAX]), infinity);
    assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
    assert_eq!(sum(&[]), 0.0);
    let mut left = BinnedSums::new(2);
    left.add(0, &[1.0, infinity]);
    let mut right = BinnedSums::new(2);
    right.add(0, &[infinity, 5.0]);
    left.merge(&right);
    assert_eq!((left.get(0), left.get(1)), (infinity, infinity));
}

/// A matrix whose rows are kept in several ones, of which each starts a table of its own.
#[derive(Debug)]
struct Parts {
    matrices: Vec<Mat<f64>>,
    starts: Vec<usize>,
    blocks: Vec<usize>,
}

impl Parts {
    fn new(x: MatRef<'_, f64>) -> Self {
        let mut parts = Self {
            matrices: Vec::new(),
            starts: vec![0],
            blocks: Vec::new(),
        };
        let leaf = linalg::rows::LEAF;
        for from in (0..x.nrows()).step_by(leaf) {
            let rows = leaf.min(x.nrows() - from);
            parts.matrices.push(x.subrows(from, rows).to_owned());
            parts.starts.push(from + rows);
            parts.blocks.push(from / 512);
        }
        parts
    }
}

impl Leaves for Parts {
    fn columns(&self) -> usize {
        self.matrices[0].ncols()
    }
    fn starts(&self) -> &[usize] {
        &self.starts
    }
    fn leaf(&self, leaf: usize) -> MatRef<'_, f64> {
        self.matrices[leaf].as_ref()
    }
    fn first_block(&self, leaf: usize) -> usize {
        self.blocks[leaf]
    }
}

fn entry(i: usize, j: usize) -> f64 {
    1e3 * (j as f64) + ((i * (2 * j + 7)) as f64 * 0.618).sin()
}

#[test]
fn leaves_have_the_bits_of_the_matrix() {
    let n = 30_000;
    let x = Mat::from_fn(n, 4, entry);
    let parts = Parts::new(x.as_ref());
    let table = Table::Leaves {
        leaves: &parts,
        columns: 3,
    };
    assert_eq!((table.nrows(), table.ncols()), (n, 3));
    let whole = Standardised::new(x.as_ref().subcols(0, 3), true).unwrap();
    let cut = Standardised::of_table(table, true).unwrap();
    assert_eq!(whole.scale(), cut.scale());
    let y = Values::Column {
        leaves: &parts,
        column: 3,
    };
    assert_eq!((y.len(), y[20_000]), (n, x[(20_000, 3)]));
    assert_eq!(y.rows(8192..8200, &mut []), &x.col_as_slice(3)[8192..8200]);
    let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
    whole.times(&[1.0, 2.0, 3.0, 4.0], &mut a);
    cut.times(&[1.0, 2.0, 3.0, 4.0], &mut b);
    assert_eq!(a, b);
    let w: Vec<f64> = a.iter().map(|a| a.abs()).collect();
    for threads in [1, 3] {
        let (g, h) = parallel::with_threads(threads, || (whole.gram(&w), cut.gram(&w))).unwrap();
        assert_eq!(g, h);
    }
    let weights = |rows: std::ops::Range<usize>, out: &mut [f64]| out.copy_from_slice(&w[rows]);
    let (r, s) = (whole.triangular(&weights), cut.triangular(&weights));
    assert_eq!(r, s);
    let gram = whole.gram(&w);
    let product = r.transpose() * &r;
    for j in 0..4 {
        for i in 0..4 {
            assert!((product[(i, j)] - gram[(i, j)]).abs() < 1e-9 * gram[(j, j)].max(gram[(i, i)]));
        }
    }
    let again = whole.reweighted(&weights).unwrap();
    assert_eq!(again.scale(), cut.reweighted(&weights).unwrap().scale());
    // By definition.
    let total: f64 = w.iter().sum();
    let column = x.col_as_slice(2);
    let mean = column.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>() / total;
    let square = |(x, w): (&f64, &f64)| w * (x - mean).powi(2);
    let variance = column.iter().zip(&w).map(square).sum::<f64>() / total;
    assert!((again.scale()[2] / variance.sqrt() - 1.0).abs() < 1e-9);
}

#[test]
fn a_partition_sums_counts_and_finds() {
    let rows = Partition::new(20_000, 512);
    assert_eq!((rows.leaves(), rows.total()), (3, 20_000));
    let blocks: Vec<_> = (0..3).flat_map(|leaf| rows.blocks(leaf)).collect();
    assert_eq!((blocks.len(), blocks[39].clone()), (40, 19_968..20_000));
    assert_eq!(rows.number(|row| row % 7 == 0), 2858);
    assert_eq!(rows.first(|row| row >= 12_345), Some(12_345));
    assert_eq!(rows.first(|row| row > 20_000), None);
    assert_eq!(rows.largest(|row| (row as f64).sqrt()), 19_999.0_f64.sqrt());
    let [a, b] = rows.sums(|row| [row as f64, 1.0]);
    assert_eq!((a, b), (199_990_000.0, 20_000.0));
    let sample = rows.sampled(8);
    assert_eq!(sample.total(), 5 * 512);
    assert_eq!(
        sample.sum(|row| if row / 512 % 8 == 0 { 0.0 } else { 1.0 }),
        0.0
    );
    let none = Partition::new(0, 512);
    assert_eq!(
        (none.leaves(), none.total(), none.sum(|_| 1.0)),
        (0, 0, 0.0)
    );
}

#[test]
fn processes_have_the_bits_of_one() {
    let n = 30_000;
    let x = Mat::from_fn(n, 3, entry);
    let parts = Parts::new(x.as_ref());
    let whole = Standardised::new(x.as_ref(), true).unwrap();
    let weight = |row: usize| 1.0 + (row as f64 * 0.1).sin();
    let weights: Vec<f64> = (0..n).map(weight).collect();
    let gram = whole.gram(&weights);
    let fill = |rows: std::ops::Range<usize>, out: &mut [f64]| {
        out.copy_from_slice(&weights[rows]);
    };
    let triangular = whole.triangular(&fill);
    for size in [1, 2, 3, 4, 5] {
        let grams = several::run(size, |one| {
            let share = several::Share::new(&parts, one);
            let offset = share.offset();
            let table = Table::Leaves {
                leaves: &share,
                columns: 3,
            };
            let mine = Standardised::of_table(table, true).unwrap();
            assert_eq!(mine.scale(), whole.scale());
            let cut = mine.partition();
            assert_eq!(cut.total(), n);
            assert_eq!(cut.largest(|row| weight(offset + row)), {
                weights.iter().fold(0.0, |m: f64, w| m.max(*w))
            });
            assert!(cut.all(|row| offset + row < n));
            assert!(!cut.all(|row| offset + row != 17));
            let fill = |rows: std::ops::Range<usize>, out: &mut [f64]| {
                fill(offset + rows.start..offset + rows.end, out);
            };
            assert_eq!(mine.triangular(&fill), triangular);
            let own: Vec<f64> = (0..mine.rows()).map(|row| weight(offset + row)).collect();
            mine.gram(&own)
        });
        for other in grams {
            assert_eq!(other, gram, "{size} processes");
        }
    }
}
