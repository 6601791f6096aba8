//! Moments as files write them: in many orders, with and without a clock, mostly in a local time.

use std::fmt::Write as _;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::record::When;

/// In which order day, month and year stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
    YearFirst,
    /// In the words of `strftime`: `%d. %B %Y %H:%M`.
    Form(String),
}

/// What the dates of a file say together about day and month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    day_first: bool,
    month_first: bool,
}

/// Why a date was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoMoment {
    /// It is none.
    Odd,
    /// `3/4/2026` is a day in March or in April.
    Ambiguous,
    /// The clock of that zone passed over this moment.
    Skipped,
}

/// From here on a number is milliseconds since 1970: as seconds it would be the year 5138.
const MILLISECONDS: i64 = 100_000_000_000;

impl Order {
    /// `dmy`, `mdy`, `ymd` or a form with `%`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "dmy" => Some(Self::DayFirst),
            "mdy" => Some(Self::MonthFirst),
            "ymd" => Some(Self::YearFirst),
            form if form.contains('%') && is_form(form) => Some(Self::Form(form.to_owned())),
            _ => None,
        }
    }
}

/// A form that chrono does not know makes its output fail.
fn is_form(form: &str) -> bool {
    let day = DateTime::UNIX_EPOCH;
    write!(String::new(), "{}", day.format(form)).is_ok()
}

impl Told {
    /// Takes another date into account.
    #[must_use]
    pub fn and(self, cell: &str) -> Self {
        match parts(cell) {
            Some(([first, second, _], _)) => Self {
                day_first: self.day_first || (first > 12 && first <= 31),
                month_first: self.month_first || (first <= 12 && second > 12),
            },
            None => self,
        }
    }

    fn order(self) -> Option<Order> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            (false, false) | (true, true) => None,
        }
    }
}

/// Reads a cell. What has an offset or is a number of seconds is a moment by itself, everything else is in `zone`.
pub fn read(cell: &str, order: Option<&Order>, told: Told, zone: Tz) -> Result<When, NoMoment> {
    let cell = cell.trim();
    if let Some(Order::Form(form)) = order {
        return by_form(cell, form, zone);
    }
    if let Some(at) = with_offset(cell).or_else(|| by_number(cell)) {
        return Ok(When::exactly(at));
    }
    let (numbers, clock) = parts(cell).ok_or(NoMoment::Odd)?;
    let time = clock.map(read_clock).transpose()?;
    let is_dotted = cell.contains('.') && !cell.contains('/');
    let [one, two, three] = numbers;
    let (year, month, day) = if one > 31 {
        (one, two, three)
    } else {
        match order.cloned().or_else(|| told.order()) {
            Some(Order::MonthFirst) => (three, one, two),
            Some(Order::DayFirst) => (three, two, one),
            // Nobody writes the month first with dots.
            None if is_dotted => (three, two, one),
            None if one == two => (three, one, two),
            None => return Err(NoMoment::Ambiguous),
            Some(Order::YearFirst | Order::Form(_)) => return Err(NoMoment::Odd),
        }
    };
    let year = if year < 100 { year + 2000 } else { year };
    let year = i32::try_from(year).map_err(|_| NoMoment::Odd)?;
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(NoMoment::Odd)?;
    local(date, time, zone)
}

fn with_offset(cell: &str) -> Option<DateTime<Utc>> {
    let forms = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z"];
    let rfc = DateTime::parse_from_rfc3339(cell).ok();
    let found = rfc.or_else(|| forms.iter().find_map(|form| DateTime::parse_from_str(cell, form).ok()));
    found.map(|at| at.to_utc())
}

fn by_number(cell: &str) -> Option<DateTime<Utc>> {
    const SHORTEST: usize = 9;
    let number: i64 = cell.parse().ok().filter(|_| cell.len() >= SHORTEST)?;
    if number >= MILLISECONDS {
        DateTime::from_timestamp_millis(number)
    } else {
        DateTime::from_timestamp(number, 0)
    }
}

fn by_form(cell: &str, form: &str, zone: Tz) -> Result<When, NoMoment> {
    if let Ok(at) = DateTime::parse_from_str(cell, form) {
        return Ok(When::exactly(at.to_utc()));
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(cell, form) {
        return local(at.date(), Some(at.time()), zone);
    }
    let date = NaiveDate::parse_from_str(cell, form).map_err(|_| NoMoment::Odd)?;
    local(date, None, zone)
}

/// The three numbers of a date, and the clock behind it.
fn parts(cell: &str) -> Option<([u32; 3], Option<&str>)> {
    let cell = cell.trim();
    let (date, clock) = match cell.find(['T', ' ', ',']) {
        Some(end) => (&cell[..end], Some(cell[end..].trim_start_matches(['T', ' ', ',']))),
        None => (cell, None),
    };
    let mut numbers = date.split(['-', '/', '.']).map(|number| number.parse().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    let is_end = numbers.next().is_none();
    is_end.then_some((three, clock.filter(|clock| !clock.is_empty())))
}

fn read_clock(clock: &str) -> Result<NaiveTime, NoMoment> {
    let forms = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M:%S%p", "%I:%M%p"];
    let mut read = forms.iter().filter_map(|form| NaiveTime::parse_from_str(clock, form).ok());
    read.next().ok_or(NoMoment::Odd)
}

/// The moment at which the clock of the zone showed this. A day without a clock is told by its noon; of an hour that came
/// twice, the first one is meant.
fn local(date: NaiveDate, time: Option<NaiveTime>, zone: Tz) -> Result<When, NoMoment> {
    let noon = NaiveTime::MIN + TimeDelta::hours(12);
    let at = match zone.from_local_datetime(&date.and_time(time.unwrap_or(noon))) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => return Err(NoMoment::Skipped),
    };
    Ok(When { at, whole_day: time.is_none() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Europe::Berlin, UTC};

    fn utc(cell: &str, order: Option<&str>, told: &[&str]) -> Result<String, NoMoment> {
        let order = order.map(|order| Order::parse(order).unwrap());
        let told = told.iter().fold(Told::default(), |told, cell| told.and(cell));
        read(cell, order.as_ref(), told, UTC).map(|when| {
            let form = if when.whole_day { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
            when.at.format(form).to_string()
        })
    }

    #[test]
    fn dates_are_read_in_the_forms_that_programs_write() {
        for (cell, moment) in [
            ("2026-03-04 17:05", "2026-03-04 17:05:00"),
            ("2026-03-04T17:05:06.789", "2026-03-04 17:05:06"),
            ("2026-03-04T17:05:00+02:00", "2026-03-04 15:05:00"),
            ("2026-03-04 17:05:00.123+00", "2026-03-04 17:05:00"),
            ("2026/03/04", "2026-03-04"),
            ("04.03.2026 17:05", "2026-03-04 17:05:00"),
            ("4.3.26", "2026-03-04"),
            ("25/12/2026 5:05 PM", "2026-12-25 17:05:00"),
            ("1772643900000", "2026-03-04 17:05:00"),
            ("1772643900", "2026-03-04 17:05:00"),
        ] {
            assert_eq!(utc(cell, None, &[cell]).as_deref(), Ok(moment), "{cell}");
        }
        for odd in ["", "yesterday", "2026-13-01", "2026-02-30", "12:00", "1/2", "04.03.2026 25:00"] {
            assert!(utc(odd, None, &[odd]).is_err(), "{odd}");
        }
    }

    #[test]
    fn day_and_month_are_told_apart_by_the_other_dates_or_not_at_all() {
        assert_eq!(utc("3/4/2026", None, &["3/4/2026"]), Err(NoMoment::Ambiguous));
        assert_eq!(utc("3/4/2026", None, &["3/14/2026"]).unwrap(), "2026-03-04");
        assert_eq!(utc("3/4/2026", None, &["14/3/2026"]).unwrap(), "2026-04-03");
        assert_eq!(utc("3/4/2026", None, &["14/3/2026", "3/14/2026"]), Err(NoMoment::Ambiguous));
        assert_eq!(utc("3/4/2026", Some("mdy"), &[]).unwrap(), "2026-03-04");
        assert_eq!(utc("4 Mar 2026 8:30", Some("%d %b %Y %H:%M"), &[]).unwrap(), "2026-03-04 08:30:00");
    }

    #[test]
    fn a_clock_that_was_put_forward_has_no_such_moment_and_one_put_back_means_the_first() {
        let at = |cell| read(cell, None, Told::default(), Berlin).map(|when| when.at.to_rfc3339());
        assert_eq!(at("2026-03-29 02:30"), Err(NoMoment::Skipped));
        assert_eq!(at("2026-10-25 02:30").unwrap(), "2026-10-25T00:30:00+00:00");
        assert_eq!(at("2026-07-01").unwrap(), "2026-07-01T10:00:00+00:00");
    }

    #[test]
    fn a_form_that_nobody_knows_is_refused() {
        assert!(Order::parse("%Q%%%é").is_none() && Order::parse("day first").is_none());
    }
}
