//! The names of the door's series, and what they count.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use smartcar::signature::Forged;

const REQUESTS: &str = "ingest_requests_total";
const REQUEST_SECONDS: &str = "ingest_request_seconds";
const IN_HAND: &str = "ingest_requests_in_hand";
const BODY: &str = "ingest_body_bytes";
const BAD_SIGNATURES: &str = "ingest_bad_signatures_total";

/// Says what each series is; once a process is enough.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        "Requests at the webhook's address, by outcome; gone: the sender did not wait"
    );
    describe_histogram!(REQUEST_SECONDS, "From a request's head to its answer, by outcome");
    describe_gauge!(IN_HAND, "Requests that are not answered yet");
    describe_histogram!(BODY, "Sizes of the bodies that were read whole");
    describe_counter!(
        BAD_SIGNATURES,
        "Deliveries that nobody with one of our secrets signed, by reason"
    );
}

pub fn request_began() {
    gauge!(IN_HAND).increment(1);
}

pub fn request_ended(outcome: &'static str, after: Duration) {
    gauge!(IN_HAND).decrement(1);
    counter!(REQUESTS, "outcome" => outcome).increment(1);
    histogram!(REQUEST_SECONDS, "outcome" => outcome).record(after);
}

pub fn body_read(bytes: usize) {
    // Exact: a body has at most 64 KiB.
    histogram!(BODY).record(u32::try_from(bytes).unwrap_or(u32::MAX));
}

pub fn bad_signature(forged: Forged) {
    counter!(BAD_SIGNATURES, "reason" => forged.reason()).increment(1);
}
