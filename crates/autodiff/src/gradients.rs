//! Gradients are values.

use std::fmt;
use std::ops::{Add, AddAssign, Index};
use std::rc::Rc;

use linalg::{MatRef, Scalar, reduce};

use crate::pool::{Buffer, Pool};
use crate::{Shape, Var};

/// What a gradient belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// The n-th variable of the tape with this number.
    Variable(u64, u32),
    /// A parameter, by its identity.
    Parameter(u64),
}

/// The derivative of one number with respect to one variable: a matrix of the variable's shape.
#[derive(Clone)]
pub struct Gradient<T: Scalar>(pub(crate) Buffer<T>);

impl<T: Scalar> Gradient<T> {
    /// The entries as a matrix.
    pub fn as_mat(&self) -> MatRef<'_, T> {
        self.0.view()
    }

    /// The entries, column after column.
    pub fn as_slice(&self) -> &[T] {
        self.0.slice()
    }

    /// Rows and columns.
    pub fn shape(&self) -> Shape {
        self.0.shape()
    }
}

impl<T: Scalar> Index<(usize, usize)> for Gradient<T> {
    type Output = T;
    #[track_caller]
    fn index(&self, (row, column): (usize, usize)) -> &T {
        let Shape { rows, columns } = self.shape();
        assert!(
            row < rows && column < columns,
            "entry ({row}, {column}) of a {rows}x{columns} gradient"
        );
        &self.0.slice()[row + column * rows]
    }
}

impl<T: Scalar> fmt::Debug for Gradient<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The derivatives of one number with respect to all variables that it depends on.
///
/// A value like any other: adding two accumulates, and nothing stale is left to clear.
///
/// ```
/// use autodiff::Tape;
/// let tape = Tape::new();
/// let w = tape.variable(&[2.0_f64]);
/// let z = w * 2.0;
/// let mut total = z.backward();
/// total += &z.backward();
/// assert_eq!(total[w][(0, 0)], 4.0);
/// ```
#[derive(Debug)]
pub struct Gradients<T: Scalar> {
    pub(crate) list: Vec<(Key, Gradient<T>)>,
    pool: Rc<Pool<T>>,
}

impl<T: Scalar> Gradients<T> {
    pub(crate) fn new(pool: &Rc<Pool<T>>, list: Vec<(Key, Gradient<T>)>) -> Self {
        Self {
            list,
            pool: Rc::clone(pool),
        }
    }

    fn find(&self, key: Key) -> Option<&Gradient<T>> {
        self.list
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, gradient)| gradient)
    }

    /// The gradient with respect to a variable; `None` if the differentiated number does not depend on it.
    pub fn get(&self, variable: Var<'_, T>) -> Option<&Gradient<T>> {
        variable.key().and_then(|key| self.find(key))
    }

    /// The gradient with respect to the parameter with this identity.
    pub fn parameter(&self, id: u64) -> Option<&Gradient<T>> {
        self.find(Key::Parameter(id))
    }

    /// The entries of every gradient, column after column, in the order of the sweep that made them.
    pub fn entries(&self) -> impl Iterator<Item = &[T]> {
        self.list.iter().map(|(_, gradient)| gradient.as_slice())
    }

    /// The same, to be changed.
    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        self.list
            .iter_mut()
            .map(|(_, gradient)| gradient.0.slice_mut())
    }

    /// Multiplies all gradients by a number, for instance by 1/k after k were accumulated.
    pub fn scale(&mut self, factor: T) {
        for (_, gradient) in &mut self.list {
            gradient.0.slice_mut().iter_mut().for_each(|x| *x *= factor);
        }
    }

    /// The largest absolute entry of all.
    pub fn max_abs(&self) -> T {
        self.list.iter().fold(T::ZERO, |largest, (_, gradient)| {
            let here = reduce::max_abs(gradient.as_slice());
            if here.is_nan() || here > largest {
                here
            } else {
                largest
            }
        })
    }
}

impl<T: Scalar> Index<Var<'_, T>> for Gradients<T> {
    type Output = Gradient<T>;

    /// The gradient with respect to a variable.
    ///
    /// # Panics
    /// If `variable` is not a variable, or the differentiated number does not depend on it.
    #[track_caller]
    fn index(&self, variable: Var<'_, T>) -> &Gradient<T> {
        self.get(variable).unwrap_or_else(|| {
            panic!("no gradient for {variable:?}: it is not a variable, or what was differentiated does not depend on it")
        })
    }
}

impl<T: Scalar> Add for Gradients<T> {
    type Output = Self;

    /// The sum, variable by variable.
    ///
    /// # Panics
    /// If the two disagree about the shape of a variable.
    #[track_caller]
    fn add(mut self, other: Self) -> Self {
        self += &other;
        self
    }
}

impl<T: Scalar> AddAssign<&Self> for Gradients<T> {
    /// Adds the gradients variable by variable.
    ///
    /// # Panics
    /// If the two disagree about the shape of a variable.
    #[track_caller]
    fn add_assign(&mut self, other: &Self) {
        for (key, theirs) in &other.list {
            match self.list.iter_mut().find(|(known, _)| known == key) {
                Some((_, ours)) => {
                    assert_eq!(
                        ours.shape(),
                        theirs.shape(),
                        "gradients of different shapes cannot be added"
                    );
                    ours.0
                        .slice_mut()
                        .iter_mut()
                        .zip(theirs.as_slice())
                        .for_each(|(a, b)| *a += *b);
                }
                None => self.list.push((*key, theirs.clone())),
            }
        }
    }
}

impl<T: Scalar> Clone for Gradients<T> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            pool: Rc::clone(&self.pool),
        }
    }
}

impl<T: Scalar> Drop for Gradients<T> {
    fn drop(&mut self) {
        self.pool.give_list(std::mem::take(&mut self.list));
    }
}
