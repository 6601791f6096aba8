//! Circles and polygons as people draw them: checked here, with words that say what to draw instead.

use domain::fences::Shape;
use domain::reading::Position;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Answer, Code, Problem};

/// A circle on the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Circle {
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
    /// Metres.
    #[serde(default = "usual_radius")]
    #[schema(minimum = 75, maximum = 50_000, default = 150)]
    radius_m: u32,
}

/// A corner of a polygon. Between two corners the shorter way round the earth is the side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Corner {
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
}

/// What a body says of a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub circle: Option<Circle>,
    pub polygon: Option<Vec<Corner>>,
}

/// Metres: enough for a house and its street, and for the blur of a fix.
const fn usual_radius() -> u32 {
    150
}

impl Drawing {
    /// The shape; `None` if nothing is drawn.
    pub fn shape(self) -> Answer<Option<Shape>> {
        match (self.circle, self.polygon) {
            (Some(circle), None) => circle.shape().map(Some),
            (None, Some(corners)) => polygon(&corners).map(Some),
            (Some(_), Some(_)) => Err(refuse("Draw either a circle or a polygon.").at_field("polygon")),
            (None, None) => Ok(None),
        }
    }

    pub fn of(shape: &Shape) -> Self {
        match shape {
            Shape::Circle { centre, radius_m } => {
                let Corner { latitude, longitude } = Corner::of(*centre);
                Self { circle: Some(Circle { latitude, longitude, radius_m: *radius_m }), polygon: None }
            }
            Shape::Polygon { corners } => {
                Self { circle: None, polygon: Some(corners.iter().copied().map(Corner::of).collect()) }
            }
        }
    }
}

/// What is said where nothing is drawn.
pub fn nothing() -> Problem {
    refuse("Draw the place: as a `circle` or as a `polygon`.").at_field("circle")
}

impl Circle {
    fn shape(self) -> Answer<Shape> {
        let centre = position(self.latitude, self.longitude, "circle")?;
        Shape::circle(centre, self.radius_m).map_err(|flaw| say(&flaw).at_field("circle.radiusM"))
    }
}

impl Corner {
    fn of(at: Position) -> Self {
        let degrees = |e6: i32| f64::from(e6) / 1e6;
        Self { latitude: degrees(at.latitude_e6), longitude: degrees(at.longitude_e6) }
    }
}

fn polygon(corners: &[Corner]) -> Answer<Shape> {
    let corners = corners
        .iter()
        .enumerate()
        .map(|(number, corner)| position(corner.latitude, corner.longitude, &format!("polygon[{number}]")));
    Shape::polygon(corners.collect::<Answer<_>>()?).map_err(|flaw| say(&flaw).at_field("polygon"))
}

fn position(latitude: f64, longitude: f64, field: &str) -> Answer<Position> {
    Position::from_degrees(latitude, longitude).map_err(|wrong| {
        let detail = format!("The {wrong}: latitudes go from -90 to 90, longitudes from -180 to 180.");
        Problem::new(Code::InvalidField, detail).at_field(field)
    })
}

fn say(flaw: &domain::fences::Flaw) -> Problem {
    Problem::new(Code::InvalidField, format!("The place cannot be kept: {flaw}."))
}

fn refuse(detail: &'static str) -> Problem {
    Problem::new(Code::InvalidField, detail)
}
