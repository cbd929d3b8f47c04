//! SIP over a WebSocket (RFC 7118): a message a frame.

use super::connection::Ends;
use super::{CloseReason, TcpLimits};
use crate::voip::sip::MAX_MESSAGE;
use futures_util::{SinkExt, StreamExt};
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::handshake::server::{Callback, ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// Looks at what a browser asks for: the protocol `sip`, from a page that may.
struct Door<'o> {
    origins: &'o [String],
}

impl Callback for Door<'_> {
    #[expect(clippy::result_large_err, reason = "the shape is the library's")]
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let refuse = |status, why: &str| {
            let mut refusal = ErrorResponse::new(Some(why.to_owned()));
            *refusal.status_mut() = status;
            Err(refusal)
        };
        let offered = request.headers().get_all(PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        let speaks_sip = offered.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("sip"));
        if !speaks_sip {
            return refuse(StatusCode::BAD_REQUEST, "the WebSocket protocol is sip");
        }
        let origin = request.headers().get("Origin").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.origins.is_empty() && !self.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
            return refuse(StatusCode::FORBIDDEN, "this page may not connect");
        }
        response.headers_mut().insert(PROTOCOL, HeaderValue::from_static("sip"));
        Ok(response)
    }
}

/// The handshake with a browser.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    origins: &[String],
) -> io::Result<WebSocketStream<S>> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .max_write_buffer_size(2 * MAX_MESSAGE)
        .write_buffer_size(0);
    accept_hdr_async_with_config(stream, Door { origins }, Some(config)).await.map_err(io::Error::other)
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// A message.
    Message(Vec<u8>),
    /// A sign of life.
    Life,
    /// The end.
    End(CloseReason),
}

/// The next thing that a browser sends. Nothing is lost when it is not waited for.
pub async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Came {
    read(socket.next().await)
}

fn read(message: Option<Result<Message, Error>>) -> Came {
    match message {
        None | Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) => {
            Came::End(CloseReason::ByPeer)
        }
        Some(Ok(Message::Text(text))) if !text.is_empty() => Came::Message(text.as_bytes().to_vec()),
        Some(Ok(Message::Binary(bytes))) if !bytes.is_empty() => Came::Message(bytes.to_vec()),
        // Pings are answered by the library.
        Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
            Came::Life
        }
        Some(Err(_)) => Came::End(CloseReason::Broken),
    }
}

/// Reads and writes until the end, and says why.
pub(super) async fn carry<S, F, E>(
    mut socket: WebSocketStream<S>,
    mut ends: Ends,
    limits: TcpLimits,
    received: impl Fn(Vec<u8>) -> F,
) -> CloseReason
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Result<(), E>>,
{
    let mut pings = interval_at(Instant::now() + limits.keep_alive, limits.keep_alive);
    let mut heard = Instant::now();
    loop {
        let send = tokio::select! {
            came = next(&mut socket) => {
                heard = Instant::now();
                match came {
                    Came::Message(bytes) => {
                        if received(bytes).await.is_err() {
                            return CloseReason::ByUs;
                        }
                        continue;
                    }
                    Came::Life => continue,
                    Came::End(reason) => return reason,
                }
            }
            _ = pings.tick() => {
                if heard.elapsed() > limits.idle {
                    return CloseReason::Idle;
                }
                Message::Ping(Vec::new().into())
            }
            bytes = ends.next() => match bytes {
                Some(bytes) if !ends.is_overrun() => match String::from_utf8(bytes) {
                    Ok(text) => Message::text(text),
                    Err(error) => Message::binary(error.into_bytes()),
                },
                Some(_) => return CloseReason::Stalled,
                None => {
                    let reason = if ends.is_overrun() { CloseReason::Stalled } else { CloseReason::ByUs };
                    // Whether the farewell arrives makes no difference to us.
                    return match timeout(limits.stall, socket.close(None)).await { Ok(_) | Err(_) => reason };
                }
            },
        };
        match timeout(limits.stall, socket.send(send)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return CloseReason::Broken,
            Err(_) => return CloseReason::Stalled,
        }
    }
}
