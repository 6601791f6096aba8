//! What every operation of the `OpenAPI` description has in common, said once.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder, Server, Tag,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{Code, MEDIA_TYPE, ProblemDetails};

/// The names of the two ways to prove who asks.
pub const BEARER: &str = "person";
pub const OPERATOR: &str = "operator";

const ABOUT: &str = "What Carvetka's pages call. Amounts are in the units that the names say: kilometres, litres; \
                     moments are RFC 3339. Every error is an RFC 9457 problem whose `code` never changes its meaning.";

/// Everything but the routes.
pub fn begin() -> OpenApi {
    let info =
        InfoBuilder::new().title("Carvetka sync").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
    let tags = [
        ("cars", "The garage and its books"),
        ("files", "The books of other programs in, and our own out"),
        ("costs", "What charging costs, and what cars cost"),
        ("places", "Marked places, and what follows from where cars are"),
        ("notifications", "What people are told, and how"),
        ("smartcar", "The connection of a car to Smartcar"),
        ("operators", "The pipeline, for those who look after it: nothing of people"),
    ];
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .tags(Some(tags.map(|(name, about)| {
            let mut tag = Tag::new(name);
            tag.description = Some(about.to_owned());
            tag
        })))
        .build()
}

/// Adds what follows from an operation's form: who needs a token can be refused for it, whoever names a car can name a
/// wrong one.
pub fn complete(api: &mut OpenApi) {
    let components = api.components.get_or_insert_default();
    let mut schemas = vec![(ProblemDetails::name().into_owned(), ProblemDetails::schema())];
    ProblemDetails::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A person's access token of Supabase."))
        .build();
    components.security_schemes.insert(BEARER.to_owned(), SecurityScheme::Http(scheme).into());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The installation's own secret (OPERATOR_TOKEN)."))
        .build();
    components.security_schemes.insert(OPERATOR.to_owned(), SecurityScheme::Http(scheme).into());
    for path in api.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.post, &mut path.patch, &mut path.delete];
        operations.into_iter().flatten().for_each(add_refusals);
    }
}

fn add_refusals(operation: &mut Operation) {
    let mut codes = vec![Code::TooManyRequests, Code::Internal, Code::Unavailable];
    if operation.security.is_some() {
        codes.push(Code::TokenInvalid);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::BrokenJson, Code::BodyTooLarge, Code::NotJson, Code::InvalidField]);
    }
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        match parameter.parameter_in {
            ParameterIn::Path => codes.push(Code::CarNotFound),
            ParameterIn::Query | ParameterIn::QueryString => codes.push(Code::InvalidParameter),
            ParameterIn::Header | ParameterIn::Cookie => {}
        }
    }
    let responses = &mut operation.responses.responses;
    for status in codes.into_iter().map(Code::status) {
        let words = status.canonical_reason().unwrap_or("a problem");
        let response = ResponseBuilder::new().description(words).build();
        responses.entry(status.as_u16().to_string()).or_insert(response.into());
    }
    let refusals = responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5']));
    for response in refusals.filter_map(|(_, response)| match response {
        RefOr::T(response) => Some(response),
        RefOr::Ref(_) => None,
    }) {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDetails"))).build();
        response.content.entry(MEDIA_TYPE.to_owned()).or_insert(content.into());
    }
}
