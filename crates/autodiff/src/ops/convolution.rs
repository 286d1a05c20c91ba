//! Two-dimensional convolution (as networks call the correlation) of images that stand in rows: channels x height x width, the width
//! fastest.
//!
//! The map is linear in the images and in the weight, so three products of three things, each of which pulls back to the two others,
//! are all that derivatives of any order need.

use linalg::{Accum, Mat, MatMut, MatRef, Scalar, flat, flat_mut, matmul};

use super::put;
use crate::{Accumulator, Array, Cotangents, Op, Shape};

/// The sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Channels, height and width of an image.
    pub image: [usize; 3],
    /// Channels of the result.
    pub outputs: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and across.
    pub stride: [usize; 2],
    /// Rows and columns of zeros around the image.
    pub padding: [usize; 2],
}

impl Window {
    /// Height and width of the result: ⌊(size + 2 padding − kernel) / stride⌋ + 1; 0 where the kernel is larger than the image.
    pub fn result(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let size = self.image[axis + 1].saturating_add(self.padding[axis].saturating_mul(2));
            match size.checked_sub(self.kernel[axis]) {
                Some(room) if self.stride[axis] > 0 => (room / self.stride[axis]).saturating_add(1),
                _ => 0,
            }
        })
    }

    fn pixels(&self) -> usize {
        product(self.image)
    }

    fn positions(&self) -> usize {
        product(self.result())
    }

    /// Entries under the kernel: columns of the weight.
    pub fn patch(&self) -> usize {
        product([self.image[0], self.kernel[0], self.kernel[1]])
    }

    fn images(&self, rows: usize) -> Shape {
        Shape::new(rows, self.pixels())
    }

    fn results(&self, rows: usize) -> Shape {
        Shape::new(rows, self.outputs.saturating_mul(self.positions()))
    }

    fn weight(&self) -> Shape {
        Shape::new(self.outputs, self.patch())
    }

    /// The pixel under entry `k` of the kernel at a position; none in the padding.
    fn pixel(&self, position: usize, k: usize) -> Option<usize> {
        let [_, height, width] = self.image;
        let across = self.result()[1];
        let (channel, within) = (
            k / (self.kernel[0] * self.kernel[1]),
            k % (self.kernel[0] * self.kernel[1]),
        );
        let place = |at: usize, step: usize, inside: usize, padding: usize, size: usize| {
            (at * step + inside)
                .checked_sub(padding)
                .filter(|place| *place < size)
        };
        let y = place(
            position / across,
            self.stride[0],
            within / self.kernel[1],
            self.padding[0],
            height,
        )?;
        let x = place(
            position % across,
            self.stride[1],
            within % self.kernel[1],
            self.padding[1],
            width,
        )?;
        Some((channel * height + y) * width + x)
    }
}

/// The largest number stands for what is larger; a matrix of that size is refused.
fn product<const N: usize>(sizes: [usize; N]) -> usize {
    sizes.into_iter().fold(1, usize::saturating_mul)
}

/// Numbers of a block of patches.
const BLOCK: usize = 1 << 18;

/// The patches of some positions: a row for each position and image, the image fastest; a column for each entry of the kernel.
fn patches<T: Scalar>(
    w: &Window,
    x: MatRef<'_, T>,
    positions: std::ops::Range<usize>,
    out: &mut Mat<T>,
) {
    let n = x.nrows();
    for k in 0..w.patch() {
        let column = out.col_as_slice_mut(k);
        for (at, position) in positions.clone().enumerate() {
            let part = &mut column[at * n..(at + 1) * n];
            match w.pixel(position, k) {
                Some(pixel) => {
                    for (i, part) in part.iter_mut().enumerate() {
                        *part = x[(i, pixel)];
                    }
                }
                None => part.fill(T::ZERO),
            }
        }
    }
}

/// Calls `f` with the patches of a block of positions, and the rows that these are of the results (one row a position and image).
fn blocks<T: Scalar>(
    w: &Window,
    x: MatRef<'_, T>,
    mut f: impl FnMut(MatRef<'_, T>, std::ops::Range<usize>),
) {
    let (n, d, all) = (x.nrows(), w.patch(), w.positions());
    let most = (BLOCK / (n * d).max(1)).max(1);
    let mut from = 0;
    while from < all {
        let to = (from + most).min(all);
        let mut block = Mat::zeros((to - from) * n, d);
        patches(w, x, from..to, &mut block);
        f(block.as_ref(), from * n..to * n);
        from = to;
    }
}

/// Results as a matrix of one row a position and image: the same numbers in memory.
fn by_position<'m, T: Scalar>(
    w: &Window,
    y: MatRef<'m, T>,
    memory: &'m mut Vec<T>,
) -> MatRef<'m, T> {
    let rows = y.nrows() * w.positions();
    let numbers = if let Some(numbers) = flat(y) {
        numbers
    } else {
        *memory = (0..y.ncols())
            .flat_map(|j| (0..y.nrows()).map(move |i| y[(i, j)]))
            .collect();
        memory
    };
    MatRef::from_column_major_slice(numbers, rows, w.outputs)
}

/// Images and weight to results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolve(pub Window);

/// Results and weight to images: what [`Convolve`] pulls back to its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolveBack(pub Window);

/// Images and results to a weight: what [`Convolve`] pulls back to its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolveWeight(pub Window);

impl Op<2> for Convolve {
    fn name(&self) -> &'static str {
        "convolution"
    }

    fn shape(&self, [x, w]: [Shape; 2]) -> Result<Shape, &'static str> {
        if self.0.positions() == 0 {
            return Err("the kernel is larger than the image with its padding, or the stride is 0");
        }
        if x.columns != self.0.pixels() {
            return Err("the rows of the first are images of channels x height x width");
        }
        if w != self.0.weight() {
            return Err(
                "the weight has one row an output and one column an entry of the kernel, channel by channel",
            );
        }
        Ok(self.0.results(x.rows))
    }

    fn eval<T: Scalar>(&self, [x, w]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        let rows = x.nrows() * self.0.positions();
        let mut own = Vec::new();
        let direct = flat(out.as_ref()).is_some();
        if direct {
            if let Some(numbers) = flat_mut(out) {
                let mut y = MatMut::from_column_major_slice_mut(numbers, rows, self.0.outputs);
                blocks(&self.0, x, |patches, at| {
                    let part = y.as_mut().subrows_mut(at.start, at.len());
                    matmul(patches, w.transpose(), part, accum);
                });
            }
            return;
        }
        own.resize(rows * self.0.outputs, T::ZERO);
        let mut y = MatMut::from_column_major_slice_mut(&mut own, rows, self.0.outputs);
        blocks(&self.0, x, |patches, at| {
            let part = y.as_mut().subrows_mut(at.start, at.len());
            matmul(patches, w.transpose(), part, Accum::Replace);
        });
        let n = x.nrows();
        for j in 0..out.ncols() {
            for i in 0..n {
                put(&mut out[(i, j)], own[i + j * n], accum);
            }
        }
    }

    fn jvp<A: Array>(
        &self,
        [x, w]: [&A; 2],
        _: &A,
        [dx, dw]: [Option<&A>; 2],
        mut dy: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            dy.add(*self, [dx, w]);
        }
        if let Some(dw) = dw {
            dy.add(*self, [x, dw]);
        }
    }

    fn vjp<A: Array>(&self, [x, w]: [&A; 2], _: &A, dy: &A, mut dx: Cotangents<'_, A, 2>) {
        dx.add(0, ConvolveBack(self.0), [dy, w]);
        dx.add(1, ConvolveWeight(self.0), [x, dy]);
    }
}

impl Op<2> for ConvolveBack {
    fn name(&self) -> &'static str {
        "convolution back to images"
    }

    fn shape(&self, [y, w]: [Shape; 2]) -> Result<Shape, &'static str> {
        if y == self.0.results(y.rows) && w == self.0.weight() {
            Ok(self.0.images(y.rows))
        } else {
            Err("the first has the results of a convolution, the second its weight")
        }
    }

    fn eval<T: Scalar>(&self, [y, w]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        let (window, n, d) = (&self.0, y.nrows(), self.0.patch());
        if accum == Accum::Replace {
            out.fill(T::ZERO);
        }
        let mut memory = Vec::new();
        let y = by_position(window, y, &mut memory);
        let most = (BLOCK / (n * d).max(1)).max(1);
        let all = window.positions();
        let mut from = 0;
        while from < all {
            let to = (from + most).min(all);
            let mut block: Mat<T> = Mat::zeros((to - from) * n, d);
            matmul(
                y.subrows(from * n, (to - from) * n),
                w,
                block.as_mut(),
                Accum::Replace,
            );
            for k in 0..d {
                let column = block.col_as_slice(k);
                for (at, position) in (from..to).enumerate() {
                    if let Some(pixel) = window.pixel(position, k) {
                        for (i, value) in column[at * n..(at + 1) * n].iter().enumerate() {
                            out[(i, pixel)] += *value;
                        }
                    }
                }
            }
            from = to;
        }
    }

    fn jvp<A: Array>(
        &self,
        [y, w]: [&A; 2],
        _: &A,
        [dy, dw]: [Option<&A>; 2],
        mut dx: Accumulator<'_, A>,
    ) {
        if let Some(dy) = dy {
            dx.add(*self, [dy, w]);
        }
        if let Some(dw) = dw {
            dx.add(*self, [y, dw]);
        }
    }

    fn vjp<A: Array>(&self, [y, w]: [&A; 2], _: &A, dx: &A, mut to: Cotangents<'_, A, 2>) {
        to.add(0, Convolve(self.0), [dx, w]);
        to.add(1, ConvolveWeight(self.0), [dx, y]);
    }
}

impl Op<2> for ConvolveWeight {
    fn name(&self) -> &'static str {
        "convolution back to the weight"
    }

    fn shape(&self, [x, y]: [Shape; 2]) -> Result<Shape, &'static str> {
        if x == self.0.images(x.rows) && y == self.0.results(x.rows) {
            Ok(self.0.weight())
        } else {
            Err("the first has images, the second the results of their convolution")
        }
    }

    fn eval<T: Scalar>(&self, [x, y]: [MatRef<'_, T>; 2], mut out: MatMut<'_, T>, accum: Accum) {
        if accum == Accum::Replace {
            out.fill(T::ZERO);
        }
        let mut memory = Vec::new();
        let y = by_position(&self.0, y, &mut memory);
        blocks(&self.0, x, |patches, at| {
            let part = y.subrows(at.start, at.len());
            matmul(part.transpose(), patches, out.as_mut(), Accum::Add);
        });
    }

    fn jvp<A: Array>(
        &self,
        [x, y]: [&A; 2],
        _: &A,
        [dx, dy]: [Option<&A>; 2],
        mut dw: Accumulator<'_, A>,
    ) {
        if let Some(dx) = dx {
            dw.add(*self, [dx, y]);
        }
        if let Some(dy) = dy {
            dw.add(*self, [x, dy]);
        }
    }

    fn vjp<A: Array>(&self, [x, y]: [&A; 2], _: &A, dw: &A, mut to: Cotangents<'_, A, 2>) {
        to.add(0, ConvolveBack(self.0), [y, dw]);
        to.add(1, Convolve(self.0), [x, dw]);
    }
}
