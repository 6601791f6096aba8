//! Distances and shapes on a round earth, near enough for places of some kilometres.

use crate::motion::Place;
use crate::reading::Position;

use super::Shape;

/// Mean radius of the earth in metres, as the WGS 84 ellipsoid has it (IUGG).
const EARTH_M: f64 = 6_371_008.8;
/// A millionth of a degree and the whole circle.
const MILLIONTH: f64 = 1e-6;
const CIRCLE_E6: i64 = 360_000_000;

/// Whole metres as the crow flies.
#[expect(clippy::cast_possible_truncation, reason = "half the earth is far below the limit")]
pub fn metres(one: Position, other: Position) -> i64 {
    straight(one, other).round() as i64
}

/// Whole metres between two places; `None` if one of them is private and they are not the same: they lie apart, and nobody
/// knows how far.
pub fn apart(one: &Place, other: &Place) -> Option<i64> {
    match (one, other) {
        (Place::At(one), Place::At(other)) => Some(metres(*one, *other)),
        (Place::Private(one), Place::Private(other)) if one == other => Some(0),
        (Place::Private(_), _) | (_, Place::Private(_)) => None,
    }
}

impl Shape {
    /// Metres from a position to the edge: negative within.
    pub fn beyond(&self, at: Position) -> f64 {
        match self {
            Self::Circle { centre, radius_m } => straight(*centre, at) - f64::from(*radius_m),
            Self::Polygon { corners } => {
                let Some(first) = corners.first() else { return f64::INFINITY };
                // Nothing within lies further from a corner than the other corners do; and half round the earth a flat map lies.
                let reach = corners.iter().map(|corner| straight(*first, *corner)).fold(0.0, f64::max);
                let far = straight(*first, at);
                if far > 2.0 * reach {
                    return far - reach;
                }
                let corners = around(at, corners);
                let edge = edges(&corners).map(|(from, to)| to_segment((0.0, 0.0), from, to));
                let edge = edge.fold(f64::INFINITY, f64::min);
                if surrounds(&corners) { -edge } else { edge }
            }
        }
    }

    pub fn contains(&self, at: Position) -> bool {
        self.beyond(at) <= 0.0
    }

    /// Metres beyond the edge from which a car has left.
    pub(super) fn margin(&self) -> f64 {
        match self {
            Self::Circle { radius_m, .. } => (f64::from(*radius_m) / 10.0).max(super::MARGIN_M),
            Self::Polygon { .. } => super::MARGIN_M,
        }
    }

    /// Square metres, near enough to say which of two is smaller.
    pub fn area(&self) -> f64 {
        match self {
            Self::Circle { radius_m, .. } => std::f64::consts::PI * f64::from(*radius_m).powi(2),
            Self::Polygon { corners } => {
                let Some(first) = corners.first() else { return 0.0 };
                let corners = around(*first, corners);
                edges(&corners).map(|(from, to)| from.0 * to.1 - to.0 * from.1).sum::<f64>().abs() / 2.0
            }
        }
    }

    /// Whether the straight way between two positions outside leads through.
    pub(super) fn lies_between(&self, from: Position, to: Position) -> bool {
        if self.beyond(from) > straight(from, to) {
            return false;
        }
        match self {
            Self::Circle { centre, radius_m } => {
                let (from, to) = (plane(*centre, from), plane(*centre, to));
                to_segment((0.0, 0.0), from, to) < f64::from(*radius_m)
            }
            Self::Polygon { corners } => {
                let corners = around(from, corners);
                let way = ((0.0, 0.0), plane(from, to));
                edges(&corners).any(|edge| cross(way, edge))
            }
        }
    }
}

pub(super) type Point = (f64, f64);

/// Great circle by the haversine formula: exact enough from a metre to half the earth.
fn straight(one: Position, other: Position) -> f64 {
    let (north, other_north) = (latitude(one), latitude(other));
    let by_latitude = ((other_north - north) / 2.0).sin().powi(2);
    let by_longitude = (eastward(one, other) / 2.0).sin().powi(2);
    let part = (by_latitude + north.cos() * other_north.cos() * by_longitude).clamp(0.0, 1.0);
    2.0 * EARTH_M * part.sqrt().asin()
}

fn latitude(at: Position) -> f64 {
    (f64::from(at.latitude_e6) * MILLIONTH).to_radians()
}

/// Radians from one meridian to another, the shorter way round.
fn eastward(one: Position, other: Position) -> f64 {
    let turn = i64::from(other.longitude_e6) - i64::from(one.longitude_e6);
    let turn = (turn + CIRCLE_E6 / 2).rem_euclid(CIRCLE_E6) - CIRCLE_E6 / 2;
    #[expect(clippy::cast_precision_loss, reason = "within a circle of degrees")]
    let turn = turn as f64;
    (turn * MILLIONTH).to_radians()
}

/// Metres east and north of `origin`, as on a map on which straight lines are straight enough.
fn plane(origin: Position, at: Position) -> Point {
    let middle = f64::midpoint(latitude(origin), latitude(at));
    (EARTH_M * eastward(origin, at) * middle.cos(), EARTH_M * (latitude(at) - latitude(origin)))
}

pub(super) fn around(origin: Position, corners: &[Position]) -> Vec<Point> {
    corners.iter().map(|corner| plane(origin, *corner)).collect()
}

/// Each corner with the one after it, the last with the first.
pub(super) fn edges(corners: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Whether the corners go round (0, 0): a ray from there to the east meets an odd number of edges.
fn surrounds(corners: &[Point]) -> bool {
    let met = edges(corners).filter(|(from, to)| {
        (from.1 > 0.0) != (to.1 > 0.0) && from.0 - from.1 * (to.0 - from.0) / (to.1 - from.1) > 0.0
    });
    met.count() % 2 == 1
}

pub(super) fn to_segment(point: Point, from: Point, to: Point) -> f64 {
    let (along, up) = (to.0 - from.0, to.1 - from.1);
    let length = along * along + up * up;
    let part = if length > 0.0 {
        (((point.0 - from.0) * along + (point.1 - from.1) * up) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point.0 - from.0 - part * along).hypot(point.1 - from.1 - part * up)
}

pub(super) fn cross(one: (Point, Point), other: (Point, Point)) -> bool {
    let side = |(from, to): (Point, Point), point: Point| {
        (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
    };
    (side(one, other.0) > 0.0) != (side(one, other.1) > 0.0)
        && (side(other, one.0) > 0.0) != (side(other, one.1) > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(latitude: f64, longitude: f64) -> Position {
        Position::from_degrees(latitude, longitude).unwrap()
    }

    #[test]
    fn a_degree_on_the_equator_is_111_195_metres_also_across_the_date_line() {
        assert_eq!(metres(at(0.0, 0.0), at(0.0, 1.0)), 111_195);
        assert_eq!(metres(at(0.0, 179.5), at(0.0, -179.5)), 111_195);
        assert_eq!(metres(at(90.0, 0.0), at(90.0, 123.0)), 0);
    }

    #[test]
    fn a_polygon_across_the_date_line_holds_what_lies_in_it() {
        let corners = vec![at(66.9, 179.8), at(66.9, -179.8), at(66.8, 180.0)];
        let shape = Shape::Polygon { corners };
        assert!(shape.contains(at(66.88, -179.98)) && shape.contains(at(66.88, 179.98)));
        assert!(!shape.contains(at(66.82, -179.85)) && !shape.contains(at(66.88, 0.0)));
    }

    #[test]
    fn a_circle_round_a_pole_holds_every_meridian() {
        let shape = Shape::Circle { centre: at(90.0, 0.0), radius_m: 20_000 };
        for longitude in [-180.0, -90.0, 0.0, 77.0, 180.0] {
            assert!(shape.contains(at(89.9, longitude)));
            assert!(!shape.contains(at(89.7, longitude)));
        }
    }

    #[test]
    fn the_area_of_a_square_kilometre_is_about_that() {
        let side = 0.5 / 111.195;
        let corners = vec![at(-side, -side), at(-side, side), at(side, side), at(side, -side)];
        let area = Shape::Polygon { corners }.area();
        assert!((area - 1e6).abs() < 1e3, "{area}");
    }
}
