//! Whether the webhook secret looks like one. The dashboard shows several secrets, and the wrong one is easily taken.

use uuid::Uuid;

use super::finding::Finding;

const NAME: &str = "SMARTCAR_WEBHOOK_SECRET";
const WHICH: &str = "take the application management token of the Smartcar dashboard";

pub fn examine(webhook_secret: Option<&str>, client_secret: Option<&str>) -> Vec<Finding> {
    let Some(list) = webhook_secret else {
        return vec![Finding::problem(format!("{NAME} is not set"), WHICH)];
    };
    let secrets: Vec<&str> = list.split(',').map(str::trim).filter(|secret| !secret.is_empty()).collect();
    let mut findings: Vec<Finding> = secrets
        .iter()
        .enumerate()
        .filter_map(|(index, secret)| fault(index + 1, secret, client_secret))
        .collect();
    if secrets.is_empty() {
        findings.push(Finding::problem(format!("{NAME} holds no secret"), WHICH));
    } else if findings.is_empty() {
        findings.push(Finding::ok(match secrets.len() {
            1 => format!("{NAME} looks right"),
            count => format!("{NAME} holds {count} secrets that look right: a rotation is going on"),
        }));
    }
    findings
}

fn fault(number: usize, secret: &str, client_secret: Option<&str>) -> Option<Finding> {
    let which = format!("secret {number} of {NAME}");
    let quoted = secret.starts_with(['"', '\'']) || secret.ends_with(['"', '\'']);
    if client_secret.is_some_and(|client| client.trim() == secret) {
        Some(Finding::problem(format!("{which} is the client secret"), WHICH))
    } else if quoted || secret.contains(char::is_whitespace) {
        Some(Finding::problem(format!("{which} holds blanks or quotes"), "remove what was pasted along"))
    } else if Uuid::try_parse(secret).is_err() {
        Some(Finding::warning(format!("{which} is no UUID, as the platform's tokens are"), WHICH))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    const TOKEN: &str = "3a5c8f72-e6d9-4b1a-9f2e-8c7d6a5b4e3f";

    fn worst(webhook: Option<&str>, client: Option<&str>) -> Level {
        examine(webhook, client).iter().map(|finding| finding.level).max().unwrap()
    }

    #[test]
    fn the_wrong_secret_is_recognised() {
        let two = format!("{TOKEN}, {TOKEN}");
        let quoted = format!("\"{TOKEN}\"");
        let table = [
            (Some(TOKEN), None, Level::Ok),
            (Some(two.as_str()), None, Level::Ok),
            (Some("hunter2"), None, Level::Warning),
            (Some(TOKEN), Some(TOKEN), Level::Problem),
            (Some("two words"), None, Level::Problem),
            (Some(quoted.as_str()), None, Level::Problem),
            (Some(" , "), None, Level::Problem),
            (None, None, Level::Problem),
        ];
        for (webhook, client, level) in table {
            assert_eq!(worst(webhook, client), level, "{webhook:?}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        for secret in ["hunter2", "hunter2 hunter2", "\"hunter2\""] {
            let printed: String =
                examine(Some(secret), Some(secret)).iter().map(ToString::to_string).collect();
            assert!(!printed.contains("hunter2"), "{printed}");
        }
    }
}
