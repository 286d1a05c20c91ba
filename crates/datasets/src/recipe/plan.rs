//! The arithmetic of a recipe as a list of steps, for programs that write it in another language.

use std::collections::HashMap;

use super::Recipe;
use super::design::Factor;
use super::expression::{Arithmetic, Expression, Function};
use super::source::Kind;

/// How features follow from the columns of a table: steps, each of which reads inputs and steps before it. In double precision they give
/// the bits of [`Recipe::features`], if the functions do.
///
/// ```
/// use datasets::plan::{Arithmetic, Step};
/// use datasets::{CsvOptions, Formula, Preparation};
/// let frame = CsvOptions::new().read_from("t.csv", "a,c,y\n1,u,1\n3,v,0\n4,u,2\n".as_bytes())?;
/// let plan = Preparation::formula("y ~ I(a ** 2) + c".parse::<Formula>()?).learn(&frame)?.plan();
/// assert_eq!(plan.inputs.iter().map(|input| input.column.as_str()).collect::<Vec<_>>(), ["a", "c"]);
/// let expected = [Step::Input(0), Step::Binary(Arithmetic::Times, 0, 0), Step::Indicator { input: 1, level: 1 }];
/// assert_eq!((&plan.steps[..], &plan.features[..]), (&expected[..], &[1, 2][..]));
/// # Ok::<(), datasets::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is read.
    pub inputs: Vec<Input>,
    /// The steps.
    pub steps: Vec<Step>,
    /// For each feature the step that is its value. A feature that is not finite is refused.
    pub features: Vec<usize>,
    /// The step that is the known part of the linear predictor, if the recipe has one.
    pub offset: Option<usize>,
    /// True if rows with missing values are dropped: they have no prediction, and are no fault.
    pub drops_rows: bool,
}

/// What a plan reads from a column. Several inputs may read one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// The name of the column.
    pub column: String,
    /// What is taken from it.
    pub kind: InputKind,
    /// What stands for a missing value: a number, or the number of a level. Without it a row that has none is refused.
    pub fill: Option<f64>,
}

/// What an input takes from a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Its number.
    Number,
    /// 1 for true, 0 for false.
    Boolean,
    /// Which of these levels it is; another one is refused.
    Category(Vec<String>),
    /// 1 where it is missing, else 0.
    Missing,
}

/// A number of each row, from inputs and steps by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// The value of an input that is no category.
    Input(usize),
    /// 1 if the category has this level, else 0.
    Indicator {
        /// The category.
        input: usize,
        /// The place of the level.
        level: usize,
    },
    /// A constant.
    Constant(f64),
    /// A function of a step.
    Apply(Function, usize),
    /// A step with the other sign.
    Negative(usize),
    /// An operator between two steps.
    Binary(Arithmetic, usize, usize),
}

impl Plan {
    /// Columns of numbers, as they are.
    pub fn of_numbers<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        let input = |column: S| Input {
            column: column.into(),
            kind: InputKind::Number,
            fill: None,
        };
        let inputs: Vec<Input> = columns.into_iter().map(input).collect();
        Self {
            steps: (0..inputs.len()).map(Step::Input).collect(),
            features: (0..inputs.len()).collect(),
            inputs,
            offset: None,
            drops_rows: false,
        }
    }
}

impl Recipe {
    /// The arithmetic of the features and the offset.
    pub fn plan(&self) -> Plan {
        let parts = &self.0;
        let inputs = parts.columns.iter().map(|source| Input {
            column: source.name.clone(),
            kind: match &source.kind {
                Kind::Number => InputKind::Number,
                Kind::Boolean => InputKind::Boolean,
                Kind::Levels(levels) => InputKind::Category(levels.clone()),
                Kind::Missing => InputKind::Missing,
            },
            fill: source.fill,
        });
        let mut writer = Writer {
            inputs: inputs.collect(),
            steps: Vec::new(),
            known: HashMap::new(),
        };
        let mut features = Vec::new();
        for product in &parts.products {
            for (choice, _) in parts.columns_of(product) {
                let mut total: Option<usize> = None;
                for ((factor, _), part) in product.iter().zip(&choice) {
                    let next = writer.factor(&parts.factors[*factor], *part);
                    total = Some(match total {
                        Some(total) => writer.binary(Arithmetic::Times, total, next),
                        None => next,
                    });
                }
                features.extend(total);
            }
        }
        if let Some(scaler) = &parts.scaler {
            for (j, feature) in features.iter_mut().enumerate() {
                *feature = writer.standardised(*feature, scaler.center[j], scaler.scale[j]);
            }
        }
        let mut offset = None;
        for expression in &parts.offsets {
            let next = writer.expression(expression);
            offset = Some(match offset {
                Some(total) => writer.binary(Arithmetic::Plus, total, next),
                None => next,
            });
        }
        Plan {
            inputs: writer.inputs,
            steps: writer.steps,
            features,
            offset,
            drops_rows: parts.drop_rows,
        }
    }
}

/// Collects steps, each once.
struct Writer {
    inputs: Vec<Input>,
    steps: Vec<Step>,
    known: HashMap<String, usize>,
}

impl Writer {
    fn add(&mut self, step: Step) -> usize {
        // The text of a step has all bits of its numbers.
        let next = self.steps.len();
        let at = *self.known.entry(format!("{step:?}")).or_insert(next);
        if at == next {
            self.steps.push(step);
        }
        at
    }

    fn constant(&mut self, value: f64) -> usize {
        self.add(Step::Constant(value))
    }

    fn binary(&mut self, operator: Arithmetic, left: usize, right: usize) -> usize {
        self.add(Step::Binary(operator, left, right))
    }

    /// (x − centre) / scale.
    fn standardised(&mut self, mut x: usize, center: f64, scale: f64) -> usize {
        if center != 0.0 {
            let center = self.constant(center);
            x = self.binary(Arithmetic::Minus, x, center);
        }
        if scale != 1.0 {
            let scale = self.constant(scale);
            x = self.binary(Arithmetic::Over, x, scale);
        }
        x
    }

    fn expression(&mut self, expression: &Expression) -> usize {
        match expression {
            Expression::Column(at) => match &self.inputs[*at].kind {
                InputKind::Category(levels) => self.code(*at, levels.len()),
                _ => self.add(Step::Input(*at)),
            },
            Expression::Constant(value) => self.constant(*value),
            Expression::Apply(function, of) => {
                let of = self.expression(of);
                self.add(Step::Apply(*function, of))
            }
            Expression::Negative(of) => {
                let of = self.expression(of);
                self.add(Step::Negative(of))
            }
            Expression::Binary(operator, left, right) => {
                let left = self.expression(left);
                // A square is one multiplication, as in the evaluation.
                if *operator == Arithmetic::Power && **right == Expression::Constant(2.0) {
                    return self.add(Step::Binary(Arithmetic::Times, left, left));
                }
                let right = self.expression(right);
                self.add(Step::Binary(*operator, left, right))
            }
            Expression::Standardised { of, center, scale } => {
                let of = self.expression(of);
                self.standardised(of, *center, *scale)
            }
        }
    }

    /// The place of the level, from 0.
    fn code(&mut self, input: usize, levels: usize) -> usize {
        let mut total = self.constant(0.0);
        for level in 1..levels {
            let indicator = self.add(Step::Indicator { input, level });
            let place = self.constant(level as f64);
            let term = self.binary(Arithmetic::Times, indicator, place);
            total = self.binary(Arithmetic::Plus, total, term);
        }
        total
    }

    fn factor(&mut self, factor: &Factor, part: usize) -> usize {
        match factor {
            Factor::Number { value, .. } => self.expression(value),
            Factor::Polynomial {
                value,
                shifts,
                norms,
                ..
            } => {
                let x = self.expression(value);
                self.polynomial(x, shifts, norms, part)
            }
            Factor::Category { column, .. } => self.add(Step::Indicator {
                input: *column,
                level: part,
            }),
        }
    }

    /// The polynomial of degree `part + 1`: see [`Factor::Polynomial`].
    fn polynomial(&mut self, x: usize, shifts: &[f64], norms: &[f64], part: usize) -> usize {
        let (mut before, mut current): (Option<usize>, Option<usize>) = (None, None);
        for k in 0..=part {
            let shift = self.constant(shifts[k]);
            let mut next = self.binary(Arithmetic::Minus, x, shift);
            if let Some(current) = current {
                next = self.binary(Arithmetic::Times, next, current);
            }
            if k > 0 {
                let factor = self.constant(norms[k + 1] / norms[k]);
                let subtracted = match before {
                    Some(before) => self.binary(Arithmetic::Times, factor, before),
                    None => factor,
                };
                next = self.binary(Arithmetic::Minus, next, subtracted);
            }
            (before, current) = (current, Some(next));
        }
        let norm = self.constant(norms[part + 2].sqrt());
        current.map_or(x, |value| self.binary(Arithmetic::Over, value, norm))
    }
}
