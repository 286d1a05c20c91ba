//! The memory of an optimiser as plain arrays, for checkpoints.

use linalg::Scalar;
use models::Module;

use super::optimizer::Entry;
use super::{Optimizer, OptimizerError, Rule, State};

/// All that an optimiser remembers, under the names of the parameters. With the rules' settings it continues bit for bit.
#[derive(Debug, Clone, PartialEq)]
pub struct OptimizerState<T> {
    /// Steps so far.
    pub steps: u64,
    /// The learning rate of every group now, the one of all other parameters first.
    pub learning_rates: Vec<f64>,
    /// The learning rate of every group from which schedules count.
    pub base_rates: Vec<f64>,
    /// The parameters that have moved, in the order of the model.
    pub parameters: Vec<ParameterState<T>>,
}

/// What is remembered of one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterState<T> {
    /// Its name (`hidden.weight`).
    pub name: String,
    /// Its steps so far.
    pub steps: u64,
    /// Arrays with their names (`exp_avg`), each in the order of the parameter: column after column.
    pub arrays: Vec<(String, Vec<T>)>,
    /// Numbers with their names (`mu_product`).
    pub numbers: Vec<(String, f64)>,
}

impl<T: Scalar, R: Rule<T>> Optimizer<T, R> {
    /// What it remembers of the parameters of this model.
    ///
    /// ```
    /// use models::{Linear, Module, loss};
    /// use autodiff::Tape;
    /// use train::{Adam, Optimizer};
    /// let mut model = Linear::<f64>::zeros(1, 1);
    /// let mut optimizer = Optimizer::new(Adam::new(0.1));
    /// let (x, y) = ([1.0], [2.0]);
    /// let tape = Tape::new();
    /// let gradients = loss::squared_error(model.forward(tape.constant(&x)), tape.constant(&y)).sum().backward();
    /// optimizer.step(&mut model, &gradients);
    ///
    /// let state = optimizer.state(&model);
    /// assert_eq!(state.parameters[0].name, "weight");
    /// assert_eq!(state.parameters[0].arrays[0].0, "exp_avg");
    /// assert!((state.parameters[0].arrays[0].1[0] + 0.4).abs() < 1e-15);
    ///
    /// let mut other = Optimizer::new(Adam::new(0.1));
    /// other.restore(&model, &state)?;
    /// assert_eq!(other.state(&model), state);
    /// # Ok::<(), train::OptimizerError>(())
    /// ```
    pub fn state(&self, model: &(impl Module<T> + ?Sized)) -> OptimizerState<T> {
        let mut parameters = Vec::new();
        model.visit("", &mut |name, parameter| {
            if let Some(entry) = self.entries.get(&parameter.id()) {
                let rule = &self.groups[entry.group].rule;
                let (arrays, numbers) = (entry.state.arrays.iter(), entry.state.numbers.iter());
                let arrays = arrays.enumerate();
                let numbers = numbers.enumerate();
                parameters.push(ParameterState {
                    name: name.to_owned(),
                    steps: entry.steps,
                    arrays: arrays
                        .map(|(k, array)| (place(rule.arrays(), k), array.clone()))
                        .collect(),
                    numbers: numbers
                        .map(|(k, number)| (place(rule.numbers(), k), *number))
                        .collect(),
                });
            }
        });
        OptimizerState {
            steps: self.steps,
            learning_rates: self.groups.iter().map(|g| g.rule.learning_rate()).collect(),
            base_rates: self.groups.iter().map(|g| g.base).collect(),
            parameters,
        }
    }

    /// Takes the place of the optimiser that the state is of: from here it makes the same steps, bit for bit, if the rules have the
    /// same settings. What was remembered before is forgotten.
    ///
    /// # Errors
    /// If the state has parameters that the model has not, arrays of other lengths, or what another rule or other groups
    /// remember. The optimiser is then as it was.
    pub fn restore(
        &mut self,
        model: &(impl Module<T> + ?Sized),
        state: &OptimizerState<T>,
    ) -> Result<(), OptimizerError> {
        for found in [state.learning_rates.len(), state.base_rates.len()] {
            if found != self.groups.len() {
                let wanted = self.groups.len();
                return Err(OptimizerError::Groups { found, wanted });
            }
        }
        for rate in state.learning_rates.iter().chain(&state.base_rates) {
            super::error::rate("state", *rate)?;
        }
        let mut known = Vec::new();
        model.visit("", &mut |name, parameter| {
            known.push((name.to_owned(), parameter.id(), parameter.shape().len()));
        });
        let mut entries = std::collections::HashMap::new();
        for stored in &state.parameters {
            let Some((name, id, length)) = known.iter().find(|(name, ..)| *name == stored.name)
            else {
                let name = stored.name.clone();
                return Err(OptimizerError::UnknownParameter { name });
            };
            let group = self.group_of(name);
            entries.insert(
                *id,
                Entry {
                    group,
                    steps: stored.steps,
                    state: read(&self.groups[group].rule, stored, *length)?,
                },
            );
        }
        self.entries = entries;
        self.steps = state.steps;
        for (k, group) in self.groups.iter_mut().enumerate() {
            group.base = state.base_rates[k];
            group.rule.set_learning_rate(state.learning_rates[k]);
        }
        Ok(())
    }
}

/// The name of what a rule remembers at a place.
pub(crate) fn place(names: &[&str], k: usize) -> String {
    let name = names.get(k);
    name.map_or_else(|| format!("number {k}"), |name| (*name).to_owned())
}

/// True if a stored state has names that a rule remembers, in their order. A rule may come to some later than to others, but it does not
/// begin with none.
fn fits(stored: &[&str], names: &[&str]) -> bool {
    let own = stored.iter().enumerate();
    own.clone().all(|(k, name)| place(names, k) == **name)
        && (names.is_empty() || !stored.is_empty())
}

/// What a rule remembers, from the names of a stored state.
fn read<T: Scalar, R: Rule<T>>(
    rule: &R,
    stored: &ParameterState<T>,
    length: usize,
) -> Result<State<T>, OptimizerError> {
    let arrays: Vec<&str> = stored
        .arrays
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let numbers: Vec<&str> = stored
        .numbers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    // Numbers may come late, and all of them.
    let late = numbers.is_empty() && !arrays.is_empty();
    if !fits(&arrays, rule.arrays()) || !(late || fits(&numbers, rule.numbers())) {
        let owned = |names: &[&str]| names.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        return Err(OptimizerError::OtherRule {
            parameter: stored.name.clone(),
            rule: rule.name(),
            found: [owned(&arrays), owned(&numbers)].concat(),
            wanted: [owned(rule.arrays()), owned(rule.numbers())].concat(),
        });
    }
    for (name, array) in &stored.arrays {
        if array.len() != length {
            return Err(OptimizerError::Length {
                parameter: stored.name.clone(),
                array: name.clone(),
                found: array.len(),
                wanted: length,
            });
        }
    }
    Ok(State {
        arrays: stored.arrays.iter().map(|(_, a)| a.clone()).collect(),
        numbers: stored.numbers.iter().map(|(_, x)| *x).collect(),
    })
}
