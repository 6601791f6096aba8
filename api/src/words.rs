//! What a person is told about each end of a consent.

use axum::http::StatusCode;
use connections::{FirstSync, OtherVehicle, Outcome, StateTrouble, SyncOutcome, VehicleWords};

/// What is said, and the fixed word for it that pages and metrics know.
#[derive(Debug)]
pub struct Words {
    pub outcome: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    pub text: Vec<String>,
}

const AGAIN: &str = "Go back to Carvetka and begin once more.";

impl Words {
    fn new(outcome: &'static str, status: StatusCode, title: &'static str, text: &str) -> Self {
        Self { outcome, status, title, text: vec![text.to_owned()] }
    }

    fn and(mut self, text: impl Into<String>) -> Self {
        self.text.push(text.into());
        self
    }
}

/// The words for each outcome.
pub fn of(outcome: &Outcome) -> Words {
    let not = |outcome, status, text: &str| Words::new(outcome, status, "Your car was not connected", text);
    match outcome {
        Outcome::Connected { vehicle_id: _, vehicle, first_sync, others } => {
            connected(vehicle, first_sync, others)
        }
        Outcome::State(trouble) => state(*trouble),
        Outcome::Refused => {
            not("refused", StatusCode::OK, "You did not agree, so nothing was connected or stored.")
        }
        Outcome::Incompatible { vin: _, vehicle } => {
            let text = format!("Smartcar cannot reach {} from afar.", name(vehicle));
            not("incompatible", StatusCode::OK, &text)
                .and("You can go on writing its mileage into Carvetka by hand.")
        }
        Outcome::NoVehicles => {
            not("no_vehicles", StatusCode::OK, "There is no car in this account of the maker.")
                .and("Add the car in the maker's app first, or sign in with another account.")
        }
        Outcome::Subscription => {
            not("subscription", StatusCode::OK, "The maker's connected services are not active for this car.")
                .and("Activate them in the maker's app, then connect again.")
        }
        Outcome::OurFault => {
            let text = "Something is set up wrongly on our side. It is not your fault, and it was noted.";
            not("our_fault", StatusCode::INTERNAL_SERVER_ERROR, text)
        }
        Outcome::PlatformFault => {
            not("platform_fault", StatusCode::BAD_GATEWAY, "Smartcar does not answer as it should.")
                .and("Try again in some minutes.")
        }
        Outcome::UnknownError { error } => {
            let text = format!("Smartcar ended it for a reason that we do not know: {error}.");
            not("unknown_error", StatusCode::BAD_GATEWAY, &text).and(AGAIN)
        }
        Outcome::NotConfirmed => {
            let text = "Smartcar does not confirm that this consent is yours.";
            not("not_confirmed", StatusCode::BAD_REQUEST, text).and(AGAIN)
        }
        Outcome::CodeUsed => {
            not("code_used", StatusCode::BAD_REQUEST, "This consent was used already.").and(AGAIN)
        }
        Outcome::CarGone => not("car_gone", StatusCode::CONFLICT, "The car is not in your garage any more."),
        Outcome::SomebodyElses => {
            let text = "Somebody else connected this car with the same account of its maker.";
            not("somebody_elses", StatusCode::CONFLICT, text)
                .and("They have to disconnect it in Carvetka first.")
        }
        Outcome::AnotherCar { car_id: _, name } => {
            let text = format!("This car is connected to “{name}” in your garage already.");
            not("another_car", StatusCode::CONFLICT, &text).and("Disconnect it there first.")
        }
        Outcome::VinMismatch { vehicles } => {
            let text = format!("The car in your garage has another VIN than {}.", names(vehicles));
            not("vin_mismatch", StatusCode::CONFLICT, &text)
                .and("Correct the VIN in Carvetka, or allow the right car.")
        }
        Outcome::WhichOne { vehicles } => {
            let text = format!("You allowed several cars: {}.", names(vehicles));
            not("which_one", StatusCode::CONFLICT, &text)
                .and("Write the car's VIN into Carvetka, or allow just this one car, and begin once more.")
        }
        Outcome::PlanLimit { allowed } => {
            let text = format!("Your plan has room for {allowed} connected cars, and as many are connected.");
            not("plan_limit", StatusCode::PAYMENT_REQUIRED, &text)
                .and("Disconnect another car, or choose a larger plan.")
        }
    }
}

/// What is said when a server of ours is away.
pub fn try_again() -> Words {
    let text = "Carvetka cannot be reached at the moment. Nothing was changed.";
    Words::new("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Please try again in a minute", text)
        .and(AGAIN)
}

fn connected(vehicle: &VehicleWords, first_sync: &FirstSync, others: &[OtherVehicle]) -> Words {
    let text = format!("{} is connected to Carvetka.", name(vehicle));
    let words = Words::new("connected", StatusCode::OK, "Your car is connected", &text);
    let words = match first_sync {
        FirstSync::Done(SyncOutcome::Written { .. } | SyncOutcome::Duplicate { .. }) => {
            words.and("Its mileage is in your book already.")
        }
        FirstSync::Done(
            SyncOutcome::NothingNew { .. }
            | SyncOutcome::Wait { .. }
            | SyncOutcome::BudgetExhausted { .. }
            | SyncOutcome::Reconnect(_),
        )
        | FirstSync::Later => {
            words.and("Its first mileage will be in your book as soon as the car tells it.")
        }
    };
    let further: Vec<String> =
        others.iter().filter(|other| !other.is_connected).map(|other| name(&other.vehicle)).collect();
    if further.is_empty() {
        return words;
    }
    let further = further.join(", ");
    words
        .and(format!("You also allowed {further}. To use it, open that car in Carvetka and connect it, too."))
}

fn state(trouble: StateTrouble) -> Words {
    let (outcome, text) = match trouble {
        StateTrouble::Forged => ("state_unknown", "This address is none that Carvetka gave."),
        StateTrouble::Expired => {
            ("state_expired", "It took longer than ten minutes, so it was ended to be safe.")
        }
        StateTrouble::Used => ("state_used", "This address was used already. Your car may be connected."),
        StateTrouble::Foreign => {
            ("state_foreign", "This was begun in another browser, or in another window without cookies.")
        }
    };
    Words::new(outcome, StatusCode::BAD_REQUEST, "Your car was not connected", text).and(AGAIN)
}

fn names(vehicles: &[VehicleWords]) -> String {
    vehicles.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// `Volkswagen ID.4 (2023)`, as far as it is known.
fn name(vehicle: &VehicleWords) -> String {
    let VehicleWords { make, model, year } = vehicle;
    let known: Vec<&str> = [make, model].into_iter().flatten().map(String::as_str).collect();
    match (known.is_empty(), year) {
        (true, _) => "the car".to_owned(),
        (false, Some(year)) => format!("{} ({year})", known.join(" ")),
        (false, None) => known.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn vehicle() -> VehicleWords {
        VehicleWords { make: Some("VOLVO".to_owned()), model: Some("EX30".to_owned()), year: Some(2024) }
    }

    fn every_end() -> Vec<Outcome> {
        let vehicles = vec![vehicle(), VehicleWords::default()];
        vec![
            Outcome::Connected {
                vehicle_id: Uuid::nil(),
                vehicle: vehicle(),
                first_sync: FirstSync::Later,
                others: Vec::new(),
            },
            Outcome::Refused,
            Outcome::Incompatible { vin: Some("WVWZZZ00000000001".to_owned()), vehicle: vehicle() },
            Outcome::NoVehicles,
            Outcome::Subscription,
            Outcome::OurFault,
            Outcome::PlatformFault,
            Outcome::UnknownError { error: "of_tomorrow".to_owned() },
            Outcome::State(StateTrouble::Forged),
            Outcome::State(StateTrouble::Expired),
            Outcome::State(StateTrouble::Used),
            Outcome::State(StateTrouble::Foreign),
            Outcome::NotConfirmed,
            Outcome::CodeUsed,
            Outcome::CarGone,
            Outcome::SomebodyElses,
            Outcome::AnotherCar { car_id: Uuid::nil(), name: "Berta".to_owned() },
            Outcome::VinMismatch { vehicles: vehicles.clone() },
            Outcome::WhichOne { vehicles },
            Outcome::PlanLimit { allowed: 1 },
        ]
    }

    #[test]
    fn every_end_has_a_word_of_its_own_that_the_developers_page_lists() {
        let page = include_str!("../../docs/carvetka.md");
        let mut words = BTreeSet::new();
        for end in every_end() {
            let said = of(&end);
            assert!(words.insert(said.outcome), "{} is said of two ends", said.outcome);
            assert!(page.contains(&format!("`{}`", said.outcome)) || said.outcome == "connected");
            assert!(said.text.iter().all(|text| text.ends_with('.')), "{:?}", said.text);
        }
        assert!(page.contains(&format!("`{}`", try_again().outcome)));
    }

    #[test]
    fn no_page_says_whose_car_it_is_or_what_its_vin_is() {
        for end in every_end() {
            let text = of(&end).text.concat();
            assert!(!text.contains("WVWZZZ") && !text.contains("00000000-"), "{text}");
        }
    }

    #[test]
    fn a_car_is_called_by_what_is_known_of_it() {
        assert_eq!(name(&vehicle()), "VOLVO EX30 (2024)");
        assert_eq!(name(&VehicleWords { year: None, ..vehicle() }), "VOLVO EX30");
        assert_eq!(name(&VehicleWords::default()), "the car");
    }
}
