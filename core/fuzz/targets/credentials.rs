//! Fuzzes [`audit_layer_fuzz::credentials`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| audit_layer_fuzz::credentials::check(input));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("run with: cargo +nightly fuzz run credentials");
}
