//! Carvetka's own pages: where they are, which addresses are theirs, and where their maps come from.

use connections::{ConnectionsConfig, Origin};
use url::Url;

use crate::config::{DashboardConfig, TileServer};

pub struct Site {
    origins: Vec<Origin>,
    /// Whether people come back from Smartcar by TLS. They do, except on a developer's machine.
    pub is_secure: bool,
    /// Who draws the ground under maps; nobody, unless the operator names one.
    pub tiles: Option<TileServer>,
}

impl Site {
    pub fn new(config: &ConnectionsConfig, dashboard: &DashboardConfig) -> Self {
        let redirect = config.smartcar.smartcar_redirect_uri.as_ref();
        let is_secure = redirect.is_none_or(|redirect| redirect.scheme() != "http");
        Self { origins: config.carvetka_origin.clone(), is_secure, tiles: dashboard.tiles() }
    }

    /// As browsers write them in the header `Origin`.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(Origin::as_str)
    }

    /// Carvetka's first page, if it is known where Carvetka is.
    pub fn home(&self) -> Option<Url> {
        self.origins.first().and_then(|origin| origin.as_str().parse().ok())
    }

    /// The address, if it is one of Carvetka's. It was looked at when a connection was begun; redirects are worth a
    /// second look.
    pub fn own(&self, address: &str) -> Option<Url> {
        let address = Url::parse(address).ok()?;
        self.origins.iter().any(|origin| origin.holds(&address)).then_some(address)
    }
}
