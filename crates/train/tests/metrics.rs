//! Metrics against scikit-learn, pROC and the definitions: `tests/metrics` has the scripts and what they printed.

use std::path::Path;

use linalg::Mat;
use serde_json::Value;
use train::metrics::{self, MetricError};
use train::metrics::{
    Average, Binning, BrierDecomposition, CalibrationCurve, ClassMetric, ConfusionMatrix, Costs,
    DeLong, DeLongTest, PrecisionRecallCurve, RocCurve, Undefined,
};

fn file(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/metrics")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn cases(kind: &str) -> Vec<Value> {
    file("metrics.json")[kind].as_array().unwrap().clone()
}

fn numbers(of: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap();
    of.as_array().unwrap().iter().map(number).collect()
}

fn classes(of: &Value) -> Vec<usize> {
    numbers(of).into_iter().map(|v| v as usize).collect()
}

fn weights(case: &Value) -> Option<Vec<f64>> {
    (!case["weights"].is_null()).then(|| numbers(&case["weights"]))
}

fn matrix(of: &Value) -> Mat<f64> {
    let rows: Vec<Vec<f64>> = of.as_array().unwrap().iter().map(numbers).collect();
    Mat::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

#[track_caller]
fn near(own: f64, reference: &Value, what: &str) {
    let reference = reference.as_f64().unwrap();
    let error = (own - reference).abs() / reference.abs().max(1.0);
    assert!(error < 1e-13, "{what}: {own} instead of {reference}");
}

#[track_caller]
fn all_near(own: &[f64], reference: &Value, what: &str) {
    assert_eq!(own.len(), reference.as_array().unwrap().len(), "{what}");
    for (own, reference) in own.iter().zip(reference.as_array().unwrap()) {
        near(*own, reference, what);
    }
}

#[test]
fn class_predictions() {
    for case in cases("classes") {
        let name = case["name"].as_str().unwrap();
        let (truth, predicted) = (classes(&case["truth"]), classes(&case["predicted"]));
        let k = case["classes"].as_u64().unwrap() as usize;
        let w = weights(&case);
        let c = ConfusionMatrix::new(&truth, &predicted, k, w.as_deref()).unwrap();
        let cells = matrix(&case["cells"]);
        for i in 0..k {
            for j in 0..k {
                assert!((c.weight(i, j) - cells[(i, j)]).abs() < 1e-12, "{name}");
            }
        }
        near(c.accuracy(), &case["accuracy"], name);
        near(c.balanced_accuracy(), &case["balanced_accuracy"], name);
        // scikit-learn says 0 for 0/0.
        near(c.matthews().unwrap_or(0.0), &case["matthews"], name);
        assert_eq!(c.matthews().is_none(), name == "one prediction");
        near(c.kappa().unwrap(), &case["kappa"], name);
        for row in case["metrics"].as_array().unwrap() {
            let metric = match row["metric"].as_str().unwrap() {
                "precision" => ClassMetric::Precision,
                "recall" => ClassMetric::Recall,
                "jaccard" => ClassMetric::Jaccard,
                f => ClassMetric::FBeta(f[1..].parse().unwrap()),
            };
            let mut undefined = false;
            if let Some(values) = row["classes"].as_array() {
                for (class, value) in values.iter().enumerate() {
                    match c.class_metric(metric, class) {
                        Some(own) => near(own, value, name),
                        None => assert!(value.is_null(), "{name}: {metric:?} of class {class}"),
                    }
                    undefined |= value.is_null();
                }
                let refused = c.average(metric, Average::Macro, Undefined::Refuse);
                assert_eq!(refused.is_err(), undefined, "{name}: {refused:?}");
            }
            for (average, key) in [
                (Average::Macro, "macro"),
                (Average::Micro, "micro"),
                (Average::Weighted, "weighted"),
            ] {
                for (rule, zero) in [
                    (Undefined::As(0.0), "zero"),
                    (Undefined::As(1.0), "one"),
                    (Undefined::Skip, "skip"),
                ] {
                    if !row[key][zero].is_null() {
                        let own = c.average(metric, average, rule).unwrap();
                        let what = format!("{name}: {metric:?}, {key}, {zero}");
                        near(own, &row[key][zero], &what);
                    }
                }
            }
        }
    }
}

#[test]
fn scores_of_two_classes() {
    for case in cases("scores") {
        let name = case["name"].as_str().unwrap();
        let (y, s) = (numbers(&case["target"]), numbers(&case["score"]));
        let w = weights(&case);
        let w = w.as_deref();
        let roc = RocCurve::new(&y, &s, w).unwrap();
        let points = roc.points();
        let of = |f: fn(&metrics::RocPoint) -> f64| points.iter().map(f).collect::<Vec<_>>();
        all_near(&of(|p| p.false_positive_rate), &case["roc"]["fpr"], name);
        all_near(&of(|p| p.true_positive_rate), &case["roc"]["tpr"], name);
        assert_eq!(
            of(|p| p.threshold)[1..],
            numbers(&case["roc"]["thresholds"])
        );
        near(roc.area(), &case["auc"], name);

        // scikit-learn starts with the lowest threshold, and ends with a point that no threshold has.
        let curve = PrecisionRecallCurve::new(&y, &s, w).unwrap();
        let mut points = curve.points().to_vec();
        points.reverse();
        let mut precision: Vec<f64> = points.iter().map(|p| p.precision).collect();
        let mut recall: Vec<f64> = points.iter().map(|p| p.recall).collect();
        precision.push(1.0);
        recall.push(0.0);
        all_near(&precision, &case["pr"]["precision"], name);
        all_near(&recall, &case["pr"]["recall"], name);
        let thresholds: Vec<f64> = points.iter().map(|p| p.threshold).collect();
        assert_eq!(thresholds, numbers(&case["pr"]["thresholds"]));
        near(curve.average_precision(), &case["average_precision"], name);

        for row in case["costs"].as_array().unwrap() {
            let costs = numbers(&row["costs"]);
            let best = Costs::new(costs[0], costs[1])
                .unwrap()
                .threshold(&y, &s, w)
                .unwrap();
            let threshold = row["threshold"].as_f64().unwrap_or(f64::INFINITY);
            assert_eq!(best.threshold, threshold, "{name}: {costs:?}");
            near(best.cost, &row["cost"], name);
            near(best.false_positives, &row["false_positives"], name);
            near(best.false_negatives, &row["false_negatives"], name);
        }
    }
}

#[test]
fn probabilities_of_two_classes() {
    for case in cases("scores") {
        let name = case["name"].as_str().unwrap();
        let (y, p) = (numbers(&case["target"]), numbers(&case["score"]));
        let w = weights(&case);
        let w = w.as_deref();
        near(
            metrics::log_loss(&y, &p, w).unwrap(),
            &case["log_loss"],
            name,
        );
        let brier = metrics::brier_score(&y, &p, w).unwrap();
        near(brier, &case["brier"], name);
        let exact = BrierDecomposition::new(&y, &p, w).unwrap();
        assert_eq!(exact.within, 0.0);
        let binned = BrierDecomposition::binned(&y, &p, Binning::EqualWidth(5), w).unwrap();
        for (parts, key) in [(exact, "murphy"), (binned, "murphy_binned")] {
            let own = [
                parts.reliability,
                parts.resolution,
                parts.uncertainty,
                parts.within,
            ];
            all_near(&own, &case[key], name);
            assert!((parts.score() - brier).abs() < 1e-14, "{name}: {parts:?}");
        }
        let curve = CalibrationCurve::new(&y, &p, Binning::EqualWidth(10), w).unwrap();
        near(curve.expected_error(), &case["ece"], name);
        near(curve.maximum_error(), &case["mce"], name);
        if w.is_none() {
            for (binning, key) in [
                (Binning::EqualWidth(5), "uniform"),
                (Binning::EqualCount(5), "quantile"),
            ] {
                let curve = CalibrationCurve::new(&y, &p, binning, w).unwrap();
                let reference = &case["calibration"][key];
                let observed: Vec<f64> = curve.bins().iter().map(|bin| bin.observed).collect();
                let forecast: Vec<f64> = curve.bins().iter().map(|bin| bin.forecast).collect();
                all_near(&observed, &reference["observed"], name);
                all_near(&forecast, &reference["forecast"], name);
            }
        }
    }
}

#[test]
fn probabilities_of_several_classes() {
    for case in cases("several") {
        let name = case["name"].as_str().unwrap();
        let (y, p) = (classes(&case["target"]), matrix(&case["probability"]));
        let w = weights(&case);
        let w = w.as_deref();
        let own = metrics::log_loss_classes(&y, p.as_ref(), w).unwrap();
        near(own, &case["log_loss"], name);
        let own = metrics::brier_score_classes(&y, p.as_ref(), w).unwrap();
        near(own, &case["brier"], name);
        for (j, value) in case["top_k"].as_array().into_iter().flatten().enumerate() {
            let own = metrics::top_k_accuracy(&y, p.as_ref(), j + 1, w).unwrap();
            near(own, value, name);
        }
        if let Some(areas) = case["auc"].as_object() {
            for (average, key) in [
                (Average::Macro, "macro"),
                (Average::Weighted, "weighted"),
                (Average::Micro, "micro"),
            ] {
                let own = metrics::roc_auc_one_vs_rest(&y, p.as_ref(), average, w).unwrap();
                near(own, &areas[key], name);
            }
        }
    }
}

#[test]
fn regression() {
    type Metric = fn(&[f64], &[f64], Option<&[f64]>) -> Result<f64, MetricError>;
    let all: [(&str, Metric); 7] = [
        ("r2", metrics::r2),
        ("mse", metrics::mean_squared_error),
        ("rmse", metrics::root_mean_squared_error),
        ("mae", metrics::mean_absolute_error),
        ("median", metrics::median_absolute_error),
        ("mape", metrics::mean_absolute_percentage_error),
        ("max", metrics::max_error),
    ];
    for case in cases("numbers") {
        let (y, f) = (numbers(&case["target"]), numbers(&case["prediction"]));
        let w = weights(&case);
        for (name, metric) in all {
            if !case[name].is_null() {
                near(metric(&y, &f, w.as_deref()).unwrap(), &case[name], name);
            }
        }
    }
}

#[test]
fn delong_by_all_pairs_and_by_proc() {
    let proc = file("proc.json");
    for (case, r) in cases("delong")
        .iter()
        .zip(proc["delong"].as_array().unwrap())
    {
        let [y, a, b] = ["target", "first", "second"].map(|key| numbers(&case[key]));
        let test = DeLongTest::new(&y, &a, &b).unwrap();
        let covariance = matrix(&case["covariance"]);
        for (area, k) in [(test.first, 0), (test.second, 1)] {
            near(area.area(), &case["areas"][k], "area");
            near(area.area(), &r["areas"][k], "area by pROC");
            assert!((area.variance() / covariance[(k, k)] - 1.0).abs() < 1e-12);
            assert!((area.variance() / r["variances"][k].as_f64().unwrap() - 1.0).abs() < 1e-12);
        }
        assert_eq!(test.first, DeLong::new(&y, &a).unwrap());
        assert!((test.covariance / covariance[(0, 1)] - 1.0).abs() < 1e-11);
        assert!((test.covariance / r["covariance"].as_f64().unwrap() - 1.0).abs() < 1e-11);
        let pair = |(low, high)| [low, high];
        all_near(
            &pair(test.first.interval(0.95).unwrap()),
            &case["interval"],
            "interval",
        );
        for (i, end) in pair(test.first.interval(0.95).unwrap()).iter().enumerate() {
            near(*end, &r["interval"][i], "interval by pROC");
        }
        all_near(
            &pair(test.interval(0.95).unwrap()),
            &case["difference_interval"],
            "difference",
        );
        near(test.difference, &case["difference"], "difference");
        for source in [case, r] {
            near(test.statistic, &source["statistic"], "statistic");
            near(test.p_value, &source["p_value"], "p-value");
        }
    }
}
