//! Any bytes are a matrix or a fault; what was read is written and read again.
#![no_main]

use datasets::npy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(matrix) = npy::read("f.npy", bytes) {
        let mut written = Vec::new();
        npy::write(matrix.as_ref(), &mut written).expect("memory can be written to");
        let again = npy::read("g.npy", &written[..]).expect("what was written can be read");
        assert_eq!((again.nrows(), again.ncols()), (matrix.nrows(), matrix.ncols()));
        for j in 0..matrix.ncols() {
            for i in 0..matrix.nrows() {
                assert_eq!(again[(i, j)].to_bits(), matrix[(i, j)].to_bits());
            }
        }
    }
});
