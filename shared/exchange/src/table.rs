//! The bytes of a file as tables of cells: which character set, which delimiter, which sections.

use std::collections::BTreeMap;

use csv::StringRecord;

use crate::read::Unreadable;
use crate::row::Field;

/// A heading and the lines under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    headings: StringRecord,
    columns: BTreeMap<Field, usize>,
    /// With their number in the file.
    pub rows: Vec<(u64, StringRecord)>,
}

/// A part of a file with its own headings; the only one has no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub table: Table,
}

/// What delimiters there are.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Sections begin with this, in a line of their own.
const SECTION: &str = "## ";

impl Table {
    fn new(headings: StringRecord) -> Self {
        let mut columns = BTreeMap::new();
        for (place, heading) in headings.iter().enumerate() {
            if let Some(field) = Field::of_heading(heading) {
                columns.entry(field).or_insert(place);
            }
        }
        Self { headings, columns, rows: Vec::new() }
    }

    /// Says which column holds what.
    pub fn name(&mut self, field: Field, heading: &str) -> Result<(), Unreadable> {
        let same = |own: &str| own.trim().eq_ignore_ascii_case(heading.trim());
        let place = self.headings.iter().position(same);
        let place = place.ok_or_else(|| Unreadable::NoSuchColumn(heading.to_owned()))?;
        // What people say of a column is all that it holds.
        self.columns.retain(|_, own| *own != place);
        self.columns.insert(field, place);
        Ok(())
    }

    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.get(&field).copied()
    }

    pub fn has(&self, field: Field) -> bool {
        self.columns.contains_key(&field)
    }

    pub fn heading(&self, field: Field) -> Option<&str> {
        self.headings.get(self.column(field)?)
    }

    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.headings.iter()
    }

    pub fn width(&self) -> usize {
        self.headings.len()
    }

    /// All cells of these columns.
    pub fn cells<'a>(&'a self, fields: &'a [Field]) -> impl Iterator<Item = &'a str> {
        let places = fields.iter().filter_map(|field| self.column(*field));
        places.flat_map(|place| self.rows.iter().filter_map(move |(_, row)| row.get(place)))
    }
}

/// The text of a file: UTF-8, or else taken for Latin-1, as older spreadsheets write.
pub fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(Unreadable::NotText);
    }
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    })
}

/// All tables of a file.
pub fn sections(text: &str, delimiter: Option<u8>) -> Result<Vec<Section>, Unreadable> {
    let delimiter = delimiter.unwrap_or_else(|| guess(text));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut sections: Vec<Section> = Vec::new();
    // A section whose headings are still to come.
    let mut begun = Some(String::new());
    let mut lines = Lines { text, byte: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| Unreadable::Csv(error.to_string()))?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if let Some(name) = record.get(0).and_then(|cell| cell.trim().strip_prefix(SECTION)) {
            begun = Some(name.trim().to_owned());
        } else if let Some(name) = begun.take() {
            sections.push(Section { name, table: Table::new(record) });
        } else if let Some(section) = sections.last_mut() {
            section.table.rows.push((line, record));
        }
    }
    if sections.is_empty() { Err(Unreadable::Empty) } else { Ok(sections) }
}

/// Counts lines as an editor does. The reader's own count begins before the line break that ends the record before.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that the reader begins at this byte. Records come in their order.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).clamp(self.byte, self.text.len());
        let bytes = self.text.as_bytes();
        let breaks = bytes[byte..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begin = byte + breaks;
        self.line += bytes[self.byte..begin].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.byte = begin;
        self.line
    }
}

/// The delimiter that stands most often in the headings.
fn guess(text: &str) -> u8 {
    let is_heading = |line: &&str| !line.trim().is_empty() && !line.contains(SECTION);
    let headings = text.lines().find(is_heading).unwrap_or_default();
    let count = |delimiter: &u8| headings.bytes().filter(|byte| byte == delimiter).count();
    // Of equal ones the first.
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_character_sets_and_sections_are_found() {
        let read = |bytes: &[u8]| sections(&text(bytes).unwrap(), None).unwrap();
        let one = read(b"\xef\xbb\xbfDate;Odometer;Notes\r\n2026-01-01;5;\"a;b\"\r\n\r\n2026-01-02;6;\n");
        assert_eq!(one.len(), 1);
        assert_eq!(one[0].table.heading(Field::Odometer), Some("Odometer"));
        let lines: Vec<u64> = one[0].table.rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4], "lines are counted as an editor counts them");
        assert_eq!(one[0].table.rows[0].1.get(2), Some("a;b"));

        let latin = read(b"Date\tNotes\n2026-01-01\tM\xfcnchen\n");
        assert_eq!(latin[0].table.rows[0].1.get(1), Some("München"));

        let two = read(b"\"## Vehicle\"\n\"Name\"\n\"Berta\"\n\"## Log\"\n\"Data\",\"Full\"\n\"x\",\"1\"\n");
        let names: Vec<&str> = two.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["Vehicle", "Log"]);

        assert_eq!(text(b"P\0D\0"), Err(Unreadable::NotText));
        assert_eq!(sections(" \n", None), Err(Unreadable::Empty));
    }

    #[test]
    fn a_column_that_a_person_names_holds_nothing_else() {
        let mut table = sections("Date,Amount\n", None).unwrap().remove(0).table;
        assert!(table.has(Field::Cost));
        table.name(Field::Litres, " amount").unwrap();
        assert!(!table.has(Field::Cost) && table.has(Field::Litres));
        assert_eq!(table.name(Field::Litres, "Menge"), Err(Unreadable::NoSuchColumn("Menge".to_owned())));
    }
}
