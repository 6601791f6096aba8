//! Finds in a JSON text the spans of what has to go, so that all other bytes stay as they were sent: numbers keep their
//! digits and fields their order.

use std::borrow::Cow;
use std::ops::Range;

use domain::fences::Fence;
use serde::de::IgnoredAny;

use super::zones::{self, Own};
use super::{BESIDE_A_PLACE, KEPT_OF_A_LOCATION, PLACES, is_one_of, names_a_location, says_location};

/// The text without places; `None` if there are none.
///
/// # Errors
///
/// If it is not JSON, or is nested so deeply that no reader of ours would read it.
pub(super) fn without_places(text: &[u8]) -> Result<Option<Vec<u8>>, Unreadable> {
    scan(text, None)
}

/// The text without the places that may lie in one of these zones; in the stead of those that do stands the zone. `None` if all
/// places lie outside.
///
/// # Errors
///
/// Likewise.
pub(super) fn without_zones(text: &[u8], zones: &[Fence]) -> Result<Option<Vec<u8>>, Unreadable> {
    scan(text, Some(zones))
}

/// Whether the text tells a position that can be read.
pub(super) fn tells_a_position(text: &[u8], zones: &[Fence]) -> bool {
    walk(text, Some(zones)).is_ok_and(|scan| scan.judged.inside + scan.judged.outside > 0)
}

fn scan(text: &[u8], zones: Option<&[Fence]>) -> Result<Option<Vec<u8>>, Unreadable> {
    Ok(walk(text, zones)?.rest())
}

fn walk<'a>(text: &'a [u8], zones: Option<&'a [Fence]>) -> Result<Scan<'a>, Unreadable> {
    // From here on the text is known to be well formed; what follows needs not look twice.
    serde_json::from_slice::<IgnoredAny>(text).map_err(|_| Unreadable)?;
    let mut scan = Scan { text, at: 0, depth: 0, cuts: Vec::new(), zones, judged: Judged::default() };
    scan.value()?;
    Ok(scan)
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
    cuts: Vec<Cut>,
    /// Only what may lie in one of these goes.
    zones: Option<&'a [Fence]>,
    judged: Judged,
}

struct Cut {
    span: Range<usize>,
    instead: String,
}

/// How many places were found so far whose position can be read.
#[derive(Clone, Copy, Default)]
struct Judged {
    inside: usize,
    outside: usize,
}

/// A field of an object: from its name to the end of its value.
struct Field<'a> {
    span: Range<usize>,
    name: Cow<'a, str>,
    value: Range<usize>,
    /// It holds places in a zone, or outside of all.
    inside: bool,
    outside: bool,
    goes: bool,
}

impl Cut {
    const fn out(span: Range<usize>) -> Self {
        Self { span, instead: String::new() }
    }
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
            let before = self.judged;
            let value = self.value()?;
            let (inside, outside) =
                (self.judged.inside > before.inside, self.judged.outside > before.outside);
            fields.push(Field { span: start..value.end, name, value, inside, outside, goes: false });
            self.comma();
        }
        self.at += 1;
        self.depth -= 1;
        let own = self.own_place(&fields);
        self.judge(&mut fields, own.as_ref());
        self.cut(&fields);
        match own {
            Some(Own::Inside(zone)) => {
                self.judged.inside += 1;
                self.put_zone(&fields, &zone);
            }
            Some(Own::Outside) => self.judged.outside += 1,
            None => {}
        }
        Ok(())
    }

    /// The position that the object's own fields tell, seen from the zones.
    fn own_place(&self, fields: &[Field<'_>]) -> Option<Own> {
        let texts = fields.iter().map(|field| (&*field.name, &self.text[field.value.clone()]));
        zones::own_place(texts, self.zones?)
    }

    /// The object has just ended: its last field from now on names the zone.
    fn put_zone(&mut self, fields: &[Field<'_>], zone: &str) {
        let comma = if fields.iter().any(|field| !field.goes) { "," } else { "" };
        let end = self.at - 1;
        self.cuts.push(Cut { span: end..end, instead: format!("{comma}\"{}\":\"{zone}\"", zones::FIELD) });
    }

    /// Decides which fields go.
    fn judge(&self, fields: &mut [Field<'a>], own: Option<&Own>) {
        let is_outside = matches!(own, Some(Own::Outside));
        let is_inside = matches!(own, Some(Own::Inside(_))) || fields.iter().any(|field| field.inside);
        // Where all that can be read lies outside, the signal stays as it is.
        let is_clear = !is_inside && (is_outside || fields.iter().any(|field| field.outside));
        let says_location = |field: &Field<'_>| {
            let text = &self.text[field.value.clone()];
            text.first() == Some(&b'"') && says_location(&field.name, || unquoted(text))
        };
        if !is_clear && fields.iter().any(says_location) {
            for field in fields.iter_mut() {
                field.goes = !field.inside && !is_one_of(&field.name, &KEPT_OF_A_LOCATION);
            }
        }
        let mut places = false;
        for field in fields.iter_mut().filter(|field| !field.goes) {
            let is_place = is_one_of(&field.name, &PLACES) || names_a_location(&field.name);
            let is_judged = is_outside || field.inside || field.outside;
            field.goes = is_place && !is_judged && &self.text[field.value.clone()] != b"null";
            places |= field.goes || (is_place && field.inside);
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
                self.cuts.push(Cut::out(fields[number - 1].span.end..field.span.end));
            } else {
                let end = fields.get(number + 1).map_or(field.span.end, |next| next.span.start);
                self.cuts.push(Cut::out(field.span.start..end));
            }
        }
    }

    fn rest(mut self) -> Option<Vec<u8>> {
        if self.cuts.is_empty() {
            return None;
        }
        // Stable: what is put at the end of an object comes after what goes there.
        self.cuts.sort_by_key(|cut| cut.span.start);
        let mut rest = Vec::with_capacity(self.text.len());
        let mut kept_until = 0;
        for Cut { span, instead } in self.cuts {
            // A cut inside of another begins before that one's end.
            if span.start >= kept_until {
                rest.extend_from_slice(&self.text[kept_until..span.start]);
                rest.extend_from_slice(instead.as_bytes());
            }
            kept_until = kept_until.max(span.end);
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
