//! The names of the door's series, and what they count.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use smartcar::signature::Forged;

use crate::spool::SpoolError;

const REQUESTS: &str = "ingest_requests_total";
const REQUEST_SECONDS: &str = "ingest_request_seconds";
const IN_HAND: &str = "ingest_requests_in_hand";
const BODY: &str = "ingest_body_bytes";
const BAD_SIGNATURES: &str = "ingest_bad_signatures_total";
const KEPT: &str = "ingest_kept_total";
const SPOOL_SECONDS: &str = "ingest_spool_seconds";
const SPOOL_FAILURES: &str = "ingest_spool_failures_total";
const SPOOL_OPEN: &str = "ingest_spool_open";

/// Says what each series is; once a process is enough.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        "Requests at the webhook's address, by outcome; gone: the sender did not wait"
    );
    describe_histogram!(REQUEST_SECONDS, "From a request's head to its answer, by outcome");
    describe_gauge!(IN_HAND, "Requests that are not answered yet");
    describe_histogram!(BODY, "Sizes of the bodies that were read whole");
    describe_counter!(BAD_SIGNATURES, "Deliveries that nobody with one of our secrets signed, by reason");
    describe_counter!(KEPT, "Deliveries that were made durable, by way: queue, spool");
    describe_histogram!(SPOOL_SECONDS, "From a delivery's turn to the commit of the spool that holds it");
    describe_counter!(
        SPOOL_FAILURES,
        "Deliveries that the spool did not keep, by reason: full, late, failed"
    );
    describe_gauge!(SPOOL_OPEN, "1 while the spool can be written; absent without a database");
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

pub fn kept(way: &'static str) {
    counter!(KEPT, "way" => way).increment(1);
}

pub fn spooled(after: Duration) {
    histogram!(SPOOL_SECONDS).record(after);
}

pub fn not_spooled(error: SpoolError) {
    let reason = match error {
        SpoolError::Full => "full",
        SpoolError::Late => "late",
        SpoolError::Failed => "failed",
    };
    counter!(SPOOL_FAILURES, "reason" => reason).increment(1);
}

pub fn spool_is_open(is_open: bool) {
    gauge!(SPOOL_OPEN).set(if is_open { 1.0 } else { 0.0 });
}
