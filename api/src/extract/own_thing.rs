//! The ids in an address of something that is a person's and no car's.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::Problem;

/// Who asks, and the ids of what they ask for. Whether it is theirs is asked with the question itself.
#[derive(Debug, Clone)]
pub struct OwnThing {
    person: Person,
    ids: Vec<(String, Uuid)>,
}

impl OwnThing {
    /// The ids of these names; `None` if one of them is no id: what is none names nothing.
    pub fn named<const N: usize>(&self, names: [&str; N]) -> Option<(Person, [Uuid; N])> {
        let mut found = [Uuid::nil(); N];
        for (place, name) in found.iter_mut().zip(names) {
            *place = self.ids.iter().find(|(known, _)| known == name)?.1;
        }
        Some((self.person, found))
    }
}

impl FromRequestParts<App> for OwnThing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // First who asks: nothing is said to strangers, not even that an id is none.
        let person = Person::from_request_parts(parts, app).await?;
        let ids = match RawPathParams::from_request_parts(parts, app).await {
            Ok(params) => params
                .iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
                .collect(),
            Err(_) => Vec::new(),
        };
        Ok(Self { person, ids })
    }
}
