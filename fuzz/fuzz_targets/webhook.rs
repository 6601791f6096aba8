//! Whatever bytes come: the door finds its words or not, the worker understands or refuses, positions are taken out
//! at once and for good, and nobody panics.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use smartcar::redact::{self, Redacted};
use smartcar::{envelope, webhook};

fuzz_target!(|body: &[u8]| {
    // Somewhere in 2026: what is later is a time to come.
    let received_at = DateTime::from_timestamp(1_780_000_000, 0).unwrap_or_default();
    envelope::head(body);
    // An error is an answer, too.
    webhook::decode(body, received_at).ok();
    if let Redacted::Changed { body: once, .. } = redact::without_positions(body) {
        webhook::decode(&once, received_at).ok();
        if let Redacted::Changed { body: twice, .. } = redact::without_positions(&once) {
            assert!(once == twice, "a second look finds positions that the first one left");
        }
    }
});
