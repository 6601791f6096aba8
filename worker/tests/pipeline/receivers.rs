//! Who is told outside of the page: a mail server and an endpoint, both real enough to be spoken to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What an endpoint was told.
#[derive(Debug, Clone)]
pub struct Told {
    pub headers: HeaderMap,
    pub body: String,
}

impl Told {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// What the endpoint does next; without a word it answers 204.
#[derive(Debug, Clone, Copy)]
pub enum Next {
    Answer(u16),
    /// It never answers.
    Silence,
}

#[derive(Default)]
pub struct Hooks {
    pub told: Vec<Told>,
    pub next: VecDeque<Next>,
}

/// An endpoint of a person's.
#[derive(Clone)]
pub struct Endpoint {
    pub address: SocketAddr,
    hooks: Arc<Mutex<Hooks>>,
}

impl Endpoint {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Self { address: listener.local_addr().unwrap(), hooks: Arc::default() };
        let app = axum::Router::new().fallback(any(hear)).with_state(endpoint.clone());
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        endpoint
    }

    pub fn hooks(&self) -> MutexGuard<'_, Hooks> {
        self.hooks.lock().unwrap()
    }
}

async fn hear(State(endpoint): State<Endpoint>, headers: HeaderMap, body: String) -> Response {
    let next = {
        let mut hooks = endpoint.hooks();
        hooks.told.push(Told { headers, body });
        hooks.next.pop_front()
    };
    match next {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Next::Answer(code)) => {
            (StatusCode::from_u16(code).unwrap(), [(header::LOCATION, "/elsewhere")]).into_response()
        }
        Some(Next::Silence) => std::future::pending().await,
    }
}

#[derive(Default)]
pub struct Letters {
    /// To whom, and all of the letter.
    pub taken: Vec<(String, String)>,
    /// What is answered to the next letters instead of being taken.
    pub refusals: VecDeque<&'static str>,
}

/// A mail server.
#[derive(Clone)]
pub struct MailServer {
    pub address: SocketAddr,
    letters: Arc<Mutex<Letters>>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), letters: Arc::default() };
        let own = server.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
                tokio::spawn(async move { own.talk(stream).await });
            }
        });
        server
    }

    pub fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap()
    }

    /// RFC 5321, as much of it as one letter needs.
    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut to = String::new();
        writer.write_all(b"220 mail.example ESMTP\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let answer = match line.split([' ', ':']).next().unwrap().to_uppercase().as_str() {
                "EHLO" => "250 mail.example".to_owned(),
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap().to_owned();
                    "250 OK".to_owned()
                }
                "DATA" => {
                    writer.write_all(b"354 go on\r\n").await?;
                    let mut letter = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        letter.push_str(&line);
                        letter.push('\n');
                    }
                    self.take(&to, letter)
                }
                "QUIT" => {
                    writer.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 OK".to_owned(),
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn take(&self, to: &str, letter: String) -> String {
        let mut letters = self.letters();
        if let Some(refusal) = letters.refusals.pop_front() {
            return refusal.to_owned();
        }
        letters.taken.push((to.to_owned(), letter));
        "250 taken".to_owned()
    }
}
