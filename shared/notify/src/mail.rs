//! Writing to people: one letter to one address, by the operator's mail server.

use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use crate::config::NotifyConfig;
use crate::letter::Letter;

/// Mail servers may think about each command for long.
const COMMAND_AT_MOST: Duration = Duration::from_secs(20);
const AT_MOST: Duration = Duration::from_mins(1);

/// Why a letter did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail server's address cannot be used")]
    Server(#[source] smtp::Error),
    #[error("the address is none")]
    Address(#[source] AddressError),
    #[error("the letter cannot be written")]
    Letter(#[source] lettre::error::Error),
    #[error("the mail server refuses it")]
    Refused(#[source] smtp::Error),
    #[error("the mail server does not take it now")]
    NotNow(#[source] smtp::Error),
    #[error("the mail server did not answer in time")]
    Slow,
}

impl MailError {
    /// Whether another attempt may help.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::NotNow(_) | Self::Slow => true,
            Self::Server(_) | Self::Address(_) | Self::Letter(_) | Self::Refused(_) => false,
        }
    }
}

/// Writes to people.
#[derive(Debug, Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    page: Option<Url>,
    api: Option<Url>,
}

impl Mail {
    /// `None` where the operator named no mail server.
    ///
    /// # Errors
    ///
    /// If its address cannot be used.
    pub fn new(config: &NotifyConfig) -> Result<Option<Self>, MailError> {
        let Some((url, from)) = config.smtp_url.as_ref().zip(config.mail_from.clone()) else {
            return Ok(None);
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
            .map_err(MailError::Server)?
            .timeout(Some(COMMAND_AT_MOST))
            .build();
        Ok(Some(Self {
            transport,
            from,
            page: config.notifications_url.clone(),
            api: config.api_url.clone(),
        }))
    }

    /// Where people say of what they are told, if the operator named it.
    pub const fn page(&self) -> Option<&Url> {
        self.page.as_ref()
    }

    /// Where mail programs reach the api, if the operator named it.
    pub const fn api(&self) -> Option<&Url> {
        self.api.as_ref()
    }

    /// Sends a letter. Its Message-ID is made of the id, so that a letter that comes twice is one.
    ///
    /// # Errors
    ///
    /// If the mail server did not take it.
    pub async fn send(&self, to: &str, id: Uuid, letter: Letter) -> Result<(), MailError> {
        let to: Address = to.parse().map_err(MailError::Address)?;
        let mut message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .header(AutoSubmitted);
        if letter.one_click.is_some() {
            message = message.header(ListUnsubscribePost);
        }
        // RFC 8058: one address of the web, and no other beside it.
        if let Some(address) = letter.one_click.or(letter.page) {
            message = message.header(ListUnsubscribe(format!("<{address}>")));
        }
        let message = message
            .multipart(MultiPart::alternative_plain_html(letter.plain, letter.html))
            .map_err(MailError::Letter)?;
        match timeout(AT_MOST, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error)),
            Ok(Err(error)) => Err(MailError::NotNow(error)),
            Err(_) => Err(MailError::Slow),
        }
    }
}

/// Whether e-mail may reach this address, by its form. RFC 5321 allows 254 characters.
pub fn is_email(text: &str) -> bool {
    text.len() <= 254 && text.is_ascii() && text.parse::<Address>().is_ok()
}

/// RFC 3834: no machine answers to a machine.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// RFC 2369: where its reader says that they want no more.
#[derive(Debug, Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// RFC 8058: what a mail program posts there when its reader clicks, without asking them anything more.
#[derive(Debug, Clone, Copy)]
struct ListUnsubscribePost;

impl Header for ListUnsubscribePost {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}
