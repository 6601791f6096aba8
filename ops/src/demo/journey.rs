//! People connect their cars: through our api and Connect's own pages, as they would in a browser.

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::header::{ACCEPT, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde::Deserialize;
use simulator::person::Person;

use super::fleet::Owner;
use super::site::Site;

/// So many people connect at once.
const AT_ONCE: usize = 4;

/// The address of Connect for one car.
#[derive(Deserialize)]
struct Way {
    url: String,
}

/// How a car is connected, as far as it matters here.
#[derive(Deserialize)]
struct Status {
    badge: String,
}

/// Lets each owner connect their car.
///
/// # Errors
///
/// The first one that does not succeed.
pub async fn connect(owners: &[Owner], site: &Site) -> anyhow::Result<()> {
    let browser = Client::builder().redirect(Policy::none()).no_proxy().build()?;
    let journeys = owners.iter().map(|owner| {
        let browser = browser.clone();
        async move {
            one(&browser, owner, site).await.with_context(|| format!("cannot connect {}", owner.car_name))
        }
    });
    stream::iter(journeys).buffer_unordered(AT_ONCE).try_collect().await
}

async fn one(browser: &Client, owner: &Owner, site: &Site) -> anyhow::Result<()> {
    let token = site.token_of(owner.user)?;
    let api = format!("http://{}/api/smartcar", site.api);
    let begun = browser
        .get(format!("{api}/connect?carId={}&location={}", owner.car, owner.agrees_to_positions))
        .header(ACCEPT, "application/json")
        .bearer_auth(&token)
        .send()
        .await?
        .error_for_status()?;
    let cookie = cookie(&begun).context("the api gave the browser no cookie")?;
    let way: Way = begun.json().await?;
    let back = Person::new(&owner.login).follow(&way.url).await?;
    let page = browser.get(back).header(COOKIE, cookie).send().await?;
    ensure!(page.status().is_success(), "the api refused what Connect sent back: {}", page.status());
    let status: Status = browser
        .get(format!("{api}/status/{}", owner.car))
        .bearer_auth(&token)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    // Days pass in seconds here: it may be stale already, or its owner's password may have changed.
    ensure!(status.badge != "not_connected", "its badge says that it is not connected");
    Ok(())
}

/// Name and value, without what a browser keeps to itself.
fn cookie(response: &Response) -> Option<String> {
    let line = response.headers().get(SET_COOKIE)?.to_str().ok()?;
    line.split(';').next().map(str::to_owned)
}
