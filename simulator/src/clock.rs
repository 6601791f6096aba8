//! The one place of the simulator that reads the time. Everything else is given it, and lives in virtual
//! time.

use chrono::{DateTime, Utc};

/// The present, in whole milliseconds (the precision of the wire).
pub fn now() -> DateTime<Utc> {
    let now: DateTime<Utc> = std::time::SystemTime::now().into();
    DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}
