//! The form of what a tariff says, for the description. The domain reads and writes it (`domain::tariff::Parts`); the tests of
//! the routes hold its answers against this form.

#![expect(dead_code, reason = "told to the description and never made: the values are the domain's")]

use utoipa::ToSchema;

/// What is paid for. A price of 0 is free; what has no price is unknown, and makes a cost partial.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct TariffParts {
    /// Prices of energy: the first that fits a moment counts there, and where none fits the price is unknown. Empty: energy is not
    /// paid for by the kilowatt hour.
    #[schema(required = false, max_items = 100)]
    energy: Vec<TariffEnergyPrice>,
    /// Where the energy is measured that is paid for.
    #[schema(required = false, default = "grid")]
    meter: TariffMeter,
    /// Prices of time; all that fit count.
    #[schema(required = false, max_items = 100)]
    minutes: Vec<TariffMinutePrice>,
    /// Once a plug-in, however often the current pauses.
    #[schema(minimum = 0)]
    session_fee: Option<f64>,
    /// Once a plug-in.
    #[schema(minimum = 0)]
    parking: Option<f64>,
    /// Kilowatt hours of each session that cost nothing.
    #[schema(required = false, minimum = 0, default = 0)]
    free_kwh: f64,
}

/// A price of energy.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct TariffEnergyPrice {
    /// Negative where people are paid.
    per_kwh: f64,
    #[schema(required = false)]
    when: TariffWhen,
    /// A tier: it counts for what a session takes beyond so many kilowatt hours, in place of lower tiers that fit.
    #[schema(required = false, minimum = 0, default = 0)]
    above_kwh: f64,
}

/// What came from the grid, with the charger's loss, or what reached the battery.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum TariffMeter {
    Grid,
    Battery,
}

/// A price of time. Seconds count: nothing is rounded to started minutes.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct TariffMinutePrice {
    #[schema(minimum = 0)]
    per_minute: f64,
    of: TariffMinutes,
    /// The first so many of these minutes cost nothing.
    #[schema(required = false, default = 0)]
    after_minutes: u16,
    /// No session pays more by this price.
    #[schema(minimum = 0)]
    cap: Option<f64>,
    #[schema(required = false)]
    when: TariffWhen,
}

/// At the plug; while current flows; at the plug after the last current.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum TariffMinutes {
    Connected,
    Charging,
    Idle,
}

/// When a price counts, by the clock of the tariff's zone; always, as far as nothing else is said. Weekday and month are
/// those of the moment itself: the hours after midnight of a night from Friday to Saturday are Saturday's.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct TariffWhen {
    /// All, unless they are named.
    #[schema(required = false, min_items = 1)]
    weekdays: Vec<TariffWeekday>,
    #[schema(required = false, pattern = "^[0-9]{2}:[0-9]{2}$", default = "00:00")]
    from: String,
    /// Exclusive; not after `from`: on the next day. The same as `from`: the whole day.
    #[schema(required = false, pattern = "^[0-9]{2}:[0-9]{2}$", default = "00:00")]
    to: String,
    /// 1 to 12; all, unless they are named.
    #[schema(required = false)]
    months: Vec<u8>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum TariffWeekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}
