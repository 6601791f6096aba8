//! Which sign parts the whole from its fraction. Files seldom say it, so it is told from all numbers of a column set.

use crate::number::Number;

/// The sign before the fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Point,
    Comma,
}

/// What a file's numbers say together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Told {
    /// No number of it says anything: `1.234` would be one thing or the other.
    #[default]
    Nothing,
    By(Mark),
    /// Some numbers say point and some comma.
    Both,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

impl Told {
    /// Takes another cell into account.
    #[must_use]
    pub fn and(self, cell: &str) -> Self {
        match (self, of(bare(cell).as_str())) {
            (told, None) => told,
            (Self::Nothing, Some(mark)) => Self::By(mark),
            (Self::By(one), Some(mark)) if one == mark => self,
            (Self::By(_) | Self::Both, Some(_)) => Self::Both,
        }
    }
}

/// The number in a cell, with currency signs and thousands marks; `None` if it is none, or may be two things.
pub fn number(cell: &str, told: Told) -> Option<Number> {
    let text = bare(cell);
    let mark = match told {
        Told::By(mark) => mark,
        // Each cell speaks for itself then.
        Told::Both | Told::Nothing => match of(&text) {
            Some(mark) => mark,
            None if !text.contains(['.', ',']) => Mark::Point,
            None => return None,
        },
    };
    let thousands = mark.other().sign();
    if !is_grouped(&text, mark) {
        return None;
    }
    Number::parse(&text.replace(thousands, "").replace(mark.sign(), "."))
}

/// What a number says of its own sign; `None` if it may be both.
fn of(text: &str) -> Option<Mark> {
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let behind = |sign| text.rsplit(sign).next().map_or(0, str::len);
    match (points, commas) {
        (0, 0) => None,
        (1, 0) => (behind('.') != 3 || text.trim_start_matches('-').starts_with("0.")).then_some(Mark::Point),
        (0, 1) => (behind(',') != 3 || text.trim_start_matches('-').starts_with("0,")).then_some(Mark::Comma),
        (_, 0) => Some(Mark::Comma),
        (0, _) => Some(Mark::Point),
        (_, _) if text.rfind('.') > text.rfind(',') => Some(Mark::Point),
        (_, _) => Some(Mark::Comma),
    }
}

/// Whether the marks of thousands, if any, stand where such marks stand.
fn is_grouped(text: &str, mark: Mark) -> bool {
    let whole = text.split(mark.sign()).next().unwrap_or_default().trim_start_matches('-');
    let mut groups = whole.split(mark.other().sign());
    let first = groups.next().unwrap_or_default();
    let mut groups = groups.peekable();
    groups.peek().is_none() || (first.len() <= 3 && groups.all(|group| group.len() == 3))
}

/// Without currency signs, spaces and what else people put around numbers.
fn bare(cell: &str) -> String {
    let digits = |c: &char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let is_in_brackets = cell.trim().starts_with('(') && cell.trim().ends_with(')');
    let is_below_zero = is_in_brackets || cell.contains(['-', '\u{2212}']);
    // Letters would make a number of what is none: only signs around digits are passed over.
    if cell.chars().any(|c| c.is_ascii_alphabetic()) && !is_with_currency(cell) {
        return "no number".to_owned();
    }
    let text: String = cell.chars().filter(digits).collect();
    if is_below_zero { format!("-{text}") } else { text }
}

/// `56.44 EUR`, `CHF 12`: three capital letters and a number.
fn is_with_currency(cell: &str) -> bool {
    let letters: String = cell.chars().filter(|c| c.is_alphabetic()).collect();
    letters.len() == 3 && letters.bytes().all(|letter| letter.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cells: &[&str]) -> Told {
        cells.iter().fold(Told::default(), |told, cell| told.and(cell))
    }

    fn read(cell: &str, told: Told) -> Option<String> {
        number(cell, told).map(|number| number.to_string())
    }

    #[test]
    fn one_number_tells_of_all() {
        assert_eq!(told(&["1.234", "41,37"]), Told::By(Mark::Comma));
        assert_eq!(told(&["1,234", "41.37"]), Told::By(Mark::Point));
        assert_eq!(told(&["1.234.567"]), Told::By(Mark::Comma));
        assert_eq!(told(&["1,234", "12"]), Told::Nothing);
        assert_eq!(told(&["41,37", "41.37"]), Told::Both);
    }

    #[test]
    fn what_may_be_two_numbers_is_none() {
        assert_eq!(read("1,234", Told::Nothing), None);
        assert_eq!(read("1.234", Told::Nothing), None);
        assert_eq!(read("0.234", Told::Nothing).unwrap(), "0.234");
        assert_eq!(read("1234", Told::Nothing).unwrap(), "1234");
        assert_eq!(read("1,234", Told::By(Mark::Comma)).unwrap(), "1.234");
        assert_eq!(read("1,234", Told::By(Mark::Point)).unwrap(), "1234");
    }

    #[test]
    fn currency_signs_and_thousands_are_passed_over_and_words_are_not() {
        let point = Told::By(Mark::Point);
        for (cell, number) in [
            ("$1,234.56", "1234.56"),
            ("56.44 €", "56.44"),
            ("CHF 12.5", "12.5"),
            ("($20.00)", "-20"),
            ("-20", "-20"),
            ("1 234.5", "1234.5"),
            ("1'234.5", "1234.5"),
        ] {
            assert_eq!(read(cell, point).as_deref(), Some(number), "{cell}");
        }
        for odd in ["", "about 20", "12.3.4", "1,2,3.5", "1e5", "12-13x", "n/a"] {
            assert_eq!(read(odd, point), None, "{odd}");
        }
    }
}
