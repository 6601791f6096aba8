//! The forms in which the platform says that something failed: v2's object, v1's words that old paths still send, v3's
//! list, an error inside of a signal or a command, and OAuth's two fields. Every field may be missing or odd.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Field, List};

/// No word of the platform comes near.
const WORD_LIMIT: usize = 64;
/// `VS_000` has three. What has more is an id or a token, which somebody echoes.
const DIGIT_LIMIT: usize = 4;
const TEXT_LIMIT: usize = 500;
const URL_LIMIT: usize = 2000;

/// The platform's types of errors.
const KINDS: [&str; 11] = [
    "AUTHENTICATION",
    "BILLING",
    "COMPATIBILITY",
    "CONNECTED_SERVICES_ACCOUNT",
    "PERMISSION",
    "RATE_LIMIT",
    "RESOURCE_NOT_FOUND",
    "SERVER",
    "UPSTREAM",
    "VALIDATION",
    "VEHICLE_STATE",
];

/// What a fault says, in bounded text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub kind: Option<String>,
    pub code: Option<String>,
    /// The status that the fault itself names. In an answer that began before its outcome was known it is the only one.
    pub status: Option<u16>,
    pub request_id: Option<String>,
    pub description: Option<String>,
    pub message_for_user: Option<String>,
    pub resolution: Option<String>,
    pub resolution_url: Option<String>,
}

/// Whose errors they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Api,
    /// The token endpoints'.
    OAuth,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    r#type: Field<'a>,
    #[serde(borrow)]
    code: Field<'a>,
    #[serde(borrow)]
    title: Field<'a>,
    #[serde(borrow)]
    description: Field<'a>,
    /// v3: text. v2: a list of fields that are wrong, which counts as absent.
    #[serde(borrow)]
    detail: Field<'a>,
    /// v1.
    #[serde(borrow)]
    message: Field<'a>,
    #[serde(borrow)]
    status: Field<'a>,
    #[serde(borrow)]
    status_code: Field<'a>,
    #[serde(borrow)]
    request_id: Field<'a>,
    #[serde(borrow)]
    suggested_user_message: Field<'a>,
    #[serde(borrow)]
    resolution: Field<'a, Resolution<'a>>,
    /// A word in v1 and OAuth, an object in the answers of slow commands.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// v3.
    #[serde(borrow)]
    errors: List<'a, &'a RawValue>,
    #[serde(borrow, rename = "error_description")]
    error_description: Field<'a>,
}

/// `null`, a bare word, `{"type":null}` or `{"type","url"}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resolution<'a> {
    #[serde(borrow)]
    r#type: Field<'a>,
    #[serde(borrow)]
    url: Field<'a>,
}

impl Said {
    pub(super) fn new(kind: &str, code: &str) -> Self {
        Self { kind: Some(kind.to_owned()), code: Some(code.to_owned()), ..Self::default() }
    }

    /// Reads the body of an answer that is known to be a failure. What cannot be read says nothing.
    pub(super) fn read(body: &[u8], form: Form) -> Self {
        let Ok(Field::Object(wire)) = serde_json::from_slice::<Field<'_, Wire<'_>>>(body) else {
            return Self::default();
        };
        match wire.inner() {
            Some(inner) => {
                let said = read_object(inner, form);
                Self { request_id: said.request_id.or_else(|| id(&wire.request_id)), ..said }
            }
            None => wire.said(form),
        }
    }

    /// Reads a fault that stands inside of an answer.
    pub(super) fn of(json: &serde_json::Value) -> Self {
        Self::read(json.to_string().as_bytes(), Form::Api)
    }

    /// Reads a body whose status does not tell: `None` if it speaks of no fault. A `type` alone is none: what is well has
    /// one too.
    pub(super) fn within(body: &[u8]) -> Option<Self> {
        let said = Self::read(body, Form::Api);
        said.kind.as_deref().is_some_and(|kind| KINDS.contains(&kind)).then_some(said)
    }
}

fn read_object(json: &str, form: Form) -> Said {
    match serde_json::from_str::<Field<'_, Wire<'_>>>(json) {
        Ok(Field::Object(wire)) => wire.said(form),
        Ok(_) | Err(_) => Said::default(),
    }
}

impl<'a> Wire<'a> {
    /// The fault inside of an answer that holds it in a list or a field.
    fn inner(&self) -> Option<&'a str> {
        let listed = self.errors.values().next().map(|error| error.get());
        listed.or_else(|| self.error.map(RawValue::get).filter(|error| error.starts_with('{')))
    }

    fn said(&self, form: Form) -> Said {
        let (kind, code) = match (word(&self.r#type), self.error_word()) {
            (Some(kind), _) => (Some(kind), word(&self.code)),
            (None, Some(error)) if form == Form::OAuth => (Some("OAUTH".to_owned()), Some(error)),
            (None, Some(error)) => of_version_1(&error, word(&self.code)),
            (None, None) => of_code_alone(word(&self.code)),
        };
        let description =
            [&self.detail, &self.description, &self.message, &self.error_description, &self.title];
        Said {
            kind,
            code,
            status: [&self.status_code, &self.status].into_iter().find_map(status),
            request_id: id(&self.request_id),
            description: description.into_iter().find_map(text),
            message_for_user: text(&self.suggested_user_message),
            resolution: match &self.resolution {
                Field::Object(resolution) => word(&resolution.r#type),
                plain => word(plain),
            },
            resolution_url: self.resolution.object().and_then(|resolution| link(&resolution.url)),
        }
    }

    fn error_word(&self) -> Option<String> {
        let error = serde_json::from_str::<Field<'_>>(self.error?.get()).ok()?;
        word(&error)
    }
}

/// Version 1 has one word where version 2 has a type and a code.
fn of_version_1(error: &str, code: Option<String>) -> (Option<String>, Option<String>) {
    let word = error.strip_suffix("_ERROR").unwrap_or(error);
    let (kind, code) = match word {
        "RATE_LIMITING" => ("RATE_LIMIT", Some("SMARTCAR_API".to_owned())),
        "MONTHLY_LIMIT_EXCEEDED" => ("BILLING", Some("VEHICLE_REQUEST_LIMIT".to_owned())),
        "VEHICLE_NOT_CAPABLE" | "SMARTCAR_NOT_CAPABLE" => ("COMPATIBILITY", Some(word.to_owned())),
        "GATEWAY_TIMEOUT" => ("UPSTREAM", Some("NO_RESPONSE".to_owned())),
        "SERVER" => ("SERVER", Some("INTERNAL".to_owned())),
        _ => (word, code),
    };
    (Some(kind.to_owned()), code)
}

/// Version 3 may name a code without its type.
fn of_code_alone(code: Option<String>) -> (Option<String>, Option<String>) {
    let kind = match code.as_deref() {
        Some("UNAUTHORIZED") => "AUTHENTICATION",
        Some("SMARTCAR_API") => "RATE_LIMIT",
        Some("AUTHENTICATION_FAILED" | "NO_VEHICLES" | "ACCOUNT_LOCKED") => "CONNECTED_SERVICES_ACCOUNT",
        Some("PERMISSION_DENIED") => return (Some("PERMISSION".to_owned()), None),
        Some("BAD_REQUEST") => return (Some("VALIDATION".to_owned()), None),
        Some("INTERNAL" | "INTERNAL_ERROR" | "INTERNAL_SERVER_ERROR") => {
            return (Some("SERVER".to_owned()), Some("INTERNAL".to_owned()));
        }
        Some(_) | None => return (None, code),
    };
    (Some(kind.to_owned()), code)
}

/// A word of a closed set, in upper case. It goes to logs and metrics: whatever else it holds, it is none.
fn word<T>(field: &Field<'_, T>) -> Option<String> {
    let text = field.text()?;
    let word: String = text.trim().chars().map(|c| if c == '-' || c == ' ' { '_' } else { c }).collect();
    let sensible = (1..=WORD_LIMIT).contains(&word.len())
        && word.bytes().filter(u8::is_ascii_digit).count() <= DIGIT_LIMIT
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    sensible.then(|| word.to_ascii_uppercase())
}

pub(super) fn id<T>(field: &Field<'_, T>) -> Option<String> {
    field.owned().filter(|id| is_id(id))
}

/// Ids are printed: whoever answers must not write our log lines.
pub(super) fn is_id(id: &str) -> bool {
    id.len() <= WORD_LIMIT && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

fn status(field: &Field<'_>) -> Option<u16> {
    field.text()?.parse().ok().filter(|status| (100..1000).contains(status))
}

fn text(field: &Field<'_>) -> Option<String> {
    let text: Cow<'_, str> = field.text()?;
    Some(text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect())
}

fn link(field: &Field<'_>) -> Option<String> {
    let url = reqwest::Url::parse(&field.text().filter(|url| url.len() <= URL_LIMIT)?).ok()?;
    (url.scheme() == "https").then(|| url.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(said: &Said) -> Result<(), TestCaseError> {
        for word in [&said.kind, &said.code, &said.resolution].into_iter().flatten() {
            prop_assert!(
                (1..=WORD_LIMIT).contains(&word.len())
                    && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'),
                "{word:?}"
            );
        }
        for text in [&said.description, &said.message_for_user].into_iter().flatten() {
            prop_assert!(text.chars().count() <= TEXT_LIMIT && !text.chars().any(char::is_control));
        }
        prop_assert!(said.resolution_url.as_ref().is_none_or(|url| url.starts_with("https://")));
        prop_assert!(said.request_id.as_ref().is_none_or(|id| is_id(id)));
        prop_assert!(said.status.is_none_or(|status| (100..1000).contains(&status)));
        Ok(())
    }

    /// JSON with the words of errors in odd places.
    fn odd() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,20}".prop_map(Into::into),
            prop::sample::select(vec!["VEHICLE_STATE", "ASLEEP", "https://a", "http://a", "REAUTHENTICATE"])
                .prop_map(Into::into),
        ];
        let key = prop::sample::select(vec![
            "type",
            "code",
            "error",
            "errors",
            "resolution",
            "url",
            "status",
            "statusCode",
            "detail",
            "requestId",
            "description",
            "suggestedUserMessage",
            "message",
            "error_description",
            "title",
        ]);
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_say_something_or_nothing_in_bounded_words(body in prop::collection::vec(any::<u8>(), 0..300)) {
            check(&Said::read(&body, Form::Api))?;
            check(&Said::read(&body, Form::OAuth))?;
        }

        #[test]
        fn an_error_in_any_odd_form_says_what_it_says_in_bounded_words(json in odd()) {
            check(&Said::of(&json))?;
            check(&Said::read(json.to_string().as_bytes(), Form::OAuth))?;
        }
    }

    #[test]
    fn a_token_that_is_echoed_is_no_word() {
        let said =
            Said::read(br#"{"type":"cf7ba7e9-8c5d-417d-a99f-c386cfc235cc","code":"VS_000"}"#, Form::Api);
        assert_eq!((said.kind.as_deref(), said.code.as_deref()), (None, Some("VS_000")));
    }
}
