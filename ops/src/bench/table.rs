//! The figures for people.

use std::fmt;

use super::figures::{DELIVERIES, Figure, Figures, Unit};
use super::targets::Judged;

/// A line for each measurement: how many deliveries a second, and everything else behind it.
pub(super) fn lines(figures: &Figures) -> Vec<String> {
    let mut lines: Vec<(_, String)> = Vec::new();
    for figure in figures.iter() {
        let of = (figure.payload, figure.of);
        let known = lines.last_mut().filter(|(last, _)| *last == of);
        match known {
            Some((_, line)) => {
                line.push_str("   ");
                line.push_str(&shown(figure));
            }
            None => lines.push((of, format!("  {:<42}{}", figure.of.to_string(), shown(figure)))),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn shown(figure: &Figure) -> String {
    let Figure {
        value, name, unit, ..
    } = *figure;
    match unit {
        Unit::PerSecond if name == DELIVERIES => format!("{value:>8.0}/s"),
        Unit::PerSecond => format!("{name} {value:.0}/s"),
        Unit::Milliseconds => format!("{name} {value:.1} ms"),
        Unit::Microseconds => format!("{name} {value:.0} us each"),
        Unit::Megabytes => format!("{name} {value:.0} MB"),
        Unit::Each => format!("{name} {value:.1} each"),
    }
}

/// What the figures come to, beside what was aimed at.
pub(super) fn targets(f: &mut fmt::Formatter<'_>, targets: &[Judged]) -> fmt::Result {
    for judged in targets {
        let Judged {
            payload,
            what,
            value,
            bound,
            reached,
        } = judged;
        let reached = if *reached { "reached" } else { "NOT reached" };
        writeln!(
            f,
            "  {:<3} {what:<52}{value:>9.2}   {bound:<18} {reached}",
            payload.name()
        )?;
    }
    Ok(())
}
