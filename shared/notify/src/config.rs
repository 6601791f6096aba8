//! What the operator says of channels out of the house.

use clap::Args;
use lettre::message::Mailbox;
use secrecy::SecretString;

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
