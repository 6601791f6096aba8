//! How many files this process and those that it starts may have open: a crowd needs more than most shells give.

use std::fs;
use std::process::{self, Command};

use anyhow::{Context, ensure};

/// Makes sure that so many files may be open, and raises the limit if the system lets us.
///
/// # Errors
///
/// If the system does not, with what to do about it.
pub(super) fn at_least(number: u64) -> anyhow::Result<()> {
    let limits = fs::read_to_string("/proc/self/limits").context("cannot read this process's limits")?;
    let (soft, hard) = open_files(&limits).context("cannot find the limit of open files")?;
    if soft >= number {
        return Ok(());
    }
    let advice =
        || format!("{number} files have to be open at once, and {soft} may be: `ulimit -n {number}`");
    ensure!(hard >= number, "{}, by somebody who may raise the hard limit of {hard}", advice());
    // Of util-linux, like much that scripts/services needs; a crate for one call would be more to trust.
    let raised = Command::new("prlimit")
        .args(["--pid", &process::id().to_string(), &format!("--nofile={number}:{hard}")])
        .status();
    ensure!(raised.is_ok_and(|status| status.success()), "{}", advice());
    Ok(())
}

/// The soft and the hard limit (source: `man 5 proc`, `/proc/PID/limits`).
fn open_files(limits: &str) -> Option<(u64, u64)> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_ascii_whitespace().map(|number| match number {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_found() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             96250                96250                processes \n\
                      Max open files            1024                 unlimited            files     \n";
        assert_eq!(open_files(limits), Some((1024, u64::MAX)));
        assert_eq!(open_files("Max processes 1 1"), None);
    }

    #[test]
    fn what_no_system_allows_is_refused_with_advice() {
        let error = at_least(u64::MAX).unwrap_err().to_string();
        assert!(error.contains("ulimit -n"), "{error}");
    }
}
