//! E-mails, as text and as simple HTML.

use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, html};
use url::Url;

use crate::words::{Item, Tongue};

/// An e-mail without its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub plain: String,
    pub html: String,
    /// Where its reader says of what they want to be told.
    pub page: Option<Url>,
    /// Where their mail program says for them that they want no more of the kind.
    pub one_click: Option<Url>,
}

/// So many are told one by one; the page shows all.
const MOST: usize = 30;

/// Tells of one alert or of several; `None` where there is nothing to tell. `page`: where people say of what they are told.
pub fn letter(items: &[Item], is_late: bool, tongue: Tongue, page: Option<&Url>) -> Option<Letter> {
    let first = items.first()?;
    let key = match (items.len(), is_late) {
        (1, false) => "mail.one",
        (1, true) => "mail.late_one",
        (_, false) => "mail.many",
        (_, true) => "mail.late",
    };
    let subject = tongue.language.filled(key, |name| match name {
        "title" => Some(first.title(tongue)),
        "car" => Some(first.car_name.clone()),
        _ => Some(items.len().to_string()),
    })?;
    let about = is_late.then(|| tongue.language.known("mail.late_about"));
    let more = items
        .len()
        .checked_sub(MOST)
        .filter(|more| *more > 0)
        .and_then(|more| tongue.language.filled("mail.more", |_| Some(more.to_string())));
    let told: Vec<Part> = items.iter().take(MOST).map(|item| Part::of(item, tongue)).collect();
    let why = tongue.language.known("mail.why");
    let mut plain: Vec<String> = about.into_iter().map(str::to_owned).collect();
    plain.extend(told.iter().map(Part::plain));
    plain.extend(more.clone());
    plain.push(format!("-- \n{why}{}", page.map(|page| format!("\n{page}")).unwrap_or_default()));
    let body = html! {
        @if let Some(about) = about { p { (about) } }
        @for part in &told { (part.html()) }
        @if let Some(more) = &more { p { (more) } }
        p style="color:#666" { (why) @if let Some(page) = page { br; a href=(page.as_str()) { (page.as_str()) } } }
    };
    let (plain, html) = (plain.join("\n\n") + "\n", whole(tongue, &subject, &body));
    Some(Letter { subject, plain, html, page: page.cloned(), one_click: None })
}

/// Asks whether an address is the person's: the only thing that is sent to one that is not confirmed.
pub fn confirmation(code: &str, until: DateTime<Utc>, tongue: Tongue) -> Letter {
    let filled = |key: &'static str| {
        let value = |name: &str| Some(if name == "code" { code.to_owned() } else { tongue.moment(until) });
        tongue.language.filled(key, value).unwrap_or_default()
    };
    let (subject, text, until) = (
        filled("confirmation.subject"),
        tongue.language.known("confirmation.text"),
        filled("confirmation.until"),
    );
    let page = html! { p { (text) } p style="font-size:1.5em" { strong { (code) } } p { (until) } };
    let (plain, html) = (format!("{text}\n\n{code}\n\n{until}\n"), whole(tongue, &subject, &page));
    Letter { subject, plain, html, page: None, one_click: None }
}

struct Part {
    title: String,
    /// Which car, and when.
    place: String,
    sentences: Vec<String>,
}

impl Part {
    fn of(item: &Item, tongue: Tongue) -> Self {
        let place = format!("{}, {}", item.car_name, tongue.moment(item.at));
        Self { title: item.title(tongue), place, sentences: item.sentences(tongue) }
    }

    fn plain(&self) -> String {
        format!("{}\n{}\n{}", self.title, self.place, self.sentences.join(" "))
    }

    fn html(&self) -> Markup {
        html! { h2 { (self.title) } p { (self.place) } p { (self.sentences.join(" ")) } }
    }
}

fn whole(tongue: Tongue, subject: &str, page: &Markup) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang=(tongue.language.word()) {
            head { meta charset="utf-8"; title { (subject) } }
            body style="font-family:sans-serif;max-width:40em" { (page) }
        }
    };
    whole.into_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::texts::Language;
    use crate::words::Units;

    const TONGUE: Tongue = Tongue { language: Language::En, units: Units::Metric, zone: chrono_tz::UTC };

    fn item(car: &str) -> Item {
        Item {
            alert_id: Uuid::nil(),
            car_id: Uuid::nil(),
            car_name: car.to_owned(),
            kind: "fuel_drop".to_owned(),
            at: "2026-07-01T20:05:00Z".parse().unwrap(),
            details: json!({ "fromPercent": 60, "toPercent": 30 }),
        }
    }

    #[test]
    fn one_alert_is_a_letter_of_its_own_and_several_are_one() {
        let one = letter(&[item("Berta")], false, TONGUE, None).unwrap();
        assert_eq!(one.subject, "Fuel is missing: Berta");
        assert!(
            one.plain.starts_with("Fuel is missing\nBerta, 1 Jul 2026, 20:05 UTC\nThe level fell"),
            "{}",
            one.plain
        );
        let many = letter(&vec![item("Berta"); 33], true, TONGUE, None).unwrap();
        assert_eq!(many.subject, "Found later: 33 things about your cars");
        assert_eq!(many.plain.matches("Fuel is missing").count(), MOST);
        assert!(many.plain.contains("and 3 more"), "{}", many.plain);
        assert_eq!(letter(&[], false, TONGUE, None), None);
    }

    #[test]
    fn what_people_call_their_cars_is_text_and_no_html() {
        let letter = letter(&[item("<script>alert(1)</script>")], false, TONGUE, None).unwrap();
        assert!(!letter.html.contains("<script>"), "{}", letter.html);
        assert!(letter.html.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_letter_leads_to_where_its_reader_says_that_they_want_no_more_and_a_code_does_not() {
        let page = Url::parse("https://cars.example.org/app/notifications").unwrap();
        let told = letter(&[item("Berta")], false, TONGUE, Some(&page)).unwrap();
        assert!(
            told.plain.ends_with("is changed.\nhttps://cars.example.org/app/notifications\n"),
            "{}",
            told.plain
        );
        assert!(
            told.html.contains(r#"<a href="https://cars.example.org/app/notifications">"#),
            "{}",
            told.html
        );
        assert_eq!(told.page, Some(page));
        let code = confirmation("12345678", DateTime::UNIX_EPOCH, TONGUE);
        assert_eq!((code.page, code.one_click), (None, None));
    }

    #[test]
    fn a_code_is_in_the_subject_and_in_the_text() {
        let letter = confirmation("12345678", DateTime::UNIX_EPOCH, TONGUE);
        assert!(
            letter.subject.contains("12345678")
                && letter.plain.contains("12345678")
                && letter.html.contains("12345678")
        );
    }
}
