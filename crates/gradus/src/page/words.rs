//! What was fitted and what is known about it, in sentences.

use crate::arguments::{FitArguments, MissingValues, Rule};
use crate::document::{Certificate, Document};
use crate::input;

use super::html::number;

/// What kind of model it is.
pub(super) fn kind(document: &Document) -> String {
    let link = document.link.as_str();
    match (document.family.as_str(), link) {
        ("binomial", "logit") => "Logistic regression".to_owned(),
        ("gaussian", "identity") => "Linear regression".to_owned(),
        ("poisson", "log") => "Poisson regression".to_owned(),
        ("multinomial", _) => "Softmax regression".to_owned(),
        ("ordinal", "logit") => "Proportional-odds regression".to_owned(),
        ("huber", _) => "Robust regression by Huber's loss".to_owned(),
        ("quantile", _) => "Quantile regression".to_owned(),
        (family, link) => {
            let mut family = family.replace('-', " ");
            if let Some(first) = family.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            format!("{family} regression with the {link} link")
        }
    }
}

/// "a, b and c"; of very many the first.
fn list(names: &[String]) -> String {
    match names {
        [] => "an intercept alone".to_owned(),
        [one] => one.clone(),
        [all @ .., last] if names.len() <= 12 => format!("{} and {last}", all.join(", ")),
        _ => format!(
            "{} and {} other columns",
            names[..10].join(", "),
            names.len() - 10
        ),
    }
}

/// What is explained by what.
pub(super) fn fitted(document: &Document, arguments: &FitArguments) -> String {
    let target = &document.target;
    let what = match (document.family.as_str(), document.labels.as_deref()) {
        ("binomial", Some([_, one])) => format!("the probability that {target} is {one}"),
        ("binomial", _) => format!("the probability of a success, counted by {target}"),
        ("multinomial" | "ordinal", Some(labels)) => {
            format!(
                "the probability of each class of {target} ({})",
                labels.join(", ")
            )
        }
        ("quantile", _) => format!("the {}-quantile of {target}", arguments.tau()),
        ("huber", _) => format!("the centre of {target}"),
        _ => format!("the mean of {target}"),
    };
    let columns = match &document.recipe {
        Some(recipe) => recipe.columns().into_iter().map(str::to_owned).collect(),
        None => document
            .slopes()
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    };
    format!(
        "{}: {what} is explained by {}, from {} observations of {}.",
        kind(document),
        list(&columns),
        document.observations,
        input::name(&arguments.file)
    )
}

/// What a coefficient means.
pub(super) fn meaning(document: &Document) -> String {
    let of = |change: &str| {
        format!(
            "A coefficient is {change} when its column grows by 1 and all others stay as they are."
        )
    };
    let reference = document.labels.as_ref().and_then(|labels| labels.first());
    match (document.family.as_str(), document.link.as_str(), reference) {
        ("multinomial", _, Some(first)) if document.coefficients.iter().all(|c| c.class.as_ref() != Some(first)) => of(&format!(
            "the change of the log odds of its class against {first}"
        )),
        ("multinomial", ..) => of("the change of the logarithm of the class's weight among all classes"),
        ("ordinal", ..) => {
            "A positive coefficient makes higher classes more probable when its column grows; thresholds, written lower|upper, stand between neighbouring classes.".to_owned()
        }
        (_, "logit", _) => of("the change of the log odds") + " The exponential of it is the factor of the odds.",
        (_, "log", _) => of("the change of the logarithm of the mean") + " The exponential of it is the factor of the mean.",
        ("quantile", ..) => of("the change of the quantile"),
        (_, "identity", _) => of(&format!("the change of {}", document.target)),
        (_, link, _) => of(&format!("the change of the linear predictor, which the {link} link connects with the mean,")),
    }
}

/// How it was fitted, where that is not plain maximum likelihood.
pub(super) fn method(document: &Document, arguments: &FitArguments) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |text: String| out.push(text);
    if document.l1 > 0.0 || document.l2 > 0.0 {
        let l1 = (document.l1 > 0.0).then(|| format!("{}·‖β‖₁", number(document.l1)));
        let l2 = (document.l2 > 0.0).then(|| format!("½·{}·‖β‖²", number(document.l2)));
        let terms: Vec<String> = l1.into_iter().chain(l2).collect();
        let chosen = match (arguments.cv, arguments.rule) {
            (None, _) => String::new(),
            (Some(k), Rule::Best) => format!(", the best of {k}-fold cross-validation"),
            (Some(k), Rule::OneStandardError) => {
                format!(
                    ", the largest within one standard error of the best of {k}-fold cross-validation"
                )
            }
        };
        say(format!(
            "A penalty shrinks the coefficients: {} is added to the mean loss{chosen}. Penalised estimates are biased on purpose, so they have no standard errors, p-values and intervals.",
            terms.join(" + ")
        ));
    }
    let method = document.specification.as_ref().map(|s| s.method.as_str());
    if method == Some("firth") {
        say("Firth's penalty takes the first-order bias from the estimates and keeps them finite where classes are separated.".to_owned());
    }
    if method == Some("quasi") {
        say("The variance is that of the family times a dispersion that is estimated (quasi-likelihood).".to_owned());
    }
    if document.family == "huber" {
        say(format!(
            "Huber's loss is quadratic to {} times the scale {} and linear beyond, so that single outliers have a bounded say.",
            arguments.k(),
            arguments.scale()
        ));
    }
    match (document.covariance.as_deref(), document.clusters) {
        (Some("bootstrap"), _) => say(format!(
            "Standard errors and intervals come from {} bootstrap samples, by seed {}.",
            arguments.bootstrap.unwrap_or(0),
            arguments.seed
        )),
        (_, Some(clusters)) => say(format!(
            "Standard errors allow for dependence within {clusters} clusters{}.",
            arguments
                .cluster
                .as_ref()
                .map(|name| format!(" of {name}"))
                .unwrap_or_default()
        )),
        (Some(name), None) => say(format!(
            "Standard errors hold whatever the variance of a row is ({}).",
            name.to_uppercase()
        )),
        _ => {}
    }
    if document.intervals.as_deref() == Some("profile") {
        say("Intervals come from the profile of the likelihood.".to_owned());
    }
    let columns = [
        (
            &arguments.weights,
            if arguments.analytic {
                "has the precision of each row"
            } else {
                "says how often each row is repeated"
            },
        ),
        (&arguments.offset, "is a known part of the linear predictor"),
        (&arguments.trials, "has the number of trials of each row"),
    ];
    for (column, role) in columns {
        if let Some(column) = column {
            say(format!("The column {column} {role}."));
        }
    }
    if let Some(weights) = &arguments.class_weights {
        say(format!(
            "The classes have weights of their own ({weights})."
        ));
    }
    out
}

/// A measure of the predictions, by its name in `gradus evaluate`.
pub(super) fn measure(name: &str) -> String {
    match name {
        "roc_auc" => "area under the ROC curve".to_owned(),
        "r2" => "R²".to_owned(),
        "rmse" => "root mean squared error".to_owned(),
        "mae" => "mean absolute error".to_owned(),
        "brier_score" => "Brier score".to_owned(),
        "f1" => "F1".to_owned(),
        "f1_macro" => "F1, mean of the classes".to_owned(),
        "f1_weighted" => "F1, weighted by class".to_owned(),
        "matthews" => "Matthews' correlation".to_owned(),
        "kappa" => "Cohen's kappa".to_owned(),
        name => name.replace('_', " "),
    }
}

/// What was done about missing values.
pub(super) fn missing(arguments: &FitArguments, dropped: usize) -> String {
    match arguments.missing {
        MissingValues::Refuse => "No value is missing: a gap would have been refused.".to_owned(),
        MissingValues::Drop => format!("Rows with a missing value were left out: {dropped} of them."),
        MissingValues::Mean => "Missing values were replaced by the mean of their column, in categories by the most frequent level.".to_owned(),
        MissingValues::Median => "Missing values were replaced by the median of their column, in categories by the most frequent level.".to_owned(),
        MissingValues::Mode => "Missing values were replaced by the most frequent value of their column.".to_owned(),
    }
}

/// How far the fit can be from the optimum.
pub(super) fn certificate(c: &Certificate) -> Vec<String> {
    let mut out = vec![if c.status == "converged" {
        format!(
            "The fit has converged: after {} steps of {} ({}) nothing is left to gain.",
            c.iterations, c.solver, c.reason
        )
    } else {
        format!(
            "The fit stopped before its optimum ({}), after {} steps of {} ({}). The estimates are the best point that it reached; do not use them as an optimum.",
            c.status, c.iterations, c.solver, c.reason
        )
    }];
    out.push(format!(
        "The largest entry of the gradient of the mean loss is {}. The objective is about {} above its minimum (half the squared Newton decrement), and the step that would come next moves no coefficient by more than {} standard deviations of its column.",
        number(c.gradient_max),
        number(0.5 * c.newton_decrement * c.newton_decrement),
        number(c.distance)
    ));
    out.push(format!(
        "The linear equations behind it were solved with a backward error of at most {}.",
        number(c.backward_error)
    ));
    if let Some(gap) = c.duality_gap {
        out.push(format!(
            "A dual problem proves that the objective is at most {} above its minimum.",
            number(gap)
        ));
    }
    out
}

/// A word in a shell, quoted where it has to be.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("y ~ a + C(b)"), "'y ~ a + C(b)'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(
            (quoted("--l1"), quoted(""), quoted("ä")),
            ("--l1".to_owned(), "''".to_owned(), "'ä'".to_owned())
        );
    }
}
