//! Numbers and times as people read them.

use chrono::{DateTime, Utc};

/// `25 042.5`: kilometres with one decimal.
pub fn km(metres: i64) -> String {
    let tenths = (metres + 50).div_euclid(100);
    format!("{}.{}", grouped(tenths.div_euclid(10)), tenths.rem_euclid(10))
}

/// `1 204 310`
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", groups.join(" "))
}

/// `Sat 21 Nov 18:40`, UTC.
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%a %d %b %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1 000"), (-1_204_310, "-1 204 310")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn kilometres_have_one_decimal() {
        for (metres, text) in [(25_042_500, "25 042.5"), (25_042_000, "25 042.0"), (25_042_960, "25 043.0")] {
            assert_eq!(km(metres), text);
        }
    }
}
