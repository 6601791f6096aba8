//! Stories of what charging costs: tariffs, a session, and the bill that follows.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

mod laws;
mod story;

use story::check;

const BERLIN: &str = "Europe/Berlin EUR default 2026-01-01 -";

#[test]
fn one_price_for_every_kilowatt_hour_from_the_grid() {
    check(
        &format!(r#"{BERLIN} {{"energy":[{{"perKwh":0.3}}]}}"#),
        "plug 2026-03-01T18:00 2026-03-01T22:00
         kwh 18 grid 20
         flow 2026-03-01T18:00 2026-03-01T22:00 18",
        "energy 03-01 18:00 - 03-01 22:00 20 kWh * 0.30 = 6.00
         sum 6.00 EUR",
    );
}

#[test]
fn what_reached_the_battery_is_paid_where_the_tariff_says_so() {
    check(
        &format!(r#"{BERLIN} {{"energy":[{{"perKwh":0.3}}],"meter":"battery"}}"#),
        "plug 2026-03-01T18:00 2026-03-01T22:00
         kwh 18 grid 20
         flow 2026-03-01T18:00 2026-03-01T22:00 18",
        "energy 03-01 18:00 - 03-01 22:00 18 kWh * 0.30 = 5.40
         sum 5.40 EUR",
    );
}

#[test]
fn a_night_tariff_goes_across_midnight_by_the_clock_of_its_zone() {
    // 22:00 in Berlin is 21:00 of the world in winter.
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.2,"when":{{"from":"22:00","to":"06:00"}}}},{{"perKwh":0.3}}]}}"#
        ),
        "plug 2026-01-10T20:00 2026-01-11T06:00
         kwh 10 grid 10
         flow 2026-01-10T20:00 2026-01-11T06:00 10",
        "energy 01-10 20:00 - 01-10 21:00 1 kWh * 0.30 = 0.30
         energy 01-10 21:00 - 01-10 23:00 2 kWh * 0.20 = 0.40
         energy 01-10 23:00 - 01-11 05:00 6 kWh * 0.20 = 1.20
         energy 01-11 05:00 - 01-11 06:00 1 kWh * 0.30 = 0.30
         sum 2.20 (2.00-3.00) EUR",
    );
}

#[test]
fn what_a_charger_cannot_give_in_the_cheap_hours_is_not_reckoned_there() {
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.2,"when":{{"from":"22:00","to":"06:00"}}}},{{"perKwh":0.3}}]}}"#
        ),
        "plug 2026-01-10T20:00 2026-01-10T22:00
         kwh 4 grid 4
         peak 2000
         flow 2026-01-10T20:00 2026-01-10T22:00 4",
        "energy 01-10 20:00 - 01-10 21:00 2 kWh * 0.30 = 0.60
         energy 01-10 21:00 - 01-10 22:00 2 kWh * 0.20 = 0.40
         sum 1.00 EUR",
    );
}

#[test]
fn the_night_in_which_the_clock_skips_an_hour_has_a_shorter_night_tariff() {
    // 22:00 to 06:00 are seven hours when summer time begins, 21:00 to 04:00 of the world.
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.2,"when":{{"from":"22:00","to":"06:00"}}}},{{"perKwh":0.3}}]}}"#
        ),
        "plug 2026-03-28T20:00 2026-03-29T06:00
         kwh 10 grid 10
         peak 1000
         flow 2026-03-28T20:00 2026-03-29T06:00 10",
        "energy 03-28 20:00 - 03-28 21:00 1 kWh * 0.30 = 0.30
         energy 03-28 21:00 - 03-28 23:00 2 kWh * 0.20 = 0.40
         energy 03-28 23:00 - 03-29 04:00 5 kWh * 0.20 = 1.00
         energy 03-29 04:00 - 03-29 06:00 2 kWh * 0.30 = 0.60
         sum 2.30 EUR",
    );
}

#[test]
fn the_night_in_which_an_hour_comes_twice_has_a_longer_night_tariff() {
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.2,"when":{{"from":"22:00","to":"06:00"}}}},{{"perKwh":0.3}}]}}"#
        ),
        "plug 2026-10-24T19:00 2026-10-25T06:00
         kwh 11 grid 11
         peak 1000
         flow 2026-10-24T19:00 2026-10-25T06:00 11",
        "energy 10-24 19:00 - 10-24 20:00 1 kWh * 0.30 = 0.30
         energy 10-24 20:00 - 10-24 22:00 2 kWh * 0.20 = 0.40
         energy 10-24 22:00 - 10-25 05:00 7 kWh * 0.20 = 1.40
         energy 10-25 05:00 - 10-25 06:00 1 kWh * 0.30 = 0.30
         sum 2.40 EUR",
    );
}

#[test]
fn the_repeated_hour_is_priced_twice_by_the_clock() {
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.1,"when":{{"from":"02:00","to":"03:00"}}}},{{"perKwh":0.3}}]}}"#
        ),
        "plug 2026-10-24T23:00 2026-10-25T03:00
         kwh 4 grid 4
         peak 1000
         flow 2026-10-24T23:00 2026-10-25T03:00 4",
        "energy 10-24 23:00 - 10-25 00:00 1 kWh * 0.30 = 0.30
         energy 10-25 00:00 - 10-25 02:00 2 kWh * 0.10 = 0.20
         energy 10-25 02:00 - 10-25 03:00 1 kWh * 0.30 = 0.30
         sum 0.80 EUR",
    );
}

#[test]
fn weekdays_and_months_are_those_of_the_moment() {
    // Friday to Saturday, the last of the month to the first of the next.
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[
            {"perKwh":0.1,"when":{"weekdays":["sat","sun"]}},
            {"perKwh":0.4,"when":{"months":[7]}},
            {"perKwh":0.3}]}"#,
        "plug 2026-07-31T23:00 2026-08-01T01:00
         kwh 2 grid 2
         peak 1000
         flow 2026-07-31T23:00 2026-08-01T01:00 2",
        "energy 07-31 23:00 - 08-01 00:00 1 kWh * 0.40 = 0.40
         energy 08-01 00:00 - 08-01 01:00 1 kWh * 0.10 = 0.10
         sum 0.50 EUR",
    );
}

#[test]
fn in_hours_of_negative_prices_people_are_paid() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":-0.05,"when":{"from":"12:00","to":"14:00"}},{"perKwh":0.2}]}"#,
        "plug 2026-05-01T11:00 2026-05-01T14:00
         kwh 6 grid 6
         peak 2000
         flow 2026-05-01T11:00 2026-05-01T14:00 6",
        "energy 05-01 11:00 - 05-01 12:00 2 kWh * 0.20 = 0.40
         energy 05-01 12:00 - 05-01 14:00 4 kWh * -0.05 = -0.20
         sum 0.20 EUR",
    );
}

#[test]
fn with_negative_prices_less_energy_is_the_dearer_bound() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":-0.1}]}"#,
        "plug 2026-05-01T12:00 2026-05-01T14:00
         kwh 10 grid 10 +- 2
         flow 2026-05-01T12:00 2026-05-01T14:00 10",
        "energy 05-01 12:00 - 05-01 14:00 10 kWh * -0.10 = -1.00
         sum -1.00 (-1.20--0.80) EUR",
    );
}

#[test]
fn who_stays_at_the_plug_pays_after_the_grace_and_not_more_than_the_cap() {
    let tariff = r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.5}],
        "minutes":[{"perMinute":0.1,"of":"idle","afterMinutes":30,"cap":12}]}"#;
    check(
        tariff,
        "plug 2026-05-01T10:00 2026-05-01T12:00
         current 2026-05-01T10:00 2026-05-01T11:00
         kwh 20 grid 20
         flow 2026-05-01T10:00 2026-05-01T11:00 20",
        "energy 05-01 10:00 - 05-01 11:00 20 kWh * 0.50 = 10.00
         idle 05-01 11:30 - 05-01 12:00 * 0.10 = 3.00
         sum 13.00 EUR",
    );
    check(
        tariff,
        "plug 2026-05-01T10:00 2026-05-01T18:00
         current 2026-05-01T10:00 2026-05-01T11:00
         kwh 20 grid 20
         flow 2026-05-01T10:00 2026-05-01T11:00 20",
        "energy 05-01 10:00 - 05-01 11:00 20 kWh * 0.50 = 10.00
         idle 05-01 11:30 - 05-01 18:00 * 0.10 = 12.00
         sum 22.00 EUR",
    );
}

#[test]
fn minutes_at_the_plug_cost_only_in_their_hours() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.5}],
            "minutes":[{"perMinute":0.1,"of":"connected","afterMinutes":240,"when":{"from":"08:00","to":"20:00"}}]}"#,
        "plug 2026-05-01T15:00 2026-05-01T23:00
         kwh 20 grid 20
         flow 2026-05-01T15:00 2026-05-01T16:00 20",
        "connected 05-01 19:00 - 05-01 20:00 * 0.10 = 6.00
         energy 05-01 15:00 - 05-01 16:00 20 kWh * 0.50 = 10.00
         sum 16.00 EUR",
    );
}

#[test]
fn minutes_of_current_leave_the_pauses_out() {
    check(
        r#"UTC EUR default 2026-01-01 - {"minutes":[{"perMinute":0.2,"of":"charging"}]}"#,
        "plug 2026-05-01T10:00 2026-05-01T13:00
         current 2026-05-01T10:00 2026-05-01T10:30
         current 2026-05-01T12:00 2026-05-01T12:20
         kwh 20 grid 20
         flow 2026-05-01T10:00 2026-05-01T12:20 20",
        "charging 05-01 10:00 - 05-01 12:20 * 0.20 = 10.00
         sum 10.00 EUR",
    );
}

#[test]
fn a_fee_is_due_once_a_plug_in_however_often_the_current_pauses() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.5}],"sessionFee":0.99,"parking":2}"#,
        "plug 2026-05-01T10:00 2026-05-01T14:00
         current 2026-05-01T10:00 2026-05-01T11:00
         current 2026-05-01T13:00 2026-05-01T14:00
         kwh 20 grid 20
         flow 2026-05-01T10:00 2026-05-01T11:00 10
         flow 2026-05-01T13:00 2026-05-01T14:00 10",
        "energy 05-01 10:00 - 05-01 14:00 20 kWh * 0.50 = 10.00
         session_fee 05-01 10:00 - 05-01 10:00 * 0.99 = 0.99
         parking 05-01 10:00 - 05-01 10:00 * 2.00 = 2.00
         sum 12.99 EUR",
    );
}

#[test]
fn tiers_count_what_the_session_took_so_far() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.3},{"perKwh":0.4,"aboveKwh":10},{"perKwh":0.5,"aboveKwh":30}]}"#,
        "plug 2026-05-01T10:00 2026-05-01T14:00
         kwh 36 grid 40
         flow 2026-05-01T10:00 2026-05-01T14:00 36",
        "energy 05-01 10:00 - 05-01 11:00 10 kWh * 0.30 = 3.00
         energy 05-01 11:00 - 05-01 13:00 20 kWh * 0.40 = 8.00
         energy 05-01 13:00 - 05-01 14:00 10 kWh * 0.50 = 5.00
         sum 16.00 EUR",
    );
}

#[test]
fn a_quota_is_free_and_what_is_beyond_is_not() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.3}],"freeKwh":4}"#,
        "plug 2026-05-01T10:00 2026-05-01T11:00
         kwh 10 grid 10
         flow 2026-05-01T10:00 2026-05-01T11:00 10",
        "energy 05-01 10:00 - 05-01 10:30 4 kWh * 0.00 = 0.00
         energy 05-01 10:15 - 05-01 11:00 6 kWh * 0.30 = 1.80
         sum 1.80 EUR",
    );
}

#[test]
fn free_is_a_cost_of_zero_and_unknown_is_no_cost() {
    let session = "plug 2026-05-01T10:00 2026-05-01T11:00
         kwh 10 grid 10
         flow 2026-05-01T10:00 2026-05-01T11:00 10";
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0}]}"#,
        session,
        "energy 05-01 10:00 - 05-01 11:00 10 kWh * 0.00 = 0.00
         sum 0.00 EUR",
    );
    check("", session, "unknown");
    check(r#"UTC EUR default 2026-06-01 - {"energy":[{"perKwh":0.3}]}"#, session, "unknown");
    check(r#"UTC EUR default 2026-01-01 2026-05-01 {"energy":[{"perKwh":0.3}]}"#, session, "unknown");
}

#[test]
fn without_its_energy_a_session_costs_only_what_does_not_depend_on_it() {
    let session = "plug 2026-05-01T10:00 2026-05-01T11:00";
    check(r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.3}],"sessionFee":1}"#, session, "unknown");
    check(r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0}]}"#, session, "sum 0.00 EUR");
    check(
        r#"UTC EUR default 2026-01-01 - {"parking":3}"#,
        session,
        "parking 05-01 10:00 - 05-01 10:00 * 3.00 = 3.00
         sum 3.00 EUR",
    );
}

#[test]
fn hours_without_a_price_make_the_cost_partial() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.4,"when":{"from":"08:00","to":"20:00"}}]}"#,
        "plug 2026-05-01T18:00 2026-05-01T22:00
         kwh 8 grid 8
         peak 2000
         flow 2026-05-01T18:00 2026-05-01T22:00 8",
        "energy 05-01 18:00 - 05-01 20:00 4 kWh * 0.40 = 1.60
         sum 1.60 EUR, 500/1000 priced",
    );
}

#[test]
fn a_new_version_counts_from_its_moment_on_in_the_middle_of_a_session() {
    check(
        r#"UTC EUR default 2026-01-01 2026-05-01T10:07 {"energy":[{"perKwh":0.3}],"sessionFee":1}
           UTC EUR default 2026-05-01T10:07 - {"energy":[{"perKwh":0.6}],"sessionFee":2}"#,
        "plug 2026-05-01T10:00 2026-05-01T10:14
         kwh 14 grid 14
         peak 60000
         flow 2026-05-01T10:00 2026-05-01T10:14 14",
        "energy 05-01 10:00 - 05-01 10:07 7 kWh * 0.30 = 2.10
         session_fee 05-01 10:00 - 05-01 10:00 * 1.00 = 1.00
         energy 05-01 10:07 - 05-01 10:14 7 kWh * 0.60 = 4.20
         sum 7.30 EUR",
    );
}

#[test]
fn currencies_are_never_added() {
    check(
        r#"UTC BGN default 2025-01-01 2026-01-01 {"energy":[{"perKwh":0.4}]}
           UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.2}]}"#,
        "plug 2025-12-31T23:00 2026-01-01T01:00
         kwh 2 grid 2
         peak 1000
         flow 2025-12-31T23:00 2026-01-01T01:00 2",
        "energy 12-31 23:00 - 01-01 00:00 1 kWh * 0.40 = 0.40
         sum 0.40 BGN, 500/1000 priced",
    );
}

#[test]
fn a_session_that_nobody_saw_costs_between_the_cheapest_and_the_dearest_hours() {
    // Some time in 10 hours, 5 of them cheap: 20 kWh fit into one hour of a strong charger.
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.2,"when":{"from":"22:00","to":"03:00"}},{"perKwh":0.4}]}"#,
        "plug 2026-05-01T20:00/2026-05-02T06:00 2026-05-01T20:00/2026-05-02T06:00
         inferred
         kwh 20 grid 20 +- 2
         flow 2026-05-01T20:00 2026-05-02T06:00 20",
        "energy 05-01 20:00 - 05-01 22:00 4 kWh * 0.40 = 1.60
         energy 05-01 22:00 - 05-02 00:00 4 kWh * 0.20 = 0.80
         energy 05-02 00:00 - 05-02 03:00 6 kWh * 0.20 = 1.20
         energy 05-02 03:00 - 05-02 06:00 6 kWh * 0.40 = 2.40
         sum 6.00 (3.60-8.80) EUR",
    );
}

#[test]
fn minutes_of_uncertain_beginning_and_end_cost_between_bounds() {
    check(
        r#"UTC EUR default 2026-01-01 - {"minutes":[{"perMinute":0.1,"of":"connected"}]}"#,
        "plug 2026-05-01T10:00/2026-05-01T10:30 2026-05-01T12:00/2026-05-01T12:20
         kwh 5 grid 5
         flow 2026-05-01T10:30 2026-05-01T12:00 5",
        "connected 05-01 10:30 - 05-01 12:20 * 0.10 = 11.00
         sum 11.00 (9.00-14.00) EUR",
    );
}

#[test]
fn the_place_counts_before_the_network_and_the_network_before_the_default() {
    let tariffs = r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.3}]}
         UTC EUR fence:1 2026-01-01 - {"energy":[{"perKwh":0.2}]}
         UTC EUR network:zapp 2026-01-01 - {"energy":[{"perKwh":0.5}]}"#;
    let at = |place: &str| {
        format!(
            "plug 2026-05-01T10:00 2026-05-01T11:00
             kwh 10 grid 10
             {place}
             flow 2026-05-01T10:00 2026-05-01T11:00 10"
        )
    };
    let bill = |price: &str, sum: &str| {
        format!("energy 05-01 10:00 - 05-01 11:00 10 kWh * {price} = {sum}\nsum {sum} EUR")
    };
    check(tariffs, &at("zone 1 Home"), &bill("0.20", "2.00"));
    check(tariffs, &at("zone 2 Zapp Park"), &bill("0.50", "5.00"));
    check(tariffs, &at("zone 3 Zappa"), &bill("0.30", "3.00"));
    check(tariffs, &at(""), &bill("0.30", "3.00"));
}

#[test]
fn of_two_defaults_the_one_that_began_last_counts_and_the_other_for_what_was_before() {
    check(
        r#"UTC EUR default 2026-05-01T10:30 - {"energy":[{"perKwh":0.4}]}
           UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.2}]}"#,
        "plug 2026-05-01T10:00 2026-05-01T11:00
         kwh 10 grid 10
         peak 10000
         flow 2026-05-01T10:00 2026-05-01T11:00 10",
        "energy 05-01 10:00 - 05-01 10:30 5 kWh * 0.20 = 1.00
         energy 05-01 10:30 - 05-01 11:00 5 kWh * 0.40 = 2.00
         sum 3.00 EUR",
    );
}

#[test]
fn the_end_of_a_month_is_the_end_of_a_line_so_that_each_month_has_its_own() {
    // Midnight in Berlin is 22:00 of the world in summer.
    check(
        &format!(
            r#"{BERLIN} {{"energy":[{{"perKwh":0.3}}],"minutes":[{{"perMinute":0.01,"of":"connected"}}]}}"#
        ),
        "plug 2026-06-30T20:00 2026-06-30T23:00
         kwh 3 grid 3
         flow 2026-06-30T20:00 2026-06-30T23:00 3",
        "energy 06-30 20:00 - 06-30 22:00 2 kWh * 0.30 = 0.60
         connected 06-30 20:00 - 06-30 22:00 * 0.01 = 1.20
         energy 06-30 22:00 - 06-30 23:00 1 kWh * 0.30 = 0.30
         connected 06-30 22:00 - 06-30 23:00 * 0.01 = 0.60
         sum 2.70 EUR",
    );
}

#[test]
fn a_place_with_a_tariff_of_its_own_has_no_other_when_that_has_ended() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.3}]}
           UTC EUR fence:1 2026-01-01 2026-02-01 {"energy":[{"perKwh":0.2}]}"#,
        "plug 2026-05-01T10:00 2026-05-01T11:00
         kwh 10 grid 10
         zone 1 Home
         flow 2026-05-01T10:00 2026-05-01T11:00 10",
        "unknown",
    );
}

#[test]
fn a_typed_session_without_a_flow_is_priced_evenly_over_its_time() {
    check(
        r#"UTC EUR default 2026-01-01 - {"energy":[{"perKwh":0.2,"when":{"from":"22:00","to":"06:00"}},{"perKwh":0.4}]}"#,
        "plug 2026-05-01T21:00 2026-05-01T23:00
         metered 10
         peak 5000",
        "energy 05-01 21:00 - 05-01 22:00 5 kWh * 0.40 = 2.00
         energy 05-01 22:00 - 05-01 23:00 5 kWh * 0.20 = 1.00
         sum 3.00 EUR",
    );
}

#[test]
fn a_session_that_goes_on_is_priced_so_far() {
    check(
        r#"UTC EUR default 2026-01-01 - {"minutes":[{"perMinute":0.1,"of":"connected"}]}"#,
        "plug 2026-05-01T10:00 -
         kwh 5 grid 5
         heard 2026-05-01T11:00
         flow 2026-05-01T10:00 2026-05-01T10:45 5",
        "connected 05-01 10:00 - 05-01 11:00 * 0.10 = 6.00
         sum 6.00 EUR",
    );
}
