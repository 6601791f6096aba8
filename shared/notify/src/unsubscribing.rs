//! Letters that their reader's mail program ends with one click (RFC 8058): what a link says, where it leads, and for how long it is
//! good. Who holds the keys signs it and proves it: nobody has to have logged in to want no more.

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use url::Url;
use uuid::Uuid;

use crate::words::Item;

/// What links are signed for.
pub const UNSUBSCRIBING: &str = "unsubscribe";

/// Longer than anybody leaves a letter unread that they want no more of.
const GOOD_FOR: TimeDelta = TimeDelta::days(90);

/// Between kinds: stays as it is in addresses, and is in no name.
const BETWEEN: &str = "~";

/// Who wants no more letters about which kinds of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribing {
    pub user: Uuid,
    pub kinds: Vec<AlertKind>,
}

impl Unsubscribing {
    /// From what a letter tells; `None` where nothing of it can be switched off.
    pub fn from_letter(user: Uuid, items: &[Item]) -> Option<Self> {
        let is_told = |kind: &AlertKind| items.iter().any(|item| item.kind == kind.name());
        let kinds: Vec<AlertKind> = AlertKind::ALL.into_iter().filter(is_told).collect();
        (!kinds.is_empty()).then_some(Self { user, kinds })
    }

    /// What is signed for a letter of this moment: `<user>.<end>.<kind>~<kind>`.
    pub fn text(&self, now: DateTime<Utc>) -> String {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        let end = (now + GOOD_FOR).timestamp();
        format!("{}.{end}.{}", self.user.simple(), kinds.join(BETWEEN))
    }

    /// Reads what was signed, until its end. A kind that is no more is nothing that anybody is told of.
    pub fn read(text: &str, now: DateTime<Utc>) -> Option<Self> {
        let (user, rest) = text.split_once('.')?;
        let (end, kinds) = rest.split_once('.')?;
        let is_over = end.parse::<i64>().ok()? <= now.timestamp();
        let kinds = kinds.split(BETWEEN).filter_map(AlertKind::named).collect();
        (!is_over).then_some(Self { user: Uuid::try_parse(user).ok()?, kinds })
    }
}

/// Where a signed link leads, of an api that stands here.
pub fn unsubscribe_address(api: &Url, signed: &str) -> Option<Url> {
    let mut address = api.clone();
    address.set_query(None);
    let mut path = address.path_segments_mut().ok()?;
    path.pop_if_empty().extend(["api", "notifications", "unsubscribe", signed]);
    drop(path);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-07-01T08:00:00Z".parse().unwrap()
    }

    fn one() -> Unsubscribing {
        Unsubscribing { user: Uuid::from_u128(7), kinds: vec![AlertKind::FuelDrop, AlertKind::OilLow] }
    }

    #[test]
    fn a_link_says_whose_letters_end_and_which_and_for_ninety_days() {
        let text = one().text(now());
        assert_eq!(text, "00000000000000000000000000000007.1790668800.fuel_drop~oil_low");
        assert_eq!(Unsubscribing::read(&text, now() + TimeDelta::days(89)), Some(one()));
        assert_eq!(Unsubscribing::read(&text, now() + TimeDelta::days(90)), None);
    }

    #[test]
    fn what_is_no_link_is_none_and_a_kind_that_is_no_more_is_left_out() {
        for odd in ["", ".", "..", "7.1790668800.oil_low", "00000000000000000000000000000007.soon.oil_low"] {
            assert_eq!(Unsubscribing::read(odd, now()), None, "{odd}");
        }
        let text = one().text(now()).replace("fuel_drop", "horse_tired");
        assert_eq!(Unsubscribing::read(&text, now()).unwrap().kinds, [AlertKind::OilLow]);
    }

    #[test]
    fn a_link_about_all_kinds_fits_into_a_line_of_a_letter() {
        let all = Unsubscribing { user: Uuid::max(), kinds: AlertKind::ALL.to_vec() };
        let api: Url = "https://cars.example.org/".parse().unwrap();
        let address = unsubscribe_address(&api, &format!("{}.{}", all.text(now()), "s".repeat(43))).unwrap();
        // RFC 5322, 2.1.1: 998 with the name of the header.
        assert!(address.as_str().len() < 900, "{}", address.as_str().len());
        assert!(!address.as_str().contains('%'), "{address}");
    }

    #[test]
    fn an_api_may_stand_below_a_path() {
        for (api, address) in [
            ("https://cars.example.org", "https://cars.example.org/api/notifications/unsubscribe/x.y"),
            ("https://example.org/cars/?a=b", "https://example.org/cars/api/notifications/unsubscribe/x.y"),
        ] {
            assert_eq!(unsubscribe_address(&api.parse().unwrap(), "x.y").unwrap().as_str(), address);
        }
    }
}
