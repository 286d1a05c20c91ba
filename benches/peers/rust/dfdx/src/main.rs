//! dfdx: the tutorial's loop, and steps of Adam. Shapes are types.

use common::Request;
use dfdx::optim::{Adam, AdamConfig};
use dfdx::prelude::*;

type Layers<const I: usize, const H: usize, const O: usize> = (Linear<I, H>, ReLU, Linear<H, O>);
type Built<const I: usize, const H: usize, const O: usize> = (
    dfdx::nn::modules::Linear<I, H, f32, Cpu>,
    ReLU,
    dfdx::nn::modules::Linear<H, O, f32, Cpu>,
);

fn doubles<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> Vec<f64> {
    tensor.as_vec().into_iter().map(f64::from).collect()
}

fn matrix<const R: usize, const C: usize>(
    request: &Request,
    name: &str,
    cpu: &Cpu,
) -> Tensor<Rank2<R, C>, f32, Cpu> {
    cpu.tensor_from_vec(request.matrix(name).by_rows_f32(), (Const::<R>, Const::<C>))
}

fn tutorial(request: &Request, cpu: &Cpu) {
    let x: Tensor<Rank2<6, 2>, f32, Cpu> = matrix(request, "x", cpu);
    let y: Tensor<Rank2<6, 1>, f32, Cpu> = matrix(request, "y", cpu);
    let updates = request.steps();
    let train = |()| {
        let mut w: Tensor<Rank2<2, 1>, f32, Cpu> = cpu.zeros();
        let mut b: Tensor<Rank1<1>, f32, Cpu> = cpu.zeros();
        for _ in 0..updates {
            let score = x.leaky_trace().matmul(w.clone()) + b.leaky_trace().broadcast();
            let hypothesis = score.sigmoid();
            let right = hypothesis.with_empty_tape().ln() * y.clone();
            let wrong = (hypothesis.negate() + 1.0).ln() * (y.clone().negate() + 1.0);
            let cost = (right + wrong).mean().negate();
            let gradients = cost.backward();
            w = w.clone() - gradients.get(&w);
            b = b.clone() - gradients.get(&b);
        }
        (w, b)
    };
    request.measure_split(|| (), train, |(w, b)| [doubles(&w), doubles(&b)].concat());
}

fn start<const I: usize, const H: usize, const O: usize>(
    request: &Request,
    cpu: &Cpu,
) -> Built<I, H, O> {
    let mut model = cpu.build_module::<Layers<I, H, O>, f32>();
    model.0.weight = matrix(request, "w1", cpu);
    model.0.bias = matrix::<H, 1>(request, "b1", cpu).reshape();
    model.2.weight = matrix(request, "w2", cpu);
    model.2.bias = matrix::<O, 1>(request, "b2", cpu).reshape();
    model
}

/// The loss decides whether y is a column of 0 and 1 or one column a class.
fn network<const B: usize, const I: usize, const H: usize, const O: usize>(
    request: &Request,
    cpu: &Cpu,
    y: Tensor<Rank2<B, O>, f32, Cpu>,
) {
    let x: Tensor<Rank2<B, I>, f32, Cpu> = matrix(request, "x", cpu);
    let settings = AdamConfig {
        lr: 1e-4,
        ..Default::default()
    };
    let train = |mut model: Built<I, H, O>| {
        let mut adam = Adam::new(&model, settings);
        let mut gradients = model.alloc_grads();
        for _ in 0..request.steps() {
            let logits = model.forward_mut(x.clone().traced(gradients));
            let cost = match O {
                1 => binary_cross_entropy_with_logits_loss(logits, y.clone()),
                _ => cross_entropy_with_logits_loss(logits, y.clone()),
            };
            gradients = cost.backward();
            adam.update(&mut model, &gradients)
                .expect("every parameter was used");
            model.zero_grads(&mut gradients);
        }
        model
    };
    request.measure_split(
        || start(request, cpu),
        train,
        |m| {
            [
                doubles(&m.0.weight),
                doubles(&m.0.bias),
                doubles(&m.2.weight),
                doubles(&m.2.bias),
            ]
            .concat()
        },
    );
}

fn main() {
    // As its examples do.
    dfdx::flush_denormals_to_zero();
    let request = Request::from_arguments();
    let cpu = Cpu::default();
    if request.kind == "tutorial" {
        return tutorial(&request, &cpu);
    }
    let w1 = request.matrix("w1");
    match (w1.columns, w1.rows) {
        (784, 128) => {
            let classes = request.matrix("y").values;
            let mut y = vec![0.0; 128 * 10];
            (0..128).for_each(|i| y[i * 10 + classes[i] as usize] = 1.0);
            let y = cpu.tensor_from_vec(y, (Const::<128>, Const::<10>));
            network::<128, 784, 128, 10>(&request, &cpu, y);
        }
        (8, 16) => {
            let y = matrix(&request, "y", &cpu);
            network::<32, 8, 16, 1>(&request, &cpu, y);
        }
        other => panic!("no types for {other:?}"),
    }
}
