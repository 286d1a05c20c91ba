//! Any bytes are sparse data or a fault; what was read is written and read again.
#![no_main]

use datasets::SparseDataset;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(data) = SparseDataset::read_svmlight("f.svm", bytes, None) {
        let mut text = Vec::new();
        if data.write_svmlight(&mut text).is_ok() {
            let again = SparseDataset::read_svmlight("f.svm", &text[..], None).expect("what was written");
            assert_eq!(again.target, data.target);
        }
    }
});
