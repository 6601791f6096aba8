//! The description that the program gives of itself, and whether what it answers is what is described.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{Answered, Fixture};

/// What `GET /api/openapi.json` says.
pub struct Description(Value);

impl Description {
    pub async fn read(http: &reqwest::Client, address: SocketAddr) -> Self {
        let answer = http.get(format!("http://{address}/api/openapi.json")).send().await.unwrap();
        Self(answer.json().await.unwrap())
    }

    /// Every operation: method, address with names in braces, and what it says about itself.
    pub fn operations(&self) -> Vec<(Method, String, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, operations)| {
            operations.as_object().unwrap().iter().map(move |(method, operation)| {
                (method.to_uppercase().parse().unwrap(), path.clone(), operation)
            })
        });
        operations.collect()
    }

    /// The answer has a status that is described for this operation, and a body of the described form. What is at no
    /// described address is only ever refused.
    pub fn check(&self, method: &Method, path: &str, answered: &Answered) {
        let Some(operation) = self.find(method, path) else {
            let is_refused = matches!(answered.status, 204 | 400..);
            assert!(is_refused || is_of_operators(path) || *method == Method::OPTIONS, "{method} {path}");
            return;
        };
        let response = &operation["responses"][answered.status.to_string()];
        let said = format!("{method} {path} answered {} {}", answered.status, answered.text);
        assert!(response.is_object(), "{said}, which is not described");
        let Some(content) = response["content"].as_object() else {
            assert!(answered.text.is_empty(), "{said}, and no body is described");
            return;
        };
        let kind = answered.header("content-type").split(';').next().unwrap_or_default();
        let schema = content.get(kind).unwrap_or_else(|| panic!("{said}, which is not described as {kind}"));
        if kind.ends_with("json") {
            self.check_form(&schema["schema"], &answered.json, &said);
        }
    }

    fn check_form(&self, schema: &Value, instance: &Value, said: &str) {
        // References in the description point into it, so it is part of the schema that is asked.
        let mut whole = json!({ "components": self.0["components"], "allOf": [schema] });
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        let validator = jsonschema::validator_for(&whole).unwrap();
        let errors: Vec<String> = validator.iter_errors(instance).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{said}: {errors:?}");
    }

    fn find(&self, method: &Method, path: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let (template, path): (Vec<&str>, Vec<&str>) =
                (template.split('/').collect(), path.split('/').collect());
            template.len() == path.len()
                && template.iter().zip(path).all(|(word, given)| *word == given || word.starts_with('{'))
        };
        let found = self.operations().into_iter().find(|(own, template, _)| own == method && fits(template));
        found.map(|(_, _, operation)| operation)
    }
}

fn is_of_operators(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

/// Routes that anybody may call.
const OPEN: [&str; 3] =
    ["/api/openapi.json", "/api/smartcar/callback", "/api/notifications/unsubscribe/{link}"];

#[tokio::test]
async fn the_description_lists_every_route_of_the_contract() {
    let fixture = Fixture::new(&[]).await;
    let description = Description::read(&reqwest::Client::new(), fixture.address).await;
    let listed: BTreeSet<String> =
        description.operations().iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    for route in [
        "GET /api/smartcar/connect",
        "GET /api/smartcar/callback",
        "POST /api/smartcar/sync/{carId}",
        "POST /api/smartcar/disconnect/{carId}",
        "DELETE /api/smartcar/disconnect/{carId}",
        "GET /api/smartcar/status/{carId}",
        "POST /api/smartcar/commands/{carId}",
        "GET /api/cars",
        "GET /api/openapi.json",
    ] {
        assert!(listed.contains(route), "{route} is missing in {listed:?}");
    }
    for (book, more) in [("fuel-entries", ""), ("trips", "split"), ("charging-sessions", "split")] {
        let said = ["confirm", "reject", "undo", more].into_iter().filter(|word| !word.is_empty());
        let rests = said.map(|word| format!("POST /api/cars/{{carId}}/{book}/{{entryId}}/{word}"));
        let rests = rests.chain([
            format!("POST /api/cars/{{carId}}/{book}/merge"),
            format!("GET /api/cars/{{carId}}/{book}"),
            format!("GET /api/cars/{{carId}}/{book}/{{entryId}}"),
            format!("PATCH /api/cars/{{carId}}/{book}/{{entryId}}"),
            format!("DELETE /api/cars/{{carId}}/{book}/{{entryId}}"),
        ]);
        for route in rests {
            assert!(listed.contains(&route), "{route} is missing in {listed:?}");
        }
    }
    for look in ["battery", "alerts", "health", "timeline", "energy", "evidence/{book}/{entryId}"] {
        let route = format!("GET /api/cars/{{carId}}/{look}");
        assert!(listed.contains(&route), "{route} is missing in {listed:?}");
    }
    for book in ["meter-entries", "fuel-entries", "expenses"] {
        for (method, rest) in [("GET", ""), ("POST", ""), ("PATCH", "/{entryId}"), ("DELETE", "/{entryId}")] {
            let route = format!("{method} /api/cars/{{carId}}/{book}{rest}");
            assert!(listed.contains(&route), "{route} is missing in {listed:?}");
        }
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_says_who_may_call_it_and_describes_its_refusals() {
    let fixture = Fixture::new(&[]).await;
    let description = Description::read(&reqwest::Client::new(), fixture.address).await;
    let mut names = BTreeSet::new();
    for (method, path, operation) in description.operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "two operations are called {name}");
        assert!(operation["summary"].is_string(), "{method} {path} does not say what it does");
        let needs_token = operation["security"].is_array();
        assert_eq!(needs_token, !OPEN.contains(&path.as_str()), "{method} {path}");
        let is_described = |status: &str| operation["responses"][status].is_object();
        assert!(is_described("429") && is_described("503"), "{method} {path}");
        assert_eq!(is_described("401"), needs_token, "{method} {path}");
        assert!(!path.contains("{carId}") || is_described("404"), "{method} {path}");
    }
}

#[tokio::test]
async fn the_client_of_the_pages_is_made_of_this_description() {
    let fixture = Fixture::new(&[]).await;
    let served: Value = reqwest::get(fixture.url("/api/openapi.json")).await.unwrap().json().await.unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/client/openapi.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(kept == served, "web/client/openapi.json is older than the api: run make client");
}

#[tokio::test]
async fn the_description_that_is_printed_is_the_one_that_is_served() {
    let fixture = Fixture::new(&[]).await;
    let served: Value = reqwest::get(fixture.url("/api/openapi.json")).await.unwrap().json().await.unwrap();
    let printed = harness::program("api").arg("--openapi").env_clear().output().unwrap();
    assert!(printed.status.success());
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), served);
}
