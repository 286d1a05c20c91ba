//! The steps of a recipe, evaluated one after the other, give the bits of its features.

use datasets::plan::{Arithmetic, Function, InputKind, Plan, Step};
use datasets::{CsvOptions, Formula, Frame, Missing, Preparation, Scaling};

const FILE: &str = "a,b,c,d,y\n1.5,2,u,yes,1\n-0.25,3,v,no,0\n4,,u,yes,2\n2,7.5,w,no,1\n0.125,1,,yes,3\n3,4,v,no,2\n";

fn frame() -> Frame {
    CsvOptions::new()
        .read_from("t.csv", FILE.as_bytes())
        .unwrap()
}

/// The features of a row by the plan alone, from the texts of its fields.
fn features(plan: &Plan, names: &[&str], fields: &[&str]) -> Vec<f64> {
    let field = |column: &str| fields[names.iter().position(|name| *name == column).unwrap()];
    let value = |input: usize| {
        let input = &plan.inputs[input];
        let text = field(&input.column);
        match &input.kind {
            InputKind::Missing => f64::from(u8::from(text.is_empty())),
            _ if text.is_empty() => input.fill.unwrap(),
            InputKind::Number => text.parse().unwrap(),
            InputKind::Boolean => f64::from(u8::from(text == "yes")),
            InputKind::Category(levels) => {
                levels.iter().position(|level| level == text).unwrap() as f64
            }
        }
    };
    let mut values: Vec<f64> = Vec::new();
    for step in &plan.steps {
        values.push(match *step {
            Step::Input(input) => value(input),
            Step::Indicator { input, level } => f64::from(u8::from(value(input) == level as f64)),
            Step::Constant(x) => x,
            Step::Negative(x) => -values[x],
            Step::Apply(Function::Exp, x) => values[x].exp(),
            Step::Apply(Function::Log1p, x) => values[x].ln_1p(),
            Step::Apply(function, _) => panic!("the test does not know {function:?}"),
            Step::Binary(operator, x, y) => {
                let (x, y) = (values[x], values[y]);
                match operator {
                    Arithmetic::Plus => x + y,
                    Arithmetic::Minus => x - y,
                    Arithmetic::Times => x * y,
                    Arithmetic::Over => x / y,
                    Arithmetic::Power => x.powf(y),
                }
            }
        });
    }
    plan.features.iter().map(|step| values[*step]).collect()
}

#[test]
fn steps_give_the_bits_of_the_features() {
    let formula =
        |text: &str| Preparation::formula(text.parse::<Formula>().unwrap()).missing(Missing::Mean);
    let preparations = [
        Preparation::new("y")
            .missing(Missing::Median)
            .indicators()
            .polynomial(3)
            .scaling(Scaling::Standard),
        Preparation::new("y")
            .missing(Missing::Mode)
            .ordinal("c", ["u", "v", "w"])
            .scaling(Scaling::Standard),
        formula("y ~ poly(a, 3) + exp(-a) * C(c, \"v\") + I(b ** 2 / 3) + I((a + 2) ** 1.5) - 1"),
        formula("y ~ log1p(b):c:d + scale(b)"),
    ];
    let mut lines = FILE.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    for preparation in preparations {
        let recipe = preparation.learn(&frame()).unwrap();
        let (expected, plan) = (recipe.features(&frame()).unwrap().matrix, recipe.plan());
        assert_eq!(
            (plan.features.len(), plan.offset),
            (recipe.feature_names().len(), None)
        );
        for (i, row) in rows.iter().enumerate() {
            for (j, found) in features(&plan, &names, row).into_iter().enumerate() {
                assert_eq!(
                    found,
                    expected[(i, j)],
                    "row {i}, {}",
                    recipe.feature_names()[j]
                );
            }
        }
    }
}

#[test]
fn an_offset_is_a_step_and_rows_may_be_dropped() {
    let formula = "y ~ a + offset(log1p(a + 1))".parse::<Formula>().unwrap();
    let recipe = Preparation::formula(formula)
        .missing(Missing::DropRows)
        .learn(&frame())
        .unwrap();
    let plan = recipe.plan();
    assert!(plan.drops_rows);
    assert!(matches!(
        plan.steps[plan.offset.unwrap()],
        Step::Apply(Function::Log1p, _)
    ));
}
