//! What this installation can tell people outside of their page. Only workers send; the api says what they can.

use notify::NotifyConfig;
use secrecy::SecretString;
use tracing::warn;
use url::Url;
use vault::KeyRing;

#[derive(Debug)]
pub struct Outside {
    pub has_mail: bool,
    pub webhooks_to_private: bool,
    /// Where people say of what they want to be told, if the operator named it.
    pub page: Option<Url>,
    /// With which secrets are sealed. Without them there are no webhooks, and no address can be confirmed.
    pub keys: Option<KeyRing>,
}

impl Outside {
    /// Keys that cannot be used are as good as none: the books are served without.
    pub fn new(config: &NotifyConfig, keys: Option<&SecretString>) -> Self {
        let keys = keys.and_then(|keys| {
            let read = KeyRing::parse(keys);
            read.inspect_err(|error| warn!(error = runtime::chain(error), "secrets cannot be sealed")).ok()
        });
        let NotifyConfig { smtp_url: _, mail_from: _, notifications_url, api_url: _, webhooks_to_private } =
            config;
        Self {
            has_mail: config.has_mail(),
            webhooks_to_private: *webhooks_to_private,
            page: notifications_url.clone(),
            keys,
        }
    }
}
