//! Any bytes are tensors and notes, or a fault; what was read is written and read again, and loading it into a module is a fault or
//! changes what it should.
#![no_main]

use datasets::random::Torch;
use libfuzzer_sys::fuzz_target;
use models::{Linear, Relu, Sequential, state};

fuzz_target!(|bytes: &[u8]| {
    let _ = state::notes(bytes);
    let Ok(tensors) = state::from_safetensors(bytes) else {
        return;
    };
    let written = state::to_safetensors(&tensors, &[]).expect("what was read can be written");
    let again = state::from_safetensors(&written).expect("what was written can be read");
    assert_eq!(again.len(), tensors.len());
    let mut stream = Torch::new(0);
    let mut network: Sequential<f32> = Sequential::new()
        .then(Linear::new(2, 3, &mut stream))
        .then(Relu)
        .then(Linear::new(3, 1, &mut stream));
    let _ = state::load_state_dict(&mut network, &tensors);
});
