//! The end of letters by one click (RFC 8058). Nobody has to prove who they are: the link was signed by us and sent to one person's
//! confirmed address, and the only thing it can do is keep letters away from them.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use notify::{Language, UNSUBSCRIBING, Unsubscribing};
use runtime::clock;
use store::notification_preferences as said;
use uuid::Uuid;

use crate::App;
use crate::page::{Button, Page};
use crate::problem::Answer;

/// What stands at the end of the address, if it is text at all.
type Link = Result<Path<String>, PathRejection>;

/// Asks whether the person wants no more letters about what the letter with this link told. Changes nothing: programs that look
/// at links before people do come here, too.
#[utoipa::path(get, path = "/api/notifications/unsubscribe/{link}", tag = "notifications", operation_id = "askToUnsubscribe",
    params(("link" = String, Path, description = "As it is in the letter")),
    responses(
        (status = 200, description = "A page that asks", body = String, content_type = "text/html"),
        (status = 404, description = "A page: the link is none of ours, or its time is over", body = String, content_type = "text/html"),
    ))]
pub async fn ask(State(app): State<App>, link: Link) -> Answer<Response> {
    let Some(wish) = read(&app, link) else { return Ok(over(&app)) };
    let language = language(&app, &wish).await?;
    let button =
        Button { name: "List-Unsubscribe", value: "One-Click", words: language.known("unsubscribe.button") };
    let asked = Page { button: Some(button), ..page(&app, language, "unsubscribe.ask", &wish) };
    Ok(asked.into_response())
}

/// Ends letters about what the letter with this link told, for the person whom it was sent to. What mail programs post when their
/// reader clicks (`List-Unsubscribe=One-Click`) need not be read: that they post says it. As often as they like.
#[utoipa::path(post, path = "/api/notifications/unsubscribe/{link}", tag = "notifications", operation_id = "unsubscribe",
    params(("link" = String, Path, description = "As it is in the letter")),
    responses(
        (status = 200, description = "A page: no more of these are sent", body = String, content_type = "text/html"),
        (status = 404, description = "A page: the link is none of ours, or its time is over", body = String, content_type = "text/html"),
    ))]
pub async fn unsubscribe(State(app): State<App>, link: Link) -> Answer<Response> {
    let Some(wish) = read(&app, link) else { return Ok(over(&app)) };
    let kinds: Vec<&str> = wish.kinds.iter().map(|kind| kind.name()).collect();
    said::want_no_letters(&mut *app.pool.acquire().await?, wish.user, &kinds).await?;
    let language = language(&app, &wish).await?;
    Ok(page(&app, language, "unsubscribe.done", &wish).into_response())
}

/// What the link says, if one of our keys signed it and its time is not over.
fn read(app: &App, link: Link) -> Option<Unsubscribing> {
    let Path(link) = link.ok()?;
    let text = app.outside.keys.as_ref()?.verify(&link, UNSUBSCRIBING)?;
    Unsubscribing::read(text, clock::now())
}

async fn language(app: &App, wish: &Unsubscribing) -> Answer<Language> {
    let tongue = said::tongue(&mut *app.pool.acquire().await?, wish.user).await?;
    Ok(Language::of(tongue.language.as_deref()))
}

/// Says this of the kinds of alerts that the link is about.
fn page(app: &App, language: Language, title: &'static str, wish: &Unsubscribing) -> Page {
    let about = wish.kinds.iter().filter_map(|kind| language.text(&format!("{}.title", kind.name())));
    let mut text: Vec<String> = about.map(str::to_owned).collect();
    text.push(language.known("unsubscribe.more").to_owned());
    Page {
        status: StatusCode::OK,
        language: language.word(),
        title: language.known(title),
        text,
        button: None,
        back: app.outside.page.clone().map(|address| (address, language.known("unsubscribe.back"))),
        report: None,
    }
}

/// Of a link that says nothing nobody knows whom it was for: in the language of most.
fn over(app: &App) -> Response {
    let nobodys = Unsubscribing { user: Uuid::nil(), kinds: Vec::new() };
    let text = vec![Language::En.known("unsubscribe.over_text").to_owned()];
    let page = page(app, Language::En, "unsubscribe.over", &nobodys);
    Page { status: StatusCode::NOT_FOUND, text, ..page }.into_response()
}
