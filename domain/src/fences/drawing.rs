//! Whether a shape that somebody drew is a place that cars can be seen to enter and to leave.

use super::Shape;
use super::geometry::{around, cross, edges, metres, to_segment};
use crate::reading::Position;

/// Metres: smaller circles are within the error of a fix, larger ones are no places.
const RADIUS_M: std::ops::RangeInclusive<u32> = 75..=50_000;
/// A triangle at least, and no coast line.
const CORNERS: std::ops::RangeInclusive<usize> = 3..=200;
/// Square metres: some seventy by seventy.
const LEAST_AREA_M2: f64 = 5_000.0;
/// Metres from the first corner to any other.
const REACH_M: i64 = 100_000;
/// Millionths of a degree. Further north and south straight lines on a map are none on the ground.
const POLAR_E6: i32 = 85_000_000;
/// Metres: lines that come closer than this touch.
const TOUCHING_M: f64 = 0.5;

/// What is wrong with a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("a circle has a radius of 75 to 50000 meters")]
    Radius,
    #[error("a polygon has 3 to 200 corners")]
    Corners,
    #[error("corner {0} of the polygon is the same as the one before it: leave it out")]
    Repeated(usize),
    #[error(
        "the side after corner {0} meets the side after corner {1}: draw the polygon so that no two sides meet"
    )]
    Crossing(usize, usize),
    #[error("the polygon is too small to tell who is in it: draw at least 5000 square meters, or a circle")]
    TooSmall,
    #[error("the polygon is too large for a place: no corner lies further than 100 km from the first one")]
    TooLarge,
    #[error("so close to a pole draw a circle: polygons lie between 85 degrees south and 85 degrees north")]
    Polar,
}

impl Shape {
    /// A polygon as people draw it: the first corner may stand again at the end. Corners count from 1 in what is said of them.
    pub fn polygon(mut corners: Vec<Position>) -> Result<Self, Flaw> {
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        let shape = Self::Polygon { corners };
        shape.check().map(|()| shape)
    }

    pub fn circle(centre: Position, radius_m: u32) -> Result<Self, Flaw> {
        let shape = Self::Circle { centre, radius_m };
        shape.check().map(|()| shape)
    }

    /// Whether such a place can be kept.
    pub fn check(&self) -> Result<(), Flaw> {
        match self {
            Self::Circle { radius_m, .. } if RADIUS_M.contains(radius_m) => Ok(()),
            Self::Circle { .. } => Err(Flaw::Radius),
            Self::Polygon { corners } if CORNERS.contains(&corners.len()) => self.check_corners(corners),
            Self::Polygon { .. } => Err(Flaw::Corners),
        }
    }

    fn check_corners(&self, corners: &[Position]) -> Result<(), Flaw> {
        if corners.iter().any(|corner| corner.latitude_e6.abs() > POLAR_E6) {
            return Err(Flaw::Polar);
        }
        let first = corners[0];
        if corners.iter().any(|corner| metres(first, *corner) > REACH_M) {
            return Err(Flaw::TooLarge);
        }
        let after = corners.iter().cycle().skip(1);
        if let Some(at) = corners.iter().zip(after).position(|(corner, next)| corner == next) {
            return Err(Flaw::Repeated((at + 1) % corners.len() + 1));
        }
        if let Some((one, other)) = first_meeting(corners) {
            return Err(Flaw::Crossing(one + 1, other + 1));
        }
        if self.area() < LEAST_AREA_M2 { Err(Flaw::TooSmall) } else { Ok(()) }
    }
}

/// Two sides that meet elsewhere than neighbours do.
fn first_meeting(corners: &[Position]) -> Option<(usize, usize)> {
    let corners = around(corners[0], corners);
    let sides: Vec<_> = edges(&corners).collect();
    let last = sides.len() - 1;
    let pairs = (0..sides.len()).flat_map(|one| (one + 1..=last).map(move |other| (one, other)));
    let meets = |(one, other): &(usize, usize)| {
        let (a, b) = (sides[*one], sides[*other]);
        if one + 1 == *other {
            // Neighbours share a corner. They meet elsewhere if one turns back on the other.
            touches(b.1, a) || touches(a.0, b)
        } else if *one == 0 && *other == last {
            touches(a.1, b) || touches(b.0, a)
        } else {
            cross(a, b) || touches(a.0, b) || touches(a.1, b) || touches(b.0, a) || touches(b.1, a)
        }
    };
    pairs.into_iter().find(meets)
}

fn touches(point: (f64, f64), (from, to): ((f64, f64), (f64, f64))) -> bool {
    to_segment(point, from, to) < TOUCHING_M
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thousandths of a degree north and east of a place.
    type Corner = (f64, f64);

    fn drawn(latitude: f64, longitude: f64, corners: &[Corner]) -> Result<Shape, Flaw> {
        let round = |degrees: f64| (degrees + 540.0).rem_euclid(360.0) - 180.0;
        let corner = |(north, east): &Corner| {
            Position::from_degrees(latitude + north / 1e3, round(longitude + east / 1e3)).unwrap()
        };
        Shape::polygon(corners.iter().map(corner).collect())
    }

    #[test]
    fn a_polygon_may_lie_anywhere_but_at_a_pole() {
        let house = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)];
        for (latitude, longitude) in
            [(52.5, 13.4), (-33.9, 18.4), (0.0, 0.0), (66.9, 179.999), (-16.8, -179.9995)]
        {
            assert!(drawn(latitude, longitude, &house).is_ok(), "{latitude} {longitude}");
        }
        assert_eq!(drawn(86.0, 0.0, &house), Err(Flaw::Polar));
        assert_eq!(drawn(-89.0, 0.0, &house), Err(Flaw::Polar));
    }

    #[test]
    fn what_is_wrong_with_a_drawing_is_said() {
        let table: [(&[Corner], _); 11] = [
            (&[(0.0, 0.0), (0.0, 2.0), (2.0, 1.0)], Ok(())),
            (&[(0.0, 0.0), (0.0, 2.0), (2.0, 1.0), (0.0, 0.0)], Ok(())),
            (
                &[
                    (0.0, 0.0),
                    (0.0, 3.0),
                    (3.0, 3.0),
                    (3.0, 0.0),
                    (2.0, 0.0),
                    (2.0, 2.0),
                    (1.0, 2.0),
                    (1.0, 0.0),
                ],
                Ok(()),
            ),
            (&[(0.0, 0.0), (0.0, 2.0)], Err(Flaw::Corners)),
            (&[(0.0, 0.0), (0.0, 2.0), (0.0, 0.0)], Err(Flaw::Corners)),
            (&[(0.0, 0.0), (2.0, 2.0), (0.0, 2.0), (2.0, 0.0)], Err(Flaw::Crossing(1, 3))),
            (&[(0.0, 0.0), (0.0, 2.0), (0.0, 2.0), (2.0, 1.0)], Err(Flaw::Repeated(3))),
            (&[(0.0, 0.0), (0.0, 4.0), (0.0, 2.0), (2.0, 1.0)], Err(Flaw::Crossing(1, 2))),
            (&[(0.0, 0.0), (0.0, 4.0), (2.0, 2.0), (0.0, 2.0), (2.0, 1.0)], Err(Flaw::Crossing(1, 3))),
            (&[(0.0, 0.0), (0.0, 0.5), (0.5, 0.2)], Err(Flaw::TooSmall)),
            (&[(0.0, 0.0), (0.0, 2_000.0), (2.0, 1.0)], Err(Flaw::TooLarge)),
        ];
        for (corners, expected) in table {
            assert_eq!(drawn(52.5, 13.4, corners).map(|_| ()), expected, "{corners:?}");
        }
    }

    #[test]
    fn a_circle_has_a_radius_that_a_fix_can_tell() {
        let centre = Position::from_degrees(90.0, 0.0).unwrap();
        let flaw = |radius_m| Shape::circle(centre, radius_m).err();
        assert_eq!([74, 75, 50_000, 50_001].map(flaw), [Some(Flaw::Radius), None, None, Some(Flaw::Radius)]);
    }
}
