//! The pages of Connect as HTML: plain forms, each with a hidden `step` that says which one it is.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, html};

use super::accounts::Account;
use super::link::{Link, Purpose, Refused, Single};
use crate::world::CarIdentity;

/// Which make is it?
pub fn brand(visit: &str, fleet: &[CarIdentity]) -> String {
    let makes: BTreeSet<&str> = fleet.iter().map(|car| car.make.as_str()).collect();
    page(
        visit,
        "Select your vehicle's brand",
        &html! {
            form method="post" action=(action(visit)) {
                input type="hidden" name="step" value="brand";
                // For those whose account holds several.
                p { button name="make" value="" { "Any brand" } }
                @for make in makes { p { button name="make" value=(make) { (make) } } }
            }
        },
    )
}

/// Who are you?
pub fn login(visit: &str, make: Option<&str>, again: bool) -> String {
    let title = make.map_or_else(|| "Sign in".to_owned(), |make| format!("Sign in to {make}"));
    page(
        visit,
        &title,
        &html! {
            @if again { p role="alert" { "The name or the password is wrong." } }
            form method="post" action=(action(visit)) {
                input type="hidden" name="step" value="login";
                p { label { "E-mail " input type="email" name="username" required; } }
                p { label { "Password " input type="password" name="password" required; } }
                p { button { "Sign in" } }
            }
        },
    )
}

/// What do you allow, and for which cars?
pub fn consent(visit: &str, link: &Link, account: &Account, fleet: &[CarIdentity]) -> String {
    let Purpose::Authorize { asked, single, .. } = &link.purpose else {
        return over();
    };
    let several = *single == Single::Several;
    page(
        visit,
        "Connect your vehicle",
        &html! {
            form method="post" action=(action(visit)) {
                input type="hidden" name="step" value="consent";
                fieldset {
                    legend { "Vehicles" }
                    @for (nth, car) in account.cars.iter().filter_map(|&number| fleet.get(number)).enumerate() {
                        p { label {
                            input type=(if several { "checkbox" } else { "radio" }) name="vehicle"
                                value=(car.smartcar_vehicle_id) checked[several || nth == 0];
                            " " (car.year) " " (car.make) " " (car.model)
                        } }
                    }
                }
                fieldset {
                    legend { "This application wants to" }
                    @for asked in asked {
                        p { label {
                            input type="checkbox" name="scope" value=(asked.name) checked disabled[asked.required];
                            " " (asked.name.replace('_', " "))
                        } }
                    }
                }
                p {
                    button name="decision" value="allow" { "Allow" }
                    " "
                    button name="decision" value="deny" { "Deny" }
                }
            }
        },
    )
}

/// May the application know what could not be connected?
pub fn incompatible(visit: &str) -> String {
    page(
        visit,
        "Your vehicle is not compatible",
        &html! {
            p { "May the application know which vehicle it was?" }
            form method="post" action=(action(visit)) {
                input type="hidden" name="step" value="incompatible";
                button name="share" value="yes" { "Share" }
                " "
                button name="share" value="no" { "Do not share" }
            }
        },
    )
}

/// A link that is wrong.
pub fn refused(refused: Refused) -> String {
    document("Error", &html! { p { "400: " (refused) } })
}

/// A journey that has ended, or never began.
pub fn over() -> String {
    document("This page is no longer here", &html! { p { "Please begin again in the application." } })
}

fn page(visit: &str, title: &str, content: &Markup) -> String {
    document(
        title,
        &html! {
            (content)
            form method="post" action=(action(visit)) {
                input type="hidden" name="step" value="exit";
                button { "Return to the application" }
            }
        },
    )
}

fn document(title: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
            }
            body {
                main {
                    h1 { (title) }
                    (content)
                    p { small { "A stand-in for Smartcar Connect. Any password is right but “wrong”." } }
                }
            }
        }
    }
    .into_string()
}

fn action(visit: &str) -> String {
    format!("/connect/{visit}")
}
