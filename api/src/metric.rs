//! The names of the program's series, and what they count.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const REQUESTS: &str = "api_requests_total";
const REQUEST_SECONDS: &str = "api_request_seconds";
const IN_HAND: &str = "api_requests_in_hand";
const TOKENS_REFUSED: &str = "api_tokens_refused_total";
const LIMITED: &str = "api_limited_total";
const CALLBACKS: &str = "api_callbacks_total";

/// Says what each series is; once a process is enough.
pub fn describe() {
    describe_counter!(REQUESTS, "Requests, by method, route and status; status 0: the client did not wait");
    describe_histogram!(REQUEST_SECONDS, "From a request's head to its answer, by route");
    describe_gauge!(IN_HAND, "Requests that are not answered yet");
    describe_counter!(TOKENS_REFUSED, "Requests without a token that is believed, by reason");
    describe_counter!(LIMITED, "Requests that came too often, by what was counted: address, person, action");
    describe_counter!(CALLBACKS, "People who came back from Smartcar's consent pages, by outcome");
}

pub fn request_began() {
    gauge!(IN_HAND).increment(1);
}

pub fn request_ended(method: &'static str, route: &str, status: u16, after: Duration) {
    gauge!(IN_HAND).decrement(1);
    let route = route.to_owned();
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(after);
}

pub fn token_refused(reason: &'static str) {
    counter!(TOKENS_REFUSED, "reason" => reason).increment(1);
}

pub fn limited(kind: &'static str) {
    counter!(LIMITED, "kind" => kind).increment(1);
}

pub fn callback(outcome: &'static str) {
    counter!(CALLBACKS, "outcome" => outcome).increment(1);
}
