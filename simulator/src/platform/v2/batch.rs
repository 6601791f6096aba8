//! The batch: several things asked of one vehicle at once, each with an answer of its own.

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asking, Question};
use crate::platform::answer;
use crate::platform::connections::Connection;
use crate::platform::problems::{Kind, Problem};
use crate::platform::trouble::{Asked, Part};

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    path: String,
}

impl Asking<'_> {
    /// Answers 200 with errors inside; only what concerns the whole request is an error of its own. Each path
    /// counts as a request.
    pub(super) fn batch(&self, connection: &Connection, body: &str) -> Result<Response, Problem> {
        let batch: Batch = serde_json::from_str(body).map_err(|_| Problem::validation("requests"))?;
        if batch.requests.is_empty() {
            return Err(Problem::validation("requests"));
        }
        // The request itself was counted with all others.
        self.platform.count(batch.requests.len() - 1)?;
        let responses: Vec<Value> =
            batch.requests.iter().map(|request| self.one(connection, &request.path)).collect();
        Ok(answer::json(200, &json!({ "responses": responses })))
    }

    fn one(&self, connection: &Connection, path: &str) -> Value {
        let asked = Asked { part: Part::V2, vehicle_id: Some(self.vehicle_id), path };
        let trouble = self.platform.registry().troubles.meet(asked);
        let problem = trouble.and_then(|trouble| trouble.problem());
        let question = Question::at(path).ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")));
        let answered = problem.map_or(question, Err).and_then(|question| self.read(connection, question));
        match answered {
            Ok(reading) => {
                let headers = self.age(&reading);
                let headers: Map<String, Value> =
                    headers.into_iter().map(|(name, value)| (name.to_string(), value.into())).collect();
                json!({ "path": path, "code": 200, "body": reading.body, "headers": headers })
            }
            Err(problem) => self.failed(path, &problem),
        }
    }

    /// An error inside has no headers, but for the one that says when to ask again.
    fn failed(&self, path: &str, problem: &Problem) -> Value {
        let request_id = self.platform.registry().id();
        let body = problem.body(&request_id);
        let mut response = json!({ "path": path, "code": problem.status(), "body": body });
        if let Some(seconds) = problem.retry_after_seconds {
            response["headers"] = json!({ "Retry-After": seconds.to_string() });
        }
        response
    }
}
