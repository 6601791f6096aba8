//! What the operator says of channels out of the house.

use clap::Args;
use lettre::message::Mailbox;
use secrecy::SecretString;
use url::Url;

/// How people are told outside of their page. Without an address of a mail server nobody is written to.
#[derive(Debug, Clone, Default, Args)]
pub struct NotifyConfig {
    /// The mail server: `smtps://user:password@mail.example.org:465`, or `smtp://…:587?tls=required` for STARTTLS. Plain
    /// `smtp://` only within the own network. Without it no e-mail is sent.
    #[arg(long, env = "SMTP_URL", hide_env_values = true, requires = "mail_from")]
    pub smtp_url: Option<SecretString>,

    /// Whom e-mails are from: `Carvetka <cars@example.org>`.
    #[arg(long, env = "MAIL_FROM")]
    pub mail_from: Option<Mailbox>,

    /// The page on which people say of what they are told, such as `https://cars.example.org/app/notifications`: letters
    /// lead there. Without it they only name it.
    #[arg(long, env = "NOTIFICATIONS_URL", value_parser = page)]
    pub notifications_url: Option<Url>,

    /// Where people reach the api from outside, such as `https://cars.example.org`. With it their mail programs end letters with
    /// one click, which takes TLS.
    #[arg(long, env = "API_URL", value_parser = secure)]
    pub api_url: Option<Url>,

    /// Whether webhooks of people may be within the own network, and without TLS. Who may add one could reach what stands
    /// there: only where all of them are trusted.
    #[arg(long, env = "WEBHOOKS_TO_PRIVATE")]
    pub webhooks_to_private: bool,
}

impl NotifyConfig {
    /// Whether people can be written to.
    pub fn has_mail(&self) -> bool {
        self.smtp_url.is_some() && self.mail_from.is_some()
    }
}

/// Only what a browser opens is put into letters.
fn page(given: &str) -> Result<Url, String> {
    let url = Url::parse(given).map_err(|error| format!("not an address: {error}"))?;
    let is_page = matches!(url.scheme(), "https" | "http") && url.has_host();
    is_page.then_some(url).ok_or_else(|| "an address that begins with `https://` or `http://`".to_owned())
}

/// RFC 8058: mail programs go nowhere else.
fn secure(given: &str) -> Result<Url, String> {
    let url = page(given)?;
    (url.scheme() == "https")
        .then_some(url)
        .ok_or_else(|| "an address that begins with `https://`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_a_browser_opens() {
        assert_eq!(page("https://cars.example.org/app/notifications").unwrap().path(), "/app/notifications");
        for odd in ["cars.example.org/app", "mailto:ann@example.org", "javascript:alert(1)", ""] {
            assert!(page(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn mail_programs_come_by_tls_alone() {
        assert!(secure("https://cars.example.org").is_ok());
        assert!(secure("http://cars.example.org").is_err());
    }
}
