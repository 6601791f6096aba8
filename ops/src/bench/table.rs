//! The figures for people.

use std::fmt;

use super::figures::{DELIVERIES, Figure, Figures, Unit};
use super::options::Measurement;
use super::targets::Judged;

/// The line of one measurement: how many deliveries a second, and everything else behind it. Series are for machines.
pub(super) fn line(measurement: Measurement, figures: &Figures) -> String {
    let shown: Vec<String> =
        figures.iter().filter(|figure| figure.after_seconds.is_none()).map(shown).collect();
    format!("  {:<40}{}", measurement.to_string(), shown.join("  "))
}

fn shown(figure: &Figure) -> String {
    let Figure { value, name, unit, .. } = *figure;
    match unit {
        Unit::PerSecond if name == DELIVERIES => format!("{value:>8.0}/s"),
        Unit::PerSecond => format!("{name} {value:.0}/s"),
        Unit::Milliseconds => format!("{name} {value:.1} ms"),
        Unit::Microseconds => format!("{name} {value:.0} us"),
        Unit::Megabytes => format!("{name} {value:.0} MB"),
        Unit::Number => format!("{name} {value:.1}"),
    }
}

/// What the figures come to, beside what was aimed at.
pub(super) fn targets(f: &mut fmt::Formatter<'_>, targets: &[Judged]) -> fmt::Result {
    for judged in targets {
        let Judged { payload, what, value, bound, reached } = judged;
        let reached = if *reached { "reached" } else { "NOT reached" };
        writeln!(f, "  {:<3} {what:<52}{value:>9.2}   {bound:<18} {reached}", payload.name())?;
    }
    Ok(())
}
