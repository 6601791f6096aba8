//! Whether ingest answers, and whether it can keep what it takes.

use std::time::Duration;

use super::finding::Finding;

const PATIENCE: Duration = Duration::from_secs(3);
/// The most of a reason that is worth printing, in characters.
const EXCERPT: usize = 200;

pub async fn examine(address: &str) -> Finding {
    let url = format!("http://{}/readyz", reachable(address));
    let asking = async {
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        client.get(&url).send().await
    };
    match asking.await {
        Ok(answer) if answer.status().is_success() => Finding::ok(format!("ingest is ready at {url}")),
        Ok(answer) => {
            let status = answer.status();
            let words: String = answer.text().await.unwrap_or_default().chars().take(EXCERPT).collect();
            Finding::problem(
                format!("ingest at {url} answers {status}"),
                format!("webhooks are refused until this is mended: {words}"),
            )
        }
        Err(_) => Finding::problem(
            format!("nobody answers at {url}"),
            "start ingest, or set INGEST_ADDR to where it listens",
        ),
    }
}

/// Who listens everywhere is asked here.
fn reachable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0" | "[::]" | "", port)) => format!("127.0.0.1:{port}"),
        Some(_) | None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (address, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "127.0.0.1:8080"),
            ("10.0.0.1:80", "10.0.0.1:80"),
        ] {
            assert_eq!(reachable(address), asked);
        }
    }
}
