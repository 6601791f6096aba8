//! Who signs in: the login name says which cars are in the account, or which way the journey goes wrong, as
//! with the platform's own test accounts.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::world::CarIdentity;

/// Whose users are named here, for those who are no car's own.
const NAMESPACE: Uuid = Uuid::from_u128(0x6a3f_92d1_44c8_4b0e_9c57_1d20_7c8e_5f33);

/// An account of a maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The Smartcar user that the person becomes.
    pub user_id: String,
    /// The cars in it, by their numbers.
    pub cars: Vec<usize>,
}

/// What comes of signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    Welcome(Account),
    /// Name or password are wrong: the page asks again.
    Wrong,
    /// The journey ends with this error.
    Fails(Failure),
}

/// The errors with which a journey ends. The platform's list is open; these are those that it documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    AccessDenied,
    VehicleIncompatible,
    InvalidSubscription,
    NoVehicles,
    ConfigurationError,
    ServerError,
    Returned,
}

impl Failure {
    pub const ALL: [Self; 7] = [
        Self::AccessDenied,
        Self::VehicleIncompatible,
        Self::InvalidSubscription,
        Self::NoVehicles,
        Self::ConfigurationError,
        Self::ServerError,
        Self::Returned,
    ];

    /// The parameter `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::VehicleIncompatible => "vehicle_incompatible",
            Self::InvalidSubscription => "invalid_subscription",
            Self::NoVehicles => "no_vehicles",
            Self::ConfigurationError => "configuration_error",
            Self::ServerError => "server_error",
            Self::Returned => "user_manually_returned_to_application",
        }
    }

    /// The parameter `error_description`.
    pub const fn description(self) -> &'static str {
        match self {
            Self::AccessDenied => "User denied access to the requested scope of permissions.",
            Self::VehicleIncompatible => "The user's vehicle is not compatible.",
            Self::InvalidSubscription => "User's vehicle is not subscribed to connected services.",
            Self::NoVehicles => "User has no vehicles in their account.",
            Self::ConfigurationError => "The application is not configured for this.",
            Self::ServerError => "Unexpected server error. Please try again.",
            Self::Returned => "User exited the flow before completing it.",
        }
    }
}

/// Signs in:
///
/// * `<VIN>@…` of a car of the fleet: that car, whose own user the person is
///   (`<VIN>@incompatible.smartcar.com`: but it is not compatible);
/// * `<n>-vehicles@…`: the first n cars;
/// * `smartcar@<error>.com`, with hyphens, as `smartcar@vehicle-incompatible.com`: that error;
/// * any other address: one car, always the same.
///
/// Any password is right but `wrong`. `make` leaves only cars of that make in the account.
pub fn sign_in(fleet: &[CarIdentity], make: Option<&str>, login: &str, password: &str) -> Login {
    let login = login.trim().to_lowercase();
    let Some((name, host)) = login.split_once('@').filter(|(name, _)| !name.is_empty()) else {
        return Login::Wrong;
    };
    if password == "wrong" {
        return Login::Wrong;
    }
    let failure = |failure: &Failure| format!("{}.com", failure.as_str().replace('_', "-")) == host;
    if let Some(failure) = Failure::ALL.into_iter().find(failure).filter(|_| name == "smartcar") {
        return Login::Fails(failure);
    }
    if host == "incompatible.smartcar.com" {
        return Login::Fails(Failure::VehicleIncompatible);
    }
    let is_of_make = |number: &usize| make.is_none_or(|make| fleet[*number].make.eq_ignore_ascii_case(make));
    let own = fleet.iter().position(|car| car.vin.eq_ignore_ascii_case(name));
    let account = match (own, name.strip_suffix("-vehicles").and_then(|count| count.parse().ok())) {
        (Some(number), _) => Account { user_id: fleet[number].smartcar_user_id.clone(), cars: vec![number] },
        (None, Some(count)) => {
            Account { user_id: user(&login), cars: (0..fleet.len()).take(count).collect() }
        }
        (None, None) => {
            let eligible: Vec<usize> = (0..fleet.len()).filter(is_of_make).collect();
            let pick = usize::try_from(Uuid::new_v5(&NAMESPACE, login.as_bytes()).as_u128() % 997);
            let car = eligible.get(pick.unwrap_or(0) % eligible.len().max(1)).copied();
            Account { user_id: user(&login), cars: car.into_iter().collect() }
        }
    };
    let cars: BTreeSet<usize> = account.cars.iter().copied().filter(is_of_make).collect();
    if cars.is_empty() {
        return Login::Fails(Failure::NoVehicles);
    }
    Login::Welcome(Account { cars: cars.into_iter().collect(), ..account })
}

fn user(login: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("user {login}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Car;

    fn fleet() -> Vec<CarIdentity> {
        (0..6).map(|number| Car::draw(1, number).identity).collect()
    }

    fn cars(make: Option<&str>, login: &str) -> Vec<usize> {
        match sign_in(&fleet(), make, login, "any") {
            Login::Welcome(account) => account.cars,
            other => panic!("{login}: {other:?}"),
        }
    }

    #[test]
    fn a_vin_signs_its_own_user_in() {
        let fleet = fleet();
        let login = sign_in(&fleet, None, &format!("{}@compatible.smartcar.com", fleet[3].vin), "any");
        let account = Account { user_id: fleet[3].smartcar_user_id.clone(), cars: vec![3] };
        assert_eq!(login, Login::Welcome(account));
    }

    #[test]
    fn an_account_may_hold_several_cars() {
        assert_eq!(cars(None, "3-vehicles@smartcar.com"), [0, 1, 2]);
        assert_eq!(cars(Some("polestar"), "6-vehicles@smartcar.com"), [2]);
    }

    #[test]
    fn anybody_has_one_car_and_always_the_same() {
        let car = cars(None, "anna@example.org");
        assert_eq!(car.len(), 1);
        assert_eq!(car, cars(None, "Anna@example.org"));
        assert_eq!(cars(Some("SKODA"), "anna@example.org"), [1]);
    }

    #[test]
    fn every_documented_error_has_a_login() {
        for failure in Failure::ALL {
            let login = format!("smartcar@{}.com", failure.as_str().replace('_', "-"));
            assert_eq!(sign_in(&fleet(), None, &login, "any"), Login::Fails(failure));
        }
        let none = sign_in(&fleet(), Some("LADA"), "anna@example.org", "any");
        assert_eq!(none, Login::Fails(Failure::NoVehicles));
    }

    #[test]
    fn a_wrong_password_is_asked_for_again() {
        assert_eq!(sign_in(&fleet(), None, "anna@example.org", "wrong"), Login::Wrong);
        assert_eq!(sign_in(&fleet(), None, "anna", "any"), Login::Wrong);
        assert_eq!(sign_in(&fleet(), None, "@example.org", "any"), Login::Wrong);
    }
}
