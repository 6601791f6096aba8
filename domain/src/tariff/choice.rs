//! Which tariff counts where: that of the place, else that of the network after which the place is called, else the person's
//! default. A place that names a tariff has no other: outside of its versions the price there is unknown.

use chrono::{DateTime, Utc};

use super::{Micros, Tariff};
use crate::fact::RowId;
use crate::fences::{self, Fence};
use crate::motion::Place;
use crate::setup::Setup;

/// The versions that count at a place, in one currency.
#[derive(Debug, Clone)]
pub(super) struct Known<'a>(Vec<&'a Tariff>);

impl<'a> Known<'a> {
    pub fn at(place: Option<&Place>, setup: &'a Setup) -> Self {
        let of = |counts: &dyn Fn(&Tariff) -> bool| -> Vec<&'a Tariff> {
            setup.tariffs.iter().filter(|tariff| counts(tariff)).collect()
        };
        let here = place.and_then(|place| priced_fence(place, setup));
        if let Some(fence) = here {
            return Self(of(&|tariff| tariff.fences.contains(&fence)));
        }
        let by_network = place.and_then(|place| name(place, setup)).map(|name| {
            of(&|tariff| tariff.network.as_deref().is_some_and(|network| is_called_after(name, network)))
        });
        let by_network = by_network.filter(|found| !found.is_empty());
        Self(by_network.unwrap_or_else(|| of(&|tariff| tariff.is_default)))
    }

    /// Money of different currencies is never added: the currency of the moment counts, or the first after it, and what is
    /// priced in another one is not known in this one.
    pub fn in_one_currency(self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Self> {
        let first = self.valid(from).or_else(|| {
            let later = self.0.iter().filter(|tariff| from < tariff.valid_from && tariff.valid_from <= to);
            later.min_by_key(|tariff| tariff.valid_from).copied()
        })?;
        let currency = first.currency;
        Some(Self(self.0.into_iter().filter(|tariff| tariff.currency == currency).collect()))
    }

    /// The version of that moment.
    pub fn valid(&self, at: DateTime<Utc>) -> Option<&'a Tariff> {
        let is_valid =
            |tariff: &&&Tariff| tariff.valid_from <= at && tariff.valid_to.is_none_or(|to| at < to);
        self.0.iter().find(is_valid).copied()
    }

    pub fn versions(&self) -> impl Iterator<Item = &'a Tariff> {
        self.0.iter().copied()
    }

    /// Whether energy costs something at all.
    pub fn asks_for_energy(&self) -> bool {
        self.0.iter().any(|tariff| tariff.parts.energy.iter().any(|price| price.per_kwh != Micros::ZERO))
    }
}

/// The fence of this place that names a tariff; where several do, the one that gives the place its name among them.
fn priced_fence(place: &Place, setup: &Setup) -> Option<RowId> {
    let is_priced = |id: RowId| setup.tariffs.iter().any(|tariff| tariff.fences.contains(&id));
    match place {
        Place::At(position) => {
            let priced: Vec<Fence> =
                setup.fences.iter().filter(|fence| is_priced(fence.id)).cloned().collect();
            fences::named(&priced, *position).map(|fence| fence.id)
        }
        Place::Private(zone) => row_id(zone).filter(|id| is_priced(*id)),
    }
}

fn name<'a>(place: &Place, setup: &'a Setup) -> Option<&'a str> {
    let fence = match place {
        Place::At(position) => fences::named(&setup.fences, *position),
        Place::Private(zone) => {
            let id = row_id(zone)?;
            setup.fences.iter().find(|fence| fence.id == id)
        }
    };
    fence.map(|fence| fence.name.as_str())
}

/// A zone is named by the id of its row, as PostgreSQL writes it.
fn row_id(zone: &str) -> Option<RowId> {
    u128::from_str_radix(&zone.replace('-', ""), 16).ok().map(RowId)
}

/// `EnBW Hauptbahnhof` is called after `enbw`, `Leonberg` is not called after `Eon`.
fn is_called_after(place: &str, network: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric());
        words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let (place, network) = (words(place), words(network));
    !network.is_empty() && place.windows(network.len()).any(|part| part == network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_called_after_a_network_by_whole_words() {
        assert!(is_called_after("EnBW Hauptbahnhof", "enbw"));
        assert!(is_called_after("Lidl / Stadtwerke München", "Stadtwerke München"));
        assert!(!is_called_after("Leonberg", "Eon"));
        assert!(!is_called_after("Home", " - "));
    }

    #[test]
    fn a_private_zone_is_known_by_its_id() {
        assert_eq!(row_id("00000000-0000-0000-0000-0000000000ff"), Some(RowId(255)));
        assert_eq!(row_id("home"), None);
    }
}
