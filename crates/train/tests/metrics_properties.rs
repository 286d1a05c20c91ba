//! What holds for metrics of any data, and what they refuse.

use linalg::{Mat, MatRef};
use proptest::prelude::*;
use train::metrics::{
    self, Average, Binning, BrierDecomposition, CalibrationCurve, ClassMetric, ConfusionMatrix,
    Costs, DeLong, DeLongTest, MetricError, Undefined,
};

/// Targets with two rows of both classes at least, scores between 0 and 1 of which some are equal, and whole weights.
fn rows() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<f64>)> {
    let row = (any::<bool>(), 0..20_u32, 0..4_u32);
    prop::collection::vec(row, 4..40).prop_map(|rows| {
        let mut target: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.0))).collect();
        let mut weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        target[..4].copy_from_slice(&[0.0, 1.0, 0.0, 1.0]);
        weights[..4].fill(1.0);
        let score = rows.iter().map(|row| f64::from(row.1) / 20.0).collect();
        (target, score, weights)
    })
}

type Metric = fn(&[f64], &[f64], Option<&[f64]>) -> Result<f64, MetricError>;

fn repeated<T: Copy>(of: &[T], weights: &[f64]) -> Vec<T> {
    let times = |(value, weight): (&T, &f64)| std::iter::repeat_n(*value, *weight as usize);
    of.iter().zip(weights).flat_map(times).collect()
}

fn two_columns(p: &[f64]) -> Mat<f64> {
    Mat::from_fn(p.len(), 2, |i, j| if j == 1 { p[i] } else { 1.0 - p[i] })
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

proptest! {
    #[test]
    fn area_below_the_curve((y, s, w) in rows()) {
        let area = metrics::roc_auc(&y, &s, Some(&w)).unwrap();
        let cubes: Vec<f64> = s.iter().map(|s| s.powi(3) - 2.0).collect();
        prop_assert_eq!(metrics::roc_auc(&y, &cubes, Some(&w)).unwrap(), area);
        let negated: Vec<f64> = s.iter().map(|s| -s).collect();
        prop_assert!(close(metrics::roc_auc(&y, &negated, Some(&w)).unwrap(), 1.0 - area));
        let others: Vec<f64> = y.iter().map(|y| 1.0 - y).collect();
        prop_assert!(close(metrics::roc_auc(&others, &negated, Some(&w)).unwrap(), area));
        prop_assert_eq!(DeLong::new(&y, &s).unwrap().area(), metrics::roc_auc(&y, &s, None).unwrap());
        // The share of the pairs in the right order.
        let (mut right, mut pairs) = (0.0, 0.0);
        for i in 0..y.len() {
            for j in 0..y.len() {
                if y[i] > y[j] {
                    let order = if s[i] > s[j] { 1.0 } else if s[i] == s[j] { 0.5 } else { 0.0 };
                    right += w[i] * w[j] * order;
                    pairs += w[i] * w[j];
                }
            }
        }
        prop_assert_eq!(area, right / pairs);
    }

    #[test]
    fn areas_are_compared_symmetrically((y, s, w) in rows()) {
        let other: Vec<f64> = s.iter().zip(&w).map(|(s, w)| s + 0.2 * w).collect();
        let both = (DeLongTest::new(&y, &s, &other), DeLongTest::new(&y, &other, &s));
        if let (Ok(one), Ok(two)) = both {
            prop_assert_eq!(one.statistic, -two.statistic);
            prop_assert_eq!(one.p_value, two.p_value);
            let sum = one.first.variance() + one.second.variance() - 2.0 * one.covariance;
            prop_assert!(close(sum, one.std_error.powi(2)));
        }
        prop_assert!(DeLongTest::new(&y, &s, &s).is_err());
    }

    #[test]
    fn weights_are_repetitions((y, p, w) in rows()) {
        let (ys, ps) = (repeated(&y, &w), repeated(&p, &w));
        let all: [Metric; 9] = [
            metrics::roc_auc, metrics::average_precision, metrics::log_loss, metrics::brier_score, metrics::r2,
            metrics::mean_absolute_error, metrics::root_mean_squared_error, metrics::median_absolute_error, metrics::max_error,
        ];
        for metric in all {
            let (own, long) = (metric(&y, &p, Some(&w)).unwrap(), metric(&ys, &ps, None).unwrap());
            prop_assert!(close(own, long), "{} {}", own, long);
        }
        for binning in [Binning::EqualWidth(4), Binning::EqualCount(4)] {
            let own = CalibrationCurve::new(&y, &p, binning, Some(&w)).unwrap();
            let long = CalibrationCurve::new(&ys, &ps, binning, None).unwrap();
            prop_assert_eq!(own.bins().len(), long.bins().len());
            prop_assert!(close(own.expected_error(), long.expected_error()));
            prop_assert!(close(own.maximum_error(), long.maximum_error()));
        }
        let costs = Costs::new(1.0, 2.0).unwrap();
        let own = costs.threshold(&y, &p, Some(&w)).unwrap();
        prop_assert_eq!(own, costs.threshold(&ys, &ps, None).unwrap());
        let (c, long) = (
            ConfusionMatrix::at_threshold(&y, &p, own.threshold, Some(&w)).unwrap(),
            ConfusionMatrix::at_threshold(&ys, &ps, own.threshold, None).unwrap(),
        );
        prop_assert_eq!(&c, &long);
        prop_assert_eq!((own.false_positives, own.false_negatives), (c.weight(0, 1), c.weight(1, 0)));
    }

    #[test]
    fn brier_scores_are_the_sum_of_their_parts((y, p, w) in rows()) {
        let score = metrics::brier_score(&y, &p, Some(&w)).unwrap();
        let exact = BrierDecomposition::new(&y, &p, Some(&w)).unwrap();
        prop_assert!(close(exact.score(), score) && exact.within == 0.0);
        for bins in 1..6 {
            for binning in [Binning::EqualWidth(bins), Binning::EqualCount(bins)] {
                let parts = BrierDecomposition::binned(&y, &p, binning, Some(&w)).unwrap();
                prop_assert!(close(parts.score(), score));
                prop_assert!(parts.reliability <= exact.reliability + 1e-12);
                prop_assert!(parts.resolution <= exact.resolution + 1e-12);
            }
        }
    }

    #[test]
    fn two_classes_are_a_case_of_several((y, p, w) in rows()) {
        let classes: Vec<usize> = y.iter().map(|&y| y as usize).collect();
        let both = two_columns(&p);
        let w = Some(w.as_slice());
        let loss = metrics::log_loss_classes(&classes, both.as_ref(), w).unwrap();
        prop_assert!(close(loss, metrics::log_loss(&y, &p, w).unwrap()));
        let score = metrics::brier_score_classes(&classes, both.as_ref(), w).unwrap();
        prop_assert!(close(score, 2.0 * metrics::brier_score(&y, &p, w).unwrap()));
        let area = metrics::roc_auc_one_vs_rest(&classes, both.as_ref(), Average::Macro, w).unwrap();
        prop_assert!(close(area, metrics::roc_auc(&y, &p, w).unwrap()));
        prop_assert_eq!(metrics::top_k_accuracy(&classes, both.as_ref(), 2, w).unwrap(), 1.0);
    }

    #[test]
    fn micro_averages_are_the_accuracy(pairs in prop::collection::vec((0..4_usize, 0..4_usize, 1..5_u32), 1..30)) {
        let truth: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
        let predicted: Vec<usize> = pairs.iter().map(|pair| pair.1).collect();
        let w: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.2)).collect();
        let c = ConfusionMatrix::new(&truth, &predicted, 4, Some(&w)).unwrap();
        for metric in [ClassMetric::Precision, ClassMetric::Recall, ClassMetric::FBeta(1.0), ClassMetric::FBeta(0.3)] {
            let micro = c.average(metric, Average::Micro, Undefined::Refuse).unwrap();
            prop_assert!(close(micro, c.accuracy()));
        }
        // The recall of the classes, weighted by their rows, is the accuracy, too.
        let recall = c.average(ClassMetric::Recall, Average::Weighted, Undefined::Skip).unwrap();
        prop_assert!(close(recall, c.accuracy()));
        // Truth and prediction may change places.
        let t = ConfusionMatrix::new(&predicted, &truth, 4, Some(&w)).unwrap();
        for class in 0..4 {
            prop_assert_eq!(c.precision(class), t.recall(class));
            prop_assert_eq!(c.f1(class), t.f1(class));
        }
        prop_assert_eq!(c.matthews().is_some(), t.matthews().is_some());
        let value = c.matthews().unwrap_or(0.0);
        prop_assert!((value - t.matthews().unwrap_or(0.0)).abs() < 1e-12 && value.abs() <= 1.0);
        let long = ConfusionMatrix::new(&repeated(&truth, &w), &repeated(&predicted, &w), 4, None).unwrap();
        prop_assert_eq!(c, long);
    }

    #[test]
    fn top_k_depends_on_no_order_of_classes(rows in prop::collection::vec((0..3_usize, prop::array::uniform3(0..4_u32)), 1..20)) {
        let y: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let score = Mat::from_fn(rows.len(), 3, |i, j| f64::from(rows[i].1[j]));
        let turned: Vec<usize> = y.iter().map(|y| 2 - y).collect();
        let mirror = Mat::from_fn(rows.len(), 3, |i, j| f64::from(rows[i].1[2 - j]));
        let of = |y: &[usize], s: MatRef<'_, f64>, k| metrics::top_k_accuracy(y, s, k, None).unwrap();
        for k in 1..=3 {
            prop_assert_eq!(of(&y, score.as_ref(), k), of(&turned, mirror.as_ref(), k));
        }
        prop_assert_eq!(of(&y, score.as_ref(), 3), 1.0);
    }
}

#[test]
fn messages_name_the_row_and_say_what_to_do() {
    let says = |result: Result<f64, MetricError>, text: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(text), "{message}");
    };
    let (y, s) = ([0.0, 1.0], [0.2, 0.7]);
    says(
        metrics::roc_auc(&y, &s[..1], None),
        "2 targets and 1 scores",
    );
    says(metrics::roc_auc(&[], &[], None), "no rows");
    says(
        metrics::roc_auc(&[0.0, 2.0], &s, None),
        "row 2: the target is 2",
    );
    says(
        metrics::roc_auc(&y, &[f64::NAN, 1.0], None),
        "row 1: the score is NaN",
    );
    says(
        metrics::roc_auc(&y, &s, Some(&[1.0, -1.0])),
        "row 2: the weight is -1",
    );
    says(metrics::roc_auc(&y, &s, Some(&[0.0, 0.0])), "add up to 0");
    says(
        metrics::roc_auc(&y, &s, Some(&[0.0, 1.0])),
        "rows of class 0",
    );
    says(
        metrics::average_precision(&[0.0, 0.0], &s, None),
        "rows of class 1",
    );
    says(
        metrics::log_loss(&y, &[0.5, 1.5], None),
        "row 2: the probability is 1.5",
    );
    says(
        metrics::brier_score(&y, &[f64::NAN, 0.5], None),
        "row 1: the probability is NaN",
    );
    says(
        DeLong::new(&y, &s).map(|d| d.area()),
        "(2 or more), and there are 1",
    );
    let separated = DeLong::new(&[0.0, 0.0, 1.0, 1.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!((separated.area(), separated.variance()), (1.0, 0.0));
    says(separated.interval(0.95).map(|i| i.0), "more rows");
    says(
        separated.interval_logit(95.0).map(|i| i.0),
        "the confidence level is 95",
    );
    let (up, down) = ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]);
    says(
        DeLongTest::new(&[0.0, 0.0, 1.0, 1.0], &up, &down).map(|test| test.statistic),
        "the difference of the areas, 1, has no estimated variance",
    );
    let p = linalg::mat![[0.5, 0.5], [0.5, 0.4]];
    says(
        metrics::log_loss_classes(&[0, 1], p.as_ref(), None),
        "row 2: the probabilities of the classes add up to 0.9",
    );
    says(
        metrics::log_loss_classes(&[2, 1], p.as_ref(), None),
        "row 1: the true class is 2",
    );
    says(
        metrics::top_k_accuracy(&[0, 1], p.as_ref(), 3, None),
        "k is 3",
    );
    says(
        metrics::roc_auc_one_vs_rest(&[0, 0], p.as_ref(), Average::Macro, None),
        "class 1",
    );
    says(metrics::r2(&[1.0], &[1.0], None), "R² is 0/0");
    says(
        metrics::r2(&[1.0, f64::INFINITY], &y, None),
        "row 2: the target is inf",
    );
    says(
        metrics::mean_absolute_percentage_error(&y, &s, None),
        "row 1: the target is 0",
    );
    says(
        Costs::new(0.0, 0.0).map(|c| c.bayes_threshold()),
        "positive",
    );
    says(
        Costs::new(-1.0, 0.0).map(|c| c.bayes_threshold()),
        "false positive is -1",
    );
    let none = Binning::EqualCount(0);
    says(
        CalibrationCurve::new(&y, &s, none, None).map(|c| c.expected_error()),
        "bins is 0",
    );

    let c = ConfusionMatrix::of_labels(&["no", "yes"], &["no", "no"], None).unwrap();
    let average = |metric, undefined| c.average(metric, Average::Macro, undefined);
    says(
        average(ClassMetric::Precision, Undefined::Refuse),
        "precision of class yes is 0/0: no row is predicted to be of it",
    );
    says(
        average(ClassMetric::FBeta(-1.0), Undefined::Skip),
        "beta is -1",
    );
    let c = ConfusionMatrix::new(&[0], &[1], 2, None).unwrap();
    says(
        c.average(ClassMetric::Precision, Average::Weighted, Undefined::Skip),
        "every one",
    );
    says(c.labelled(["one"]).map(|c| c.accuracy()), "1 labels");
    says(
        ConfusionMatrix::new(&[0, 1], &[0, 2], 2, None).map(|c| c.accuracy()),
        "row 2: the predicted class is 2; 2 classes have the numbers 0 to 1",
    );
}

#[test]
fn a_confusion_matrix_prints_itself() {
    let c = ConfusionMatrix::of_labels(&["no", "yes", "yes"], &["no", "no", "yes"], None).unwrap();
    let table = "true \\ predicted  no  yes\nno                 1    0\nyes                1    1";
    assert_eq!(c.to_string(), table);
}

#[test]
fn r2_knows_no_unit() {
    let (y, f) = ([1.0, 2.0, 4.0], [1.5, 2.0, 3.0]);
    let own = metrics::r2(&y, &f, None).unwrap();
    for unit in [1e-200, 1e-300, 1e200, 1e300] {
        let [y, f] = [y, f].map(|of| of.map(|value| value * unit));
        assert!((metrics::r2(&y, &f, None).unwrap() - own).abs() < 1e-14);
    }
}
