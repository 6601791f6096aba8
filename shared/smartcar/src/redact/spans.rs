//! Finds in a JSON text the spans of what has to go, so that all other bytes stay as they were sent: numbers keep their
//! digits and fields their order.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::{BESIDE_A_PLACE, KEPT_OF_A_LOCATION, PLACES, is_one_of, names_a_location, says_location};

/// The text without places; `None` if there are none.
///
/// # Errors
///
/// If it is not JSON, or is nested so deeply that no reader of ours would read it.
pub(super) fn without_places(text: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
    // From here on the text is known to be well formed; what follows needs not look twice.
    serde_json::from_slice::<IgnoredAny>(text).map_err(|_| Unreadable)?;
    let mut scan = Scan { text, at: 0, depth: 0, cuts: Vec::new() };
    scan.value()?;
    Ok(scan.rest())
}

/// Nobody can say what is in this text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unreadable;

/// As deep as `serde_json` reads what it does not ignore.
const DEPTH: usize = 128;

/// Walks through a well-formed text once.
struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// What has to go. Inner ones come before those around them.
    cuts: Vec<Range<usize>>,
}

/// A field of an object: from its name to the end of its value.
struct Field<'a> {
    span: Range<usize>,
    name: Cow<'a, str>,
    value: Range<usize>,
    goes: bool,
}

impl<'a> Scan<'a> {
    fn value(&mut self) -> Result<Range<usize>, Unreadable> {
        self.space();
        let start = self.at;
        match self.byte() {
            Some(b'{' | b'[') if self.depth == DEPTH => return Err(Unreadable),
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => self.string()?,
            _ => self.skip(|byte| !matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t')),
        }
        Ok(start..self.at)
    }

    fn array(&mut self) -> Result<(), Unreadable> {
        self.at += 1;
        self.depth += 1;
        self.space();
        while !matches!(self.byte(), Some(b']') | None) {
            self.value()?;
            self.comma();
        }
        self.at += 1;
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self) -> Result<(), Unreadable> {
        let mut fields = Vec::new();
        self.at += 1;
        self.depth += 1;
        self.space();
        while !matches!(self.byte(), Some(b'}') | None) {
            let start = self.at;
            self.string()?;
            let name = unquoted(&self.text[start..self.at]);
            self.space();
            // The colon.
            self.at += 1;
            let value = self.value()?;
            fields.push(Field { span: start..value.end, name, value, goes: false });
            self.comma();
        }
        self.at += 1;
        self.depth -= 1;
        self.judge(&mut fields);
        self.cut(&fields);
        Ok(())
    }

    /// Decides which fields go.
    fn judge(&self, fields: &mut [Field<'a>]) {
        let says_location = |field: &Field<'_>| {
            let text = &self.text[field.value.clone()];
            text.first() == Some(&b'"') && says_location(&field.name, || unquoted(text))
        };
        if fields.iter().any(says_location) {
            for field in fields.iter_mut() {
                field.goes = !is_one_of(&field.name, &KEPT_OF_A_LOCATION);
            }
        }
        let mut places = false;
        for field in fields.iter_mut().filter(|field| !field.goes) {
            let is_place = is_one_of(&field.name, &PLACES) || names_a_location(&field.name);
            field.goes = is_place && &self.text[field.value.clone()] != b"null";
            places |= field.goes;
        }
        if places {
            for field in fields.iter_mut() {
                field.goes |= is_one_of(&field.name, &BESIDE_A_PLACE);
            }
        }
    }

    /// Each field that goes takes one comma with it: the one before it or, where nothing stays before it, the one after.
    fn cut(&mut self, fields: &[Field<'_>]) {
        let mut stays_before = false;
        for (number, field) in fields.iter().enumerate() {
            if !field.goes {
                stays_before = true;
            } else if stays_before {
                self.cuts.push(fields[number - 1].span.end..field.span.end);
            } else {
                let end = fields.get(number + 1).map_or(field.span.end, |next| next.span.start);
                self.cuts.push(field.span.start..end);
            }
        }
    }

    fn rest(mut self) -> Option<Vec<u8>> {
        if self.cuts.is_empty() {
            return None;
        }
        self.cuts.sort_unstable_by_key(|cut| cut.start);
        let mut rest = Vec::with_capacity(self.text.len());
        let mut kept_until = 0;
        for cut in self.cuts {
            // A cut inside of another begins before that one's end.
            if cut.start >= kept_until {
                rest.extend_from_slice(&self.text[kept_until..cut.start]);
            }
            kept_until = kept_until.max(cut.end);
        }
        rest.extend_from_slice(&self.text[kept_until..]);
        Some(rest)
    }

    /// Escapes are read, since only that says whether a string can be one: half of a surrogate pair cannot.
    fn string(&mut self) -> Result<(), Unreadable> {
        let (start, mut escaped) = (self.at, false);
        self.at += 1;
        loop {
            match self.byte() {
                Some(b'"') | None => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        if escaped {
            serde_json::from_slice::<String>(&self.text[start..self.at]).map_err(|_| Unreadable)?;
        }
        Ok(())
    }

    fn comma(&mut self) {
        self.space();
        if self.byte() == Some(b',') {
            self.at += 1;
            self.space();
        }
    }

    fn space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    }

    fn skip(&mut self, while_it_is: impl Fn(u8) -> bool) {
        while self.byte().is_some_and(&while_it_is) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

/// The text of a JSON string that was walked through.
fn unquoted(quoted: &[u8]) -> Cow<'_, str> {
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if inner.contains(&b'\\') {
        serde_json::from_slice::<String>(quoted).map(Cow::Owned).unwrap_or_default()
    } else {
        String::from_utf8_lossy(inner)
    }
}
