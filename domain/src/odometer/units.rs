//! Numbers in another unit than their label says: miles as kilometres, and kilometres converted once too often.

use serde::{Deserialize, Serialize};

use crate::distance::Distance;

/// So many readings in another unit than labelled, and the label is not believed any more.
const UNIT_LEARNED_AFTER: u8 = 3;

/// How this car's numbers have to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Units {
    pub(super) scale: Scale,
    /// Another scale that fitted the last readings, and how many of them.
    pub(super) other: Option<(Scale, u8)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scale {
    #[default]
    AsLabelled,
    /// Labelled kilometres, but miles.
    Miles,
    /// Labelled miles, but kilometres: converted once too often.
    ConvertedTwice,
}

impl Units {
    /// `scale`: in which other unit the reading fitted, `None` if in the usual one.
    pub(super) fn learn(&mut self, scale: Option<Scale>) {
        self.other = match (scale, self.other) {
            (None, _) => None,
            (Some(scale), Some((other, times))) if other == scale => Some((scale, times + 1)),
            (Some(scale), _) => Some((scale, 1)),
        };
        if let Some((scale, UNIT_LEARNED_AFTER..)) = self.other {
            *self = Self { scale, other: None };
        }
    }
}

impl Scale {
    pub(super) fn apply(self, reported: Distance) -> Distance {
        match self {
            Self::AsLabelled => reported,
            Self::Miles => reported.as_if_miles(),
            Self::ConvertedTwice => reported.as_if_converted_twice(),
        }
    }

    /// The scale that would explain why a number, read in this scale, is off by the length of a mile.
    pub(super) fn other(self, odometer: Distance, last: Distance) -> Option<Self> {
        let too_small = odometer.is_about(621, last);
        let too_large = odometer.is_about(1609, last);
        match self {
            Self::AsLabelled if too_small => Some(Self::Miles),
            Self::AsLabelled if too_large => Some(Self::ConvertedTwice),
            Self::Miles if too_large => Some(Self::AsLabelled),
            Self::ConvertedTwice if too_small => Some(Self::AsLabelled),
            Self::AsLabelled | Self::Miles | Self::ConvertedTwice => None,
        }
    }
}
