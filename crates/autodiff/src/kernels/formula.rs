//! What is computed for an entry.

use std::array::from_fn;

use crate::{Dual, Elementwise, Elementwise2, Number, Side};

/// A formula over `K` operands, in the language of slopes.
pub(crate) trait Formula<const K: usize>: Sync {
    /// Its value.
    fn at<N: Number>(&self, x: [N; K]) -> N;
}

/// The value of a function of two entries.
#[derive(Clone, Copy)]
pub(crate) struct ZipValue<F>(pub F);
impl<F: Elementwise2> Formula<2> for ZipValue<F> {
    #[inline]
    fn at<N: Number>(&self, [a, b]: [N; 2]) -> N {
        self.0.value(a, b)
    }
}

/// Cotangent (or tangent) times slope of a function of one entry, from x, y, d.
#[derive(Clone, Copy)]
pub(crate) struct MapSlope<F>(pub F);
impl<F: Elementwise> Formula<3> for MapSlope<F> {
    #[inline]
    fn at<N: Number>(&self, [x, y, d]: [N; 3]) -> N {
        self.0.chain(x, y, d)
    }
}

/// Cotangent (or tangent) times slope of a function of two entries, from a, b, y, d.
#[derive(Clone, Copy)]
pub(crate) struct ZipSlope<F>(pub F, pub Side);
impl<F: Elementwise2> Formula<4> for ZipSlope<F> {
    #[inline]
    fn at<N: Number>(&self, [a, b, y, d]: [N; 4]) -> N {
        self.0.chain(self.1, a, b, y, d)
    }
}

/// The derivative of a formula in a direction: operands first, then their tangents.
#[derive(Clone, Copy)]
pub(crate) struct Tangent<F>(pub F);
macro_rules! tangent {
    ($k:literal, $twice:literal) => {
        impl<F: Formula<$k>> Formula<$twice> for Tangent<F> {
            #[inline]
            fn at<N: Number>(&self, x: [N; $twice]) -> N {
                let pairs = from_fn(|k| Dual {
                    value: x[k],
                    tangent: x[k + $k],
                });
                self.0.at(pairs).tangent
            }
        }
    };
}
tangent!(3, 6);
tangent!(4, 8);
