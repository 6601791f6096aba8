//! Which of the vehicles of a consent is the car that was asked for. Pure: what the platform said is compared with what
//! stands in the garage.

use smartcar::client::VehicleInfo;
use store::vehicles::connecting::OwnCar;

/// A vehicle of a consent, as far as the platform told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Candidate {
    pub smartcar_vehicle_id: String,
    pub info: VehicleInfo,
    /// `None` if the owner or the car does not tell.
    pub vin: Option<String>,
}

/// Which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// This one, by its place in the list.
    This(usize),
    /// The car's VIN is known, and theirs are others.
    OtherVins,
    /// Several could be meant.
    Several,
    /// There is none, or all belong to other cars of the garage.
    None,
}

/// Chooses by VIN where the car has one, else by what is left when the vehicles of other cars are taken away, else by
/// name. A guess is only made where nothing contradicts it.
pub(crate) fn choose(car: &OwnCar, garage: &[OwnCar], candidates: &[Candidate]) -> Choice {
    if candidates.is_empty() {
        return Choice::None;
    }
    let places = 0..candidates.len();
    if let Some(vin) = vin(car.vin.as_deref()) {
        let has =
            |place: &usize| candidates[*place].vin.as_deref().map(normal).as_deref() == Some(vin.as_str());
        if let Some(place) = places.clone().find(has) {
            return Choice::This(place);
        }
        let untold: Vec<usize> = places.filter(|place| candidates[*place].vin.is_none()).collect();
        return match untold.as_slice() {
            [] => Choice::OtherVins,
            untold => by_name(car, untold, candidates),
        };
    }
    let free: Vec<usize> = places.filter(|place| owner(garage, car, &candidates[*place]).is_none()).collect();
    match free.as_slice() {
        [] => Choice::None,
        free => by_name(car, free, candidates),
    }
}

/// The other car of the garage that a vehicle is, by its VIN.
pub(crate) fn owner<'a>(garage: &'a [OwnCar], but: &OwnCar, candidate: &Candidate) -> Option<&'a OwnCar> {
    let told = candidate.vin.as_deref().map(normal)?;
    garage.iter().find(|car| car.id != but.id && vin(car.vin.as_deref()).as_deref() == Some(told.as_str()))
}

/// The one that is called like the car; a single one that is not called otherwise will do.
fn by_name(car: &OwnCar, places: &[usize], candidates: &[Candidate]) -> Choice {
    let alike: Vec<usize> =
        places.iter().copied().filter(|place| is_alike(car, &candidates[*place].info)).collect();
    match alike.as_slice() {
        [only] => Choice::This(*only),
        [] => match places {
            // Names are written in many ways: a person who gives consent for one vehicle means it.
            [only] => Choice::This(*only),
            _ => Choice::Several,
        },
        _ => Choice::Several,
    }
}

fn is_alike(car: &OwnCar, info: &VehicleInfo) -> bool {
    let same = |own: Option<&str>, told: Option<&str>| match (own, told) {
        (Some(own), Some(told)) => word(own) == word(told),
        _ => true,
    };
    let same_year = match (car.year, info.year) {
        (Some(own), Some(told)) => own == told,
        _ => true,
    };
    same(car.make.as_deref(), info.make.as_deref())
        && same(car.model.as_deref(), info.model.as_deref())
        && same_year
}

/// A VIN that is one: people write all sorts of things into such a field.
fn vin(text: Option<&str>) -> Option<String> {
    text.map(normal).filter(|vin| vin.len() == 17)
}

fn normal(vin: &str) -> String {
    vin.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

fn word(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const VIN: &str = "WVWZZZE1ZMP000001";
    const OTHER: &str = "WVWZZZE1ZMP000002";

    fn car(number: u128, name: &str, vin: Option<&str>) -> OwnCar {
        let mut words = name.split(' ');
        OwnCar {
            id: Uuid::from_u128(number),
            name: name.to_owned(),
            make: words.next().map(str::to_owned).filter(|make| !make.is_empty()),
            model: words.next().map(str::to_owned),
            year: words.next().and_then(|year| year.parse().ok()),
            vin: vin.map(str::to_owned),
            vehicle_id: None,
        }
    }

    fn told(name: &str, vin: Option<&str>) -> Candidate {
        let like = car(0, name, vin);
        let info = VehicleInfo { make: like.make, model: like.model, year: like.year, powertrain: None };
        Candidate { smartcar_vehicle_id: name.to_owned(), info, vin: like.vin }
    }

    #[test]
    fn a_car_with_a_vin_is_the_vehicle_with_this_vin_however_it_is_written() {
        let asked = car(1, "VW ID.4 2021", Some("wvwzzz-e1zmp 000001"));
        let both = [told("VOLKSWAGEN ID.3 2020", Some(OTHER)), told("VOLKSWAGEN ID.4 2021", Some(VIN))];
        assert_eq!(choose(&asked, &[], &both), Choice::This(1));
        assert_eq!(choose(&asked, &[], &both[..1]), Choice::OtherVins);
        // One that does not tell its VIN may be it.
        assert_eq!(
            choose(&asked, &[], &[both[0].clone(), told("VOLKSWAGEN ID.4 2021", None)]),
            Choice::This(1)
        );
        assert_eq!(choose(&asked, &[], &[]), Choice::None);
    }

    #[test]
    fn a_car_without_a_vin_is_what_is_left_when_the_others_are_found() {
        let asked = car(1, "Clio", Some("my clio"));
        let garage = [asked.clone(), car(2, "Zoe", Some(VIN))];
        let both = [told("RENAULT ZOE 2020", Some(VIN)), told("RENAULT CLIO 2019", Some(OTHER))];
        assert_eq!(choose(&asked, &garage, &both), Choice::This(1));
        assert_eq!(choose(&asked, &garage, &both[..1]), Choice::None);
    }

    #[test]
    fn of_several_the_one_of_the_same_name_is_meant_and_of_two_of_them_none() {
        let asked = car(1, "Renault Clio 2019", None);
        let (clio, zoe) = (told("RENAULT CLIO 2019", Some(VIN)), told("RENAULT ZOE 2019", Some(OTHER)));
        assert_eq!(choose(&asked, &[], &[zoe.clone(), clio.clone()]), Choice::This(1));
        assert_eq!(choose(&asked, &[], &[clio.clone(), clio.clone()]), Choice::Several);
        assert_eq!(choose(&car(1, "", None), &[], &[zoe, clio]), Choice::Several);
    }

    #[test]
    fn a_single_vehicle_is_the_one_however_it_is_called() {
        let asked = car(1, "VW Golf", None);
        assert_eq!(choose(&asked, &[], &[told("VOLKSWAGEN e-Golf 2019", None)]), Choice::This(0));
    }
}
