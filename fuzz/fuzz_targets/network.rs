//! Any bytes are a network file or a fault, and any text a description of a network; none asks for more memory than it is long.
#![no_main]

use gradus::network::{Network, Specification};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(network) = Network::from_bytes(bytes) {
        let written = network.to_bytes().expect("what was read can be written");
        Network::from_bytes(&written).expect("what was written can be read");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Specification::parse(text);
    }
});
