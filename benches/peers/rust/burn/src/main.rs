//! burn on its backend for processors (flex): the tutorial's loop, and steps of Adam.

use burn::module::{Module, Param};
use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, SgdConfig};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Int, Tensor, TensorData};
use common::Request;

fn tensor(request: &Request, name: &str, device: &Device) -> Tensor<2> {
    let m = request.matrix(name);
    let data = TensorData::new(m.by_rows_f32(), [m.rows, m.columns]);
    Tensor::from_data(data, device)
}

fn doubles<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let data = tensor.into_data();
    data.iter::<f32>().map(f64::from).collect()
}

#[derive(Module, Debug)]
struct Explicit {
    w: Param<Tensor<2>>,
    b: Param<Tensor<1>>,
}

fn tutorial(x: &Tensor<2>, y: &Tensor<2>, device: &Device, updates: usize) -> Explicit {
    let mut model = Explicit {
        w: Param::from_tensor(Tensor::zeros([2, 1], device)),
        b: Param::from_tensor(Tensor::zeros([1], device)),
    };
    let mut sgd = SgdConfig::new().init();
    for _ in 0..updates {
        let score = x.clone().matmul(model.w.val()) + model.b.val().unsqueeze();
        let hypothesis = sigmoid(score);
        let right = y.clone() * hypothesis.clone().log();
        let wrong = (-y.clone() + 1.0) * (-hypothesis + 1.0).log();
        let cost = -(right + wrong).mean();
        let gradients = GradientsParams::from_grads(cost.backward(), &model);
        model = sgd.step(1.0, model, gradients);
    }
    model
}

#[derive(Module, Debug)]
struct TwoLayers {
    hidden: Linear,
    out: Linear,
}

impl TwoLayers {
    fn read(request: &Request, device: &Device) -> Self {
        // burn stores a weight as inputs times outputs.
        let layer = |weight: &str, bias: &str| {
            let w = tensor(request, weight, device).transpose();
            let [inputs, outputs] = w.dims();
            let mut layer = LinearConfig::new(inputs, outputs).init(device);
            layer.weight = Param::from_tensor(w);
            let b = tensor(request, bias, device).flatten(0, 1);
            layer.bias = Some(Param::from_tensor(b));
            layer
        };
        Self {
            hidden: layer("w1", "b1"),
            out: layer("w2", "b2"),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.out.forward(relu(self.hidden.forward(x)))
    }

    fn numbers(self) -> Vec<f64> {
        let layers = [self.hidden, self.out].into_iter();
        layers
            .flat_map(|layer| {
                let mut numbers = doubles(layer.weight.val().transpose());
                numbers.extend(layer.bias.map(|b| doubles(b.val())).unwrap_or_default());
                numbers
            })
            .collect()
    }
}

fn adam(
    mut model: TwoLayers,
    x: &Tensor<2>,
    y: &Tensor<2, Int>,
    device: &Device,
    steps: usize,
) -> TwoLayers {
    let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
    let binary = BinaryCrossEntropyLossConfig::new()
        .with_logits(true)
        .init(device);
    let several = CrossEntropyLossConfig::new().init(device);
    for _ in 0..steps {
        let logits = model.forward(x.clone());
        let cost = match logits.dims()[1] {
            1 => binary.forward(logits, y.clone()),
            _ => several.forward(logits, y.clone().flatten(0, 1)),
        };
        let gradients = GradientsParams::from_grads(cost.backward(), &model);
        model = adam.step(1e-4, model, gradients);
    }
    model
}

fn main() {
    let request = Request::from_arguments();
    let device = Device::flex().autodiff();
    let (x, y) = (
        tensor(&request, "x", &device),
        tensor(&request, "y", &device),
    );
    if request.kind == "tutorial" {
        request.measure_split(
            || (),
            |()| tutorial(&x, &y, &device, request.steps()),
            |model| [doubles(model.w.val()), doubles(model.b.val())].concat(),
        );
        return;
    }
    let y = y.int();
    request.measure_split(
        || TwoLayers::read(&request, &device),
        |model| adam(model, &x, &y, &device, request.steps()),
        TwoLayers::numbers,
    );
}
