//! Data of the comparison, and the quality of what the programs made of them.
//!
//! `peers-data generate KIND FOLDER SIZE...` writes the data; `peers-data judge KIND FOLDER NUMBERS` prints one number for the doubles
//! in the file NUMBERS: how far they are from the optimum. It knows no program and shares no code with any.

mod generate;
mod judge;
mod random;

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["generate", kind, folder, ref sizes @ ..] => {
            let sizes: Vec<usize> = sizes.iter().filter_map(|n| n.parse().ok()).collect();
            generate::generate(kind, Path::new(folder), &sizes)
        }
        ["judge", kind, folder, numbers] => {
            println!(
                "{:e}",
                judge::judge(kind, Path::new(folder), Path::new(numbers))?
            );
            Ok(())
        }
        _ => Err(io::Error::other(
            "peers-data generate KIND FOLDER SIZE..., or peers-data judge KIND FOLDER NUMBERS",
        )),
    }
}
