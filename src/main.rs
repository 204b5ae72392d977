//! The executable of Préau: only calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    preau::cli::main()
}
