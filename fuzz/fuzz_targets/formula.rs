//! Any text is a formula or a fault with a place in it; a formula learns from a table or says why not.
#![no_main]

use datasets::{CsvOptions, Formula, Preparation};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Formula>() {
        Err(error) => {
            let characters = error.characters();
            assert!(characters.start <= characters.end && characters.end <= text.chars().count());
        }
        Ok(formula) => {
            let table = "y,x,z,a,b\n1,2,3,u,p\n0,1,5,v,q\n1,4,1,u,q\n0,3,2,v,p\n";
            let frame = CsvOptions::new().read_from("f.csv", table.as_bytes()).expect("a table");
            if let Ok(recipe) = Preparation::formula(formula).target("y").learn(&frame)
                && let Ok(features) = recipe.features(&frame)
            {
                assert_eq!(features.matrix.ncols(), recipe.feature_names().len());
            }
        }
    }
});
