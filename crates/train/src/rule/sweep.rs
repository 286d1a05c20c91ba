//! One loop for all rules: a formula for an entry, over all entries, as vector code and in parallel.

use linalg::{Scalar, elementwise, parallel};

/// What a rule does to one entry. Implementations are marked `#[inline(always)]`.
pub(super) trait Entry<T: Scalar, const K: usize>: Copy + Sync {
    /// The new value; the entry of each array is changed in place.
    fn moved(self, value: T, gradient: T, state: &mut [T; K]) -> T;
}

/// What happens to the gradient before a rule sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Regularised<T> {
    /// −1 to maximise, else 1.
    sign: T,
    /// The weight decay that is added to the gradient as decay · value.
    decay: T,
    /// The factor of the value before the step: 1 − rate · decay where the decay is decoupled.
    keep: T,
}

impl<T: Scalar> Regularised<T> {
    /// The weight decay enters the gradient: an l2 penalty.
    pub(super) fn new(weight_decay: f64, maximize: bool) -> Self {
        Self {
            sign: T::from_f64(if maximize { -1.0 } else { 1.0 }),
            decay: T::from_f64(weight_decay),
            keep: T::ONE,
        }
    }

    /// The weight decay shrinks the value (Loshchilov and Hutter 2019).
    pub(super) fn decoupled(weight_decay: f64, rate: f64, maximize: bool) -> Self {
        Self {
            keep: T::from_f64(1.0 - rate * weight_decay),
            ..Self::new(0.0, maximize)
        }
    }

    /// Either.
    pub(super) fn chosen(decoupled: bool, weight_decay: f64, rate: f64, maximize: bool) -> Self {
        if decoupled {
            Self::decoupled(weight_decay, rate, maximize)
        } else {
            Self::new(weight_decay, maximize)
        }
    }

    /// Value and gradient for the rule.
    #[inline(always)]
    fn of(self, value: T, gradient: T) -> (T, T) {
        let gradient = self.sign * gradient;
        let gradient = if self.decay == T::ZERO {
            gradient
        } else {
            gradient + self.decay * value
        };
        (self.keep * value, gradient)
    }
}

/// `old` moved towards `new` by a part of the way, as PyTorch's `lerp` rounds it.
#[inline(always)]
pub(super) fn lerp<T: Scalar>(old: T, new: T, weight: T) -> T {
    if weight + weight < T::ONE {
        old + weight * (new - old)
    } else {
        new - (new - old) * (T::ONE - weight)
    }
}

struct Sweep<'a, T, E, const K: usize> {
    entry: E,
    regularised: Regularised<T>,
    value: &'a mut [T],
    gradient: &'a [T],
    states: [&'a mut [T]; K],
}

impl<T: Scalar, E: Entry<T, K>, const K: usize> elementwise::Loop for Sweep<'_, T, E, K> {
    #[inline(always)]
    fn run(self) {
        let n = self.value.len();
        let (value, gradient) = (&mut self.value[..n], &self.gradient[..n]);
        let mut states = self.states;
        for state in &mut states {
            assert_eq!(state.len(), n, "a state has the length of its parameter");
        }
        for i in 0..n {
            let mut state = [T::ZERO; K];
            for k in 0..K {
                state[k] = states[k][i];
            }
            let (x, g) = self.regularised.of(value[i], gradient[i]);
            value[i] = self.entry.moved(x, g, &mut state);
            for k in 0..K {
                states[k][i] = state[k];
            }
        }
    }
}

/// Moves all entries, in parallel if there are many. Entries are independent, so the bits do not depend on the parts.
///
/// # Panics
/// If value and gradient differ in length.
pub(super) fn sweep<T: Scalar, E: Entry<T, K>, const K: usize>(
    (rule, regularised): (&'static str, Regularised<T>),
    value: &mut [T],
    gradient: &[T],
    states: [&mut [T]; K],
    entry: E,
) {
    assert_eq!(
        value.len(),
        gradient.len(),
        "{rule}: the gradient has another length than the value"
    );
    in_parts(value, gradient, states, &|value, gradient, states| {
        elementwise::vectorised(Sweep {
            entry,
            regularised,
            value,
            gradient,
            states,
        });
    });
}

fn in_parts<T: Scalar, const K: usize>(
    value: &mut [T],
    gradient: &[T],
    states: [&mut [T]; K],
    f: &(impl Fn(&mut [T], &[T], [&mut [T]; K]) + Sync),
) {
    if value.len() <= 2 * parallel::LEAF {
        return f(value, gradient, states);
    }
    let at = value.len() / 2;
    let (value, more) = value.split_at_mut(at);
    let (gradient, rest) = gradient.split_at(at);
    let mut behind = [const { None }; K];
    let mut k = 0;
    let states = states.map(|state| {
        let (state, after) = state.split_at_mut(at);
        behind[k] = Some(after);
        k += 1;
        state
    });
    let behind = behind.map(Option::unwrap_or_default);
    parallel::join(
        || in_parts(value, gradient, states, f),
        || in_parts(more, rest, behind, f),
    );
}
