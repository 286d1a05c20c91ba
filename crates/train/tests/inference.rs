//! Inference for generalised linear models against R (sandwich, car, MASS) and hand-written root finders: `tests/inference` has
//! the data, the scripts and what they printed.

use std::path::Path;

use datasets::Dataset;
use linalg::{Mat, MatRef};
use models::glm::{
    Distribution, GeneralisedLinearModel, Link, MultinomialRegression, OrderedRegression,
};
use serde_json::Value;
use train::{Analysis, Covariance, Fit, FitError, Observations, Reference, Residual, Test};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/inference")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

fn table(name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = file(name);
    let mut lines = text.lines();
    let header = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    let row = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    (header, lines.map(row).collect())
}

fn column(name: &str) -> Vec<f64> {
    let (header, rows) = table("data.csv");
    let j = header.iter().position(|own| own == name).unwrap();
    rows.iter().map(|row| row[j]).collect()
}

fn data(target: &str) -> Dataset {
    let columns = [column("x1"), column("x2"), column("g")];
    let x = Mat::from_fn(columns[0].len(), 3, |i, j| columns[j][i]);
    Dataset::new(x, ["x1", "x2", "g"], column(target), target)
}

/// Specification and data of a case.
fn case(name: &str) -> (GeneralisedLinearModel, Dataset) {
    let base = name.trim_end_matches("_frequency_weights");
    let of = GeneralisedLinearModel::new;
    let (model, target) = match base {
        "gaussian" => (of(Distribution::Gaussian), "yn"),
        "logit" => (of(Distribution::Binomial), "yb"),
        "probit" => (of(Distribution::Binomial).link(Link::Probit), "yb"),
        "cloglog" => (of(Distribution::Binomial).link(Link::Cloglog), "yb"),
        "poisson" => (of(Distribution::Poisson), "yc"),
        "gamma_log" => (of(Distribution::Gamma).link(Link::Log), "yp"),
        "gamma_inverse" => (of(Distribution::Gamma).link(Link::Inverse), "yp"),
        "binomial_trials" => (of(Distribution::Binomial), "ys"),
        "quasipoisson" => (of(Distribution::Poisson).quasi(), "yc"),
        "negative_binomial" => (GeneralisedLinearModel::negative_binomial(), "yc"),
        other => panic!("{other}"),
    };
    let mut data = data(target);
    if target == "yc" {
        data.offset = Some(column("off"));
    }
    if target == "ys" {
        data.trials = Some(column("tr"));
    }
    if base != name {
        data.weights = Some(column("w"));
    }
    (model, data)
}

const CASES: [&str; 15] = [
    "gaussian",
    "logit",
    "probit",
    "cloglog",
    "poisson",
    "gamma_log",
    "gamma_inverse",
    "binomial_trials",
    "quasipoisson",
    "negative_binomial",
    "gaussian_frequency_weights",
    "logit_frequency_weights",
    "probit_frequency_weights",
    "poisson_frequency_weights",
    "gamma_log_frequency_weights",
];

fn reference() -> Value {
    serde_json::from_str(&file("inference.json")).unwrap()
}

#[track_caller]
fn close(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {expected}"));
    let error = (found - expected).abs() / expected.abs().max(1e-2);
    assert!(error <= tolerance, "{what}: {found} instead of {expected}");
}

#[track_caller]
fn close_matrix(found: MatRef<'_, f64>, expected: &Value, tolerance: f64, what: &str) {
    let size = |i: usize| expected[i][i].as_f64().unwrap().sqrt();
    for i in 0..found.nrows() {
        for j in 0..found.ncols() {
            let value = expected[i][j].as_f64().unwrap();
            let error = (found[(i, j)] - value).abs() / size(i) / size(j);
            assert!(
                error <= tolerance,
                "{what} {i} {j}: {} instead of {value}",
                found[(i, j)]
            );
        }
    }
}

fn each(f: impl Fn(&str, &Value, &Analysis<'_>)) {
    let reference = reference();
    for name in CASES {
        let (model, data) = case(name);
        let observations = Observations::from(&data);
        let fit = model.fit(&data).unwrap();
        let analysis = fit.analyse(&model, &observations).unwrap();
        f(name, &reference["models"][name], &analysis);
    }
}

#[test]
fn covariances_are_those_of_sandwich() {
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    each(|name, expected, analysis| {
        let theta = if name == "negative_binomial" {
            1e-7
        } else {
            1e-9
        };
        let check = |kind: &Covariance<'_>, field: &str| {
            let found = analysis.covariance(kind).unwrap();
            close_matrix(
                found.as_ref(),
                &expected[field],
                theta,
                &format!("{name} {field}"),
            );
        };
        check(&Covariance::Expected, "vcov");
        if !expected["vcov_observed_information"].is_null() && name != "negative_binomial" {
            check(&Covariance::Observed, "vcov_observed_information");
        }
        check(&Covariance::Hc0, "hc0");
        check(&Covariance::Hc1, "hc1");
        check(&Covariance::Hc2, "hc2");
        check(&Covariance::Hc3, "hc3");
        // (n − 1) / (n − p) belongs to linear models.
        let kind = if name.starts_with("gaussian") {
            "cluster_hc1"
        } else {
            "cluster_hc0"
        };
        check(&Covariance::Clustered(&clusters), kind);
    });
}

#[track_caller]
fn close_test(found: Test, expected: &Value, tolerance: f64, what: &str) {
    let (statistic, p) = (&expected["stat"], &expected["p"]);
    close(found.statistic, statistic, tolerance, what);
    let p = p.as_f64().unwrap();
    assert!(
        (found.p_value / p - 1.0).abs() < 100.0 * tolerance,
        "{what}: p {} instead of {p}",
        found.p_value
    );
    match found.reference {
        Reference::ChiSquare(freedom) => close(freedom, &expected["df"], 0.0, what),
        Reference::F(a, b) => {
            close(a, &expected["df1"], 0.0, what);
            close(b, &expected["df2"], 0.0, what);
        }
    }
}

#[test]
fn tests_are_those_of_anova_and_linear_hypothesis() {
    each(|name, expected, analysis| {
        let names = ["x2", "g"];
        let estimated = analysis.fit().dispersion().estimated;
        let tests = &expected["drop_x2_g"];
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        let pick = |known: &str, f: &str| tests[if estimated { f } else { known }].clone();
        let what = |test: &str| format!("{name} {test}");
        let lr = analysis.likelihood_ratio(&names).unwrap();
        close_test(lr, &pick("lr", "f"), bound, &what("lr"));
        let wald = analysis.wald(&names, &Covariance::Expected).unwrap();
        close_test(wald, &pick("wald", "wald_f"), bound, &what("wald"));
        if !estimated {
            for (kind, field) in [
                (Covariance::Hc0, "wald_hc0"),
                (Covariance::Hc1, "wald_hc1"),
                (Covariance::Hc3, "wald_hc3"),
            ] {
                let robust = analysis.wald(&names, &kind).unwrap();
                close_test(robust, &tests[field], bound, &what(field));
            }
        }
        let score = analysis.score(&names).unwrap();
        if estimated {
            // R gives a chi-square of the same dispersion.
            close(
                2.0 * score.statistic,
                &tests["rao"]["stat"],
                bound,
                &what("rao"),
            );
        } else {
            let field = if name == "negative_binomial" {
                "rao_theta_fixed_at_full"
            } else {
                "rao"
            };
            close_test(score, &tests[field], bound, &what(field));
        }
        let terms: Vec<Vec<String>> = ["x1", "x2", "g"]
            .iter()
            .map(|t| vec![(*t).to_owned()])
            .collect();
        let rows = analysis.deviance_table(&terms).unwrap();
        for (k, row) in rows.iter().enumerate() {
            close(
                row.deviance,
                &expected["sequential"]["deviance"][k],
                bound,
                &what("deviance"),
            );
        }
        for (k, row) in rows.iter().skip(1).enumerate() {
            let test = row.test.unwrap();
            if !estimated {
                close(
                    test.statistic,
                    &expected["sequential"]["chisq_stat"][k],
                    bound,
                    &what("table"),
                );
            }
        }
    });
}

#[test]
fn profile_intervals_are_those_of_confint() {
    each(|name, expected, analysis| {
        let estimated = analysis.fit().dispersion().estimated;
        let field = match (estimated, name) {
            (true, _) => "profile_ci_t",
            (false, "negative_binomial") => "profile_ci_theta_fixed",
            _ => "profile_ci",
        };
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        for (own, theirs) in [
            ("(intercept)", "(Intercept)"),
            ("x1", "x1"),
            ("x2", "x2"),
            ("g", "g"),
        ] {
            let interval = analysis.profile(own, 0.95).unwrap();
            let expected = &expected[field][theirs];
            close(
                interval.low,
                &expected[0],
                bound,
                &format!("{name} {own} low"),
            );
            close(
                interval.high,
                &expected[1],
                bound,
                &format!("{name} {own} high"),
            );
        }
    });
}

#[test]
fn effects_and_predictions() {
    let rows = Mat::from_fn(3, 3, |i, j| {
        [[0.5, -0.3, 1.0], [-1.2, 0.8, 0.0], [2.0, 1.5, 1.0]][i][j]
    });
    let off = [0.1, 0.0, -0.2];
    each(|name, expected, analysis| {
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        if !expected["ame"].is_null() {
            for effect in analysis.marginal_effects(&Covariance::Expected).unwrap() {
                let what = format!("{name} effect of {}", effect.name);
                close(
                    effect.estimate,
                    &expected["ame"]["estimate"][&effect.name],
                    bound,
                    &what,
                );
                let error = &expected["ame"]["std_error"][&effect.name];
                close(effect.inference.std_error, error, bound, &what);
                assert_eq!(effect.discrete, effect.name == "g");
            }
        }
        let offset = (!expected["offset"].is_null()).then_some(&off[..]);
        let estimated = analysis.fit().dispersion().estimated;
        let predicted = analysis.predict(rows.as_ref(), offset, 0.95, &Covariance::Expected);
        for (k, row) in predicted.unwrap().iter().enumerate() {
            let expected = &expected["predict"];
            let what = format!("{name} row {k}");
            close(row.linear, &expected["eta"][k], bound, &what);
            close(row.linear_std_error, &expected["eta_se"][k], bound, &what);
            close(row.mean, &expected["mean"][k], bound, &what);
            close(row.std_error, &expected["mean_se"][k], bound, &what);
            let ends = &expected[if estimated { "mean_ci_t" } else { "mean_ci_z" }];
            if name != "gamma_inverse" {
                close(row.interval.low, &ends["lower"][k], bound, &what);
                close(row.interval.high, &ends["upper"][k], bound, &what);
            }
        }
    });
}

#[test]
fn residuals_and_influence_are_those_of_r() {
    each(|name, expected, analysis| {
        let d = &expected["diagnostics"];
        if d.is_null() {
            return;
        }
        let check = |found: &[f64], field: &str| {
            for (i, value) in found.iter().enumerate() {
                close(
                    *value,
                    &d[field][i],
                    1e-8,
                    &format!("{name} {field} of row {i}"),
                );
            }
        };
        check(&analysis.residuals(Residual::Response), "response");
        check(&analysis.residuals(Residual::Pearson), "pearson");
        check(&analysis.residuals(Residual::Deviance), "deviance");
        check(&analysis.residuals(Residual::Working), "working");
        check(
            &analysis.residuals(Residual::StandardisedDeviance),
            "standardised_deviance",
        );
        check(
            &analysis.residuals(Residual::StandardisedPearson),
            "standardised_pearson",
        );
        check(&analysis.leverages(), "hat");
        let influence = analysis.influence();
        let cook: Vec<f64> = influence.iter().map(|row| row.cook).collect();
        check(&cook, "cooks_distance");
        let (beta, scaled) = (analysis.dfbeta(), analysis.dfbetas());
        let field = if name == "gaussian" {
            "dfbetas_r"
        } else {
            "dfbetas_onestep"
        };
        for i in 0..10 {
            for j in 0..4 {
                let what = format!("{name} dfbeta {i} {j}");
                close(beta[i][j], &d["dfbeta_onestep_first10"][i][j], 1e-8, &what);
                if name == "gaussian" || !analysis.fit().dispersion().estimated {
                    close(
                        scaled[i][j],
                        &d[format!("{field}_first10")][i][j],
                        1e-8,
                        &what,
                    );
                }
            }
        }
        let worst = analysis.influential(3);
        let largest = cook.iter().fold(0.0_f64, |m, c| m.max(*c));
        assert_eq!(worst.first().map(|row| row.cook), Some(largest));
    });
}

#[test]
fn checks_of_the_whole_model() {
    each(|name, expected, analysis| {
        let bound = if name == "negative_binomial" {
            1e-6
        } else {
            1e-8
        };
        let what = |test: &str| format!("{name} {test}");
        let collinearity = &expected["collinearity"];
        if !collinearity.is_null() {
            for (column, value) in analysis.variance_inflation() {
                close(value, &collinearity["vif"][&column], bound, &what("vif"));
            }
            let indices = analysis.condition_indices().unwrap();
            for (k, index) in indices.iter().enumerate() {
                close(
                    *index,
                    &collinearity["belsley"]["condition_indices"][k],
                    bound,
                    &what("indices"),
                );
            }
        }
        let hosmer = &expected["hosmer_lemeshow"]["quantile_groups"];
        if !hosmer.is_null() && name != "binomial_trials" && !name.contains("weights") {
            let found = analysis.hosmer_lemeshow(10).unwrap();
            close_test(found.test, hosmer, bound, &what("hosmer"));
            let ns: Vec<f64> = found.groups.iter().map(|group| group.0).collect();
            let theirs: Vec<f64> = serde_json::from_value(hosmer["n"].clone()).unwrap();
            assert_eq!(ns, theirs);
        }
        if name == "logit" {
            let shifted: Vec<f64> =
                serde_json::from_value(expected["calibration"]["shifted_probabilities"].clone())
                    .unwrap();
            let logits: Vec<f64> = shifted.iter().map(|p| (p / (1.0 - p)).ln()).collect();
            let found = analysis.calibration(Some(&logits)).unwrap();
            let theirs = &expected["calibration"]["shifted"];
            close(
                found.intercept.estimate,
                &theirs["intercept"],
                bound,
                "calibration",
            );
            close(found.slope.estimate, &theirs["slope"], bound, "calibration");
            let own = analysis.calibration(None).unwrap();
            assert!(own.intercept.estimate.abs() < 1e-9 && (own.slope.estimate - 1.0).abs() < 1e-9);
        }
        let link = analysis.link_test().unwrap().inference.unwrap();
        if name != "negative_binomial" && expected["offset"].is_null() && !name.contains("weights")
        {
            close(
                link.statistic,
                &expected["link_test"]["eta2_stat"],
                1e-7,
                &what("link"),
            );
        }
        let over = analysis.overdispersion();
        if !name.contains("weights") {
            close(
                over.ratio,
                &expected["overdispersion"]["pearson_chi2_over_df"],
                bound,
                &what("ratio"),
            );
        }
        if name == "poisson" {
            close(
                over.dean.unwrap(),
                &expected["overdispersion"]["score_nb2"]["stat"],
                bound,
                "dean",
            );
        }
        let found = analysis.pseudo_r2();
        for (value, field) in found
            .iter()
            .zip(["mcfadden", "cox_snell", "nagelkerke", "tjur"])
        {
            let theirs = &expected["pseudo_r2"][field];
            if let (Some(value), false, false) =
                (value, theirs.is_null(), name == "negative_binomial")
            {
                close(*value, theirs, bound, &what(field));
            }
        }
    });
}

#[test]
fn firth_intervals_and_tests_are_those_of_penalised_profiles() {
    let reference = reference();
    let (_, rows) = table("data2.csv");
    let x = Mat::from_fn(rows.len(), 2, |i, j| rows[i][j]);
    let target = rows.iter().map(|row| row[2]).collect();
    let data = Dataset::new(x, ["z1", "z2"], target, "y");
    let model = GeneralisedLinearModel::new(Distribution::Binomial);
    assert!(matches!(model.fit(&data), Err(FitError::Separated { .. })));
    let model = model.firth();
    let fit = model.fit(&data).unwrap();
    let observations = Observations::from(&data);
    let analysis = fit.analyse(&model, &observations).unwrap();
    let expected = &reference["firth"]["data2"];
    for (own, theirs) in [("(intercept)", "(Intercept)"), ("z1", "z1"), ("z2", "z2")] {
        let interval = analysis.profile(own, 0.95).unwrap();
        close(interval.low, &expected["profile_ci"][theirs][0], 1e-7, own);
        close(interval.high, &expected["profile_ci"][theirs][1], 1e-7, own);
        let test = analysis.penalised_likelihood_ratio(own).unwrap();
        let kept = &expected["lr_keep_column_in_penalty"];
        close(test.statistic, &kept["stat"][theirs], 1e-7, own);
        close(test.p_value, &kept["p"][theirs], 1e-7, own);
    }
    // The ratio of likelihoods of other fits does not hold.
    assert!(analysis.likelihood_ratio(&["z1"]).is_err());
}

#[test]
fn what_has_no_meaning_is_refused() {
    let (model, data) = case("logit");
    let observations = Observations::from(&data);
    let penalised = model.clone().penalised(models::glm::Penalty::ridge(0.1));
    let fit = penalised.fit(&data).unwrap();
    let error = fit.analyse(&penalised, &observations).unwrap_err();
    assert!(
        error.to_string().starts_with("a penalty is in force"),
        "{error}"
    );
    let fit = model.fit(&data).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let one = vec![0; data.target.len()];
    for error in [
        analysis
            .covariance(&Covariance::Clustered(&one))
            .unwrap_err(),
        analysis
            .covariance(&Covariance::Clustered(&[0, 1]))
            .unwrap_err(),
        analysis
            .wald(&["x1", "x1"], &Covariance::Expected)
            .unwrap_err(),
        analysis
            .wald(&["nothing"], &Covariance::Expected)
            .unwrap_err(),
        analysis.profile("x1", 1.5).unwrap_err(),
        analysis
            .predict(
                Mat::<f64>::zeros(1, 2).as_ref(),
                None,
                0.95,
                &Covariance::Expected,
            )
            .unwrap_err(),
    ] {
        assert!(error.to_string().len() > 20, "{error}");
    }
    // One row determines a coefficient alone: robust covariances that divide by 1 − h do not exist, and say so.
    let mut lone = data.clone();
    for i in 0..lone.target.len() {
        lone.features[(i, 2)] = f64::from(u8::from(i == 5));
    }
    lone.target = column("yn");
    let model = GeneralisedLinearModel::new(Distribution::Gaussian);
    let observations = Observations::from(&lone);
    let fit = model.fit(&lone).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let clusters: Vec<usize> = (0..lone.target.len()).map(|i| i / 3).collect();
    for kind in [
        Covariance::Hc0,
        Covariance::Hc3,
        Covariance::Clustered(&clusters),
    ] {
        assert_eq!(
            analysis.undetermined(&kind),
            [false, false, false, true],
            "{kind:?}"
        );
        let coefficients = analysis.coefficients(&kind).unwrap();
        assert!(coefficients[3].inference.is_none() && coefficients[1].inference.is_some());
        if matches!(kind, Covariance::Clustered(_)) {
            continue;
        }
        // The others are as without that row.
        let mut rest = lone.clone();
        rest.weights = Some(
            (0..rest.target.len())
                .map(|i| f64::from(u8::from(i != 5)))
                .collect(),
        );
        rest.features = Mat::from_fn(rest.target.len(), 2, |i, j| lone.features[(i, j)]);
        rest.feature_names.truncate(2);
        let observations = Observations::from(&rest);
        let part = model.fit(&rest).unwrap();
        let expected = part
            .analyse(&model, &observations)
            .unwrap()
            .coefficients(&kind)
            .unwrap();
        let [found, expected] =
            [&coefficients[1], &expected[1]].map(|c| c.inference.unwrap().std_error);
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{kind:?}: {found} {expected}"
        );
    }
    let failed: Vec<_> = train::validity(&fit, &model, &observations)
        .into_iter()
        .filter(|condition| !condition.holds)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].name, "leverage");
    assert!(failed[0].detail.contains("row 6"));
}

/// Three classes of `yn`, cut as the script cuts them.
fn classes(columns: &[&str], reference: &Value) -> Dataset {
    let cuts: Vec<f64> =
        serde_json::from_value(reference["ordered_logit"]["cutpoints"].clone()).unwrap();
    let class = |y: &f64| cuts.iter().filter(|cut| *cut <= y).count() as f64;
    let target: Vec<f64> = column("yn").iter().map(class).collect();
    let own: Vec<Vec<f64>> = columns.iter().map(|name| column(name)).collect();
    let x = Mat::from_fn(target.len(), own.len(), |i, j| own[j][i]);
    let mut data = Dataset::new(x, columns.iter().copied(), target, "class");
    data.labels = Some(vec!["1".into(), "2".into(), "3".into()]);
    data
}

#[test]
fn several_classes_have_the_tests_of_polr_and_multinom() {
    let reference = reference();
    let (large, small) = (
        classes(&["x1", "x2", "g"], &reference),
        classes(&["x1"], &reference),
    );
    let ordered = OrderedRegression::new();
    let (full, part) = (ordered.fit(&large).unwrap(), ordered.fit(&small).unwrap());
    let expected = &reference["ordered_logit"];
    close_test(
        full.likelihood_ratio(&part).unwrap(),
        &expected["lr_drop_x2_g"],
        1e-8,
        "ordered",
    );
    let mut equations = Mat::zeros(2, 5);
    (equations[(0, 1)], equations[(1, 2)]) = (1.0, 1.0);
    let wald = full.wald_of(equations.as_ref(), &[0.0; 2], None).unwrap();
    close_test(wald, &expected["wald_drop_x2_g"], 1e-7, "ordered");
    let multinomial = MultinomialRegression::new();
    let (full, part) = (
        multinomial.fit(&large).unwrap(),
        multinomial.fit(&small).unwrap(),
    );
    let expected = &reference["multinomial"];
    close_test(
        full.likelihood_ratio(&part).unwrap(),
        &expected["lr_drop_x2_g"],
        1e-8,
        "multinomial",
    );
    let mut equations = Mat::zeros(4, 8);
    for (row, at) in [2, 3, 6, 7].into_iter().enumerate() {
        equations[(row, at)] = 1.0;
    }
    let wald = full.wald_of(equations.as_ref(), &[0.0; 4], None).unwrap();
    close_test(wald, &expected["wald_drop_x2_g"], 1e-7, "multinomial");
    assert!(part.likelihood_ratio(&full).is_err());
    assert!(full.pseudo_r2().unwrap()[0] > part.pseudo_r2().unwrap()[0]);
}

#[test]
fn two_classes_have_the_robust_covariance_of_logistic_regression() {
    let (logit, mut data) = case("logit");
    data.labels = Some(vec!["no".into(), "yes".into()]);
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    let observations = Observations::from(&data);
    let fit = logit.fit(&data).unwrap();
    let analysis = fit.analyse(&logit, &observations).unwrap();
    let multinomial = MultinomialRegression::new().fit(&data).unwrap();
    let ordered = OrderedRegression::new().fit(&data).unwrap();
    for kind in [
        Covariance::Observed,
        Covariance::Hc0,
        Covariance::Hc1,
        Covariance::Clustered(&clusters),
    ] {
        let expected = analysis.covariance(&kind).unwrap();
        let several = multinomial.covariance_of(&observations, &kind).unwrap();
        let cumulative = ordered.covariance_of(&observations, &kind).unwrap();
        // Ordered coefficients are slopes, then the threshold, which is minus the intercept.
        let place = |j: usize| if j < 3 { (j + 1, 1.0) } else { (0, -1.0) };
        for i in 0..4 {
            for j in 0..4 {
                assert!(
                    (several[(i, j)] - expected[(i, j)]).abs() < 1e-10,
                    "{kind:?}"
                );
                let ((a, s), (b, t)) = (place(i), place(j));
                assert!(
                    (cumulative[(i, j)] - s * t * expected[(a, b)]).abs() < 1e-9,
                    "{kind:?}"
                );
            }
        }
    }
    assert!(
        multinomial
            .covariance_of(&observations, &Covariance::Hc3)
            .is_err()
    );
}

#[test]
fn bootstraps_depend_on_the_seed_alone() {
    let (model, data) = case("poisson");
    let observations = Observations::from(&data);
    let fit = model.fit(&data).unwrap();
    let analysis = fit.analyse(&model, &observations).unwrap();
    let draw = |threads: usize, seed: u64| {
        linalg::parallel::with_threads(threads, || analysis.bootstrap(400, seed, None).unwrap())
            .unwrap()
    };
    let (one, two, other) = (draw(1, 5), draw(2, 5), draw(2, 6));
    assert_eq!(one.estimates(), two.estimates());
    assert_ne!(one.estimates(), other.estimates());
    assert_eq!((one.failed(), one.names().len()), (0, 4));
    // The bootstrap and the sandwich estimate the same.
    let (found, expected) = (
        one.covariance(),
        analysis.covariance(&Covariance::Hc0).unwrap(),
    );
    for j in 0..4 {
        let ratio = (found[(j, j)] / expected[(j, j)]).sqrt();
        assert!((0.85..1.25).contains(&ratio), "{ratio}");
        let interval = one.intervals(0.95)[j];
        let error = expected[(j, j)].sqrt();
        let estimate = fit.coefficients()[j].estimate;
        assert!((interval.low - (estimate - 1.96 * error)).abs() < error);
        assert!((interval.high - (estimate + 1.96 * error)).abs() < error);
    }
    let clusters: Vec<usize> = column("cl").iter().map(|c| *c as usize).collect();
    let clustered = analysis
        .bootstrap(400, 5, Some(&clusters))
        .unwrap()
        .covariance();
    let expected = analysis
        .covariance(&Covariance::Clustered(&clusters))
        .unwrap();
    let ratio = (clustered[(1, 1)] / expected[(1, 1)]).sqrt();
    assert!((0.7..1.5).contains(&ratio), "{ratio}");
}
