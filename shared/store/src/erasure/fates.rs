//! What becomes of each table when a person wants the data of a car deleted: decided here for all of them, and told to people in
//! `docs/privacy.md`. A table about which nobody decided fails a test.

/// What becomes of what a table holds of a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Goes at once.
    Goes,
    /// What the machine wrote goes at once; what a person wrote or took over stays theirs.
    TheirsStays,
    /// A person wrote it: it stays until they delete it, or leave altogether.
    Stays,
    /// It is needed a little longer, and goes by itself.
    Expires,
    /// It holds nothing by which anybody could be found.
    OfNobody,
}

/// Every table, in the order of the alphabet.
pub const FATES: [(&str, Fate); 63] = [
    ("_sqlx_migrations", Fate::OfNobody),
    ("alerts", Fate::Goes),
    ("api_bucket", Fate::OfNobody),
    ("api_usage", Fate::Expires),
    ("attached_lines", Fate::TheirsStays),
    ("battery_estimates", Fate::Goes),
    ("book_import_rows", Fate::TheirsStays),
    ("book_imports", Fate::Stays),
    ("car_watches", Fate::Stays),
    ("cars", Fate::Stays),
    ("charging_sessions", Fate::TheirsStays),
    ("command_log", Fate::Goes),
    ("connect_attempts", Fate::Expires),
    ("consents", Fate::Stays),
    ("decisions", Fate::TheirsStays),
    ("dirty_vehicles", Fate::Goes),
    ("email_confirmations", Fate::Expires),
    ("entry_history", Fate::TheirsStays),
    ("erased_vehicles", Fate::OfNobody),
    ("event_claims", Fate::OfNobody),
    ("expenses", Fate::TheirsStays),
    ("fuel_entries", Fate::TheirsStays),
    ("geofence_events", Fate::Goes),
    ("geofence_tellings", Fate::Stays),
    ("geofences", Fate::Stays),
    ("ingest_spool", Fate::Expires),
    ("ingest_spool_returns", Fate::OfNobody),
    ("issues", Fate::TheirsStays),
    ("make_circuits", Fate::OfNobody),
    ("meter_entries", Fate::TheirsStays),
    ("notification_choices", Fate::Stays),
    ("notification_preferences", Fate::Stays),
    ("notifications", Fate::Goes),
    ("outgoing_messages", Fate::Expires),
    ("parked_messages", Fate::Goes),
    ("pending_revocations", Fate::Expires),
    ("places_to_hide", Fate::Goes),
    ("poll_pace", Fate::OfNobody),
    ("poll_plans", Fate::Goes),
    ("purpose_rules", Fate::Stays),
    ("quarantined_readings", Fate::Goes),
    ("readings", Fate::Goes),
    ("refresh_plans", Fate::Expires),
    ("replay_runs", Fate::OfNobody),
    ("service_centers", Fate::OfNobody),
    ("service_reminders", Fate::Stays),
    ("setup_versions", Fate::Goes),
    ("smartcar_grants", Fate::Expires),
    ("smartcar_sync_logs", Fate::Goes),
    ("smartcar_vehicles", Fate::Goes),
    ("tariff_versions", Fate::Stays),
    ("tariffs", Fate::Stays),
    ("trips", Fate::TheirsStays),
    ("untimed_readings", Fate::Goes),
    ("user_preferences", Fate::Stays),
    ("vehicle_cadences", Fate::Goes),
    ("vehicle_errors", Fate::Goes),
    ("vehicle_incapacities", Fate::Goes),
    ("vehicle_plans", Fate::Stays),
    ("vehicle_rests", Fate::Goes),
    ("vehicle_states", Fate::Goes),
    ("webhook_endpoints", Fate::Stays),
    ("webhook_events", Fate::Goes),
];
