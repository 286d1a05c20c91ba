//! The report of a fit: one HTML file for people, complete in itself.

mod html;
mod repeat;
mod tables;
mod words;

use anyhow::Result;
use datasets::{Frame, Recipe, Variable};
use models::glm::GeneralisedLinearModel;
use train::{Analysis, ClassAnalysis, Covariance, FitError, Observations};

use self::html::{Body, escape, number};
use crate::arguments::FitArguments;
use crate::charts::{self, Rows};
use crate::document::Document;
use crate::evaluate::{Outcomes, Scored, measured};
use crate::fitted::Fitted;

/// The probability from which a row belongs to the second class in the report.
const THRESHOLD: f64 = 0.5;
/// More effects than this are not in the report: each costs passes over the data.
const EFFECTS: usize = 60;

/// A fit beside its data.
pub(crate) struct Told<'a> {
    pub(crate) arguments: &'a FitArguments,
    pub(crate) document: &'a Document,
    pub(crate) fitted: &'a Fitted,
    /// The specification of a generalised linear model.
    pub(crate) model: Option<&'a GeneralisedLinearModel>,
    pub(crate) scored: &'a Scored,
    pub(crate) frame: &'a Frame,
    /// The line of a row of the data.
    pub(crate) line: &'a dyn Fn(usize) -> u64,
}

/// What is known about a fit beyond its estimates, or why nothing is.
enum Known<'a> {
    One(Box<Analysis<'a>>),
    Classes(Box<ClassAnalysis<'a>>),
    Nothing(String),
}

/// The sections, by their headings' names.
const SECTIONS: [(&str, &str); 8] = [
    ("fitted", "What was fitted"),
    ("conditions", "Can the p-values be trusted?"),
    ("coefficients", "Coefficients"),
    ("predictions", "Predictions, in-sample"),
    ("residuals", "Residuals and influential rows"),
    ("effects", "Average marginal effects"),
    ("certificate", "How far from the optimum?"),
    ("repeat", "Recipe, and how to repeat it"),
];

/// The whole file.
///
/// # Errors
/// If the data cannot be read once more for their digest, or clusters cannot.
pub(crate) fn page(told: &Told<'_>) -> Result<String> {
    let observations = Observations::from(&told.scored.data);
    let known = match (told.fitted, told.model) {
        (Fitted::Glm(fit), Some(model)) => one(fit.analyse(model, &observations)),
        (fitted, _) => match fitted.analyse(&observations) {
            Some(Ok(analysis)) => Known::Classes(Box::new(analysis)),
            Some(Err(error)) => Known::Nothing(error.to_string()),
            None => Known::Nothing(
                "robust and quantile regression have no likelihood, and so no covariances"
                    .to_owned(),
            ),
        },
    };
    let mut body = Body::default();
    let mut sections = SECTIONS.iter();
    let mut section = |body: &mut Body| {
        if let Some((id, title)) = sections.next() {
            body.section(id, title);
        }
    };
    section(&mut body);
    told.what_was_fitted(&mut body);
    body.end();
    section(&mut body);
    told.conditions(&mut body);
    body.end();
    section(&mut body);
    told.coefficients(&mut body)?;
    body.end();
    section(&mut body);
    told.predictions(&mut body);
    body.end();
    section(&mut body);
    told.residuals(&mut body, &known)?;
    body.end();
    section(&mut body);
    told.effects(&mut body, &known)?;
    body.end();
    section(&mut body);
    for text in words::certificate(&told.document.certificate) {
        body.paragraph(&text);
    }
    body.end();
    section(&mut body);
    told.repeat(&mut body)?;
    body.end();
    Ok(told.around(&body.0))
}

fn one(analysis: Result<Analysis<'_>, FitError>) -> Known<'_> {
    match analysis {
        Ok(analysis) => Known::One(Box::new(analysis)),
        Err(error) => Known::Nothing(error.to_string()),
    }
}

impl Told<'_> {
    /// The file around its sections.
    fn around(&self, body: &str) -> String {
        let title = escape(&format!(
            "{}: {}",
            words::kind(self.document),
            self.document.target
        ));
        let links = SECTIONS.map(|(id, name)| {
            let name = escape(name);
            format!("<li><a href=\"#{id}\">{name}</a></li>")
        });
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\"/>\n<style>\n{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
             <button id=\"theme\" type=\"button\" hidden=\"hidden\" aria-label=\"Change between light and dark\">Dark</button>\n\
             <p>{}</p>\n<nav aria-label=\"Sections\"><ul>{}</ul></nav>\n</header>\n<main>\n{body}</main>\n\
             <footer>Made by gradus {}. Nothing in this file is loaded from elsewhere.</footer>\n<script>\n{}</script>\n</body>\n</html>\n",
            include_str!("page.css"),
            escape(&words::fitted(self.document, self.arguments)),
            links.concat(),
            env!("CARGO_PKG_VERSION"),
            include_str!("page.js")
        )
    }

    fn what_was_fitted(&self, body: &mut Body) {
        let d = self.document;
        body.paragraph(&words::meaning(d));
        for text in words::method(d, self.arguments) {
            body.paragraph(&text);
        }
        let mut facts = vec![
            ("observations".to_owned(), d.observations.to_string()),
            ("coefficients".to_owned(), d.coefficients.len().to_string()),
            ("family".to_owned(), d.family.clone()),
            ("link".to_owned(), d.link.clone()),
        ];
        let dispersion = d.dispersion.as_ref().map(|found| found.estimate);
        let dispersion_name = match d.family.as_str() {
            "negative-binomial" => "θ",
            _ => "dispersion",
        };
        let r2 = d.pseudo_r2.as_ref();
        let numbers = [
            ("log-likelihood", d.log_likelihood),
            ("deviance", d.deviance),
            ("null deviance", d.null_deviance),
            ("AIC", d.aic),
            ("BIC", d.bic),
            ("mean loss", d.mean_loss),
            (dispersion_name, dispersion),
            ("McFadden's pseudo-R²", r2.and_then(|r| r.mcfadden)),
            ("Nagelkerke's pseudo-R²", r2.and_then(|r| r.nagelkerke)),
        ];
        let numbers = numbers.iter();
        facts.extend(numbers.filter_map(|(name, x)| Some(((*name).to_owned(), number((*x)?)))));
        body.facts(&facts);
    }

    /// All conditions, those that fail first.
    fn conditions(&self, body: &mut Body) {
        let all = &self.document.validity;
        if all.is_empty() {
            let reason = match self.document.family.as_str() {
                "huber" | "quantile" => "robust and quantile regression have no p-values",
                _ => "this fit has no list of conditions",
            };
            body.note(&format!("Nothing is listed here: {reason}."));
            return;
        }
        let fails = all.iter().filter(|c| !c.holds).count();
        body.paragraph(&match fails {
            0 => format!("All {} conditions that were checked hold.", all.len()),
            1 => format!(
                "One of {} conditions does not hold; it says what to do.",
                all.len()
            ),
            n => format!(
                "{n} of {} conditions do not hold; each says what to do.",
                all.len()
            ),
        });
        body.raw("<ul class=\"conditions\">");
        let sorted = all.iter().filter(|c| !c.holds);
        for c in sorted.chain(all.iter().filter(|c| c.holds)) {
            let (class, word) = if c.holds {
                ("", "Holds")
            } else {
                (" class=\"fails\"", "Caution")
            };
            let (name, detail) = (escape(&c.name), escape(&c.detail));
            body.raw(&format!(
                "<li{class}><strong>{word}, {name}:</strong> {detail}</li>"
            ));
        }
        body.raw("</ul>");
    }

    fn coefficients(&self, body: &mut Body) -> Result<()> {
        let forest = charts::forest(self.document, "");
        let places = charts::forest_rows(self.document);
        let shown = if forest.is_ok() {
            places.as_slice()
        } else {
            &[]
        };
        body.raw("<div class=\"pair\"><div>");
        tables::coefficients(body, self.document, shown)?;
        body.raw("</div>");
        if shown.len() < self.document.slopes().len() && forest.is_ok() {
            body.note(&format!(
                "The picture has the {} coefficients that are farthest from 0 in standard errors.",
                shown.len()
            ));
        }
        let caption = "Estimates with 95 % intervals. Point at a row of the table, or reach it by the tabulator key, to find it here.";
        body.figures(Some("forest"), vec![(forest, caption)]);
        body.raw("</div>");
        Ok(())
    }

    fn predictions(&self, body: &mut Body) {
        let (d, scored) = (self.document, self.scored);
        body.paragraph(
            "These figures are in-sample: they say how well the model describes the rows that it was fitted to, and are better than on new rows. For an honest measure, run gradus evaluate on rows that were held back.",
        );
        let found = match measured(&d.family, scored, THRESHOLD) {
            Ok(found) => found,
            Err(error) => {
                body.note(&format!("They are left out: {error:#}."));
                return;
            }
        };
        let facts: Vec<(String, String)> = found
            .measures
            .iter()
            .map(|m| {
                let value = m.value.map_or_else(|| "undefined".to_owned(), number);
                (words::measure(m.name), value)
            })
            .collect();
        body.facts(&facts);
        let confusion = found.confusion.as_ref();
        let confusion = confusion.map(|matrix| charts::confusion(matrix, "in-sample"));
        let [zero, one] = charts::classes(d, &scored.data);
        let found = format!(
            "In-sample: the share of {one} that is found, against the share of {zero} that is mistaken for it, at every threshold."
        );
        let precise = format!(
            "In-sample: of what is predicted to be {one}, the share that is, against the share of {one} that is found."
        );
        let said = "In-sample: true classes against those that are predicted.";
        let mut figures = Vec::new();
        if d.family == "binomial" {
            let outcomes = Outcomes::of(&scored.data, &scored.scores);
            let counted = scored.data.weights.is_none();
            figures.push((
                charts::roc(&outcomes, THRESHOLD, "in-sample"),
                found.as_str(),
            ));
            figures.push((
                charts::precision_recall(&outcomes, &one, THRESHOLD, "in-sample"),
                precise.as_str(),
            ));
            figures.push((
                charts::calibration(&outcomes, counted, "in-sample"),
                "In-sample: shares of events in tenths of the probabilities; on the diagonal, events happen as often as the model says.",
            ));
        }
        match confusion {
            Some(matrix) => figures.push((matrix, said)),
            None => {
                body.note("ROC curve, calibration and confusion matrix are for classes; below are the residuals.");
            }
        }
        if !figures.is_empty() {
            body.figures(None, figures);
        }
    }

    fn residuals(&self, body: &mut Body, known: &Known<'_>) -> Result<()> {
        let binary = self.document.family == "binomial" && self.scored.data.trials.is_none();
        if self.fitted.of_classes().is_some() {
            body.note("Residuals and leverages are those of one number a row; several classes have none here.");
            return Ok(());
        }
        let analysis = match known {
            Known::One(analysis) => Some(analysis.as_ref()),
            _ => None,
        };
        let mut figures = Vec::new();
        if binary {
            body.note("Residuals of single outcomes of two classes fall on two curves and show little; the calibration above shows more.");
        } else if analysis.is_none() && self.document.family == "binomial" {
            body.note("Residuals of shares need a fit of maximum likelihood.");
        } else {
            let rows = match analysis {
                Some(analysis) => Rows::analysed(analysis, self.scored, self.line),
                None => Rows::plain(self.scored, self.line),
            };
            if rows.kind == "quantile residual" {
                body.paragraph("Quantile residuals are normal where the model holds, for counts too: a count is spread at random between the probabilities below and at it, from a fixed seed.");
            }
            figures.push((
                Ok(charts::residuals(&rows, "in-sample")),
                "A bend of the line says that a term is missing, a funnel that the variance is not as the family says.",
            ));
            if self.document.family != "quantile" {
                figures.push((
                    Ok(charts::quantiles(&rows, "in-sample")),
                    "Points outside of the band are larger or smaller than residuals of this model should be.",
                ));
            }
        }
        match known {
            Known::One(analysis) => {
                figures.push((
                    Ok(charts::leverage(analysis, &self.scored.data, "in-sample", self.line)),
                    "Rows far to the right pull the fit; beyond the curves of Cook's distance they change it.",
                ));
                body.figures(None, figures);
                tables::influential(body, analysis, self.line)?;
            }
            Known::Nothing(reason) => {
                body.figures(None, figures);
                body.note(&format!(
                    "Leverages and influential rows are left out: {reason}."
                ));
            }
            Known::Classes(_) => {}
        }
        Ok(())
    }

    fn effects(&self, body: &mut Body, known: &Known<'_>) -> Result<()> {
        let recipe = self.document.recipe.as_ref();
        let variables = recipe.map(Recipe::variables).unwrap_or_default();
        // One of a number, and one of every level of a category but its reference.
        let effects: usize = variables
            .iter()
            .map(|(_, v)| match v {
                Variable::Category { levels, .. } => levels.len().saturating_sub(1),
                _ => 1,
            })
            .sum();
        if effects > EFFECTS {
            body.note(&format!(
                "They are left out, because there are {effects} of columns and levels of categories, and each costs passes over the data; gradus diagnose has them."
            ));
            return Ok(());
        }
        match known {
            Known::One(analysis) => {
                tables::effects(body, self, &**analysis, (Covariance::Expected, "expected"))
            }
            Known::Classes(analysis) => {
                tables::effects(body, self, &**analysis, (Covariance::Observed, "observed"))
            }
            Known::Nothing(reason) => {
                body.note(&format!("They are left out: {reason}."));
                Ok(())
            }
        }
    }
}
