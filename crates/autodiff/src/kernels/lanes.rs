//! Several numbers at a time.

use std::ops::{Add, Div, Mul, Neg, Sub};

use linalg::Scalar;

use super::Column;
use crate::{Elementwise, Number};

/// Several numbers at a time.
#[derive(Clone, Copy)]
pub(super) struct Lanes<T, const W: usize>(pub(super) [T; W]);

impl<T: Scalar, const W: usize> Lanes<T, W> {
    /// Entries `i..i + W` of a column.
    #[inline(always)]
    pub(super) fn load(column: &Column<'_, T>, i: usize) -> Self {
        let mut lanes = [T::ZERO; W];
        match column {
            Column::One(value) => lanes = [*value; W],
            Column::Slice(slice) => lanes.copy_from_slice(&slice[i..i + W]),
            Column::Strided(column) => {
                for (k, lane) in lanes.iter_mut().enumerate() {
                    *lane = column[i + k];
                }
            }
        }
        Self(lanes)
    }

    #[inline(always)]
    fn both(mut self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        for (x, y) in self.0.iter_mut().zip(&other.0) {
            *x = f(*x, *y);
        }
        self
    }

    #[inline(always)]
    fn each(mut self, f: impl Fn(T) -> T) -> Self {
        for x in &mut self.0 {
            *x = f(*x);
        }
        self
    }
}

macro_rules! lanes_operator {
    ($($operator:ident $method:ident;)*) => {
        $(impl<T: Scalar, const W: usize> $operator for Lanes<T, W> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for (x, y) in self.0.iter_mut().zip(&other.0) {
                    *x = $operator::$method(*x, *y);
                }
                self
            }
        })*
    };
}
lanes_operator! { Add add; Sub sub; Mul mul; Div div; }

impl<T: Scalar, const W: usize> Neg for Lanes<T, W> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.each(|x| -x)
    }
}

impl<T: Scalar, const W: usize> Number for Lanes<T, W> {
    #[inline(always)]
    fn constant(self, c: f64) -> Self {
        Self([T::from_f64(c); W])
    }
    #[inline(always)]
    fn affine(self, scale: f64, offset: f64) -> Self {
        let (scale, offset) = (T::from_f64(scale), T::from_f64(offset));
        self.each(|x| scale * x + offset)
    }
    #[inline(always)]
    fn apply<F: Elementwise>(self, f: F) -> Self {
        let mut out = [T::ZERO; W];
        f.map(&self.0, &mut out);
        Self(out)
    }
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self.both(other, Scalar::larger)
    }
    #[inline(always)]
    fn share(self, other: Self) -> Self {
        self.both(other, crate::number::share)
    }
    #[inline(always)]
    fn keep(self, x: Self) -> Self {
        self.both(x, |mask, x| if mask > T::ZERO { x } else { T::ZERO })
    }
    #[inline(always)]
    fn power(self, exponent: Self) -> Self {
        self.both(exponent, Scalar::powf)
    }
    #[inline(always)]
    fn times(self, factor: Self) -> Self {
        self.both(factor, crate::number::times)
    }
}
