//! One way to print an error together with everything that caused it.

use std::error::Error;

/// The error and all its causes on one line, each said once: `cannot publish: channel closed: connection reset`.
///
/// Some libraries print their source inside their own message as well; such a repetition is left out.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !line.ends_with(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn every_cause_is_said_in_the_order_from_effect_to_cause() {
        let error = anyhow!("connection reset").context("channel closed").context("cannot publish");
        assert_eq!(chain(error.as_ref()), "cannot publish: channel closed: connection reset");
    }

    #[test]
    fn a_cause_that_the_effect_already_said_is_not_said_again() {
        let error =
            Err::<(), _>(anyhow!("connection reset")).context("IO error: connection reset").unwrap_err();
        assert_eq!(chain(error.as_ref()), "IO error: connection reset");
    }

    #[test]
    fn an_error_without_a_cause_is_just_itself() {
        assert_eq!(chain(anyhow!("disk full").as_ref()), "disk full");
    }
}
