//! How often the faults of this folder strike: for seconds in every run, for minutes where `FAULTS=long` asks for it.

/// A number of strikes, for every run and for a long one.
#[expect(clippy::disallowed_methods, reason = "tests have no command line; this is the one place that asks")]
pub fn strikes(quick: u32, long: u32) -> u32 {
    match std::env::var("FAULTS").as_deref() {
        Ok("long") => long,
        Ok(other) => panic!("FAULTS is `long` or not set, not `{other}`"),
        Err(_) => quick,
    }
}
