//! A person with a browser, for tests and demos: goes through Connect's pages by their forms alone, as anybody
//! would, and ends where the application waits.

use url::Url;

/// A person who wants to connect a car.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name to sign in with, as `<VIN>@compatible.smartcar.com`.
    pub login: String,
    /// Any but `wrong`.
    pub password: String,
    /// The brand to choose, where it is asked for; any without it.
    pub make: Option<String>,
    /// Permissions that the person does not give.
    pub withheld: Vec<String>,
    pub decision: Decision,
}

/// What a person does on the page where it is asked for permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Deny,
    /// Goes back to the application without an answer.
    Leave,
}

/// Why the person did not get to the end.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    #[error("cannot open a page of Connect")]
    Http(#[from] reqwest::Error),
    #[error("Connect showed an error: {0}")]
    Refused(String),
    #[error("Connect sent the browser to no address")]
    Nowhere,
    #[error("the pages of Connect do not come to an end")]
    Lost,
}

impl Person {
    /// Somebody who allows everything.
    pub fn new(login: impl Into<String>) -> Self {
        Self {
            login: login.into(),
            password: "any".to_owned(),
            make: None,
            withheld: Vec::new(),
            decision: Decision::Allow,
        }
    }

    /// Follows a link of Connect to its end: the address at which the application gets its answer. That is not
    /// opened.
    pub async fn follow(&self, link: &str) -> Result<Url, Lost> {
        let browser =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let mut page = browser.get(link).send().await?;
        let own = page.url().origin();
        // Brand, login, consent, and a page in between now and then.
        for _ in 0..10 {
            if page.status().is_redirection() {
                let to = page.headers().get("location").and_then(|to| to.to_str().ok());
                let to = page.url().join(to.ok_or(Lost::Nowhere)?).map_err(|_| Lost::Nowhere)?;
                if to.origin() != own || !to.path().starts_with("/connect/") {
                    return Ok(to);
                }
                page = browser.get(to).send().await?;
                continue;
            }
            let (status, address, html) = (page.status(), page.url().clone(), page.text().await?);
            if !status.is_success() {
                return Err(Lost::Refused(html));
            }
            let fields = self.fill_in(&html);
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let form = browser.post(address).header("content-type", "application/x-www-form-urlencoded");
            page = form.body(body).send().await?;
        }
        Err(Lost::Lost)
    }

    /// The fields of the page's form.
    fn fill_in(&self, html: &str) -> Vec<(String, String)> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let first = |name: &str| tags(html, name).next().map(|tag| tag.value).unwrap_or_default();
        let step = first("step");
        let mut fields = vec![field("step", &step)];
        match step.as_str() {
            "brand" => fields.push(field("make", &self.make.clone().unwrap_or_else(|| first("make")))),
            "login" => {
                fields.extend([field("username", &self.login), field("password", &self.password)]);
            }
            "consent" => match self.decision {
                Decision::Allow => {
                    fields.push(field("decision", "allow"));
                    let chosen = ["vehicle", "scope"].into_iter().flat_map(|name| {
                        tags(html, name)
                            .filter(|tag| tag.is_checked && !tag.is_disabled)
                            .map(move |tag| (name, tag))
                    });
                    let given = chosen.filter(|(_, tag)| !self.withheld.contains(&tag.value));
                    fields.extend(given.map(|(name, tag)| field(name, &tag.value)));
                }
                Decision::Deny => fields.push(field("decision", "deny")),
                Decision::Leave => fields = vec![field("step", "exit")],
            },
            "incompatible" => fields.push(field("share", "yes")),
            _ => {}
        }
        fields
    }
}

/// A field of a form.
struct Tag {
    value: String,
    is_checked: bool,
    is_disabled: bool,
}

/// The fields of this name, in the order of the page. The pages are ours, so their tags are simple.
fn tags<'a>(html: &'a str, name: &str) -> impl Iterator<Item = Tag> + 'a {
    let named = format!(" name=\"{name}\"");
    let all = html.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
    all.filter(move |tag| tag.contains(&named)).map(|tag| Tag {
        value: tag
            .split_once(" value=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(value, _)| value.replace("&quot;", "\"").replace("&amp;", "&"))
            .unwrap_or_default(),
        is_checked: tag.contains(" checked"),
        is_disabled: tag.contains(" disabled"),
    })
}
