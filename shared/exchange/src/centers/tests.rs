//! Files in both forms, as they are written and as they are broken.

use super::*;

fn position(latitude: f64, longitude: f64) -> Position {
    Position::from_degrees(latitude, longitude).unwrap()
}

fn told(file: &str) -> Vec<String> {
    let told = |center: &Center| {
        let OsmId { drawn_as, number } = center.id;
        format!("{}/{number} {} {}", drawn_as.word(), center.kind.word(), center.name)
    };
    read(file.as_bytes()).unwrap().centers.iter().map(told).collect()
}

const OVERPASS: &str = r#"{
  "version": 0.6, "osm3s": { "copyright": "OpenStreetMap" },
  "elements": [
    { "type": "node", "id": 11, "lat": 52.5, "lon": 13.4, "tags": {
      "shop": "car_repair", "name": " Werkstatt Nord ", "contact:phone": "+49 30 1", "website": "https://nord.example/x",
      "opening_hours": "Mo-Fr 08:00-18:00", "addr:street": "Nordweg", "addr:housenumber": "5", "addr:city": "Berlin" } },
    { "type": "way", "id": 12, "nodes": [1, 2], "center": { "lat": 52.6, "lon": 13.5 },
      "tags": { "shop": "tyres", "name": "Reifen West", "website": "javascript:alert(1)", "brand": "Rund" } },
    { "type": "relation", "id": 13, "center": { "lat": 52.7, "lon": 13.6 },
      "tags": { "shop": "car", "name": "Autohaus", "service": "dealer;repair" } },
    { "type": "node", "id": 14, "lat": 52.5, "lon": 13.4, "tags": { "shop": "car", "name": "Sells only" } },
    { "type": "node", "id": 15, "lat": 52.5, "lon": 13.4 },
    { "type": "node", "id": 16, "lat": 52.5, "lon": 13.4, "tags": { "shop": "car_repair" } },
    { "type": "way", "id": 17, "tags": { "shop": "car_repair", "name": "Somewhere" } },
    { "type": "node", "id": 18, "lat": 152.5, "lon": 13.4, "tags": { "shop": "car_repair", "name": "On Mars" } },
    { "type": "node", "id": 11, "lat": 52.5, "lon": 13.4, "tags": { "shop": "car_repair", "name": "Werkstatt Nord" } },
    { "type": "count", "id": 0, "tags": { "shop": "tyres", "name": "Nobody" } }
  ]
}"#;

#[test]
fn an_answer_of_overpass_gives_what_repairs_and_counts_what_does_not() {
    let told = told(OVERPASS);
    assert_eq!(
        told,
        ["node/11 repair Werkstatt Nord", "way/12 tyres Reifen West", "relation/13 dealer Autohaus"]
    );
    let Centers { centers, passed_over } = read(OVERPASS.as_bytes()).unwrap();
    let expected = PassedOver { others: 2, nameless: 1, nowhere: 2, unidentified: 1, repeated: 1 };
    assert_eq!(passed_over, expected);
    assert_eq!(centers[1].at, position(52.6, 13.5), "its middle");
    assert_eq!((centers[1].website.as_deref(), centers[1].brand.as_deref()), (None, Some("Rund")));
}

#[test]
fn what_the_map_says_of_a_place_is_kept_as_it_says_it() {
    let file = OVERPASS.replace("{ \"type\": \"node\", \"id\": 11, \"lat\": 52.5, \"lon\": 13.4, \"tags\": { \"shop\": \"car_repair\", \"name\": \"Werkstatt Nord\" } },", "");
    let first = read(file.as_bytes()).unwrap().centers.remove(0);
    let expected = Center {
        id: OsmId { drawn_as: OsmType::Node, number: 11 },
        kind: CenterKind::Repair,
        name: "Werkstatt Nord".to_owned(),
        at: position(52.5, 13.4),
        address: Some("Nordweg 5, Berlin".to_owned()),
        phone: Some("+49 30 1".to_owned()),
        website: Some("https://nord.example/x".to_owned()),
        opening_hours: Some("Mo-Fr 08:00-18:00".to_owned()),
        operator: None,
        brand: None,
    };
    assert_eq!(first, expected);
}

#[test]
fn geojson_is_read_by_whichever_ids_and_drawings_it_has() {
    let file = r#"{ "type": "FeatureCollection", "features": [
      { "type": "Feature", "id": "node/1", "properties": { "shop": "tyres", "name": "One", "level": 0 },
        "geometry": { "type": "Point", "coordinates": [13.4, 52.5, 30] } },
      { "type": "Feature", "properties": { "@id": "way/2", "shop": "car_repair", "name": "Two", "phone": 4930 },
        "geometry": { "type": "Polygon", "coordinates": [[[13, 52], [14, 52], [14, 53], [13, 52]]] } },
      { "type": "Feature", "properties": { "@type": "relation", "@id": 3, "shop": "tyres", "name": "Three" },
        "geometry": { "type": "MultiPolygon", "coordinates": [[[[10, 50], [11, 50]]], [[[12, 51], [10, 50]]]] } },
      { "type": "Feature", "id": "a8", "properties": { "shop": "tyres", "name": "Four" },
        "geometry": { "type": "Point", "coordinates": [1, 2] } },
      { "type": "Feature", "id": "a11", "properties": { "shop": "tyres", "name": "Five" },
        "geometry": { "type": "Point", "coordinates": [1, 2] } },
      { "type": "Feature", "id": 6, "properties": { "shop": "tyres", "name": "Six" },
        "geometry": { "type": "Point", "coordinates": [1, 2] } },
      { "type": "Feature", "id": "n7", "properties": { "shop": "tyres", "name": "Seven" }, "geometry": null },
      { "type": "Feature", "id": "n8", "properties": null, "geometry": { "type": "Point", "coordinates": [] } }
    ] }"#;
    let expected = [
        "node/1 tyres One",
        "way/2 repair Two",
        "way/4 tyres Four",
        "relation/3 tyres Three",
        "relation/5 tyres Five",
    ];
    assert_eq!(told(file), expected);
    let Centers { centers, passed_over } = read(file.as_bytes()).unwrap();
    assert_eq!(passed_over, PassedOver { others: 1, nowhere: 1, unidentified: 1, ..PassedOver::default() });
    assert_eq!((centers[0].at, centers[1].at), (position(52.5, 13.4), position(52.5, 13.5)));
    assert_eq!(centers[3].at, position(50.5, 11.0));
    assert_eq!(centers[1].phone.as_deref(), Some("4930"));
}

#[test]
fn a_file_that_is_broken_or_of_another_form_says_so() {
    let says = |file: &str| read(file.as_bytes()).unwrap_err().to_string();
    assert!(says("{}").contains("neither GeoJSON"));
    assert!(says(r#"{ "elements": [ { "type": "node""#).contains("no JSON"));
    assert!(says("[]").contains("no JSON") && says("").contains("no JSON"));
    assert!(says(r#"{ "elements": [] } more"#).contains("no JSON"));
    let broken_off = r#"{ "elements": [], "remark": "runtime error: Query timed out" }"#;
    assert!(says(broken_off).ends_with("did not come to the end: runtime error: Query timed out"));
    assert_eq!(read(r#"{ "elements": [] }"#.as_bytes()).unwrap(), Centers::default());
}

#[test]
fn a_file_without_end_is_refused_before_it_fills_the_memory() {
    let begin = r#"{ "elements": [], "more": ""#.as_bytes();
    let endless = begin.chain(std::io::repeat(b'x'));
    // Text that nobody asked for is not kept, either.
    assert!(matches!(read_at_most(endless, 100_000), Err(BrokenCenters::TooLarge)));
}

#[test]
fn text_that_no_database_keeps_is_none() {
    let long = "x".repeat(256);
    for name in ["", "  ", "a\\u0000b", &long] {
        let file = format!(
            r#"{{ "elements": [{{ "type": "node", "id": 1, "lat": 1, "lon": 2, "tags": {{ "shop": "tyres", "name": "{name}" }} }}] }}"#
        );
        assert_eq!(read(file.as_bytes()).unwrap().passed_over.nameless, 1, "{name}");
    }
}
