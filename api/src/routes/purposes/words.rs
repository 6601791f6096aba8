//! Purposes, days and times as people write them.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// What a trip was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Business,
    Private,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A time by the clock, to the minute: `08:30`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", examples("08:30"))]
pub struct TimeOfDay(i16);

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Each day.
pub fn week() -> Vec<Weekday> {
    WEEK.to_vec()
}

/// Monday first: whether it is among these days.
pub fn marked(days: &[Weekday]) -> Vec<bool> {
    WEEK.iter().map(|day| days.contains(day)).collect()
}

/// The days that are marked.
pub fn named(marks: &[bool]) -> Vec<Weekday> {
    WEEK.into_iter().zip(marks).filter(|(_, is_marked)| **is_marked).map(|(day, _)| day).collect()
}

impl Purpose {
    /// As it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Private => "private",
        }
    }

    pub fn of(word: &str) -> Self {
        if word == Self::Business.word() { Self::Business } else { Self::Private }
    }
}

impl TimeOfDay {
    /// Of a minute of the day.
    pub const fn of(minute: i16) -> Self {
        Self(minute)
    }

    pub const fn minute(self) -> i16 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |digits: &str, most: i16| {
            let is_two = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            is_two.then(|| digits.parse::<i16>().ok()).flatten().filter(|number| *number <= most)
        };
        Some(Self(number(hour, 23)? * 60 + number(minute, 59)?))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a time is written as 08:30, from 00:00 to 23:59"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_comes_back_as_it_went() {
        for text in ["00:00", "08:30", "23:59"] {
            assert_eq!(TimeOfDay::parse(text).unwrap().to_string(), text);
        }
        for odd in ["24:00", "8:30", "08:60", "08", "", "+8:30", "08:3 ", "٠٨:٣٠"] {
            assert_eq!(TimeOfDay::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn days_come_back_in_the_order_of_the_week() {
        let days = [Weekday::Sunday, Weekday::Monday, Weekday::Monday];
        assert_eq!(named(&marked(&days)), [Weekday::Monday, Weekday::Sunday]);
    }
}
