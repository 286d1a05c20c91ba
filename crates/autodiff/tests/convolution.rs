//! Convolutions against their definition, and their derivatives to second order.

use autodiff::{Tape, check, ops::Window};
use linalg::Mat;

fn naive(w: &Window, x: &Mat<f64>, weight: &Mat<f64>) -> Mat<f64> {
    let ([channels, height, width], [down, across]) = (w.image, w.result());
    Mat::from_fn(x.nrows(), w.outputs * down * across, |i, j| {
        let (output, at) = (j / (down * across), j % (down * across));
        let mut sum = 0.0;
        for c in 0..channels {
            for a in 0..w.kernel[0] {
                for b in 0..w.kernel[1] {
                    let y = (at / across * w.stride[0] + a) as isize - w.padding[0] as isize;
                    let z = (at % across * w.stride[1] + b) as isize - w.padding[1] as isize;
                    if (0..height as isize).contains(&y) && (0..width as isize).contains(&z) {
                        let pixel = (c * height + y as usize) * width + z as usize;
                        sum += x[(i, pixel)]
                            * weight[(output, (c * w.kernel[0] + a) * w.kernel[1] + b)];
                    }
                }
            }
        }
        sum
    })
}

const WINDOWS: [Window; 4] = [
    Window {
        image: [1, 3, 3],
        outputs: 1,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [0, 0],
    },
    Window {
        image: [2, 4, 5],
        outputs: 3,
        kernel: [3, 2],
        stride: [1, 1],
        padding: [1, 0],
    },
    Window {
        image: [3, 5, 4],
        outputs: 2,
        kernel: [2, 3],
        stride: [2, 1],
        padding: [0, 1],
    },
    Window {
        image: [1, 6, 6],
        outputs: 4,
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
    },
];

fn problem(w: &Window, n: usize) -> (Mat<f64>, Mat<f64>) {
    let x = Mat::from_fn(n, w.image.iter().product(), |i, j| {
        ((i * 31 + j * 7) as f64 * 0.37).sin()
    });
    let weight = Mat::from_fn(w.outputs, w.patch(), |i, j| {
        ((i * 5 + j * 3) as f64 * 0.71).cos()
    });
    (x, weight)
}

#[test]
fn results_are_those_of_the_definition() {
    for w in &WINDOWS {
        for n in [1, 4] {
            let (x, weight) = problem(w, n);
            let tape = Tape::new();
            let y = tape
                .constant(&x)
                .convolve(*w, tape.constant(&weight))
                .to_mat();
            let expected = naive(w, &x, &weight);
            for i in 0..n {
                for j in 0..y.ncols() {
                    assert!((y[(i, j)] - expected[(i, j)]).abs() < 1e-12, "{w:?}");
                }
            }
        }
    }
}

#[test]
fn derivatives_to_second_order() {
    for w in &WINDOWS {
        let (x, weight) = problem(w, 2);
        check::derivatives("convolution", &[x, weight], |v| {
            let y = v[0].convolve(*w, v[1]);
            (y.tanh() * y).sum()
        })
        .unwrap();
    }
}

#[test]
#[should_panic(expected = "kernel is larger than the image")]
fn a_kernel_larger_than_the_image_is_refused() {
    let w = Window {
        kernel: [4, 4],
        ..WINDOWS[0]
    };
    let tape = Tape::new();
    let (x, weight) = (Mat::<f64>::zeros(1, 9), Mat::zeros(1, 16));
    let _ = tape.constant(&x).convolve(w, tape.constant(&weight));
}
