//! A server below HTTP: it answers the service config properly and treats every other connection badly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::service_config;

/// What becomes of a connection after the service config was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Nobody listens any more.
    Refused,
    /// Closed before anything is read.
    ClosedUnread,
    /// Closed after the whole request was read.
    ClosedAfterRequest,
}

pub struct Raw {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Raw {
    pub async fn start(treatment: Treatment) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            request(&mut stream).await;
            let body = service_config(address).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            if treatment == Treatment::Refused {
                drop(listener);
                return stream
                    .write_all(format!("{head}{body}").as_bytes())
                    .await
                    .expect("written");
            }
            stream
                .write_all(format!("{head}{body}").as_bytes())
                .await
                .expect("written");
            drop(stream);
            while let Ok((mut stream, _)) = listener.accept().await {
                if treatment == Treatment::ClosedAfterRequest {
                    request(&mut stream).await;
                }
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, requests }
    }

    /// Connections after the one for the service config.
    pub fn connections(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads one request, head and body.
async fn request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    loop {
        let mut piece = [0u8; 1024];
        let count = stream.read(&mut piece).await.expect("readable");
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            assert!(count > 0, "the request ended in its head");
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        if body.len() >= length.unwrap_or(0) {
            return;
        }
    }
}
