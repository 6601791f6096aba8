//! The pages that a person sees when they come back from Smartcar, or from a letter. Everything that came from outside is escaped text;
//! the only script is ours, and runs in popups alone.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

/// The media type of a page.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// What a page says.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    /// `en`.
    pub language: &'static str,
    pub title: &'static str,
    pub text: Vec<String>,
    /// What it is asked for.
    pub button: Option<Button>,
    /// A link, and its words.
    pub back: Option<(Url, &'static str)>,
    /// For a popup: what it tells the page that opened it.
    pub report: Option<Report>,
}

/// A button that posts to the page's own address.
#[derive(Debug)]
pub struct Button {
    pub name: &'static str,
    pub value: &'static str,
    pub words: &'static str,
}

/// What a popup tells the page that opened it.
#[derive(Debug)]
pub struct Report {
    pub message: Value,
    /// The only pages that may hear it.
    pub origins: Vec<String>,
}

const STYLE: &str = "body{font:17px/1.5 system-ui,sans-serif;color:#1b2430;background:#f4f6f8;margin:0}\
    main{max-width:34rem;margin:12vh auto;background:#fff;border-radius:12px;padding:2rem 2.25rem;\
    box-shadow:0 1px 4px rgba(0,0,0,.12)}h1{font-size:1.35rem;margin:0 0 .75rem}p{margin:.5rem 0}\
    a,button{display:inline-block;margin-top:1rem;padding:.6rem 1.1rem;border-radius:8px;background:#0b5cad;color:#fff;\
    text-decoration:none;border:0;font:inherit;cursor:pointer}@media(prefers-color-scheme:dark){body{background:#14181d;color:#e8ecf1}\
    main{background:#1e242b}}";

/// Tells the opener, origin by origin: the browser delivers it only where the origin fits. Then the popup closes.
const SCRIPT: &str = "(function(){var d=document.body.dataset;\
    if(window.opener){JSON.parse(d.origins).forEach(function(o){\
    window.opener.postMessage(JSON.parse(d.message),o)});window.close()}})();";

impl Page {
    fn markup(&self, nonce: &str) -> Markup {
        let message = self.report.as_ref().map(|report| report.message.to_string());
        let origins = self.report.as_ref().map(|report| Value::from(report.origins.clone()).to_string());
        html! {
            (DOCTYPE)
            html lang=(self.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (self.title) " – Carvetka" }
                    style nonce=(nonce) { (PreEscaped(STYLE)) }
                }
                body data-message=[message] data-origins=[origins] {
                    main {
                        h1 { (self.title) }
                        @for text in &self.text {
                            p { (text) }
                        }
                        @if let Some(button) = &self.button {
                            form method="post" {
                                button name=(button.name) value=(button.value) { (button.words) }
                            }
                        }
                        @if let Some((address, words)) = &self.back {
                            a href=(address) { (words) }
                        }
                    }
                    @if self.report.is_some() {
                        script nonce=(nonce) { (PreEscaped(SCRIPT)) }
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let nonce = Uuid::new_v4().simple().to_string();
        let form = if self.button.is_some() { "'self'" } else { "'none'" };
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; \
             form-action {form}; frame-ancestors 'none'"
        );
        let body = self.markup(&nonce).into_string();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const EVIL: &str = "\"'><script>alert(1)</script><!--";

    #[test]
    fn what_came_from_outside_is_text_and_never_markup() {
        let page = Page {
            status: StatusCode::OK,
            language: "en",
            title: "Connected",
            button: None,
            text: vec![EVIL.to_owned()],
            back: Some(("https://app.example/?a=\"><script>".parse().unwrap(), "Back")),
            report: Some(Report {
                message: json!({ "evil": EVIL }),
                origins: vec!["https://app.example".to_owned()],
            }),
        };
        let html = page.markup("nonce").into_string();
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert!(html.contains("&lt;script&gt;") && !html.contains("<!--"), "{html}");
    }

    #[test]
    fn only_a_popup_has_a_script() {
        let page = Page {
            status: StatusCode::OK,
            language: "en",
            title: "T",
            text: Vec::new(),
            button: None,
            back: None,
            report: None,
        };
        assert!(!page.markup("nonce").into_string().contains("<script"));
    }
}
