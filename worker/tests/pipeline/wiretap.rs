//! A wire to the broker on which somebody listens: what a program consumes, and what it acknowledges by how many frames.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The first word of a client: `AMQP`, 0 and the version.
const GREETING: usize = 8;
/// Type, channel and length before a frame's content; a mark behind it.
const FRAME_HEAD: usize = 7;
const FRAME_END: usize = 1;

/// A connection and a channel of it.
type Line = (usize, u16);

/// One acknowledgement: of which message, and whether of all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    pub through: u64,
    pub multiple: bool,
}

#[derive(Default)]
struct Heard {
    consumed: HashMap<Line, String>,
    acks: Vec<(Line, Ack)>,
}

pub struct Wiretap {
    pub url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Wiretap {
    /// A wire to the broker of this URL.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (broker, vhost) = rest.split_once('/').unwrap();
        let tap = Self { url: format!("{before}@{here}/{vhost}"), heard: Arc::default() };
        let (broker, heard) = (broker.to_owned(), Arc::clone(&tap.heard));
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((client, _)) = listener.accept().await {
                number += 1;
                let (broker, heard) = (broker.clone(), Arc::clone(&heard));
                #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
                tokio::spawn(async move { relay(client, &broker, number, &heard).await });
            }
        });
        tap
    }

    /// The acknowledgements of what was consumed from a queue, in their order.
    pub fn acks(&self, queue: &str) -> Vec<Ack> {
        let heard = self.heard.lock().unwrap();
        let of_queue = |line: &Line| heard.consumed.get(line).is_some_and(|consumed| consumed == queue);
        heard.acks.iter().filter(|(line, _)| of_queue(line)).map(|(_, ack)| *ack).collect()
    }
}

async fn relay(client: TcpStream, broker: &str, connection: usize, heard: &Mutex<Heard>) {
    let Ok(broker) = TcpStream::connect(broker).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let listen = async {
        let (mut said, mut buffer, mut skip) = (Vec::new(), vec![0; 64 * 1024], GREETING);
        while let Ok(length) = from_client.read(&mut buffer).await
            && length > 0
        {
            said.extend_from_slice(&buffer[..length]);
            // Noted before the broker can act on it.
            while let Some(frame) = frame(&mut said, &mut skip) {
                note(&frame, connection, heard);
            }
            if to_broker.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
    };
    // Whichever ends first takes the connection with it.
    tokio::select! {
        () = listen => {}
        _ = tokio::io::copy(&mut from_broker, &mut to_client) => {}
    }
}

/// Takes the next whole frame off what a client said.
fn frame(said: &mut Vec<u8>, skip: &mut usize) -> Option<Vec<u8>> {
    if said.len() < *skip + FRAME_HEAD {
        return None;
    }
    said.drain(..std::mem::take(skip));
    let length = usize::try_from(u32::from_be_bytes(said[3..FRAME_HEAD].try_into().unwrap())).unwrap();
    let whole = FRAME_HEAD + length + FRAME_END;
    (said.len() >= whole).then(|| said.drain(..whole).collect())
}

/// Of frames of methods (AMQP 0-9-1, 4.2.3) two are of interest: `basic.consume` (60, 20) and `basic.ack` (60, 80).
fn note(frame: &[u8], connection: usize, heard: &Mutex<Heard>) {
    let line = (connection, u16::from_be_bytes([frame[1], frame[2]]));
    let content = &frame[FRAME_HEAD..frame.len() - FRAME_END];
    match (frame[0], content) {
        (1, [0, 60, 0, 20, _, _, length, rest @ ..]) => {
            let queue = String::from_utf8(rest[..usize::from(*length)].to_vec()).unwrap();
            heard.lock().unwrap().consumed.insert(line, queue);
        }
        (1, [0, 60, 0, 80, tag @ .., bits]) => {
            let through = u64::from_be_bytes(tag.try_into().unwrap());
            heard.lock().unwrap().acks.push((line, Ack { through, multiple: bits & 1 == 1 }));
        }
        _ => {}
    }
}
